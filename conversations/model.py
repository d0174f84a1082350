"""Tables of what was said and of who answers now, and the moves an owner can make."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from foundation.database import Base, Id, JsonList, JsonMap
from foundation.errors import Refused


class Owner(StrEnum):
    """Who answers the shopper. Exactly one at any time."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


MOVES: dict[Owner, frozenset[Owner]] = {
    Owner.BOT: frozenset({Owner.WAITING, Owner.HUMAN}),
    Owner.WAITING: frozenset({Owner.HUMAN, Owner.BOT, Owner.CLOSED}),
    Owner.HUMAN: frozenset({Owner.WAITING, Owner.BOT, Owner.CLOSED}),
    Owner.CLOSED: frozenset({Owner.HUMAN, Owner.BOT}),
}
BOT_MAY_ANSWER = (Owner.BOT, Owner.WAITING)


class Kind(StrEnum):
    """What a message is. An answer is the bot's and fenced: it never leaves once a person took over.

    A fact (receipt, payment, shipment) is always delivered. A note and an activity are for the staff only.
    """

    SHOPPER = "shopper"
    ANSWER = "answer"
    FACT = "fact"
    PERSON = "person"
    NOTE = "note"
    ACTIVITY = "activity"


OUTGOING = (Kind.ANSWER, Kind.FACT, Kind.PERSON)


class Status(StrEnum):
    """How far a message has come. `received` is everything that is not on its way out: shoppers' messages and notes.

    `unknown`: we died after the bytes may have left, so it may have arrived.
    """

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


SEEN = (Status.SENDING, Status.SENT, Status.DELIVERED, Status.READ, Status.UNKNOWN)
"""An outgoing message in one of these may stand before the shopper's eyes."""

REOPENS_WITHIN = timedelta(minutes=30)
"""So long after its end a conversation goes back to the agent who closed it, when that agent is online."""

MOST_TRIES = 3
"""So often a turn is begun; after that the shopper is told and a person gets the conversation."""

TRY_AGAIN_AFTER = timedelta(seconds=3)
"""From then on a sweep may take work that another process began."""

LONGEST_TEXT = 10_000
"""Characters of one message that a shopper or the staff writes; our own page stops at 4,000."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A person of the staff as conversations know one: the row's id and the name that others see."""

    id: int
    name: str


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's xid8: the number of a transaction, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The name of the type in DDL."""
        return "xid8"


class Conversation(Base):
    """One chat of one shopper on one channel account.

    `last_seq` numbers messages and their changes alike; `heard_seq` is the shopper's last message, `handled_seq` the
    last one that was dealt with. `work_at`: null, or from when a sweep may take the work. `attempts`: turns begun since
    the last one that was closed. `assignee_id` stays when a conversation is closed, for the way back. `in_group`: other
    people read along. `unreachable_at`: since then the platform takes nothing for this chat (the bot was stopped).
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "chat"),
        CheckConstraint("owner IN ('bot', 'waiting', 'human', 'closed')", name="owner_known"),
        CheckConstraint("owner <> 'human' OR assignee_id IS NOT NULL", name="human_has_assignee"),
        CheckConstraint("handled_seq <= heard_seq AND heard_seq <= last_seq", name="seqs_in_order"),
        Index(
            "ix_conversation_work",
            "work_at",
            postgresql_where=text("work_at IS NOT NULL"),
        ),
        Index("ix_conversation_newest", "last_message_at", "id"),
        Index(
            "ix_conversation_attended",
            "owner",
            "last_message_at",
            "id",
            postgresql_where=text("owner IN ('waiting', 'human')"),
        ),
        Index(
            "ix_conversation_assignee",
            "assignee_id",
            "last_message_at",
            "id",
            postgresql_where=text("assignee_id IS NOT NULL"),
        ),
        Index("ix_conversation_customer_id", "customer_id"),
        Index("ix_conversation_in_group", "chat", postgresql_where=text("in_group")),
        {"postgresql_with": {"fillfactor": "70"}},  # room for the hot updates of one row
    )

    id: Mapped[Id]
    channel: Mapped[str]
    chat: Mapped[str]
    customer_id: Mapped[int]
    owner: Mapped[str] = mapped_column(default=Owner.BOT, server_default="bot")
    epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    last_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    heard_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    handled_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    work_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    assignee_id: Mapped[int | None]
    assignee_name: Mapped[str | None]
    frames: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    focus: Mapped[JsonMap] = mapped_column(default=dict, server_default="{}")
    language: Mapped[str]
    waiting_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    handoff: Mapped[JsonMap | None]
    note_for_bot: Mapped[str | None]
    in_group: Mapped[bool] = mapped_column(default=False, server_default="false")
    unreachable_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime]
    preview: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]

    def move_to(self, owner: Owner) -> None:
        """Change the owner. Raises what `check_move` raises."""
        self.check_move(owner)
        self.owner = owner
        self.epoch += 1

    def check_move(self, owner: Owner) -> None:
        """Raises Refused("conversation.move") unless the owner may become this one."""
        if owner not in MOVES[Owner(self.owner)]:
            raise Refused("conversation.move", owner=str(self.owner), to=str(owner))

    @property
    def assignee(self) -> Agent | None:
        """Who has it, or had it when it was closed."""
        if self.assignee_id is None:
            return None
        return Agent(self.assignee_id, self.assignee_name or "")


class Message(Base):
    """Something said, or a line the staff sees. `seq` is its place, `rev` its last change; both count with `last_seq`.

    `body` is the reply or what the shopper sent, as JSON; `text` the same as plain words. `external_id` is what the
    platform calls it. It is unique in its conversation, not in the channel: every update of a platform names its chat,
    and web clients choose their own ids, where a stranger's must neither collide nor lead to another's conversation.
    `lease_until`: when the send under way counts as dead, or from when one that is queued may leave. `edit_due_at`:
    null, or from when the platform is to be told that it has changed; `lease_until` says then how long that is tried.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "rev"),
        Index(
            "uq_message_external",
            "conversation_id",
            "external_id",
            unique=True,
            postgresql_where=text("kind = 'shopper'"),
        ),
        Index(
            "uq_message_client_msg_id",
            "conversation_id",
            "client_msg_id",
            unique=True,
            postgresql_where=text("client_msg_id IS NOT NULL"),
        ),
        Index(
            "ix_message_unsent",
            "conversation_id",
            "seq",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
        Index(
            "ix_message_lease",
            "lease_until",
            postgresql_where=text("status = 'sending'"),
        ),
        Index("ix_message_awaits_photo", "id", postgresql_where=text("body ? 'file'")),
        Index("ix_message_live", "id", postgresql_where=text("body ->> 'live' LIKE 'group:%'")),
        Index(
            "ix_message_edit_due",
            "edit_due_at",
            postgresql_where=text("edit_due_at IS NOT NULL"),
        ),
        CheckConstraint(
            "kind IN ('shopper', 'answer', 'fact', 'person', 'note', 'activity')",
            name="kind_known",
        ),
        CheckConstraint(
            "status IN ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'suppressed',"
            " 'unknown')",
            name="status_known",
        ),
        CheckConstraint(
            "(status = 'received') = (kind IN ('shopper', 'note', 'activity'))",
            name="only_ours_leave",
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int]
    rev: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    body: Mapped[JsonMap]
    text: Mapped[str]
    external_id: Mapped[str | None]
    client_msg_id: Mapped[str | None]
    epoch: Mapped[int]
    answers: Mapped[int | None]
    staff_id: Mapped[int | None]
    staff_name: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    edit_due_at: Mapped[datetime | None]
    trace: Mapped[JsonMap | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class OwnershipEvent(Base):
    """One change of owner, for ever."""

    __tablename__ = "ownership_event"
    __table_args__ = (
        UniqueConstraint("conversation_id", "epoch"),
        CheckConstraint("actor IN ('bot', 'shopper', 'staff', 'shop')", name="actor_known"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    epoch: Mapped[int]
    owner_before: Mapped[str]
    owner_after: Mapped[str]
    actor: Mapped[str]
    staff_id: Mapped[int | None]
    reason: Mapped[str]
    note: Mapped[str | None]
    created_at: Mapped[datetime]


class Event(Base):
    """Tells the staff's screens to read a row again. `xid` is the transaction that wrote it (see `events.py`)."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_xid_id", "xid", "id"), Index("ix_event_at", "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    xid: Mapped[int] = mapped_column(TransactionId(), server_default=text("pg_current_xact_id()"))
    kind: Mapped[str]
    ref: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
