"""What prices come from beside promotions: price lists, shipping zones with their rates, tax rates."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.promotions.rules import Audience
from commerce.states import state_type
from foundation.database import Base, Id, JsonList, JsonMap


class PriceList(Base):
    """Other prices for some goods, for an audience and a time. One `for_members` only makes cheaper.

    Of several the highest `priority` says the price. Audience named: those in price_list_customer.
    """

    __tablename__ = "price_list"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at", name="window_not_empty"),
    )

    id: Mapped[Id]
    name: Mapped[JsonMap]
    for_members: Mapped[bool] = mapped_column(default=False)
    audience: Mapped[Audience] = mapped_column(state_type(Audience), default=Audience.EVERYONE)
    priority: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PriceListPrice(Base):
    """What one piece costs in a list from so many pieces on, in minor units of the variant's currency."""

    __tablename__ = "price_list_price"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("min_quantity > 0", name="min_quantity_positive"),
    )

    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_list.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, index=True)
    min_quantity: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]


class PriceListCustomer(Base):
    """A customer whom the staff named for a list."""

    __tablename__ = "price_list_customer"

    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_list.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, index=True)


class ShippingZone(Base):
    """Places that cost the same to send to; commerce.pricing.zones.Zone says what the lists mean."""

    __tablename__ = "shipping_zone"

    id: Mapped[Id]
    name: Mapped[JsonMap]
    countries: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    provinces: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    cities: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class ShippingRate(Base):
    """A way to send to a zone and what it costs; commerce.pricing.zones.Rate says what the numbers mean."""

    __tablename__ = "shipping_rate"
    __table_args__ = (
        CheckConstraint("kind IN ('flat', 'weight')", name="kind_known"),
        CheckConstraint("amount >= 0 AND step_amount >= 0 AND free_from >= 0", name="amounts_not_negative"),
        CheckConstraint("first_grams >= 0 AND step_grams >= 0", name="grams_not_negative"),
        CheckConstraint("kind = 'flat' OR step_grams > 0", name="weight_has_steps"),
        CheckConstraint("days_min >= 0 AND days_max >= days_min", name="days_in_order"),
    )

    id: Mapped[Id]
    zone_id: Mapped[int] = mapped_column(ForeignKey("shipping_zone.id", ondelete="CASCADE"), index=True)
    name: Mapped[JsonMap]
    kind: Mapped[str] = mapped_column(String(8))
    amount: Mapped[int]
    first_grams: Mapped[int] = mapped_column(default=0)
    step_grams: Mapped[int] = mapped_column(default=0)
    step_amount: Mapped[int] = mapped_column(default=0)
    free_from: Mapped[int | None]
    days_min: Mapped[int | None]
    days_max: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)


class TaxRate(Base):
    """The tax on goods of a class in a place, in parts per million; empty class or place: any. See zones.tax_for."""

    __tablename__ = "tax_rate"
    __table_args__ = (CheckConstraint("ppm BETWEEN 0 AND 1000000", name="ppm_within_whole"),)

    id: Mapped[Id]
    name: Mapped[JsonMap]
    ppm: Mapped[int]
    tax_class: Mapped[str] = mapped_column(String(40), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    province: Mapped[str] = mapped_column(String(80), default="")
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
