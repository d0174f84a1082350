"""Candidates for a wish out of PostgreSQL: the 200 products that promise most, with what each term says about them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, column, text
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER, REAL, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.query import Question
from commerce.search.wish import LIMITS, OFFER_FITS, PRODUCT_FITS, SHELVES, Wanted, limits_of
from foundation.reading import Read

MOST_CANDIDATES = 200
SATURATION = 3.0
"""The weight at which a term has said half of what it can say (k1 of BM25F)."""
MENTION = 0.5
"""What a term says about a product that only mentions it, in a long description or a fact."""
_MOST_MENTIONS = 1_500
"""Products that only mention a term are looked at in this number at most; those named by it all."""
_MOST_FETCHED = 2_000
"""A word that names more products than this fetches none, if there is a rarer one."""
_MOST_LIKELY = 1_000
_MOST_COUNTED = 10_000
_NO_LIMITS = limits_of(Wanted("", ""))


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
    limits = limits_of(wanted)
    asked = {
        "terms": terms,
        "places": [place for place, _ in worths],
        "slots": [slot for _, slot in worths],
        "worths": list(worths.values()),
        # Only limits can take products away: without any, nobody after the first 200 can come through.
        "limited": limits != _NO_LIMITS,
        **limits,
    }
    rows = await _CANDIDATES.all(session, **asked)
    if not rows:
        return Candidates((), {})
    known_by = dict(zip(terms, rows[0].known_by, strict=True))
    products = tuple(
        Candidate(
            row.product_id,
            row.price,
            {terms[place - 1]: weight for place, weight in zip(row.places, row.weights, strict=True)},
        )
        for row in rows
    )
    rarity = {term: _rarity(rows[0].products, times) for term, times in known_by.items()}
    return Candidates(products, rarity, frozenset(term for term, times in known_by.items() if not times))


def _rarity(products: int, known_by: int) -> float:
    """Inverse document frequency as BM25 has it. The number of products is an estimate and may be too small."""
    return math.log(1 + max(0.0, products - known_by + 0.5) / (known_by + 0.5))


# Each term fetches its products through the GIN indexes. Of a wish of several words the most frequent ones fetch none:
# they are only looked for in what the others found. For the rarity of a term PostgreSQL's estimate of the number of
# products is exact enough where counting them takes time. `promise` is the score that Python works out for those who
# come through, without what several terms say together.
_CANDIDATES = Read(
    text(f"""
WITH RECURSIVE {SHELVES},
asked AS (SELECT * FROM unnest(:terms) WITH ORDINALITY AS asked (term, place)),
shelf AS (
    SELECT CASE WHEN reltuples > 1000 THEN reltuples::bigint ELSE (SELECT count(*) FROM search_product) END AS products
    FROM pg_class WHERE oid = 'search_product'::regclass),
spoken AS (SELECT * FROM unnest(:places, :slots, :worths) AS spoken (place, slot, worth)),
named AS MATERIALIZED (
    SELECT place, term, (SELECT count(*) FROM (
        SELECT 1 FROM search_product WHERE terms @> ARRAY[asked.term] LIMIT {_MOST_COUNTED}) AS few) AS products
    FROM asked),
word AS (
    SELECT slot, coalesce(max(products) FILTER (WHERE worth >= 1), max(products)) AS products
    FROM spoken JOIN named USING (place) GROUP BY slot),
fetching AS MATERIALIZED (
    SELECT DISTINCT place FROM spoken JOIN word USING (slot) JOIN named USING (place)
    WHERE (word.products <= {_MOST_FETCHED} OR word.products = (SELECT min(products) FROM word WHERE products > 0))
      AND (named.products <= {_MOST_FETCHED} OR worth >= 1)),
hit AS MATERIALIZED (
    SELECT place, found.product_id, found.weight
    FROM named JOIN fetching USING (place) CROSS JOIN LATERAL (
        SELECT product_id, weights[array_position(terms, named.term)]::float8 AS weight
        FROM search_product WHERE terms @> ARRAY[named.term]) AS found
    UNION ALL
    SELECT place, found.product_id, {MENTION}
    FROM asked CROSS JOIN LATERAL (
        SELECT product_id FROM search_product WHERE more @> ARRAY[asked.term] LIMIT {_MOST_MENTIONS}) AS found),
known AS MATERIALIZED (
    SELECT place, named.products + coalesce(mentioned.products, 0) AS products
    FROM named LEFT JOIN (
        SELECT place, count(*) AS products FROM hit WHERE weight = {MENTION} GROUP BY place) AS mentioned
    USING (place)),
clue AS MATERIALIZED (
    SELECT place, slot,
           worth * ln(1 + greatest(0, shelf.products - known.products + 0.5)::float8 / (known.products + 0.5)) AS worth
    FROM spoken JOIN known USING (place) CROSS JOIN shelf),
likely AS (
    SELECT product_id FROM (
        SELECT hit.product_id, clue.slot, max(clue.worth * hit.weight / (hit.weight + {SATURATION})) AS value
        FROM hit JOIN clue USING (place) GROUP BY hit.product_id, clue.slot) AS answer
    GROUP BY product_id ORDER BY sum(value) * count(*) DESC, product_id
    LIMIT CASE WHEN :limited THEN NULL
               WHEN (SELECT count(*) FROM fetching) < (SELECT count(*) FROM asked) THEN {_MOST_LIKELY}
               ELSE {MOST_CANDIDATES} END),
said AS MATERIALIZED (
    SELECT place, product_id, weight FROM likely JOIN hit USING (product_id)
    UNION ALL
    SELECT named.place, product_id, product.weights[array_position(product.terms, named.term)]
    FROM likely JOIN search_product AS product USING (product_id)
    JOIN named ON named.place NOT IN (SELECT place FROM fetching) AND product.terms @> ARRAY[named.term]),
touched AS (
    SELECT product_id, sum(value) * count(*) AS promise FROM (
        SELECT said.product_id, clue.slot, max(clue.worth * said.weight / (said.weight + {SATURATION})) AS value
        FROM said JOIN clue USING (place) GROUP BY said.product_id, clue.slot) AS answer
    GROUP BY product_id ORDER BY promise DESC, product_id),
candidate AS (
    SELECT touched.product_id, touched.promise, offer.price
    FROM touched CROSS JOIN LATERAL (
        SELECT min(price_amount) AS price FROM search_offer
        WHERE product_id = touched.product_id AND {OFFER_FITS}) AS offer
    WHERE offer.price IS NOT NULL AND {PRODUCT_FITS}
    ORDER BY touched.promise DESC, touched.product_id LIMIT {MOST_CANDIDATES})
SELECT product_id, price, array_agg(place) AS places, array_agg(weight) AS weights,
       min(shelf.products) AS products,
       CASE WHEN row_number() OVER (ORDER BY promise DESC, product_id) = 1 THEN
           ARRAY(SELECT products FROM known ORDER BY place) END AS known_by
FROM candidate JOIN said USING (product_id) CROSS JOIN shelf
GROUP BY product_id, price, promise ORDER BY promise DESC, product_id
""")
    .bindparams(
        bindparam("terms", type_=ARRAY(TEXT)),
        bindparam("places", type_=ARRAY(INTEGER)),
        bindparam("slots", type_=ARRAY(INTEGER)),
        bindparam("worths", type_=ARRAY(REAL)),
        *LIMITS,
    )
    .columns(*map(column, ("product_id", "price", "places", "weights", "products", "known_by")))
)
