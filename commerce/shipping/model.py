"""Shipments: what leaves the house together, how far it is, and everything a carrier ever said about it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.orders.model import DeliveryMethod
from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonList


class ShipmentState(StrEnum):
    """pending -> picked -> packed -> shipped -> in_transit -> out_for_delivery -> delivered.

    Side ends: cancelled (before it left), exception, lost, returned_to_sender. A pick-up goes from packed (it is ready)
    by shipped to delivered in the moment it is handed over.
    """

    PENDING = "pending"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    EXCEPTION = "exception"
    LOST = "lost"
    RETURNED_TO_SENDER = "returned_to_sender"


_SIDE_ENDS = frozenset({ShipmentState.EXCEPTION, ShipmentState.LOST, ShipmentState.RETURNED_TO_SENDER})
MOVES: dict[ShipmentState, frozenset[ShipmentState]] = {
    ShipmentState.PENDING: frozenset({ShipmentState.PICKED, ShipmentState.CANCELLED}),
    ShipmentState.PICKED: frozenset({ShipmentState.PACKED, ShipmentState.CANCELLED}),
    ShipmentState.PACKED: frozenset({ShipmentState.SHIPPED, ShipmentState.CANCELLED}),
    ShipmentState.SHIPPED: frozenset(
        {ShipmentState.IN_TRANSIT, ShipmentState.OUT_FOR_DELIVERY, ShipmentState.DELIVERED, *_SIDE_ENDS}
    ),
    ShipmentState.IN_TRANSIT: frozenset({ShipmentState.OUT_FOR_DELIVERY, ShipmentState.DELIVERED, *_SIDE_ENDS}),
    ShipmentState.OUT_FOR_DELIVERY: frozenset({ShipmentState.DELIVERED, *_SIDE_ENDS}),
    ShipmentState.EXCEPTION: frozenset(
        {
            ShipmentState.IN_TRANSIT,
            ShipmentState.OUT_FOR_DELIVERY,
            ShipmentState.DELIVERED,
            ShipmentState.LOST,
            ShipmentState.RETURNED_TO_SENDER,
        }
    ),
    ShipmentState.LOST: frozenset({ShipmentState.DELIVERED, ShipmentState.RETURNED_TO_SENDER}),  # it turned up
    ShipmentState.DELIVERED: frozenset(),
    ShipmentState.CANCELLED: frozenset(),
    ShipmentState.RETURNED_TO_SENDER: frozenset(),
}
BEFORE_LEAVING = (ShipmentState.PENDING, ShipmentState.PICKED, ShipmentState.PACKED)
BEING_PACKED = (ShipmentState.PICKED, ShipmentState.PACKED)
ON_THE_ROAD = (
    ShipmentState.SHIPPED,
    ShipmentState.IN_TRANSIT,
    ShipmentState.OUT_FOR_DELIVERY,
    ShipmentState.EXCEPTION,
)
LEFT = (*ON_THE_ROAD, ShipmentState.DELIVERED, ShipmentState.LOST, ShipmentState.RETURNED_TO_SENDER)
"""States of which the pieces have left the stock."""
CONFIRMED = "receipt_confirmed"
"""Among the stages told of a shipment: its owner said that it is there."""
GONE_WRONG = (ShipmentState.LOST, ShipmentState.RETURNED_TO_SENDER)
PROGRESS = (
    ShipmentState.SHIPPED,
    ShipmentState.IN_TRANSIT,
    ShipmentState.OUT_FOR_DELIVERY,
    ShipmentState.DELIVERED,
)
"""The main road in its order: on it a later stage is always believed, an earlier one never again."""


class Resolution(StrEnum):
    """What was done about a parcel that was lost or came back."""

    RESHIPPED = "reshipped"
    REFUNDED = "refunded"


class ProofKind(StrEnum):
    """How we know that a parcel was handed over."""

    PHOTO = "photo"
    NAME = "name"
    CODE = "code"


class Shipment(Base):
    """A parcel, or goods to be picked up, of one order.

    `state_at` is when its state was reached; `tracked_at` the time of the newest tracking event that was believed.
    `told` are the stages the shopper has heard of. `pickup_code_sealed` shows the code to its owner again,
    `pickup_code_index` checks what the staff types; `code_tries` counts wrong ones. `replaces_id`: this one goes out
    for a parcel that was lost or came back, so its pieces are counted there. `written_off`: cash in minor units that
    was to be paid for a parcel given up, and is not asked for any more.
    """

    __tablename__ = "shipment"
    __table_args__ = (
        CheckConstraint("code_tries BETWEEN 0 AND 5", name="code_tries_limited"),
        CheckConstraint(
            "method = 'pickup' OR state NOT IN ('shipped', 'in_transit', 'out_for_delivery') OR tracking_number <> ''",
            name="parcel_has_number",
        ),
        CheckConstraint(
            "written_off = 0 OR written_off > 0 AND resolution = 'refunded'", name="written_off_when_given_up"
        ),
        Index(
            "uq_shipment_replaces",
            "replaces_id",
            unique=True,
            postgresql_where=text("replaces_id IS NOT NULL AND state <> 'cancelled'"),
        ),
        Index("ix_shipment_tracking_number", "tracking_number", postgresql_where=text("tracking_number <> ''")),
        Index(
            "ix_shipment_due",
            "next_event_at",
            postgresql_where=text("state IN ('shipped', 'in_transit', 'out_for_delivery', 'exception')"),
        ),
        Index("ix_shipment_to_send", "location_id", postgresql_where=text("state IN ('pending', 'picked', 'packed')")),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    location_id: Mapped[int | None]
    method: Mapped[DeliveryMethod] = mapped_column(state_type(DeliveryMethod), default=DeliveryMethod.PARCEL)
    state: Mapped[ShipmentState] = mapped_column(state_type(ShipmentState), default=ShipmentState.PENDING)
    carrier: Mapped[str] = mapped_column(String(80), default="")
    tracking_number: Mapped[str] = mapped_column(String(80), default="")
    tracking_url: Mapped[str] = mapped_column(String(500), default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("shipment.id"))
    resolution: Mapped[Resolution | None] = mapped_column(state_type(Resolution))
    written_off: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    told: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    pickup_code_sealed: Mapped[bytes | None]
    pickup_code_index: Mapped[bytes | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    state_at: Mapped[datetime]
    tracked_at: Mapped[datetime | None]
    next_event_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    def move_to(self, state: ShipmentState, *, now: datetime) -> None:
        """Change the state, or raise Refused("shipment.move_refused"). The order's row must be locked."""
        check_move(MOVES, of="shipment", before=self.state, after=state, shipment=self.id)
        self.state, self.state_at = state, now
        if state is ShipmentState.SHIPPED:
            self.shipped_at = now
        elif state is ShipmentState.DELIVERED:
            self.delivered_at = now
        if state not in ON_THE_ROAD:
            self.next_event_at = None


class ShipmentLine(Base):
    """So many pieces of one line of the order."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[Id]
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipment.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    quantity: Mapped[int]


class TrackingEvent(Base):
    """Append-only: what was said about a parcel, each saying once. `at` as the teller dates it, `applied` whether it
    moved the parcel. The text may name a courier and their phone, so it is sealed."""

    __tablename__ = "tracking_event"
    __table_args__ = (UniqueConstraint("shipment_id", "key"),)

    id: Mapped[Id]
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipment.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(24))
    state: Mapped[ShipmentState | None] = mapped_column(state_type(ShipmentState))
    text_sealed: Mapped[bytes]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    applied: Mapped[bool] = mapped_column(default=False)


class DeliveryProof(Base):
    """How we know that a parcel was handed over: a photo (base64), a name, or that the right code was said; sealed."""

    __tablename__ = "delivery_proof"

    id: Mapped[Id]
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipment.id"), index=True)
    kind: Mapped[ProofKind] = mapped_column(state_type(ProofKind))
    by: Mapped[str] = mapped_column(String(20))
    content_sealed: Mapped[bytes]
    at: Mapped[datetime]


def follows(state: ShipmentState, tracked_at: datetime | None, *, said: ShipmentState | None, at: datetime) -> bool:
    """Whether a saying moves a parcel on. On the main road any later stage does, however late it is told; off it and
    back only what is newer than the newest thing believed. So no order of arrival moves a parcel back."""
    if said is None or state in BEFORE_LEAVING or said not in MOVES[state]:
        return False
    if state in PROGRESS and said in PROGRESS:
        return True
    return tracked_at is None or at > tracked_at
