"""The fake Telegram: the Bot API over HTTP, and the people who write to the bots.

async with telegram_server() as fake:
    bot = fake.add_bot("1:token", "tea_bot")
    anna = fake.person("Anna")
    chat = anna.open(bot)
    await chat.say("hello")
    await chat.hears("Welcome")
"""

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.telegram_server import methods_bot, methods_chats, methods_messages, methods_queries
from tests.telegram_server.chats import Account, Group
from tests.telegram_server.errors import ApiError, Obj, flooded
from tests.telegram_server.limits import Flood
from tests.telegram_server.params import Params, read
from tests.telegram_server.people import Person
from tests.telegram_server.updates import Updates
from tests.telegram_server.world import Bot, Call, World

METHODS = {
    name.lower(): method
    for module in (methods_bot, methods_chats, methods_messages, methods_queries)
    for name, method in module.METHODS.items()
}


class FakeTelegram(World):
    """A Bot API server in this process; `url` is its base, as for https://api.telegram.org."""

    url: str = ""

    # -- who there is

    def add_bot(self, token: str, username: str, *, name: str = "", reads_groups: bool = False) -> Bot:
        """A bot as BotFather makes one; the number before the colon of its token is its id."""
        user: Obj = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": name or username}
        account = Account(user | {"username": username})

        async def execute(method: str, params: Params) -> tuple[int, Obj]:
            return await self.call(bot, method, params)

        updates = Updates(self.clock, self.faults, execute, first_id=900_000_000 + self.first_id % 10**9)
        bot = Bot(token, account, updates, Flood(self.clock), itertools.count(self.first_id), reads_groups)
        bot.flood.on = self.flood_control
        self.bots[token] = bot
        self.accounts[bot.id] = account
        return bot

    def person(
        self, name: str, *, language_code: str | None = "en", username: str | None = None, user_id: int = 0
    ) -> Person:
        """Somebody with Telegram on their phone."""
        user_id = user_id or 700_000_000 + self.number()
        user: Obj = {"id": user_id, "is_bot": False, "first_name": name}
        user |= {"language_code": language_code} if language_code else {}
        user |= {"username": username} if username else {}
        is_chinese = str(language_code).startswith("zh")
        phone = f"+86138{user_id % 10**8:08d}" if is_chinese else f"+1202555{user_id % 10**4:04d}"
        account = Account(user, phone=phone)
        self.accounts[user_id] = account
        return Person(self, account)

    def group(
        self,
        title: str,
        members: Sequence[Person],
        *bots: Bot,
        kind: str = "group",
        forum: bool = False,
        admins: Sequence[Bot | Person] = (),
        denied: Sequence[str] = (),
        chat_id: int = 0,
    ) -> Group:
        """A group these are in; the first is its creator. `forum=True` makes it a supergroup with topics.

        `denied` are rights that administrators do not get, such as can_manage_topics.
        """
        is_super = forum or kind == "supergroup"
        chat: Obj = {"title": title, "type": "supergroup" if is_super else "group"}
        chat["id"] = chat_id or (-(10**12) - self.number() if is_super else -self.number())
        group = Group(chat | ({"is_forum": True} if forum else {}), itertools.count(self.first_id), denied=set(denied))
        self.groups[group.id] = group
        for person in members:
            group.members[person.account.id] = "creator" if person is members[0] else "member"
        for admin in admins:
            group.members[admin.account.id] = "administrator"
        creator = members[0]
        for bot in bots:
            self.add_to_group(group, bot, by=creator, admin=any(bot is admin for admin in admins))
        return group

    def add_to_group(self, group: Group, bot: Bot, *, by: Person, admin: bool = False) -> None:
        """Somebody adds the bot: it is told by my_chat_member and a service message."""
        old = group.members.get(bot.id, "left") if not admin else "left"
        group.members[bot.id] = "administrator" if admin else "member"
        self.membership_changed(group, by.account, bot.account, old, group.members[bot.id])
        self.tell(group, self.post(group, by.account, {"new_chat_members": [bot.account.user]}))

    def remove_from_group(self, group: Group, bot: Bot, *, by: Person) -> None:
        """Somebody throws the bot out."""
        old, group.members[bot.id] = group.members[bot.id], "kicked"
        self.membership_changed(group, by.account, bot.account, old, "kicked")
        self.tell(group, self.post(group, by.account, {"left_chat_member": bot.account.user}))

    def rename(self, group: Group, title: str, *, by: Person) -> None:
        """Somebody gives the group another name."""
        group.chat["title"] = title
        self.tell(group, self.post(group, by.account, {"new_chat_title": title}))

    def migrate(self, group: Group) -> Group:
        """The group becomes a supergroup with another id; calls for the old one say where it went."""
        chat = {"id": -(10**12) - self.number(), "title": group.title, "type": "supergroup"}
        new = Group(chat, itertools.count(self.first_id), members=dict(group.members))
        self.groups[new.id] = new
        creator = self.accounts[next(user for user, status in group.members.items() if status == "creator")]
        self.tell(group, self.post(group, creator, {"migrate_to_chat_id": new.id}))
        self.tell(new, self.post(new, creator, {"migrate_from_chat_id": group.id}))
        group.migrated_to = new.id
        self.changed()
        return new

    def close_topic(self, group: Group, topic: int, *, by: Person, closed: bool = True) -> None:
        """Somebody closes a topic by hand, or opens it again."""
        self.tell(group, methods_chats.close_topic(self, group, group.topics[topic], by.account, closed=closed))

    def delete_topic(self, group: Group, topic: int) -> None:
        """Somebody deletes a topic with everything in it; no bot is told."""
        methods_chats.remove_topic(self, group, group.topics[topic])

    # -- how it behaves

    flood_control = False

    def flood_limits(self, on: bool = True) -> None:
        """Count every message against 30/s a bot, 1/s a private chat (5 at once), 20/min a group; off at first."""
        self.flood_control = on
        for bot in self.bots.values():
            bot.flood.on = on

    @property
    def clock_factor(self) -> float:
        """How many of Telegram's seconds pass in one of ours: pauses of retries, expiry, flood control."""
        return self.clock.factor

    @clock_factor.setter
    def clock_factor(self, factor: float) -> None:
        self.clock.factor = factor

    def called(self, method: str, bot: Bot | None = None) -> list[Call]:
        """The calls of this method, in order."""
        name = method.lower()
        token = bot.token if bot else None
        return [call for call in self.calls if call.method.lower() == name and token in (None, call.bot)]

    # -- the Bot API

    async def call(self, bot: Bot, method: str, params: Params) -> tuple[int, Obj]:
        """Do one call; returns its HTTP code and its answer."""
        result: Any = None
        error = ""
        try:
            act = METHODS.get(method.lower())
            if act is None:
                raise ApiError(404, "Not Found: method not found")
            result = act(self, bot, params)
            if inspect.isawaitable(result):
                result = await result
            code, answer = 200, {"ok": True, "result": result}
        except ApiError as refused:
            code, answer = refused.code, refused.body
            error = refused.description
        if method.lower() != "getupdates":
            self.calls.append(Call(bot.token, method, params.values, result, error, self.clock.now()))
            self.changed()
        return code, answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        bot = self.bots.get(request.match_info["token"])
        method = request.match_info["method"]
        if bot is None:
            return _json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        fault = self.faults.next(method.lower())
        if fault and fault.kind == "reset":
            return _cut(request)
        try:
            params = await read(request)
            if fault and fault.kind == "error":
                raise ApiError(500, "Internal Server Error")
            if fault and fault.kind == "flood":
                raise flooded(fault.retry_after)
        except ApiError as refused:
            self.calls.append(Call(bot.token, method, {}, None, refused.description, self.clock.now()))
            return _json(refused.code, refused.body)
        code, answer = await self.call(bot, method, params)
        if fault and fault.kind == "lost":
            return _cut(request)
        if fault and fault.kind == "timeout":
            await asyncio.sleep(600)
        return _json(code, answer)

    async def _file(self, request: web.Request) -> web.Response:
        bot = self.bots.get(request.match_info["token"])
        path = request.match_info["path"]
        file = next((one for one in self.files.values() if one.path == path and bot and bot.id in one.bots), None)
        if file is None:
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return web.Response(body=file.content)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/bot{token}/{method}", self._answer),
            web.get("/file/bot{token}/{path:.+}", self._file),
        ]


def _json(code: int, answer: Obj) -> web.Response:
    after = answer.get("parameters", {}).get("retry_after")
    return web.json_response(answer, status=code, headers={"Retry-After": str(after)} if after else None)


def _cut(request: web.Request) -> web.Response:
    """Close the connection in the middle of the call."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def telegram_server(
    port: int = 0, *, start: int = 1000, page: Callable[[FakeTelegram], Sequence[web.RouteDef]] = lambda fake: ()
) -> AsyncIterator[FakeTelegram]:
    """A running fake Telegram on this port of the own machine (0: a free one), and what else is served there."""
    fake = FakeTelegram(start)
    app = web.Application(client_max_size=60 << 20)
    app.add_routes([*fake.routes(), *page(fake)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        for bot in fake.bots.values():
            bot.updates.close()
        await runner.cleanup()
