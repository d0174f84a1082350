"""How often one bot may write: one budget in Redis for everybody who sends with its token.

A limit is kept as a log of the last sends it allows: the next one may leave when the oldest of them is a whole window
past. For the bot as a whole an answer takes its place at once, at a time a moment ahead if need be, so that answers
leave in the order they asked; what is less urgent must find room there and then, and only in a part of each limit.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.delivery import NotSent

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds an answer waits here for its turn; when it takes longer it goes back into its queue."""
_PREFIX = "xiaoer:telegram:"
_SECOND = 1_000_000
_MOST_CHATS = 10_000
_BOT_IS_MEANT = 3
"""When so many chats are refused within a second, more would only be refused as well."""


class Priority(Enum):
    """Who goes first. The value is the part of each limit that it may use: the rest is kept for the more urgent."""

    ANSWER = 1.0
    ANNOUNCEMENT = 0.7
    BROADCAST = 0.4


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` sends in any `seconds`."""

    most: int
    seconds: float

    def part(self, priority: Priority) -> int:
        """How many of them this priority may use."""
        return max(1, int(self.most * priority.value))


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram allows one bot: in all, to one person, to one group.

    The windows are a twentieth longer than Telegram's, for what leaves evenly does not arrive evenly.
    """

    bot: Limit = Limit(30, 1.05)
    person: Limit = Limit(5, 5.25)
    group: Limit = Limit(20, 63.0)


_TAKE = """
local clock, now = redis.call('TIME'), 0
local function number(value) return tonumber(value or 0) or 0 end
local count, chat_count = number(ARGV[8]), number(ARGV[9])
local function free(log, most, window, count)
  if most == 0 then return 0 end
  local last = redis.call('LINDEX', log, math.max(most - count, 0))
  return last and number(last) + window or 0
end
local function write(log, at, most, window, count)
  if most == 0 then return end
  for _ = 1, math.min(count, most) do redis.call('LPUSH', log, string.format('%.0f', at)) end
  redis.call('LTRIM', log, 0, most - 1)
  redis.call('PEXPIRE', log, math.ceil((at - now) / 1000 + window / 1000) + 1000)
end
now = number(clock[1]) * 1000000 + number(clock[2])
local bot_most, bot_part, bot_window = number(ARGV[1]), number(ARGV[2]), number(ARGV[3])
local chat_most, chat_part, chat_window = number(ARGV[4]), number(ARGV[5]), number(ARGV[6])
local held = math.max(number(redis.call('GET', KEYS[3])), number(redis.call('GET', KEYS[4])))
local chat = math.max(held, free(KEYS[2], chat_part, chat_window, chat_count))
local at = math.max(now, free(KEYS[1], bot_part, bot_window, count))
if chat > at or at - now > number(ARGV[7]) then
  return {0, math.max(chat, at) - now}
end
write(KEYS[1], at, bot_most, bot_window, count)
write(KEYS[2], at, chat_most, chat_window, chat_count)
return {1, at - now}
"""

_HOLD = """
local clock = redis.call('TIME')
local until_then = tonumber(clock[1]) * 1000000 + tonumber(clock[2]) + tonumber(ARGV[1])
for _, key in ipairs(KEYS) do
  if until_then > (tonumber(redis.call('GET', key) or 0) or 0) then
    redis.call('SET', key, string.format('%.0f', until_then), 'PX', math.ceil(tonumber(ARGV[1]) / 1000) + 1)
  end
end
"""


class Budget:
    """The budget of the bot `name` (its id, not its token). While Redis is away, this process counts by itself."""

    def __init__(self, redis: Redis | None, name: str, *, limits: Limits | None = None) -> None:
        self._redis = redis
        self._name = f"{_PREFIX}{{{name}}}:"  # the braces keep what one script touches on one node of a cluster
        self._limits = limits or Limits()
        self._take = None if redis is None else redis.register_script(_TAKE)
        self._hold = None if redis is None else redis.register_script(_HOLD)
        self._here = _Here()

    async def wait(self, chat: int, priority: Priority, *, count: int = 1, is_edit: bool = False) -> None:
        """Returns when a message may leave for this chat now. An edit counts for the bot, and in groups.

        `count`: an album counts as many as it has pictures, but never for more than a limit allows at once; for one
        person it leaves room for the words below it.
        Raises NotSent when an answer would wait longer than PATIENCE, anything less urgent when it would wait at all.
        """
        patience = PATIENCE if priority is Priority.ANSWER else 0.0
        until = time.monotonic() + patience
        while True:
            is_ours, seconds = await self._ask(chat, priority, patience=patience, count=count, is_edit=is_edit)
            if not is_ours and time.monotonic() + seconds > until:
                raise NotSent(timedelta(seconds=seconds), is_try=False)
            if seconds:
                await asyncio.sleep(seconds)
            if is_ours:
                return

    async def hold(self, chat: int, seconds: float) -> None:
        """Telegram has said how long to wait with this chat: nothing leaves for it until then (or until later,
        if it has said so before).

        Telegram does not say whether it means the chat or the bot. When it refuses several chats at once it is the bot.
        """
        refused = await self._refused()
        keys = [self._name + held for held in (_held(chat), *([_held(None)] if refused >= _BOT_IS_MEANT else []))]
        now, microseconds = int(time.time() * _SECOND), int(seconds * _SECOND)
        for key in keys:
            self._here.hold(key, until=now + microseconds, now=now)
        if self._hold is not None:
            with contextlib.suppress(RedisError, OSError):  # then only this process knows
                await self._hold(keys=keys, args=[microseconds])

    async def _refused(self) -> int:
        """How many chats Telegram has refused in the last second, this one included; a held one is not tried again."""
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                async with self._redis.pipeline() as pipe:
                    pipe.incr(self._name + "refused")
                    pipe.expire(self._name + "refused", 1, nx=True)
                    return int((await pipe.execute())[0])
        return self._here.refused(time.monotonic())

    async def _ask(
        self, chat: int, priority: Priority, *, patience: float, count: int, is_edit: bool
    ) -> tuple[bool, float]:
        """Whether the place is ours, and in how many seconds; else in how many to ask again."""
        keys = [self._name + part for part in ("all", f"chat:{chat}", _held(None), _held(chat))]
        its = self._limits.person if chat > 0 else self._limits.group
        uncounted = is_edit and chat > 0
        numbers = [*_numbers(self._limits.bot, priority), *((0, 0, 0) if uncounted else _numbers(its, priority))]
        numbers += [int(patience * _SECOND), count, min(count, its.most - 1) if chat > 0 else count]
        if self._take is not None:
            try:
                is_ours, wait = await self._take(keys=keys, args=numbers)
                return bool(is_ours), wait / _SECOND
            except (RedisError, OSError):
                log.warning("redis is away; messages to Telegram are counted in this process only")
        is_ours, wait = self._here.take(keys, numbers, now=int(time.time() * _SECOND))
        return is_ours, wait / _SECOND


class _Here:
    """The same within this process."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self._refusals: list[float] = []
        self._logs: defaultdict[str, list[int]] = defaultdict(list)

    def hold(self, key: str, *, until: int, now: int) -> None:
        """Nothing leaves for what this key stands for until then. What is over is forgotten when it is much."""
        if len(self.held) > _MOST_CHATS:
            self.held = {each: over_at for each, over_at in self.held.items() if over_at > now}
        self.held[key] = max(self.held.get(key, 0), until)

    def refused(self, now: float) -> int:
        """Count one, and say how many there were in the last second."""
        self._refusals = [*(at for at in self._refusals if at > now - 1), now]
        return len(self._refusals)

    def take(self, keys: list[str], numbers: list[int], *, now: int) -> tuple[bool, int]:
        """What the script in Redis does, by this process's clock. Times in microseconds."""
        bot_most, bot_part, bot_window, chat_most, chat_part, chat_window, patience, count, chat_count = numbers
        if len(self._logs) > _MOST_CHATS:
            self._logs = defaultdict(list, {keys[0]: self._logs[keys[0]]})
        everybody, chat = self._logs[keys[0]], self._logs[keys[1]]
        held = max(self.held.get(keys[2], 0), self.held.get(keys[3], 0))
        chat_at = max(held, _free(chat, chat_part, chat_window, chat_count))
        at = max(now, _free(everybody, bot_part, bot_window, count))
        if chat_at > at or at - now > patience:
            return False, max(chat_at, at) - now
        everybody[:] = [*[at] * count, *everybody][:bot_most]
        chat[:] = [*[at] * chat_count, *chat][:chat_most]
        return True, at - now


def _free(times: list[int], most: int, window: int, count: int) -> int:
    place = max(most - count, 0)
    return times[place] + window if most and place < len(times) else 0


def _numbers(limit: Limit, priority: Priority) -> tuple[int, int, int]:
    return limit.most, limit.part(priority), int(limit.seconds * _SECOND)


def _held(chat: int | None) -> str:
    return "held" if chat is None else f"held:{chat}"
