"""Where the names of the shop begin: for suggestions while somebody types, in Chinese, in English and in pinyin.

A name is kept under each of its beginnings: from every word of it on, and from every Chinese character on as it is
written, as it is spoken (pinyin) and by its initials. 铁观音 begins with 铁观, with 观音, with "tieg" and with "tgy".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, String, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from commerce.catalog.model import Category, Product
from commerce.search.model import SearchEntry
from commerce.search.pinyin import sounds
from commerce.search.terms import is_chinese, plain, tokens
from foundation.database import Base, raw

LONGEST_KEY = 24
_MOST_PLACES = 10
"""So many words or characters of a name are beginnings; what a title says after them nobody begins with."""
_MOST_INITIALS = 4
_LONGEST_INITIALS = 6
_POPULAR = 500
_OFTEN = 5
"""What fewer shoppers asked for is nobody else's business."""

Starts = Mapping[str, bool]
"""The beginnings of a name -> whether it is the beginning of the whole name."""


class TitleStart(Base):
    """A beginning of a title of a published product. A large shop has millions: its key is its only wide index."""

    __tablename__ = "title_start"

    whole: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY, collation="C"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True, index=True)


class ShelfStart(Base):
    """A beginning of a name of a category."""

    __tablename__ = "shelf_start"

    whole: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY, collation="C"), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("category.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class PopularStart(Base):
    """A beginning of what many searched for and found, and how often they did."""

    __tablename__ = "popular_start"

    whole: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY, collation="C"), primary_key=True)
    text: Mapped[str] = mapped_column(String(200), primary_key=True)
    times: Mapped[int]


def starts_of(names: Iterable[str]) -> dict[str, bool]:
    """Every beginning of these names."""
    found: dict[str, bool] = {}
    for name in names:
        items = items_of(name)
        spoken = _spoken(items)
        for place in range(min(len(items), _MOST_PLACES)):
            keys = [written(items[place:])]
            if is_chinese(items[place]):
                keys.append("".join(spoken[place : place + LONGEST_KEY])[:LONGEST_KEY])
                if place < _MOST_INITIALS:
                    keys.append("".join(sound[0] for sound in spoken[place : place + _LONGEST_INITIALS]))
            for key in keys:
                found[key] = found.get(key, False) or place == 0
    found.pop("", None)
    return found


def items_of(text: str) -> list[str]:
    """A text as its words and single Chinese characters, plain (see terms.py)."""
    return [item for token in tokens(plain(text[:300])) for item in (token if is_chinese(token) else [token])]


def written(items: Sequence[str], *, longest: int = LONGEST_KEY) -> str:
    """Words and characters put together again, with spaces between words only; at most `longest` characters."""
    said = ""
    for item in items:
        between = " " if said and not is_chinese(said[-1]) and not is_chinese(item) else ""
        said += between + item
        if len(said) >= longest:
            break
    return said[:longest]


def _spoken(items: Sequence[str]) -> list[str]:
    """The sound of each character; a word is its own."""
    return [sounds(item)[0] if is_chinese(item) else item for item in items]


async def put_starts(session: AsyncSession, starts: Mapping[int, Starts], *, ids: Sequence[int]) -> None:
    """Put these beginnings of titles where those of the products `ids` were, and see to the shelves they stand on."""
    driver = await raw(session)
    await driver.execute("DELETE FROM title_start WHERE product_id = ANY ($1::bigint[])", list(ids))
    rows = [(of, key, whole) for of, keys in starts.items() for key, whole in keys.items()]
    await driver.copy_records_to_table("title_start", records=rows, columns=("product_id", "key", "whole"))
    await _put_shelves(session, ids)


async def _put_shelves(session: AsyncSession, ids: Sequence[int]) -> None:
    """Most of the time nothing is to be done: shelves are seldom renamed."""
    of_these = Product.id == func.any(literal(list(ids), ARRAY(BigInteger)))
    inside = select(Product.category_id.label("id")).where(of_these, Product.category_id.is_not(None))
    chain = inside.distinct().cte("chain", recursive=True)
    parents = select(Category.parent_id).join(chain, chain.c.id == Category.id).where(Category.parent_id.is_not(None))
    chain = chain.union(parents)
    wanted = {
        (shelf.id, key): whole
        for shelf in await session.scalars(select(Category).where(Category.id.in_(select(chain.c.id))))
        for key, whole in starts_of(str(name) for name in shelf.name.values()).items()
    }
    shelves = sorted({of for of, _key in wanted})
    there = {
        (row.category_id, row.key): row.whole
        for row in await session.scalars(select(ShelfStart).where(ShelfStart.category_id.in_(shelves)))
    }
    if there == wanted:
        return
    gone = [key for key in there if there[key] != wanted.get(key)]
    for category_id, key in sorted(gone):
        await session.execute(delete(ShelfStart).where(ShelfStart.category_id == category_id, ShelfStart.key == key))
    new = [
        {"category_id": of, "key": key, "whole": whole}
        for (of, key), whole in sorted(wanted.items())
        if there.get((of, key)) != whole
    ]
    if new:
        await session.execute(insert(ShelfStart).on_conflict_do_nothing(), new)


async def learn_popular(session: AsyncSession, *, since: datetime) -> None:
    """Take what many searched for since a moment, and found, as suggestions, in the place of what they were."""
    asked = (
        select(SearchEntry.text, func.count().label("times"))
        .where(SearchEntry.at >= since, SearchEntry.found > 0, ~SearchEntry.relaxed)
        .group_by(SearchEntry.text)
        .having(func.count() >= _OFTEN)
        .order_by(func.count().desc(), SearchEntry.text)
        .limit(_POPULAR)
    )
    rows = [
        {"text": row.text, "key": key, "whole": whole, "times": row.times}
        for row in await session.execute(asked)
        for key, whole in starts_of([row.text]).items()
    ]
    await session.execute(delete(PopularStart))
    if rows:
        await session.execute(insert(PopularStart).on_conflict_do_nothing(), rows)
