"""The shopper's side in: one short statement that keeps what was said before anybody answers the platform."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import TRY_AGAIN_AFTER, Conversation
from conversations.text import clean, json_text
from foundation.database import Database
from foundation.errors import Json

_HEAR = """
WITH heard AS (
    UPDATE conversation
       SET last_seq = last_seq + 1, heard_seq = last_seq + 1, last_message_at = $6, preview = left($5, 200),
           attempts = greatest(attempts, 1), unreachable_at = NULL,
           work_at = CASE WHEN owner = 'human' THEN NULL ELSE coalesce(work_at, $7) END
     WHERE channel = $1 AND chat = $2
    RETURNING id, last_seq, epoch
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM heard
)
INSERT INTO message (conversation_id, seq, rev, kind, status, body, text, external_id, epoch, created_at)
SELECT id, last_seq, last_seq, 'shopper', 'received', $4, $5, $3, epoch, $6 FROM heard
RETURNING conversation_id, seq
"""
_HEARD_BEFORE = """
SELECT m.conversation_id, m.seq FROM message m JOIN conversation c ON c.id = m.conversation_id
 WHERE c.channel = $1 AND c.chat = $2 AND m.external_id = $3 AND m.kind = 'shopper'
"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a shopper as a channel received it. `channel` is the channel account, `chat` the place in it.

    `external_id` names the message within its chat: the platform's id, or the one the web client chose. `account` is
    who says it where others read along (a group); None where the chat is theirs alone.
    """

    channel: str
    chat: str
    external_id: str
    body: dict[str, Json]
    text: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a message was put. `repeated`: it had been heard before and was not kept again."""

    conversation_id: int
    seq: int
    repeated: bool


async def hear(database: Database, incoming: Incoming, *, now: datetime) -> Heard | None:
    """Keep a shopper's message; committed when this returns, so the platform may be told that we have it.

    It also leaves work for a turn, which a sweep takes up if nobody did within TRY_AGAIN_AFTER. None when there is no
    such conversation: open one and hear again. Text that PostgreSQL cannot hold is cleaned.
    """
    key = (clean(incoming.channel), clean(incoming.chat), clean(incoming.external_id))
    said = (json_text(incoming.body), clean(incoming.text))
    async with database.raw() as driver:
        try:
            row = await driver.fetchrow(_HEAR, *key, *said, now, now + TRY_AGAIN_AFTER)
            repeated = False
        except asyncpg.UniqueViolationError:
            row = await driver.fetchrow(_HEARD_BEFORE, *key)
            repeated = True
    return None if row is None else Heard(row["conversation_id"], row["seq"], repeated)


async def open_conversation(
    session: AsyncSession,
    *,
    channel: str,
    chat: str,
    customer_id: int,
    language: str,
    now: datetime,
    in_group: bool = False,
) -> int:
    """The id of the conversation of this chat, which is made unless it is there; two at once make one."""
    place = {"channel": clean(channel), "chat": clean(chat)}
    made = insert(Conversation).values(
        **place,
        customer_id=customer_id,
        language=language,
        in_group=in_group,
        last_message_at=now,
        created_at=now,
    )
    conversation_id: int | None = await session.scalar(made.on_conflict_do_nothing().returning(Conversation.id))
    if conversation_id is None:
        conversation_id = await session.scalar(select(Conversation.id).filter_by(**place))
    assert conversation_id is not None
    return conversation_id
