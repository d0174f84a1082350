"""Stock: what lies there, what is promised, and that it is never promised twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select, text

from commerce.inventory.actions import adopt, count_stock, expire_holds, receive_stock, release_holds, ship
from commerce.inventory.choice import Level, Short, Taken
from commerce.inventory.hold import Accepted, Holds, Request, decide
from commerce.inventory.model import Hold, HoldState
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import Stock, a_product, holds_of, stock_of

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


async def product(database: Database, now: datetime, pieces: int = 10) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, pieces=pieces)


async def states(database: Database) -> dict[str, HoldState]:
    async with database.begin() as session:
        return {hold.key: hold.state for hold in await session.scalars(select(Hold).order_by(Hold.id))}


# Coming and going


async def test_pieces_that_arrive_and_are_counted_are_movements(database: Database, now: datetime) -> None:
    variant = await product(database, now, pieces=10)
    async with database.begin() as session:
        await receive_stock(session, variant_id=variant, quantity=5, reference="delivery 7", now=now)
        level = await count_stock(session, variant_id=variant, counted=12, reference="Li counted", now=now)
    assert level.on_hand == 12
    assert await stock_of(database, variant) == Stock(12, 0)


async def test_a_count_below_what_is_promised_is_refused(database: Database, holds: Holds, now: datetime) -> None:
    variant = await product(database, now, pieces=10)
    await holds.hold("a", {variant: 4}, until=now + 15 * MINUTES, now=now)
    with pytest.raises(Refused, match=r"stock\.promised") as refusal:
        async with database.begin() as session:
            await count_stock(session, variant_id=variant, counted=3, reference="Li counted", now=now)
    assert refusal.value.facts == {"variant": variant, "reserved": 4}
    assert await stock_of(database, variant) == Stock(10, 4)


# Promises


async def test_a_hold_reserves_and_the_same_key_again_is_the_same_hold(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now)
    for _ in range(3):
        await holds.hold("checkout:1:1", {variant: 3}, until=now + 15 * MINUTES, now=now)
    assert await stock_of(database, variant) == Stock(10, 3)
    assert await states(database) == {"checkout:1:1": HoldState.HELD}


async def test_a_hold_of_several_goods_is_all_or_nothing(database: Database, holds: Holds, now: datetime) -> None:
    plenty, scarce = await product(database, now, pieces=10), await product(database, now, pieces=1)
    with pytest.raises(Refused, match=r"stock\.short") as refusal:
        await holds.hold("a", {plenty: 2, scarce: 2}, until=now + 15 * MINUTES, now=now)
    assert refusal.value.facts == {"variant": scarce, "left": 1}
    assert await stock_of(database, plenty) == Stock(10, 0)
    assert await stock_of(database, scarce) == Stock(1, 0)
    assert await states(database) == {}


async def test_goods_without_stock_are_short(database: Database, holds: Holds, now: datetime) -> None:
    variant = await product(database, now, pieces=0)
    with pytest.raises(Refused) as refusal:
        await holds.hold("a", {variant: 1}, until=now + 15 * MINUTES, now=now)
    assert refusal.value.facts == {"variant": variant, "left": 0}


async def test_backorder_lets_more_be_promised_than_lies_there(database: Database, holds: Holds, now: datetime) -> None:
    variant = await product(database, now, pieces=2)
    async with database.begin() as session:
        await session.execute(text("UPDATE stock_level SET backorder = 3"))
    await holds.hold("a", {variant: 5}, until=now + 15 * MINUTES, now=now)
    with pytest.raises(Refused, match=r"stock\.short"):
        await holds.hold("b", {variant: 1}, until=now + 15 * MINUTES, now=now)


async def test_a_hold_nobody_adopts_expires_and_may_be_asked_for_again(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now)
    await holds.hold("a", {variant: 3}, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        assert await expire_holds(session, now=now + 14 * MINUTES) == 0
    async with database.begin() as session:
        assert await expire_holds(session, now=now + 15 * MINUTES) == 1
    assert await stock_of(database, variant) == Stock(10, 0)
    await holds.hold("a", {variant: 3}, until=now + 35 * MINUTES, now=now + 20 * MINUTES)
    assert await stock_of(database, variant) == Stock(10, 3)


async def test_an_adopted_hold_does_not_expire(database: Database, holds: Holds, now: datetime) -> None:
    variant = await product(database, now)
    await holds.hold("a", {variant: 3}, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        await adopt(session, key="a", order_id=1, lines={variant: 3}, committed=False)
    async with database.begin() as session:
        assert await expire_holds(session, now=now + 60 * MINUTES) == 0
    assert await stock_of(database, variant) == Stock(10, 3)


async def test_an_expired_hold_cannot_be_adopted_nor_one_of_other_goods(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now)
    await holds.hold("a", {variant: 3}, until=now + 15 * MINUTES, now=now)
    with pytest.raises(Refused, match=r"stock\.hold_gone"):
        async with database.begin() as session:
            await adopt(session, key="a", order_id=1, lines={variant: 4}, committed=True)
    async with database.begin() as session:
        await expire_holds(session, now=now + 15 * MINUTES)
    with pytest.raises(Refused, match=r"stock\.hold_gone"):
        async with database.begin() as session:
            await adopt(session, key="a", order_id=1, lines={variant: 3}, committed=True)


async def test_shipping_takes_the_pieces_out_once(database: Database, holds: Holds, now: datetime) -> None:
    variant = await product(database, now)
    await holds.hold("a", {variant: 3}, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        await adopt(session, key="a", order_id=1, lines={variant: 3}, committed=True)
        await ship(session, order_id=1, reference="X7K2-94QD", now=now)
    assert await stock_of(database, variant) == Stock(7, 0)
    with pytest.raises(Refused, match=r"stock\.not_committed"):
        async with database.begin() as session:
            await ship(session, order_id=1, reference="X7K2-94QD", now=now)
    async with database.begin() as session:
        assert await release_holds(session, order_id=1) == 0
    assert await stock_of(database, variant) == Stock(7, 0)


async def test_a_caller_who_has_locked_the_goods_itself_is_told_instead_of_waiting_for_ever(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now)
    async with database.begin() as session:
        await receive_stock(session, variant_id=variant, quantity=1, reference="in the same turn", now=now)
        with pytest.raises(Refused, match=r"stock\.busy"):
            await holds.hold("a", {variant: 1}, until=now + 15 * MINUTES, now=now)
    await holds.hold("a", {variant: 1}, until=now + 15 * MINUTES, now=now)
    assert await stock_of(database, variant) == Stock(11, 1)


async def test_a_caller_who_gives_up_leaves_the_others_their_answers(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now, pieces=3)
    askers = [
        asyncio.create_task(holds.hold(f"k{n}", {variant: 1}, until=now + 15 * MINUTES, now=now)) for n in range(4)
    ]
    await asyncio.sleep(0)
    askers[1].cancel()
    answers = await asyncio.gather(*askers, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), asyncio.CancelledError, type(None), Refused]
    assert await stock_of(database, variant) == Stock(3, 3)


async def test_who_asks_again_among_others_has_the_promise_once_and_is_not_told_it_is_sold_out(
    database: Database, holds: Holds, now: datetime
) -> None:
    variant = await product(database, now, pieces=3)

    async def ask(key: str) -> None:
        await holds.hold(key, {variant: 1}, until=now + 15 * MINUTES, now=now)

    await ask("a")
    await asyncio.gather(*(ask(key) for key in ("b", "a", "c", "a")))
    await ask("c")  # nothing is left, but this one has its piece
    with pytest.raises(Refused, match=r"stock\.short"):
        await ask("d")
    assert await stock_of(database, variant) == Stock(3, 3)
    assert set(await states(database)) == {"a", "b", "c"}


async def test_who_asks_for_locked_goods_does_not_hold_up_those_who_asked_with_them(
    database: Database, holds: Holds, now: datetime
) -> None:
    locked, free = await product(database, now), await product(database, now)
    async with database.begin() as session:
        await receive_stock(session, variant_id=locked, quantity=1, reference="a long count", now=now)
        asked = [holds.hold(f"k{n}", {(locked, free)[n % 2]: 1}, until=now + MINUTES, now=now) for n in range(6)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(end) for end in ended] == ["stock.busy", "None"] * 3
    assert await stock_of(database, free) == Stock(10, 3)
    assert await stock_of(database, locked) == Stock(11, 0)


# First come, first served: the rule alone


@given(
    free=some.dictionaries(some.integers(1, 3), some.integers(0, 6)),
    asked=some.lists(some.dictionaries(some.integers(1, 3), some.integers(1, 4), min_size=1), max_size=12),
)
def test_gathered_requests_are_answered_as_if_one_after_another(
    free: dict[int, int], asked: list[dict[int, int]]
) -> None:
    now = datetime(2026, 11, 22)
    requests = [Request(str(place), lines, now, now) for place, lines in enumerate(asked)]
    levels = [Level(variant, variant, 1, left) for variant, left in free.items()]
    answers, accepted = decide(requests, levels=levels, known=set())
    left, fits = dict(free), []
    for lines in asked:
        fit = all(left.get(variant, 0) >= pieces for variant, pieces in lines.items())
        fits.append(fit)
        if fit:
            left = {variant: count - lines.get(variant, 0) for variant, count in left.items()}
    assert [answer is None for answer in answers] == fits
    assert [one.request.key for one in accepted] == [str(place) for place, fit in enumerate(fits) if fit]
    assert min(left.values(), default=0) >= 0


def test_a_request_that_does_not_fit_does_not_stop_a_smaller_one() -> None:
    now = datetime(2026, 11, 22)
    requests = [
        Request("big", {1: 4}, now, now),
        Request("small", {1: 2}, now, now),
        Request("small", {1: 2}, now, now),
    ]
    answers, accepted = decide(requests, levels=[Level(1, 1, 1, 3)], known=set())
    assert answers == [Short(1, 3), None, None]
    assert accepted == [Accepted(requests[1], Taken({1: 2}))]


# Races


async def test_several_sweepers_at_once_expire_each_hold_once(database: Database, now: datetime) -> None:
    variant = await product(database, now, pieces=40)
    async with holds_of(database) as holds:
        await asyncio.gather(*(holds.hold(f"k{n}", {variant: 2}, until=now + MINUTES, now=now) for n in range(20)))

    async def sweep() -> int:
        async with database.begin() as session:
            return await expire_holds(session, now=now + 2 * MINUTES, limit=8)

    swept = [sum(await asyncio.gather(*(sweep() for _ in range(4)))) for _ in range(2)]
    assert sum(swept) == 20
    assert await stock_of(database, variant) == Stock(40, 0)


async def test_the_twin_sweepers_that_do_not_ask_the_state_give_back_twice(database: Database, now: datetime) -> None:
    variant = await product(database, now, pieces=40)
    async with holds_of(database) as holds:
        await holds.hold("mine", {variant: 5}, until=now + 60 * MINUTES, now=now)
        await holds.hold("due", {variant: 5}, until=now + MINUTES, now=now)
    everybody_looked = asyncio.Barrier(2)

    async def sweep() -> None:
        async with database.begin() as session:
            due = (await session.scalars(select(Hold).where(Hold.until <= now + 2 * MINUTES))).all()
            await everybody_looked.wait()
            for hold in due:
                hold.state = HoldState.EXPIRED
                await session.execute(
                    text("UPDATE stock_level SET reserved = reserved - :n"), {"n": hold.lines[str(variant)]}
                )

    await asyncio.gather(sweep(), sweep())
    assert await stock_of(database, variant) == Stock(40, 0)  # and "mine" is still promised


async def test_opposite_baskets_do_not_wait_for_each_other_for_ever(database: Database, now: datetime) -> None:
    one, two = await product(database, now, pieces=100), await product(database, now, pieces=100)

    async def shopper(number: int) -> None:
        lines = {one: 1, two: 1} if number % 2 else {two: 1, one: 1}
        async with Holds.open(database.url, connections=1) as mine:
            await mine.hold(f"k{number}", lines, until=now + 15 * MINUTES, now=now)

    await asyncio.wait_for(asyncio.gather(*(shopper(number) for number in range(20))), timeout=60)
    assert await stock_of(database, one) == await stock_of(database, two) == Stock(100, 20)
