"""Products a customer likes, and sold-out variants they want to hear of when there are some again."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class Favourite(Base):
    """That a customer likes a product."""

    __tablename__ = "favourite"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class StockWatch(Base):
    """That a customer waits for a variant to be back; told once, then the row is gone."""

    __tablename__ = "stock_watch"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, index=True)
    created_at: Mapped[datetime]
