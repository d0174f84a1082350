"""The line before a flash sale on its page: joined by a press, followed by itself, and bought from."""

import json
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from bot.web.visitors import visitor_id
from cli.scratch import EMPTY, Place, ScratchShop, scratch_shop
from commerce.customers.actions import customer_for, save_address
from commerce.flash_sales.queue import Line
from tests.goods import ZHANG
from tests.test_flash_door import HOUR, Door
from tests.web_door import free_port, served

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page
    from redis.asyncio import Redis

    from nlu.understand import Understander


@pytest.fixture
async def shop_with_line(
    place: Place, redis: "Redis", understander: "Understander"
) -> AsyncIterator[tuple[ScratchShop, str]]:
    """A shop with Redis and nothing in it, and its address."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = {"redis_url": place.servers.redis_url, "public_url": url}
    made = scratch_shop(place, template=EMPTY, load=lambda: understander, **settings)
    async with made as scratch, served(scratch.app, port=int(url.rpartition(":")[2])):
        scratch.shop.line = Line(redis, patience=60)
        yield scratch, url


async def test_a_place_in_line_is_followed_by_its_page_up_to_the_order(
    shop_with_line: tuple[ScratchShop, str], page: "Page"
) -> None:
    scratch, url = shop_with_line
    door = await Door.of(scratch, 1)
    await page.goto(f"{url}/flash/{door.item.id}?lang=en")
    await expect(page.locator("#now h2")).to_contain_text("Begins on")
    await expect(page.locator("#now time")).to_have_text(re.compile("^(01:00:00|00:59:5.)$"))
    line, press = page.locator("[data-line]"), page.locator("[data-press=join]")
    await expect(line.locator("[data-say]")).to_be_hidden()

    scratch.clock.move(HOUR)
    ahead = await door.visitor()
    assert (await door.stands(ahead))["state"] == "inside"
    await press.click()
    await expect(line.locator("[data-say]")).to_have_text("You are number 1 of 1")
    await expect(press).to_be_hidden()
    await page.reload()
    await expect(line.locator("[data-say]")).to_have_text("You are number 1 of 1")
    await door.posts(ahead, "leave")
    await expect(line.locator("[data-say]")).to_have_text("It is your turn")
    await press.click()
    await expect(line.locator("[data-say]")).to_have_text("Where shall it go?")

    token = json.loads(await page.evaluate("localStorage.getItem('xiaoer:' + location.origin + ':visitor')"))
    async with scratch.shop.database.begin() as session:
        account, now = visitor_id(scratch.shop.vault, token), scratch.shop.now()
        customer = await customer_for(session, channel="web", account=account, language="en", now=now)
        await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
    await page.reload()
    await expect(line.locator("[data-say]")).to_have_text("It is your turn")
    await press.click()
    await expect(line.locator("[data-say]")).to_have_text("It is kept for you")
    assert (await page.locator("[data-go-pay]").get_attribute("href") or "").startswith(f"{url}/pay/")
    await expect(page.locator("#now p")).to_have_text("None left, 1 in somebody's checkout · up to 1 each")
