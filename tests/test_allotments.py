"""Places of which there are so many: taken with the goods, used when paid for, free again when a promise ends."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from commerce.inventory import actions as stock
from commerce.inventory.allotments import make_allotment, places_of
from commerce.inventory.hold import Holds
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import Stock, a_product, holds_of, stock_of
from tests.test_locations import breaches

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


async def taken(database: Database, allotment: int) -> tuple[int, int]:
    """(held, used), while no rule of the shop is broken."""
    async with database.begin() as session:
        assert await breaches(session) == []
        places = (await places_of(session, [allotment]))[allotment]
    return places.held, places.used


async def test_a_place_is_held_with_its_goods_then_used_then_free_again(
    database: Database, holds: Holds, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=10)
        seats = (await make_allotment(session, capacity=3)).id
    for key in ("a", "b", "a"):  # said twice
        await holds.hold(key, {tea: 2}, until=now + 15 * MINUTES, now=now, allotments={seats: 1})
    assert await taken(database, seats) == (2, 0)
    async with database.begin() as session:
        with pytest.raises(Refused, match=r"stock\.hold_gone"):
            await stock.adopt(session, key="a", order_id=1, lines={tea: 2}, committed=False)
    async with database.begin() as session:
        await stock.adopt(session, key="a", order_id=1, lines={tea: 2}, committed=False, allotments={seats: 1})
        changed = await stock.adopt(session, key="b", order_id=2, lines={tea: 2}, committed=True, allotments={seats: 1})
        assert changed[seats].used == 1
    async with database.begin() as session:
        assert (await stock.commit_holds(session, order_id=1))[seats][1:4] == (3, 0, 2)
    assert await taken(database, seats) == (0, 2)
    async with database.begin() as session:
        assert await stock.release_holds(session, order_id=1) == 2
        assert await stock.release_holds(session, order_id=1) == 0
        await stock.ship(session, order_id=2, reference="S", now=now)
    assert await taken(database, seats) == (0, 1)
    assert await stock_of(database, tea) == Stock(8, 0)
