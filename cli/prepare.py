"""What a shop needs before it opens: its tables, its keys, its first administrator, something to sell."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from foundation.encryption import Vault, create_keys, key_file, read_keys
from foundation.errors import Refused
from foundation.settings import Settings

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
    if not found.current:
        tell("Making the tables ...")
        migrate(settings)
    make_keys(settings, fresh=not found.tables)
    if not found.goods:
        tell("Filling the shelves of the demo shop ...")
        asyncio.run(_fill_shelves(settings))
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


async def _fill_shelves(settings: Settings) -> None:
    from commerce.demo.shop import open_demo_shop
    from foundation.database import Database

    database = Database(settings.database_url or "", vault_of(settings))
    try:
        await open_demo_shop(database, media=settings.data_dir / "media", now=datetime.now(UTC))
    finally:
        await database.close()


async def _first_administrator(settings: Settings) -> tuple[str, str] | None:
    from admin_api.staff import first_administrator
    from foundation.database import Database

    database = Database(settings.database_url or "", vault_of(settings))
    try:
        async with database.begin() as session:
            return await first_administrator(session, now=datetime.now(UTC))
    finally:
        await database.close()
