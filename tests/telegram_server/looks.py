"""The chat page on the fake: one person's chats as JSON, and what they do there."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.telegram_server.chats import Box, Group, Message, Private
from tests.telegram_server.errors import ApiError, Obj
from tests.telegram_server.methods_bot import commands_for
from tests.telegram_server.people import Chat, Person
from tests.telegram_server.seen import Seen, seen
from tests.telegram_server.server import FakeTelegram
from tests.telegram_server.world import Bot

FILES = Path(__file__).parent / "page"
NEWEST = 200
"""Messages of a chat that are shown."""
ALBUM = 10
TYPING = 5.0
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' http: https: data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
Act = Callable[[Person, Chat, Obj], Awaitable[Obj]]


class Page:
    """Who is on the page, and how far each of them has read each of their chats."""

    def __init__(self, fake: FakeTelegram) -> None:
        self.fake = fake
        self.people: dict[int, Person] = {}
        self._read: dict[tuple[int, int, int], int] = {}
        self._answers: dict[int, Any] = {}
        self._acts: dict[str, Act] = {
            "say": self._say,
            "start": self._start,
            "edit": self._edit,
            "press": self._press,
            "photos": self._photos,
            "file": self._sent_file,
            "contact": self._contact,
            "location": self._location,
            "react": self._react,
            "block": self._block,
            "pay": self._pay,
            "ask": self._ask,
            "share": self._share,
            "follow": self._follow,
            "close_topic": self._close_topic,
            "delete_topic": self._delete_topic,
        }

    def add(self, *people: Person) -> None:
        self.people |= {person.id: person for person in people}

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/page/{name}", self._static),
            web.get("/look", self._look),
            web.post("/do", self._do),
            web.get("/files/{file_id}", self._file),
        ]

    # -- what is shown

    def shown(self, person: Person, key: str, topic: int) -> Obj:
        """One person's chats, and the open one in full; that one counts as read."""
        box = self._box(person, key)
        if box:
            self._read[person.id, id(box), topic] = self.fake.version
        return {
            "version": self.fake.version,
            "people": [
                {"id": one.id, "name": one.name, "language": one.account.user.get("language_code", "en")}
                for one in self.people.values()
            ],
            "bots": {bot.username: f"b{bot.id}" for bot in self.fake.bots.values()},
            "chats": [self._listed(person, box) for box in self._boxes(person)],
            "chat": self._opened(person, box, topic) if box else None,
        }

    def _boxes(self, person: Person) -> list[Box]:
        bots = [self.fake.private(person.account, bot.account) for bot in self.fake.bots.values()]
        groups = [one for one in self.fake.groups.values() if person.id in one.members and one.migrated_to is None]
        friends = [one for one in self.fake.privates.values() if person.id in (one.person, one.other)]
        boxes: list[Box] = [*groups, *friends]
        boxes += [bot for bot in bots if bot not in boxes]
        return sorted(boxes, key=lambda box: -_touched(box))

    def _listed(self, person: Person, box: Box) -> Obj:
        last = list(box.messages.values())[-1:]
        listed: Obj = {"key": self._key(person, box), "title": self._title(person, box), "kind": "group"}
        listed["unread"] = sum(
            message.author != person.id and message.touched > self._read_to(person, box, message)
            for message in box.messages.values()
        )
        if last:
            listed["last"] = last[0].body
        if isinstance(box, Private):
            bot = self.fake.bot_of(box.other)
            listed["kind"] = "bot" if bot else "person"
            listed |= {"username": bot.username, "started": box.started, "blocked": box.blocked} if bot else {}
        elif isinstance(box, Group):
            listed |= {"members": len(box.members), "forum": box.is_forum}
        return listed

    def _read_to(self, person: Person, box: Box, message: Message) -> int:
        """Up to which version they read where this message stands."""
        topics = (0, message.thread or 1)
        return max(self._read.get((person.id, id(box), topic), 0) for topic in topics)

    def _opened(self, person: Person, box: Box, topic: int) -> Obj:
        chat = Chat(person, box, topic or None)
        action, at = box.action
        bot = self.fake.bot_of(box.other) if isinstance(box, Private) else None
        bots = [bot] if bot else self.fake.others_in(box)
        language = str(person.account.user.get("language_code", "en"))
        commands = [
            command | {"bot": one.username}
            for one in bots
            for command in commands_for(one, language, private=isinstance(box, Private))
        ]
        return {
            "key": self._key(person, box),
            "typing": bool(action) and self.fake.clock.now() - at < TYPING,
            "messages": [self._message(one) for one in chat.messages[-NEWEST:]],
            "keyboard": box.keyboard,
            "pinned": box.pinned,
            "commands": commands,
            "about": _text(bot, "description", language) if bot else "",
            "topic": topic,
            "topics": [
                {"id": one.id, "name": one.name, "closed": one.closed, "unread": self._unread(person, box, one.id)}
                for one in box.topics.values()
            ]
            if isinstance(box, Group)
            else [],
        }

    def _unread(self, person: Person, box: Box, topic: int) -> int:
        messages = [one for one in box.messages.values() if one.thread == topic and one.author != person.id]
        return sum(one.touched > self._read_to(person, box, one) for one in messages)

    def _message(self, one: Seen) -> Obj:
        return {
            "body": one.body,
            "stamp": f"{one.message.touched}:{''.join(one.reactions)}",
            "reactions": one.reactions,
            "can_pay": one.message.invoice is not None,
        }

    def _title(self, person: Person, box: Box) -> str:
        if isinstance(box, Private):
            other = box.other if box.person == person.id else box.person
            return self.fake.accounts[other].name
        return str(box.chat["title"])

    def _key(self, person: Person, box: Box) -> str:
        if not isinstance(box, Private):
            return f"g{box.id}"
        other = box.other if box.person == person.id else box.person
        return f"b{other}" if self.fake.bot_of(other) else f"p{other}"

    def _box(self, person: Person, key: str) -> Box | None:
        return next((box for box in self._boxes(person) if self._key(person, box) == key), None)

    # -- the wire

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(FILES / "index.html", headers=HEADERS)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in {path.name for path in FILES.iterdir()}:
            raise web.HTTPNotFound
        return web.FileResponse(FILES / name, headers=HEADERS)

    async def _file(self, request: web.Request) -> web.Response:
        file = self.fake.files.get(request.match_info["file_id"])
        if file is None:
            raise web.HTTPNotFound
        is_photo = file.path.startswith("photos/")
        headers = HEADERS | {"Cache-Control": "max-age=86400"}
        return web.Response(
            body=file.content, content_type="image/jpeg" if is_photo else "application/octet-stream", headers=headers
        )

    async def _look(self, request: web.Request) -> web.Response:
        """What one person sees, as soon as it is newer than `since`."""
        asked = request.query
        person = self._person(asked)
        since = _whole(asked, "since")
        if since:
            await self.fake.wait_for_change(since, 20)
        return web.json_response(self.shown(person, asked.get("chat", ""), _whole(asked, "topic")), headers=HEADERS)

    async def _do(self, request: web.Request) -> web.Response:
        """One act of a person; answers {"error": ...} when it cannot be done."""
        if request.content_type != "application/json":  # no form of another site can send that
            raise web.HTTPUnsupportedMediaType
        asked = await request.json()
        person = self._person(asked)
        box = self._box(person, str(asked.get("chat", "")))
        act = self._acts.get(str(asked.get("act")))
        if box is None or act is None:
            raise web.HTTPNotFound
        try:
            answer = await act(person, Chat(person, box, _whole(asked, "topic") or None), asked)
        except ApiError as refused:
            answer = {"error": refused.description}
        except TimeoutError:
            answer = {"error": "timeout"}
        except (AssertionError, LookupError, ValueError, StopIteration) as problem:
            answer = {"error": str(problem) or type(problem).__name__}
        return web.json_response(answer, headers=HEADERS)

    def _person(self, asked: Mapping[str, Any]) -> Person:
        return self.people.get(_whole(asked, "person")) or next(iter(self.people.values()))

    # -- acts

    async def _say(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        reply = chat.box.messages.get(_whole(asked, "reply_to"))
        await chat.say(str(asked["text"])[:4096], reply_to=seen(self.fake, reply) if reply else None)
        return {}

    async def _start(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        await chat.unblock() if isinstance(chat.box, Private) and chat.box.blocked else None
        await chat.start(str(asked.get("payload", "")))
        return {}

    async def _edit(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        message = chat.box.messages[_whole(asked, "message")]
        if message.author != person.id or "text" not in message.body:
            raise ValueError("only one's own words can be changed")
        await chat.edit(seen(self.fake, message), str(asked["text"])[:4096])
        return {}

    async def _press(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        message = seen(self.fake, chat.box.messages[_whole(asked, "message")])
        press = chat.press_button(message, message.rows[_whole(asked, "row")][_whole(asked, "column")])
        if press.question is None:
            return {}
        text = await press.answer(15)
        answer = press.question.answer
        assert answer is not None
        return {"popup": text, "alert": answer.flag("show_alert"), "url": answer.text("url")}

    async def _photos(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        """One photo, or an album; more than ten are several albums, as in the apps."""
        contents = [_bytes(photo) for photo in asked["photos"]]
        caption = str(asked.get("caption", ""))[:1024]
        for start in range(0, len(contents), ALBUM):
            album = contents[start : start + ALBUM]
            await (chat.send_album(album, caption) if len(album) > 1 else chat.send_photo(album[0], caption))
            caption = ""
        return {}

    async def _sent_file(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        name, caption = str(asked["name"])[-80:], str(asked.get("caption", ""))[:1024]
        await chat.send_file("document", _bytes(asked.get("file")), name, caption)
        return {}

    async def _contact(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        await chat.share_contact()
        return {}

    async def _location(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        await chat.share_location(float(asked.get("latitude", 30.2489)), float(asked.get("longitude", 120.1472)))
        return {}

    async def _react(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        message = seen(self.fake, chat.box.messages[_whole(asked, "message")])
        given = message.message.reactions.get(person.id)
        await chat.react(message, "" if given else str(asked.get("emoji", "👍"))[:8])
        return {}

    async def _block(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        await (chat.block() if asked.get("blocked") else chat.unblock())
        return {}

    async def _pay(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        payment = await chat.pay(seen(self.fake, chat.box.messages[_whole(asked, "message")]))
        return {"paid": payment.is_paid, "error": payment.error}

    async def _ask(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        bot = next(bot for bot in self.fake.bots.values() if bot.username == asked["bot"])
        chat_type = str(chat.box.chat["type"])
        answer = await person.ask_inline(bot, str(asked.get("query", ""))[:256], chat_type=chat_type)
        self._answers[person.id] = answer
        return {"results": answer.results}

    async def _share(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        await chat.share(self._answers[person.id], _whole(asked, "pick"))
        return {}

    async def _follow(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        opened = await person.follow(str(asked["link"]))
        return {"chat": self._key(person, opened.box)}

    async def _close_topic(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        assert isinstance(chat.box, Group)
        self.fake.close_topic(chat.box, chat.topic or 0, by=person, closed=bool(asked["closed"]))
        return {}

    async def _delete_topic(self, person: Person, chat: Chat, asked: Obj) -> Obj:
        assert isinstance(chat.box, Group)
        self.fake.delete_topic(chat.box, chat.topic or 0)
        return {}


def _touched(box: Box) -> int:
    return max((message.touched for message in box.messages.values()), default=0)


def _text(bot: Bot, name: str, language: str) -> str:
    return bot.texts.get((name, language[:2])) or bot.texts.get((name, ""), "")


def _bytes(sent: object) -> bytes:
    try:
        return base64.b64decode(str(sent or ""), validate=True)
    except binascii.Error as problem:
        raise ValueError(problem) from None


def _whole(asked: Mapping[str, Any], name: str) -> int:
    try:
        return int(asked.get(name) or 0)
    except (TypeError, ValueError):
        return 0
