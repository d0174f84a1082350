"""What shoppers searched for, as the staff sees it."""

from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.roles import Permission, StaffMember
from admin_api.shapes import read_cursor
from commerce.search.log import searches


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
