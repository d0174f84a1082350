"""The stream of events for the staff's screens: nothing that was committed is missed, in whatever order it commits.

An event means "read this row again". Its `xid` is the transaction that wrote it. A reader takes everything visible
from a horizon on, drops what it had already, and moves the horizon to the oldest transaction still under way when it
read: whatever commits later has that number or a higher one. An id alone would miss events, since ids are given out
before the commit and commit in another order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import Event
from foundation.database import Database
from foundation.errors import Json

MOST_AT_ONCE = 2_000
"""With more than this to catch up on, reading everything again is cheaper."""

_HERE = """
SELECT (SELECT system_identifier FROM pg_control_system())::text || '-' ||
       (SELECT oid FROM pg_database WHERE datname = current_database())::text AS generation,
       pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
       pg_snapshot_xmax(pg_current_snapshot()) AS next
"""
# After a restore there are events of transactions that this server has not reached yet: `next` keeps them out.
_READ = f"""
WITH here AS MATERIALIZED ({_HERE})
SELECT here.generation, here.oldest, $1::text::xid8 > here.next AS is_ahead,
       event.id, event.xid::text AS xid, event.kind, event.ref
  FROM here LEFT JOIN LATERAL (
       SELECT id, xid, kind, ref FROM event
        WHERE xid >= $1::text::xid8 AND xid < here.next AND id <> ALL ($3::bigint[])
        ORDER BY xid, id LIMIT $2
  ) event ON true
 ORDER BY event.id
"""
_FORGOTTEN = "forgotten"
"""Not a row that changed: every event up to the transaction `ref` may be gone."""
_FORGET = f"""
WITH gone AS (DELETE FROM event WHERE at < :before RETURNING xid)
INSERT INTO event (kind, ref) SELECT '{_FORGOTTEN}', max(xid::text::bigint) FROM gone HAVING count(*) > 0
"""
_VISIBLE = """
SELECT id, xid::text AS xid FROM event
 WHERE xid >= $1::text::xid8 AND xid < pg_snapshot_xmax(pg_current_snapshot())
"""


@dataclass(frozen=True, slots=True)
class RowChanged:
    """Read the row `ref` of this kind again. Readers drop an `id` they have had."""

    id: int
    kind: str
    ref: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What is new. `resync`: too much was missed, or the database is another one: read everything again."""

    events: tuple[RowChanged, ...]
    cursor: str
    resync: bool = False


@dataclass(slots=True)
class EventReader:
    """One place in the stream. `cursor` is where to go on after a break: from there some events may come twice."""

    database: Database
    cursor: str | None = None
    _had: dict[int, int] = field(default_factory=dict)

    async def start(self) -> str:
        """Stand at the end of the stream, unless a cursor was given; the cursor is then what this returns."""
        if self.cursor is None:
            async with self.database.raw() as driver:
                here = await driver.fetchrow(_HERE)
                await self._skip_to(driver, here["generation"], here["oldest"])
        assert self.cursor is not None
        return self.cursor

    async def read(self) -> Batch:
        """Everything committed since the last read, at once. The batch's cursor is the one from before it."""
        begin = await self.start()
        generation, _, horizon = begin.partition(".")
        if not (horizon.isascii() and horizon.isdecimal() and len(horizon) < 20):
            generation, horizon = "", "0"
        async with self.database.raw() as driver:
            rows = await driver.fetch(_READ, horizon, MOST_AT_ONCE + 1, list(self._had))
            here = rows[0]
            is_elsewhere = generation != here["generation"] or here["is_ahead"]
            if is_elsewhere or len(rows) > MOST_AT_ONCE or _has_lost_some(rows, int(horizon)):
                await self._skip_to(driver, here["generation"], here["oldest"])
                return Batch((), self.cursor or "", resync=True)
        new = [row for row in rows if row["id"] is not None]
        self.cursor = f"{here['generation']}.{here['oldest']}"
        oldest = int(here["oldest"])
        self._had.update((row["id"], int(row["xid"])) for row in new)
        self._had = {number: xid for number, xid in self._had.items() if xid >= oldest}
        told = tuple(RowChanged(row["id"], row["kind"], row["ref"]) for row in new if row["kind"] != _FORGOTTEN)
        return Batch(told, begin)

    async def _skip_to(self, driver: asyncpg.Connection, generation: str, oldest: str) -> None:
        """Go on from here; what can be seen now counts as had, since the reader reads every row after this."""
        self.cursor = f"{generation}.{oldest}"
        self._had = {row["id"]: int(row["xid"]) for row in await driver.fetch(_VISIBLE, oldest)}


async def tell_staff(session: AsyncSession, kind: str, ref: int) -> None:
    """Leave an event in this transaction: the row `ref` of this kind is another one now."""
    await session.execute(insert(Event).values(kind=kind, ref=ref))


async def forget_events(session: AsyncSession, *, before: datetime) -> None:
    """Sweep: drop old events. It leaves an event itself, from which whoever comes back later learns to resync."""
    await session.execute(text(_FORGET), {"before": before})


def _has_lost_some(rows: Sequence[Mapping[str, Json]], horizon: int) -> bool:
    """Whether events from this horizon on have been forgotten."""
    return any(row["kind"] == _FORGOTTEN and row["ref"] >= horizon for row in rows)
