"""Random interleavings of hear, turn, delivery, agents, facts, release and close on real connections.

`--runs 10000 --seed 7`. The last line is the result: runs in which an answer left after a take-over (`leaked`),
something was not dealt with or not delivered (`lost`), something was said or dealt with twice (`doubled`), or came in
another order than it was said (`disordered`). The twin, where a take-over suppresses nothing and a claim checks none,
plays the first tenth of the same runs and must leak (`twin_leaked`).
"""

import argparse
import asyncio
import json
import resource
import time
from dataclasses import asdict, dataclass, field

import uvloop

from bench.conversation_run import Road, Run, UnguardedRoad
from bench.harness import scratch_database, scratch_servers
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault
from foundation.errors import Json

LANES = 8
CONNECTIONS = 24


@dataclass(slots=True)
class Tally:
    """How many runs went wrong in which way, the first few reasons, and what the runs were made of."""

    runs: int = 0
    leaked: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    taken_over: int = 0
    answers: int = 0
    suppressed: int = 0
    facts: int = 0
    persons: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """Count a run that has ended."""
        self.runs += 1
        for name, reasons in run.wrong.items():
            if reasons:
                setattr(self, name, getattr(self, name) + 1)
                self.problems = (self.problems + [f"run {run.number}: {name}: {reason}" for reason in reasons])[:20]
        self.taken_over += len(run.taken)
        self.answers += len(run.handled)
        self.suppressed += run.suppressed
        self.facts += run.facts
        self.persons += run.persons


async def interleave(database: Database, road: Road, *, runs: int, seed: int) -> Tally:
    """Play `runs` runs, several at a time."""
    tally = Tally()
    numbers = iter(range(runs))

    async def lane() -> None:
        for number in numbers:
            run = Run(database, road, number=number, seed=seed)
            await run.play()
            tally.add(run)
            if tally.runs % 1000 == 0:
                print(f"{tally.runs} of {runs} runs", flush=True)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return tally


async def _bench(servers: Servers, *, runs: int, seed: int) -> dict[str, Json]:
    begun = time.monotonic()
    async with scratch_database(servers, Vault.fresh(), pool_size=CONNECTIONS) as database:
        shop = await interleave(database, Road(), runs=runs, seed=seed)
    print(json.dumps(asdict(shop), ensure_ascii=False))
    async with scratch_database(servers, Vault.fresh(), pool_size=CONNECTIONS) as database:
        twin = await interleave(database, UnguardedRoad(), runs=max(1, runs // 10), seed=seed)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "runs": shop.runs,
        "leaked": shop.leaked,
        "lost": shop.lost,
        "doubled": shop.doubled,
        "disordered": shop.disordered,
        "twin_runs": twin.runs,
        "twin_leaked": twin.leaked,
        "seed": seed,
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
    }


def main() -> None:
    """Read the options, play, print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with scratch_servers() as servers:
        print(json.dumps(uvloop.run(_bench(servers, runs=options.runs, seed=options.seed))))


if __name__ == "__main__":
    main()
