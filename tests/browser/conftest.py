"""A real browser for tests of what shoppers see; without one they are skipped."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import PATIENCE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def path_of_chromium() -> str | None:
    """The path of the Chromium of this machine: XIAOER_CHROMIUM, or one of the usual names."""
    given = os.environ.get("XIAOER_CHROMIUM")
    if given and Path(given).exists():
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator["Browser"]:
    """One for all tests of this process: to start it, and the driver behind it, takes seconds of CPU."""
    path = path_of_chromium()
    if path is None:
        pytest.skip("needs Chromium: install it, or name it in XIAOER_CHROMIUM")
    playwright = pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
    playwright.expect.set_options(timeout=PATIENCE)
    async with playwright.async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
async def browser(chromium: "Browser") -> AsyncIterator["Browser"]:
    """The browser; what a test opens in it is closed with the test."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


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
