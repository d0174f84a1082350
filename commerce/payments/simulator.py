"""The shop's side of the payment simulator, the demo shop's bank: an HTTP client with signed requests and webhooks.

The protocol, version 1. Bodies are JSON in UTF-8. Every request in either direction carries

    X-Simulator-Timestamp: <Unix seconds, decimal>
    X-Simulator-Signature: <hex HMAC-SHA256(secret, timestamp + "." + raw body)>   (no body is the empty string)

and is refused with 401 when the signature is wrong or the timestamp is more than 300 s away.

    POST /simulator/v1/sessions {"reference", "amount", "currency", "return_url", "notify_url"}
        201 with a session; 200 with the same session when the reference is known; 409 when its amount differs.
    GET  /simulator/v1/sessions/{id}         200 with the session, 404
    POST /simulator/v1/sessions/{id}/close   200 with the session: "closed", or "paid" when the payment was first
    POST /simulator/v1/refunds {"session", "key", "amount"}
        200 with a refund; the same key gives the same refund; 409 when the session is not paid or the sum of refunds
        would be more than was paid.
    GET  /simulator/v1/refunds/{key}         200 with the refund, 404

    session: {"id", "reference", "amount": minor units, "currency", "state": "open" | "processing" | "paid" | "closed",
              "url": the pay page}. A declined attempt leaves it open.
    refund:  {"key", "session", "amount", "currency", "state": "pending" | "succeeded" | "failed"}

    Webhook: POST notify_url {"event_id", "type", "session", "reference", "amount", "currency", "refund_key"?}
        type: payment.succeeded | payment.failed | session.closed | refund.succeeded | refund.failed
        Answered 2xx when stored. It may come twice, late, in any order or never: the shop asks for the state itself.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from commerce.payments.port import UNSEEN, Notice, Payer, ProviderUnreachable, RefundOutcome, Session, SessionState
from foundation.errors import Json, Refused
from foundation.money import Money

TIMESTAMP_HEADER = "X-Simulator-Timestamp"
SIGNATURE_HEADER = "X-Simulator-Signature"
TOLERANCE_SECONDS = 300


def sign(secret: bytes, timestamp: str, raw: bytes) -> str:
    """The signature of a body sent at this time; the same in both directions."""
    return hmac.new(secret, timestamp.encode() + b"." + raw, "sha256").hexdigest()


def is_signed(secret: bytes, headers: Mapping[str, str], raw: bytes, *, now: datetime) -> bool:
    """Whether the headers carry a fresh signature of this body. Header names in any case."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP_HEADER.lower(), "")
    signature = given.get(SIGNATURE_HEADER.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE_SECONDS:
        return False
    return hmac.compare_digest(sign(secret, timestamp, raw).encode(), signature.encode())


class _Session(BaseModel):
    id: str
    reference: str
    amount: int
    currency: str
    state: Literal["open", "processing", "paid", "closed"]
    url: str


class _Refund(BaseModel):
    key: str
    state: Literal["pending", "succeeded", "failed"]


class _Event(BaseModel):
    event_id: str = Field(min_length=1, max_length=120)
    type: str = Field(min_length=1, max_length=60)
    session: str = Field(max_length=120)
    reference: str = Field(max_length=32)
    amount: int
    currency: str = Field(max_length=3)
    refund_key: str | None = Field(default=None, max_length=120)


class Simulator:
    """The simulator as a payment provider. `base_url` is the shop's own address, where the simulator lives as well."""

    name = "simulator"

    def __init__(self, client: httpx.AsyncClient, *, base_url: str, secret: bytes, now: Callable[[], datetime]) -> None:
        self._client = client
        self._base_url = base_url
        self._secret = secret
        self._now = now

    async def create(
        self,
        *,
        reference: str,
        money: Money,
        return_url: str,
        opened_at: datetime,  # noqa: ARG002 - for others, as are the next
        until: datetime | None = None,  # noqa: ARG002
        payer: Payer = UNSEEN,  # noqa: ARG002
    ) -> Session:
        """Make the session of this reference, or give the one there is."""
        body = {
            "reference": reference,
            "amount": money.amount,
            "currency": money.currency,
            "return_url": return_url,
            "notify_url": f"{self._base_url}/webhooks/payments/{self.name}",
        }
        return _read_session(await self._call("POST", "/simulator/v1/sessions", body))

    async def query(self, ref: str) -> Session:
        """The session as it is now."""
        return _read_session(await self._call("GET", f"/simulator/v1/sessions/{quote(ref, safe='')}"))

    async def close(self, ref: str) -> Session:
        """Let nobody pay it any more; the answer says PAID where that came too late."""
        return _read_session(await self._call("POST", f"/simulator/v1/sessions/{quote(ref, safe='')}/close", {}))

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Pay back once under this key."""
        body = {"session": ref, "key": key, "amount": money.amount}
        response = await self._call("POST", "/simulator/v1/refunds", body)
        return RefundOutcome.FAILED if response.status_code == 409 else _read_refund(response)

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:  # noqa: ARG002 - the key is enough here
        """What became of the refund with this key; UNKNOWN when the simulator never heard of it."""
        response = await self._call("GET", f"/simulator/v1/refunds/{quote(key, safe='')}")
        return RefundOutcome.UNKNOWN if response.status_code == 404 else _read_refund(response)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:
        """Read a webhook. Raises Refused("webhook.forged") when the signature is not theirs or too old."""
        if not is_signed(self._secret, headers, raw, now=self._now()):
            raise Refused("webhook.forged")
        try:
            event = _Event.model_validate_json(raw)
        except ValidationError as error:
            raise Refused("webhook.unreadable") from error
        payload = event.model_dump(mode="json")
        return [Notice(event.event_id, event.type, event.reference, event.refund_key, payload)]

    async def _call(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        raw = b"" if body is None else json.dumps(body).encode()
        timestamp = str(int(self._now().timestamp()))
        headers = {
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self._secret, timestamp, raw),
            "Content-Type": "application/json",
        }
        try:
            response = await self._client.request(method, self._base_url + path, content=raw, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"simulator: {type(error).__name__}") from error
        if response.status_code not in (200, 201, 404, 409):
            raise ProviderUnreachable(f"simulator: HTTP {response.status_code}")
        return response


def _read_session(response: httpx.Response) -> Session:
    try:
        read = _Session.model_validate_json(response.content)
    except ValidationError as error:
        raise ProviderUnreachable(f"simulator: HTTP {response.status_code} without a session") from error
    return Session(read.id, read.reference, read.url, SessionState(read.state), Money(read.amount, read.currency))


def _read_refund(response: httpx.Response) -> RefundOutcome:
    try:
        return RefundOutcome(_Refund.model_validate_json(response.content).state)
    except ValidationError as error:
        raise ProviderUnreachable(f"simulator: HTTP {response.status_code} without a refund") from error
