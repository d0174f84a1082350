"""What was imported, so that the same row of the same file changes nothing the second time."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class ImportedProduct(Base):
    """The digest (SHA-256, hex) of everything an import last said about a product, and the status it gave it."""

    __tablename__ = "imported_product"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str | None] = mapped_column(String(20))
    imported_at: Mapped[datetime]
