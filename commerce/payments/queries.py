"""What people may know about money: a shopper's refunds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.model import Order
from commerce.payments.model import Instrument, Intent, Payment, Refund, RefundState
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back to a shopper. `provider` is by whom, `instrument` with what it had been paid.

    `card` is what it is sent to, where that is another one of theirs.
    """

    number: str
    money: Money
    provider: str
    instrument: str | None
    state: RefundState
    reason: str
    created_at: datetime
    settled_at: datetime | None
    card: str | None = None


async def refunds_of(
    session: AsyncSession, *, customer_id: int, number: str | None = None, limit: int = 10
) -> list[RefundView]:
    """The latest refunds of a customer, or of one of their orders, newest first."""
    found = (
        select(Refund, Order.number, Intent.instrument, Instrument.shown())
        .join(Order, Order.id == Refund.order_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Intent, Intent.id == Payment.intent_id)
        .outerjoin(Instrument, Instrument.id == Refund.instrument_id)
        .where(Order.customer_id == customer_id)
        .order_by(Refund.id.desc())
        .limit(limit)
    )
    if number is not None:
        found = found.where(Order.number == number)
    return [
        RefundView(
            number=order_number,
            money=Money(refund.amount, refund.currency),
            provider=refund.provider,
            instrument=instrument,
            state=refund.state,
            reason=refund.reason,
            created_at=refund.created_at,
            settled_at=refund.settled_at,
            card=card,
        )
        for refund, order_number, instrument, card in await session.execute(found)
    ]
