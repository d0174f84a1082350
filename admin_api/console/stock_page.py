"""What runs low, with a place to write down what was counted."""

from nicegui import ui

from admin_api import product_desk, stock_desk
from admin_api.console.goods_fields import choice, goods_picture, mark_wrong, text_field
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, icon_button, set_text, show, words
from admin_api.console.stock_dialogs import change_stock, show_movements
from admin_api.console.visit import Visit
from admin_api.roles import Permission, StaffMember
from admin_api.stock_desk import CountForm, LowStock, LowVariant, VariantStock
from admin_api.stock_views import StockShape
from commerce.inventory.actions import MOST_PIECES

PAGE = 40
THRESHOLDS = (0, 3, 5, 10, 20, 50)


class StockPage:
    """Variants on sale of which few can still be promised, the scarcest first."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.threshold = 5
        self.next: str | None = None
        self.may_count = visit.staff.may(Permission.MANAGE_STOCK)
        t = visit.t
        frame = GoodsFrame(visit, "stock")
        with frame.body:
            with box("filters one"):
                words(t("Variants on sale that run low"), "part-title")
                told = {
                    number: t("{count} or fewer", count=number) if number else t("Sold out") for number in THRESHOLDS
                }
                choice(t("How many are left"), told, self.threshold, self._set_threshold, is_named=False)
            self.rows = box("product-rows stock-rows")
            self.nothing = nothing("task_alt", t("Nothing runs low"), t("There is enough of everything on sale."))
            self.more = button(t("More"), "more")
            self.more.on("click", self._load_more)

    async def start(self) -> None:
        """Read the list anew."""
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is not None:
            self.rows.clear()
            show(self.nothing, not page.variants)
            self._add(page)

    def _set_threshold(self, threshold: int) -> None:
        self.threshold = threshold
        ui.timer(0, self.start, once=True)

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    def _add(self, page: LowStock) -> None:
        with self.rows:
            for variant in page.variants:
                StockRow(self.visit, variant, may_count=self.may_count)
        self.next = page.next
        show(self.more, page.next is not None)

    async def _page(self, staff: StaffMember, cursor: str | None) -> LowStock:
        async with self.visit.desk.database.begin() as session:
            return await stock_desk.low_stock(session, staff, threshold=self.threshold, cursor=cursor, limit=PAGE)


class StockRow:
    """One variant; what is counted stays in the list until it is read anew, so that a slip can be mended."""

    def __init__(self, visit: Visit, variant: LowVariant, *, may_count: bool) -> None:
        self.visit, self.variant = visit, variant
        self.name = " · ".join(part for part in (variant.title, variant.label) if part)
        t = visit.t
        with box("stock-row").props(f"data-variant={variant.variant_id}"):
            goods_picture(variant.picture, "product-pic")
            with ui.element("a").classes("product-name").props(f"href=/console/products?p={variant.product_id}"):
                words(variant.title, "product-title")
                words(" · ".join(part for part in (variant.label, variant.sku) if part), "goods-label")
            with box("stock-numbers"):
                self.free = words("", "stock-free")
                self.told = words("", "goods-label")
            with box("stock-count"):
                if may_count:
                    label = t("Counted")
                    self.field = text_field(label, "", is_named=False, longest=9, placeholder=label, number=True)
                    self.field.on("keydown.enter", self._count)
                    button(t("Save"), "small").on("click", self._count)
                    icon_button("tune", t("Count or adjust"), "tiny").on("click", self._adjust)
                icon_button("history", t("Movements"), "tiny").on(
                    "click", lambda: show_movements(visit, variant_id=variant.variant_id, name=self.name)
                )
        self._put(variant.stock)

    def _put(self, stock: StockShape) -> None:
        t = self.visit.t
        self.stock = stock
        set_text(self.free, t("{count} free", count=stock.free))
        self.free.classes(add="bad" if stock.free == 0 else "", remove="" if stock.free == 0 else "bad")
        set_text(
            self.told,
            t("{on_hand} here, {reserved} promised to orders", on_hand=stock.on_hand, reserved=stock.reserved),
        )

    async def _count(self) -> None:
        typed = (self.field.value or "").strip()
        is_number = typed.isdecimal() and int(typed) <= MOST_PIECES
        mark_wrong(self.field, not is_number)
        if not is_number:
            return

        async def count(staff: StaffMember) -> VariantStock:
            form = CountForm(counted=int(typed), was=self.stock.on_hand)
            return await stock_desk.count_stock(self.visit.desk, staff, variant_id=self.variant.variant_id, form=form)

        counted = await self.visit.attempt(count)
        if counted is None:
            await self._look_again()
            return
        self._put(counted.stock)
        self.field.set_value("")
        ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)

    async def _adjust(self) -> None:
        if await change_stock(self.visit, variant_id=self.variant.variant_id, name=self.name, stock=self.stock):
            with self.visit.client:
                await self._look_again()

    async def _look_again(self) -> None:
        fresh = await self.visit.attempt(self._read)
        if fresh is not None:
            self._put(fresh)

    async def _read(self, staff: StaffMember) -> StockShape:
        async with self.visit.desk.database.begin() as session:
            sheet = await product_desk.read_product(session, staff, product_id=self.variant.product_id)
        return next((one.stock for one in sheet.variants if one.id == self.variant.variant_id), self.stock)
