"""China's divisions as one process has them: read at the first address, outside the transactions of turns."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from commerce.customers.divisions import Divisions, read_all
from foundation.database import Database

BELIEVED_FOR = 60.0
"""Seconds in which nobody looks again whether any were imported."""
Soon: TypeAlias = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Does work in the background."""


class Places:
    """`known` is empty until they were read, and where none were imported: then addresses are read without them."""

    def __init__(self) -> None:
        self.known: Divisions | None = None
        self._reading: asyncio.Task[None] | None = None
        self._look_again = 0.0

    def begin(self, database: Database, soon: Soon) -> None:
        """Read them now unless they are there: an address is about to be asked for."""
        is_reading = self._reading is not None and not self._reading.done()
        if not self.known and not is_reading and time.monotonic() >= self._look_again:
            self._reading = soon(self._read(database))

    async def settled(self) -> None:
        """Wait while they are being read. To be called where no transaction is open."""
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])

    async def _read(self, database: Database) -> None:
        async with database.begin() as session:
            divisions = await read_all(session)
        self._look_again = time.monotonic() + BELIEVED_FOR
        self.known = await asyncio.to_thread(Divisions, divisions) if divisions else None
