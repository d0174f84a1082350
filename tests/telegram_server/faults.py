"""What goes wrong on the way: switched on by a test, drawn from a seeded lot."""

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Kind = Literal["error", "reset", "lost", "timeout", "flood"]


@dataclass(frozen=True, slots=True)
class Fault:
    """error: 500 and nothing done. reset: connection closed before it was done; lost: after. timeout: no answer."""

    kind: Kind
    retry_after: int = 0


@dataclass
class Faults:
    """Faults of calls come once each, in order; shares are of all updates or calls while they are above 0."""

    duplicates: float = 0.0
    """Share of updates that are delivered a second time."""
    reordered: float = 0.0
    """Share of updates that overtake some of those that wait before them."""
    failing: float = 0.0
    """Share of sending calls that fail with nothing done, by a kind drawn by lot."""
    lot: Random = field(default_factory=lambda: Random(1))
    _planned: dict[str, deque[Fault]] = field(default_factory=dict)

    def error(self, method: str = "*", times: int = 1) -> None:
        """500 Internal Server Error, nothing done."""
        self._plan(method, Fault("error"), times)

    def reset(self, method: str = "*", times: int = 1) -> None:
        """The connection breaks before anything was done."""
        self._plan(method, Fault("reset"), times)

    def lost(self, method: str = "*", times: int = 1) -> None:
        """Done, and the connection breaks before the answer."""
        self._plan(method, Fault("lost"), times)

    def timeout(self, method: str = "*", times: int = 1) -> None:
        """Done, and no answer ever comes."""
        self._plan(method, Fault("timeout"), times)

    def flood(self, retry_after: int, method: str = "*", times: int = 1) -> None:
        """429, nothing done."""
        self._plan(method, Fault("flood", retry_after), times)

    def clear(self) -> None:
        """Everything works again."""
        self.duplicates = self.reordered = self.failing = 0.0
        self._planned.clear()

    def next(self, method: str) -> Fault | None:
        """What happens to this call, if anything; '*' means every method but getUpdates."""
        for name in (method, "*"):
            planned = self._planned.get(name)
            if planned and (name != "*" or method != "getupdates"):
                return planned.popleft()
        if self.failing and method.startswith(("send", "edit", "answer")) and self.lot.random() < self.failing:
            kind: Kind = self.lot.choice(("error", "reset", "flood"))
            return Fault(kind, retry_after=1)
        return None

    def _plan(self, method: str, fault: Fault, times: int) -> None:
        self._planned.setdefault(method.lower(), deque()).extend([fault] * times)
