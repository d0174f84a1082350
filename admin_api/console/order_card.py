"""One order on a page, with what may be done to it: beside a conversation and on the page of orders."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import order_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.looks import box, button, chip, picture, words
from admin_api.console.visit import Visit
from admin_api.order_views import GoodsLine, OrderRow, Price
from admin_api.roles import Permission
from commerce.orders.model import FulfilmentState, OrderStatus, PaymentState

TONES = {
    OrderStatus.PENDING: "warn",
    OrderStatus.PLACED: "accent",
    OrderStatus.COMPLETED: "good",
    PaymentState.PAID: "good",
    PaymentState.UNPAID: "quiet",
    PaymentState.OVERPAID: "warn",
    FulfilmentState.SHIPPED: "good",
    FulfilmentState.DELIVERED: "good",
}
Refresh = Callable[[], Awaitable[None]]


def order_states(visit: Visit, order: OrderRow) -> None:
    """Status, payment and parcel as marks; states that follow from the order's end are left out."""
    t = visit.t
    chip(t(order.status), TONES.get(order.status, "quiet"))
    if order.hold_reason:
        chip(t(order.hold_reason), "warn")
    ended = order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.PENDING, OrderStatus.DRAFT)
    if not ended or order.payment_state is not PaymentState.UNPAID:
        chip(t(order.payment_state), TONES.get(order.payment_state, "warn"))
    if not ended:
        shown = t(str(order.fulfilment_state))
        if order.fulfilment_state is FulfilmentState.DELIVERED:
            shown = t("delivered_parcel") if order.address else t("Handed over")
        chip(shown, TONES.get(order.fulfilment_state, "quiet"))


def goods(visit: Visit, lines: list[GoodsLine]) -> None:
    """Lines of a cart or an order, with small pictures."""
    language = visit.t.language
    for line in lines:
        with box("goods"):
            if line.picture is not None:
                picture(visit.desk.settings.base_url, line.picture, "goods-pic")
            else:
                with box("goods-pic none"):
                    ui.icon("image")
            with box("goods-middle"):
                words(line.title, "goods-title")
                words(f"{line.label} × {line.quantity}" if line.label else f"× {line.quantity}", "goods-label")
                told = [("cancelled: {count}", line.cancelled), ("sent: {count}", line.shipped)]
                told.append(("returned: {count}", line.returned))
                marks = [visit.t(text, count=count) for text, count in told if count]
                marks += [visit.t("gift")] if line.is_gift else []
                if marks:
                    words(" · ".join(marks), "goods-label")
            words(line.total.shown(language), "money")


def total_line(visit: Visit, total: Price) -> None:
    """The sum under the lines."""
    with box("total"):
        words(visit.t("Total"))
        words(total.shown(visit.t.language), "money")


class OrderCard:
    """An order with its actions. After an act `refresh` is called to show what it is now."""

    def __init__(self, visit: Visit, order: OrderRow, refresh: Refresh, *, is_open: bool = True) -> None:
        self.visit, self.order, self.refresh = visit, order, refresh
        t = visit.t
        with box("order-card").props(f"data-order={order.number}"):
            with box("order-head"):
                words(order.number, "order-number")
                words(t.moment(order.created_at.astimezone(visit.desk.settings.zone)), "order-time")
                words(order.total.shown(t.language), "money")
            with box("chips"):
                order_states(visit, order)
                chip(t(order.payment_method), "quiet")
            if is_open:
                goods(visit, order.lines)
                self._address()
                if order.tracking:
                    with box("fact"):
                        words(t("Parcel"), "fact-name")
                        words(f"{order.tracking.carrier} {order.tracking.number}")
                self._actions()

    def _address(self) -> None:
        t = self.visit.t
        with box("fact"):
            words(t("Address"), "fact-name")
            if not self.order.address:
                words(t("Digital: nothing is sent"))
                return
            with box("address"):
                shown = words(self.order.address)
                if self.visit.staff.may(Permission.OPEN_ADDRESSES):
                    opener = button(t("Show address"), "link").props(
                        f'title="{t("Reading an address is written into the log.")}"'
                    )

                    async def reveal() -> None:
                        address = await self.visit.attempt(
                            lambda staff: order_desk.open_address(self.visit.desk, staff, number=self.order.number)
                        )
                        if address is not None:
                            shown.set_text(f"{address.name} · {address.phone}\n{address.line}")
                            opener.delete()

                    opener.on("click", reveal)

    def _actions(self) -> None:
        order, t, staff = self.order, self.visit.t, self.visit.staff
        is_free = order.fulfilment_state is FulfilmentState.NONE
        is_alive = order.status in (OrderStatus.PENDING, OrderStatus.PLACED)
        owed = order.payment_state in (PaymentState.UNPAID, PaymentState.PART_PAID)
        with box("actions"):
            if order.status is OrderStatus.PLACED and is_free and staff.may(Permission.SHIP_ORDERS):
                if order.address:
                    button(t("Mark shipped"), "small", "local_shipping").on("click", self._ship)
                else:
                    button(t("Handed over"), "small", "forum").on("click", self._hand_over)
            if is_alive and owed and staff.may(Permission.TAKE_MONEY):
                button(t("Mark paid"), "small", "payments").on("click", self._paid)
            if is_alive and is_free and staff.may(Permission.CANCEL_ORDERS):
                button(t("Cancel order"), "small danger-text", "close").on("click", self._cancel)

    async def _ship(self) -> None:
        answer = await ask(
            self.visit,
            "Mark shipped",
            text="The shopper is told the tracking number.",
            fields=[Field("Carrier", longest=80), Field("Tracking number", longest=80)],
            choices=[("ship", "Mark shipped")],
        )
        if answer is not None:
            carrier, tracking = answer[1]
            await self._try(
                lambda staff: order_desk.ship(
                    self.visit.desk, staff, number=self.order.number, carrier=carrier, tracking_number=tracking
                )
            )

    async def _hand_over(self) -> None:
        answer = await ask(
            self.visit,
            "Handed over",
            text="The goods were given to the shopper in the chat. They are told that this was all.",
            choices=[("done", "Handed over")],
        )
        if answer is not None:
            await self._try(
                lambda staff: order_desk.ship(
                    self.visit.desk, staff, number=self.order.number, carrier="", tracking_number=""
                )
            )

    async def _paid(self) -> None:
        answer = await ask(
            self.visit,
            "Mark paid",
            fields=[
                Field("How do we know that the money is here?", "For example the receipt number. The shopper is told.")
            ],
            choices=[("paid", "Mark paid")],
        )
        if answer is not None:
            await self._try(
                lambda staff: order_desk.mark_paid(self.visit.desk, staff, number=self.order.number, proof=answer[1][0])
            )

    async def _cancel(self) -> None:
        answer = await ask(
            self.visit,
            "Cancel order",
            text="Goods become free again, what was paid goes back, and the shopper is told.",
            fields=[Field("Why is the order cancelled?")],
            choices=[("cancel", "Cancel order")],
            danger=True,
            keep="Keep the order",
        )
        if answer is not None:
            await self._try(
                lambda staff: order_desk.cancel(self.visit.desk, staff, number=self.order.number, reason=answer[1][0])
            )

    async def _try(self, act: Callable[..., Awaitable[OrderRow]]) -> None:
        if await self.visit.attempt(act) is not None:
            with self.visit.client:
                ui.notify(self.visit.t("Done"), classes="notice", position="top")
            await self.refresh()
