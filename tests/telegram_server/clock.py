"""Telegram's time: as fast as a test wants it."""

import asyncio
import time


class Clock:
    """Seconds of the fake; with `factor` 60 an hour passes in a minute. Turning it never moves the time back."""

    def __init__(self) -> None:
        self._factor = 1.0
        self._origin = time.monotonic()
        self._passed = 0.0

    @property
    def factor(self) -> float:
        return self._factor

    @factor.setter
    def factor(self, factor: float) -> None:
        self._passed, self._origin = self.now(), time.monotonic()
        self._factor = factor

    def now(self) -> float:
        return self._passed + (time.monotonic() - self._origin) * self._factor

    def skip(self, seconds: float) -> None:
        """Let this much time have passed."""
        self._passed += seconds

    def real(self, seconds: float) -> float:
        """How long that takes for everyone else."""
        return seconds / self._factor

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.real(seconds))
