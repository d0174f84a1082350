"""What an answer of a payment provider means for its order. Every function may be called again with the same answer."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.actions import release_holds, reserve_again
from commerce.orders.applying import change_paid
from commerce.orders.benefits import is_replacement, return_benefits, take_benefits_again
from commerce.orders.covering import ask_for_rest, place, settled
from commerce.orders.deals import deal_paid, give_back_deal, take_deal_again
from commerce.orders.locks import Actor, locked_order, note, tell
from commerce.orders.model import HoldReason, Order, OrderLine, OrderStatus
from commerce.payments.ledger import (
    capture,
    is_closing,
    locked_intent,
    refund_everything,
    request_refund,
    settle_refund,
)
from commerce.payments.model import Intent, IntentState, Payment, Refund, RefundState
from commerce.payments.port import RefundOutcome, Session, SessionState
from foundation.database import JsonMap
from foundation.errors import Refused

ENDED = {SessionState.CLOSED: IntentState.CLOSED, SessionState.FAILED: IntentState.FAILED}


async def settle(session: AsyncSession, *, intent_id: int, answer: Session, now: datetime) -> IntentState:
    """Take what the provider says about an intent as the truth; returns the intent's state then."""
    order_id = (await session.scalars(select(Intent.order_id).where(Intent.id == intent_id))).one()
    order = await locked_order(session, order_id)
    intent = await locked_intent(session, intent_id)
    if answer.reference != intent.reference or answer.money.currency != intent.currency:
        raise ValueError(f"intent {intent_id}: the provider answers about something else")
    if answer.state is SessionState.PAID and intent.state is not IntentState.SUCCEEDED:
        payment = await capture(session, intent, amount=answer.money.amount, proof=None, now=now)
        await money_arrived(session, order, payment, change_id=intent.change_id, now=now)
    elif answer.state is SessionState.PROCESSING and intent.state is IntentState.REQUIRES_ACTION:
        intent.move_to(IntentState.PROCESSING)
    elif answer.state in ENDED and intent.state not in (IntentState.SUCCEEDED, *ENDED.values()):
        intent.move_to(ENDED[answer.state])
        intent.next_check_at = None
        await payment_ended(session, order, now=now)
    return intent.state


async def money_arrived(
    session: AsyncSession,
    order: Order,
    payment: Payment,
    *,
    now: datetime,
    change_id: int | None = None,
    by: Actor = "system",
    proof: str | None = None,
) -> None:
    """Money for an order is in the ledger: place the order if it is covered, or send back what nobody asked for.

    `change_id`: the proposal it pays for. A part of the sum is kept, and the rest asked for.
    """
    facts: JsonMap = {} if proof is None else {"proof": proof}
    note(session, order, "paid", by=by, now=now, amount=payment.captured, currency=payment.currency, **facts)
    sum_ = await settled(session, order)
    covered = sum_ >= order.total_amount
    if order.status is OrderStatus.PENDING:
        if covered:
            if not await _placed(session, order, now=now):
                return
            tell(session, order, "payment_received", now=now, amount=payment.captured)
            await _send_surplus_back(session, order, payment, settled=sum_, now=now)
        else:
            order.version += 1  # a change that was proposed before did not know of this money
            intent = await ask_for_rest(session, order, now=now)
            intent_id = intent.id if intent else None
            tell(session, order, "part_payment_received", now=now, amount=payment.captured, intent_id=intent_id)
    elif order.status is OrderStatus.EXPIRED and covered and await _still_there(session, order, payment, now=now):
        order.move_to(OrderStatus.PLACED, now=now)
        note(session, order, "late_payment_accepted", by="system", now=now)
        tell(session, order, "late_payment_accepted", now=now, amount=payment.captured)
        await _send_surplus_back(session, order, payment, settled=sum_, now=now)
    elif order.status in (OrderStatus.EXPIRED, OrderStatus.CANCELLED):
        await release_holds(session, order_id=order.id)
        await _send_back(session, payment, amount=payment.captured, reason="late_payment", now=now)
        note(session, order, "late_payment_refunded", by="system", now=now)
        kind = "group_seat_lost" if order.hold_reason is HoldReason.GROUP_OPEN else "late_payment_refunded"
        tell(session, order, kind, now=now, amount=payment.captured)
    elif await change_paid(session, order, change_id, amount=payment.captured, now=now):
        await _send_surplus_back(session, order, payment, settled=await settled(session, order), now=now)
    else:
        order.version += 1
        if sum_ - payment.captured < order.total_amount:
            tell(session, order, "payment_received", now=now, amount=payment.captured)
            if not covered:
                await ask_for_rest(session, order, now=now)
        await _send_surplus_back(session, order, payment, settled=sum_, now=now)


async def payment_ended(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Nobody can pay for this order any more: past its time it expires, a cancelled one gives its goods back."""
    if await is_closing(session, order.id):
        return
    if order.status is OrderStatus.CANCELLED:
        await release_holds(session, order_id=order.id)
    elif order.status is OrderStatus.PENDING and order.hold_until is not None and order.hold_until <= now:
        await refund_everything(session, order_id=order.id, reason="expired", now=now)
        await _expire(session, order, now=now)
        tell(session, order, "order_expired", now=now)


async def _expire(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """An unpaid order comes to nothing; everything it kept is free again. Its money is the caller's."""
    await return_benefits(session, order, now=now)
    await release_holds(session, order_id=order.id, expired=True)
    await give_back_deal(session, order, now=now, expired=True)
    order.move_to(OrderStatus.EXPIRED, now=now)
    note(session, order, "expired", by="system", now=now)


async def settle_refund_answer(
    session: AsyncSession, *, refund_id: int, outcome: RefundOutcome, now: datetime
) -> RefundState:
    """Take what the provider says about a refund as the truth; returns the refund's state then."""
    order_id = (await session.scalars(select(Refund.order_id).where(Refund.id == refund_id))).one()
    order = await locked_order(session, order_id)
    refund = await session.get_one(Refund, refund_id, with_for_update={"key_share": True}, populate_existing=True)
    if refund.state in (RefundState.SUCCEEDED, RefundState.CANCELLED):
        return refund.state
    if outcome is RefundOutcome.SUCCEEDED:
        await settle_refund(session, refund, succeeded=True, now=now)
        note(session, order, "refunded", by="system", now=now, amount=refund.amount, currency=refund.currency)
        tell(session, order, "refund_made", now=now, refund_id=refund.id, amount=refund.amount, reason=refund.reason)
    elif outcome is RefundOutcome.FAILED and refund.state is RefundState.SUBMITTED:
        await settle_refund(session, refund, succeeded=False, now=now)
    return refund.state


async def _placed(session: AsyncSession, order: Order, *, now: datetime) -> bool:
    """Place an order that is paid; False where its group has ended meanwhile: then it comes to nothing."""
    if order.hold_reason is not HoldReason.GROUP_OPEN:
        await place(session, order, now=now)
        return True
    try:
        async with session.begin_nested():
            await place(session, order, now=now)
    except Refused:
        await session.refresh(order, with_for_update={"key_share": True})
        back = await refund_everything(session, order_id=order.id, reason="late_payment", now=now)
        await _expire(session, order, now=now)
        tell(session, order, "group_seat_lost", now=now, amount=back)
        return False
    return True


async def _still_there(session: AsyncSession, order: Order, payment: Payment, *, now: datetime) -> bool:
    """Take goods, coupons and points for an order that had let them go; all of them or nothing.

    What an exchange took over for a replacement has become money meanwhile, or will: that order cannot live again.
    """
    if await is_replacement(session, order):
        return False
    lines = await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
    pieces: Counter[int] = Counter()
    for line in lines:
        pieces[line.variant_id] += line.open
    try:
        async with session.begin_nested():
            await take_benefits_again(session, order, now=now)
            places = await take_deal_again(session, order, now=now)
            there = await reserve_again(
                session,
                key=f"late_payment:{payment.intent_id}",
                order_id=order.id,
                lines=dict(pieces),
                now=now,
                location_id=order.pickup_location_id,
                allotments=places,
            )
            if not there:
                raise Refused("stock.short", order=order.id)
            await deal_paid(session, order, now=now)
    except Refused:
        await session.refresh(order, with_for_update={"key_share": True})
        return False
    return True


async def _send_surplus_back(
    session: AsyncSession, order: Order, payment: Payment, *, settled: int, now: datetime
) -> None:
    """What is more than the order costs; of this payment at most all of it."""
    surplus = min(settled - order.total_amount, payment.captured)
    if surplus > 0:
        await _send_back(session, payment, amount=surplus, reason="overpaid", now=now)


async def _send_back(session: AsyncSession, payment: Payment, *, amount: int, reason: str, now: datetime) -> None:
    await request_refund(
        session,
        payment_id=payment.id,
        amount=amount,
        reason=reason,
        key=f"refund:{reason}:{payment.id}",
        now=now,
    )
