"""Thousands of pages that ask at once: a connection each, and as little client around it as can be."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, cast

from bench.processes import HOST


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `location` of a redirect."""

    status: int
    body: bytes
    location: str

    @property
    def told(self) -> dict[str, Any]:
        """The body as JSON."""
        read: dict[str, Any] = json.loads(self.body)
        return read


class Page(asyncio.Protocol):
    """One connection that is kept open, and one question at a time."""

    def __init__(self) -> None:
        self._read = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> "Page":
        """Connect."""
        _, page = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return page

    async def ask(self, method: str, path: str, *, token: str = "", body: bytes = b"", form: bool = False) -> Answer:
        """One request and its answer. Raises ConnectionError when the server ends it before."""
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Visitor: {token}\r\nContent-Type: {kind}\r\n"
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        if self._transport.is_closing():
            raise ConnectionError("the server has ended the connection")
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return await self._answer

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class says nothing of itself

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; who still waits hears of it."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("ended before the answer"))

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        lines = self._read[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        whole = end + 4 + int(headers.get("content-length", 0))
        if len(self._read) >= whole:
            answer = Answer(int(lines[0].split()[1]), bytes(self._read[end + 4 : whole]), headers.get("location", ""))
            del self._read[:whole]
            self._answer.set_result(answer)


@dataclass(slots=True)
class Times:
    """How long answers took, in seconds, from the moment in which they were to be asked for."""

    took: list[float] = field(default_factory=list)

    def add(self, since: float) -> None:
        """One more, that began at `since` of time.perf_counter."""
        self.took.append(time.perf_counter() - since)

    def facts(self) -> dict[str, float]:
        """Milliseconds."""
        ordered = sorted(self.took) or [0.0]
        shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
        last = len(ordered) - 1
        return {name: round(ordered[min(last, int(share * len(ordered)))] * 1000, 1) for name, share in shares.items()}
