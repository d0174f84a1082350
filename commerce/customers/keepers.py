"""Chats of the merchant's own people: who may make a product by sending a photo."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id
from foundation.encryption import Vault
from foundation.errors import Refused

CODE_LASTS = timedelta(minutes=10)
CODE_LENGTH = 8
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PURPOSE = "keeper_code"
_AT_WORK = text(
    "SELECT staff_id FROM keeper WHERE customer_id = :customer"
    " AND NOT EXISTS (SELECT FROM staff WHERE staff.id = keeper.staff_id AND NOT staff.active)"
)


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


async def new_code(session: AsyncSession, *, staff_id: int, now: datetime) -> str:
    """A code of 8 letters and digits (40 bits) for a person of the staff, in place of the one before. Good for 10
    minutes and for one chat.
    """
    code = "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))
    values = {"digest": _digest(session, code), "until": now + CODE_LASTS}
    made = insert(KeeperCode).values(staff_id=staff_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["staff_id"], set_=values))
    return code


async def link_chat(session: AsyncSession, *, customer_id: int, code: str, now: datetime) -> int:
    """Make this customer's chat that of the person who got the code; returns their staff id. The code is used up.

    Raises Refused("keeper.code") for a code that never was, was used, or is too old.
    """
    used = delete(KeeperCode).where(KeeperCode.digest == _digest(session, code), KeeperCode.until > now)
    staff_id: int | None = await session.scalar(used.returning(KeeperCode.staff_id))
    if staff_id is None:
        raise Refused("keeper.code")
    made = insert(Keeper).values(customer_id=customer_id, staff_id=staff_id, linked_at=now)
    await session.execute(
        made.on_conflict_do_update(index_elements=["customer_id"], set_={"staff_id": staff_id, "linked_at": now})
    )
    return staff_id


async def unlink_chats(session: AsyncSession, *, staff_id: int) -> int:
    """Take every chat and every open code from a person; returns how many chats there were."""
    await session.execute(delete(KeeperCode).where(KeeperCode.staff_id == staff_id))
    gone = await session.scalars(delete(Keeper).where(Keeper.staff_id == staff_id).returning(Keeper.customer_id))
    return len(gone.all())


async def keeper_of(session: AsyncSession, *, customer_id: int) -> int | None:
    """The staff id of the person whose chat this is, None for a shopper and for who does not work here any more."""
    staff_id: int | None = await session.scalar(_AT_WORK, {"customer": customer_id})
    return staff_id


def _digest(session: AsyncSession, code: str) -> bytes:
    """Letters that look like digits are taken for them; anything between is left out."""
    plain = code.upper().translate(str.maketrans("OIL", "011"))
    vault: Vault = session.info["vault"]
    return vault.blind(_PURPOSE, "".join(letter for letter in plain if letter in _LETTERS))
