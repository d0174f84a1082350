"""The topics in which the staff follows conversations: which are behind, and how far each tells its conversation."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.model import Conversation, Kind, Owner, Status
from conversations.read import MessageView, last_messages, messages_after
from conversations.staff_chats import StaffGroup, StaffTopic
from foundation.database import raw
from foundation.errors import Json

UNTOLD = -1
"""A topic with this `rev` is new, open again or made anew: its card is posted before anything else."""
ERASED = -2
"""A topic whose shopper was erased: it is deleted with everything in it."""
LATEST = 15
"""Messages that stand below a new card."""
AT_ONCE = 100
_STANDS = """
SELECT c.id, c.owner, c.epoch, c.language, c.handoff, c.last_seq, t.group_id, t.thread_id,
       coalesce(t.is_open, false) AS is_open, coalesce(t.rev, -1) AS rev,
       coalesce(t.told_seq, 0) AS told_seq, coalesce(t.left_seq, 0) AS left_seq
  FROM conversation c LEFT JOIN staff_topic t ON t.conversation_id = c.id
"""
_BEHIND = f"""
WITH concerned AS (
    SELECT id FROM conversation WHERE owner IN ('waiting', 'human') AND chat NOT LIKE 'erased:%'
    UNION SELECT conversation_id FROM staff_topic WHERE is_open
)
{_STANDS} JOIN concerned ON concerned.id = c.id
 WHERE t.is_open IS NOT TRUE OR t.rev < c.last_seq OR c.owner IN ('bot', 'closed')
 ORDER BY coalesce(t.posted_at, c.waiting_since, c.last_message_at), c.id LIMIT $1
"""
_OPENED = (Kind.SHOPPER, Kind.PERSON, Kind.NOTE, Kind.ACTIVITY)
_GONE_OUT = (Status.SENT, Status.DELIVERED, Status.READ, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a conversation and its topic stand. `group_id` and `thread_id` are None while it has no topic."""

    id: int
    owner: Owner
    epoch: int
    language: str
    handoff: dict[str, Json] | None
    last_seq: int
    group_id: int | None
    thread_id: int | None
    is_open: bool
    rev: int
    told_seq: int
    left_seq: int

    @property
    def is_attended(self) -> bool:
        """Whether a person is or should be there: then the conversation has an open topic."""
        return self.owner in (Owner.WAITING, Owner.HUMAN)


@dataclass(frozen=True, slots=True)
class News:
    """What a topic has not told yet, in the order in which it is told, and how far it will be after it.

    `more`: there is more to tell after these; `earlier`: there was more before them, which is left out.
    """

    messages: tuple[MessageView, ...]
    rev: int
    more: bool = False
    earlier: bool = False


async def topics_behind(session: AsyncSession, *, limit: int) -> list[Stand]:
    """Conversations that need a topic, or whose topic does not tell how they stand; the longest untold first."""
    return [_stand(row) for row in await (await raw(session)).fetch(_BEHIND, limit)]


async def stand_of(session: AsyncSession, conversation_id: int) -> Stand | None:
    """One conversation and its topic."""
    row = await (await raw(session)).fetchrow(f"{_STANDS} WHERE c.id = $1", conversation_id)
    return None if row is None else _stand(row)


async def conversation_in(session: AsyncSession, *, chat_id: int, thread_id: int) -> int | None:
    """Which conversation this topic of a group is about."""
    found = select(StaffTopic.conversation_id).join(StaffGroup, StaffGroup.id == StaffTopic.group_id)
    return await session.scalar(found.where(StaffGroup.chat_id == chat_id, StaffTopic.thread_id == thread_id))


async def open_topics(session: AsyncSession) -> dict[int, int]:
    """How many topics are open, by group."""
    counted = select(StaffTopic.group_id, func.count()).where(StaffTopic.is_open).group_by(StaffTopic.group_id)
    return dict((await session.execute(counted)).all())


async def news_of(session: AsyncSession, stand: Stand) -> News:
    """What is to be told next: after a new card the latest messages, else what changed since.

    Answers of the bot count once they left. What a person said is told again when it failed, what a shopper sent when
    its picture has come.
    """
    if stand.rev == UNTOLD:
        latest = await last_messages(session, conversation_id=stand.id, limit=LATEST + 1, for_staff=True)
        told = tuple(message for message in latest if _is_new(message, stand))
        rev = max([stand.last_seq, *(message.rev for message in latest)])
        return News(told[-LATEST:], rev, earlier=len(told) > LATEST)
    changed = await messages_after(session, conversation_id=stand.id, rev=stand.rev, limit=AT_ONCE, for_staff=True)
    told = tuple(one for one in changed if _is_new(one, stand) or _has_failed(one) or _has_its_picture(one))
    more = len(changed) == AT_ONCE
    return News(told, changed[-1].rev if more else max([stand.last_seq, *(one.rev for one in changed)]), more)


async def keep_topic(
    session: AsyncSession, *, conversation_id: int, group_id: int, thread_id: int, now: datetime
) -> None:
    """The conversation has this topic from now on, in place of any before; its card and lines are still to come."""
    values = {"group_id": group_id, "thread_id": thread_id, "is_open": True, "rev": UNTOLD, "posted_at": now}
    fresh = values | {"told_seq": 0, "left_seq": 0}
    made = insert(StaffTopic).values(conversation_id=conversation_id, **fresh)
    await session.execute(made.on_conflict_do_update(index_elements=["conversation_id"], set_=fresh))


async def forget_topic(session: AsyncSession, *, conversation_id: int) -> None:
    """The topic is gone: the next look makes another, if the conversation needs one."""
    topic = await session.get(StaffTopic, conversation_id)
    if topic is not None:
        await session.delete(topic)


async def erase_topics(session: AsyncSession, *, customer_id: int) -> None:
    """Have the topics of all conversations of a customer deleted."""
    theirs = select(Conversation.id).where(Conversation.customer_id == customer_id)
    topics = update(StaffTopic).where(StaffTopic.conversation_id.in_(theirs))
    await session.execute(topics.values(rev=ERASED, is_open=True))


async def set_open(session: AsyncSession, *, conversation_id: int, is_open: bool) -> None:
    """The topic was closed, or opened again: then its card comes anew."""
    values: dict[str, Json] = {"is_open": True, "rev": UNTOLD} if is_open else {"is_open": False}
    topic = update(StaffTopic).where(StaffTopic.conversation_id == conversation_id, StaffTopic.is_open.is_(not is_open))
    await session.execute(topic.where(StaffTopic.rev != ERASED).values(**values))


async def mark_told(
    session: AsyncSession,
    *,
    conversation_id: int,
    thread_id: int,
    rev: int,
    messages: tuple[MessageView, ...],
    now: datetime,
) -> None:
    """The topic tells everything up to `rev`, these messages among it; nothing if it is another topic by now."""
    told = max((message.seq for message in messages if message.kind in _OPENED), default=0)
    left = max((message.seq for message in messages if message.kind not in _OPENED), default=0)
    topic = await session.get(StaffTopic, conversation_id, with_for_update=True, populate_existing=True)
    if topic is not None and topic.thread_id == thread_id and topic.rev != ERASED:
        topic.rev = max(topic.rev, rev)
        topic.told_seq, topic.left_seq = max(topic.told_seq, told), max(topic.left_seq, left)
        topic.posted_at = now


def _is_new(message: MessageView, stand: Stand) -> bool:
    if message.kind in _OPENED:
        return message.seq > stand.told_seq
    return message.status in _GONE_OUT and message.seq > stand.left_seq


def _has_failed(message: MessageView) -> bool:
    return message.kind is Kind.PERSON and message.status in (Status.FAILED, Status.UNKNOWN)


def _has_its_picture(message: MessageView) -> bool:
    """Whether a picture that a platform kept for us has come, after its message was told."""
    return message.kind is Kind.SHOPPER and message.rev > message.seq and "digest" in message.body


def _stand(row: Json) -> Stand:
    return Stand(**{**dict(row), "owner": Owner(row["owner"])})
