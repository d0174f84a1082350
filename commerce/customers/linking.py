"""Proving an e-mail address by a code that is sent there: how a customer is known again on another channel.

Nothing here says whether an address is known: a code goes to any, and only who reads it learns what it opens.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.events import note_event
from commerce.customers.model import Customer, EmailCode
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.jobs import enqueue

SEND_CODE = "send_email_code"
EMAIL = "email"
CODE_LASTS = timedelta(minutes=15)
MOST_WRONG = 5
MOST_CODES = 3
"""So many codes may be asked for within an hour, by one customer and for one address."""
WITHIN = timedelta(hours=1)
LONGEST_EMAIL = 200
_EMAIL = re.compile(r"[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """A code to be sent."""

    email: str
    code: str
    language: str


@dataclass(frozen=True, slots=True)
class Proved:
    """The address is the customer's. `joins` is another customer who had proved it before."""

    joins: int | None


def plain_email(text: str) -> str:
    """The address as it is compared. Raises Refused("link.email_invalid")."""
    plain = text.strip().strip("<>.,;，。；").lower()
    if len(plain) > LONGEST_EMAIL or not _EMAIL.fullmatch(plain) or ".." in plain:
        raise Refused("link.email_invalid")
    return plain


def masked_email(email: str) -> str:
    """The address as it may be shown: a***@example.com."""
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"


def email_index(session: AsyncSession, email: str) -> bytes:
    """Under which an address is found."""
    return _vault(session).blind(EMAIL, plain_email(email))


async def ask_code(session: AsyncSession, *, customer_id: int, email: str, language: str, now: datetime) -> EmailCode:
    """Have a code sent to an address; the codes before it are worth nothing any more.

    Raises Refused("link.email_invalid") or ("link.too_many_codes", minutes).
    """
    vault, plain = _vault(session), plain_email(email)
    index = email_index(session, plain)
    await _lock(session, customer_id, index)
    for whose in (EmailCode.customer_id == customer_id, EmailCode.email_index == index):
        await _must_be_few(session, whose, now)
    await _end_codes(session, customer_id, now)
    code = EmailCode(
        customer_id=customer_id,
        email_sealed=vault.seal(plain),
        email_index=index,
        code_sealed=vault.seal(f"{secrets.randbelow(10**6):06}"),
        language=language,
        created_at=now,
        until=now + CODE_LASTS,
    )
    session.add(code)
    await session.flush()
    await enqueue(session, SEND_CODE, {"code_id": code.id}, key=f"{SEND_CODE}:{code.id}")
    return code


async def letter_of(session: AsyncSession, *, code_id: int, now: datetime) -> Letter | None:
    """What is to be sent for a code; none when it is worth nothing any more."""
    code = await session.get(EmailCode, code_id)
    if code is None or code.ended_at is not None or code.until <= now:
        return None
    vault = _vault(session)
    return Letter(vault.open(code.email_sealed), vault.open(code.code_sealed), code.language)


async def prove(session: AsyncSession, *, customer_id: int, said: str, now: datetime) -> Proved | Refused:
    """Hold what the customer said against the code they were sent last. A right one is used up.

    A wrong one is counted, so it comes back as a value: a refusal that travels would undo the count. The values are
    Refused("link.code_wrong", left) and, after the fifth or after 15 minutes, ("link.code_over").
    """
    open_one = select(EmailCode).where(EmailCode.customer_id == customer_id, EmailCode.ended_at.is_(None))
    open_one = open_one.order_by(EmailCode.id.desc()).limit(1).with_for_update()
    code = await session.scalar(open_one.execution_options(populate_existing=True))
    if code is None:
        return Refused("link.code_over")
    if code.until <= now:
        code.ended_at = now
        await session.flush()
        return Refused("link.code_over")
    digits = "".join(letter for letter in said if letter.isdecimal()).encode()
    if not compare_digest(_vault(session).open(code.code_sealed).encode(), digits):
        return await _count_wrong(session, code, now)
    await _end_codes(session, customer_id, now)
    return await _take_address(session, code, now)


async def _take_address(session: AsyncSession, code: EmailCode, now: datetime) -> Proved:
    await _lock(session, code.customer_id, code.email_index)
    owner = await session.scalar(select(Customer.id).where(Customer.email_index == code.email_index))
    if owner is not None and owner != code.customer_id:
        return Proved(joins=owner)
    if owner is None:
        customer = await session.get_one(Customer, code.customer_id)
        customer.email_sealed = _vault(session).seal(_vault(session).open(code.email_sealed))
        customer.email_index = code.email_index
        note_event(session, customer_id=customer.id, kind="email_proved", now=now)
        await session.flush()
    return Proved(joins=None)


async def _count_wrong(session: AsyncSession, code: EmailCode, now: datetime) -> Refused:
    code.wrong += 1
    if code.wrong >= MOST_WRONG:
        code.ended_at = now
        note_event(session, customer_id=code.customer_id, kind="code_failed", now=now)
    await session.flush()
    left = MOST_WRONG - code.wrong
    return Refused("link.code_wrong", left=left) if left else Refused("link.code_over")


async def _must_be_few(session: AsyncSession, whose: ColumnElement[bool], now: datetime) -> None:
    asked = select(func.count(), func.min(EmailCode.created_at)).where(whose, EmailCode.created_at > now - WITHIN)
    count, first = (await session.execute(asked)).one()
    if count >= MOST_CODES:
        left = first + WITHIN - now
        raise Refused("link.too_many_codes", minutes=-(-int(left.total_seconds()) // 60))


async def _end_codes(session: AsyncSession, customer_id: int, now: datetime) -> None:
    theirs = update(EmailCode).where(EmailCode.customer_id == customer_id, EmailCode.ended_at.is_(None))
    await session.execute(theirs.values(ended_at=now))


async def _lock(session: AsyncSession, customer_id: int, index: bytes) -> None:
    """One at a time for a customer, then for an address: the counts and the owner stay true until the commit."""
    await session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    number = int.from_bytes(index[:8], "big", signed=True)
    await session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _vault(session: AsyncSession) -> Vault:
    vault: Vault = session.info["vault"]
    return vault
