"""What an import takes: the 19,406 products of Icecat, and a made-up table of 100,000 rows, each into an empty shop.

`--file PATH --source NAME` measures that file instead; `--rows 100000` sizes the made-up table (0: without it). Of each
import: seconds by step, of the transaction alone, and again with the same file, which changes nothing; the most memory
the process has held so far, in MB (it only grows: the smaller file comes first). A search runs every 50 ms meanwhile:
it sees the old shelf or the new one, and `search_max_ms` is the longest it took, in the process that is busy importing;
a shop that is open searches in others. The last line is the result.
"""

import argparse
import asyncio
import csv
import json
import random
import resource
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import SHARED, scratch_database, scratch_servers
from commerce.catalog.media import MediaFolder
from commerce.imports.actions import import_goods
from commerce.search.actions import Wanted, find
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault
from foundation.errors import Json

ICECAT = SHARED / "data/catalog/icecat/products.jsonl.gz"
_SEARCH_EVERY = 0.05
_ADJECTIVES = (
    "sturdy",
    "light",
    "warm",
    "quiet",
    "bright",
    "small",
    "folding",
    "round",
    "soft",
    "green",
    "red",
    "blue",
)
_THINGS = ("kettle", "lamp", "chair", "mug", "scarf", "backpack", "keyboard", "bottle", "blanket", "umbrella", "clock")
_PLACES = ("kitchen", "office", "garden", "bedroom", "travel", "school", "bathroom", "hallway")
_COLUMNS = (
    *("handle", "title", "title_zh", "description", "category", "sku", "price", "price_eur", "stock"),
    *("option1_name", "option1_value", "attribute1_name", "attribute1_value"),
)


class Stopwatch:
    """Seconds by step, told by the import's own progress."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._step, self._since = "", time.perf_counter()

    def __call__(self, step: str, _done: int = 0, _total: int = 0) -> None:
        now = time.perf_counter()
        self.seconds[self._step] += now - self._since
        self._step, self._since = step, now

    def rounded(self) -> dict[str, float]:
        """The steps, without the time before the first."""
        return {step: round(seconds, 2) for step, seconds in self.seconds.items() if step}


async def measure(database: Database, file: Path, source: str) -> dict[str, Json]:
    """Import a file twice, with searches meanwhile."""
    watch, stop = Stopwatch(), asyncio.Event()
    searching = asyncio.create_task(_search(database, stop))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        media, now = MediaFolder(Path(folder)), datetime.now(UTC)
        report = await import_goods(database, media, file, source=source, currency="USD", now=now, progress=watch)
        watch("")
        took = time.perf_counter() - began
        stop.set()
        longest, totals = await searching
        began = time.perf_counter()
        again = await import_goods(database, media, file, source=source, currency="USD", now=now)
    return {
        "products": report.products,
        "variants": report.variants,
        "refused": len(report.refused),
        "seconds": round(took, 1),
        "steps": watch.rounded(),
        "again_seconds": round(time.perf_counter() - began, 1),
        "again_changed": again.new + again.changed,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "search_max_ms": round(longest * 1000, 1),
        "shelves_seen": sorted(totals),
    }


async def _search(database: Database, stop: asyncio.Event) -> tuple[float, set[int]]:
    """Look for everything again and again; the longest wait and how many products there ever were."""
    longest, totals = 0.0, set()
    while not stop.is_set():
        began = time.perf_counter()
        async with database.session() as session:
            totals.add((await find(session, Wanted("", "en"))).total)
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(_SEARCH_EVERY)
    return longest, totals


def write_table(path: Path, rows: int, seed: int = 7) -> None:
    """A table of made-up products in the shop's own columns: two thirds with one variant, one third with three."""
    chance = random.Random(seed)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        written = 0
        while written < rows:
            adjective, thing, place = map(chance.choice, (_ADJECTIVES, _THINGS, _PLACES))
            handle = f"{adjective}-{thing}-{written}"
            title = f"{adjective.capitalize()} {thing} {written}"
            text = " ".join(chance.choices((*_ADJECTIVES, *_THINGS, *_PLACES), k=30))
            for number, size in enumerate(("S", "M", "L") if chance.random() < 1 / 3 else ("",)):
                price = chance.randrange(100, 90_000) / 100
                first = [title, f"{thing} 商品 {written}", text, f"{place} > {thing}"] if not number else [""] * 4
                option = ["Size" if size else "", size, "Room", place]
                table.writerow([handle, *first, f"{handle}{size}", price, round(price * 0.9, 2), 25, *option])
                written += 1


async def _in_fresh_shop(servers: Servers, file: Path, source: str) -> dict[str, Json]:
    async with scratch_database(servers, Vault.fresh()) as database:
        return await measure(database, file, source)


def main() -> None:
    """Run what was asked for and print the result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--file", type=Path, default=ICECAT)
    options.add_argument("--source", default="icecat")
    options.add_argument("--rows", type=int, default=100_000)
    asked = options.parse_args()
    result: dict[str, Json] = {}
    with scratch_servers() as servers, tempfile.TemporaryDirectory() as folder:
        if asked.file.is_file():
            result[asked.source] = asyncio.run(_in_fresh_shop(servers, asked.file, asked.source))
        if asked.rows:
            made_up = Path(folder) / "made_up.csv"
            write_table(made_up, asked.rows)
            result[f"csv_{asked.rows}"] = asyncio.run(_in_fresh_shop(servers, made_up, "csv"))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
