"""What shoppers searched for, as the staff sees it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.roles import Permission, StaffMember
from admin_api.shapes import read_cursor
from commerce.search.log import searches, searches_by_day


class SearchRow(BaseModel):
    """One wish of many shoppers. `empty`: how often nothing was quite that; of these `near` found something near."""

    text: str
    language: str
    times: int
    empty: int
    near: int
    last_at: datetime


class SearchPage(BaseModel):
    """Wishes, the most frequent first; `next` is the cursor of the following page."""

    searches: list[SearchRow]
    next: str | None


class SearchDayRow(BaseModel):
    """How often shoppers searched on a day, and how often nothing was quite what they wished for."""

    day: date
    times: int
    empty: int


class SearchDays(BaseModel):
    """The last days in order, without gaps; today is the last one."""

    days: list[SearchDayRow]


async def list_searches(
    session: AsyncSession,
    staff: StaffMember,
    *,
    now: datetime,
    days: int = 30,
    only_empty: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> SearchPage:
    """What shoppers searched for in the last days. Refuses cursor.invalid."""
    staff.must(Permission.READ_SEARCHES)
    start = read_cursor(cursor) or 0
    found = await searches(
        session, since=now - timedelta(days=days), only_empty=only_empty, limit=limit + 1, offset=start
    )
    rows = [
        SearchRow(
            text=one.text, language=one.language, times=one.times, empty=one.empty, near=one.near, last_at=one.last_at
        )
        for one in found[:limit]
    ]
    return SearchPage(searches=rows, next=str(start + limit) if len(found) > limit else None)


async def count_searches(
    session: AsyncSession, staff: StaffMember, *, now: datetime, zone: ZoneInfo, days: int = 30
) -> SearchDays:
    """Searches on each of the last `days` days of the shop."""
    staff.must(Permission.READ_SEARCHES)
    today = now.astimezone(zone).date()
    every = [today - timedelta(days=back) for back in reversed(range(days))]
    since = datetime(every[0].year, every[0].month, every[0].day, tzinfo=zone)
    found = {one.day: one for one in await searches_by_day(session, since=since, zone=zone)}
    return SearchDays(
        days=[
            SearchDayRow(day=day, times=found[day].times, empty=found[day].empty)
            if day in found
            else SearchDayRow(day=day, times=0, empty=0)
            for day in every
        ]
    )
