"""Photos that were sent in a conversation. They are no public media: who may read the message may see its photo."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import Conversation, Message
from foundation.database import Database
from foundation.errors import Json

_AT_ONCE = 20
_LATEST = 5
_KEEP = """
WITH c AS (
    UPDATE conversation SET last_seq = last_seq + 1 WHERE id = $1 RETURNING id, last_seq
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM c
)
UPDATE message m SET body = $3, rev = c.last_seq FROM c
 WHERE m.conversation_id = c.id AND m.seq = $2 AND m.body ? 'file'
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo by the SHA-256 digest (hex) of its file."""

    digest: str
    mime: str


async def photo_of(session: AsyncSession, *, conversation_id: int, seq: int) -> Photo | None:
    """The photo of a message of the shopper or of a person, None when it has none."""
    body = await session.scalar(
        select(Message.body).where(
            Message.conversation_id == conversation_id, Message.seq == seq, Message.kind.in_(("shopper", "person"))
        )
    )
    if not body or body.get("kind") != "photo" or "digest" not in body:  # one without is not fetched yet
        return None
    return Photo(str(body["digest"]), str(body["mime"]))


async def shown_photos(session: AsyncSession, digests: Collection[str]) -> set[str]:
    """Those of these photos that a message shows."""
    digest = Message.body["digest"].as_string()
    return set(await session.scalars(select(digest).where(digest.in_(digests))))


async def keep_photo(database: Database, *, conversation_id: int, seq: int, body: dict[str, Json]) -> None:
    """A picture that a platform kept for us lies here now: `body` takes the place of the message's first one, once."""
    async with database.raw() as driver:
        await driver.execute(_KEEP, conversation_id, seq, json.dumps(body))


async def awaited_photos(
    session: AsyncSession, *, since: datetime, before: datetime
) -> list[tuple[int, int, dict[str, Json]]]:
    """(conversation id, seq, body) of messages sent between these times whose picture a platform still keeps for us."""
    waiting = select(Message.conversation_id, Message.seq, Message.body).where(
        text("message.body ? 'file'"), Message.created_at >= since, Message.created_at < before
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(waiting.order_by(Message.id).limit(_AT_ONCE))]


async def recent_photos(session: AsyncSession, *, customer_id: int, since: datetime) -> list[list[int]]:
    """[conversation id, seq] of the latest photos that a shopper has sent since then, the newest first."""
    sent = (
        select(Message.conversation_id, Message.seq)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.customer_id == customer_id,
            Message.kind == "shopper",
            Message.created_at >= since,
            Message.body["kind"].as_string() == "photo",
            Message.body["digest"].as_string().is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(_LATEST)
    )
    return [[conversation_id, seq] for conversation_id, seq in await session.execute(sent)]
