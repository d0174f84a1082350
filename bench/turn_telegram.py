"""What a turn costs in Telegram: shoppers on the fake of it, against one process that fetches updates and answers.

The mix is that of the web chat, in a closed loop: everybody writes again as soon as they have read an answer. CPU is
that of the bot's process and of all PostgreSQL processes, from /proc; the fake and the shoppers live in the process of
the bench. `echo`: a bare aiogram bot on the same fake that says every message back. The two are measured in turns, part
by part, for a machine is not equally fast all the time; and the echo hears its messages at the same moments, for each
getUpdates brings what has come meanwhile: the more at once, the less each costs. `echo_ratio`: how many of its updates
one turn of the shop costs; `bot_ratio`: the same without PostgreSQL, which the echo does without. `eager_echo` and its
ratio: the echo in a closed loop of its own, where everybody writes at once and one getUpdates brings it all.

What is measured is a shop that runs: before it counts, everybody has come, ordered once and gone once through the mix
(with the echo: said as much), for each connection prepares each statement once and PostgreSQL plans it five times.
Nothing runs beside the turns: sweeps and jobs are a worker's, and Valkey is not counted.
"""

import asyncio
import itertools
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bench.processes import Process, cpu_seconds, postgres_pids, scene
from bench.shoppers import ADDRESS, WORDS
from cli.scratch import Place
from foundation.errors import Json
from tests.telegram_server import Chat, FakeTelegram, Seen, telegram_server

SHOP, ECHO = "111:shop", "222:echo"
WEB_PORT = 8000
"""Where the pages of the shop would be; nobody opens them here."""
START_SECONDS = 120
PATIENCE = 60.0
MIX = 10
"""Turns of a mix."""
PARTS = 6
"""In so many parts each bot is measured."""
READS = 0.2
"""Seconds before somebody who has an answer writes again: a second message may come with it."""


class Caller:
    """One shopper in Telegram. `took`: seconds from each act to its answer."""

    def __init__(self, chat: Chat, language: str) -> None:
        self.chat, self.language = chat, language
        self.took: list[float] = []

    async def come(self) -> None:
        """Order once, so that address and way to pay are known."""
        await self._asks(self.chat.start)
        await self._says("search")
        await self._press("add_to_cart")
        await self._press("")  # the first of its kinds
        await self._says("checkout", with_button=False)
        await self._asks(lambda: self.chat.say(ADDRESS[self.language]))
        await self._says("cod")
        await self._press("", with_button=False)

    async def turns(self) -> AsyncIterator[None]:
        """Ten turns again and again, as `Errands.mixed_turns` has them."""
        while True:
            for words in ("hello", "search with a limit", "search", "search again"):
                await self._says(words)
                yield
            await self._press("add_to_cart")
            yield
            await self._press("")
            yield
            await self._says("checkout")
            yield
            await self._press("", with_button=False)
            yield
            for words in ("status", "help"):
                await self._says(words)
                yield

    async def echoes(self) -> AsyncIterator[None]:
        """Say something, and hear it back."""
        for number in itertools.count():
            await self._asks(partial(self.chat.say, f"message {number}"), with_button=False)
            yield

    async def _says(self, words: str, *, with_button: bool = True) -> None:
        await self._asks(lambda: self.chat.say(WORDS[self.language][words]), with_button=with_button)

    async def _press(self, skill: str, *, with_button: bool = True) -> None:
        """Press the first button that starts this skill (any, when it is empty) of the newest message with one."""
        shown, button = next(
            (seen, button)
            for seen in reversed(self.chat.messages)
            for row in seen.rows
            for button in row
            if skill.encode() in urlsafe_b64decode(str(button.get("callback_data", "")) + "==")
        )

        async def press() -> None:
            self.chat.press_button(shown, button)

        await self._asks(press, with_button=with_button)

    async def _asks(self, act: Callable[[], Awaitable[object]], *, with_button: bool = True) -> None:
        def answered() -> list[Seen]:
            return [seen for seen in self.chat.answers if seen.rows or not with_button]

        begun = time.perf_counter()
        await act()
        await self.chat.world.until(answered, PATIENCE)
        self.took.append(time.perf_counter() - begun)
        await asyncio.sleep(READS)


@dataclass
class Side:
    """One of the two bots with those who talk to it, and what it has cost so far. CPU in seconds."""

    fake: FakeTelegram
    process: Process
    callers: list[Caller]
    mixes: list[AsyncIterator[None]]
    place: Place | None = None
    turns: int = 0
    calls: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    database_cpu: float = 0.0
    took: list[float] = field(default_factory=list)

    async def warm_up(self) -> None:
        """Let everybody go once through the mix."""
        for _ in range(MIX):
            await asyncio.gather(*(anext(each) for each in self.mixes))

    async def measure(self, turns: int, moments: Sequence[float] = ()) -> list[float]:
        """So many more turns by whoever has an answer: at these moments, or at once. When each of them began.

        Moments are seconds from the beginning of this part.
        """
        for caller in self.callers:
            caller.took.clear()
        calls, begun, (cpu, database_cpu) = len(self.fake.calls), time.perf_counter(), self._used()
        numbers, acted = iter(range(turns)), list[float]()

        async def talk(each: AsyncIterator[None]) -> None:
            for number in numbers:
                if moments:
                    await asyncio.sleep(begun + moments[number] - time.perf_counter())
                acted.append(time.perf_counter() - begun)
                await anext(each)

        await asyncio.gather(*(talk(each) for each in self.mixes))
        self.seconds += time.perf_counter() - begun
        cpu_now, database_now = self._used()
        self.cpu += cpu_now - cpu
        self.database_cpu += database_now - database_cpu
        self.calls += len(self.fake.calls) - calls
        self.turns += turns
        self.took += [second for caller in self.callers for second in caller.took]
        return acted

    def result(self) -> dict[str, Json]:
        """What all its turns have cost."""
        took = sorted(self.took)
        bot, database = (cpu * 1000 / self.turns for cpu in (self.cpu, self.database_cpu))
        return {
            "turns": self.turns,
            "updates_per_s": round(self.turns / self.seconds, 1),
            "calls_per_turn": round(self.calls / self.turns, 2),
            "p50_ms": round(took[len(took) // 2] * 1000, 1),
            "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
            "cpu_ms_per_turn": round(bot + database, 2),
            "bot_cpu_ms_per_turn": round(bot, 2),
            "db_cpu_ms_per_turn": round(database, 2),
        }

    def _used(self) -> tuple[float, float]:
        """What the bot's process and PostgreSQL have used so far."""
        database = cpu_seconds(postgres_pids(self.place.data_dir)) if self.place else 0.0
        return cpu_seconds([self.process.pid]), database


async def bench(place: Place, *, turns: int, shoppers: int) -> dict[str, Json]:
    """One run; its result."""
    async with telegram_server() as fake, scene(place) as here:
        echo = here.process("bench.telegram_bots", "echo", public_port=WEB_PORT)
        shop = here.process("bench.telegram_bots", "shop", public_port=WEB_PORT)
        told = {"XIAOER_TELEGRAM_URL": fake.url}
        shop.environment = {**shop.environment, **told, "XIAOER_TELEGRAM_TOKEN": SHOP}
        echo.environment = {**echo.environment, **told, "XIAOER_TELEGRAM_STAFF_TOKEN": ECHO}
        try:
            bare = await _open(fake, echo, ECHO, shoppers=shoppers)
            real = await _open(fake, shop, SHOP, shoppers=shoppers, place=place)
            for side in (bare, real):
                await side.warm_up()
            eager = replace(bare, took=[])
            for _ in range(PARTS):
                moments = await real.measure(-(-turns // PARTS))
                await bare.measure(len(moments), moments)
                await eager.measure(len(moments))
        finally:
            echo.kill()
            shop.kill()
    result = real.result()

    def times(side: Side, cost: str = "cpu_ms_per_turn") -> float:
        return round(result[cost] / side.result()["cpu_ms_per_turn"], 1)

    return {
        "channel": "telegram",
        **result,
        "echo": bare.result(),
        "echo_ratio": times(bare),
        "bot_ratio": times(bare, "bot_cpu_ms_per_turn"),
        "eager_echo": eager.result(),
        "eager_echo_ratio": times(eager),
    }


async def _open(fake: FakeTelegram, process: Process, token: str, *, shoppers: int, place: Place | None = None) -> Side:
    """Start a bot, and bring everybody who will talk to it; `place` is that of the shop."""
    bot = fake.add_bot(token, f"{process.command[-1]}_bot")
    process.start()
    chats = [fake.person(f"{token} {n}", language_code=("zh", "en")[n % 2]).open(bot) for n in range(shoppers)]
    callers = [Caller(chat, ("zh", "en")[n % 2]) for n, chat in enumerate(chats)]
    await callers[0].chat.say("hello")
    await fake.until(lambda: callers[0].chat.answers or process.has_ended, START_SECONDS)
    if process.has_ended:
        raise RuntimeError(process.log.read_text(errors="replace")[-2000:])
    if place is not None:
        await asyncio.gather(*(caller.come() for caller in callers))
    mixes = [caller.turns() if place is not None else caller.echoes() for caller in callers]
    return Side(fake, process, callers, mixes, place)
