"""Mending misspelt English words, towards the words of the shop's products, where a wish stays unanswered."""

from collections.abc import Iterable

from rapidfuzz.distance import OSA
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.terms import stem

_SHORTEST = 3
_MOST_WORDS = 8
_LONG = 8


async def mended(session: AsyncSession, words: Iterable[str]) -> dict[str, str]:
    """For words that no product knows, the known word one slip away (two in a long word); of several the most usual.

    A word of two known ones without their space comes back as these two ("powerbank" -> "power bank").
    """
    asked = [word for word in dict.fromkeys(words) if len(word) >= _SHORTEST and word.isascii() and word.isalpha()]
    if not asked:
        return {}
    # Two letters changing places leave a short word few of its letter groups: the usual threshold would miss it.
    threshold = "0.14" if min(map(len, asked)) == _SHORTEST else "0.2"
    await session.execute(select(func.set_config("pg_trgm.similarity_threshold", threshold, True)))
    near: dict[str, list[str]] = {word: [] for word in asked[:_MOST_WORDS]}
    for row in await session.execute(_NEAR, {"words": list(near)}):
        near[row.word].append(row.known)
    unknown = {word: _few_slips(word, known) for word, known in near.items() if word not in known}
    halves = {word: _halves(word) for word in unknown}
    candidates = {known for known_words in unknown.values() for known in known_words}
    candidates |= {half for pairs in halves.values() for pair in pairs for half in pair}
    usual = await _how_usual(session, candidates)
    found: dict[str, str] = {}
    for word, known_words in unknown.items():
        if known_words:
            found[word] = max(known_words, key=lambda known: (-known_words[known], usual.get(known, 0), known))
        elif pairs := [pair for pair in halves[word] if all(usual.get(half) for half in pair)]:
            found[word] = " ".join(max(pairs, key=lambda pair: min(usual[half] for half in pair)))
    return found


def _few_slips(word: str, known: Iterable[str]) -> dict[str, int]:
    """Known words within the slips that this one may have, and how far they are; a wrong first letter counts more."""
    most = 2 if len(word) >= _LONG else 1
    rated = {other: OSA.distance(word, other) for other in known}
    if len(word) == _SHORTEST:  # so short a word has too many neighbours: only letters that changed places are a slip
        rated = {other: slips for other, slips in rated.items() if sorted(other) == sorted(word)}
    return {other: slips * 2 + (other[0] != word[0]) for other, slips in rated.items() if slips <= most}


def _halves(word: str) -> list[tuple[str, str]]:
    return [(word[:place], word[place:]) for place in range(_SHORTEST, len(word) - _SHORTEST + 1)]


async def _how_usual(session: AsyncSession, words: Iterable[str]) -> dict[str, int]:
    """How many products are named by each of these words, counted up to a thousand."""
    asked = sorted(words)
    rows = await session.execute(_USUAL, {"words": asked, "terms": [stem(word) for word in asked]})
    return {row.word: row.products for row in rows}


_NEAR = text("""
SELECT asked.word, near.word AS known FROM unnest(:words) AS asked (word) CROSS JOIN LATERAL (
    SELECT word FROM search_word WHERE word % asked.word
    ORDER BY similarity(word, asked.word) DESC, word LIMIT 60) AS near
""").bindparams(bindparam("words", type_=ARRAY(TEXT)))
_USUAL = text("""
SELECT asked.word, (SELECT count(*) FROM (
    SELECT 1 FROM search_product WHERE terms @> ARRAY[asked.term] LIMIT 1000) AS named) AS products
FROM unnest(:words, :terms) AS asked (word, term)
""").bindparams(bindparam("words", type_=ARRAY(TEXT)), bindparam("terms", type_=ARRAY(TEXT)))
