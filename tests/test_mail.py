"""The demo shop's mailbox: a mail is kept once, sealed, and read back opened."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.mail import DemoMailbox, Mail


async def test_a_mail_is_kept_once_and_sealed(session: AsyncSession, now: datetime) -> None:
    box, mail = DemoMailbox(), Mail("ann@example.com", "Your code", "123456")
    for _ in range(2):
        await box.send(session, mail, key="code:7", now=now)
    assert await box.newest(session, limit=5) == [mail]
    row = (await session.execute(text('SELECT "to", subject, text FROM demo_mail'))).one()
    assert not any(b"ann@" in sealed or b"123456" in sealed for sealed in row)
