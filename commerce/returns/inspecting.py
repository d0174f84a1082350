"""What the staff finds in the parcel, and what follows: money, a replacement, a repair, or the way back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.model import Order
from commerce.returns.book import lines_of, locked_return, note, tell
from commerce.returns.model import Disposition, Kind, Return, ReturnLine, ReturnState
from commerce.returns.offers import Terms
from commerce.returns.settling import send_away, settle
from foundation.database import JsonMap
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one line: so many `accepted`, of these `sellable` into stock, the others as `disposition`."""

    line_id: int
    accepted: int
    sellable: int
    disposition: Disposition | None = None
    note: str = ""
    photos: Sequence[JsonMap] = field(default=())


async def inspect(
    session: AsyncSession,
    *,
    return_id: int,
    findings: Sequence[Finding],
    deducted: int = 0,
    terms: Terms,
    now: datetime,
) -> Return:
    """Write down what came. When all of it is as agreed, what was agreed is done at once; else somebody settles.

    `deducted`: minor units kept for wear. Raises Refused: returns.unknown, returns.move_refused,
    returns.findings (each line once, pieces within those asked for), returns.deducted (`most`), and as `settle`.
    """
    order, asked = await locked_return(session, return_id)
    asked.move_to(ReturnState.INSPECTED, now=now)
    lines = await lines_of(session, asked)
    found = {finding.line_id: finding for finding in findings}
    if len(found) != len(findings) or set(found) != {line.id for line, _ in lines}:
        raise Refused("returns.findings", number=asked.number)
    for line, _ in lines:
        _write(line, found[line.id], asked)
    most = asked.goods_amount - asked.fee_amount
    if not 0 <= deducted <= most:
        raise Refused("returns.deducted", most=most, currency=asked.currency)
    asked.deducted = deducted
    await session.flush()
    accepted, wanted = sum(line.accepted or 0 for line, _ in lines), sum(line.quantity for line, _ in lines)
    note(session, asked, "inspected", by="staff", now=now, accepted=accepted, of=wanted, deducted=deducted)
    if accepted == wanted and not deducted and asked.kind is not Kind.REPAIR:
        await settle(session, order, asked, by="staff", terms=terms, now=now)
    else:
        tell(session, order, asked, "return_inspected", now=now, accepted=accepted, of=wanted)
    return asked


async def settle_return(
    session: AsyncSession, *, return_id: int, limit: int | None, terms: Terms, now: datetime
) -> Return:
    """Settle what was inspected with the pieces that were accepted; none accepted: all goes back to the shopper.

    Raises Refused: returns.unknown, returns.not_inspected, returns.above_limit (`limit`), and as `settle`.
    """
    order, asked = await locked_return(session, return_id)
    if asked.state is not ReturnState.INSPECTED:
        raise Refused("returns.not_inspected", number=asked.number, state=asked.state.value)
    worth = asked.goods_amount - asked.fee_amount + asked.shipping_amount - asked.deducted
    if limit is not None and worth > limit:
        raise Refused("returns.above_limit", limit=limit, currency=asked.currency)
    await settle(session, order, asked, by="staff", terms=terms, now=now)
    return asked


# repairs


async def diagnose(session: AsyncSession, *, return_id: int, now: datetime) -> Return:
    """Somebody looks what is broken. Raises Refused: returns.unknown, returns.not_a_repair, returns.move_refused."""
    return await _repair(session, return_id, ReturnState.DIAGNOSING, now=now)


async def quote_repair(session: AsyncSession, *, return_id: int, amount: int, text: str, now: datetime) -> Return:
    """Say what mending costs, in minor units; the shopper answers in the chat. Nothing (warranty) needs no answer.

    Raises Refused: returns.unknown, returns.not_a_repair, returns.move_refused, returns.quote.
    """
    if not 0 <= amount <= 10**12:
        raise Refused("returns.quote")
    order, asked = await _repair_of(session, return_id)
    if amount == 0:
        asked.quote_amount, asked.quote_note = 0, text.strip()[:500]
        _step(session, order, asked, ReturnState.REPAIRING, now=now)
        return asked
    asked.quote_amount, asked.quote_note = amount, text.strip()[:500]
    _step(session, order, asked, ReturnState.QUOTED, now=now, amount=amount)
    return asked


async def start_repair(session: AsyncSession, *, return_id: int, now: datetime) -> Return:
    """The shopper said yes: it is mended. Raises Refused as `diagnose`."""
    return await _repair(session, return_id, ReturnState.REPAIRING, now=now)


async def check_repair(session: AsyncSession, *, return_id: int, now: datetime) -> Return:
    """It was mended and works. Raises Refused as `diagnose`."""
    return await _repair(session, return_id, ReturnState.CHECKED, now=now)


async def cannot_mend(session: AsyncSession, *, return_id: int, now: datetime) -> Return:
    """It cannot be mended: it is settled like anything else that was inspected. Raises Refused as `diagnose`."""
    order, asked = await _repair_of(session, return_id)
    asked.move_to(ReturnState.INSPECTED, now=now)
    note(session, asked, "cannot_mend", by="staff", now=now)
    tell(session, order, asked, "return_cannot_mend", now=now)
    return asked


async def send_back(
    session: AsyncSession, *, return_id: int, carrier: str, tracking_number: str, terms: Terms, now: datetime
) -> Return:
    """The goods go back to the shopper: mended, not to be mended for that price, or not taken.

    Raises Refused: returns.unknown, returns.move_refused, returns.tracking.
    """
    order, asked = await locked_return(session, return_id)
    if not tracking_number.strip():
        raise Refused("returns.tracking")
    asked.sent_back_carrier, asked.sent_back_number = carrier.strip()[:80], tracking_number.strip()[:80]
    await send_away(session, order, asked, by="staff", terms=terms, now=now)
    return asked


def _write(line: ReturnLine, finding: Finding, asked: Return) -> None:
    fits = 0 <= finding.sellable <= finding.accepted <= line.quantity
    if not fits:
        raise Refused("returns.findings", number=asked.number)
    line.accepted, line.sellable = finding.accepted, finding.sellable
    is_some_spoilt = finding.sellable < finding.accepted
    line.disposition = finding.disposition or (Disposition.SCRAP if is_some_spoilt else Disposition.RESTOCK)
    line.note, line.photos = finding.note.strip()[:500], list(finding.photos)


async def _repair_of(session: AsyncSession, return_id: int) -> tuple[Order, Return]:
    order, asked = await locked_return(session, return_id)
    if asked.kind is not Kind.REPAIR:
        raise Refused("returns.not_a_repair", number=asked.number)
    return order, asked


async def _repair(session: AsyncSession, return_id: int, state: ReturnState, *, now: datetime) -> Return:
    order, asked = await _repair_of(session, return_id)
    _step(session, order, asked, state, now=now)
    return asked


def _step(
    session: AsyncSession, order: Order, asked: Return, state: ReturnState, *, now: datetime, **facts: int
) -> None:
    asked.move_to(state, now=now)
    note(session, asked, state.value, by="staff", now=now, **facts)
    tell(session, order, asked, f"return_{state.value}", now=now, **facts)
