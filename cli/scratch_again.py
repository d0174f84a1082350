"""Scratch databases used one time after another, each put back to what it was before.

A fresh clone costs little; that every connection reads the catalogues and prepares every statement anew costs more than
a conversation does.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

import asyncpg
from sqlalchemy import QueuePool

from cli.scratch import Place, ScratchShop, scratch_database, shop_on
from foundation.database import DATABASE_AWAY, Database
from nlu.understand import Understander

_TABLES_AND_SEQUENCES = """
    SELECT format('%I', c.relname) AS name,
           (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
           c.relkind = 'S' AS is_sequence
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""
_TABLE = """
    IF (SELECT count(*) <> {rows} OR count(*) FILTER (WHERE xmin::text::bigint > since) > 0 FROM public.{name}) THEN
        DELETE FROM public.{name};
        INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM remembered.{name};
    END IF;
"""
_EMPTY_TABLE = """
    IF EXISTS (SELECT FROM public.{name}) THEN DELETE FROM public.{name}; END IF;
"""
_SEQUENCE = """
    IF (SELECT last_value <> {last} OR is_called <> {called} FROM public.{name}) THEN
        PERFORM setval('public.{name}', {last}, {called});
    END IF;
"""
_SHAPE = """
    (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_trigger),
    (SELECT count(*) FROM pg_proc),
    (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
     WHERE datname = current_database())
"""
# Whoever writes gets a number after `since`; what is put back is written by this one and counts as untouched from here.
_FUNCTION = """
    CREATE SEQUENCE remembered.untouched_since;
    CREATE TABLE remembered.shape AS SELECT ''::text AS counts;
    CREATE FUNCTION remembered.put_back() RETURNS void LANGUAGE plpgsql
    SET session_replication_role = replica SET lock_timeout = '1s' AS $$
    DECLARE since bigint := (SELECT last_value FROM remembered.untouched_since);
    BEGIN
        IF (SELECT counts FROM remembered.shape) <> concat_ws(' ', {shape}) THEN
            RAISE object_not_in_prerequisite_state;
        END IF;
        {statements}
        PERFORM setval('remembered.untouched_since', pg_current_xact_id()::text::bigint);
    END $$;
    UPDATE remembered.shape SET counts = concat_ws(' ', {shape});
    SELECT setval('remembered.untouched_since', pg_current_xact_id()::text::bigint);
"""
_CANNOT = (asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.LockNotAvailableError, *DATABASE_AWAY)
"""Somebody changed the tables themselves, is still at work there or has cut the connection."""
_MOST_KEPT = 10
"""Connections of a database that rests; the server takes 120, and a crowd needs most of them."""


class ScratchDatabases:
    """Databases and shops on them, each as if fresh; use it as a context in the loop they work in."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._used: defaultdict[str, list[Database]] = defaultdict(list)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def database(self, *, template: str) -> AsyncIterator[Database]:
        """A database with what is in the template."""
        while self._used[template]:
            database = self._used[template].pop()
            if await _is_put_back(database):
                break
            await database.close()
        else:
            database = await self._open.enter_async_context(scratch_database(self._place, template=template))
            async with database.raw() as driver:
                await _remember(driver)
        yield database
        if _pool(database).checkedin() > _MOST_KEPT:
            await database.close()
        self._used[template].append(database)  # where something broke, work may be left over: never again there

    @asynccontextmanager
    async def shop(
        self, *, template: str, load: Callable[[], Understander], **settings: object
    ) -> AsyncIterator[ScratchShop]:
        """A whole shop with what is in the template."""
        async with (
            self.database(template=template) as database,
            shop_on(database, self._place, load=load, **settings) as scratch,
        ):
            yield scratch


def _pool(database: Database) -> QueuePool:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool


async def _is_put_back(database: Database) -> bool:
    if _pool(database).checkedout():
        return False  # somebody never gave a connection back
    try:
        async with AsyncExitStack() as given_back:
            resting = range(max(1, _pool(database).checkedin()))
            drivers = [await given_back.enter_async_context(database.raw()) for _each in resting]
            await drivers[0].execute("SELECT remembered.put_back()")
            return not any(driver.is_closed() for driver in drivers)
    except _CANNOT:
        return False


async def _remember(driver: asyncpg.Connection) -> None:
    """Keep a copy of what is there now, and a function that brings it back while the tables are the same."""
    statements = []
    await driver.execute("CREATE SCHEMA remembered")
    for name, columns, is_sequence in await driver.fetch(_TABLES_AND_SEQUENCES):
        if is_sequence:
            last, called = await driver.fetchrow(f"SELECT last_value, is_called FROM public.{name}")
            statements.append(_SEQUENCE.format(name=name, last=last, called=called))
        elif rows := await driver.fetchval(f"SELECT count(*) FROM public.{name}"):
            await driver.execute(f"CREATE TABLE remembered.{name} AS TABLE public.{name}")
            statements.append(_TABLE.format(name=name, columns=columns, rows=rows))
        else:
            statements.append(_EMPTY_TABLE.format(name=name))
    await driver.execute(_FUNCTION.format(statements="".join(statements), shape=_SHAPE))
