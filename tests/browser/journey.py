"""A whole shop for journeys: web chat, worker and console behind real ports over one database, and those who use it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.app import open_shop
from bot.shop import Shop
from bot.web.app import create_app
from bot.worker import work
from cli.scratch import Place, scratch_database
from foundation.database import Database
from foundation.settings import Settings
from nlu.understand import Understander
from tests.admin import PASSWORD, hire
from tests.browser import PATIENCE
from tests.web_door import free_port, served

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import TimeoutError as TooLong

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Locator, Page

SIZES = {1440: 900, 390: 844}
HEARD = """([after, side, needles]) => {
  const log = document.querySelector('xiaoer-chat').shadowRoot
  const fresh = [...log.querySelectorAll(`.m${side}[data-seq]`)].filter(node => Number(node.dataset.seq) > after)
  const said = fresh.map(node => node.innerText)
  return needles.every(needle => said.some(text => text.includes(needle)))
    && Math.max(0, ...fresh.map(node => Number(node.dataset.seq)))
}"""


@dataclass(slots=True)
class Street:
    """An open shop: its bot, where shoppers find it, and what went wrong in any of the pages."""

    shop: Shop
    place: Place
    url: str
    wrong: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """What all of its processes share."""
        return self.shop.database


@asynccontextmanager
async def open_street(place: Place, template: str, understander: Understander) -> AsyncIterator[Street]:
    """The web chat on a free port and a worker beside it, with the clock of the world. Fails on a page gone wrong."""
    url = f"http://127.0.0.1:{free_port()}"
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(scratch_database(place, template=template))
        settings = Settings.model_validate(
            {
                "database_url": database.url,
                "redis_url": place.servers.redis_url,
                "data_dir": place.data_dir,
                "public_url": url,
                "messages_a_minute": 1000,  # tests type faster than people
            }
        )
        shop = await stack.enter_async_context(open_shop(settings, load=lambda: understander))
        behind = await stack.enter_async_context(open_shop(settings, load=lambda: understander))
        stop = asyncio.Event()
        working = asyncio.create_task(work(behind, stop=stop))
        app = create_app(shop)
        try:
            async with app.router.lifespan_context(app), served(app, port=int(url.rpartition(":")[2])):
                street = Street(shop, place, url)
                yield street
        finally:
            stop.set()
            await working
        assert street.wrong == []


@asynccontextmanager
async def open_console(street: Street) -> AsyncIterator[str]:
    """A console process on the shop's database, with two people in the staff: Mei (zh) and Tom (en). Its address."""
    async with street.database.begin() as session:
        for name, shown, language in (("mei", "小梅", "zh"), ("tom", "Tom", "en")):
            await hire(session, name, "supervisor", shown=shown, language=language, now=datetime.now(UTC))
    settings = street.shop.settings
    async with console_process(
        DATABASE_URL=str(settings.database_url),
        REDIS_URL=str(settings.redis_url),
        XIAOER_ENCRYPTION_KEYS=street.place.vault.to_json(),
        XIAOER_PUBLIC_URL=street.url,
    ) as url:
        yield url


@asynccontextmanager
async def console_process(**environment: str) -> AsyncIterator[str]:
    """A console in a process of its own, once it answers. Its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    mother = console_mother()
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write(json.dumps(environment | {"XIAOER_CONSOLE_PORT": str(port)}) + "\n")
    mother.stdin.flush()
    child = int(mother.stdout.readline())
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(timeout=60) as http:
            while not await _answers(http, f"{url}/console/sign-in"):  # noqa: ASYNC110 - a process that starts rings no bell
                await asyncio.sleep(0.1)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
            while True:
                os.kill(child, 0)
                await asyncio.sleep(0.02)


@cache
def console_mother() -> subprocess.Popen[str]:
    """The process that forks consoles; it ends with us."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.browser.console_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False


async def a_window(browser: "Browser", street: Street, *, language: str = "zh") -> "BrowserContext":
    """A browser of one person's own. Script errors and breaches of the content policy are counted."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale="zh-CN" if language == "zh" else "en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)

    def watch(page: "Page") -> None:
        page.on("pageerror", lambda error: street.wrong.append(str(error)))
        page.on("dialog", lambda dialog: street.wrong.append(dialog.message))
        page.on(
            "console",
            lambda line: street.wrong.append(line.text) if "Content Security Policy" in line.text else None,
        )

    context.on("page", watch)
    return context


@dataclass(slots=True)
class Shopper:
    """Who writes in the web chat. `at`: the place of what was said last."""

    page: "Page"
    at: int = 0

    async def says(self, words: str, *answers: str) -> None:
        """Type, press Enter, and wait until these words stand in the answers."""
        await self.page.locator("textarea").fill(words)
        await self.page.keyboard.press("Enter")
        await self._said(words, answers)

    async def presses(self, label: str, *answers: str, within: "Locator | None" = None) -> None:
        """Press the newest button with these words, and wait until these words stand in the answers."""
        button = (within or self.page).locator("button:visible", has_text=label).last
        await button.click()
        await self._said(label, answers)

    async def hears(self, *words: str) -> None:
        """Wait until these words stand in what came after the last thing that was said."""
        await self._arrived(":not(.me)", words)

    def card(self, title: str, nth: int = -1) -> "Locator":
        """A product on a card; the newest unless told otherwise."""
        return self.page.locator(".card", has_text=title).nth(nth)

    async def sees(self) -> list[str]:
        """Everything in the chat, in order, as it reads."""
        return await self.page.locator(".m[data-seq]").all_inner_texts()

    async def _said(self, words: str, answers: tuple[str, ...]) -> None:
        self.at = await self._arrived(".me", (words,))
        if answers:
            await self.hears(*answers)

    async def _arrived(self, side: str, words: tuple[str, ...]) -> int:
        """Wait until one side has said all of this; the place of the last of it."""
        try:
            found = await self.page.wait_for_function(HEARD, arg=[self.at, side, list(words)], timeout=PATIENCE)
        except TooLong as error:
            raise AssertionError(f"waited for {words} and saw {(await self.sees())[-6:]}") from error
        return int(await found.json_value())


async def a_shopper(browser: "Browser", street: Street, *, language: str = "zh") -> Shopper:
    """Somebody new, who has just opened the shop's page."""
    context = await a_window(browser, street, language=language)
    page = await context.new_page()
    await page.goto(f"{street.url}/?lang={language}")
    return Shopper(page)


@dataclass(slots=True)
class Desk:
    """A person of the staff before the console."""

    page: "Page"

    def row(self, conversation_id: int) -> "Locator":
        """A conversation in the list."""
        return self.page.locator(f"[data-talk='{conversation_id}']")

    async def opens(self, conversation_id: int) -> None:
        """Choose a conversation in the list."""
        await self.row(conversation_id).click()
        await self.page.locator(".thread .line").first.wait_for()

    async def says(self, words: str) -> None:
        """Answer the shopper; waits until the answer is on its way."""
        await self._write(".mode-reply", words)
        await self.page.locator(".from-person .said", has_text=words).wait_for()

    async def takes_over(self) -> None:
        """Press the button of the banner."""
        await self.page.locator(".banner button").click()
        await self.page.locator(".banner").wait_for(state="hidden")

    async def hears(self, words: str) -> None:
        """Wait until the shopper has said this."""
        await self.page.locator(".from-shopper", has_text=words).last.wait_for()

    async def notes(self, words: str) -> None:
        """Write a note for the colleagues."""
        await self._write(".mode-note", words)
        await self.page.locator(".note .said", has_text=words).wait_for()

    async def gives_back(self, note: str, *, release: str, to_the_bot: str) -> None:
        """Give the conversation back to the bot with a note; the words are those of the buttons."""
        await self.page.click(f".head-actions >> text={release}")
        await self.page.fill(".dialog textarea", note)
        await self.page.click(f".dialog >> text={to_the_bot}")
        await self.page.locator(".banner.bot").wait_for()

    async def _write(self, mode: str, words: str) -> None:
        await self.page.click(mode)
        field = self.page.locator(".composer textarea:visible")
        await field.fill(words)
        await field.press("Enter")


async def at_the_desk(browser: "Browser", street: Street, console: str, name: str, *, language: str) -> Desk:
    """Somebody of the staff, who has just signed in."""
    context = await a_window(browser, street, language=language)
    page = await context.new_page()
    await sign_in(page, console, name)
    return Desk(page)


async def sign_in(page: "Page", console: str, name: str) -> None:
    """Sign in on the console's page, and wait for the inbox."""
    await page.goto(f"{console}/console/sign-in")
    await page.wait_for_function("window.did_handshake")
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".desk .panes")
    await page.wait_for_function("window.did_handshake")


@dataclass(frozen=True, slots=True)
class Album:
    """Where the pictures of a journey are kept."""

    folder: Path

    async def takes(self, page: "Page", name: str) -> None:
        """The page as it looks on a desk and on a phone, by day and by night."""
        size = page.viewport_size
        assert size is not None
        for width, height in SIZES.items():
            await page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                await page.screenshot(path=self.folder / f"{name}-{width}-{scheme}.png")
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size(size)
