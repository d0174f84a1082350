"""A group in two browsers: what one does is seen by the other, on the page and on the cards, without a reload."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.web.group_link import group_in
from cli.scratch import ScratchShop
from commerce.group_buy.invitations import invitation_token
from tests.browser.journey import Album
from tests.test_flash_door import Door
from tests.test_group_pages import tea_together
from tests.web_door import served

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page


@pytest.fixture
async def url(scratch: ScratchShop) -> AsyncIterator[str]:
    async with served(scratch.app) as url:
        yield url


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Pictures go to the folder XIAOER_SCREENSHOTS, or away with the test."""
    folder = Path(os.environ.get("XIAOER_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return Album(folder)


async def test_the_page_of_a_group_changes_while_it_is_looked_at(
    scratch: ScratchShop, url: str, page: "Page", album: Album
) -> None:
    together = await tea_together(scratch)
    group, _ = await together.begun()
    await together.begun()
    token = invitation_token(scratch.shop.vault, group_id=group, inviter_id=0)
    await page.goto(f"{url}/g/{token}?lang=zh")
    headline = page.locator(".standing h2")
    await expect(headline).to_have_text("还差 2 人成团")
    clock = page.locator(".standing time")
    await expect(clock).to_have_text("1 天 00:00:00")
    await album.takes(page, "group-open")
    scratch.clock.move(timedelta(hours=2))
    together.later(timedelta(hours=2))
    await expect(clock).to_contain_text("21:59:")
    asked = await together.asks(group)
    await expect(page.locator(".seat small").nth(1)).to_have_text("付款中", timeout=15_000)
    await together.pays(asked)
    await expect(headline).to_have_text("还差 1 人就成团", timeout=15_000)
    await album.takes(page, "group-one-missing")
    await together.joins(group)
    await expect(headline).to_have_text("拼成了！", timeout=15_000)
    await album.takes(page, "group-complete")
    await expect(page.locator(".standing time")).to_have_count(0)


async def test_what_is_on_is_shown_with_clocks_and_follows_the_shop(
    scratch: ScratchShop, url: str, page: "Page", album: Album
) -> None:
    await page.goto(f"{url}/deals?lang=zh")
    await expect(page.locator(".deals h2")).to_have_text("眼下没有活动")
    door = await Door.of(scratch, 20)
    sale = page.locator(".deals", has_text="限时抢购")
    await expect(sale.locator("h2 + .clock")).to_contain_text("距开始还有 01:00:00", timeout=15_000)
    together = await tea_together(scratch, quota=90)
    group, _ = await together.begun()
    await expect(page.locator(".deals h2").last).to_have_text("拼团", timeout=15_000)
    await album.takes(page, "deals-before")
    scratch.clock.move(timedelta(hours=1))
    together.later(timedelta(hours=1))
    await expect(sale.locator(".note").first).to_contain_text("还剩 20 件，共 20 件", timeout=15_000)
    await album.takes(page, "deals-on")
    href = await page.locator(".deals", has_text="快成的团").locator(".ticket").get_attribute("href")
    assert group_in(scratch.shop.vault, str(href)[3:41]) == group
    assert door.item.id
    scratch.clock.move(timedelta(days=1))
    together.later(timedelta(days=1))
    await together.sweeps()
    await page.goto(f"{url}{href}")
    await expect(page.locator(".standing h2")).to_have_text("这次没拼成")
    await expect(page.locator(".standing > p")).to_contain_text("全额原路退回")
    await album.takes(page, "group-failed")
