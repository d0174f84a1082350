"""Carts: one open cart a customer, shared by all the channels they use."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import state_type
from foundation.database import Base, Id, JsonList, JsonMap

MOST_PIECES = 99
"""Of one variant in one cart."""
MOST_LINES = 50


class CartStatus(StrEnum):
    """A cart is open until it became an order; then the next one begins."""

    OPEN = "open"
    ORDERED = "ordered"


class Cart(Base):
    """`version` grows with every change, so that a confirmation of an older cart is noticed.

    `deal` (commerce.carts.deals) makes it the cart of one deal: a customer may have one open beside their ordinary one.
    """

    __tablename__ = "cart"
    __table_args__ = (
        Index(
            "uq_cart_open_customer",
            "customer_id",
            unique=True,
            postgresql_where=text("status = 'open' AND deal IS NULL"),
        ),
        Index(
            "uq_cart_open_deal",
            "customer_id",
            unique=True,
            postgresql_where=text("status = 'open' AND deal IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    status: Mapped[CartStatus] = mapped_column(state_type(CartStatus), default=CartStatus.OPEN)
    version: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime | None]
    deal: Mapped[JsonMap | None] = mapped_column(JSONB(none_as_null=True))


class CartLine(Base):
    """So many pieces of one variant."""

    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint(f"quantity BETWEEN 1 AND {MOST_PIECES}", name="quantity_within_limits"),
    )

    id: Mapped[Id]
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]


class CartChoice(Base):
    """How the shopper wants to pay for a cart less, or with what. `coupon_ids` null: the best ones they hold."""

    __tablename__ = "cart_choice"
    __table_args__ = (CheckConstraint("points >= 0", name="points_not_negative"),)

    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"), primary_key=True)
    coupon_ids: Mapped[JsonList | None] = mapped_column(JSONB(none_as_null=True))
    points: Mapped[int] = mapped_column(default=0)
    use_credit: Mapped[bool] = mapped_column(default=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of a CartChoice; what holds where nothing was chosen. `points`: as many as are of use."""

    coupon_ids: tuple[int, ...] | None = None
    points: int = 0
    use_credit: bool = True
