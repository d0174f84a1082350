"""Candidates for a wish out of PostgreSQL: the 200 products that promise most, with what each term says about them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER, REAL, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.query import Question
from commerce.search.wish import LIMITS, OFFER_FITS, PRODUCT_FITS, SHELVES, Wanted, limits_of

MOST_CANDIDATES = 200
SATURATION = 3.0
"""The weight at which a term has said half of what it can say (k1 of BM25F)."""
_MOST_MENTIONS = 2_000
"""Products that only mention a term are looked at in this number at most; those named by it all."""
_MENTION = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product, its lowest price within the limits, and the weight of each asked term that it has."""

    product_id: int
    price: int
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Products; for each asked term how rare it is (its inverse document frequency); and those terms nobody has."""

    products: tuple[Candidate, ...]
    rarity: Mapping[str, float]
    unknown: frozenset[str] = frozenset()


async def candidates_for(session: AsyncSession, question: Question, wanted: Wanted) -> Candidates:
    """The most promising products within the limits of the wish."""
    terms = question.terms
    place = {term: number for number, term in enumerate(terms, start=1)}
    worths: dict[tuple[int, int], float] = {}
    for clue in question.clues:
        for term in clue.terms:
            worth = 1.0 if clue.unless else clue.worth / len(clue.terms)
            for slot in clue.slots:
                key = (place[term], slot)
                worths[key] = max(worths.get(key, 0), worth)
    asked = {
        "terms": terms,
        "places": [place for place, _ in worths],
        "slots": [slot for _, slot in worths],
        "worths": list(worths.values()),
        **limits_of(wanted),
    }
    rows = (await session.execute(_CANDIDATES, asked)).all()
    if not rows:
        return Candidates((), {})
    known_by = dict(zip(terms, rows[0].known_by, strict=True))
    products = tuple(
        Candidate(
            row.product_id,
            row.price,
            {term: weight for term, weight in zip(terms, row.weights, strict=True) if weight is not None},
        )
        for row in rows
    )
    rarity = {term: _rarity(rows[0].products, times) for term, times in known_by.items()}
    return Candidates(products, rarity, frozenset(term for term, times in known_by.items() if not times))


def _rarity(products: int, known_by: int) -> float:
    """Inverse document frequency as BM25 has it. The number of products is an estimate and may be too small."""
    return math.log(1 + max(0.0, products - known_by + 0.5) / (known_by + 0.5))


# Each term fetches its products through the GIN indexes. For the rarity of a term PostgreSQL's estimate of the number
# of products is exact enough where counting them takes time. `promise` is the score that Python works out for those
# who come through, without what several terms say together.
_CANDIDATES = text(f"""
WITH RECURSIVE {SHELVES},
asked AS (SELECT * FROM unnest(:terms) WITH ORDINALITY AS asked (term, place)),
shelf AS (
    SELECT CASE WHEN reltuples > 1000 THEN reltuples::bigint ELSE (SELECT count(*) FROM search_product) END AS products
    FROM pg_class WHERE oid = 'search_product'::regclass),
hit AS MATERIALIZED (
    SELECT asked.place, found.product_id, found.weight
    FROM asked CROSS JOIN LATERAL (
        SELECT product_id, weights[array_position(terms, asked.term)] AS weight
        FROM search_product WHERE terms @> ARRAY[asked.term]
        UNION ALL (
        SELECT product_id, {_MENTION} FROM search_product WHERE more @> ARRAY[asked.term] LIMIT {_MOST_MENTIONS})
    ) AS found),
known AS MATERIALIZED (
    SELECT place, ln(1 + greatest(0, max(shelf.products) - count(*) + 0.5) / (count(*) + 0.5)) AS rarity,
           count(*) AS products
    FROM hit CROSS JOIN shelf GROUP BY place),
clue AS (
    SELECT place, slot, worth * rarity AS worth
    FROM unnest(:places, :slots, :worths) AS clue (place, slot, worth) JOIN known USING (place)),
answer AS (
    SELECT hit.product_id, clue.slot, max(clue.worth * hit.weight / (hit.weight + {SATURATION})) AS value
    FROM hit JOIN clue USING (place) GROUP BY hit.product_id, clue.slot),
touched AS (
    SELECT product_id, sum(value) * count(*) AS promise FROM answer GROUP BY product_id),
candidate AS (
    SELECT touched.product_id, touched.promise, offer.price
    FROM (SELECT * FROM touched ORDER BY promise DESC, product_id) AS touched CROSS JOIN LATERAL (
        SELECT min(price_amount) AS price FROM search_offer
        WHERE product_id = touched.product_id AND {OFFER_FITS}) AS offer
    WHERE offer.price IS NOT NULL AND {PRODUCT_FITS}
    ORDER BY touched.promise DESC, touched.product_id LIMIT {MOST_CANDIDATES})
SELECT candidate.product_id, candidate.price, shelf.products,
       ARRAY(SELECT coalesce(product.weights[array_position(product.terms, asked.term)],
                             product.more_weights[array_position(product.more, asked.term)])
             FROM asked ORDER BY asked.place) AS weights,
       CASE WHEN row_number() OVER (ORDER BY candidate.promise DESC, product_id) = 1 THEN
           ARRAY(SELECT coalesce(known.products, 0) FROM asked LEFT JOIN known USING (place) ORDER BY asked.place)
       END AS known_by
FROM candidate JOIN search_product AS product USING (product_id) CROSS JOIN shelf
ORDER BY candidate.promise DESC, product_id
""").bindparams(
    bindparam("terms", type_=ARRAY(TEXT)),
    bindparam("places", type_=ARRAY(INTEGER)),
    bindparam("slots", type_=ARRAY(INTEGER)),
    bindparam("worths", type_=ARRAY(REAL)),
    *LIMITS,
)
