"""The way down to the driver keeps to the session's transaction."""

import asyncio
import json
from datetime import datetime
from typing import cast

import pytest
from sqlalchemy import QueuePool, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement, announce, announce_at_once, announced
from foundation.database import LONGEST_IDLE, Database, insert_row, raw
from foundation.errors import Json
from tests.goods import a_customer


async def test_what_the_driver_writes_inside_a_savepoint_goes_with_it(session: AsyncSession) -> None:
    await (await raw(session)).execute("CREATE TEMPORARY TABLE said (word text) ON COMMIT DROP")
    for word in ("first", "again"):
        savepoint = await session.begin_nested()
        await (await raw(session)).execute("INSERT INTO said VALUES ($1)", word)
        await savepoint.rollback()
    await (await raw(session)).execute("INSERT INTO said VALUES ('kept')")
    assert await (await raw(session)).fetchval("SELECT string_agg(word, ' ') FROM said") == "kept"


async def test_a_row_written_by_the_driver_is_known_as_if_it_was_read(session: AsyncSession, now: datetime) -> None:
    customer = await a_customer(session, now=now)
    told = Announcement(kind="back_in_stock", customer_id=customer.id, facts={"名": "龙井"}, created_at=now)
    await insert_row(session, told)
    assert (told in session, told.told_at, len(session.dirty), len(session.new)) == (True, None, 0, 0)
    told.told_at = now
    await session.flush()
    read = await session.scalar(select(Announcement).execution_options(populate_existing=True))
    assert read is told
    assert (read.facts, read.created_at, read.told_at) == ({"名": "龙井"}, now, now)


async def test_what_was_told_in_a_savepoint_that_is_undone_is_not_told(session: AsyncSession, now: datetime) -> None:
    customer = await a_customer(session, now=now)
    savepoint = await session.begin_nested()
    announce(session, "back_in_stock", customer_id=customer.id, now=now)
    await announce_at_once(session, "order_placed", customer_id=customer.id, now=now)
    async with session.begin_nested():
        await announce_at_once(session, "order_placed", customer_id=customer.id, now=now)
    assert len(await announced(session)) == 3
    await savepoint.rollback()
    assert await announced(session) == []


async def test_json_comes_back_as_it_was_written_however_deep(session: AsyncSession) -> None:
    deep: Json = "龙井"
    for _ in range(300):
        deep = [deep]
    written: dict[str, Json] = {"deep": deep, "count": 10**30, "share": 0.1, "none": None, "said": '茶 🫖 "x"\n'}
    read = await (await raw(session)).fetchval("SELECT $1::jsonb", json.dumps(written))
    assert read == written


async def test_who_is_cancelled_anywhere_gives_the_connection_back_and_leaves_nothing_open(
    untouched: Database,
) -> None:
    async def alone() -> None:
        async with untouched.raw() as driver:
            await driver.execute("SELECT pg_sleep(0.005)")

    async def in_savepoint() -> None:
        async with untouched.begin() as session, session.begin_nested():
            await (await raw(session)).execute("SELECT pg_sleep(0.005)")

    for n in range(20):
        tasks = [asyncio.create_task(work()) for work in (alone, in_savepoint, alone, in_savepoint)]
        await asyncio.sleep(n * 0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert cast(QueuePool, untouched.engine.pool).checkedout() == 0
    async with asyncio.timeout(60):
        await asyncio.gather(alone(), in_savepoint())
    async with untouched.raw() as driver:
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert await driver.fetchval(left) == 0


async def test_a_transaction_left_idle_is_ended_by_the_server_and_the_pool_goes_on(untouched: Database) -> None:
    pool = cast(QueuePool, untouched.engine.pool)
    async with untouched.session() as session:
        driver = await raw(session)
        assert await driver.fetchval("SHOW idle_in_transaction_session_timeout") == LONGEST_IDLE
        ended = asyncio.Event()
        driver.add_termination_listener(lambda _driver: ended.set())
        await driver.execute("SET idle_in_transaction_session_timeout = '10ms'")
        async with asyncio.timeout(60):
            await ended.wait()
        with pytest.raises(DBAPIError):
            await session.execute(select(1))
    assert pool.checkedout() == 0
    for _each in range(pool.size()):
        async with untouched.begin() as session:
            assert await (await raw(session)).fetchval("SHOW idle_in_transaction_session_timeout") == LONGEST_IDLE
