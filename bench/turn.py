"""What a turn costs: shoppers on keep-alive connections, their streams open, against one `xiaoer web` process.

`--turns 3000 --shoppers 40 --rate 30 --seed 7`. The mix: 30% searches, 30% steps towards an order, 10% orders, 30%
greetings, help and order status; half in Chinese. One half of the turns is a closed loop (everybody talks as fast as
answers come), the other is paced at `rate` a second; times are from the POST to the answer seen in the stream. The last
line is the result. CPU is that of the web process and of all PostgreSQL processes, from /proc, over both halves;
understanding is counted inside the web process, `database_ms_per_turn` is PostgreSQL's part and `rest_ms_per_turn` the
web process without understanding. `echo`: the same for a bare FastAPI app with one INSERT, in the same run.
`--channel telegram`: shoppers in Telegram instead, against one bot process (bench/turn_telegram.py).
"""

import argparse
import asyncio
import itertools
import json
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx
import uvloop
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench import turn_telegram
from bench.errands import Errands
from bench.processes import Process, cpu_seconds, free_ports, postgres_pids, scene, scratch_servers_with_goods
from bench.shoppers import Shopper
from cli.scratch import Place
from foundation.errors import Json

ECHOES = 1000
ECHO_CONNECTIONS = 20
Step = Callable[[], Awaitable[None]]


async def bench(place: Place, *, turns: int, shoppers: int, rate: float, seed: int) -> dict[str, Json]:
    """One run; its result."""
    ports = free_ports(2)
    async with scene(place) as here:
        web = here.process("cli.main", "web", port=ports[0])
        bare = here.process("bench.echo", port=ports[1])
        try:
            web.start()
            await web.until_ready()
            with _progress() as progress:
                result = await _turns(place, web, progress, turns=turns, shoppers=shoppers, rate=rate, seed=seed)
            web.kill()
            bare.start()
            await bare.until_ready()
            result["echo"] = await _echoes(place, bare, rate=rate)
        finally:
            web.kill()
            bare.kill()
    result["ratio"] = round(result["cpu_ms_per_turn"] / result["echo"]["cpu_ms"], 1)
    return result


async def _turns(
    place: Place, web: Process, progress: Progress, *, turns: int, shoppers: int, rate: float, seed: int
) -> dict[str, Json]:
    everybody = [await _known_shopper(web, number, seed) for number in range(shoppers)]
    mixes = [errands.mixed_turns() for errands in everybody]
    for errands in everybody:
        errands.shopper.took.clear()
    before, client_before = await _used(place, web), time.process_time()
    begun = time.perf_counter()
    await _closed_loop(
        mixes, turns=turns // 2, progress=progress, bar=progress.add_task("closed loop", total=turns // 2)
    )
    closed_seconds = time.perf_counter() - begun
    for errands in everybody:
        errands.shopper.took.clear()
    paced = [_next(mix) for mix in mixes]
    bar = progress.add_task(f"{rate:g} a second", total=turns - turns // 2)
    await _paced(paced, turns=turns - turns // 2, rate=rate, progress=progress, bar=bar)
    after = await _used(place, web)
    client_ms = (time.process_time() - client_before) * 1000 / turns
    took = sorted(second for errands in everybody for second in errands.shopper.took)
    for errands in everybody:
        await errands.shopper.leave()
    cpu, database, understanding = ((new - old) * 1000 / turns for old, new in zip(before, after, strict=True))
    return {
        "turns": turns,
        "turns_per_s": round(turns // 2 / closed_seconds, 1),
        "p50_ms": _percentile(took, 0.5),
        "p99_ms": _percentile(took, 0.99),
        "cpu_ms_per_turn": round(cpu, 2),
        "db_cpu_ms_per_turn": round(database, 2),
        "understanding_ms_per_turn": round(understanding, 2),
        "database_ms_per_turn": round(database, 2),
        "rest_ms_per_turn": round(cpu - understanding, 2),
        "client_cpu_ms_per_turn": round(client_ms, 2),
    }


async def _known_shopper(web: Process, number: int, seed: int) -> Errands:
    """A shopper who has ordered once, so that address and way to pay are known."""
    rng = random.Random(f"{seed} {number}")
    shopper = Shopper([web.address], f"shopper-{number:03}", ("zh", "en")[number % 2], "cod", rng)
    errands = Errands(shopper)
    await shopper.come()
    await errands.fill_cart()
    await errands.check_out()
    return errands


async def _closed_loop(mixes: Sequence[AsyncIterator[None]], *, turns: int, progress: Progress, bar: TaskID) -> None:
    """Everybody at once, the next message as soon as the last is answered."""
    numbers = iter(range(turns))

    async def talk(mix: AsyncIterator[None]) -> None:
        for _ in numbers:
            await anext(mix)
            progress.advance(bar)

    await asyncio.gather(*(talk(mix) for mix in mixes))


async def _paced(steps: Sequence[Step], *, turns: int, rate: float, progress: Progress, bar: TaskID) -> None:
    """`rate` messages a second, each by somebody who waits for no answer."""
    free: asyncio.Queue[Step] = asyncio.Queue()
    for step in steps:
        free.put_nowait(step)

    async def take(step: Step) -> None:
        await step()
        free.put_nowait(step)
        progress.advance(bar)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(turns):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            group.create_task(take(await free.get()))


async def _echoes(place: Place, bare: Process, *, rate: float) -> dict[str, Json]:
    """The same measures for the bare app: CPU over a closed loop, times at the same pace."""
    took: list[float] = []
    texts = (f"message {number}" for number in itertools.count())
    limits = httpx.Limits(max_connections=ECHO_CONNECTIONS)
    async with httpx.AsyncClient(base_url=bare.address, limits=limits) as client:

        async def say() -> None:
            begun = time.perf_counter()
            (await client.post("/echo", json={"text": next(texts)})).raise_for_status()
            took.append(time.perf_counter() - begun)

        await asyncio.gather(*(say() for _ in range(ECHO_CONNECTIONS)))
        before = cpu_seconds([bare.pid]), cpu_seconds(postgres_pids(place.data_dir))
        for _ in range(ECHOES // ECHO_CONNECTIONS):
            await asyncio.gather(*(say() for _ in range(ECHO_CONNECTIONS)))
        cpu = (cpu_seconds([bare.pid]) - before[0]) * 1000 / ECHOES
        database = (cpu_seconds(postgres_pids(place.data_dir)) - before[1]) * 1000 / ECHOES
        took.clear()
        with _progress() as progress:
            bar = progress.add_task("echo", total=ECHOES // 5)
            await _paced([say] * ECHO_CONNECTIONS, turns=ECHOES // 5, rate=rate, progress=progress, bar=bar)
    return {"cpu_ms": round(cpu, 2), "db_cpu_ms": round(database, 2), "p50_ms": _percentile(sorted(took), 0.5)}


async def _used(place: Place, web: Process) -> tuple[float, float, float]:
    """Seconds of CPU so far: the web process, PostgreSQL, understanding."""
    told = (await web.client.get(f"{web.address}/metrics")).text
    found = re.search(r"^xiaoer_understanding_cpu_seconds_sum (\S+)$", told, re.MULTILINE)
    assert found is not None
    return cpu_seconds([web.pid]), cpu_seconds(postgres_pids(place.data_dir)), float(found.group(1))


def _next(mix: AsyncIterator[None]) -> Step:
    async def step() -> None:
        await anext(mix)

    return step


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Milliseconds that this share of the times do not exceed."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def main() -> None:
    """Run the bench and print its result."""
    parser = argparse.ArgumentParser(prog="bench turn", description=__doc__)
    parser.add_argument("--turns", type=int, default=3000)
    parser.add_argument("--shoppers", type=int, default=40)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--channel", choices=["web", "telegram"], default="web")
    options = parser.parse_args()
    with scratch_servers_with_goods() as place:
        if options.channel == "telegram":
            run = turn_telegram.bench(place, turns=options.turns, shoppers=options.shoppers)
        else:
            run = bench(place, turns=options.turns, shoppers=options.shoppers, rate=options.rate, seed=options.seed)
        print(json.dumps(uvloop.run(run)))


if __name__ == "__main__":
    main()
