"""Bank transfers as the bank tells of them, and what shoppers say they sent. Names and purposes are sealed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonList
from foundation.money import Money


class TransferState(StrEnum):
    """review -> matched | returned | aside; what was put aside may be taken up again."""

    REVIEW = "review"
    MATCHED = "matched"
    RETURNED = "returned"
    ASIDE = "aside"


TRANSFER_MOVES: dict[TransferState, frozenset[TransferState]] = {
    TransferState.REVIEW: frozenset({TransferState.MATCHED, TransferState.RETURNED, TransferState.ASIDE}),
    TransferState.ASIDE: frozenset({TransferState.MATCHED, TransferState.RETURNED, TransferState.REVIEW}),
    TransferState.MATCHED: frozenset(),
    TransferState.RETURNED: frozenset(),
}


class Finding(StrEnum):
    """What we made of a transfer: `exact` settles by itself, every other one waits for a person."""

    EXACT = "exact"
    UNMATCHED = "unmatched"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    DUPLICATE = "duplicate"
    ENDED = "ended"
    OTHER_CURRENCY = "other_currency"


class BankTransfer(Base):
    """One transfer on the shop's account. The same line of a statement is there once, however often it is read in."""

    __tablename__ = "bank_transfer"
    __table_args__ = (
        UniqueConstraint("bank_reference", "amount", "received_on"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(state = 'matched') = (payment_id IS NOT NULL)", name="matched_has_payment"),
        Index("ix_bank_transfer_review", "id", postgresql_where=text("state = 'review'")),
    )

    id: Mapped[Id]
    bank_reference: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    received_on: Mapped[date]
    payer_sealed: Mapped[bytes | None]
    memo_sealed: Mapped[bytes | None]
    state: Mapped[TransferState] = mapped_column(state_type(TransferState), default=TransferState.REVIEW)
    finding: Mapped[Finding] = mapped_column(state_type(Finding), default=Finding.UNMATCHED)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    entered_by: Mapped[int]
    created_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    proof: Mapped[str | None] = mapped_column(String(500))

    @property
    def money(self) -> Money:
        """What arrived."""
        return Money(self.amount, self.currency)

    def refuse_unless_it_may_be(self, state: TransferState) -> None:
        """Raise Refused("transfer.move_refused") unless it may become that. The row must be locked."""
        check_move(TRANSFER_MOVES, of="transfer", before=self.state, after=state, transfer=self.id)

    def move_to(self, state: TransferState) -> None:
        """Change the state, or raise Refused("transfer.move_refused"). The row must be locked."""
        self.refuse_unless_it_may_be(state)
        self.state = state


class TransferReport(Base):
    """A shopper says that they have sent the money of an order: what they wrote, and the photos they sent with it.

    A photo is named as the conversations name it: [conversation id, seq].
    """

    __tablename__ = "transfer_report"
    __table_args__ = (
        Index("uq_transfer_report_open", "order_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    note_sealed: Mapped[bytes | None]
    photos: Mapped[JsonList] = mapped_column(default=list)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None]
