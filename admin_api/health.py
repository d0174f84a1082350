"""Is it alive, is it ready, and what does it count."""

import time

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_api.auth import DeskHere
from admin_api.errors import ErrorBody, errors_beside
from admin_api.hub import DATABASE_AWAY
from foundation.errors import Refused


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "xiaoer_console_requests_total",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "xiaoer_console_request_seconds",
            "Time until the answer begins, by route.",
            ("route",),
            registry=self.registry,
        )


class CountRequests:
    """Counts each request under its route's pattern, so that ids do not become labels."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self.metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
                self.metrics.seconds.labels(route).observe(time.perf_counter() - begun)
            await send(message)

        await self.app(scope, receive, counted)


def health_router(metrics: Metrics) -> APIRouter:
    """The three addresses that machines ask."""
    router = APIRouter(tags=["health"])
    failures: dict[int | str, dict[str, object]] = {405: {"model": ErrorBody}, 503: {"model": ErrorBody}}

    @router.get("/health", summary="Is the process alive", responses=failures)
    async def health() -> Health:
        """Answers as long as the process runs, whatever the database does."""
        return Health()

    @router.get("/ready", summary="Can it serve", responses=failures)
    async def ready(desk: DeskHere) -> Health:
        """Answers when the database does; 503 otherwise."""
        try:
            async with desk.database.session() as session:
                await session.execute(text("SELECT 1"))
        except DATABASE_AWAY as error:
            raise Refused("shop.busy") from error
        return Health()

    @router.get(
        "/metrics",
        summary="Counters for Prometheus",
        responses={
            200: {"description": "Counters", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **errors_beside(405),
        },
        response_class=Response,
        response_model=None,
    )
    async def counters() -> Response:
        """Plain text in Prometheus' exposition format."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
