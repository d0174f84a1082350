"""What the staff does with money that does not settle by itself: transfers, refunds, payments that hang, webhooks.

Each act is one transaction with its line in the audit log; then the bells.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.order_views import Price
from admin_api.product_desk import note_down
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words, read_cursor
from commerce.orders.actions import mark_refunded
from commerce.payments import review, transfers
from commerce.payments.review import EventView, OpenMoney, ReportView, TransferView
from commerce.payments.statement import read_statement
from commerce.payments.transfer_model import TransferState
from commerce.payments.transfers import TransferEntry
from conversations.events import tell_staff
from foundation.errors import Refused
from foundation.money import Money

WAITING = (TransferState.REVIEW,)
DECIDED = (TransferState.MATCHED, TransferState.RETURNED, TransferState.ASIDE)
Decision = Literal["match", "return", "aside"]


class EntryForm(BaseModel):
    """A transfer as it stands on the statement. `amount` is a plain decimal number such as 68.00."""

    bank_reference: Annotated[Words, Field(min_length=1, max_length=80)]
    amount: Annotated[Words, Field(min_length=1, max_length=24)]
    received_on: date
    payer: Annotated[Words, Field(max_length=200)] = ""
    memo: Annotated[Words, Field(max_length=transfers.LONGEST_MEMO)] = ""


class DecisionForm(BaseModel):
    """What becomes of a transfer: the order it is for (`match`), sent back, or put aside; and how we know."""

    decision: Decision
    proof: Annotated[Words, Field(max_length=500)] = ""
    number: Annotated[Words, Field(max_length=20, description="The order, for `match`.")] = ""


class TransferRow(BaseModel):
    """A transfer. `finding` says why it waits: unmatched, partial, overpaid, duplicate, ended, other_currency."""

    id: int
    bank_reference: str
    amount: Price
    received_on: date
    payer: str
    memo: str
    state: str
    finding: str
    order: str | None
    decided_at: datetime | None
    proof: str | None


class TransferPage(BaseModel):
    """Transfers, newest first; `next` is the cursor of the following page."""

    transfers: list[TransferRow]
    next: str | None


class StatementRead(BaseModel):
    """What came of a statement: new transfers, those that settled by themselves, and lines that cannot be read."""

    new: int
    known: int
    settled: int
    outgoing: int
    problems: list[str]


class ReportRow(BaseModel):
    """A shopper says that the money of an order was sent. `photos` are [conversation id, seq] of messages."""

    id: int
    order: str
    customer_id: int
    amount: Price
    words: str
    photos: list[list[int]]
    created_at: datetime


class OpenRow(BaseModel):
    """A payment or a refund that is not final. `by_hand`: the staff pays it back; else a bank is asked again.

    `card`: what a refund is to be sent to, where that is another card or wallet than what paid.
    """

    id: int
    order: str
    provider: str
    amount: Price
    state: str
    reason: str
    checks: int
    created_at: datetime
    next_check_at: datetime | None
    by_hand: bool
    card: str | None


class OpenMoneyPage(BaseModel):
    """All that is not final, the oldest first."""

    payments: list[OpenRow]
    refunds: list[OpenRow]


class EventRow(BaseModel):
    """A webhook and what came of it; no `handled_at`: its turn has not come."""

    id: int
    provider: str
    event_id: str
    type: str
    received_at: datetime
    handled_at: datetime | None
    result: str | None


class EventPage(BaseModel):
    """Webhooks, newest first; `next` is the cursor of the following page."""

    events: list[EventRow]
    next: str | None


async def list_transfers(
    session: AsyncSession, staff: StaffMember, *, waiting: bool, cursor: str | None, limit: int
) -> TransferPage:
    """Those that wait for somebody, or those that were decided. Refuses cursor.invalid."""
    staff.must(Permission.REVIEW_TRANSFERS)
    found = await review.transfers(
        session, states=WAITING if waiting else DECIDED, before_id=read_cursor(cursor), limit=limit + 1
    )
    page = [_transfer_row(view) for view in found[:limit]]
    return TransferPage(transfers=page, next=str(page[-1].id) if len(found) > limit else None)


async def list_reports(session: AsyncSession, staff: StaffMember) -> list[ReportRow]:
    """What shoppers say they have sent, the oldest first."""
    staff.must(Permission.REVIEW_TRANSFERS)
    return [_report_row(view) for view in await review.reports(session)]


async def list_open(session: AsyncSession, staff: StaffMember) -> OpenMoneyPage:
    """Payments and refunds that are not final."""
    staff.must(Permission.REFUND)
    return OpenMoneyPage(
        payments=[_open_row(view) for view in await review.open_intents(session)],
        refunds=[_open_row(view) for view in await review.open_refunds(session)],
    )


async def list_events(session: AsyncSession, staff: StaffMember, *, cursor: str | None, limit: int) -> EventPage:
    """Webhooks, newest first. Refuses cursor.invalid."""
    staff.must(Permission.REFUND)
    found = await review.events(session, before_id=read_cursor(cursor), limit=limit + 1)
    page = [_event_row(view) for view in found[:limit]]
    return EventPage(events=page, next=str(page[-1].id) if len(found) > limit else None)


async def enter(desk: Desk, staff: StaffMember, form: EntryForm) -> TransferRow:
    """Money arrived. Refuses transfer.invalid, money.unreadable; the same line again changes nothing."""
    entry = TransferEntry(
        form.bank_reference.strip(),
        Money.parse(form.amount, desk.settings.currency),
        form.received_on,
        payer=form.payer.strip(),
        memo=form.memo.strip(),
    )
    row, _ = await _enter(desk, staff, entry)
    return row


async def read_in(desk: Desk, staff: StaffMember, raw: bytes) -> StatementRead:
    """A statement of a bank as CSV; each line is a transaction of its own. Refuses statement.*"""
    staff.must(Permission.REVIEW_TRANSFERS)
    statement = read_statement(raw, currency=desk.settings.currency)
    problems = [f"{problem.line}: {problem.column}" for problem in statement.problems]
    new = known = settled = 0
    for entry in statement.entries:
        try:
            row, is_new = await _enter(desk, staff, entry)
        except Refused as refusal:
            problems.append(f"{entry.bank_reference}: {refusal.code}")
            continue
        new, known = new + is_new, known + (not is_new)
        settled += is_new and row.state == TransferState.MATCHED
    return StatementRead(new=new, known=known, settled=settled, outgoing=statement.outgoing, problems=problems[:100])


async def decide(desk: Desk, staff: StaffMember, *, transfer_id: int, form: DecisionForm) -> TransferRow:
    """Settle a transfer that waited. Refuses transfer.*, order.unknown."""
    now = desk.now()
    async with _act(desk, staff, Permission.REVIEW_TRANSFERS) as session:
        if form.decision == "match":
            done = await transfers.match_transfer(
                session, transfer_id=transfer_id, number=form.number, staff_id=staff.id, proof=form.proof, now=now
            )
            if done.order_id is not None:
                await tell_staff(session, "order", done.order_id)
        elif form.decision == "return":
            await transfers.return_transfer(
                session, transfer_id=transfer_id, staff_id=staff.id, proof=form.proof, now=now
            )
        else:
            await transfers.put_aside(session, transfer_id=transfer_id, staff_id=staff.id, proof=form.proof, now=now)
        note_down(session, desk, staff, f"transfer.{form.decision}", f"transfer:{transfer_id}", proof=form.proof)
        await session.flush()
        return _transfer_row(await review.transfer_view(session, transfer_id))


async def close_report(desk: Desk, staff: StaffMember, *, report_id: int) -> None:
    """Nothing came for it. Refuses transfer.report_unknown."""
    async with _act(desk, staff, Permission.REVIEW_TRANSFERS) as session:
        await transfers.close_report(session, report_id=report_id, staff_id=staff.id, now=desk.now())
        note_down(session, desk, staff, "transfer.report_closed", f"transfer_report:{report_id}")


async def ask_about_payment(desk: Desk, staff: StaffMember, *, intent_id: int) -> None:
    """Have the bank asked now. Refuses payment.unknown, payment.final."""
    async with _act(desk, staff, Permission.REFUND) as session:
        await review.ask_about_intent(session, intent_id=intent_id, now=desk.now())
        note_down(session, desk, staff, "payment.asked_again", f"payment_intent:{intent_id}")


async def ask_about_refund(desk: Desk, staff: StaffMember, *, refund_id: int) -> None:
    """Have a refund sent again, or asked about. Refuses refund.unknown, refund.final, refund.by_hand."""
    async with _act(desk, staff, Permission.REFUND) as session:
        await review.ask_about_refund(session, refund_id=refund_id, now=desk.now())
        note_down(session, desk, staff, "refund.asked_again", f"refund:{refund_id}")


async def refunded_by_hand(desk: Desk, staff: StaffMember, *, refund_id: int, proof: str) -> None:
    """The money was given back, as `proof` says. Refuses refund.not_by_hand, transfer.proof_empty."""
    if not proof.strip():
        raise Refused("transfer.proof_empty")
    async with _act(desk, staff, Permission.REFUND) as session:
        await mark_refunded(session, refund_id=refund_id, proof=proof.strip(), now=desk.now())
        note_down(session, desk, staff, "refund.given_by_hand", f"refund:{refund_id}", proof=proof.strip())


async def _enter(desk: Desk, staff: StaffMember, entry: TransferEntry) -> tuple[TransferRow, bool]:
    async with _act(desk, staff, Permission.REVIEW_TRANSFERS) as session:
        made, is_new = await transfers.enter_transfer(session, entry=entry, staff_id=staff.id, now=desk.now())
        await session.flush()
        if is_new:
            note_down(session, desk, staff, "transfer.entered", f"transfer:{made.id}", finding=made.finding.value)
        if is_new and made.payment_id is not None and made.order_id is not None:
            await tell_staff(session, "order", made.order_id)
        return _transfer_row(await review.transfer_view(session, made.id)), is_new


@asynccontextmanager
async def _act(desk: Desk, staff: StaffMember, permission: Permission) -> AsyncIterator[AsyncSession]:
    staff.must(permission)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        yield session


def _transfer_row(view: TransferView) -> TransferRow:
    return TransferRow(
        id=view.id,
        bank_reference=view.bank_reference,
        amount=Price(amount=view.money.amount, currency=view.money.currency),
        received_on=view.received_on,
        payer=view.payer,
        memo=view.memo,
        state=view.state,
        finding=view.finding,
        order=view.number,
        decided_at=view.decided_at,
        proof=view.proof,
    )


def _report_row(view: ReportView) -> ReportRow:
    return ReportRow(
        id=view.id,
        order=view.number,
        customer_id=view.customer_id,
        amount=Price(amount=view.money.amount, currency=view.money.currency),
        words=view.words,
        photos=view.photos,
        created_at=view.created_at,
    )


def _open_row(view: OpenMoney) -> OpenRow:
    return OpenRow(
        id=view.id,
        order=view.number,
        provider=view.provider,
        amount=Price(amount=view.money.amount, currency=view.money.currency),
        state=view.state,
        reason=view.reason,
        checks=view.checks,
        created_at=view.created_at,
        next_check_at=view.next_check_at,
        by_hand=view.by_hand,
        card=view.card,
    )


def _event_row(view: EventView) -> EventRow:
    return EventRow(
        id=view.id,
        provider=view.provider,
        event_id=view.event_id,
        type=view.type,
        received_at=view.received_at,
        handled_at=view.handled_at,
        result=view.result,
    )
