"""The database: one declarative base, engine and sessions, and the way down to the driver for hot statements."""

import json
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, TypeAlias

import asyncpg
from pydantic_core import from_json
from sqlalchemy import BigInteger, Connection, DateTime, Identity, MetaData, PoolProxiedConnection, event, exc
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection as AsyncConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, mapped_column
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.util import await_

from foundation.encryption import Vault
from foundation.errors import Json

DATABASE_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    exc.InterfaceError,
    exc.OperationalError,
    exc.TimeoutError,
)
"""What is raised while the database cannot be reached: try again later."""

LONGEST_IDLE = "5min"
"""PostgreSQL ends a connection that does nothing so long inside a transaction, and with it the locks: its task was
cancelled while it gave the connection back, or its process hangs. No import or index works so long between two
statements; waiting for a lock is not doing nothing."""

JsonMap: TypeAlias = dict[str, Json]
JsonList: TypeAlias = list[Json]
Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""The type of a primary key: `id: Mapped[Id]`."""


class Base(DeclarativeBase):
    """Every table of every room. `datetime` is timestamptz, `int` a bigint, JsonMap and JsonList are JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Dialect(PGDialect_asyncpg):
    """SQLAlchemy's, where the driver sends BEGIN with the connection, and savepoints, which are no statements to build.

    SQLAlchemy sends BEGIN with its first statement, and compiles and prepares a statement for each savepoint.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Send BEGIN."""
        adapted: Any = dbapi_connection.dbapi_connection
        await_(adapted._start_transaction())

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Send SAVEPOINT."""
        await_(_driver_of(connection).execute(f"SAVEPOINT {name}"))

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Undo what was written since."""
        await_(_driver_of(connection).execute(f"ROLLBACK TO SAVEPOINT {name}"))

    def do_release_savepoint(self, connection: Connection, name: str) -> None:
        """Forget it: what was written since stays."""
        await_(_driver_of(connection).execute(f"RELEASE SAVEPOINT {name}"))


def _driver_of(connection: Connection) -> asyncpg.Connection:
    return connection.connection.driver_connection


registry.register("postgresql.asyncpg", __name__, Dialect.__name__)


def _read_json(text: str) -> Json:
    """In a fifth of the time that the standard library takes, which has to read what is nested very deeply."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


class Database:
    """An engine with its sessions. Sessions carry the vault in `session.info["vault"]`."""

    def __init__(self, url: str, vault: Vault | None = None, *, pool_size: int = 20) -> None:
        self.url = url
        self.vault = vault
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,  # one that is closed when a burst is over is dear to open again
            pool_timeout=15,
            pool_recycle=1800,
            pool_use_lifo=True,  # the connection last used has its statements prepared
            # a shop has more than the usual 100, SQLAlchemy's and those on the driver
            connect_args={"prepared_statement_cache_size": 500, "statement_cache_size": 500},
            json_deserializer=_read_json,
            hide_parameters=True,  # what a shopper wrote is no part of an error, and so of no log
        )
        event.listen(self.engine.sync_engine, "connect", _end_when_idle)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info={"vault": vault})

    def session(self) -> AsyncSession:
        """A session; the caller commits and closes it."""
        return self._sessions()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One session with one transaction: committed at the end, rolled back on any exception."""
        async with self._sessions() as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[asyncpg.Connection]:
        """The driver's own connection outside any transaction: each statement commits by itself."""
        connection = await self.engine.raw_connection()
        try:
            yield connection.driver_connection
        except DATABASE_AWAY:
            connection.invalidate()  # a dead connection does not go back into the pool,
            await self.engine.dispose()  # and those that lie there have hardly outlived it
            raise
        finally:
            connection.close()

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def _end_when_idle(connection: Any, _record: object) -> None:
    """By a statement: poolers such as PgBouncer refuse a connection that brings a parameter they do not know."""
    connection.run_async(lambda driver: driver.execute(f"SET idle_in_transaction_session_timeout = '{LONGEST_IDLE}'"))


_DRIVERS: "weakref.WeakKeyDictionary[SessionTransaction, asyncpg.Connection]" = weakref.WeakKeyDictionary()
"""Of the transactions and savepoints that have begun on the server."""


async def raw(session: AsyncSession, *, in_savepoint: bool = True) -> asyncpg.Connection:
    """The driver's connection of this session, inside the session's transaction.

    SQLAlchemy sends BEGIN and SAVEPOINT when its connection is asked for; a statement on the driver before that would
    commit by itself, or stay when the savepoint is undone. Reads without locks need none, and what may stay:
    `in_savepoint` False.
    The way down is longer than a statement takes, so it is gone once for each of them.
    """
    begun = _innermost(session) if in_savepoint else session.sync_session.get_transaction()
    driver: asyncpg.Connection = None if begun is None else _DRIVERS.get(begun)
    if driver is None or not driver.is_in_transaction():
        driver = await session.run_sync(_begun_driver)
        assert driver.is_in_transaction()
        for each in (session.sync_session.get_transaction(), _innermost(session)):
            if each is not None:
                _DRIVERS[each] = driver
    return driver


def _begun_driver(session: Session) -> asyncpg.Connection:
    return _driver_of(session.connection())


def _innermost(session: AsyncSession) -> SessionTransaction | None:
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()


async def insert_rows(session: AsyncSession, model: type[Base], rows: Sequence[JsonMap]) -> list[int]:
    """Write rows of one table by the driver, inside the session's transaction; their ids, in the order of `rows`.

    For what is written with every order and not looked at again: a fraction of the CPU of the unit of work, which hears
    nothing of these rows. What a row leaves out is its column's default, else NULL.
    """
    statement, empty = _insert_of(model)
    written = json.dumps([empty | row for row in rows], default=_as_json, ensure_ascii=False)
    return sorted(row["id"] for row in await (await raw(session)).fetch(statement, written))


async def insert_row(session: AsyncSession, row: Base) -> None:
    """Write one new object as `insert_rows` does; then the session knows it as if it had written it itself, and forgets
    it with the savepoint that undoes it."""
    _, empty = _insert_of(type(row))
    for name in empty:
        if name not in row.__dict__:
            setattr(row, name, empty[name])
    [row_id] = await insert_rows(session, type(row), [{name: getattr(row, name) for name in empty}])
    set_committed_value(row, "id", row_id)
    session.add(row)
    session.sync_session._register_persistent({instance_state(row)})


@cache
def _insert_of(model: type[Base]) -> tuple[str, JsonMap]:
    """The statement of `insert_rows`, and a row of which nothing is said."""
    columns = [column for column in model.__table__.columns if not column.primary_key]
    names = ", ".join(f'"{column.name}"' for column in columns)
    empty = {one.name: one.default.arg if one.default and one.default.is_scalar else None for one in columns}
    statement = (
        f'INSERT INTO "{model.__tablename__}" ({names}) '
        f'SELECT {names} FROM jsonb_populate_recordset(NULL::"{model.__tablename__}", $1::jsonb) RETURNING id'
    )
    return statement, empty


def _as_json(value: datetime | bytes) -> str:
    """As PostgreSQL reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value.isoformat()
