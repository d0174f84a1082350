"""All that was said by one person, to be moved, handed out or erased. The doors call this beside commerce."""

from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import OUTGOING, Conversation, Kind, Message, OwnershipEvent
from conversations.topics import erase_topics
from foundation.errors import Json

ERASED = "erased:"
"""What the chat of an erased conversation is called: no account leads there any more."""


async def lock_talks(session: AsyncSession, *, customer_ids: Collection[int]) -> list[int]:
    """Take every conversation of these customers, in order of id, so that no turn runs meanwhile; their ids.

    Call it first in the transaction: a turn takes its conversation before anything else.
    """
    theirs = select(Conversation.id).where(Conversation.customer_id.in_(customer_ids)).order_by(Conversation.id)
    return list(await session.scalars(theirs.with_for_update(key_share=True)))


async def move_talks(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """The conversations of one customer are the other's from now on. They are locked."""
    await session.execute(update(Conversation).where(Conversation.customer_id == from_id).values(customer_id=to_id))


async def talks_of(session: AsyncSession, *, customer_id: int) -> list[Json]:
    """Everything that was said with this customer, oldest first; notes of the staff are not theirs."""
    theirs = select(Message, Conversation.channel).join(Conversation, Conversation.id == Message.conversation_id)
    theirs = theirs.where(Conversation.customer_id == customer_id, Message.kind.in_((Kind.SHOPPER, *OUTGOING)))
    rows = await session.execute(theirs.order_by(Message.conversation_id, Message.seq))
    return [
        {
            "channel": channel,
            "conversation": message.conversation_id,
            "by": message.kind,
            "at": message.created_at.isoformat(),
            "text": message.text,
            "understood_as": message.trace,
        }
        for message, channel in rows
    ]


async def erase_talks(session: AsyncSession, *, customer_id: int) -> list[str]:
    """Take out all that was said, with traces, drafts, open questions and topics, and who said it. They are locked.

    What is left are empty conversations that no account leads to. Returns the digests of the photos that were sent.
    """
    theirs = select(Conversation.id).where(Conversation.customer_id == customer_id).scalar_subquery()
    sent = select(Message.body["digest"].as_string()).where(
        Message.conversation_id.in_(theirs), Message.body["kind"].as_string() == "photo"
    )
    digests = set(await session.scalars(sent))
    await session.execute(delete(Message).where(Message.conversation_id.in_(theirs)))
    await erase_topics(session, customer_id=customer_id)
    await session.execute(update(OwnershipEvent).where(OwnershipEvent.conversation_id.in_(theirs)).values(note=None))
    for talk in await session.scalars(select(Conversation).where(Conversation.customer_id == customer_id)):
        talk.chat = f"{ERASED}{talk.id}"
        talk.frames, talk.focus, talk.handoff = [], {}, None
        talk.preview, talk.note_for_bot = "", None
        talk.work_at, talk.handled_seq = None, talk.heard_seq
    await session.flush()
    return sorted(filter(None, digests))
