"""One reader of the event stream a process; every open stream and every console page gets what it reads."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from conversations.bells import STAFF
from conversations.events import Batch, EventReader
from foundation.database import Database
from foundation.redis import Doorbell

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks when no bell rings and somebody watches."""
LOOK_EVERY_ALONE = 2.0
DATABASE_AWAY = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a database that is away, or that restarts, looks like from here."""
MOST_WAITING = 500
"""Batches a slow stream may be behind; then it is told to read everything again."""


class Hub:
    """Hands what happens on to those who watch. `run` it as a task for as long as the process serves."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database, self._doorbell = database, doorbell
        self._watching: set[asyncio.Queue[Batch]] = set()
        self._read_at = time.monotonic()

    @property
    def seconds_behind(self) -> float:
        """How old our knowledge of the shop is."""
        return max(0.0, time.monotonic() - self._read_at - LOOK_EVERY_ALONE)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Batch]]:
        """A queue of everything that happens from now on."""
        queue: asyncio.Queue[Batch] = asyncio.Queue(MOST_WAITING)
        self._watching.add(queue)
        try:
            yield queue
        finally:
            self._watching.discard(queue)

    async def run(self) -> None:
        """Read and hand on until cancelled; a database that is away is asked again every second."""
        reader = EventReader(self._database)
        with self._doorbell.listening(STAFF) as rung:
            while True:
                try:
                    self._hand_on(await reader.read())
                    self._read_at = time.monotonic()
                except DATABASE_AWAY as error:
                    log.warning("the event stream cannot be read", error=type(error).__name__)
                    await asyncio.sleep(1)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY if self._watching else LOOK_EVERY_ALONE):
                        await rung.wait()
                rung.clear()

    def _hand_on(self, batch: Batch) -> None:
        if not batch.events and not batch.resync:
            return
        for queue in self._watching:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Batch((), batch.cursor, resync=True))
            else:
                queue.put_nowait(batch)
