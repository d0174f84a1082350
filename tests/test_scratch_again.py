"""Databases that tests use one after another: none sees what another did."""

import asyncio

from sqlalchemy import text

from cli.scratch import EMPTY, Place
from cli.scratch_again import ScratchDatabases
from commerce.inventory.model import Location
from foundation.database import Database


async def opened(database: Database) -> int:
    """A new location's id."""
    async with database.begin() as session:
        session.add(location := Location(code="north", name={}, position=1))
        await session.flush()
        return location.id


async def test_a_used_database_is_as_fresh_and_a_changed_or_held_one_is_left_alone(place: Place) -> None:
    async with ScratchDatabases(place) as databases:
        async with databases.database(template=EMPTY) as first:
            assert await opened(first) == 1
        async with databases.database(template=EMPTY) as again:
            assert again is first
            assert await opened(again) == 1
            async with again.begin() as session:
                await session.execute(text("ALTER TABLE payment DROP CONSTRAINT ck_payment_refunds_within_captured"))
        async with databases.database(template=EMPTY) as second:
            assert second is not first
            assert await opened(second) == 1
            held = second.session()
            await held.connection()
        async with databases.database(template=EMPTY) as third:
            assert third not in (first, second)
            await held.close()
        async with databases.database(template=EMPTY) as last:
            assert last is third
            assert await opened(last) == 1
            async with last.raw() as used_next, last.raw() as cut:
                await used_next.execute("SELECT pg_terminate_backend($1)", cut.get_server_pid())
                while not cut.is_closed():  # noqa: ASYNC110 - a line that is cut rings no bell
                    await asyncio.sleep(0.01)
        async with databases.database(template=EMPTY) as whole:
            assert whole is not last
