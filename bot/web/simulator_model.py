"""The tables of the payment simulator, our stand-in for a bank. The shop never reads them; it asks over HTTP."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id, JsonList, JsonMap
from foundation.money import Money

OWN, STRIPE, WECHAT, ALIPAY = "own", "stripe", "wechat", "alipay"
"""The protocols in which a session is asked for and told of."""


class Fault(StrEnum):
    """What can go wrong with a bank. Each one in a session's list is used up by one occasion."""

    DUPLICATE = "duplicate"
    REORDER = "reorder"
    DELAY = "delay"
    DROP = "drop"
    CORRUPT = "corrupt"
    """The first webhook has a wrong signature; the next try of it is right."""
    TIME_OUT_AFTER_SUCCESS = "time_out_after_success"
    REFUSE_CLOSE = "refuse_close"
    """No answer to the request to close, and nothing is done."""
    PAID_AT_CLOSE = "paid_at_close"
    """The shopper pays in the very moment: it cannot be closed because it is paid."""
    SLOW_PAYMENT = "slow_payment"
    SLOW_REFUND = "slow_refund"
    FAIL_REFUND = "fail_refund"


FAULT_OF_AMOUNT: dict[int, Fault] = {6661 + place: fault for place, fault in enumerate(Fault)}
"""Where faults are allowed, an amount with these last four digits (66.61 to 66.71) brings its fault with it."""


class State(StrEnum):
    """A session is open until it is paid or closed. A declined attempt leaves it open."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    CLOSED = "closed"


class SimulatorSession(Base):
    """One payment that a shop asked for; `reference` is the shop's name of it. The `id` opens the pay page.

    `details` is what the shop wants to see again (Stripe's metadata) or must say again in the same way; `payment_ref`
    is Stripe's payment intent, and the number that a wallet gives a payment.
    """

    __tablename__ = "simulator_session"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("state IN ('open', 'processing', 'paid', 'closed')", name="state_known"),
        Index("uq_simulator_session_own", "reference", unique=True, postgresql_where=text("protocol = 'own'")),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    protocol: Mapped[str] = mapped_column(String(12), default=OWN, server_default=text("'own'"))
    reference: Mapped[str] = mapped_column(String(200), index=True)
    payment_ref: Mapped[str | None] = mapped_column(String(80), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), default=State.OPEN)
    return_url: Mapped[str]
    notify_url: Mapped[str]
    faults: Mapped[JsonList] = mapped_column(default=list)
    details: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

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
    """Money given back once under the shop's key. At Stripe `key` is its own id, the shop's is in `details`.

    At the wallets the name of the protocol stands before the shop's key.
    """

    __tablename__ = "simulator_refund"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("simulator_session.id"), index=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    details: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime]


class SimulatorEvent(Base):
    """A webhook to send. `next_at` is null once it was taken by the shop, dropped or given up."""

    __tablename__ = "simulator_event"
    __table_args__ = (Index("ix_simulator_event_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),)

    id: Mapped[Id]
    event_id: Mapped[str] = mapped_column(String(40))
    protocol: Mapped[str] = mapped_column(String(12), default=OWN, server_default=text("'own'"))
    corrupt: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    notify_url: Mapped[str]
    payload: Mapped[JsonMap]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
