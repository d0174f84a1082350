"""Store credit and gift cards: accounts that pay, every movement of them, and the cards before they are redeemed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id

MOST_CARDS = 1000
"""That one batch may make at once."""


class AccountKind(StrEnum):
    """Where the money of an account came from."""

    STORE_CREDIT = "store_credit"
    GIFT_CARD = "gift_card"
    JOINED = "joined"
    """Store credit of a second customer who turned out to be the same person."""


class MovementKind(StrEnum):
    """Why money came into an account or left it."""

    PAID_IN = "paid_in"
    DRAWN = "drawn"


class CardState(StrEnum):
    """issued -> redeemed | void."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    VOID = "void"


CARD_MOVES: dict[CardState, frozenset[CardState]] = {
    CardState.ISSUED: frozenset({CardState.REDEEMED, CardState.VOID}),
    CardState.REDEEMED: frozenset(),
    CardState.VOID: frozenset(),
}


class CreditAccount(Base):
    """Money of a customer in the shop's hands: one of store credit a currency, and one for each card redeemed."""

    __tablename__ = "credit_account"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        Index(
            "uq_credit_account_store_credit",
            "customer_id",
            "currency",
            unique=True,
            postgresql_where=text("kind = 'store_credit'"),
        ),
        Index(None, "customer_id", "id"),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[AccountKind] = mapped_column(state_type(AccountKind))
    currency: Mapped[str] = mapped_column(String(3))
    balance: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class CreditMovement(Base):
    """Append-only: minor units that came (positive) or went. The sum over an account is its balance.

    `reference` says the business fact; one kind of movement is made for it once an account.
    """

    __tablename__ = "credit_movement"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "reference"),
        CheckConstraint("(kind = 'paid_in') = (amount > 0) AND amount <> 0", name="direction"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("credit_account.id"))
    kind: Mapped[MovementKind] = mapped_column(state_type(MovementKind))
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    reference: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class GiftCardBatch(Base):
    """Cards that were made together; `amount` is what each is worth, in minor units."""

    __tablename__ = "gift_card_batch"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class GiftCard(Base):
    """One card. Its code is found by the blind index; sealed it can be shown again by nobody but with the keys."""

    __tablename__ = "gift_card"
    __table_args__ = (
        CheckConstraint("(state = 'redeemed') = (account_id IS NOT NULL)", name="redeemed_has_account"),
        Index(None, "batch_id", "state"),
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("gift_card_batch.id"))
    code_index: Mapped[bytes] = mapped_column(unique=True)
    code_sealed: Mapped[bytes]
    state: Mapped[CardState] = mapped_column(state_type(CardState), default=CardState.ISSUED)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("credit_account.id"), unique=True)
    redeemed_at: Mapped[datetime | None]

    def move_to(self, state: CardState) -> None:
        """Change the state, or raise Refused("gift_card.move_refused"). The row must be locked."""
        check_move(CARD_MOVES, of="gift_card", before=self.state, after=state, card=self.id)
        self.state = state
