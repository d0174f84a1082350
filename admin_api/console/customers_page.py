"""Customers: found by what they can name, and one of them with all that is theirs."""

from nicegui import ui

from admin_api import customers_desk
from admin_api.console.customer_card import CustomerCardView
from admin_api.console.looks import box, button, chip, clock_time, icon_button, set_text, show, words
from admin_api.console.visit import Visit
from admin_api.customers_desk import CustomerCard, CustomerRow, Customers, SearchForm
from admin_api.roles import StaffMember

PAGE = 40


class CustomersPage:
    """Two panes; on a narrow screen one at a time."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.next: str | None = None
        t = visit.t
        with box("panes orders customers show-list") as self.root:
            with box("pane list-pane wide"):
                with box("pane-head"):
                    words(t("Customers"), "pane-title")
                with box("customer-search"):
                    self.said = ui.input().props("outlined dense clearable maxlength=200 debounce=300")
                    self.said.props["placeholder"] = t("Phone, its last 4, e-mail, order number")
                    self.said.props["aria-label"] = t("Search customers")
                    self.said.on_value_change(self._reload)
                with box("rows"):
                    self.box = box("rows-inner")
                    self.nothing = words(t("Nobody found. Names are sealed and cannot be searched."), "side-empty")
                    self.more = button(t("More"), "more")
                    self.more.on("click", self._load_more)
            with box("pane thread-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
                    self.title = words("", "pane-title")
                with box("nothing big") as self.choose:
                    ui.icon("person_search")
                    words(t("Choose a customer"), "nothing-title")
                    words(t("Their channels, orders, points and what they allow open here."), "nothing-text")
                self.detail = box("side detail")

    async def start(self, customer_id: int | None = None) -> None:
        """Fill the list, and open a customer if the address names one."""
        await self._reload()
        if customer_id:
            await self.open(customer_id)

    async def open(self, customer_id: int) -> None:
        """Show a customer on the right."""
        found = await self.visit.attempt(lambda staff: self._read(staff, customer_id))
        if found is not None:
            self._draw(found)
            self._show("thread")
            ui.run_javascript(f"history.replaceState(null, '', '?c={found.customer.id}')")

    def _draw(self, found: CustomerCard) -> None:
        show(self.choose, False)
        set_text(self.title, self.visit.t("Customer {number}", number=found.customer.id))
        self.detail.clear()
        with self.detail:
            CustomerCardView(self.visit, found, self._after)

    async def _after(self, found: CustomerCard) -> None:
        with self.visit.client:
            await self._reload()
            self._draw(found)

    async def _reload(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is not None:
            self.box.clear()
            self._add(page)
            show(self.nothing, not page.customers)

    def _add(self, page: Customers) -> None:
        with self.box:
            for one in page.customers:
                self._row(one)
        self.next = page.next
        show(self.more, page.next is not None)

    def _row(self, one: CustomerRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        element = ui.element("button").classes("talk-row order-row").props(f"type=button data-customer={one.id}")
        element.on("click", lambda: self.open(one.id))
        with element, box("talk-middle"):
            with box("talk-top"):
                words(one.name or t("Customer {number}", number=one.id), "order-number")
                words(clock_time(one.created_at, desk.now(), desk.settings.zone, t), "talk-time")
            with box("talk-top"):
                told = one.email or " · ".join(t(f"channel {channel}") for channel in one.channels)
                words(told or t("no channel"), "talk-preview")
                words(t("Orders: {count}", count=one.orders), "talk-time")
            if one.erased_at is not None:
                with box("talk-marks"):
                    chip(t("erased"), "quiet")

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _page(self, staff: StaffMember, cursor: str | None) -> Customers:
        form = SearchForm(said=self.said.value or "", cursor=cursor, limit=PAGE)
        async with self.visit.desk.database.begin() as session:
            return await customers_desk.list_customers(session, staff, form=form)

    async def _read(self, staff: StaffMember, customer_id: int) -> CustomerCard:
        async with self.visit.desk.database.begin() as session:
            return await customers_desk.read_customer(session, staff, customer_id=customer_id)

    def _show(self, pane: str) -> None:
        self.root.classes(add=f"show-{pane}", remove="show-list show-thread".replace(f"show-{pane}", ""))
