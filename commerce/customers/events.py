"""What happened to a customer's account, in a book that is only added to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.model import CustomerEvent
from foundation.errors import Json


def note_event(session: AsyncSession, *, customer_id: int, kind: str, now: datetime, **facts: Json) -> None:
    """Write down what happened, in the transaction of it. Facts are ids and numbers, never personal data."""
    session.add(CustomerEvent(customer_id=customer_id, kind=kind, facts=facts, at=now))


async def events_of(session: AsyncSession, *, customer_id: int, limit: int = 50) -> Sequence[CustomerEvent]:
    """The newest first."""
    theirs = select(CustomerEvent).where(CustomerEvent.customer_id == customer_id)
    return (await session.scalars(theirs.order_by(CustomerEvent.id.desc()).limit(limit))).all()
