"""Goods in the web chat, in a real browser: lists that turn in place, comparisons, pictures, suggestions."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from bot.buttons import answer_token
from bot.replies import Button, Card, Cards, Cart, Choice, Compared, Comparison, Row
from tests.browser.test_widget import chat_of, rows, says
from tests.web_door import app_of, served, the_shop_says

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page

    from bot.shop import Shop

TOP = "node => node.getBoundingClientRect().top"
PRODUCT = 1
"""Any picture of the demo shop."""


@pytest.fixture
async def url(shop: "Shop") -> AsyncIterator[str]:
    async with served(app_of(shop)) as url:
        yield url


async def a_visit(shop: "Shop", url: str, page: "Page") -> str:
    """The page with a conversation that has begun. Gives its chat."""
    await page.goto(url)
    await says(page, "你好")
    await shop.idle()
    await page.locator(".m:not(.me)[data-seq]").first.wait_for()
    return await chat_of(shop)


def a_list(title: str, *titles: str, key: str = "list:k1") -> Cards:
    cards = tuple(Card(each, price="¥10.00", buttons=(Button("看看详情", "tok-d"),)) for each in titles)
    return Cards(title, cards, (Button("返回", "tok-b"), Button("更多", "tok-m")), replaces=key)


async def titles(page: "Page") -> list[str]:
    """The cards that stand in the log, top down."""
    return await page.locator(".row .card b").all_inner_texts()


async def bubbles(page: "Page") -> list[str]:
    """What the shopper is shown to have said."""
    return await page.locator(".m.me .b").all_inner_texts()


async def press(shop: "Shop", page: "Page", label: str) -> None:
    """Press a button of a list and wait until the list has turned or something else was said."""
    await page.get_by_role("button", name=label).last.click()
    await page.locator("[aria-busy=true]").first.wait_for(state="detached")
    await shop.idle()


async def test_shelves_open_and_lists_turn_in_one_place_also_after_a_reload(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    await says(page, "有哪些分类")
    await page.locator(".chips.shelves").wait_for()
    await press(shop, page, "饮品")
    await press(shop, page, "茶叶")
    first = await titles(page)
    assert len(first) == 5
    await press(shop, page, "更多")
    second = await titles(page)
    assert 1 <= len(second) <= 5
    assert not set(first) & set(second)
    await press(shop, page, "返回")
    assert await titles(page) == first
    assert await bubbles(page) == ["有哪些分类"]
    presses = [body for _, body in await rows(shop)][1:]
    assert [(body["kind"], body["quiet"]) for body in presses] == [("press", True)] * 4
    assert await page.locator(".m:not(.me)[data-seq]").count() == 1
    await page.reload()
    await page.locator(".row .card").first.wait_for()
    assert (await titles(page), await bubbles(page)) == (first, ["有哪些分类"])
    assert await page.locator(".chips.shelves").count() == 0


async def test_a_button_of_a_list_that_answers_something_else_is_shown_as_said(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    await says(page, "有什么茶")
    await page.locator(".row .card").first.wait_for()
    await press(shop, page, "便宜一点的")
    await expect(page.locator(".m.me .b")).to_have_text(["有什么茶", "便宜一点的"])
    await expect(page.locator(".m .row")).to_have_count(2)  # another list, so the first one stays as well
    await page.reload()
    await expect(page.locator(".m .row")).to_have_count(2)
    assert await bubbles(page) == ["有什么茶", "便宜一点的"]


async def test_a_press_on_a_list_that_cannot_be_sent_is_shown_and_sent_later(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    await says(page, "有什么茶")
    await page.locator(".row .card").first.wait_for()
    first = await titles(page)
    await page.route("**/chat/messages", lambda route: route.abort())
    await page.get_by_role("button", name="更多").click()
    await page.locator(".m.me.wait", has_text="更多").wait_for()
    assert await page.locator("[aria-busy=true]").count() == 0
    await page.unroute_all()
    await expect(page.locator(".m.me")).to_have_count(1)
    await expect(page.locator(".row .card b").first).not_to_have_text(first[0])
    assert await bubbles(page) == ["有什么茶"]


async def test_a_list_that_was_turned_often_hides_nothing_of_what_was_said_before(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    await the_shop_says(shop, chat, *(a_list(f"第 {n} 页：", f"茶 {n}") for n in range(60)))
    await page.locator(".b", has_text="第 59 页：").wait_for()
    await page.reload()
    await page.locator(".m.me .b", has_text="你好").wait_for()
    assert await titles(page) == ["茶 59"]
    assert await page.locator(".m[data-list]").count() == 1


async def test_what_is_looked_at_stays_where_it_is_when_a_list_above_turns(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    await the_shop_says(shop, chat, a_list("1 到 2：", "甲", "乙"), *(f"line {n}" for n in range(20)))
    line = page.locator(".b", has_text="line 4")
    await page.locator(".b", has_text="line 19").wait_for()
    await page.locator(".log").evaluate("log => { log.style.overflowAnchor = 'none' }")  # as in a browser without it
    await line.evaluate("node => node.scrollIntoView({block: 'start'})")
    before = await line.evaluate(TOP)
    taller = Choice("想看哪一类？", tuple(Button(f"一类东西 {n}", f"tok-{n}") for n in range(40)), replaces="list:k1")
    await the_shop_says(shop, chat, taller)
    await page.locator(".b", has_text="想看哪一类？").wait_for(state="attached")
    assert abs(await line.evaluate(TOP) - before) <= 1
    assert await page.locator(".newest:visible").inner_text() == "最新消息"  # nothing new below
    order = await page.locator(".m[data-seq]:not(.me) > .b").all_inner_texts()
    assert order.index("想看哪一类？") < order.index("line 0")


async def test_an_answer_is_followed_while_the_window_still_glides_to_its_end(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.emulate_media(reduced_motion="no-preference")
    chat = await a_visit(shop, url, page)
    await the_shop_says(shop, chat, *(f"line {n}\n" + "\n" * 20 for n in range(30)))
    await page.locator(".b", has_text="line 29").wait_for()
    await page.locator(".log").evaluate("log => { log.scrollTop = 0 }")
    await says(page, "有什么茶")
    await page.locator(".row .card").first.wait_for()
    await expect(page.locator(".chips", has_text="更多")).to_be_in_viewport()
    assert not await page.locator(".newest").is_visible()


async def test_the_keyboard_stays_on_the_list_and_the_new_page_is_told_politely(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    await the_shop_says(shop, chat, a_list("1 到 2：", "甲", "乙"))
    await page.get_by_role("button", name="更多").focus()
    await the_shop_says(shop, chat, a_list("3 到 4：", "丙", "丁"))
    await page.locator(".b", has_text="3 到 4：").wait_for()
    assert await page.locator("xiaoer-chat").evaluate("chat => chat.shadowRoot.activeElement.textContent") == "更多"
    await expect(page.locator("[role=status].sr")).to_have_text("3 到 4：")
    await the_shop_says(shop, chat, Cards("5：", (Card("戊"),), replaces="list:k1"))
    await page.locator(".b", has_text="5：").wait_for()
    assert await page.locator("xiaoer-chat").evaluate("chat => chat.shadowRoot.activeElement.className") == "row"


async def test_a_cart_comes_at_the_end_and_the_earlier_one_loses_its_buttons(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    for total in ("¥10.00", "¥20.00"):
        cart = Cart("购物车", (), Row("合计", total), (Button("去结算", "tok-pay"),), replaces="cart")
        await the_shop_says(shop, chat, cart, f"then {total}")
    await page.locator(".b", has_text="then ¥20.00").wait_for()
    assert await page.locator(".slip .sum b").all_inner_texts() == ["¥10.00", "¥20.00"]
    carts = page.locator(".m", has=page.locator(".slip"))
    assert [await each.locator(".act").is_visible() for each in await carts.all()] == [False, True]
    assert "old" in str(await carts.first.get_attribute("class"))


async def test_products_side_by_side_keep_their_labels_in_sight_on_a_phone(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    columns = tuple(
        Card(name, picture=PRODUCT, price=f"¥{name}", buttons=(Button("看看详情", "t"),)) for name in "甲乙丙"
    )
    facts = (
        Compared("价格", ("¥甲", "¥乙", "¥丙"), differs=True),
        Compared("材质", ("高温瓷", "陶", "—"), differs=True),
        Compared("产地", ("龙泉",) * 3),
    )
    await the_shop_says(shop, chat, Comparison("放在一起看：", columns, facts, (Button("再加一个", "t2"),)))
    table = page.locator(".compared")
    await table.wait_for()
    assert await table.locator("thead .price").all_inner_texts() == ["¥甲", "¥乙", "¥丙"]
    assert await table.locator("tbody th").all_text_contents() == ["材质（不同）", "产地"]  # the prices stand on top
    assert await table.locator(".differs td").all_inner_texts() == ["高温瓷", "陶", "—"]
    assert await table.locator("tfoot .act").count() == 3
    before = await table.locator("tbody th").first.evaluate("cell => cell.getBoundingClientRect().left")
    await table.evaluate("box => { box.scrollLeft = 1000 }")
    assert await table.locator("tbody th").first.evaluate("cell => cell.getBoundingClientRect().left") == before
    await expect(table.locator("tfoot .act").last).to_be_in_viewport()
    assert await page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")


async def test_the_page_of_a_product_shows_all_pictures_its_facts_and_the_whole_text(
    shop: "Shop", url: str, page: "Page"
) -> None:
    chat = await a_visit(shop, url, page)
    whole = "手工拉坯，釉色温润。" * 30
    card = Card(
        "马克杯", whole, PRODUCT + 1, "¥79.00", (Button("加入购物车", "t"),),
        pictures=(PRODUCT, PRODUCT + 1, PRODUCT + 2), rows=(Row("材质", "高温瓷"),),
    )  # fmt: skip
    await the_shop_says(shop, chat, card)
    strip = page.locator(".strip")
    await strip.wait_for()
    shown = await strip.locator("img").evaluate_all("all => all.map(each => each.src.match(/media.(\\d+)/)[1])")
    assert shown == ["2", "1", "3"]
    assert await page.locator(".spots i").evaluate_all("all => all.map(each => each.className)") == ["on", "", ""]
    await strip.evaluate("box => { box.scrollLeft = box.clientWidth }")
    await page.locator(".spots i:nth-child(2).on").wait_for()
    assert await page.locator(".facts .fact").all_inner_texts() == ["材质\n高温瓷"]
    body = page.locator(".page .body")
    short = await body.evaluate("node => node.clientHeight")
    await page.get_by_role("button", name="展开全文").click()
    assert await body.evaluate("node => node.clientHeight") > 2 * short
    assert await body.inner_text() == whole


async def test_suggestions_are_chosen_with_arrows_and_never_stand_in_the_way_of_enter(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    field, hints = page.locator("textarea"), page.locator(".hints [role=option]")
    await field.press_sequentially("茶")
    await hints.first.wait_for()
    assert await page.locator(".hints [aria-selected=true]").count() == 0
    await page.keyboard.press("Enter")
    await expect(page.locator(".m.me[data-seq] .b")).to_have_text(["茶"])
    assert await hints.count() == 0
    await field.press_sequentially("gooseneck")
    await hints.first.wait_for()
    await page.keyboard.press("Escape")
    assert (await hints.count(), await field.input_value()) == (0, "gooseneck")
    await field.press_sequentially(" ")
    await page.keyboard.press("Backspace")
    await hints.first.wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".m.me[data-seq] .b")).to_have_text(["茶", "细嘴控温电水壶 0.8L"])
    assert (await rows(shop))[1][1] == {"kind": "open", "product": "gooseneck-kettle", "label": "细嘴控温电水壶 0.8L"}
    assert await field.input_value() == ""
    await shop.idle()
    await page.locator(".card.page").wait_for()


async def test_a_tap_on_a_suggested_shelf_says_its_name(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await page.locator("textarea").press_sequentially("茶")
    await page.locator(".hints [role=option]", has_text="分类").first.click()
    await page.locator(".m.me[data-seq]").wait_for()
    assert (await rows(shop))[0] == ("茶叶", {"kind": "text", "text": "茶叶"})
    assert await page.locator("textarea").evaluate("field => field.getRootNode().activeElement === field")


async def test_suggestions_are_not_asked_for_while_composing_or_for_answers_and_long_texts(
    shop: "Shop", url: str, page: "Page"
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/chat/suggestions" in request.url else None)
    chat = await a_visit(shop, url, page)
    field = page.locator("textarea")
    typed = """(field, [words, composing]) => {
      field.value = words
      field.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: composing}))
    }"""
    for words, composing in (("longjing", True), ("t", False), ("茶" * 41, False)):
        await field.evaluate(typed, [words, composing])
        await page.wait_for_timeout(300)
    assert asked == []
    shop_asks = Choice("怎么付款？", (Button("货到付款", an_answer(shop)),))
    await the_shop_says(shop, chat, shop_asks)
    await page.locator(".b", has_text="怎么付款？").wait_for()
    await field.fill("茶")
    await page.wait_for_timeout(300)
    assert asked == []
    await the_shop_says(shop, chat, "好的")
    await page.locator(".b", has_text="好的").wait_for()
    await field.fill("杯")
    await page.locator(".hints [role=option]").first.wait_for()
    assert len(asked) == 1


def an_answer(shop: "Shop") -> str:
    """The token of an option of some question."""
    return answer_token(shop.vault, customer_id=1, mark=b"123456", key="cash")
