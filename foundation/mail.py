"""Mail through one port. The demo shop's mailbox is a sealed table; a real shop will send by SMTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain text mail to one address."""

    to: str
    subject: str
    text: str


class Post(Protocol):
    """Takes mails away. Called from a job, never inside a turn."""

    async def send(self, session: AsyncSession, mail: Mail, *, key: str, now: datetime) -> None:
        """Send once for each `key`, which names the business fact."""


class DemoMail(Base):
    """A mail in the demo mailbox; all of it is sealed, since it carries addresses and codes."""

    __tablename__ = "demo_mail"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    to: Mapped[bytes]
    subject: Mapped[bytes]
    text: Mapped[bytes]
    sent_at: Mapped[datetime]


class DemoMailbox:
    """The demo shop's post: it delivers into `demo_mail`."""

    async def send(self, session: AsyncSession, mail: Mail, *, key: str, now: datetime) -> None:
        """Keep the mail unless one with this key is there."""
        seal = session.info["vault"].seal
        letter = {"to": seal(mail.to), "subject": seal(mail.subject), "text": seal(mail.text)}
        await session.execute(insert(DemoMail).values(key=key, sent_at=now, **letter).on_conflict_do_nothing())

    async def newest(self, session: AsyncSession, *, limit: int) -> list[Mail]:
        """The newest mails, opened."""
        opened = session.info["vault"].open
        rows = await session.scalars(select(DemoMail).order_by(DemoMail.id.desc()).limit(limit))
        return [Mail(to=opened(row.to), subject=opened(row.subject), text=opened(row.text)) for row in rows]
