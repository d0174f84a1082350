"""Promising stock: `hold`, in its own short transaction on its own few connections, idempotent by its key.

A request goes straight to the database while a connection is idle and nobody else asks for the same goods. Else
requests gather, and are answered together, at most 64 in one transaction, first come, first served: on a hot item two
statements then serve all of them, and under load every commit carries what came during the last one. Which location
gives the goods is decided in the same step, and whether the allotments that are asked for have a place. Availability
elsewhere is advice; this is the truth.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

import asyncpg

from commerce.inventory.allotments import LOCKED_PLACES
from commerce.inventory.choice import NOTHING, Level, NoPlace, Places, Shelves, Short, Taken
from commerce.inventory.levels import LOCKED, pieces_text, ranked
from foundation.errors import Refused

MOST_TOGETHER = 64
MOST_GOODS = 24
"""Of different goods fewer, so that while one transaction waits for the disk another one works (a third faster)."""
LONGEST_WAIT = "3s"
"""For a stock level somebody else has locked: without an end, a caller who locked it itself would wait for ever."""
SHORT_WAIT = "100ms"
"""For those who waited in vain beside somebody who asked for a locked level: their own goods may be free."""

_KNOWN = "SELECT key FROM hold WHERE key = ANY($1::text[]) AND state NOT IN ('expired', 'released')"
# A hold that ran out may be asked for again under its old key.
_WRITE = """
    WITH taken AS (
        UPDATE stock_level SET reserved = reserved + pieces
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (level, pieces)
        WHERE id = level AND reserved + pieces <= on_hand + backorder
        RETURNING 1),
    seated AS (
        UPDATE allotment SET held = held + places
        FROM unnest($8::bigint[], $9::bigint[]) AS asked (allotment, places)
        WHERE id = allotment AND is_open AND held + used + places <= capacity
        RETURNING 1),
    kept AS (
        INSERT INTO hold (key, lines, levels, allotments, until, state, created_at)
        SELECT key, lines::jsonb, levels::jsonb, allotments::jsonb, until, 'held', $7
        FROM unnest($3::text[], $4::text[], $5::text[], $10::text[], $6::timestamptz[])
          AS new (key, lines, levels, allotments, until)
        ON CONFLICT (key) DO UPDATE
        SET lines = excluded.lines, levels = excluded.levels, allotments = excluded.allotments,
            until = excluded.until, state = 'held', order_id = NULL, created_at = excluded.created_at
        WHERE hold.state IN ('expired', 'released')
        RETURNING 1)
    SELECT (SELECT count(*) FROM taken) + (SELECT count(*) FROM seated) AS taken, (SELECT count(*) FROM kept) AS kept
"""


class Request(NamedTuple):
    """One promise asked for. With a location from there, else from the cheapest one that has everything."""

    key: str
    lines: Mapping[int, int]
    until: datetime
    now: datetime
    location_id: int | None = None
    allotments: Mapping[int, int] = NOTHING

    @property
    def wants(self) -> Collection[int]:
        """What it asks for: variants, and allotments as numbers below zero. Who wants the same thing goes together."""
        return {*self.lines, *(-allotment for allotment in self.allotments)} if self.allotments else self.lines.keys()


class Accepted(NamedTuple):
    """A request that fits, and what gives its pieces."""

    request: Request
    taken: Taken


Answer = Short | NoPlace | None
_Waiting = tuple[Request, asyncio.Future[Answer]]


class Holds:
    """Makes holds. Open it with `Holds.open(url)`; one for each process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._connections = pool.get_max_size()
        self._waiting: list[_Waiting] = []
        self._asked: Counter[int] = Counter()
        """How many requests, waiting or under way, want each thing."""
        self._under_way: set[int] = set()
        """What a transaction is deciding about."""
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, connections: int = 3) -> AsyncIterator["Holds"]:
        """Holds with a pool of their own; `url` as for SQLAlchemy or as for libpq."""
        dsn = url.replace("postgresql+asyncpg://", "postgresql://")
        async with asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=connections,
            init=_prepare,
            reset=_nothing,
        ) as pool:
            yield cls(pool)

    async def hold(
        self,
        key: str,
        lines: Mapping[int, int],
        *,
        until: datetime,
        now: datetime,
        location_id: int | None = None,
        allotments: Mapping[int, int] = NOTHING,
    ) -> None:
        """Promise {variant id: pieces} and {allotment id: places}, all or nothing, until then. Same key, same promise.

        With `location_id` from that location, so the key must name it; else from the cheapest one that has everything,
        or from several. Places of an allotment with stock of its own are the pieces of one whole line, and lie there.
        Raises Refused("stock.short", variant=..., left=...) for the first line there is not enough of,
        Refused("allotment.full", allotment=..., left=...), Refused("allotment.closed", allotment=...) and
        Refused("stock.busy") when somebody keeps the goods locked for seconds: ask again later.
        """
        if not lines or min(lines.values()) < 1 or min(allotments.values(), default=1) < 1:
            raise ValueError("a hold needs lines of at least one piece")
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = Request(key, lines, until, now, location_id, allotments)
        self._waiting.append((request, done))
        wants = request.wants
        is_new = self._asked.keys().isdisjoint(wants)
        self._asked.update(wants)
        if is_new and self._workers < self._connections:
            self._start()
        # A caller who is cancelled leaves; the promise is made all the same and expires by itself.
        answer = await done
        if answer is not None:
            raise answer.refusal()

    def _start(self) -> None:
        self._workers += 1
        task = asyncio.create_task(self._work_off())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self) -> None:
        """Answer those who wait until nobody is left who wants nothing that is under way."""
        while together := self._next():
            requests = [request for request, _ in together]
            wants = {thing for request in requests for thing in request.wants}
            self._under_way |= wants
            try:
                answers: Sequence[Answer | Exception] = await self._commit(requests)
            except Exception as error:  # whatever it was, each of the callers must hear of it
                answers = [error] * len(requests)
            finally:
                self._under_way -= wants
                for request in requests:
                    self._asked.subtract(request.wants)
                self._asked = +self._asked
            for (_, done), answer in zip(together, answers, strict=True):
                _tell(done, answer)
            await asyncio.sleep(0)  # those who were answered and ask again join the next ones
        self._workers -= 1  # in the same step as the look that found nobody: whoever comes now starts another

    def _next(self) -> list[_Waiting]:
        """The first who wait, without those who want what is under way and those behind them who want the same."""
        taken: list[_Waiting] = []
        left: list[_Waiting] = []
        blocked = set(self._under_way)
        goods: set[int] = set()
        for place, waiting in enumerate(self._waiting):
            wants, lines = waiting[0].wants, waiting[0].lines
            if not blocked.isdisjoint(wants):
                blocked.update(wants)
                left.append(waiting)
                continue
            if len(taken) == MOST_TOGETHER or (taken and len(goods | lines.keys()) > MOST_GOODS):
                left += self._waiting[place:]
                break
            goods |= lines.keys()
            taken.append(waiting)
        self._waiting = left
        return taken

    async def _commit(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """Answer all in one transaction. Where somebody has locked a level, those of other goods go on alone."""
        try:
            return [*await self._together(requests)]
        except asyncpg.LockNotAvailableError as error:
            alike: dict[frozenset[int], list[int]] = {}
            for place, request in enumerate(requests):
                alike.setdefault(frozenset(request.wants), []).append(place)
            if len(alike) == 1:
                raise Refused("stock.busy") from error
        answers: list[Answer | Exception] = [Refused("stock.busy")] * len(requests)
        for places in alike.values():
            try:
                alone = await self._together([requests[place] for place in places], wait=SHORT_WAIT)
            except asyncpg.LockNotAvailableError:
                continue
            for place, answer in zip(places, alone, strict=True):
                answers[place] = answer
        return answers

    async def _together(self, requests: Sequence[Request], *, wait: str = LONGEST_WAIT) -> list[Answer]:
        """First as if no key were known, which is nearly always so and spares a question; else once more.

        Not so for allotments: to find a key known is to wait for its row, whose holder may wait for our allotments.
        """
        try:
            is_new = not any(request.allotments for request in requests)
            return await self._decided(requests, wait=wait, is_new=is_new)
        except (_KnownKey, asyncpg.DeadlockDetectedError):
            return await self._decided(requests, wait=wait, is_new=False)

    async def _decided(self, requests: Sequence[Request], *, wait: str, is_new: bool) -> list[Answer]:
        variants = sorted({variant for request in requests for variant in request.lines})
        async with self.pool.acquire() as connection, connection.transaction():
            if wait != LONGEST_WAIT:
                await connection.execute(f"SET LOCAL lock_timeout = '{wait}'")
            levels = ranked(await connection.fetch(LOCKED, variants))
            asked = sorted({allotment for request in requests for allotment in request.allotments})
            places = [Places(*row) for row in await connection.fetch(LOCKED_PLACES, asked)] if asked else []
            answers, accepted = decide(requests, levels=levels, places=places, known=set())
            if not is_new or any(answers):  # who is short may have the promise already
                # A second statement, so that it sees what was committed while the lock was waited for.
                known = await connection.fetch(_KNOWN, [request.key for request in requests])
                answers, accepted = decide(requests, levels=levels, places=places, known={row["key"] for row in known})
            if accepted:
                await _write(connection, accepted)
        return answers


class _KnownKey(Exception):
    """A key was promised before; what was written beside it is taken back."""


def decide(
    requests: Sequence[Request], *, levels: Sequence[Level], places: Collection[Places] = (), known: set[str]
) -> tuple[list[Answer], list[Accepted]]:
    """Answer requests in their order and say which to write. One that does not fit does not stop a smaller one.

    `levels` with the location first that is asked first.
    """
    shelves = Shelves(levels, places)
    promised = set(known)
    answers: list[Answer] = []
    accepted: list[Accepted] = []
    for request in requests:
        if request.key in promised:
            answers.append(None)
            continue
        taken = shelves.take(request.lines, request.location_id, allotments=request.allotments, now=request.now)
        if isinstance(taken, Taken):
            promised.add(request.key)
            accepted.append(Accepted(request, taken))
            answers.append(None)
        else:
            answers.append(taken)
    return answers, accepted


async def _write(connection: asyncpg.Connection, accepted: Sequence[Accepted]) -> None:
    taken: dict[int, int] = {}
    seated: dict[int, int] = {}
    for one in accepted:
        for level, pieces in one.taken.reserved.items():
            taken[level] = taken.get(level, 0) + pieces
        for allotment, places in one.request.allotments.items():
            seated[allotment] = seated.get(allotment, 0) + places
    written = await connection.fetchrow(
        _WRITE,
        list(taken.keys()),
        list(taken.values()),
        [one.request.key for one in accepted],
        [pieces_text(one.request.lines) for one in accepted],
        [pieces_text(one.taken.levels) for one in accepted],
        [one.request.until for one in accepted],
        accepted[0].request.now,
        list(seated.keys()),
        list(seated.values()),
        [pieces_text(one.request.allotments) for one in accepted],
    )
    if written["taken"] != len(taken) + len(seated):
        raise RuntimeError("the guard refused what the lock had promised")
    if written["kept"] != len(accepted):
        raise _KnownKey


def _tell(done: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if done.done():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)


async def _prepare(connection: asyncpg.Connection) -> None:
    """By a statement: poolers such as PgBouncer refuse a connection that brings a parameter they do not know."""
    await connection.execute(f"SET lock_timeout = '{LONGEST_WAIT}'")
    # a few goods or many, the same indexes serve: the statements need not be planned for each request
    await connection.execute("SET plan_cache_mode = force_generic_plan")


async def _nothing(connection: asyncpg.Connection) -> None:
    """These connections keep nothing between transactions that would have to be put back: it saves a round trip."""
