"""Points: an account a customer, and every change of it since the first point."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import state_type
from foundation.database import Base, Id

MOST_POINTS = 10**9
"""That one change may be about."""


class EntryKind(StrEnum):
    """Why points came, went, or became available."""

    EARNED = "earned"
    RELEASED = "released"
    SPENT = "spent"
    GIVEN_BACK = "given_back"
    REVERSED = "reversed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


class PointsAccount(Base):
    """What a customer may spend, and what becomes available when the orders that earned it are completed.

    `next_expiry`: when the sweep must look whether points that were not spent have ended.
    """

    __tablename__ = "points_account"
    __table_args__ = (
        CheckConstraint("available >= 0", name="available_not_negative"),
        CheckConstraint("pending >= 0", name="pending_not_negative"),
        Index("ix_points_account_due", "next_expiry", postgresql_where=text("next_expiry IS NOT NULL")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    available: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    next_expiry: Mapped[datetime | None]


class PointsEntry(Base):
    """Append-only: the sums of `available` and `pending` over a customer are their account.

    `reference` says the business fact ("order:12"); one kind of entry is made for it once. `expires_at`: when the
    points that came with it end, none for never.
    """

    __tablename__ = "points_entry"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint("available <> 0 OR pending <> 0", name="changes_something"),
        Index(None, "customer_id", "id"),
        Index("ix_points_entry_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_points_entry_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("points_account.customer_id"))
    kind: Mapped[EntryKind] = mapped_column(state_type(EntryKind))
    reference: Mapped[str] = mapped_column(String(200))
    available: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    order_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PointsPolicy(Base):
    """The one row that says how long points last; without it, and with none, they last for ever."""

    __tablename__ = "points_policy"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("valid_days IS NULL OR valid_days BETWEEN 1 AND 36500", name="valid_days_within_limits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_days: Mapped[int | None]
    updated_at: Mapped[datetime]
