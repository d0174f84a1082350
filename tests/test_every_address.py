"""Every address of both doors: nothing without credentials, 4xx in the one shape for what is malformed, never a 500."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from admin_api.auth import COOKIE
from bot.web import chat, health, pages, pay, pictures, simulator
from cli.scratch import ScratchShop
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Console, open_console

OPEN = {"GET /health", "GET /ready", "GET /metrics"}
"""What anybody may read at the staff's door: nothing in it is about a shopper."""
BAD_PARTS = ("0", "-1", "9" * 30, "-" + "9" * 30, "x", "%00", "%F0%9F", "..%2f..%2fetc", "1e3", "١", "%25s", "null")
BAD_BODIES = (b"", b"{", b"null", b"[]", b"[" * 20_000, b'"x"', b"\xff\xfe", b'{"a": 1e999}', b'{"text": {"$ne": 1}}')
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of every operation that OpenAPI tells."""
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            yield method.upper(), path


def filled(path: str, part: str) -> str:
    return re.sub(r"\{\w+(:path)?\}", part, path)


async def test_staff_door_gives_nothing_to_strangers(console: Console) -> None:
    stranger = console.browser().http
    closed = [(method, path) for method, path in routes(console.app) if f"{method} {path}" not in OPEN]
    assert len(closed) >= 20
    for method, path in closed:
        for cookie in ("", "x" * 43, "ÿ"):
            sent = [(b"Content-Type", b"application/json"), (b"Cookie", f"{COOKIE}={cookie}".encode())]
            answer = await stranger.request(method, filled(path, "1"), content=b"{}", headers=sent)
            assert answer.status_code in (401, 403, 422), (method, path, answer.text)
            assert set(answer.json()) == {"error"}
            if path != "/api/sign-in":
                assert answer.status_code in (401, 403), (method, path)


async def test_staff_door_refuses_what_is_malformed_in_the_one_shape(console: Console) -> None:
    boss = (await console.at_work("boss", "administrator")).http
    for method, path in routes(console.app):
        if path in ("/api/events", "/api/sign-out", "/metrics"):  # a stream; the end of the session; no JSON
            continue
        parts = BAD_PARTS if "{" in path else ("",)
        for part in parts:
            await refused(boss, method, filled(path, part), content=b"{}")
        for body in BAD_BODIES if method == "POST" else ():
            await refused(boss, method, filled(path, "1"), content=body)
        for query in ("cursor", "limit", "before", "after", "rev", "scope", "status"):
            for value in ("-1", "9" * 40, "x" * 500, "%00", "%F0%9F"):
                if method == "GET":
                    await refused(boss, method, f"{filled(path, '1')}?{query}={value}", content=b"")


async def refused(client: httpx.AsyncClient, method: str, path: str, *, content: bytes) -> None:
    answer = await client.request(method, path, content=content, headers=JSON)
    assert answer.status_code < 500, (method, path, content[:30], answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error"}, (method, path)
        assert set(answer.json()["error"]) == {"code", "message", "facts"}


async def test_shoppers_door_refuses_what_is_malformed_and_never_fails(scratch: ScratchShop) -> None:
    token = (await scratch.client.post("/chat/visitor")).json()["visitor"]
    found = [
        (method, route.path)
        for part in (chat, health, pages, pay, pictures, simulator)
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    assert len(found) >= 15
    for method, path in found:
        if path == "/chat/stream":  # an answer that does not end; its refusals are tested with the bad strings
            continue
        for part in BAD_PARTS if "{" in path else ("",):
            for headers in ({}, {"X-Visitor": token}, {"X-Visitor": token, **JSON}):
                answer = await scratch.client.request(method, filled(path, part), content=b"{}", headers=headers)
                assert answer.status_code < 500, (method, path, part, answer.text[:200])
        for body in BAD_BODIES if method == "POST" else ():
            for headers in ({"X-Visitor": token}, {"X-Visitor": token, **JSON}):
                answer = await scratch.client.request(method, filled(path, "1"), content=body, headers=headers)
                assert answer.status_code < 500, (method, path, body[:30], answer.text[:200])
                assert answer.status_code >= 400 or path == "/chat/visitor"


async def test_shoppers_door_gives_nothing_of_a_talk_to_strangers(scratch: ScratchShop) -> None:
    for headers in ({}, {"X-Visitor": ""}, {"X-Visitor": "A" * 43}, {"X-Visitor": "A" * 5000}):
        for method, path in (("GET", "/chat/history"), ("GET", "/chat/stream"), ("POST", "/chat/messages")):
            body = b'{"client_id": "message-1", "body": {"kind": "text", "text": "x"}}'
            answer = await scratch.client.request(method, path, content=body, headers={**headers, **JSON})
            assert (answer.status_code, answer.json()["code"]) == (401, "visitor.unknown")
        for method, path in (
            ("POST", "/simulator/v1/sessions"),
            ("GET", "/simulator/v1/sessions/1"),
            ("POST", "/simulator/v1/sessions/1/close"),
            ("POST", "/simulator/v1/refunds"),
            ("GET", "/simulator/v1/refunds/1"),
            ("POST", "/webhooks/payments/simulator"),
        ):
            answer = await scratch.client.request(method, path, content=b"{}", headers={**headers, **JSON})
            assert answer.status_code == 401, (path, answer.text)
