"""How many join a group-buy a second without one group or quota over-full, beside pgbench on the same PostgreSQL.

`--joiners 10000 --groups 2000 --clients 64 --seed 7`, fsync on. "groups": everybody wants one seat in one of 2,000
groups of five, so some groups are asked for more than they have. "quota": everybody wants a place of one campaign that
has four for every five who ask. All want the same goods. `hold` is the decision alone: goods and place together or
neither. `order` is the whole join by the real use cases, of groups whose leaders have paid: the hold, the order, its
payment, which completes groups; with the quota, everybody also sits down in a group that is large enough. pgbench runs
`bench/groups.sql` and `bench/group_orders.sql`, the same as plain statements with as many clients; it goes before us
in the same run. Making the joiners ready is not measured. All of it takes some fifteen minutes: `--acts hold` a few,
`--joiners 300 --groups 60` less than one.

The last line is the result, for each kind and act: joiners answered a second, the median and 99th percentile of their
waiting in milliseconds, `ratio` ours by pgbench's; `over_full` counts allotments with more than they have, theirs and
ours, and what breaks the shop's own rules; `load` is that of the machine before. Ends with 1 if it is not 0.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from bench.group_orders import Groups
from bench.pgbench import insist_on_disk, pgbench
from bench.processes import cpu_seconds, postgres_pids
from bench.shoppers_ready import goods_for
from cli.scratch import Place, scratch_database, scratch_place
from commerce.checks import find_breaches
from commerce.group_buy.campaigns import MOST_MEMBERS
from commerce.inventory.allotments import make_allotment, places_of
from commerce.inventory.hold import Holds
from foundation.database import Database
from foundation.errors import Json, Refused

HOLD, ORDER = (Path(__file__).with_name(name) for name in ("groups.sql", "group_orders.sql"))
KEPT = timedelta(minutes=10)
SIZE = 5
"""Seats of a group."""
PIECES = 10**7
FULL = ("allotment.full", "allotment.closed", "group.full", "group.over")
"""How a joiner is told that there is no place: a group that is complete is closed as well."""
_PLAIN = f"""
    CREATE TABLE plain_goods (id bigint PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL,
        CHECK (reserved BETWEEN 0 AND on_hand));
    CREATE TABLE plain_places (id bigint PRIMARY KEY, capacity bigint NOT NULL, held bigint NOT NULL,
        used bigint NOT NULL, CHECK (held + used <= capacity));
    CREATE TABLE plain_promise (id bigserial PRIMARY KEY, joiner bigint, allotment_id bigint, until timestamptz,
        order_id bigint, paid boolean);
    CREATE TABLE plain_group (id bigint PRIMARY KEY, state text, version bigint);
    CREATE TABLE plain_order (id bigserial PRIMARY KEY, joiner bigint, status text, total bigint);
    CREATE TABLE plain_line (id bigserial PRIMARY KEY, order_id bigint, goods_id bigint, quantity bigint, unit bigint);
    CREATE TABLE plain_intent (id bigserial PRIMARY KEY, order_id bigint, amount bigint, state text);
    CREATE TABLE plain_payment (id bigserial PRIMARY KEY, order_id bigint, intent_id bigint, amount bigint);
    CREATE TABLE plain_member (order_id bigint PRIMARY KEY, group_id bigint, state text);
    INSERT INTO plain_goods VALUES (1, {PIECES}, 0);
"""
_EMPTY = """
    TRUNCATE plain_places, plain_promise, plain_group, plain_order, plain_line, plain_intent, plain_payment,
        plain_member
"""
_FRESH = """
    INSERT INTO plain_places SELECT n, $2, 0, 0 FROM generate_series(1, $1::int) AS n;
"""
_PLAIN_TAKEN = """
    SELECT count(*) FILTER (WHERE held + used > capacity) AS over_full,
           (SELECT count(*) FROM plain_promise) AS joined,
           (SELECT sum(held + used) FROM plain_places WHERE id <= $1) AS seated,
           (SELECT count(*) FROM plain_payment) AS paid
    FROM plain_places
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """So many groups with so many seats each, and perhaps a quota over all of them."""

    groups: int
    size: int
    quota: int = 0


@dataclass
class Run:
    """All joiners, kind by kind, first as holds and then as orders."""

    place: Place
    database: Database
    holds: Holds
    variant: int
    joiners: int
    clients: int
    rng: random.Random
    over_full: int = 0
    broken: list[Json] = field(default_factory=list)

    async def hold(self, name: str, kind: Kind) -> dict[str, Json]:
        """Everybody asks for goods and place, and orders nothing."""
        async with self.database.begin() as session:
            ids = [(await make_allotment(session, capacity=kind.size)).id for _ in range(kind.groups)]
        asked = iter([self.rng.choice(ids) for _ in range(self.joiners)])
        numbers = itertools.count(1)

        async def act() -> None:
            now = datetime.now(UTC)
            key, until, seat = f"{name}:{next(numbers)}", now + KEPT, next(asked)
            await self.holds.hold(key, {self.variant: 1}, until=until, now=now, allotments={seat: 1})

        return await self._beside(name, HOLD, kind, ids, act)

    async def order(self, name: str, kind: Kind) -> dict[str, Json]:
        """Everybody holds, orders and pays."""
        quota = kind.quota + kind.groups if kind.quota else None  # the leaders have taken theirs
        groups = await Groups.of(self.database, self.holds, self.variant, size=kind.size, quota=quota)
        begun = await groups.begin(kind.groups)
        shoppers = iter(await groups.ready([self.rng.choice(begun) for _ in range(self.joiners)]))

        async def act() -> None:
            await groups.join(next(shoppers))

        left = Kind(kind.groups, kind.size - 1, kind.quota)
        return await self._beside(name, ORDER, left, await groups.seats(), act)

    async def _beside(
        self, name: str, script: Path, kind: Kind, seats: Sequence[int], act: Callable[[], Awaitable[None]]
    ) -> dict[str, Json]:
        """pgbench, then ours; the books of both are checked."""
        plain = await self._plain(script, kind)
        before, taken = self._database_cpu(), await self._taken(seats)
        run = await _everybody(act, self.joiners, self.clients)
        run["database_cpu_ms_per_join"] = round((self._database_cpu() - before) * 1000 / self.joiners, 3)
        run["ratio"] = round(run["a_second"] / plain["a_second"], 2)
        if await self._taken(seats) - taken != run["joined"]:
            self.broken.append({"after": name, "rule": "who joined has a place, and nobody else"})
        async with self.database.session() as session:
            self.broken += [{"after": name, "breach": str(breach)} for breach in await find_breaches(session)]
        return {"pgbench": plain, **run}

    async def _taken(self, seats: Sequence[int]) -> int:
        """Places that are held or used; those that are over-full are counted."""
        async with self.database.begin() as session:
            found = (await places_of(session, seats)).values()
        self.over_full += sum(places.left < 0 for places in found)
        return sum(places.held + places.used for places in found)

    async def _plain(self, script: Path, kind: Kind) -> dict[str, Json]:
        quota = kind.groups + 1 if kind.quota else 0
        async with self.database.raw() as driver:
            await driver.execute(_EMPTY)
            await driver.execute(_FRESH, kind.groups, kind.size)
            await driver.execute("INSERT INTO plain_group SELECT id, 'open', 1 FROM plain_places")
            if quota:
                await driver.execute("INSERT INTO plain_places VALUES ($1, $2, 0, 0)", quota, kind.quota)
        each, of = -(-self.joiners // self.clients), {"allotments": kind.groups, "quota": quota}
        plain = await asyncio.to_thread(pgbench, self.database.url, script, self.clients, each=each, timed=True, **of)
        async with self.database.raw() as driver:
            taken = await driver.fetchrow(_PLAIN_TAKEN, kind.groups)
        if taken["joined"] != taken["seated"] or (script == ORDER and taken["paid"] != taken["joined"]):
            raise RuntimeError("pgbench's own books do not add up")
        self.over_full += taken["over_full"]
        return {**_numbers(plain.took, plain.seconds), "joined": taken["joined"]}

    def _database_cpu(self) -> float:
        return cpu_seconds(postgres_pids(self.place.data_dir))


async def bench(
    place: Place, *, joiners: int, groups: int, clients: int, seed: int, acts: Sequence[str]
) -> dict[str, Json]:
    """One run; its result. `acts`: "hold", "order" or both."""
    load = os.getloadavg()[0]
    enough = joiners * 4 // 5
    async with scratch_database(place, pool_size=20) as database, Holds.open(database.url) as holds:
        await insist_on_disk(database)
        async with database.raw() as driver:
            await driver.execute(_PLAIN)
        (variant,) = await goods_for(database, count=1, pieces=PIECES)
        run = Run(place, database, holds, variant, joiners, clients, random.Random(seed))
        seats = Kind(groups, SIZE)
        large = Kind(-(-joiners * 2 // MOST_MEMBERS), MOST_MEMBERS, enough)
        result: dict[str, dict[str, Json]] = {"groups": {}, "quota": {}}
        if "hold" in acts:
            result["groups"]["hold"] = await run.hold("groups", seats)
            result["quota"]["hold"] = await run.hold("quota", Kind(1, enough))
        if "order" in acts:
            result["groups"]["order"] = await run.order("groups", seats)
            result["quota"]["order"] = await run.order("quota", large)
    over_full = run.over_full + len(run.broken)
    return {"joiners": joiners, "load": round(load, 1), **result, "broken": run.broken[:10], "over_full": over_full}


async def _everybody(act: Callable[[], Awaitable[None]], joiners: int, clients: int) -> dict[str, Json]:
    """All of them join, each client the next one as soon as it has its answer."""
    waiting = iter(range(joiners))
    took: list[float] = []
    joined = 0

    async def client() -> None:
        nonlocal joined
        for _ in waiting:
            begun = time.perf_counter()
            try:
                await act()
                joined += 1
            except Refused as refused:
                if refused.code not in FULL:
                    raise
            took.append((time.perf_counter() - begun) * 1000)

    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {**_numbers(took, seconds), "joined": joined, "cpu_ms_per_join": round(cpu * 1000 / joiners, 3)}


def _numbers(took: Sequence[float], seconds: float) -> dict[str, Json]:
    ranked = sorted(took)
    at = {"p50_ms": 50, "p99_ms": 99}
    return {"a_second": round(len(ranked) / seconds, 1)} | {
        name: round(ranked[(len(ranked) - 1) * percent // 100], 2) for name, percent in at.items()
    }


def main() -> None:
    """Run it and print the result as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--joiners", type=int, default=10_000)
    asked.add_argument("--groups", type=int, default=2_000)
    asked.add_argument("--clients", type=int, default=64)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--acts", nargs="+", choices=["hold", "order"], default=["hold", "order"])
    options = asked.parse_args()
    with scratch_place(durable=True) as place:
        result = uvloop.run(bench(place, **vars(options)))
    print(json.dumps(result))
    sys.exit(1 if result["over_full"] else 0)


if __name__ == "__main__":
    main()
