"""A shop of three things without a database, and a chat with it: what the tests of the dialogue talk to."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot import replies
from bot.dialogue import Outcome, converse
from bot.flow import Fact, Flow, Setting, Turn
from bot.questions import Number, Option, Pick, Text, YesNo
from bot.replies import Button
from bot.words import Heard
from foundation.encryption import Vault
from foundation.errors import Json, Refused

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Spotted:
    kind: str
    value: Json
    start: int
    end: int


def said(text: str, intent: str = "out_of_scope", sure: float = 0.9, language: str = "", **spotted: Json) -> Heard:
    """A message as nlu would hand it over. An entity stands where its value is in the text, or is (value, words)."""
    entities = []
    for kind, given in spotted.items():
        value, words = given if isinstance(given, tuple) else (given, str(given))
        start = max(text.find(words), 0)
        entities.append(Spotted(kind, value, start, start + len(words) if words in text else start))
    return Heard(text, intent, sure, entities, language)


@dataclass
class Counter:
    """What is in stock, what was ordered, and every effect so far."""

    prices: dict[str, int] = field(default_factory=lambda: {"mug": 500, "tea": 300})
    stock: dict[str, int] = field(default_factory=lambda: {"mug": 5, "tea": 5})
    orders: dict[str, list[str]] = field(default_factory=lambda: {"A1": ["mug", "tea"], "A2": ["mug", "cup"]})
    effects: list[str] = field(default_factory=list)
    photo_wanted: bool = True

    async def made_list(self) -> Json:
        self.effects.append("list made")
        return 7

    def place(self, lines: Sequence[tuple[str, int]], where: str, total: int) -> None:
        for item, count in lines:
            self.effects.append(f"reserve {item} {count}")
            if count > self.stock[item]:
                raise Refused("stock.short", title=item, left=self.stock[item])
        self.effects.append(f"order {lines} {where} {total}")


def named(names: Sequence[str], entity: str) -> list[Option[str]]:
    return [Option(name, name, name, (entity, name)) for name in names]


def repertoire(shop: Counter) -> dict[str, Flow]:
    """The flows of this shop; the tests may change the shop, or the flows, between two messages."""

    async def file_return(turn: Turn) -> None:
        turn.say("Sorry to hear that.")
        order = await turn.ask("order", Pick("Which order?", named(list(shop.orders), "order"), none="orders.none"))
        item = await turn.ask("item", Pick(f"Which item of {order}?", named(shop.orders[order], "item"), none="x"))
        reason = await turn.ask("reason", Pick("What is wrong?", named(["broken", "wrong"], "reason"), none="x"))
        if reason == "broken" and shop.photo_wanted:
            await turn.ask("photo", Text("A photo helps."))
        refund = shop.prices[item]
        facts = {"item": Fact(item, f"the item is {item}"), "refund": Fact(refund, f"you get {refund} back")}
        if await turn.confirm("ok", f"Return {item} of {order}, {refund} back?", facts=facts):
            shop.effects.append(f"return {order} {item} {refund}")
            turn.say("Filed.")
        else:
            turn.say("Nothing was filed.")

    async def address(turn: Turn) -> str:
        city = await turn.ask("city", Text("Which city?"))
        return await turn.ask("street", Text(f"Which street in {city}?")) + ", " + city

    async def order_goods(turn: Turn) -> None:
        lines: list[tuple[str, int]] = []
        for n in range(1, 99):
            goods = named(list(shop.prices), "item")
            item = await turn.ask(f"item:{n}", Pick("What would you like?", goods, none="stock.none"))
            count = await turn.ask(f"count:{n}", Number(f"How many {item}?"))
            lines.append((item, count))
            turn.say("Noted.")
            if not await turn.ask(f"more:{n}", YesNo("Another item?", yes="Yes", no="No")):
                break
        with turn.within("to"):
            where = await address(turn)
        total = sum(shop.prices[item] * count for item, count in lines)
        if total >= 2000:
            await turn.ask("phone", Text("Large order: your phone, please."))
        if await turn.confirm("ok", f"Order {lines} to {where} for {total}?"):
            short = [f"count:{n}" for n, (item, count) in enumerate(lines, 1) if count > shop.stock[item]]
            with turn.asks_again(*short):
                shop.place(lines, where, total)
            turn.say("Ordered.")

    async def track(turn: Turn) -> None:
        order = await turn.ask(
            "order", Pick("Track which order?", named(list(shop.orders), "order"), none="orders.none")
        )
        turn.say(f"{order} is on its way.")

    async def make_list(turn: Turn) -> None:
        await turn.once("list", shop.made_list)
        turn.say("I made a list.")
        await turn.ask("name", Text("What shall I call it?"))
        turn.say("Saved.")

    async def price(turn: Turn) -> None:
        item = await turn.ask("item", Pick("The price of what?", named(list(shop.prices), "item"), none="stock.none"))
        turn.say(f"{item}: {shop.prices[item]}.")

    async def closed(turn: Turn) -> None:
        shop.effects.append("half done")
        raise Refused("cart.empty")

    async def add(turn: Turn) -> None:
        count = await turn.notice("count", Number("")) or 1
        goods = [Option(name, name, name) for name in shop.prices]
        item = turn.args.get("item", "")
        if not item:
            item = await turn.ask("item", Pick("Add what?", goods, none="stock.none"))
        shop.effects.append(f"add {item} {count}")
        turn.say(f"{count} {item} added.")

    async def twice(turn: Turn) -> None:
        await turn.notice("one", Number(""))
        await turn.ask("one", Number("How many?"))

    async def ask_human(turn: Turn) -> None:
        if "offer" in turn.args and not await turn.confirm("ok", "Shall I get a colleague?"):
            turn.say("As you like.")
            return
        turn.hand_over("asked", {"wants": "a person"})
        turn.say("A colleague is coming.")

    async def unclear(turn: Turn) -> None:
        turn.say("I can find things for you.")

    return {
        "file_return": Flow(file_return, "your return"),
        "order": Flow(order_goods, "your order"),
        "track": Flow(track, "tracking", reads_only=True),
        "list": Flow(make_list, "your list"),
        "price": Flow(price, "the price", is_passing=True),
        "closed": Flow(closed, "closed"),
        "add": Flow(add, "adding", corrected_by=frozenset({"track"})),
        "twice": Flow(twice, "asking twice"),
        "ask_human": Flow(ask_human, "a colleague"),
        "out_of_scope": Flow(unclear, "help"),
    }


class NoRows:
    """A database with nothing in it."""

    async def scalar(self, _: object) -> None:
        return None


class Chat:
    """Keeps the state as JSON between turns, as the conversation row does, so that nothing survives in memory."""

    def __init__(self, shop: Counter | None = None, *, customer_id: int = 7, vault: Vault | None = None) -> None:
        self.shop = shop or Counter()
        self.flows = repertoire(self.shop)
        self.vault = vault or Vault.fresh()
        self.customer_id = customer_id
        self.frames, self.focus, self.language = "[]", "{}", "en"
        self.now = NOON
        self.waiting = False
        self.announced_so_far = 0
        self.last: Outcome | None = None

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        kept = list(self.shop.effects)
        try:
            yield
        except BaseException:
            self.shop.effects[:] = kept
            raise

    async def hears(self, *messages: str | Heard) -> list[str]:
        """One turn with these messages: what is answered, as text without the options."""
        setting = Setting(
            cast(Any, NoRows()), cast(Any, None), self.vault, self.customer_id, self.now, savepoint=self.savepoint
        )
        self.now += timedelta(seconds=10)
        self.last = await converse(
            setting,
            flows=self.flows,
            frames=json.loads(self.frames),
            focus=json.loads(self.focus),
            language=self.language,
            heard=[said(message) if isinstance(message, str) else message for message in messages],
            waiting=self.waiting,
            announced=self.announced,
        )
        self.frames, self.focus = json.dumps(self.last.frames), json.dumps(self.last.focus)
        self.language = self.last.language
        return [reply.prompt if isinstance(reply, replies.Choice) else replies.plain(reply) for reply in self.replies]

    async def announced(self, language: str) -> list[replies.Reply]:
        """As the shop would announce an order."""
        new = [effect for effect in self.shop.effects[self.announced_so_far :] if effect.startswith("order ")]
        self.announced_so_far = len(self.shop.effects)
        return [replies.Text("Thank you for your order.") for _ in new]

    async def presses(self, label: str) -> list[str]:
        return await self.hears(Heard(kind="press", token=self.button(label).token))

    @property
    def replies(self) -> list[replies.Reply]:
        assert self.last is not None
        return [reply for _, reply in self.last.replies]

    def button(self, label: str) -> Button:
        return next(b for reply in self.replies for b in replies.buttons_of(reply) if b.label == label)

    @property
    def stack(self) -> list[str]:
        return [frame["flow"] for frame in json.loads(self.frames)]
