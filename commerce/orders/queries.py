"""Orders as shoppers and staff see them, and the one guarded way to an order of a customer."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, any_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from commerce.customers.address import AddressText, masked
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    DeliveryMethod,
    FulfilmentState,
    HoldReason,
    Order,
    OrderAdjustment,
    OrderEvent,
    OrderStatus,
    PaymentMethod,
    PaymentState,
    fulfilment_state,
    payment_state,
)
from commerce.orders.number import spelled
from commerce.orders.rows import ROWS
from commerce.orders.snapshot import open_address
from foundation.database import JsonList, JsonMap
from foundation.errors import Refused
from foundation.money import Money
from foundation.reading import Read

_NEWEST = 2**63 - 1
"""Above every id."""

_BY_ID = Read(ROWS.where(Order.id == bindparam("order_id")))
_BY_NUMBER = Read(ROWS.where(Order.number == bindparam("number")))
_THEIRS_BY_NUMBER = Read(ROWS.where(Order.number == bindparam("number"), Order.customer_id == bindparam("customer_id")))
_ALL = Read(
    ROWS.where(
        Order.id < bindparam("before_id"), Order.status == any_(bindparam("statuses", type_=ARRAY(Order.status.type)))
    ).limit(bindparam("most"))
)


@cache
def _newest(most: int) -> tuple[Read, Read]:
    """The latest orders of a customer, all of each and their heads.

    Chosen before anything is joined to them, with their number in the statement: so PostgreSQL keeps one good plan.
    """
    their = aliased(Order)
    chosen = (
        select(their.id)
        .where(their.customer_id == bindparam("customer_id"), their.status != literal_column(f"'{OrderStatus.DRAFT}'"))
        .order_by(their.id.desc())
        .limit(literal_column(str(most), Integer))
    )
    return Read(ROWS.where(Order.id.in_(chosen))), Read(
        chosen.with_only_columns(their.id, their.number, their.status, their.payment_method)
    )


class OrderHead(NamedTuple):
    """What tells one order from the others."""

    id: int
    number: str
    status: OrderStatus
    payment_method: PaymentMethod


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


async def orders_of(session: AsyncSession, *, customer_id: int, limit: int = 10) -> list[OrderHead]:
    """The latest orders of a customer, newest first."""
    return [OrderHead(*row) for row in await _newest(limit)[1].all(session, customer_id=customer_id)]


async def order_view(session: AsyncSession, order: int | str) -> OrderView:
    """The order of this id (int) or number (str). Raises Refused("order.unknown"). For staff, or after `order_of`."""
    if isinstance(order, int):
        row = await _BY_ID.first(session, order_id=order)
    else:
        row = await _BY_NUMBER.first(session, number=spelled(order))
    return _known(session, row, str(order))


async def their_order(session: AsyncSession, *, number: str, customer_id: int) -> OrderView:
    """What `order_of` finds, as the shopper sees it."""
    row = await _THEIRS_BY_NUMBER.first(session, number=spelled(number), customer_id=customer_id)
    return _known(session, row, number)


async def order_views(session: AsyncSession, *, customer_id: int, limit: int = 10) -> list[OrderView]:
    """The latest orders of a customer, newest first."""
    return [_view(session, row) for row in await _newest(limit)[0].all(session, customer_id=customer_id)]


async def recent_orders(
    session: AsyncSession, *, before_id: int | None = None, status: OrderStatus | None = None, limit: int = 50
) -> list[OrderView]:
    """All orders, newest first, for staff; the next page starts `before_id` of the last one shown."""
    before_id = _NEWEST if before_id is None else before_id
    statuses = list(OrderStatus) if status is None else [status]
    return [_view(session, row) for row in await _ALL.all(session, before_id=before_id, statuses=statuses, most=limit)]


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


def _known(session: AsyncSession, row: Any | None, number: str) -> OrderView:
    if row is None:
        raise Refused("order.unknown", number=number[:20])
    return _view(session, row)


def _view(session: AsyncSession, row: Any) -> OrderView:
    """A row of `ROWS`."""
    currency = row.currency
    captured, refunded, going_back, forgiven = map(int, (row.captured, row.refunded, row.going_back, row.forgiven))
    lines = tuple(_line_view(line, currency) for line in row.lines or ())
    may_pay = row.status is OrderStatus.PENDING or (row.change_id is not None and row.pays_for == row.change_id)
    is_payable = may_pay and row.intent_id is not None
    return OrderView(
        order_id=row.id,
        number=row.number,
        customer_id=row.customer_id,
        status=row.status,
        hold_reason=row.hold_reason,
        payment_method=row.payment_method,
        payment_state=payment_state(total=row.total_amount, captured=captured, refunded=refunded, forgiven=forgiven),
        fulfilment_state=fulfilment_state(
            to_send=sum(line.open for line in lines),
            shipped=sum(line.shipped for line in lines),
            returned=sum(line.returned for line in lines),
            is_delivered=row.delivered_at is not None,
        ),
        lines=lines,
        total=Money(row.total_amount, currency),
        captured=Money(captured, currency),
        refunded=Money(refunded, currency),
        tracking=TrackingView(row.carrier, row.tracking_number, row.shipped_at) if row.shipped_at else None,
        created_at=row.created_at,
        placed_at=row.placed_at,
        hold_until=row.hold_until,
        address_line=masked(open_address(session, row)),
        intent_id=row.intent_id if is_payable else None,
        goods=Money(row.goods_amount, currency),
        discount=Money(row.discount_amount, currency),
        shipping=Money(row.shipping_amount, currency),
        tax=Money(row.tax_amount, currency),
        tax_added=Money(row.tax_added, currency),
        going_back=Money(going_back, currency),
        to_pay=Money(row.to_pay if is_payable else 0, currency),
        pay_provider=row.provider if is_payable else None,
        delivery_method=row.delivery_method,
        change=_change_view(row) if row.change_id is not None else None,
        version=row.version,
        forgiven=Money(forgiven, currency),
    )


def _change_view(row: Any) -> ChangeView:
    return ChangeView(
        change_id=row.change_id,
        kind=row.kind,
        state=row.state,
        proposed_by=row.proposed_by,
        reason=row.reason,
        actions=row.actions,
        preview=row.preview,
        expires_at=row.expires_at,
    )


def _line_view(line: JsonList, currency: str) -> OrderLineView:
    """An element of the lines of a row."""
    line_id, variant_id, title, label, quantity, unit, discount, total, *rest = line
    unit, discount, total = (Money(amount, currency) for amount in (unit, discount, total))
    return OrderLineView(line_id, variant_id, title, label, quantity, unit, discount, total, *rest)
