"""`xiaoer import`: goods out of files of elsewhere."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.prepare import in_database, progress_bar, require_current
from cli.servers import any_servers, read_settings
from commerce.catalog.media import MediaFolder
from commerce.imports.table_file import RowProblem
from commerce.imports.vendure import import_vendure

MOST_SHOWN = 50


def vendure(file: Path) -> None:
    """Take over a Vendure product table and tell what came of it."""
    with any_servers(read_settings()) as settings, progress_bar("pictures") as progress:
        require_current(settings)
        media = MediaFolder.of(settings.data_dir)
        report = asyncio.run(
            in_database(
                settings,
                lambda database: import_vendure(
                    database, media, file, currency=settings.currency, now=datetime.now(UTC), progress=progress
                ),
            )
        )
    print(
        f"{report.products} products with {report.variants} variants and {report.pictures} pictures are in the shop; "
        f"{report.changed} of them are new or changed."
    )
    _show("refused", report.refused)
    _show("to look at", report.warnings)


def _show(what: str, problems: Sequence[RowProblem]) -> None:
    if not problems:
        return
    table = Table("line", "column", "reason", title=f"{len(problems)} {what}", title_justify="left")
    for problem in problems[:MOST_SHOWN]:
        table.add_row(str(problem.line or "-"), problem.column, problem.reason)
    Console().print(table)
    if len(problems) > MOST_SHOWN:
        print(f"and {len(problems) - MOST_SHOWN} more")
