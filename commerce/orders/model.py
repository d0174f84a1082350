"""Orders: a small status of their own; payment and fulfilment states are derived from the ledger and the shipments."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonList, JsonMap
from foundation.money import Money, part_of


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
    STRIPE = "stripe"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    TELEGRAM = "telegram"
    STARS = "stars"
    TRANSFER = "transfer"
    CREDIT = "credit"
    """Store credit or a gift card covers all of it, or there is nothing to pay."""


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
    PARTIAL = "partial"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    PART_RETURNED = "part_returned"
    RETURNED = "returned"


class DeliveryMethod(StrEnum):
    """How the goods reach the shopper."""

    PARCEL = "parcel"
    PICKUP = "pickup"


class ChangeKind(StrEnum):
    """What a proposal changes."""

    ITEMS = "items"
    CANCEL_ITEMS = "cancel_items"
    CANCEL = "cancel"
    ADDRESS = "address"
    PAYMENT = "payment"


class ChangeState(StrEnum):
    """proposed -> awaiting_payment -> applied; or applied at once, declined, expired."""

    PROPOSED = "proposed"
    AWAITING_PAYMENT = "awaiting_payment"
    APPLIED = "applied"
    DECLINED = "declined"
    EXPIRED = "expired"


CHANGE_MOVES: dict[ChangeState, frozenset[ChangeState]] = {
    ChangeState.PROPOSED: frozenset(
        {ChangeState.AWAITING_PAYMENT, ChangeState.APPLIED, ChangeState.DECLINED, ChangeState.EXPIRED}
    ),
    ChangeState.AWAITING_PAYMENT: frozenset({ChangeState.APPLIED, ChangeState.DECLINED, ChangeState.EXPIRED}),
    ChangeState.APPLIED: frozenset(),
    ChangeState.DECLINED: frozenset(),
    ChangeState.EXPIRED: frozenset(),
}


MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.DRAFT: frozenset({OrderStatus.PENDING, OrderStatus.PLACED, OrderStatus.CANCELLED}),
    OrderStatus.PENDING: frozenset({OrderStatus.PLACED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}),
    OrderStatus.PLACED: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.EXPIRED: frozenset({OrderStatus.PLACED}),  # a late payment whose goods are still there
}


class Order(Base):
    """One cart made final: prices, texts and address as they were at that moment. The address is sealed JSON.

    Amounts are what is owed now, without what was cancelled: `goods_amount` before discounts, `discount_amount` of the
    goods, `shipping_amount` after discounts, `tax_amount` all tax, `tax_added` that part of it that prices do not
    include. `trace` keeps how the price came about (commerce.pricing). `shipping_label` {"zh", "en"} is the way it is
    sent that was chosen, `points_earned` what the order earns once it is completed.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total_not_negative"),
        CheckConstraint("discount_amount BETWEEN 0 AND goods_amount", name="discount_within_goods"),
        CheckConstraint("shipping_amount >= 0 AND tax_added >= 0", name="charges_not_negative"),
        CheckConstraint(
            "total_amount = goods_amount - discount_amount + shipping_amount + tax_added", name="total_adds_up"
        ),
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
    delivery_method: Mapped[DeliveryMethod] = mapped_column(state_type(DeliveryMethod), default=DeliveryMethod.PARCEL)
    pickup_location_id: Mapped[int | None]
    goods_amount: Mapped[int] = mapped_column(default=0)
    discount_amount: Mapped[int] = mapped_column(default=0)
    shipping_amount: Mapped[int] = mapped_column(default=0)
    tax_amount: Mapped[int] = mapped_column(default=0)
    tax_added: Mapped[int] = mapped_column(default=0)
    total_amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    trace: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    points_spent: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    points_earned: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    shipping_label: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    address_sealed: Mapped[bytes]
    phone_last4_index: Mapped[bytes] = mapped_column(index=True)
    hold_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
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


@dataclass(frozen=True, slots=True)
class Part:
    """What some pieces of a line carry, in minor units. `tax` is all tax, `tax_added` what prices do not include."""

    goods: int
    discount: int
    tax: int
    tax_added: int

    @property
    def total(self) -> int:
        """What was paid, or is to be paid, for them."""
        return self.goods - self.discount + self.tax_added


class OrderLine(Base):
    """One line as it was sold. The picture is only shown, so a plain media id is enough.

    `unit_amount` is what one piece costs before discounts, `discount_amount`, `tax_amount` and `total_amount` are for
    all pieces. Pieces leave by counters that only grow; their money is `next_part`.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("discount_amount BETWEEN 0 AND unit_amount * quantity", name="discount_within_line"),
        CheckConstraint("total_amount = unit_amount * quantity - discount_amount + tax_added", name="total_adds_up"),
        CheckConstraint(
            'cancelled >= 0 AND shipped >= 0 AND returned >= 0 AND "returning" >= 0', name="counters_not_negative"
        ),
        CheckConstraint("cancelled + shipped <= quantity", name="pieces_within_quantity"),
        CheckConstraint('returned + "returning" <= shipped', name="returned_within_shipped"),
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
    tax_added: Mapped[int] = mapped_column(default=0)
    tax_ppm: Mapped[int] = mapped_column(default=0)
    total_amount: Mapped[int]
    is_gift: Mapped[bool] = mapped_column(default=False)
    cancelled: Mapped[int] = mapped_column(default=0)
    shipped: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    returning: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Pieces of returns that are still open: they become `returned`, or stay with the shopper."""
    change_id: Mapped[int | None] = mapped_column(ForeignKey("order_change.id"), index=True)

    @property
    def open(self) -> int:
        """Pieces still to be sent."""
        return self.quantity - self.cancelled - self.shipped

    def next_part(self, count: int, *, gone: int | None = None) -> Part:
        """The money of the next `count` pieces that leave, after `gone` (so far: the cancelled and returned ones).

        Each amount goes by `part_of`, so that all pieces together carry exactly what the line does.
        """
        before = self.cancelled + self.returned if gone is None else gone
        discount, tax, tax_added = (
            part_of(amount, self.quantity, before=before, count=count)
            for amount in (self.discount_amount, self.tax_amount, self.tax_added)
        )
        return Part(self.unit_amount * count, discount, tax, tax_added)


class OrderAdjustment(Base):
    """Why a line, or the shipping where `line_id` is null, costs less: the share of one promotion, coupon or points.

    `kind`: promotion, gift, coupon, points, shipping. `source_id` is the row it came from, `label` {"zh", "en"}.
    """

    __tablename__ = "order_adjustment"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount_not_negative"),)

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[int | None]
    label: Mapped[JsonMap]
    amount: Mapped[int]


class OrderChange(Base):
    """A proposal to change an order: what, and what it does to the money, for the one who pays to confirm.

    `actions` is a list of typed steps, `preview` the money before and after in minor units. It was computed for
    `order_version`: when the order moved on, it must be proposed again.
    """

    __tablename__ = "order_change"
    __table_args__ = (
        Index(
            "uq_order_change_open",
            "order_id",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'awaiting_payment')"),
        ),
        Index("ix_order_change_due", "expires_at", postgresql_where=text("state IN ('proposed', 'awaiting_payment')")),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(state_type(ChangeKind))
    state: Mapped[ChangeState] = mapped_column(state_type(ChangeState), default=ChangeState.PROPOSED)
    proposed_by: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500), default="")
    actions: Mapped[JsonList]
    preview: Mapped[JsonMap]
    order_version: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    def move_to(self, state: ChangeState, *, now: datetime) -> None:
        """Change the state, or raise Refused("change.move_refused"). The order's row must be locked."""
        check_move(CHANGE_MOVES, of="change", before=self.state, after=state, change=self.id)
        self.state = state
        self.decided_at = now


class RefundAskState(StrEnum):
    """waiting -> given | refused; given at once when it is within the limit of who asks."""

    WAITING = "waiting"
    GIVEN = "given"
    REFUSED = "refused"


class RefundAsk(Base):
    """Money that a person of the staff wants to give back. Above their limit it waits for somebody who may.

    `asked_by` and `decided_by` are rows of the staff's door, so they are no keys. `key` is the asker's own, so that a
    form sent twice asks once.
    """

    __tablename__ = "refund_ask"
    __table_args__ = (
        UniqueConstraint("order_id", "key"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_refund_ask_waiting", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    key: Mapped[str] = mapped_column(String(60))
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    to_credit: Mapped[bool] = mapped_column(default=False)
    state: Mapped[RefundAskState] = mapped_column(state_type(RefundAskState), default=RefundAskState.WAITING)
    asked_by: Mapped[int]
    decided_by: Mapped[int | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class OrderPolicy(Base):
    """The one row of what this shop allows with orders (commerce.orders.policy); without it the defaults hold."""

    __tablename__ = "order_policy"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rules: Mapped[JsonMap]


class OrderEvent(Base):
    """Append-only: what happened to an order and who did it (shopper, staff, system)."""

    __tablename__ = "order_event"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(20))
    facts: Mapped[JsonMap]
    at: Mapped[datetime]


def payment_state(*, total: int, captured: int, refunded: int, forgiven: int = 0) -> PaymentState:
    """What the ledger says about an order, in minor units of its currency. `forgiven` is not owed (again)."""
    if captured == 0:
        return PaymentState.UNPAID if total else PaymentState.PAID
    if refunded >= captured:
        return PaymentState.REFUNDED
    if captured - refunded > total:
        return PaymentState.OVERPAID
    if captured - refunded == total or (not refunded and captured + forgiven >= total):
        return PaymentState.PAID
    return PaymentState.PART_REFUNDED if refunded else PaymentState.PART_PAID


def fulfilment_state(*, to_send: int, shipped: int, returned: int, is_delivered: bool) -> FulfilmentState:
    """How far the goods are: pieces still to be sent, sent, and come back, of all lines together."""
    if shipped == 0:
        return FulfilmentState.NONE
    if returned:
        return FulfilmentState.RETURNED if returned == shipped and not to_send else FulfilmentState.PART_RETURNED
    if to_send:
        return FulfilmentState.PARTIAL
    return FulfilmentState.DELIVERED if is_delivered else FulfilmentState.SHIPPED
