"""What every test stands on: a real PostgreSQL with a fresh database for each test, and a clock that only tests move."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bench.harness import SHARED, scratch_database, scratch_servers
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with scratch_servers() as running:
        yield running


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault.fresh()


@pytest.fixture
async def database(servers: Servers, vault: Vault) -> AsyncIterator[Database]:
    async with scratch_database(servers, vault) as database:
        yield database


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A session in one transaction that is rolled back at the end; for races use `database`."""
    async with database.session() as session:
        yield session


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data beside the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    return SHARED / "data"
