"""The page of coupons and credit in a real browser: a batch with its codes, shown once, and a customer's purse."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from commerce.points.actions import points_of
from commerce.promotions.coupons import claim
from foundation.database import Database
from tests.browser.test_console_products import NASTY, address, at_desk, look_at
from tests.goods import a_customer

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["address"]


async def test_the_merchant_makes_codes_keeps_them_starts_the_batch_and_gives_points(
    browser: "Browser",
    address: str,
    database: Database,
) -> None:
    async with database.begin() as session:
        me = (await a_customer(session, now=datetime.now(UTC))).id
    async with at_desk(browser, address, "tom", width=390) as page:
        await look_at(page, address, "coupons")
        await page.locator(".head-actions .btn.primary").click()
        dialog = page.locator(".dialog")
        await dialog.get_by_label("Name in English").fill(NASTY)
        await dialog.get_by_role("combobox", name="How customers get one").click()
        await page.get_by_role("option", name="A code for each coupon").click()
        await dialog.get_by_text("Make the draft").click()
        await expect(page.locator(".q-field--error")).to_have_count(2)  # how much, and how many
        await dialog.get_by_label("How much").fill("12.50")
        await dialog.get_by_label("How many there are").fill("3")
        await dialog.get_by_text("Make the draft").click()
        await expect(page.locator(".code-line")).to_have_count(3)
        code = await page.locator(".code-line").first.inner_text()
        async with page.expect_download() as download:
            await page.get_by_text("Save as a file").click()
        table = (await (await download.value).path()).read_text()
        assert table.split()[:2] == ["code", code]
        await page.get_by_text("I have kept them").click()
        row = page.locator("[data-batch]")
        await expect(row).to_contain_text(NASTY)
        await row.get_by_text("Start").click()
        await expect(row).to_contain_text("running")
        async with database.begin() as session:
            await claim(session, batch_code=code, customer_id=me, now=datetime.now(UTC))

        await page.get_by_title("A customer's purse").click()
        await dialog.locator("input").fill(str(me))
        await dialog.get_by_text("Open", exact=True).click()
        await dialog.get_by_label("How much; with a minus to take").fill("120")
        await dialog.get_by_text("Write it down").click()
        await expect(page.locator(".q-field--error")).to_have_count(1)  # why
        await dialog.get_by_label("Why").fill("a late parcel")
        await dialog.get_by_text("Write it down").click()
        await expect(dialog.locator(".purse")).to_contain_text("120")
        await expect(dialog.locator(".purse")).to_contain_text(NASTY)
        async with database.begin() as session:
            assert (await points_of(session, me)).available == 120
