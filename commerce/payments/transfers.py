"""Bank transfers: what the bank tells, matched to orders by the code that shoppers write; the rest is for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import Actor, locked_order, note
from commerce.orders.model import Order
from commerce.orders.number import LENGTH, spelled
from commerce.orders.settlement import money_arrived
from commerce.payments.ledger import balance, capture, capture_unasked, payable_intents, start_closing
from commerce.payments.model import PAYABLE, Intent, IntentState, Payment
from commerce.payments.transfer_model import BankTransfer, Finding, TransferReport, TransferState
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import LARGEST, Money

TRANSFER = "transfer"
LONGEST_MEMO = 500
MOST_PHOTOS = 10


@dataclass(frozen=True, slots=True)
class TransferEntry:
    """One line of a bank statement. `bank_reference` is the bank's own number of it; `memo` is what the payer wrote."""

    bank_reference: str
    money: Money
    received_on: date
    payer: str = ""
    memo: str = ""


async def enter_transfer(
    session: AsyncSession, *, entry: TransferEntry, staff_id: int, now: datetime
) -> tuple[BankTransfer, bool]:
    """Write down that money arrived, and whether that is new; settle it by itself where code and amount are right.

    Raises Refused("transfer.invalid", field=...).
    """
    _refuse_odd(entry)
    vault: Vault = session.info["vault"]
    new = insert(BankTransfer).values(
        bank_reference=entry.bank_reference,
        amount=entry.money.amount,
        currency=entry.money.currency,
        received_on=entry.received_on,
        payer_sealed=vault.seal(entry.payer) if entry.payer else None,
        memo_sealed=vault.seal(entry.memo) if entry.memo else None,
        state=TransferState.REVIEW,
        finding=Finding.UNMATCHED,
        entered_by=staff_id,
        created_at=now,
    )
    added = await session.scalar(new.on_conflict_do_nothing().returning(BankTransfer.id))
    if added is None:
        known = select(BankTransfer).filter_by(
            bank_reference=entry.bank_reference, amount=entry.money.amount, received_on=entry.received_on
        )
        return (await session.scalars(known)).one(), False
    order_id = await _order_named_in(session, f"{entry.memo} {entry.bank_reference}")
    order = await locked_order(session, order_id) if order_id is not None else None
    transfer = await _locked(session, added)
    if order is not None:
        transfer.order_id = order.id
        transfer.finding, intent = await _judge(session, transfer, order)
        if transfer.finding is Finding.EXACT and intent is not None:
            await _take(session, transfer, order, intent, by="system", staff_id=None, proof=_line_of(transfer), now=now)
    return transfer, True


async def match_transfer(
    session: AsyncSession, *, transfer_id: int, number: str, staff_id: int, proof: str, now: datetime
) -> BankTransfer:
    """A person says which order a transfer is for. What is more than the order costs goes back by hand.

    Raises Refused("order.unknown"), ("transfer.unknown"), ("transfer.move_refused"), ("transfer.other_currency"),
    ("transfer.proof_empty").
    """
    order_id = await session.scalar(select(Order.id).where(Order.number == spelled(number)))
    if order_id is None:
        raise Refused("order.unknown", number=number[:20])
    order = await locked_order(session, order_id)
    transfer = await _locked(session, transfer_id)
    if transfer.currency != order.currency:
        raise Refused("transfer.other_currency", currency=transfer.currency, order_currency=order.currency)
    transfer.finding, intent = await _judge(session, transfer, order)
    await _take(
        session,
        transfer,
        order,
        intent,
        by="staff",
        staff_id=staff_id,
        proof=_proof(proof) or _line_of(transfer),
        now=now,
    )
    return transfer


async def return_transfer(
    session: AsyncSession, *, transfer_id: int, staff_id: int, proof: str, now: datetime
) -> BankTransfer:
    """A person sent the money back at the bank, as `proof` says. Raises as `match_transfer` does."""
    if not _proof(proof):
        raise Refused("transfer.proof_empty")
    return await _decide(session, transfer_id, TransferState.RETURNED, staff_id=staff_id, proof=proof, now=now)


async def put_aside(
    session: AsyncSession, *, transfer_id: int, staff_id: int, proof: str, now: datetime
) -> BankTransfer:
    """It is for no order, as `proof` says; it may be taken up again. Raises as `match_transfer` does."""
    if not _proof(proof):
        raise Refused("transfer.proof_empty")
    return await _decide(session, transfer_id, TransferState.ASIDE, staff_id=staff_id, proof=proof, now=now)


async def report_transfer(
    session: AsyncSession,
    *,
    order_id: int,
    customer_id: int,
    words: str,
    photos: Sequence[Sequence[int]],
    now: datetime,
) -> TransferReport:
    """A shopper says they have sent the money: for staff to look for it. Said again, it joins what they said before.

    Raises Refused("order.unknown") or ("payment.done", number=...) when nothing is owed any more.
    """
    order = await session.scalar(select(Order).where(Order.id == order_id, Order.customer_id == customer_id))
    if order is None:
        raise Refused("order.unknown", number=str(order_id))
    order = await locked_order(session, order_id)
    if not await payable_intents(session, order_id):
        raise Refused("payment.done", number=order.number)
    vault: Vault = session.info["vault"]
    open_one = select(TransferReport).filter_by(order_id=order_id, closed_at=None).with_for_update()
    report = await session.scalar(open_one)
    if report is None:
        report = TransferReport(order_id=order_id, customer_id=customer_id, photos=[], created_at=now)
        session.add(report)
        note(session, order, "transfer_reported", by="shopper", now=now)
    said = vault.open(report.note_sealed) if report.note_sealed else ""
    if words.strip() and words.strip() not in said:
        report.note_sealed = vault.seal(f"{said}\n{words.strip()}".strip()[-LONGEST_MEMO:])
    report.photos = [*report.photos, *(list(one) for one in photos if list(one) not in report.photos)][-MOST_PHOTOS:]
    await session.flush()
    return report


async def close_report(session: AsyncSession, *, report_id: int, staff_id: int, now: datetime) -> TransferReport:
    """A person has looked: no money came for it. Raises Refused("transfer.report_unknown")."""
    report = await session.get(TransferReport, report_id, with_for_update=True, populate_existing=True)
    if report is None:
        raise Refused("transfer.report_unknown", report=report_id)
    if report.closed_at is None:
        report.closed_at, report.closed_by = now, staff_id
    return report


async def _judge(session: AsyncSession, transfer: BankTransfer, order: Order) -> tuple[Finding, Intent | None]:
    """What a transfer is to an order, and the intent it pays. The order must be locked."""
    found = select(Intent).where(Intent.order_id == order.id, Intent.provider == TRANSFER).order_by(Intent.id.desc())
    intents = (await session.scalars(found.with_for_update(key_share=True))).all()
    waiting = next((intent for intent in intents if intent.state in PAYABLE), None)
    if transfer.currency != order.currency:
        return Finding.OTHER_CURRENCY, None
    if waiting is not None:
        if transfer.amount == waiting.amount:
            return Finding.EXACT, waiting
        return (Finding.PARTIAL if transfer.amount < waiting.amount else Finding.OVERPAID), waiting
    if (await balance(session, order.id)).captured > 0:
        return Finding.DUPLICATE, None
    late = next((one for one in intents if one.state is IntentState.CLOSED and one.amount == transfer.amount), None)
    return (Finding.EXACT, late) if late is not None else (Finding.ENDED, None)


async def _take(
    session: AsyncSession,
    transfer: BankTransfer,
    order: Order,
    intent: Intent | None,
    *,
    by: Actor,
    staff_id: int | None,
    proof: str,
    now: datetime,
) -> None:
    """Put the money of a transfer into the ledger and let the order move on."""
    transfer.refuse_unless_it_may_be(TransferState.MATCHED)
    others = [one for one in await payable_intents(session, order.id) if intent is None or one.id != intent.id]
    kept = (await balance(session, order.id)).kept
    if kept + transfer.amount >= order.total_amount:  # nobody shall pay it a second time
        for other in others:
            await start_closing(session, other, now=now)
        await session.flush()
    if intent is None:
        payment = await capture_unasked(
            session,
            order_id=order.id,
            number=order.number,
            provider=TRANSFER,
            money=transfer.money,
            instrument=None,
            proof=proof,
            now=now,
        )
    else:
        payment = await capture(session, intent, amount=transfer.amount, proof=proof, now=now)
    _write_decision(transfer, order, payment, staff_id=staff_id, proof=proof, now=now)
    change_id = intent.change_id if intent is not None else None
    await money_arrived(session, order, payment, change_id=change_id, by=by, proof=proof, now=now)
    reports = select(TransferReport).filter_by(order_id=order.id, closed_at=None).with_for_update()
    for report in await session.scalars(reports):
        report.closed_at, report.closed_by = now, staff_id


def _write_decision(
    transfer: BankTransfer, order: Order, payment: Payment, *, staff_id: int | None, proof: str, now: datetime
) -> None:
    transfer.move_to(TransferState.MATCHED)
    transfer.order_id, transfer.payment_id = order.id, payment.id
    transfer.decided_by, transfer.decided_at, transfer.proof = staff_id, now, proof


async def _decide(
    session: AsyncSession, transfer_id: int, state: TransferState, *, staff_id: int, proof: str, now: datetime
) -> BankTransfer:
    transfer = await _locked(session, transfer_id)
    if transfer.state is state:
        return transfer
    transfer.move_to(state)
    transfer.decided_by, transfer.decided_at, transfer.proof = staff_id, now, _proof(proof)
    return transfer


async def _locked(session: AsyncSession, transfer_id: int) -> BankTransfer:
    found = await session.get(BankTransfer, transfer_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Refused("transfer.unknown", transfer=transfer_id)
    return found


async def _order_named_in(session: AsyncSession, memo: str) -> int | None:
    """The one order whose number stands in a memo, whatever dashes and spaces the bank took out or put in."""
    read = "".join(character for character in memo.upper() if character.isascii() and character.isalnum())
    candidates = {spelled(read[place : place + LENGTH]) for place in range(len(read) - LENGTH + 1)}
    found = (await session.scalars(select(Order.id).where(Order.number.in_(candidates)).limit(2))).all()
    return found[0] if len(found) == 1 else None


def _refuse_odd(entry: TransferEntry) -> None:
    sizes = {
        "bank_reference": (entry.bank_reference, 80),
        "payer": (entry.payer, 200),
        "memo": (entry.memo, LONGEST_MEMO),
    }
    for field, (written, most) in sizes.items():
        if len(written) > most or not written.isprintable():
            raise Refused("transfer.invalid", field=field)
    if not entry.bank_reference.strip():
        raise Refused("transfer.invalid", field="bank_reference")
    if not 0 < entry.money.amount <= LARGEST:
        raise Refused("transfer.invalid", field="amount")


def _proof(proof: str) -> str:
    return proof.strip()[:500]


def _line_of(transfer: BankTransfer) -> str:
    return f"{transfer.received_on.isoformat()} {transfer.bank_reference}"
