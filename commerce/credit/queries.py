"""Gift cards and accounts as the staff sees them: how many cards were redeemed, what the shop owes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.model import AccountKind, CardState, CreditAccount, CreditMovement, GiftCard, GiftCardBatch


@dataclass(frozen=True, slots=True)
class CardProgress:
    """A batch of cards, how many are in each state, and what is left on those redeemed, in minor units."""

    batch: GiftCardBatch
    counts: dict[CardState, int]
    left: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What the shop owes its customers in one currency, in minor units."""

    currency: str
    store_credit: int
    gift_cards: int


async def card_progress(session: AsyncSession, *, limit: int, before_id: int | None = None) -> list[CardProgress]:
    """Batches of gift cards, the newest first."""
    wanted = select(GiftCardBatch).order_by(GiftCardBatch.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(GiftCardBatch.id < before_id)
    batches = (await session.scalars(wanted)).all()
    counted = (
        select(
            GiftCard.batch_id,
            GiftCard.state,
            func.count(GiftCard.id).label("cards"),
            func.coalesce(func.sum(CreditAccount.balance), 0).label("left"),
        )
        .outerjoin(CreditAccount, CreditAccount.id == GiftCard.account_id)
        .where(GiftCard.batch_id.in_([batch.id for batch in batches]))
        .group_by(GiftCard.batch_id, GiftCard.state)
    )
    counts: dict[int, dict[CardState, int]] = {}
    left: dict[int, int] = {}
    for row in await session.execute(counted):
        counts.setdefault(row.batch_id, {})[row.state] = row.cards
        left[row.batch_id] = left.get(row.batch_id, 0) + int(row.left)
    return [CardProgress(batch, counts.get(batch.id, {}), left.get(batch.id, 0)) for batch in batches]


async def owed(session: AsyncSession) -> list[Owed]:
    """What lies in the accounts of customers, by currency."""
    sums = select(CreditAccount.currency, CreditAccount.kind, func.sum(CreditAccount.balance).label("balance"))
    found: dict[str, dict[AccountKind, int]] = {}
    for row in await session.execute(sums.group_by(CreditAccount.currency, CreditAccount.kind)):
        found.setdefault(row.currency, {})[row.kind] = int(row.balance)
    return [
        Owed(
            currency,
            by_kind.get(AccountKind.STORE_CREDIT, 0) + by_kind.get(AccountKind.JOINED, 0),
            by_kind.get(AccountKind.GIFT_CARD, 0),
        )
        for currency, by_kind in sorted(found.items())
    ]


async def latest_movements(session: AsyncSession, *, customer_id: int, limit: int) -> Sequence[CreditMovement]:
    """What came into a customer's accounts and left them, the newest first."""
    theirs = select(CreditMovement).join(CreditAccount, CreditAccount.id == CreditMovement.account_id)
    theirs = theirs.where(CreditAccount.customer_id == customer_id).order_by(CreditMovement.id.desc())
    return (await session.scalars(theirs.limit(limit))).all()
