"""Parcels in the console in a real browser: from an order to the carrier, and what went wrong."""

import os
from typing import TYPE_CHECKING

import pytest

from commerce.orders.actions import mark_paid
from commerce.shipping.actions import make_shipment, pack_shipment, pick_shipment, ship_shipment
from commerce.shipping.model import ShipmentState
from commerce.shipping.tracking import Saying, record_tracking, say
from tests.admin import Console
from tests.browser.test_console import address, at_desk, shop
from tests.goods import a_product, an_order, holds_of

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

__all__ = ["address", "shop"]  # the fixtures this module shares


async def look(page: "Page", name: str) -> None:
    """Keep a picture where the environment names a folder."""
    folder = os.environ.get("XIAOER_PICTURES")
    if folder:
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{folder}/{name}.png")


async def test_an_order_is_packed_and_given_to_its_carrier(browser: "Browser", address: str, shop: Console) -> None:
    now = shop.clock()
    async with shop.database.begin() as session:
        tea = await a_product(session, now=now, title="明前龙井 250 克", pieces=20)
        cup = await a_product(session, now=now, title="<b>白瓷</b>盖碗", price=12900, pieces=20)
    async with holds_of(shop.database) as holds:
        order = await an_order(shop.database, holds, {tea: 2, cup: 1}, now=now)
        lost = await an_order(shop.database, holds, {tea: 1}, now=now)
    async with shop.database.begin() as session:
        await mark_paid(session, order_id=lost.id, proof="1", now=now)
        parcel = await make_shipment(session, order_id=lost.id, now=now)
        await pick_shipment(session, shipment_id=parcel.id, now=now)
        await pack_shipment(session, shipment_id=parcel.id, now=now)
        await ship_shipment(session, shipment_id=parcel.id, carrier="顺丰", tracking_number="SF1366882046", now=now)
        said = [Saying("1", ShipmentState.IN_TRANSIT, "【杭州转运中心】已发出，下一站【北京顺义集散中心】", now)]
        await record_tracking(session, shipment_id=parcel.id, sayings=said, source="kuaidi100", now=now)
        await say(session, shipment_id=parcel.id, state=ShipmentState.LOST, text="车辆事故", now=now)
    async with at_desk(browser, address, "mei") as page:
        await page.goto(f"{address}/console/orders?o={order.number}")
        card = page.locator("[data-parcels]")
        await expect(card).to_contain_text("3 件")
        await look(page, "order_1440")
        await card.get_by_role("button", name="打包").click()
        await look(page, "make_1440")
        await page.locator(".dialog .parcel-line input").nth(1).fill("0")
        await page.locator(".dialog").get_by_role("button", name="打包").click()
        await card.locator("a.parcel-line").click()
        shown = page.locator("[data-parcel-card]")
        await expect(shown).to_contain_text("明前龙井 250 克")
        for step in ("已拣货", "已打包"):
            await shown.get_by_role("button", name=step).click()
            await expect(shown.locator(".chip").first).to_have_text(step)
        await shown.get_by_role("button", name="交给快递").click()
        await look(page, "ship_1440")
        await page.locator(".dialog").get_by_role("button", name="交给快递").click()
        await expect(shown.locator(".chip").first).to_have_text("已发出")
        await expect(shown).to_contain_text("演示快递 XE")
        await page.get_by_role("button", name="异常").click()
        await page.locator(f"[data-parcel='{parcel.id}']").click()
        await expect(page.locator(".parcel-alarm")).to_contain_text("补发或退款")
        await look(page, "lost_1440")
        await page.get_by_role("button", name="补发", exact=True).click()
        await page.locator(".dialog").get_by_role("button", name="补发").click()
        await expect(page.locator("[data-parcel-card]")).to_contain_text(f"用于补发包裹 {parcel.id}")
        await look(page, "again_1440")
    async with at_desk(browser, address, "mei", width=390) as page:
        await page.goto(f"{address}/console/parcels")
        await page.locator("[data-parcel]").first.click()
        await expect(page.locator("[data-parcel-card]")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await look(page, "parcel_390")
        await page.evaluate("window.xiaoer.toggleTheme()")
        await look(page, "parcel_390_dark")
        await page.goto(f"{address}/console/parcels")
        await look(page, "list_390_dark")
