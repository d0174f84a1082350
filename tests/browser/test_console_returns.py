"""Returns in the console in a real browser: decided, looked into, settled; and a rule of the shop."""

from typing import TYPE_CHECKING

import pytest

from commerce.returns.actions import open_return
from commerce.returns.model import Kind, Why
from commerce.returns.offers import Asked, Wish
from tests.admin import Console
from tests.browser.test_console import address, at_desk, shop
from tests.browser.test_console_parcels import look
from tests.goods import a_product
from tests.returning import TERMS, Sold, a_delivered_order, lines_of_order

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["address", "shop"]  # the fixtures this module shares


async def test_a_return_is_approved_looked_into_and_paid_back(browser: "Browser", address: str, shop: Console) -> None:
    now = shop.clock()
    async with shop.database.begin() as session:
        tea = await a_product(session, now=now, title="明前龙井 250 克", pieces=20)
        order = await a_delivered_order(session, [Sold(tea, 2, 6800)], now=now)
        (line,) = await lines_of_order(session, order)
        photo = [{"digest": "ab" * 32, "mime": "image/png", "width": 9, "height": 9}]
        asked = await open_return(
            session,
            order_id=order.id,
            customer_id=order.customer_id,
            wish=Wish(Kind.CLAIM, (Asked(line.id, 2),), Why.DAMAGED),
            terms=TERMS,
            now=now,
            note_text="<b>盒子压扁了</b>，茶叶洒了一半",
            photos=photo,
            by="staff",
        )
    async with at_desk(browser, address, "mei") as page:
        await page.goto(f"{address}/console/returns")
        await page.locator(f"[data-return='{asked.id}']").click()
        card = page.locator("[data-return-card]")
        await expect(card).to_contain_text("<b>盒子压扁了</b>")
        await look(page, "return_1440")
        await card.get_by_role("button", name="通过").click()
        await page.locator(".dialog").get_by_role("button", name="通过").click()
        await expect(card).to_contain_text("待顾客寄回")
        await card.get_by_role("button", name="已收到").click()
        await card.get_by_role("button", name="验货").click()
        await look(page, "return_inspect_1440")
        await page.locator(".dialog input").nth(1).fill("1")
        await page.locator(".dialog").get_by_role("button", name="保存").click()
        await expect(card).to_contain_text("合格 2 件，可再售 1 件")
        await expect(card.locator(".chip").nth(1)).to_have_text("已退款")
        await look(page, "return_done_1440")
        await page.get_by_role("button", name="售后规则").click()
        await expect(page.locator("[data-policy='0']").first).to_contain_text("七天无理由退换")
        await look(page, "return_rules_1440")
        await page.locator("[data-policy='0']").first.get_by_role("button", name="修改").click()
        await look(page, "return_rule_1440")
        await page.locator(".dialog input").nth(3).fill("15")
        await page.locator(".dialog").get_by_role("button", name="保存").click()
        await expect(page.locator(".return-rules")).to_contain_text("签收后 15 天内")
    async with at_desk(browser, address, "mei", width=390) as page:
        await page.goto(f"{address}/console/returns?r={asked.id}")
        await expect(page.locator("[data-return-card]")).to_contain_text("已退款")
        await look(page, "return_390")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.evaluate("window.xiaoer.toggleTheme()")
        await expect(page.locator("[data-return-card]")).to_be_visible()
        await look(page, "return_390_dark")
