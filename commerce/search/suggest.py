"""Suggestions while somebody types: shelves, what others searched for and found, and products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Row, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.starts import items_of, written
from commerce.search.terms import is_chinese, plain

LONGEST_TYPED = 60
_SHELVES = 2
_SEARCHES = 3
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be meant. `text` is a title or a name in the asked language, or words to search for.

    A "product" has its `product_id`, a "category" its `category_id`; a "search" is what many asked for, a "word" what
    was typed with its last word completed.
    """

    text: str
    kind: Literal["product", "category", "word", "search"]
    product_id: int | None = None
    category_id: int | None = None


async def suggest(session: AsyncSession, typed: str, *, language: str, limit: int = 8) -> list[Suggestion]:
    """What begins with the typed text, or has a word that does: shelves, then searches, then published products."""
    items = items_of(typed[:LONGEST_TYPED])
    begun = written(items)
    if not begun or limit < 1:
        return []
    # "tie guan yin" is how a title sounds, whose sounds are kept without spaces.
    forms = sorted({begun, begun.replace(" ", "")} if begun.isascii() else {begun})
    asked = {"least": forms, "beyond": [form + "\U0010ffff" for form in forms], "language": language, "limit": limit}
    shelves = await _rows(session, _CATEGORIES, asked)
    searches = await _rows(session, _POPULAR, asked)
    products = await _rows(session, _PRODUCTS, asked)
    found = [
        *(Suggestion(row.name, "category", category_id=row.id) for row in shelves[:_SHELVES]),
        *(Suggestion(row.text, "search") for row in searches[:_SEARCHES]),
        *(Suggestion(row.title, "product", product_id=row.id) for row in products),
    ]
    if not found and not is_chinese(items[-1]):
        found = await _completed(session, items, limit)
    return _each_once(found)[:limit]


def _each_once(found: Sequence[Suggestion]) -> list[Suggestion]:
    """A search that says the name of a shelf says nothing new."""
    once: dict[tuple[str, int | None], Suggestion] = {}
    names = {plain(suggestion.text) for suggestion in found if suggestion.kind == "category"}
    for suggestion in found:
        if suggestion.kind != "search" or plain(suggestion.text) not in names:
            once.setdefault((suggestion.text, suggestion.product_id), suggestion)
    return list(once.values())


async def _completed(session: AsyncSession, items: Sequence[str], limit: int) -> list[Suggestion]:
    """The typed words, the last of them completed to a word of the shop."""
    begun = items[-1]
    if len(items) < 2 or len(begun) < _SHORTEST_WORD or not begun.isalpha():
        return []
    words = (await session.execute(_WORDS, {"begun": f"{begun}%", "limit": limit})).scalars()
    longest = 2 * LONGEST_TYPED
    return [Suggestion(written([*items[:-1], word], longest=longest), "word") for word in words if word != begun]


async def _rows(
    session: AsyncSession, statement: TextClause, asked: dict[str, object]
) -> Sequence[Row[*tuple[object, ...]]]:
    names = {name: asked[name] for name in statement.compile().params}
    return (await session.execute(statement, names)).all()


# Each table is asked for what begins with the text first, then for what has a word that does; both in the order of
# their index, so that a single letter in a large shop reads no more rows than a whole word.
def _begun(table: str, columns: str, order: str = "key") -> str:
    return f"""
    SELECT start.*, rank FROM unnest(:least, :beyond) AS asked (least, beyond)
    CROSS JOIN (VALUES (true, 0), (false, 1)) AS place (whole, rank)
    CROSS JOIN LATERAL (
        SELECT {columns}, key FROM {table}
        WHERE whole = place.whole AND key >= asked.least COLLATE "C" AND key < asked.beyond COLLATE "C"
        ORDER BY {order} LIMIT :limit * 4) AS start"""


def _statement(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("least", type_=ARRAY(TEXT)), bindparam("beyond", type_=ARRAY(TEXT)))


_PRODUCTS = _statement(f"""
WITH begun AS ({_begun("title_start", "product_id")}),
best AS (
    SELECT product_id AS id, min(rank) AS rank, min(key) AS key FROM begun
    GROUP BY product_id ORDER BY min(rank), min(key), product_id LIMIT :limit)
SELECT id, (SELECT title FROM product_text t WHERE t.product_id = best.id
            ORDER BY (t.lang = :language) DESC, (t.lang = 'en') DESC, (t.lang = 'zh') DESC, t.lang LIMIT 1) AS title
FROM best JOIN product USING (id) WHERE product.status = 'published' ORDER BY rank, key, id
""")
_CATEGORIES = _statement(f"""
WITH begun AS ({_begun("shelf_start", "category_id")}),
best AS (SELECT category_id AS id, min(rank) AS rank, min(key) AS key FROM begun GROUP BY category_id)
SELECT best.id, coalesce(nullif(c.name->>:language, ''), nullif(c.name->>'en', ''),
                         (SELECT value FROM jsonb_each_text(c.name) LIMIT 1)) AS name
FROM best JOIN category c USING (id)
WHERE EXISTS (
    WITH RECURSIVE inside AS (
        SELECT best.id UNION SELECT child.id FROM category child JOIN inside ON child.parent_id = inside.id)
    SELECT FROM product p JOIN inside ON p.category_id = inside.id WHERE p.status = 'published')
ORDER BY rank, key, c.position, id LIMIT :limit
""")
_POPULAR = _statement(f"""
SELECT text FROM ({_begun("popular_start", "text, times", "times DESC, key")}) AS begun
GROUP BY text ORDER BY min(rank), max(times) DESC, text LIMIT :limit
""")
_WORDS = text("SELECT word FROM search_word WHERE word LIKE :begun ORDER BY length(word), word LIMIT :limit")
