"""Promising stock: `hold`, in its own short transaction on its own few connections, idempotent by its key.

A request goes straight to the database while a connection is idle and nobody else asks for the same goods. Else
requests gather, and are answered together, at most 64 in one transaction, first come, first served: on a hot item two
statements then serve all of them, and under load every commit carries what came during the last one. Which location
gives the goods is decided in the same step. Availability elsewhere is advice; this is the truth.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from commerce.inventory.choice import Level, Shelves, Short
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
    kept AS (
        INSERT INTO hold (key, lines, levels, until, state, created_at)
        SELECT key, lines::jsonb, levels::jsonb, until, 'held', $7
        FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS new (key, lines, levels, until)
        ON CONFLICT (key) DO UPDATE
        SET lines = excluded.lines, levels = excluded.levels, until = excluded.until, state = 'held', order_id = NULL,
            created_at = excluded.created_at
        WHERE hold.state IN ('expired', 'released')
        RETURNING 1)
    SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM kept) AS kept
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One promise asked for. With a location from there, else from the cheapest one that has everything."""

    key: str
    lines: Mapping[int, int]
    until: datetime
    now: datetime
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that fits, and the stock levels that give its pieces."""

    request: Request
    levels: Mapping[int, int]


_Waiting = tuple[Request, asyncio.Future[Short | None]]


class Holds:
    """Makes holds. Open it with `Holds.open(url)`; one for each process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._connections = pool.get_max_size()
        self._waiting: list[_Waiting] = []
        self._asked: Counter[int] = Counter()
        """How many requests, waiting or under way, ask for each variant."""
        self._under_way: set[int] = set()
        """Variants that a transaction is deciding about."""
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
            reset=_nothing,
            server_settings={"lock_timeout": LONGEST_WAIT},
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
    ) -> None:
        """Promise {variant id: pieces}, all or nothing, until then. The same key again is the same promise.

        With `location_id` from that location, so the key must name it; else from the cheapest one that has everything,
        or from several. Raises Refused("stock.short", variant=..., left=...) for the first line there is not enough of,
        and Refused("stock.busy") when somebody keeps the goods locked for seconds: ask again later.
        """
        if not lines or min(lines.values()) < 1:
            raise ValueError("a hold needs lines of at least one piece")
        done: asyncio.Future[Short | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Request(key, lines, until, now, location_id), done))
        is_new = not any(self._asked[variant] for variant in lines)
        self._asked.update(lines.keys())
        if is_new and self._workers < self._connections:
            self._start()
        # A caller who is cancelled leaves; the promise is made all the same and expires by itself.
        answer = await done
        if answer is not None:
            raise Refused("stock.short", variant=answer.variant_id, left=answer.left)

    def _start(self) -> None:
        self._workers += 1
        task = asyncio.create_task(self._work_off())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self) -> None:
        """Answer those who wait until nobody is left whose goods are not under way."""
        while together := self._next():
            requests = [request for request, _ in together]
            variants = {variant for request in requests for variant in request.lines}
            self._under_way |= variants
            try:
                answers: Sequence[Short | Exception | None] = await self._commit(requests)
            except Exception as error:  # whatever it was, each of the callers must hear of it
                answers = [error] * len(requests)
            finally:
                self._under_way -= variants
                for request in requests:
                    self._asked.subtract(request.lines.keys())
                self._asked = +self._asked
            for (_, done), answer in zip(together, answers, strict=True):
                _tell(done, answer)
            await asyncio.sleep(0)  # those who were answered and ask again join the next ones
        self._workers -= 1  # in the same step as the look that found nobody: whoever comes now starts another

    def _next(self) -> list[_Waiting]:
        """The first who wait, without those whose goods are under way and those behind them for the same goods."""
        taken: list[_Waiting] = []
        left: list[_Waiting] = []
        blocked = set(self._under_way)
        goods: set[int] = set()
        for place, waiting in enumerate(self._waiting):
            lines = waiting[0].lines
            if not blocked.isdisjoint(lines):
                blocked.update(lines)
                left.append(waiting)
                continue
            if len(taken) == MOST_TOGETHER or (taken and len(goods | lines.keys()) > MOST_GOODS):
                left += self._waiting[place:]
                break
            goods |= lines.keys()
            taken.append(waiting)
        self._waiting = left
        return taken

    async def _commit(self, requests: Sequence[Request]) -> list[Short | Exception | None]:
        """Answer all in one transaction. Where somebody has locked a level, those of other goods go on alone."""
        try:
            return [*await self._together(requests)]
        except asyncpg.LockNotAvailableError as error:
            alike: dict[frozenset[int], list[int]] = {}
            for place, request in enumerate(requests):
                alike.setdefault(frozenset(request.lines), []).append(place)
            if len(alike) == 1:
                raise Refused("stock.busy") from error
        answers: list[Short | Exception | None] = [Refused("stock.busy")] * len(requests)
        for places in alike.values():
            try:
                alone = await self._together([requests[place] for place in places], wait=SHORT_WAIT)
            except asyncpg.LockNotAvailableError:
                continue
            for place, answer in zip(places, alone, strict=True):
                answers[place] = answer
        return answers

    async def _together(self, requests: Sequence[Request], *, wait: str = LONGEST_WAIT) -> list[Short | None]:
        """First as if no key were known, which is nearly always so and spares a question; else once more."""
        try:
            return await self._decided(requests, wait=wait, is_new=True)
        except _KnownKey:
            return await self._decided(requests, wait=wait, is_new=False)

    async def _decided(self, requests: Sequence[Request], *, wait: str, is_new: bool) -> list[Short | None]:
        variants = sorted({variant for request in requests for variant in request.lines})
        async with self.pool.acquire() as connection, connection.transaction():
            if wait != LONGEST_WAIT:
                await connection.execute(f"SET LOCAL lock_timeout = '{wait}'")
            levels = ranked(await connection.fetch(LOCKED, variants))
            answers, accepted = decide(requests, levels=levels, known=set())
            if not is_new or any(answers):  # who is short may have the promise already
                # A second statement, so that it sees what was committed while the lock was waited for.
                known = await connection.fetch(_KNOWN, [request.key for request in requests])
                answers, accepted = decide(requests, levels=levels, known={row["key"] for row in known})
            if accepted:
                await _write(connection, accepted)
        return answers


class _KnownKey(Exception):
    """A key was promised before; what was written beside it is taken back."""


def decide(
    requests: Sequence[Request], *, levels: Sequence[Level], known: set[str]
) -> tuple[list[Short | None], list[Accepted]]:
    """Answer requests in their order and say which to write. One that does not fit does not stop a smaller one.

    `levels` with the location first that is asked first.
    """
    shelves = Shelves(levels)
    promised = set(known)
    answers: list[Short | None] = []
    accepted: list[Accepted] = []
    for request in requests:
        taken = {} if request.key in promised else shelves.take(request.lines, request.location_id)
        if isinstance(taken, Short):
            answers.append(taken)
            continue
        if taken:
            promised.add(request.key)
            accepted.append(Accepted(request, taken))
        answers.append(None)
    return answers, accepted


async def _write(connection: asyncpg.Connection, accepted: Sequence[Accepted]) -> None:
    taken: dict[int, int] = {}
    for one in accepted:
        for level, pieces in one.levels.items():
            taken[level] = taken.get(level, 0) + pieces
    written = await connection.fetchrow(
        _WRITE,
        list(taken.keys()),
        list(taken.values()),
        [one.request.key for one in accepted],
        [pieces_text(one.request.lines) for one in accepted],
        [pieces_text(one.levels) for one in accepted],
        [one.request.until for one in accepted],
        accepted[0].request.now,
    )
    if written["taken"] != len(taken):
        raise RuntimeError("the guard refused what the lock had promised")
    if written["kept"] != len(accepted):
        raise _KnownKey


def _tell(done: asyncio.Future[Short | None], answer: Short | Exception | None) -> None:
    if done.done():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)


async def _nothing(connection: asyncpg.Connection) -> None:
    """These connections keep nothing between transactions that would have to be put back: it saves a round trip."""
