"""Whether anything still reaches a chat, where it has moved, and where else its customer can be told something."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.delivery import Outgoing
from conversations.erase import ERASED
from conversations.model import Conversation
from conversations.say import say_fact
from foundation.database import Database

_SET = """
WITH reached AS (
    UPDATE conversation SET unreachable_at = $3
     WHERE id IN (SELECT id FROM conversation WHERE channel = $1 AND chat = $2
                   UNION ALL
                  SELECT id FROM conversation WHERE channel = $1 AND in_group AND chat LIKE $2 || ':%')
       AND (unreachable_at IS NULL) <> ($3::timestamptz IS NULL)
    RETURNING id
)
INSERT INTO event (kind, ref) SELECT 'conversation', id FROM reached
"""
_MOVE = """
UPDATE conversation SET chat = $3 || substr(chat, length($2) + 1)
 WHERE channel = $1 AND in_group AND chat LIKE $2 || ':%'
   AND NOT EXISTS (SELECT FROM conversation there
                    WHERE there.channel = $1 AND there.chat = $3 || substr(conversation.chat, length($2) + 1))
"""


async def set_reachable(database: Database, *, channel: str, chat: str, reachable: bool, now: datetime) -> None:
    """The platform takes messages for this chat, or takes none any more; of a group, for everybody in it.

    What the shopper says next sets it right by itself.
    """
    async with database.raw() as driver:
        await driver.execute(_SET, channel, chat, None if reachable else now)


async def move_group(database: Database, *, channel: str, chat: str, to: str) -> None:
    """A group has another id since: the conversations in it go on there."""
    async with database.raw() as driver:
        await driver.execute(_MOVE, channel, chat, to)


async def conversation_for(
    session: AsyncSession, *, customer_id: int, besides: int | None = None
) -> Conversation | None:
    """Where a customer is told what happened: in the conversation used last, never in one that others read too, nor in
    `besides`. One that nothing reaches comes only when there is no other."""
    is_theirs = (Conversation.customer_id == customer_id, ~Conversation.in_group, ~Conversation.chat.startswith(ERASED))
    theirs, is_lost = select(Conversation).where(*is_theirs), Conversation.unreachable_at.is_not(None)
    if besides is not None:
        theirs = theirs.where(Conversation.id != besides)
    return await session.scalar(theirs.order_by(is_lost, Conversation.last_message_at.desc()).limit(1))


async def say_elsewhere(session: AsyncSession, message: Outgoing, *, now: datetime) -> Conversation | None:
    """Queue a fact that its chat does not take where its customer can be reached; None where that is nowhere."""
    here = message.conversation_id
    theirs = select(Conversation.customer_id).where(Conversation.id == here)
    place = await conversation_for(session, customer_id=(await session.scalars(theirs)).one(), besides=here)
    if place is None or place.unreachable_at is not None:
        return None
    key, body, text = f"elsewhere:{message.id}", message.body, message.text
    await say_fact(session, conversation_id=place.id, key=key, body=body, text=text, now=now)
    return place
