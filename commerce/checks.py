"""Every invariant of the shop over the whole database: which row breaks which rule.

A rule is one SQL query that finds what must not be; its first column names the row. All run in one snapshot, so that
what is being written meanwhile is seen whole or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from commerce.credit import invariants as credit
from commerce.customers import invariants as customers
from commerce.flash_sales import invariants as flash_sales
from commerce.group_buy import invariants as group_buy
from commerce.inventory import invariants as inventory
from commerce.orders import invariants as orders
from commerce.payments import invariants as payments
from commerce.points import invariants as points
from commerce.promotions import invariants as promotions
from commerce.returns import invariants as returns
from commerce.shipping import invariants as shipping
from foundation.database import Base, JsonList

GIVEN_UP = timedelta(minutes=10)
"""A check that takes longer was killed in the middle."""
MOST_ROWS = 100
"""So many rows are named for each broken rule."""
RULES: Mapping[str, str] = {
    name: query
    for room in (
        *(inventory, customers, promotions, points, credit, flash_sales, group_buy),
        *(orders, payments, shipping, returns),
    )
    for name, query in room.INVARIANTS.items()
}
"""{name of the rule: query that returns the rows that break it}."""


@dataclass(frozen=True, slots=True)
class Breach:
    """That a row breaks a rule. `row` holds what the rule's query found, as text."""

    rule: str
    row: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.rule}: " + ", ".join(f"{name} {value}" for name, value in self.row.items())


class SelfCheck(Base):
    """One run over the whole database. The hour is unique: of many workers one makes it."""

    __tablename__ = "self_check"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    rules: Mapped[int]
    breaches: Mapped[JsonList]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


async def find_breaches(session: AsyncSession, *, rules: Mapping[str, str] = RULES) -> list[Breach]:
    """Ask every rule, in one snapshot that changes nothing. The session must have no transaction yet."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    await session.execute(text("SET TRANSACTION READ ONLY"))
    breaches = []
    for rule, query in rules.items():
        found = await session.execute(text(f"{query} LIMIT {MOST_ROWS}"))
        breaches += [
            Breach(rule, {name: str(value) for name, value in row.items() if value is not None})
            for row in found.mappings()
        ]
    return breaches


async def begin_hour(session: AsyncSession, *, now: datetime, again: bool = False) -> datetime | None:
    """The hour to check, if nobody is at it or did it; else None. One that was begun and never ended is begun again.
    `again`: also when it was done already; what it found then stands until this one has ended."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    begun = insert(SelfCheck).values(hour=hour, rules=len(RULES), breaches=[], started_at=now)
    is_free = SelfCheck.finished_at.is_(None) & (SelfCheck.started_at <= now - GIVEN_UP)
    if again:
        is_free |= SelfCheck.finished_at.is_not(None)
    anew = {"rules": len(RULES), "started_at": now, "finished_at": None}
    begun = begun.on_conflict_do_update(index_elements=["hour"], set_=anew, where=is_free)
    return await session.scalar(begun.returning(SelfCheck.hour))


async def end_hour(session: AsyncSession, *, hour: datetime, breaches: list[Breach], now: datetime) -> None:
    """Write down what the check of this hour found."""
    check = await session.get_one(SelfCheck, hour)
    check.breaches = [{"rule": breach.rule, "row": dict(breach.row)} for breach in breaches]
    check.finished_at = now


async def last_checks(session: AsyncSession, *, limit: int) -> list[SelfCheck]:
    """The latest runs, newest first."""
    return list(await session.scalars(select(SelfCheck).order_by(SelfCheck.hour.desc()).limit(limit)))
