"""Customers, their channel accounts and addresses. Personal data is sealed; phones are found by blind index."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.states import state_type
from foundation.database import Base, Id, JsonMap


class Purpose(StrEnum):
    """What a customer may allow or forbid beside what an order needs."""

    MARKETING = "marketing"
    """Offers that nobody asked for."""
    PERSONALISATION = "personalisation"
    """Suggestions from what was bought and looked at."""
    ANALYTICS = "analytics"
    """Being counted in how the shop is used."""


class Customer(Base):
    """A person who shops here. `email` is one that they proved by a code; no two customers have the same.

    Who turned out to be somebody else we knew is `merged_into` them and keeps nothing; of who was erased only what
    trade law demands is left.
    """

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("merged_into <> id", name="merged_into_another"),
        CheckConstraint("(email_sealed IS NULL) = (email_index IS NULL)", name="email_whole"),
        CheckConstraint("(merged_into IS NULL) = (merged_at IS NULL)", name="merge_whole"),
        Index("uq_customer_email", "email_index", unique=True, postgresql_where=text("email_index IS NOT NULL")),
    )

    id: Mapped[Id]
    language: Mapped[str] = mapped_column(String(8))
    name_sealed: Mapped[bytes | None]
    email_sealed: Mapped[bytes | None]
    email_index: Mapped[bytes | None]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    merged_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ChannelIdentity(Base):
    """One account on one channel (a web visitor, a Telegram user) and the customer behind it."""

    __tablename__ = "channel_identity"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    created_at: Mapped[datetime]


class Address(Base):
    """Where a parcel goes. Rows are never changed: a corrected address is a new row, orders keep their own copy.

    Where it lies down to the district is no personal data and stands open, empty where the line does not say. The rows
    of somebody who was erased are emptied, for orders point at them.
    """

    __tablename__ = "address"
    __table_args__ = (Index(None, "customer_id", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    line_sealed: Mapped[bytes]
    street_sealed: Mapped[bytes | None]
    province: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    city: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    district: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    phone_index: Mapped[bytes] = mapped_column(index=True)
    phone_last4_index: Mapped[bytes] = mapped_column(index=True)
    created_at: Mapped[datetime]


class EmailCode(Base):
    """A code of six digits on its way to an e-mail address, for the customer who says that it is theirs."""

    __tablename__ = "email_code"
    __table_args__ = (
        CheckConstraint("wrong BETWEEN 0 AND 5", name="wrong_within_limit"),
        Index(None, "customer_id", "id"),
        Index(None, "email_index", "created_at"),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes]
    code_sealed: Mapped[bytes]
    language: Mapped[str] = mapped_column(String(8))
    wrong: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Consent(Base):
    """Append-only: what a customer allowed or forbade, when and how. The newest row of a purpose counts."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "customer_id", "purpose", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    purpose: Mapped[Purpose] = mapped_column(state_type(Purpose))
    granted: Mapped[bool]
    source: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class CustomerEvent(Base):
    """Append-only: what happened to a customer's account. Facts are ids and numbers, never personal data."""

    __tablename__ = "customer_event"
    __table_args__ = (Index(None, "customer_id", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[JsonMap]
    at: Mapped[datetime]


class DataExport(Base):
    """Everything of a person as one sealed JSON, made by a job, to be fetched by them until `until`."""

    __tablename__ = "data_export"
    __table_args__ = (Index(None, "customer_id", "id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    content_sealed: Mapped[bytes | None]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
