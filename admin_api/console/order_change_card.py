"""A change of an order on its page: what waits for the shopper, and proposing one with its money."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import order_change_desk
from admin_api.console.dialogs import Field, ask, put_away
from admin_api.console.goods_fields import choice, text_field
from admin_api.console.looks import box, button, chip, words
from admin_api.console.visit import Visit
from admin_api.order_change_views import (
    AddPieces,
    ChangePreview,
    ChangeRow,
    LineChoices,
    RemovePieces,
    StepBody,
)
from admin_api.order_views import OrderRow, Price
from admin_api.roles import Permission, StaffMember
from commerce.orders.model import ChangeState, HoldReason, OrderStatus
from foundation.errors import Json

Refresh = Callable[[], Awaitable[None]]


class OrderChangeCard:
    """What waits, and the buttons for proposals, holds and drafts; nothing where none of it applies."""

    def __init__(self, visit: Visit, order: OrderRow, refresh: Refresh) -> None:
        self.visit, self.order, self.refresh = visit, order, refresh
        may = visit.staff.may(Permission.CHANGE_ORDERS)
        is_alive = order.status in (OrderStatus.PENDING, OrderStatus.PLACED)
        if not may or not (is_alive or order.status is OrderStatus.DRAFT or order.change):
            return
        t = visit.t
        with box("order-card").props("data-change"):
            if order.change is not None:
                self._waiting(order.change)
            with box("actions"):
                if order.change is not None:
                    button(t("Withdraw"), "small", "undo").on("click", self._withdraw)
                if order.status is OrderStatus.DRAFT:
                    button(t("Send to the shopper"), "small primary", "send").on("click", self._send)
                if is_alive and any(line.open for line in order.lines):
                    button(t("Propose a change"), "small", "edit").on("click", self._propose)
                if order.hold_reason in (HoldReason.COD_CONFIRM, HoldReason.REVIEW, HoldReason.STOCK_SHORTFALL):
                    button(t("Clear the hold"), "small", "check").on("click", self._clear)
                elif order.status is OrderStatus.PLACED and order.hold_reason is None:
                    button(t("Hold back"), "small", "pause").on("click", self._hold)

    def _waiting(self, change: ChangeRow) -> None:
        t = self.visit.t
        awaits = change.state is ChangeState.AWAITING_PAYMENT
        with box("chips"):
            chip(t("A change waits for its money" if awaits else "A change is proposed"), "warn")
            chip(t(f"by {change.proposed_by}"), "quiet")
        for step in change.steps:
            words(self._step(step))
        if change.reason:
            words(change.reason, "goods-label")
        _money(self.visit, change.before, change.after, change.pay_now, change.back, self.order.total.currency)

    def _step(self, step: dict[str, Json]) -> str:
        t, name = self.visit.t, f"step {step['do']}"
        if step["do"] == "remove":
            line = next(line for line in self.order.lines if line.line_id == step["line_id"])
            return t(name, item=_titled(line.title, line.label), count=step["quantity"])
        if step["do"] == "add":
            new = step["line"]
            return t(name, item=_titled(new["title"], new["label"]), count=step["quantity"])
        return t(name, method=t(str(step["method"]))) if step["do"] == "pay_by" else t(name)

    async def _propose(self) -> None:
        async def read(staff: StaffMember) -> list[LineChoices]:
            async with self.visit.desk.database.begin() as session:
                return await order_change_desk.read_choices(session, staff, number=self.order.number)

        lines = await self.visit.attempt(read)
        if lines and await ProposalDialog(self.visit, self.order.number, lines).ask():
            await self._done()

    async def _withdraw(self) -> None:
        change = self.order.change
        if change is not None:
            await self._try(
                lambda staff: order_change_desk.withdraw_change(
                    self.visit.desk, staff, number=self.order.number, change_id=change.id
                )
            )

    async def _send(self) -> None:
        await self._try(lambda staff: order_change_desk.send_draft(self.visit.desk, staff, number=self.order.number))

    async def _clear(self) -> None:
        fields = [Field("What did you find out?")]
        answer = await ask(self.visit, "Clear the hold", fields=fields, choices=[("clear", "Clear the hold")])
        if answer is not None:
            why = answer[1][0]
            await self._try(
                lambda staff: order_change_desk.clear_hold(self.visit.desk, staff, number=self.order.number, why=why)
            )

    async def _hold(self) -> None:
        fields = [Field("Why must it wait?")]
        answer = await ask(self.visit, "Hold back", fields=fields, choices=[("hold", "Hold back")])
        if answer is not None:
            why = answer[1][0]
            await self._try(
                lambda staff: order_change_desk.hold_back(
                    self.visit.desk, staff, number=self.order.number, reason=HoldReason.REVIEW, why=why
                )
            )

    async def _try(self, act: Callable[[StaffMember], Awaitable[OrderRow]]) -> None:
        if await self.visit.attempt(act) is not None:
            await self._done()

    async def _done(self) -> None:
        with self.visit.client:
            ui.notify(self.visit.t("Done"), classes="notice", position="top")
            await self.refresh()  # it takes away the card that asked for it


class ProposalDialog:
    """Pieces and variants of each line that has not left; the money is looked at before it is proposed."""

    def __init__(self, visit: Visit, number: str, lines: list[LineChoices]) -> None:
        self.visit, self.number, self.lines = visit, number, lines
        self.pieces = {line.line_id: str(line.open) for line in lines}
        self.into: dict[int, int] = {line.line_id: 0 for line in lines}
        self.why = ""

    async def ask(self) -> bool:
        """Whether a change was proposed."""
        t = self.visit.t
        with self.visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
            words(t("Propose a change"), "dialog-title")
            words(t("The shopper confirms it in the chat."), "dialog-text")
            for line in self.lines:
                self._line(line)
            text_field(t("Why? The shopper reads it."), "", lambda text: setattr(self, "why", text), longest=500)
            money = box("proposal-money")
            with money:
                words(t("Nothing is changed yet."), "goods-label")

            async def look() -> None:
                seen = await self.visit.attempt(self._preview)
                money.clear()
                with money:
                    if seen is None:
                        words(t("Nothing is changed yet."), "goods-label")
                    else:
                        _money(self.visit, seen.before, seen.after, seen.pay_now, seen.back, seen.currency)

            async def propose() -> None:
                if await self.visit.attempt(self._act) is not None:
                    dialog.submit(True)

            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
                button(t("Look at the money"), "").on("click", look)
                button(t("Propose"), "primary").on("click", propose)
        done = bool(await dialog)
        put_away(dialog)
        return done

    def _line(self, line: LineChoices) -> None:
        t = self.visit.t
        words(_titled(line.title, line.label), "field-label")
        with box("field-pair"):
            text_field(
                t("How many pieces"),
                self.pieces[line.line_id],
                lambda text: self.pieces.update({line.line_id: text}),
                number=True,
                longest=3,
            )
            if line.others:
                options = {0: t("keep this one"), **line.others}
                choice(t("Change into"), options, 0, lambda variant: self.into.update({line.line_id: variant}))

    def _steps(self) -> list[StepBody]:
        steps: list[StepBody] = []
        for line in self.lines:
            typed = self.pieces[line.line_id].strip()
            wanted = int(typed) if typed.isdecimal() else line.open
            into = self.into[line.line_id]
            if into:
                steps.append(RemovePieces(do="remove", line_id=line.line_id, quantity=line.open))
                if wanted:
                    steps.append(AddPieces(do="add", variant_id=into, quantity=wanted, instead_of=line.line_id))
            elif wanted < line.open:
                steps.append(RemovePieces(do="remove", line_id=line.line_id, quantity=line.open - wanted))
            elif wanted > line.open:
                steps.append(AddPieces(do="add", variant_id=line.variant_id, quantity=wanted - line.open))
        return steps

    async def _preview(self, staff: StaffMember) -> ChangePreview:
        return await order_change_desk.preview_change(
            self.visit.desk, staff, number=self.number, steps=self._steps(), reason=self.why.strip()
        )

    async def _act(self, staff: StaffMember) -> OrderRow:
        return await order_change_desk.propose_change(
            self.visit.desk, staff, number=self.number, steps=self._steps(), reason=self.why.strip()
        )


def _money(visit: Visit, before: int, after: int, pay_now: int, back: int, currency: str) -> None:
    t = visit.t
    amounts = [("before", before), ("after", after)]
    amounts += [(name, amount) for name, amount in (("to be paid", pay_now), ("to be given back", back)) if amount]
    for name, amount in amounts:
        with box("fact"):
            words(t(name), "fact-name")
            words(Price(amount=amount, currency=currency).shown(t.language), "money")


def _titled(title: str, label: str) -> str:
    return f"{title} ({label})" if label else title
