"""How long a search takes among many products: the Icecat catalogue, and varied copies of it up to `--products 100000`.

Queries are those of the human judgments, pieces of titles (two or three words in a row), and the same with one slip of
the finger; each is asked once to warm up and then `--rounds 3` times, one after the other. The last line is the result:
milliseconds of whole searches (`find`, on one connection) and of PostgreSQL's own ranking (`ts_rank_cd` over a tsvector
of the same texts) in the same run, `ratio` between them, and the CPU of both sides of the wire, mean of a search.
"""

import argparse
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.harness import SHARED
from bench.processes import cpu_seconds, postgres_pids
from cli.scratch import Place, scratch_database, scratch_place
from cli.search import PLAIN
from commerce.imports.icecat import CURRENCY, read_icecat
from commerce.imports.shelf import Draft
from commerce.search.actions import Wanted, find
from commerce.search.index import Offer, Words, entry_of, put_entries
from commerce.search.judgments import percentile, read_judgments, with_a_typo
from foundation.database import Database
from foundation.errors import Json

ICECAT = SHARED / "data/catalog/icecat"
PIECES = 150
BATCH = 2_000
Search = Callable[[str], Awaitable[object]]


async def bench(place: Place, *, products: int, rounds: int, seed: int) -> dict[str, Json]:
    """One run; its result."""
    drafts = read_icecat(ICECAT / "products.jsonl.gz", currency=CURRENCY).products
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    async with scratch_database(place) as database:
        with Progress(*columns, console=console) as progress:
            await _fill(database, drafts, products, progress)
            queries = _queries(drafts, seed)
            async with database.session() as session:
                ours = await _timed(
                    lambda query: find(session, Wanted(query, "en")), queries, place, progress, "ours", rounds
                )
            async with database.raw() as driver:
                plain = await _timed(
                    lambda query: driver.fetch(PLAIN, query, 200), queries, place, progress, "plain", rounds
                )
    ratio = {name: round(ours[name] / plain[name], 2) for name in ("p50_ms", "p95_ms")}
    return {"products": products, "queries": len(queries), "ours": ours, "plain": plain, "ratio": ratio}


async def _fill(database: Database, drafts: Sequence[Draft], products: int, progress: Progress) -> None:
    bar = progress.add_task("products", total=products)
    async with database.raw() as driver:
        await driver.execute("CREATE TABLE plain_text (source_key text, said text)")
    numbered = list(enumerate(_varied(drafts, products), start=1))
    for start in range(0, products, BATCH):
        batch = numbered[start : start + BATCH]
        async with database.begin() as session:
            driver = (await (await session.connection()).get_raw_connection()).driver_connection
            await _copy(driver, batch)
            entries = {number: entry_of(words) for number, words in batch}
            offers = [Offer(number, number, 1990, CURRENCY, frozenset(words.own_colours)) for number, words in batch]
            await put_entries(session, entries, offers, ids=list(entries))
        progress.advance(bar, len(batch))
    async with database.raw() as driver:
        await driver.execute(
            "CREATE TABLE plain_search AS SELECT source_key, to_tsvector('english', said) AS document FROM plain_text"
        )
        await driver.execute("CREATE INDEX ON plain_search USING gin (document)")
        await driver.execute("VACUUM ANALYZE")


async def _copy(driver: asyncpg.Connection, batch: Sequence[tuple[int, Words]]) -> None:
    now = datetime.now(UTC)
    rows = [(number, f"p-{number}", "published", now, now) for number, _ in batch]
    await driver.copy_records_to_table(
        "product", records=rows, columns=("id", "handle", "status", "created_at", "updated_at")
    )
    variants = [(number, number, f"s-{number}", 1990, CURRENCY, 0, True) for number, _ in batch]
    columns = ("id", "product_id", "sku", "price_amount", "currency", "position", "active")
    await driver.copy_records_to_table("variant", records=variants, columns=columns)
    said = [(str(number), " ".join(_texts(words))) for number, words in batch]
    await driver.copy_records_to_table("plain_text", records=said, columns=("source_key", "said"))


def _texts(words: Words) -> Iterator[str]:
    yield from words.titles
    yield from words.bodies


def _varied(drafts: Sequence[Draft], products: int) -> Iterator[Words]:
    """The products as they are; then again and again under another article number, without one word of the title."""
    for number in range(products):
        product = drafts[number % len(drafts)].product
        title, body, code = product.texts[0].title, product.texts[0].body, product.variants[0].sku
        copy = number // len(drafts)
        if copy:
            other = f"{code}{copy}"
            words = title.replace(code, other).split()
            if len(words) > 3:
                del words[random.Random(number).randrange(1, len(words))]
            title, body, code = " ".join(words), body.replace(code, other), other
        yield Words(titles=[title], bodies=[body], facts=list(product.attributes), codes=[code])


def _queries(drafts: Sequence[Draft], seed: int) -> list[str]:
    chance = random.Random(seed)
    judged = list(read_judgments(ICECAT / "search_judgments_dev.csv"))
    pieces = []
    for draft in chance.sample(drafts, PIECES):
        words = draft.product.texts[0].title.split()
        at = chance.randrange(max(1, len(words) - 2))
        pieces.append(" ".join(words[at : at + chance.choice([2, 3])]))
    return [*judged, *pieces, *(with_a_typo(query) for query in judged)]


async def _timed(
    search: Search, queries: Sequence[str], place: Place, progress: Progress, what: str, rounds: int
) -> dict[str, float]:
    bar = progress.add_task(what, total=len(queries) * (rounds + 1))
    times: list[float] = []
    before = (0.0, 0.0)
    for lap in range(rounds + 1):
        if lap == 1:  # warm from here on
            times.clear()
            before = time.process_time(), cpu_seconds(postgres_pids(place.data_dir))
        for query in queries:
            begun = time.perf_counter()
            await search(query)
            times.append((time.perf_counter() - begun) * 1000)
            progress.advance(bar)
    asked = rounds * len(queries)
    return {
        "p50_ms": round(percentile(times, 0.5), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
        "max_ms": round(max(times), 1),
        "cpu_ms": round((time.process_time() - before[0]) * 1000 / asked, 1),
        "db_cpu_ms": round((cpu_seconds(postgres_pids(place.data_dir)) - before[1]) * 1000 / asked, 1),
    }


def main() -> None:
    """Run the bench and print its result."""
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if not Path(ICECAT).is_dir():
        parser.error("needs the Icecat catalogue in the folder with real data beside the checkout")
    with scratch_place() as place:
        print(json.dumps(uvloop.run(bench(place, **vars(options)))))


if __name__ == "__main__":
    main()
