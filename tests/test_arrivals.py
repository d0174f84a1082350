"""Who brought whom, and links from another chat that are good once."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select

from commerce.customers.actions import customer_for
from commerce.customers.arrivals import LINKED, link_chat_of, note_referral
from commerce.customers.events import events_of, note_event
from commerce.customers.model import CustomerEvent
from foundation.database import Database


async def newcomer(database: Database, account: str, now: datetime) -> int:
    async with database.begin() as session:
        return (await customer_for(session, channel="web", account=account, language="en", now=now)).id


async def test_a_newcomer_was_brought_once_by_somebody_else_at_the_first_meeting(
    database: Database, now: datetime
) -> None:
    anna, ben, cora = [await newcomer(database, name, now) for name in ("anna", "ben", "cora")]

    async def brings(customer: int, by: int, at: datetime = now) -> bool:
        async with database.begin() as session:
            return await note_referral(session, customer_id=customer, brought_by=by, now=at)

    assert not await brings(ben, ben)
    assert not await brings(ben, 10**9)
    assert not await brings(cora, anna, now + timedelta(minutes=11)), "she knew us before"
    assert await brings(ben, anna)
    assert not await brings(ben, cora)
    async with database.begin() as session:
        assert [(one.kind, one.facts) for one in await events_of(session, customer_id=ben)] == [
            ("brought", {"by": anna})
        ]


async def test_of_many_who_open_a_link_at_once_one_may_use_it(database: Database, now: datetime) -> None:
    anna = await newcomer(database, "anna", now)

    async def use(made_at: datetime) -> bool:
        async with database.begin() as session:
            return await link_chat_of(session, customer_id=anna, made_at=made_at, now=now)

    assert sum(await asyncio.gather(*(use(now - timedelta(minutes=1)) for _ in range(6)))) == 1
    assert not await use(now - timedelta(minutes=2)), "nor one that was made before"
    assert await use(now + timedelta(seconds=1)), "a newer one is another"


async def test_the_twin_that_looks_without_a_lock_lets_all_of_them_in(database: Database, now: datetime) -> None:
    anna = await newcomer(database, "anna", now)
    everybody = asyncio.Barrier(6)

    async def use() -> bool:
        async with database.begin() as session:
            used = select(CustomerEvent.id).where(CustomerEvent.customer_id == anna, CustomerEvent.kind == LINKED)
            is_used = await session.scalar(used) is not None
            await everybody.wait()
            note_event(session, customer_id=anna, kind=LINKED, now=now)
            return not is_used

    assert sum(await asyncio.gather(*(use() for _ in range(6)))) == 6
