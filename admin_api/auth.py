"""Sign-in, sessions and lock-out; and the guards in front of every route.

A session lives in an HttpOnly cookie whose SHA-256 is in the database. A write must also carry the session's own token
in a header that no other site can set, and an Origin of ours when the browser names one.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.model import Role, SignInFailure, Staff, StaffSession
from admin_api.roles import Permission, StaffMember
from admin_api.staff import LONGEST_PASSWORD, is_password, new_password, password_hash
from foundation.audit import write_audit
from foundation.errors import Refused

COOKIE = "xiaoer_staff"
CSRF_HEADER = "X-Xiaoer-CSRF"
LOCKED_FOR = timedelta(minutes=15)
ATTEMPTS_BY_NAME = 5
ATTEMPTS_BY_ADDRESS = 20
"""An office shares one address, so it may be wrong more often than one name."""
SESSION_LASTS = timedelta(days=7)
IDLE_LASTS = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""`last_seen_at` is written at most this often, not at every request."""

nobodys_hash: list[str] = []
"""A hash of no one's password, once it was needed; tests put a cheap one here."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session in use: who it is, and the token its writes must carry."""

    staff: StaffMember
    csrf: str
    session_id: int


async def sign_in(desk: Desk, *, name: str, password: str, address: str) -> tuple[str, SignedIn]:
    """Open a session and return its token (for the cookie) with who signed in.

    Refuses staff.sign_in for a wrong name or password, alike in words and in time, and staff.locked (`seconds`) after
    five failures by name, or twenty by address, within fifteen minutes, whether the name exists or not.
    """
    name = name.strip().lower()
    keys = _failure_keys(desk, name, address)
    async with desk.database.begin() as session:
        await _count_attempt(session, keys, now=desk.now())
        person = await session.scalar(select(Staff).where(Staff.name == name, Staff.active))
    right = await is_password(password[: LONGEST_PASSWORD + 1], person.password_hash if person else await _no_hash())
    if person is None or not right:
        raise Refused("staff.sign_in")
    now, token, csrf = desk.now(), secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    async with desk.database.begin() as session:
        await _take_back_attempt(session, keys)
        opened = StaffSession(
            digest=_digest(token),
            staff_id=person.id,
            csrf=csrf,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LASTS,
        )
        session.add(opened)
        write_audit(session, staff_id=person.id, action="staff.signed_in", subject=f"staff:{person.id}", now=now)
        await session.flush()
    return token, SignedIn(_member(person), csrf, opened.id)


async def sign_out(session: AsyncSession, *, session_id: int) -> None:
    """End a session; ending it again does nothing."""
    await session.execute(delete(StaffSession).where(StaffSession.id == session_id))


async def signed_in(session: AsyncSession, *, token: str | None, now: datetime) -> SignedIn:
    """Whose session this token is. Refuses staff.session when there is none, it ended, or the person left."""
    if not token:
        raise Refused("staff.session")
    found = (
        await session.execute(
            select(StaffSession, Staff)
            .join(Staff, Staff.id == StaffSession.staff_id)
            .where(
                StaffSession.digest == _digest(token),
                StaffSession.expires_at > now,
                StaffSession.last_seen_at > now - IDLE_LASTS,
                Staff.active,
            )
        )
    ).one_or_none()
    if found is None:
        raise Refused("staff.session")
    opened, person = found
    if opened.last_seen_at < now - SEEN_EVERY:
        await session.execute(update(StaffSession).where(StaffSession.id == opened.id).values(last_seen_at=now))
    return SignedIn(_member(person), opened.csrf, opened.id)


async def forget_old_sign_ins(session: AsyncSession, *, now: datetime) -> int:
    """Sweep: drop ended sessions and counters nobody can be locked by any more. How many rows went."""
    ended = or_(StaffSession.expires_at <= now, StaffSession.last_seen_at <= now - IDLE_LASTS)
    gone = await session.scalars(delete(StaffSession).where(ended).returning(StaffSession.id))
    old = SignInFailure.last_at <= now - LOCKED_FOR
    forgotten = await session.scalars(delete(SignInFailure).where(old).returning(SignInFailure.kind))
    return len(gone.all()) + len(forgotten.all())


def desk_of(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


DeskHere = Annotated[Desk, Depends(desk_of)]


async def whoever_asks(request: Request, desk: DeskHere) -> SignedIn:
    """The session of a request; for a write its CSRF token and Origin are checked too."""
    async with desk.database.begin() as session:
        asking = await signed_in(session, token=request.cookies.get(COOKIE), now=desk.now())
    if request.method not in ("GET", "HEAD"):
        refuse_other_origins(request)
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), asking.csrf.encode()):
            raise Refused("staff.csrf")
    return asking


Asking = Annotated[SignedIn, Depends(whoever_asks)]


def allowed(permission: Permission) -> Callable[[SignedIn], Awaitable[StaffMember]]:
    """A route's dependency: the person who asks, refused when their role may not do this."""

    async def check(asking: Asking) -> StaffMember:
        asking.staff.must(permission)
        return asking.staff

    return check


def refuse_other_origins(request: Request) -> None:
    """Refuses staff.csrf when the browser says that the request comes from another site."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refused("staff.csrf")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("staff.csrf")


def _failure_keys(desk: Desk, name: str, address: str) -> list[tuple[str, bytes, int]]:
    return [
        ("name", desk.vault.blind("sign_in.name", name), ATTEMPTS_BY_NAME),
        ("address", desk.vault.blind("sign_in.address", address), ATTEMPTS_BY_ADDRESS),
    ]


async def _count_attempt(session: AsyncSession, keys: list[tuple[str, bytes, int]], *, now: datetime) -> None:
    """Count this attempt at each counter. Refuses staff.locked when one is full; then none of them is changed."""
    forgotten = now - LOCKED_FOR
    for kind, key, limit in keys:
        counting = insert(SignInFailure).values(kind=kind, key=key, failures=1, last_at=now)
        counting = counting.on_conflict_do_update(
            index_elements=[SignInFailure.kind, SignInFailure.key],
            set_={"failures": _one_more(forgotten), "last_at": now},
            where=or_(SignInFailure.failures < limit, SignInFailure.last_at <= forgotten),
        )
        if await session.scalar(counting.returning(SignInFailure.failures)) is None:
            full = select(SignInFailure.last_at).where(SignInFailure.kind == kind, SignInFailure.key == key)
            locked_until = (await session.scalar(full) or now) + LOCKED_FOR
            raise Refused("staff.locked", seconds=max(1, round((locked_until - now).total_seconds())))


def _one_more(forgotten: datetime) -> ColumnElement[int]:
    return case((SignInFailure.last_at <= forgotten, 1), else_=SignInFailure.failures + 1)


async def _take_back_attempt(session: AsyncSession, keys: list[tuple[str, bytes, int]]) -> None:
    for kind, key, _ in keys:
        one = update(SignInFailure).where(SignInFailure.kind == kind, SignInFailure.key == key)
        fewer = 0 if kind == "name" else SignInFailure.failures - 1
        await session.execute(one.where(SignInFailure.failures > 0).values(failures=fewer))


def _member(person: Staff) -> StaffMember:
    return StaffMember(person.id, person.name, person.display_name, Role(person.role), person.language)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def _no_hash() -> str:
    """A hash of no one's password: an unknown name costs the same time as a known one."""
    if not nobodys_hash:
        nobodys_hash.append(await password_hash(new_password()))
    return nobodys_hash[0]
