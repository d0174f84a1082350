"""Guessing secret codes (coupons, gift cards) is counted for each customer in rows, so that no restart forgets it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base
from foundation.errors import Refused

MOST_WRONG = 10
WITHIN = timedelta(hours=1)
UNKNOWN = "codes.unknown"
"""The one answer for a code that never was, is used up by somebody else, or is void."""

Made = TypeVar("Made")


class CodeTries(Base):
    """How many wrong codes a customer has said since `since`."""

    __tablename__ = "code_tries"
    __table_args__ = (CheckConstraint(f"wrong BETWEEN 0 AND {MOST_WRONG}", name="wrong_within_limit"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime]
    wrong: Mapped[int] = mapped_column(default=0)


async def try_code(
    session: AsyncSession, *, customer_id: int, now: datetime, act: Callable[[], Awaitable[Made]]
) -> Made | Refused:
    """Do what a code allows. A wrong code is counted and comes back as a value, not as an exception: a refusal that
    travels would undo the count with everything else.

    Raises Refused("codes.too_many", minutes) after 10 wrong ones within an hour, whatever the next code is.
    """
    await session.execute(
        insert(CodeTries).values(customer_id=customer_id, since=now, wrong=0).on_conflict_do_nothing()
    )
    locked = select(CodeTries).where(CodeTries.customer_id == customer_id).with_for_update()
    tries = (await session.scalars(locked.execution_options(populate_existing=True))).one()
    if now - tries.since >= WITHIN:
        tries.since, tries.wrong = now, 0
    if tries.wrong >= MOST_WRONG:
        left = tries.since + WITHIN - now
        raise Refused("codes.too_many", minutes=-(-int(left.total_seconds()) // 60))
    await session.flush()
    try:
        async with session.begin_nested():
            return await act()
    except Refused as refused:
        if refused.code != UNKNOWN:
            raise
        await session.refresh(tries)
        tries.wrong += 1
        await session.flush()
        return Refused(UNKNOWN, left=MOST_WRONG - tries.wrong)
