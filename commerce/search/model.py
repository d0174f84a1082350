"""The search index: one row a product, one row an offer (variant), one row a word. Rebuilt from the catalogue at any time."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, JsonMap


class SearchProduct(Base):
    """What can be found of a published product: `terms` for candidates, `fields` ({field: [term, ...]}) for the score."""

    __tablename__ = "search_product"
    __table_args__ = (Index("ix_search_product_terms", "terms", postgresql_using="gin"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    terms: Mapped[str] = mapped_column(TSVECTOR)
    fields: Mapped[JsonMap]


class SearchOffer(Base):
    """An active variant of a published product, as price limits and colours see it. Colours are canonical English words."""

    __tablename__ = "search_offer"
    __table_args__ = (
        Index("ix_search_offer_price", "currency", "price_amount"),
        Index("ix_search_offer_colours", "colours", postgresql_using="gin"),
    )

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    price_amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    colours: Mapped[list[str]] = mapped_column(ARRAY(String(20)))


class SearchWord(Base):
    """A word some product has or had, for mending typing errors. Words are not taken out when the last product goes."""

    __tablename__ = "search_word"
    __table_args__ = (
        Index("ix_search_word_word", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )

    word: Mapped[str] = mapped_column(String(60), primary_key=True)
