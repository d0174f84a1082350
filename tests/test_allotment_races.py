"""Everybody at once at the last places; beside each race a twin whose guard is off, which must go wrong."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text

from commerce.inventory.actions import adopt, commit_holds, expire_holds, release_holds
from commerce.inventory.allotments import close_allotment, make_allotment, places_of
from foundation.database import Database
from tests.crowd import CONNECTIONS, outcomes, wide
from tests.goods import Stock, a_product, holds_of, stock_of
from tests.test_locations import breaches
from tests.test_stock_races import connections_to, houses_of

MINUTES = timedelta(minutes=1)


async def a_group(database: Database, now: datetime, *, seats: int, pieces: int) -> tuple[int, int]:
    """(variant, allotment)"""
    async with database.begin() as session:
        return await a_product(session, now=now, pieces=pieces), (await make_allotment(session, capacity=seats)).id


async def taken(database: Database, allotment: int) -> tuple[int, int]:
    """(held, used), while no rule of the shop is broken."""
    async with database.begin() as session:
        assert await breaches(session) == []
        places = (await places_of(session, [allotment]))[allotment]
    return places.held, places.used


@pytest.mark.parametrize(("joiners", "seats"), [(200, 5), (CONNECTIONS, 1)])
async def test_as_many_get_a_seat_as_there_are_seats(
    database: Database, now: datetime, joiners: int, seats: int
) -> None:
    """Of two kinds of the goods, so that nothing but the seats makes anybody wait."""
    red, group = await a_group(database, now, seats=seats, pieces=joiners)
    async with database.begin() as session:
        blue = await a_product(session, now=now, pieces=joiners)
    async with houses_of(database) as houses:
        asked = [
            houses[n % CONNECTIONS].hold(
                f"k{n}", {(red, blue)[n % 2]: 1}, until=now + 15 * MINUTES, now=now, allotments={group: 1}
            )
            for n in range(joiners)
        ]
        ended = await outcomes(asked)
    assert (ended.count("done"), ended.count("allotment.full")) == (seats, joiners - seats)
    assert await taken(database, group) == (seats, 0)
    promised = [(await stock_of(database, tea)).reserved for tea in (red, blue)]
    assert sum(promised) == seats  # who was refused keeps no goods


@pytest.mark.parametrize("seats", [5, 1])
async def test_the_twin_that_looks_before_it_sits_down_over_fills_the_group(
    database: Database, now: datetime, seats: int
) -> None:
    _tea, group = await a_group(database, now, seats=seats, pieces=CONNECTIONS)
    async with database.begin() as session:
        await session.execute(text("ALTER TABLE allotment DROP CONSTRAINT ck_allotment_not_over_full"))
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def look_then_sit(connection: asyncpg.Connection) -> None:
        left = await connection.fetchval("SELECT capacity - held - used FROM allotment WHERE id = $1", group)
        await everybody_looked.wait()
        if left >= 1:
            await connection.execute("UPDATE allotment SET held = held + 1 WHERE id = $1", group)

    async with connections_to(database) as connections:
        await asyncio.gather(*map(look_then_sit, connections))
    async with database.begin() as session:
        assert (await places_of(session, [group]))[group].left == seats - CONNECTIONS


@pytest.mark.parametrize(("quota", "pieces", "code"), [(40, 30, "stock.short"), (30, 40, "allotment.full")])
async def test_quota_and_stock_are_given_together_or_not_at_all(
    database: Database, now: datetime, quota: int, pieces: int, code: str
) -> None:
    """Seats of 16 groups and one quota over all of them: whichever ends first, nothing of the others is kept."""
    tea, campaign = await a_group(database, now, seats=quota, pieces=pieces)
    async with database.begin() as session:
        groups = [(await make_allotment(session, capacity=4)).id for _ in range(16)]
    async with houses_of(database, 12) as houses:
        asked = [
            houses[n % 12].hold(f"k{n}", {tea: 1}, until=now, now=now, allotments={groups[n % 16]: 1, campaign: 1})
            for n in range(CONNECTIONS)
        ]
        ended = await outcomes(asked)
    assert (ended.count("done"), ended.count(code)) == (30, CONNECTIONS - 30)
    assert await taken(database, campaign) == (30, 0)
    assert await stock_of(database, tea) == Stock(pieces, 30)
    async with database.begin() as session:
        assert sum(places.held for places in (await places_of(session, groups)).values()) == 30


async def test_the_twin_that_guards_quota_and_stock_one_after_another_keeps_places_without_goods(
    database: Database, now: datetime
) -> None:
    tea, campaign = await a_group(database, now, seats=40, pieces=30)

    async def place_then_goods(connection: asyncpg.Connection) -> str:
        for table, guard in (
            ("allotment SET held = held + 1", f"id = {campaign} AND held + used + 1 <= capacity"),
            ("stock_level SET reserved = reserved + 1", f"variant_id = {tea} AND reserved + 1 <= on_hand"),
        ):
            if await connection.execute(f"UPDATE {table} WHERE {guard}") == "UPDATE 0":
                return "refused"
        return "done"

    async with connections_to(database) as connections:
        ended = await asyncio.gather(*map(place_then_goods, connections))
    assert ended.count("done") == 30
    async with database.begin() as session:
        assert (await places_of(session, [campaign]))[campaign].held == 40  # ten of them have nothing to sell


async def a_sale(database: Database, now: datetime, *, held: int) -> tuple[int, int]:
    """A quota of 60 with its own pieces, of which some are held until a minute from now: (variant, allotment)."""
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=100)
        quota = (await make_allotment(session, capacity=60, reserve=(tea, None))).id
    async with holds_of(database) as holds:
        promises = [
            holds.hold(f"k{n}", {tea: 1}, until=now + MINUTES, now=now, allotments={quota: 1}) for n in range(held)
        ]
        await asyncio.gather(*promises)
    return tea, quota


async def test_four_sweepers_payers_and_the_end_of_the_sale_at_once_free_each_place_once(
    database: Database, now: datetime
) -> None:
    """Each hold is expired by one sweeper, or an order's that pays, or one that is cancelled before or after paying."""
    tea, quota = await a_sale(database, now, held=48)

    async def sweep() -> int:
        swept = 0
        for _ in range(6):
            async with through.begin() as session:
                swept += await expire_holds(session, now=now + 2 * MINUTES, limit=5)
        return swept

    async def buy(number: int) -> None:
        async with through.begin() as session:
            await adopt(
                session,
                key=f"k{number}",
                order_id=number,
                lines={tea: 1},
                committed=number % 2 == 0,
                allotments={quota: 1},
            )
        await asyncio.gather(pay(number), cancel(number) if number % 3 == 0 else pay(number))

    async def pay(number: int) -> None:
        async with through.begin() as session:
            await commit_holds(session, order_id=number)

    async def cancel(number: int) -> None:
        async with through.begin() as session:
            await release_holds(session, order_id=number)

    async def close() -> None:
        async with through.begin() as session:
            await close_allotment(session, quota)

    async with wide(database) as through:
        sweeps = [asyncio.create_task(sweep()) for _ in range(4)]
        ended = await asyncio.wait_for(outcomes([*(buy(number) for number in range(40)), close()]), timeout=60)
        swept = sum(await asyncio.gather(*sweeps))
        swept += await sweep()
    async with database.begin() as session:
        kept = await session.scalar(text("SELECT count(*) FROM hold WHERE state = 'committed'"))
    assert set(ended) <= {"done", "stock.hold_gone"}
    assert swept == 48 - ended.count("done") + 1
    assert await taken(database, quota) == (0, kept)
    assert await stock_of(database, tea) == Stock(100, kept)


async def test_the_twin_sweepers_that_do_not_ask_the_state_free_the_place_of_somebody_else(
    database: Database, now: datetime
) -> None:
    tea, quota = await a_sale(database, now, held=1)
    async with holds_of(database) as holds:
        await holds.hold("other", {tea: 1}, until=now + 60 * MINUTES, now=now, allotments={quota: 1})
    everybody_looked = asyncio.Barrier(2)

    async def sweep() -> None:
        async with database.begin() as session:
            due = list(
                await session.scalars(text("SELECT id FROM hold WHERE until < :now"), {"now": now + 2 * MINUTES})
            )
            await everybody_looked.wait()
            for hold in due:
                await session.execute(text("UPDATE hold SET state = 'expired' WHERE id = :hold"), {"hold": hold})
                await session.execute(text("UPDATE allotment SET held = held - 1"))

    await asyncio.gather(sweep(), sweep())
    async with database.begin() as session:
        assert (await places_of(session, [quota]))[quota].held == 0  # and the other one still has the place


async def test_the_twin_that_looks_before_it_closes_sells_pieces_that_are_held(
    database: Database, now: datetime
) -> None:
    tea, quota = await a_sale(database, now, held=10)
    looked, sat_down = asyncio.Event(), asyncio.Event()

    async def close() -> None:
        async with database.begin() as session:
            left = (await places_of(session, [quota]))[quota].left
            looked.set()
            await sat_down.wait()
            await session.execute(text("UPDATE allotment SET is_open = false"))
            await session.execute(text("UPDATE stock_level SET reserved = reserved - :left"), {"left": left})

    async def sit_down() -> None:
        await looked.wait()
        async with holds_of(database) as holds:
            await holds.hold("last", {tea: 1}, until=now + MINUTES, now=now, allotments={quota: 1})
        sat_down.set()

    await asyncio.gather(close(), sit_down())
    assert await stock_of(database, tea) == Stock(100, 10)  # for eleven who hold one


async def test_who_asks_again_does_not_wait_for_the_order_that_is_made_of_the_promise(
    database: Database, now: datetime
) -> None:
    """Making the order waits for the place after the promise; to wait the other way round would be a deadlock."""
    tea, quota = await a_sale(database, now, held=1)
    async with holds_of(database) as holds, database.begin() as session:
        await session.execute(text("SELECT FROM hold WHERE key = 'k0' FOR UPDATE"))
        again = holds.hold("k0", {tea: 1}, until=now + MINUTES, now=now, allotments={quota: 1})
        await asyncio.wait_for(again, timeout=60)
    assert await taken(database, quota) == (1, 0)
