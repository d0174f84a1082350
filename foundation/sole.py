"""Work that one process at a time may do, such as asking Telegram for updates: whoever holds a lock in PostgreSQL."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two tries to get the lock, and between two looks whether it is still ours."""
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


async def run_alone(
    url: str, name: str, work: Callable[[], Awaitable[None]], *, stop: asyncio.Event, every: float = LOOK_EVERY
) -> None:
    """Do `work` in this process while no other does, until `stop` is set; it is cancelled then.

    The lock lives as long as its own connection: a killed process gives it back at once, and one whose connection
    breaks stops working before it asks for it anew. Work that fails is begun again.
    """
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"), timeout=10)
            try:
                while not stop.is_set() and not await connection.fetchval(_TAKE, name, timeout=10):
                    await _pause(stop, every)
                if not stop.is_set():
                    await _watched(connection, work, stop, every)
            finally:
                await connection.close(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("the lock is lost", name=name, error=type(error).__name__)
            await _pause(stop, every)


async def _watched(
    connection: asyncpg.Connection, work: Callable[[], Awaitable[None]], stop: asyncio.Event, every: float
) -> None:
    """Run the work beside a look at the connection every now and then; the first failure of either ends both."""
    working, stopping = asyncio.ensure_future(work()), asyncio.create_task(stop.wait())
    try:
        while not stop.is_set() and not working.done():
            await asyncio.wait({working, stopping}, timeout=every, return_when=asyncio.FIRST_COMPLETED)
            await connection.fetchval("SELECT 1", timeout=10)
        if working.done() and working.exception() is not None:
            log.error("work failed; it is begun again", exc_info=working.exception())
            await _pause(stop, every)
    finally:
        for task in (working, stopping):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await working


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
