"""Messages that have changed after they left: a platform is told to show them as they are now.

A message that is changed (`say.revise`) is due to be edited from then on; a claim makes it due again after a lease, so
that an edit whose process died is made by another. An edit says how a message stands, never what has changed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.delivery import LEASE
from foundation.database import Database
from foundation.errors import Json

EDIT_TRIED_FOR = timedelta(hours=1)
"""An edit that goes wrong for so long is let go."""

EDIT_DUE = """
CASE WHEN m.status = 'sending' OR m.external_id IS NOT NULL THEN coalesce(m.edit_due_at, {now}) END"""
"""What `edit_due_at` of a message `m` becomes when it is changed: while one edits it, the lease of that one stays."""

_CLAIM = """
UPDATE message m SET edit_due_at = CASE WHEN m.external_id IS NOT NULL THEN $2::timestamptz END
  FROM conversation c
 WHERE c.id = m.conversation_id AND m.id IN (
       SELECT d.id FROM message d JOIN conversation e ON e.id = d.conversation_id
        WHERE d.edit_due_at <= $1 AND d.status NOT IN ('queued', 'sending') AND e.channel = ANY($4)
        ORDER BY d.edit_due_at LIMIT $3 FOR NO KEY UPDATE OF d SKIP LOCKED)
RETURNING m.id, m.conversation_id, m.rev, m.body, m.external_id, m.staff_name, m.lease_until AS tried_until,
          c.channel, c.chat, c.language
"""
_EDITED = """
UPDATE message SET edit_due_at = CASE WHEN rev <> $2 THEN $3::timestamptz END, lease_until = NULL WHERE id = $1
"""
_EDIT_LATER = "UPDATE message SET edit_due_at = $2, lease_until = $3 WHERE id = $1 AND edit_due_at IS NOT NULL"
_SHOWN_IN = """
SELECT external_id FROM message
 WHERE conversation_id = $1 AND kind <> 'shopper' AND external_id = $2 AND body ->> 'replaces' = $3
 ORDER BY seq DESC LIMIT 1
"""
_TAKE_OVER = """
UPDATE message SET external_id = NULL, edit_due_at = NULL
 WHERE conversation_id = $1 AND external_id = $2 AND kind <> 'shopper' AND id <> $3
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that left and has changed: `rev` names the change, `external_id` what the platform calls it.

    `tried_until`: when an edit that has gone wrong already is let go.
    """

    id: int
    conversation_id: int
    channel: str
    chat: str
    language: str
    rev: int
    body: dict[str, Json]
    external_id: str
    staff_name: str | None
    tried_until: datetime | None


async def claim_edits(database: Database, *, channels: Collection[str], now: datetime, limit: int) -> list[Changed]:
    """Messages in these channels that are to be edited, those that wait longest first; they are the caller's alone."""
    async with database.raw() as driver:
        rows = await driver.fetch(_CLAIM, now, now + LEASE, limit, list(channels))
    return [Changed(**row) for row in rows if row["external_id"] is not None]


async def mark_edited(database: Database, message: Changed, *, now: datetime) -> None:
    """The platform shows it so; due again at once if it has changed meanwhile."""
    async with database.raw() as driver:
        await driver.execute(_EDITED, message.id, message.rev, now)


async def edit_later(database: Database, message: Changed, *, at: datetime) -> None:
    """It is not its turn to be edited."""
    async with database.raw() as driver:
        await driver.execute(_EDIT_LATER, message.id, at, message.tried_until)


async def edit_failed(database: Database, message: Changed, *, now: datetime, pause: timedelta) -> bool:
    """It went wrong: it is edited again after `pause`, then after twice as long. False: it goes wrong too long, and is
    let go."""
    until = message.tried_until or now + EDIT_TRIED_FOR
    failing_for = now - (until - EDIT_TRIED_FOR)
    at = now + max(pause, failing_for)
    if at > until:
        await mark_edited(database, message, now=now)
        return False
    async with database.raw() as driver:
        await driver.execute(_EDIT_LATER, message.id, at, until)
    return True


async def shows(database: Database, *, conversation_id: int, external_id: str, replaces: str) -> bool:
    """Whether what the platform calls `external_id` shows something that a reply with this `replaces` takes over."""
    async with database.raw() as driver:
        return await driver.fetchval(_SHOWN_IN, conversation_id, external_id, replaces) is not None


async def take_over(database: Database, *, conversation_id: int, message_id: int, external_id: str) -> None:
    """From now on this message stands where another stood before; that one stands nowhere any more."""
    async with database.raw() as driver:
        await driver.execute(_TAKE_OVER, conversation_id, external_id, message_id)
