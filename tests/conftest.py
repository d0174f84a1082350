"""What every test stands on: a real PostgreSQL with a fresh database for each, and a clock that only tests move."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from bench.harness import SHARED
from bot.shop import Shop
from cli.scratch import (
    CATALOGUES,
    DEMO,
    EMPTY,
    Place,
    ScratchShop,
    scratch_database,
    scratch_place,
    stock_catalogue,
    stock_shelves,
)
from cli.scratch_again import ScratchDatabases
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault
from foundation.redis import connect
from nlu.understand import Understander
from tests.chat import Chat
from tests.crowd import wide

# As it comes, structlog draws the values around each error: a second of work, and secrets in the output.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# On a busy machine everything is slow at some time; and what is said of a commit today is said of it tomorrow.
# Other examples each time: --hypothesis-profile=default.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Tell at once what has failed, and how: a run that is cut off never comes to its end, where pytest tells it."""
    if not report.failed:
        return None
    return (
        "failed" if report.when == "call" else "error",
        f"\nFAILED {report.nodeid}\n{report.longreprtext}\n",
        "FAILED",
    )


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    with scratch_place() as place:
        yield place


@pytest.fixture(scope="session")
def servers(place: Place) -> Servers:
    return place.servers


@pytest.fixture
async def redis(place: Place) -> AsyncIterator[Redis]:
    """The Redis of this process, with nothing in it: rows have the same ids in every fresh shop."""
    client = connect(place.servers.redis_url)
    assert client is not None
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def vault(place: Place) -> Vault:
    return place.vault


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """All tests of a process share one loop: what a test leaves running ends with it."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture(scope="session")
async def databases(place: Place) -> AsyncIterator[ScratchDatabases]:
    """Databases that tests use one after another, each as if fresh."""
    async with ScratchDatabases(place) as databases:
        yield databases


@pytest.fixture
async def database(databases: ScratchDatabases) -> AsyncIterator[Database]:
    """A database with every table and nothing in it."""
    async with databases.database(template=EMPTY) as database:
        yield database


@pytest.fixture
async def crowd(database: Database) -> AsyncIterator[Database]:
    """The same database for sixty-four at once."""
    async with wide(database) as crowd:
        yield crowd


@pytest.fixture(scope="session")
def demo_shelves(place: Place) -> str:
    """The template database with the demo shop."""
    asyncio.run(stock_shelves(place))
    return DEMO


@pytest.fixture(scope="session")
def vendure_shelves(place: Place) -> str | None:
    """The template database with the real catalogue of Vendure; None where it does not lie beside the checkout."""
    return _stocked(place, "vendure")


@pytest.fixture(scope="session")
def saleor_shelves(place: Place) -> str | None:
    """The same with the catalogue of Saleor; it sells in US dollars."""
    return _stocked(place, "saleor")


@pytest.fixture(scope="session")
def spree_shelves(place: Place) -> str | None:
    """The same with the catalogue of Spree; it sells in US dollars."""
    return _stocked(place, "spree")


def _stocked(place: Place, name: str) -> str | None:
    if not CATALOGUES[name].is_here:
        return None
    asyncio.run(stock_catalogue(place, name))
    return CATALOGUES[name].template


@pytest.fixture(scope="session")
def understander() -> Understander:
    """The model is the same for all tests: it is loaded once."""
    return Understander.load()


@pytest.fixture
async def scratch(
    databases: ScratchDatabases, demo_shelves: str, understander: Understander
) -> AsyncIterator[ScratchShop]:
    """The demo shop: its bot, its web app, its bank and its clock."""
    async with databases.shop(template=demo_shelves, load=lambda: understander) as scratch:
        yield scratch


@pytest.fixture
def shop(scratch: ScratchShop) -> Shop:
    return scratch.shop


@pytest.fixture
def chat(scratch: ScratchShop) -> Chat:
    """A shopper who talks to the demo shop in the web chat."""
    return Chat(scratch)


@pytest.fixture(scope="session")
async def untouched(place: Place) -> AsyncIterator[Database]:
    """The database of tests that roll back what they do."""
    async with scratch_database(place, pool_size=2) as database:
        yield database


@pytest.fixture
async def session(untouched: Database) -> AsyncIterator[AsyncSession]:
    """A session in one transaction that is rolled back at the end; for races use `database`."""
    async with untouched.session() as session:
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
