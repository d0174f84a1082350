"""`xiaoer import divisions`: China's divisions, so that an address typed in one line is understood."""

import asyncio
from pathlib import Path

from cli.prepare import in_database, require_current
from cli.servers import any_servers, read_settings
from commerce.customers.divisions import keep_divisions, read_divisions
from foundation.database import Database


def take_over(folder: Path) -> None:
    """Read a folder and put its divisions in the place of those of an earlier import."""
    divisions = read_divisions(folder)
    with any_servers(read_settings()) as settings:
        require_current(settings)

        async def keep(database: Database) -> int:
            async with database.begin() as session:
                return await keep_divisions(session, divisions)

        kept = asyncio.run(in_database(settings, keep))
    print(f"{kept} divisions are known now. A shop that is open learns them when it starts again.")
