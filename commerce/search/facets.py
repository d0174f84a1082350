"""How what a wish finds could be narrowed: the shelves, colours, prices and values it comes in, each with its count.

Counts are of products, over everything found and not the page shown. A product counts by its offers that fit the
price limits of the wish (and are in stock, where that was asked): by the colours and values that can then be had.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sqlalchemy import BIGINT, Row, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.actions import Wanted, find
from foundation.money import Money

MOST_FOUND = 1_000_000
MOST_CATEGORIES = 12
MOST_BANDS = 5
MOST_NAMES = 8
MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """A shelf and how many of the products stand on it or on a shelf inside it."""

    category_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ColourCount:
    """A canonical colour (English, as in `Wanted.colours`) and how many of the products come in it."""

    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceBand:
    """How many of the products can be had from `least` on and for less than `below`; None is no limit."""

    least: Money | None
    below: Money | None
    count: int

    @property
    def most(self) -> Money | None:
        """The highest price inside the band, for `Wanted.price_max`."""
        return Money(self.below.amount - 1, self.below.currency) if self.below else None


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value of an option or attribute, such as ("Material", "Cotton"), and how many of the products have it."""

    name: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Most frequent first, except the price bands, which rise. `values` of one name stand together."""

    categories: tuple[CategoryCount, ...]
    colours: tuple[ColourCount, ...]
    prices: tuple[PriceBand, ...]
    values: tuple[ValueCount, ...]


async def facets(session: AsyncSession, wanted: Wanted, *, language: str) -> Facets:
    """How everything a wish finds could be narrowed, in this language."""
    found = await find(session, replace(wanted, offset=0, limit=MOST_FOUND, sort=None))
    return await facets_of(session, found.product_ids, wanted, language=language)


async def facets_of(session: AsyncSession, ids: Sequence[int], wanted: Wanted, *, language: str) -> Facets:
    """The same for products that were found already: `ids` are all of them."""
    asked = {
        "ids": list(ids),
        "language": language,
        "least": wanted.price_min.amount if wanted.price_min else 0,
        "most": wanted.price_max.amount if wanted.price_max else 2**62,
        "in_stock": wanted.in_stock,
    }
    if not ids:
        return Facets((), (), (), ())
    categories = await _rows(session, _CATEGORIES, {**asked, "limit": MOST_CATEGORIES})
    colours = await _rows(session, _COLOURS, asked)
    values = await _rows(session, _VALUES, {**asked, "names": MOST_NAMES, "each": MOST_VALUES})
    return Facets(
        tuple(CategoryCount(row.id, row.name or "", row.products) for row in categories),
        tuple(ColourCount(row.colour, row.products) for row in colours),
        await _price_bands(session, asked),
        tuple(ValueCount(row.name, row.value, row.products) for row in values),
    )


async def _rows(
    session: AsyncSession, statement: TextClause, asked: Mapping[str, object]
) -> Sequence[Row[*tuple[object, ...]]]:
    return (await session.execute(statement, dict(asked))).all()


async def _price_bands(session: AsyncSession, asked: Mapping[str, object]) -> tuple[PriceBand, ...]:
    spread = (await session.execute(_SPREAD, dict(asked))).one()
    if spread.currency is None or spread.low == spread.high:
        return ()
    edges = round_edges(spread.edges, low=spread.low, high=spread.high)
    counted = await session.execute(_BANDS, {**asked, "currency": spread.currency, "edges": edges})
    counts = {row.band: row.products for row in counted}
    borders = [None, *(Money(edge, spread.currency) for edge in edges), None]
    return tuple(
        PriceBand(least, below, counts[band]) for band, (least, below) in enumerate(pairwise(borders)) if band in counts
    )


def round_edges(wanted: Sequence[int], *, low: int, high: int) -> list[int]:
    """The round amounts (1, 2, 3 or 5 times a power of ten, minor units) nearest to these, inside (low, high]."""
    edges = {_nearest_round(edge) for edge in wanted if edge > 0}
    return sorted(edge for edge in edges if low < edge <= high)


def _nearest_round(amount: int) -> int:
    power = int(10 ** (len(str(amount)) - 1))
    steps = [step * power for step in (1, 2, 3, 5, 10)]
    place = bisect(steps, amount)
    below, above = steps[place - 1], steps[min(place, len(steps) - 1)]
    return below if amount * amount <= below * above else above  # nearest as a ratio


_OFFERS = """
SELECT o.variant_id, o.product_id, o.price_amount, o.currency, o.colours
FROM unnest(:ids) AS found (product_id) JOIN search_offer o USING (product_id)
WHERE o.price_amount BETWEEN :least AND :most
  AND (NOT :in_stock OR EXISTS (SELECT FROM stock_level l
       WHERE l.variant_id = o.variant_id AND l.on_hand + l.backorder > l.reserved))
"""
_NAMED = """coalesce(nullif({0}->>:language, ''), nullif({0}->>'en', ''),
    (SELECT value FROM jsonb_each_text({0}) WHERE value <> '' LIMIT 1))"""


def _statement(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("ids", type_=ARRAY(BIGINT)))


# A shelf that stands in itself by mistake of an import does not go on for ever: eight levels are enough.
_CATEGORIES = _statement(f"""
WITH RECURSIVE direct AS (
    SELECT p.category_id, count(*) AS products FROM unnest(:ids) AS found (id) JOIN product p USING (id)
    WHERE p.category_id IS NOT NULL GROUP BY p.category_id),
inside AS (
    SELECT category_id AS id, category_id AS start, products, 1 AS level FROM direct
    UNION ALL
    SELECT c.parent_id, inside.start, inside.products, inside.level + 1 FROM inside JOIN category c USING (id)
    WHERE c.parent_id IS NOT NULL AND inside.level < 8),
counted AS (
    SELECT id, sum(products) AS products, min(level) AS level
    FROM (SELECT DISTINCT ON (id, start) id, start, products, level FROM inside ORDER BY id, start, level) AS once
    GROUP BY id)
SELECT id, {_NAMED.format("c.name")} AS name, products::bigint AS products
FROM counted JOIN category c USING (id) ORDER BY products DESC, level, c.position, id LIMIT :limit
""")
_COLOURS = _statement(f"""
SELECT colour, count(DISTINCT product_id) AS products FROM ({_OFFERS}) AS offer, unnest(colours) AS colour
GROUP BY colour ORDER BY products DESC, colour COLLATE "C"
""")
_SPREAD = _statement(f"""
SELECT mode() WITHIN GROUP (ORDER BY currency) AS currency, min(price_amount) AS low, max(price_amount) AS high,
       percentile_disc(ARRAY[{", ".join(str(cut / MOST_BANDS) for cut in range(1, MOST_BANDS))}])
       WITHIN GROUP (ORDER BY price_amount) AS edges
FROM ({_OFFERS}) AS offer
""")
_BANDS = _statement(f"""
SELECT width_bucket(price_amount, :edges) AS band, count(DISTINCT product_id) AS products
FROM ({_OFFERS}) AS offer WHERE currency = :currency GROUP BY band
""").bindparams(bindparam("edges", type_=ARRAY(BIGINT)))
_VALUES = _statement(f"""
WITH offer AS ({_OFFERS}),
said AS (
    SELECT offer.product_id, {_NAMED.format("o.name")} AS name, {_NAMED.format("v.name")} AS value
    FROM offer JOIN variant_value USING (variant_id) JOIN option_value v ON v.id = value_id
    JOIN product_option o ON o.id = v.option_id
    UNION
    SELECT a.product_id, {_NAMED.format("a.name")}, {_NAMED.format("a.value")}
    FROM unnest(:ids) AS found (product_id) JOIN product_attribute a USING (product_id)),
counted AS (
    SELECT name, value, count(*) AS products, sum(count(*)) OVER (PARTITION BY name) AS known,
           row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, value COLLATE "C") AS place
    FROM said WHERE name <> '' AND value <> '' GROUP BY name, value),
ranked AS (SELECT *, dense_rank() OVER (ORDER BY known DESC, name COLLATE "C") AS rank FROM counted)
SELECT name, value, products FROM ranked WHERE rank <= :names AND place <= :each ORDER BY rank, place
""")
