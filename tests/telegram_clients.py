"""Clients of the fake Telegram for its own tests: aiogram, what is refused, a webhook with a mind of its own."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telegram
from aiogram import Bot as Aiogram
from aiogram import types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError
from aiohttp import web

from tests.telegram_server import Bot, FakeTelegram, Person, telegram_server

SHOP, STAFF = "111:shop", "222:staff"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    """This fixture and the next are for the tests that import them."""
    async with telegram_server() as fake:
        yield fake


@pytest.fixture
def shop(fake: FakeTelegram) -> Bot:
    return fake.add_bot(SHOP, "tea_bot")


@pytest.fixture
async def bot(fake: FakeTelegram, shop: Bot) -> AsyncIterator[Aiogram]:
    async with aiogram(fake) as bot:
        yield bot


@pytest.fixture
def anna(fake: FakeTelegram) -> Person:
    return fake.person("Anna", language_code="en", username="anna")


@asynccontextmanager
async def aiogram(fake: FakeTelegram, token: str = SHOP) -> AsyncIterator[Aiogram]:
    """The library of the shoppers' bot, on the fake."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.url))
    async with Aiogram(token, session=session).context() as bot:
        yield bot


def buttons(*labels: str) -> types.InlineKeyboardMarkup:
    rows = [[types.InlineKeyboardButton(text=label, callback_data=f"d:{label}")] for label in labels]
    return types.InlineKeyboardMarkup(inline_keyboard=rows)


async def refusal(call: Awaitable[Any]) -> str:
    """What the call is refused with."""
    with pytest.raises((TelegramAPIError, telegram.error.TelegramError)) as refused:
        await call
    return str(getattr(refused.value, "message", refused.value))


@asynccontextmanager
async def hook(answers: list[int], **headers: str) -> AsyncIterator[tuple[str, list[tuple[str, int, str]]]]:
    """A webhook that gives these answers, with these headers, then 200, and its log: (kind, update id, secret)."""
    log: list[tuple[str, int, str]] = []

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        kind = next(name for name in update if name != "update_id")
        log.append((kind, update["update_id"], request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        if answers and kind == "message":
            return web.Response(
                status=answers.pop(0), headers={name.replace("_", "-"): headers[name] for name in headers}
            )
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", log
    await runner.cleanup()
