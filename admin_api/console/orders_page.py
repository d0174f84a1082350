"""All orders: a list by status, and one order with everything about it."""

from collections.abc import Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import order_desk
from admin_api.console.looks import box, chip, clock_time, words
from admin_api.console.order_card import OrderCard, order_states
from admin_api.console.order_change_card import OrderChangeCard
from admin_api.console.order_money import OrderMoneyCard
from admin_api.console.order_parcels import OrderParcelsCard
from admin_api.console.two_panes import Key, TwoPanes
from admin_api.console.visit import Visit
from admin_api.order_views import OrderPage, OrderRow, OrderWithHistory
from admin_api.roles import StaffMember
from commerce.orders.model import OrderStatus

STATUSES: tuple[OrderStatus | None, ...] = (
    None,
    OrderStatus.DRAFT,
    OrderStatus.PENDING,
    OrderStatus.PLACED,
    OrderStatus.COMPLETED,
    OrderStatus.CANCELLED,
)


class OrdersPage(TwoPanes[OrderPage, OrderRow, OrderWithHistory]):
    """Orders of one status, or all; one is also found by its number."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        super().__init__(
            visit,
            "order",
            "o",
            title=t("Orders"),
            none=t("No orders yet."),
            choose=("receipt_long", t("Choose an order"), t("Its lines, money, parcel and history open here.")),
            shelves={status: t(status or "All") for status in STATUSES},
        )

    def above_tabs(self) -> None:
        find = ui.element("input").classes("find").props("type=search maxlength=20")
        find.props["placeholder"] = find.props["aria-label"] = self.visit.t("Find an order by its number")
        find.on("keydown", self._find, js_handler=_ON_FIND)

    def key_from(self, asked: str) -> Key | None:
        return asked[:20]

    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> OrderPage:
        return await order_desk.list_orders(session, staff, status=self.shelf, cursor=cursor, limit=limit)

    def rows_of(self, part: OrderPage) -> Sequence[OrderRow]:
        return part.orders

    def key_of(self, row: OrderRow) -> Key:
        return row.number

    def draw_row(self, row: OrderRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        with box("talk-top"):
            words(row.number, "order-number")
            words(clock_time(row.created_at, desk.now(), desk.settings.zone, t), "talk-time")
        with box("talk-top"):
            comma = "、" if t.language == "zh" else ", "
            words(comma.join(line.title for line in row.lines), "talk-preview")
            words(row.total.shown(t.language), "money")
        with box("talk-marks"):
            order_states(self.visit, row)
            chip(t(row.payment_method), "quiet")

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> OrderWithHistory:
        return await order_desk.read_order(session, staff, number=str(key))

    def heading(self, found: OrderWithHistory) -> tuple[Key, str]:
        return found.order.number, found.order.number

    def draw(self, found: OrderWithHistory) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        OrderCard(self.visit, found.order, self.again)
        OrderParcelsCard(self.visit, found.order.number, self.again)
        OrderChangeCard(self.visit, found.order, self.again)
        OrderMoneyCard(self.visit, found.order, self.again)
        with box("order-card"):
            words(t("History"), "side-title")
            for happened in found.history:
                with box("fact"):
                    words(t.moment(happened.at.astimezone(zone)), "fact-name")
                    words(f"{t.happened(happened.kind)} · {t(f'by {happened.by}')}")

    async def _find(self, event: GenericEventArguments) -> None:
        await self.open(str(event.args)[:20])


_ON_FIND = """(e) => {
  if (e.key === 'Enter' && !e.isComposing && e.keyCode !== 229 && e.target.value.trim()) emit(e.target.value.trim());
}"""
