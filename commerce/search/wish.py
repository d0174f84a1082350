"""What is asked of a search and what it answers; and the limits of a wish as SQL."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, bindparam
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from commerce.search.terms import colours_in
from foundation.money import Money

Sort = Literal["price_asc", "price_desc", "newest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wish, its text in any language. Colours are canonical English words; unsorted, the best fit leads.

    `category` is the id of a shelf, with those inside it. `in_stock` asks for a variant that can be had now, of the
    wanted colour and price.
    """

    text: str
    language: str
    colours: tuple[str, ...] = ()
    price_min: Money | None = None
    price_max: Money | None = None
    sort: Sort | None = None
    offset: int = 0
    limit: int = 5
    category: int | None = None
    free_shipping: bool = False
    in_stock: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The asked page of products, how many there are in all (at most 200), and whether they are only near the wish.

    `mended` is the wish as it was read when a word of it had to be mended, `missed` the words that nothing answered.
    """

    product_ids: tuple[int, ...]
    total: int
    relaxed: bool
    mended: str | None = None
    missed: tuple[str, ...] = ()


def limits_of(wanted: Wanted) -> dict[str, object]:
    """The parameters of SHELVES, OFFER_FITS and PRODUCT_FITS."""
    currencies = {limit.currency for limit in (wanted.price_min, wanted.price_max) if limit is not None}
    return {
        "colours": sorted({known for colour in wanted.colours for known in colours_in(colour) or {colour}}),
        "currency": min(currencies, default=""),
        "least": wanted.price_min.amount if wanted.price_min else 0,
        "most": wanted.price_max.amount if wanted.price_max else 2**62,
        "in_stock": wanted.in_stock,
        "free_shipping": wanted.free_shipping,
        "category": wanted.category,
    }


LIMITS = (bindparam("colours", type_=ARRAY(TEXT)), bindparam("category", type_=BigInteger))
SHELVES = """shelves AS (
    SELECT :category AS id UNION SELECT c.id FROM category c JOIN shelves ON c.parent_id = shelves.id)"""
"""The wanted shelf and all inside it, behind WITH RECURSIVE."""
OFFER_FITS = """price_amount BETWEEN :least AND :most AND (:currency = '' OR currency = :currency)
    AND (cardinality(:colours) = 0 OR colours && :colours)
    AND (NOT :in_stock OR EXISTS (
        SELECT 1 FROM stock_level AS level
        WHERE level.variant_id = search_offer.variant_id AND level.on_hand + level.backorder > level.reserved))
"""
PRODUCT_FITS = """(NOT :free_shipping AND :category IS NULL OR EXISTS (
        SELECT 1 FROM product p WHERE p.id = product_id AND (p.free_shipping OR NOT :free_shipping)
        AND (:category IS NULL OR p.category_id IN (SELECT id FROM shelves))))"""
