"""Deals on the pages of goods, the page of an item of a flash sale, and the ways from them into the chat."""

import re

from sqlalchemy import select

from cli.scratch import ScratchShop
from commerce.catalog.model import Variant
from commerce.demo.timed_deals import EVENINGS, FIRST_SALE, start_timed_deals
from commerce.flash_sales.model import FlashItem
from tests.chat import Chat


async def test_goods_show_what_they_cost_in_deals_and_lead_to_them(scratch: ScratchShop) -> None:
    shop = scratch.shop
    async with shop.database.begin() as session:
        await start_timed_deals(session, currency="CNY", time_zone=shop.settings.zone, now=shop.now())
        found = select(Variant.sku, FlashItem.id).join(Variant, Variant.id == FlashItem.variant_id)
        items = {row.sku: row.id for row in await session.execute(found)}
    on, coming = items[next(iter(FIRST_SALE[1]))], items[next(iter(EVENINGS[0]))]

    async def page(path: str, status: int = 200) -> str:
        answer = await scratch.client.get(path)
        assert answer.status_code == status, path
        return answer.text

    mug = await page("/p/celadon-mug?lang=en")
    assert 'href="/?lang=en&amp;d=group-1"' in mug
    assert "Group of 2 · alone CN¥79.00" in mug
    mouse = await scratch.client.get("/p/quiet-mouse?lang=zh")
    assert f'href="/flash/{on}?lang=zh"' in mouse.text
    assert "data-until" in mouse.text
    assert mouse.headers["cache-control"] == "no-store", "its clock is of this moment"
    assert "on-now" not in await page("/p/desk-lamp?lang=zh")
    assert "拼团价 ¥59.00（2 人）" in await page("/c/teaware?lang=zh")
    assert f'href="/flash/{on}?lang=en"' in await page("/deals?lang=en")

    now = await page(f"/flash/{on}?lang=zh")
    assert "正在抢购" in now
    assert "还剩 12 件，共 12 件 · 每人限购 1 件" in now
    assert "提醒" not in now
    soon = await page(f"/flash/{coming}?lang=zh")
    remind = re.search(r'href="/\?lang=zh&amp;d=(remind-\d+)"', soon)
    assert remind is not None
    live = await scratch.client.get(f"/flash/{on}/live?lang=zh")
    assert 'id="now"' in live.text
    assert live.headers["x-shop-time"] == str(round(shop.now().timestamp() * 1000))
    for nothing in ("/flash/999999", "/flash/0"):
        await page(nothing, 404)

    chat = await page(f"/?lang=zh&d={remind[1]}")
    assert f'deal="{remind[1]}" deal-title="开抢前提醒我：晚八点场"' in chat
    assert 'deal-title="抢购：静音无线鼠标"' in await page(f"/?lang=zh&d=flash-{on}")
    for nothing in ("group-999", "order-1", 'x"><b>', "group-١"):
        assert 'deal=""' in await page(f"/?d={nothing}")

    shopper = Chat(scratch)
    await shopper.says("你好", language="zh")
    (told,) = await shopper.sends({"kind": "open", "deal": remind[1], "label": "开抢前提醒我"}, "开抢前提醒我")
    assert "开抢前几分钟" in told or "提醒" in told
    (asked,) = await shopper.sends({"kind": "open", "deal": "group-1", "label": "开团"}, "开团")
    assert "¥59.00" in asked
