"""How somebody came: brought by a customer, or from another chat of theirs. Both are lines in the account's book."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.events import note_event
from commerce.customers.model import Customer, CustomerEvent

BROUGHT, LINKED = "brought", "chat_linked"
FIRST_MEETING = timedelta(minutes=10)


async def note_referral(session: AsyncSession, *, customer_id: int, brought_by: int, now: datetime) -> bool:
    """Remember who brought a newcomer: once, at the first meeting, and not oneself. Whether it was remembered."""
    newcomer = select(Customer).where(Customer.id == customer_id, Customer.created_at > now - FIRST_MEETING)
    if brought_by == customer_id or await session.scalar(newcomer.with_for_update(key_share=True)) is None:
        return False
    if await _is_noted(session, customer_id, BROUGHT) or await session.get(Customer, brought_by) is None:
        return False
    note_event(session, customer_id=customer_id, kind=BROUGHT, now=now, by=brought_by)
    await session.flush()
    return True


async def link_chat_of(session: AsyncSession, *, customer_id: int, made_at: datetime, now: datetime) -> bool:
    """Use a link from this customer's chat, made then. False when one made at that time or later was used before."""
    theirs = select(Customer.id).where(Customer.id == customer_id)
    if await session.scalar(theirs.with_for_update(key_share=True)) is None:
        return False
    if await _is_noted(session, customer_id, LINKED, since=made_at):
        return False
    note_event(session, customer_id=customer_id, kind=LINKED, now=now)
    await session.flush()
    return True


async def _is_noted(session: AsyncSession, customer_id: int, kind: str, *, since: datetime | None = None) -> bool:
    noted = exists().where(CustomerEvent.customer_id == customer_id, CustomerEvent.kind == kind)
    if since is not None:
        noted = noted.where(CustomerEvent.at >= since)
    return bool(await session.scalar(select(noted)))
