"""What a turn costs in Telegram: shoppers on the fake of it, against one process that fetches updates and answers.

The mix is that of the web chat, in a closed loop: everybody writes again as soon as they have read an answer. CPU is
that of the bot's process and of all PostgreSQL processes, from /proc; the fake and the shoppers live in the process of
the bench. `echo`: a bare aiogram bot on the same fake, in the same run, that says every message back. `echo_ratio`: how
many of its updates one turn of the shop costs; `bot_ratio`: the same without PostgreSQL, which the echo does without.

What is measured is a shop that runs: before it counts, everybody has come, ordered once and gone once through the mix
(with the echo: said as much), for each connection prepares each statement once and PostgreSQL plans it five times.
Nothing runs beside the turns: sweeps and jobs are a worker's, and Valkey is not counted.
"""

import asyncio
import itertools
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
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


async def bench(place: Place, *, turns: int, shoppers: int) -> dict[str, Json]:
    """One run; its result."""
    async with telegram_server() as fake, scene(place) as here:
        echo = here.process("bench.telegram_bots", "echo", public_port=WEB_PORT)
        shop = here.process("bench.telegram_bots", "shop", public_port=WEB_PORT)
        told = {"XIAOER_TELEGRAM_URL": fake.url}
        shop.environment = {**shop.environment, **told, "XIAOER_TELEGRAM_TOKEN": SHOP}
        echo.environment = {**echo.environment, **told, "XIAOER_TELEGRAM_STAFF_TOKEN": ECHO}
        try:
            bare = await _run(fake, echo, ECHO, turns=turns, shoppers=shoppers, mix=Caller.echoes)
            result = await _run(fake, shop, SHOP, turns=turns, shoppers=shoppers, mix=Caller.turns, place=place)
        finally:
            echo.kill()
            shop.kill()
    ratio = round(result["cpu_ms_per_turn"] / bare["cpu_ms_per_turn"], 1)
    bot_ratio = round(result["bot_cpu_ms_per_turn"] / bare["cpu_ms_per_turn"], 1)
    return {"channel": "telegram", **result, "echo": bare, "echo_ratio": ratio, "bot_ratio": bot_ratio}


async def _run(
    fake: FakeTelegram,
    process: Process,
    token: str,
    *,
    turns: int,
    shoppers: int,
    mix: Callable[[Caller], AsyncIterator[None]],
    place: Place | None = None,
) -> dict[str, Json]:
    """Start a bot, let everybody talk to it, and end it."""
    bot = fake.add_bot(token, f"{process.command[-1]}_bot")
    process.start()
    chats = [fake.person(f"{token} {n}", language_code=("zh", "en")[n % 2]).open(bot) for n in range(shoppers)]
    callers = [Caller(chat, ("zh", "en")[n % 2]) for n, chat in enumerate(chats)]
    await callers[0].chat.say("hello")
    await fake.until(lambda: callers[0].chat.answers or process.has_ended, START_SECONDS)
    if process.has_ended:
        raise RuntimeError(process.log.read_text(errors="replace")[-2000:])
    if mix is Caller.turns:
        await asyncio.gather(*(caller.come() for caller in callers))
    mixes = [mix(caller) for caller in callers]
    for _ in range(MIX):
        await asyncio.gather(*(anext(each) for each in mixes))
    for caller in callers:
        caller.took.clear()
    calls, begun = len(fake.calls), time.perf_counter()
    before = _used(process, place)
    numbers = iter(range(turns))

    async def talk(each: AsyncIterator[None]) -> None:
        for _ in numbers:
            await anext(each)

    await asyncio.gather(*(talk(each) for each in mixes))
    seconds = time.perf_counter() - begun
    bot_cpu, database_cpu = ((new - old) * 1000 / turns for old, new in zip(before, _used(process, place), strict=True))
    process.kill()
    took = sorted(second for caller in callers for second in caller.took)
    return {
        "turns": turns,
        "updates_per_s": round(turns / seconds, 1),
        "calls_per_turn": round((len(fake.calls) - calls) / turns, 2),
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
        "cpu_ms_per_turn": round(bot_cpu + database_cpu, 2),
        "bot_cpu_ms_per_turn": round(bot_cpu, 2),
        "db_cpu_ms_per_turn": round(database_cpu, 2),
    }


def _used(process: Process, place: Place | None) -> tuple[float, float]:
    """Seconds of CPU so far: the bot's process, PostgreSQL."""
    return cpu_seconds([process.pid]), cpu_seconds(postgres_pids(place.data_dir)) if place else 0.0
