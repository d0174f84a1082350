"""The audit log: what a person of the staff did, through whichever door."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from foundation.database import Base, Id, JsonMap
from foundation.errors import Json


class AuditEntry(Base):
    """What a person of the staff did, or which personal data they opened. Only added to; no personal data in it.

    `staff_id` is a row of the staff's door, none for the shop itself. The line outlives the person, so it is no key.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject"), Index(None, "staff_id", "id"))

    id: Mapped[Id]
    staff_id: Mapped[int | None]
    action: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[JsonMap]
    at: Mapped[datetime]


def write_audit(
    session: AsyncSession, *, staff_id: int | None, action: str, subject: str, now: datetime, **facts: Json
) -> None:
    """Add a line to the audit log, in the transaction of what it tells. `subject`: "order:12"; no staff: the shop."""
    session.add(AuditEntry(staff_id=staff_id, action=action, subject=subject, facts=facts, at=now))
