"""Find products for a shopper's wish: candidates from PostgreSQL by their terms, scored here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import column, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.candidates import MOST_CANDIDATES as MOST_CANDIDATES
from commerce.search.candidates import SATURATION, Candidates, candidates_for
from commerce.search.index import NAME_WEIGHT
from commerce.search.index import index_products as index_products
from commerce.search.query import LONGEST_QUERY, Clue, Question, read_question
from commerce.search.spelling import mended as mended_words
from commerce.search.taxonomy import line_of, synonyms_of
from commerce.search.terms import plain
from commerce.search.wish import LIMITS, OFFER_FITS, PRODUCT_FITS, SHELVES, limits_of
from commerce.search.wish import Found as Found
from commerce.search.wish import Sort as Sort
from commerce.search.wish import Wanted as Wanted
from foundation.reading import Read

_AN_ANSWER = 0.25
"""A product answers a word when it does so at least this well, compared with the product that does best."""
_NEAR = 0.3
"""The share of the best score that a product needs to be shown: a mug whose description speaks of tea is no tea."""
_NEAR_IN_ORDER = 0.45
"""The same where price or date decide what comes first."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """A candidate: its lowest price within the limits, the words of the wish that it answers well, and its score.

    It is `borrowed` when it answers so many of them by the words of the taxonomy only.
    """

    product_id: int
    price: int
    answered: frozenset[int]
    score: float
    borrowed: bool


async def find(session: AsyncSession, wanted: Wanted) -> Found:
    """Products for a wish, best first or as sorted.

    Limits always hold; words and colours that nothing fits are let go, and the answer is then called relaxed.
    A wish of no words, or of words such as "what do you have", is everything within its limits and colours.
    """
    found = await _find(session, wanted)
    if not found.total and wanted.colours:
        found = replace(await _find(session, replace(wanted, colours=())), relaxed=True)
    return found if found.total else Found((), 0, relaxed=False)


async def suggest_popular(session: AsyncSession, *, limit: int = 5) -> list[int]:
    """A few products for someone who does not know what to ask for: from every shelf in turn, those in stock first."""
    return await _SUGGESTIONS.column(session, limit=limit)


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
    if borrowed:
        question = read_question(wanted.text, borrowed=borrowed)
    hits = await _scored(session, question, wanted)
    mended: dict[str, str] = {}
    if _is_incomplete(hits, question):
        # Only now is it worth asking whether a word was misspelt, or whether single Chinese characters say something.
        mended = await mended_words(session, _unanswered(hits, question))
        if mended:
            question = read_question(wanted.text, mended=mended, borrowed=borrowed)
            hits = await _scored(session, question, wanted) or hits
    if not hits:
        question = read_question(wanted.text, loose=True, borrowed=borrowed)
        hits = await _scored(session, question, wanted)
    if not hits:
        return Found((), 0, relaxed=False)
    missed = tuple(question.words[slot] for slot in sorted(question.words) if slot in _slots_missed(hits, question))
    relaxed = _is_incomplete(hits, question)
    hits = _sorted(_good_ones(hits, wanted.sort), wanted.sort)
    page = hits[wanted.offset : wanted.offset + wanted.limit]
    return Found(tuple(hit.product_id for hit in page), len(hits), relaxed, _as_mended(wanted.text, mended), missed)


def _as_mended(said: str, mended: Mapping[str, str]) -> str | None:
    if not mended:
        return None
    slips = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, mended)) + r")(?![^\W_])")
    return slips.sub(lambda slip: mended[slip[0]], plain(said[:LONGEST_QUERY]))


def _is_incomplete(hits: Sequence[_Hit], question: Question) -> bool:
    return not any(hit.answered == question.slots for hit in hits)


def _slots_missed(hits: Sequence[_Hit], question: Question) -> frozenset[int]:
    """The words of a wish that none of its hits answers."""
    return question.slots.difference(*(hit.answered for hit in hits))


def _unanswered(hits: Sequence[_Hit], question: Question) -> list[str]:
    """The English words that may be misspelt: those no hit answers, or all if each is answered by another product."""
    missed = _slots_missed(hits, question) & question.words.keys()
    return [question.words[slot] for slot in sorted(missed or question.words.keys())]


def _good_ones(hits: Sequence[_Hit], sort: Sort | None) -> list[_Hit]:
    """Those not far behind the best; where another order decides, of those that answer the most words of the wish."""
    good: list[_Hit] = []
    most = max(len(hit.answered) for hit in hits)
    for borrowed in (False, True):
        alike = [hit for hit in hits if hit.borrowed is borrowed and (not sort or len(hit.answered) == most)]
        best = max((hit.score for hit in alike), default=0)
        good += [hit for hit in alike if hit.score >= best * (_NEAR_IN_ORDER if sort else _NEAR)]
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
    """Candidates with their scores, by the words of the wish itself and by those borrowed from the taxonomy."""
    candidates = await candidates_for(session, question, wanted)
    clues = [replace(clue, worth=1.0) if clue.unless in candidates.unknown else clue for clue in question.clues]
    own = _answers(candidates, question, [clue for clue in clues if not clue.borrowed], borrowed=False)
    if not any(clue.borrowed for clue in clues):
        return list(own.values())
    by_all = _answers(candidates, question, clues, borrowed=True)
    # A product that says as much in the wish's own words is judged by these alone.
    own = {of: hit for of, hit in own.items() if len(hit.answered) >= len(by_all[of].answered)}
    return list({**by_all, **own}.values())


def _answers(candidates: Candidates, question: Question, clues: Sequence[Clue], *, borrowed: bool) -> dict[int, _Hit]:
    """The candidates that answer any word; who leaves one of the wish without an answer loses that share of score."""
    values = [_values(one.weights, clues, candidates.rarity) for one in candidates.products]
    enough = {slot: _AN_ANSWER * max((of.get(slot, 0.0) for of in values), default=0) for slot in question.slots}
    hits: dict[int, _Hit] = {}
    for one, of in zip(candidates.products, values, strict=True):
        if of:
            answered = frozenset([slot for slot, value in of.items() if value >= enough[slot]])
            hits[one.product_id] = _Hit(one.product_id, one.price, answered, sum(of.values()) * len(of), borrowed)
    return hits


def _values(weights: Mapping[str, float], clues: Sequence[Clue], rarity: Mapping[str, float]) -> dict[int, float]:
    """How well a product with these terms answers each word: by the best of the clues that speak for it (BM25)."""
    values: dict[int, float] = {}
    for clue in clues:
        said = 0.0
        for term in clue.terms:
            weight = weights.get(term, 0.0)
            if not weight or (clue.in_name and weight < NAME_WEIGHT):
                break
            said += rarity[term] * weight / (weight + SATURATION)
        else:
            value = clue.worth * said / len(clue.terms)
            for slot in clue.slots:
                if value > values.get(slot, 0.0):
                    values[slot] = value
    return values


async def _everything(session: AsyncSession, wanted: Wanted) -> Found:
    """Every product with an offer within the limits, in the shop's order."""
    asked = {**limits_of(wanted), "offset": wanted.offset, "limit": wanted.limit}
    rows = await _EVERYTHING[wanted.sort].all(session, **asked)
    total = rows[0].total if rows else await _HOW_MANY.value(session, **limits_of(wanted))
    return Found(tuple(row.product_id for row in rows), total or 0, relaxed=False)


_WITHIN = f"""
SELECT product_id, min(price_amount) AS price FROM search_offer
WHERE {OFFER_FITS} AND {PRODUCT_FITS} GROUP BY product_id"""
_ORDERS = {None: "", "price_asc": "price,", "price_desc": "price DESC,", "newest": "product_id DESC,"}
_EVERYTHING = {
    sort: Read(
        text(f"""
WITH RECURSIVE {SHELVES} SELECT product_id, count(*) OVER () AS total FROM ({_WITHIN}) AS offered
ORDER BY {order} product_id OFFSET :offset LIMIT :limit""")
        .bindparams(*LIMITS)
        .columns(column("product_id"), column("total"))
    )
    for sort, order in _ORDERS.items()
}
_HOW_MANY = Read(
    text(f"WITH RECURSIVE {SHELVES} SELECT count(*) FROM ({_WITHIN}) AS offered")
    .bindparams(*LIMITS)
    .columns(column("count"))
)

_SUGGESTIONS = Read(
    text("""
SELECT product_id FROM (
    SELECT product_id, stocked,
           row_number() OVER (PARTITION BY category_id ORDER BY stocked DESC, product_id) AS turn
    FROM (
        SELECT p.id AS product_id, p.category_id, bool_or(l.on_hand + l.backorder > l.reserved) IS TRUE AS stocked
        FROM product p JOIN search_offer o ON o.product_id = p.id LEFT JOIN stock_level l USING (variant_id)
        GROUP BY p.id, p.category_id) AS product) AS shelf
ORDER BY stocked DESC, turn, product_id LIMIT :limit
""").columns(column("product_id"))
)

# What the product says most about itself (its rare and heavy terms), and who else says it; then what both mean.
_SIMILAR = text("""
WITH own AS (
    SELECT term, weight FROM search_product, unnest(terms, weights) AS said (term, weight)
    WHERE product_id = :product_id AND term !~ '^p[1iy]:' ORDER BY weight DESC, term LIMIT 24),
shared AS (
    SELECT other.product_id, own.weight / ln(2 + count(*) OVER (PARTITION BY own.term)) AS worth
    FROM own CROSS JOIN LATERAL (
        SELECT product_id FROM search_product WHERE terms @> ARRAY[own.term] LIMIT 2000) AS other),
alike AS (
    SELECT p.id, sum(worth) * (1 + (p.category_id IS NOT DISTINCT FROM this.category_id)::int) AS likeness
    FROM shared JOIN product p ON p.id = shared.product_id JOIN product this ON this.id = :product_id
    WHERE p.id <> :product_id GROUP BY p.id, p.category_id, this.category_id
    ORDER BY likeness DESC, p.id LIMIT 100)
SELECT id FROM (
    SELECT alike.id, alike.likeness / max(alike.likeness) OVER ()
               + coalesce(1 - (own.vector::vector <=> other.vector::vector), 0) AS likeness,
           (SELECT bool_or(l.on_hand + l.backorder > l.reserved) IS TRUE FROM variant v JOIN stock_level l
            ON l.variant_id = v.id WHERE v.product_id = alike.id AND v.active) AS stocked
    FROM alike LEFT JOIN search_meaning own ON own.product_id = :product_id
    LEFT JOIN search_meaning other ON other.product_id = alike.id) AS rated
ORDER BY likeness DESC, stocked DESC, id LIMIT :limit
""")
