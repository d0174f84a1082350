"""The payment simulator's books: our stand-in for a bank. The shop never reads these tables; it asks over HTTP."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from conversations.text import clean
from foundation.database import Base, Id, JsonList, JsonMap
from foundation.errors import Json, Refused
from foundation.money import Money

LATE = timedelta(seconds=30)
"""How late a webhook with the fault DELAY is sent."""


class Fault(StrEnum):
    """What can go wrong with a bank. Each one in a session's list is used up by one occasion."""

    DUPLICATE = "duplicate"
    DELAY = "delay"
    DROP = "drop"
    TIME_OUT_AFTER_SUCCESS = "time_out_after_success"
    REFUSE_CLOSE = "refuse_close"
    SLOW_REFUND = "slow_refund"


class State(StrEnum):
    """A session is open until it is paid or closed. A declined attempt leaves it open."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class SimulatorSession(Base):
    """One payment that a shop asked for; `reference` is the shop's name of it. The `id` opens the pay page."""

    __tablename__ = "simulator_session"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("state IN ('open', 'paid', 'closed')", name="state_known"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    reference: Mapped[str] = mapped_column(String(120), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), default=State.OPEN)
    return_url: Mapped[str]
    notify_url: Mapped[str]
    faults: Mapped[JsonList] = mapped_column(default=list)
    created_at: Mapped[datetime]

    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money(self.amount, self.currency)

    def goes_wrong(self, fault: Fault) -> bool:
        """Whether this occasion fails in this way; uses the fault up. The row must be locked."""
        if fault not in self.faults:
            return False
        left = list(self.faults)
        left.remove(fault)
        self.faults = left
        return True


class SimulatorRefund(Base):
    """Money given back once under the shop's key."""

    __tablename__ = "simulator_refund"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("simulator_session.id"), index=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]


class SimulatorEvent(Base):
    """A webhook to send. `next_at` is null once it was taken by the shop, dropped or given up."""

    __tablename__ = "simulator_event"
    __table_args__ = (Index("ix_simulator_event_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),)

    id: Mapped[Id]
    event_id: Mapped[str] = mapped_column(String(40))
    notify_url: Mapped[str]
    payload: Mapped[JsonMap]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


async def open_session(
    session: AsyncSession,
    *,
    reference: str,
    money: Money,
    return_url: str,
    notify_url: str,
    faults: list[Fault],
    now: datetime,
) -> tuple[SimulatorSession, bool]:
    """The session of this reference and whether it was made now. Raises Refused("simulator.amount_differs")."""
    made = insert(SimulatorSession).values(
        id=secrets.token_urlsafe(24),
        reference=reference,
        amount=money.amount,
        currency=money.currency,
        state=State.OPEN,
        return_url=return_url,
        notify_url=notify_url,
        faults=[str(fault) for fault in faults],
        created_at=now,
    )
    is_new = await session.scalar(made.on_conflict_do_nothing().returning(SimulatorSession.id)) is not None
    found = (await session.scalars(select(SimulatorSession).filter_by(reference=reference).with_for_update())).one()
    if found.money != money:
        raise Refused("simulator.amount_differs", reference=reference)
    return found, is_new


async def session_of(session: AsyncSession, session_id: str, *, lock: bool = False) -> SimulatorSession:
    """The session with this id. Raises Refused("simulator.session_unknown")."""
    query = select(SimulatorSession).filter_by(id=clean(session_id))
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise Refused("simulator.session_unknown")
    return found


async def session_by_reference(session: AsyncSession, reference: str) -> SimulatorSession:
    """The session that a shop named so, locked. Raises Refused("simulator.session_unknown")."""
    found = await session.scalar(select(SimulatorSession).filter_by(reference=reference).with_for_update())
    if found is None:
        raise Refused("simulator.session_unknown")
    return found


async def choose(session: AsyncSession, *, session_id: str, pays: bool, now: datetime) -> SimulatorSession:
    """What the shopper pressed on the pay page. A session that is paid or closed stays as it is."""
    found = await session_of(session, session_id, lock=True)
    if found.state != State.OPEN:
        return found
    if pays:
        found.state = State.PAID
    await _tell(session, found, "payment.succeeded" if pays else "payment.failed", now=now)
    return found


async def close_session(session: AsyncSession, *, session_id: str, now: datetime) -> SimulatorSession:
    """Let nobody pay it any more; a session that was paid first stays paid."""
    found = await session_of(session, session_id, lock=True)
    if found.state == State.OPEN:
        found.state = State.CLOSED
        await _tell(session, found, "session.closed", now=now)
    return found


async def give_back(session: AsyncSession, *, session_id: str, key: str, amount: int, now: datetime) -> SimulatorRefund:
    """Pay back once under this key.

    Raises Refused("simulator.not_paid"), ("simulator.too_much"), ("simulator.key_taken").
    """
    paid = await session_of(session, session_id, lock=True)
    known = await session.get(SimulatorRefund, key)
    if known is not None:
        if (known.session_id, known.amount) != (session_id, amount):
            raise Refused("simulator.key_taken", key=key)
        return known
    if paid.state != State.PAID:
        raise Refused("simulator.not_paid")
    spent = await session.scalar(select(func.sum(SimulatorRefund.amount)).filter_by(session_id=session_id)) or 0
    if spent + amount > paid.amount:
        raise Refused("simulator.too_much")
    slow = paid.goes_wrong(Fault.SLOW_REFUND)
    state = "pending" if slow else "succeeded"
    refund = SimulatorRefund(
        key=key, session_id=session_id, amount=amount, currency=paid.currency, state=state, created_at=now
    )
    session.add(refund)
    if not slow:
        await _tell(session, paid, "refund.succeeded", amount=amount, refund_key=key, now=now)
    return refund


async def refund_of(session: AsyncSession, key: str, *, now: datetime) -> SimulatorRefund:
    """The refund with this key; a slow one is through by now. Raises Refused("simulator.refund_unknown")."""
    found = await session.scalar(select(SimulatorRefund).filter_by(key=clean(key)).with_for_update())
    if found is None:
        raise Refused("simulator.refund_unknown")
    if found.state == "pending":
        found.state = "succeeded"
        paid = await session_of(session, found.session_id, lock=True)
        await _tell(session, paid, "refund.succeeded", amount=found.amount, refund_key=key, now=now)
    return found


async def claim_webhooks(
    session: AsyncSession, *, now: datetime, lease: timedelta, limit: int = 20
) -> list[SimulatorEvent]:
    """Webhooks that are due, taken so that no other process sends them within `lease`."""
    due = (
        select(SimulatorEvent.id)
        .where(SimulatorEvent.next_at <= now)
        .order_by(SimulatorEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(SimulatorEvent)
        .where(SimulatorEvent.id.in_(due))
        .values(next_at=now + lease, tries=SimulatorEvent.tries + 1)
        .returning(SimulatorEvent)
    )
    return sorted(await session.scalars(taken), key=lambda event: event.id)


async def _tell(
    session: AsyncSession,
    about: SimulatorSession,
    kind: str,
    *,
    now: datetime,
    amount: int | None = None,
    refund_key: str | None = None,
) -> None:
    """Write the webhook down in the transaction of its reason; faults make it late, double or lost."""
    event_id = f"evt_{secrets.token_hex(12)}"
    payload: dict[str, Json] = {
        "event_id": event_id,
        "type": kind,
        "session": about.id,
        "reference": about.reference,
        "amount": about.amount if amount is None else amount,
        "currency": about.currency,
    }
    if refund_key is not None:
        payload["refund_key"] = refund_key
    copies = 2 if about.goes_wrong(Fault.DUPLICATE) else 1
    due: datetime | None = now + LATE if about.goes_wrong(Fault.DELAY) else now
    if about.goes_wrong(Fault.DROP):
        due = None
    for _ in range(copies):
        session.add(
            SimulatorEvent(event_id=event_id, notify_url=about.notify_url, payload=payload, next_at=due, tries=0)
        )
