"""The line before a flash sale: who may go to the checkout now, and for everybody else an honest place.

So shoppers are told it: whoever is here before the sale opens has the same chance, for their order is drawn when it
opens; whoever comes later stands behind them in the order of arrival. A place never grows. It shrinks when somebody
ahead has bought, leaves, or is not seen for a while. At most as many are let in at once as there are pieces left and
the checkout serves well, and not faster than it does; who is let in has some minutes for it, then the next one is.
As long as the shop can serve everybody nobody sees a line.

The line lives in Redis, moved by one script, so that all processes see the same one. Losing it costs the line, never
truth: without Redis everybody may try at once, and the database decides (the quota's allotment).
"""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

AT_ONCE = 40
"""People in the checkout of one item. With fewer shoppers than this nobody waits."""
A_SECOND = 20
"""So many a second are let in, once AT_ONCE are there."""
TIME_TO_BUY = 180
"""Seconds somebody who was let in has until they hold a piece or their turn passes on."""
UNSEEN = timedelta(seconds=45)
"""After it, a page that does not ask for its place any more has left the line."""
CALLED_FOR = timedelta(minutes=10)
"""How long somebody keeps their place who is called by a message when it is their turn (`calls`)."""
LONGEST_PAUSE = 15.0
"""Seconds after which, at the latest, a page asks again; well below UNSEEN."""
PATIENCE = 1.0
"""Seconds that Redis has to answer."""
_LOOKS = 10
"""So often we look meanwhile whether it has: when it is we who stood still, that counts as one look."""
_AWAY = timedelta(seconds=5)
"""How long a Redis that did not answer is left alone."""
_MOST_TOGETHER = 500
_PREFIX = "xiaoer:flash:"

# KEYS: order {member: number in line}, stays {member: until}, inside {member: until}, state, calls [member].
# ARGV: now, opens at, most at once, a second, time to buy, burst, who stays longer is called, then (until when they
# stay unseen, 0 to leave; member; lot) of each who asks.
# Lots lie in [0, 1), numbers of arrival from 1 on: who came before it opened comes first, in an order nobody foresees.
_SCRIPT = """
local now, opens, most, pace = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local order, stays, inside, state, calls = unpack(KEYS)
for _, member in ipairs(redis.call('ZRANGE', stays, '-inf', '(' .. ARGV[1], 'BYSCORE')) do
    redis.call('ZREM', order, member)
    redis.call('ZREM', stays, member)
end
redis.call('ZREMRANGEBYSCORE', inside, '-inf', now)
local is_open = redis.call('HEXISTS', state, 'open') == 1
if not is_open and now >= opens then
    redis.call('HSET', state, 'open', ARGV[1], 'budget', ARGV[6], 'at', ARGV[1])
    is_open = true
end
for place = 8, #ARGV, 3 do
    local till, member, lot = ARGV[place], ARGV[place + 1], ARGV[place + 2]
    if till == '0' then
        redis.call('ZREM', order, member)
        redis.call('ZREM', stays, member)
        redis.call('ZREM', inside, member)
    elseif not redis.call('ZSCORE', inside, member) then
        if not redis.call('ZSCORE', order, member) then
            if is_open then lot = redis.call('HINCRBY', state, 'arrived', 1) end
            redis.call('ZADD', order, lot, member)
        end
        redis.call('ZADD', stays, till, member)
    end
end
if is_open then
    local budget, at = unpack(redis.call('HMGET', state, 'budget', 'at'))
    budget = math.min(tonumber(ARGV[6]), tonumber(budget) + math.max(0, now - tonumber(at)) * pace)
    local room = math.max(0, math.min(math.floor(budget), most - redis.call('ZCARD', inside)))
    local next = room > 0 and redis.call('ZPOPMIN', order, room) or {}
    for place = 1, #next, 2 do
        if redis.call('ZSCORE', stays, next[place]) - now > tonumber(ARGV[7]) then
            redis.call('RPUSH', calls, next[place])
        end
        redis.call('ZREM', stays, next[place])
        redis.call('ZADD', inside, now + tonumber(ARGV[5]), next[place])
        budget = budget - 1
    end
    redis.call('HSET', state, 'budget', budget, 'at', math.max(now, tonumber(at)))
end
local waiting = redis.call('ZCARD', order)
local answers = {is_open and 1 or 0, waiting}
for place = 8, #ARGV, 3 do
    local member = ARGV[place + 1]
    answers[#answers + 1] = redis.call('ZSCORE', inside, member) or false
    answers[#answers + 1] = redis.call('ZRANK', order, member)
    redis.call('LREM', calls, 0, member)
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, 86400) end
return answers
"""


class Stand(StrEnum):
    """Where a shopper stands."""

    EARLY = "early"
    """Here before it opens; the order is not drawn yet."""
    WAITING = "waiting"
    INSIDE = "inside"
    """May go to the checkout now."""
    NO_LINE = "no_line"
    """Redis is away: everybody may try."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a shopper is told. `place` counts from 1, only while WAITING; `waiting` is how many stand in line.

    `until`: how long somebody INSIDE has. `pause`: seconds after which their page asks again.
    """

    stand: Stand
    place: int | None = None
    waiting: int = 0
    until: datetime | None = None
    pause: float = LONGEST_PAUSE

    @property
    def may_buy(self) -> bool:
        """Whether the checkout is open to them."""
        return self.stand in (Stand.INSIDE, Stand.NO_LINE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`stays` None: they leave."""

    stays: timedelta | None
    member: str
    opens_at: datetime
    left: int
    now: datetime
    answer: "asyncio.Future[Ticket]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Line:
    """The lines of all items. One for each process; those who ask at the same time are asked for together."""

    def __init__(self, redis: Redis | None, *, patience: float = PATIENCE) -> None:
        self._redis = redis
        self._patience = patience
        self._script = redis.register_script(_SCRIPT) if redis is not None else None
        self._asked: dict[int, list[_Asked]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._away_until = datetime.min.replace(tzinfo=UTC)
        self._draw = random.SystemRandom()

    async def look(
        self, item_id: int, member: str, *, opens_at: datetime, left: int, now: datetime, stays: timedelta = UNSEEN
    ) -> Ticket:
        """Where `member` stands, who joins the line by it. Ask again after `pause`, or the place goes to the next.

        `left`: pieces that nobody has or holds, as last known. `stays`: how long they keep their place unseen; longer
        than usual, CALLED_FOR, for whoever is called by a message when it is their turn.
        """
        return await self._ask(item_id, _Asked(stays, member, opens_at, left, now))

    async def leave(self, item_id: int, member: str, *, opens_at: datetime, left: int, now: datetime) -> None:
        """`member` has bought, or wants to no longer: their turn or place goes to the next."""
        await self._ask(item_id, _Asked(None, member, opens_at, left, now))

    async def calls(self, item_id: int, *, opens_at: datetime, left: int, now: datetime) -> list[str]:
        """Let in whoever may be, though nobody asks; those of them who are to be called now, each once."""
        await self._ask(item_id, _Asked(None, "", opens_at, left, now))
        if self._redis is None:
            return []
        try:
            called = await self._in_time(self._redis.lpop(_key(item_id, "calls"), _MOST_TOGETHER))
        except (RedisError, OSError):
            return []
        return [member.decode() for member in called or []]

    async def waiting(self, item_ids: Sequence[int]) -> dict[int, int]:
        """How many stand in line for each of these items; none while Redis is away."""
        if self._redis is None or not item_ids:
            return {}
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for item_id in item_ids:
                    pipe.zcard(_key(item_id, "order"))
                return dict(zip(item_ids, await self._in_time(pipe.execute()), strict=True))
        except (RedisError, OSError):
            return {}

    async def _in_time(self, answer: Awaitable[Any]) -> Any:
        """What Redis answers; TimeoutError when it does not. A process that is overrun stands still now and then, and
        must not take that for Redis being away: everybody would pass by the line, in the very rush it is for."""
        answering = asyncio.ensure_future(answer)
        try:
            for _look in range(_LOOKS):
                if (await asyncio.wait({answering}, timeout=self._patience / _LOOKS))[0]:
                    return answering.result()
            raise TimeoutError
        finally:
            answering.cancel()

    async def _ask(self, item_id: int, asked: _Asked) -> Ticket:
        if self._script is None or asked.now < self._away_until:
            return Ticket(Stand.NO_LINE)
        self._asked.setdefault(item_id, []).append(asked)
        if item_id not in self._tasks:
            self._tasks[item_id] = asyncio.create_task(self._work_off(item_id))
        return await asked.answer

    async def _work_off(self, item_id: int) -> None:
        """Ask for everybody who came while the ones before were asked for."""
        while asked := self._asked.pop(item_id, []):
            for first in range(0, len(asked), _MOST_TOGETHER):
                together = asked[first : first + _MOST_TOGETHER]
                try:
                    tickets = await self._tickets(item_id, together)
                except Exception:  # whatever it was: nobody waits for ever, and the line goes on
                    log.exception("a line cannot be asked; everybody in it may try to buy", item=item_id)
                    tickets = [Ticket(Stand.NO_LINE)] * len(together)
                for one, ticket in zip(together, tickets, strict=True):
                    if not one.answer.done():  # else the caller has left
                        one.answer.set_result(ticket)
        del self._tasks[item_id]  # in the same step as the look that found nobody: whoever comes now starts another

    async def _tickets(self, item_id: int, asked: Sequence[_Asked]) -> list[Ticket]:
        assert self._script is not None
        last = asked[-1]
        keys = [_key(item_id, name) for name in ("order", "stays", "inside", "state", "calls")]
        facts = [last.now.timestamp(), last.opens_at.timestamp(), min(AT_ONCE, last.left)]
        facts += [A_SECOND, TIME_TO_BUY, AT_ONCE, 2 * UNSEEN.total_seconds()]
        people: list[str | float] = []
        for one in asked:
            till = 0 if one.stays is None else (one.now + one.stays).timestamp()
            people += [till, one.member, repr(self._draw.random())]
        try:
            is_open, waiting, *stands = await self._in_time(self._script(keys=keys, args=[*facts, *people]))
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            log.warning("redis is away; everybody may try to buy, the database decides", error=repr(error))
            self._away_until = last.now + _AWAY
            return [Ticket(Stand.NO_LINE)] * len(asked)
        return [
            _ticket(is_open, waiting, until, rank, last) for until, rank in zip(stands[::2], stands[1::2], strict=True)
        ]


def _ticket(is_open: int, waiting: int, until: bytes | None, rank: int | None, asked: _Asked) -> Ticket:
    if until is not None:
        return Ticket(Stand.INSIDE, waiting=waiting, until=datetime.fromtimestamp(float(until), UTC))
    if not is_open:
        opens_in = (asked.opens_at - asked.now).total_seconds()
        return Ticket(Stand.EARLY, waiting=waiting, pause=min(LONGEST_PAUSE, opens_in + random.uniform(0, 2)))
    if rank is None:  # has just left
        return Ticket(Stand.WAITING, waiting=waiting)
    place = rank + 1
    return Ticket(Stand.WAITING, place, waiting, pause=min(LONGEST_PAUSE, 1 + place / A_SECOND))


def _key(item_id: int, name: str) -> str:
    return f"{_PREFIX}{item_id}:{name}"
