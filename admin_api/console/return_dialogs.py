"""Questions about returns: what came in the parcel, what a repair costs, what a rule says."""

from collections.abc import Callable

from nicegui import ui

from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, text_field, tick
from admin_api.console.looks import box, button, words
from admin_api.console.price_fields import (
    Typed,
    Wrong,
    many_of,
    money_text,
    must_amount,
    name_fields,
    read_amount,
    read_name,
    read_number,
    read_part,
    refuse_field,
    typed_in,
)
from admin_api.console.visit import Visit
from admin_api.return_views import PolicyRow, ReturnGoods, ReturnRow
from commerce.returns.inspecting import Finding
from commerce.returns.model import Allowed, Disposition, Freight, Kind, Replace
from commerce.returns.policies import PolicyDraft


async def ask_findings(visit: Visit, asked: ReturnRow) -> tuple[list[Finding], int] | None:
    """What came of each line, and what is taken off for wear; None when the person thought better of it."""
    t, currency = visit.t, asked.offered.currency
    with visit.client, ui.dialog() as dialog, box("dialog wide").props("role=dialog"):
        words(t("Write down what came"), "dialog-title")
        words(t("When everything is accepted, what was agreed is done at once."), "dialog-text")
        readers = [_finding_fields(visit, line) for line in asked.lines]
        deducted = text_field(t("Taken off for wear"), "", longest=15, number=True)

        def submit() -> None:
            try:
                dialog.submit(([read() for read in readers], read_amount(deducted, currency) or 0))
            except Wrong:
                return

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Save"), "primary").on("click", submit)
    answer: tuple[list[Finding], int] | None = await dialog
    put_away(dialog)
    return answer


def _finding_fields(visit: Visit, line: ReturnGoods) -> Callable[[], Finding]:
    t = visit.t
    words(f"{line.title} {line.label} × {line.quantity}", "side-title")
    with box("two-fields"):
        accepted = text_field(t("Accepted"), str(line.quantity), longest=6, number=True)
        sellable = text_field(t("Of these sellable"), str(line.quantity), longest=6, number=True)
    ways = {way.value: t(f"disposition {way}") for way in Disposition if way is not Disposition.RESTOCK}
    other = choice(t("What cannot be sold"), ways, Disposition.SCRAP.value)
    note = text_field(t("Note"), "", longest=500)

    def read() -> Finding:
        taken = read_number(accepted, most=line.quantity)
        good = read_number(sellable, most=line.quantity)
        if taken is None:
            raise refuse_field(accepted)
        if good is None or good > taken:
            raise refuse_field(sellable)
        way = Disposition(str(other.value)) if good < taken else None
        return Finding(line.id, taken, good, way, typed_in(note).replace("\x00", ""))

    return read


async def ask_quote(visit: Visit, currency: str) -> tuple[int, str] | None:
    """(what a repair costs in minor units, a word about it), or None."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Say what it costs"), "dialog-title")
        words(t("0 under warranty: then it is repaired at once. Else the shopper answers in the chat."), "dialog-text")
        price = text_field(t("Price"), "", longest=15, number=True)
        note = text_field(t("What is broken (shown to the shopper)"), "", longest=500)

        def submit() -> None:
            try:
                dialog.submit((must_amount(price, currency), typed_in(note).replace("\x00", "")))
            except Wrong:
                return

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Save"), "primary").on("click", submit)
    answer: tuple[int, str] | None = await dialog
    put_away(dialog)
    return answer


async def ask_policy(
    visit: Visit, row: PolicyRow, *, shelves: dict[int, str], products: dict[int, str]
) -> PolicyDraft | None:
    """A rule as it shall be, or None. A default is the start of a rule of the shop's own."""
    t, currency = visit.t, visit.desk.settings.currency
    with visit.client, ui.dialog() as dialog, box("dialog wide").props("role=dialog"):
        words(t("Rule for returns"), "dialog-title")
        form = _PolicyFields(visit, row, shelves, products)

        def submit() -> None:
            try:
                dialog.submit(form.read(currency))
            except Wrong:
                return

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Save"), "primary").on("click", submit)
    answer: PolicyDraft | None = await dialog
    put_away(dialog)
    return answer


class _PolicyFields:
    """The fields of a rule."""

    def __init__(self, visit: Visit, row: PolicyRow, shelves: dict[int, str], products: dict[int, str]) -> None:
        t, currency = visit.t, visit.desk.settings.currency
        self.row = row
        self.name = name_fields(visit, row.name)
        kinds = {kind.value: t(f"return kind {kind}") for kind in Kind}
        with ui.element("label").classes("field"):
            words(t("What it is for"), "field-label")
            self.kinds = ui.select(kinds, multiple=True, value=[kind.value for kind in row.kinds])
        self.kinds.props("outlined dense options-dense use-chips")
        self.kinds.props["aria-label"] = t("What it is for")
        with box("two-fields"):
            self.window = text_field(t("Days after delivery"), str(row.window_days), longest=4, number=True)
            self.send = text_field(t("Days to send the goods"), str(row.send_within_days), longest=3, number=True)
        with box("two-fields"):
            self.fee = text_field(t("Fee in %"), f"{row.restocking_ppm / 10_000:g}", longest=8, number=True)
            self.limit = text_field(
                t("The bot approves up to"), money_text(row.auto_limit, currency), longest=15, number=True
            )
        self.conditions = {
            "zh": text_field(t("Condition in Chinese"), row.conditions.get("zh", ""), longest=500),
            "en": text_field(t("Condition in English"), row.conditions.get("en", ""), longest=500),
        }
        freights = {way.value: t(f"freight {way}") for way in Freight}
        self.freight = choice(t("Parcel back"), freights, row.freight.value)
        self.refund_to = choice(
            t("Money may go"), {way.value: t(f"allowed {way}") for way in Allowed}, row.refund_to.value
        )
        self.replace = choice(
            t("A replacement leaves"), {way.value: t(f"replace {way}") for way in Replace}, row.replace.value
        )
        self.shelves = many_of(t("Only these shelves"), shelves, [key for key in row.category_ids if key in shelves])
        self.no_shelves = many_of(
            t("Not these shelves"), shelves, [key for key in row.excluded_category_ids if key in shelves]
        )
        self.no_products = many_of(
            t("Not these products"), products, [key for key in row.excluded_product_ids if key in products]
        )
        self.ticks = {
            "active": tick(t("In force"), row.active),
            "seller_pays_at_fault": tick(t("Where we are at fault, we pay the parcel"), row.seller_pays_at_fault),
            "refund_shipping": tick(t("Shipping goes back when all of it comes back"), row.refund_shipping),
            "photo_required": tick(t("A photo is needed"), row.photo_required),
            "once_per_order": tick(t("Once an order"), row.once_per_order),
            "same_product_only": tick(t("Exchange only within the product"), row.same_product_only),
        }

    def read(self, currency: str) -> PolicyDraft:
        """The rule as typed. Raises Wrong."""
        return PolicyDraft(
            name=read_name(self.name),
            kinds=self._kinds(),
            window_days=_must_number(self.window, least=0, most=3650),
            send_within_days=_must_number(self.send, least=1, most=365),
            position=self.row.position,
            conditions={language: typed_in(field) for language, field in self.conditions.items()},
            freight=Freight(str(self.freight.value)),
            refund_to=Allowed(str(self.refund_to.value)),
            replace=Replace(str(self.replace.value)),
            restocking_ppm=self._fee(),
            auto_limit=read_amount(self.limit, currency),
            category_ids=tuple(self.shelves.value),
            product_ids=tuple(self.row.product_ids),
            excluded_category_ids=tuple(self.no_shelves.value),
            excluded_product_ids=tuple(self.no_products.value),
            **{name: bool(box_.value) for name, box_ in self.ticks.items()},
        )

    def _kinds(self) -> tuple[Kind, ...]:
        chosen = tuple(Kind(value) for value in self.kinds.value)
        self.kinds.props(add="" if chosen else "error", remove="error" if chosen else "")
        if not chosen:
            raise Wrong
        return chosen

    def _fee(self) -> int:
        if typed_in(self.fee) in ("", "0"):
            return 0
        ppm = read_part(typed_in(self.fee))
        if ppm is None:
            raise refuse_field(self.fee)
        return ppm


def _must_number(field: Typed, *, least: int, most: int) -> int:
    number = read_number(field, least=least, most=most)
    if number is None:
        raise refuse_field(field)
    return number
