"""Store credit and gift cards: paying in, drawing under a guard, making cards and redeeming them.

What is done again for the same business fact (`reference`) changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.credit.model import (
    MOST_CARDS,
    AccountKind,
    CardState,
    CreditAccount,
    CreditMovement,
    GiftCard,
    GiftCardBatch,
    MovementKind,
)
from commerce.customers.code_tries import UNKNOWN
from foundation.codes import new_code, plain_code
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import LARGEST, Money
from foundation.reading import Read

CODE = "gift_card"
"""The kind under which the codes of gift cards are blinded."""
CODE_GROUPS = 4
"""80 bits: nobody guesses one, however many shoppers they pretend to be."""
_FILLED = Read(
    select(CreditAccount.id, CreditAccount.kind, CreditAccount.balance, CreditAccount.currency)
    .where(CreditAccount.customer_id == bindparam("customer_id"), CreditAccount.balance > 0)
    .order_by((CreditAccount.kind == AccountKind.GIFT_CARD).desc(), CreditAccount.id)
)
"""The columns of an AccountView."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account that a customer can pay with. `balance` is in minor units of `currency`."""

    account_id: int
    kind: AccountKind
    balance: int
    currency: str

    @property
    def money(self) -> Money:
        """What is in it."""
        return Money(self.balance, self.currency)


async def accounts_of(session: AsyncSession, customer_id: int) -> list[AccountView]:
    """What a customer can pay with, in the order in which it is drawn: gift cards, the oldest first, store credit."""
    return [AccountView(*row) for row in await _FILLED.all(session, customer_id=customer_id)]


async def store_credit_of(session: AsyncSession, customer_id: int, currency: str, *, now: datetime) -> CreditAccount:
    """The customer's account of store credit in a currency; made when there is none."""
    new = insert(CreditAccount).values(
        customer_id=customer_id, kind=AccountKind.STORE_CREDIT, currency=currency, balance=0, created_at=now
    )
    await session.execute(new.on_conflict_do_nothing())
    mine = select(CreditAccount).where(
        CreditAccount.customer_id == customer_id,
        CreditAccount.currency == currency,
        CreditAccount.kind == AccountKind.STORE_CREDIT,
    )
    return (await session.scalars(mine.execution_options(populate_existing=True))).one()


async def draw(
    session: AsyncSession, *, account_id: int, customer_id: int, amount: int, reference: str, now: datetime
) -> bool:
    """Take money from the customer's own account; False when this was booked before.

    Raises Refused("credit.invalid"), or ("credit.short") where the account has less or is somebody else's.
    """
    if not 0 < amount <= LARGEST:
        raise Refused("credit.invalid")
    if await _is_booked(session, account_id, MovementKind.DRAWN, reference):
        return False
    guarded = update(CreditAccount).where(
        CreditAccount.id == account_id, CreditAccount.customer_id == customer_id, CreditAccount.balance >= amount
    )
    taken = guarded.values(balance=CreditAccount.balance - amount).returning(CreditAccount.balance)
    if await session.scalar(taken) is None:
        raise Refused("credit.short")
    await _book(session, account_id, MovementKind.DRAWN, -amount, "", reference, now)
    return True


async def pay_in(
    session: AsyncSession, *, account_id: int, amount: int, reason: str, reference: str, now: datetime
) -> bool:
    """Put money into an account; False when this was booked before.

    Raises Refused("credit.invalid") or ("credit.unknown").
    """
    if not 0 < amount <= LARGEST:
        raise Refused("credit.invalid")
    added = update(CreditAccount).where(CreditAccount.id == account_id)
    added = added.values(balance=CreditAccount.balance + amount)
    locked = select(CreditAccount.id).where(CreditAccount.id == account_id).with_for_update()
    if await session.scalar(locked) is None:
        raise Refused("credit.unknown", account=account_id)
    if await _is_booked(session, account_id, MovementKind.PAID_IN, reference):
        return False
    await session.execute(added)
    await _book(session, account_id, MovementKind.PAID_IN, amount, reason, reference, now)
    return True


async def adjust_credit(
    session: AsyncSession,
    *,
    customer_id: int,
    amount: int,
    currency: str,
    reason: str,
    reference: str,
    now: datetime,
) -> bool:
    """The staff gives (positive) or takes store credit, with a reason; False when this was booked before.

    Raises Refused("credit.reason_empty"), ("credit.invalid") or ("credit.short").
    """
    if not reason.strip():
        raise Refused("credit.reason_empty")
    account = await store_credit_of(session, customer_id, currency, now=now)
    if amount < 0:
        return await draw(
            session, account_id=account.id, customer_id=customer_id, amount=-amount, reference=reference, now=now
        )
    is_new = await pay_in(
        session, account_id=account.id, amount=amount, reason=reason.strip(), reference=reference, now=now
    )
    if is_new:
        announce(session, "credit_received", customer_id=customer_id, now=now, amount=amount, currency=currency)
    return is_new


async def make_cards(
    session: AsyncSession,
    *,
    title: str,
    count: int,
    amount: int,
    currency: str,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[GiftCardBatch, Sequence[str]]:
    """Make gift cards; returns their codes, which are never to be had again.

    Raises Refused("gift_cards.count_invalid", most), ("gift_cards.amount_invalid") or ("gift_cards.expires_invalid").
    """
    if not 1 <= count <= MOST_CARDS:
        raise Refused("gift_cards.count_invalid", most=MOST_CARDS)
    if not 0 < amount <= LARGEST:
        raise Refused("gift_cards.amount_invalid")
    if expires_at is not None and expires_at <= now:
        raise Refused("gift_cards.expires_invalid")
    vault: Vault = session.info["vault"]
    batch = GiftCardBatch(
        title=title.strip()[:200], amount=amount, currency=currency, expires_at=expires_at, created_at=now
    )
    session.add(batch)
    await session.flush()
    codes = [new_code(CODE_GROUPS) for _ in range(count)]
    rows = [
        {
            "batch_id": batch.id,
            "code_index": vault.blind(CODE, plain_code(code)),
            "code_sealed": vault.seal(code),
            "state": CardState.ISSUED,
        }
        for code in codes
    ]
    await session.execute(insert(GiftCard), rows)
    return batch, codes


async def redeem_gift_card(session: AsyncSession, *, code: str, customer_id: int, now: datetime) -> AccountView:
    """Make a card's money an account of this customer. Call it through `try_code`, which counts wrong codes.

    Raises Refused("codes.unknown"), or ("gift_cards.yours_already") to who redeemed it.
    """
    vault: Vault = session.info["vault"]
    found = select(GiftCard, GiftCardBatch).join(GiftCardBatch, GiftCardBatch.id == GiftCard.batch_id)
    found = found.where(GiftCard.code_index == vault.blind(CODE, plain_code(code))).with_for_update(of=GiftCard)
    row = (await session.execute(found.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise Refused(UNKNOWN)
    card, batch = row
    if card.state is CardState.REDEEMED:
        account = await session.get_one(CreditAccount, card.account_id)
        raise Refused("gift_cards.yours_already" if account.customer_id == customer_id else UNKNOWN)
    if card.state is CardState.VOID or (batch.expires_at is not None and batch.expires_at <= now):
        raise Refused(UNKNOWN)
    account = CreditAccount(
        customer_id=customer_id, kind=AccountKind.GIFT_CARD, currency=batch.currency, balance=0, created_at=now
    )
    session.add(account)
    await session.flush()
    await pay_in(
        session, account_id=account.id, amount=batch.amount, reason="gift card", reference=f"card:{card.id}", now=now
    )
    card.move_to(CardState.REDEEMED)
    card.account_id, card.redeemed_at = account.id, now
    announce(
        session,
        "gift_card_redeemed",
        customer_id=customer_id,
        now=now,
        amount=batch.amount,
        currency=batch.currency,
        account_id=account.id,
    )
    await session.flush()
    return AccountView(account.id, account.kind, batch.amount, batch.currency)


async def void_cards(session: AsyncSession, *, batch_id: int) -> int:
    """Make the cards of a batch that nobody has redeemed worth nothing; returns how many there were."""
    if await session.get(GiftCardBatch, batch_id) is None:
        raise Refused("gift_card_batch.unknown", batch=batch_id)
    unused = select(GiftCard).where(GiftCard.batch_id == batch_id, GiftCard.state == CardState.ISSUED)
    cards = (await session.scalars(unused.order_by(GiftCard.id).with_for_update())).all()
    for card in cards:
        card.move_to(CardState.VOID)
    await session.flush()
    return len(cards)


async def _is_booked(session: AsyncSession, account_id: int, kind: MovementKind, reference: str) -> bool:
    booked = select(CreditMovement.id).where(
        CreditMovement.account_id == account_id, CreditMovement.kind == kind, CreditMovement.reference == reference
    )
    return await session.scalar(booked) is not None


async def _book(
    session: AsyncSession,
    account_id: int,
    kind: MovementKind,
    amount: int,
    reason: str,
    reference: str,
    now: datetime,
) -> None:
    session.add(
        CreditMovement(account_id=account_id, kind=kind, amount=amount, reason=reason, reference=reference, at=now)
    )
    await session.flush()
