"""What there is at Telegram: bots, people, chats, files, questions that wait for an answer; and every call made."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.telegram_server.chats import Account, Box, Group, Message, Private, membership
from tests.telegram_server.clock import Clock
from tests.telegram_server.errors import Obj, too_old
from tests.telegram_server.faults import Faults
from tests.telegram_server.limits import ANSWER_IN, Flood
from tests.telegram_server.params import Params
from tests.telegram_server.updates import Updates


@dataclass(eq=False)
class Bot:
    """A bot as BotFather made it, and all it told Telegram about itself."""

    token: str
    account: Account
    updates: Updates
    flood: Flood
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    reads_groups: bool = False
    """Privacy mode off: it gets every message of its groups."""
    inline_feedback: bool = True
    """It is told which inline result was chosen."""
    commands: dict[tuple[str, str], list[Obj]] = field(default_factory=dict)
    """(scope as JSON, language) -> commands."""
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    """(name | description | short_description, language) -> text."""
    menu: dict[int, Obj] = field(default_factory=dict)
    """Chat (0: every private chat) -> menu button."""
    known: set[int] = field(default_factory=set)
    """Who it has met somewhere, so that it may look them up."""

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def username(self) -> str:
        return str(self.account.user["username"])


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a bot: `result` is what it was answered, `error` what it was refused with."""

    bot: str
    method: str
    params: dict[str, Any]
    result: Any
    error: str = ""
    at: float = 0.0


@dataclass(eq=False)
class Question:
    """A query of a person that a bot has to answer in time; `answer` is what it said."""

    id: str
    kind: str
    bot: int
    expires: float
    answer: Params | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file at Telegram; its id is good for these bots only."""

    id: str
    path: str
    content: bytes
    bots: frozenset[int]


class World:
    """All of it; the methods of the Bot API and the people both act here.

    `start` is where its numbers begin: who starts it anew beside a shop that remembers gives the time.
    """

    def __init__(self, start: int = 1000) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.bots: dict[str, Bot] = {}
        self.accounts: dict[int, Account] = {}
        self.groups: dict[int, Group] = {}
        self.privates: dict[tuple[int, int], Private] = {}
        self.files: dict[str, StoredFile] = {}
        self.inline: dict[str, tuple[Bot, Box, Message]] = {}
        self.questions: dict[str, Question] = {}
        self.invoice_links: dict[str, tuple[Bot, Obj]] = {}
        self.charges: dict[str, Obj] = {}
        self.calls: list[Call] = []
        self.version = 0
        self._changed: asyncio.Event = asyncio.Event()
        self.first_id = start
        self._numbers = itertools.count(start)

    def number(self) -> int:
        return next(self._numbers)

    def changed(self) -> None:
        """Something is different: whoever waits looks again."""
        self.version += 1
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def until(self, holds: Callable[[], Any], timeout: float = 60.0) -> Any:
        """Wait until this holds and return it; TimeoutError names the last calls.

        What changes elsewhere (in a shop, in a database) is looked at every twentieth of a second.
        """
        end = time.monotonic() + timeout
        while not (found := holds()):
            if time.monotonic() > end:
                last = [f"{call.method} {call.params} {call.error}"[:300] for call in self.calls[-5:]]
                raise TimeoutError("It did not happen; the last calls were:\n" + "\n".join(last))
            await self.wait_for_change(self.version, 0.05)
        return found

    async def wait_for_change(self, version: int, timeout: float) -> int:
        """The version once it is above this one, or after that many seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self.version <= version:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.version

    # -- chats

    def bot_of(self, user: int) -> Bot | None:
        return next((bot for bot in self.bots.values() if bot.id == user), None)

    def private(self, person: Account, other: Account) -> Private:
        """The chat of a person with a bot or another person."""
        bot = self.bot_of(other.id)
        key = (person.id, other.id) if bot or person.id < other.id else (other.id, person.id)
        if key not in self.privates:
            shown = {key: person.user[key] for key in ("id", "first_name", "username") if key in person.user}
            box = Private(chat=shown | {"type": "private"}, person=key[0], other=key[1], started=bot is None)
            if bot:
                box.ids = bot.ids
            self.privates[key] = box
        return self.privates[key]

    def others_in(self, box: Box) -> list[Bot]:
        return [bot for bot in self.bots.values() if box.is_heard_by(bot.id)]

    # -- messages

    def post(
        self,
        box: Box,
        author: Account,
        content: Obj,
        *,
        thread: int | None = None,
        reply_to: Message | None = None,
        keyboard: Obj | None = None,
        invoice: Obj | None = None,
    ) -> Message:
        """Put a message into a chat; who sees it is another matter (`tell`)."""
        body: Obj = {"message_id": next(box.ids), "from": author.user, "chat": box.chat, "date": int(time.time())}
        if thread:
            body |= {"message_thread_id": thread, "is_topic_message": True}
        reply_to = reply_to or box.messages.get(thread or 0)  # in a topic, whatever answers nothing answers its first
        if reply_to:
            quoted = {key: value for key, value in reply_to.body.items() if key != "reply_to_message"}
            body["reply_to_message"] = quoted
            is_forum = bool(box.chat.get("is_forum"))
            if box.chat["type"] == "supergroup" and not is_forum:  # a thread of answers, which is no topic
                body["message_thread_id"] = quoted.get("message_thread_id", quoted["message_id"])
        body |= content
        if keyboard and "inline_keyboard" in keyboard:
            body["reply_markup"] = keyboard
        message = Message(body, author.id, invoice=invoice, at=self.clock.now())
        box.messages[message.id] = message
        self.changed()
        message.touched = self.version
        return message

    def tell(self, box: Box, message: Message, kind: str = "message") -> None:
        """Bring a message to the bots that get it: in groups those of privacy mode get only what is meant for them."""
        for bot in self.others_in(box):
            if isinstance(box, Group):
                bot.known.add(message.author)
                if not self._is_for(bot, box, message):
                    continue
            bot.updates.push(kind, message.body, box.id)

    def _is_for(self, bot: Bot, box: Group, message: Message) -> bool:
        body = message.body
        text = str(body.get("text") or body.get("caption") or "")
        if bot.reads_groups or box.is_admin(bot.id) or not message.is_content:
            return True
        replied = body.get("reply_to_message", {}).get("from", {}).get("id")
        if replied == bot.id or body.get("via_bot", {}).get("id") == bot.id:
            return True
        if f"@{bot.username}".lower() in text.lower():
            return True
        if not text.startswith("/") or "@" in text.split()[0]:
            return False
        spoke = [one.author for one in box.messages.values() if self.bot_of(one.author)]
        return not spoke or spoke[-1] == bot.id

    def retell(self, box: Box, message: Message, content: Obj) -> None:
        """Change a message into this content, keeping the version before."""
        message.versions.append(message.body)
        message.body = content | {"edit_date": int(time.time())}
        self.changed()
        message.touched = self.version

    def membership_changed(self, box: Box, account: Account, member: Account, old: str, new: str) -> None:
        """my_chat_member or chat_member, to the bots that are told."""
        denied = box.denied if isinstance(box, Group) else ()
        told = {
            "chat": box.chat,
            "from": account.user,
            "date": int(time.time()),
            "old_chat_member": membership(member, old, denied),
            "new_chat_member": membership(member, new, denied),
        }
        bot = self.bot_of(member.id)
        if bot:
            bot.updates.push("my_chat_member", told, box.id)
        for other in self.others_in(box):
            if other is not bot and isinstance(box, Group) and box.is_admin(other.id):
                other.updates.push("chat_member", told, box.id)
        self.changed()

    # -- questions

    def ask(self, kind: str, bot: Bot) -> Question:
        """A query that waits for the bot's answer; real servers give it these seconds."""
        question = Question(str(self.number() + 10**15), kind, bot.id, self.clock.now() + ANSWER_IN[kind])
        self.questions[question.id] = question
        return question

    def answer(self, bot: Bot, kind: str, query_id: str, params: Params) -> Question:
        """The bot's answer to it; 400 when it is too old, unknown or answered."""
        question = self.questions.get(query_id)
        if question is None or question.kind != kind or question.bot != bot.id:
            raise too_old()
        if question.answer is not None or question.expires < self.clock.now():
            raise too_old()
        question.answer = params
        self.changed()
        return question

    # -- files

    def store(self, content: bytes, path: str, bots: frozenset[int]) -> StoredFile:
        """Keep a file; the same content has the same id, also after a restart."""
        file_id = f"AgACAgIAAxkB{sha256(content).hexdigest()[:24]}"
        before = self.files.get(file_id)
        if before:
            bots |= before.bots
        kept = StoredFile(file_id, before.path if before else path.format(len(self.files)), content, bots)
        self.files[file_id] = kept
        return kept
