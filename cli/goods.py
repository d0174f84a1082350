"""`xiaoer import`: goods out of files of elsewhere."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from cli.prepare import in_database, require_current
from cli.servers import any_servers, read_settings
from commerce.catalog.media import MediaFolder
from commerce.imports.actions import ImportReport, import_goods
from commerce.imports.shelf import RowProblem

MOST_SHOWN = 50


def take_over(file: Path, *, source: str, file_currency: str | None, dry_run: bool, as_json: bool) -> None:
    """Take over a file and tell what came of it: a few lines and tables, or one JSON object."""
    began = time.monotonic()
    with any_servers(read_settings()) as settings, _bars() as progress:
        require_current(settings)
        media = MediaFolder.of(settings.data_dir)
        report = asyncio.run(
            in_database(
                settings,
                lambda database: import_goods(
                    database,
                    media,
                    file,
                    source=source,
                    currency=settings.currency,
                    file_currency=file_currency.upper() if file_currency else None,
                    now=datetime.now(UTC),
                    progress=progress,
                    dry_run=dry_run,
                ),
            )
        )
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        print(json.dumps({**asdict(report), "dry_run": dry_run, "seconds": seconds}, ensure_ascii=False))
    else:
        _show(report, dry_run=dry_run, seconds=seconds)


def _show(report: ImportReport, *, dry_run: bool, seconds: float) -> None:
    console = Console(highlight=False)
    console.print(
        f"{report.products} products with {report.variants} variants, {report.prices} prices, {report.translations} "
        f"translations, {report.pictures} pictures and {report.categories} categories were read in {seconds} s.",
        soft_wrap=True,
    )
    done = "would be" if dry_run else "are"
    console.print(f"{report.new} {done} new, {report.changed} {done} changed, {report.unchanged} {done} as they were.")
    if dry_run:
        console.print("This was a dry run: nothing was changed.")
    _table(console, "refused", report.refused)
    _table(console, "to look at", report.warnings)


def _table(console: Console, what: str, problems: Sequence[RowProblem]) -> None:
    if not problems:
        return
    table = Table("line", "column", "reason", title=f"{len(problems)} {what}", title_justify="left")
    for problem in problems[:MOST_SHOWN]:
        table.add_row(str(problem.line or "-"), problem.column, problem.reason)
    console.print(table, markup=False)
    if len(problems) > MOST_SHOWN:
        console.print(f"and {len(problems) - MOST_SHOWN} more (--json names them all)")


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """One bar on standard error that says what is being done, and nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)
