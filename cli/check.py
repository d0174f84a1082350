"""`xiaoer check`: hold the whole database against every rule."""

import asyncio
import json

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.prepare import in_database, require_current
from cli.servers import any_servers, read_settings
from commerce.checks import RULES, Breach, find_breaches
from foundation.database import Database


def check(*, as_json: bool) -> bool:
    """Print what breaks a rule; whether nothing does."""

    async def run(database: Database) -> list[Breach]:
        breaches = []
        with Progress(console=Console(stderr=True), transient=True) as progress:
            asked = progress.add_task("Checking", total=len(RULES))
            for name, query in RULES.items():
                progress.update(asked, description=name)
                async with database.session() as session:
                    breaches += await find_breaches(session, rules={name: query})
                progress.advance(asked)
        return breaches

    with any_servers(read_settings()) as settings:
        require_current(settings)
        breaches = asyncio.run(in_database(settings, run))
    if as_json:
        broken = [{"rule": breach.rule, "row": dict(breach.row)} for breach in breaches]
        print(json.dumps({"rules": len(RULES), "breaches": broken}, ensure_ascii=False))
    elif breaches:
        table = Table("rule", "row")
        for breach in breaches:
            table.add_row(breach.rule, ", ".join(f"{name} {value}" for name, value in breach.row.items()))
        Console().print(table)
        print(f"{len(breaches)} rows break a rule. Nothing was changed.")
    else:
        print(f"All {len(RULES)} rules hold.")
    return not breaches
