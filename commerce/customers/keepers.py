"""Chats of the merchant's own people: who may make a product by sending a photo."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


class Keeper(Base):
    """The chat of this customer belongs to a person of the staff (`staff_id`; the staff's door owns that table)."""

    __tablename__ = "keeper"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(index=True)
    linked_at: Mapped[datetime]


class KeeperCode(Base):
    """A one-time code that makes the chat it is said in a keeper's; `digest` is its blind index."""

    __tablename__ = "keeper_code"

    id: Mapped[Id]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[int] = mapped_column(unique=True)
    until: Mapped[datetime]
