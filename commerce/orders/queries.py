"""Orders as shoppers and staff see them, and the one guarded way to an order of a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import AddressText, masked
from commerce.orders.model import (
    FulfilmentState,
    HoldReason,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentState,
    Shipment,
    fulfilment_state,
    payment_state,
)
from commerce.orders.number import spelled
from commerce.orders.snapshot import open_address
from commerce.payments.model import Intent, Payment
from foundation.errors import Refused
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """A line as it was sold."""

    variant_id: int
    title: str
    label: str
    quantity: int
    unit: Money
    discount: Money
    total: Money
    picture: int | None


@dataclass(frozen=True, slots=True)
class TrackingView:
    """Who carries the parcel, and its number there."""

    carrier: str
    number: str
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with all that is derived. `address_line` is masked; `intent_id` is what can still be paid."""

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
    found = select(Order).where(Order.customer_id == customer_id).order_by(Order.id.desc()).limit(limit)
    return (await session.scalars(found)).all()


async def order_view(session: AsyncSession, order: int | str) -> OrderView:
    """The order of this id (int) or number (str). Raises Refused("order.unknown"). For staff, or after `order_of`."""
    which = Order.id == order if isinstance(order, int) else Order.number == spelled(order)
    views = await _views(session, which, limit=1)
    if not views:
        raise Refused("order.unknown", number=str(order)[:20])
    return views[0]


async def order_views(session: AsyncSession, *, customer_id: int, limit: int = 10) -> list[OrderView]:
    """The latest orders of a customer, newest first."""
    return await _views(session, Order.customer_id == customer_id, limit=limit)


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


async def _views(session: AsyncSession, which: ColumnElement[bool], *, limit: int) -> list[OrderView]:
    orders = (await session.scalars(select(Order).where(which).order_by(Order.id.desc()).limit(limit))).all()
    ids = [order.id for order in orders]
    lines: dict[int, list[OrderLineView]] = {}
    for line in await session.scalars(
        select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.order_id, OrderLine.position)
    ):
        currency = next(order.currency for order in orders if order.id == line.order_id)
        lines.setdefault(line.order_id, []).append(_line_view(line, currency))
    sums = (
        select(Payment.order_id, func.sum(Payment.captured), func.sum(Payment.refunded))
        .where(Payment.order_id.in_(ids))
        .group_by(Payment.order_id)
    )
    money = {order_id: (int(captured), int(refunded)) for order_id, captured, refunded in await session.execute(sums)}
    parcels = {
        parcel.order_id: parcel for parcel in await session.scalars(select(Shipment).where(Shipment.order_id.in_(ids)))
    }
    payable = {
        intent.order_id: intent.id
        for intent in await session.scalars(select(Intent).where(Intent.order_id.in_(ids), Intent.can_be_paid()))
    }
    return [
        _view(
            session, order, tuple(lines.get(order.id, ())), money.get(order.id, (0, 0)), parcels.get(order.id), payable
        )
        for order in orders
    ]


def _view(
    session: AsyncSession,
    order: Order,
    lines: tuple[OrderLineView, ...],
    money: tuple[int, int],
    parcel: Shipment | None,
    payable: dict[int, int],
) -> OrderView:
    captured, refunded = money
    return OrderView(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        status=order.status,
        hold_reason=order.hold_reason,
        payment_method=order.payment_method,
        payment_state=payment_state(total=order.total_amount, captured=captured, refunded=refunded),
        fulfilment_state=fulfilment_state(parcel),
        lines=lines,
        total=order.total,
        captured=Money(captured, order.currency),
        refunded=Money(refunded, order.currency),
        tracking=TrackingView(parcel.carrier, parcel.tracking_number, parcel.shipped_at) if parcel else None,
        created_at=order.created_at,
        placed_at=order.placed_at,
        hold_until=order.hold_until,
        address_line=masked(open_address(session, order)),
        intent_id=payable.get(order.id) if order.status is OrderStatus.PENDING else None,
    )


def _line_view(line: OrderLine, currency: str) -> OrderLineView:
    return OrderLineView(
        variant_id=line.variant_id,
        title=line.title,
        label=line.label,
        quantity=line.quantity,
        unit=Money(line.unit_amount, currency),
        discount=Money(line.discount_amount, currency),
        total=Money(line.total_amount, currency),
        picture=line.picture,
    )
