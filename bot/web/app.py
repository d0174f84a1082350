"""The shopper's door over HTTP, put together: routes, limits, headers, errors, and the bank we practise with."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.metrics import REQUESTS
from bot.web import (
    carriers,
    chat,
    deals,
    flash,
    flash_page,
    goods,
    groups,
    health,
    my_data,
    pages,
    pay,
    photos,
    pickup_page,
    pictures,
    simulator,
    simulator_alipay,
    simulator_bank,
    simulator_stripe,
    simulator_wechat,
    suggestions,
    telegram,
    transfer_page,
)
from bot.web.errors import AnswerFailures, answer_errors
from bot.web.kept import Kept
from bot.web.share import forget_unseen
from bot.web.visitors import HEADER, is_visitor
from bot.web.wire import BodyLimit

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

DRAWN_KEPT = 30 * 24 * 3600.0
"""Seconds after somebody has last looked at a drawn picture."""
_PARTS = (
    *(pages, goods, groups, deals, flash_page, chat, flash, suggestions, photos, pictures),
    *(my_data, pickup_page, transfer_page, pay, carriers, health),
)


def create_app(shop: "Shop") -> FastAPI:
    """The web chat, its pages, pictures, payments and webhooks of one shop."""
    hears_telegram = shop.settings.telegram_token is not None and shop.settings.telegram_webhook

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=10) as client:
            beside = [asyncio.create_task(simulator.keep_sending(app.state.bank, client))]
            beside.append(asyncio.create_task(_keep_tidy(shop.settings.data_dir)))
            if hears_telegram:
                beside.append(asyncio.create_task(telegram.bring_updates(shop)))
            try:
                yield
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)

    app = FastAPI(title="Xiaoer web chat", lifespan=lifespan, docs_url=None, redoc_url=None)
    _furnish(app, shop)
    for part in _PARTS:
        app.include_router(part.router)
    if shop.settings.telegram_token is not None:
        app.include_router(telegram.links)
    if hears_telegram:
        app.include_router(telegram.router)
    if shop.settings.payment_simulator:
        _practise(app)
    answer_errors(app)
    app.add_middleware(
        BodyLimit,
        larger={
            "/chat/photos": photos.LARGEST_PHOTO,
            carriers.KUAIDI100: carriers.LARGEST_PUSH,
            telegram.PATH: telegram.LARGEST_UPDATE,
        },
        knows=lambda request: request.url.path != "/chat/photos" or is_visitor(request, shop.vault),
    )
    app.add_middleware(flash.Crowd, shop=shop, quotas=app.state.quotas)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(shop.settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", HEADER],
        expose_headers=["Retry-After"],
        max_age=3600,
    )
    app.add_middleware(AnswerFailures)
    app.add_middleware(SafeHeaders)
    return app


async def _keep_tidy(data_dir: Path) -> None:
    """Once a day forget the cards and share pictures that nobody looks at any more."""
    while True:
        for name in ("cards", "shares"):
            try:
                await asyncio.to_thread(forget_unseen, data_dir / name, since=time.time() - DRAWN_KEPT)
            except OSError:
                log.exception("pictures that nobody looks at stay", folder=name)
        await asyncio.sleep(24 * 3600)


def _practise(app: FastAPI) -> None:
    """The bank we practise with, and the wallets where the shop sells in their currency."""
    app.include_router(simulator.router)
    app.include_router(simulator_stripe.router)
    if app.state.bank.wallets is not None:
        app.include_router(simulator_wechat.router)
        app.include_router(simulator_alipay.router)


def _furnish(app: FastAPI, shop: "Shop") -> None:
    """What its routes share while it runs."""
    app.state.shop = shop
    app.state.shelves = {}
    app.state.windows, app.state.deals = groups.Windows(), Kept(groups.SEEN_KEPT)
    app.state.flash_pages = Kept(groups.SEEN_KEPT)
    app.state.open_streams = Counter()
    app.state.quotas, app.state.buying = flash.new_quotas(), asyncio.Semaphore(flash.BUYING_AT_ONCE)
    app.state.bank = simulator_bank.bank_of_shop(shop)


class SafeHeaders:
    """Puts the security headers on every answer and measures how long it took to begin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", pages.CONTENT_POLICY)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
                headers.setdefault("Cache-Control", "no-store")
                route = getattr(scope.get("route"), "path", "none")
                took = time.perf_counter() - begun
                REQUESTS.labels(route, scope["method"], str(message["status"])).observe(took)
            await send(message)

        await self.app(scope, receive, send_safely)
