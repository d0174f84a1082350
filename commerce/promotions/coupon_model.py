"""Coupons: batches with their terms, and each coupon with its life. Codes are secrets: blind to find, sealed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap

MOST_A_CUSTOMER = 100
MOST_CODES = 10_000
"""Single codes that one batch may make at once."""


class Benefit(StrEnum):
    """What a coupon takes off: a part of the goods' price, an amount, or the shipping."""

    PERCENT = "percent"
    AMOUNT = "amount"
    FREE_SHIPPING = "free_shipping"


class Way(StrEnum):
    """How a customer comes by a coupon of a batch."""

    OFFERED = "offered"
    """Anyone may take one in the chat."""
    SHARED_CODE = "shared_code"
    """One code that many may say."""
    SINGLE_CODES = "single_codes"
    """Each coupon has a code of its own."""
    GIVEN = "given"
    """Only the staff gives them."""


class BatchState(StrEnum):
    """draft -> active <-> paused -> ended; revoked takes back what was not used yet."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    REVOKED = "revoked"


class CouponState(StrEnum):
    """open (a single code nobody said) -> issued -> reserved (by an order) -> used -> returned; expired, revoked."""

    OPEN = "open"
    ISSUED = "issued"
    RESERVED = "reserved"
    USED = "used"
    RETURNED = "returned"
    EXPIRED = "expired"
    REVOKED = "revoked"


BATCH_MOVES: dict[BatchState, frozenset[BatchState]] = {
    BatchState.DRAFT: frozenset({BatchState.ACTIVE, BatchState.REVOKED}),
    BatchState.ACTIVE: frozenset({BatchState.PAUSED, BatchState.ENDED, BatchState.REVOKED}),
    BatchState.PAUSED: frozenset({BatchState.ACTIVE, BatchState.ENDED, BatchState.REVOKED}),
    BatchState.ENDED: frozenset({BatchState.REVOKED}),
    BatchState.REVOKED: frozenset(),
}

_SPENT = frozenset({CouponState.RESERVED, CouponState.EXPIRED, CouponState.REVOKED})
COUPON_MOVES: dict[CouponState, frozenset[CouponState]] = {
    CouponState.OPEN: frozenset({CouponState.ISSUED, CouponState.EXPIRED, CouponState.REVOKED}),
    CouponState.ISSUED: _SPENT,
    CouponState.RESERVED: frozenset({CouponState.USED, CouponState.RETURNED}),
    CouponState.USED: frozenset({CouponState.RETURNED}),
    CouponState.RETURNED: _SPENT,
    CouponState.EXPIRED: frozenset(),
    CouponState.REVOKED: frozenset(),
}
USABLE = (CouponState.ISSUED, CouponState.RETURNED)


class CouponBatch(Base):
    """The terms of many coupons. Amounts are minor units of `currency`, `ppm` parts per million of the goods' price.

    `threshold`: the goods must cost at least that much; `cap`: the most it takes off. `total`: coupons that may be
    issued, none for no limit; `issued` is guarded by it. Coupons are good from `starts_at` to `ends_at`, and where
    `days` is set at most so many days after they were claimed.
    """

    __tablename__ = "coupon_batch"
    __table_args__ = (
        CheckConstraint("issued >= 0 AND (total IS NULL OR issued <= total)", name="issued_within_total"),
        CheckConstraint(f"per_customer BETWEEN 1 AND {MOST_A_CUSTOMER}", name="per_customer_within_limits"),
        CheckConstraint("ppm BETWEEN 0 AND 1000000", name="ppm_within_whole"),
        CheckConstraint("amount >= 0 AND threshold >= 0 AND (cap IS NULL OR cap > 0)", name="amounts_not_negative"),
        CheckConstraint("(benefit = 'percent') = (ppm > 0)", name="percent_has_ppm"),
        CheckConstraint("(benefit = 'amount') = (amount > 0)", name="amount_has_amount"),
        CheckConstraint("(way = 'shared_code') = (code_index IS NOT NULL)", name="shared_code_has_code"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="window_not_empty"),
        CheckConstraint("days IS NULL OR days BETWEEN 1 AND 3660", name="days_within_limits"),
    )

    id: Mapped[Id]
    title: Mapped[JsonMap]
    benefit: Mapped[Benefit] = mapped_column(state_type(Benefit))
    ppm: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(default=0)
    threshold: Mapped[int] = mapped_column(default=0)
    cap: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    stackable: Mapped[bool] = mapped_column(default=False)
    way: Mapped[Way] = mapped_column(state_type(Way))
    code_index: Mapped[bytes | None] = mapped_column(unique=True)
    code_sealed: Mapped[bytes | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    days: Mapped[int | None]
    total: Mapped[int | None]
    issued: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int] = mapped_column(default=1)
    state: Mapped[BatchState] = mapped_column(state_type(BatchState), default=BatchState.DRAFT)
    created_at: Mapped[datetime]

    def move_to(self, state: BatchState) -> None:
        """Change the state, or raise Refused("coupon_batch.move_refused"). The row must be locked."""
        check_move(BATCH_MOVES, of="coupon_batch", before=self.state, after=state, batch=self.id)
        self.state = state


class Coupon(Base):
    """One coupon. `customer_id` is none only while it is a single code that nobody has said; `seq` counts within the
    customer's coupons of the batch, so that the limit a customer is one of unique rows.
    """

    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("batch_id", "customer_id", "seq"),
        CheckConstraint("seq >= 1", name="seq_positive"),  # of two who were one person it may be beyond any limit
        CheckConstraint("(customer_id IS NULL) = (seq IS NULL)", name="owned_has_seq"),
        CheckConstraint("customer_id IS NOT NULL OR state IN ('open', 'expired', 'revoked')", name="owned_once_issued"),
        CheckConstraint("(order_id IS NOT NULL) = (state IN ('reserved', 'used'))", name="order_while_bound"),
        Index("ix_coupon_customer_id", "customer_id", "state"),
        Index("ix_coupon_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_coupon_due", "expires_at", postgresql_where=text("state IN ('open', 'issued', 'returned')")),
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("coupon_batch.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    seq: Mapped[int | None]
    code_index: Mapped[bytes | None] = mapped_column(unique=True)
    code_sealed: Mapped[bytes | None]
    state: Mapped[CouponState] = mapped_column(state_type(CouponState))
    order_id: Mapped[int | None]
    claimed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    def move_to(self, state: CouponState, *, order_id: int | None = None) -> None:
        """Change the state, or raise Refused("coupon.move_refused"). The row must be locked.

        `order_id`: of the order it is reserved for; it stays while the coupon is bound to one.
        """
        check_move(COUPON_MOVES, of="coupon", before=self.state, after=state, coupon=self.id)
        self.state = state
        if state is CouponState.RESERVED:
            self.order_id = order_id
        elif state is not CouponState.USED:
            self.order_id = None
