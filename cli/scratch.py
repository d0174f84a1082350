"""A scratch shop: real servers in a temporary folder, a database of its own, and a clock that only its owner moves.

Written conversations, tests and benches run in one; nothing of it is left behind.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from bot.app import open_shop
from bot.shop import Shop
from bot.web.app import create_app
from bot.web.simulator import send_webhooks
from bot.worker import catch_up, settle
from cli.scratch_dialect import use_scratch_dialect
from commerce.catalog.media import MediaFolder
from commerce.demo.load import load_demo_shop
from commerce.imports.actions import import_goods
from commerce.payments.port import ProviderUnreachable
from foundation.database import Database
from foundation.embedded import Servers, start
from foundation.encryption import Vault, key_file, write_keys
from foundation.errors import Refused
from foundation.settings import Settings
from migrations.models import metadata
from nlu.understand import Understander

EMPTY, DEMO = "template_empty", "template_demo"
SHARED = Path(os.environ.get("XIAOER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
"""Real data that lies beside the checkout; what needs it does without when it is absent."""
BASE_URL = "http://shop.test"
_MOST_FAULTS = 20
_ROOM = 4 * 2**30
"""Bytes: what two scratch places at once may need, their logs included."""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A real catalogue that a scratch shop can be stocked with, and the currency such a shop sells in."""

    template: str
    file: Path
    currency: str

    @property
    def is_here(self) -> bool:
        """Whether the file lies beside the checkout."""
        return self.file.is_file()


CATALOGUES = {
    # Vendure's table names no currency: its prices are the shop's.
    "vendure": Catalogue("template_vendure", SHARED / "data/catalog/vendure/products.csv", "CNY"),
    "saleor": Catalogue("template_saleor", SHARED / "data/catalog/saleor/populatedb_data.json", "USD"),
    "spree": Catalogue("template_spree", SHARED / "data/catalog/spree/products.csv", "USD"),
}
"""By the name of the importer that reads it."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.moment += by


@dataclass(frozen=True, slots=True)
class Place:
    """Where scratch shops of this process live: their servers, their keys and the pictures they share."""

    servers: Servers
    vault: Vault
    data_dir: Path


@dataclass(frozen=True, slots=True)
class ScratchShop:
    """A shop with its web app, a client that reaches it without a network, and its clock."""

    shop: Shop
    app: FastAPI
    client: httpx.AsyncClient
    clock: Clock

    async def catch_up(self) -> None:
        """Do everything that is due: turns, sweeps, jobs, the bank's webhooks, deliveries."""
        await self._do_what_is_due()
        while await send_webhooks(self.app.state.bank, self.client):
            await self._do_what_is_due()

    async def settle(self) -> None:
        """Do what the acts before left to do; where that is something, also everything that is due."""
        with contextlib.suppress(ProviderUnreachable):
            if not await settle(self.shop) and not await send_webhooks(self.app.state.bank, self.client):
                return
        await self.catch_up()

    async def _do_what_is_due(self) -> None:
        """A bank that does not answer is asked again by the shop's own sweeps, when the clock has moved."""
        for _try in range(_MOST_FAULTS):
            with contextlib.suppress(ProviderUnreachable):
                await catch_up(self.shop)
                return


@contextmanager
def scratch_place(*, durable: bool = False) -> Iterator[Place]:
    """Servers and a template database with every table, in a temporary folder.

    In memory and without fsync, which nobody needs who throws it all away; `durable` for a bench that measures what a
    commit costs.
    """
    use_scratch_dialect()
    with tempfile.TemporaryDirectory(prefix="xiaoer-", dir=None if durable else _in_memory()) as folder:
        data_dir = Path(folder)
        with start(data_dir, durable=durable) as servers:
            vault = Vault.fresh()
            write_keys(key_file(data_dir), vault)
            asyncio.run(_make_empty(servers.database_url))
            yield Place(servers, vault, data_dir)


def _in_memory() -> Path | None:
    """A folder in memory with room for a few shops, where a clone takes a tenth of the time; None if there is none."""
    folder = Path("/dev/shm")
    roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM
    return folder if roomy else None


async def stock_shelves(place: Place) -> None:
    """Make the template with the demo shop in it."""
    await _clone(place.servers.database_url, EMPTY, DEMO)
    database = Database(named(place.servers.database_url, DEMO), place.vault)
    try:
        await load_demo_shop(database, MediaFolder.of(place.data_dir), now=Clock()() - timedelta(days=30))
    finally:
        await database.close()


async def stock_catalogue(place: Place, name: str) -> None:
    """Make the template with a real catalogue in it. Raises Refused("script.no_data") when it is not here."""
    catalogue = CATALOGUES[name]
    if not catalogue.is_here:
        raise Refused("script.no_data", path=str(catalogue.file))
    await _clone(place.servers.database_url, EMPTY, catalogue.template)
    database = Database(named(place.servers.database_url, catalogue.template), place.vault)
    try:
        await import_goods(
            database,
            MediaFolder.of(place.data_dir),
            catalogue.file,
            source=name,
            currency=catalogue.currency,
            now=Clock()() - timedelta(days=30),
        )
    finally:
        await database.close()


@asynccontextmanager
async def scratch_database(place: Place, *, template: str = EMPTY, pool_size: int = 20) -> AsyncIterator[Database]:
    """A fresh database, cloned from a template and dropped at the end."""
    name = f"scratch_{os.getpid()}_{next(_numbers)}"
    await _clone(place.servers.database_url, template, name)
    database = Database(named(place.servers.database_url, name), place.vault, pool_size=pool_size)
    try:
        yield database
    finally:
        await database.close()
        await execute(place.servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def scratch_shop(
    place: Place, *, template: str = DEMO, load: Callable[[], Understander] = Understander.load, **settings: object
) -> AsyncIterator[ScratchShop]:
    """A whole shop on a fresh database; its bank is reached within the process. `settings` change the usual ones."""
    async with (
        scratch_database(place, template=template) as database,
        shop_on(database, place, load=load, **settings) as scratch,
    ):
        yield scratch


@asynccontextmanager
async def shop_on(
    database: Database, place: Place, *, load: Callable[[], Understander] = Understander.load, **settings: object
) -> AsyncIterator[ScratchShop]:
    """The same on a scratch database that is there."""
    clock = Clock()
    made = Settings.model_validate(
        {
            "database_url": database.url,
            "data_dir": place.data_dir,
            "public_url": BASE_URL,
            "messages_a_minute": 100_000,
            "simulator_faults": True,
            **settings,
        }
    )
    wire = _ToApp()
    async with open_shop(made, clock=clock, load=load, bank=wire, database=database) as shop:
        wire.app = create_app(shop)
        async with httpx.AsyncClient(transport=wire, base_url=BASE_URL) as client:
            yield ScratchShop(shop, wire.app, client, clock)


class _ToApp(httpx.AsyncBaseTransport):
    """Brings every request to the app of the shop, wherever it is addressed to."""

    app: FastAPI

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await httpx.ASGITransport(app=self.app).handle_async_request(request)


def named(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


async def _clone(url: str, template: str, name: str) -> None:
    await execute(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


async def execute(url: str, statement: str) -> None:
    """Run one statement beside the databases of this server, such as CREATE DATABASE."""
    connection = await asyncpg.connect(named(url, "postgres").replace("postgresql+asyncpg://", "postgresql://"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _make_empty(url: str) -> None:
    """The tables from the models, which a test holds against the migrations; Alembic alone takes a second to import."""
    await execute(url, f"CREATE DATABASE {EMPTY}")
    engine = create_async_engine(named(url, EMPTY))
    async with engine.begin() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        await connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
        await driver.execute((Path(__file__).parents[1] / "migrations/sql/pgqueuer.sql").read_text())
        await connection.run_sync(metadata().create_all)
    await engine.dispose()
