"""People with Telegram on their phones: they write, press, send, share, pay, and see what comes back."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from tests.telegram_server.chats import ANONYMOUS, Account, Box, Group, Message, Private
from tests.telegram_server.entities import finished
from tests.telegram_server.errors import Obj
from tests.telegram_server.limits import INLINE_QUERY
from tests.telegram_server.media import kept
from tests.telegram_server.methods_messages import CONTENT as FORWARDED
from tests.telegram_server.methods_queries import result_content
from tests.telegram_server.params import Upload
from tests.telegram_server.payments import Payment, pay
from tests.telegram_server.seen import Seen, seen
from tests.telegram_server.world import Bot, Question, World


class Person:
    """Somebody; `open` shows one of their chats."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account

    def __repr__(self) -> str:
        return f"Person({self.name!r})"

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def name(self) -> str:
        return self.account.name

    def open(self, other: "Bot | Person | Group", *, topic: int | None = None) -> "Chat":
        """Their chat with a bot or somebody, or their look into a group or one topic of it (1: the general one)."""
        box = other if isinstance(other, Group) else self.world.private(self.account, other.account)
        return Chat(self, box, topic)

    async def follow(self, link: str) -> "Chat":
        """Open t.me/<bot>?start=<payload> and press Start."""
        address = urlsplit(link if "://" in link else f"https://{link}")
        bot = next(bot for bot in self.world.bots.values() if bot.username == address.path.strip("/"))
        chat = self.open(bot)
        await chat.start(parse_qs(address.query).get("start", [""])[0])
        return chat

    async def ask_inline(
        self, bot: Bot, query: str, *, offset: str = "", chat_type: str = "private", timeout: float = 60.0
    ) -> "InlineAnswer":
        """Type "@bot query" somewhere and wait for the results."""
        assert len(query) <= INLINE_QUERY
        bot.known.add(self.id)
        question = self.world.ask("inline", bot)
        asked = {"id": question.id, "from": self.account.user, "query": query, "offset": offset}
        bot.updates.push("inline_query", asked | {"chat_type": chat_type}, self.id)
        params = await self.world.until(lambda: question.answer, timeout)
        return InlineAnswer(
            bot,
            query,
            params.json("results"),
            params.whole("cache_time", 300),
            params.flag("is_personal"),
            params.text("next_offset"),
            params.json("button"),
        )

    def deactivate(self) -> None:
        """Delete the account."""
        self.account.deactivated = True


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What a bot answered to an inline query."""

    bot: Bot
    query: str
    results: list[Obj]
    cache_time: int
    is_personal: bool
    next_offset: str
    button: Obj | None

    @property
    def titles(self) -> list[str]:
        return [str(result.get("title", "")) for result in self.results]


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: a question to the bot, an address that opens, or an invitation to inline mode."""

    world: World
    button: Obj
    question: Question | None = None

    @property
    def url(self) -> str | None:
        return self.button.get("url")

    async def answer(self, timeout: float = 60.0) -> str:
        """What popped up ("" when the little clock only went away)."""
        question = self.question
        assert question is not None, "nobody is asked by this button"
        params = await self.world.until(lambda: question.answer, timeout)
        return str(params.text("text"))


class Chat:
    """A chat in one person's hands. Acts come back at once; `hears` waits for what they lead to."""

    def __init__(self, person: Person, box: Box, topic: int | None = None) -> None:
        self.person = person
        self.box = box
        self.topic = topic
        self.world = person.world
        self._acted_at = self.world.version

    # -- what they see

    @property
    def messages(self) -> list[Seen]:
        """Everything in it now, oldest first."""
        messages = [one for one in self.box.messages.values() if self.topic in (None, one.thread or 1)]
        return [seen(self.world, one) for one in messages]

    @property
    def answers(self) -> list[Seen]:
        """What bots sent or edited since this person's last act here."""
        return [one for one in self.messages if one.is_from_bot and one.message.touched > self._acted_at]

    @property
    def last(self) -> Seen:
        """The newest message of a bot."""
        return [one for one in self.messages if one.is_from_bot][-1]

    @property
    def keys(self) -> list[str]:
        """The labels of the reply keyboard."""
        rows = (self.box.keyboard or {}).get("keyboard", [])
        return [key["text"] if isinstance(key, dict) else str(key) for row in rows for key in row]

    async def hears(self, text: str = "", timeout: float = 60.0) -> Seen:
        """Wait for an answer with this text in it."""
        found = await self.world.until(lambda: [one for one in self.answers if text in one.text], timeout)
        return found[-1]

    async def settles(self, quiet: float = 0.3, timeout: float = 60.0) -> list[Seen]:
        """Wait until answers came and nothing happened at Telegram for `quiet` seconds; returns the answers."""
        await self.world.until(lambda: self.answers, timeout)
        version = self.world.version
        while (newer := await self.world.wait_for_change(version, quiet)) > version:
            version = newer
        return self.answers

    # -- what they do

    async def start(self, payload: str = "") -> Seen:
        """Press Start, as somebody does who followed a link with this payload."""
        return await self.say(f"/start {payload}".strip())

    async def say(self, text: str, *, reply_to: Seen | None = None, anonymous: bool = False) -> Seen:
        """Write; an administrator of a group may do so as the group itself."""
        clean, entities = finished(text, [])
        content: Obj = {"text": clean} | ({"entities": entities} if entities else {})
        content |= {"from": ANONYMOUS, "sender_chat": self.box.chat} if anonymous else {}
        return self._send(content, reply_to)

    async def forward(self, message: Seen, *, origin: str = "user") -> Seen:
        """Send on what stands elsewhere: from a user, a hidden_user, a chat or a channel."""
        content = {key: value for key, value in message.body.items() if key in FORWARDED}
        chat: Obj = {"id": -(10**12) - 7, "title": "News", "type": "channel" if origin == "channel" else "supergroup"}
        told: dict[str, Obj] = {
            "user": {"sender_user": message.body["from"]},
            "hidden_user": {"sender_user_name": "Somebody"},
            "chat": {"sender_chat": chat},
            "channel": {"chat": chat, "message_id": 7},
        }
        return self._send(content | {"forward_origin": {"type": origin, "date": message.body["date"]} | told[origin]})

    async def send_photo(self, content: bytes = b"", caption: str = "") -> Seen:
        return self._send(self._photo(content) | ({"caption": caption} if caption else {}))

    async def send_album(self, contents: Sequence[bytes], caption: str = "") -> list[Seen]:
        """Several photos at once: as many updates with one media_group_id; the first has the caption."""
        group = {"media_group_id": str(13_500_000_000 + self.world.number())}
        first = {"caption": caption} if caption else {}
        return [
            self._send(self._photo(content) | group | (first if number == 0 else {}))
            for number, content in enumerate(contents)
        ]

    async def send_file(self, kind: str, content: bytes, name: str = "file.bin", caption: str = "") -> Seen:
        """A document, voice, video ... as the Bot API names them."""
        file = kept(self.world, kind, Upload(name, content), self._bots)
        return self._send(file | ({"caption": caption} if caption else {}))

    async def share_contact(self, phone: str = "", *, of: "Person | None" = None, known: bool = True) -> Seen:
        """Their own contact, or somebody else's; `known`: the number has an account."""
        who = (of or self.person).account
        contact: Obj = {"phone_number": phone or who.phone, "first_name": who.name}
        contact |= {"user_id": who.id} if known else {}
        return self._send({"contact": contact})

    async def share_location(self, latitude: float, longitude: float) -> Seen:
        return self._send({"location": {"latitude": latitude, "longitude": longitude}})

    async def press(self, label: str, *, on: Seen | None = None) -> Press:
        """Press the newest button of this label, below a message or on the reply keyboard."""
        for one in [on] if on else reversed(self.messages):
            if (button := one.button(label)) is not None:
                return self.press_button(one, button)
        for row in (self.box.keyboard or {}).get("keyboard", []):
            for key in row:
                if isinstance(key, dict) and key["text"].startswith(label):
                    if key.get("request_contact"):
                        await self.share_contact()
                    elif key.get("request_location"):
                        await self.share_location(30.2489, 120.1472)
                    else:
                        await self.say(key["text"])
                    return Press(self.world, key)
        shown = [one.buttons for one in self.messages if one.buttons][-3:]
        raise AssertionError(f"there is no button {label!r}; the last are {shown}, keys {self.keys}")

    def press_button(self, on: Seen, button: Obj) -> Press:
        """Press this button; old ones that the chat no longer shows can be pressed too."""
        if "callback_data" not in button:
            return Press(self.world, button)
        self._acted_at = self.world.version
        message = on.message
        shared = self.world.inline.get(message.inline_id or "")
        bot = shared[0] if shared else self.world.bot_of(message.author)
        assert bot is not None
        bot.known.add(self.person.id)
        question = self.world.ask("callback", bot)
        told: Obj = {"id": question.id, "from": self.person.account.user, "chat_instance": str(self.box.id * 7919)}
        is_there = message.id in self.box.messages
        gone = {"chat": self.box.chat, "message_id": message.id, "date": 0}
        told |= {"inline_message_id": message.inline_id} if shared else {"message": message.body if is_there else gone}
        bot.updates.push("callback_query", told | {"data": button["callback_data"]}, self.person.id)
        return Press(self.world, button, question)

    async def share(self, answer: InlineAnswer, pick: int = 0) -> Seen:
        """Send one of the inline results into this chat."""
        bot = answer.bot
        result = answer.results[pick]
        content = result_content(result) | {"via_bot": bot.account.user}
        self._acted_at = self.world.version
        message = self._post(content)
        told = {"result_id": result["id"], "from": self.person.account.user, "query": answer.query}
        if "reply_markup" in content:
            message.inline_id = f"inline-{self.world.number()}"
            self.world.inline[message.inline_id] = (bot, self.box, message)
            told["inline_message_id"] = message.inline_id
        if bot.inline_feedback:
            bot.updates.push("chosen_inline_result", told, self.person.id)
        return seen(self.world, message)

    async def share_inline(self, bot: Bot, query: str, pick: int = 0) -> Seen:
        """Type "@bot query" here, wait for the results and send one of them."""
        chat_type = str(self.box.chat["type"])
        return await self.share(await self.person.ask_inline(bot, query, chat_type=chat_type), pick)

    async def edit(self, message: Seen, text: str) -> Seen:
        """Change what they wrote."""
        body = {key: value for key, value in message.message.body.items() if key != "entities"}
        clean, entities = finished(text, [])
        body |= {"text": clean} | ({"entities": entities} if entities else {})
        self.world.retell(self.box, message.message, body)
        self.world.tell(self.box, message.message, "edited_message")
        return seen(self.world, message.message)

    async def react(self, message: Seen, emoji: str) -> None:
        """Put a reaction to a message ("" takes it away)."""
        old = message.message.reactions.get(self.person.id, [])
        new = [{"type": "emoji", "emoji": emoji}] if emoji else []
        message.message.reactions[self.person.id] = new
        told = {"chat": self.box.chat, "message_id": message.id, "user": self.person.account.user}
        told |= {"date": message.body["date"], "old_reaction": old, "new_reaction": new}
        for bot in self.world.others_in(self.box):
            if not isinstance(self.box, Group) or self.box.is_admin(bot.id):
                bot.updates.push("message_reaction", told, self.box.id)
        self.world.changed()

    async def pay(self, invoice: Seen | str | None = None, **details: Any) -> Payment:
        """Pay an invoice (the newest one, this one, or that of a link) as `payments.pay` says."""
        if isinstance(invoice, str):
            bot, asked = self.world.invoice_links[invoice]
        else:
            found = invoice or [one for one in self.messages if one.invoice][-1]
            author = self.world.bot_of(found.message.author)
            assert author is not None
            assert found.message.invoice is not None
            bot, asked = author, found.message.invoice
        self._acted_at = self.world.version
        return await pay(self.world, self.person.account, bot, asked, **details)

    async def block(self) -> None:
        """Stop and block the bot; it is told, and can send nothing any more."""
        self._set_blocked(True)

    async def unblock(self) -> None:
        self._set_blocked(False)

    def _set_blocked(self, blocked: bool) -> None:
        assert isinstance(self.box, Private)
        bot = self.world.bot_of(self.box.other)
        if bot is None or self.box.blocked == blocked:
            return
        self.box.blocked = blocked
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        self.world.membership_changed(self.box, self.person.account, bot.account, old, new)

    # -- how it gets there

    @property
    def _bots(self) -> frozenset[int]:
        return frozenset(bot.id for bot in self.world.bots.values() if self._reaches(bot))

    def _reaches(self, bot: Bot) -> bool:
        return self.box.is_heard_by(bot.id) or (isinstance(self.box, Private) and self.box.other == bot.id)

    def _photo(self, content: bytes) -> Obj:
        return kept(self.world, "photo", Upload("photo.jpg", content or a_picture()), self._bots)

    def _post(self, content: Obj, reply_to: Seen | None = None) -> Message:
        if isinstance(self.box, Private):
            assert not self.box.blocked, "unblock the bot first"
            self.box.started = True
        elif isinstance(self.box, Group):
            assert self.box.members.get(self.person.id), f"{self.person.name} is not in this group"
        message = self.world.post(
            self.box,
            self.person.account,
            content,
            thread=self.topic if self.topic != 1 else None,
            reply_to=reply_to.message if reply_to else None,
        )
        if "reply_markup" in content:
            message.body["reply_markup"] = content["reply_markup"]
        self.world.tell(self.box, message)
        return message

    def _send(self, content: Obj, reply_to: Seen | None = None) -> Seen:
        self._acted_at = self.world.version
        is_key = "contact" in content or "location" in content or content.get("text") in self.keys
        if is_key and (self.box.keyboard or {}).get("one_time_keyboard"):
            self.box.keyboard = None
        return seen(self.world, self._post(content, reply_to))


def a_picture(colour: str = "#4a7c59", size: tuple[int, int] = (320, 240)) -> bytes:
    """A small photo of one colour, as JPEG."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()
