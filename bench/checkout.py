"""How many orders a second the shop takes, beside pgbench on the same PostgreSQL in the same run, fsync on.

`--seconds 2 --rounds 2 --orders 192 --seed 7`. pgbench runs `bench/checkout.sql`, an order as six statements with the
stock first; we run `hold`, and the whole order (`hold`, then `place_order` in its transaction) by the real use cases.
1, 8 and 64 clients, everybody for one hot item and spread over 1,000. The rounds take turns, so that what else the
machine does falls on all of them. The last line is the result: `hot_ratio` and `many_ratio` are holds a second by
pgbench's orders a second at 64 clients, `order_ratio` whole orders by pgbench's orders (1,000 items, 64 clients),
`cpu_ms_per_order` the CPU of our process for one of them and `database_cpu_ms_per_order` that of PostgreSQL beside it.
After every run the books are checked: nothing oversold, and reserved is what was promised. Ends with 1 if they are not.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from rich.console import Console
from sqlalchemy import text

from bench.pgbench import broken_stock, insist_on_disk, pgbench
from bench.processes import cpu_seconds, postgres_pids
from bench.shoppers_ready import Ready, goods_for, ready_shoppers, say_yes
from cli.scratch import Place, scratch_database, scratch_place
from commerce.inventory.hold import Holds
from commerce.orders.model import PaymentMethod
from foundation.database import Database
from foundation.errors import Json

SCRIPT = Path(__file__).with_name("checkout.sql")
CLIENTS = (1, 8, 64)
MOST = max(CLIENTS)
KINDS = {"hot": 1, "many": 1000}
"""How many items everybody chooses from."""
PIECES = 10**7
_PLAIN = f"""
CREATE TABLE plain_stock (id bigint PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL,
    CHECK (reserved BETWEEN 0 AND on_hand));
CREATE TABLE plain_order (id bigserial PRIMARY KEY, customer_id bigint, status text, total bigint,
    created_at timestamptz);
CREATE TABLE plain_line (id bigserial PRIMARY KEY, order_id bigint, item_id bigint, quantity bigint, unit bigint);
CREATE TABLE plain_payment (id bigserial PRIMARY KEY, customer_id bigint, amount bigint, state text,
    created_at timestamptz);
INSERT INTO plain_stock SELECT item, {PIECES}, 0 FROM generate_series(1, 1000) AS item;
"""
Act = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class Tally:
    """What one kind of run came to, over its rounds."""

    done: int = 0
    seconds: float = 0.0
    rates: list[float] = field(default_factory=list)

    def add(self, done: int, seconds: float) -> None:
        """One more round."""
        self.done += done
        self.seconds += seconds
        self.rates.append(done / seconds)

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.done / self.seconds if self.seconds else 0.0


class Bench:
    """One database with its goods, and what was measured on it."""

    def __init__(self, place: Place, database: Database, holds: Holds, variants: Sequence[int], seed: int) -> None:
        self.place, self.database, self.holds, self.variants = place, database, holds, variants
        self.random = random.Random(seed)
        self.numbers = iter(range(10**9))
        self.console = Console(stderr=True)
        self.tallies: dict[tuple[str, str, int], Tally] = {}
        self.client_cpu = self.database_cpu = 0.0
        self.broken: list[Json] = []

    def tally(self, what: str, kind: str, clients: int) -> Tally:
        """Where the rounds of one kind of run are added up."""
        return self.tallies.setdefault((what, kind, clients), Tally())

    async def pgbench(self, kind: str, clients: int, seconds: float) -> None:
        """The six statements."""
        plain = await asyncio.to_thread(pgbench, self.database.url, SCRIPT, clients, seconds=seconds, items=KINDS[kind])
        self.tally("pgbench", kind, clients).add(plain.done, plain.seconds)

    async def hold(self, kind: str, clients: int, seconds: float) -> None:
        """`hold`, each client the next one as soon as it has its answer."""
        items = self.variants[: KINDS[kind]]

        async def one(number: int) -> None:
            now = datetime.now(UTC)
            await self.holds.hold(
                f"bench:{number}", {self.random.choice(items): 1}, until=now + timedelta(minutes=15), now=now
            )

        await self._until(one, clients, time.perf_counter() + seconds, self.tally("hold", kind, clients))

    async def order(self, kind: str, clients: int, shoppers: Sequence[Ready]) -> None:
        """The whole order of shoppers who have everything ready but the yes."""
        waiting = iter(shoppers)

        async def client() -> None:
            for shopper in waiting:
                await _buy(self.database, self.holds, shopper)

        before, ours, begun = self._database_seconds(), time.process_time(), time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        self.tally("order", kind, clients).add(len(shoppers), time.perf_counter() - begun)
        if (kind, clients) == ("many", MOST):
            self.client_cpu += time.process_time() - ours
            self.database_cpu += self._database_seconds() - before

    async def check(self, when: str) -> None:
        """Nothing oversold, by the rules of the shop's own self-check."""
        self.broken += await broken_stock(self.database, when)
        async with self.database.begin() as session:
            oversold = await session.scalar(text("SELECT count(*) FROM plain_stock WHERE reserved > on_hand"))
            if oversold:
                self.broken.append({"after": when, "rule": "pgbench oversold", "row": oversold})

    async def _until(self, act: Act, clients: int, end: float, tally: Tally) -> None:
        done = 0

        async def client() -> None:
            nonlocal done
            while time.perf_counter() < end:
                await act(next(self.numbers))
                done += 1

        begun = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        tally.add(done, time.perf_counter() - begun)

    def _database_seconds(self) -> float:
        return cpu_seconds(postgres_pids(self.place.data_dir))

    def result(self) -> dict[str, Json]:
        """Rates a second and their ratios to pgbench."""
        rates: dict[str, Json] = {}
        ratios: dict[str, Json] = {}
        for (what, kind, clients), tally in self.tallies.items():
            rates.setdefault(kind, {}).setdefault(str(clients), {})[what] = round(tally.rate, 1)
            if what != "pgbench":
                ratios.setdefault(kind, {}).setdefault(str(clients), {})[what] = self._ratio(what, kind, clients)
        orders = self.tally("order", "many", MOST).done or 1
        return {
            "hot_ratio": self._ratio("hold", "hot", MOST),
            "many_ratio": self._ratio("hold", "many", MOST),
            "order_ratio": self._ratio("order", "many", MOST),
            "cpu_ms_per_order": round(self.client_cpu * 1000 / orders, 2),
            "database_cpu_ms_per_order": round(self.database_cpu * 1000 / orders, 2),
            "a_second": rates,
            "ratios": ratios,
            "oversold": len(self.broken),
            "broken": self.broken[:10],
        }

    def _ratio(self, what: str, kind: str, clients: int) -> float:
        plain = self.tally("pgbench", kind, clients).rate
        return round(self.tally(what, kind, clients).rate / plain, 2) if plain else 0.0


async def bench(place: Place, *, seconds: float, rounds: int, orders: int, seed: int) -> dict[str, Json]:
    """One run; its result."""
    async with scratch_database(place) as database, Holds.open(database.url) as holds:
        async with database.raw() as driver:
            await driver.execute(_PLAIN)
        await insist_on_disk(database)
        variants = await goods_for(database, count=max(KINDS.values()), pieces=PIECES)
        run = Bench(place, database, holds, variants, seed)
        for kind, items in KINDS.items():
            for clients in CLIENTS:
                share = max(1, orders * clients // MOST // rounds)
                shoppers = [
                    await ready_shoppers(database, variants[:items], count=share, rng=run.random) for _ in range(rounds)
                ]
                for ready in shoppers:
                    run.console.print(f"{kind}, {clients} clients", style="dim")
                    await run.pgbench(kind, clients, seconds)
                    await run.hold(kind, clients, seconds)
                    await run.order(kind, clients, ready)
                await run.check(f"{kind}, {clients} clients")
        return run.result()


async def _buy(database: Database, holds: Holds, shopper: Ready) -> None:
    await say_yes(database, holds, shopper, PaymentMethod.COD, now=datetime.now(UTC))


def main() -> None:
    """Run it and print the result as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=2, help="of each run of pgbench and of hold")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--orders", type=int, default=192, help="whole orders with 64 clients, fewer with fewer")
    asked.add_argument("--seed", type=int, default=7)
    options = asked.parse_args()
    with scratch_place(durable=True) as place:
        result = uvloop.run(
            bench(place, seconds=options.seconds, rounds=options.rounds, orders=options.orders, seed=options.seed)
        )
    print(json.dumps(result))
    sys.exit(1 if result["oversold"] else 0)


if __name__ == "__main__":
    main()
