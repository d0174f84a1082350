"""The search index, made from the catalogue: a row for each product, each offer (variant) and each word."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


class SearchProduct(Base):
    """A published product: the terms of its name (see terms.py) with how much each says about it at the same places.

    `more` are the terms it only mentions, in a long description or a fact; they stand apart so that a search reads a
    short row. `scheme` is the `index.SCHEME` that made the row.
    """

    __tablename__ = "search_product"
    # Without their lists of pending entries, which every search after a large import would read from end to end.
    __table_args__ = (
        Index("ix_search_product_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_search_product_more", "more", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text))
    weights: Mapped[list[float]] = mapped_column(ARRAY(REAL))
    more: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    scheme: Mapped[int] = mapped_column(SmallInteger, index=True, server_default="0")


class SearchMeaning(Base):
    """What a product means: the vector (512 numbers, length 1) of `gist`, by the encoder of the shop.

    `due`: its words may have changed since, or it has no vector yet; a worker makes it anew outside any transaction.
    """

    __tablename__ = "search_meaning"
    __table_args__ = (
        Index("ix_search_meaning_due", "product_id", postgresql_where=text("due")),
        Index(
            "ix_search_meaning_near",
            literal_column("(vector::vector(512))").label("near"),
            postgresql_using="hnsw",
            postgresql_ops={"near": "vector_cosine_ops"},
        ),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    gist: Mapped[str | None]
    vector: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))
    due: Mapped[bool]


class SearchOffer(Base):
    """An active variant of a published product, for price limits and colours (canonical English words)."""

    __tablename__ = "search_offer"
    __table_args__ = (
        Index("ix_search_offer_price", "currency", "price_amount"),
        Index("ix_search_offer_colours", "colours", postgresql_using="gin"),
    )

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    price_amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    colours: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SearchWord(Base):
    """A word some product has or had, for mending typing errors. Words are not taken out when the last product goes."""

    __tablename__ = "search_word"
    __table_args__ = (
        Index("ix_search_word_word", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )

    word: Mapped[str] = mapped_column(String(60), primary_key=True)


class SearchEntry(Base):
    """One search of a shopper, for the merchant: what was asked and how many products it found. It names nobody."""

    __tablename__ = "search_entry"

    id: Mapped[Id]
    text: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    found: Mapped[int]
    relaxed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(index=True)
