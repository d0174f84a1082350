"""The money and the changes of an order, and the rules they are held to, in the console in a real browser."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from commerce.catalog.model import Variant
from commerce.inventory.actions import receive_stock
from commerce.orders.actions import mark_paid
from commerce.orders.model import ChangeKind, ChangeState, OrderChange, RefundAsk
from commerce.orders.policy import policy_of
from tests.admin import Console
from tests.browser.test_console import address, at_desk, shop
from tests.browser.test_console_parcels import look
from tests.goods import a_product, an_order, holds_of

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["address", "shop"]  # the fixtures this module shares


async def test_a_change_is_proposed_with_its_money_and_a_large_refund_waits(
    browser: "Browser", address: str, shop: Console
) -> None:
    now = shop.clock()
    async with shop.database.begin() as session:
        tea = await a_product(session, now=now, title="明前龙井", price=60000, pieces=20)
        product = (await session.get_one(Variant, tea)).product_id
        large = Variant(product_id=product, sku="LARGE", price_amount=99900, currency="CNY", position=1)
        session.add(large)
        await session.flush()
        await receive_stock(session, variant_id=large.id, quantity=9, reference="opening", now=now)
        cup = await a_product(session, now=now, title="<b>白瓷</b>盖碗", price=12900, pieces=20)
    async with holds_of(shop.database) as holds:
        order = await an_order(shop.database, holds, {tea: 6, cup: 1}, now=now)
    async with shop.database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="1", now=now)
    async with at_desk(browser, address, "mei") as page:
        await page.goto(f"{address}/console/orders?o={order.number}")
        await expect(page.locator("[data-money]")).to_contain_text("已付款¥3,729.00")
        await look(page, "money_1440")
        await page.get_by_role("button", name="提议修改").click()
        dialog = page.locator(".dialog")
        await dialog.get_by_label("件数").first.fill("4")
        await dialog.get_by_role("button", name="查看金额").click()
        await expect(dialog).to_contain_text("¥1,200.00")
        await look(page, "proposal_1440")
        await dialog.get_by_role("button", name="发给顾客确认").click()
        waiting = page.locator("[data-change]")
        await expect(waiting).to_contain_text("修改待顾客确认")
        await expect(waiting).to_contain_text("去掉 明前龙井 × 2")
    async with at_desk(browser, address, "tom") as page:
        await page.goto(f"{address}/console/orders?o={order.number}")
        await page.get_by_role("button", name="Give money back").click()
        await page.locator(".dialog").get_by_label("Amount").fill("2000.01")
        await page.locator(".dialog").get_by_label("Why is it given back?").fill("damaged on the way")
        await look(page, "refund_1440")
        await page.locator(".dialog").get_by_role("button", name="To the original way to pay").click()
        await expect(page.locator("[data-money]")).to_contain_text("waiting")
        await look(page, "waiting_1440")
    async with shop.database.begin() as session:
        assert [change.state for change in await session.scalars(select(OrderChange))] == [ChangeState.PROPOSED]
        assert [(ask.amount, ask.state) for ask in await session.scalars(select(RefundAsk))] == [(200001, "waiting")]
    async with at_desk(browser, address, "mei", width=390) as page:
        await page.goto(f"{address}/console/orders?o={order.number}")
        await page.get_by_role("button", name="批准", exact=True).click()
        await expect(page.locator("[data-money]")).to_contain_text("已退")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.locator("[data-change]").scroll_into_view_if_needed()
        await look(page, "order_390")
        await page.evaluate("window.xiaoer.toggleTheme()")
        await page.locator("[data-money]").scroll_into_view_if_needed()
        await look(page, "order_390_dark")
        await page.goto(f"{address}/console/order-rules")
        await page.get_by_label("修改收货地址: 可以改").click()
        await page.get_by_label("取消原因").fill("拍错了\n不想要了")
        await page.get_by_label("确认修改后等待补款（分钟）").fill("0")
        await page.locator(".head-actions .btn").click()
        await expect(page.locator(".q-field--error")).to_have_count(1)
        await page.get_by_label("确认修改后等待补款（分钟）").fill("45")
        await page.locator(".head-actions .btn").click()
        await expect(page.locator(".q-notification", has_text="已保存")).to_be_visible()
        await page.locator(".parts >> text=系统自检").click()
        await expect(page.locator(".nothing-title")).to_have_text("还没有自检过")
        await page.locator(".head-actions .btn").click()
        await expect(page.locator(".check-head")).to_contain_text("条规则全部通过")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    async with shop.database.begin() as session:
        policy = await policy_of(session)
    assert set(ChangeKind) - policy.kinds == {ChangeKind.ADDRESS}
    assert (policy.cancel_reasons, policy.pay_minutes) == (("拍错了", "不想要了"), 45)
