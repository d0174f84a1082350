"""The shopper's door for tests: real requests at the real app, with a stream that can be read event by event."""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import uvicorn
from fastapi import FastAPI

from bot.replies import Reply, Text, plain, to_json
from bot.web.app import create_app
from conversations.delivery import deliver_stored
from conversations.read import conversation_of
from conversations.say import say_fact
from foundation.errors import Json

if TYPE_CHECKING:
    from bot.shop import Shop

_numbers = itertools.count(1)
_kept: list[socket.socket] = []


@dataclass(slots=True)
class Visitor:
    """A browser with its token."""

    client: httpx.AsyncClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What the page sends with every request."""
        return {"X-Visitor": self.token}

    async def sends(self, text: str, *, client_id: str = "message-0001") -> httpx.Response:
        """Post a message."""
        body = {"client_id": client_id, "body": {"kind": "text", "text": text}, "language": "zh"}
        return await self.client.post("/chat/messages", json=body, headers=self.headers)

    async def history(self, **query: int) -> dict[str, Json]:
        """What was said, as the page reads it."""
        answer = await self.client.get("/chat/history", params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        read: dict[str, Json] = answer.json()
        return read


async def a_visitor(client: httpx.AsyncClient) -> Visitor:
    """A new browser."""
    answer = await client.post("/chat/visitor")
    assert answer.status_code == 201
    return Visitor(client, answer.json()["visitor"])


async def the_shop_says(shop: "Shop", chat: str, *said: str | Reply) -> None:
    """Facts reach this visitor: stored, delivered, and rung for."""
    async with shop.database.begin() as session:
        conversation = await conversation_of(session, channel="web", chat=chat)
        assert conversation is not None
        for each in said:
            reply = Text(each) if isinstance(each, str) else each
            await say_fact(
                session,
                conversation_id=conversation.id,
                key=f"said:{next(_numbers)}",
                body=to_json(reply),
                text=plain(reply),
                now=shop.now(),
            )
    await deliver_stored(shop.database, conversation.id, now=shop.now())
    await shop.doorbell.ring(f"conversation:{conversation.id}")


def free_port() -> int:
    """A port for somebody who is yet to listen. It stays bound here, so that meanwhile nobody else is given it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    _kept.append(kept)
    port: int = kept.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def served(app: FastAPI, *, port: int = 0) -> AsyncIterator[str]:
    """The app behind a real server on a free port, or this one: what streams need. Gives its address."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(64)
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, int | None, dict[str, Json]]]:
    """The events of a stream as they come: name, id, data. Comments are left out."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif not line and fields:
            yield fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"])
            fields = {}


def app_of(shop: "Shop") -> FastAPI:
    """The app of this shop."""
    return create_app(shop)
