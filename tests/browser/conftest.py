"""A real browser for tests of what shoppers see; without one they are skipped."""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def chromium() -> str | None:
    """The path of the Chromium of this machine: XIAOER_CHROMIUM, or one of the usual names."""
    given = os.environ.get("XIAOER_CHROMIUM")
    if given and Path(given).exists():
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def devtools() -> Iterator[str]:
    """The address of a Chromium that all tests of this process share: to start one takes a second of CPU."""
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium: install it, or name it in XIAOER_CHROMIUM")
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    arguments = [*ARGUMENTS, f"--remote-debugging-port={port}"]

    @asynccontextmanager
    async def launched() -> AsyncIterator[None]:
        async with playwright.async_playwright() as driver:
            running = await driver.chromium.launch(executable_path=path, args=arguments)
            yield
            await running.close()

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(launched()):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def browser(devtools: str) -> AsyncIterator["Browser"]:
    """A connection to the browser; what is opened through it is closed with it."""
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
    async with playwright.async_playwright() as driver:
        connected = await driver.chromium.connect_over_cdp(devtools)
        yield connected
        await connected.close()


@pytest.fixture
async def page(browser: "Browser") -> AsyncIterator["Page"]:
    """A phone's window. A script error or a breach of the content policy fails the test at its end."""
    context = await browser.new_context(viewport={"width": 360, "height": 640}, locale="zh-CN", reduced_motion="reduce")
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    await context.close()
    assert wrong == []
