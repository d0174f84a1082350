"""One change of many products: what, how they will look, and why some cannot."""

from dataclasses import dataclass

from nicegui import ui
from pydantic import ValidationError

from admin_api import product_desk
from admin_api.category_desk import CategoryRow, list_categories
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, text_field
from admin_api.console.looks import box, button, chip, show, words
from admin_api.console.product_editing import shelf_names
from admin_api.console.visit import Visit
from admin_api.order_views import Price
from admin_api.product_forms import BulkForm
from admin_api.product_rows import ProductRow
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Done
from commerce.catalog.model import ProductStatus
from foundation.errors import Json, Refused
from foundation.money import Money, exponent

KEEP = ""
MOST_SHOWN = 100
NO_SHELF = "0"
PRICES = {KEEP: "Leave as it is", "percent": "By percent", "amount": "By an amount"}
SHIPPING = {KEEP: "Leave as it is", "yes": "Free shipping", "no": "No free shipping"}
STATUSES = {
    KEEP: "Leave as it is",
    ProductStatus.PUBLISHED.value: "Put on sale",
    ProductStatus.DRAFT.value: "Take off sale, make a draft",
    ProductStatus.ARCHIVED.value: "Archive",
}


@dataclass(slots=True)
class Wish:
    """What is chosen in the dialog, as typed."""

    shelf: str = KEEP
    price: str = KEEP
    by: str = ""
    whole: bool = False
    status: str = KEEP
    shipping: str = KEEP
    counted: str = ""


def bulk_form(wish: Wish, versions: dict[int, int], currency: str) -> BulkForm:
    """The wish as the desk takes it, for these products as they were read (id -> version).

    Refuses bulk.empty, price.change_invalid, stock.quantity.
    """
    asked: dict[str, object] = {}
    if wish.shelf != KEEP:
        asked["category_id"] = int(wish.shelf) or None
    if wish.price != KEEP:
        asked["price"] = _price(wish, currency)
    if wish.status != KEEP:
        asked["status"] = wish.status
    if wish.shipping != KEEP:
        asked["free_shipping"] = wish.shipping == "yes"
    if wish.counted.strip():
        if not wish.counted.strip().isdecimal():
            raise Refused("stock.quantity")
        asked["counted"] = int(wish.counted)
    if not asked:
        raise Refused("bulk.empty")
    try:
        return BulkForm.model_validate({"ids": list(versions), "versions": versions, **asked})
    except ValidationError as error:
        wrong = {str(one["loc"][0]) for one in error.errors()}
        raise Refused("price.change_invalid" if "price" in wrong else "request.invalid") from error


def _price(wish: Wish, currency: str) -> dict[str, object]:
    typed = wish.by.strip().rstrip("%％").replace("−", "-")
    step = 10 ** exponent(currency) if wish.whole else 1
    try:
        if wish.price == "percent":
            hundredths = Money.parse(typed, "CNY").amount  # two digits after the point, as percent has them here
            return {"percent": hundredths, "step": step}
        return {"amount": Money.parse(typed, currency).amount, "currency": currency, "step": step}
    except Refused as refusal:
        raise Refused("price.change_invalid") from refusal


async def change_many(visit: Visit, rows: list[ProductRow]) -> bool:
    """Ask what to change of these products and change it; whether it was."""
    shelves = await visit.attempt(lambda staff: _shelves(visit, staff))
    if shelves is None:
        return False
    return await BulkDialog(visit, rows, shelf_names(visit, shelves)).ask()


class BulkDialog:
    """Choices on top, below them every product with what becomes of it."""

    def __init__(self, visit: Visit, rows: list[ProductRow], shelves: dict[int, str]) -> None:
        self.visit, self.rows, self.shelves = visit, rows, shelves
        self.wish = Wish()
        self.problems: dict[int, str] = {}
        self.is_doing = False
        priced = next((row.price_from for row in rows if row.price_from), None)
        self.currency = priced.currency if priced else visit.desk.settings.currency

    async def ask(self) -> bool:
        """Wait until it is done or the person thought better of it."""
        t = self.visit.t
        with self.visit.client, ui.dialog() as self.dialog, box("dialog broad bulk").props("role=dialog"):
            words(t("Change {count} products", count=len(self.rows)), "dialog-title")
            self._choices()
            self.told = words("", "bulk-told").props("role=alert")
            self.preview = box("preview")
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: self.dialog.submit(False))
                self.do = button(t("Change them"), "primary")
                self.do.on("click", self._do)
        self._draw()
        done = bool(await self.dialog)
        put_away(self.dialog)
        return done

    def _choices(self) -> None:
        t, wish = self.visit.t, self.wish
        keep = t("Leave as it is")
        shelves = {KEEP: keep, NO_SHELF: t("On no shelf"), **{str(one): name for one, name in self.shelves.items()}}
        with box("bulk-fields"):
            choice(t("Shelf"), shelves, KEEP, lambda value: self._set("shelf", value))
            choice(
                t("Status"),
                {key: t(name) for key, name in STATUSES.items()},
                KEEP,
                lambda value: self._set("status", value),
            )
            choice(
                t("Shipping"),
                {key: t(name) for key, name in SHIPPING.items()},
                KEEP,
                lambda value: self._set("shipping", value),
            )
            choice(
                t("Price"),
                {key: t(name) for key, name in PRICES.items()},
                KEEP,
                lambda value: self._set("price", value),
            )
            with box("bulk-by") as self.by:
                text_field(
                    t("More or less, such as -10"),
                    wish.by,
                    lambda value: self._set("by", value),
                    longest=20,
                    number=True,
                )
                choice(
                    t("Rounding"),
                    {False: t("To the cent"), True: t("To whole units")},
                    False,
                    lambda value: self._set("whole", value),
                )
            if self.visit.staff.may(Permission.MANAGE_STOCK):
                text_field(
                    t("Pieces of every variant, counted"),
                    "",
                    lambda value: self._set("counted", value),
                    longest=9,
                    number=True,
                    placeholder=keep,
                )

    def _set(self, name: str, value: str | bool) -> None:
        setattr(self.wish, name, value)
        self.problems.clear()
        self._draw()

    def _draw(self) -> None:
        """The products as they would be, and what is wrong with the wish."""
        t = self.visit.t
        show(self.by, self.wish.price != KEEP)
        form, told = None, ""
        try:
            form = bulk_form(self.wish, {row.id: row.version for row in self.rows}, self.currency)
        except Refused as refusal:
            is_begun = refusal.code != "bulk.empty" and not (self.wish.price != KEEP and not self.wish.by.strip())
            told = t.refusal(refusal.code, refusal.facts) if is_begun else ""
        if self.problems:
            told = t.refusal("bulk.refused", {"count": len(self.problems)})
        self.told.set_text(told)
        show(self.told, bool(told))
        self.do.props(add="" if form else "disabled", remove="disabled" if form else "")
        self.preview.clear()
        with self.preview:
            for row in self.rows[:MOST_SHOWN]:
                self._row(row, form)
            if len(self.rows) > MOST_SHOWN:
                words(t("and {count} more", count=len(self.rows) - MOST_SHOWN), "side-empty")

    def _row(self, row: ProductRow, form: BulkForm | None) -> None:
        t = self.visit.t
        with box("preview-row" + (" wrong" if row.id in self.problems else "")).props(f"data-row={row.id}"):
            words(row.title or row.handle, "preview-title")
            with box("preview-changes"):
                for before, after in self._changes(row, form) if form else []:
                    with box("preview-change"):
                        if before:
                            words(before, "was")
                            words("→", "arrow")
                        words(after, "becomes")
            problem = self.problems.get(row.id) or self._foreseen(row, form)
            if problem:
                words(problem, "preview-problem")
            elif form and not self._changes(row, form):
                chip(t("stays as it is"), "quiet")

    def _foreseen(self, row: ProductRow, form: BulkForm | None) -> str:
        """Why this one will be refused, where that can be told beforehand."""
        price = form.change().price if form else None
        is_nothing_left = (
            price is not None and row.price_from and row.price_from.amount > 0 and price.of(row.price_from.amount) < 1
        )
        return self.visit.t("The price would not stay above zero.") if is_nothing_left else ""

    def _changes(self, row: ProductRow, form: BulkForm) -> list[tuple[str, str]]:
        t, change = self.visit.t, form.change()
        told: list[tuple[str, str]] = []
        if change.category_id is not None and (change.category_id or None) != row.category_id:
            after = self.shelves.get(change.category_id, t("On no shelf")).strip("　")
            told.append((row.category or t("On no shelf"), after))
        if change.to is not None and change.to is not row.status:
            told.append((t(f"product {row.status}"), t(f"product {change.to}")))
        if change.price is not None and row.price_from and row.price_to:
            low, high = row.price_from, row.price_to
            after_low = Price(amount=change.price.of(low.amount), currency=low.currency)
            after_high = Price(amount=change.price.of(high.amount), currency=high.currency)
            if (after_low, after_high) != (low, high):
                told.append((self._range(low, high), self._range(after_low, after_high)))
        if change.free_shipping is not None:
            told.append(("", t("Free shipping") if change.free_shipping else t("No free shipping")))
        if change.counted is not None:
            told.append((t("{count} here", count=row.on_hand), t("{count} of each", count=change.counted)))
        return told

    def _range(self, low: Price, high: Price) -> str:
        shown = dict.fromkeys((low.shown(self.visit.t.language), high.shown(self.visit.t.language)))
        return " – ".join(shown)

    async def _do(self) -> None:
        """Once, however often it is clicked: twice 10 % more would be 21 %."""
        if self.is_doing:
            return
        self.is_doing = True
        try:
            await self._change()
        finally:
            self.is_doing = False

    async def _change(self) -> None:
        refused: list[Json] = []

        async def act(staff: StaffMember) -> Done:
            form = bulk_form(self.wish, {row.id: row.version for row in self.rows}, self.currency)
            try:
                return await product_desk.change_many(self.visit.desk, staff, form=form)
            except Refused as refusal:
                if refusal.code == "bulk.refused":
                    refused.extend(refusal.facts.get("problems", []))
                raise

        done = await self.visit.attempt(act)
        if done is not None:
            self.dialog.submit(True)
            return
        self.problems = {
            int(one["product"]): self.visit.t.refusal(str(one["code"]), dict(one["facts"])) for one in refused
        }
        self.rows.sort(key=lambda row: row.id not in self.problems)
        with self.visit.client:
            self._draw()


async def _shelves(visit: Visit, staff: StaffMember) -> list[CategoryRow]:
    async with visit.desk.database.begin() as session:
        return (await list_categories(session, staff)).categories
