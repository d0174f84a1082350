"""The processes of `xiaoer up`: started, restarted when they end, and stopped together."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import Refused

STOP_SECONDS = 3
STEADY_SECONDS = 30
"""Whoever lived this long was well; its next end counts as the first again."""
LONGEST_PAUSE = 30
TRIES = 3
"""So often a process may end before it was ever ready; then something is wrong that no restart mends."""


@dataclass
class Child:
    """One process of the shop: `xiaoer NAME` with this environment. Without a log file it writes where we write."""

    name: str
    environment: dict[str, str]
    port: int | None
    log: Path | None
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0
    started_at: float = 0
    ends: int = 0
    was_ready: bool = False

    def is_running(self) -> bool:
        """Whether it has been started and lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only us and we stop it in order."""
        command = [sys.executable, "-m", "cli.main", self.name]
        output = self.log.open("ab") if self.log else None
        try:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )
        finally:
            if output:
                output.close()
        self.started_at = time.monotonic()


@contextmanager
def children_of(children: list[Child]) -> Iterator[list[Child]]:
    """Hand the children out, not yet started, and stop those that run at the end."""
    try:
        yield children
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # we are stopping already
        stop(children)


def tend(children: Sequence[Child]) -> None:
    """Start those that should run and do not. Raises Refused up.child_failed for one that never comes up."""
    now = time.monotonic()
    for child in children:
        if child.process is None:
            if now >= child.start_at:
                child.start()
        elif child.process.poll() is not None:
            child.ends = 1 if now - child.started_at > STEADY_SECONDS else child.ends + 1
            if child.ends >= TRIES and not child.was_ready:
                raise Refused("up.child_failed", name=child.name, reason=_last_words(child))
            pause = 0 if child.ends == 1 else min(2 ** (child.ends - 2), LONGEST_PAUSE)
            child.start_at = now + pause
            print(
                f"{time.strftime('%H:%M:%S')} {child.name} ended ({child.process.returncode}); starting it again"
                + (f" in {pause} s" if pause else ""),
                file=sys.stderr,
                flush=True,
            )
            child.process = None


def stop(children: Sequence[Child]) -> None:
    """Ask all of them to end, and end those that do not within three seconds."""
    running = [child.process for child in children if child.process is not None and child.is_running()]
    for process in running:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_words(child: Child) -> str:
    if child.log is None:
        return "see the lines above"
    lines = [line for line in child.log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
