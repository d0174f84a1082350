"""Returns: goods that come back, are exchanged or mended, and claims about what arrived. Their policy is data."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonList, JsonMap
from foundation.money import Money


class Kind(StrEnum):
    """What the shopper wants to do with delivered goods."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    CLAIM = "claim"


class Why(StrEnum):
    """Why. The last four are the shop's fault."""

    CHANGED_MIND = "changed_mind"
    DOES_NOT_FIT = "does_not_fit"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    MISSING = "missing"
    WRONG_ITEM = "wrong_item"
    DEFECTIVE = "defective"


AT_FAULT = frozenset({Why.NOT_AS_DESCRIBED, Why.DAMAGED, Why.MISSING, Why.WRONG_ITEM, Why.DEFECTIVE})
"""Reasons the shop answers for."""


class RefundTo(StrEnum):
    """Where money goes, or with what a difference is paid: as paid, store credit, one gift card, another card."""

    ORIGINAL = "original"
    CREDIT = "credit"
    ACCOUNT = "account"
    INSTRUMENT = "instrument"


class ReturnState(StrEnum):
    """requested -> approved -> awaiting_goods -> in_transit -> received -> inspected -> refund | ... -> closed.

    A repair goes received -> diagnosing -> quoted -> accepted | declined -> repairing -> checked -> sent_back.
    """

    REQUESTED = "requested"
    NEEDS_INFO = "needs_info"
    APPROVED = "approved"
    REJECTED = "rejected"
    AWAITING_GOODS = "awaiting_goods"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DIAGNOSING = "diagnosing"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REPAIRING = "repairing"
    CHECKED = "checked"
    REFUND = "refund"
    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    SENT_BACK = "sent_back"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_S = ReturnState
MOVES: dict[ReturnState, frozenset[ReturnState]] = {
    _S.REQUESTED: frozenset({_S.NEEDS_INFO, _S.APPROVED, _S.REJECTED, _S.CANCELLED}),
    _S.NEEDS_INFO: frozenset({_S.REQUESTED, _S.APPROVED, _S.REJECTED, _S.CANCELLED, _S.EXPIRED}),
    _S.APPROVED: frozenset({_S.AWAITING_GOODS, _S.REFUND, _S.STORE_CREDIT, _S.EXCHANGE}),  # nothing may have to come
    _S.AWAITING_GOODS: frozenset({_S.IN_TRANSIT, _S.RECEIVED, _S.CANCELLED, _S.EXPIRED}),
    _S.IN_TRANSIT: frozenset({_S.RECEIVED}),
    _S.RECEIVED: frozenset({_S.INSPECTED, _S.DIAGNOSING}),
    _S.INSPECTED: frozenset({_S.REFUND, _S.STORE_CREDIT, _S.EXCHANGE, _S.DIAGNOSING, _S.SENT_BACK}),
    _S.DIAGNOSING: frozenset({_S.QUOTED, _S.REPAIRING, _S.INSPECTED}),  # under warranty there is no quote
    _S.QUOTED: frozenset({_S.ACCEPTED, _S.DECLINED}),
    _S.ACCEPTED: frozenset({_S.REPAIRING}),
    _S.DECLINED: frozenset({_S.SENT_BACK}),
    _S.REPAIRING: frozenset({_S.CHECKED}),
    _S.CHECKED: frozenset({_S.REPAIRING, _S.SENT_BACK}),
    _S.EXCHANGE: frozenset({_S.REFUND, _S.STORE_CREDIT, _S.CLOSED}),  # a replacement nobody paid for becomes money
    _S.REFUND: frozenset({_S.CLOSED}),
    _S.STORE_CREDIT: frozenset({_S.CLOSED}),
    _S.SENT_BACK: frozenset({_S.CLOSED}),
    _S.REJECTED: frozenset(),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}
SETTLED = (_S.REFUND, _S.STORE_CREDIT, _S.EXCHANGE, _S.SENT_BACK)
"""What was to be decided is decided and done; the pieces have left `OrderLine.returning`."""
ENDED = (*(state for state, after in MOVES.items() if not after),)
GAVE_UP = (_S.REJECTED, _S.CANCELLED, _S.EXPIRED)
"""Ends in which the goods stayed with the shopper."""
OPEN = tuple(state for state in ReturnState if state not in (*SETTLED, *ENDED))
"""Its pieces are counted in `OrderLine.returning`."""
TO_DECIDE = (_S.REQUESTED, _S.NEEDS_INFO)
ON_THE_WAY = (_S.AWAITING_GOODS, _S.IN_TRANSIT)


class Disposition(StrEnum):
    """What becomes of pieces that came back. Only sellable ones go into stock."""

    RESTOCK = "restock"
    SCRAP = "scrap"
    REPAIR = "repair"
    SUPPLIER = "supplier"


class Freight(StrEnum):
    """Who pays the parcel back."""

    SHOPPER = "shopper"
    SELLER = "seller"


class Replace(StrEnum):
    """When the replacement of an exchange leaves."""

    ON_RECEIPT = "on_receipt"
    AT_ONCE = "at_once"


class Allowed(StrEnum):
    """Where a policy lets a refund go. Beside the way it was paid, `any` is all that stays in the shop."""

    ORIGINAL = "original"
    CREDIT = "credit"
    ORIGINAL_OR_GIFT_CARD = "original_or_gift_card"
    ANY = "any"
    ANYWHERE = "anywhere"


class ReturnPolicy(Base):
    """What may come back, how long and on whose cost. The first active one by `position` that fits an item counts.

    `category_ids` and `product_ids` say what it is for (both empty: everything; a category with those inside it), the
    `excluded_` ones what cannot come back. The last day is that many days after the day of delivery in the shop's zone.
    `auto_limit`: minor units up to which the bot approves by itself, none for any. `restocking_ppm` is kept of the
    goods' price. `refund_shipping`: the way there is paid back when everything of the order comes back.
    """

    __tablename__ = "return_policy"
    __table_args__ = (
        CheckConstraint("window_days BETWEEN 0 AND 3650", name="window_sane"),
        CheckConstraint("send_within_days BETWEEN 1 AND 365", name="send_within_sane"),
        CheckConstraint("restocking_ppm BETWEEN 0 AND 1000000", name="restocking_within_price"),
        CheckConstraint("auto_limit >= 0", name="auto_limit_not_negative"),
    )

    id: Mapped[Id]
    name: Mapped[JsonMap]
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    kinds: Mapped[JsonList]
    category_ids: Mapped[JsonList] = mapped_column(default=list)
    product_ids: Mapped[JsonList] = mapped_column(default=list)
    excluded_category_ids: Mapped[JsonList] = mapped_column(default=list)
    excluded_product_ids: Mapped[JsonList] = mapped_column(default=list)
    window_days: Mapped[int]
    send_within_days: Mapped[int] = mapped_column(default=7)
    conditions: Mapped[JsonMap] = mapped_column(default=dict)
    freight: Mapped[Freight] = mapped_column(state_type(Freight), default=Freight.SHOPPER)
    seller_pays_at_fault: Mapped[bool] = mapped_column(default=True)
    refund_shipping: Mapped[bool] = mapped_column(default=False)
    restocking_ppm: Mapped[int] = mapped_column(default=0)
    auto_limit: Mapped[int | None]
    once_per_order: Mapped[bool] = mapped_column(default=False)
    same_product_only: Mapped[bool] = mapped_column(default=True)
    refund_to: Mapped[Allowed] = mapped_column(state_type(Allowed), default=Allowed.ANY)
    photo_required: Mapped[bool] = mapped_column(default=False)
    replace: Mapped[Replace] = mapped_column(state_type(Replace), default=Replace.ON_RECEIPT)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


class Return(Base):
    """One wish about delivered goods of one order, from the asking to the end.

    Amounts are minor units: `goods_amount` what the pieces carry, `fee_amount` kept of it, `shipping_amount` of the way
    there, `difference` what an exchange costs more (or less), as they were shown before the yes; `deducted` by an
    inspection; `refunded` what went back in the end. `carried` is what an exchange takes over to its replacement:
    [[position of the line there, id of the order that holds the money, minor units], ...].
    `policy` and `checks` are what was held against it then. `note` is the shopper's words.
    """

    __tablename__ = "order_return"
    __table_args__ = (
        CheckConstraint(
            "goods_amount >= 0 AND fee_amount >= 0 AND shipping_amount >= 0 AND deducted >= 0 AND refunded >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint("fee_amount <= goods_amount", name="fee_within_goods"),
        CheckConstraint("(refund_to = 'account') = (account_id IS NOT NULL)", name="account_named"),
        CheckConstraint("(refund_to = 'instrument') = (instrument_id IS NOT NULL)", name="instrument_named"),
        CheckConstraint("quote_amount >= 0", name="quote_not_negative"),
        Index(None, "order_id", "id"),
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index("ix_order_return_send_by", "send_by", postgresql_where=text("state IN ('awaiting_goods', 'needs_info')")),
        Index("ix_order_return_follow_up_at", "follow_up_at", postgresql_where=text("followed_up_at IS NULL")),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(16), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[Kind] = mapped_column(state_type(Kind))
    state: Mapped[ReturnState] = mapped_column(state_type(ReturnState), default=ReturnState.REQUESTED)
    why: Mapped[Why] = mapped_column(state_type(Why))
    note: Mapped[str] = mapped_column(String(500), default="")
    photos: Mapped[JsonList] = mapped_column(default=list)
    asked_by: Mapped[str] = mapped_column(String(20))
    policy: Mapped[JsonMap]
    checks: Mapped[JsonList]
    refund_to: Mapped[RefundTo] = mapped_column(state_type(RefundTo), default=RefundTo.ORIGINAL)
    account_id: Mapped[int | None]
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("payment_instrument.id"))
    goods_amount: Mapped[int] = mapped_column(default=0)
    fee_amount: Mapped[int] = mapped_column(default=0)
    shipping_amount: Mapped[int] = mapped_column(default=0)
    difference: Mapped[int] = mapped_column(default=0)
    deducted: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    carried: Mapped[JsonList] = mapped_column(default=list)
    currency: Mapped[str] = mapped_column(String(3))
    replacement_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    carrier: Mapped[str] = mapped_column(String(80), default="")
    tracking_number: Mapped[str] = mapped_column(String(80), default="")
    sent_back_carrier: Mapped[str] = mapped_column(String(80), default="")
    sent_back_number: Mapped[str] = mapped_column(String(80), default="")
    question: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    quote_amount: Mapped[int | None]
    quote_note: Mapped[str] = mapped_column(String(500), default="")
    send_by: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None]
    followed_up_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    state_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def offered(self) -> Money:
        """What the shopper was shown to get back."""
        if self.kind is Kind.EXCHANGE:
            return Money(min(max(-self.difference, 0), self.goods_amount), self.currency)
        if self.kind is Kind.REPAIR:
            return Money(0, self.currency)
        return Money(self.goods_amount - self.fee_amount + self.shipping_amount, self.currency)

    @property
    def due(self) -> Money:
        """What the shopper was shown to pay for a dearer replacement."""
        return Money(max(self.difference, 0), self.currency)

    @property
    def is_to_credit(self) -> bool:
        """Whether its money stays in the shop."""
        return self.refund_to in (RefundTo.CREDIT, RefundTo.ACCOUNT)

    @property
    def needs_goods(self) -> bool:
        """Whether something must come back: what never arrived cannot, nor what is digital."""
        return bool(self.policy.get("comes_back", self.why is not Why.MISSING))

    def move_to(self, state: ReturnState, *, now: datetime) -> None:
        """Change the state, or raise Refused("returns.move_refused"). Its order's row must be locked."""
        check_move(MOVES, of="returns", before=self.state, after=state, number=self.number)
        self.state, self.state_at = state, now
        self.version += 1


class ReturnLine(Base):
    """Pieces of one order line. `replacement_id` is the variant wanted instead.

    `accepted` of them were taken back by the inspection, `sellable` of these went into stock; the rest of the accepted
    went the way of `disposition`, what was not accepted goes back to the shopper.
    """

    __tablename__ = "return_line"
    __table_args__ = (
        UniqueConstraint("return_id", "order_line_id"),
        CheckConstraint("quantity > 0 AND amount >= 0", name="quantity_positive"),
        CheckConstraint("accepted BETWEEN 0 AND quantity", name="accepted_within_quantity"),
        CheckConstraint("sellable >= 0 AND sellable <= coalesce(accepted, 0)", name="sellable_within_accepted"),
    )

    id: Mapped[Id]
    return_id: Mapped[int] = mapped_column(ForeignKey("order_return.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    quantity: Mapped[int]
    amount: Mapped[int]
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("variant.id"))
    accepted: Mapped[int | None]
    sellable: Mapped[int] = mapped_column(default=0)
    disposition: Mapped[Disposition | None] = mapped_column(state_type(Disposition))
    note: Mapped[str] = mapped_column(String(500), default="")
    photos: Mapped[JsonList] = mapped_column(default=list)


class ReturnEvent(Base):
    """Append-only: what happened to a return and who did it (shopper, staff, system)."""

    __tablename__ = "return_event"

    id: Mapped[Id]
    return_id: Mapped[int] = mapped_column(ForeignKey("order_return.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(20))
    facts: Mapped[JsonMap]
    at: Mapped[datetime]


class ApprovalState(StrEnum):
    """waiting -> granted | refused."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"


class ReturnApproval(Base):
    """An agent's yes above their limit, which somebody with a higher one must confirm. Staff rows are no keys here."""

    __tablename__ = "return_approval"
    __table_args__ = (
        Index("uq_return_approval_waiting", "return_id", unique=True, postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[Id]
    return_id: Mapped[int] = mapped_column(ForeignKey("order_return.id"), index=True)
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[int]
    decided_by: Mapped[int | None]
    state: Mapped[ApprovalState] = mapped_column(state_type(ApprovalState), default=ApprovalState.WAITING)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
