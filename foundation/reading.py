"""Reads that are written once: compiled when first used, then run by the driver alone.

For what every turn asks. Building a `select`, finding it in SQLAlchemy's cache and taking its rows through the unit of
work costs some five times what the driver takes.
"""

from collections import namedtuple
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Select, TextualSelect
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.database import raw

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_Change = Callable[[Any], Any]


class _Value(NamedTuple):
    """What stands for one $1, $2 …: what the caller gives under this name, else `given`, which is ready to be sent."""

    name: str
    given: Any
    is_required: bool
    change: _Change | None


class Read:
    """A `select` of columns whose values are `bindparam`s; one of a list is `== any_(bindparam(…, type_=ARRAY(…)))`,
    one of values that are known is `in_`. Written as SQL it is a `text(…).columns(column("…"), …)`.

    Rows are named tuples of what the columns' types make of the values, and no objects of the session: what it has read
    before stays as it was. What it has not written yet is written first. One that locks nothing needs no savepoint.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | TextualSelect) -> None:
        self.statement = statement
        self._locks = getattr(statement, "_for_update_arg", None) is not None

    async def all(self, session: AsyncSession, **values: object) -> list[Any]:
        """Every row. `values`: by name, what the bindparams stand for; one too few raises KeyError."""
        pending = session.sync_session
        if pending.new or pending.deleted or pending.identity_map.check_modified():
            await session.flush()
        sql, wanted, make = self._compiled
        sent = [
            each.given if not each.is_required else each.change(values[each.name]) if each.change else values[each.name]
            for each in wanted
        ]
        return [make(row) for row in await (await raw(session, in_savepoint=self._locks)).fetch(sql, *sent)]

    async def first(self, session: AsyncSession, **values: object) -> Any | None:
        """The first row, None when there is none. The statement itself limits what is looked for."""
        rows = await self.all(session, **values)
        return rows[0] if rows else None

    async def column(self, session: AsyncSession, **values: object) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in await self.all(session, **values)]

    async def value(self, session: AsyncSession, **values: object) -> Any | None:
        """The first column of the first row, None when there is no row."""
        row = await self.first(session, **values)
        return None if row is None else row[0]

    @cached_property
    def _compiled(self) -> tuple[str, list[_Value], Callable[[Any], Any]]:
        compiled = self.statement.compile(dialect=_DIALECT)
        asked = {bind.key for bind in compiled.binds.values() if bind.required}
        state = compiled.construct_expanded_state(dict.fromkeys(asked))  # an `in_` of known values becomes their places
        wanted = []
        for name in state.positiontup or ():
            bind, given = compiled.binds.get(name), state.parameters[name]
            change = state.processors.get(name) if bind is None else bind.type._cached_bind_processor(_DIALECT)
            given = change(given) if change and name not in asked else given
            wanted.append(_Value(name, given, name in asked, change))
        columns = compiled._result_columns
        names = [column.keyname for column in columns]
        row = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        changes = [column.type._cached_result_processor(_DIALECT, None) for column in columns]
        if not any(changes):
            return state.statement, wanted, row._make
        return (
            state.statement,
            wanted,
            lambda found: row._make(
                value if change is None else change(value) for change, value in zip(changes, found, strict=True)
            ),
        )
