"""Returns whose time has come: reminded, expired, closed, asked about. Any worker may run these, many at once."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from commerce.inventory.actions import lock_stock_of
from commerce.orders.locks import lock_wallets
from commerce.orders.model import Order, OrderStatus
from commerce.payments.model import Refund, RefundState
from commerce.returns.actions import come_to_nothing
from commerce.returns.book import locked_return, note, tell
from commerce.returns.model import Return, ReturnState
from commerce.returns.settling import give_money, summed
from foundation.errors import Refused

log = structlog.get_logger(__name__)

REMIND_BEFORE = timedelta(days=2)
_CAME_TO_NOTHING = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


async def remind_of_returns(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Remind shoppers of goods they have to send soon, once."""
    due = select(Return).where(
        Return.state == ReturnState.AWAITING_GOODS, Return.send_by <= now + REMIND_BEFORE, Return.reminded_at.is_(None)
    )
    found = await _due(session, due, limit)
    for order, asked in found:
        asked.reminded_at = now
        tell(session, order, asked, "return_reminder", now=now)
    return len(found)


async def expire_returns(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """End returns whose goods, or whose answer, never came. One that refuses it is left to the staff."""
    waits = (ReturnState.AWAITING_GOODS, ReturnState.NEEDS_INFO)
    found = await _due(session, select(Return).where(Return.state.in_(waits), Return.send_by <= now), limit)
    if not found:
        return 0
    drafts = [asked.replacement_order_id for _, asked in found if asked.replacement_order_id is not None]
    await lock_wallets(session, {order.customer_id for order, _ in found})
    await lock_stock_of(session, order_ids=drafts)
    for return_id in [asked.id for _, asked in found]:
        try:
            async with session.begin_nested():
                order, asked = await locked_return(session, return_id)
                await come_to_nothing(session, order, asked, ReturnState.EXPIRED, by="system", now=now)
        except Refused as refusal:  # the replacement has left, and the old goods never came
            _, asked = await locked_return(session, return_id)
            asked.send_by = None
            note(session, asked, "overdue", by="system", now=now, code=refusal.code)
            log.error("a return cannot be ended", returning=return_id, code=refusal.code)
    return len(found)


async def close_returns(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Close what is done to the end: the money is there, the replacement is.

    A replacement that was cancelled, or not paid for, becomes money: what it took over goes back. One whose books
    refuse that stays as it is, and holds up no other.
    """
    on_its_way = exists().where(
        Refund.state.in_((RefundState.REQUESTED, RefundState.SUBMITTED, RefundState.FAILED)),
        Refund.key.like(func.concat("refund:return:", Return.id, ":%")),
    )
    new = aliased(Order)
    ended = exists().where(
        new.id == Return.replacement_order_id,
        or_(new.status.in_((*_CAME_TO_NOTHING, OrderStatus.COMPLETED)), new.delivered_at.is_not(None)),
    )
    done = select(Return).where(
        or_(
            Return.state.in_((ReturnState.REFUND, ReturnState.STORE_CREDIT)) & ~on_its_way,
            (Return.state == ReturnState.SENT_BACK) & Return.followed_up_at.is_not(None),
            (Return.state == ReturnState.EXCHANGE) & ended,
        )
    )
    found = await _due(session, done, limit)
    for return_id, order, asked in [(asked.id, order, asked) for order, asked in found]:
        try:
            async with session.begin_nested():
                await _close(session, order, asked, now=now)
        except Refused as refusal:
            log.error("a return cannot be closed", returning=return_id, code=refusal.code)
    return len(found)


async def _close(session: AsyncSession, order: Order, asked: Return, *, now: datetime) -> None:
    if asked.state is ReturnState.EXCHANGE and await _came_to_nothing(session, asked):
        await _undo(session, order, asked, now=now)
    else:
        asked.move_to(ReturnState.CLOSED, now=now)
        note(session, asked, "closed", by="system", now=now)


async def follow_up_returns(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Ask the shopper some days later whether all is well, once."""
    due = select(Return).where(Return.follow_up_at <= now, Return.followed_up_at.is_(None))
    found = await _due(session, due, limit)
    for order, asked in found:
        asked.followed_up_at = now
        tell(session, order, asked, "return_follow_up", now=now)
    return len(found)


async def _due(session: AsyncSession, due: Select[Return], limit: int) -> list[tuple[Order, Return]]:
    """Returns with their orders, locked; those that somebody else works on are left for the next time."""
    found = await session.execute(
        due.join(Order, Order.id == Return.order_id)
        .add_columns(Order)
        .order_by(Return.order_id, Return.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(order, asked) for asked, order in found]


async def _came_to_nothing(session: AsyncSession, asked: Return) -> bool:
    ended = select(Order.id).where(Order.id == asked.replacement_order_id, Order.status.in_(_CAME_TO_NOTHING))
    return await session.scalar(ended) is not None


async def _undo(session: AsyncSession, order: Order, asked: Return, *, now: datetime) -> None:
    asked.move_to(ReturnState.STORE_CREDIT if asked.is_to_credit else ReturnState.REFUND, now=now)
    before = asked.refunded
    parts = [(int(holder), int(amount)) for _, holder, amount in asked.carried]
    asked.carried = []
    await give_money(session, order, asked, summed(parts), now=now, fact=":undone")
    note(session, asked, "replacement_undone", by="system", now=now, amount=asked.refunded - before)
    tell(session, order, asked, "return_settled", now=now, amount=asked.refunded - before)
