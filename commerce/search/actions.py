"""Find products for a shopper's wish: candidates from PostgreSQL by their terms, scored here."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz.distance import OSA
from sqlalchemy import BigInteger, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.index import NAME_WEIGHT
from commerce.search.index import index_products as index_products
from commerce.search.model import SearchWord
from commerce.search.query import LONGEST_QUERY, Clue, Question, read_question
from commerce.search.taxonomy import line_of, synonyms_of
from commerce.search.terms import colours_in
from foundation.money import Money

Sort = Literal["price_asc", "price_desc", "newest"]

MOST_CANDIDATES = 200
_SATURATION = 2.0
_AN_ANSWER = 0.25
"""A product answers a word when it does so at least this well, compared with the product that does best."""
_NEAR_THE_BEST = 0.45
"""The share of the best score that a product needs to be shown: a mug whose description mentions tea is no tea."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wish, its text in any language. Colours are canonical English words; unsorted, the best fit leads.

    `category` is the id of a shelf, with those inside it. `in_stock` asks for a variant that can be had now, of the
    wanted colour and price. `meaning` is the vector of the text by the encoder that made the vectors of the products
    (512 numbers, length 1); without it words alone decide.
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
    meaning: Sequence[float] | None = None


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


@dataclass(frozen=True, slots=True)
class _Hit:
    """A candidate: its lowest price within the limits, and how well it answers each word of the wish.

    It is `borrowed` when it answers so many of them by the words of the taxonomy only.
    """

    product_id: int
    price: int
    values: Mapping[int, float]
    answered: frozenset[int] = frozenset()
    borrowed: bool = False

    @property
    def score(self) -> float:
        return sum(self.values.values())


async def find(session: AsyncSession, wanted: Wanted) -> Found:
    """Products for a wish, best first or as sorted.

    Price limits always hold; words and colours that nothing fits are let go, and the answer is then called relaxed.
    A wish of no words, or of words such as "what do you have", is everything within its limits and colours.
    """
    found = await _find(session, wanted)
    if not found.total and wanted.colours:
        found = replace(await _find(session, replace(wanted, colours=())), relaxed=True)
    return found if found.total else Found((), 0, relaxed=False)


async def suggest_popular(session: AsyncSession, *, limit: int = 5) -> list[int]:
    """A few products for someone who does not know what to ask for: from every shelf in turn, those in stock first."""
    shown = await session.execute(_SUGGESTIONS, {"limit": limit})
    return list(shown.scalars())


async def similar(session: AsyncSession, product_id: int, *, limit: int) -> list[int]:
    """Published products most like this one, best first, without itself; among equals those in stock lead."""
    alike = await session.execute(_SIMILAR, {"product_id": product_id, "limit": limit})
    return list(alike.scalars())


async def _find(session: AsyncSession, wanted: Wanted) -> Found:
    question = read_question(wanted.text)
    if not question.slots:
        has_words = question.has_words or not wanted.text.strip()
        return await _everything(session, wanted) if has_words else Found((), 0, relaxed=False)
    borrowed = await synonyms_of(session, line_of(wanted.text[:LONGEST_QUERY]))
    question = read_question(wanted.text, borrowed=borrowed)
    hits = await _scored(session, question, wanted)
    if _is_incomplete(hits, question):
        # Only now is it worth asking whether a word was misspelt, or whether single Chinese characters say something.
        mended = await _mended(session, question)
        if mended:
            question = read_question(wanted.text, mended=mended, borrowed=borrowed)
            hits = await _scored(session, question, wanted) or hits
    if not hits:
        question = read_question(wanted.text, loose=True, borrowed=borrowed)
        hits = await _scored(session, question, wanted)
    if not hits:
        return Found((), 0, relaxed=False)
    relaxed = _is_incomplete(hits, question)
    hits = _sorted(_good_ones(hits), wanted.sort)
    page = hits[wanted.offset : wanted.offset + wanted.limit]
    return Found(tuple(hit.product_id for hit in page), len(hits), relaxed)


def _is_incomplete(hits: Sequence[_Hit], question: Question) -> bool:
    return not any(hit.answered == question.slots for hit in hits)


def _good_ones(hits: Sequence[_Hit]) -> list[_Hit]:
    """Those that answer the most words of the wish, without the ones far behind the best."""
    most = max(len(hit.answered) for hit in hits)
    good: list[_Hit] = []
    for borrowed in (False, True):
        alike = [hit for hit in hits if len(hit.answered) == most and hit.borrowed is borrowed]
        best = max((hit.score for hit in alike), default=0)
        good += [hit for hit in alike if hit.score >= best * _NEAR_THE_BEST]
    return good


def _sorted(hits: list[_Hit], sort: Sort | None) -> list[_Hit]:
    by_fit = sorted(hits, key=lambda hit: (hit.borrowed, -hit.score, hit.product_id))
    if sort == "price_asc":
        return sorted(by_fit, key=lambda hit: hit.price)
    if sort == "price_desc":
        return sorted(by_fit, key=lambda hit: -hit.price)
    if sort == "newest":
        return sorted(by_fit, key=lambda hit: -hit.product_id)
    return by_fit


async def _scored(session: AsyncSession, question: Question, wanted: Wanted) -> list[_Hit]:
    """Candidates with their scores: BM25 over the weighted terms, the best clue for each word of the wish."""
    terms = question.terms
    worths: dict[str, float] = defaultdict(float)
    for clue in question.clues:
        for term in clue.terms:
            worths[term] = max(worths[term], clue.worth / len(clue.terms))
    asked = {"terms": terms, "worths": [worths[term] for term in terms], **_limits(wanted)}
    rows = (await session.execute(_CANDIDATES, asked)).all()
    rarity = {row.term: math.log(1 + (row.products - row.known_by + 0.5) / (row.known_by + 0.5)) for row in rows}
    weights: dict[int, dict[str, float]] = defaultdict(dict)
    prices: dict[int, int] = {}
    for row in rows:
        weights[row.product_id][row.term] = row.weight
        prices[row.product_id] = row.price

    def answers(clues: Sequence[Clue], *, borrowed: bool) -> dict[int, _Hit]:
        hits = [_Hit(product_id, prices[product_id], _values(of, clues, rarity)) for product_id, of in weights.items()]
        best = {slot: max(hit.values.get(slot, 0) for hit in hits) for slot in question.slots} if hits else {}
        return {
            hit.product_id: replace(
                hit,
                answered=frozenset(s for s, value in hit.values.items() if value >= best[s] * _AN_ANSWER),
                borrowed=borrowed,
            )
            for hit in hits
            if hit.values
        }

    own = answers([clue for clue in question.clues if not clue.borrowed], borrowed=False)
    if all(not clue.borrowed for clue in question.clues):
        return list(own.values())
    by_all = answers(question.clues, borrowed=True)
    # A product that says as much in the wish's own words is judged by these alone.
    own = {of: hit for of, hit in own.items() if len(hit.answered) >= len(by_all[of].answered)}
    return list({**by_all, **own}.values())


def _values(weights: Mapping[str, float], clues: Sequence[Clue], rarity: Mapping[str, float]) -> dict[int, float]:
    """How well a product with these terms answers each word: by the best of the clues that speak for it."""
    values: dict[int, float] = {}
    for clue in clues:
        least = NAME_WEIGHT if clue.in_name else 0
        if any(weights.get(term, -1) < least for term in clue.terms):
            continue
        said = (rarity[term] * weights[term] / (weights[term] + _SATURATION) for term in clue.terms)
        value = clue.worth * sum(said) / len(clue.terms)
        for slot in clue.slots:
            values[slot] = max(values.get(slot, 0), value)
    return values


async def _mended(session: AsyncSession, question: Question) -> dict[str, str]:
    """For words that no product knows, the known word one slip away (two in a long word)."""
    words = [word for word in question.words.values() if len(word) >= 4 and word.isalpha()]
    mended: dict[str, str] = {}
    # Two letters changing places leave a short word few of its letter groups: the usual threshold would miss it.
    await session.execute(select(func.set_config("pg_trgm.similarity_threshold", "0.2", True)))
    for word in dict.fromkeys(words):
        alike = select(SearchWord.word).where(SearchWord.word.op("%")(word))
        nearest = alike.order_by(func.similarity(SearchWord.word, word).desc(), SearchWord.word).limit(50)
        candidates = (await session.scalars(nearest)).all()
        slips = 2 if len(word) >= 8 else 1
        rated = [(OSA.distance(word, known), place, known) for place, known in enumerate(candidates)]
        if word not in candidates and rated and min(rated)[0] <= slips:
            mended[word] = min(rated)[2]
    return mended


async def _everything(session: AsyncSession, wanted: Wanted) -> Found:
    """Every product with an offer within the limits, in the shop's order."""
    asked = {**_limits(wanted), "offset": wanted.offset, "limit": wanted.limit}
    rows = (await session.execute(_EVERYTHING[wanted.sort], asked)).all()
    total = rows[0].total if rows else await session.scalar(_HOW_MANY, _limits(wanted))
    return Found(tuple(row.product_id for row in rows), total or 0, relaxed=False)


def _limits(wanted: Wanted) -> dict[str, object]:
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


_OFFER_FITS = """price_amount BETWEEN :least AND :most AND (:currency = '' OR currency = :currency)
    AND (cardinality(:colours) = 0 OR colours && :colours)
    AND (NOT :in_stock OR EXISTS (
        SELECT 1 FROM stock_level AS level
        WHERE level.variant_id = search_offer.variant_id AND level.on_hand + level.backorder > level.reserved))
"""
_PRODUCT_FITS = """(NOT :free_shipping AND :category IS NULL OR EXISTS (
        SELECT 1 FROM product p WHERE p.id = product_id AND (p.free_shipping OR NOT :free_shipping)
        AND (:category IS NULL OR p.category_id IN (SELECT id FROM shelves))))"""
_SHELVES = """RECURSIVE shelves AS (
    SELECT :category AS id UNION SELECT c.id FROM category c JOIN shelves ON c.parent_id = shelves.id)"""
_LIMITS = (bindparam("colours", type_=ARRAY(TEXT)), bindparam("category", type_=BigInteger))


# Each term fetches its products through the GIN index; only the 200 with the rarest terms are looked at closely. For
# the rarity of a term PostgreSQL's estimate of the number of products is exact enough where counting them takes time.
_CANDIDATES = text(f"""
WITH {_SHELVES},
asked AS (SELECT * FROM unnest(:terms, :worths) AS asked (term, worth)),
shelf AS (
    SELECT CASE WHEN reltuples > 1000 THEN reltuples::bigint ELSE (SELECT count(*) FROM search_product) END AS products
    FROM pg_class WHERE oid = 'search_product'::regclass),
hit AS (
    SELECT asked.term, asked.worth, found.product_id, count(*) OVER (PARTITION BY asked.term) AS known_by
    FROM asked CROSS JOIN LATERAL (
        SELECT product_id FROM search_product WHERE terms @> ARRAY[asked.term]) AS found),
touched AS (
    SELECT product_id, sum(worth * ln(1 + shelf.products::float / known_by)) AS promise
    FROM hit CROSS JOIN shelf GROUP BY product_id),
candidate AS (
    SELECT touched.product_id, offer.price
    FROM touched CROSS JOIN LATERAL (
        SELECT min(price_amount) AS price FROM search_offer
        WHERE product_id = touched.product_id AND {_OFFER_FITS}) AS offer
    WHERE offer.price IS NOT NULL AND {_PRODUCT_FITS}
    ORDER BY touched.promise DESC, touched.product_id
    LIMIT :candidates)
SELECT candidate.product_id, candidate.price, hit.term, hit.known_by, shelf.products,
       product.weights[array_position(product.terms, hit.term)] AS weight
FROM candidate JOIN hit USING (product_id) JOIN search_product AS product USING (product_id) CROSS JOIN shelf
""").bindparams(
    bindparam("terms", type_=ARRAY(TEXT)),
    bindparam("worths", type_=ARRAY(REAL)),
    bindparam("candidates", MOST_CANDIDATES),
    *_LIMITS,
)

_WITHIN = f"""
SELECT product_id, min(price_amount) AS price FROM search_offer
WHERE {_OFFER_FITS} AND {_PRODUCT_FITS} GROUP BY product_id"""
_ORDERS = {None: "", "price_asc": "price,", "price_desc": "price DESC,", "newest": "product_id DESC,"}
_EVERYTHING = {
    sort: text(f"""
WITH {_SHELVES} SELECT product_id, count(*) OVER () AS total FROM ({_WITHIN}) AS offered
ORDER BY {order} product_id OFFSET :offset LIMIT :limit""").bindparams(*_LIMITS)
    for sort, order in _ORDERS.items()
}
_HOW_MANY = text(f"WITH {_SHELVES} SELECT count(*) FROM ({_WITHIN}) AS offered").bindparams(*_LIMITS)

_SUGGESTIONS = text("""
SELECT product_id FROM (
    SELECT product_id, stocked,
           row_number() OVER (PARTITION BY category_id ORDER BY stocked DESC, product_id) AS turn
    FROM (
        SELECT p.id AS product_id, p.category_id, bool_or(l.on_hand + l.backorder > l.reserved) IS TRUE AS stocked
        FROM product p JOIN search_offer o ON o.product_id = p.id LEFT JOIN stock_level l USING (variant_id)
        GROUP BY p.id, p.category_id) AS product) AS shelf
ORDER BY stocked DESC, turn, product_id LIMIT :limit
""")

# What the product says most about itself (its rare and heavy terms), and who else says it; its own shelf counts most.
_SIMILAR = text("""
WITH own AS (
    SELECT term, weight FROM search_product, unnest(terms, weights) AS said (term, weight)
    WHERE product_id = :product_id ORDER BY weight DESC LIMIT 24),
shared AS (
    SELECT other.product_id, own.weight / ln(2 + count(*) OVER (PARTITION BY own.term)) AS worth
    FROM own CROSS JOIN LATERAL (
        SELECT product_id FROM search_product WHERE terms @> ARRAY[own.term] LIMIT 2000) AS other)
SELECT id FROM (
    SELECT p.id, sum(worth) * (1 + (p.category_id = (SELECT category_id FROM product WHERE id = :product_id))::int)
           AS likeness,
           (SELECT bool_or(l.on_hand + l.backorder > l.reserved) IS TRUE FROM variant v JOIN stock_level l
            ON l.variant_id = v.id WHERE v.product_id = p.id AND v.active) AS stocked
    FROM shared JOIN product p ON p.id = shared.product_id
    WHERE p.id <> :product_id GROUP BY p.id, p.category_id) AS alike
ORDER BY likeness DESC NULLS LAST, stocked DESC, id LIMIT :limit
""")
