"""One rate budget for everybody who sends with a token: Telegram's limits hold, and the urgent goes first."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from bot.delivery import NotSent
from bot.telegram.budget import Budget, Limit, Limits, Priority
from foundation.redis import RateBudget

ANNA, BEN, GROUP = 1, 2, -5
QUICK = Limits(bot=Limit(10, 0.4), person=Limit(3, 0.6), group=Limit(5, 0.8))
"""The same limits at another pace."""


@dataclass
class Platform:
    """Notes when what for whom has left."""

    sent: list[tuple[float, int]] = field(default_factory=list)

    async def send(self, budget: Budget, chat: int, priority: Priority = Priority.ANSWER) -> bool:
        """Whether it left."""
        try:
            await budget.wait(chat, priority)
        except NotSent:
            return False
        self.sent.append((time.monotonic(), chat))
        return True

    def most_within(self, limit: Limit, *, chat: int | None = None) -> int:
        """The most that left in any window of a limit; a third of it is for a busy machine that wakes us late."""
        times = sorted(at for at, its in self.sent if chat in (None, its))
        window = limit.seconds * 0.66
        return max(sum(begun <= at < begun + window for at in times) for begun in times)


def budgets(redis: Redis | None, count: int) -> list[Budget]:
    """As many processes."""
    return [Budget(redis, "111", limits=QUICK) for _ in range(count)]


async def rush(platform: Platform, senders: Sequence[Budget]) -> None:
    """Forty answers to twenty people and a group, by everybody at once."""
    chats = [*range(1, 21), GROUP] * 2
    await asyncio.gather(*(platform.send(senders[n % len(senders)], chat) for n, chat in enumerate(chats)))


@pytest.mark.parametrize("shared", [True, False])
async def test_all_senders_together_keep_to_the_limit_of_the_bot_and_only_a_shared_budget_sees_to_that(
    redis: Redis, shared: bool
) -> None:
    platform = Platform()
    await rush(platform, budgets(redis if shared else None, 4))
    assert len(platform.sent) == 42
    assert (platform.most_within(QUICK.bot) <= QUICK.bot.most) is shared  # each of the twins counts for itself


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_person_and_a_group_are_written_to_no_oftener_than_they_may(redis: Redis, with_redis: bool) -> None:
    platform = Platform()
    [budget] = budgets(redis if with_redis else None, 1)
    await asyncio.gather(*(platform.send(budget, chat) for chat in [ANNA, GROUP] * 8))
    assert len(platform.sent) == 16
    assert platform.most_within(QUICK.person, chat=ANNA) == QUICK.person.most
    assert platform.most_within(QUICK.group, chat=GROUP) == QUICK.group.most
    assert platform.most_within(QUICK.bot) <= QUICK.bot.most


async def test_the_limits_are_those_of_telegram(redis: Redis) -> None:
    budget = Budget(redis, "111")
    platform = Platform()
    begun = time.monotonic()
    for _ in range(20):
        assert await platform.send(budget, GROUP)
    with pytest.raises(NotSent) as refused:
        await budget.wait(GROUP, Priority.ANSWER)
    assert 60 < refused.value.after.total_seconds() <= 63
    assert not refused.value.is_try
    assert [await platform.send(budget, chat) for chat in (*[ANNA] * 5, *range(2, 7))] == [True] * 10
    assert time.monotonic() - begun < 1
    assert await platform.send(budget, BEN)  # the thirty-first
    assert 1 < time.monotonic() - begun < 2


async def test_what_is_less_urgent_uses_a_part_only_and_never_waits_in_front_of_an_answer(redis: Redis) -> None:
    [budget] = budgets(redis, 1)
    platform = Platform()
    left = [await platform.send(budget, chat, Priority.BROADCAST) for chat in range(1, 13)]
    assert sum(left) == 4
    left = [await platform.send(budget, chat, Priority.ANNOUNCEMENT) for chat in range(1, 13)]
    assert sum(left) == 3
    left = [await platform.send(budget, chat) for chat in range(20, 23)]
    assert all(left)
    assert platform.sent[-1][0] - platform.sent[0][0] < QUICK.bot.seconds  # none of them had to wait


@pytest.mark.parametrize("with_redis", [True, False])
async def test_a_hold_stands_for_its_chat_alone_unless_several_are_refused_and_for_as_long_as_it_was_told(
    redis: Redis, with_redis: bool
) -> None:
    first, other = budgets(redis, 2) if with_redis else budgets(None, 1) * 2
    platform = Platform()
    begun = time.monotonic()
    await first.hold(ANNA, 0.3)
    assert await platform.send(other, BEN, Priority.BROADCAST)
    assert not await platform.send(other, ANNA, Priority.ANNOUNCEMENT)
    assert await platform.send(other, ANNA)  # an answer waits
    assert time.monotonic() - begun > 0.29
    assert await platform.send(other, BEN)
    for chat, seconds in ((20, 30), (21, 30), (22, 30), (23, 1)):
        await first.hold(chat, seconds)  # the last one says nothing against the first
    with pytest.raises(NotSent) as refused:  # three at once: it is the bot that is meant
        await other.wait(BEN, Priority.ANSWER)
    assert 29 < refused.value.after.total_seconds() <= 30


async def test_an_edit_for_one_person_counts_for_the_bot_alone(redis: Redis) -> None:
    [budget] = budgets(redis, 1)

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
    [budget] = budgets(redis if with_redis else None, 1)
    await budget.wait(GROUP, Priority.ANNOUNCEMENT, count=2)
    with pytest.raises(NotSent):
        await budget.wait(GROUP, Priority.ANNOUNCEMENT, count=2)
    await budget.wait(GROUP, Priority.ANNOUNCEMENT)
    begun = time.monotonic()
    await budget.wait(ANNA, Priority.ANSWER, count=5)  # more than a person may ever get at once
    with pytest.raises(NotSent):
        await budget.wait(ANNA, Priority.ANNOUNCEMENT)
    await budget.wait(ANNA, Priority.ANSWER)
    assert time.monotonic() - begun < QUICK.person.seconds


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
        platform = Platform()
        budget = Budget(redis, name, limits=QUICK)
        assert [await platform.send(budget, ANNA, Priority.ANNOUNCEMENT) for _ in range(3)] == [True, True, False]
    keys = [key for key in await redis.keys("xiaoer:telegram:*") if isinstance(key, bytes)]
    assert {key_slot(key) for key in keys if b"111" in key} == {key_slot(b"111")}, "one script, one node of a cluster"
    lives = [await redis.pttl(key) for key in keys]
    assert all(0 < life < 5000 for life in lives)
