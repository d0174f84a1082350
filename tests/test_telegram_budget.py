"""One rate budget for everybody who sends with a token: Telegram's limits hold, and the urgent goes first."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from bot.delivery import NotSent
from bot.telegram.budget import _MOST_CHATS, Budget, Limit, Limits, Priority, _Here
from foundation.redis import RateBudget

ANNA, BEN, CAI, GROUP = 1, 2, 3, -5
QUICK = Limits(bot=Limit(10, 0.4), person=Limit(3, 0.6), group=Limit(5, 0.8))
"""The same limits at another pace."""
ONCE = Limits(bot=Limit(10, 60), person=Limit(3, 60), group=Limit(5, 60))
"""The same for tests in which nobody's turn comes again, however slow the machine is."""


@dataclass(frozen=True)
class Place:
    """When somebody may send: between these two, for we know only when we asked and when we were told. And the wait."""

    chat: int
    earliest: float
    latest: float
    wait: float


class Noting(Budget):
    """Notes the places it gives."""

    def __init__(self, redis: Redis | None, limits: Limits | None = None) -> None:
        super().__init__(redis, "111", limits=limits)
        self.given = list[Place]()

    async def _ask(
        self, chat: int, priority: Priority, *, patience: float, count: int, is_edit: bool
    ) -> tuple[bool, float]:
        asked = time.monotonic()
        is_ours, wait = await super()._ask(chat, priority, patience=patience, count=count, is_edit=is_edit)
        if is_ours:
            self.given.append(Place(chat, asked + wait, time.monotonic() + wait, wait))
        return is_ours, wait


async def send(budget: Budget, chat: int, priority: Priority = Priority.ANSWER) -> bool:
    """Whether it left."""
    try:
        await budget.wait(chat, priority)
    except NotSent:
        return False
    return True


def most_within(limit: Limit, senders: Sequence[Noting], *, chat: int | None = None) -> int:
    """The most places that certainly lie in one window of a limit."""
    places = [place for budget in senders for place in budget.given if chat in (None, place.chat)]
    ends = [place.earliest + limit.seconds for place in places]
    return max(sum(end - limit.seconds <= place.earliest and place.latest < end for place in places) for end in ends)


def budgets(redis: Redis | None, count: int, limits: Limits = QUICK) -> list[Noting]:
    """As many processes."""
    return [Noting(redis, limits) for _ in range(count)]


async def rush(senders: Sequence[Budget]) -> None:
    """Forty answers to twenty people and a group, by everybody at once."""
    chats = [*range(1, 21), GROUP] * 2
    assert all(await asyncio.gather(*(send(senders[n % len(senders)], chat) for n, chat in enumerate(chats))))


@pytest.mark.parametrize("shared", [True, False])
async def test_all_senders_together_keep_to_the_limit_of_the_bot_and_only_a_shared_budget_sees_to_that(
    redis: Redis, shared: bool
) -> None:
    senders = budgets(redis if shared else None, 4)
    await rush(senders)
    assert sum(len(budget.given) for budget in senders) == 42
    assert (most_within(QUICK.bot, senders) <= QUICK.bot.most) is shared  # each of the twins counts for itself


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_person_and_a_group_are_written_to_no_oftener_than_they_may(redis: Redis, with_redis: bool) -> None:
    senders = budgets(redis if with_redis else None, 1)
    assert all(await asyncio.gather(*(send(senders[0], chat) for chat in [ANNA, GROUP] * 8)))
    assert most_within(QUICK.person, senders, chat=ANNA) == QUICK.person.most
    assert most_within(QUICK.group, senders, chat=GROUP) == QUICK.group.most
    assert most_within(QUICK.bot, senders) <= QUICK.bot.most


async def test_the_limits_are_those_of_telegram(redis: Redis) -> None:
    budget = Noting(redis)
    begun = time.monotonic()
    for _ in range(20):
        assert await send(budget, GROUP)
    with pytest.raises(NotSent) as refused:
        await budget.wait(GROUP, Priority.ANSWER)
    assert 63 - (time.monotonic() - begun) < refused.value.after.total_seconds() <= 63
    assert not refused.value.is_try
    assert [await send(budget, chat) for chat in (*[ANNA] * 5, *range(2, 7))] == [True] * 10
    assert [place.wait for place in budget.given] == [0] * 30
    assert await send(budget, BEN)  # the thirty-first
    assert budget.given[-1].wait <= 1.05
    assert budget.given[-1].latest - budget.given[0].earliest >= 1.05


async def test_what_is_less_urgent_uses_a_part_only_and_never_waits_in_front_of_an_answer(redis: Redis) -> None:
    [budget] = budgets(redis, 1, ONCE)
    assert sum([await send(budget, chat, Priority.BROADCAST) for chat in range(1, 13)]) == 4
    assert sum([await send(budget, chat, Priority.ANNOUNCEMENT) for chat in range(1, 13)]) == 3
    assert sum([await send(budget, chat) for chat in range(20, 24)]) == 3
    assert {place.wait for place in budget.given} == {0}


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_hold_stands_for_its_chat_alone_unless_several_are_refused_and_for_as_long_as_it_was_told(
    redis: Redis, with_redis: bool
) -> None:
    first, other = budgets(redis, 2) if with_redis else budgets(None, 1) * 2
    await first.hold(ANNA, 30)
    assert await send(other, BEN, Priority.BROADCAST)
    assert not await send(other, ANNA, Priority.ANNOUNCEMENT)
    begun = time.monotonic()
    await first.hold(CAI, 0.3)
    assert await send(other, CAI)  # an answer waits
    assert time.monotonic() - begun > 0.29
    assert await send(other, BEN)
    begun = time.monotonic()
    for chat in range(20, 30):
        await first.hold(chat, 30)
    await first.hold(30, 1)  # the last one says nothing against those before
    with pytest.raises(NotSent) as refused:  # so many at once: it is the bot that is meant
        await other.wait(BEN, Priority.ANSWER)
    assert 30 - (time.monotonic() - begun) < refused.value.after.total_seconds() <= 30


async def test_an_edit_for_one_person_counts_for_the_bot_alone(redis: Redis) -> None:
    [budget] = budgets(redis, 1, ONCE)

    async def most(wait: Callable[[], Awaitable[None]]) -> int:
        done = 0
        try:
            while done < 20:
                await wait()
                done += 1
        except NotSent:
            pass
        return done

    assert await most(lambda: budget.wait(ANNA, Priority.BROADCAST, is_edit=True)) == 4
    assert await most(lambda: budget.wait(GROUP, Priority.ANNOUNCEMENT, is_edit=True)) == 3


@pytest.mark.parametrize("with_redis", [True, False])
async def test_an_album_counts_as_many_as_it_has_pictures(redis: Redis, with_redis: bool) -> None:
    [budget] = budgets(redis if with_redis else None, 1, ONCE)
    await budget.wait(GROUP, Priority.ANNOUNCEMENT, count=2)
    with pytest.raises(NotSent):
        await budget.wait(GROUP, Priority.ANNOUNCEMENT, count=2)
    await budget.wait(GROUP, Priority.ANNOUNCEMENT)
    await budget.wait(ANNA, Priority.ANSWER, count=5)  # more than a person may ever get at once
    with pytest.raises(NotSent):
        await budget.wait(ANNA, Priority.ANNOUNCEMENT)
    await budget.wait(ANNA, Priority.ANSWER)
    assert {place.wait for place in budget.given} == {0}


@pytest.mark.parametrize("with_redis", [True, False])
async def test_uses_are_counted_for_all_processes_in_the_window_they_belong_to(redis: Redis, with_redis: bool) -> None:
    one, other = (RateBudget(redis), RateBudget(redis)) if with_redis else [RateBudget(None)] * 2
    begun = time.time()
    for at, over in ((0, 0), (70, 0), (59, 0), (1, 1), (119, 0), (60, 1), (begun, 0), (begun + 60, 0)):
        assert await one.spend("anna", limit=2, seconds=60, at=at) == over
        one, other = other, one
    await one.give_back("anna", seconds=60, at=119)
    assert await other.spend("anna", limit=2, seconds=60, at=60) == 1
    assert await other.spend("ben", limit=2, seconds=60, at=60) == 0


async def test_budgets_of_two_bots_and_leftovers_do_not_mix(redis: Redis) -> None:
    for name in ("111", "222"):
        budget = Budget(redis, name, limits=ONCE)
        assert [await send(budget, ANNA, Priority.ANNOUNCEMENT) for _ in range(3)] == [True, True, False]
    keys = [key for key in await redis.keys("xiaoer:telegram:*") if isinstance(key, bytes)]
    assert {key_slot(key) for key in keys if b"111" in key} == {key_slot(b"111")}, "one script, one node of a cluster"
    lives = [await redis.pttl(key) for key in keys]
    assert all(0 < life <= 61_000 for life in lives)  # a second more than the window


def test_what_a_process_remembers_of_chats_that_were_held_up_does_not_grow_for_ever() -> None:
    here = _Here()
    for chat in range(_MOST_CHATS * 2):
        here.hold(f"held:{chat}", until=chat + 1, now=chat)
    assert len(here.held) <= _MOST_CHATS + 1
    here.hold("held:1", until=5, now=0)
    here.hold("held:1", until=3, now=0)
    assert here.held["held:1"] == 5
