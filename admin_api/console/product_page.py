"""One product: everything that is said and sold of it, saved together; pictures, status and stock at once."""

from functools import partial
from urllib.parse import quote

from nicegui import ui

from admin_api.console.dialogs import ask
from admin_api.console.goods_fields import choice, text_field, tick
from admin_api.console.goods_frame import nothing
from admin_api.console.looks import box, button, chip, icon_button, restyle, set_text, show, words
from admin_api.console.product_draft import NO_SHELF, Draft
from admin_api.console.product_editing import Editing, read_to_edit, shelf_names
from admin_api.console.product_pictures import PicturesPart
from admin_api.console.product_texts import FactsPart, TextsPart
from admin_api.console.product_variants import VariantsPart
from admin_api.console.stock_dialogs import movement_row
from admin_api.console.visit import Visit
from commerce.catalog.model import ProductStatus
from commerce.merchandising.actions import LONGEST_HANDLE

TONES = {ProductStatus.PUBLISHED: "good", ProductStatus.DRAFT: "warn", ProductStatus.ARCHIVED: "quiet"}
MOVES = {
    ProductStatus.PUBLISHED: ("Put on sale", "storefront"),
    ProductStatus.DRAFT: ("Take off sale", "visibility_off"),
    ProductStatus.ARCHIVED: ("Archive", "archive"),
}
LACKING = {
    "title": "a title in at least one language",
    "variant": "a variant that is on sale",
    "price": "a price above zero for every variant on sale",
}


class ProductPage:
    """The editor, read-only for those who may only look."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        with box("goods-page") as self.root:
            self.head = box("pane-head goods-head editor-head")
            self.body = box("goods-body")

    async def start(self, product_id: int) -> None:
        """Read the product and show it."""
        read = await self.visit.attempt(lambda staff: read_to_edit(self.visit, staff, product_id))
        t = self.visit.t
        if read is None:
            with self.head:
                self._back()
            with self.body:
                nothing("search_off", t("There is no such product"), t("It may have been an old address."))
            return
        sheet, shelves, seen = read
        self.editing = Editing(self.visit, sheet, shelves, seen)
        with self.head:
            self._draw_head()
        with self.body, box("editor"):
            with box("editor-main"):
                self.texts = TextsPart(self.editing)
                self.pictures = PicturesPart(self.editing, self.visit.asking.csrf)
                self.variants = VariantsPart(self.editing)
                self.facts = FactsPart(self.editing)
            with box("editor-side"):
                self.side = SidePart(self.editing)
        self.editing.watchers.append(self._show)
        self._show(True)

    def _back(self) -> None:
        back = ui.element("a").classes("btn icon-btn").props("href=/console/products data-back")
        back.props["title"] = back.props["aria-label"] = self.visit.t("All products")
        with back:
            ui.icon("arrow_back")

    def _draw_head(self) -> None:
        t = self.visit.t
        self._back()
        with box("head-middle"):
            self.title = words("", "pane-title")
            self.status = chip("")
        with box("head-actions"):
            self.unsaved = words(t("Unsaved changes"), "unsaved").props("role=status")
            self.move_box = box("head-actions")
            public = ui.element("a").classes("btn small").props("target=_blank rel=noopener")
            self.public = public
            public.props["title"] = t("The page shoppers see")
            with public:
                ui.icon("open_in_new")
                words(t("View page"))
            self.undo = icon_button("undo", t("Undo all changes"), "small-icon")
            self.undo.on("click", self._undo)
            self.save = button(t("Save"), "primary small save", "save")
            self.save.on("click", self._save)
        show(self.save, self.editing.may_edit)

    def _show(self, was_read: bool) -> None:
        """After typing the state only; after reading everything that differs from what stands there."""
        editing, t = self.editing, self.visit.t
        is_changed = editing.is_changed
        show(self.unsaved, is_changed)
        self.head.classes(add="dirty" if is_changed else "", remove="" if is_changed else "dirty")
        show(self.undo, is_changed and editing.may_edit)
        ui.run_javascript(f"window.xiaoer.goods.unsaved({str(is_changed).lower()})")
        if not was_read:
            return
        sheet = editing.sheet
        set_text(self.title, sheet.title(t.language) or t("New product"))
        ui.page_title(self.title.text)
        set_text(self.status, t(f"product {sheet.status}"))
        restyle(self.status, f"chip {TONES[sheet.status]}")
        self.public.props["href"] = f"{self.visit.desk.settings.base_url}/p/{quote(sheet.handle)}"
        self.public.update()
        show(self.public, sheet.status is ProductStatus.PUBLISHED)
        self._draw_moves()
        self.texts.draw()
        self.facts.draw()
        self.variants.draw(stock_too=True)
        self.pictures.draw()
        self.side.draw()

    def _draw_moves(self) -> None:
        editing, t = self.editing, self.visit.t
        self.move_box.clear()
        with self.move_box:
            for to in (ProductStatus.ARCHIVED, ProductStatus.DRAFT, ProductStatus.PUBLISHED):
                if not editing.may_edit or to not in editing.sheet.moves:
                    continue
                label, icon = MOVES[to]
                if editing.sheet.status is ProductStatus.ARCHIVED:
                    label, icon = "Bring back", "unarchive"
                button(t(label), "small", icon).on("click", partial(self._move, to))

    async def _move(self, to: ProductStatus) -> None:
        if to is ProductStatus.ARCHIVED:
            answer = await ask(
                self.visit,
                "Archive this product?",
                text="Shoppers no longer find it. It can be brought back.",
                choices=[("archive", "Archive")],
            )
            if answer is None:
                return
        with self.visit.client:
            await self.editing.move(to)

    async def _save(self) -> None:
        if self.editing.is_changed:
            await self.editing.save()

    async def _undo(self) -> None:
        answer = await ask(
            self.visit,
            "Undo all changes?",
            text="What was typed since the last save is lost.",
            choices=[("undo", "Undo all changes")],
            danger=True,
        )
        if answer is not None:
            with self.visit.client:
                await self.editing.read_again(keep_typed=False)


class SidePart:
    """What is missing, shelf, address, shipping, and what came and went."""

    def __init__(self, editing: Editing) -> None:
        self.editing = editing
        self.lacking = box("part lacking")
        with box("part"):
            words(editing.visit.t("Sale and shipping"), "part-title")
            self.fields = box("side-fields")
        self.numbers = box("part numbers")
        with box("part"):
            words(editing.visit.t("Stock movements"), "part-title")
            self.movements = box("movements")
        self.shown: Draft | None = None

    def draw(self) -> None:
        """Show what was read, with what was typed over it."""
        self._draw_lacking()
        self._draw_fields()
        self._draw_numbers()
        editing, t = self.editing, self.editing.visit.t
        names = {variant.id: variant.label or variant.sku for variant in editing.sheet.variants}
        self.movements.clear()
        with self.movements:
            if not editing.sheet.movements:
                words(t("Nothing came or went yet."), "part-hint")
            for movement in editing.sheet.movements:
                movement_row(editing.visit, movement, name=names.get(movement.variant_id, ""))

    def _draw_lacking(self) -> None:
        editing, t = self.editing, self.editing.visit.t
        missing = editing.sheet.lacking if editing.sheet.status is not ProductStatus.ARCHIVED else []
        self.lacking.clear()
        show(self.lacking, bool(missing))
        with self.lacking:
            words(t("Before it can be sold it needs"), "part-title")
            for what in missing:
                with box("lacking-row"):
                    ui.icon("radio_button_unchecked")
                    words(t(LACKING.get(what, what)))

    def _draw_fields(self) -> None:
        editing, t, draft = self.editing, self.editing.visit.t, self.editing.draft
        parts = {"handle", "category_id", "free_shipping", "is_digital", "dispatch_days"}
        if self.shown is not None and self.shown.model_dump(include=parts) == draft.model_dump(include=parts):
            return
        self.shown = draft.model_copy(deep=True)
        self.fields.clear()
        with self.fields:
            shelves = {NO_SHELF: t("On no shelf"), **shelf_names(editing.visit, editing.shelves)}
            shelf = choice(t("Shelf"), shelves, draft.category_id, partial(self._typed, "category_id"))
            handle = text_field(
                t("Name in the address"), draft.handle, partial(self._typed, "handle"), longest=LONGEST_HANDLE
            )
            days = text_field(
                t("Days until dispatch"),
                draft.dispatch_days,
                partial(self._typed, "dispatch_days"),
                longest=3,
                number=True,
            )
            free = tick(t("Free shipping"), draft.free_shipping, partial(self._typed, "free_shipping"))
            digital = tick(t("Digital: nothing is sent"), draft.is_digital, partial(self._typed, "is_digital"))
            if not editing.may_edit:
                for field in (shelf, handle, days):
                    field.props("readonly")
                free.disable()
                digital.disable()

    def _draw_numbers(self) -> None:
        editing, t = self.editing, self.editing.visit.t
        sheet, zone = editing.sheet, editing.visit.desk.settings.zone
        told = [
            (t("Likes"), str(sheet.favourites)),
            (t("Waiting for it to come back"), str(sheet.waiting)),
            (t("Changed"), t.moment(sheet.updated_at.astimezone(zone))),
        ]
        if sheet.published_at is not None:
            told.append((t("First on sale"), t.moment(sheet.published_at.astimezone(zone))))
        if sheet.source:
            told.append((t("Imported from"), sheet.source))
        self.numbers.clear()
        with self.numbers:
            for name, value in told:
                with box("fact"):
                    words(name, "fact-name")
                    words(value)

    def _typed(self, name: str, value: str | int | bool) -> None:
        for draft in (self.editing.draft, self.shown):
            if draft is not None:
                setattr(draft, name, value)
        self.editing.touched()
