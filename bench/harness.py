"""What benches share: a scratch database and the folder with real data."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cli.scratch import SHARED, Place, scratch_place
from cli.scratch import scratch_database as fresh_database
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault

__all__ = ["SHARED", "scratch_database", "scratch_servers"]


@contextmanager
def scratch_servers() -> Iterator[Servers]:
    """PostgreSQL (without fsync) and Valkey in a temporary folder, with a template database of every table."""
    with scratch_place() as place:
        yield place.servers


@asynccontextmanager
async def scratch_database(servers: Servers, vault: Vault, *, pool_size: int = 20) -> AsyncIterator[Database]:
    """A fresh database of these servers with keys of its own."""
    async with fresh_database(Place(servers, vault, Path()), pool_size=pool_size) as database:
        yield database
