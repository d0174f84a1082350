"""The two hot statements around a turn of the bot: take the conversation with what was said, and close the turn."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import BOT_MAY_ANSWER, TRY_AGAIN_AFTER, Kind, Owner
from conversations.ownership import reopen
from conversations.text import clean, json_text
from foundation.database import raw
from foundation.errors import Json

_LOCK = """
WITH taken AS (
    SELECT id, channel, chat, customer_id, owner, epoch, heard_seq, handled_seq, language, frames, focus,
           attempts, note_for_bot, in_group
      FROM conversation WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED
)
SELECT taken.*, said.*
  FROM taken LEFT JOIN LATERAL (
    SELECT seq, body, text, created_at FROM message
     WHERE conversation_id = taken.id AND seq > taken.handled_seq AND kind = 'shopper'
     ORDER BY seq LIMIT 50
  ) said ON true
 ORDER BY said.seq
"""
_CLOSE = """
WITH closed AS (
    UPDATE conversation
       SET last_seq = last_seq + $2, handled_seq = greatest(handled_seq, $3),
           frames = $4, focus = $5, language = $6,
           attempts = CASE WHEN heard_seq > $3 THEN 1 ELSE 0 END,
           work_at = CASE WHEN heard_seq > $3 THEN $7::timestamptz END
     WHERE id = $1
    RETURNING id, last_seq - $2 AS before, epoch, heard_seq
), replied AS (
    INSERT INTO message (conversation_id, seq, rev, kind, status, body, text, epoch, answers, created_at)
    SELECT id, before + n, before + n, reply.kind, 'queued', reply.body, reply.text, epoch, $3, $8
      FROM closed, unnest($9::text[], $10::jsonb[], $11::text[]) WITH ORDINALITY AS reply(kind, body, text, n)
), traced AS (
    UPDATE message m SET trace = traces.trace
      FROM unnest($12::bigint[], $13::jsonb[]) AS traces(seq, trace)
     WHERE m.conversation_id = $1 AND m.seq = traces.seq
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM closed
)
SELECT heard_seq > $3 FROM closed
"""
_LOOKS = 40
_LOOK_AGAIN_AFTER = 0.025


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the shopper that no turn has dealt with yet."""

    seq: int
    body: dict[str, Json]
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Locked:
    """A conversation whose row this transaction holds, with what the shopper said since the last turn, oldest first.

    `attempts` counts the turns begun for it, this one included: above MOST_TRIES the turn gives up (see `model.py`).
    """

    conversation_id: int
    channel: str
    chat: str
    customer_id: int
    owner: Owner
    language: str
    frames: list[Json]
    focus: dict[str, Json]
    attempts: int
    note_for_bot: str | None
    in_group: bool
    messages: tuple[Said, ...]

    @property
    def last_read(self) -> int:
        """The seq of the newest message this turn deals with."""
        return self.messages[-1].seq


@dataclass(frozen=True, slots=True)
class Reply:
    """Something the bot says: an answer, which a take-over stops, or a fact, which nothing stops."""

    kind: Kind
    body: dict[str, Json]
    text: str


async def lock_for_turn(
    session: AsyncSession, conversation_id: int, *, now: datetime, online: Collection[int] = ()
) -> Locked | None:
    """Take the conversation for a turn; None when there is nothing for the bot to say or another process is at it.

    A closed conversation in which the shopper wrote is opened again first: for the agent who closed it if that agent is
    among those `online` (staff ids), else for the bot. Commit after None too.
    """
    driver = await raw(session)
    for _ in range(_LOOKS):
        rows = await driver.fetch(_LOCK, conversation_id)
        if rows and rows[0]["seq"] is not None:
            break
        if rows and rows[0]["heard_seq"] <= rows[0]["handled_seq"]:
            return None
        # A short statement holds the row, or committed while ours began. Another process's turn ends by looking again
        # itself, so after a second it is left with the work.
        await asyncio.sleep(_LOOK_AGAIN_AFTER)
    else:
        return None
    row = rows[0]
    owner = Owner(row["owner"])
    if owner == Owner.CLOSED:
        owner = await reopen(session, conversation_id=conversation_id, online=online, now=now)
    if owner not in BOT_MAY_ANSWER:
        return None
    return Locked(
        conversation_id=conversation_id,
        channel=row["channel"],
        chat=row["chat"],
        customer_id=row["customer_id"],
        owner=owner,
        language=row["language"],
        frames=row["frames"],
        focus=row["focus"],
        attempts=row["attempts"],
        note_for_bot=row["note_for_bot"],
        in_group=row["in_group"],
        messages=tuple(Said(row["seq"], row["body"], row["text"], row["created_at"]) for row in rows),
    )


async def close_turn(
    session: AsyncSession,
    locked: Locked,
    *,
    replies: Sequence[Reply],
    frames: Sequence[Json],
    focus: Mapping[str, Json],
    language: str,
    handled_seq: int,
    now: datetime,
    traces: Mapping[int, Json] | None = None,
) -> bool:
    """Queue the replies and write down how far the bot has read: `handled_seq`, the newest message it dealt with.

    `traces`: by seq, how each message was understood. Returns whether more was heard meanwhile: then look again.
    """
    await session.flush()
    traced = {} if traces is None else traces
    driver = await raw(session)
    more: bool = await driver.fetchval(
        _CLOSE,
        locked.conversation_id,
        len(replies),
        handled_seq,
        json_text(frames),
        json_text(focus),
        language,
        now + TRY_AGAIN_AFTER,
        now,
        [reply.kind for reply in replies],
        [json_text(reply.body) for reply in replies],
        [clean(reply.text) for reply in replies],
        list(traced),
        [json_text(trace) for trace in traced.values()],
    )
    return more
