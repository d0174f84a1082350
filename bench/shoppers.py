"""Scripted shoppers who use the web chat over HTTP as the widget does: one stream each, messages retried until kept."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from bot.replies import buttons_of, from_json

PATIENCE = 240.0
"""Seconds a shopper waits for an answer: every process may have been killed several times meanwhile."""
RETRY_AFTER = 0.2

ADDRESS = {
    "zh": "王小明 13900001234 上海市徐汇区漕溪北路 18 号 6 楼",
    "en": "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY",
}
WORDS = {
    "zh": {
        "hello": "你好",
        "search": "有什么茶",
        "checkout": "结账",
        "cod": "货到付款",
        "simulator": "在线支付",
        "yes": "好的",
        "cancel": "取消订单",
        "search with a limit": "100 以内的杯子",
        "search again": "便宜一点的",
        "status": "我的订单到哪了",
        "help": "你能做什么",
    },
    "en": {
        "hello": "hello",
        "search": "show me tea",
        "checkout": "check out",
        "cod": "cash",
        "simulator": "pay online",
        "yes": "yes",
        "cancel": "cancel my order",
        "search with a limit": "mugs under 100",
        "search again": "something cheaper",
        "status": "where is my order",
        "help": "what can you do",
    },
}


class Unanswered(Exception):
    """A shopper waited in vain."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the shopper's page got it, and when."""

    seq: int
    rev: int
    kind: str
    body: dict[str, Any]
    text: str
    client_id: str | None
    at: float

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(label, token) of each button on it."""
        return [(button.label, button.token) for button in buttons_of(from_json(self.body))]


Wanted: TypeAlias = Callable[[Shown], bool]


def is_reply(*kinds: str) -> Wanted:
    """An answer or a fact whose reply is one of these kinds; any when none is named."""
    return lambda shown: shown.kind in ("answer", "fact") and (not kinds or shown.body["kind"] in kinds)


@dataclass
class Shopper:
    """One visitor of the web chat. `doors` are the addresses of the web processes; a dead one is left for the next.

    `seen`: by seq, what the page shows. `sent`: by client id, the seq of every message that was kept.
    `took`: seconds from each message's first byte to the answer seen in the stream.
    """

    doors: Sequence[str]
    name: str
    language: str
    method: str
    rng: random.Random
    sends_twice: float = 0.0
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=httpx.Timeout(10, read=30)))
    token: str = ""
    seen: dict[int, Shown] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    cursor: int = 0
    _door: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    async def come(self) -> None:
        """Get a visitor token and open the stream."""
        answer = await self._insist("POST", "/chat/visitor", good=(201,))
        self.token = answer.json()["visitor"]
        self._reader = asyncio.create_task(self._read())

    async def leave(self) -> None:
        """Close the page."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self.client.aclose()

    async def says(self, text: str, wanted: Wanted, *, twice: bool = False) -> Shown:
        """Type something and wait for the answer. `twice`: the page sends it at both doors at once, under one id."""
        return await self._ask({"kind": "text", "text": text}, wanted, twice=twice)

    async def presses(self, button: tuple[str, str], wanted: Wanted, *, twice: bool = False) -> Shown:
        """Press a button and wait for the answer."""
        label, token = button
        return await self._ask({"kind": "press", "token": token, "label": label}, wanted, twice=twice)

    async def pays(self, url: str) -> None:
        """Open the pay link and press Pay on the bank's page."""
        opened = await self._insist("GET", _path(url), good=(303,))
        await self._insist("POST", _path(opened.headers["location"]), good=(303,), data={"choice": "pay"})

    async def until(self, wanted: Wanted, *, after: int) -> Shown:
        """The first message with a higher seq than `after` that is wanted. Raises Unanswered."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self._news.clear()
            for seq in sorted(seq for seq in self.seen if seq > after):
                if wanted(self.seen[seq]):
                    return self.seen[seq]
            try:
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            except TimeoutError:
                since = [shown.text[:80] for seq, shown in sorted(self.seen.items()) if seq > after]
                raise Unanswered(f"{self.name} after {after}: {since}") from None

    async def reads_on(self, *, to: int) -> None:
        """Wait until the page has everything up to this rev."""
        while self.cursor < to:
            self._news.clear()
            await self._news.wait()

    async def keeps(self, body: dict[str, Any], *, twice: bool = False) -> int:
        """Send a message until the shop has kept it; its seq."""
        client_id = f"{self.name}-{next(self._numbers):06}"
        content = {"client_id": client_id, "body": body, "language": self.language}
        sends = [self._insist("POST", "/chat/messages", good=(200, 202), json=content) for _ in range(1 + twice)]
        places = {answer.json()["seq"] for answer in await asyncio.gather(*sends)}
        self.sent[client_id] = max(places)
        if len(places) > 1:
            self.twice.append(f"{client_id} was kept at {sorted(places)}")
        return self.sent[client_id]

    async def _ask(self, body: dict[str, Any], wanted: Wanted, *, twice: bool) -> Shown:
        begun = time.perf_counter()
        shown = await self.until(wanted, after=await self.keeps(body, twice=twice))
        self.took.append(shown.at - begun)
        return shown

    async def _insist(self, method: str, path: str, *, good: Sequence[int], **request: Any) -> httpx.Response:
        """Try at one door after the other until the answer is one of `good`."""
        deadline = time.monotonic() + PATIENCE
        last = ""
        while time.monotonic() < deadline:
            door = self._next_door()
            try:
                answer = await self.client.request(method, door + path, headers=self._headers, **request)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                if answer.status_code in good:
                    return answer
                last = f"{answer.status_code} {answer.text[:200]}"
            await asyncio.sleep(RETRY_AFTER)
        raise Unanswered(f"{self.name}: {method} {path.partition('?')[0][:40]}: {last}")

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-Visitor": self.token} if self.token else {}

    def _next_door(self) -> str:
        self._door += 1
        return self.doors[self._door % len(self.doors)]

    async def _read(self) -> None:
        """Read the stream, and open it again at the next door where it broke off."""
        while True:
            address = f"{self._next_door()}/chat/stream"
            with contextlib.suppress(httpx.HTTPError):
                async with self.client.stream(
                    "GET", address, params={"cursor": self.cursor}, headers=self._headers
                ) as stream:
                    if stream.status_code == 200:
                        await self._read_events(stream)
            await asyncio.sleep(RETRY_AFTER)

    async def _read_events(self, stream: httpx.Response) -> None:
        event = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "message":
                self._show(json.loads(line.removeprefix("data: ")))

    def _show(self, message: dict[str, Any]) -> None:
        shown = Shown(
            seq=message["seq"],
            rev=message["rev"],
            kind=message["kind"],
            body=message["body"],
            text=message["text"],
            client_id=message["client_id"],
            at=time.perf_counter(),
        )
        before = self.seen.get(shown.seq)
        if before is not None and (before.kind, before.text) != (shown.kind, shown.text):
            self.twice.append(f"{self.name} {shown.seq}: another message in its place")
        self.seen[shown.seq] = shown
        self.cursor = max(self.cursor, shown.rev)
        self._news.set()


def _path(url: str) -> str:
    """A URL without its door."""
    parts = httpx.URL(url)
    return parts.raw_path.decode()
