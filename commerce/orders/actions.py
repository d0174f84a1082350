"""What may happen to an order after it was placed: cancelled, shipped, paid by hand, expired."""

from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.inventory.actions import commit_holds, lock_stock_of
from commerce.orders.locks import Actor, locked_order, note
from commerce.orders.model import Order, OrderStatus
from commerce.orders.placing import UNPAID_FOR, Quote, place_order, quote
from commerce.orders.queries import order_of, order_view, order_views, orders_of
from commerce.orders.settlement import payment_ended, settle_refund_answer
from commerce.payments.cash import BY_HAND
from commerce.payments.ledger import balance, capture, new_intent, payable_intents, refund_everything, start_closing
from commerce.payments.model import Intent, IntentState, Refund, RefundState
from commerce.payments.port import RefundOutcome
from commerce.shipping.actions import mark_shipped, refuse_shipped, take_out_of_parcels
from foundation.errors import Refused

log = structlog.get_logger(__name__)


async def cancel_order(session: AsyncSession, *, order_id: int, by: Actor, reason: str, now: datetime) -> Order:
    """Cancel before shipping. An unpaid one keeps its goods until its payment is closed, a paid one is refunded.

    Again on a cancelled order: nothing happens. Raises Refused("order.shipped"), ("order.move_refused").
    """
    order = await locked_order(session, order_id)
    if order.status is OrderStatus.CANCELLED:
        return order
    await refuse_shipped(session, order)
    if order.status is OrderStatus.PLACED:
        await take_out_of_parcels(session, order_id=order.id, pieces=None, by=by, now=now)
    order.move_to(OrderStatus.CANCELLED, now=now)
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    refunded = await refund_everything(session, order_id=order.id, reason="cancelled", now=now)
    await payment_ended(session, order, now=now)
    note(session, order, "cancelled", by=by, now=now, reason=reason, refunded=refunded)
    announce(
        session,
        "order_cancelled",
        customer_id=order.customer_id,
        now=now,
        order_id=order.id,
        number=order.number,
        by=by,
        amount=refunded,
        currency=order.currency,
    )
    return order


async def mark_paid(session: AsyncSession, *, order_id: int, proof: str, now: datetime) -> Order:
    """Staff received the whole sum: cash at the door, or a transfer for an order that was waiting for its payment.

    Raises Refused("order.already_paid") or ("order.not_payable", status=...).
    """
    order = await locked_order(session, order_id)
    if order.status not in (OrderStatus.PENDING, OrderStatus.PLACED):
        raise Refused("order.not_payable", number=order.number, status=order.status)
    if (await balance(session, order.id)).kept >= order.total_amount:
        raise Refused("order.already_paid", number=order.number)
    by_hand: Intent | None = None
    for intent in await payable_intents(session, order.id):
        if intent.provider in BY_HAND:
            by_hand = intent
        else:
            await start_closing(session, intent, now=now)
    await session.flush()
    if by_hand is None:
        by_hand = await new_intent(
            session, order_id=order.id, number=order.number, provider="cod", money=order.total, now=now
        )
    await capture(session, by_hand, amount=order.total_amount, proof=proof, now=now)
    if order.status is OrderStatus.PENDING:
        await commit_holds(session, order_id=order.id)
        order.move_to(OrderStatus.PLACED, now=now)
    note(session, order, "paid", by="staff", now=now, amount=order.total_amount, currency=order.currency, proof=proof)
    announce(
        session,
        "payment_received",
        customer_id=order.customer_id,
        now=now,
        order_id=order.id,
        number=order.number,
        amount=order.total_amount,
        currency=order.currency,
    )
    return order


async def mark_refunded(session: AsyncSession, *, refund_id: int, proof: str, now: datetime) -> RefundState:
    """Staff gave money back by hand. Raises Refused("refund.not_by_hand") where a provider does it."""
    refund = await session.get(Refund, refund_id)
    if refund is None or refund.provider not in BY_HAND:
        raise Refused("refund.not_by_hand", refund=refund_id)
    order = await locked_order(session, refund.order_id)
    note(session, order, "refunded_by_hand", by="staff", now=now, refund=refund_id, proof=proof)
    return await settle_refund_answer(session, refund_id=refund_id, outcome=RefundOutcome.SUCCEEDED, now=now)


async def expire_unpaid_orders(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Begin to close the payments of orders past their time; returns how many orders were taken on.

    Any number of sweepers may run at once. An order expires when its payment is closed at the provider, not before.
    One whose books refuse it stays as it is, and holds up no other.
    """
    closing = exists().where(Intent.order_id == Order.id, Intent.state == IntentState.CLOSING)
    due = (
        select(Order)
        .where(Order.status == OrderStatus.PENDING, Order.hold_until <= now, ~closing)
        .order_by(Order.hold_until)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    orders = (await session.scalars(due)).all()
    await lock_stock_of(session, order_ids=[order.id for order in orders])
    for order_id, order in [(order.id, order) for order in orders]:
        try:
            async with session.begin_nested():
                for intent in await payable_intents(session, order_id):
                    await start_closing(session, intent, now=now)
                await payment_ended(session, order, now=now)
        except Refused as refusal:
            log.error("an unpaid order cannot be ended", order=order_id, code=refusal.code)
    return len(orders)


__all__ = [
    "UNPAID_FOR",
    "Actor",
    "Quote",
    "cancel_order",
    "expire_unpaid_orders",
    "mark_paid",
    "mark_refunded",
    "mark_shipped",
    "order_of",
    "order_view",
    "order_views",
    "orders_of",
    "place_order",
    "quote",
]
