"""Options with their answers in both languages, and the table of variants: SKU, price, stock, on sale or not."""

from functools import partial

from nicegui import ui
from nicegui.element import Element

from admin_api.console.goods_fields import choice, mark_wrong, text_field, tick
from admin_api.console.looks import box, button, icon_button, set_text, words
from admin_api.console.product_draft import (
    LANGUAGES,
    Draft,
    OptionDraft,
    ValueDraft,
    VariantDraft,
    missing_combinations,
    price_of,
)
from admin_api.console.product_editing import Editing, in_words
from admin_api.console.product_texts import row_buttons
from admin_api.console.stock_dialogs import change_stock, show_movements
from admin_api.product_views import VariantShape
from commerce.merchandising.variants import MOST_OPTIONS, MOST_VALUES, MOST_VARIANTS
from foundation.errors import Refused


class VariantsPart:
    """Both are one part, since a variant is an answer to every option."""

    def __init__(self, editing: Editing) -> None:
        self.editing = editing
        t = editing.visit.t
        with box("part"):
            words(t("Options"), "part-title")
            words(t("What the shopper chooses, such as colour or size."), "part-hint")
            self.options = box("option-list")
            if editing.may_edit:
                button(t("Add an option"), "small", "add").on("click", self._add_option)
        with box("part"):
            words(t("Variants and prices"), "part-title")
            self.table = box("variants")
            if editing.may_edit:
                with box("actions"):
                    button(t("Add a variant"), "small", "add").on("click", self._add_variant)
                    self.rest = button(t("Add all combinations that are missing"), "small", "apps")
                    self.rest.on("click", self._add_missing)
        self.shown: Draft | None = None
        self.heads: list[ui.label] = []
        self.picked: list[tuple[int, ui.select]] = []
        self.draw()

    def draw(self, *, stock_too: bool = False) -> None:
        """Show the draft, where it is not what stands there already."""
        draft = self.editing.draft
        known = self.shown
        if known and not stock_too and (known.options, known.variants) == (draft.options, draft.variants):
            return
        self.shown = draft.model_copy(deep=True)
        self.options.clear()
        with self.options:
            for place, option in enumerate(draft.options):
                self._option(place, option)
        self._draw_table()

    def _draw_table(self) -> None:
        t, draft = self.editing.visit.t, self.editing.draft
        stocked = {variant.id: variant for variant in self.editing.sheet.variants}
        answers = " ".join(["minmax(84px, 1fr)"] * len(draft.options))
        self.table.clear()
        self.heads, self.picked = [], []
        self.table.style(replace=f"--columns: {answers} minmax(110px, 1.2fr) 104px 100px 62px 30px")
        with self.table:
            if not draft.variants:
                words(t("A product needs a variant to be sold."), "part-hint")
                return
            with box("variant-row variant-head").props("aria-hidden=true"):
                self.heads = [words(self._option_name(option)) for option in draft.options]
                for name in (t("SKU"), f"{t('Price')} ({self.editing.currency})", t("Stock"), t("On sale"), ""):
                    words(name)
            for place, variant in enumerate(draft.variants):
                self._variant(place, variant, stocked.get(variant.id or 0))

    def _option(self, place: int, option: OptionDraft) -> None:
        t, may_edit = self.editing.visit.t, self.editing.may_edit
        with box("option-card"):
            with box("fact-row"):
                with box("fact-fields pair"):
                    self._names(option.name, t("Option"))
                if may_edit:
                    row_buttons(
                        self.editing, place, len(self.editing.draft.options), self._move_option, self._remove_option
                    )
            with box("values") as values:
                for number, value in enumerate(option.values):
                    self._value(place, number, value)
                if may_edit:
                    add = button(t("Add a value"), "small plain", "add")
                    add.on("click", lambda: self._add_value(place, values))

    def _value(self, place: int, number: int, value: ValueDraft) -> tuple[Element, ui.input | ui.textarea]:
        """A row for an answer, and its first field."""
        t = self.editing.visit.t
        with box("value-row") as row:
            first = self._names(value.name, t("Value"))
            if self.editing.may_edit:
                gone = icon_button("close", t("Remove"), "tiny")
                gone.on("click", partial(self._remove_value, place, number))
        return row, first

    def _names(self, names: dict[str, str], kind: str) -> ui.input | ui.textarea:
        """A field for each language; the first of them."""
        t = self.editing.visit.t
        fields = []
        for lang in LANGUAGES:
            label = f"{kind} ({t(lang)})"
            field = text_field(
                label,
                names.get(lang, ""),
                partial(self._named, names, lang),
                is_named=False,
                longest=200,
                placeholder=label,
            )
            if not self.editing.may_edit:
                field.props("readonly")
            fields.append(field)
        return fields[0]

    def _named(self, names: dict[str, str], lang: str, value: str) -> None:
        names[lang] = value
        self._rename()
        self._typed()

    def _rename(self) -> None:
        """Show new names in the table without drawing it anew: somebody may be typing there."""
        options = self.editing.draft.options
        for head, option in zip(self.heads, options, strict=False):
            set_text(head, self._option_name(option))
        for number, picked in self.picked:
            answers = self._answers(options[number])
            if picked.options != answers:
                picked.set_options(answers)

    def _option_name(self, option: OptionDraft) -> str:
        return in_words(option.name, self.editing.visit.t.language) or self.editing.visit.t("Option")

    def _answers(self, option: OptionDraft) -> dict[int, str]:
        t = self.editing.visit.t
        return {
            at: in_words(value.name, t.language) or t("Value {number}", number=at + 1)
            for at, value in enumerate(option.values)
        }

    def _variant(self, place: int, variant: VariantDraft, known: VariantShape | None) -> None:
        t, editing = self.editing.visit.t, self.editing
        label = known.label if known and known.label else variant.sku or t("New variant")
        with box("variant-row" + ("" if variant.active else " off")).props(f"data-sku={variant.id or 'new'}"):
            for number, option in enumerate(editing.draft.options):
                answers, name = self._answers(option), self._option_name(option)
                picked = choice(name, answers, variant.values[number], partial(self._answered, place, number))
                self.picked.append((number, picked))
                if not editing.may_edit:
                    picked.props("readonly")
            sku = text_field(
                t("SKU"), variant.sku, partial(self._set, place, "sku"), longest=100, placeholder=t("made for you")
            )
            price = text_field(t("Price"), variant.price, longest=20, number=True)
            mark_wrong(price, not self._is_price(variant.price))
            price.on_value_change(lambda event: self._priced(place, price, event.value or ""))
            if not editing.may_edit:
                sku.props("readonly")
                price.props("readonly")
            with box("variant-stock field"):
                words(t("Stock"), "field-label")
                with box("stock-buttons"):
                    self._stock(known, label)
            on_sale = tick(t("On sale"), variant.active, partial(self._set, place, "active"))
            if editing.may_edit:
                gone = icon_button("delete", t("Remove"), "tiny")
                gone.on("click", lambda: self._remove_variant(place))
            else:
                on_sale.disable()
            if known and known.other_prices:
                told = " · ".join(price.shown(t.language) for price in known.other_prices)
                words(t("Other currencies: {prices}", prices=told), "variant-more")

    def _stock(self, known: VariantShape | None, label: str) -> None:
        t, editing = self.editing.visit.t, self.editing
        if known is None:
            words(t("after saving"), "goods-label")
            return
        stock = known.stock

        async def change() -> None:
            if await change_stock(editing.visit, variant_id=known.id, name=label, stock=stock):
                with editing.visit.client:
                    await editing.refresh_stock()

        free = button(str(stock.free), "link stock-number" + (" bad" if stock.free == 0 else ""))
        free.props["title"] = free.props["aria-label"] = t(
            "{on_hand} here, {reserved} promised to orders", on_hand=stock.on_hand, reserved=stock.reserved
        )
        if editing.may_count:
            free.on("click", change)
            icon_button("edit", t("Count or adjust"), "tiny").on("click", change)
        icon_button("history", t("Movements"), "tiny").on(
            "click", lambda: show_movements(editing.visit, variant_id=known.id, name=label)
        )

    def _typed(self) -> None:
        self.shown = self.editing.draft.model_copy(deep=True)
        self.editing.touched()

    def _set(self, place: int, name: str, value: str | bool) -> None:
        setattr(self.editing.draft.variants[place], name, value)
        self._typed()

    def _priced(self, place: int, field: ui.input | ui.textarea, value: str) -> None:
        mark_wrong(field, not self._is_price(value))
        self._set(place, "price", value)

    def _is_price(self, typed: str) -> bool:
        try:
            price_of(typed, self.editing.currency)
        except Refused:
            return False
        return True

    def _answered(self, place: int, number: int, answer: int | None) -> None:
        self.editing.draft.variants[place].values[number] = answer
        self._typed()

    def _add_option(self) -> None:
        draft = self.editing.draft
        if len(draft.options) < MOST_OPTIONS:
            draft.options.append(OptionDraft(values=[ValueDraft()]))
            for variant in draft.variants:
                variant.values.append(0)
            self._changed()

    def _move_option(self, place: int, by: int) -> None:
        draft = self.editing.draft
        draft.options.insert(place + by, draft.options.pop(place))
        for variant in draft.variants:
            variant.values.insert(place + by, variant.values.pop(place))
        self._changed()

    def _remove_option(self, place: int) -> None:
        self.editing.draft.options.pop(place)
        for variant in self.editing.draft.variants:
            variant.values.pop(place)
        self._changed()

    def _add_value(self, place: int, values: Element) -> None:
        there = self.editing.draft.options[place].values
        if len(there) < MOST_VALUES:
            there.append(ValueDraft())
            with values:
                row, first = self._value(place, len(there) - 1, there[-1])
            row.move(target_index=len(there) - 1)  # before the button
            first.run_method("focus")
            self._rename()
            self._typed()

    def _remove_value(self, place: int, number: int) -> None:
        self.editing.draft.options[place].values.pop(number)
        for variant in self.editing.draft.variants:
            answer = variant.values[place]
            if answer is not None and answer >= number:
                variant.values[place] = None if answer == number else answer - 1
        self._changed()

    def _add_variant(self) -> None:
        missing = missing_combinations(self.editing.draft)
        self._append([missing[0] if missing else [0] * len(self.editing.draft.options)])

    def _add_missing(self) -> None:
        self._append(missing_combinations(self.editing.draft))

    def _append(self, answers: list[list[int]]) -> None:
        draft = self.editing.draft
        price = draft.variants[-1].price if draft.variants else "0"
        for one in answers[: MOST_VARIANTS - len(draft.variants)]:
            draft.variants.append(VariantDraft(price=price, values=list(one)))
        self._changed()

    def _remove_variant(self, place: int) -> None:
        self.editing.draft.variants.pop(place)
        self._changed()

    def _changed(self) -> None:
        self.draw()
        self.editing.touched()
