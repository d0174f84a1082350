"""What a customer allowed: a ledger that is only added to. What nobody allowed is forbidden."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.model import Consent, Customer, Purpose


async def set_consent(
    session: AsyncSession, *, customer_id: int, purpose: Purpose, granted: bool, source: str, now: datetime
) -> bool:
    """Allow or forbid. Whether that changed anything: the same once more adds nothing. `source`: "chat", "console"."""
    await session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    newest = (await consents_of(session, customer_id=customer_id)).get(purpose)
    if newest is not None and newest.granted == granted:
        return False
    session.add(Consent(customer_id=customer_id, purpose=purpose, granted=granted, source=source, at=now))
    await session.flush()
    return True


async def has_consent(session: AsyncSession, *, customer_id: int, purpose: Purpose) -> bool:
    """Whether the customer allows this now."""
    newest = (await consents_of(session, customer_id=customer_id)).get(purpose)
    return newest is not None and newest.granted


async def consents_of(session: AsyncSession, *, customer_id: int) -> Mapping[Purpose, Consent]:
    """The newest word on each purpose there was one on."""
    theirs = select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.at, Consent.id)
    return {row.purpose: row for row in await session.scalars(theirs)}
