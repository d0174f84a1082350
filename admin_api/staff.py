"""The people who work here: who comes, who goes, new passwords, and the first administrator of a new shop."""

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
from conversations.model import Conversation, Owner
from conversations.ownership import release
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
    person = await _person(session, name)
    person.password_hash = await password_hash(password)
    await _shut_out(session, person)
    write_audit(session, staff_id=None, action="staff.password_reset", subject=f"staff:{person.id}", now=now)


async def dismiss(session: AsyncSession, *, name: str, now: datetime) -> int:
    """Let a person in no more, in no browser and no chat; how many conversations they held, which wait again now.

    Doing it again does nothing. Refuses staff.unknown, and staff.last_administrator of who is the only one left.
    """
    administrators = select(Staff.id).where(Staff.role == Role.ADMINISTRATOR, Staff.active).order_by(Staff.id)
    left = (await session.scalars(administrators.with_for_update())).all()
    person = await _person(session, name)
    if not person.active:
        return 0
    if left == [person.id]:
        raise Refused("staff.last_administrator", name=person.name)
    person.active = False
    await _shut_out(session, person)
    held = select(Conversation.id).where(Conversation.assignee_id == person.id, Conversation.owner == Owner.HUMAN)
    conversations = (await session.scalars(held.order_by(Conversation.id))).all()
    for conversation_id in conversations:
        await release(session, conversation_id=conversation_id, agent=None, to="queue", note="", now=now)
    write_audit(session, staff_id=None, action="staff.dismissed", subject=f"staff:{person.id}", now=now)
    return len(conversations)


async def reinstate(session: AsyncSession, *, name: str, now: datetime) -> None:
    """Let a person in again who was dismissed, with the password they had. Refuses staff.unknown."""
    person = await _person(session, name)
    if not person.active:
        person.active = True
        write_audit(session, staff_id=None, action="staff.reinstated", subject=f"staff:{person.id}", now=now)


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


async def _person(session: AsyncSession, name: str) -> Staff:
    """Whoever has this name, locked until the commit. Refuses staff.unknown."""
    person = await session.scalar(select(Staff).where(Staff.name == name.strip().lower()).with_for_update())
    if person is None:
        raise Refused("staff.unknown", name=name)
    return person


async def _shut_out(session: AsyncSession, person: Staff) -> None:
    """End all their sessions and unlink their chats."""
    await session.execute(delete(StaffSession).where(StaffSession.staff_id == person.id))
    await unlink_chats(session, staff_id=person.id)
    await unlink_staff_chats(session, staff_id=person.id)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused("staff.password_short", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)
