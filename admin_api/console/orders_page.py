"""All orders: a list by status, and one order with everything about it."""

from nicegui import ui
from nicegui.events import GenericEventArguments

from admin_api import order_desk
from admin_api.console.looks import box, button, chip, clock_time, icon_button, set_text, show, words
from admin_api.console.order_card import OrderCard, order_states
from admin_api.console.order_change_card import OrderChangeCard
from admin_api.console.order_money import OrderMoneyCard
from admin_api.console.order_parcels import OrderParcelsCard
from admin_api.console.visit import Changes, Visit
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
PAGE = 40


class OrdersPage:
    """Two panes; on a narrow screen one at a time."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.status: OrderStatus | None = None
        self.next: str | None = None
        self.shown: str | None = None
        self.read: OrderWithHistory | None = None
        self.rows: dict[int, tuple[OrderRow, ui.element]] = {}
        t = visit.t
        with box("panes orders show-list") as self.root:
            with box("pane list-pane wide"):
                with box("pane-head"):
                    words(t("Orders"), "pane-title")
                    self.live = words(t("live"), "live-chip").props(f'data-offline="{t("offline")}"')
                find = ui.element("input").classes("find").props("type=search maxlength=20")
                find.props["placeholder"] = find.props["aria-label"] = t("Find an order by its number")
                find.on("keydown", self._find, js_handler=_ON_FIND)
                with box("tabs"):
                    self.tabs = {}
                    for status in STATUSES:
                        tab = ui.element("button").classes("tab").props("type=button")
                        tab.on("click", lambda status=status: self.show_status(status))
                        with tab:
                            words(t(status or "All"))
                        self.tabs[status] = tab
                with box("rows"):
                    self.box = box("rows-inner")
                    self.nothing = words(t("No orders yet."), "side-empty")
                    self.more = button(t("More"), "more")
                    self.more.on("click", self._load_more)
            with box("pane thread-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
                    self.title = words("", "pane-title")
                with box("nothing big") as self.choose:
                    ui.icon("receipt_long")
                    words(t("Choose an order"), "nothing-title")
                    words(t("Its lines, money, parcel and history open here."), "nothing-text")
                self.detail = box("side detail")

    async def start(self, number: str | None) -> None:
        """Fill the list, and open an order if the address names one."""
        await self.show_status(None)
        if number:
            await self.open(number)
        self.visit.follow(self._apply, self._tick)

    async def show_status(self, status: OrderStatus | None) -> None:
        """Orders of one status, or all."""
        self.status = status
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is None:
            return
        for known, tab in self.tabs.items():
            tab.classes(add="on" if known is status else "", remove="" if known is status else "on")
        self.box.clear()
        self.rows.clear()
        self._add(page)

    async def open(self, number: str) -> None:
        """Show an order on the right."""
        found = await self.visit.attempt(lambda staff: self._read(staff, number))
        if found is None:
            return
        for order, element in self.rows.values():
            is_chosen = order.number == found.order.number
            element.classes(add="chosen" if is_chosen else "", remove="" if is_chosen else "chosen")
        self.shown, self.read = found.order.number, found
        self._draw(found)
        self._show("thread")
        ui.run_javascript(f"history.replaceState(null, '', '?o={found.order.number}')")

    def _draw(self, found: OrderWithHistory) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        show(self.choose, False)
        set_text(self.title, found.order.number)
        self.detail.clear()
        with self.detail:
            OrderCard(self.visit, found.order, self._again)
            OrderParcelsCard(self.visit, found.order.number, self._again)
            OrderChangeCard(self.visit, found.order, self._again)
            OrderMoneyCard(self.visit, found.order, self._again)
            with box("order-card"):
                words(t("History"), "side-title")
                for happened in found.history:
                    with box("fact"):
                        words(t.moment(happened.at.astimezone(zone)), "fact-name")
                        words(f"{t.happened(happened.kind)} · {t(f'by {happened.by}')}")

    async def _again(self) -> None:
        if self.shown is not None:
            await self.open(self.shown)

    async def _apply(self, changes: Changes) -> None:
        """Orders change, and shoppers' orders come with messages in their conversations: read the top anew."""
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is not None:
            for order in reversed(page.orders):
                self._put(order)
            if self.status is not None:
                of_status = {order.id for order in page.orders}
                for order_id in [known for known in self.rows if known in changes.orders and known not in of_status]:
                    self.rows.pop(order_id)[1].delete()
        if self.shown is not None:
            number = self.shown
            found = await self.visit.attempt(lambda staff: self._read(staff, number))
            if found is not None and found != self.read and self.shown == number:
                self.read = found
                self._draw(found)

    def _tick(self) -> None:
        behind = int(self.visit.desk.hub.seconds_behind)
        t = self.visit.t
        set_text(self.live, t("{seconds} s behind", seconds=behind) if behind else t("live"))

    def _add(self, page: OrderPage) -> None:
        for order in page.orders:
            self._put(order, index=-1)
        self.next = page.next
        show(self.more, page.next is not None)
        show(self.nothing, not self.rows)

    def _put(self, order: OrderRow, *, index: int = 0) -> None:
        """A row that is new or has changed; others are left alone."""
        known = self.rows.get(order.id)
        if known is not None and known[0] == order:
            return
        if known is not None:
            element = known[1]
            element.clear()
        else:
            with self.box:
                element = ui.element("button").classes("talk-row order-row").props("type=button")
                element.on("click", lambda: self.open(order.number))
            if index >= 0:
                element.move(target_index=index)
        self.rows[order.id] = (order, element)
        t, desk = self.visit.t, self.visit.desk
        with element, box("talk-middle"):
            with box("talk-top"):
                words(order.number, "order-number")
                words(clock_time(order.created_at, desk.now(), desk.settings.zone, t), "talk-time")
            with box("talk-top"):
                comma = "、" if t.language == "zh" else ", "
                words(comma.join(line.title for line in order.lines), "talk-preview")
                words(order.total.shown(t.language), "money")
            with box("talk-marks"):
                order_states(self.visit, order)
                chip(t(order.payment_method), "quiet")
        show(self.nothing, False)

    def _show(self, pane: str) -> None:
        self.root.classes(replace=f"panes orders show-{pane}")

    async def _find(self, event: GenericEventArguments) -> None:
        await self.open(str(event.args)[:20])

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _page(self, staff: StaffMember, cursor: str | None) -> OrderPage:
        async with self.visit.desk.database.begin() as session:
            return await order_desk.list_orders(session, staff, status=self.status, cursor=cursor, limit=PAGE)

    async def _read(self, staff: StaffMember, number: str) -> OrderWithHistory:
        async with self.visit.desk.database.begin() as session:
            return await order_desk.read_order(session, staff, number=number)


_ON_FIND = """(e) => {
  if (e.key === 'Enter' && !e.isComposing && e.keyCode !== 229 && e.target.value.trim()) emit(e.target.value.trim());
}"""
