"""Scratch shops one after another on one database, which is put back to what it was before each.

A fresh clone costs little; that every connection reads the catalogues and prepares every statement anew costs more than
a conversation does.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

import asyncpg

from cli.scratch import Place, ScratchShop, scratch_database, shop_on
from foundation.database import Database
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
# Whoever writes gets a number after `since`; what is put back is written by this one and counts as untouched from here.
_FUNCTION = """
    CREATE SEQUENCE remembered.untouched_since;
    CREATE FUNCTION remembered.put_back() RETURNS void LANGUAGE plpgsql
    SET session_replication_role = replica AS $$
    DECLARE since bigint := (SELECT last_value FROM remembered.untouched_since);
    BEGIN
        {statements}
        PERFORM setval('remembered.untouched_since', pg_current_xact_id()::text::bigint);
    END $$;
    SELECT setval('remembered.untouched_since', pg_current_xact_id()::text::bigint);
"""


class ScratchShops:
    """Shops one after another, each as if on a fresh database; use it as a context in the loop they work in."""

    def __init__(self, place: Place, *, load: Callable[[], Understander]) -> None:
        self._place = place
        self._load = load
        self._databases: dict[str, Database] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def shop(self, *, template: str, **settings: object) -> AsyncIterator[ScratchShop]:
        """A whole shop with what is in the template; no second one of the same template meanwhile."""
        database = self._databases.pop(template, None)
        if database is None:
            database = await self._open.enter_async_context(scratch_database(self._place, template=template))
            async with database.raw() as driver:
                await _remember(driver)
        else:
            async with database.raw() as driver:
                await driver.execute("SELECT remembered.put_back()")
        async with shop_on(database, self._place, load=self._load, **settings) as scratch:
            yield scratch
        self._databases[template] = database  # where something broke, work may be left over: never again there


async def _remember(driver: asyncpg.Connection) -> None:
    """Keep a copy of what is there now, and a function that brings it back; the schema must stay as it is."""
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
    await driver.execute(_FUNCTION.format(statements="".join(statements)))
