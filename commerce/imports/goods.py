"""What an import brings, as plain values: products with texts, options, variants, facts and pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from commerce.catalog.media import Kept
from commerce.catalog.model import Names, ProductStatus

Progress = Callable[[int, int], None]
"""Called with how many of how many are done."""

UNLIMITED = 1_000_000
"""The backorder of what a source sells without counting it."""


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A shelf; `parent` is the handle of the one it stands in, which comes before it."""

    handle: str
    name: Names
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class NewText:
    """Title and plain-text description in one language."""

    lang: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class NewOption:
    """A choice and its answers, in the order they are shown."""

    name: Names
    values: tuple[Names, ...]


@dataclass(frozen=True, slots=True)
class NewVariant:
    """One combination: `values` are places in the values of each option; the price is in minor units.

    `backorder`: how many may be promised beyond `stock`. `prices`: (currency, minor units) in other currencies than the
    shop's. One that is not `active` is not sold, nor is one that is not `priced` in the shop's currency (price 0).
    """

    sku: str
    price: int
    stock: int
    values: tuple[int, ...] = ()
    backorder: int = 0
    prices: tuple[tuple[str, int], ...] = ()
    active: bool = True
    priced: bool = True


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture of the product, or of its variants with these SKUs."""

    media: Kept
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as a source describes it; `key` names it within the source and never changes.

    `free_shipping` and `dispatch_days` are None where the source does not say.
    """

    key: str
    handle: str
    category: str | None
    texts: tuple[NewText, ...]
    variants: tuple[NewVariant, ...]
    options: tuple[NewOption, ...] = ()
    attributes: tuple[tuple[Names, Names], ...] = ()
    pictures: tuple[NewPicture, ...] = ()
    status: ProductStatus = ProductStatus.PUBLISHED
    free_shipping: bool | None = None
    dispatch_days: int | None = None

    def digest(self, currency: str) -> str:
        """A fingerprint of everything said about the product: equal when nothing changed."""
        return sha256(f"{currency} {self!r}".encode()).hexdigest()


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in the order of their first appearance."""
    return tuple(dict.fromkeys(names))
