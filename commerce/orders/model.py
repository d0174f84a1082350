"""Orders: a small status of their own; payment and fulfilment states are derived from the ledger and the shipments."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap
from foundation.money import Money


class OrderStatus(StrEnum):
    """draft -> pending -> placed -> completed; side exits cancelled and expired."""

    DRAFT = "draft"
    PENDING = "pending"
    PLACED = "placed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class HoldReason(StrEnum):
    """Why a placed order must not be sent yet."""

    GROUP_OPEN = "group_open"
    STOCK_SHORTFALL = "stock_shortfall"
    COD_CONFIRM = "cod_confirm"
    REVIEW = "review"


class PaymentMethod(StrEnum):
    """How the shopper pays; also the name of the payment provider."""

    COD = "cod"
    SIMULATOR = "simulator"


class PaymentState(StrEnum):
    """Derived from the ledger, never stored."""

    UNPAID = "unpaid"
    PART_PAID = "part_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class FulfilmentState(StrEnum):
    """Derived from the shipments, never stored."""

    NONE = "none"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.DRAFT: frozenset({OrderStatus.PENDING, OrderStatus.PLACED, OrderStatus.CANCELLED}),
    OrderStatus.PENDING: frozenset({OrderStatus.PLACED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}),
    OrderStatus.PLACED: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.EXPIRED: frozenset({OrderStatus.PLACED}),  # a late payment whose goods are still there
}


class Order(Base):
    """One cart made final: prices, texts and address as they were at that moment. The address is sealed JSON."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total_not_negative"),
        Index("ix_orders_unpaid", "hold_until", postgresql_where=text("status = 'pending'")),
        Index(None, "customer_id", "id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(9), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"), unique=True)
    status: Mapped[OrderStatus] = mapped_column(state_type(OrderStatus))
    hold_reason: Mapped[HoldReason | None] = mapped_column(state_type(HoldReason))
    payment_method: Mapped[PaymentMethod] = mapped_column(state_type(PaymentMethod))
    language: Mapped[str] = mapped_column(String(8))
    total_amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    address_sealed: Mapped[bytes]
    phone_last4_index: Mapped[bytes] = mapped_column(index=True)
    hold_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def total(self) -> Money:
        """What the shopper pays for everything."""
        return Money(self.total_amount, self.currency)

    def move_to(self, status: OrderStatus, *, now: datetime) -> None:
        """Change the status, or raise Refused("order.move_refused"). The row must be locked."""
        check_move(MOVES, of="order", before=self.status, after=status, number=self.number)
        self.status = status
        self.version += 1
        if status is OrderStatus.PLACED:
            self.placed_at = now
            self.ended_at = None
            self.hold_until = None
        elif not MOVES[status] or status is OrderStatus.EXPIRED:
            self.ended_at = now


class OrderLine(Base):
    """One line as it was sold. The picture is only shown, so a plain media id is enough."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("discount_amount BETWEEN 0 AND unit_amount * quantity", name="discount_within_line"),
        CheckConstraint("total_amount = unit_amount * quantity - discount_amount", name="total_adds_up"),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    position: Mapped[int]
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), index=True)
    title: Mapped[str]
    label: Mapped[str]
    picture: Mapped[int | None]
    quantity: Mapped[int]
    unit_amount: Mapped[int]
    discount_amount: Mapped[int] = mapped_column(default=0)
    tax_amount: Mapped[int] = mapped_column(default=0)
    total_amount: Mapped[int]


class OrderEvent(Base):
    """Append-only: what happened to an order and who did it (shopper, staff, system)."""

    __tablename__ = "order_event"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(20))
    facts: Mapped[JsonMap]
    at: Mapped[datetime]


class Shipment(Base):
    """The one parcel of an order."""

    __tablename__ = "shipment"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    carrier: Mapped[str] = mapped_column(String(80))
    tracking_number: Mapped[str] = mapped_column(String(80))
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


def payment_state(*, total: int, captured: int, refunded: int) -> PaymentState:
    """What the ledger says about an order, in minor units of its currency."""
    if captured == 0:
        return PaymentState.UNPAID if total else PaymentState.PAID
    if refunded >= captured:
        return PaymentState.REFUNDED
    if captured - refunded > total:
        return PaymentState.OVERPAID
    if captured - refunded == total:
        return PaymentState.PAID
    return PaymentState.PART_REFUNDED if refunded else PaymentState.PART_PAID


def fulfilment_state(shipment: Shipment | None) -> FulfilmentState:
    """How far the goods are."""
    if shipment is None:
        return FulfilmentState.NONE
    return FulfilmentState.DELIVERED if shipment.delivered_at else FulfilmentState.SHIPPED
