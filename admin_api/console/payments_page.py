"""Money that does not settle by itself: transfers to review, what hangs at a bank, webhooks."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from nicegui import ui
from nicegui.element import Element
from nicegui.events import UploadEventArguments

from admin_api import payment_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.goods_frame import nothing
from admin_api.console.looks import box, button, chip, show, words
from admin_api.console.payment_dialogs import enter_transfer, tell_of_statement
from admin_api.console.visit import Visit
from admin_api.payment_desk import DecisionForm, EventRow, OpenRow, ReportRow, TransferRow
from admin_api.roles import Permission, StaffMember
from commerce.payments.statement import LARGEST

PAGE = 40
TABS = {"waiting": "To review", "decided": "Decided", "open": "Not final", "webhooks": "Webhooks"}
TONES = {"exact": "good", "duplicate": "bad", "unmatched": "warn", "partial": "warn", "overpaid": "warn"}


class PaymentsPage:
    """Four lists; which of them a person sees is what their role may do."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.next: str | None = None
        t, may = visit.t, visit.staff.may
        self.may_review, self.may_refund = may(Permission.REVIEW_TRANSFERS), may(Permission.REFUND)
        allowed = (["waiting", "decided"] if self.may_review else []) + (
            ["open", "webhooks"] if self.may_refund else []
        )
        self.here = allowed[0] if allowed else "open"
        with box("goods-page"):
            with box("pane-head goods-head"):
                self.tabs: dict[str, Element] = {}
                with ui.element("nav").classes("parts"):
                    for tab in allowed:
                        self.tabs[tab] = ui.element("button").classes("tab").props("type=button")
                        self.tabs[tab].on("click", lambda tab=tab: self.open(tab))
                        with self.tabs[tab]:
                            words(t(TABS[tab]))
                with box("head-actions"):
                    if self.may_review:
                        self._entering()
            with box("goods-body"):
                self.reports = box("part money-part")
                self.rows = box("product-rows money-rows")
                self.nothing = nothing("task_alt", t("Nothing waits"), t("What needs a person shows up here."))
                self.more = button(t("More"), "more")
                self.more.on("click", self._load_more)

    def _entering(self) -> None:
        t = self.visit.t
        self.upload = upload = ui.upload(on_upload=self._read_in, auto_upload=True, max_file_size=LARGEST, max_files=1)
        upload.classes("unseen").props("accept=.csv,.txt tabindex=-1")
        button(t("Read in a statement"), "small", "upload_file").on("click", lambda: upload.run_method("pickFiles"))
        button(t("Enter a transfer"), "small primary", "add").on("click", self._enter)

    async def start(self) -> None:
        """Show the first list."""
        await self.open(self.here)

    async def open(self, tab: str) -> None:
        """Show one of the lists, read anew."""
        self.here, self.next = tab, None
        for name, element in self.tabs.items():
            element.classes(add="on" if name == tab else "", remove="" if name == tab else "on")
        self.rows.clear()
        self.reports.clear()
        show(self.reports, False)
        show(self.more, False)
        if tab in ("waiting", "decided"):
            await self._show_transfers()
        elif tab == "open":
            await self._show_open()
        else:
            await self._show_events()

    async def _load_more(self) -> None:
        await (self._show_events() if self.here == "webhooks" else self._show_transfers())

    async def _show_transfers(self) -> None:
        desk, cursor, waiting = self.visit.desk, self.next, self.here == "waiting"

        async def read(staff: StaffMember) -> tuple[payment_desk.TransferPage, list[ReportRow]]:
            async with desk.database.begin() as session:
                said = await payment_desk.list_reports(session, staff) if waiting and cursor is None else []
                return (
                    await payment_desk.list_transfers(session, staff, waiting=waiting, cursor=cursor, limit=PAGE),
                    said,
                )

        found = await self.visit.attempt(read)
        if found is None:
            return
        page, said = found
        if said:
            self._draw_reports(said)
        with self.rows:
            for row in page.transfers:
                self._draw_transfer(row)
        self._end(page.next, is_empty=not page.transfers and not said and cursor is None)

    def _draw_reports(self, said: Sequence[ReportRow]) -> None:
        t = self.visit.t
        show(self.reports, True)
        with self.reports:
            words(t("Shoppers say they have paid"), "part-title")
            for report in said:
                with box("money-row").props(f"data-report={report.id}"):
                    with box("money-main"):
                        with box("money-line"):
                            _order_link(report.order)
                            words(report.amount.shown(t.language), "money-amount")
                            if report.photos:
                                chip(t("{count} pictures", count=len(report.photos)), "accent")
                        words(report.words or t("No reference number"), "goods-label")
                    words(self._when(report.created_at), "money-time")
                    with box("money-acts"):
                        if report.photos and self.visit.staff.may(Permission.TALK):
                            link = ui.element("a").classes("btn small")
                            link.props["href"] = f"/console/?c={report.photos[0][0]}"
                            with link:
                                words(t("See the chat"))
                        button(t("Nothing came"), "small").on("click", lambda one=report: self._close_report(one))

    def _draw_transfer(self, row: TransferRow) -> None:
        t = self.visit.t
        with box("money-row").props(f"data-transfer={row.id}"):
            with box("money-main"):
                with box("money-line"):
                    words(row.amount.shown(t.language), "money-amount")
                    if row.payer:
                        words(row.payer, "money-payer")
                    if self.here == "waiting":
                        chip(t(f"finding {row.finding}"), TONES.get(row.finding, ""))
                    else:
                        chip(t(f"transfer {row.state}"), "good" if row.state == "matched" else "")
                    if row.order:
                        _order_link(row.order)
                told = " · ".join(part for part in (row.memo, row.bank_reference, row.proof or "") if part)
                words(told, "goods-label")
            words(t.date(row.received_on), "money-time")
            with box("money-acts"):
                if self.here == "waiting" or row.state == "aside":
                    button(t("Match"), "small primary").on("click", lambda: self._match(row))
                    button(t("Sent back"), "small").on("click", lambda: self._decide(row, "return"))
                if self.here == "waiting":
                    button(t("Put aside"), "small").on("click", lambda: self._decide(row, "aside"))

    async def _show_open(self) -> None:
        page = await self.visit.attempt(self._read_open)
        if page is None:
            return
        with self.rows:
            for refund in page.refunds:
                self._draw_open(refund, is_refund=True)
            for payment in page.payments:
                self._draw_open(payment, is_refund=False)
        self._end(None, is_empty=not page.refunds and not page.payments)

    async def _read_open(self, staff: StaffMember) -> payment_desk.OpenMoneyPage:
        async with self.visit.desk.database.begin() as session:
            return await payment_desk.list_open(session, staff)

    def _draw_open(self, row: OpenRow, *, is_refund: bool) -> None:
        t = self.visit.t
        with box("money-row").props(f"data-open={row.id}"):
            with box("money-main"):
                with box("money-line"):
                    words(t("money back") if is_refund else t("money in"), "money-payer")
                    words(row.amount.shown(t.language), "money-amount")
                    chip(
                        t("by hand") if row.by_hand else t(f"money {row.state}"),
                        "bad" if row.state == "failed" else "warn",
                    )
                    _order_link(row.order)
                asked = t("asked {count} times", count=row.checks) if row.checks else ""
                reason = t(f"refund for {row.reason}") if row.reason else ""
                reason = row.reason if reason.startswith("refund for ") else reason
                through = "back through telegram" if is_refund and row.by_hand and row.provider == "telegram" else ""
                way = t("to the card {card}", card=row.card) if row.card else t(through or f"through {row.provider}")
                words(" · ".join(part for part in (way, reason, asked) if part), "goods-label")
            words(self._when(row.created_at), "money-time")
            with box("money-acts"):
                if row.by_hand:
                    button(t("Given back"), "small primary").on("click", lambda: self._give_by_hand(row))
                else:
                    label = t("Send once more") if is_refund and row.state == "failed" else t("Ask again now")
                    button(label, "small").on("click", lambda: self._ask_again(row, is_refund=is_refund))

    async def _show_events(self) -> None:
        cursor = self.next

        async def read(staff: StaffMember) -> payment_desk.EventPage:
            async with self.visit.desk.database.begin() as session:
                return await payment_desk.list_events(session, staff, cursor=cursor, limit=PAGE)

        page = await self.visit.attempt(read)
        if page is None:
            return
        with self.rows:
            for row in page.events:
                self._draw_event(row)
        self._end(page.next, is_empty=not page.events and cursor is None)

    def _draw_event(self, row: EventRow) -> None:
        t = self.visit.t
        with box("money-row").props(f"data-event={row.id}"):
            with box("money-main"):
                with box("money-line"):
                    words(row.type, "money-payer")
                    chip(t(f"through {row.provider}"))
                words(row.event_id, "goods-label")
            chip(row.result or t("not handled yet"), "" if row.result else "warn")
            words(self._when(row.received_at), "money-time")

    def _end(self, cursor: str | None, *, is_empty: bool) -> None:
        self.next = cursor
        show(self.more, cursor is not None)
        show(self.nothing, is_empty)

    async def _enter(self) -> None:
        if await enter_transfer(self.visit):
            with self.visit.client:
                await self.open("waiting" if self.here != "waiting" else self.here)

    async def _read_in(self, event: UploadEventArguments) -> None:
        raw = await event.file.read()
        self.upload.reset()
        done = await self.visit.attempt(lambda staff: payment_desk.read_in(self.visit.desk, staff, raw))
        if done is not None:
            await tell_of_statement(self.visit, done)
            if not self.visit.client.is_deleted:
                with self.visit.client:
                    await self.open("waiting")

    async def _match(self, row: TransferRow) -> None:
        fields = (
            Field("Order number", row.order or "", needed=not row.order, longest=20),
            Field("How you know (may be empty)", needed=False),
        )
        answer = await ask(self.visit, "Which order is this for?", fields=fields, choices=(("match", "Match"),))
        if answer is not None:
            form = DecisionForm(decision="match", number=answer[1][0] or row.order or "", proof=answer[1][1])
            await self._do(lambda staff: payment_desk.decide(self.visit.desk, staff, transfer_id=row.id, form=form))

    async def _decide(self, row: TransferRow, decision: payment_desk.Decision) -> None:
        title = "The money was sent back" if decision == "return" else "Put this transfer aside"
        field = Field("How you know", "A number of the bank, who did it")
        answer = await ask(self.visit, title, fields=(field,), choices=(("ok", "Write down"),))
        if answer is not None:
            form = DecisionForm(decision=decision, proof=answer[1][0])
            await self._do(lambda staff: payment_desk.decide(self.visit.desk, staff, transfer_id=row.id, form=form))

    async def _close_report(self, report: ReportRow) -> None:
        answer = await ask(self.visit, "No money came for this order?", choices=(("ok", "Nothing came"),))
        if answer is not None:
            await self._do(lambda staff: payment_desk.close_report(self.visit.desk, staff, report_id=report.id))

    async def _give_by_hand(self, row: OpenRow) -> None:
        field = Field("How you know", "A number of the bank, who did it")
        answer = await ask(self.visit, "The money was given back", fields=(field,), choices=(("ok", "Write down"),))
        if answer is not None:
            proof = answer[1][0]
            await self._do(
                lambda staff: payment_desk.refunded_by_hand(self.visit.desk, staff, refund_id=row.id, proof=proof)
            )

    async def _ask_again(self, row: OpenRow, *, is_refund: bool) -> None:
        desk = self.visit.desk
        if is_refund:
            await self._do(lambda staff: payment_desk.ask_about_refund(desk, staff, refund_id=row.id))
        else:
            await self._do(lambda staff: payment_desk.ask_about_payment(desk, staff, intent_id=row.id))

    async def _do(self, act: Callable[[StaffMember], Awaitable[object]]) -> None:
        """Do it, say so, and read the list anew: somebody else may have been quicker."""

        async def done(staff: StaffMember) -> bool:
            await act(staff)
            return True

        is_done = await self.visit.attempt(done)
        with self.visit.client:
            if is_done:
                ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)
            await self.open(self.here)

    def _when(self, moment: datetime) -> str:
        return self.visit.t.moment(moment.astimezone(self.visit.desk.settings.zone))


def _order_link(number: str) -> None:
    link = ui.element("a").classes("money-order")
    link.props["href"] = f"/console/orders?o={number}"
    with link:
        words(number)
