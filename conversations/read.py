"""What was said, as values for the doors."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import OUTGOING, SEEN, Conversation, Kind, Message, Status
from foundation.errors import Json, Refused


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as a thread shows it. Order by `seq`; a stream goes on from the highest `rev` it has had."""

    id: int
    seq: int
    rev: int
    kind: Kind
    status: Status
    body: dict[str, Json]
    text: str
    external_id: str | None
    client_msg_id: str | None
    answers: int | None
    staff_id: int | None
    staff_name: str | None
    trace: dict[str, Json] | None
    created_at: datetime
    sent_at: datetime | None


async def messages_after(
    session: AsyncSession, *, conversation_id: int, rev: int, limit: int, for_staff: bool
) -> list[MessageView]:
    """What is new or changed since `rev`, in order of `rev`: the stream of a thread.

    A shopper sees what they said and what left us; only the staff see notes, activity, drafts and traces.
    """
    wanted = _visible(conversation_id, for_staff).where(Message.rev > rev).order_by(Message.rev).limit(limit)
    return [_view(message, for_staff) for message in await session.scalars(wanted)]


async def last_messages(
    session: AsyncSession, *, conversation_id: int, before: int | None = None, limit: int, for_staff: bool
) -> list[MessageView]:
    """The newest messages, or the newest before the place `before` (a seq), in order of `seq`."""
    wanted = _visible(conversation_id, for_staff).order_by(Message.seq.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Message.seq < before)
    messages = (await session.scalars(wanted)).all()
    return [_view(message, for_staff) for message in reversed(messages)]


async def conversation_of(session: AsyncSession, *, channel: str, chat: str) -> Conversation | None:
    """The conversation of a chat, for the shopper's door."""
    wanted = select(Conversation).filter_by(channel=channel, chat=chat).execution_options(populate_existing=True)
    return (await session.scalars(wanted)).one_or_none()


async def conversation_by_id(session: AsyncSession, conversation_id: int) -> Conversation:
    """One conversation, not locked. Raises Refused("conversation.unknown")."""
    conversation = await session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None:
        raise Refused("conversation.unknown", conversation=conversation_id)
    return conversation


async def said_in_group(session: AsyncSession, *, conversation_id: int, seq: int, account: str) -> MessageView | None:
    """What this account said in a group, by its place there; None when somebody else did."""
    theirs = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    theirs = theirs.where(Conversation.id == conversation_id, Conversation.in_group, Message.seq == seq)
    theirs = theirs.where(Conversation.chat.endswith(f":{account}", autoescape=True), Message.kind == Kind.SHOPPER)
    message = (await session.scalars(theirs)).one_or_none()
    return None if message is None else _view(message, for_staff=False)


def _visible(conversation_id: int, for_staff: bool) -> Select[Message]:
    wanted = select(Message).where(Message.conversation_id == conversation_id).execution_options(populate_existing=True)
    if for_staff:
        return wanted
    left_us = and_(Message.kind.in_(OUTGOING), Message.status.in_(SEEN))
    return wanted.where(or_(Message.kind == Kind.SHOPPER, left_us))


def _view(message: Message, for_staff: bool) -> MessageView:
    return MessageView(
        id=message.id,
        seq=message.seq,
        rev=message.rev,
        kind=Kind(message.kind),
        status=Status(message.status),
        body=message.body,
        text=message.text,
        external_id=message.external_id,
        client_msg_id=message.client_msg_id if for_staff else None,
        answers=message.answers,
        staff_id=message.staff_id if for_staff else None,
        staff_name=message.staff_name,
        trace=message.trace if for_staff else None,
        created_at=message.created_at,
        sent_at=message.sent_at,
    )
