"""The staff's door as one application: the HTTP interface under /api and the web console under /console."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from admin_api import conversations, live, orders, sign_in
from admin_api.desk import Desk
from admin_api.errors import BodyLimit, answer_errors
from admin_api.health import CountRequests, Metrics, health_router
from admin_api.hub import Hub
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell
from foundation.settings import Settings

DESCRIPTION = """What the staff of a Xiaoer shop does, for programs. Every refusal is
`{"error": {"code", "message", "facts"}}`. Sign in at `/api/sign-in`; writes carry the session's token in
`X-Xiaoer-CSRF`."""


def clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    database: Database,
    vault: Vault,
    doorbell: Doorbell,
    now: Callable[[], datetime] = clock,
    with_console: bool = True,
) -> FastAPI:
    """The application of one console process. Whoever made database and doorbell closes them."""
    hub = Hub(database, doorbell)
    desk = Desk(settings, database, vault, doorbell, hub, now)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        reading = asyncio.create_task(hub.run())
        try:
            yield
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    app = FastAPI(
        title="Xiaoer admin API",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.desk = desk
    answer_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(CountRequests, metrics=metrics)
    app.include_router(health_router(metrics))
    for router in (sign_in.router, conversations.router, orders.router, live.router):
        app.include_router(router)
    return app
