"""A payment simulator at the wire: speaks the protocol of commerce/payments/simulator.py, keeps its books in memory."""

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

import httpx

from commerce.payments.simulator import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_signed, sign
from foundation.errors import Json

SECRET = b"of both sides"
Call = Callable[[httpx.Request], Awaitable[None]]


@dataclass
class Bank:
    """The bank. `before` runs before each answer; with `loses_answers` it does its work and then times out."""

    now: datetime
    sessions: dict[str, dict[str, Json]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Json]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False
    loses_answers: bool = False
    before: Call | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def client(self) -> httpx.AsyncClient:
        """A client whose network is this bank."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def pay(self, reference: str) -> dict[str, Json]:
        """The shopper pays on the page."""
        session = self._by_reference(reference)
        session["state"] = "paid"
        return session

    def webhook(self, reference: str, kind: str, *, event_id: str | None = None) -> tuple[dict[str, str], bytes]:
        """A signed webhook about a session: headers and raw body."""
        session = self._by_reference(reference)
        event = {
            "event_id": event_id or f"evt-{next(self._numbers)}",
            "type": kind,
            "session": session["id"],
            **{name: session[name] for name in ("reference", "amount", "currency")},
        }
        raw = json.dumps(event).encode()
        timestamp = str(int(self.now.timestamp()))
        return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: sign(SECRET, timestamp, raw)}, raw

    def paid_back(self) -> int:
        """Minor units that went back to shoppers."""
        return sum(refund["amount"] for refund in self.refunds.values() if refund["state"] == "succeeded")

    def _by_reference(self, reference: str) -> dict[str, Json]:
        return next(session for session in self.sessions.values() if session["reference"] == reference)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.method, request.url.path))
        if self.before is not None:
            await self.before(request)
        if self.down:
            raise httpx.ConnectError("down", request=request)
        if not is_signed(SECRET, request.headers, request.content, now=self.now):
            return httpx.Response(401)
        status, body = self._do(request.method, request.url.path, json.loads(request.content or b"{}"))
        if self.loses_answers:
            raise httpx.ReadTimeout("too late", request=request)
        return httpx.Response(status, json=body)

    def _do(self, method: str, path: str, body: dict[str, Json]) -> tuple[int, Json]:
        _, _, _, kind, *rest = path.split("/")
        if kind == "sessions" and not rest:
            return self._open(body)
        if kind == "refunds" and not rest:
            return self._refund(body)
        if kind == "refunds":
            refund = self.refunds.get(unquote(rest[0]))
            return (200, refund) if refund else (404, {})
        session = self.sessions.get(rest[0])
        if session is None:
            return 404, {}
        if method == "POST" and session["state"] == "open":
            session["state"] = "closed"
        return 200, session

    def _open(self, body: dict[str, Json]) -> tuple[int, Json]:
        for session in self.sessions.values():
            if session["reference"] == body["reference"]:
                return 200, session
        number = f"ses-{next(self._numbers)}"
        self.sessions[number] = {
            "id": number,
            "state": "open",
            "url": f"https://bank.example/pay/{number}",
            **{name: body[name] for name in ("reference", "amount", "currency")},
        }
        return 201, self.sessions[number]

    def _refund(self, body: dict[str, Json]) -> tuple[int, Json]:
        if body["key"] in self.refunds:
            return 200, self.refunds[body["key"]]
        session = self.sessions[body["session"]]
        back = sum(refund["amount"] for refund in self.refunds.values() if refund["session"] == body["session"])
        if session["state"] != "paid" or back + body["amount"] > session["amount"]:
            return 409, {}
        refund = {**body, "currency": session["currency"], "state": "succeeded"}
        self.refunds[body["key"]] = refund
        return 200, refund
