"""Coupons with how they do, gift cards with what is left on them, points and store credit of a customer."""

from nicegui import ui
from nicegui.element import Element

from admin_api import coupon_desk, credit_desk
from admin_api.console.charts import BLUE, GREEN, columns, sums
from admin_api.console.dialogs import Field, ask
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, show, words
from admin_api.console.tender_dialogs import NewBatchDialog, give_one, new_cards, open_purse, show_codes
from admin_api.console.visit import Visit
from admin_api.coupon_desk import Batches, BatchRow, CouponDays, StateForm
from admin_api.credit_desk import CardBatches, CardBatchRow, CreditBook, PolicyForm
from admin_api.order_views import Price
from admin_api.roles import Permission, StaffMember
from commerce.promotions.coupon_model import BatchState, Benefit, Way

PAGE, DAYS = 30, 30
TONES = {
    BatchState.ACTIVE: "good",
    BatchState.PAUSED: "warn",
    BatchState.REVOKED: "bad",
}
MOVES = {
    BatchState.DRAFT: ((BatchState.ACTIVE, "Start"),),
    BatchState.ACTIVE: ((BatchState.PAUSED, "Pause"), (BatchState.ENDED, "End")),
    BatchState.PAUSED: ((BatchState.ACTIVE, "Go on"), (BatchState.ENDED, "End")),
    BatchState.ENDED: ((BatchState.REVOKED, "Take back"),),
    BatchState.REVOKED: (),
}


class TenderPage:
    """A chart of what was claimed and used, the batches below, then gift cards and points."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.next: str | None = None
        self.may_manage = visit.staff.may(Permission.MANAGE_PROMOTIONS)
        self.may_issue = visit.staff.may(Permission.ISSUE_CREDIT)
        t = visit.t
        frame = GoodsFrame(visit, "coupons")
        with frame.actions:
            button(t("A customer's purse"), "", "account_balance_wallet").on("click", lambda: open_purse(visit))
            if self.may_issue:
                button(t("New gift cards"), "", "card_giftcard").on("click", self._new_cards)
            if self.may_manage:
                button(t("New coupons"), "primary", "add").on("click", self._new_batch)
        with frame.body:
            self.chart = box("chart part")
            self.rows = box("product-rows stock-rows tender-rows")
            self.nothing = nothing("confirmation_number", t("No coupons yet"), t("Make the first ones above."))
            self.more = button(t("More"), "more")
            self.more.on("click", self._load_more)
            self.book = box("part tender-book")
            self.cards = box("product-rows stock-rows tender-rows")

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(self._read)
        if found is None:
            return
        page, days, book, cards = found
        self._draw_chart(days)
        self.rows.clear()
        show(self.nothing, not page.batches)
        show(self.rows, bool(page.batches))
        self._add(page)
        self._put_book(book)
        self._put_cards(cards)

    def _draw_chart(self, found: CouponDays) -> None:
        t = self.visit.t
        self.chart.clear()
        claimed, used = sum(day.claimed for day in found.days), sum(day.used for day in found.days)
        show(self.chart, claimed + used > 0)
        with self.chart:
            sums({t("claimed in 30 days"): claimed, t("used in 30 days"): used})
            series = {
                t("Claimed"): (BLUE, [day.claimed for day in found.days]),
                t("Used"): (GREEN, [day.used for day in found.days]),
            }
            ui.echart(columns([t.date(day.day) for day in found.days], series)).classes("echart")

    def _add(self, page: Batches) -> None:
        with self.rows:
            for batch in page.batches:
                BatchLine(self, batch)
        self.next = page.next
        show(self.more, page.next is not None)

    def _put_book(self, book: CreditBook) -> None:
        t = self.visit.t
        self.book.clear()
        with self.book:
            words(t("Gift cards and store credit"), "part-title")
        with self.book, box("chart-numbers flat"):
            for row in book.owed:
                _figure(row.store_credit.shown(t.language), t("store credit owed"))
                _figure(row.gift_cards.shown(t.language), t("on redeemed gift cards"))
            days = book.points_valid_days
            _figure(t("{days} days", days=days) if days else t("for ever"), t("points last"))
            if self.may_manage:
                button(t("Change"), "small").on("click", self._change_policy)

    def _put_cards(self, page: CardBatches) -> None:
        self.cards.clear()
        show(self.cards, bool(page.batches))
        with self.cards:
            for row in page.batches:
                self._card_line(row)

    def _card_line(self, row: CardBatchRow) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        with box("stock-row tender-row").props(f"data-cards={row.id}"):
            with box("product-name"):
                worth = row.worth.shown(t.language)
                told = [row.title, t("{count} cards of {worth}", count=row.issued, worth=worth)]
                title, *told = filter(None, told)
                words(title, "product-title")
                if row.expires_at is not None:
                    told.append(t("until {time}", time=f"{row.expires_at.astimezone(zone):%Y-%m-%d}"))
                if row.void:
                    told.append(t("{count} void", count=row.void))
                words(" · ".join(told), "goods-label")
            _bar(row.redeemed, row.issued, t("{count} of {all} redeemed", count=row.redeemed, all=row.issued))
            words(t("{money} left", money=row.left.shown(t.language)), "tender-used")
            with box("tender-acts"):
                if self.may_issue and row.redeemed + row.void < row.issued:
                    button(t("Void the rest"), "small").on("click", lambda: self._void(row))

    async def _void(self, row: CardBatchRow) -> None:
        text = "The cards that nobody has redeemed yet are worth nothing then. This cannot be undone."
        sure = await ask(self.visit, "Void the rest", text=text, choices=[("void", "Void them")], danger=True)
        if sure is not None:
            desk = self.visit.desk
            await self._after(
                await self.visit.attempt(lambda staff: credit_desk.void_gift_cards(desk, staff, batch_id=row.id))
            )

    async def _new_batch(self) -> None:
        made = await NewBatchDialog(self.visit).open()
        if made is not None and made.codes:
            await show_codes(self.visit, made.codes, name=f"coupons-{made.batch.id}")
        await self._after(made)

    async def _new_cards(self) -> None:
        made = await new_cards(self.visit)
        if made is not None:
            await show_codes(self.visit, made.codes, name=f"gift-cards-{made.batch_id}")
        await self._after(made)

    async def _change_policy(self) -> None:
        field = Field("Days that points last; empty: for ever", needed=False, longest=5)
        text = "This is for points from now on; those that are there keep their end."
        answer = await ask(self.visit, "How long points last", text=text, fields=[field], choices=[("set", "Save")])
        if answer is None:
            return
        typed = answer[1][0]

        async def act(staff: StaffMember) -> CreditBook:
            form = PolicyForm.model_validate({"valid_days": typed or None})
            return await credit_desk.set_policy(self.visit.desk, staff, form=form)

        await self._after(await self.visit.attempt(act))

    async def set_state(self, batch: BatchRow, state: BatchState) -> None:
        """Move a batch; ending and taking back are asked for once more."""
        if state in (BatchState.ENDED, BatchState.REVOKED):
            texts = {
                BatchState.ENDED: "No more of them are given out; those that customers have stay good.",
                BatchState.REVOKED: "Customers lose those that they have not used. This cannot be undone.",
            }
            name = dict(MOVES[batch.state])[state]
            sure = await ask(self.visit, name, text=texts[state], choices=[("yes", name)], danger=True)
            if sure is None:
                return
        desk, form = self.visit.desk, StateForm(state=state)
        await self._after(
            await self.visit.attempt(
                lambda staff: coupon_desk.set_batch_state(desk, staff, batch_id=batch.id, form=form)
            )
        )

    async def give(self, batch: BatchRow) -> None:
        """Give a customer one."""
        await self._after(await give_one(self.visit, batch) or None)

    async def _after(self, done: object) -> None:
        if done is not None:
            with self.visit.client:
                await self.start()

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _read(self, staff: StaffMember) -> tuple[Batches, CouponDays, CreditBook, CardBatches]:
        desk = self.visit.desk
        page = await self._page(staff, None)
        async with desk.database.begin() as session:
            return (
                page,
                await coupon_desk.count_days(session, staff, desk, days=DAYS),
                await credit_desk.read_book(session, staff),
                await credit_desk.list_cards(session, staff, limit=PAGE),
            )

    async def _page(self, staff: StaffMember, cursor: str | None) -> Batches:
        async with self.visit.desk.database.begin() as session:
            return await coupon_desk.list_batches(session, staff, cursor=cursor, limit=PAGE)


class BatchLine:
    """One batch: what it gives, how far it is, what can be done with it."""

    def __init__(self, page: TenderPage, batch: BatchRow) -> None:
        t = page.visit.t
        with box("stock-row tender-row").props(f"data-batch={batch.id}"):
            with box("product-name"):
                names = (batch.title_zh, batch.title_en) if t.language == "zh" else (batch.title_en, batch.title_zh)
                with box("tender-name"):
                    words(next(filter(None, names), ""), "product-title")
                    chip(t(f"batch {batch.state.value}"), TONES.get(batch.state, "quiet"))
                words(" · ".join(_terms(page.visit, batch)), "goods-label")
            if batch.total is None:
                _bar(0, 0, t("{count} issued", count=batch.issued))
            else:
                told = t("{count} of {all} issued", count=batch.issued, all=batch.total)
                _bar(batch.issued, batch.total, told)
            words(t("{count} used", count=batch.used), "tender-used")
            with box("tender-acts"):
                if page.may_manage:
                    for state, name in MOVES[batch.state]:
                        act = button(t(name), "small" + (" primary" if state is BatchState.ACTIVE else ""))
                        act.on("click", lambda state=state: page.set_state(batch, state))
                    if batch.state is BatchState.ACTIVE and batch.way is not Way.SINGLE_CODES:
                        button(t("Give"), "small").on("click", lambda: page.give(batch))


def _terms(visit: Visit, batch: BatchRow) -> list[str]:
    t, zone = visit.t, visit.desk.settings.zone

    def money(amount: int) -> str:
        return Price(amount=amount, currency=batch.currency).shown(t.language)

    told = {
        Benefit.AMOUNT: lambda: t("{money} off", money=money(batch.amount)),
        Benefit.PERCENT: lambda: t("{percent} % off", percent=f"{batch.ppm / 10_000:g}"),
        Benefit.FREE_SHIPPING: lambda: t("Free shipping"),
    }
    terms = [told[batch.benefit]()]
    if batch.cap is not None:
        terms.append(t("at most {money}", money=money(batch.cap)))
    if batch.threshold:
        terms.append(t("from {money}", money=money(batch.threshold)))
    terms.append(batch.code or t(f"way {batch.way.value}"))
    if batch.ends_at is not None:
        terms.append(t("until {time}", time=f"{batch.ends_at.astimezone(zone):%Y-%m-%d}"))
    return terms


def _bar(done: int, whole: int, told: str) -> Element:
    """How far it is, as a bar with words below it."""
    share = min(100, round(100 * done / whole)) if whole else 0
    with box("tender-progress") as made:
        if whole:
            with box("bar").props(f"role=progressbar aria-valuenow={share} aria-valuemin=0 aria-valuemax=100"):
                box("bar-done").style(f"width: {share}%")
        words(told, "goods-label")
    return made


def _figure(number: str, name: str) -> None:
    with box("chart-number"):
        words(number, "big-number")
        words(name, "goods-label")
