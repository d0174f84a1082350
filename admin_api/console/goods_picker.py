"""Choosing goods for a form: a search, what it finds, one of them."""

from nicegui import ui

from admin_api import product_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import goods_picture
from admin_api.console.looks import box, button, show, words
from admin_api.console.visit import Visit
from admin_api.product_rows import ProductPage, ProductRow
from admin_api.product_views import ProductSheet
from admin_api.roles import StaffMember
from commerce.catalog.model import ProductStatus

SHOWN = 12


class GoodsPicker:
    """`open` gives the product with its variants, or None."""

    def __init__(self, visit: Visit) -> None:
        self.visit, t = visit, visit.t
        with visit.client, ui.dialog() as self.dialog, box("dialog").props("role=dialog"):
            words(t("Choose goods"), "dialog-title")
            self.said = ui.input().props("outlined dense clearable autofocus maxlength=200 debounce=300")
            self.said.props["placeholder"] = self.said.props["aria-label"] = t("Title, SKU or words")
            self.said.on_value_change(self._look)
            self.found = box("picker-rows")
            self.none = words(t("No goods on sale found."), "side-empty")
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: self.dialog.submit(None))

    async def open(self) -> ProductSheet | None:
        """Wait for the person."""
        await self._look()
        chosen: int | None = await self.dialog
        put_away(self.dialog)
        return None if chosen is None else await self.visit.attempt(lambda staff: self._sheet(staff, chosen))

    async def _look(self) -> None:
        page = await self.visit.attempt(self._products)
        if page is None:
            return
        self.found.clear()
        show(self.none, not page.products)
        with self.found:
            for product in page.products:
                self._row(product)

    def _row(self, product: ProductRow) -> None:
        language = self.visit.t.language
        row = ui.element("button").classes("picker-row").props(f"type=button data-pick={product.id}")
        row.on("click", lambda: self.dialog.submit(product.id))
        with row:
            goods_picture(product.picture, "product-pic", 96)
            with box("product-name"):
                words(product.title, "product-title")
                price = product.price_from.shown(language) if product.price_from else ""
                words(f"{price} · {self.visit.t('{count} free', count=product.free)}", "goods-label")

    async def _products(self, staff: StaffMember) -> ProductPage:
        async with self.visit.desk.database.begin() as session:
            return await product_desk.list_products(
                session, staff, words=self.said.value or None, status=ProductStatus.PUBLISHED, limit=SHOWN
            )

    async def _sheet(self, staff: StaffMember, product_id: int) -> ProductSheet:
        async with self.visit.desk.database.begin() as session:
            return await product_desk.read_product(session, staff, product_id=product_id)
