"""Invoices that a messenger shows and takes the money for: may this one be paid now, and what came of it.

Nobody can be asked how such a payment stands: we are asked before it, and told after it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, Variant
from commerce.orders.locks import locked_order, tell
from commerce.orders.model import Order, OrderChange, OrderLine, OrderStatus
from commerce.orders.settlement import money_arrived
from commerce.payments.actions import payable_intent
from commerce.payments.ledger import capture, capture_unasked, locked_intent
from commerce.payments.model import Intent, IntentState, Payment
from foundation.errors import Refused
from foundation.money import Money

PAYING_TAKES = timedelta(minutes=10)
"""So long the goods are kept at least from when the shopper pays."""
KEPT_AT_MOST = timedelta(hours=1)
"""From the order, or its change, on: who begins to pay again and again does not keep the goods from others for ever."""


_SENT = (
    select(OrderLine.id)
    .join(Variant, Variant.id == OrderLine.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(OrderLine.order_id == bindparam("order_id"), OrderLine.quantity > OrderLine.cancelled, ~Product.is_digital)
    .limit(1)
)
"""Something of an order that has to be sent."""


async def allow_payment(
    session: AsyncSession,
    *,
    provider: str,
    reference: str,
    fits: Callable[[Money], bool],
    now: datetime,
    digital_only: bool = False,
) -> None:
    """The shopper pays this very moment: refuse what must not be paid, else keep the goods while the money comes.

    `fits`: whether what they pay is this sum. Raises Refused("payment.unknown"), ("payment.closed"), ("payment.done"),
    ("payment.changed") where another sum is to be paid by now, or ("payment.not_digital").
    """
    intent = await payable_named(session, provider=provider, reference=reference, now=now)
    if not fits(intent.money):
        raise Refused("payment.changed")
    if digital_only and await session.scalar(_SENT, {"order_id": intent.order_id}) is not None:
        raise Refused("payment.not_digital")
    kept_until = now + PAYING_TAKES
    if intent.change_id is not None:
        change = await session.get_one(OrderChange, intent.change_id)
        change.expires_at = max(change.expires_at, min(kept_until, change.created_at + KEPT_AT_MOST))
        return
    order = await session.get_one(Order, intent.order_id)
    if order.hold_until is not None:
        order.hold_until = max(order.hold_until, min(kept_until, order.created_at + KEPT_AT_MOST))


async def book_payment(
    session: AsyncSession, *, provider: str, reference: str, money: Money | None, proof: str, now: datetime
) -> Payment:
    """Money that was paid for an invoice, None: what it asked for. The caller sees to it that each is told once.

    An invoice that was paid before is paid twice then: that goes back like everything above what is owed.
    Raises Refused("payment.unknown"), and ("payment.changed") for another currency.
    """
    intent_id = await _named(session, provider, reference)
    order_id = (await session.scalars(select(Intent.order_id).where(Intent.id == intent_id))).one()
    order = await locked_order(session, order_id)
    intent = await locked_intent(session, intent_id)
    money = intent.money if money is None else money
    if intent.currency != money.currency:
        raise Refused("payment.changed")
    if intent.state is not IntentState.SUCCEEDED:
        payment = await capture(session, intent, amount=money.amount, proof=proof, now=now)
    else:
        payment = await capture_unasked(
            session,
            order_id=order.id,
            number=order.number,
            provider=provider,
            money=money,
            instrument=intent.instrument,
            proof=proof,
            now=now,
        )
        intent_of_it = await session.get_one(Intent, payment.intent_id)
        intent_of_it.provider_ref = intent_of_it.reference
        if order.status in (OrderStatus.PLACED, OrderStatus.COMPLETED):
            tell(session, order, "paid_twice", now=now, amount=money.amount)
    await money_arrived(session, order, payment, change_id=intent.change_id, now=now)
    return payment


async def payable_named(session: AsyncSession, *, provider: str, reference: str, now: datetime) -> Intent:
    """What an invoice asks for, locked with its order. Raises what `allow_payment` raises but for another sum."""
    return await payable_intent(session, await _named(session, provider, reference), now=now)


async def _named(session: AsyncSession, provider: str, reference: str) -> int:
    intent_id = await session.scalar(
        select(Intent.id).where(Intent.reference == reference, Intent.provider == provider)
    )
    if intent_id is None:
        raise Refused("payment.unknown")
    return intent_id
