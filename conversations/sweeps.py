"""What a crash left behind, found again. Any process may run these, many at once."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from conversations.delivery import lose
from conversations.model import TRY_AGAIN_AFTER
from foundation.database import Database, raw

_DUE_WORK = """
UPDATE conversation SET work_at = $2, attempts = attempts + 1
 WHERE id IN (SELECT id FROM conversation WHERE work_at <= $1 ORDER BY work_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""
_LATE = "SELECT id, tries FROM message WHERE status = 'sending' AND lease_until <= $1 ORDER BY lease_until LIMIT $2"
_UNDELIVERED = """
SELECT c.id, c.channel
  FROM conversation c
  JOIN (SELECT DISTINCT ON (conversation_id) conversation_id, status, created_at, lease_until
          FROM message WHERE status IN ('queued', 'sending') ORDER BY conversation_id, seq
       ) AS head ON head.conversation_id = c.id
 WHERE head.status = 'queued' AND head.created_at <= $2 AND (head.lease_until IS NULL OR head.lease_until <= $1)
 ORDER BY head.created_at LIMIT $3
"""


async def due_work(session: AsyncSession, *, now: datetime, limit: int) -> list[int]:
    """Conversations in which a shopper was heard and no turn followed. Commit before the turns.

    Each is given to one caller only, is due again after TRY_AGAIN_AFTER unless a turn was closed, and has the attempt
    that the caller makes counted already, so that a turn which kills its process is counted.
    """
    rows = await (await raw(session)).fetch(_DUE_WORK, now, now + TRY_AGAIN_AFTER, limit)
    return [row["id"] for row in rows]


async def undelivered(session: AsyncSession, *, now: datetime, before: datetime, limit: int) -> list[tuple[int, str]]:
    """Conversations, with their channel, whose next message waits since `before` and may leave now."""
    rows = await (await raw(session)).fetch(_UNDELIVERED, now, before, limit)
    return [(row["id"], row["channel"]) for row in rows]


async def expire_leases(database: Database, *, now: datetime, limit: int) -> int:
    """Messages whose sender died on the way: answers are queued again while the bot may answer, the rest is unknown.

    Returns how many there were.
    """
    async with database.raw() as driver:
        late = await driver.fetch(_LATE, now, limit)
        for row in late:
            await lose(driver, row["id"], row["tries"], at=now)
    return len(late)
