"""What was said and which conversations there are, as values for the doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import OUTGOING, SEEN, Conversation, Kind, Message, Owner, Status
from foundation.errors import Json, Refused

Scope: TypeAlias = Literal["mine", "unassigned", "bot", "closed", "all"]
Place: TypeAlias = tuple[datetime, int]
"""Where a list goes on: the time of the last message and the id of the last row that was shown."""


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


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One row of the desk's list."""

    id: int
    channel: str
    customer_id: int
    owner: Owner
    assignee_id: int | None
    assignee_name: str | None
    language: str
    preview: str
    last_message_at: datetime
    waiting_since: datetime | None
    unread: bool


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


async def list_conversations(
    session: AsyncSession, *, scope: Scope, agent_id: int, cursor: Place | None = None, limit: int
) -> tuple[list[ConversationRow], Place | None]:
    """Conversations with the newest message first, and where the next page goes on (None at the end)."""
    wanted = select(Conversation).order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
    wanted = wanted.where(*_in_scope(scope, agent_id)).limit(limit + 1).execution_options(populate_existing=True)
    if cursor is not None:
        wanted = wanted.where(tuple_(Conversation.last_message_at, Conversation.id) < tuple_(*cursor))
    found = (await session.scalars(wanted)).all()
    shown = found[:limit]
    is_more = len(found) > limit
    return [_row(conversation) for conversation in shown], _place(shown[-1]) if is_more else None


async def count_conversations(session: AsyncSession, *, agent_id: int) -> dict[Scope, int]:
    """How many there are to work on: of this agent, and waiting for anyone."""
    scopes: Sequence[Scope] = ("mine", "unassigned")
    counts: dict[Scope, int] = {}
    for scope in scopes:
        counted = select(func.count()).select_from(Conversation).where(*_in_scope(scope, agent_id))
        counts[scope] = await session.scalar(counted) or 0
    return counts


def _visible(conversation_id: int, for_staff: bool) -> Select[Message]:
    wanted = select(Message).where(Message.conversation_id == conversation_id).execution_options(populate_existing=True)
    if for_staff:
        return wanted
    left_us = and_(Message.kind.in_(OUTGOING), Message.status.in_(SEEN))
    return wanted.where(or_(Message.kind == Kind.SHOPPER, left_us))


def _in_scope(scope: Scope, agent_id: int) -> list[ColumnElement[bool]]:
    match scope:
        case "mine":
            return [Conversation.owner == Owner.HUMAN, Conversation.assignee_id == agent_id]
        case "unassigned":
            return [Conversation.owner == Owner.WAITING]
        case "bot":
            return [Conversation.owner == Owner.BOT]
        case "closed":
            return [Conversation.owner == Owner.CLOSED]
        case "all":
            return []


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


def _row(conversation: Conversation) -> ConversationRow:
    return ConversationRow(
        id=conversation.id,
        channel=conversation.channel,
        customer_id=conversation.customer_id,
        owner=Owner(conversation.owner),
        assignee_id=conversation.assignee_id,
        assignee_name=conversation.assignee_name,
        language=conversation.language,
        preview=conversation.preview,
        last_message_at=conversation.last_message_at,
        waiting_since=conversation.waiting_since,
        unread=conversation.heard_seq > conversation.handled_seq,
    )


def _place(conversation: Conversation) -> Place:
    return conversation.last_message_at, conversation.id
