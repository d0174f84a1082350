"""pgbench on the PostgreSQL of a bench, so that ours and the plain statements are measured side by side."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text

from commerce.inventory.invariants import INVARIANTS
from foundation.database import Database
from foundation.embedded import postgres_tool
from foundation.errors import Json


@dataclass(frozen=True, slots=True)
class Plain:
    """What pgbench did: how many transactions in how long, and, where asked for, the milliseconds of each."""

    done: int
    seconds: float
    took: list[float]


def pgbench(
    url: str, script: Path, clients: int, *, seconds: float = 0, each: int = 0, timed: bool = False, **values: int
) -> Plain:
    """Run a script with these variables for so many seconds, or so many times for each client."""
    program = postgres_tool("pgbench")
    if not program.is_file():
        raise FileNotFoundError(f"{program}: pgbench is not in this build of PostgreSQL")
    address = urlsplit(url.replace("postgresql+asyncpg", "postgresql"))
    where = parse_qs(address.query)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(program),
            *("-h", where["host"][0], "-p", where["port"][0], "-U", address.username or "postgres"),
            *("--max-tries", "10"),  # whoever meets a deadlock tries again
            *("-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2))),
            *(("-t", str(each)) if each else ("-T", str(round(seconds)))),
            *(("--log", "--log-prefix", f"{folder}/took") if timed else ()),
            *(part for name, value in values.items() for part in ("-D", f"{name}={value}")),
            *("-f", str(script), address.path.lstrip("/")),
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [line for log in Path(folder).iterdir() for line in log.read_text().splitlines()]
    done = int(re.search(r"actually processed: (\d+)", said)[1])  # type: ignore[index]  # pgbench says it always
    tps = float(re.search(r"tps = ([\d.]+) \(without", said)[1])  # type: ignore[index]
    took = [fields[2] for fields in map(str.split, lines)]
    return Plain(done, done / tps, [int(time) / 1000 for time in took if time != "failed"])


async def insist_on_disk(database: Database) -> None:
    """Raise when a commit does not wait for the disk: it would measure nothing."""
    async with database.raw() as driver:
        if (await driver.fetchval("SHOW fsync"), await driver.fetchval("SHOW synchronous_commit")) != ("on", "on"):
            raise RuntimeError("this PostgreSQL does not wait for its disk")


async def broken_stock(database: Database, when: str) -> list[Json]:
    """What breaks the shop's own rules of stock and allotments."""
    broken: list[Json] = []
    async with database.begin() as session:
        for rule, query in INVARIANTS.items():
            rows = (await session.execute(text(f"{query} LIMIT 3"))).mappings().all()
            broken += [{"after": when, "rule": rule, "row": {k: str(v) for k, v in row.items()}} for row in rows]
    return broken
