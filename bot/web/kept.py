"""What many look at and one reads: a value that is read anew when somebody asks and it has grown old."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Read = Callable[[], Coroutine[None, None, Value]]


class Kept(Generic[Key, Value]):
    """One reading at a time for each key; what was read counts for so many seconds, a refusal too.

    `stale`: so many seconds longer it is told to whoever asks while it is read anew.
    """

    def __init__(self, seconds: float, *, stale: float = 0.0) -> None:
        self._seconds, self._stale = seconds, stale
        self._kept: dict[Key, tuple[float, asyncio.Task[Value]]] = {}
        self._reading: dict[Key, asyncio.Task[Value]] = {}

    async def of(self, key: Key, read: Read[Value]) -> Value:
        """The value of this key, by `read` if need be, which raises for all who wait for it."""
        read_at, kept = self._kept.get(key, (0.0, None))
        age = time.monotonic() - read_at
        if kept is not None and age < self._seconds:
            return kept.result()
        reading = self._reading.get(key) or self._read(key, read)
        if kept is not None and age < self._seconds + self._stale:
            return kept.result()
        return await asyncio.shield(reading)

    async def again(self, key: Key, read: Read[Value]) -> Value:
        """The value after what has just been done to it."""
        return await asyncio.shield(self._read(key, read))

    def forget(self, key: Key) -> None:
        """Whoever asks next waits for the truth."""
        self._kept.pop(key, None)
        self._reading.pop(key, None)

    def _read(self, key: Key, read: Read[Value]) -> asyncio.Task[Value]:
        oldest = time.monotonic() - self._seconds - self._stale
        self._kept = {each: kept for each, kept in self._kept.items() if kept[0] > oldest}
        reading = self._reading[key] = asyncio.create_task(read())
        reading.add_done_callback(partial(self._keep, key))
        return reading

    def _keep(self, key: Key, reading: asyncio.Task[Value]) -> None:
        """The latest one counts: what was read before somebody changed it does not."""
        if self._reading.get(key) is reading:
            del self._reading[key]
            if not reading.cancelled():
                self._kept[key] = (time.monotonic(), reading)
