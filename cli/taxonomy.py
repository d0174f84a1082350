"""`xiaoer import taxonomy`: words for the same thing in two languages."""

import asyncio
from pathlib import Path

from cli.prepare import in_database, require_current
from cli.servers import any_servers, read_settings
from commerce.search.taxonomy import keep_taxonomy, read_taxonomy
from foundation.database import Database

MOST_SHOWN = 10


def take_over(folder: Path) -> None:
    """Read a folder and put its words in the place of those of an earlier import."""
    read = read_taxonomy(folder)
    with any_servers(read_settings()) as settings:
        require_current(settings)

        async def keep(database: Database) -> int:
            async with database.begin() as session:
                return await keep_taxonomy(session, read)

        kept = asyncio.run(in_database(settings, keep))
    print(f"{len(read.pairs)} pairs of words were read; the search knows {kept} synonyms by them.")
    if read.unread:
        shown = ", ".join(read.unread[:MOST_SHOWN])
        more = f" and {len(read.unread) - MOST_SHOWN} more" if len(read.unread) > MOST_SHOWN else ""
        print(f"These lines were left out: {shown}{more}.")
