"""The chat as a shopper sees and uses it, in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from bot.replies import Button, Card, Cards, Cart, Choice, Line, PayLink, Row
from conversations.model import Conversation, Message
from tests.web_door import app_of, free_port, served, the_shop_says

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page

    from bot.shop import Shop

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"\'`${1}'


@pytest.fixture
async def url(shop: "Shop") -> AsyncIterator[str]:
    async with served(app_of(shop)) as url:
        yield url


async def says(page: "Page", words: str) -> None:
    """Type and press Enter; waits until the shop has it."""
    await page.locator("textarea").fill(words)
    await page.keyboard.press("Enter")
    await page.locator(".m.me[data-seq]", has_text=words).last.wait_for()


async def shown(page: "Page", side: str = ".m[data-seq]") -> list[str]:
    """The bubbles of one side, in the order in which they stand."""
    return await page.locator(f"{side} .b").all_inner_texts()


async def rows(shop: "Shop") -> list[tuple[str, dict[str, object]]]:
    """What shoppers said, as it is kept."""
    async with shop.database.begin() as session:
        wanted = select(Message.text, Message.body).where(Message.kind == "shopper").order_by(Message.id)
        return [(row.text, row.body) for row in await session.execute(wanted)]


async def chat_of(shop: "Shop") -> str:
    """The only chat there is."""
    async with shop.database.begin() as session:
        return (await session.scalars(select(Conversation.chat))).one()


async def test_enter_sends_once_and_only_words(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await page.locator("textarea").fill("   ")
    await page.keyboard.press("Enter")
    await says(page, "你好，有茶吗？")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await page.locator("textarea").fill("line one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("line two")
    await page.keyboard.press("Enter")
    await page.locator(".m.me[data-seq]", has_text="line two").wait_for()
    assert [words for words, _ in await rows(shop)] == ["你好，有茶吗？", "line one\nline two"]


async def test_enter_never_sends_while_an_input_method_is_composing(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await page.locator("textarea").fill("longjing")
    press = "(field, init) => field.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, key: 'Enter', ...init}))"
    await page.locator("textarea").evaluate(press, {"isComposing": True})
    await page.locator("textarea").evaluate(press, {"keyCode": 229})
    assert await page.locator(".m.me").count() == 0
    assert await page.locator("textarea").input_value() == "longjing"
    await page.keyboard.press("Enter")
    await page.locator(".m.me[data-seq]").wait_for()
    assert [words for words, _ in await rows(shop)] == ["longjing"]


async def test_a_reload_shows_the_same_conversation(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "第一句")
    await shop.idle()
    await the_shop_says(shop, await chat_of(shop), "欢迎光临")
    await page.locator(".m:not(.me) .b", has_text="欢迎光临").wait_for()
    before = await shown(page)
    await page.reload()
    await page.locator(".m.me[data-seq]").wait_for()
    assert await shown(page) == before
    await says(page, "第二句")
    assert [words for words, _ in await rows(shop)] == ["第一句", "第二句"]


async def test_what_was_written_without_a_network_is_sent_once_it_is_back(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "online")
    await page.context.set_offline(True)
    await page.locator("textarea").fill("in the tunnel")
    await page.keyboard.press("Enter")
    await page.locator(".m.me.wait", has_text="in the tunnel").wait_for()
    await page.context.set_offline(False)
    await page.locator(".m.me[data-seq]", has_text="in the tunnel").wait_for()
    assert [words for words, _ in await rows(shop)] == ["online", "in the tunnel"]


async def test_an_unsent_message_survives_a_reload(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "online")
    await page.route("**/chat/messages", lambda route: route.abort())
    await page.locator("textarea").fill("kept")
    await page.keyboard.press("Enter")
    await page.locator(".m.me.wait", has_text="kept").wait_for()
    await page.unroute_all()
    await page.reload()
    await page.locator(".m.me[data-seq]", has_text="kept").wait_for()
    assert [words for words, _ in await rows(shop)] == ["online", "kept"]


async def test_markup_of_anybody_is_shown_as_text(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, EVIL)
    await shop.idle()
    evil_button = Button(EVIL, "t")
    await the_shop_says(
        shop,
        await chat_of(shop),
        EVIL,
        Card(EVIL, EVIL, price=EVIL, buttons=(evil_button,)),
        Cart(EVIL, (Line(EVIL, EVIL, 1, EVIL, EVIL),), Row(EVIL, EVIL)),
        Choice(EVIL, (evil_button,)),
        PayLink(EVIL, "pay", "javascript:window.hacked=1", "1"),
    )
    await page.locator(".pay").wait_for()
    assert EVIL in await shown(page, ".m.me")
    assert EVIL in await shown(page, ".m:not(.me)")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator(".pay").get_attribute("href") is None
    assert await page.locator(".log img").count() == 0
    assert await page.locator(".log script").count() == 0


async def test_nothing_scrolls_sideways_at_360_pixels(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "W" * 300)
    await shop.idle()
    long, button = "https://shop.example/" + "x" * 200, Button("A rather long label for a button " * 3, "t")
    card = Card(
        "千里江山图主题汝窑天青釉三才盖碗" * 3, "y" * 200, price="¥1,234,567.00 – ¥2,345,678.00", buttons=(button,)
    )
    line = Line("z" * 120, "100 g", 99, "¥1,234,567.00", "¥122,222,133.00")
    await the_shop_says(
        shop,
        await chat_of(shop),
        long,
        card,
        Cards("Found:", (card,) * 6, (button,)),
        Cart("Cart", (line,), Row("Total", "¥122,222,133.00"), (button, button)),
        Choice("?", (button,) * 4),
        PayLink("Pay", "Pay now", f"{url}/pay/x", "¥122,222,133.00"),
    )
    await page.locator(".pay").wait_for()
    for width in (360, 320, 390, 1440):
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        log = page.locator(".log")
        assert await log.evaluate("log => log.scrollWidth <= log.clientWidth"), width


async def test_a_button_sends_its_token_and_the_options_of_an_answered_question_go(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    await says(page, "hi")
    await shop.idle()
    await the_shop_says(
        shop, await chat_of(shop), Choice("怎么付款？", (Button("货到付款", "tok-1"), Button("在线", "tok-2")))
    )
    await page.get_by_role("button", name="货到付款").click()
    await page.locator(".m.me[data-seq]", has_text="货到付款").wait_for()
    assert (await rows(shop))[1] == ("货到付款", {"kind": "press", "token": "tok-1", "label": "货到付款"})
    assert not await page.get_by_role("button", name="在线", exact=True).is_visible()


async def test_a_changed_message_takes_the_place_of_the_earlier(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "hi")
    await shop.idle()
    chat = await chat_of(shop)
    await the_shop_says(shop, chat, "cart: 1 piece", "anything else?")
    await page.locator(".b", has_text="anything else?").wait_for()
    async with shop.database.begin() as session:
        change = """
            WITH c AS (UPDATE conversation SET last_seq = last_seq + 1 RETURNING id, last_seq)
            UPDATE message SET rev = c.last_seq, body = jsonb_set(body, '{text}', '"cart: 2 pieces"')
              FROM c WHERE conversation_id = c.id AND text = 'cart: 1 piece'"""
        await session.execute(text(change))
        conversation = (await session.scalars(select(Conversation))).one()
    await shop.doorbell.ring(f"conversation:{conversation.id}")
    await page.locator(".b", has_text="cart: 2 pieces").wait_for()
    assert (await shown(page, ".m:not(.me)[data-seq]"))[-2:] == ["cart: 2 pieces", "anything else?"]


async def test_a_page_goes_on_by_itself_after_the_shop_was_away(shop: "Shop", page: "Page") -> None:
    port = free_port()
    async with served(app_of(shop), port=port) as url:
        await page.goto(url)
        await says(page, "hi")
        await shop.idle()
    await the_shop_says(shop, await chat_of(shop), "said while the door was shut")
    async with served(app_of(shop), port=port):
        await page.locator(".b", has_text="said while the door was shut").wait_for()
        await says(page, "back again")
    assert [words for words, _ in await rows(shop)] == ["hi", "back again"]


async def test_a_long_conversation_opens_at_its_end_and_reads_back(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(url)
    await says(page, "the very first")
    await shop.idle()
    await the_shop_says(shop, await chat_of(shop), *(f"line {number:03}" for number in range(90)))
    await page.reload()
    await page.locator(".b", has_text="line 089").wait_for()
    assert await page.locator(".b", has_text="line 089").is_visible()
    assert await page.locator(".b", has_text="the very first").count() == 0
    async with asyncio.timeout(60):
        while not await page.locator(".b", has_text="the very first").count():
            await page.locator(".log").evaluate("log => { log.scrollTop = 0 }")
            await page.wait_for_timeout(100)
    lines = [words for words in await shown(page) if words.startswith("line")]
    assert lines == [f"line {number:03}" for number in range(90)]
    await page.locator(".newest").click()
    await page.locator(".newest").wait_for(state="hidden")


async def test_the_newest_message_stays_in_sight_when_a_keyboard_takes_half_the_screen(
    shop: "Shop", url: str, page: "Page"
) -> None:
    await page.goto(url)
    await says(page, "hi")
    await shop.idle()
    await the_shop_says(shop, await chat_of(shop), *(f"line {number}" for number in range(30)))
    newest = page.locator(".b", has_text="line 29")
    await expect(newest).to_be_in_viewport()
    await page.set_viewport_size({"width": 360, "height": 320})
    await expect(newest).to_be_in_viewport()


async def test_too_many_messages_are_answered_kindly_and_sent_later(shop: "Shop", url: str, page: "Page") -> None:
    shop.settings = shop.settings.model_copy(update={"messages_a_minute": 1})
    await page.goto(url)
    for words in ("one", "two", "three"):  # the minute may turn over once in between
        await page.locator("textarea").fill(words)
        await page.keyboard.press("Enter")
    await page.locator(".note", has_text="您说得太快啦").wait_for()
    assert await page.locator(".note", has_text="您说得太快啦").count() == 1
    assert await page.locator(".m.me").count() == 3


async def test_the_embedded_chat_counts_what_was_not_seen(shop: "Shop", url: str, page: "Page") -> None:
    await page.goto(f"{url}/embed.html?lang=en")
    await page.locator(".launch").click()
    await says(page, "hello")
    await shop.idle()
    await page.locator(".m:not(.me)[data-seq]").first.wait_for()  # the bot's own answer was seen
    await page.keyboard.press("Escape")
    assert await page.locator(".launch").is_visible()
    assert not await page.locator(".count").is_visible()
    await the_shop_says(shop, await chat_of(shop), "your parcel is on its way", "and another")
    await page.locator(".count", has_text="2").wait_for()
    await page.locator(".launch").click()
    assert not await page.locator(".count").is_visible()
    assert await page.locator("textarea").evaluate("field => field.getRootNode().activeElement === field")


async def test_language_and_theme_are_the_shoppers_choice(url: str, page: "Page") -> None:
    await page.goto(url)
    await expect(page.locator("textarea")).to_have_attribute("placeholder", "想找点什么？")
    await page.get_by_role("button", name="切换深浅色").first.click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("link", name="English").first.click()
    await page.wait_for_url("**/?lang=en")
    await expect(page.locator("textarea")).to_have_attribute("placeholder", "What are you looking for?")
    await expect(page.locator("xiaoer-chat")).to_have_attribute("theme", "dark")
