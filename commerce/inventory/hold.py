"""Promising stock: `hold`, in its own short transaction on its own few connections, idempotent by its key.

A request for goods nobody else is asking for goes straight to the database. While another request for the same goods is
under way, requests gather and are answered together, at most 64 in one transaction, first come, first served: on a hot
item one lock and two statements then serve all of them. Availability elsewhere is advice; this is the truth.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from foundation.errors import Refused

MOST_TOGETHER = 64
LONGEST_WAIT = "3s"
"""For a stock level somebody else has locked: without an end, a caller who locked it itself would wait for ever."""

_LOCK = """
    SELECT variant_id, on_hand + backorder - reserved AS free FROM stock_level
    WHERE variant_id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_KNOWN = "SELECT key FROM hold WHERE key = ANY($1::text[]) AND state NOT IN ('expired', 'released')"
_RESERVE = """
    UPDATE stock_level SET reserved = reserved + pieces
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (variant, pieces)
    WHERE variant_id = variant AND reserved + pieces <= on_hand + backorder
"""
# A hold that ran out may be asked for again under its old key.
_KEEP = """
    INSERT INTO hold (key, lines, until, state, created_at)
    SELECT key, lines::jsonb, until, 'held', $4
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS new (key, lines, until)
    ON CONFLICT (key) DO UPDATE
    SET lines = excluded.lines, until = excluded.until, state = 'held', order_id = NULL,
        created_at = excluded.created_at
    WHERE hold.state IN ('expired', 'released')
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One promise asked for."""

    key: str
    lines: Mapping[int, int]
    until: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Short:
    """That there is not enough: of which variant, and how many are left."""

    variant_id: int
    left: int


class Holds:
    """Makes holds. Open it with `Holds.open(url)`; one for each process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._busy: Counter[int] = Counter()
        self._alone: dict[asyncio.Future[None], Request] = {}
        self._waiting: list[tuple[Request, asyncio.Future[Short | None]]] = []
        self._gatherer: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, connections: int = 3) -> AsyncIterator["Holds"]:
        """Holds with a pool of their own; `url` as for SQLAlchemy or as for libpq."""
        dsn = url.replace("postgresql+asyncpg://", "postgresql://")
        async with asyncpg.create_pool(
            dsn, min_size=1, max_size=connections, server_settings={"lock_timeout": LONGEST_WAIT}
        ) as pool:
            yield cls(pool)

    async def hold(self, key: str, lines: Mapping[int, int], *, until: datetime, now: datetime) -> None:
        """Promise {variant id: pieces}, all or nothing, until then. The same key again is the same promise.

        Raises Refused("stock.short", variant=..., left=...) for the first line there is not enough of, and
        Refused("stock.busy") when somebody keeps the goods locked for seconds: ask again later.
        """
        if not lines or min(lines.values()) < 1:
            raise ValueError("a hold needs lines of at least one piece")
        request = Request(key, lines, until, now)
        if self._is_contended(lines):
            answer = await self._gathered(request)
        else:
            answer = await self._by_itself(request)
        if answer is not None:
            raise Refused("stock.short", variant=answer.variant_id, left=answer.left)

    def _is_contended(self, lines: Mapping[int, int]) -> bool:
        return any(self._busy[variant] for variant in lines)

    async def _by_itself(self, request: Request) -> Short | None:
        done = asyncio.get_running_loop().create_future()
        self._alone[done] = request
        self._busy.update(request.lines.keys())
        try:
            (answer,) = await self._commit([request])
        finally:
            self._busy.subtract(request.lines.keys())
            del self._alone[done]
            done.set_result(None)
        return answer

    async def _gathered(self, request: Request) -> Short | None:
        answer: asyncio.Future[Short | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        self._busy.update(request.lines.keys())
        if self._gatherer is None or self._gatherer.done():
            self._gatherer = asyncio.create_task(self._work_off())
        # A caller who is cancelled leaves; the promise is made all the same and expires by itself.
        return await asyncio.shield(answer)

    async def _work_off(self) -> None:
        while self._waiting:
            while ahead := self._ahead():
                await asyncio.wait(ahead)
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                answers = await self._commit([request for request, _ in together])
            except Exception as error:  # whatever it was, each of the callers must hear of it
                for _, answer in together:
                    answer.set_exception(error)
            else:
                for (_, answer), result in zip(together, answers, strict=True):
                    answer.set_result(result)
            finally:
                for request, _ in together:
                    self._busy.subtract(request.lines.keys())

    def _ahead(self) -> list[asyncio.Future[None]]:
        """Requests under way by themselves that came before a waiting one for the same goods."""
        wanted = {variant for request, _ in self._waiting[:MOST_TOGETHER] for variant in request.lines}
        return [done for done, request in self._alone.items() if not wanted.isdisjoint(request.lines)]

    async def _commit(self, requests: Sequence[Request]) -> list[Short | None]:
        try:
            return await self._together(requests)
        except asyncpg.LockNotAvailableError as error:
            raise Refused("stock.busy") from error

    async def _together(self, requests: Sequence[Request]) -> list[Short | None]:
        async with self.pool.acquire() as connection, connection.transaction():
            variants = sorted({variant for request in requests for variant in request.lines})
            free = {row["variant_id"]: row["free"] for row in await connection.fetch(_LOCK, variants)}
            # A second statement, so that it sees what was committed while the lock was waited for.
            known = {row["key"] for row in await connection.fetch(_KNOWN, [request.key for request in requests])}
            answers, accepted = decide(requests, free=free, known=known)
            if accepted:
                await _write(connection, accepted)
        return answers


def decide(
    requests: Sequence[Request], *, free: Mapping[int, int], known: set[str]
) -> tuple[list[Short | None], list[Request]]:
    """Answer requests in their order and say which to write. One that does not fit does not stop a smaller one."""
    left = dict(free)
    promised = set(known)
    answers: list[Short | None] = []
    accepted: list[Request] = []
    for request in requests:
        if request.key in promised:
            answers.append(None)
            continue
        lacking = [variant for variant, pieces in request.lines.items() if left.get(variant, 0) < pieces]
        if lacking:
            answers.append(Short(lacking[0], max(left.get(lacking[0], 0), 0)))
            continue
        for variant, pieces in request.lines.items():
            left[variant] -= pieces
        promised.add(request.key)
        accepted.append(request)
        answers.append(None)
    return answers, accepted


async def _write(connection: asyncpg.Connection, accepted: Sequence[Request]) -> None:
    taken: Counter[int] = Counter()
    for request in accepted:
        taken.update(request.lines)
    reserved = await connection.execute(_RESERVE, list(taken.keys()), list(taken.values()))
    kept = await connection.execute(
        _KEEP,
        [request.key for request in accepted],
        [json.dumps(dict(request.lines)) for request in accepted],
        [request.until for request in accepted],
        accepted[0].now,
    )
    if (reserved, kept) != (f"UPDATE {len(taken)}", f"INSERT 0 {len(accepted)}"):
        raise RuntimeError("the guard refused what the lock had promised")
