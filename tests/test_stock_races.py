"""Sixty-four connections at the same stock; beside each race a twin whose guard is off, which must go wrong."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import func, select, text

from commerce.inventory.actions import adopt, expire_holds, receive_stock, ship_pieces, transfer_stock
from commerce.inventory.hold import Holds
from commerce.inventory.locations import LocationDraft, add_location, main_location
from commerce.inventory.model import Hold, HoldState
from foundation.database import Database
from tests.crowd import CONNECTIONS, outcomes, wide
from tests.goods import Stock, a_product, stock_of
from tests.test_locations import breaches

MINUTES = timedelta(minutes=1)
_TAKE_ONE = "UPDATE stock_level SET reserved = reserved + 1 WHERE variant_id = $1"


@asynccontextmanager
async def houses_of(database: Database, count: int = CONNECTIONS) -> AsyncIterator[list[Holds]]:
    """So many processes, each with a connection of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Holds.open(database.url, connections=1)) for _ in range(count)]


@asynccontextmanager
async def connections_to(database: Database) -> AsyncIterator[list[asyncpg.Connection]]:
    """Connections of the driver without any rule of ours."""
    address = database.url.replace("+asyncpg", "")
    opened = [await asyncpg.connect(address) for _ in range(CONNECTIONS)]
    try:
        yield opened
    finally:
        for connection in opened:
            await connection.close()


async def two_goods_at_two_places(database: Database, now: datetime, *, pieces: int) -> tuple[list[int], list[int]]:
    async with database.begin() as session:
        main = await main_location(session)
        store = await add_location(session, code="store", draft=LocationDraft({"zh": "店"}, {}, {}, False, 1))
        goods = [await a_product(session, now=now, pieces=pieces) for _ in range(2)]
        for variant in goods:
            await receive_stock(
                session, variant_id=variant, quantity=pieces, reference="", now=now, location_id=store.id
            )
    return goods, [main, store.id]


async def test_sixty_four_connections_promise_what_lies_at_two_places_and_no_piece_more(
    database: Database, now: datetime
) -> None:
    (tea, _), _places = await two_goods_at_two_places(database, now, pieces=15)
    async with houses_of(database) as houses:
        asked = [houses[n % CONNECTIONS].hold(f"k{n}", {tea: 1}, until=now + 15 * MINUTES, now=now) for n in range(192)]
        ended = await outcomes(asked)
    assert (ended.count("done"), ended.count("stock.short")) == (30, 162)
    assert await stock_of(database, tea) == Stock(30, 30)
    async with database.begin() as session:
        assert await breaches(session) == []


async def test_the_twin_that_looks_before_it_takes_oversells(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=5)
        await session.execute(text("ALTER TABLE stock_level DROP CONSTRAINT ck_stock_level_not_oversold"))
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def look_then_take(connection: asyncpg.Connection) -> None:
        free = await connection.fetchval("SELECT on_hand - reserved FROM stock_level WHERE variant_id = $1", tea)
        await everybody_looked.wait()
        if free >= 1:
            await connection.execute(_TAKE_ONE, tea)

    async with connections_to(database) as connections:
        await asyncio.gather(*map(look_then_take, connections))
    assert await stock_of(database, tea) == Stock(5, 64)


async def test_baskets_transfers_and_parcels_cross_each_other_without_standing_still(
    database: Database, now: datetime
) -> None:
    (tea, cup), places = await two_goods_at_two_places(database, now, pieces=200)
    baskets = itertools.cycle(({tea: 1, cup: 1}, {cup: 2, tea: 2}, {cup: 3}, {tea: 1}))

    async def shop(number: int, holds: Holds, lines: dict[int, int]) -> None:
        await holds.hold(f"k{number}", lines, until=now + 15 * MINUTES, now=now)
        async with through.begin() as session:
            await adopt(session, key=f"k{number}", order_id=number, lines=lines, committed=True)
        async with through.begin() as session:
            where = places[number % 2] if number % 3 else None
            await ship_pieces(
                session, order_id=number, pieces=lines, reference=f"S{number}", now=now, location_id=where
            )

    async def carry(number: int) -> None:
        goods, (here, there) = (tea, cup)[number % 2], places[:: 1 if number % 4 < 2 else -1]
        async with through.begin() as session:
            await transfer_stock(
                session, variant_id=goods, quantity=1, from_id=here, to_id=there, reference="", now=now
            )

    async with Holds.open(database.url, connections=8) as holds, wide(database) as through:
        shoppers = [shop(n, holds, next(baskets)) for n in range(CONNECTIONS)]
        ended = await asyncio.wait_for(outcomes([*shoppers, *(carry(n) for n in range(20))]), timeout=60)
    assert set(ended) == {"done"}
    assert await stock_of(database, tea) == Stock(400 - 16 * (1 + 2 + 1), 0)
    assert await stock_of(database, cup) == Stock(400 - 16 * (1 + 2 + 3), 0)
    async with database.begin() as session:
        assert await breaches(session) == []


async def test_the_twin_that_locks_levels_as_the_basket_names_them_stands_still(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        pair = [await a_product(session, now=now, pieces=100) for _ in range(2)]
    both_have_one = asyncio.Barrier(2)

    async def take(connection: asyncpg.Connection, basket: Sequence[int]) -> None:
        async with connection.transaction():
            for place, variant in enumerate(basket):
                await connection.execute(
                    "UPDATE stock_level SET reserved = reserved + 1 WHERE variant_id = $1", variant
                )
                if place == 0:
                    await both_have_one.wait()

    async with connections_to(database) as connections:
        with pytest.raises(asyncpg.DeadlockDetectedError):
            await asyncio.gather(take(connections[0], pair), take(connections[1], pair[::-1]))


async def test_four_sweepers_and_sixty_who_still_want_their_goods(database: Database, now: datetime) -> None:
    """Each hold that is due is either adopted or expired: its pieces are kept once or given back once."""
    (tea, cup), _places = await two_goods_at_two_places(database, now, pieces=100)
    async with Holds.open(database.url) as holds:
        await asyncio.gather(
            *(holds.hold(f"k{n}", {tea: 1, cup: 2}, until=now + MINUTES, now=now) for n in range(CONNECTIONS - 4))
        )

    async def sweep() -> int:
        swept = 0
        for _ in range(6):
            async with through.begin() as session:
                swept += await expire_holds(session, now=now + 2 * MINUTES, limit=7)
        return swept

    async def want(number: int) -> None:
        async with through.begin() as session:
            await adopt(session, key=f"k{number}", order_id=number, lines={tea: 1, cup: 2}, committed=True)

    async with wide(database) as through:
        sweeps = [asyncio.create_task(sweep()) for _ in range(4)]
        ended = await outcomes([want(number) for number in range(CONNECTIONS - 4)])
        swept = sum(await asyncio.gather(*sweeps))
    async with database.begin() as session:
        swept += await expire_holds(session, now=now + 2 * MINUTES)
        states = dict((await session.execute(select(Hold.state, func.count()).group_by(Hold.state))).all())
        assert await breaches(session) == []
    adopted = ended.count("done")
    assert set(ended) <= {"done", "stock.hold_gone"}
    assert adopted + swept == CONNECTIONS - 4
    assert (states.get(HoldState.COMMITTED, 0), states.get(HoldState.EXPIRED, 0)) == (adopted, swept)
    assert (await stock_of(database, tea)).reserved == adopted
    assert (await stock_of(database, cup)).reserved == 2 * adopted


async def test_the_twin_sweeper_that_does_not_ask_the_state_gives_back_what_is_kept(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=100)
    async with Holds.open(database.url) as holds:
        await holds.hold("k", {tea: 3}, until=now + MINUTES, now=now)
        await holds.hold("other", {tea: 3}, until=now + 60 * MINUTES, now=now)
    looked, adopted = asyncio.Event(), asyncio.Event()

    async def sweep() -> None:
        async with database.begin() as session:
            due = (await session.scalars(select(Hold).where(Hold.until <= now + 2 * MINUTES))).all()
            looked.set()
            await adopted.wait()
            for hold in due:
                hold.state = HoldState.EXPIRED
                await session.execute(text("UPDATE stock_level SET reserved = reserved - 3"))

    async def want() -> None:
        await looked.wait()
        async with database.begin() as session:
            await adopt(session, key="k", order_id=1, lines={tea: 3}, committed=True)
        adopted.set()

    await asyncio.gather(sweep(), want())
    async with database.begin() as session:
        kept = (await session.execute(select(Hold.state, Hold.order_id).where(Hold.key == "k"))).one()
    assert tuple(kept) == (HoldState.EXPIRED, 1)  # the order was told it has its goods
    assert await stock_of(database, tea) == Stock(100, 3)  # and these are somebody else's
