"""What a shop needs before it opens: its tables, its keys, its first administrator, something to sell."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from foundation.encryption import Vault, create_keys, key_file, read_keys
from foundation.errors import Refused
from foundation.settings import Settings

if TYPE_CHECKING:
    from foundation.database import Database

Done = TypeVar("Done")
MIGRATIONS = Path(__file__).parents[1] / "migrations"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is there already, read in one short visit to the database."""

    tables: bool
    current: bool
    staff: bool
    goods: bool

    @property
    def whole(self) -> bool:
        """Nothing is left to do."""
        return self.current and self.staff and self.goods


def look(settings: Settings) -> Prepared:
    """See what is there. Quick, since every start of a shop waits for it: no ORM, no Alembic."""
    return asyncio.run(_look(settings.database_url or ""))


def prepare(settings: Settings, found: Prepared, tell: Tell) -> tuple[str, str] | None:
    """Do what is missing; returns name and password of the first administrator if it was made now."""
    make_keys(settings, fresh=not found.tables)  # before the tables: who has tables and no keys is refused for good
    if not found.current:
        tell("Making the tables ...")
        migrate(settings)
    if not found.goods:
        tell("Filling the shelves of the demo shop ...")
        _fill_shelves(settings)
    return asyncio.run(_first_administrator(settings))


def make_keys(settings: Settings, *, fresh: bool) -> None:
    """Make the keys of a new shop. A shop that has data but no keys must not get others: it could read nothing."""
    if fresh and not settings.encryption_keys and not key_file(settings.data_dir).exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        create_keys(settings.data_dir)
    vault_of(settings)


def vault_of(settings: Settings) -> Vault:
    """The keys of this installation. Raises Refused keys.none, keys.unusable."""
    given = settings.encryption_keys.get_secret_value() if settings.encryption_keys else None
    return read_keys(settings.data_dir, given)


def migrate(settings: Settings) -> None:
    """Bring the tables to this version."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database_url
    command.upgrade(config, "head")


def newest_revision() -> str | None:
    """The head of the migrations, read from their files: importing Alembic would cost 1.4 s of every start."""
    revisions, before = set(), set()
    for path in (MIGRATIONS / "versions").glob("*.py"):
        text = path.read_text()
        revisions.update(re.findall(r'^revision(?:: str)? = "(\w+)"', text, re.MULTILINE))
        before.update(re.findall(r'^down_revision(?:: [^=]+)? = "(\w+)"', text, re.MULTILINE))
    heads = revisions - before
    return heads.pop() if len(heads) == 1 else None


def require_current(settings: Settings) -> None:
    """Refuse to serve on tables of another version. Raises Refused database.not_ready."""
    if not look(settings).current:
        raise Refused("database.not_ready")


async def _look(url: str) -> Prepared:
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        names = ("alembic_version", "staff", "product")
        has = [await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name) for name in names]
        version = await connection.fetchval("SELECT version_num FROM alembic_version") if has[0] else None
        rows = [
            known and await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})")
            for name, known in zip(names[1:], has[1:], strict=True)
        ]
        return Prepared(
            tables=any(has), current=version is not None and version == newest_revision(), staff=rows[0], goods=rows[1]
        )
    finally:
        await connection.close()


def _fill_shelves(settings: Settings) -> None:
    from commerce.catalog.media import MediaFolder
    from commerce.demo.load import load_demo_shop

    media = MediaFolder.of(settings.data_dir)
    with progress_bar("pictures") as progress:
        asyncio.run(
            in_database(
                settings,
                lambda database: load_demo_shop(
                    database,
                    media,
                    now=datetime.now(UTC),
                    currency=settings.currency,
                    progress=progress,
                    time_zone=settings.zone,
                ),
            )
        )


async def in_database(settings: Settings, act: Callable[["Database"], Awaitable[Done]]) -> Done:
    """Do one thing with the shop's database and close it."""
    from foundation.database import Database

    database = Database(settings.database_url or "", vault_of(settings))
    try:
        return await act(database)
    finally:
        await database.close()


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, and nothing where nobody watches. Yields what to call with done and total."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


async def _first_administrator(settings: Settings) -> tuple[str, str] | None:
    from admin_api.staff import first_administrator

    async def make(database: "Database") -> tuple[str, str] | None:
        async with database.begin() as session:
            return await first_administrator(session, now=datetime.now(UTC))

    return await in_database(settings, make)
