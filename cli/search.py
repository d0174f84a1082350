"""`xiaoer search evaluate`: how good and how fast the search is, on a catalogue with human judgments."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from cli.scratch import Place
    from commerce.search.judgments import Judged
    from foundation.database import Database

app = typer.Typer(help="The search: measure it.", no_args_is_help=True)
DEPTH = 200
Search = Callable[[str], Awaitable[Sequence[str]]]
"""A query in, documents of the judgments out, best first."""


@app.callback()
def search() -> None:
    """The search: measure it."""


class Engine(StrEnum):
    """What is measured: the shop's search, or PostgreSQL's own ranking as a peer."""

    ours = "ours"
    plain = "plain"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine answered to a query, and how long it took."""

    found: Sequence[str]
    milliseconds: float


@app.command()
def evaluate(
    catalogue: Annotated[Path, typer.Option(help="Products: one JSON object a line, as Icecat has them (.gz too).")],
    judgments: Annotated[Path, typer.Option(help="A table with the columns query, docid, rating.")],
    engine: Annotated[Engine, typer.Option(help="The shop's search, or PostgreSQL's ts_rank_cd.")] = Engine.ours,
    typo: Annotated[bool, typer.Option("--typo", help="Every query with one slip of the finger.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The measures as JSON, nothing else on standard out.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw how each query fared into this .png file.")] = None,
) -> None:
    """Load a catalogue into a scratch shop and measure how well judged queries are answered.

    ndcg@10 counts products without a judgment as wrong, ndcg@10_judged leaves them out. A query without any relevant
    product is not counted. Times are of whole searches, one after the other, warm.
    """
    from cli.scratch import scratch_place
    from commerce.search.judgments import read_judgments

    judged = read_judgments(judgments)
    err = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress, scratch_place() as place:
        answers, measures = asyncio.run(_evaluate(place, catalogue, judged, engine, typo=typo, progress=progress))
    if plot:
        _draw(answers, judged, plot)
    if as_json:
        print(json.dumps(measures))
        return
    table = Table("measure", "value", title=f"{engine} on {judgments.name}", title_justify="left")
    for name, value in measures.items():
        table.add_row(name, str(value))
    Console().print(table)


async def _evaluate(
    place: "Place", catalogue: Path, judged: "Judged", engine: Engine, *, typo: bool, progress: Progress
) -> tuple[dict[str, Asked], dict[str, float | int | str]]:
    from cli.scratch import scratch_database
    from commerce.search.judgments import with_a_typo

    async with scratch_database(place) as database:
        await load(database, catalogue, progress)
        async with searching(database, engine) as search:
            usual = await _ask(search, judged, list(judged), progress, "queries")
            slips = await _ask(search, judged, [with_a_typo(query) for query in judged], progress, "with a typo")
    answers = slips if typo else usual
    measures = measured(answers, judged)
    measures["ndcg@10_typo"] = measured(slips, judged)["ndcg@10"]
    return answers, {"engine": str(engine), **measures}


def _draw(answers: dict[str, Asked], judged: "Judged", path: Path) -> None:
    """Draw what each query scored, worst on top, and how long the searches took."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise typer.BadParameter("--plot needs matplotlib, which comes with the extra dev") from None
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from commerce.search.judgments import ndcg

    scored = sorted(
        (score, query) for query, asked in answers.items() if (score := ndcg(asked.found, judged[query])) is not None
    )
    figure, (scores, times) = plt.subplots(1, 2, figsize=(13, max(4.0, 0.2 * len(scored) + 1)), width_ratios=(3, 2))
    scores.barh([query for _, query in scored], [score for score, _ in scored], color="#2e6a50")
    scores.invert_yaxis()
    scores.tick_params(axis="y", labelsize=7)
    scores.set_xlim(0, 1)
    scores.set_xlabel("ndcg@10")
    times.hist([asked.milliseconds for asked in answers.values()], bins=30, color="#8cc5a6")
    times.set_xlabel("ms a search")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


async def load(database: "Database", catalogue: Path, progress: Progress) -> None:
    """Publish the catalogue in this database, as an import does."""
    from commerce.catalog.media import MediaFolder
    from commerce.imports.actions import import_goods
    from commerce.imports.icecat import CURRENCY

    bars: dict[str, int] = {}

    def tell(step: str, done: int, total: int) -> None:
        bar = bars.setdefault(step, progress.add_task(step) if step not in bars else 0)
        progress.update(bar, completed=done, total=total or None)  # type: ignore[arg-type]  # a TaskID is an int

    with tempfile.TemporaryDirectory(prefix="xiaoer-media-") as folder:
        media = MediaFolder.of(Path(folder))
        now = datetime.now(UTC)
        await import_goods(database, media, catalogue, source="icecat", currency=CURRENCY, now=now, progress=tell)
    async with database.raw() as driver:
        await driver.execute("VACUUM ANALYZE")


@asynccontextmanager
async def searching(database: "Database", engine: Engine) -> AsyncIterator[Search]:
    """The engine on one connection, every search in a transaction of its own."""
    from sqlalchemy import select

    from commerce.catalog.model import Product
    from commerce.search.actions import Wanted, find

    async with database.session() as session:
        keys = {row.id: row.source_key or "" for row in await session.execute(select(Product.id, Product.source_key))}

    async def ours(query: str) -> Sequence[str]:
        async with database.begin() as session:
            found = await find(session, Wanted(query, "en", limit=DEPTH))
        return [keys[product_id] for product_id in found.product_ids]

    async def plain(query: str) -> Sequence[str]:
        async with database.raw() as driver:
            return [row["source_key"] for row in await driver.fetch(PLAIN, query, DEPTH)]

    if engine is Engine.plain:
        async with database.raw() as driver:
            for statement in PLAIN_INDEX:
                await driver.execute(statement)
        yield plain
    else:
        yield ours


async def _ask(
    search: Search, judged: "Judged", queries: Sequence[str], progress: Progress, what: str
) -> dict[str, Asked]:
    answers: dict[str, Asked] = {}
    bar = progress.add_task(what, total=2 * len(queries))
    for _round in range(2):  # the first warms the caches
        for query, asked in zip(judged, queries, strict=True):
            begun = time.perf_counter()
            found = await search(asked)
            answers[query] = Asked(found, (time.perf_counter() - begun) * 1000)
            progress.advance(bar)
    return answers


def measured(answers: dict[str, Asked], judged: "Judged") -> dict[str, float | int]:
    """The measures over all queries that have a relevant product; times over all."""
    from commerce.search.judgments import first_relevant, ndcg, percentile

    whole: list[float] = []
    only_judged: list[float] = []
    places: list[int | None] = []
    for query, ratings in judged.items():
        found = answers[query].found
        gained = ndcg(found, ratings)
        if gained is None:
            continue
        whole.append(gained)
        only_judged.append(ndcg([one for one in found if one in ratings], ratings) or 0.0)
        places.append(first_relevant(found, ratings))
    times = [asked.milliseconds for asked in answers.values()]
    return {
        "queries": len(answers),
        "queries_with_an_answer": len(whole),
        "ndcg@10": round(_mean(whole), 4),
        "ndcg@10_judged": round(_mean(only_judged), 4),
        "hit@1": round(_mean([place == 1 for place in places]), 4),
        "mrr": round(_mean([1 / place if place else 0.0 for place in places]), 4),
        "p50_ms": round(percentile(times, 0.5), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


PLAIN_INDEX = (
    """CREATE TABLE plain_search AS
SELECT p.source_key, to_tsvector('english', t.title || ' ' || t.body) AS document
FROM product p JOIN product_text t ON t.product_id = p.id""",
    "CREATE INDEX ON plain_search USING gin (document)",
    "VACUUM ANALYZE plain_search",
)
PLAIN = """
SELECT source_key FROM plain_search, plainto_tsquery('english', $1) AS query
WHERE document @@ query ORDER BY ts_rank_cd(document, query, 2) DESC, source_key LIMIT $2"""
"""What somebody gets who asks PostgreSQL for its full text search and nothing more: all words, ts_rank_cd by length.

Of the ways to do that (with the facts too, titles weighed more, any of the words, other normalisations) the best one.
"""
