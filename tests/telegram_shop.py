"""The demo shop in the fake Telegram: `async with telegram_shop(place, ...) as here: chat = here.person("Anna")`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select

from bot.shop import Shop
from bot.telegram.budget import Budget, Limit, Limits
from bot.telegram.polling import poll
from cli.scratch import DEMO, Place, ScratchShop, scratch_shop
from conversations.model import Conversation, Message
from nlu.understand import Understander
from tests.telegram_server import Bot, Chat, FakeTelegram, Person, telegram_server

TOKEN = "123456:TEST-token-of-the-tea-shop-00000000"
USERNAME = "tea_shop_bot"
_FAST = Limit(10_000, 1)
"""No test waits for its turn here; tests/test_telegram_budget.py has the limits."""


@dataclass
class TelegramShop:
    """A shop, its bot and the Telegram they are in."""

    scratch: ScratchShop
    fake: FakeTelegram
    bot: Bot

    @property
    def shop(self) -> Shop:
        return self.scratch.shop

    def person(self, name: str, *, language_code: str | None = "en") -> Chat:
        """Somebody new, in their chat with the bot."""
        return self.fake.person(name, language_code=language_code).open(self.bot)

    async def conversation(self, person: Person, group: int | None = None) -> Conversation | None:
        """The row of somebody's conversation, their own or the one in a group."""
        chat = str(person.id) if group is None else f"{group}:{person.id}"
        async with self.shop.database.begin() as session:
            found = await session.scalars(select(Conversation).filter_by(channel="telegram", chat=chat))
            return found.one_or_none()

    async def heard(self, person: Person, group: int | None = None) -> list[Message]:
        """What was kept of what somebody said, in order."""
        conversation = await self.conversation(person, group)
        if conversation is None:
            return []
        async with self.shop.database.begin() as session:
            theirs = select(Message).filter_by(conversation_id=conversation.id, kind="shopper")
            return list(await session.scalars(theirs.order_by(Message.seq)))

    async def rest(self) -> None:
        """Wait until every update was fetched and stored, and all work is done."""
        await self.fake.until(lambda: not self.bot.updates.waiting)
        await self.shop.idle()


@asynccontextmanager
async def telegram_shop(
    place: Place, understander: Understander, *, template: str = DEMO, polled: bool = True, **settings: object
) -> AsyncIterator[TelegramShop]:
    """Open the shop and its bot; unless `polled` nobody fetches what is written."""
    async with telegram_server() as fake:
        bot = fake.add_bot(TOKEN, USERNAME)
        told = {"telegram_token": TOKEN, "telegram_url": fake.url, **settings}
        async with scratch_shop(place, template=template, load=lambda: understander, **told) as scratch:
            assert scratch.shop.joining is not None
            telegram = await scratch.shop.joining
            telegram.budget = Budget(None, "fast", limits=Limits(bot=_FAST, person=_FAST, group=_FAST))
            stop = asyncio.Event()
            polling = asyncio.create_task(poll(scratch.shop, stop=stop, every=0.1)) if polled else None
            try:
                yield TelegramShop(scratch, fake, bot)
            finally:
                stop.set()
                if polling is not None:
                    with contextlib.suppress(asyncio.CancelledError):
                        await polling
