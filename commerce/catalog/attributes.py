"""Facts about a product beside its options: material, brand, colour. Shown, searched and compared."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, JsonMap


class ProductAttribute(Base):
    """One fact, its name and value in each language ({"zh": ..., "en": ...}; one may be missing)."""

    __tablename__ = "product_attribute"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[JsonMap]
    value: Mapped[JsonMap]
