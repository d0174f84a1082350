"""Stock: how many lie there, how many are promised, who holds them, and every movement since the first piece."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import state_type
from foundation.database import Base, Id, JsonMap


class HoldState(StrEnum):
    """held -> committed -> shipped; held or committed -> released; held -> expired."""

    HELD = "held"
    COMMITTED = "committed"
    SHIPPED = "shipped"
    RELEASED = "released"
    EXPIRED = "expired"


class StockLevel(Base):
    """The stock of one variant. Free to promise: `on_hand + backorder - reserved`; the CHECK stands behind each."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand + backorder", name="not_oversold"),
        CheckConstraint("backorder >= 0", name="backorder_not_negative"),
    )

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), unique=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    backorder: Mapped[int] = mapped_column(default=0)


class Hold(Base):
    """A promise of stock: {variant id: pieces} in `lines`. Held ones without an order expire by themselves.

    No foreign key leads to rows that a turn writes: a hold is made in its own transaction while the turn is still open.
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_due", "until", postgresql_where=text("state = 'held' AND order_id IS NULL")),
        Index("ix_hold_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    lines: Mapped[JsonMap]
    until: Mapped[datetime]
    state: Mapped[HoldState] = mapped_column(state_type(HoldState))
    order_id: Mapped[int | None]
    created_at: Mapped[datetime]


class StockMovement(Base):
    """Append-only: pieces that came or went. The sum over a stock level is its `on_hand`."""

    __tablename__ = "stock_movement"

    id: Mapped[Id]
    stock_level_id: Mapped[int] = mapped_column(ForeignKey("stock_level.id", ondelete="CASCADE"), index=True)
    delta: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
