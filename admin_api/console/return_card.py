"""One return: what is wanted, what the rules say, the photos, what may be done next, and what happened."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import return_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.goods_fields import goods_picture
from admin_api.console.looks import box, button, chip, words
from admin_api.console.return_dialogs import ask_findings, ask_quote
from admin_api.console.visit import Visit
from admin_api.return_views import ReturnGoods, ReturnRow, ReturnWithHistory
from admin_api.roles import Permission, StaffMember
from commerce.returns.model import TO_DECIDE, Kind, ReturnState

TONES = {
    ReturnState.REQUESTED: "warn",
    ReturnState.NEEDS_INFO: "warn",
    ReturnState.REJECTED: "bad",
    ReturnState.RECEIVED: "accent",
    ReturnState.INSPECTED: "warn",
    ReturnState.REFUND: "good",
    ReturnState.STORE_CREDIT: "good",
    ReturnState.EXCHANGE: "good",
    ReturnState.SENT_BACK: "good",
    ReturnState.CLOSED: "quiet",
    ReturnState.CANCELLED: "quiet",
    ReturnState.EXPIRED: "quiet",
}
CAN_SEND_BACK = (ReturnState.INSPECTED, ReturnState.DECLINED, ReturnState.CHECKED)
After = Callable[[int], Awaitable[None]]
Act = Callable[[StaffMember], Awaitable[ReturnWithHistory]]


def return_state(visit: Visit, asked: ReturnRow) -> None:
    """What it is and where it stands, as marks."""
    t = visit.t
    chip(t(f"return kind {asked.kind}"), "accent")
    chip(t(f"return {asked.state}"), TONES.get(asked.state, ""))
    if asked.approval is not None:
        chip(t("Waits for approval"), "warn")


class ReturnCard:
    """A return with its actions. After an act `after` is called with the return to show then."""

    def __init__(self, visit: Visit, whole: ReturnWithHistory, after: After) -> None:
        self.visit, self.asked, self.after = visit, whole.asked, after
        t, asked = visit.t, whole.asked
        with box("order-card").props(f"data-return-card={asked.id}"):
            with box("chips"):
                return_state(visit, asked)
            for line in asked.lines:
                self._goods(line)
            self._facts()
            self._photos()
            self._actions()
        with box("order-card"):
            words(t("What the rules say"), "side-title")
            self._checks()
        with box("order-card"):
            words(t("History"), "side-title")
            zone = visit.desk.settings.zone
            for happened in whole.history:
                with box("fact"):
                    words(t.moment(happened.at.astimezone(zone)), "fact-name")
                    words(f"{t(f'return did {happened.kind}')} · {t(f'by {happened.by}')}")

    def _goods(self, line: ReturnGoods) -> None:
        t = self.visit.t
        with box("goods"):
            goods_picture(line.picture)
            with box("goods-middle"):
                words(line.title, "goods-title")
                label = " → ".join(part for part in (line.label, line.instead) if part)
                words(f"{label} × {line.quantity}" if label else f"× {line.quantity}", "goods-label")
                if line.accepted is not None:
                    found = t(
                        "{accepted} accepted, {sellable} sellable", accepted=line.accepted, sellable=line.sellable
                    )
                    went = t(f"disposition {line.disposition}") if line.disposition else ""
                    words(" · ".join(part for part in (found, went, line.note) if part), "goods-label")
            words(line.amount.shown(t.language), "money")

    def _facts(self) -> None:
        t, asked = self.visit.t, self.asked
        language, zone = t.language, self.visit.desk.settings.zone
        with box("fact"):
            words(t("Order"), "fact-name")
            link = ui.element("a").classes("link")
            link.props["href"] = f"/console/orders?o={asked.order_number}"
            with link:
                words(asked.order_number)
        back = f"freight {asked.freight}" if asked.policy.get("comes_back", True) else "nothing back"
        facts = [
            (t("Reason"), t(f"why {asked.why}")),
            (t("Words of the shopper"), asked.note),
            (t("Goes back"), asked.offered.shown(language) if asked.offered.amount else ""),
            (t("Fee kept"), asked.fee.shown(language) if asked.fee.amount else ""),
            (t("Shipping with it"), asked.shipping.shown(language) if asked.shipping.amount else ""),
            (t("Taken off"), asked.deducted.shown(language) if asked.deducted.amount else ""),
            (t("Shopper pays"), asked.due.shown(language) if asked.due.amount else ""),
            (t("Money by"), t(f"purse {asked.refund_to}")),
            (t("Parcel back"), t(back)),
            (t("To be sent by"), t.moment(asked.send_by.astimezone(zone)) if asked.send_by else ""),
            (t("Parcel"), asked.tracking),
            (t("Parcel to the shopper"), asked.sent_back),
            (t("Asked"), asked.question),
            (t("Why decided so"), asked.reason),
            (t("Repair costs"), asked.quote.shown(language) if asked.quote is not None else ""),
            (t("About the repair"), asked.quote_note),
            (t("Paid back"), asked.refunded.shown(language) if asked.settled_at else ""),
            (t("Replacement order"), asked.replacement or ""),
        ]
        for name, value in facts:
            if value:
                with box("fact"):
                    words(name, "fact-name")
                    words(value)

    def _photos(self) -> None:
        with box("return-photos"):
            for place in range(1, self.asked.photos + 1):
                address = f"/api/returns/{self.asked.id}/photos/{place}"
                link = ui.element("a").props("target=_blank rel=noopener")
                link.props["href"] = address
                with link:
                    made = ui.element("img").classes("return-photo")
                    made.props["src"], made.props["loading"] = f"{address}?small=true", "lazy"
                    made.props["alt"] = self.visit.t("Photo of the shopper")

    def _checks(self) -> None:
        t, asked = self.visit.t, self.asked
        name = asked.policy.get("name") or {}
        words(name.get(t.language) or next(iter(name.values()), ""), "goods-title")
        for check in asked.checks:
            with box("return-check"):
                ui.icon("check_circle" if check.ok else "error" if check.hard else "help").classes(
                    "good" if check.ok else "bad" if check.hard else "warn"
                )
                title = str(check.facts.get("title", ""))
                text = t(f"check {check.code}" if check.ok else f"check not {check.code}")
                words(f"{text} · {title}" if title and len(asked.lines) > 1 else text)
        if asked.approval is not None:
            with box("fact"):
                words(t("Above a limit"), "fact-name")
                words(f"{asked.approval.amount.shown(t.language)} {asked.approval.reason}".strip())

    def _actions(self) -> None:
        asked, state, staff = self.asked, self.asked.state, self.visit.staff
        handles, inspects = staff.may(Permission.HANDLE_RETURNS), staff.may(Permission.INSPECT_RETURNS)
        with box("actions"):
            if handles and state in TO_DECIDE:
                self._button("Approve", "check", self._approve, "primary")
                if asked.approval is not None:
                    self._button("Do not let it pass", "block", self._refuse_approval)
                if state is ReturnState.REQUESTED:
                    self._button("Ask the shopper", "help", self._ask)
                self._button("Reject", "close", self._reject, "danger-text")
            if handles and state is ReturnState.AWAITING_GOODS:
                self._button("Note the parcel", "local_shipping", self._track)
                self._button("Cancel the return", "close", self._cancel, "danger-text")
            if inspects:
                self._inspect_actions(state)
            if staff.may(Permission.REFUND) and state is ReturnState.INSPECTED:
                self._button("Settle", "payments", self._settle, "primary")

    def _inspect_actions(self, state: ReturnState) -> None:
        is_repair = self.asked.kind is Kind.REPAIR
        if state in (ReturnState.AWAITING_GOODS, ReturnState.IN_TRANSIT):
            self._step("Received", "inventory", "receive")
        if is_repair and state in (ReturnState.RECEIVED, ReturnState.INSPECTED):
            self._step("Find out what is broken", "search", "diagnose")
        if state is ReturnState.RECEIVED and not is_repair:
            self._button("Write down what came", "fact_check", self._inspect, "primary")
        if state is ReturnState.DIAGNOSING:
            self._button("Say what it costs", "request_quote", self._quote, "primary")
            self._step("Cannot be mended", "broken_image", "cannot_mend")
        if state is ReturnState.ACCEPTED:
            self._step("Start the repair", "build", "start_repair")
        if state is ReturnState.REPAIRING:
            self._step("Repaired and checked", "task_alt", "check_repair")
        if state in CAN_SEND_BACK:
            self._button("Send it back", "local_shipping", self._send_back)

    def _button(self, name: str, icon: str, do: Callable[[], Awaitable[None]], look: str = "") -> None:
        button(self.visit.t(name), f"small {look}", icon).on("click", do)

    def _step(self, name: str, icon: str, step: str) -> None:
        async def take() -> None:
            await self._try(lambda who: return_desk.step(self.visit.desk, who, return_id=self.asked.id, name=step))

        self._button(name, icon, take)

    async def _approve(self) -> None:
        answer = await ask(
            self.visit,
            "Approve",
            text="Above the limit of your role it waits for somebody who may. The shopper is told.",
            fields=[Field("Why (for the staff, may be empty)", needed=False)],
            choices=[("yes", "Approve")],
        )
        if answer is not None:
            desk, (why,) = self.visit.desk, answer[1]
            await self._try(lambda who: return_desk.approve(desk, who, return_id=self.asked.id, reason=why))

    async def _refuse_approval(self) -> None:
        desk = self.visit.desk
        await self._try(lambda who: return_desk.refuse_approval(desk, who, return_id=self.asked.id, reason=""))

    async def _reject(self) -> None:
        answer = await ask(
            self.visit,
            "Reject",
            text="The shopper reads this reason.",
            fields=[Field("Reason", long=True)],
            choices=[("no", "Reject")],
            danger=True,
        )
        if answer is not None:
            desk, (why,) = self.visit.desk, answer[1]
            await self._try(lambda who: return_desk.reject(desk, who, return_id=self.asked.id, reason=why))

    async def _ask(self) -> None:
        answer = await ask(
            self.visit,
            "Ask the shopper",
            text="They answer in the chat, with words or photos.",
            fields=[Field("Question", long=True)],
            choices=[("ask", "Ask")],
        )
        if answer is not None:
            desk, (question,) = self.visit.desk, answer[1]
            await self._try(lambda who: return_desk.ask_info(desk, who, return_id=self.asked.id, question=question))

    async def _cancel(self) -> None:
        answer = await ask(
            self.visit,
            "Cancel the return",
            text="The shopper keeps the goods.",
            choices=[("cancel", "Cancel the return")],
            danger=True,
            keep="Back",
        )
        if answer is not None:
            await self._try(lambda who: return_desk.cancel(self.visit.desk, who, return_id=self.asked.id))

    async def _track(self) -> None:
        parcel = await self._parcel("Note the parcel")
        if parcel is not None:
            carrier, number = parcel
            await self._try(
                lambda who: return_desk.give_tracking(
                    self.visit.desk, who, return_id=self.asked.id, carrier=carrier, tracking_number=number
                )
            )

    async def _send_back(self) -> None:
        parcel = await self._parcel("Send it back")
        if parcel is not None:
            carrier, number = parcel
            await self._try(
                lambda who: return_desk.send_back(
                    self.visit.desk, who, return_id=self.asked.id, carrier=carrier, tracking_number=number
                )
            )

    async def _parcel(self, title: str) -> tuple[str, str] | None:
        fields = [Field("Carrier", longest=80, needed=False), Field("Tracking number", longest=80)]
        answer = await ask(self.visit, title, fields=fields, choices=[("save", "Save")])
        return None if answer is None else (answer[1][0], answer[1][1])

    async def _inspect(self) -> None:
        found = await ask_findings(self.visit, self.asked)
        if found is not None:
            findings, deducted = found
            await self._try(
                lambda who: return_desk.inspect(
                    self.visit.desk, who, return_id=self.asked.id, findings=findings, deducted=deducted
                )
            )

    async def _quote(self) -> None:
        quote = await ask_quote(self.visit, self.asked.offered.currency)
        if quote is not None:
            amount, text = quote
            await self._try(
                lambda who: return_desk.quote_repair(
                    self.visit.desk, who, return_id=self.asked.id, amount=amount, text=text
                )
            )

    async def _settle(self) -> None:
        answer = await ask(
            self.visit,
            "Settle",
            text="Accepted pieces are paid back or replaced as agreed; the others go back to the shopper.",
            choices=[("settle", "Settle")],
        )
        if answer is not None:
            await self._try(lambda who: return_desk.settle(self.visit.desk, who, return_id=self.asked.id))

    async def _try(self, act: Act) -> None:
        if await self.visit.attempt(act) is not None:
            with self.visit.client:
                ui.notify(self.visit.t("Done"), classes="notice", position="top")
                await self.after(self.asked.id)
