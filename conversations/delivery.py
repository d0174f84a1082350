"""How messages leave. Every statement takes the conversation's row first, so that the owner cannot change under it.

An answer leaves only while the bot may answer and the owner is the one it was written under; facts and people's
messages always do. One of a conversation at a time, in the order of `seq`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from conversations.model import Kind
from foundation.database import Database
from foundation.errors import Json

LEASE = timedelta(seconds=60)
"""A send takes at most this long; after that its process counts as dead."""

MOST_SENDS = 5
"""So often a message is tried before it is given up."""

MAY_LEAVE = "(m.kind <> 'answer' OR (m.epoch = c.epoch AND c.owner IN ('bot', 'waiting')))"

# Each of these takes a new number before it knows that it needs one: a number too many is only a gap.

DELIVER_STORED = f"""
WITH c AS (
    UPDATE conversation
       SET last_seq = last_seq + (SELECT count(*) FROM message WHERE conversation_id = $1 AND status = 'queued')
     WHERE id = $1 AND EXISTS (SELECT FROM message WHERE conversation_id = $1 AND status = 'queued')
    RETURNING id, owner, epoch, last_seq
), leaving AS (
    SELECT m.id, {MAY_LEAVE} AS may_leave, c.last_seq + 1 - row_number() OVER (ORDER BY m.seq DESC) AS rev
      FROM message m JOIN c ON m.conversation_id = c.id WHERE m.status = 'queued'
), left_us AS (
    UPDATE message m
       SET status = CASE WHEN may_leave THEN 'sent' ELSE 'suppressed' END, rev = leaving.rev,
           sent_at = CASE WHEN may_leave THEN $2::timestamptz END
      FROM leaving WHERE m.id = leaving.id AND m.status = 'queued'
    RETURNING m.status
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM c
)
SELECT count(*) FROM left_us WHERE status = 'sent'
"""

CLAIM = f"""
WITH c AS (
    UPDATE conversation SET last_seq = last_seq + 1
     WHERE id = $1 AND EXISTS (SELECT FROM message WHERE conversation_id = $1 AND status = 'queued')
       AND NOT EXISTS (SELECT FROM message WHERE conversation_id = $1 AND status = 'sending')
    RETURNING id, channel, chat, language, owner, epoch, last_seq
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM c
)
UPDATE message m
   SET status = CASE WHEN {MAY_LEAVE} THEN 'sending' ELSE 'suppressed' END,
       rev = c.last_seq, tries = m.tries + 1, lease_until = CASE WHEN {MAY_LEAVE} THEN $3::timestamptz END
  FROM c
 WHERE m.id = (SELECT id FROM message
                WHERE conversation_id = $1 AND status IN ('queued', 'sending') ORDER BY seq LIMIT 1)
   AND m.status = 'queued' AND (m.lease_until IS NULL OR m.lease_until <= $2)
RETURNING m.id, m.seq, m.kind, m.status, m.body, m.text, m.tries, m.epoch, c.id AS conversation_id, c.channel, c.chat,
          c.language, m.external_id, m.staff_name,
          (SELECT a.body FROM message a WHERE a.conversation_id = $1 AND a.seq = m.answers) AS answered,
          (SELECT b.body ->> 'wants' FROM message b
            WHERE b.conversation_id = $1 AND b.seq < m.seq AND b.sent_at IS NOT NULL
            ORDER BY b.seq DESC LIMIT 1) AS wanted
"""
_KEEP_PART = "UPDATE message SET external_id = $3 WHERE id = $1 AND tries = $2"

# What was queued while the row was waited for is not seen here: then `last_seq` has moved.
_SETTLE = """
WITH c AS (
    UPDATE conversation SET last_seq = last_seq + 1
      FROM (SELECT conversation_id, rev FROM message WHERE id = $1) AS was
     WHERE id = was.conversation_id
    RETURNING id, owner, epoch, last_seq, last_seq - 1 > was.rev AS has_changed
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM c
)
UPDATE message m SET rev = c.last_seq, {changes}
  FROM c WHERE m.id = $1 AND m.tries = $2 AND m.status IN ({settles})
RETURNING c.has_changed OR EXISTS (SELECT FROM message WHERE conversation_id = c.id AND status = 'queued')
"""

_MAY_TRY = f"m.tries < {MOST_SENDS}"
_AGAIN = f"{MAY_LEAVE} AND {_MAY_TRY}"
_MARK_SENT = _SETTLE.format(
    changes="status = 'sent', sent_at = $4, external_id = $3, lease_until = NULL",
    # A claim whose lease ran out while its bytes were on the way: now we know that they arrived.
    settles="'sending', 'queued', 'unknown'",
)
_MARK_FAILED = _SETTLE.format(changes="status = 'failed', lease_until = NULL", settles="'sending'")
_TRY_LATER = _SETTLE.format(
    changes=f"""
        status = CASE WHEN {_AGAIN} THEN 'queued' WHEN {_MAY_TRY} THEN 'suppressed' ELSE 'failed' END,
        lease_until = CASE WHEN {_AGAIN} THEN $3::timestamptz END""",
    settles="'sending'",
)
_WAIT = _SETTLE.format(
    # This claim is over and is no try: the next one may have its number.
    changes=f"""
        status = CASE WHEN {MAY_LEAVE} THEN 'queued' ELSE 'suppressed' END, tries = m.tries - 1,
        lease_until = CASE WHEN {MAY_LEAVE} THEN $3::timestamptz END""",
    settles="'sending'",
)
_MARK_LOST = _SETTLE.format(
    changes=f"""
        status = CASE WHEN m.kind = 'answer' AND {_AGAIN} THEN 'queued' ELSE 'unknown' END,
        lease_until = CASE WHEN m.kind = 'answer' AND {_AGAIN} THEN $3::timestamptz END""",
    settles="'sending'",
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message: only its claimer may send it, until the lease ends. `tries` names the claim.

    `answered`: the body of the shopper's message that it answers. `external_id`: what an earlier try has sent of it.
    `wanted`: what the message before it asked for.
    """

    id: int
    conversation_id: int
    channel: str
    chat: str
    language: str
    seq: int
    kind: Kind
    epoch: int
    body: dict[str, Json]
    text: str
    tries: int
    external_id: str | None = None
    staff_name: str | None = None
    answered: dict[str, Json] | None = None
    wanted: str | None = None


async def deliver_stored(database: Database, conversation_id: int, *, now: datetime) -> int:
    """For channels whose shoppers read the database (web, terminal): everything queued becomes sent, in order.

    Each message takes the next `rev`, so that a stream that is at the end sees it. Returns how many were sent.
    """
    async with database.raw() as driver:
        sent: int = await driver.fetchval(DELIVER_STORED, conversation_id, now)
    return sent


async def claim(database: Database, conversation_id: int, *, now: datetime) -> Outgoing | None:
    """For channels with a network: the oldest unfinished message becomes ours to send; committed when this returns.

    None when there is nothing to send now: nothing queued, or one of this conversation is on its way.
    """
    async with database.raw() as driver:
        while True:
            row = await driver.fetchrow(CLAIM, conversation_id, now, now + LEASE)
            if row is None:
                return None
            if row["status"] == "sending":
                break
    return Outgoing(
        id=row["id"],
        conversation_id=row["conversation_id"],
        channel=row["channel"],
        chat=row["chat"],
        language=row["language"],
        seq=row["seq"],
        kind=Kind(row["kind"]),
        epoch=row["epoch"],
        body=row["body"],
        text=row["text"],
        tries=row["tries"],
        external_id=row["external_id"],
        staff_name=row["staff_name"],
        answered=row["answered"],
        wanted=row["wanted"],
    )


async def keep_part(database: Database, message: Outgoing, *, external_id: str) -> None:
    """So much of it has left, under this id: the next try goes on behind it."""
    async with database.raw() as driver:
        await driver.execute(_KEEP_PART, message.id, message.tries, external_id)


async def mark_sent(database: Database, message: Outgoing, *, external_id: str | None, now: datetime) -> bool | None:
    """The platform has it, under this id. Whether more may be queued; None when the claim was another's by then."""
    return await _settle(database, _MARK_SENT, message, external_id, now)


async def mark_failed(database: Database, message: Outgoing) -> bool:
    """The platform will never take it. The staff see it red."""
    return await _settle(database, _MARK_FAILED, message) is not None


async def try_later(database: Database, message: Outgoing, *, at: datetime, is_try: bool = True) -> bool:
    """It certainly did not leave: queued again, not before `at`; failed after MOST_SENDS tries, if this was one.

    An answer whose conversation a person took meanwhile is suppressed instead.
    """
    return await _settle(database, _TRY_LATER if is_try else _WAIT, message, at) is not None


async def mark_lost(database: Database, message: Outgoing, *, at: datetime) -> bool:
    """It may have left. A bot's answer is sent again, from `at` on, while the bot may answer; all else is unknown."""
    return await _settle(database, _MARK_LOST, message, at) is not None


async def lose(driver: asyncpg.Connection, message_id: int, tries: int, *, at: datetime) -> bool:
    """`mark_lost` for a claim that is known by its message and number only."""
    return await driver.fetchval(_MARK_LOST, message_id, tries, at) is not None


async def _settle(database: Database, statement: str, message: Outgoing, *rest: object) -> bool | None:
    async with database.raw() as driver:
        is_more: bool | None = await driver.fetchval(statement, message.id, message.tries, *rest)
    return is_more
