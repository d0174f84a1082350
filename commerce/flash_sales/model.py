"""Flash sales: a few pieces of some goods at a low price, from one moment to another, for as long as they last."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap

MOST_EACH = 99
"""Pieces of an item that a sale may let one customer have."""


class SaleState(StrEnum):
    """draft -> scheduled -> running -> ended; a scheduled one may become a draft again, or be ended before it began."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    ENDED = "ended"


MOVES: dict[SaleState, frozenset[SaleState]] = {
    SaleState.DRAFT: frozenset({SaleState.SCHEDULED}),
    SaleState.SCHEDULED: frozenset({SaleState.DRAFT, SaleState.RUNNING, SaleState.ENDED}),
    SaleState.RUNNING: frozenset({SaleState.ENDED}),
    SaleState.ENDED: frozenset(),
}
PLANNED = (SaleState.SCHEDULED, SaleState.RUNNING)
"""States in which the pieces of a sale are kept for it. Whether it is on, the clock alone says."""


class FlashSale(Base):
    """One session of selling, on from `starts_at` until just before `ends_at`. `version` counts the staff's edits."""

    __tablename__ = "flash_sale"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="window_not_empty"),
        Index("ix_flash_sale_planned", "starts_at", postgresql_where=text("state IN ('scheduled', 'running')")),
    )

    id: Mapped[Id]
    name: Mapped[JsonMap]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[SaleState] = mapped_column(state_type(SaleState), default=SaleState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def move_to(self, state: SaleState, *, now: datetime) -> None:
        """Change the state, or raise Refused("flash.move_refused"). The row must be locked."""
        check_move(MOVES, of="flash", before=self.state, after=state, sale=self.id)
        self.state = state
        self.version += 1
        self.updated_at = now


class FlashItem(Base):
    """What a sale sells: so many `pieces` of a variant at `amount`, minor units of the variant's currency.

    `quota_id` is the allotment that holds them, once the sale was scheduled; from then on it says how many there are.
    `location_id` null: from the first location that has them all.
    """

    __tablename__ = "flash_item"
    __table_args__ = (
        UniqueConstraint("sale_id", "variant_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("pieces > 0", name="pieces_positive"),
        CheckConstraint(f"max_per_customer BETWEEN 1 AND {MOST_EACH}", name="per_customer_within_limits"),
    )

    id: Mapped[Id]
    sale_id: Mapped[int] = mapped_column(ForeignKey("flash_sale.id", ondelete="CASCADE"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), index=True)
    amount: Mapped[int]
    pieces: Mapped[int]
    max_per_customer: Mapped[int] = mapped_column(default=1)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    quota_id: Mapped[int | None] = mapped_column(ForeignKey("allotment.id"), unique=True)


class FlashClaim(Base):
    """One piece that a customer's order takes of an item. The limit for each is the number of rows there can be."""

    __tablename__ = "flash_claim"
    __table_args__ = (
        UniqueConstraint("item_id", "customer_id", "seq"),
        CheckConstraint("seq BETWEEN 1 AND most", name="seq_within_most"),
    )

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(ForeignKey("flash_item.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    seq: Mapped[int]
    most: Mapped[int]
    order_id: Mapped[int] = mapped_column(index=True)


class FlashReminder(Base):
    """That a customer asked to be told before a sale begins; told once, then the row is gone."""

    __tablename__ = "flash_reminder"

    sale_id: Mapped[int] = mapped_column(ForeignKey("flash_sale.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]
