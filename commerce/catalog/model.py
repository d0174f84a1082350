"""What the shop sells: categories, products with texts in two languages, options, variants, media and pictures."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap
from foundation.money import Money

Names = dict[str, str]
"""A name in each language: {"zh": ..., "en": ...}; one may be missing."""


class ProductStatus(StrEnum):
    """Shoppers see published products only."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


MOVES: dict[ProductStatus, frozenset[ProductStatus]] = {
    ProductStatus.DRAFT: frozenset({ProductStatus.PUBLISHED, ProductStatus.ARCHIVED}),
    ProductStatus.PUBLISHED: frozenset({ProductStatus.DRAFT, ProductStatus.ARCHIVED}),
    ProductStatus.ARCHIVED: frozenset({ProductStatus.DRAFT}),
}


class Category(Base):
    """A shelf of the shop."""

    __tablename__ = "category"

    id: Mapped[Id]
    handle: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[JsonMap]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """One thing on sale, in one or more variants. (source, source_key) names the row of an import it came from.

    `dispatch_days`: days until it leaves the shop. `version` counts the merchant's edits: whoever saves names
    the one they read. Of what is digital (`is_digital`) nothing is sent. What ships free (`free_shipping`) weighs
    nothing for shipping rates. `tax_class` chooses among the tax rates; empty is the usual one.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        CheckConstraint("dispatch_days BETWEEN 0 AND 365", name="dispatch_days_sane"),
    )

    id: Mapped[Id]
    handle: Mapped[str] = mapped_column(String(120), unique=True)
    status: Mapped[ProductStatus] = mapped_column(state_type(ProductStatus), default=ProductStatus.DRAFT, index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    source: Mapped[str | None] = mapped_column(String(40))
    source_key: Mapped[str | None] = mapped_column(String(200))
    free_shipping: Mapped[bool] = mapped_column(default=True, server_default="true")
    is_digital: Mapped[bool] = mapped_column(default=False, server_default="false")
    dispatch_days: Mapped[int] = mapped_column(default=1, server_default="1")
    tax_class: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    def move_to(self, status: ProductStatus, *, now: datetime) -> None:
        """Change the status, or raise Refused("product.move_refused"). The row must be locked."""
        check_move(MOVES, of="product", before=self.status, after=status, product=self.id)
        self.status = status
        if status is ProductStatus.PUBLISHED and self.published_at is None:
            self.published_at = now


class ProductText(Base):
    """Title and description (plain text) of a product in one language."""

    __tablename__ = "product_text"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    lang: Mapped[str] = mapped_column(String(8), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(default="")


class Option(Base):
    """A choice a product offers, such as colour."""

    __tablename__ = "product_option"

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    name: Mapped[JsonMap]
    position: Mapped[int] = mapped_column(default=0)


class OptionValue(Base):
    """One answer to a choice, such as red."""

    __tablename__ = "option_value"

    id: Mapped[Id]
    option_id: Mapped[int] = mapped_column(ForeignKey("product_option.id", ondelete="CASCADE"), index=True)
    name: Mapped[JsonMap]
    position: Mapped[int] = mapped_column(default=0)


class Variant(Base):
    """What is put in the cart: one combination of option values with its own price and stock.

    `weight_grams` of one piece as it is sent; none where nobody weighed it, which counts as nothing.
    """

    __tablename__ = "variant"
    __table_args__ = (
        CheckConstraint("price_amount >= 0", name="price_not_negative"),
        CheckConstraint("weight_grams >= 0", name="weight_not_negative"),
        CheckConstraint("low_stock_mark >= 0", name="low_stock_mark_not_negative"),
    )

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(String(120), unique=True)
    price_amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    weight_grams: Mapped[int | None]
    low_stock_mark: Mapped[int | None]
    """Pieces below which it is reported as running low; None: the shop's usual number."""

    @property
    def price(self) -> Money:
        """What one piece costs."""
        return Money(self.price_amount, self.currency)


class VariantPrice(Base):
    """What one piece costs in a currency the shop does not sell in, as an import said; the staff sees it."""

    __tablename__ = "variant_price"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount_not_negative"),)

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    amount: Mapped[int]


class VariantValue(Base):
    """That a variant has this option value."""

    __tablename__ = "variant_value"

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    value_id: Mapped[int] = mapped_column(ForeignKey("option_value.id", ondelete="CASCADE"), primary_key=True)


class Media(Base):
    """A picture file; its bytes lie on disk under the SHA-256 digest (hex) of their content."""

    __tablename__ = "media"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    mime: Mapped[str] = mapped_column(String(60))
    width: Mapped[int]
    height: Mapped[int]


class Picture(Base):
    """A picture of a product, or of one variant of it when `variant_id` is set.

    `alt` says what it shows, for those who do not see it: {"zh": ..., "en": ...}.
    """

    __tablename__ = "picture"

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    alt: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))


def in_language(names: dict[str, str], language: str) -> str:
    """The name in this language, else in English, else in whichever there is, else an empty text."""
    return names.get(language) or names.get("en") or next(iter(names.values()), "")
