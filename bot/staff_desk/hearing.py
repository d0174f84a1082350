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
from typing import Final

import structlog

from bot.delivery import Undeliverable
from bot.language import N_, translator
from bot.shop import Shop
from bot.staff_desk.board import place_key
from bot.staff_desk.desk import GroupClosed, StaffDesk, StaffWire, TopicGone
from bot.telegram.errors import Moved, Rejected
from bot.telegram.values import Membership, Migrated, Said, Shared, Started, User, Value
from conversations.bells import STAFF
from conversations.staff_chats import Colleague, Trouble, move_group, set_trouble
from conversations.topics import conversation_in
from foundation.errors import Refused

log = structlog.get_logger(__name__)

HERE_FOR = 15 * 60.0
"""Seconds for which somebody who acts in a group counts as here."""
TELL_AGAIN_AFTER = 600
"""Seconds before a stranger is told again how to link."""
CODES_TRIED = 6
"""So many codes may be tried from one place in TELL_AGAIN_AFTER."""
NEW_TOPIC_WITHIN = 1.0
_KNOWN_UPDATES = 2_000
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?\s*(.*)", re.DOTALL)
_QUEUE = ("queue", "队列", "排队", "待接入")

COMMANDS: Final[Mapping[str, str]] = {
    "take": N_("take this conversation over"),
    "note": N_("write a note that only the staff sees"),
    "release": N_("give it back to the bot, with a note for it"),
    "close": N_("end this conversation"),
    "refund": N_("give money back: amount, order, reason"),
    "help": N_("what can be done here"),
}
"""What is understood in a topic, with what it does."""
HELP: Final = N_(
    "Just write here to answer the shopper; text and pictures are sent to them, and the conversation is yours.\n"
    "Change a message of yours and the shopper sees the change.\n\n"
    "/take – take this conversation over\n"
    "/note words – a note that only the staff sees\n"
    "/release words – give it back to the bot, with a note for it\n"
    "/release queue words – put it back into the queue\n"
    "/refund 25 ORDER reason – give money back; above your limit it waits for somebody who may\n"
    "/close – end this conversation"
)
HELP_PRIVATE: Final = N_(
    "Here you answer the shoppers of {shop} in the staff's groups.\n"
    "1. In the console, open Store → Telegram and make a code for yourself.\n"
    "2. Say /link CODE here.\n"
    "To link a group, add this bot to it as an administrator that may manage topics, and say /desk CODE there."
)
NOT_LINKED: Final = N_(
    "Nothing was sent: your account is not linked, or you write anonymously. In the console, open Store → Telegram, "
    "make a code and say /link CODE to @{bot} in a private chat."
)
TROUBLES: Final[Mapping[Trouble, str]] = {
    Trouble.LEFT: N_("I am no member of this group."),
    Trouble.NO_TOPICS: N_("Topics are off in this group. Switch them on in its settings and say /desk CODE again."),
    Trouble.NO_RIGHTS: N_(
        "I may not manage topics here. Make me an administrator with the right to manage topics and say /desk CODE "
        "again."
    ),
}


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
    _foreign: set[tuple[int, int]] = field(default_factory=set)
    """Topics that have been waited for in vain: most are about no conversation, and no further message waits."""

    async def hear(self, value: Value) -> None:
        """Do what an update asks for. What it raises a later try may mend: what was done has its key."""
        if value.update_id in self._heard:
            return
        await self._hear(value)
        self._heard[value.update_id] = None
        if len(self._heard) > _KNOWN_UPDATES:
            self._heard.popitem(last=False)

    async def give_up(self, value: Value) -> None:
        """It was tried often enough. Whoever meant to answer a shopper is told, if that can be."""
        if isinstance(value, Said) and value.chat.thread is not None and not value.edited:
            _ = translator(_language(value.user, None))
            with contextlib.suppress(Exception):
                if not command_of(value.text, self.wire.username)[0]:
                    await self._tell(value, _("Something went wrong, this was not sent. Please send it again."))

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
            case Said():
                command, rest = command_of(value.text, self.wire.username)
                if command in ("desk", "help") and not value.edited:
                    await self._in_general(value, command, rest)

    async def _private(self, said: Said | Started, command: str, rest: str) -> None:
        colleague = await self.desk.colleague(said.user.id)
        language = _language(said.user, colleague)
        _ = translator(language)
        if command == "link" and rest:
            try:
                await self._count_try(said.user.id)
                colleague = await self.desk.link(said.user.id, code=rest)
            except Refused as refusal:
                if colleague is None:
                    await self._tell(said, self.desk.sentence(refusal.code, refusal.facts, language=language))
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
        colleague = await self.desk.colleague(said.user.id)
        _ = translator(language := _language(said.user, colleague))
        if command == "help" or not rest:
            await self._tell(said, _(HELP))
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
            if command in COMMANDS or (isinstance(said, Said) and said.to_us):
                _ = translator(_language(said.user, None))
                await self._tell(said, _("This topic is no conversation; nothing was sent."))
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
            await self._tell(said, self.desk.sentence(refusal.code, refusal.facts, language=colleague.language))

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
        self._foreign.add((chat_id, thread_id))
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
            if not command:
                await self.desk.edit(said.user.id, conversation_id=order.conversation_id, text=said.text, key=order.key)
        elif not command:
            await self._answer(order)
        elif said.photo is not None or said.other:  # a picture for a note must not reach the shopper
            raise Refused("staff_desk.command_media")
        elif command in acts:
            await acts[command](order)
        else:
            raise Refused("staff_desk.command", command=command[:40])

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
        first, _, rest = order.rest.partition(" ")
        is_queue = first.lower() in _QUEUE
        await self.desk.release(
            order.said.user.id,
            conversation_id=order.conversation_id,
            to="queue" if is_queue else "bot",
            note=rest.strip() if is_queue else order.rest,
            key=order.key,
        )

    async def _close(self, order: _Order) -> None:
        await self.desk.close(order.said.user.id, conversation_id=order.conversation_id, key=order.key)

    async def _refund(self, order: _Order) -> None:
        amount, _, rest = order.rest.partition(" ")
        number, _, reason = rest.strip().partition(" ")
        told = await self.desk.refund(
            order.said.user.id,
            conversation_id=order.conversation_id,
            amount=amount,
            number=number,
            reason=reason.strip(),
            key=order.key,
        )
        await self._tell(order.said, told)

    async def _help(self, order: _Order) -> None:
        await self._tell(order.said, translator(order.colleague.language)(HELP))

    async def _tell_stranger(self, said: Said | Shared) -> None:
        """Once in a while, so that a guest who talks a lot does not use up what the group may send."""
        if await self.shop.budget.spend(f"staff_stranger:{said.user.id}", limit=1, seconds=TELL_AGAIN_AFTER):
            return
        _ = translator(_language(said.user, None))
        await self._tell(said, _(NOT_LINKED).format(bot=self.wire.username))

    async def _count_try(self, user_id: int) -> None:
        if await self.shop.budget.spend(f"staff_code:{user_id}", limit=CODES_TRIED, seconds=TELL_AGAIN_AFTER):
            raise Refused("staff_code.tries", minutes=TELL_AGAIN_AFTER // 60)

    async def _tell(self, said: Said | Shared | Started, text: str) -> None:
        """Answer a message. Where nothing can be answered any more, what it asked for is done all the same."""
        html = escape(text, quote=False)
        try:
            await self.wire.post(said.chat.id, said.chat.thread, html, answers=said.message_id)
        except (TopicGone, GroupClosed, Moved, Rejected) as error:
            log.warning("an answer to the staff was not told", error=type(error).__name__)


def command_of(text: str, username: str) -> tuple[str, str]:
    """The command a message begins with, lower case, and the words after it; no command: "" and the text.

    One that is for another bot (`/take@other`) is none of ours and comes out as "@".
    """
    found = _COMMAND.fullmatch(text)
    if found is None:
        return "", text
    name, bot, rest = found.groups()
    return (name.lower() if bot is None or bot.lower() == username.lower() else "@"), rest


def _language(user: User, colleague: Colleague | None) -> str:
    if colleague is not None:
        return colleague.language
    return "zh" if user.language_code.startswith("zh") else "en"
