"""kill -9 of web and worker at random moments, while shoppers buy in the web chat.

`--kills 50 --orders 100 --shoppers 20 --seed 7`. Two web processes and a worker serve one demo shop; each is killed
again and again and started anew at once, sometimes while it starts. The shoppers search, order, pay and cancel over
HTTP, go to the other door when one is dead, and send some messages at both doors at once. When as much was bought and
killed as was asked for, everybody finishes, the shop comes to rest, and its books are held against what the shoppers
did and saw. The last line is the result: messages, facts and orders `lost`; messages, orders, payments and refunds
`doubled`; stock that does not add up, `unsold`. All three must be 0.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvloop
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.crash_checks import Findings, check, newest_rev, under_way
from bench.errands import Errands
from bench.processes import Process, Scene, free_ports, log_lines, scene, scratch_servers_with_goods
from bench.shoppers import Shopper, Unanswered
from cli.scratch import Place
from foundation.errors import Json

REST_SECONDS = 150.0
"""The shop comes to rest within this: the longest way is a lost webhook, which the shop asks about after a minute."""
_LONGEST_LIFE = 6.0
"""Seconds a process works at most before it is killed again; a worker needs some of them to load its model."""


@dataclass
class Storm:
    """How far a run has come."""

    kills_wanted: int
    orders_wanted: int
    kills: int = 0
    everybody: list[Errands] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def orders(self) -> int:
        """Orders that were confirmed to a shopper."""
        return sum(len(errands.numbers) for errands in self.everybody)

    @property
    def is_over(self) -> bool:
        """Enough was bought and killed, or somebody waits in vain."""
        return bool(self.unanswered) or (self.kills >= self.kills_wanted and self.orders >= self.orders_wanted)


async def crash(place: Place, *, kills: int, orders: int, shoppers: int, seed: int) -> dict[str, Json]:
    """One run; its result, with the first few reasons where something went wrong."""
    begun = time.monotonic()
    storm = Storm(kills, orders)
    async with scene(place) as here:
        doors = free_ports(2)
        processes = [here.process("cli.main", "web", port=port, public_port=doors[0]) for port in doors]
        processes.append(here.process("cli.main", "worker", public_port=doors[0]))
        try:
            for process in processes:
                process.start()
            for process in processes:
                await process.until_ready()
            await _storm(storm, processes, [process.address for process in processes[:2]], shoppers=shoppers, seed=seed)
            findings = await _come_to_rest(storm, here, processes)
        finally:
            for process in processes:
                process.kill()
        errors = log_lines(here.logs, level="error")
    findings.lost += storm.unanswered
    return {
        "kills": storm.kills,
        "orders": storm.orders,
        "lost": len(findings.lost),
        "doubled": len(findings.doubled),
        "unsold": len(findings.unsold),
        "seed": seed,
        "seconds": round(time.monotonic() - begun, 1),
        "messages": sum(len(errands.shopper.sent) for errands in storm.everybody),
        "cancelled": sum(errands.cancelled for errands in storm.everybody),
        "errors_logged": len(errors),
        "reasons": [*findings.lost, *findings.doubled, *findings.unsold][:20],
    }


async def _storm(storm: Storm, processes: Sequence[Process], doors: list[str], *, shoppers: int, seed: int) -> None:
    """Let everybody shop and every process die, until it is enough; nobody is left in the middle of an errand."""
    for number in range(shoppers):
        language, method = ("zh", "en")[number % 2], ("cod", "simulator")[number // 2 % 2]
        rng = random.Random(f"{seed} {number}")
        shopper = Shopper(doors, f"shopper-{number:03}", language, method, rng, sends_twice=0.1)
        storm.everybody.append(Errands(shopper))
    shopping = [asyncio.create_task(_shop(storm, errands)) for errands in storm.everybody]
    killing = [
        asyncio.create_task(_kill(storm, process, random.Random(f"{seed} process {number}")))
        for number, process in enumerate(processes)
    ]
    with _progress() as progress:
        kills = progress.add_task("kills", total=storm.kills_wanted)
        orders = progress.add_task("orders", total=storm.orders_wanted)
        while any(not task.done() for task in shopping):
            progress.update(kills, completed=storm.kills)
            progress.update(orders, completed=storm.orders)
            await asyncio.sleep(0.5)
    await asyncio.gather(*shopping, *killing)


async def _shop(storm: Storm, errands: Errands) -> None:
    try:
        await errands.shopper.come()
        while not storm.is_over:
            await errands.buy()
    except Unanswered as error:
        storm.unanswered.append(str(error))


async def _kill(storm: Storm, process: Process, rng: random.Random) -> None:
    """Kill it again and again: mostly at work, at times while it starts. At the end it runs."""
    longest_life = _LONGEST_LIFE
    while not storm.is_over:
        if rng.random() < 0.8:
            begun = time.monotonic()
            await process.until_ready()
            longest_life = max(_LONGEST_LIFE, time.monotonic() - begun)  # where starting takes long, so does working
        await asyncio.sleep(rng.uniform(0, longest_life))
        if not storm.is_over:
            process.kill()
            process.start()
            storm.kills += 1


async def _come_to_rest(storm: Storm, here: Scene, processes: Sequence[Process]) -> Findings:
    """Wait until nothing is left to do and every page has read on, and check."""
    for process in processes:
        await process.until_ready()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            while await under_way(here.database):  # noqa: ASYNC110  other processes ring no bell here
                await asyncio.sleep(0.5)
            for errands in storm.everybody:
                if errands.shopper.sent:
                    newest = await newest_rev(here.database, next(iter(errands.shopper.sent)))
                    await errands.shopper.reads_on(to=newest)
    for errands in storm.everybody:
        await errands.shopper.leave()
    return await check(here.database, storm.everybody)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def main() -> None:
    """Run the bench and print its result."""
    parser = argparse.ArgumentParser(prog="bench crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--shoppers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with scratch_servers_with_goods() as place:
        result = uvloop.run(crash(place, **vars(options)))
    print(json.dumps(result, ensure_ascii=False))
    sys.exit(1 if result["lost"] or result["doubled"] or result["unsold"] else 0)


if __name__ == "__main__":
    main()
