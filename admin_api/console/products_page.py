"""All products: found by words and filters, opened one at a time or changed many at once."""

import json
from urllib.parse import urlencode

from nicegui import ui

from admin_api import product_desk
from admin_api.category_desk import Categories, list_categories
from admin_api.console.bulk_dialog import change_many
from admin_api.console.goods_fields import choice, goods_picture, tick
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, set_text, show, words
from admin_api.console.my_chat import link_my_chat
from admin_api.console.new_product import new_product
from admin_api.console.product_editing import shelf_names
from admin_api.console.product_page import TONES
from admin_api.console.visit import Visit
from admin_api.product_rows import ProductCounts, ProductPage, ProductRow
from admin_api.roles import Permission, StaffMember
from commerce.catalog.model import ProductStatus

PAGE = 40
LOW = 5
STOCKS = {"": "Any stock", "low": "Low stock", "out": "Sold out"}
ALL_SHELVES = 0


class ProductsPage:
    """The list with its filters; what is chosen stays chosen while more is loaded."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.words, self.stock, self.shelf = "", "", ALL_SHELVES
        self.status: ProductStatus | None = None
        self.next: str | None = None
        self.chosen: dict[int, ProductRow] = {}
        self.ticks: dict[int, ui.checkbox] = {}
        self.may_edit = visit.staff.may(Permission.MANAGE_PRODUCTS)
        t = visit.t
        frame = GoodsFrame(visit, "products")
        with frame.actions:
            if self.may_edit:
                button(t("Link my chat"), "small", "add_a_photo").on("click", lambda: link_my_chat(visit))
                button(t("New product"), "primary small", "add").on("click", lambda: new_product(visit))
        with frame.body:
            self.filters = box("filters")
            with box("tabs status-tabs"):
                self.tabs: dict[ProductStatus | None, tuple[ui.element, ui.label]] = {}
                for status in (None, *ProductStatus):
                    tab = ui.element("button").classes("tab").props("type=button")
                    tab.on("click", lambda status=status: self._set_status(status))
                    with tab:
                        words(t(f"product {status}") if status else t("All"))
                        self.tabs[status] = (tab, words("", "count"))
            with box("chosen-bar") as self.bar:
                self.all = ui.checkbox("", on_change=self._choose_all).props("dense")
                self.all.props["aria-label"] = t("Choose all that are shown")
                self.count = words("", "chosen-count")
                button(t("Change these"), "small primary", "edit").on("click", self._change_chosen)
                button(t("Choose none"), "small plain").on("click", self._choose_none)
            self.rows = box("product-rows")
            self.nothing = nothing("inventory_2", t("No products here"), t("Other words or filters may find some."))
            self.more = button(t("More"), "more")
            self.more.on("click", self._load_more)

    async def start(self, asked: dict[str, str]) -> None:
        """Fill the list as the address asks."""
        self.words, self.stock = asked.get("q", "")[:200], asked.get("stock", "")
        self.stock = self.stock if self.stock in STOCKS else ""
        self.status = next((one for one in ProductStatus if one == asked.get("status")), None)
        shelf = asked.get("shelf", "")
        self.shelf = int(shelf) if shelf.isascii() and shelf.isdecimal() and len(shelf) < 19 else ALL_SHELVES
        found = await self.visit.attempt(self._read_around)
        if found is not None:
            categories, _ = found
            self._draw_filters(shelf_names(self.visit, categories.categories))
        await self.load()

    def _draw_filters(self, shelves: dict[int, str]) -> None:
        t = self.visit.t
        self.shelf = self.shelf if self.shelf in shelves else ALL_SHELVES
        with self.filters:
            find = ui.input(value=self.words, on_change=lambda event: self._find(event.value or ""))
            find.props("outlined dense clearable debounce=300 type=search maxlength=200")
            find.props["placeholder"] = find.props["aria-label"] = t("Find by title, SKU or words")
            choice(t("Shelf"), {ALL_SHELVES: t("All shelves"), **shelves}, self.shelf, self._set_shelf, is_named=False)
            choice(
                t("Stock"),
                {name: t(label) for name, label in STOCKS.items()},
                self.stock,
                self._set_stock,
                is_named=False,
            )

    async def load(self) -> None:
        """Read the list anew."""
        asked = self._asked()
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        found = await self.visit.attempt(self._read_around)
        if page is None or found is None or asked != self._asked():
            return  # refused, or something else is asked for meanwhile
        counts = found[1].model_dump()
        for status, (tab, label) in self.tabs.items():
            tab.classes(add="on" if status is self.status else "", remove="" if status is self.status else "on")
            set_text(label, str(sum(counts.values()) if status is None else counts[status.value]))
        self.rows.clear()
        self.ticks.clear()
        self._add(page)
        query = urlencode({name: value for name, value in asked.items() if value})
        ui.run_javascript(
            f"history.replaceState(null, '', {json.dumps('/console/products' + ('?' + query if query else ''))})"
        )
        self._show_chosen()

    def _asked(self) -> dict[str, str]:
        shelf = str(self.shelf) if self.shelf else ""
        return {"q": self.words, "status": self.status or "", "shelf": shelf, "stock": self.stock}

    def _add(self, page: ProductPage) -> None:
        with self.rows:
            for row in page.products:
                self._row(row)
        self.next = page.next
        show(self.more, page.next is not None)
        show(self.nothing, not self.ticks)

    def _row(self, row: ProductRow) -> None:
        t = self.visit.t
        with box("product-row").props(f"data-product={row.id}"):
            mark = tick(
                row.title or row.handle, row.id in self.chosen, lambda value: self._choose(row, value), is_named=False
            )
            show(mark, self.may_edit)
            self.ticks[row.id] = mark
            with ui.element("a").classes("product-link").props(f"href=/console/products?p={row.id}"):
                goods_picture(row.picture, "product-pic")
                with box("product-name"):
                    words(row.title or t("Without a title"), "product-title")
                    words(row.handle, "goods-label")
                with box(f"product-status {row.status}"):
                    chip(t(f"product {row.status}"), TONES[row.status])
                words(row.category or t("On no shelf"), "product-shelf" + ("" if row.category else " none"))
                words(self._prices(row), "money product-price")
                with box("product-stock"):
                    self._stock(row)

    def _stock(self, row: ProductRow) -> None:
        t = self.visit.t
        if not row.variants:
            words(t("no variant on sale"), "goods-label")
        elif row.free <= 0:
            chip(t("sold out"), "bad")
        else:
            words(t("{count} free", count=row.free))
            if row.scarcest <= 0:
                chip(t("one sold out"), "warn")
            elif row.scarcest <= LOW:
                chip(t("low"), "warn")

    def _prices(self, row: ProductRow) -> str:
        if row.price_from is None or row.price_to is None:
            return "—"
        low, high = row.price_from.shown(self.visit.t.language), row.price_to.shown(self.visit.t.language)
        return low if low == high else f"{low} – {high}"

    async def _find(self, typed: str) -> None:
        self.words = typed[:200].replace("\x00", "")
        await self.load()

    async def _set_status(self, status: ProductStatus | None) -> None:
        self.status = status
        await self.load()

    def _set_shelf(self, shelf: int) -> None:
        self.shelf = shelf or ALL_SHELVES
        ui.timer(0, self.load, once=True)

    def _set_stock(self, stock: str) -> None:
        self.stock = stock or ""
        ui.timer(0, self.load, once=True)

    def _choose(self, row: ProductRow, is_chosen: bool) -> None:
        if is_chosen:
            self.chosen[row.id] = row
        else:
            self.chosen.pop(row.id, None)
        self._show_chosen()

    def _choose_all(self) -> None:
        for mark in self.ticks.values():
            mark.set_value(bool(self.all.value))

    def _choose_none(self) -> None:
        self.chosen.clear()
        self.all.set_value(False)
        for mark in self.ticks.values():
            mark.set_value(False)
        self._show_chosen()

    def _show_chosen(self) -> None:
        show(self.bar, self.may_edit and bool(self.ticks or self.chosen))
        self.bar.classes(add="any" if self.chosen else "", remove="" if self.chosen else "any")
        t = self.visit.t
        set_text(self.count, t("{count} chosen", count=len(self.chosen)) if self.chosen else t("Choose all"))

    async def _change_chosen(self) -> None:
        if self.chosen and await change_many(self.visit, list(self.chosen.values())):
            with self.visit.client:
                self._choose_none()
                await self.load()

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _page(self, staff: StaffMember, cursor: str | None) -> ProductPage:
        async with self.visit.desk.database.begin() as session:
            return await product_desk.list_products(
                session,
                staff,
                words=self.words or None,
                status=self.status,
                category_id=self.shelf or None,
                low_stock={"": None, "low": LOW, "out": 0}[self.stock],
                cursor=cursor,
                limit=PAGE,
            )

    async def _read_around(self, staff: StaffMember) -> tuple[Categories, ProductCounts]:
        async with self.visit.desk.database.begin() as session:
            return await list_categories(session, staff), await product_desk.count_products(session, staff)
