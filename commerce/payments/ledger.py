"""The ledger: intents, money that came, money that goes back. It knows orders by their id only, and calls nobody."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.payments.cash import BY_HAND
from commerce.payments.model import PAYABLE, Intent, IntentState, Payment, Refund, RefundState, next_check
from foundation.errors import Refused
from foundation.jobs import enqueue
from foundation.money import Money

CLOSE_INTENT = "payments.close_intent"
SUBMIT_REFUND = "payments.submit_refund"


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums over all payments of an order, in minor units. `going_back` counts what is refunded or about to be."""

    captured: int
    going_back: int

    @property
    def kept(self) -> int:
        """What stays with the shop."""
        return self.captured - self.going_back


async def new_intent(
    session: AsyncSession, *, order_id: int, number: str, provider: str, money: Money, now: datetime
) -> Intent:
    """That this order is to be paid there. An order has one payable intent at a time."""
    intent = Intent(
        order_id=order_id,
        provider=provider,
        reference=f"{number}-{secrets.token_hex(3)}",
        amount=money.amount,
        currency=money.currency,
        state=IntentState.CREATED,
        created_at=now,
    )
    session.add(intent)
    await session.flush()
    return intent


async def locked_intent(session: AsyncSession, intent_id: int) -> Intent:
    """An intent under a lock. Lock its order first."""
    return await session.get_one(Intent, intent_id, with_for_update={"key_share": True}, populate_existing=True)


async def payable_intents(session: AsyncSession, order_id: int) -> Sequence[Intent]:
    """What could still be paid of an order, locked."""
    found = select(Intent).where(Intent.order_id == order_id, Intent.state.in_(PAYABLE)).order_by(Intent.id)
    locked = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(locked)).all()


async def is_closing(session: AsyncSession, order_id: int) -> bool:
    """Whether a provider has still to confirm that nobody can pay for this order any more."""
    await session.flush()
    closing = select(Intent.id).where(Intent.order_id == order_id, Intent.state == IntentState.CLOSING).limit(1)
    return await session.scalar(closing) is not None


async def start_closing(session: AsyncSession, intent: Intent, *, now: datetime) -> None:
    """Let nobody pay it: at once if no provider ever heard of it, else when the provider has confirmed."""
    if intent.opened_at is None:
        intent.move_to(IntentState.CLOSED)
        return
    intent.move_to(IntentState.CLOSING)
    intent.checks, intent.next_check_at = 0, next_check(0, now=now)
    await enqueue(session, CLOSE_INTENT, {"intent_id": intent.id}, key=f"{CLOSE_INTENT}:{intent.id}")


async def capture(session: AsyncSession, intent: Intent, *, amount: int, proof: str | None, now: datetime) -> Payment:
    """The money of an intent is here. The intent must be locked; a second time is refused by its state."""
    intent.move_to(IntentState.SUCCEEDED)
    intent.next_check_at = None
    payment = Payment(
        intent_id=intent.id,
        order_id=intent.order_id,
        provider=intent.provider,
        captured=amount,
        refunded=0,
        refund_pending=0,
        currency=intent.currency,
        proof=proof,
        captured_at=now,
    )
    session.add(payment)
    await session.flush()
    return payment


async def balance(session: AsyncSession, order_id: int) -> Balance:
    """What came in for an order and what goes back."""
    sums = select(
        func.coalesce(func.sum(Payment.captured), 0),
        func.coalesce(func.sum(Payment.refunded + Payment.refund_pending), 0),
    ).where(Payment.order_id == order_id)
    captured, going_back = (await session.execute(sums)).one()
    return Balance(int(captured), int(going_back))


async def request_refund(
    session: AsyncSession, *, payment_id: int, amount: int, reason: str, key: str, now: datetime
) -> Refund:
    """Reserve money to give back and have it sent. `key` is the business fact: the same fact gives the same refund.

    Raises Refused("refund.too_much", ...) when less than `amount` is left of the payment.
    """
    # The payment row is locked by this update, so of two askers with one key the second finds the refund of the first.
    payment = (
        await session.scalars(
            select(Payment)
            .where(Payment.id == payment_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    ).one()
    known = await session.scalar(select(Refund).where(Refund.key == key))
    if known is not None:
        return known
    reserved = await session.scalar(
        update(Payment)
        .where(Payment.id == payment_id, Payment.captured - Payment.refunded - Payment.refund_pending >= amount)
        .values(refund_pending=Payment.refund_pending + amount)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    )
    if reserved is None:
        left = payment.captured - payment.refunded - payment.refund_pending
        raise Refused("refund.too_much", amount=amount, left=left, currency=payment.currency)
    by_hand = payment.provider in BY_HAND
    refund = Refund(
        key=key,
        payment_id=payment.id,
        order_id=payment.order_id,
        provider=payment.provider,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        state=RefundState.REQUESTED,
        next_check_at=None if by_hand else next_check(0, now=now),
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    if not by_hand:
        await enqueue(session, SUBMIT_REFUND, {"refund_id": refund.id}, key=f"{SUBMIT_REFUND}:{refund.id}")
    return refund


async def refund_everything(session: AsyncSession, *, order_id: int, reason: str, now: datetime) -> int:
    """Give back all that is left of an order's payments; returns the minor units asked for now."""
    paid = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)
    total = 0
    for payment in await session.scalars(paid.execution_options(populate_existing=True)):
        left = payment.captured - payment.refunded - payment.refund_pending
        if left > 0:
            key = f"refund:{reason}:{payment.id}"
            await request_refund(session, payment_id=payment.id, amount=left, reason=reason, key=key, now=now)
            total += left
    return total


async def settle_refund(session: AsyncSession, refund: Refund, *, succeeded: bool, now: datetime) -> None:
    """What the provider said about a refund. A failed one keeps its money reserved and is tried again under its key."""
    if not succeeded:
        refund.move_to(RefundState.FAILED)
        return
    refund.move_to(RefundState.SUCCEEDED)
    refund.settled_at, refund.next_check_at = now, None
    moved = await session.scalar(
        update(Payment)
        .where(Payment.id == refund.payment_id, Payment.refund_pending >= refund.amount)
        .values(refund_pending=Payment.refund_pending - refund.amount, refunded=Payment.refunded + refund.amount)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise RuntimeError(f"refund {refund.id} was never reserved")
