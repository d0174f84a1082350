"""Customers, their channel accounts and addresses. Personal data is sealed; phones are found by blind index."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


class Customer(Base):
    """A person who shops here."""

    __tablename__ = "customer"

    id: Mapped[Id]
    language: Mapped[str] = mapped_column(String(8))
    name_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]


class ChannelIdentity(Base):
    """One account on one channel (a web visitor, a Telegram user) and the customer behind it."""

    __tablename__ = "channel_identity"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    created_at: Mapped[datetime]


class Address(Base):
    """Where a parcel goes. Rows are never changed: a corrected address is a new row, orders keep their own copy."""

    __tablename__ = "address"
    __table_args__ = (Index(None, "customer_id", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    line_sealed: Mapped[bytes]
    phone_index: Mapped[bytes] = mapped_column(index=True)
    phone_last4_index: Mapped[bytes] = mapped_column(index=True)
    created_at: Mapped[datetime]
