"""The migrations and the models say the same."""

import asyncio
import re
import warnings
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from cli.prepare import newest_revision
from cli.scratch import EMPTY, Place, execute, named

RULES = """
    SELECT conrelid::regclass || ' ' || conname AS name, pg_get_constraintdef(oid) AS rule FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version'
"""
"""Alembic does not look at checks."""
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def test_migrations_make_what_the_models_say_and_run_twice(place: Place) -> None:
    asyncio.run(execute(place.servers.database_url, "CREATE DATABASE migrated"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = named(place.servers.database_url, "migrated")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Did not recognize type 'xid8'")
        command.upgrade(config, "head")
        command.upgrade(config, "head")
        command.check(config)
    migrated, modelled = (asyncio.run(rules(named(place.servers.database_url, name))) for name in ("migrated", EMPTY))
    assert migrated == modelled
    asyncio.run(execute(place.servers.database_url, "DROP DATABASE migrated"))


async def rules(url: str) -> dict[str, str]:
    """Every constraint of a database, without the casts that depend on how it was written down."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    try:
        found = await connection.fetch(RULES)
    finally:
        await connection.close()
    return {row["name"]: re.sub(r"::(?:text|character varying)(?:\[\])?|[()\s]", "", row["rule"]) for row in found}


def test_the_newest_revision_is_found_without_alembic() -> None:
    assert newest_revision() == ScriptDirectory(str(MIGRATIONS)).get_current_head()
