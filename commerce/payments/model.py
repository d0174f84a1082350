"""The ledger of payments: intents (we want to be paid), payments (we were), refunds, and what providers told us."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap
from foundation.money import Money

CHECK_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=6),
    timedelta(hours=24),
)
"""When the provider is asked again about what is not final; the last one repeats."""


class IntentState(StrEnum):
    """created -> requires_action -> processing -> succeeded | failed | closing -> closed."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CLOSING = "closing"
    CLOSED = "closed"


INTENT_MOVES: dict[IntentState, frozenset[IntentState]] = {
    IntentState.CREATED: frozenset(
        {
            IntentState.REQUIRES_ACTION,
            IntentState.SUCCEEDED,
            IntentState.FAILED,
            IntentState.CLOSING,
            IntentState.CLOSED,
        }
    ),
    IntentState.REQUIRES_ACTION: frozenset(
        {
            IntentState.PROCESSING,
            IntentState.SUCCEEDED,
            IntentState.FAILED,
            IntentState.CLOSING,
            IntentState.CLOSED,
        }
    ),
    IntentState.PROCESSING: frozenset(
        {IntentState.SUCCEEDED, IntentState.FAILED, IntentState.CLOSING, IntentState.CLOSED}
    ),
    IntentState.CLOSING: frozenset({IntentState.SUCCEEDED, IntentState.FAILED, IntentState.CLOSED}),
    IntentState.CLOSED: frozenset({IntentState.SUCCEEDED}),  # money that arrives after all is never ignored
    IntentState.FAILED: frozenset({IntentState.SUCCEEDED}),
    IntentState.SUCCEEDED: frozenset(),
}
PAYABLE = (IntentState.CREATED, IntentState.REQUIRES_ACTION, IntentState.PROCESSING)


class RefundState(StrEnum):
    """requested -> submitted -> succeeded | failed -> submitted again with the same key | cancelled."""

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


REFUND_MOVES: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.SUBMITTED, RefundState.SUCCEEDED, RefundState.CANCELLED}),
    RefundState.SUBMITTED: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.FAILED: frozenset({RefundState.SUBMITTED, RefundState.SUCCEEDED, RefundState.CANCELLED}),
    RefundState.SUCCEEDED: frozenset(),
    RefundState.CANCELLED: frozenset(),
}


class Intent(Base):
    """That an order is to be paid with one provider. `reference` is our name for it there, the same in every retry.

    `instrument` says with what it was paid there ("card ending 4242", "account:7"), `change_id` which proposal to
    change the order it pays for; null pays for the order itself.
    """

    __tablename__ = "payment_intent"
    __table_args__ = (
        UniqueConstraint("provider", "provider_ref"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index(
            "ix_payment_intent_due",
            "next_check_at",
            postgresql_where=text("state IN ('created', 'requires_action', 'processing', 'closing')"),
        ),
        Index(
            "uq_payment_intent_open_order",
            "order_id",
            unique=True,
            postgresql_where=text("state IN ('created', 'requires_action', 'processing')"),
        ),
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    provider: Mapped[str] = mapped_column(String(24))
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[IntentState] = mapped_column(state_type(IntentState), default=IntentState.CREATED)
    provider_ref: Mapped[str | None] = mapped_column(String(120))
    redirect_url: Mapped[str | None]
    instrument: Mapped[str | None] = mapped_column(String(120))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("order_change.id"), index=True)
    opened_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money(self.amount, self.currency)

    @classmethod
    def can_be_paid(cls) -> ColumnElement[bool]:
        """That the shopper may still open the pay page of it."""
        return cls.state.in_(PAYABLE)

    def move_to(self, state: IntentState) -> None:
        """Change the state, or raise Refused("intent.move_refused"). The row must be locked."""
        check_move(INTENT_MOVES, of="intent", before=self.state, after=state, intent=self.id)
        self.state = state


class Payment(Base):
    """Money that arrived, and how much of it went back or is on its way back."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("captured >= 0 AND refunded >= 0 AND refund_pending >= 0", name="not_negative"),
        CheckConstraint("refunded + refund_pending <= captured", name="refunds_within_captured"),
    )

    id: Mapped[Id]
    intent_id: Mapped[int] = mapped_column(ForeignKey("payment_intent.id"), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    provider: Mapped[str] = mapped_column(String(24))
    captured: Mapped[int]
    refunded: Mapped[int] = mapped_column(default=0)
    refund_pending: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    proof: Mapped[str | None]
    captured_at: Mapped[datetime]

    @property
    def left(self) -> int:
        """Minor units that are neither given back nor about to be."""
        return self.captured - self.refunded - self.refund_pending


class Instrument(Base):
    """A card or a wallet of a customer that a provider keeps for the shop.

    `token` is its name there, which the provider also reports as the `instrument` of what was paid with it; `label` is
    what people see ("Visa 4242").
    """

    __tablename__ = "payment_instrument"
    __table_args__ = (UniqueConstraint("provider", "token"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    provider: Mapped[str] = mapped_column(String(24))
    token: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]

    @classmethod
    def shown(cls) -> ColumnElement[str | None]:
        """What people see of it; null where a query joined none."""
        return func.coalesce(func.nullif(cls.label, ""), cls.token)


class Refund(Base):
    """Money to give back. `key` says the business fact, so the same fact never pays back twice.

    `provider` is by whom it goes back: that of the payment, or "credit" where the shopper takes store credit, or
    "transfer" where a person sends it to `instrument_id`, which is not what paid.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_refund_due", "next_check_at", postgresql_where=text("state IN ('requested', 'submitted', 'failed')")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    provider: Mapped[str] = mapped_column(String(24))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(40))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("payment_instrument.id"))
    state: Mapped[RefundState] = mapped_column(state_type(RefundState), default=RefundState.REQUESTED)
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    def move_to(self, state: RefundState) -> None:
        """Change the state, or raise Refused("refund.move_refused"). The row must be locked."""
        check_move(REFUND_MOVES, of="refund", before=self.state, after=state, refund=self.id)
        self.state = state


class ProviderEvent(Base):
    """A webhook, stored once before anything is done with it."""

    __tablename__ = "provider_event"
    __table_args__ = (UniqueConstraint("provider", "event_id"),)

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(24))
    event_id: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(60))
    payload: Mapped[JsonMap]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(String(60))


def next_check(checks: int, *, now: datetime) -> datetime:
    """When to ask the provider again after `checks` questions without a final answer."""
    return now + CHECK_AFTER[min(checks, len(CHECK_AFTER) - 1)]
