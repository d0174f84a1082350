"""Stock: how many lie there, how many are promised, who holds them, and every movement since the first piece."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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


class Location(Base):
    """A place where goods lie. One that is not `active` holds nothing: no level there has a piece or a promise.

    `name` and `address` are {"zh", "en"}; the address is what shoppers are told who fetch their goods (`is_pickup`).
    `region` is {"country", "province", "city"} where known. `parcel_cost`: what sending one parcel from here costs the
    shop, in minor units of its currency; the cheapest location goes first, then the one with the lowest `position`.
    """

    __tablename__ = "location"
    __table_args__ = (CheckConstraint("parcel_cost >= 0", name="parcel_cost_not_negative"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[JsonMap]
    address: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    region: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    position: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    parcel_cost: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    is_pickup: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class StockLevel(Base):
    """The stock of one variant at one location. Free to promise: `on_hand + backorder - reserved`.

    A CHECK stands behind each number. What the shop has of a variant is the sum over its levels.
    """

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand + backorder", name="not_oversold"),
        CheckConstraint("backorder >= 0", name="backorder_not_negative"),
        UniqueConstraint("variant_id", "location_id"),
    )

    id: Mapped[Id]
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    backorder: Mapped[int] = mapped_column(default=0)


class Allotment(Base):
    """So many places, such as the seats of a group or the quota of a sale: held until paid for, then used.

    Free to take: `capacity - held - used`, while it is open and its window is (a bound that is None is none). One with
    a stock level brings its pieces: while it is open, what nobody took of it counts as reserved there.
    """

    __tablename__ = "allotment"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held_not_negative"),
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("held + used <= capacity", name="not_over_full"),
    )

    id: Mapped[Id]
    capacity: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    is_open: Mapped[bool]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    stock_level_id: Mapped[int | None] = mapped_column(ForeignKey("stock_level.id"), index=True)


class Hold(Base):
    """A promise of stock: {variant id: pieces} in `lines`, {stock level id: pieces} in `levels`, the same pieces.

    With them go the places of `allotments` ({allotment id: places}): held while this is held, used once it is
    committed, also when it was shipped. Held ones without an order expire by themselves. A part of an order's hold that
    is shipped or given back becomes a row of its own. No foreign key leads to rows that a turn writes: a hold is made
    in its own transaction while the turn is still open.
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_due", "until", postgresql_where=text("state = 'held' AND order_id IS NULL")),
        Index("ix_hold_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    lines: Mapped[JsonMap]
    levels: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    allotments: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
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
