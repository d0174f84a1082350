"""What shoppers search for, for the merchant: what is asked often, and what the shop does not have. It names nobody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Date, cast, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.model import SearchEntry
from commerce.search.terms import plain
from foundation.database import raw

LONGEST_TEXT = 200
HIDDEN = "***"
_WRITE = "INSERT INTO search_entry (text, language, found, relaxed, at) VALUES ($1, $2, $3, $4, $5)"
# Somebody who writes an address or a telephone number where a search was asked for does not want it kept.
_PERSONAL = re.compile(r"[^\s@]+@[^\s@]+|\+?\d(?:[\s()./-]{0,2}\d){9,}")


@dataclass(frozen=True, slots=True)
class SearchGroup:
    """One wish of many shoppers: how often it was asked, and how often nothing in the shop was quite that.

    `empty` counts the searches that found nothing or only something near; of these `near` found something near.
    """

    text: str
    language: str
    times: int
    empty: int
    near: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SearchDay:
    """How often shoppers searched on a day of the shop, and how often nothing was quite what they wished for."""

    day: date
    times: int
    empty: int


async def log_search(
    session: AsyncSession, *, text: str, language: str, found: int, relaxed: bool, now: datetime
) -> None:
    """Write down one search: `found` products, `relaxed` if they are only near the wish. A text of no words is not."""
    asked = normal(text)
    if asked:
        # It was asked, even if what came of it is undone.
        await (await raw(session, in_savepoint=False)).execute(_WRITE, asked, language, found, relaxed, now)


def normal(text: str) -> str:
    """A wish as it is written down: plain (see terms.py), without personal data and the signs around it."""
    printable = "".join(character if character.isprintable() else " " for character in text[: LONGEST_TEXT * 2])
    asked = " ".join(_PERSONAL.sub(HIDDEN, plain(printable)).split())[:LONGEST_TEXT]
    words = re.sub(r"^[\W_]+|[\W_]+$", "", asked)
    return asked if HIDDEN in asked and words else words


async def searches(
    session: AsyncSession, *, since: datetime, only_empty: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[SearchGroup]:
    """The wishes since a moment, the most frequent first; with `only_empty` those the shop did not quite have."""
    is_empty = or_(SearchEntry.found == 0, SearchEntry.relaxed)
    times, empty = func.count(), func.count().filter(is_empty)
    near = func.count().filter(SearchEntry.relaxed, SearchEntry.found > 0)
    last_at = func.max(SearchEntry.at)
    groups = (
        select(SearchEntry.text, SearchEntry.language, times, empty, near, last_at)
        .where(SearchEntry.at >= since)
        .group_by(SearchEntry.text, SearchEntry.language)
        .order_by((empty if only_empty else times).desc(), last_at.desc(), SearchEntry.text, SearchEntry.language)
        .offset(offset)
        .limit(limit)
    )
    if only_empty:
        groups = groups.having(empty > 0)
    return [SearchGroup(*row) for row in await session.execute(groups)]


async def searches_by_day(session: AsyncSession, *, since: datetime, zone: ZoneInfo) -> Sequence[SearchDay]:
    """The days since a moment on which anybody searched, in order; a day begins at midnight in `zone`."""
    day = cast(func.timezone(zone.key, SearchEntry.at), Date).label("day")
    empty = func.count().filter(or_(SearchEntry.found == 0, SearchEntry.relaxed))
    days = select(day, func.count(), empty).where(SearchEntry.at >= since).group_by(day).order_by(day)
    return [SearchDay(*row) for row in await session.execute(days)]


async def forget_searches(session: AsyncSession, *, before: datetime) -> None:
    """Forget the searches from before a moment."""
    await session.execute(delete(SearchEntry).where(SearchEntry.at < before))
