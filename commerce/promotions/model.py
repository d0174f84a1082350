"""Promotions of the shop: what they do is a validated rule (rules.py); who used them is counted under their caps."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.promotions.rules import Audience, Stacking
from commerce.states import state_type
from foundation.database import Base, Id, JsonMap


class Promotion(Base):
    """A promotion of items, of the whole order or of shipping; `rule` and `scope` are JSON of rules.py.

    It is on while `active`, from `starts_at` until `ends_at`. `used` is counted under `max_uses`, and only where there
    is one: a row that every order writes would make the orders wait for each other. `version` counts the edits.
    """

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint("used >= 0 AND (max_uses IS NULL OR used <= max_uses)", name="used_within_max"),
        CheckConstraint("max_per_customer IS NULL OR max_per_customer > 0", name="per_customer_positive"),
        CheckConstraint("ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name="window_not_empty"),
        Index("ix_promotion_active", "id", postgresql_where=text("active")),
    )

    id: Mapped[Id]
    name: Mapped[JsonMap]
    rule: Mapped[JsonMap]
    scope: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    stacking: Mapped[Stacking] = mapped_column(state_type(Stacking), default=Stacking.BEST_OF)
    audience: Mapped[Audience] = mapped_column(state_type(Audience), default=Audience.EVERYONE)
    priority: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    max_uses: Mapped[int | None]
    max_per_customer: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PromotionUse(Base):
    """That an order used a promotion; gone when the order came to nothing."""

    __tablename__ = "promotion_use"

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)


class PromotionCustomer(Base):
    """How often a customer used a promotion that has a cap for each; `most` is that cap when it was last used."""

    __tablename__ = "promotion_customer"
    __table_args__ = (CheckConstraint("used BETWEEN 0 AND most", name="used_within_most"),)

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    used: Mapped[int]
    most: Mapped[int]
