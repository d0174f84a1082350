"""Money that the staff gives back of its own accord: at once within their limit, else when somebody agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import locked_order, note, tell
from commerce.orders.model import Order, RefundAsk, RefundAskState
from commerce.payments.ledger import balance, refund_amount
from foundation.errors import Refused
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class RefundAskView:
    """A refund that was asked for; `asked_by` and `decided_by` are people of the staff."""

    ask_id: int
    order_id: int
    number: str
    amount: Money
    reason: str
    to_credit: bool
    state: RefundAskState
    asked_by: int
    decided_by: int | None
    created_at: datetime


async def ask_refund(
    session: AsyncSession,
    *,
    order_id: int,
    key: str,
    amount: int,
    reason: str,
    to_credit: bool,
    staff_id: int,
    limit: int | None,
    now: datetime,
) -> RefundAsk:
    """Give `amount` minor units of an order back, or ask for it where that is above `limit` (None: there is none).

    The limit counts for all that the staff gave back on the order, so that many small refunds are no way around it.
    The same `key` again: the same ask. Raises Refused("refund.too_much", left=...) or ("refund.amount").
    """
    order = await locked_order(session, order_id)
    known = await session.scalar(select(RefundAsk).where(RefundAsk.order_id == order_id, RefundAsk.key == key))
    if known is not None:
        return known
    if amount < 1:
        raise Refused("refund.amount", amount=amount)
    left = (await balance(session, order_id)).kept - await _sum(session, order_id, RefundAskState.WAITING)
    if amount > left:
        raise Refused("refund.too_much", amount=amount, left=max(left, 0), currency=order.currency)
    ask = RefundAsk(
        order_id=order_id,
        key=key,
        amount=amount,
        reason=reason,
        to_credit=to_credit,
        state=RefundAskState.WAITING,
        asked_by=staff_id,
        created_at=now,
    )
    session.add(ask)
    await session.flush()
    given = await _sum(session, order_id, RefundAskState.GIVEN)
    if limit is None or given + amount <= limit:
        await _give(session, order, ask, staff_id=staff_id, now=now)
    else:
        note(session, order, "refund_asked", by="staff", now=now, amount=amount, currency=order.currency, reason=reason)
    return ask


async def approve_refund(
    session: AsyncSession, *, ask_id: int, staff_id: int, limit: int | None, now: datetime
) -> RefundAsk:
    """Agree to a refund that waits. Again: nothing more happens.

    Raises Refused("refund.unknown"), ("refund.decided"), ("refund.above_limit", limit=...).
    """
    order, ask = await _locked(session, ask_id)
    if ask.state is RefundAskState.GIVEN:
        return ask
    if ask.state is not RefundAskState.WAITING:
        raise Refused("refund.decided", number=order.number)
    given = await _sum(session, order.id, RefundAskState.GIVEN)
    if limit is not None and given + ask.amount > limit:
        raise Refused("refund.above_limit", limit=limit, currency=order.currency)
    await _give(session, order, ask, staff_id=staff_id, now=now)
    return ask


async def refuse_refund(session: AsyncSession, *, ask_id: int, staff_id: int, now: datetime) -> RefundAsk:
    """Say no to a refund that waits. Raises Refused("refund.unknown") or ("refund.decided")."""
    order, ask = await _locked(session, ask_id)
    if ask.state is RefundAskState.GIVEN:
        raise Refused("refund.decided", number=order.number)
    if ask.state is RefundAskState.WAITING:
        ask.state, ask.decided_by, ask.decided_at = RefundAskState.REFUSED, staff_id, now
        note(session, order, "refund_refused", by="staff", now=now, amount=ask.amount, currency=order.currency)
        await session.flush()
    return ask


async def refund_asks(
    session: AsyncSession, *, order_id: int | None = None, waiting: bool = False, limit: int = 100
) -> list[RefundAskView]:
    """Refunds that were asked for, newest first: of an order, or those that wait."""
    found = select(RefundAsk, Order).join(Order, Order.id == RefundAsk.order_id)
    if order_id is not None:
        found = found.where(RefundAsk.order_id == order_id)
    if waiting:
        found = found.where(RefundAsk.state == RefundAskState.WAITING)
    rows: Sequence[tuple[RefundAsk, Order]] = [
        (ask, order) for ask, order in await session.execute(found.order_by(RefundAsk.id.desc()).limit(limit))
    ]
    return [
        RefundAskView(
            ask.id,
            order.id,
            order.number,
            Money(ask.amount, order.currency),
            ask.reason,
            ask.to_credit,
            ask.state,
            ask.asked_by,
            ask.decided_by,
            ask.created_at,
        )
        for ask, order in rows
    ]


async def _give(session: AsyncSession, order: Order, ask: RefundAsk, *, staff_id: int, now: datetime) -> None:
    await refund_amount(
        session,
        order_id=order.id,
        amount=ask.amount,
        reason="goodwill",
        key=f"refund:staff:{ask.id}",
        now=now,
        to="credit" if ask.to_credit else "original",
    )
    ask.state, ask.decided_by, ask.decided_at = RefundAskState.GIVEN, staff_id, now
    note(session, order, "refund_given", by="staff", now=now, amount=ask.amount, currency=order.currency)
    if not ask.to_credit:  # credit is told by the ledger, for it is there at once
        tell(session, order, "refund_promised", now=now, amount=ask.amount)
    await session.flush()


async def _sum(session: AsyncSession, order_id: int, state: RefundAskState) -> int:
    asked = select(func.coalesce(func.sum(RefundAsk.amount), 0))
    return int(await session.scalar(asked.where(RefundAsk.order_id == order_id, RefundAsk.state == state)) or 0)


async def _locked(session: AsyncSession, ask_id: int) -> tuple[Order, RefundAsk]:
    order_id = await session.scalar(select(RefundAsk.order_id).where(RefundAsk.id == ask_id))
    if order_id is None:
        raise Refused("refund.unknown", refund=ask_id)
    order = await locked_order(session, order_id)
    return order, await session.get_one(RefundAsk, ask_id, with_for_update=True, populate_existing=True)
