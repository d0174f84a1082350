"""What many look at and one reads: a value that is read anew when somebody asks and it has grown old."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """One reading at a time for each key; what was read counts for so many seconds, a refusal too."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[Key, tuple[float, asyncio.Task[Value]]] = {}

    async def of(self, key: Key, read: Callable[[], Coroutine[None, None, Value]]) -> Value:
        """The value of this key, by `read` if need be, which raises for all who wait for it."""
        now = time.monotonic()
        self._kept = {each: kept for each, kept in self._kept.items() if kept[0] > now or not kept[1].done()}
        if key not in self._kept:
            self._kept[key] = (now + self._seconds, asyncio.create_task(read()))
        return await asyncio.shield(self._kept[key][1])
