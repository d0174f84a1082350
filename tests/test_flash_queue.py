"""The line before a flash sale: a fair draw, places that only shrink, turns that pass on, and a shop without Redis."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from redis.asyncio import Redis

from cli.scratch import Place
from commerce.flash_sales.queue import A_SECOND, AT_ONCE, CALLED_FOR, PATIENCE, TIME_TO_BUY, UNSEEN, Line, Stand, Ticket
from foundation.redis import connect

SECOND = timedelta(seconds=1)
_items = itertools.count(1)


@pytest.fixture
async def lines(place: Place, redis: Redis) -> AsyncIterator[tuple[Line, Line]]:
    """The lines as two processes see them."""
    other = connect(place.servers.redis_url)
    assert other is not None
    yield Line(redis, patience=60), Line(other, patience=60)
    await other.aclose()


class Crowd:
    """Shoppers of one item who look, at a clock of their own, at an item with pieces left."""

    def __init__(self, lines: tuple[Line, ...], opens_at: datetime, *, left: int = 1000) -> None:
        self.lines, self.opens_at, self.now, self.left = lines, opens_at, opens_at, left
        self.item = next(_items)
        self._turn = itertools.cycle(lines)

    async def looks(self, *members: str, late: timedelta = timedelta(0)) -> list[Ticket]:
        """All at once, by both processes in turn; `late` is how far their clock is behind."""
        now = self.now - late
        looks = (
            next(self._turn).look(self.item, one, opens_at=self.opens_at, left=self.left, now=now) for one in members
        )
        return await asyncio.gather(*looks)

    async def leaves(self, member: str) -> None:
        await next(self._turn).leave(self.item, member, opens_at=self.opens_at, left=self.left, now=self.now)


def names(count: int, prefix: str = "visitor") -> list[str]:
    return [f"{prefix}-{n}" for n in range(count)]


async def test_a_few_shoppers_never_see_a_line(lines: tuple[Line, Line], now: datetime) -> None:
    crowd = Crowd(lines, now)
    tickets = await crowd.looks(*names(AT_ONCE))
    assert {ticket.stand for ticket in tickets} == {Stand.INSIDE}
    assert {ticket.until for ticket in tickets} == {now + TIME_TO_BUY * SECOND}
    (next_one,) = await crowd.looks("next")
    assert (next_one.stand, next_one.place, next_one.waiting, next_one.may_buy) == (Stand.WAITING, 1, 1, False)


async def test_who_is_there_before_it_opens_is_drawn_and_who_comes_later_stands_behind(
    lines: tuple[Line, Line], now: datetime
) -> None:
    crowd = Crowd(lines, now)
    early, late = names(200, "early"), names(50, "late")
    crowd.now = now - 10 * SECOND
    tickets = [ticket for member in early for ticket in await crowd.looks(member)]
    assert [(ticket.stand, ticket.place, ticket.waiting) for ticket in tickets] == [
        (Stand.EARLY, None, n) for n in range(1, 201)
    ]
    crowd.now = now
    await crowd.looks(*late)
    # A process whose clock is behind does not slip anybody in before those who were told their place.
    (slow,) = await crowd.looks("slow clock", late=SECOND)
    told = dict(zip(early, await crowd.looks(*early), strict=True))
    inside = [member for member, ticket in told.items() if ticket.stand is Stand.INSIDE]
    places = {member: ticket.place for member, ticket in told.items() if ticket.place is not None}
    assert len(inside) == AT_ONCE
    assert sorted(places.values()) == list(range(1, 161))
    by_place = sorted(places, key=lambda member: places[member] or 0)
    assert by_place != [member for member in early if member in places], "the order of arrival is not the draw"
    behind = await crowd.looks(*late)
    assert sorted(ticket.place or 0 for ticket in behind) == list(range(161, 211))
    assert slow.place == 211


async def test_a_turn_that_is_not_used_passes_on_and_people_are_let_in_at_a_pace(
    lines: tuple[Line, Line], now: datetime
) -> None:
    crowd = Crowd(lines, now, left=3)
    everybody = names(10)
    inside = [member for member in everybody if (await crowd.looks(member))[0].may_buy]
    assert inside == everybody[:3], "no more than there are pieces"
    crowd.left = 2
    await crowd.leaves(everybody[0])  # has bought
    assert [ticket.place for ticket in await crowd.looks(*everybody[3:])] == [1, 2, 3, 4, 5, 6, 7]
    for _ in range(TIME_TO_BUY // 30):
        crowd.now += 30 * SECOND
        await crowd.looks(*everybody[3:])
    tickets = await crowd.looks(*everybody[3:])
    assert [ticket.may_buy for ticket in tickets] == [True, True, False, False, False, False, False]
    assert [ticket.place for ticket in tickets[2:]] == [1, 2, 3, 4, 5]
    crowd.left = 0
    assert (await crowd.looks(everybody[0]))[0].place == 6, "who wants another one stands behind"

    rush = Crowd(lines, now)
    many = names(AT_ONCE + 3 * A_SECOND)
    stands = dict(zip(many, await rush.looks(*many), strict=True))
    for member, ticket in stands.items():
        if ticket.may_buy:
            await rush.leaves(member)
    rush.now += 0.5 * SECOND
    waiting = [member for member, ticket in stands.items() if not ticket.may_buy]
    assert sum(ticket.may_buy for ticket in await rush.looks(*waiting)) == A_SECOND // 2


async def test_who_waits_in_a_chat_keeps_their_place_unseen_and_is_called_once(
    lines: tuple[Line, Line], now: datetime
) -> None:
    crowd = Crowd(lines, now, left=1)
    await crowd.looks("first")
    for chat in ("ann", "bob"):
        await lines[0].look(crowd.item, chat, opens_at=now, left=1, now=now, stays=CALLED_FOR)
    await crowd.looks("page")
    later = now + TIME_TO_BUY * SECOND
    calls = partial(lines[1].calls, crowd.item, opens_at=now, left=1)
    assert await calls(now=later - SECOND) == []
    assert [await calls(now=later) for _ in range(2)] == [["ann"], []]
    assert await lines[0].waiting([crowd.item]) == {crowd.item: 1}, "the page has not asked for long"
    after = later + TIME_TO_BUY * SECOND
    ticket = await lines[0].look(crowd.item, "bob", opens_at=now, left=1, now=after, stays=CALLED_FOR)
    assert ticket.may_buy
    assert await calls(now=after) == [], "who asks is told at once"
    await lines[0].look(crowd.item, "eve", opens_at=now, left=1, now=after, stays=CALLED_FOR)
    assert await calls(now=after + CALLED_FOR + SECOND) == [], "nobody waits for ever"


async def test_without_redis_everybody_may_try(now: datetime) -> None:
    nowhere = connect("redis://127.0.0.1:1")
    for line in (Line(None), Line(nowhere)):
        crowd = Crowd((line,), now)
        assert {ticket.stand for ticket in await crowd.looks(*names(100))} == {Stand.NO_LINE}
        assert (await crowd.looks("one more"))[0].may_buy
        assert await line.waiting([crowd.item]) == {}
        assert await line.calls(crowd.item, opens_at=now, left=1, now=now) == []
        await crowd.leaves("one more")
    assert nowhere is not None
    await nowhere.aclose()


async def test_a_process_that_stood_still_does_not_take_that_for_a_redis_that_is_away(
    redis: Redis, now: datetime
) -> None:
    crowd = Crowd((Line(redis),), now)
    await crowd.looks("ann")
    looking = asyncio.create_task(crowd.looks("bob"))
    for _step in range(6):  # until the question is on its way
        await asyncio.sleep(0)
    time.sleep(PATIENCE + 0.1)  # noqa: ASYNC251 - this is what is tried
    assert (await looking)[0].stand is Stand.INSIDE


async def test_an_error_that_nobody_foresaw_leaves_nobody_waiting(lines: tuple[Line, Line], now: datetime) -> None:
    crowd = Crowd(lines[:1], now)
    async with asyncio.timeout(30):
        assert {ticket.stand for ticket in await crowd.looks("ann", "no text \ud800")} == {Stand.NO_LINE}
        assert (await crowd.looks("ann"))[0].stand is not Stand.NO_LINE


@pytest.mark.parametrize("seed", range(2))
async def test_places_never_grow_and_nobody_is_let_in_twice(lines: tuple[Line, Line], now: datetime, seed: int) -> None:
    """A random crowd comes, looks, falls silent, buys and leaves, at two processes whose clocks differ."""
    chance = random.Random(seed)
    crowd = Crowd(lines, now, left=chance.choice((5, 30, 1000)))
    crowd.now = now - 20 * SECOND
    places: dict[str, int] = {}
    looked: dict[str, datetime] = {}
    inside: dict[str, datetime] = {}
    let_in: Counter[str] = Counter()
    members = iter(names(10_000))
    for _ in range(50):
        crowd.now += chance.uniform(0, 3) * SECOND
        came = [next(members) for _ in range(chance.randrange(20))]
        here = [member for member in looked if chance.random() < 0.5]
        asked = list(dict.fromkeys(came + here))
        chance.shuffle(asked)
        before = {member: ticket for member, ticket in inside.items() if ticket > crowd.now}
        for member, ticket in zip(asked, await crowd.looks(*asked), strict=True):
            if member in looked and looked[member] < crowd.now - UNSEEN:
                places.pop(member, None)  # left the line without a word: it stands behind now
            looked[member] = crowd.now
            if ticket.stand is Stand.INSIDE:
                let_in[member] += member not in before
                assert ticket.until is not None
                inside[member] = ticket.until
                places.pop(member, None)
            elif ticket.place is not None:
                assert ticket.place <= places.get(member, ticket.place)
                places[member] = ticket.place
        told = [places[member] for member in asked if member in places]
        assert len(set(told)) == len(told), "two stand in one place"
        living = [until for until in inside.values() if until > crowd.now]
        assert len(living) <= min(AT_ONCE, crowd.left)
        for member in chance.sample(sorted(looked), min(3, len(looked))):
            await crowd.leaves(member)
            for known in (places, looked, inside):
                known.pop(member, None)
    assert set(let_in.values()) == {1}
