"""What may happen to an order after it was made: paid by hand, held back, expired; the rest can be had from here."""

from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.actions import lock_stock_of
from commerce.orders.cancelling import cancel_order
from commerce.orders.changes import (
    cancel_items,
    change_order,
    confirm_change,
    decline_change,
    expire_changes,
    open_change,
    preview_change,
    propose_change,
)
from commerce.orders.completion import complete_delivered_orders, complete_order
from commerce.orders.covering import owed
from commerce.orders.drafts import make_draft, send_draft
from commerce.orders.locks import Actor, lock_wallets, locked_order, note
from commerce.orders.model import ChangeState, HoldReason, Order, OrderStatus, PaymentMethod
from commerce.orders.placing import UNPAID_FOR, place_order
from commerce.orders.queries import order_of, order_view, order_views, orders_of
from commerce.orders.quoting import Quote, quote
from commerce.orders.settlement import money_arrived, payment_ended, settle_refund_answer
from commerce.payments.cash import BY_HAND, REFUNDED_BY_HAND
from commerce.payments.ledger import capture, new_intent, payable_intents, start_closing
from commerce.payments.model import Intent, IntentState, Refund, RefundState
from commerce.payments.port import RefundOutcome
from commerce.promotions.actions import lock_promotions_of
from commerce.shipping.actions import mark_shipped
from foundation.errors import Refused
from foundation.money import Money

log = structlog.get_logger(__name__)


async def mark_paid(
    session: AsyncSession,
    *,
    order_id: int,
    proof: str,
    now: datetime,
    amount: int | None = None,
    method: PaymentMethod | None = None,
) -> Order:
    """Staff received money: cash at the door, or a transfer. `amount` in minor units; None: all that is owed.

    A part places no order, the rest stays to be paid; more than is owed goes back. `method`: cod or transfer, if the
    order is not paid so anyway. An order with a change that waits for its money is paid for that change.
    Raises Refused("order.already_paid"), ("order.payment_amount") or ("order.not_payable", status=...).
    """
    order = await locked_order(session, order_id)
    if order.status not in (OrderStatus.PENDING, OrderStatus.PLACED):
        raise Refused("order.not_payable", number=order.number, status=order.status)
    change = await open_change(session, order.id)
    if change is not None and change.state is not ChangeState.AWAITING_PAYMENT:
        change = None
    rest = await owed(session, order) if change is None else int(change.preview["pay_now"])
    if rest == 0:
        raise Refused("order.already_paid", number=order.number)
    received = rest if amount is None else amount
    if received < 1 or (change is not None and received < rest):
        raise Refused("order.payment_amount", number=order.number, owed=rest, currency=order.currency)
    intent = await _intent_by_hand(session, order, received, method, change.id if change else None, now=now)
    payment = await capture(session, intent, amount=received, proof=proof, now=now)
    await money_arrived(session, order, payment, change_id=intent.change_id, by="staff", proof=proof, now=now)
    return order


async def _intent_by_hand(
    session: AsyncSession,
    order: Order,
    amount: int,
    method: PaymentMethod | None,
    change_id: int | None,
    *,
    now: datetime,
) -> Intent:
    """What the money in hand is the answer to; whatever else could be paid meanwhile is closed."""
    provider = method or order.payment_method
    if provider not in BY_HAND:
        provider = PaymentMethod.COD
    fitting: Intent | None = None
    for intent in await payable_intents(session, order.id):
        if intent.provider == provider and intent.amount == amount and intent.change_id == change_id:
            fitting = intent
        else:
            await start_closing(session, intent, now=now)
    await session.flush()
    if fitting is not None:
        return fitting
    return await new_intent(
        session,
        order_id=order.id,
        number=order.number,
        provider=provider,
        money=Money(amount, order.currency),
        now=now,
        change_id=change_id,
    )


async def ask_for_part(
    session: AsyncSession, *, order_id: int, amount: int, now: datetime, method: PaymentMethod | None = None
) -> Intent:
    """Let the shopper pay a part of an unpaid order first; the rest is asked for when it is there.

    Raises Refused("order.not_payable") or ("order.payment_amount", owed=...) unless 0 < amount < what is owed.
    """
    order = await locked_order(session, order_id)
    if order.status is not OrderStatus.PENDING:
        raise Refused("order.not_payable", number=order.number, status=order.status)
    rest = await owed(session, order)
    if not 0 < amount < rest:
        raise Refused("order.payment_amount", number=order.number, owed=rest, currency=order.currency)
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    await session.flush()
    return await new_intent(
        session,
        order_id=order.id,
        number=order.number,
        provider=method or order.payment_method,
        money=Money(amount, order.currency),
        now=now,
    )


async def hold_back(session: AsyncSession, *, order_id: int, reason: HoldReason, why: str, now: datetime) -> Order:
    """Staff: this order must not be sent before somebody has looked. Raises Refused("order.not_ready")."""
    order = await locked_order(session, order_id)
    if order.status is not OrderStatus.PLACED or order.hold_reason is not None:
        raise Refused("order.not_ready", number=order.number, status=order.status, hold_reason=order.hold_reason)
    order.hold_reason = reason
    order.version += 1
    note(session, order, "held_back", by="staff", now=now, reason=reason.value, why=why)
    await session.flush()
    return order


async def clear_hold(session: AsyncSession, *, order_id: int, why: str, now: datetime) -> Order:
    """Staff looked (called, counted, checked): the order may be sent. Raises Refused("order.no_hold")."""
    order = await locked_order(session, order_id)
    if order.hold_reason is None or order.hold_reason is HoldReason.GROUP_OPEN:
        raise Refused("order.no_hold", number=order.number, hold_reason=order.hold_reason)
    note(session, order, "hold_cleared", by="staff", now=now, reason=order.hold_reason.value, why=why)
    order.hold_reason = None
    order.version += 1
    await session.flush()
    return order


async def mark_refunded(session: AsyncSession, *, refund_id: int, proof: str, now: datetime) -> RefundState:
    """Staff gave money back by hand. Raises Refused("refund.not_by_hand") where a provider does it."""
    refund = await session.get(Refund, refund_id)
    if refund is None or refund.provider not in REFUNDED_BY_HAND:
        raise Refused("refund.not_by_hand", refund=refund_id)
    order = await locked_order(session, refund.order_id)
    await session.refresh(refund)
    if refund.state is RefundState.SUCCEEDED:
        return refund.state
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
    if not orders:
        return 0
    ids = [order.id for order in orders]
    await lock_wallets(session, {order.customer_id for order in orders})
    await lock_promotions_of(session, ids)
    await lock_stock_of(session, order_ids=ids)
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
    "ask_for_part",
    "cancel_items",
    "cancel_order",
    "change_order",
    "clear_hold",
    "complete_delivered_orders",
    "complete_order",
    "confirm_change",
    "decline_change",
    "expire_changes",
    "expire_unpaid_orders",
    "hold_back",
    "make_draft",
    "mark_paid",
    "mark_refunded",
    "mark_shipped",
    "open_change",
    "order_of",
    "order_view",
    "order_views",
    "orders_of",
    "place_order",
    "preview_change",
    "propose_change",
    "quote",
    "send_draft",
]
