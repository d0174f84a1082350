"""What runs low, with a place to write down what was counted."""

from nicegui import ui

from admin_api import product_desk, stock_desk
from admin_api.console.charts import GREEN, ORANGE, bars
from admin_api.console.goods_fields import choice, goods_picture, mark_wrong, text_field
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.location_dialogs import (
    change_mark,
    read_locations,
    show_locations,
    stock_at,
    transfer_stock,
)
from admin_api.console.looks import box, button, icon_button, set_text, show, words
from admin_api.console.product_editing import in_words
from admin_api.console.stock_dialogs import change_stock, show_movements
from admin_api.console.visit import Visit
from admin_api.location_desk import LocationRow
from admin_api.roles import Permission, StaffMember
from admin_api.stock_desk import CountForm, LowStock, LowVariant, VariantStock
from admin_api.stock_views import StockShape
from commerce.inventory.actions import MOST_PIECES

PAGE = 40
CHARTED = 12
OWN_MARK = -1
"""Chosen instead of a number: what is below its own mark."""
THRESHOLDS = (OWN_MARK, 0, 3, 5, 10, 20, 50)
EVERYWHERE = 0


class StockPage:
    """Variants on sale that run low, the scarcest first: where, how many, and how fast they sell."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.threshold, self.location = OWN_MARK, EVERYWHERE
        self.places: list[LocationRow] = []
        self.next: str | None = None
        self.may_count = visit.staff.may(Permission.MANAGE_STOCK)
        t = visit.t
        frame = GoodsFrame(visit, "stock")
        with frame.actions:
            if self.may_count:
                button(t("Locations"), "small", "warehouse").on("click", self._show_locations)
        with frame.body:
            with box("filters one stock-filters"):
                words(t("Variants that run low"), "part-title")
                self.where = choice(
                    t("Location"), {EVERYWHERE: t("All locations")}, EVERYWHERE, self._set_location, is_named=False
                )
                told = {
                    number: t("{count} or fewer", count=number) if number > 0 else t("Sold out")
                    for number in THRESHOLDS
                } | {OWN_MARK: t("Below its mark")}
                choice(t("How many are left"), told, self.threshold, self._set_threshold, is_named=False)
            self.chart = box("chart part")
            self.rows = box("product-rows stock-rows")
            self.nothing = nothing("task_alt", t("Nothing runs low"), t("There is enough of everything on sale."))
            self.more = button(t("More"), "more")
            self.more.on("click", self._load_more)

    async def start(self) -> None:
        """Read the list anew."""
        self.places = [place for place in await read_locations(self.visit) if place.active]
        names = {place.id: in_words(place.name, self.visit.t.language) for place in self.places}
        if self.location not in names:
            self.location = EVERYWHERE
        self.where.set_options({EVERYWHERE: self.visit.t("All locations"), **names}, value=self.location)
        show(self.where, len(names) > 1)
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is not None:
            self.rows.clear()
            show(self.nothing, not page.variants)
            self._draw_chart(page)
            self._add(page)

    def _draw_chart(self, page: LowStock) -> None:
        t = self.visit.t
        self.chart.clear()
        shown = page.variants[:CHARTED]
        free, sold = [self._free(one) for one in shown], [one.sold for one in shown]
        show(self.chart, any(free) or any(sold))
        with self.chart:
            names = [" · ".join(part for part in (one.title, one.label) if part) for one in shown]
            chart = bars(names, {t("Free"): (GREEN, free), t("Sold in 30 days"): (ORANGE, sold)})
            ui.echart(chart).classes("echart").style(f"height: {64 + 30 * len(shown)}px")

    def _free(self, variant: LowVariant) -> int:
        return stock_at(variant.stock, self.location).free if self.location else variant.stock.free

    async def _show_locations(self) -> None:
        await show_locations(self.visit)
        with self.visit.client:
            await self.start()

    def _set_location(self, location: int) -> None:
        if location != self.location:
            self.location = location
            ui.timer(0, self.start, once=True)

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
                StockRow(self.visit, variant, self.places, self.location or None, may_count=self.may_count)
        self.next = page.next
        show(self.more, page.next is not None)

    async def _page(self, staff: StaffMember, cursor: str | None) -> LowStock:
        desk = self.visit.desk
        async with desk.database.begin() as session:
            return await stock_desk.low_stock(
                session,
                staff,
                usual=desk.settings.low_stock,
                now=desk.now(),
                threshold=None if self.threshold == OWN_MARK else self.threshold,
                location_id=self.location or None,
                cursor=cursor,
                limit=PAGE,
            )


class StockRow:
    """One variant; what is counted stays in the list until it is read anew, so that a slip can be mended."""

    def __init__(
        self, visit: Visit, variant: LowVariant, places: list[LocationRow], location: int | None, *, may_count: bool
    ) -> None:
        self.visit, self.variant, self.places, self.location = visit, variant, places, location
        self.mark, self.own_mark = variant.mark, variant.own_mark
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
                self.lying = words("", "goods-label")
                self.pace = words("", "goods-label")
            with box("stock-count"):
                if may_count:
                    self._buttons()
                icon_button("history", t("Movements"), "tiny").on(
                    "click", lambda: show_movements(visit, variant_id=variant.variant_id, name=self.name)
                )
        self._put(variant.stock)

    def _buttons(self) -> None:
        t = self.visit.t
        if self.location is not None or len(self.places) < 2:  # else nobody knows where was counted
            label = t("Counted")
            self.field = text_field(label, "", is_named=False, longest=9, placeholder=label, number=True)
            self.field.on("keydown.enter", self._count)
            button(t("Save"), "small").on("click", self._count)
        icon_button("tune", t("Count or adjust"), "tiny").on("click", self._adjust)
        if len(self.places) > 1:
            icon_button("swap_horiz", t("Transfer"), "tiny").on("click", self._transfer)
        icon_button("notifications", t("Change the mark"), "tiny").on("click", self._change_mark)

    def _put(self, stock: StockShape) -> None:
        t = self.visit.t
        self.stock = stock
        here = stock_at(stock, self.location) if self.location is not None else stock
        set_text(self.free, t("{count} free", count=here.free))
        self.free.classes(add="bad" if here.free == 0 else "", remove="" if here.free == 0 else "bad")
        numbers = t("{on_hand} here, {reserved} promised to orders", on_hand=here.on_hand, reserved=here.reserved)
        set_text(self.told, numbers)
        lying = [
            f"{in_words(place.name, t.language)} {stock_at(stock, place.id).on_hand}"
            for place in self.places
            if stock_at(stock, place.id).on_hand
        ]
        set_text(self.lying, " · ".join(lying))
        show(self.lying, self.location is None and len(self.places) > 1 and bool(lying))
        sold = t("{count} sold in 30 days", count=self.variant.sold)
        set_text(self.pace, f"{sold} · {t('Warn below {count}', count=self.mark)}")

    async def _count(self) -> None:
        typed = (self.field.value or "").strip()
        is_number = typed.isdecimal() and int(typed) <= MOST_PIECES
        mark_wrong(self.field, not is_number)
        if not is_number:
            return

        async def count(staff: StaffMember) -> VariantStock:
            where = self.location or self.places[0].id
            form = CountForm(counted=int(typed), was=stock_at(self.stock, where).on_hand, location_id=where)
            return await stock_desk.count_stock(self.visit.desk, staff, variant_id=self.variant.variant_id, form=form)

        counted = await self.visit.attempt(count)
        if counted is None:
            await self._look_again()
            return
        self._put(counted.stock)
        self.field.set_value("")
        ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)

    async def _adjust(self) -> None:
        variant_id = self.variant.variant_id
        if await change_stock(
            self.visit, variant_id=variant_id, name=self.name, stock=self.stock, location_id=self.location
        ):
            with self.visit.client:
                await self._look_again()

    async def _transfer(self) -> None:
        variant_id = self.variant.variant_id
        if await transfer_stock(self.visit, variant_id=variant_id, name=self.name, stock=self.stock):
            with self.visit.client:
                await self._look_again()

    async def _change_mark(self) -> None:
        usual = self.visit.desk.settings.low_stock
        asked = await change_mark(
            self.visit, variant_id=self.variant.variant_id, name=self.name, mark=self.own_mark, usual=usual
        )
        if asked is not None:
            self.own_mark = asked.mark
            self.mark = usual if asked.mark is None else asked.mark
            with self.visit.client:
                self._put(self.stock)

    async def _look_again(self) -> None:
        fresh = await self.visit.attempt(self._read)
        if fresh is not None:
            self._put(fresh)

    async def _read(self, staff: StaffMember) -> StockShape:
        async with self.visit.desk.database.begin() as session:
            sheet = await product_desk.read_product(session, staff, product_id=self.variant.product_id)
        return next((one.stock for one in sheet.variants if one.id == self.variant.variant_id), self.stock)
