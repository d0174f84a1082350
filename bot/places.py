"""China's divisions as one process has them: read at the first address, outside the transactions of turns."""

import asyncio
from typing import TYPE_CHECKING

from commerce.customers.divisions import Divisions, read_all

if TYPE_CHECKING:
    from bot.shop import Shop


class Places:
    """`known` is empty until they were read, and where none were imported: then addresses are read without them."""

    def __init__(self) -> None:
        self.known: Divisions | None = None
        self._reading: asyncio.Task[None] | None = None

    def begin(self, shop: "Shop") -> None:
        """Read them now unless they are there: an address is about to be asked for."""
        if not self.known and (self._reading is None or self._reading.done()):
            self._reading = shop.soon(self._read(shop))

    async def settled(self) -> None:
        """Wait while they are being read. To be called where no transaction is open."""
        if self._reading is not None and not self._reading.done():
            await asyncio.wait([self._reading])

    async def _read(self, shop: "Shop") -> None:
        async with shop.database.begin() as session:
            divisions = await read_all(session)
        self.known = await asyncio.to_thread(Divisions, divisions) if divisions else None
