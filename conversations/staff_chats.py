"""The staff's side of a chat platform: whose account is whose, groups in which the staff answers, codes that link both.

The staff's door owns the people; here they are known by their `staff_id`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.codes import new_code, plain_code
from foundation.database import Base, Id
from foundation.encryption import Vault
from foundation.errors import Refused

CODE_LASTS = timedelta(minutes=10)
LONGEST_TITLE = 128
_PURPOSE = "staff_code"


class CodeFor(StrEnum):
    """What a code links."""

    PERSON = "person"
    GROUP = "group"


class Subject(StrEnum):
    """What a conversation is about, as far as teams are concerned."""

    SHOPPING = "shopping"
    AFTER_SALES = "after_sales"


class Trouble(StrEnum):
    """Why nothing can be posted in a group."""

    LEFT = "left"
    """The bot is no member any more."""
    NO_TOPICS = "no_topics"
    NO_RIGHTS = "no_rights"
    """The bot may not manage topics."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of the staff as their chat knows them."""

    id: int
    name: str
    language: str


class StaffChat(Base):
    """An account on the platform that belongs to a person of the staff. One person may have several."""

    __tablename__ = "staff_chat"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    staff_id: Mapped[int] = mapped_column(index=True)
    linked_at: Mapped[datetime]


class StaffCode(Base):
    """A one-time code of a person; `digest` is its blind index. A new one takes the place of the one before."""

    __tablename__ = "staff_code"
    __table_args__ = (
        UniqueConstraint("staff_id", "kind"),
        CheckConstraint("kind IN ('person', 'group')", name="kind_known"),
    )

    id: Mapped[Id]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[int]
    kind: Mapped[str]
    until: Mapped[datetime]


class StaffGroup(Base):
    """A group in which the staff answers. `language` and `subject` say which conversations come here; null: any."""

    __tablename__ = "staff_group"
    __table_args__ = (
        CheckConstraint("language IN ('zh', 'en')", name="language_known"),
        CheckConstraint("subject IN ('shopping', 'after_sales')", name="subject_known"),
        CheckConstraint("trouble IN ('left', 'no_topics', 'no_rights')", name="trouble_known"),
    )

    id: Mapped[Id]
    chat_id: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    language: Mapped[str | None]
    subject: Mapped[str | None]
    trouble: Mapped[str | None]
    words: Mapped[str]
    """The language the bot speaks in it."""
    linked_by: Mapped[int]
    linked_at: Mapped[datetime]


class StaffTopic(Base):
    """The topic of a conversation in a group, and how far it tells it.

    `rev`: everything up to this change is told; -1: the card is still to be posted. `told_seq`: the last message of the
    shopper, a person or the desk that is told; `left_seq`: the last of the bot and the shop, which are told once they
    left.
    """

    __tablename__ = "staff_topic"
    __table_args__ = (
        UniqueConstraint("group_id", "thread_id"),
        Index("ix_staff_topic_open", "conversation_id", postgresql_where=text("is_open")),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("staff_group.id", ondelete="CASCADE"))
    thread_id: Mapped[int]
    is_open: Mapped[bool]
    rev: Mapped[int]
    told_seq: Mapped[int]
    left_seq: Mapped[int]
    posted_at: Mapped[datetime]


async def new_staff_code(session: AsyncSession, *, staff_id: int, kind: CodeFor, now: datetime) -> str:
    """A code of two groups of four (40 bits) in place of the one before, good once and for CODE_LASTS."""
    code = new_code(2)
    values = {"digest": _digest(session, code), "until": now + CODE_LASTS}
    made = insert(StaffCode).values(staff_id=staff_id, kind=kind, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["staff_id", "kind"], set_=values))
    return code


async def use_staff_code(session: AsyncSession, *, code: str, kind: CodeFor, now: datetime) -> int:
    """Whose code this is; it is used up. Raises Refused("staff_code.wrong") for one that is none, used or too old."""
    mine = (StaffCode.digest == _digest(session, code), StaffCode.kind == kind, StaffCode.until > now)
    staff_id: int | None = await session.scalar(delete(StaffCode).where(*mine).returning(StaffCode.staff_id))
    if staff_id is None:
        raise Refused("staff_code.wrong")
    return staff_id


async def link_staff_chat(session: AsyncSession, *, user_id: int, staff_id: int, now: datetime) -> None:
    """This account is that person's from now on."""
    values = {"staff_id": staff_id, "linked_at": now}
    made = insert(StaffChat).values(user_id=user_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=values))


async def unlink_staff_chats(session: AsyncSession, *, staff_id: int) -> int:
    """Take every account and every open code from a person; returns how many accounts there were."""
    await session.execute(delete(StaffCode).where(StaffCode.staff_id == staff_id))
    gone = await session.scalars(delete(StaffChat).where(StaffChat.staff_id == staff_id).returning(StaffChat.user_id))
    return len(gone.all())


async def linked_staff(session: AsyncSession) -> Sequence[StaffChat]:
    """Every account that belongs to somebody, the first linked first."""
    return (await session.scalars(select(StaffChat).order_by(StaffChat.linked_at, StaffChat.user_id))).all()


async def link_group(
    session: AsyncSession, *, chat_id: int, title: str, staff_id: int, words: str, now: datetime
) -> StaffGroup:
    """Make a group one of the staff's; once more: its title and language are brought up to date."""
    values = {"title": title[:LONGEST_TITLE], "words": words, "trouble": None}
    made = insert(StaffGroup).values(chat_id=chat_id, linked_by=staff_id, linked_at=now, **values)
    made = made.on_conflict_do_update(index_elements=["chat_id"], set_=values)
    group_id = await session.scalar(made.returning(StaffGroup.id))
    return await session.get_one(StaffGroup, group_id, populate_existing=True)


async def staff_groups(session: AsyncSession) -> Sequence[StaffGroup]:
    """Every group of the staff, the first linked first."""
    found = select(StaffGroup).order_by(StaffGroup.id).execution_options(populate_existing=True)
    return (await session.scalars(found)).all()


async def staff_group_for(session: AsyncSession, group_id: int) -> StaffGroup:
    """One group, locked. Raises Refused("staff_group.unknown")."""
    group = await session.get(StaffGroup, group_id, with_for_update=True, populate_existing=True)
    if group is None:
        raise Refused("staff_group.unknown", group=group_id)
    return group


async def set_trouble(session: AsyncSession, *, chat_id: int, trouble: Trouble | None) -> None:
    """Write down why nothing can be posted in a group, or that it can."""
    await session.execute(update(StaffGroup).where(StaffGroup.chat_id == chat_id).values(trouble=trouble))


async def move_group(session: AsyncSession, *, chat_id: int, to: int) -> None:
    """The platform gave a group another id."""
    there = select(StaffGroup.id).where(StaffGroup.chat_id == to)
    if await session.scalar(there) is None:
        await session.execute(update(StaffGroup).where(StaffGroup.chat_id == chat_id).values(chat_id=to))


def _digest(session: AsyncSession, code: str) -> bytes:
    vault: Vault = session.info["vault"]
    return vault.blind(_PURPOSE, plain_code(code))
