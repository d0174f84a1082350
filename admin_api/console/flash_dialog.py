"""Writing and editing a flash sale: when, and which goods at what price, how many of them, from where, how many for
each."""

from collections.abc import Mapping
from dataclasses import dataclass

from nicegui import ui
from nicegui.element import Element

from admin_api import flash_desk
from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.goods_fields import choice, text_field
from admin_api.console.goods_picker import GoodsPicker
from admin_api.console.group_dialog import must_number
from admin_api.console.looks import box, button, icon_button, words
from admin_api.console.price_fields import (
    Typed,
    Wrong,
    moment_field,
    money_text,
    must_amount,
    name_fields,
    read_moment,
    read_name,
    refuse_field,
)
from admin_api.console.visit import Visit
from admin_api.flash_desk import EditSaleForm, ItemForm, SaleForm, SaleRow
from admin_api.roles import StaffMember
from commerce.flash_sales.model import MOST_EACH
from commerce.flash_sales.sales import MOST_PIECES

ANYWHERE = 0


@dataclass
class ItemFields:
    """The fields of one variant. `place` None: the shop has one location only."""

    variant_id: int
    amount: Typed
    pieces: Typed
    each: Typed
    place: ui.select | None


class SaleDialog(EditDialog[SaleRow]):
    """One flash sale; `open` gives it when it was saved. `places`: {id: name} of the locations goods may come from."""

    def __init__(self, visit: Visit, row: SaleRow | None, places: Mapping[int, str]) -> None:
        self.row, self.places, self.currency = row, places, visit.desk.settings.currency
        self.items: dict[int, ItemFields] = {}
        super().__init__(visit, visit.t("Edit the flash sale") if row else visit.t("New flash sale"))

    def draw(self) -> None:
        visit, row, t = self.visit, self.row, self.visit.t
        with box("pair"):
            self.name = name_fields(visit, row.name if row else {})
        with box("pair"):
            self.starts = moment_field(visit, t("Begins"), row.starts_at if row else None)
            self.ends = moment_field(visit, t("Ends"), row.ends_at if row else None)
        self.rows = box("offer-fields")
        for item in row.items if row else ():
            values = (money_text(item.amount, self.currency), str(item.pieces), str(item.max_per_customer))
            label = f"{item.title} {item.label}".strip()
            self._item(item.variant_id, label, item.usual, values, place=item.location_id or ANYWHERE)
        self.pick = button(t("Add goods"), "small", "add")
        self.pick.on("click", self._pick)

    def _item(
        self,
        variant_id: int,
        label: str,
        usual: int,
        values: tuple[str, str, str] = ("", "", "1"),
        *,
        place: int = ANYWHERE,
    ) -> None:
        t = self.visit.t
        with self.rows, box("offer-row flash").props(f"data-variant={variant_id}") as row:
            words(f"{label} · {money_text(usual, self.currency)}", "offer-row-name")
            fields = (
                text_field(t("Flash price"), values[0], number=True),
                text_field(t("Pieces"), values[1], number=True, longest=7),
                text_field(t("For each customer"), values[2], number=True, longest=2),
            )
            icon_button("close", t("Take it out"), "tiny").on("click", lambda: self._drop(variant_id, row))
            where = None
            if len(self.places) > 1:
                anywhere = {ANYWHERE: t("The first that has them all")}
                where = choice(t("Set aside at"), {**anywhere, **self.places}, place)
        self.items[variant_id] = ItemFields(variant_id, *fields, where)

    def _drop(self, variant_id: int, row: Element) -> None:
        del self.items[variant_id]
        row.delete()

    async def _pick(self) -> None:
        sheet = await GoodsPicker(self.visit).open()
        if sheet is None:
            return
        title = sheet.title(self.visit.t.language)
        self.pick.classes(remove="wanting")
        for variant in sheet.variants:
            if variant.active and variant.id not in self.items:
                self._item(variant.id, f"{title} {variant.label}".strip(), variant.price.amount)

    def saving(self) -> Save[SaleRow]:
        desk, row = self.visit.desk, self.row
        starts_at, ends_at = read_moment(self.visit, self.starts), read_moment(self.visit, self.ends)
        if starts_at is None:
            raise refuse_field(self.starts)
        if ends_at is None or ends_at <= starts_at:
            raise refuse_field(self.ends)
        if not self.items:
            self.pick.classes("wanting")
            raise Wrong
        form = {"name": read_name(self.name), "starts_at": starts_at, "ends_at": ends_at, "items": self._items()}

        async def save(staff: StaffMember) -> SaleRow:
            if row is None:
                return await flash_desk.add_sale(desk, staff, form=SaleForm.model_validate(form))
            edited = EditSaleForm.model_validate({**form, "version": row.version})
            return await flash_desk.edit_sale(desk, staff, sale_id=row.id, form=edited)

        return save

    def _items(self) -> list[ItemForm]:
        return [
            ItemForm(
                variant_id=item.variant_id,
                amount=must_amount(item.amount, self.currency),
                pieces=must_number(item.pieces, most=MOST_PIECES),
                max_per_customer=must_number(item.each, most=MOST_EACH),
                location_id=(item.place.value or None) if item.place is not None else None,
            )
            for item in self.items.values()
        ]
