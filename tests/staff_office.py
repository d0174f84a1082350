"""A staff that answers in Telegram: the fake Telegram, a group with topics, the shop's side of it, and shoppers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from admin_api.desk import Desk
from admin_api.telegram_desk import TelegramDesk, telegram_desk
from bot.channels.staff_telegram import run_staff_telegram
from bot.shop import Shop
from bot.staff_desk.board import Patience
from bot.telegram.budget import Limits
from cli.scratch import EMPTY, Place, ScratchShop, scratch_shop
from commerce.catalog.media import Kept
from commerce.customers.actions import customer_for
from conversations.bells import STAFF
from conversations.delivery import deliver_stored
from conversations.hear import Incoming, hear, open_conversation
from conversations.ownership import ask_for_person
from conversations.photos import keep_photo
from conversations.staff_chats import CodeFor, new_staff_code, staff_groups
from foundation.database import Database
from foundation.errors import Json
from nlu.understand import Understander
from tests.admin import hire
from tests.talks import Talk
from tests.telegram_server import Bot, FakeTelegram, Person, telegram_server
from tests.telegram_server.chats import Group, Topic
from tests.telegram_server.people import Chat

TOKEN = "222:staff"
QUICK = Patience(quiet=0.25, longest=1.0, trouble=0.4)


@dataclass(slots=True)
class Office:
    """`run` works in the groups while it is entered; `new_group`, `colleague` and `shopper` bring people in."""

    fake: FakeTelegram
    bot: Bot
    scratch: ScratchShop
    desk: TelegramDesk
    talks: int = 0
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        return self.scratch.shop

    @property
    def database(self) -> Database:
        return self.shop.database

    @property
    def console(self) -> Desk:
        return self.desk.desk

    @asynccontextmanager
    async def run(self, limits: Limits | None = None) -> AsyncIterator[asyncio.Task[None]]:
        """The process `xiaoer telegram`, as far as the staff is concerned. Cancelling the task is a kill."""
        stop = asyncio.Event()
        work = run_staff_telegram(self.shop, self.desk, stop, patience=QUICK, limits=limits)
        task = asyncio.create_task(work)
        try:
            yield task
        finally:
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def code(self, staff_id: int, kind: CodeFor) -> str:
        """What the console shows."""
        async with self.database.begin() as session:
            return await new_staff_code(session, staff_id=staff_id, kind=kind, now=self.shop.now())

    async def hire(self, name: str, role: str = "agent", language: str = "en") -> int:
        async with self.database.begin() as session:
            return await hire(session, name, role, language=language, now=self.shop.now())

    async def colleague(self, name: str, role: str = "agent", *, language: str = "en") -> tuple[int, Person]:
        """Somebody who works here and has linked an account; both their ids."""
        staff_id, person = await self.hire(name, role, language), self.fake.person(name.title(), language_code="en")
        colleague = await self.desk.link(person.id, code=await self.code(staff_id, CodeFor.PERSON))
        assert colleague.id == staff_id
        return staff_id, person

    async def new_group(self, title: str, *members: Person, linked_by: int) -> Group:
        """A group with topics in which the bot is an administrator, linked."""
        group = self.fake.group(title, list(members), self.bot, forum=True, admins=[self.bot])
        await self.desk.link_group(group.id, title=title, code=await self.code(linked_by, CodeFor.GROUP))
        return group

    async def shopper(
        self, *said: str, waits: bool = True, channel: str = "web", language: str = "en", **known: Json
    ) -> Talk:
        """A shopper who has said this, and waits for a person."""
        self.talks += 1
        chat, now = f"visitor-{self.talks}", self.shop.now()
        async with self.database.begin() as session:
            customer = await customer_for(session, channel=channel, account=chat, language=language, now=now)
            made = await open_conversation(
                session, channel=channel, chat=chat, customer_id=customer.id, language=language, now=now
            )
        talk = Talk(self.database, made, now, channel, chat)
        for text in said:
            await talk.shopper(text)
        if waits:
            await self.call_person(talk, **known)
        return talk

    async def call_person(self, talk: Talk, **known: Json) -> None:
        async with self.database.begin() as session:
            await ask_for_person(
                session,
                conversation_id=talk.id,
                reason="asked",
                summary=known,
                actor="shopper",
                now=self.shop.now(),
            )
        await self.ring()

    async def says(self, talk: Talk, *texts: str) -> None:
        for text in texts:
            await talk.shopper(text)
        await self.ring()

    async def photo(self, talk: Talk, kept: Kept, caption: str, *, is_here: bool = True) -> None:
        """The shopper sends a photo that lies in the store already, or with a platform that keeps it for us."""
        body: dict[str, Json] = {"kind": "photo", "text": caption}
        body |= {"digest": kept.digest, "mime": kept.mime} if is_here else {"file": "at Telegram"}
        said = Incoming(talk.channel, talk.chat, f"photo-{kept.digest[:8]}", body, caption)
        assert await hear(self.database, said, now=self.shop.now())
        await self.ring()

    async def photo_comes(self, talk: Talk, kept: Kept) -> None:
        seq = (await talk.row()).heard_seq
        body: dict[str, Json] = {"kind": "photo", "text": "", "digest": kept.digest, "mime": kept.mime}
        await keep_photo(self.database, conversation_id=talk.id, seq=seq, body=body)
        await self.ring()

    async def ring(self) -> None:
        await self.shop.doorbell.ring(STAFF)

    async def deliver(self, talk: Talk) -> None:
        await deliver_stored(self.database, talk.id, now=self.shop.now())
        await self.ring()

    async def topic(self, group: Group, number: int = 1, *, timeout: float = 60) -> Topic:
        """The topic that was opened as the so-and-so-many-th."""
        await self.fake.until(lambda: len(group.topics) >= number, timeout)
        return list(group.topics.values())[number - 1]

    async def until(self, condition: Callable[[], bool], timeout: float = 60) -> None:
        await self.fake.until(condition, timeout)

    async def eventually(self, look: Callable[[], Awaitable[object]], wanted: object, timeout: float = 60) -> None:
        """Wait until the database says so."""
        async with asyncio.timeout(timeout):
            while True:
                if await look() == wanted:
                    return
                await asyncio.sleep(0.05)

    async def troubles(self) -> list[str | None]:
        """How the groups are, in the order in which they were linked."""
        async with self.database.begin() as session:
            return [group.trouble for group in await staff_groups(session)]


def told(chat: Chat) -> list[str]:
    """What the bot has posted there."""
    return [seen.text for seen in chat.messages if seen.is_from_bot and seen.text]


@asynccontextmanager
async def open_office(place: Place, understander: Understander) -> AsyncIterator[Office]:
    async with telegram_server() as fake:
        bot = fake.add_bot(TOKEN, "desk_bot")
        settings = {"telegram_staff_token": TOKEN, "telegram_url": fake.url, "default_language": "en"}
        async with scratch_shop(place, template=EMPTY, load=lambda: understander, **settings) as scratch:
            shop = scratch.shop
            desk = telegram_desk(
                shop.settings,
                database=shop.database,
                vault=shop.vault,
                doorbell=shop.doorbell,
                presence=shop.presence,
                line=shop.line,
                now=shop.now,
            )
            yield Office(fake, bot, scratch, desk)
