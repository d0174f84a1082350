"""The money of an order on its page: how its price came about, what was paid and given back, and what may be done."""

import secrets
from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import order_change_desk, order_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.looks import box, button, chip, words
from admin_api.console.visit import Visit
from admin_api.order_change_views import OrderMoney, RefundAskRow, TraceRow
from admin_api.order_views import OrderRow, Price
from admin_api.roles import Permission, StaffMember
from commerce.orders.model import OrderStatus, RefundAskState
from foundation.errors import Json, Refused
from foundation.money import Money

ASK_TONES = {RefundAskState.WAITING: "warn", RefundAskState.GIVEN: "good", RefundAskState.REFUSED: "quiet"}
Refresh = Callable[[], Awaitable[None]]


class OrderMoneyCard:
    """Loads the reasons of the price by itself; `refresh` is called after an act."""

    def __init__(self, visit: Visit, order: OrderRow, refresh: Refresh) -> None:
        self.visit, self.order, self.refresh = visit, order, refresh
        t = visit.t
        with box("order-card").props("data-money"):
            words(t("Payment"), "side-title")
            self._fact(t("Way to pay"), t(order.payment_method))
            self.amounts = box()
            with self.amounts:
                self._row(t("Goods"), order.goods)
            self.rest = box()
            with self.rest:
                self._charges()
            self._actions()
            self.asks = box()
            self.reasons = box()
        ui.timer(0, self._load, once=True)

    def _charges(self) -> None:
        order, t = self.order, self.visit.t
        if order.discount.amount:
            self._row(t("Discount"), order.discount, sign=-1)
        if order.shipping.amount:
            self._row(t("Shipping"), order.shipping)
        if order.tax_added.amount:
            self._row(t("Tax"), order.tax_added)
        elif order.tax.amount:
            self._row(t("tax included"), order.tax)
        with box("total"):
            words(t("Total"))
            words(order.total.shown(t.language), "money")
        self._row(t("paid"), order.captured)
        for name, price in (("refunded", order.refunded), ("going back", order.going_back)):
            if price.amount:
                self._row(t(name), price)
        if order.owed.amount and order.status in (OrderStatus.PENDING, OrderStatus.PLACED):
            self._row(t("owed"), order.owed)

    def _row(self, name: str, price: Price, *, sign: int = 1) -> None:
        shown = Price(amount=sign * price.amount, currency=price.currency).shown(self.visit.t.language)
        with box("fact"):
            words(name, "fact-name")
            words(shown, "money")

    def _fact(self, name: str, text: str) -> None:
        with box("fact"):
            words(name, "fact-name")
            words(text)

    def _actions(self) -> None:
        order, t, staff = self.order, self.visit.t, self.visit.staff
        is_alive = order.status in (OrderStatus.PENDING, OrderStatus.PLACED)
        kept = order.captured.amount - order.refunded.amount - order.going_back.amount
        with box("actions"):
            if is_alive and order.owed.amount and staff.may(Permission.TAKE_MONEY):
                button(t("Record a payment"), "small", "payments").on("click", self._pay)
            if kept > 0 and staff.may(Permission.REFUND):
                button(t("Give money back"), "small", "undo").on("click", self._refund)

    async def _load(self) -> None:
        found = await self.visit.attempt(self._read)
        if found is None:
            return
        t = self.visit.t
        if found.asks:
            with self.asks:
                words(t("Refunds by the staff"), "side-title")
                for row in found.asks:
                    self._ask(row)
        told = [step for step in found.trace if step.applied or step.label]
        if told:
            with self.reasons, ui.element("details").classes("why-price"):
                with ui.element("summary"):
                    words(t("Why this price"))
                for step in told:
                    self._step(step)

    def _step(self, step: TraceRow) -> None:
        t = self.visit.t
        name = step.label.get(t.language) or step.label.get("zh") or step.label.get("en") or t(f"rule {step.rule}")
        charges = step.rule in ("shipping", "tax")
        amount = step.amount if charges else -step.amount
        with box("fact"):
            words(f"{t(f'rule {step.rule}')} · {name}" if step.label else name, "fact-name")
            if step.applied:
                words(Price(amount=amount, currency=self.order.total.currency).shown(t.language), "money")
            else:
                words(t("not applied"), "quiet")

    def _ask(self, row: RefundAskRow) -> None:
        t, staff = self.visit.t, self.visit.staff
        price = Price(amount=row.amount, currency=row.currency)
        with box("fact"):
            words(row.reason, "fact-name")
            with box("chips"):
                words(price.shown(t.language), "money")
                chip(t(f"refund {row.state}"), ASK_TONES[row.state])
        limit = order_change_desk.refund_limit(self.visit.desk.settings, staff.role, row.currency)
        may = staff.may(Permission.REFUND) and (limit is None or row.amount <= limit)
        if row.state is RefundAskState.WAITING and may:
            with box("actions"):
                yes = button(t("Agree to the refund"), "small primary")
                yes.on("click", lambda: self._decide(row.id, approve=True))
                no = button(t("Refuse the refund"), "small")
                no.on("click", lambda: self._decide(row.id, approve=False))

    async def _decide(self, ask_id: int, *, approve: bool) -> None:
        number = self.order.number
        await self._try(
            lambda staff: order_change_desk.decide_refund(
                self.visit.desk, staff, number=number, ask_id=ask_id, approve=approve
            )
        )

    async def _refund(self) -> None:
        t, order = self.visit.t, self.order
        currency = order.total.currency
        limit = order_change_desk.refund_limit(self.visit.desk.settings, self.visit.staff.role, currency)
        shown = Price(amount=limit, currency=currency).shown(t.language) if limit is not None else ""
        text = t("Above your limit of {limit} an order it waits for somebody who may.", limit=shown) if shown else ""
        key = secrets.token_hex(8)
        answer = await ask(
            self.visit,
            "Give money back",
            text=text,
            fields=[Field(t("Amount ({currency})", currency=currency), longest=24), Field("Why is it given back?")],
            choices=[("original", "To the original way to pay"), ("credit", "Into store credit")],
        )
        if answer is None:
            return
        where, (amount, reason) = answer
        await self._try(
            lambda staff: order_change_desk.refund(
                self.visit.desk,
                staff,
                number=order.number,
                amount=_minor(amount, currency),
                reason=reason,
                to_credit=where == "credit",
                key=key,
            )
        )

    async def _pay(self) -> None:
        t, order = self.visit.t, self.order
        currency = order.total.currency
        answer = await ask(
            self.visit,
            "Record a payment",
            text="All that is owed when left empty.",
            fields=[
                Field(t("Amount ({currency})", currency=currency), needed=False, longest=24),
                Field("How do we know that the money is here?", "For example the receipt number. The shopper is told."),
            ],
            choices=[("paid", "Record a payment")],
        )
        if answer is None:
            return
        amount, proof = answer[1]
        await self._try(
            lambda staff: order_desk.mark_paid(
                self.visit.desk,
                staff,
                number=order.number,
                proof=proof,
                amount=_minor(amount, currency) if amount else None,
            )
        )

    async def _try(self, act: Callable[[StaffMember], Awaitable[Json]]) -> None:
        if await self.visit.attempt(act) is not None:
            with self.visit.client:
                ui.notify(self.visit.t("Done"), classes="notice", position="top")
                await self.refresh()  # it takes away the card that asked for it

    async def _read(self, staff: StaffMember) -> OrderMoney:
        async with self.visit.desk.database.begin() as session:
            return await order_change_desk.read_money(session, staff, number=self.order.number)


def _minor(text: str, currency: str) -> int:
    """What was typed, in minor units. Refuses money.unreadable, refund.amount."""
    amount = Money.parse(text.replace(",", ""), currency).amount
    if amount < 1:
        raise Refused("refund.amount", amount=amount)
    return amount
