"""Conversations as the staff sees them: the queries, each with who may see what built in, and the shapes they give."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.order_views import Price
from admin_api.roles import Permission, StaffMember
from commerce.orders.model import Order, OrderStatus
from conversations.model import Conversation, Kind, Message, Owner, Status
from conversations.read import MessageView as StoredMessage
from conversations.read import last_messages, messages_after
from foundation.errors import Json, Refused


class Scope(StrEnum):
    """Which part of the inbox."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    BOT = "bot"
    OTHERS = "others"
    CLOSED = "closed"
    ALL = "all"


class Holder(BaseModel):
    """A person of the staff, as others see them."""

    id: int
    name: str


class LatestOrder(BaseModel):
    """The newest order of the shopper, in short."""

    number: str
    status: OrderStatus
    total: Price


class TalkRow(BaseModel):
    """One conversation. `waiting_since`: from when the shopper waits for a person; `rev` grows with every change.

    `in_group`: other people read along. `reachable`: false once the platform takes nothing for this chat any more.
    """

    id: int
    channel: str
    customer_id: int
    owner: Owner
    holder: Holder | None
    is_mine: bool
    language: str
    preview: str
    last_message_at: datetime
    waiting_since: datetime | None
    latest_order: LatestOrder | None
    rev: int
    handoff: dict[str, Json] | None
    note_for_bot: str | None
    in_group: bool
    reachable: bool


class TalkPage(BaseModel):
    """A page of conversations; `next` is the cursor of the following page, null at the end."""

    conversations: list[TalkRow]
    next: str | None


class MessageView(BaseModel):
    """One message, or a line for the staff. `seq`: its place, `rev` its last change; `text`: `body` in plain words."""

    seq: int
    rev: int
    kind: Kind
    status: Status
    text: str
    body: dict[str, Json]
    by: str | None
    at: datetime
    trace: dict[str, Json] | None


class Talk(BaseModel):
    """A conversation with messages by `seq`: the latest, those before a place, or those changed since a `rev`."""

    conversation: TalkRow
    messages: list[MessageView]
    has_earlier: bool


def visible_to(staff: StaffMember) -> ColumnElement[bool]:
    """Which conversations this person may read: all, or their own and those that no other person holds."""
    if staff.may(Permission.READ_ALL_TALKS):
        return true()
    return or_(Conversation.owner != Owner.HUMAN, Conversation.assignee_id == staff.id)


def in_scope(scope: Scope, staff: StaffMember) -> ColumnElement[bool]:
    """The condition of one part of the inbox, without who may see it."""
    held = Conversation.owner == Owner.HUMAN
    match scope:
        case Scope.MINE:
            return and_(held, Conversation.assignee_id == staff.id)
        case Scope.UNASSIGNED:
            return Conversation.owner == Owner.WAITING
        case Scope.BOT:
            return Conversation.owner == Owner.BOT
        case Scope.OTHERS:
            return and_(held, Conversation.assignee_id != staff.id)
        case Scope.CLOSED:
            return Conversation.owner == Owner.CLOSED
        case Scope.ALL:
            return true()


async def talk_page(
    session: AsyncSession, *, staff: StaffMember, scope: Scope, cursor: str | None, limit: int
) -> TalkPage:
    """Conversations of a scope, the latest message first. Refuses cursor.invalid."""
    staff.must(Permission.TALK)
    wanted = _rows().where(visible_to(staff), in_scope(scope, staff))
    if cursor is not None:
        at, row_id = _read_cursor(cursor)
        wanted = wanted.where(tuple_(Conversation.last_message_at, Conversation.id) < tuple_(literal(at), row_id))
    wanted = wanted.order_by(Conversation.last_message_at.desc(), Conversation.id.desc()).limit(limit + 1)
    found = [_row(*row, staff) for row in await session.execute(wanted)]
    page = found[:limit]
    more = len(found) > limit
    return TalkPage(conversations=page, next=_cursor_after(page[-1]) if more else None)


async def talk_row(session: AsyncSession, *, staff: StaffMember, conversation_id: int) -> TalkRow:
    """One conversation. Refuses conversation.unknown when there is none or this person may not see it."""
    staff.must(Permission.TALK)
    wanted = _rows().where(visible_to(staff), Conversation.id == conversation_id)
    found = (await session.execute(wanted)).one_or_none()
    if found is None:
        raise Refused("conversation.unknown", conversation=conversation_id)
    return _row(*found, staff)


async def talk_rows(session: AsyncSession, *, staff: StaffMember, ids: set[int]) -> dict[int, TalkRow]:
    """Those of these conversations that this person may see, by id."""
    staff.must(Permission.TALK)
    wanted = _rows().where(visible_to(staff), Conversation.id.in_(ids))
    return {row[0].id: _row(*row, staff) for row in await session.execute(wanted)}


async def talk_counts(session: AsyncSession, *, staff: StaffMember) -> dict[Scope, int]:
    """How many conversations each scope holds for this person."""
    staff.must(Permission.TALK)
    columns = [func.count().filter(in_scope(scope, staff)) for scope in Scope]
    counts = (await session.execute(select(*columns).select_from(Conversation).where(visible_to(staff)))).one()
    return dict(zip(Scope, map(int, counts), strict=True))


async def talk(
    session: AsyncSession,
    *,
    staff: StaffMember,
    conversation_id: int,
    since: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Talk:
    """A conversation with its latest messages, those `before` a place, or those changed `since` a rev."""
    row = await talk_row(session, staff=staff, conversation_id=conversation_id)
    if since is not None:
        found = await messages_after(session, conversation_id=conversation_id, rev=since, limit=limit, for_staff=True)
        has_earlier = False
    else:
        found = await last_messages(
            session, conversation_id=conversation_id, before=before, limit=limit + 1, for_staff=True
        )
        has_earlier = len(found) > limit
        found = found[-limit:]
    messages = sorted((message_view(message) for message in found), key=lambda message: message.seq)
    return Talk(conversation=row, messages=messages, has_earlier=has_earlier)


def message_view(message: Message | StoredMessage) -> MessageView:
    """A message as the staff sees it."""
    return MessageView(
        seq=message.seq,
        rev=message.rev,
        kind=Kind(message.kind),
        status=Status(message.status),
        text=message.text,
        body=message.body,
        by=message.staff_name,
        at=message.created_at,
        trace=message.trace,
    )


def _rows() -> Select[Conversation, datetime, Order]:
    """Conversations; with when the oldest shopper's message came that nobody has answered; and the newest order."""
    answered = (
        select(func.max(Message.seq))
        .where(Message.conversation_id == Conversation.id, Message.kind == Kind.PERSON)
        .correlate(Conversation)
        .scalar_subquery()
    )
    asked = (
        select(func.min(Message.created_at))
        .where(
            Message.conversation_id == Conversation.id,
            Message.kind == Kind.SHOPPER,
            Message.seq > func.greatest(func.coalesce(answered, 0), Conversation.handled_seq),
        )
        .correlate(Conversation)
        .scalar_subquery()
    )
    newest = (
        select(Order.id)
        .where(Order.customer_id == Conversation.customer_id)
        .order_by(Order.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    wanted = select(Conversation, asked, Order).outerjoin(Order, Order.id == newest)
    return wanted.execution_options(populate_existing=True)


def _row(conversation: Conversation, asked: datetime | None, order: Order | None, staff: StaffMember) -> TalkRow:
    owner, held = Owner(conversation.owner), conversation.owner == Owner.HUMAN
    waiting_since = {Owner.WAITING: conversation.waiting_since, Owner.HUMAN: asked}.get(owner)
    return TalkRow(
        id=conversation.id,
        channel=conversation.channel,
        customer_id=conversation.customer_id,
        owner=owner,
        holder=Holder(id=conversation.assignee_id or 0, name=conversation.assignee_name or "") if held else None,
        is_mine=held and conversation.assignee_id == staff.id,
        language=conversation.language,
        preview=conversation.preview,
        last_message_at=conversation.last_message_at,
        waiting_since=waiting_since,
        latest_order=order and _latest(order),
        rev=conversation.last_seq,
        handoff=conversation.handoff,
        note_for_bot=conversation.note_for_bot,
        in_group=conversation.in_group,
        reachable=conversation.unreachable_at is None,
    )


def _latest(order: Order) -> LatestOrder:
    total = Price(amount=order.total_amount, currency=order.currency)
    return LatestOrder(number=order.number, status=order.status, total=total)


def _cursor_after(row: TalkRow) -> str:
    return f"{row.last_message_at.isoformat()}~{row.id}"


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    at, _, row_id = cursor.partition("~")
    try:
        moment, number = datetime.fromisoformat(at), int(row_id)
    except ValueError as error:
        raise Refused("cursor.invalid") from error
    if moment.tzinfo is None or not 0 < number < 2**63:
        raise Refused("cursor.invalid")
    return moment, number
