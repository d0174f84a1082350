"""The ledger: intents, money that came, money that goes back. It calls nobody: what must be sent leaves as a job."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import pay_in, store_credit_of
from commerce.orders.locks import lock_wallets, note, tell
from commerce.orders.model import Order
from commerce.payments.cash import CREDIT, REFUNDED_BY_HAND, TRANSFER, WHOLE_ONLY
from commerce.payments.instruments import ACCOUNT, instrument_of, is_paid_with
from commerce.payments.model import PAYABLE, Intent, IntentState, Payment, Refund, RefundState, next_check
from foundation.database import JsonMap, insert_rows
from foundation.errors import Refused
from foundation.jobs import enqueue
from foundation.money import Money

CLOSE_INTENT = "payments.close_intent"
SUBMIT_REFUND = "payments.submit_refund"
RefundTo = Literal["original", "credit"]
"""Where money goes back: with what it was paid with, or into the customer's store credit."""


# Built once: a refund asks all of them, and a group that fails makes a thousand refunds at once.
_FRESH = {"populate_existing": True}
_PAYABLE_OF = (
    select(Intent)
    .where(Intent.order_id == bindparam("order_id"), Intent.state.in_(PAYABLE))
    .order_by(Intent.id)
    .with_for_update(key_share=True)
    .execution_options(**_FRESH)
)
_CLOSING_OF = (
    select(Intent.id).where(Intent.order_id == bindparam("order_id"), Intent.state == IntentState.CLOSING).limit(1)
)
_PAYMENTS_OF = (
    select(Payment)
    .where(Payment.order_id == bindparam("order_id"))
    .order_by(Payment.id)
    .with_for_update(key_share=True)
    .execution_options(**_FRESH)
)
_PAYMENT = (
    select(Payment)
    .where(Payment.id == bindparam("payment_id"))
    .with_for_update(key_share=True)
    .execution_options(**_FRESH)
)
_REFUND_NAMED = select(Refund).where(Refund.key == bindparam("key"))
_RESERVE = (
    update(Payment)
    .where(
        Payment.id == bindparam("payment_id"),
        Payment.captured - Payment.refunded - Payment.refund_pending >= bindparam("asked"),
    )
    .values(refund_pending=Payment.refund_pending + bindparam("asked"))
    .returning(Payment.id)
    .execution_options(synchronize_session=False)
)


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
    session: AsyncSession,
    *,
    order_id: int,
    number: str,
    provider: str,
    money: Money,
    now: datetime,
    change_id: int | None = None,
) -> Intent:
    """That this order, or this change of it, is to be paid there. An order has one payable intent at a time."""
    intent = Intent(**_asked(order_id, number, provider, money, now), change_id=change_id)
    session.add(intent)
    await session.flush()
    return intent


async def ask_for_money(
    session: AsyncSession, *, order_id: int, number: str, provider: str, money: Money, now: datetime
) -> None:
    """As `new_intent`, with less CPU: for every new order, where nobody looks at the intent in this transaction."""
    await insert_rows(session, Intent, [_asked(order_id, number, provider, money, now)])


def _asked(order_id: int, number: str, provider: str, money: Money, now: datetime) -> JsonMap:
    return {
        "order_id": order_id,
        "provider": provider,
        "reference": f"{number}-{secrets.token_hex(3)}",
        "amount": money.amount,
        "currency": money.currency,
        "state": IntentState.CREATED,
        "created_at": now,
    }


async def capture_credit(
    session: AsyncSession,
    *,
    order_id: int,
    number: str,
    account_id: int,
    money: Money,
    now: datetime,
    change_id: int | None = None,
) -> Payment:
    """Write down what was drawn from a gift card or store credit (commerce.credit) as money of this order, at once."""
    return await capture_unasked(
        session,
        order_id=order_id,
        number=number,
        provider=CREDIT,
        money=money,
        instrument=instrument_of(account_id),
        change_id=change_id,
        now=now,
    )


async def capture_unasked(
    session: AsyncSession,
    *,
    order_id: int,
    number: str,
    provider: str,
    money: Money,
    instrument: str | None,
    now: datetime,
    proof: str | None = None,
    change_id: int | None = None,
) -> Payment:
    """Money that is here without anybody having been asked for it.

    Its intent never waits, so it may stand beside one that can still be paid.
    """
    intent = Intent(
        order_id=order_id,
        provider=provider,
        reference=f"{number}-{secrets.token_hex(3)}",
        amount=money.amount,
        currency=money.currency,
        state=IntentState.SUCCEEDED,
        instrument=instrument,
        change_id=change_id,
        created_at=now,
    )
    session.add(intent)
    await session.flush()
    return await _write_payment(session, intent, amount=money.amount, proof=proof, now=now)


async def locked_intent(session: AsyncSession, intent_id: int) -> Intent:
    """An intent under a lock. Lock its order first."""
    return await session.get_one(Intent, intent_id, with_for_update={"key_share": True}, populate_existing=True)


async def payable_intents(session: AsyncSession, order_id: int) -> Sequence[Intent]:
    """What could still be paid of an order, locked."""
    return (await session.scalars(_PAYABLE_OF, {"order_id": order_id})).all()


async def is_closing(session: AsyncSession, order_id: int) -> bool:
    """Whether a provider has still to confirm that nobody can pay for this order any more."""
    await session.flush()
    return await session.scalar(_CLOSING_OF, {"order_id": order_id}) is not None


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
    return await _write_payment(session, intent, amount=amount, proof=proof, now=now)


async def _write_payment(
    session: AsyncSession, intent: Intent, *, amount: int, proof: str | None, now: datetime
) -> Payment:
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
    session: AsyncSession,
    *,
    payment_id: int,
    amount: int,
    reason: str,
    key: str,
    now: datetime,
    to: RefundTo = "original",
    account_id: int | None = None,
    instrument_id: int | None = None,
) -> Refund:
    """Reserve money to give back and have it sent. `key` is the business fact: the same fact gives the same refund.

    What goes to credit is there at once; `to` says where money goes that did not come from there. `account_id`: into
    this account of the customer in any case. `instrument_id`: to this card or wallet of theirs; by hand, unless it is
    what paid.
    Raises Refused("refund.too_much", ...) when less than `amount` is left of the payment.
    """
    # The payment row is locked by this query, so of two askers with one key the second finds the refund of the first.
    payment = (await session.scalars(_PAYMENT, {"payment_id": payment_id})).one()
    known = await session.scalar(_REFUND_NAMED, {"key": key})
    if known is not None:
        return known
    await _reserve(session, payment, amount)
    is_part = payment.provider in WHOLE_ONLY and amount < payment.captured
    provider = CREDIT if to == "credit" or account_id is not None or is_part else payment.provider
    if instrument_id is not None and await is_paid_with(session, payment, instrument_id):
        instrument_id = None
    if instrument_id is not None:
        provider = TRANSFER
    is_sent = provider != CREDIT and provider not in REFUNDED_BY_HAND
    refund = Refund(
        key=key,
        payment_id=payment.id,
        order_id=payment.order_id,
        provider=provider,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        instrument_id=instrument_id,
        state=RefundState.REQUESTED,
        next_check_at=next_check(0, now=now) if is_sent else None,
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    if is_sent:
        await enqueue(session, SUBMIT_REFUND, {"refund_id": refund.id}, key=f"{SUBMIT_REFUND}:{refund.id}")
    elif provider == CREDIT:
        await _pay_into_credit(session, refund, payment, account_id=account_id, now=now)
    return refund


async def _reserve(session: AsyncSession, payment: Payment, amount: int) -> None:
    reserved = await session.scalar(_RESERVE, {"payment_id": payment.id, "asked": amount})
    if reserved is None:
        raise Refused("refund.too_much", amount=amount, left=payment.left, currency=payment.currency)


async def _pay_into_credit(
    session: AsyncSession, refund: Refund, payment: Payment, *, account_id: int | None, now: datetime
) -> None:
    """Settle a refund inside the shop: to the account named or drawn from, else to the customer's store credit."""
    order = await session.get_one(Order, refund.order_id)
    if account_id is None and payment.provider == CREDIT:
        instrument = (await session.get_one(Intent, payment.intent_id)).instrument or ""
        account_id = int(instrument.removeprefix(ACCOUNT))
    elif account_id is None:
        account_id = (await store_credit_of(session, order.customer_id, refund.currency, now=now)).id
    await pay_in(session, account_id=account_id, amount=refund.amount, reason="refund", reference=refund.key, now=now)
    await settle_refund(session, refund, succeeded=True, now=now)
    await session.refresh(payment)
    note(session, order, "refunded", by="system", now=now, amount=refund.amount, currency=refund.currency, to=CREDIT)
    tell(session, order, "refund_to_credit", now=now, refund_id=refund.id, amount=refund.amount, reason=refund.reason)


async def refund_amount(
    session: AsyncSession,
    *,
    order_id: int,
    amount: int,
    reason: str,
    key: str,
    now: datetime,
    to: RefundTo = "original",
    account_id: int | None = None,
    instrument_id: int | None = None,
) -> Sequence[Refund]:
    """Give `amount` minor units of an order back, with what it was paid with: one refund for each payment it takes.

    Money from outside goes back first and the shop's own credit after it, each last in, first out. `to="credit"` gives
    all of it as store credit, `account_id` into that account of the customer, `instrument_id` to that card of theirs.
    Each refund has the key "<key>:<payment id>"; the same `key` again: the same ones.
    Lock the order first. Raises Refused("refund.too_much", ...) when less than `amount` is left of all its payments.
    """
    payments = await _payments_to_refund(session, order_id)
    keys = {f"{key}:{payment.id}": payment for payment in payments}
    known = (await session.scalars(select(Refund).where(Refund.key.in_(keys)).order_by(Refund.id))).all()
    if known:
        return known
    left = sum(payment.left for payment in payments)
    if not 0 <= amount <= left:
        currency = payments[0].currency if payments else ""
        raise Refused("refund.too_much", amount=amount, left=left, currency=currency)
    refunds = []
    for name, payment in sorted(keys.items(), key=lambda item: (item[1].provider == CREDIT, -item[1].id)):
        part = min(amount, payment.left)
        if part > 0:
            refunds.append(
                await request_refund(
                    session,
                    payment_id=payment.id,
                    amount=part,
                    reason=reason,
                    key=name,
                    now=now,
                    to=to,
                    account_id=account_id,
                    instrument_id=instrument_id,
                )
            )
            amount -= part
    return refunds


async def refund_everything(
    session: AsyncSession, *, order_id: int, reason: str, now: datetime, key: str | None = None
) -> int:
    """Give back all that is left of an order's payments; returns the minor units asked for now.

    Each refund has the key "<key>:<payment id>"; without one the reason is the business fact.
    """
    total = 0
    for payment in await _payments_to_refund(session, order_id):
        left = payment.left
        if left > 0:
            name = f"{key or f'refund:{reason}'}:{payment.id}"
            await request_refund(session, payment_id=payment.id, amount=left, reason=reason, key=name, now=now)
            total += left
    return total


async def _payments_to_refund(session: AsyncSession, order_id: int) -> Sequence[Payment]:
    """Locked; and where several came from accounts of the customer, these too."""
    payments = (await session.scalars(_PAYMENTS_OF, {"order_id": order_id})).all()
    if sum(payment.provider == CREDIT for payment in payments) > 1:
        order = await session.get_one(Order, order_id)
        await lock_wallets(session, [order.customer_id])
    return payments


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
