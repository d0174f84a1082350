"""Customers: found by what they can name, and one of them with all that is theirs."""

from collections.abc import Sequence

from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import customers_desk
from admin_api.console.customer_card import CustomerCardView
from admin_api.console.looks import box, chip, clock_time, words
from admin_api.console.two_panes import Key, TwoPanes
from admin_api.console.visit import Visit
from admin_api.customers_desk import CustomerCard, CustomerRow, Customers, SearchForm
from admin_api.roles import StaffMember


class CustomersPage(TwoPanes[Customers, CustomerRow, CustomerCard]):
    """The newest customers, or those that a search finds."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        choose = t("Choose a customer"), t("Their channels, orders, points and what they allow open here.")
        super().__init__(
            visit,
            "customer",
            "c",
            title=t("Customers"),
            none=t("Nobody found. Names are sealed and cannot be searched."),
            choose=("person_search", *choose),
            shelves={},
            is_live=False,
        )

    def above_tabs(self) -> None:
        t = self.visit.t
        with box("customer-search"):
            self.said = ui.input().props("outlined dense clearable maxlength=200 debounce=300")
            self.said.props["placeholder"] = t("Phone, its last 4, e-mail, order number")
            self.said.props["aria-label"] = t("Search customers")
            self.said.on_value_change(lambda: self.reload(anew=True))

    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> Customers:
        form = SearchForm(said=self.said.value or "", cursor=cursor, limit=limit)
        return await customers_desk.list_customers(session, staff, form=form)

    def rows_of(self, part: Customers) -> Sequence[CustomerRow]:
        return part.customers

    def key_of(self, row: CustomerRow) -> Key:
        return row.id

    def draw_row(self, row: CustomerRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        with box("talk-top"):
            words(row.name or t("Customer {number}", number=row.id), "order-number")
            words(clock_time(row.created_at, desk.now(), desk.settings.zone, t), "talk-time")
        with box("talk-top"):
            told = row.email or " · ".join(t(f"channel {channel}") for channel in row.channels)
            words(told or t("no channel"), "talk-preview")
            words(t("Orders: {count}", count=row.orders), "talk-time")
        if row.erased_at is not None:
            with box("talk-marks"):
                chip(t("erased"), "quiet")

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> CustomerCard:
        return await customers_desk.read_customer(session, staff, customer_id=int(key))

    def heading(self, found: CustomerCard) -> tuple[Key, str]:
        return found.customer.id, self.visit.t("Customer {number}", number=found.customer.id)

    def draw(self, found: CustomerCard) -> None:
        CustomerCardView(self.visit, found, self._after)

    async def _after(self, found: CustomerCard) -> None:
        await self.reload()
        self.put(found)
