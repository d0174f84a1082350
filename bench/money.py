"""Random carts priced by the shop and by a plain reference with Fractions: they must agree to the minor unit.

Every price must also have the properties of a price (bench/money_carts.py), and be the same with the cart in another
order. The last line is the result: carts, how many disagreed, how many broke a property, microseconds a price, and the
ratio to the reference in the same run.

    python -m bench.money --carts 1000000
"""

import argparse
import json
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.money_carts import NumberFrom, broken_properties, random_cart, shuffled
from bench.money_reference import reference, summary
from commerce.pricing.engine import price
from foundation.errors import Json

PIECE = 5_000
SHOWN = 5
"""Seeds of carts that went wrong, to look at."""


def numbers_from(seed: int) -> NumberFrom:
    """A quick source of whole numbers, the same for the same seed."""
    fraction = random.Random(seed).random
    return lambda low, high: low + int(fraction() * (high - low + 1))


def run_piece(seed: int, carts: int) -> dict[str, Json]:
    """Price so many carts one after the other; what came of it."""
    clock, ours, plain = time.perf_counter, 0.0, 0.0
    disagreed: list[int] = []
    broken: dict[str, int] = {}
    for place in range(carts):
        number = numbers_from(seed + place)
        inputs = random_cart(number)
        begun = clock()
        priced = price(inputs)
        ours += clock() - begun
        begun = clock()
        expected = reference(inputs)
        plain += clock() - begun
        said = summary(priced)
        if said != expected:
            disagreed.append(seed + place)
        names = broken_properties(inputs, priced)
        if summary(price(shuffled(inputs, number))) != said:
            names.append("the order of the cart changes nothing")
        for name in names:
            broken[name] = broken.get(name, 0) + 1
    return {"carts": carts, "ours": ours, "plain": plain, "disagreed": disagreed, "broken": broken}


def bench(*, carts: int, seed: int, processes: int) -> dict[str, Json]:
    """One run; its result."""
    result: dict[str, Json] = {"carts": 0, "disagreements": 0, "broken": {}}
    ours = plain = 0.0
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    begun = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool, Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("carts", total=carts)
        pieces = [pool.submit(run_piece, seed + first, min(PIECE, carts - first)) for first in range(0, carts, PIECE)]
        for piece in as_completed(pieces):
            part = piece.result()
            ours, plain = ours + part["ours"], plain + part["plain"]
            result["carts"] += part["carts"]
            result["disagreements"] += len(part["disagreed"])
            result.setdefault("seeds", []).extend(part["disagreed"][: SHOWN - len(result.get("seeds", []))])
            for name, count in part["broken"].items():
                result["broken"][name] = result["broken"].get(name, 0) + count
            progress.advance(bar, part["carts"])
    result["ours_us"] = round(ours / carts * 1e6, 1)
    result["plain_us"] = round(plain / carts * 1e6, 1)
    result["ratio"] = round(plain / ours, 2)
    result["seconds"] = round(time.perf_counter() - begun, 1)
    return result


def main() -> None:
    """Run the bench and print its result; exit 1 where a cart went wrong."""
    parser = argparse.ArgumentParser(prog="bench money", description=__doc__)
    parser.add_argument("--carts", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="for scripts; the result is JSON in any case")
    options = parser.parse_args()
    if options.carts < 1 or options.processes < 1:
        parser.error("at least one cart and one process")
    result = bench(carts=options.carts, seed=options.seed, processes=options.processes)
    print(json.dumps(result))
    raise SystemExit(1 if result["disagreements"] or result["broken"] else 0)


if __name__ == "__main__":
    main()
