"""What the staff sees of money that is not settled by itself, and how they have a bank asked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.model import Order
from commerce.payments.cash import REFUNDED_BY_HAND
from commerce.payments.ledger import CLOSE_INTENT, SUBMIT_REFUND
from commerce.payments.model import PAYABLE, Instrument, Intent, IntentState, ProviderEvent, Refund, RefundState
from commerce.payments.transfer_model import BankTransfer, Finding, TransferReport, TransferState
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.jobs import enqueue
from foundation.money import Money

OPEN_REFUNDS = (RefundState.REQUESTED, RefundState.SUBMITTED, RefundState.FAILED)


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer with who sent it and what they wrote, opened. `number` is the order it is, or may be, for."""

    id: int
    bank_reference: str
    money: Money
    received_on: date
    payer: str
    memo: str
    state: TransferState
    finding: Finding
    number: str | None
    decided_by: int | None
    decided_at: datetime | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A shopper says they have paid. `photos` are [conversation id, seq]."""

    id: int
    number: str
    customer_id: int
    money: Money
    words: str
    photos: list[list[int]]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """An intent or a refund that is not final. `checks`: how often the bank was asked; `by_hand`: there is no bank.

    `card`: the shopper's card or wallet that a refund is to be sent to, where that is not what paid.
    """

    id: int
    number: str
    provider: str
    money: Money
    state: str
    reason: str
    checks: int
    created_at: datetime
    next_check_at: datetime | None
    by_hand: bool
    card: str | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """A webhook as it was stored, and what came of it."""

    id: int
    provider: str
    event_id: str
    type: str
    received_at: datetime
    handled_at: datetime | None
    result: str | None


async def transfers(
    session: AsyncSession, *, states: Sequence[TransferState], before_id: int | None, limit: int
) -> list[TransferView]:
    """Transfers in one of these states, newest first."""
    vault: Vault = session.info["vault"]
    found = (
        select(BankTransfer, Order.number)
        .outerjoin(Order, Order.id == BankTransfer.order_id)
        .where(BankTransfer.state.in_(states))
        .order_by(BankTransfer.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        found = found.where(BankTransfer.id < before_id)
    return [_transfer_view(vault, row, number) for row, number in await session.execute(found)]


async def transfer_view(session: AsyncSession, transfer_id: int) -> TransferView:
    """One transfer. Raises Refused("transfer.unknown")."""
    found = select(BankTransfer, Order.number).outerjoin(Order, Order.id == BankTransfer.order_id)
    row = (await session.execute(found.where(BankTransfer.id == transfer_id))).one_or_none()
    if row is None:
        raise Refused("transfer.unknown", transfer=transfer_id)
    return _transfer_view(session.info["vault"], row[0], row[1])


async def reports(session: AsyncSession, *, limit: int = 100) -> list[ReportView]:
    """What shoppers say they have sent and nobody has found yet, the oldest first."""
    vault: Vault = session.info["vault"]
    found = (
        select(TransferReport, Order)
        .join(Order, Order.id == TransferReport.order_id)
        .where(TransferReport.closed_at.is_(None))
        .order_by(TransferReport.id)
        .limit(limit)
    )
    return [
        ReportView(
            id=report.id,
            number=order.number,
            customer_id=report.customer_id,
            money=order.total,
            words=vault.open(report.note_sealed) if report.note_sealed else "",
            photos=[[int(part) for part in photo] for photo in report.photos],
            created_at=report.created_at,
        )
        for report, order in await session.execute(found)
    ]


async def open_intents(session: AsyncSession, *, limit: int = 100) -> list[OpenMoney]:
    """Payments that a bank was asked for and that are not final, the oldest first."""
    found = (
        select(Intent, Order.number)
        .join(Order, Order.id == Intent.order_id)
        .where(Intent.state.in_((*PAYABLE, IntentState.CLOSING)), Intent.opened_at.is_not(None))
        .order_by(Intent.id)
        .limit(limit)
    )
    return [
        OpenMoney(
            id=intent.id,
            number=number,
            provider=intent.provider,
            money=intent.money,
            state=intent.state,
            reason="",
            checks=intent.checks,
            created_at=intent.created_at,
            next_check_at=intent.next_check_at,
            by_hand=False,
        )
        for intent, number in await session.execute(found)
    ]


async def open_refunds(session: AsyncSession, *, limit: int = 100) -> list[OpenMoney]:
    """Refunds that are not through, the oldest first: those by hand wait for the staff."""
    found = (
        select(Refund, Order.number, Instrument.shown())
        .join(Order, Order.id == Refund.order_id)
        .outerjoin(Instrument, Instrument.id == Refund.instrument_id)
        .where(Refund.state.in_(OPEN_REFUNDS))
        .order_by(Refund.id)
        .limit(limit)
    )
    return [
        OpenMoney(
            id=refund.id,
            number=number,
            provider=refund.provider,
            money=Money(refund.amount, refund.currency),
            state=refund.state,
            reason=refund.reason,
            checks=refund.checks,
            created_at=refund.created_at,
            next_check_at=refund.next_check_at,
            by_hand=refund.provider in REFUNDED_BY_HAND,
            card=card,
        )
        for refund, number, card in await session.execute(found)
    ]


async def events(session: AsyncSession, *, before_id: int | None, limit: int) -> list[EventView]:
    """Webhooks, newest first."""
    found = select(ProviderEvent).order_by(ProviderEvent.id.desc()).limit(limit)
    if before_id is not None:
        found = found.where(ProviderEvent.id < before_id)
    return [
        EventView(
            id=event.id,
            provider=event.provider,
            event_id=event.event_id,
            type=event.type,
            received_at=event.received_at,
            handled_at=event.handled_at,
            result=event.result,
        )
        for event in await session.scalars(found)
    ]


async def ask_about_intent(session: AsyncSession, *, intent_id: int, now: datetime) -> Intent:
    """Have the bank asked now how a payment stands. Raises Refused("payment.unknown") or ("payment.final")."""
    intent = await session.get(Intent, intent_id, with_for_update={"key_share": True}, populate_existing=True)
    if intent is None:
        raise Refused("payment.unknown")
    if intent.state not in (*PAYABLE, IntentState.CLOSING) or intent.opened_at is None:
        raise Refused("payment.final", state=intent.state.value)
    intent.checks, intent.next_check_at = 0, now
    await enqueue(session, CLOSE_INTENT, {"intent_id": intent.id}, key=f"{CLOSE_INTENT}:{intent.id}")
    return intent


async def ask_about_refund(session: AsyncSession, *, refund_id: int, now: datetime) -> Refund:
    """Have a refund sent again, or asked about, now, under its key.

    Raises Refused("refund.unknown"), ("refund.final") or ("refund.by_hand").
    """
    refund = await session.get(Refund, refund_id, with_for_update={"key_share": True}, populate_existing=True)
    if refund is None:
        raise Refused("refund.unknown", refund=refund_id)
    if refund.state not in OPEN_REFUNDS:
        raise Refused("refund.final", state=refund.state.value)
    if refund.provider in REFUNDED_BY_HAND:
        raise Refused("refund.by_hand", refund=refund_id)
    refund.checks, refund.next_check_at = 0, now
    await enqueue(session, SUBMIT_REFUND, {"refund_id": refund.id}, key=f"{SUBMIT_REFUND}:{refund.id}")
    return refund


def _transfer_view(vault: Vault, row: BankTransfer, number: str | None) -> TransferView:
    return TransferView(
        id=row.id,
        bank_reference=row.bank_reference,
        money=row.money,
        received_on=row.received_on,
        payer=vault.open(row.payer_sealed) if row.payer_sealed else "",
        memo=vault.open(row.memo_sealed) if row.memo_sealed else "",
        state=row.state,
        finding=row.finding,
        number=number,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        proof=row.proof,
    )
