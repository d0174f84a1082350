"""The fake Telegram, driven by both libraries over HTTP: what it emits they read, what it refuses they know."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telegram
from aiogram import Bot as Aiogram
from aiogram import types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.telegram_server import Bot, FakeTelegram, Person, a_picture, telegram_server
from tests.telegram_server.entities import escaped, parse_html, units

SHOP, STAFF = "111:shop", "222:staff"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram_server() as fake:
        yield fake


@pytest.fixture
def shop(fake: FakeTelegram) -> Bot:
    return fake.add_bot(SHOP, "tea_bot")


@pytest.fixture
async def bot(fake: FakeTelegram, shop: Bot) -> AsyncIterator[Aiogram]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(fake.url))
    async with Aiogram(SHOP, session=session).context() as bot:
        yield bot


@pytest.fixture
async def staff(fake: FakeTelegram) -> AsyncIterator[telegram.Bot]:
    fake.add_bot(STAFF, "desk_bot")
    async with telegram.Bot(STAFF, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot") as staff:
        yield staff


@pytest.fixture
def anna(fake: FakeTelegram) -> Person:
    return fake.person("Anna", language_code="en", username="anna")


def buttons(*labels: str) -> types.InlineKeyboardMarkup:
    rows = [[types.InlineKeyboardButton(text=label, callback_data=f"d:{label}")] for label in labels]
    return types.InlineKeyboardMarkup(inline_keyboard=rows)


async def refusal(call: Awaitable[Any]) -> str:
    """What the call is refused with."""
    with pytest.raises((TelegramAPIError, telegram.error.TelegramError)) as refused:
        await call
    return str(getattr(refused.value, "message", refused.value))


async def test_a_shopper_writes_presses_and_sees_an_edited_card(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    me = await bot.get_me()
    assert (me.id, me.username) == (111, "tea_bot")
    chat = anna.open(shop)
    await chat.start("g_1")
    update = (await bot.get_updates(timeout=1))[0]
    assert update.message
    assert (update.message.text, update.message.chat.id) == ("/start g_1", anna.id)
    await bot.send_message(anna.id, "<b>茶</b> &lt;1&gt;", parse_mode="HTML", reply_markup=buttons("More", "Buy"))
    heard = await chat.hears("茶")
    assert (heard.text, heard.entities) == ("茶 <1>", [{"type": "bold", "offset": 0, "length": 1}])
    assert heard.buttons == ["More", "Buy"]
    press = await chat.press("More")
    query = (await bot.get_updates(offset=update.update_id + 1, timeout=1))[0].callback_query
    assert query
    assert query.message
    assert query.data == "d:More"
    await bot.answer_callback_query(query.id, text="more")
    assert await press.answer() == "more"
    await bot.edit_message_text("Page 2", chat_id=anna.id, message_id=query.message.message_id)
    heard = await chat.hears("Page 2")
    assert (heard.is_edited, heard.buttons, len(chat.messages)) == (True, [], 2)
    again = bot.edit_message_text("Page 2", chat_id=anna.id, message_id=query.message.message_id)
    assert "message is not modified" in await refusal(again)
    assert "query is too old" in await refusal(bot.answer_callback_query(query.id))
