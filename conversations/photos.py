"""Photos that were sent in a conversation. They are no public media: who may read the message may see its photo."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import Message


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo by the SHA-256 digest (hex) of its file."""

    digest: str
    mime: str


async def photo_of(session: AsyncSession, *, conversation_id: int, seq: int) -> Photo | None:
    """The photo of a shopper's message, None when it has none."""
    body = await session.scalar(
        select(Message.body).where(
            Message.conversation_id == conversation_id, Message.seq == seq, Message.kind == "shopper"
        )
    )
    if not body or body.get("kind") != "photo":
        return None
    return Photo(str(body["digest"]), str(body["mime"]))
