"""How many join a group-buy a second without one group or quota over-full, beside pgbench on the same PostgreSQL.

`--joiners 10000 --groups 2000 --clients 64 --seed 7`, fsync on. "groups": everybody wants one seat in one of 2,000
groups of five, so some groups are asked for more than they have. "quota": everybody wants a place of one campaign that
has four for every five who ask. All want the same goods. A join is `hold`: goods and place together or neither. pgbench
runs `bench/groups.sql`, the same as plain statements with as many clients; it goes before us in the same run.

The last line is the result: joiners answered a second, the median and 99th percentile of their waiting in
milliseconds, `ratio` ours by pgbench's; `over_full` counts allotments with more than they have, theirs and ours, and
what breaks the shop's own rules. Ends with 1 if it is not 0.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from bench.pgbench import broken_stock, insist_on_disk, pgbench
from bench.processes import cpu_seconds, postgres_pids
from bench.shoppers_ready import goods_for
from cli.scratch import Place, scratch_database, scratch_place
from commerce.inventory.allotments import make_allotment, places_of
from commerce.inventory.hold import Holds
from foundation.database import Database
from foundation.errors import Json, Refused

SCRIPT = Path(__file__).with_name("groups.sql")
SIZE = 5
"""Seats of a group."""
PIECES = 10**7
_PLAIN = f"""
    CREATE TABLE plain_goods (id bigint PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL,
        CHECK (reserved BETWEEN 0 AND on_hand));
    CREATE TABLE plain_places (id bigint PRIMARY KEY, capacity bigint NOT NULL, held bigint NOT NULL,
        used bigint NOT NULL, CHECK (held + used <= capacity));
    CREATE TABLE plain_promise (id bigserial PRIMARY KEY, joiner bigint, allotment_id bigint, until timestamptz);
    INSERT INTO plain_goods VALUES (1, {PIECES}, 0);
"""
_FRESH = "INSERT INTO plain_places SELECT n, $2, 0, 0 FROM generate_series(1, $1::int) AS n"
_PLAIN_TAKEN = """
    SELECT sum(held) AS joined, count(*) FILTER (WHERE held + used > capacity) AS over_full,
           (SELECT count(*) FROM plain_promise) AS promised FROM plain_places
"""


async def bench(place: Place, *, joiners: int, groups: int, clients: int, seed: int) -> dict[str, Json]:
    """One run; its result."""
    kinds = {"groups": (groups, SIZE), "quota": (1, joiners * 4 // 5)}
    result: dict[str, Json] = {"over_full": 0, "broken": []}
    async with scratch_database(place, pool_size=20) as database, Holds.open(database.url) as holds:
        await insist_on_disk(database)
        async with database.raw() as driver:
            await driver.execute(_PLAIN)
        (variant,) = await goods_for(database, count=1, pieces=PIECES)
        for kind, (count, capacity) in kinds.items():
            async with database.begin() as session:
                ids = [(await make_allotment(session, capacity=capacity)).id for _ in range(count)]
            run: dict[str, Json] = {
                "pgbench": await _plain(database, count, capacity, joiners=joiners, clients=clients)
            }
            rng = random.Random(seed)
            asked = [rng.choice(ids) for _ in range(joiners)]
            before = cpu_seconds(postgres_pids(place.data_dir))
            run |= await _join(holds, variant, asked, clients=clients, prefix=kind)
            database_cpu = cpu_seconds(postgres_pids(place.data_dir)) - before
            run["database_cpu_ms_per_join"] = round(database_cpu * 1000 / joiners, 3)
            run["ratio"] = round(run["a_second"] / run["pgbench"]["a_second"], 2)
            async with database.begin() as session:
                taken = (await places_of(session, ids)).values()
            if sum(places.held for places in taken) != run["joined"]:
                result["broken"].append({"after": kind, "rule": "who joined has a place"})
            result["over_full"] += run["pgbench"].pop("over_full") + sum(places.left < 0 for places in taken)
            result["broken"] += await broken_stock(database, kind)
            result[kind] = run
    result["over_full"] += len(result["broken"])
    return result


async def _plain(database: Database, count: int, capacity: int, *, joiners: int, clients: int) -> dict[str, Json]:
    async with database.raw() as driver:
        await driver.execute("TRUNCATE plain_places, plain_promise")
        await driver.execute(_FRESH, count, capacity)
    each = -(-joiners // clients)
    plain = await asyncio.to_thread(pgbench, database.url, SCRIPT, clients, each=each, timed=True, allotments=count)
    async with database.raw() as driver:
        taken = await driver.fetchrow(_PLAIN_TAKEN)
    if taken["joined"] != taken["promised"]:
        raise RuntimeError("pgbench's own books do not add up")
    return {**_numbers(plain.took, plain.seconds), "joined": int(taken["joined"]), "over_full": taken["over_full"]}


async def _join(holds: Holds, variant: int, asked: Sequence[int], *, clients: int, prefix: str) -> dict[str, Json]:
    """Everybody joins, each client the next one as soon as it has its answer."""
    waiting = iter(enumerate(asked))
    took: list[float] = []
    joined = 0

    async def client() -> None:
        nonlocal joined
        for number, allotment in waiting:
            now, begun = datetime.now(UTC), time.perf_counter()
            try:
                await holds.hold(
                    f"{prefix}:{number}",
                    {variant: 1},
                    until=now + timedelta(minutes=10),
                    now=now,
                    allotments={allotment: 1},
                )
                joined += 1
            except Refused as refused:
                if refused.code != "allotment.full":
                    raise
            took.append((time.perf_counter() - begun) * 1000)

    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {**_numbers(took, seconds), "joined": joined, "cpu_ms_per_join": round(cpu * 1000 / len(asked), 3)}


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
    options = asked.parse_args()
    with scratch_place(durable=True) as place:
        result = uvloop.run(
            bench(place, joiners=options.joiners, groups=options.groups, clients=options.clients, seed=options.seed)
        )
    print(json.dumps(result))
    sys.exit(1 if result["over_full"] else 0)


if __name__ == "__main__":
    main()
