"""What a reader makes of a file, and how it gathers that: good products, refused rows, doubts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from commerce.catalog.handles import handle_of
from commerce.catalog.model import Names, ProductStatus
from commerce.imports.goods import NewCategory, NewProduct, NewVariant
from commerce.imports.texts import language_of

LONGEST_TITLE = 300
LONGEST_SKU = 100
_LONGEST_NAME = 100
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row of a file was refused, or what is doubtful about it.

    Lines count from 1 and the heading is line 1; where a file has no lines (JSON) it is the number of the record. 0 is
    the file as a whole.
    """

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that the file speaks of: a file name or an address; `skus` as in NewPicture."""

    name: str
    line: int
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A product as read, without its pictures; they are still names."""

    line: int
    product: NewProduct
    photos: tuple[Photo, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything a file says. `currencies`: those it has prices in; empty where it names none."""

    categories: tuple[NewCategory, ...]
    products: tuple[Draft, ...]
    refused: tuple[RowProblem, ...] = ()
    warnings: tuple[RowProblem, ...] = ()
    currencies: frozenset[str] = frozenset()


class Unreadable(Exception):
    """One row cannot be used; the reader turns it into a refused row and goes on with the next."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


@dataclass(slots=True)
class Reading:
    """A shelf in the making. It sees to what holds for every source: unique names, prices in the shop's currency."""

    currency: str
    drafts: list[Draft] = field(default_factory=list)
    categories: dict[str, NewCategory] = field(default_factory=dict)
    refused: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    handles: set[str] = field(default_factory=set)
    skus: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)

    def refuse(self, line: int, column: str, reason: str) -> None:
        """Note a row that is not taken over."""
        self.refused.append(RowProblem(line, column, reason))

    def warn(self, line: int, column: str, reason: str) -> None:
        """Note what is doubtful about a row that is taken over."""
        self.warnings.append(RowProblem(line, column, reason))

    def own_handle(self, wanted: str, *, column: str = "slug") -> str:
        """The handle made of these words. Raises Unreadable when none can be made, or a product has it already."""
        handle = handle_of(wanted)
        if not handle:
            raise Unreadable(column, "has no letter or digit")
        if handle in self.handles:
            raise Unreadable(column, f"{handle} appears twice")
        return handle

    def own_sku(self, line: int, wanted: str, *, column: str = "sku") -> str:
        """The row's SKU, taken for good; one that appeared before gets a number: in a shop it names one variant."""
        if not wanted:
            raise Unreadable(column, "is empty")
        if len(wanted) > LONGEST_SKU:
            raise Unreadable(column, f"longer than {LONGEST_SKU} characters")
        sku, number = wanted, 1
        while sku in self.skus:
            number += 1
            sku = f"{wanted}-{number}"
        if sku != wanted:
            self.warn(line, column, f"{wanted} appeared before; taken over as {sku}")
        self.skus.add(sku)
        return sku

    def title(self, text: str, *, column: str) -> str:
        """A title as the shop can keep it. Raises Unreadable for none and for one that is too long."""
        if not text:
            raise Unreadable(column, "is empty")
        if len(text) > LONGEST_TITLE:
            raise Unreadable(column, f"longer than {LONGEST_TITLE} characters")
        return text

    def category(self, path: Sequence[str | Names]) -> str | None:
        """The handle of the innermost shelf of a path, outermost first; shelves not yet known are noted."""
        parent: str | None = None
        for step in path:
            name = {language_of(step): step} if isinstance(step, str) else step
            own = handle_of(next((text for text in name.values() if handle_of(text)), ""))
            if not own:
                continue
            handle = handle_of(f"{parent} {own}") if parent else own
            if handle not in self.categories:
                shown = {language: text[:_LONGEST_NAME] for language, text in name.items()}
                self.categories[handle] = NewCategory(handle, shown, parent)
            parent = handle
        return parent

    def variant(
        self,
        line: int,
        *,
        sku: str,
        prices: Mapping[str, int],
        stock: int,
        backorder: int = 0,
        values: tuple[int, ...] = (),
        active: bool = True,
    ) -> NewVariant:
        """A variant with its prices (minor units by currency); without one in the shop's currency it is not sold."""
        self.currencies.update(prices)
        others = tuple(sorted((currency, price) for currency, price in prices.items() if currency != self.currency))
        price = prices.get(self.currency)
        if price is None:
            named = ", ".join(currency for currency, _ in others) or "no price at all"
            self.warn(line, "price", f"{sku} has no price in {self.currency} ({named}): it is taken over but not sold")
        priced = price is not None
        return NewVariant(sku, price or 0, stock, values, backorder, others, active and priced, priced)

    def add(self, line: int, product: NewProduct, photos: Sequence[Photo] = ()) -> None:
        """Take a finished product. One that has nothing to sell becomes a draft. Raises Unreadable without variants."""
        if not product.variants:
            raise Unreadable("sku", "the product has no variant that can be sold")
        if not product.key.isprintable() or not 0 < len(product.key) <= _LONGEST_KEY:
            raise Unreadable("key", f"what names the product is longer than {_LONGEST_KEY} characters, or no text")
        if product.key in self.keys:
            raise Unreadable("key", f"{product.key} appears twice")
        if product.status is ProductStatus.PUBLISHED and not any(variant.active for variant in product.variants):
            self.warn(line, "price", f"{product.handle} has nothing to sell: it is taken over as a draft")
            product = replace(product, status=ProductStatus.DRAFT)
        self.keys.add(product.key)
        self.handles.add(product.handle)
        self.drafts.append(Draft(line, product, tuple(photos)))

    def shelf(self) -> Shelf:
        """What was read, problems in the order of the file."""
        return Shelf(
            categories=tuple(self.categories.values()),
            products=tuple(self.drafts),
            refused=tuple(sorted(self.refused, key=lambda problem: problem.line)),
            warnings=tuple(sorted(self.warnings, key=lambda problem: problem.line)),
            currencies=frozenset(self.currencies),
        )
