"""A group in two browsers: what one does is seen by the other, on the page and on the cards, without a reload."""

import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.web.group_link import group_in
from cli.scratch import Place, ScratchShop, scratch_shop
from commerce.group_buy.invitations import invitation_token
from commerce.payments.model import Refund, RefundState
from tests.browser.journey import Album, Shopper
from tests.test_flash_door import Door
from tests.test_group_pages import tea_together
from tests.web_door import free_port, served

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from nlu.understand import Understander

ANN = "王小明 13900001234 上海市徐汇区漕溪北路 18 号 6 楼"
BOB = "李雷 13900005678 浙江省杭州市西湖区文三路 90 号"


@pytest.fixture
async def url(scratch: ScratchShop) -> AsyncIterator[str]:
    async with served(scratch.app) as url:
        yield url


@pytest.fixture
async def shop_on_port(
    place: Place, demo_shelves: str, understander: "Understander"
) -> AsyncIterator[tuple[ScratchShop, str]]:
    """The demo shop with its clock, and its address, which is also the one in its links. Browsers come after it."""
    url = f"http://127.0.0.1:{free_port()}"
    made = scratch_shop(place, template=demo_shelves, load=lambda: understander, public_url=url)
    async with made as scratch, served(scratch.app, port=int(url.rpartition(":")[2])):
        yield scratch, url


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
    await expect(clock).to_have_text(re.compile("^(1 天 00:00:00|23:59:5.)$"))
    await album.takes(page, "group-open")
    scratch.clock.move(timedelta(hours=2))
    together.later(timedelta(hours=2))
    await expect(clock).to_contain_text("21:59:")
    asked = await together.asks(group)
    await expect(page.locator(".seat small").nth(1)).to_have_text("付款中")
    await together.pays(asked)
    await expect(headline).to_have_text("还差 1 人就成团")
    await album.takes(page, "group-one-missing")
    await together.joins(group)
    await expect(headline).to_have_text("拼成了！")
    await album.takes(page, "group-complete")
    await expect(page.locator(".standing time")).to_have_count(0)


async def test_what_is_on_is_shown_with_clocks_and_follows_the_shop(
    scratch: ScratchShop, url: str, page: "Page", album: Album
) -> None:
    await page.goto(f"{url}/deals?lang=zh")
    await expect(page.locator(".deals h2")).to_have_text("眼下没有活动")
    door = await Door.of(scratch, 20)
    sale = page.locator(".deals", has_text="限时抢购")
    await expect(sale.locator("h2 + .clock")).to_contain_text(re.compile("距开始还有 (01:00:00|00:59:5.)"))
    together = await tea_together(scratch, quota=90)
    group, _ = await together.begun()
    await expect(page.locator(".deals h2").last).to_have_text("拼团")
    await album.takes(page, "deals-before")
    scratch.clock.move(timedelta(hours=1))
    together.later(timedelta(hours=1))
    await expect(sale.locator(".note").first).to_contain_text("还剩 20 件，共 20 件")
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


async def test_one_starts_another_joins_by_the_link_and_a_group_that_fails_pays_back(
    shop_on_port: tuple[ScratchShop, str], browser: "Browser", album: Album
) -> None:
    scratch, url = shop_on_port
    together = await tea_together(scratch, size=2, max_per_customer=2)
    ann, bob = [await opened(browser, url, path) for path in ("/?lang=zh&p=celadon-mug", "/deals?lang=zh")]
    await ann.presses("拼团 ¥49.00", "寄到哪里")
    await buys(scratch, ann, ANN, "¥39.00")
    await ann.hears("开团成功", f"{url}/g/", "还差 1 人")
    card = ann.card("龙泉手作马克杯")
    await expect(card).to_contain_text("2 人团已有 1 人")
    await album.takes(ann.page, "chat-started")

    watching = await ann.page.context.new_page()  # ann sends the link; its page stays open beside the chat
    await watching.goto(await link_in(ann))
    await bob.page.goto(watching.url)
    await expect(bob.page.locator(".standing h2")).to_have_text("还差 1 人就成团")
    await bob.page.locator(".standing .button").click()
    await bob.hears("2 人团已有 1 人")
    await bob.presses("参团", "寄到哪里")
    await buys(scratch, bob, BOB, "¥49.00")
    await expect(watching.locator(".standing h2")).to_have_text("拼成了！")
    await expect(card).to_contain_text("拼成了，一共 2 人")
    await expect(bob.card("龙泉手作马克杯", 0)).to_contain_text("拼成了，一共 2 人")
    await ann.hears("拼团成功，一共 2 人")
    await bob.hears("拼团成功，一共 2 人")
    await album.takes(ann.page, "chat-complete")

    await bob.page.goto(watching.url)
    await bob.page.locator(".standing .button", has_text="自己开一个团").click()
    await bob.presses("拼团 ¥49.00", "确认一下")
    await buys(scratch, bob, "", "¥39.00")
    await bob.hears("开团成功")
    await watching.goto(await link_in(bob))
    scratch.clock.move(timedelta(hours=25))
    together.later(timedelta(hours=25))
    await scratch.catch_up()
    await bob.hears("时间到了，您的团没拼成", "¥39.00")
    await expect(bob.card("龙泉手作马克杯")).to_contain_text("付过款的会自动全额退款")
    await expect(watching.locator(".standing h2")).to_have_text("这次没拼成")
    await album.takes(bob.page, "chat-failed")
    async with scratch.shop.database.begin() as session:
        refunds = list(await session.scalars(select(Refund)))
    assert [(refund.amount, refund.key.split(":")[1], refund.state) for refund in refunds] == [
        (3900, "group_failed", RefundState.SUCCEEDED)
    ]


async def opened(browser: "Browser", url: str, path: str) -> Shopper:
    """Somebody new on a page of the shop."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(url + path)
    return Shopper(page)


async def buys(scratch: ScratchShop, shopper: Shopper, address: str, amount: str) -> None:
    """Through the checkout, and paid at the bank; what follows of it is done."""
    if address:
        await shopper.says(address, "怎么付款")
        await shopper.says("在线支付", "确认一下")
    await shopper.says("确认", "名额给您留到")
    link = shopper.page.locator(".pay", has_text=amount).last
    bank = await shopper.page.context.new_page()
    await bank.goto(str(await link.get_attribute("href")))
    async with bank.expect_navigation():  # the bank knows of it then
        await bank.locator("button[value=pay]").click()
    await scratch.catch_up()
    await bank.close()


async def link_in(shopper: Shopper) -> str:
    """The newest invitation in the chat."""
    said = [line for text in await shopper.sees() for line in text.split() if "/g/" in line]
    return f"{said[-1]}?lang=zh"
