"""Whole journeys, from the greeting to the paid order and a person's answer, by people in real browsers."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.scratch import Place
from conversations.model import Kind
from tests.browser.books import Books, books_of, talks_of
from tests.browser.journey import Album, Shopper, Street, a_shopper, at_the_desk, open_console, open_street

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from nlu.understand import Understander

WANG = "王小明 13900001234 上海市徐汇区漕溪北路 18 号 6 楼"
ANN = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"


@pytest.fixture
async def street(place: Place, demo_shelves: str, understander: "Understander") -> AsyncIterator[Street]:
    """The demo shop, open."""
    async with open_street(place, demo_shelves, understander) as street:
        yield street


@pytest.fixture
async def console(street: Street) -> AsyncIterator[str]:
    async with open_console(street) as url:
        yield url


@pytest.fixture
async def vendure(place: Place, vendure_shelves: str | None, understander: "Understander") -> AsyncIterator[Street]:
    """A shop with the real catalogue of Vendure, open."""
    if vendure_shelves is None:
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    async with open_street(place, vendure_shelves, understander) as street:
        yield street


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Pictures of the journeys go to the folder XIAOER_SCREENSHOTS, or away with the test."""
    folder = Path(os.environ.get("XIAOER_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return Album(folder)


async def test_in_chinese_by_typing_from_greeting_to_order_and_a_person(
    browser: "Browser", street: Street, console: str, album: Album
) -> None:
    shopper = await a_shopper(browser, street)
    await album.takes(shopper.page, "zh-1-welcome")
    await shopper.says("在吗", "欢迎光临")
    await shopper.says("有什么茶叶", "铁观音", "滇红")
    await album.takes(shopper.page, "zh-2-search")
    await shopper.says("便宜一点的", "39.00")
    await shopper.says("第二个怎么样", "铁观音", "178.00")
    await album.takes(shopper.page, "zh-3-product")
    await shopper.says("要两份125克的", "196.00")
    await shopper.says("改成三份", "294.00")
    await album.takes(shopper.page, "zh-4-cart")
    await shopper.says("结账", "地址")
    await shopper.says(WANG, "怎么付款")
    await shopper.says("货到付款", "294.00", "上海市徐汇")
    await album.takes(shopper.page, "zh-5-confirm")
    assert (await books_of(street.database)).orders == []
    await shopper.says("确认", "下单成功")
    await shopper.says("我的订单到哪了", "待发货", "294.00")
    await album.takes(shopper.page, "zh-6-order")
    await shopper.says("我要找人工客服", "正在帮您转人工客服")
    await shopper.page.get_by_text("正在为您转接人工客服").wait_for()

    desk = await at_the_desk(browser, street, console, "mei", language="zh")
    await album.takes(desk.page, "desk-zh-1-inbox")
    (talk,) = await talks_of(street.database)
    await expect(desk.row(talk.conversation.id)).to_contain_text("等待人工")
    await desk.opens(talk.conversation.id)
    await album.takes(desk.page, "desk-zh-2-waiting")
    await desk.takes_over()
    await shopper.page.get_by_text("人工客服正在为您服务").wait_for()
    await shopper.says("铁观音能用礼盒装吗？今天能发吗？")
    await desk.hears("礼盒装")
    await desk.says("您好，我是小梅。礼盒免费，今天下午就发。")
    await shopper.hears("礼盒免费")
    await expect(shopper.page.locator(".m.person .who")).to_have_text("小梅")
    await desk.notes("老顾客，礼盒别收钱")
    await expect(desk.page.locator(".banner")).to_be_hidden()
    await album.takes(shopper.page, "zh-7-person")
    await album.takes(desk.page, "desk-zh-3-answered")
    await desk.gives_back("已答应免费礼盒，今天发货", release="转出", to_the_bot="交还机器人")
    await expect(shopper.page.get_by_text("人工客服正在为您服务")).to_be_hidden()
    await shopper.says("好的谢谢", "不客气")
    await shopper.says("我的订单", "待发货")
    await album.takes(shopper.page, "zh-8-bot-again")
    await desk.hears("我的订单")
    await album.takes(desk.page, "desk-zh-4-given-back")

    assert await books_of(street.database) == Books(
        orders=[("placed", "cod", 29400)],
        lines=[("安溪铁观音 清香型乌龙茶", "125 克", 3, 9800, 29400)],
        reserved={"TGY-125": 3},
        holds=[("committed", 3)],
        paid=[("created", 0, 29400)],  # the money comes with the parcel
    )
    (talk,) = await talks_of(street.database)
    assert talk.is_settled
    assert talk.not_answered_once == []
    assert talk.owners == [
        ("bot", "waiting", "shopper"),
        ("waiting", "human", "staff"),
        ("human", "bot", "staff"),
    ]
    assert talk.under_a_person == [Kind.SHOPPER, Kind.PERSON, Kind.NOTE]
    assert talk.conversation.note_for_bot == "已答应免费礼盒，今天发货"
    everything = "\n".join(await shopper.sees())
    assert "老顾客" not in everything
    assert "已答应" not in everything
    assert everything.count("礼盒免费") == 1
    assert await shopper.page.locator(".m.me").count() == len(talk.of(Kind.SHOPPER)) == 15


async def test_in_english_by_buttons_from_greeting_to_a_paid_order_and_a_person(
    browser: "Browser", street: Street, console: str, album: Album
) -> None:
    shopper = await a_shopper(browser, street, language="en")
    await album.takes(shopper.page, "en-1-welcome")
    await shopper.presses("What tea do you have?", "Tieguanyin", "Golden Bud")
    await album.takes(shopper.page, "en-2-search")
    await shopper.presses("Cheaper", "39.00")
    await shopper.presses("Details", "178.00", within=shopper.card("Tieguanyin"))
    await shopper.presses("Add to cart", "125 g", within=shopper.card("Tieguanyin", nth=-2))
    await album.takes(shopper.page, "en-3-variant")
    await shopper.presses("125 g", "98.00")
    await shopper.says("make it two", "196.00")
    await shopper.says("make it three", "294.00")
    await album.takes(shopper.page, "en-4-cart")
    await shopper.presses("Check out", "phone and address")
    await shopper.says(ANN, "How would you like to pay?")
    await shopper.presses("Pay online", "294.00", "LS1 4DY")
    await album.takes(shopper.page, "en-5-confirm")
    await shopper.presses("Place the order", "Pay now")
    await album.takes(shopper.page, "en-6-pay-link")
    assert (await books_of(street.database)).paid == [("created", 0, 29400)]
    await pays(shopper, album)
    await shopper.hears("has arrived")
    await shopper.presses("Where is my order?", "being packed", "paid")
    await album.takes(shopper.page, "en-7-order")
    await shopper.says("can I talk to a human?", "colleague")

    desk = await at_the_desk(browser, street, console, "tom", language="en")
    (talk,) = await talks_of(street.database)
    await desk.opens(talk.conversation.id)
    await album.takes(desk.page, "desk-en-1-waiting")
    assert "/pay/" not in await desk.page.locator(".thread").inner_text()
    await desk.says("Hello, this is Tom. How can I help?")
    await shopper.hears("this is Tom")
    await shopper.says("which courier do you use?")
    await desk.hears("which courier")
    await desk.says("Royal Mail; it leaves this afternoon.")
    await desk.notes("asked for the courier")
    await shopper.hears("Royal Mail")
    await album.takes(shopper.page, "en-8-person")
    await album.takes(desk.page, "desk-en-2-answered")
    await desk.gives_back("told them the courier", release="Give back", to_the_bot="To the bot")
    await shopper.says("thanks a lot", "welcome")
    await shopper.says("my orders", "294.00")
    await album.takes(shopper.page, "en-9-bot-again")

    assert await books_of(street.database) == Books(
        orders=[("placed", "simulator", 29400)],
        lines=[("Anxi Tieguanyin Light Oolong", "125 g", 3, 9800, 29400)],
        reserved={"TGY-125": 3},
        holds=[("committed", 3)],
        paid=[("succeeded", 29400, 29400)],
    )
    (talk,) = await talks_of(street.database)
    assert talk.is_settled
    assert talk.not_answered_once == []
    assert talk.owners == [("bot", "waiting", "shopper"), ("waiting", "human", "staff"), ("human", "bot", "staff")]
    assert talk.under_a_person == [Kind.PERSON, Kind.SHOPPER, Kind.PERSON, Kind.NOTE]
    everything = "\n".join(await shopper.sees())
    assert everything.count("has arrived") == 1
    assert everything.count("Royal Mail") == 1
    assert "asked for the courier" not in everything


async def test_on_a_real_catalogue_its_photos_are_seen_and_its_goods_bought(
    browser: "Browser", vendure: Street, album: Album
) -> None:
    shopper = await a_shopper(browser, vendure, language="en")
    await shopper.says("I'm looking for running shoes", "Running Shoe")
    await sees_every_photo(shopper)
    await album.takes(shopper.page, "vendure-1-search")
    await shopper.says("cheaper ones?", "44.95")
    await shopper.says("the second one", "Pureboost", "Size 42")
    await sees_every_photo(shopper)
    await album.takes(shopper.page, "vendure-2-product")
    await shopper.says("two in size 42", "199.90")
    await shopper.says("actually make it three", "299.85")
    await shopper.says("check out", "address")
    await shopper.says(ANN, "How would you like to pay?")
    await shopper.says("pay online", "299.85")
    await shopper.says("yes", "Pay now")
    await sees_every_photo(shopper)
    await pays(shopper)
    await shopper.hears("has arrived")
    await shopper.says("what's the status of my order", "being packed", "paid")
    await album.takes(shopper.page, "vendure-3-order")
    books = await books_of(vendure.database)
    assert books.orders == [("placed", "simulator", 29985)]
    assert books.lines == [("Pureboost Running Shoe", "Size 42", 3, 9995, 29985)]
    assert list(books.reserved.values()) == [3]
    assert books.holds == [("committed", 3)]
    assert books.paid == [("succeeded", 29985, 29985)]
    (talk,) = await talks_of(vendure.database)
    assert talk.is_settled
    assert talk.not_answered_once == []


async def test_two_windows_of_one_shopper_stay_in_step(browser: "Browser", street: Street) -> None:
    first = await a_shopper(browser, street)
    await first.says("有什么茶叶", "铁观音")
    second = Shopper(await first.page.context.new_page())
    await second.page.goto(f"{street.url}/?lang=zh")
    await second.hears("铁观音")
    assert await second.sees() == await first.sees()
    await second.presses("加入购物车", "哪", within=second.card("铁观音"))
    await first.hears("哪")
    await first.presses("125 克", "98.00")
    await second.hears("98.00")
    await expect(second.page.locator(".m[data-seq]")).to_have_count(6)
    assert await second.sees() == await first.sees()
    (talk,) = await talks_of(street.database)
    assert talk.is_settled
    assert talk.not_answered_once == []


async def test_a_reload_in_the_middle_of_the_checkout_goes_on_there(browser: "Browser", street: Street) -> None:
    shopper = await a_shopper(browser, street)
    await shopper.says("要两份125克的铁观音", "196.00")
    await shopper.says("结账", "地址")
    await shopper.says(WANG, "怎么付款")
    before = await shopper.sees()
    await shopper.page.reload()
    await expect(shopper.page.locator(".m[data-seq]")).to_have_count(len(before))
    assert await shopper.sees() == before
    await shopper.presses("货到付款", "196.00")
    await shopper.page.reload()
    await shopper.presses("确认下单", "下单成功")
    assert (await books_of(street.database)).orders == [("placed", "cod", 19600)]
    (talk,) = await talks_of(street.database)
    assert talk.is_settled
    assert talk.not_answered_once == []


async def test_another_visitor_sees_nothing_of_the_first(browser: "Browser", street: Street) -> None:
    first = await a_shopper(browser, street)
    await first.says("要两份125克的铁观音", "196.00")
    second = await a_shopper(browser, street)
    await second.page.get_by_text("客官里边请").wait_for()
    assert await second.sees() == []
    await second.says("看看购物车", "空")
    await second.says("我的订单", "订单")
    await first.says("谢谢", "不客气")
    for words in ("铁观音", "196.00", "不客气"):
        assert words not in "".join(await second.sees())
    assert [len(talk.of(Kind.SHOPPER)) for talk in await talks_of(street.database)] == [2, 2]


async def pays(shopper: Shopper, album: Album | None = None) -> None:
    """Press the pay link, pay on the bank's page, and come back to the shop's."""
    async with shopper.page.context.expect_page() as opened:
        await shopper.page.locator("a.pay").last.click()
    bank = await opened.value
    await bank.wait_for_url("**/simulator/pay/*")
    if album:
        await album.takes(bank, "en-6-bank")
    await bank.locator("button[value=pay]").click()
    await bank.locator(".mark.good").wait_for()
    await bank.wait_for_url("**/pay/*/done")
    await bank.locator(".mark.good").wait_for()
    if album:
        await album.takes(bank, "en-6-paid")
    await bank.close()


async def sees_every_photo(shopper: Shopper) -> None:
    """Wait until every picture in the chat is there, really decoded; at least one must be."""
    pictures = shopper.page.locator(".log img")
    assert await pictures.count() > 0
    for picture in await pictures.all():
        await picture.scroll_into_view_if_needed()
        await expect(picture).not_to_have_js_property("naturalWidth", 0)
