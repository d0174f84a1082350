"""The payment simulator's books: what becomes of its sessions and refunds, and of the webhooks that tell of them."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.web.simulator_events import EVENTS
from bot.web.simulator_model import OWN, Fault, SimulatorEvent, SimulatorRefund, SimulatorSession, State
from conversations.text import clean
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.money import Money

LATE = timedelta(seconds=30)
"""How late a webhook with the fault DELAY is sent."""
OVERTAKEN = timedelta(seconds=3)
"""How late one with the fault REORDER is sent: what happens next is told before it."""
_SENT_AT_ONCE = 20


async def open_session(
    session: AsyncSession,
    *,
    reference: str,
    money: Money,
    return_url: str,
    notify_url: str,
    faults: Collection[str],
    now: datetime,
    protocol: str = OWN,
    session_id: str | None = None,
    payment_ref: str | None = None,
    details: JsonMap | None = None,
    expires_at: datetime | None = None,
) -> tuple[SimulatorSession, bool]:
    """The session of this reference and whether it was made now. Raises Refused("simulator.amount_differs").

    `session_id`: where the reference is to be one's own only within a protocol, the id that it always has there.
    """
    made = insert(SimulatorSession).values(
        id=session_id or secrets.token_urlsafe(24),
        protocol=protocol,
        reference=reference,
        payment_ref=payment_ref,
        amount=money.amount,
        currency=money.currency,
        state=State.OPEN,
        return_url=return_url,
        notify_url=notify_url,
        faults=[str(fault) for fault in faults],
        details=details or {},
        created_at=now,
        expires_at=expires_at,
    )
    is_new = await session.scalar(made.on_conflict_do_nothing().returning(SimulatorSession.id)) is not None
    named = select(SimulatorSession).filter_by(reference=reference, protocol=protocol).with_for_update()
    found = (await session.scalars(named)).one()
    if found.money != money:
        raise Refused("simulator.amount_differs", reference=reference)
    return found, is_new


async def session_of(session: AsyncSession, session_id: str, *, now: datetime, lock: bool = False) -> SimulatorSession:
    """The session with this id as it is now: a slow payment is through, and one past its time is closed.

    Raises Refused("simulator.session_unknown").
    """
    query = select(SimulatorSession).filter_by(id=clean(session_id))
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise Refused("simulator.session_unknown")
    is_over = found.state == State.OPEN and found.expires_at is not None and found.expires_at <= now
    if (is_over or found.state == State.PROCESSING) and not lock:
        return await session_of(session, session_id, now=now, lock=True)
    if is_over:
        found.state = State.CLOSED
        await tell(session, found, "session.closed", now=now)
    elif found.state == State.PROCESSING:
        found.state = State.PAID
        await tell(session, found, "payment.succeeded_late", now=now)
    return found


async def session_by_reference(session: AsyncSession, reference: str) -> SimulatorSession:
    """The latest session that a shop named so, locked. Raises Refused("simulator.session_unknown")."""
    named = select(SimulatorSession).filter_by(reference=reference).order_by(SimulatorSession.created_at.desc())
    found = await session.scalar(named.limit(1).with_for_update())
    if found is None:
        raise Refused("simulator.session_unknown")
    return found


async def choose(session: AsyncSession, *, session_id: str, pays: bool, now: datetime) -> SimulatorSession:
    """What the shopper pressed on the pay page. A session that is paid or closed stays as it is."""
    found = await session_of(session, session_id, lock=True, now=now)
    if found.state != State.OPEN:
        return found
    if not pays:
        await tell(session, found, "payment.failed", now=now)
    elif found.goes_wrong(Fault.SLOW_PAYMENT):
        found.state = State.PROCESSING
        await tell(session, found, "payment.processing", now=now)
    else:
        found.state = State.PAID
        await tell(session, found, "payment.succeeded", now=now)
    return found


async def close_session(session: AsyncSession, *, session_id: str, now: datetime) -> SimulatorSession:
    """Let nobody pay it any more; a session that was paid first stays paid."""
    found = await session_of(session, session_id, lock=True, now=now)
    if found.state == State.OPEN and found.goes_wrong(Fault.PAID_AT_CLOSE):
        found.state = State.PAID
        await tell(session, found, "payment.succeeded", now=now)
    elif found.state == State.OPEN:
        found.state = State.CLOSED
        await tell(session, found, "session.closed", now=now)
    return found


async def give_back(session: AsyncSession, *, session_id: str, key: str, amount: int, now: datetime) -> SimulatorRefund:
    """Pay back once under this key; one that failed is tried again by asking again.

    Raises Refused("simulator.not_paid"), ("simulator.too_much"), ("simulator.key_taken").
    """
    paid = await session_of(session, session_id, lock=True, now=now)
    known = await session.get(SimulatorRefund, key)
    if known is not None:
        if (known.session_id, known.amount) != (session_id, amount):
            raise Refused("simulator.key_taken", key=key)
        if known.state == "failed":
            known.state = "succeeded"
            await tell(session, paid, "refund.succeeded", refund=known, now=now)
        return known
    return await make_refund(session, paid, key=key, amount=amount, details={}, now=now)


async def make_refund(
    session: AsyncSession, paid: SimulatorSession, *, key: str, amount: int, details: JsonMap, now: datetime
) -> SimulatorRefund:
    """Write a new refund down. The session must be locked.

    Raises Refused("simulator.not_paid") or ("simulator.too_much").
    """
    if paid.state != State.PAID:
        raise Refused("simulator.not_paid")
    if await given_back(session, paid.id) + amount > paid.amount:
        raise Refused("simulator.too_much")
    state = "succeeded"
    if paid.goes_wrong(Fault.FAIL_REFUND):
        state = "failed"
    elif paid.goes_wrong(Fault.SLOW_REFUND):
        state = "pending"
    refund = SimulatorRefund(
        key=key,
        session_id=paid.id,
        amount=amount,
        currency=paid.currency,
        state=state,
        details=details,
        created_at=now,
    )
    session.add(refund)
    if state != "pending":
        await tell(session, paid, f"refund.{state}", refund=refund, now=now)
    return refund


async def given_back(session: AsyncSession, session_id: str) -> int:
    """Minor units of a session that went back or are on their way."""
    spent = select(func.sum(SimulatorRefund.amount)).where(
        SimulatorRefund.session_id == session_id, SimulatorRefund.state != "failed"
    )
    return int(await session.scalar(spent) or 0)


async def refund_of(session: AsyncSession, key: str, *, now: datetime) -> SimulatorRefund:
    """The refund with this key; a slow one is through by now. Raises Refused("simulator.refund_unknown")."""
    found = await session.scalar(select(SimulatorRefund).filter_by(key=clean(key)).with_for_update())
    if found is None:
        raise Refused("simulator.refund_unknown")
    if found.state == "pending":
        found.state = "succeeded"
        paid = await session_of(session, found.session_id, lock=True, now=now)
        await tell(session, paid, "refund.succeeded", refund=found, now=now)
    return found


async def claim_webhooks(session: AsyncSession, *, now: datetime, lease: timedelta) -> list[SimulatorEvent]:
    """Webhooks that are due, taken so that no other process sends them within `lease`."""
    due = (
        select(SimulatorEvent.id)
        .where(SimulatorEvent.next_at <= now)
        .order_by(SimulatorEvent.next_at, SimulatorEvent.id)
        .limit(_SENT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(SimulatorEvent)
        .where(SimulatorEvent.id.in_(due))
        .values(next_at=now + lease, tries=SimulatorEvent.tries + 1)
        .returning(SimulatorEvent)
    )
    return sorted(await session.scalars(taken), key=lambda event: event.id)


async def tell(
    session: AsyncSession,
    about: SimulatorSession,
    kind: str,
    *,
    now: datetime,
    refund: SimulatorRefund | None = None,
) -> None:
    """Write the webhook down in the transaction of its reason; faults make it late, double, wrong or lost."""
    event_id = f"evt_{secrets.token_hex(12)}"
    payload = EVENTS[about.protocol](event_id, kind, about, refund, now)
    if payload is None:
        return
    copies = 2 if about.goes_wrong(Fault.DUPLICATE) else 1
    due: datetime | None = now
    if about.goes_wrong(Fault.REORDER):
        due = now + OVERTAKEN
    if about.goes_wrong(Fault.DELAY):
        due = now + LATE
    if about.goes_wrong(Fault.DROP):
        due = None
    corrupt = about.goes_wrong(Fault.CORRUPT)
    for _ in range(copies):
        session.add(
            SimulatorEvent(
                event_id=event_id,
                protocol=about.protocol,
                corrupt=corrupt,
                notify_url=about.notify_url,
                payload=payload,
                next_at=due,
                tries=0,
            )
        )
