"""What the staff decides about returns: yes, no, tell us more; above somebody's limit another person says yes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.returns.actions import approve_now, come_to_nothing
from commerce.returns.book import locked_return, note, tell, waiting_approval
from commerce.returns.model import (
    TO_DECIDE,
    ApprovalState,
    Kind,
    Return,
    ReturnApproval,
    ReturnState,
)
from commerce.returns.offers import Terms
from foundation.errors import Refused


async def approve(
    session: AsyncSession,
    *,
    return_id: int,
    staff_id: int,
    limit: int | None,
    reason: str,
    terms: Terms,
    now: datetime,
) -> Return:
    """Say yes. What is worth more than `limit` (minor units, none for any) waits for somebody with a higher one.

    Raises Refused: returns.unknown, returns.decided, stock.short for a replacement.
    """
    order, asked = await locked_return(session, return_id)
    _refuse_decided(asked)
    asked.reason = reason.strip()[:500]
    waiting = await waiting_approval(session, asked)
    if limit is not None and at_stake(asked) > limit:
        if waiting is None:
            session.add(
                ReturnApproval(
                    return_id=asked.id,
                    amount=at_stake(asked),
                    reason=asked.reason,
                    asked_by=staff_id,
                    created_at=now,
                )
            )
            note(session, asked, "approval_asked", by="staff", now=now, amount=at_stake(asked))
            await session.flush()
        return asked
    if waiting is not None:
        waiting.state, waiting.decided_by, waiting.decided_at = ApprovalState.GRANTED, staff_id, now
    await approve_now(session, order, asked, by="staff", terms=terms, now=now)
    return asked


async def refuse_approval(
    session: AsyncSession, *, return_id: int, staff_id: int, limit: int | None, reason: str, now: datetime
) -> Return:
    """Do not let an agent's yes pass; the return waits for another decision.

    Raises Refused: returns.unknown, returns.no_approval, returns.above_limit (`limit`).
    """
    _, asked = await locked_return(session, return_id)
    waiting = await waiting_approval(session, asked)
    if waiting is None:
        raise Refused("returns.no_approval", number=asked.number)
    if limit is not None and waiting.amount > limit:
        raise Refused("returns.above_limit", limit=limit, currency=asked.currency)
    waiting.state, waiting.decided_by, waiting.decided_at = ApprovalState.REFUSED, staff_id, now
    note(session, asked, "approval_refused", by="staff", now=now, reason=reason.strip()[:500])
    await session.flush()
    return asked


async def reject(session: AsyncSession, *, return_id: int, staff_id: int, reason: str, now: datetime) -> Return:
    """Say no; the shopper is told why. Raises Refused: returns.unknown, returns.decided, returns.reason."""
    order, asked = await locked_return(session, return_id)
    _refuse_decided(asked)
    if not reason.strip():
        raise Refused("returns.reason")
    asked.reason = reason.strip()[:500]
    await come_to_nothing(session, order, asked, ReturnState.REJECTED, by="staff", now=now, staff_id=staff_id)
    return asked


async def ask_info(session: AsyncSession, *, return_id: int, question: str, terms: Terms, now: datetime) -> Return:
    """Ask the shopper something first. Raises Refused: returns.unknown, returns.move_refused, returns.reason."""
    order, asked = await locked_return(session, return_id)
    if not question.strip():
        raise Refused("returns.reason")
    asked.move_to(ReturnState.NEEDS_INFO, now=now)
    asked.question = question.strip()[:500]
    asked.send_by = now + 2 * terms.follow_up
    note(session, asked, "needs_info", by="staff", now=now, question=asked.question)
    tell(session, order, asked, "return_needs_info", now=now)
    return asked


async def receive(session: AsyncSession, *, return_id: int, now: datetime) -> Return:
    """The parcel is here. Raises Refused: returns.unknown, returns.move_refused."""
    order, asked = await locked_return(session, return_id)
    asked.move_to(ReturnState.RECEIVED, now=now)
    note(session, asked, "received", by="staff", now=now)
    tell(session, order, asked, "return_received", now=now)
    return asked


def at_stake(asked: Return) -> int:
    """What the shop gives away with a yes, in minor units: money, or goods for which others come only later."""
    return asked.goods_amount if asked.kind is Kind.EXCHANGE else asked.offered.amount


def _refuse_decided(asked: Return) -> None:
    if asked.state not in TO_DECIDE:
        raise Refused("returns.decided", number=asked.number, state=asked.state.value)
