"""The people who work here: adding them, new passwords, and the first administrator of a new shop."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.model import Role, Staff, StaffSession
from commerce.customers.keepers import unlink_chats
from conversations.staff_chats import unlink_staff_chats
from foundation.audit import write_audit
from foundation.errors import Refused

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
FIRST_NAME = "admin"

_hasher = PasswordHasher()


async def password_hash(password: str) -> str:
    """The argon2id hash of a password. It costs some 50 ms of CPU, so it runs in a thread."""
    return await asyncio.to_thread(_hasher.hash, password)


async def is_password(password: str, hashed: str) -> bool:
    """Whether this is the password, decided in a thread."""
    try:
        return await asyncio.to_thread(_hasher.verify, hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """A random password of 16 characters that reads well aloud: four groups without look-alikes (79 bits)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


async def add_staff(
    session: AsyncSession,
    *,
    name: str,
    display_name: str,
    password: str,
    role: str,
    language: str = "zh",
    now: datetime,
) -> Staff:
    """Add a person. Refuses staff.name_taken, staff.name_unusable, staff.role_unknown, staff.password_short."""
    name = name.strip().lower()
    if not 1 <= len(name) <= 60 or not name.isprintable() or " " in name:
        raise Refused("staff.name_unusable")
    if role not in set(Role):
        raise Refused("staff.role_unknown", role=role, known=sorted(Role))
    _check_password(password)
    if await session.scalar(select(Staff.id).where(Staff.name == name)):
        raise Refused("staff.name_taken", name=name)
    person = Staff(
        name=name,
        display_name=display_name.strip() or name,
        password_hash=await password_hash(password),
        role=role,
        language=language,
        active=True,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    write_audit(session, staff_id=None, action="staff.added", subject=f"staff:{person.id}", role=role, now=now)
    return person


async def reset_password(session: AsyncSession, *, name: str, password: str, now: datetime) -> None:
    """Give a person a new password, end all their sessions and unlink their chats.

    Refuses staff.unknown, staff.password_short.
    """
    _check_password(password)
    person = await session.scalar(select(Staff).where(Staff.name == name.strip().lower()).with_for_update())
    if person is None:
        raise Refused("staff.unknown", name=name)
    person.password_hash = await password_hash(password)
    await session.execute(delete(StaffSession).where(StaffSession.staff_id == person.id))
    await unlink_chats(session, staff_id=person.id)
    await unlink_staff_chats(session, staff_id=person.id)
    write_audit(session, staff_id=None, action="staff.password_reset", subject=f"staff:{person.id}", now=now)


async def list_staff(session: AsyncSession) -> Sequence[Staff]:
    """Everybody who works here or did, by name."""
    return (await session.scalars(select(Staff).order_by(Staff.name))).all()


async def first_administrator(session: AsyncSession, *, now: datetime) -> tuple[str, str] | None:
    """Make the first administrator of a shop that has no staff yet: name and password, told this once; else None."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('xiaoer.first_administrator', 0))"))
    if await session.scalar(select(Staff.id).limit(1)):
        return None
    password = new_password()
    await add_staff(
        session,
        name=FIRST_NAME,
        display_name="Administrator",
        password=password,
        role=Role.ADMINISTRATOR,
        now=now,
    )
    return FIRST_NAME, password


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused("staff.password_short", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)
