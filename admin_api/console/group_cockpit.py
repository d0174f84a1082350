"""A group-buy live: money at risk, each group with its seats and its clock, and what the merchant can do about them."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import group_buy_desk
from admin_api.console.deal_panes import clock, number, span
from admin_api.console.dialogs import Field, ask
from admin_api.console.group_dialog import CampaignDialog
from admin_api.console.looks import box, button, chip, words
from admin_api.console.price_terms import in_language
from admin_api.console.promotion_dialog import AUDIENCES
from admin_api.console.visit import Visit
from admin_api.group_buy_desk import EndForm, ExtendForm, Nudged, VersionForm
from admin_api.group_buy_views import UNDECIDED, CampaignRow, Cockpit, GroupShape, OfferShape
from admin_api.order_views import Price
from admin_api.roles import Permission, StaffMember
from commerce.group_buy.model import LOST, BelowSize, CampaignState, GroupState
from commerce.promotions.rules import Audience

MOST_SEATS = 24
"""Seats that are drawn one by one; a larger group is a bar."""
TONES = {
    GroupState.OPENING: "quiet",
    GroupState.OPEN: "accent",
    GroupState.SUCCEEDED: "good",
    GroupState.SETTLED: "good",
    GroupState.FAILED: "bad",
    GroupState.CANCELLED: "quiet",
}
After = Callable[[Cockpit], Awaitable[None]]


def shelf_of(row: CampaignRow) -> str:
    """The list in which a campaign stands."""
    return row.state.value


def is_growing(group: GroupShape) -> bool:
    """Complete, but there is a lower price for more members, and still time for them to come."""
    return group.state is GroupState.SUCCEEDED and group.capacity > group.size


def campaign_chip(visit: Visit, row: CampaignRow) -> None:
    """What state a campaign is in; one that is started but whose time has not come is planned."""
    is_planned = row.state is CampaignState.RUNNING and row.starts_at > visit.desk.now()
    state = "planned" if is_planned else row.state.value
    tone = {"running": "good", "planned": "accent", "draft": "warn", "ended": "quiet"}[state]
    chip(visit.t(f"campaign {state}"), tone)


class GroupCockpit:
    """Draws itself where it is made; `after` is told what an act has left."""

    def __init__(self, visit: Visit, found: Cockpit, after: After) -> None:
        self.visit, self.found, self.after = visit, found, after
        self.row = found.campaign
        self.may_manage = visit.staff.may(Permission.MANAGE_PROMOTIONS)
        with box("deal-card"):
            self._head()
            self._terms()
        if self.row.state is not CampaignState.DRAFT:
            self._numbers()
            self._refunds()
            self._groups()

    def _money(self, amount: int) -> str:
        return Price(amount=amount, currency=self.row.currency).shown(self.visit.t.language)

    def _head(self) -> None:
        t, row = self.visit.t, self.row
        with box("deal-head"):
            with box("chips"):
                campaign_chip(self.visit, row)
                words(span(self.visit, row.starts_at, row.ends_at), "goods-label")
            with box("deal-acts"):
                if self.may_manage:
                    if row.state is not CampaignState.ENDED:
                        button(t("Edit"), "small", "edit").on("click", self._edit)
                    if row.state is CampaignState.DRAFT:
                        button(t("Start it"), "small primary", "play_arrow").on("click", self._start)
                    if row.state is CampaignState.RUNNING or self.found.at_risk.amount:
                        button(t("End it"), "small danger-text", "stop").on("click", self._end)
        told = in_language(self.visit, row.description)
        if told:
            words(told, "said")

    def _terms(self) -> None:
        t, row = self.visit.t, self.row
        with ui.element("a").classes("deal-goods").props(f"href=/console/products?p={row.product_id}"):
            words(row.title, "product-title")
        with box("offer-lines"):
            for offer in row.offers:
                self._offer(offer)
        hours = row.window_minutes / 60
        terms = [
            t("groups of {size}", size=row.size),
            t("{hours} h to fill", hours=f"{hours:g}"),
            t("seat kept {minutes} min", minutes=row.hold_minutes),
            t("groups each: {count}", count=row.max_per_customer),
            t("pieces a seat: {count}", count=row.max_pieces),
            "" if row.audience is Audience.EVERYONE else t(AUDIENCES[row.audience]),
            t("strangers may join") if row.strangers else t("only by invitation"),
            t("below size: price kept") if row.below_size is BelowSize.KEEP else t("below size: money back"),
        ]
        words(" · ".join(filter(None, terms)), "goods-label")
        if row.quota is not None and row.left is not None:
            with box("deal-quota"):
                words(t("{left} of {quota} pieces left", left=row.left, quota=row.quota), "goods-label")
                bar(row.quota - row.left, row.quota)

    def _offer(self, offer: OfferShape) -> None:
        t = self.visit.t
        with box("offer-line"):
            words(offer.label or offer.sku, "offer-name")
            words(self._money(offer.alone), "was")
            words(self._money(offer.amount), "money")
            if offer.is_dear and self.found.campaign.state is not CampaignState.ENDED:
                chip(t("no cheaper than usual"), "bad")
            if offer.leader_amount is not None:
                chip(t("leader {money}", money=self._money(offer.leader_amount)), "warn")
            for tier in offer.tiers:
                chip(t("from {size}: {money}", size=tier.size, money=self._money(tier.amount)), "accent")

    def _numbers(self) -> None:
        t, found, counts = self.visit.t, self.found, self.found.counts
        done = counts.get(GroupState.SUCCEEDED, 0) + counts.get(GroupState.SETTLED, 0)
        lost = sum(counts.get(state, 0) for state in LOST)
        back = "" if not found.refunded.amount else t("{money} arrived", money=self._money(found.refunded_done.amount))
        with box("deal-numbers"):
            risk = found.at_risk.amount
            number(t("At risk"), self._money(risk), t("paid, not decided"), "risky" if risk else "")
            number(t("Sold"), self._money(found.sold.amount), t("{count} pieces paid", count=found.pieces))
            number(t("Given back"), self._money(found.refunded.amount), back)
            number(t("Groups"), f"{counts.get(GroupState.OPEN, 0)} / {done} / {lost}", t("open / complete / not"))
            number(t("Members"), str(found.members), t("{count} about to pay", count=found.waiting))

    def _refunds(self) -> None:
        """How far the money of groups that came to nothing has got, until all of it has arrived."""
        t, sent, arrived = self.visit.t, self.found.refunded.amount, self.found.refunded_done.amount
        whole = sent + self.found.owed.amount
        if arrived == whole:
            return
        with box("deal-refunds"):
            told = t("Refunds: {sent} of {whole} sent", sent=self._money(sent), whole=self._money(whole))
            words(told, "goods-label")
            with box("deal-bar"):
                box("bar-done").style(f"width: {100 * arrived / whole:.1f}%")
                box("bar-held").style(f"width: {100 * (sent - arrived) / whole:.1f}%")

    def _groups(self) -> None:
        t = self.visit.t
        groups = self.found.groups
        words(t("Groups live"), "side-title")
        live = [group for group in groups if group.state in UNDECIDED or is_growing(group)]
        if not live:
            words(t("No group is open at the moment."), "side-empty")
        with box("group-cards"):
            for group in live:
                self._group(group)
        decided = [group for group in groups if group not in live]
        if decided:
            words(t("Groups decided"), "side-title")
            with box("group-cards"):
                for group in decided:
                    self._group(group)

    def _group(self, group: GroupShape) -> None:
        t = self.visit.t
        with box("group-card").props(f"data-group={group.id} data-state={group.state.value}"):
            with box("group-top"):
                leader = next((one.name for one in group.members if one.is_leader), "")
                words(t("{name}'s group", name=leader) if leader else t("Group {number}", number=group.id), "talk-name")
                chip(t(f"group {group.state.value}"), TONES[group.state])
                if (group.state is GroupState.OPEN or is_growing(group)) and group.deadline is not None:
                    clock(group.deadline)
            self._seats(group)
            with box("group-foot"):
                if group.state in UNDECIDED:
                    told = t("{missing} more needed", missing=group.missing)
                else:
                    reached = max(group.paid, group.reached or 0)
                    told = t("{paid} of {size}", paid=reached, size=group.size) if reached else ""
                held = t("{count} about to pay", count=group.held) if group.held else ""
                words(" · ".join(filter(None, (told, held))), "goods-label")
                if group.at_risk.amount:
                    words(self._money(group.at_risk.amount), "money")
            if self.may_manage and group.state in UNDECIDED:
                with box("group-acts"):
                    if group.state is GroupState.OPEN:
                        button(t("Nudge"), "small", "notifications").on("click", lambda: self._nudge(group))
                        button(t("Extend"), "small", "more_time").on("click", lambda: self._extend(group))
                    button(t("End the group"), "small danger-text", "close").on("click", lambda: self._end_group(group))

    def _seats(self, group: GroupShape) -> None:
        if group.capacity > MOST_SEATS:
            return bar(group.paid, group.capacity, group.size)
        t, is_open = self.visit.t, group.state in UNDECIDED or is_growing(group)
        named = [(one.name, one.is_leader) for one in group.members if one.is_paid]
        taken = (named + [("", False)] * group.paid)[: group.paid]
        told = t("{paid} of {size}", paid=group.paid, size=group.size)
        with box("seats").props(f'role=img aria-label="{told}"'):
            for name, is_leader in taken:
                with box("seat paid" + (" leader" if is_leader else "")):
                    words(name[:1]) if name else ui.icon("person")
            for _ in range(group.held):
                with box("seat held"):
                    ui.icon("hourglass_top")
            for place in range(group.paid + group.held, group.capacity if is_open else 0):
                box("seat" + (" beyond" if place >= group.size else ""))
        return None

    async def _edit(self) -> None:
        saved = await CampaignDialog(self.visit, self.row).open()
        if saved is not None:
            await self.after(saved)

    async def _start(self) -> None:
        t, row, desk = self.visit.t, self.row, self.visit.desk
        text = t("From its beginning on shoppers can start groups. Prices and sizes cannot be changed any more.")
        if await ask(self.visit, t("Start this group-buy?"), text=text, choices=[("yes", t("Start it"))]):
            form = VersionForm(version=row.version)
            await self._do(lambda staff: group_buy_desk.start_campaign(desk, staff, campaign_id=row.id, form=form))

    async def _end(self) -> None:
        t, row, desk = self.visit.t, self.row, self.visit.desk
        now = await self._newest()
        if now is None:
            return
        back, opened = self._money(now.at_risk.amount), now.counts.get(GroupState.OPEN, 0)
        text = t("No new groups can be started. {count} groups are open; their members have paid {money}.",
                 count=opened, money=back)  # fmt: skip
        choices = [("refund", t("End all, give {money} back", money=back))]
        if row.state is CampaignState.RUNNING:
            choices.append(("run out", t("Let open groups run out")))
        answer = await ask(self.visit, t("End this group-buy?"), text=text, choices=choices, danger=True)
        if answer is not None:
            form = EndForm(version=row.version, refund=answer[0] == "refund")
            await self._do(lambda staff: group_buy_desk.end_campaign(desk, staff, campaign_id=row.id, form=form))

    async def _end_group(self, group: GroupShape) -> None:
        t, desk = self.visit.t, self.visit.desk
        back = self._money(group.at_risk.amount)
        text = t("{count} members get {money} back, and are told.", count=group.paid, money=back)
        choices = [("yes", t("End it, give {money} back", money=back))]
        if await ask(self.visit, t("End this group?"), text=text, choices=choices, danger=True):
            form = VersionForm(version=group.version)
            await self._do(lambda staff: group_buy_desk.end_group(desk, staff, group_id=group.id, form=form))

    async def _extend(self, group: GroupShape) -> None:
        t, desk = self.visit.t, self.visit.desk
        fields = [Field("Hours more")]
        answer = await ask(self.visit, t("Give this group more time"), fields=fields, choices=[("yes", t("Extend"))])
        if answer is None:
            return
        try:
            form = ExtendForm(minutes=round(float(answer[1][0]) * 60), version=group.version)
        except (ValueError, OverflowError):
            with self.visit.client:
                ui.notify(t.refusal("group.extension", {"most": 10_080}), classes="notice", position="top")
            return
        await self._do(lambda staff: group_buy_desk.extend_group(desk, staff, group_id=group.id, form=form))

    async def _nudge(self, group: GroupShape) -> None:
        desk = self.visit.desk
        told: Nudged | None = await self.visit.attempt(
            lambda staff: group_buy_desk.nudge_group(desk, staff, group_id=group.id)
        )
        if told is not None:
            with self.visit.client:
                text = self.visit.t("{count} members were told.", count=told.told)
                ui.notify(text, classes="notice", position="top")

    async def _do(self, act: Callable[[StaffMember], Awaitable[object]]) -> None:
        done = await self.visit.attempt(act)
        if done is not None and (now := await self._newest()) is not None:
            await self.after(now)

    async def _newest(self) -> Cockpit | None:
        return await self.visit.attempt(self._read)

    async def _read(self, staff: StaffMember) -> Cockpit:
        async with self.visit.desk.database.begin() as session:
            return await group_buy_desk.read_campaign(self.visit.desk, session, staff, campaign_id=self.row.id)


def bar(done: int, whole: int, mark: int | None = None) -> None:
    """How much of a whole is done; `mark`: what it takes to be enough."""
    with box("deal-bar"):
        box("bar-done").style(f"width: {100 * done / max(1, whole):.1f}%")
        if mark is not None and mark < whole:
            box("bar-mark").style(f"left: {100 * mark / whole:.1f}%")
