"""The migrations and the models say the same."""

import asyncio
import warnings
from pathlib import Path

from alembic import command
from alembic.config import Config

from cli.prepare import newest_revision
from cli.scratch import Place, execute, named

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
    asyncio.run(execute(place.servers.database_url, "DROP DATABASE migrated"))


def test_the_newest_revision_is_found_without_alembic() -> None:
    assert newest_revision() == "0002"
