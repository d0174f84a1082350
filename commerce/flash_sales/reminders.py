"""Reminders: whoever asks for it is told once, some minutes before a sale begins. The wish itself is the consent."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.flash_sales.model import PLANNED, FlashReminder, FlashSale
from foundation.errors import Refused

REMINDED_BEFORE = timedelta(minutes=5)
MOST_REMINDERS = 20


async def remind_me(session: AsyncSession, *, sale_id: int, customer_id: int, now: datetime) -> bool:
    """Have a customer told before a sale begins; False when they asked for it already.

    Raises Refused("flash.unknown"), ("flash.begun") or ("flash.reminders_enough", most=...).
    """
    starts_at = await session.scalar(
        select(FlashSale.starts_at).where(FlashSale.id == sale_id, FlashSale.state.in_(PLANNED))
    )
    if starts_at is None:
        raise Refused("flash.unknown", sale=sale_id)
    if starts_at <= now:
        raise Refused("flash.begun", sale=sale_id)
    mine = select(func.count()).select_from(FlashReminder).where(FlashReminder.customer_id == customer_id)
    if (await session.scalar(mine) or 0) >= MOST_REMINDERS:
        raise Refused("flash.reminders_enough", most=MOST_REMINDERS)
    new = insert(FlashReminder).values(sale_id=sale_id, customer_id=customer_id, created_at=now)
    return await session.scalar(new.on_conflict_do_nothing().returning(FlashReminder.sale_id)) is not None


async def forget_reminder(session: AsyncSession, *, sale_id: int, customer_id: int) -> bool:
    """Take that back; False when there was nothing to take back."""
    mine = delete(FlashReminder).where(FlashReminder.sale_id == sale_id, FlashReminder.customer_id == customer_id)
    return await session.scalar(mine.returning(FlashReminder.sale_id)) is not None


async def remind_of_sales(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Announce sales to those who asked, once each. A sweep: returns how many were told or need not be any more.

    Who deletes a row, tells. Of a sale that is over, or is none any more, nobody is told.
    """
    due = (await session.execute(_DUE, {"until": now + REMINDED_BEFORE, "limit": limit})).all()
    for row in sorted(due):
        if row.state in PLANNED and now < row.ends_at:
            announce(session, "flash_sale_soon", customer_id=row.customer_id, now=now, sale_id=row.sale_id)
    await session.flush()
    return len(due)


_DUE = text("""
WITH due AS (
    SELECT r.sale_id, r.customer_id, s.state, s.ends_at
    FROM flash_reminder r JOIN flash_sale s ON s.id = r.sale_id
    WHERE s.state <> 'draft' AND s.starts_at <= :until
    ORDER BY s.starts_at, r.sale_id, r.customer_id
    LIMIT :limit
    FOR UPDATE OF r SKIP LOCKED)
DELETE FROM flash_reminder r USING due
WHERE r.sale_id = due.sale_id AND r.customer_id = due.customer_id
RETURNING due.sale_id, due.customer_id, due.state, due.ends_at
""").bindparams(bindparam("limit", value=50))
