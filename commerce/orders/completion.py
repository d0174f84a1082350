"""The good end of an order: everything is there, nothing is owed, the points may be spent."""

from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.covering import owed
from commerce.orders.locks import Actor, locked_order, note
from commerce.orders.model import Order, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.policy import policy_of
from commerce.payments.model import Intent
from commerce.points.actions import release_pending
from foundation.errors import Refused

log = structlog.get_logger(__name__)


async def complete_order(session: AsyncSession, *, order_id: int, now: datetime, by: Actor = "shopper") -> Order:
    """The shopper confirmed the receipt, or its time is over: the order is complete, its points are available.

    Again on a completed order: nothing happens. Raises Refused("order.not_delivered") while pieces are still to be
    sent, ("order.not_paid") while cash is owed, ("order.move_refused").
    """
    order = await locked_order(session, order_id)
    if order.status is OrderStatus.COMPLETED:
        return order
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    if any(line.open for line in lines) or not any(line.shipped for line in lines):
        raise Refused("order.not_delivered", number=order.number)
    if order.payment_method is PaymentMethod.COD and await owed(session, order):
        raise Refused("order.not_paid", number=order.number)
    order.move_to(OrderStatus.COMPLETED, now=now)
    order.delivered_at = order.delivered_at or now
    note(session, order, "completed", by=by, now=now)
    await release_pending(session, order_id=order.id, now=now)
    await session.flush()
    return order


async def complete_delivered_orders(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Complete orders that were delivered so long ago that their return window is over; returns how many there were.

    One that is still owed cash or has goods coming back waits. Any number of sweepers may run at once.
    """
    open_pieces = exists().where(
        OrderLine.order_id == Order.id,
        (OrderLine.quantity > OrderLine.cancelled + OrderLine.shipped) | (OrderLine.returning > 0),
    )
    # Cash that is owed is asked for by an open intent; such orders must not fill the sweep for good.
    owing = exists().where(
        Order.payment_method == PaymentMethod.COD, Intent.order_id == Order.id, Intent.can_be_paid(), Intent.amount > 0
    )
    policy = await policy_of(session)
    due = (
        select(Order.id)
        .where(Order.status == OrderStatus.PLACED, Order.delivered_at <= now - policy.complete_after)
        .where(~open_pieces, ~owing)
        .order_by(Order.delivered_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    done = 0
    for order_id in (await session.scalars(due)).all():
        try:
            async with session.begin_nested():
                await complete_order(session, order_id=order_id, by="system", now=now)
        except Refused as refusal:
            log.error("a delivered order cannot be completed", order=order_id, code=refusal.code)
            continue
        done += 1
    return done
