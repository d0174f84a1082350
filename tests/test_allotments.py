"""Places of which there are so many: taken with the goods, used when paid for, free again when a promise ends."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory import actions as stock
from commerce.inventory.allotments import (
    add_places,
    change_capacity,
    close_allotment,
    make_allotment,
    places_of,
    set_window,
)
from commerce.inventory.choice import Level, NoPlace, Places, Shelves, Short, Taken
from commerce.inventory.hold import Holds
from commerce.inventory.locations import LocationDraft, add_location
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


# Who gets a place: the rule alone

NOON = datetime(2026, 11, 22, 12)


@pytest.mark.parametrize(
    ("asked", "now", "answer"),
    [
        ({1: 3}, NOON, Taken({10: 3})),
        ({1: 4}, NOON, NoPlace(1, 3)),
        ({9: 1}, NOON, NoPlace(9, None)),  # there is none
        ({2: 1}, NOON, NoPlace(2, None)),  # closed
        ({3: 1}, NOON - MINUTES, NoPlace(3, None)),  # not yet
        ({3: 1}, NOON, Taken({10: 3})),
        ({3: 1}, NOON + 9 * MINUTES, Taken({10: 3})),
        ({3: 1}, NOON + 10 * MINUTES, NoPlace(3, None)),  # too late
        ({3: 1}, None, Taken({10: 3})),  # who has paid needs no time to pay
        ({2: 1}, None, NoPlace(2, None)),
        ({4: 3}, NOON, Taken({}, {20: 3})),  # its own pieces, of which no others are free
        ({4: 3, 1: 1}, NOON, Taken({}, {20: 3})),
        ({4: 2}, NOON, NoPlace(4, None)),  # not the pieces of a whole line
        ({1: 3, 3: 2}, NOON, NoPlace(3, 1)),  # all or nothing
    ],
)
def test_a_place_is_given_when_it_is_open_now_and_has_room(
    asked: dict[int, int], now: datetime | None, answer: Taken | NoPlace | Short
) -> None:
    lying = Shelves(
        [Level(10, 1, 1, 3), Level(20, 2, 1, 0)],
        [
            Places(1, 5, 1, 1, True, None, None, None),
            Places(2, 5, 0, 0, False, None, None, None),
            Places(3, 1, 0, 0, True, NOON, NOON + 10 * MINUTES, None),
            Places(4, 3, 0, 0, True, None, None, 20),
        ],
    )
    assert lying.take({2: 3} if 4 in asked else {1: 3}, allotments=asked, now=now) == answer


def test_pieces_of_a_quota_are_had_where_they_lie_only() -> None:
    levels = [Level(10, 1, 1, 3), Level(11, 1, 2, 3)]
    answers = [
        Shelves(levels, [Places(4, 2, 0, 0, True, None, None, 10)]).take({1: 1}, location, allotments={4: 1}, now=NOON)
        for location in (None, 1, 2)
    ]
    assert answers == [Taken({}, {10: 1}), Taken({}, {10: 1}), Short(1, 0)]


def test_places_and_pieces_that_were_refused_are_there_for_the_next_one() -> None:
    lying = Shelves([Level(10, 1, 1, 3)], [Places(1, 2, 0, 0, True, None, None, None)])
    assert lying.take({1: 4}, allotments={1: 2}) == Short(1, 3)
    assert lying.take({1: 2}, allotments={1: 3}) == NoPlace(1, 2)
    assert lying.take({1: 3}, allotments={1: 2}) == Taken({10: 3})
    assert lying.take({1: 1}, allotments={1: 1}) == NoPlace(1, 0)


# A promise with places, from the first tap to the parcel


async def test_a_place_is_held_with_its_goods_then_used_then_free_again(
    database: Database, holds: Holds, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=10)
        seats = (await make_allotment(session, capacity=2)).id
    for key in ("a", "b", "a"):  # said twice
        await holds.hold(key, {tea: 2}, until=now + 15 * MINUTES, now=now, allotments={seats: 1})
    with pytest.raises(Refused, match=r"allotment\.full") as full:
        await holds.hold("c", {tea: 2}, until=now + 15 * MINUTES, now=now, allotments={seats: 1})
    assert full.value.facts == {"allotment": seats, "left": 0}
    assert await taken(database, seats) == (2, 0)
    async with database.begin() as session:
        with pytest.raises(Refused, match=r"stock\.hold_gone"):  # an order without the seat
            await stock.adopt(session, key="a", order_id=1, lines={tea: 2}, committed=False)
        await stock.adopt(session, key="a", order_id=1, lines={tea: 2}, committed=False, allotments={seats: 1})
        changed = await stock.adopt(session, key="b", order_id=2, lines={tea: 2}, committed=True, allotments={seats: 1})
        assert changed[seats].used == 1
    async with database.begin() as session:
        paid = (await stock.commit_holds(session, order_id=1))[seats]
        assert (paid.used, paid.capacity) == (2, 2)  # so the group is full, known without counting
        assert await stock.commit_holds(session, order_id=1) == {}
    assert await taken(database, seats) == (0, 2)
    async with database.begin() as session:
        assert await stock.release_holds(session, order_id=1) == 2
        assert await stock.release_holds(session, order_id=1) == 0
        await stock.ship(session, order_id=2, reference="S", now=now)
    assert await taken(database, seats) == (0, 1)
    assert await stock_of(database, tea) == Stock(8, 0)
    async with database.begin() as session:  # paid late
        again = [
            await stock.reserve_again(session, key=key, order_id=1, lines={tea: 2}, now=now, allotments={seats: 1})
            for key in ("late", "later")
        ]
    assert again == [True, False]
    assert await taken(database, seats) == (0, 2)
    assert await stock_of(database, tea) == Stock(8, 2)
    async with database.begin() as session:
        await change_capacity(session, seats, capacity=3)
    for places in ({}, {seats: 1}):  # the same key again after the promise ran out, with a seat this time
        await holds.hold("d", {tea: 1}, until=now, now=now, allotments=places)
        assert await taken(database, seats) == (len(places), 2)
        async with database.begin() as session:
            await stock.expire_holds(session, now=now)
    assert await taken(database, seats) == (0, 2)


async def test_the_place_of_who_begins_is_added_to_the_promise_that_was_there_first(
    database: Database, holds: Holds, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=10)
    for key in ("leader", "other"):
        await holds.hold(key, {tea: 1}, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        await stock.adopt(session, key="leader", order_id=1, lines={tea: 1}, committed=False)
        seats = (await make_allotment(session, capacity=1, is_open=False)).id
        assert (await add_places(session, key="leader", places={seats: 1}))[seats].held == 1
        for key, code in (("leader", "stock.hold_gone"), ("nobody", "stock.hold_gone"), ("other", "allotment.full")):
            with pytest.raises(Refused, match=code):
                async with session.begin_nested():
                    await add_places(session, key=key, places={seats: 1})
    with pytest.raises(Refused, match=r"allotment\.closed"):
        await holds.hold("b", {tea: 1}, until=now + 15 * MINUTES, now=now, allotments={seats: 1})
    assert await taken(database, seats) == (1, 0)
    assert await stock_of(database, tea) == Stock(10, 2)


async def test_a_quota_brings_its_own_pieces_and_gives_back_what_nobody_bought(
    database: Database, holds: Holds, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=5)
        store = (await add_location(session, code="store", draft=LocationDraft({"zh": "店"}, {}, {}, False, 1))).id
        await stock.receive_stock(session, variant_id=tea, quantity=6, reference="", now=now, location_id=store)
        with pytest.raises(Refused, match=r"stock\.short") as short:
            await make_allotment(session, capacity=7, reserve=(tea, None))
        assert short.value.facts == {"variant": tea, "left": 6}  # eleven lie there, but not at one place
        sale = await make_allotment(
            session, capacity=6, opens_at=now, closes_at=now + 30 * MINUTES, reserve=(tea, None)
        )
    quota = sale.id
    assert await stock_of(database, tea) == Stock(11, 6)
    await holds.hold("plain", {tea: 5}, until=now + 15 * MINUTES, now=now)
    with pytest.raises(Refused, match=r"stock\.short"):  # the rest is for the sale
        await holds.hold("more", {tea: 1}, until=now + 15 * MINUTES, now=now)
    with pytest.raises(Refused, match=r"allotment\.closed"):
        await holds.hold("early", {tea: 1}, until=now, now=now - MINUTES, allotments={quota: 1})
    for key in ("a", "b"):
        await holds.hold(key, {tea: 2}, until=now + 15 * MINUTES, now=now, allotments={quota: 2})
    assert await taken(database, quota) == (4, 0)
    assert await stock_of(database, tea) == Stock(11, 11)
    async with database.begin() as session:
        await stock.adopt(session, key="a", order_id=1, lines={tea: 2}, committed=True, allotments={quota: 2})
        await stock.ship_pieces(session, order_id=1, pieces={tea: 1}, reference="S", now=now)
        await stock.release_pieces(session, order_id=1, pieces={tea: 1})  # back into the sale
    assert await taken(database, quota) == (2, 1)
    assert await stock_of(database, tea) == Stock(10, 10)
    async with database.begin() as session:
        with pytest.raises(Refused, match=r"allotment\.in_use") as in_use:
            await change_capacity(session, quota, capacity=2)
        assert in_use.value.facts == {"allotment": quota, "least": 3}
        await change_capacity(session, quota, capacity=5)
    assert await stock_of(database, tea) == Stock(10, 9)
    async with database.begin() as session:
        assert (await close_allotment(session, quota)).closes_at == now + 30 * MINUTES
        await close_allotment(session, quota)
    assert await stock_of(database, tea) == Stock(10, 7)  # five plain ones and two held
    async with database.begin() as session:
        await stock.expire_holds(session, now=now + 15 * MINUTES)
    assert await taken(database, quota) == (0, 1)
    assert await stock_of(database, tea) == Stock(10, 0)  # the sale is over: these are everybody's
    async with database.begin() as session:
        await set_window(session, quota, is_open=True)
    assert await stock_of(database, tea) == Stock(10, 4)


async def test_an_allotment_that_nobody_knows_is_refused(session: AsyncSession) -> None:
    with pytest.raises(Refused, match=r"allotment\.unknown"):
        await close_allotment(session, 7)


async def test_the_self_check_finds_places_that_do_not_add_up(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=5)
    made = await make_allotment(session, capacity=3, reserve=(tea, None))
    await stock.reserve_again(session, key="a", order_id=1, lines={tea: 2}, now=now, allotments={made.id: 2})
    assert await breaches(session) == []
    await session.execute(text("ALTER TABLE allotment DROP CONSTRAINT ck_allotment_not_over_full"))
    await session.execute(text("UPDATE allotment SET used = 4"))
    await session.execute(
        text("UPDATE hold SET allotments = '{\"0\": 1}' || jsonb_build_object(CAST(:id AS text), 1)"),
        {"id": str(made.id)},
    )
    found = await breaches(session)
    assert {rule for rule, _ in found} == {
        "allotment.not_over_full",
        "allotment.places_are_what_holds_keep",
        "allotment.own_pieces_are_its_places",
        "stock.reserved_is_what_holds_keep",
    }
