"""Orders as shoppers and staff see them, and the one guarded way to an order of a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import AddressText, masked
from commerce.orders.covering import forgiven_of
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    DeliveryMethod,
    FulfilmentState,
    HoldReason,
    Order,
    OrderAdjustment,
    OrderChange,
    OrderEvent,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentState,
    fulfilment_state,
    payment_state,
)
from commerce.orders.number import spelled
from commerce.orders.snapshot import open_address
from commerce.payments.model import Intent, Payment
from commerce.shipping.model import LEFT, Shipment
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.money import Money

# Asked for in nearly every turn about an order, so built once.
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_THEIRS = (
    select(Order)
    .where(Order.customer_id == bindparam("customer_id"), Order.status != OrderStatus.DRAFT)
    .order_by(Order.id.desc())
    .limit(bindparam("most"))
)
_LINES = select(OrderLine).where(OrderLine.order_id.in_(_IDS)).order_by(OrderLine.order_id, OrderLine.position)
_SUMS = (
    select(Payment.order_id, func.sum(Payment.captured), func.sum(Payment.refunded), func.sum(Payment.refund_pending))
    .where(Payment.order_id.in_(_IDS))
    .group_by(Payment.order_id)
)
_PARCELS = (
    select(Shipment)
    .where(Shipment.order_id.in_(_IDS), Shipment.state.in_(LEFT), Shipment.tracking_number != "")
    .order_by(Shipment.id)
)
_PAYABLE = select(Intent).where(Intent.order_id.in_(_IDS), Intent.can_be_paid())
_OPEN_CHANGES = select(OrderChange).where(
    OrderChange.order_id.in_(_IDS), OrderChange.state.in_((ChangeState.PROPOSED, ChangeState.AWAITING_PAYMENT))
)


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """A line as it was sold; `open` pieces are still to be sent."""

    line_id: int
    variant_id: int
    title: str
    label: str
    quantity: int
    unit: Money
    discount: Money
    total: Money
    picture: int | None
    is_gift: bool = False
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0

    @property
    def open(self) -> int:
        """Pieces still to be sent."""
        return self.quantity - self.cancelled - self.shipped


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A proposal that waits for its yes, or for its money. `preview` has the money before and after."""

    change_id: int
    kind: ChangeKind
    state: ChangeState
    proposed_by: str
    reason: str
    actions: list[JsonMap]
    preview: JsonMap
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ShareView:
    """How much less an order costs for one reason, over all its lines as they were sold. `label` {"zh", "en"}."""

    kind: str
    label: JsonMap
    amount: Money


@dataclass(frozen=True, slots=True)
class TrackingView:
    """Who carries the parcel, and its number there."""

    carrier: str
    number: str
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with all that is derived. `address_line` is masked.

    `intent_id` is what the shopper can pay now: `to_pay` by `pay_provider`, for the order or for `change`.
    """

    order_id: int
    number: str
    customer_id: int
    status: OrderStatus
    hold_reason: HoldReason | None
    payment_method: PaymentMethod
    payment_state: PaymentState
    fulfilment_state: FulfilmentState
    lines: tuple[OrderLineView, ...]
    total: Money
    captured: Money
    refunded: Money
    tracking: TrackingView | None
    created_at: datetime
    placed_at: datetime | None
    hold_until: datetime | None
    address_line: str
    intent_id: int | None
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_added: Money
    going_back: Money
    to_pay: Money
    pay_provider: str | None
    delivery_method: DeliveryMethod
    change: ChangeView | None
    version: int
    forgiven: Money

    @property
    def owed(self) -> Money:
        """What has still to be paid of the total; what was given back for good is `forgiven`."""
        kept = self.captured.amount - self.refunded.amount - self.going_back.amount
        return Money(max(self.total.amount - kept - self.forgiven.amount, 0), self.total.currency)

    @property
    def is_sent(self) -> bool:
        """Whether anything has left the house."""
        return any(line.shipped for line in self.lines)


@dataclass(frozen=True, slots=True)
class OrderEventView:
    """What happened, who did it ("shopper", "staff", "system"), when."""

    kind: str
    by: str
    facts: dict[str, object]
    at: datetime


async def order_of(session: AsyncSession, *, number: str, customer_id: int) -> Order:
    """The order of this number if it is this customer's; else Refused("order.unknown"), whether it exists or not."""
    order = await session.scalar(select(Order).where(Order.number == spelled(number), Order.customer_id == customer_id))
    if order is None:
        raise Refused("order.unknown", number=number[:20])
    return order


async def orders_of(session: AsyncSession, *, customer_id: int, limit: int = 10) -> Sequence[Order]:
    """The latest orders of a customer, newest first."""
    return (await session.scalars(_THEIRS, {"customer_id": customer_id, "most": limit})).all()


async def order_view(session: AsyncSession, order: int | str) -> OrderView:
    """The order of this id (int) or number (str). Raises Refused("order.unknown"). For staff, or after `order_of`."""
    which = Order.id == order if isinstance(order, int) else Order.number == spelled(order)
    views = await _views(session, which, limit=1)
    if not views:
        raise Refused("order.unknown", number=str(order)[:20])
    return views[0]


async def order_views(session: AsyncSession, *, customer_id: int, limit: int = 10) -> list[OrderView]:
    """The latest orders of a customer, newest first."""
    wanted = (Order.customer_id == customer_id) & (Order.status != OrderStatus.DRAFT)
    return await _views(session, wanted, limit=limit)


async def recent_orders(
    session: AsyncSession, *, before_id: int | None = None, status: OrderStatus | None = None, limit: int = 50
) -> list[OrderView]:
    """All orders, newest first, for staff; the next page starts `before_id` of the last one shown."""
    wanted: ColumnElement[bool] = Order.id < before_id if before_id is not None else Order.id > 0
    return await _views(session, wanted if status is None else wanted & (Order.status == status), limit=limit)


async def order_address(session: AsyncSession, *, order_id: int) -> AddressText:
    """The opened address of an order, for those who pack it."""
    order = await session.get(Order, order_id)
    if order is None:
        raise Refused("order.unknown", number=str(order_id))
    return open_address(session, order)


async def order_events(session: AsyncSession, *, order_id: int) -> list[OrderEventView]:
    """The history of an order, oldest first."""
    found = select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
    return [OrderEventView(event.kind, event.by, event.facts, event.at) for event in await session.scalars(found)]


async def order_shares(session: AsyncSession, *, order_id: int) -> list[ShareView]:
    """Why an order costs less than its goods: each promotion, coupon and the points, largest first."""
    order = await session.get_one(Order, order_id)
    sums = (
        select(OrderAdjustment.kind, OrderAdjustment.label, func.sum(OrderAdjustment.amount).label("amount"))
        .where(OrderAdjustment.order_id == order_id)
        .group_by(OrderAdjustment.kind, OrderAdjustment.source_id, OrderAdjustment.label)
        .order_by(func.sum(OrderAdjustment.amount).desc())
    )
    return [
        ShareView(kind, label, Money(int(amount), order.currency))
        for kind, label, amount in await session.execute(sums)
    ]


async def _views(session: AsyncSession, which: ColumnElement[bool], *, limit: int) -> list[OrderView]:
    orders = (await session.scalars(select(Order).where(which).order_by(Order.id.desc()).limit(limit))).all()
    ids = [order.id for order in orders]
    of_these = {"ids": ids}
    lines: dict[int, list[OrderLineView]] = {}
    for line in await session.scalars(_LINES, of_these):
        currency = next(order.currency for order in orders if order.id == line.order_id)
        lines.setdefault(line.order_id, []).append(_line_view(line, currency))
    money = await _sums(session, ids)
    parcels = {parcel.order_id: parcel for parcel in await session.scalars(_PARCELS, of_these)}
    payable = {intent.order_id: intent for intent in await session.scalars(_PAYABLE, of_these)}
    changes = {change.order_id: change_view(change) for change in await session.scalars(_OPEN_CHANGES, of_these)}
    gave_back = {order_id for order_id, sums in money.items() if sums[1] or sums[2]}
    gave_back |= {order.id for order in orders if order.payment_method is PaymentMethod.COD}
    forgiven = await forgiven_of(session, gave_back) if gave_back else {}
    return [
        _view(
            session,
            order,
            tuple(lines.get(order.id, ())),
            money.get(order.id, (0, 0, 0)),
            parcels.get(order.id),
            payable.get(order.id),
            changes.get(order.id),
            forgiven.get(order.id, 0),
        )
        for order in orders
    ]


async def _sums(session: AsyncSession, ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """{order id: (captured, refunded, on its way back)} in minor units."""
    found = await session.execute(_SUMS, {"ids": ids})
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in found}


def change_view(change: OrderChange) -> ChangeView:
    """A proposal as its order shows it."""
    return ChangeView(
        change.id,
        change.kind,
        change.state,
        change.proposed_by,
        change.reason,
        change.actions,
        change.preview,
        change.expires_at,
    )


def _view(
    session: AsyncSession,
    order: Order,
    lines: tuple[OrderLineView, ...],
    money: tuple[int, int, int],
    parcel: Shipment | None,
    intent: Intent | None,
    change: ChangeView | None,
    forgiven: int,
) -> OrderView:
    captured, refunded, going_back = money
    currency = order.currency
    may_pay = order.status is OrderStatus.PENDING or (
        change is not None and intent is not None and intent.change_id == change.change_id
    )
    paying = intent if may_pay else None
    return OrderView(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        status=order.status,
        hold_reason=order.hold_reason,
        payment_method=order.payment_method,
        payment_state=payment_state(total=order.total_amount, captured=captured, refunded=refunded, forgiven=forgiven),
        fulfilment_state=_fulfilment(order, lines),
        lines=lines,
        total=order.total,
        captured=Money(captured, currency),
        refunded=Money(refunded, currency),
        tracking=_tracking(parcel),
        created_at=order.created_at,
        placed_at=order.placed_at,
        hold_until=order.hold_until,
        address_line=masked(open_address(session, order)),
        intent_id=paying.id if paying else None,
        goods=Money(order.goods_amount, currency),
        discount=Money(order.discount_amount, currency),
        shipping=Money(order.shipping_amount, currency),
        tax=Money(order.tax_amount, currency),
        tax_added=Money(order.tax_added, currency),
        going_back=Money(going_back, currency),
        to_pay=Money(paying.amount if paying else 0, currency),
        pay_provider=paying.provider if paying else None,
        delivery_method=order.delivery_method,
        change=change,
        version=order.version,
        forgiven=Money(forgiven, currency),
    )


def _tracking(parcel: Shipment | None) -> TrackingView | None:
    """The parcel that left last."""
    if parcel is None or parcel.shipped_at is None:
        return None
    return TrackingView(parcel.carrier, parcel.tracking_number, parcel.shipped_at)


def _fulfilment(order: Order, lines: Sequence[OrderLineView]) -> FulfilmentState:
    return fulfilment_state(
        to_send=sum(line.open for line in lines),
        shipped=sum(line.shipped for line in lines),
        returned=sum(line.returned for line in lines),
        is_delivered=order.delivered_at is not None,
    )


def _line_view(line: OrderLine, currency: str) -> OrderLineView:
    return OrderLineView(
        line_id=line.id,
        variant_id=line.variant_id,
        title=line.title,
        label=line.label,
        quantity=line.quantity,
        unit=Money(line.unit_amount, currency),
        discount=Money(line.discount_amount, currency),
        total=Money(line.total_amount, currency),
        picture=line.picture,
        is_gift=line.is_gift,
        cancelled=line.cancelled,
        shipped=line.shipped,
        returned=line.returned,
    )
