"""What people write to the staff's bot: answers to shoppers, commands, and codes that link accounts and groups.

Every act has the message it came from as its key, so that an update that comes again does nothing again.
"""

import asyncio
import contextlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final, TypeVar

import structlog
from sqlalchemy import select

from bot.delivery import NotSent, Undeliverable
from bot.language import translator
from bot.shop import Shop
from bot.staff_desk.board import place_key
from bot.staff_desk.desk import GroupClosed, StaffDesk, StaffWire, TopicGone, Unsure
from bot.staff_desk.words import (
    COMMANDS,
    HELP,
    HELP_PRIVATE,
    MAYBE_DONE,
    NO_CONVERSATION,
    NOT_LINKED,
    NOT_SENT,
    NOTHING_SENT,
    TROUBLES,
)
from bot.telegram.errors import Moved, Rejected
from bot.telegram.values import Membership, Migrated, Said, Shared, Started, User, Value
from conversations.bells import STAFF
from conversations.staff_chats import Colleague, Trouble, move_group, set_trouble
from conversations.topics import conversation_in
from foundation.errors import Refused

log = structlog.get_logger(__name__)

Key = TypeVar("Key")
Known = TypeVar("Known")

HERE_FOR = 15 * 60.0
"""Seconds for which somebody who acts in a group counts as here."""
TELL_AFTER_DOUBT = 1.0
"""Seconds until an answer that may not have left is posted again."""
TELL_AGAIN_AFTER = 600
"""Seconds before a stranger is told again how to link."""
CODES_TRIED = 6
"""So many codes may be tried from one place in TELL_AGAIN_AFTER."""
NEW_TOPIC_WITHIN = 1.0
_KNOWN_UPDATES = 2_000
_KNOWN_PLACES = 10_000
_COMMAND = re.compile(r"[/／、]\s*(\w*)(?:@(\w+))?\s*(.*)", re.DOTALL)
"""The slash as a Chinese keyboard writes it too: what is meant for colleagues must not reach the shopper by a slip."""
_COVERS_ALBUM: Final = "staff_desk.command_media"
_QUEUE = ("queue", "队列", "排队", "待接入")


@dataclass(frozen=True, slots=True)
class _Order:
    """One command in the topic of a conversation."""

    said: Said
    colleague: Colleague
    conversation_id: int
    rest: str
    key: str


@dataclass(slots=True)
class Ear:
    """Hears one update after another; those of one topic in the order in which they came."""

    shop: Shop
    desk: StaffDesk
    wire: StaffWire
    _heard: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _foreign: OrderedDict[tuple[int, int], None] = field(default_factory=OrderedDict)
    """Topics that have been waited for in vain: most are about no conversation, and no further message waits."""
    _refused: OrderedDict[tuple[int, str], str] = field(default_factory=OrderedDict)
    """Albums (single messages too) of which something was refused, and how: that is told once, and a command below one
    picture covers all of them."""
    _late: set[asyncio.Task[None]] = field(default_factory=set)
    """Answers whose turn has not come yet."""

    async def hear(self, value: Value) -> None:
        """Do what an update asks for. What it raises a later try may mend: what was done has its key."""
        if value.update_id in self._heard:
            return
        await self._hear(value)
        _keep(self._heard, value.update_id, None, most=_KNOWN_UPDATES)

    async def is_well(self) -> bool:
        """Whether the database answers: while it does not, no update is given up."""
        try:
            async with self.shop.database.begin() as session:
                await session.execute(select(1))
        except Exception as error:
            log.warning("the database is away", error=type(error).__name__)
            return False
        return True

    async def close(self) -> None:
        """Let go of the answers that wait for their turn."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def give_up(self, value: Value) -> None:
        """It was tried often enough. Whoever meant to answer a shopper is told, if that can be."""
        if not isinstance(value, Said) or value.edited:
            return
        is_command = command_of(value.text, self.wire.username)[0]
        if is_command or value.chat.thread is not None:
            _ = translator(self._language(value.user, None))
            with contextlib.suppress(Exception):
                await self._tell(value, _(MAYBE_DONE if is_command else NOT_SENT))

    async def _hear(self, value: Value) -> None:
        match value:
            case Migrated():
                async with self.shop.database.begin() as session:
                    await move_group(session, chat_id=value.from_chat_id, to=value.to_chat_id)
            case Membership() if value.chat.kind != "private":
                trouble = Trouble.LEFT if value.change == "removed" else None
                async with self.shop.database.begin() as session:
                    await set_trouble(session, chat_id=value.chat.id, trouble=trouble)
            case Started():
                await self._private(value, "start", "")
            case Said() if value.chat.kind == "private":
                await self._private(value, *command_of(value.text, self.wire.username))
            case Said() | Shared() if value.chat.thread is not None:
                await self._in_topic(value, value.chat.thread)
            case Said() if not value.edited:
                await self._in_general(value, *command_of(value.text, self.wire.username))

    async def _private(self, said: Said | Started, command: str, rest: str) -> None:
        colleague = await self.desk.colleague(said.user.id)
        language = self._language(said.user, colleague)
        _ = translator(language)
        if command == "link" and rest:
            try:
                await self._count_try(said.user.id)
                colleague = await self.desk.link(said.user.id, code=rest)
            except Refused as refusal:
                told = self.desk.sentence(refusal.code, refusal.facts, language=language)
                if colleague is not None:
                    told += "\n" + _("You are linked as {name}.").format(name=colleague.name)
                await self._tell(said, told)
                return
            _ = translator(colleague.language)
        if colleague is None:
            shop_name = self.shop.settings.shop_name(language)
            await self._tell(said, _(HELP_PRIVATE).format(shop=shop_name))
        elif command in ("link", "start"):
            await self._tell(said, _("You are linked as {name}.").format(name=colleague.name))
        else:
            await self._tell(said, _(HELP))

    async def _in_general(self, said: Said, command: str, rest: str) -> None:
        if command not in (*COMMANDS, "desk", "link"):
            return
        colleague = await self.desk.colleague(said.user.id)
        _ = translator(language := self._language(said.user, colleague))
        if command != "desk" or not rest:
            told = {"help": HELP, "desk": HELP_PRIVATE, "link": NOT_LINKED}.get(command, NO_CONVERSATION)
            shop_name = self.shop.settings.shop_name(language)
            await self._tell(said, _(told).format(shop=shop_name, bot=self.wire.username))
            return
        title, trouble = await self.wire.group(said.chat.id)
        if trouble is not None:
            await self._tell(said, _(TROUBLES[trouble]))
            return
        try:
            await self._count_try(said.user.id)
            by = await self.desk.link_group(said.chat.id, title=title, code=rest)
        except Refused as refusal:
            await self._tell(said, self.desk.sentence(refusal.code, refusal.facts, language=language))
            return
        _ = translator(by.language)
        await self._tell(said, _("This group is linked. Each conversation that needs a person becomes a topic here."))
        await self.shop.doorbell.ring(STAFF)

    async def _in_topic(self, said: Said | Shared, thread_id: int) -> None:
        conversation_id = await self._conversation(said.chat.id, thread_id)
        text = said.text if isinstance(said, Said) else ""
        command, rest = command_of(text, self.wire.username)
        if command == "@":
            return
        if conversation_id is None:
            if isinstance(said, Said) and said.to_us and command != "desk":
                await self._tell(said, translator(self._language(said.user, None))(NO_CONVERSATION))
            elif isinstance(said, Said) and not said.edited:
                await self._in_general(said, command, rest)
            return
        colleague = await self.desk.colleague(said.user.id)
        if colleague is None:
            await self._tell_stranger(said)
            return
        await self.shop.presence.seen(STAFF, colleague.id, seconds=HERE_FOR)
        key = f"{place_key(said.chat.id)}:{said.message_id}"
        try:
            if isinstance(said, Shared):
                raise Refused("staff_desk.kind")
            await self._act(_Order(said, colleague, conversation_id, rest, key), command)
        except Refused as refusal:
            refused = (said.chat.id, getattr(said, "album", "") or str(said.message_id))
            before = self._refused.get(refused)
            if before != refusal.code:
                words = self.desk.sentence(refusal.code, refusal.facts, language=colleague.language)
                is_answer = not command and not getattr(said, "edited", False)
                nothing_sent = "\n" + translator(colleague.language)(NOTHING_SENT)
                await self._tell(said, words + nothing_sent * is_answer)
            if before != _COVERS_ALBUM:
                _keep(self._refused, refused, refusal.code, most=_KNOWN_PLACES)

    async def _conversation(self, chat_id: int, thread_id: int) -> int | None:
        """Which conversation a topic is about. One that was opened a moment ago may not be written down yet."""
        for pause in (0, NEW_TOPIC_WITHIN):
            if pause and (chat_id, thread_id) in self._foreign:
                return None
            await asyncio.sleep(pause)
            async with self.shop.database.begin() as session:
                found = await conversation_in(session, chat_id=chat_id, thread_id=thread_id)
            if found is not None:
                return found
        _keep(self._foreign, (chat_id, thread_id), None, most=_KNOWN_PLACES)
        return None

    async def _act(self, order: _Order, command: str) -> None:
        acts: Mapping[str, Callable[[_Order], Awaitable[None]]] = {
            "take": self._take,
            "note": self._note,
            "release": self._release,
            "close": self._close,
            "refund": self._refund,
            "help": self._help,
        }
        said = order.said
        if said.edited:
            if not command and not await self.desk.edit(
                said.user.id, conversation_id=order.conversation_id, text=said.text, key=order.key
            ):
                raise Refused("staff_desk.not_changed")
        elif self._refused.get((said.chat.id, said.album)) == _COVERS_ALBUM:
            raise Refused(_COVERS_ALBUM)
        elif not command:
            await self._answer(order)
        elif said.photo is not None or said.other:  # a picture for a note must not reach the shopper
            raise Refused(_COVERS_ALBUM)
        elif command in acts:
            await acts[command](order)
        else:
            raise Refused("staff_desk.command", command=said.text.split()[0][:40])

    async def _answer(self, order: _Order) -> None:
        said = order.said
        if said.photo is not None:
            try:
                content = await self.wire.file(said.photo.file_id)
            except Undeliverable as error:
                raise Refused("media.too_large") from error
            await self.desk.send_photo(
                said.user.id,
                conversation_id=order.conversation_id,
                content=content,
                text=said.text,
                key=order.key,
            )
        elif said.other:
            raise Refused("staff_desk.kind")
        else:
            await self.desk.reply(said.user.id, conversation_id=order.conversation_id, text=said.text, key=order.key)

    async def _take(self, order: _Order) -> None:
        await self.desk.take(order.said.user.id, conversation_id=order.conversation_id, key=order.key)

    async def _note(self, order: _Order) -> None:
        await self.desk.note(order.said.user.id, conversation_id=order.conversation_id, text=order.rest, key=order.key)

    async def _release(self, order: _Order) -> None:
        first, rest = first_word(order.rest)
        is_queue = first.lower() in _QUEUE
        await self.desk.release(
            order.said.user.id,
            conversation_id=order.conversation_id,
            to="queue" if is_queue else "bot",
            note=rest if is_queue else order.rest,
            key=order.key,
        )

    async def _close(self, order: _Order) -> None:
        await self.desk.close(order.said.user.id, conversation_id=order.conversation_id, key=order.key)

    async def _refund(self, order: _Order) -> None:
        amount, rest = first_word(order.rest)
        number, reason = first_word(rest)
        told = await self.desk.refund(
            order.said.user.id,
            conversation_id=order.conversation_id,
            amount=amount,
            number=number,
            reason=reason,
            key=order.key,
        )
        await self._tell(order.said, told)

    async def _help(self, order: _Order) -> None:
        await self._tell(order.said, translator(order.colleague.language)(HELP))

    async def _tell_stranger(self, said: Said | Shared) -> None:
        """Once in a while, so that a guest who talks a lot does not use up what the group may send."""
        if await self.shop.budget.spend(f"staff_stranger:{said.user.id}", limit=1, seconds=TELL_AGAIN_AFTER):
            return
        _ = translator(self._language(said.user, None))
        await self._tell(said, _(NOT_LINKED).format(bot=self.wire.username))

    async def _count_try(self, user_id: int) -> None:
        if await self.shop.budget.spend(f"staff_code:{user_id}", limit=CODES_TRIED, seconds=TELL_AGAIN_AFTER):
            raise Refused("staff_code.tries", minutes=TELL_AGAIN_AFTER // 60)

    async def _tell(self, said: Said | Shared | Started, words: str) -> None:
        """Answer a message, later if the chat may take no more for now: nobody else waits for that."""
        pause = await self._post(said, words)
        if pause:
            task = asyncio.create_task(self._tell_later(said, words, pause))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _tell_later(self, said: Said | Shared | Started, words: str, pause: float) -> None:
        while pause:
            await asyncio.sleep(pause)
            try:
                pause = await self._post(said, words)
            except Unsure:  # once too often is better than never
                pause = TELL_AFTER_DOUBT

    async def _post(self, said: Said | Shared | Started, words: str) -> float:
        """In how many seconds to post it again. Where nothing can be answered any more, what was asked for is done all
        the same."""
        try:
            await self.wire.post(said.chat.id, said.chat.thread, escape(words, quote=False), answers=said.message_id)
        except NotSent as error:
            return error.after.total_seconds() or TELL_AFTER_DOUBT
        except (TopicGone, GroupClosed, Moved, Rejected) as error:
            log.warning("an answer to the staff was not told", error=type(error).__name__)
        return 0

    def _language(self, user: User, colleague: Colleague | None) -> str:
        """Of somebody of whom Telegram says no language, such as an administrator who stays anonymous: the shop's."""
        if colleague is not None:
            return colleague.language
        code = user.language_code or self.shop.settings.default_language
        return "zh" if code.startswith("zh") else "en"


def command_of(text: str, username: str) -> tuple[str, str]:
    """The command a message begins with, lower case, and the words after it; no command: "" and the text.

    One that is for another bot (`/take@other`) is none of ours and comes out as "@".
    """
    found = _COMMAND.fullmatch(text)
    if found is None:
        return "", text
    name, bot, rest = found.groups()
    return (name.lower() or "/" if bot is None or bot.lower() == username.lower() else "@"), rest


def first_word(text: str) -> tuple[str, str]:
    """The first word and what follows it, however they are set apart."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, "".join(rest)


def _keep(known: OrderedDict[Key, Known], key: Key, value: Known, *, most: int) -> None:
    """Remember it, and let go of the oldest when they are too many."""
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)
