"""Several locations: where goods lie, which of them gives, how they move, and what never gets out of balance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.queries import product_cards, variant_view
from commerce.inventory import actions as stock
from commerce.inventory.choice import Level, Shelves, Short, Taken
from commerce.inventory.hold import Holds
from commerce.inventory.invariants import INVARIANTS
from commerce.inventory.locations import (
    LocationDraft,
    add_location,
    close_location,
    locations,
    locations_that_can_fill,
    main_location,
    reopen_location,
)
from commerce.inventory.model import Hold, HoldState, StockLevel, StockMovement
from commerce.inventory.promises import kept_at
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import a_product, holds_of

MINUTES = timedelta(minutes=1)


def a_place(
    name: str = "西湖店",
    *,
    position: int = 1,
    parcel_cost: int = 0,
    city: str = "",
    is_pickup: bool = False,
) -> LocationDraft:
    region = {"country": "CN", "province": "浙江省", "city": city} if city else {}
    return LocationDraft({"zh": name}, {"zh": f"{name}门口"}, region, is_pickup, position, parcel_cost)


async def breaches(session: AsyncSession) -> list[tuple[str, dict[str, Any]]]:
    """Everything the self-check of the shop finds in stock."""
    await session.flush()
    return [
        (rule, dict(row))
        for rule, query in INVARIANTS.items()
        for row in (await session.execute(text(f"{query} LIMIT 5"))).mappings()
    ]


async def levels_of(session: AsyncSession, variant: int) -> dict[int, tuple[int, int]]:
    """{location: (on hand, reserved)}."""
    found = select(StockLevel.location_id, StockLevel.on_hand, StockLevel.reserved)
    found = found.where(StockLevel.variant_id == variant).order_by(StockLevel.location_id)
    return {place: (on_hand, reserved) for place, on_hand, reserved in await session.execute(found)}


# Which location gives: the rule alone


def shelves(*levels: tuple[int, int, int]) -> Shelves:
    """(variant, location, free), the location first that is asked first; a level's id says both."""
    return Shelves([Level(variant * 10 + place, variant, place, free) for variant, place, free in levels])


@pytest.mark.parametrize(
    ("lines", "location", "expected"),
    [
        ({1: 2}, None, {11: 2}),  # the first that has it
        ({1: 4}, None, {12: 4}),  # the first that has all of it
        ({1: 2, 2: 3}, None, {12: 2, 22: 3}),  # one parcel rather than two
        ({1: 7}, None, {11: 3, 12: 4}),  # no location has it all: spread
        ({1: 7, 2: 4}, None, {11: 3, 12: 4, 21: 1, 22: 3}),
        ({1: 9}, None, Short(1, 8)),
        ({1: 3}, 1, {11: 3}),  # to be fetched there
        ({1: 4}, 1, Short(1, 3)),  # and nowhere else
        ({3: 1}, None, Short(3, 0)),
    ],
)
def test_one_location_that_has_everything_gives_before_several(
    lines: dict[int, int], location: int | None, expected: dict[int, int] | Short
) -> None:
    lying = shelves((1, 1, 3), (2, 1, 1), (1, 2, 5), (2, 2, 3))
    assert lying.take(lines, location) == (expected if isinstance(expected, Short) else Taken(expected))


# The shop sums over its locations


async def test_what_the_shop_has_is_the_sum_and_no_row_comes_twice(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=3)
    store = await add_location(session, code="west-lake", draft=a_place())
    await stock.receive_stock(session, variant_id=tea, quantity=4, reference="delivery", now=now, location_id=store.id)
    view = await variant_view(session, tea, language="zh")
    assert view is not None
    assert (view.available, type(view.available)) == (7, int)
    (card,) = await product_cards(session, [view.product_id], language="zh")
    assert (card.in_stock, card.variants) == (True, 1)
    assert await levels_of(session, tea) == {await main_location(session): (3, 0), store.id: (4, 0)}


async def test_a_transfer_is_two_movements_and_leaves_what_is_promised(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=10)
    main = await main_location(session)
    store = (await add_location(session, code="store", draft=a_place())).id
    await stock.add_pieces(session, order_id=1, pieces={tea: 6}, key="a", now=now)

    async def move(pieces: int, *, was: int | None = None) -> None:
        await stock.transfer_stock(
            session, variant_id=tea, quantity=pieces, from_id=main, to_id=store, reference="7", now=now, was=was
        )

    with pytest.raises(Refused, match=r"stock\.promised") as promised:
        await move(5)
    assert promised.value.facts == {"variant": tea, "reserved": 6}
    with pytest.raises(Refused, match=r"stock\.short") as short:
        await move(11)
    assert short.value.facts == {"variant": tea, "left": 10}
    await move(4, was=10)
    with pytest.raises(Refused, match=r"stock\.changed"):
        await move(4, was=10)  # the form sent twice
    assert await levels_of(session, tea) == {main: (6, 6), store: (4, 0)}
    moved = await session.execute(
        select(StockMovement.delta, StockMovement.reason).where(StockMovement.reason == "transferred")
    )
    assert sorted(moved.all()) == [(-4, "transferred"), (4, "transferred")]
    with pytest.raises(Refused, match=r"location\.same"):
        await stock.transfer_stock(session, variant_id=tea, quantity=1, from_id=main, to_id=main, reference="", now=now)
    assert await breaches(session) == []


async def test_a_location_closes_when_it_is_empty_and_takes_nothing_then(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=0)
    main = await main_location(session)
    store = (await add_location(session, code="store", draft=a_place())).id
    await stock.receive_stock(session, variant_id=tea, quantity=2, reference="", now=now, location_id=store)
    with pytest.raises(Refused, match=r"location\.filled") as full:
        await close_location(session, location_id=store)
    assert full.value.facts == {"location": "store", "pieces": 2, "reserved": 0}
    with pytest.raises(Refused, match=r"location\.main"):
        await close_location(session, location_id=main)
    await stock.count_stock(session, variant_id=tea, counted=0, reference="", now=now, location_id=store)
    await close_location(session, location_id=store)
    with pytest.raises(Refused, match=r"location\.closed"):
        await stock.take_back(session, variant_id=tea, quantity=1, reference="R1", now=now, location_id=store)
    assert [place.id for place in await locations(session)] == [main]
    await reopen_location(session, location_id=store)
    await stock.take_back(session, variant_id=tea, quantity=1, reference="R1", now=now, location_id=store)
    assert await levels_of(session, tea) == {store: (1, 0)}
    assert await breaches(session) == []


async def test_the_cheapest_location_that_has_everything_comes_first_then_the_nearest(
    session: AsyncSession, now: datetime
) -> None:
    tea, cup = await a_product(session, now=now, pieces=1), await a_product(session, now=now, pieces=9)
    places = {
        code: (await add_location(session, code=code, draft=draft)).id
        for code, draft in {
            "dear": a_place(parcel_cost=900),
            "far": a_place(parcel_cost=300, city="温州市"),
            "near": a_place(parcel_cost=300, city="杭州市", is_pickup=True),
            "bare": a_place(parcel_cost=100),
        }.items()
    }
    for code, pieces in {"dear": 5, "far": 5, "near": 5, "bare": 1}.items():
        for variant in (tea, cup):
            await stock.receive_stock(
                session, variant_id=variant, quantity=pieces, reference="", now=now, location_id=places[code]
            )
    hangzhou = {"country": "CN", "province": "浙江省", "city": "杭州市"}
    found = await locations_that_can_fill(session, {tea: 2, cup: 2}, near=hangzhou)
    assert [place.code for place in found] == ["near", "far", "dear"]
    assert [place.code for place in await locations_that_can_fill(session, {tea: 2}, pickup=True)] == ["near"]
    assert await locations_that_can_fill(session, {tea: 6}) == []


# What an order keeps, in parts


async def test_an_order_is_shipped_and_given_back_in_parts(session: AsyncSession, now: datetime) -> None:
    tea, cup = await a_product(session, now=now, pieces=5), await a_product(session, now=now, pieces=5)
    main = await main_location(session)
    store = (await add_location(session, code="store", draft=a_place())).id
    await stock.receive_stock(session, variant_id=tea, quantity=5, reference="", now=now, location_id=store)
    await stock.add_pieces(session, order_id=1, pieces={tea: 4, cup: 2}, key="a", now=now)
    await stock.add_pieces(session, order_id=1, pieces={tea: 4, cup: 2}, key="a", now=now)  # said twice
    await stock.ship_pieces(session, order_id=1, pieces={tea: 1}, reference="S1", now=now)
    await stock.release_pieces(session, order_id=1, pieces={cup: 2})
    # The clerk at the store takes two from there although they were promised from the main stock.
    await stock.ship_pieces(session, order_id=1, pieces={tea: 2}, reference="S2", now=now, location_id=store)
    assert await levels_of(session, tea) == {main: (4, 1), store: (3, 0)}
    assert await levels_of(session, cup) == {main: (5, 0)}
    assert await kept_at(session, order_id=1) == {main: {tea: 1}}
    with pytest.raises(Refused, match=r"stock\.not_committed") as shipped:
        await stock.ship_pieces(session, order_id=1, pieces={tea: 2}, reference="S3", now=now)
    assert shipped.value.facts == {"order": 1, "variant": tea, "left": 1}
    with pytest.raises(Refused, match=r"stock\.not_held"):
        await stock.release_pieces(session, order_id=1, pieces={cup: 1})
    held = await session.execute(select(Hold.state, Hold.lines).order_by(Hold.id))
    assert held.all() == [
        (HoldState.COMMITTED, {str(tea): 1}),
        (HoldState.SHIPPED, {str(tea): 1}),
        (HoldState.RELEASED, {str(cup): 2}),
        (HoldState.SHIPPED, {str(tea): 2}),
    ]
    assert await stock.release_holds(session, order_id=1) == 1
    assert await levels_of(session, tea) == {main: (4, 0), store: (3, 0)}
    assert await breaches(session) == []


async def test_what_is_added_for_a_change_is_given_up_by_its_name(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=5)
    await stock.add_pieces(session, order_id=1, pieces={tea: 2}, key="order", now=now)
    await stock.add_pieces(session, order_id=1, pieces={tea: 3}, key="change:7", now=now, committed=False)
    with pytest.raises(Refused, match=r"stock\.short") as short:
        await stock.add_pieces(session, order_id=1, pieces={tea: 1}, key="change:8", now=now)
    assert short.value.facts == {"variant": tea, "left": 0}
    assert await stock.release_holds(session, order_id=1, key="change:7") == 3
    await stock.add_pieces(session, order_id=1, pieces={tea: 1}, key="change:7", now=now)  # proposed anew
    assert await levels_of(session, tea) == {await main_location(session): (5, 3)}
    assert await breaches(session) == []


async def test_the_self_check_finds_stock_that_does_not_add_up(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=5)
    await stock.add_pieces(session, order_id=1, pieces={tea: 2}, key="a", now=now)
    await session.flush()
    await session.execute(text("UPDATE stock_level SET reserved = 3, on_hand = 6"))
    await session.execute(text("UPDATE hold SET lines = jsonb_build_object('999', 2), order_id = NULL"))
    await session.execute(text("UPDATE location SET active = false"))
    assert {rule for rule, _ in await breaches(session)} == {
        "stock.is_what_the_movements_say",
        "stock.reserved_is_what_holds_keep",
        "stock.hold_is_the_same_pieces_by_level",
        "stock.closed_location_is_empty",
        "stock.sold_belongs_to_an_order",
        "stock.one_main_location",
    }


# Whatever happens


@dataclass
class Shop:
    """Two goods at two locations, some holds, one order; what should lie there is counted beside."""

    database: Database
    holds: Holds
    variants: list[int]
    places: list[int]
    now: datetime
    prefix: str
    lying: dict[int, int] = field(default_factory=dict)
    keys: list[tuple[str, dict[int, int]]] = field(default_factory=list)

    async def happen(self, event: tuple[str, int, int, int]) -> None:
        """One event; what the shop refuses changes nothing."""
        what, which, where, pieces = event
        variant, place = self.variants[which % 2], self.places[where % 2]
        order = int(self.prefix) * 10 + where % 2
        try:
            if what == "hold":
                await self._hold({variant: pieces} if pieces % 2 else dict.fromkeys(self.variants, pieces), place)
                return
            async with self.database.begin() as session:
                self.lying[variant] += await self._act(session, what, variant, place, order, pieces)
        except Refused:
            return

    async def _hold(self, lines: dict[int, int], place: int) -> None:
        key = f"{self.prefix}:{len(self.keys)}"
        location = place if len(self.keys) % 3 == 0 else None
        await self.holds.hold(key, lines, until=self.now, now=self.now, location_id=location)
        self.keys.append((key, lines))

    async def _act(self, session: AsyncSession, what: str, variant: int, place: int, order: int, pieces: int) -> int:
        """Do it; returns how many pieces came (above 0) or went."""
        now, lines = self.now, {variant: pieces}
        match what:
            case "receive":
                await stock.receive_stock(
                    session, variant_id=variant, quantity=pieces, reference="", now=now, location_id=place
                )
                return pieces
            case "count":
                before = (await levels_of(session, variant)).get(place, (0, 0))[0]
                await stock.count_stock(
                    session, variant_id=variant, counted=pieces, reference="", now=now, location_id=place
                )
                return pieces - before
            case "transfer":
                here, there = (place, *(other for other in self.places if other != place))
                await stock.transfer_stock(
                    session, variant_id=variant, quantity=pieces, from_id=here, to_id=there, reference="", now=now
                )
            case "adopt" if self.keys:
                key, held = self.keys[pieces % len(self.keys)]
                await stock.adopt(session, key=key, order_id=order, lines=held, committed=True)
            case "add":
                await stock.add_pieces(session, order_id=order, pieces=lines, key=f"{order}+{pieces}", now=now)
            case "ship":
                await stock.ship_pieces(
                    session,
                    order_id=order,
                    pieces=lines,
                    reference="",
                    now=now,
                    location_id=place if pieces % 2 else None,
                )
                return -pieces
            case "release":
                await stock.release_pieces(session, order_id=order, pieces=lines)
            case "expire":
                await stock.expire_holds(session, now=now)
        return 0


EVENTS = ("receive", "count", "transfer", "hold", "adopt", "add", "ship", "release", "expire")


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=some.lists(
        some.tuples(some.sampled_from(EVENTS), some.integers(0, 1), some.integers(0, 1), some.integers(1, 4)),
        min_size=6,
        max_size=24,
    )
)
async def test_whatever_happens_to_stock_its_books_balance(
    database: Database, holds: Holds, now: datetime, events: list[tuple[str, int, int, int]]
) -> None:
    async with database.begin() as session:
        main = await main_location(session)
        store = next((place.id for place in await locations(session) if place.id != main), None)
        if store is None:
            store = (await add_location(session, code="store", draft=a_place())).id
        variants = [await a_product(session, now=now, pieces=5) for _ in range(2)]
    shop = Shop(database, holds, variants, [main, store], now, str(variants[0]), dict.fromkeys(variants, 5))
    for event in events:
        await shop.happen(event)
    async with database.begin() as session:
        assert await breaches(session) == []
        lying = {
            variant: sum(on_hand for on_hand, _ in (await levels_of(session, variant)).values()) for variant in variants
        }
    assert lying == shop.lying
