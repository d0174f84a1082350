"""The staff's bot: python-telegram-bot behind plain methods, and the one place where its errors become ours."""

import asyncio
import os
from collections.abc import Awaitable
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import httpx
import structlog

os.environ.setdefault("PTB_TIMEDELTA", "true")  # how long to wait comes as a timedelta, as the library will do for good

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatMemberStatus, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.delivery import NotSent, Undeliverable
from bot.language import N_, translator
from bot.shop import Shop
from bot.staff_desk.board import Board, Patience
from bot.staff_desk.desk import GroupClosed, StaffDesk, TopicGone, Unsure
from bot.staff_desk.hearing import Ear
from bot.staff_desk.words import COMMANDS
from bot.telegram.budget import Budget, Limits, Priority
from bot.telegram.errors import Moved, Rejected
from bot.telegram.reading import KINDS, value_of
from bot.telegram.screens import without_markup
from bot.telegram.values import Value
from conversations.staff_chats import Trouble
from foundation.errors import Refused
from foundation.redis import connect
from foundation.sole import run_alone

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
POLL_FOR = 20
"""Seconds for which Telegram holds a question for updates open."""
NO_CONNECTION = timedelta(seconds=2)
LARGEST_FILE = 20 * 1024 * 1024
MOST_TRIES = 3
"""So often an update is tried that cannot be worked on; after that the others are not held up any longer."""
TRY_AGAIN_AFTER = 2.0
_NO_TOPIC: Final = ("message thread not found", "topic_deleted", "topic_id_invalid")
_AS_IT_IS: Final = ("topic_not_modified", "message is not modified")
_HEARD: Final = [kind for kind in KINDS if kind in ("message", "edited_message", "my_chat_member")]
_PRIVATE: Final = {"link": N_("link this account by a code of the console"), "help": COMMANDS["help"]}


class StaffTelegram:
    """One bot; `open` it first and `close` it. What its methods raise stands in bot/staff_desk/desk.py."""

    def __init__(self, token: str, *, url: str, budget: Budget) -> None:
        waiting: dict[str, Any] = {
            "connect_timeout": 10.0,
            "pool_timeout": 10.0,
            "read_timeout": 15.0,
            "write_timeout": 20.0,
        }
        self._bot = Bot(
            token,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            request=HTTPXRequest(connection_pool_size=16, **waiting),
        )
        self._budget = budget

    async def open(self) -> None:
        """Learn the bot's name, and fetch updates from now on, wherever they were brought before.

        Raises Refused("telegram.bad_token") when Telegram does not know the token.
        """
        try:
            await self._bot.initialize()
        except InvalidToken:
            raise Refused("telegram.bad_token") from None
        await self._call(self._bot.delete_webhook())

    async def close(self) -> None:
        """Give the connections back."""
        await self._bot.shutdown()

    @property
    def username(self) -> str:
        """The bot's name, without @."""
        return self._bot.username

    async def show_commands(self) -> None:
        """Put what can be done into the menus, in both languages."""
        scopes = ((BotCommandScopeAllGroupChats(), COMMANDS), (BotCommandScopeAllPrivateChats(), _PRIVATE))
        for scope, commands in scopes:
            for language in (None, "zh"):
                _ = translator(language or "en")
                shown = [BotCommand(name, _(words)) for name, words in commands.items()]
                await self._call(self._bot.set_my_commands(shown, scope=scope, language_code=language))

    async def updates(self, offset: int) -> tuple[list[Value], int]:
        """Wait for updates from this number on: those that mean something to us, and the number to go on with."""
        asked = {"offset": offset, "timeout": POLL_FOR, "allowed_updates": _HEARD}
        # As they came: the library's own get_updates loses all of them, and logs them, when it cannot read one.
        found = await self._call(self._bot.do_api_request("getupdates", asked, read_timeout=POLL_FOR + 10))
        values = [self._read(update) for update in found]
        after = max([offset, *(int(update["update_id"]) + 1 for update in found)])
        return [value for value in values if value is not None], after

    def _read(self, update: dict[str, Any]) -> Value | None:
        """What an update says; one that cannot be read holds up no other."""
        try:
            return value_of(made_plain(update), bot_id=self._bot.id)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("an update of the staff's bot cannot be read", update=update["update_id"])
            return None

    async def create_topic(self, chat_id: int, name: str) -> int:
        """Open a topic; its number."""
        await self._budget.wait(chat_id, Priority.ANNOUNCEMENT)
        topic = await self._call(self._bot.create_forum_topic(chat_id, name[:128]), chat_id)
        return topic.message_thread_id

    async def open_topic(self, chat_id: int, thread_id: int, *, is_open: bool) -> None:
        """Open a topic again, or close it; nothing if it is so already."""
        act = self._bot.reopen_forum_topic if is_open else self._bot.close_forum_topic
        try:
            await self._call(act(chat_id, thread_id), chat_id)
        except Rejected as error:
            if not _says(error, _AS_IT_IS):
                raise

    async def delete_topic(self, chat_id: int, thread_id: int) -> None:
        """Delete a topic with everything in it; that needs the right to delete messages."""
        await self._call(self._bot.delete_forum_topic(chat_id, thread_id), chat_id)

    async def post(self, chat_id: int, thread_id: int | None, html: str, *, answers: int | None = None) -> None:
        """Post words: an answer to a message goes before everything else."""
        await self._budget.wait(chat_id, Priority.ANNOUNCEMENT if answers is None else Priority.ANSWER)
        send = partial(
            self._bot.send_message,
            chat_id,
            message_thread_id=thread_id,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=_reply(answers),
        )
        try:
            said = await self._call(send(text=html, parse_mode=ParseMode.HTML), chat_id)
        except Rejected:
            said = await self._call(send(text=without_markup(html)), chat_id)
        await self._check_place(said, thread_id)

    async def post_photo(self, chat_id: int, thread_id: int, content: bytes, html: str) -> None:
        """Post a photo with a caption; what Telegram takes for no photo goes as a file."""
        await self._budget.wait(chat_id, Priority.ANNOUNCEMENT)
        place: dict[str, Any] = {"caption": html, "parse_mode": ParseMode.HTML, "message_thread_id": thread_id}
        try:
            said = await self._call(self._bot.send_photo(chat_id, content, **place), chat_id)
        except Rejected:
            said = await self._call(self._bot.send_document(chat_id, content, filename="photo", **place), chat_id)
        await self._check_place(said, thread_id)

    async def file(self, file_id: str) -> bytes:
        """A file that somebody sent. Raises Undeliverable when it is gone or too big."""
        try:
            file = await self._call(self._bot.get_file(file_id))
            if (file.file_size or 0) > LARGEST_FILE:
                raise Undeliverable
            return bytes(await self._call(file.download_as_bytearray()))
        except Rejected as error:
            raise Undeliverable from error

    async def group(self, chat_id: int) -> tuple[str, Trouble | None]:
        """The title of a group, and what keeps the bot from its work there."""
        chat = await self._call(self._bot.get_chat(chat_id), chat_id)
        me = await self._call(self._bot.get_chat_member(chat_id, self._bot.id), chat_id)
        may = me.status == ChatMemberStatus.OWNER or bool(getattr(me, "can_manage_topics", False))
        trouble = None if may else Trouble.NO_RIGHTS
        return chat.title or str(chat_id), trouble if chat.is_forum else Trouble.NO_TOPICS

    async def _check_place(self, said: Message, thread_id: int | None) -> None:
        """What fell into the general topic, because its own is gone, is taken back."""
        if thread_id is not None and said.message_thread_id != thread_id:
            await self._call(said.delete())
            raise TopicGone

    async def _call(self, call: Awaitable[Answer], chat_id: int | None = None) -> Answer:
        """Make one call; its errors become ours."""
        try:
            return await call
        except RetryAfter as error:
            wait = error.retry_after
            pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            if chat_id is not None:
                await self._budget.hold(chat_id, pause.total_seconds())
            raise NotSent(pause, is_try=False) from error
        except ChatMigrated as error:
            raise Moved(error.new_chat_id) from error
        except Forbidden as error:
            raise GroupClosed(Trouble.LEFT) from error
        except BadRequest as error:
            raise _meant(error) from error
        except NetworkError as error:
            if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
                raise NotSent(NO_CONNECTION) from error
            raise Unsure(error.message) from error


async def run_staff_telegram(
    shop: Shop,
    desk: StaffDesk,
    stop: asyncio.Event,
    *,
    patience: Patience | None = None,
    limits: Limits | None = None,
) -> None:
    """Work in the staff's groups until `stop` is set; of several processes one does it at a time.

    `patience` and `limits` are the usual ones unless a test has less time.
    """
    token = shop.settings.telegram_staff_token
    if token is None:
        return
    redis = connect(shop.settings.redis_url)
    secret = token.get_secret_value()
    budget = Budget(redis, f"staff:{secret.partition(':')[0]}", limits=limits)
    wire = StaffTelegram(secret, url=shop.settings.telegram_url.rstrip("/"), budget=budget)
    try:
        await _opened(wire, stop)
        if not stop.is_set():
            work = partial(_work, Ear(shop, desk, wire), Board(shop, desk, wire, patience or Patience()), wire, stop)
            await run_alone(shop.database.url, "xiaoer.telegram.staff", work, stop=stop)
    finally:
        await wire.close()
        if redis is not None:
            await redis.aclose()


async def _opened(wire: StaffTelegram, stop: asyncio.Event) -> None:
    """Say hello to Telegram, however long it takes to be there."""
    while not stop.is_set():
        try:
            await wire.open()
            return
        except (TelegramError, NotSent, Unsure) as error:
            log.warning("Telegram does not answer", error=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_AFTER)


async def _work(ear: Ear, board: Board, wire: StaffTelegram, stop: asyncio.Event) -> None:
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(board.run(stop))
            both.create_task(listen(wire, ear, stop))
            both.create_task(_show_commands(wire))
    finally:
        await ear.close()


async def _show_commands(wire: StaffTelegram) -> None:
    """Beside the work, which does not wait for menus; as often as it takes."""
    while True:
        try:
            await wire.show_commands()
            return
        except NotSent as error:
            await asyncio.sleep(error.after.total_seconds())
        except Unsure:
            await asyncio.sleep(TRY_AGAIN_AFTER)
        except Rejected as error:
            log.error("Telegram refuses the menus of the staff's bot", why=str(error))
            return


async def listen(wire: StaffTelegram, ear: Ear, stop: asyncio.Event) -> None:
    """Fetch updates and work on them: those of one topic in order, topics beside each other.

    Telegram forgets an update when we ask for those after it, so we ask only once it is done: a killed process gets it
    again. One that fails again and again is left out.
    """
    offset, tries = 0, dict[int, int]()
    while not stop.is_set():
        try:
            values, after = await wire.updates(offset)
        except (TelegramError, NotSent, Unsure) as error:
            log.warning("no updates for the staff's bot", error=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_AFTER)
            continue
        places: dict[object, list[Value]] = {}
        for value in sorted(values, key=lambda value: value.update_id):
            places.setdefault(getattr(value, "chat", None), []).append(value)
        failed = [one for one in await asyncio.gather(*(in_turn(ear, of, tries) for of in places.values())) if one]
        offset = min([after, *failed])
        if failed:
            await asyncio.sleep(TRY_AGAIN_AFTER)


async def in_turn(ear: Ear, values: list[Value], tries: dict[int, int]) -> int | None:
    """Hear updates of one place one after another; the number of one that is to be tried again, before the others."""
    for value in values:
        try:
            await ear.hear(value)
        except Exception as error:
            tries[value.update_id] = tries.get(value.update_id, 0) + 1
            log.warning("an update of the staff's bot failed", update=value.update_id, error=type(error).__name__)
            if tries[value.update_id] < MOST_TRIES or not await ear.is_well():
                return value.update_id
            log.error("an update of the staff's bot is given up", update=value.update_id, exc_info=error)
            await ear.give_up(value)
        tries.pop(value.update_id, None)
    return None


def made_plain(raw: dict[str, Any]) -> dict[str, Any]:
    """An update as if a person had said it in words. Who writes anonymously or in the name of a channel is somebody:
    nobody we know, who is told so. Closing a topic by hand ends the conversation."""
    message = raw.get("message", {})
    if message.get("sender_chat"):
        message["from"] = {"id": message["sender_chat"]["id"], "is_bot": False, "first_name": ""}
    if "forum_topic_closed" in message:
        message["text"] = "/close"
    return raw


def _meant(error: BadRequest) -> Exception:
    """What a refusal means to us."""
    told = error.message.lower()
    if _says(error, _NO_TOPIC):
        return TopicGone()
    if "not enough rights" in told or "chat_admin_required" in told:
        return GroupClosed(Trouble.NO_RIGHTS)
    if "not a forum" in told:
        return GroupClosed(Trouble.NO_TOPICS)
    if "chat not found" in told:
        return GroupClosed(Trouble.LEFT)
    return Rejected(error.message)


def _says(error: Exception, words: tuple[str, ...]) -> bool:
    return any(word in str(error).lower() for word in words)


def _reply(message_id: int | None) -> ReplyParameters | None:
    return None if message_id is None else ReplyParameters(message_id, allow_sending_without_reply=True)
