"""A scratch shop for benches and tests: real servers in a temporary folder, a fresh database with every table."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from foundation.database import Database
from foundation.embedded import Servers, start
from foundation.encryption import Vault
from migrations.models import metadata

TEMPLATE = "xiaoer_template"
_numbers = itertools.count(1)
SHARED = Path(os.environ.get("XIAOER_SHARED", Path(__file__).resolve().parents[1].parent / "shared"))
"""Real data that lies beside the checkout; a test that needs it skips when it is absent."""


@contextmanager
def scratch_servers() -> Iterator[Servers]:
    """PostgreSQL (without fsync) and Valkey in a temporary folder, with a template database of every table."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-") as folder, start(Path(folder), durable=False) as servers:
        asyncio.run(_make_template(servers.database_url))
        yield servers


@asynccontextmanager
async def scratch_database(servers: Servers, vault: Vault, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A fresh database, cloned from the template and dropped at the end."""
    name = f"scratch_{os.getpid()}_{next(_numbers)}"
    await _execute(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    database = Database(named(servers.database_url, name), vault, pool_size=pool_size)
    try:
        yield database
    finally:
        await database.close()
        await _execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")


def named(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(named(url, "postgres").replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _make_template(url: str) -> None:
    await _execute(url, f"CREATE DATABASE {TEMPLATE}")
    engine = create_async_engine(named(url, TEMPLATE))
    async with engine.begin() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await connection.exec_driver_sql("CREATE EXTENSION pg_trgm")
        await connection.exec_driver_sql("CREATE EXTENSION vector")
        await driver.execute((Path(__file__).parents[1] / "migrations/sql/pgqueuer.sql").read_text())
        await connection.run_sync(metadata().create_all)
    await engine.dispose()
