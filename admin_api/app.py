"""The staff's door as one application: the HTTP interface under /api and the web console under /console."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import structlog
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from admin_api import (
    checks,
    conversations,
    coupons,
    customers,
    flash_sales,
    group_buy,
    keepers,
    live,
    locations,
    order_changes,
    order_rules,
    orders,
    parcels,
    payments,
    pictures,
    products,
    promotions,
    returns,
    shelf,
    sign_in,
    staff_chats,
)
from admin_api.auth import forget_old_sign_ins
from admin_api.desk import Desk
from admin_api.errors import BodyLimit, answer_errors
from admin_api.health import CountRequests, Metrics, health_router
from admin_api.hub import DATABASE_AWAY, Hub
from admin_api.lazy_console import LazyConsole
from commerce.flash_sales.queue import Line
from conversations.events import forget_events
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell, Presence, connect
from foundation.settings import Settings

log = structlog.get_logger(__name__)

EVENTS_LAST = timedelta(days=2)
PARTS = (
    sign_in,
    conversations,
    coupons,
    customers,
    flash_sales,
    group_buy,
    order_changes,
    order_rules,
    orders,
    parcels,
    payments,
    products,
    promotions,
    returns,
    pictures,
    shelf,
    locations,
    checks,
    keepers,
    staff_chats,
    live,
)
"""Each has its routes. What is alike in two addresses goes to the one that comes first."""

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
    presence: Presence | None = None,
    now: Callable[[], datetime] = clock,
    with_console: bool = True,
) -> FastAPI:
    """The application of one console process. Whoever made database and doorbell closes them."""
    hub = Hub(database, doorbell)
    redis = connect(settings.redis_url)
    desk = Desk(settings, database, vault, doorbell, hub, presence or Presence(redis), Line(redis), now)
    console = LazyConsole(desk) if with_console else None
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pages = console.running() if console is not None else contextlib.nullcontext()
        async with _running(hub.run()), _running(_forget(desk)), pages:
            yield

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
    for part in PARTS:
        app.include_router(part.router)
    if console is not None:
        app.mount("/console", console)
        app.add_api_route("/", _to_console, include_in_schema=False)
    return app


async def _forget(desk: Desk) -> None:
    """Sweep once an hour: ended sessions, old lock-outs, events that no screen goes back to."""
    while True:
        try:
            async with desk.database.begin() as session:
                await forget_old_sign_ins(session, now=desk.now())
                await forget_events(session, before=desk.now() - EVENTS_LAST)
        except DATABASE_AWAY as error:
            log.warning("the hourly sweep failed", error=type(error).__name__)
        await asyncio.sleep(3600)


async def _to_console() -> RedirectResponse:
    return RedirectResponse("/console/")


@contextlib.asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
