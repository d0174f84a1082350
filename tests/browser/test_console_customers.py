"""The page of customers in a real browser: found by a phone, looked at, exported, erased with a typed word."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from commerce.customers.consents import set_consent
from commerce.customers.model import Customer, Purpose
from foundation.database import Database
from tests.admin import hire
from tests.browser.test_console_products import address, at_desk, look_at
from tests.goods import ZHANG, a_product, an_order, holds_of
from tests.test_persons import a_talk, proves, somebody

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["address"]


async def test_an_administrator_finds_a_customer_by_phone_exports_and_erases_them(
    browser: "Browser", address: str, database: Database
) -> None:
    now = datetime.now(UTC)
    async with database.begin() as session:
        tea = await a_product(session, now=now)
        me = await somebody(session, "mine", now)
        await proves(session, me, now)
        await set_consent(session, customer_id=me, purpose=Purpose.MARKETING, granted=True, source="chat", now=now)
        await a_talk(session, me, "mine", now, "hello")
        await somebody(session, "theirs", now)
        await hire(session, "root", "administrator", language="en", now=now)
    async with holds_of(database) as holds:
        order = await an_order(database, holds, {tea: 2}, now=now, customer_id=me)
    async with at_desk(browser, address, "root", width=390) as page:
        await look_at(page, address, "customers")
        await expect(page.locator("[data-customer]")).to_have_count(2)
        await page.get_by_label("Search customers").fill(ZHANG.phone[-4:])
        await expect(page.locator("[data-customer]")).to_have_count(1)
        await page.locator("[data-customer]").click()
        card = page.locator("[data-customer-card]")
        await expect(card).to_contain_text("a***@example.com")
        await expect(page.locator(".detail")).to_contain_text(order.number)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await card.get_by_text("Export their data").click()
        async with page.expect_download() as download:
            await page.locator(".dialog").get_by_text("Save the file").click()
        data = json.loads((await (await download.value).path()).read_text())
        assert data["messages"][0]["text"] == "hello"

        await card.get_by_text("Erase their data").click()
        await page.locator(".dialog input").fill("ERASE")
        await page.locator(".dialog").get_by_text("Erase for good").click()
        await expect(page.locator(".notice")).to_contain_text(order.number)
        async with database.begin() as session:
            await session.execute(text("UPDATE orders SET status = 'completed'"))
        await card.get_by_text("Erase their data").click()
        await page.locator(".dialog input").fill("ERASE")
        await page.locator(".dialog").get_by_text("Erase for good").click()
        await expect(card).to_contain_text("erased")
        await expect(card).not_to_contain_text("example.com")
    async with database.begin() as session:
        assert (await session.get_one(Customer, me)).erased_at is not None
