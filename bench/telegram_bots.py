"""The bots that `bench/turn.py --channel telegram` compares: the shop, and a bare aiogram that says everything back.

`python -m bench.telegram_bots shop|echo`; the environment names the Telegram they are in.
"""

import asyncio
import gc
import sys

import uvloop
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, Message

from bot.app import open_shop
from bot.telegram.budget import Budget, Limit, Limits
from bot.telegram.polling import poll
from cli.logs import set_up_logging
from foundation.redis import connect
from foundation.settings import Settings

WIDE = Limit(10_000, 1.0)


async def shop(settings: Settings) -> None:
    """The shop as `xiaoer telegram` runs it, but for Telegram's limits: they would be all that is measured."""
    set_up_logging(as_json=True)
    async with open_shop(settings) as shop:
        assert shop.joining is not None
        telegram = await shop.joining
        telegram.budget = Budget(connect(settings.redis_url), "bench", limits=Limits(WIDE, WIDE, WIDE))
        await shop.mind.understander()
        gc.freeze()  # as cli/serve.py does
        await poll(shop, stop=asyncio.Event())


async def echo(settings: Settings) -> None:
    """Says back what it hears."""
    assert settings.telegram_staff_token is not None
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_url))
    bot, dispatcher = Bot(settings.telegram_staff_token.get_secret_value(), session=session), Dispatcher()

    @dispatcher.message()
    async def say_back(message: Message) -> None:
        await message.answer(message.text or "")

    @dispatcher.callback_query()
    async def answer(query: CallbackQuery) -> None:
        await query.answer()

    await dispatcher.start_polling(bot, handle_signals=False)


if __name__ == "__main__":
    uvloop.run({"shop": shop, "echo": echo}[sys.argv[1]](Settings()))
