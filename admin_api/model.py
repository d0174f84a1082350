"""Tables of the staff's door: who works here, their sessions and failed sign-ins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.audit import AuditEntry as AuditEntry
from foundation.audit import write_audit as write_audit
from foundation.database import Base, Id


class Role(StrEnum):
    """What a person of the staff is here for. What each may do stands in `roles.py`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MERCHANT = "merchant"
    ADMINISTRATOR = "administrator"


class Staff(Base):
    """A person who works in the shop. `name` is for signing in, lower case; `display_name` is what others see."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("role IN ('agent', 'supervisor', 'merchant', 'administrator')", name="role_known"),
        CheckConstraint("name = lower(name)", name="name_lower"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    display_name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    language: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class StaffSession(Base):
    """A signed-in browser. The token itself is only in its cookie; here is its SHA-256."""

    __tablename__ = "staff_session"
    __table_args__ = (UniqueConstraint("digest"), Index(None, "staff_id"), Index(None, "expires_at"))

    id: Mapped[Id]
    digest: Mapped[bytes]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """How often a sign-in was tried in vain, by name and by address. Both are kept as blind indexes only.

    An attempt is counted before the password is looked at and taken back when it was right, so that many guesses at
    the same moment are all counted.
    """

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        CheckConstraint("kind IN ('name', 'address')", name="kind_known"),
        CheckConstraint("failures >= 0", name="failures_counted"),
        Index(None, "last_at"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]


class UnsentText(Base):
    """What a person has typed for a conversation and not sent yet; `mode` is reply or note."""

    __tablename__ = "unsent_text"
    __table_args__ = (
        CheckConstraint("mode IN ('reply', 'note')", name="mode_known"),
        Index(None, "conversation_id"),
    )

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    at: Mapped[datetime]
