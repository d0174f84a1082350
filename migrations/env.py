"""Alembic's entry: the whole shop's tables against the database it is given."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.models import metadata

LOCK = 4_113_212
"""Two processes that migrate at once do it one after the other."""


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """pgqueuer's tables come by frozen SQL, not from our models."""
    return not (kind in ("table", "index") and (name or "").startswith("pgqueuer"))


def run(connection: Connection) -> None:
    """Migrate in one transaction."""
    context.configure(connection=connection, target_metadata=metadata(), include_object=is_ours)
    with context.begin_transaction():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        context.run_migrations()


async def main() -> None:
    """Connect and migrate."""
    engine = create_async_engine(context.config.attributes["url"])
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
