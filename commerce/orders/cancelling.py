"""Cancelling a whole order: what was paid goes back, goods, coupons and points are free again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.benefits import return_benefits
from commerce.orders.deals import give_back_deal
from commerce.orders.locks import Actor, locked_order, note, tell
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    HoldReason,
    Order,
    OrderChange,
    OrderLine,
    OrderStatus,
    PaymentMethod,
)
from commerce.orders.policy import policy_of, refuse_by_policy
from commerce.orders.settlement import payment_ended
from commerce.payments.ledger import balance, payable_intents, refund_everything, start_closing
from commerce.shipping.actions import refuse_shipped, take_out_of_parcels


async def cancel_order(session: AsyncSession, *, order_id: int, by: Actor, reason: str, now: datetime) -> Order:
    """Cancel before shipping. An unpaid one keeps its goods until its payment is closed, a paid one is refunded.

    Again on a cancelled order: nothing happens. Raises Refused("order.shipped"), ("order.move_refused"), and to a
    shopper ("order.being_packed") and what the shop's policy says no to.
    """
    order = await locked_order(session, order_id)
    if order.status is OrderStatus.CANCELLED:
        return order
    if by == "shopper" and order.hold_reason is not HoldReason.GROUP_OPEN:
        await _refuse_by_policy(session, order, reason)
    await refuse_shipped(session, order)
    if order.status is OrderStatus.PLACED:
        await take_out_of_parcels(session, order_id=order.id, pieces=None, by=by, now=now)
    order.move_to(OrderStatus.CANCELLED, now=now)
    await session.flush()
    await end_open_change(session, order, now=now)
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    refunded = await refund_everything(session, order_id=order.id, reason="cancelled", now=now)
    await return_benefits(session, order, now=now)
    await payment_ended(session, order, now=now)
    await give_back_deal(session, order, now=now)
    note(session, order, "cancelled", by=by, now=now, reason=reason, refunded=refunded)
    tell(session, order, "order_cancelled", now=now, by=by, amount=refunded)
    return order


async def end_refused(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """All of a cash order was refused at the door, or lost, and nothing was paid: it is cancelled, and owes nothing.

    Any other order stays as it is. It must be locked.
    """
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    is_gone = all(line.cancelled + line.returned == line.quantity for line in lines)
    is_unpaid = order.payment_method is PaymentMethod.COD and not (await balance(session, order.id)).captured
    if not (is_gone and is_unpaid and order.status is OrderStatus.PLACED):
        return
    order.move_to(OrderStatus.CANCELLED, now=now)
    await session.flush()
    await end_open_change(session, order, now=now)
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    await return_benefits(session, order, now=now)
    await payment_ended(session, order, now=now)
    note(session, order, "cancelled", by="staff", now=now, reason="refused", refunded=0)


async def _refuse_by_policy(session: AsyncSession, order: Order, reason: str) -> None:
    done = select(OrderChange.kind).where(
        OrderChange.order_id == order.id,
        OrderChange.state == ChangeState.APPLIED,
        OrderChange.kind != ChangeKind.CANCEL,  # the one that is being made
    )
    policy = await policy_of(session)
    refuse_by_policy(
        policy, ChangeKind.CANCEL, done=set(await session.scalars(done)), reason=reason, number=order.number
    )


async def end_open_change(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """A proposal for an order that is no more is over; its stock goes with the order's."""
    open_ones = select(OrderChange).where(
        OrderChange.order_id == order.id,
        OrderChange.state.in_((ChangeState.PROPOSED, ChangeState.AWAITING_PAYMENT)),
    )
    for change in await session.scalars(open_ones.execution_options(populate_existing=True)):
        change.move_to(ChangeState.EXPIRED, now=now)
