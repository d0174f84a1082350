"""The web console as a part of the application that is loaded beside the first requests, not before them.

Importing NiceGUI takes seconds; /health and the HTTP interface must not wait for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import import_module

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_api.desk import Desk
from admin_api.errors import problem

log = structlog.get_logger(__name__)

LONGEST_LOADING = 30.0
"""Seconds a first request waits for the console; then it is told to come back."""


class LazyConsole:
    """Serves the console's pages once they are loaded; requests before that wait."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loaded: asyncio.Event = asyncio.Event()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_LOADING):
                await self._loaded.wait()
        if self._app is None:
            if scope["type"] == "http":
                await problem("shop.busy", {"seconds": 5})(scope, receive, send)
            return
        await self._app(scope, receive, _with_policy(self._desk, send) if scope["type"] == "http" else send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the pages in the background, and serve them until this ends."""
        stop = asyncio.Event()
        serving = asyncio.create_task(self._serve(stop))
        try:
            yield
        finally:
            stop.set()
            await serving

    async def _serve(self, stop: asyncio.Event) -> None:
        try:
            pages = await asyncio.to_thread(import_module, "admin_api.console.pages")
        except Exception:
            log.exception("the console cannot be loaded")
            self._loaded.set()
            return
        app: FastAPI = pages.application(self._desk)
        async with app.router.lifespan_context(app):
            self._app = app
            self._loaded.set()
            await stop.wait()


def _with_policy(desk: Desk, send: Send) -> Send:
    """Vue compiles its templates in the browser, hence 'unsafe-eval'; all comes from us, pictures from the shop."""
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: {desk.settings.base_url}; connect-src 'self' ws: wss:; font-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    extra = {
        b"content-security-policy": policy.encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"same-origin",
    }

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra.items()]}
        await send(message)

    return sending
