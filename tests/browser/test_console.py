"""The console in a real browser: a process of its own, with a real database behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from admin_api.model import AuditEntry, StaffSession, UnsentText
from conversations.delivery import deliver_stored
from conversations.model import Conversation, Message
from foundation.database import Database
from foundation.encryption import Vault
from foundation.settings import Settings
from tests.admin import Clock, Console, asks_for_person, bot_answers, hire, shopper_chat, shopper_says
from tests.browser.journey import console_process, sign_in
from tests.goods import a_product, an_order, holds_of

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NASTY = "<img src=x onerror=alert(1)> {{7*7}} ${7*7} </script><b>你好"
COMPOSE_AND_PRESS_ENTER = """(field) => {
  field.focus();
  field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}));
  field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}));
}"""


@pytest.fixture
async def address(database: Database, vault: Vault) -> AsyncIterator[str]:
    """Where a console process on this database answers."""
    async with console_process(DATABASE_URL=database.url, XIAOER_ENCRYPTION_KEYS=vault.to_json()) as url:
        yield url


@pytest.fixture
async def shop(database: Database) -> Console:
    """Hands on the same database, to be the shopper and to look at what was kept."""
    shop = Console(FastAPI(), Settings(database_url=database.url), database, Clock(datetime.now(UTC)))
    async with database.begin() as session:
        for name, shown, role, language in (
            ("mei", "小梅", "administrator", "zh"),
            ("tom", "Tom", "supervisor", "en"),
        ):
            await hire(session, name, role, shown=shown, language=language, now=shop.clock())
    return shop


@asynccontextmanager
async def at_desk(browser: "Browser", address: str, name: str, width: int = 1440) -> AsyncIterator["Page"]:
    """A person who has signed in. A script error or a breach of the content policy fails the test at its end."""
    context = await browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    await sign_in(page, address, name)
    yield page
    await context.close()
    assert wrong == []


async def owner(shop: Console, conversation_id: int) -> tuple[str, str | None, str | None]:
    async with shop.database.begin() as session:
        row = await session.get_one(Conversation, conversation_id)
        return row.owner, row.assignee_name, row.note_for_bot


async def said(shop: Console, conversation_id: int, kind: str) -> list[tuple[str, str]]:
    async with shop.database.begin() as session:
        found = await session.scalars(
            select(Message).filter_by(conversation_id=conversation_id, kind=kind).order_by(Message.seq)
        )
        return [(message.status, message.text) for message in found]


async def test_a_person_takes_over_answers_and_gives_back(browser: "Browser", address: str, shop: Console) -> None:
    talk = await shopper_chat(shop, NASTY)
    await bot_answers(shop, talk, "稍等，我看看")
    await asks_for_person(shop, talk)
    async with at_desk(browser, address, "mei") as page:
        row = page.locator(f"[data-talk='{talk}']")
        await expect(row).to_contain_text("等待人工")
        await row.click()
        await expect(page.locator(".from-shopper .said")).to_have_text(NASTY)
        await expect(page.locator(".banner")).to_contain_text("顾客正在等待人工客服")
        await page.click(".banner >> text=接入")
        await expect(page.locator(".banner")).to_be_hidden()
        assert await owner(shop, talk) == ("human", "小梅", None)
        await page.click("text=发送这条")
        await expect(page.locator(".from-person .said")).to_have_text(["稍等，我看看"])

        field = page.locator(".composer textarea:visible")
        await field.fill("您好")
        await field.evaluate(COMPOSE_AND_PRESS_ENTER)
        await field.press("Shift+Enter")
        await field.type("我是小梅")
        await expect(field).to_have_value("您好\n我是小梅")
        await field.press("Enter")
        await expect(page.locator(".from-person .said")).to_have_text(["稍等，我看看", "您好\n我是小梅"])
        await expect(field).to_have_value("")
        assert [text for _, text in await said(shop, talk, "person")] == ["稍等，我看看", "您好\n我是小梅"]
        await deliver_stored(shop.database, talk, now=shop.clock())
        await expect(page.locator(".from-person .tick.sent")).to_have_count(2)

        await page.click(f"[data-talk='{talk}']")
        await expect(field).to_be_visible()
        await expect(page.locator(".banner")).to_be_hidden()
        await shopper_says(shop, "谢谢小梅")
        await expect(page.locator(".from-shopper .said").last).to_have_text("谢谢小梅")
        await expect(row).to_contain_text("谢谢小梅")
        await page.click(".head-actions >> text=转出")
        await page.fill(".dialog textarea", "已答应包邮")
        await page.click(".dialog >> text=交还机器人")
        await expect(page.locator(".banner")).to_contain_text("机器人正在接待")
    assert await owner(shop, talk) == ("bot", None, "已答应包邮")


async def test_what_was_typed_is_there_again_after_a_reload(browser: "Browser", address: str, shop: Console) -> None:
    talk = await shopper_chat(shop, "Hello?", language="en")
    async with at_desk(browser, address, "tom") as page:
        await page.click(f"[data-talk='{talk}']")
        await expect(page.locator(".banner")).to_contain_text("The bot is handling this.")
        await page.locator(".composer textarea:visible").type("half a sen")
        await page.click(".mode >> text=Note")
        await page.locator(".composer textarea:visible").type("rude?")
        kept: dict[str, str] = {}
        async with asyncio.timeout(60):
            while kept != {"reply": "half a sen", "note": "rude?"}:
                async with shop.database.begin() as session:
                    kept = {row.mode: row.text for row in await session.scalars(select(UnsentText))}
                await asyncio.sleep(0.1)
        await page.reload()
        await page.wait_for_function("window.did_handshake")
        await expect(page.locator(".composer textarea:visible")).to_have_value("half a sen")
        await page.click(".mode >> text=Note")
        await expect(page.locator(".composer textarea:visible")).to_have_value("rude?")
        await page.locator(".composer textarea:visible").press("Enter")
        await expect(page.locator(".note .said")).to_have_text("rude?")
    assert await said(shop, talk, "note") == [("received", "rude?")]
    assert await owner(shop, talk) == ("bot", None, None)


async def test_two_people_reach_for_one_conversation_and_see_who_has_it(
    browser: "Browser", address: str, shop: Console
) -> None:
    talk = await shopper_chat(shop, "有人吗")
    await asks_for_person(shop, talk)
    async with at_desk(browser, address, "mei") as meis, at_desk(browser, address, "tom") as toms:
        await meis.click(f"[data-talk='{talk}']")
        await toms.click(f"[data-talk='{talk}']")
        await meis.click(".banner >> text=接入")
        await expect(toms.locator(".banner")).to_contain_text("小梅 is handling this.")
        await expect(toms.locator(f"[data-talk='{talk}']")).to_contain_text("小梅")
        await expect(toms.locator(".modes >> text=Reply")).to_be_hidden()
    assert await owner(shop, talk) == ("human", "小梅", None)


async def test_an_order_beside_the_talk_is_shipped_paid_and_its_address_opened(
    browser: "Browser", address: str, shop: Console
) -> None:
    talk = await shopper_chat(shop, "我的茶呢")
    async with shop.database.begin() as session:
        customer = (await session.get_one(Conversation, talk)).customer_id
        tea = await a_product(session, now=shop.clock(), title="龙井茶", price=6800, pieces=5)
    async with holds_of(shop.database) as holds:
        order = await an_order(shop.database, holds, {tea: 2}, now=shop.clock(), customer_id=customer)
    async with at_desk(browser, address, "tom") as page:
        await page.click(f"[data-talk='{talk}']")
        card = page.locator(f"[data-order='{order.number}']")
        await expect(card).to_contain_text("龙井茶")
        await expect(card).not_to_contain_text("张三")
        await card.locator("text=Show address").click()
        await expect(card).to_contain_text("张三")
        await card.locator("text=Mark shipped").click()
        await page.click(".dialog .btn.primary")
        await expect(page.locator(".dialog")).to_be_visible()  # carrier and number are needed
        await page.fill(".dialog input >> nth=0", "SF Express")
        await page.fill(".dialog input >> nth=1", "SF1366882046")
        await page.click(".dialog .btn.primary")
        await expect(card).to_contain_text("SF1366882046")
        await page.goto(f"{address}/console/orders?o={order.number}")
        await page.wait_for_function("window.did_handshake")
        await card.locator("text=Mark paid").click()
        await page.fill(".dialog input", "receipt 17")
        await page.click(".dialog .btn.primary")
        await expect(card.locator(".chip.good >> text=paid")).to_be_visible()
    async with shop.database.begin() as session:
        done = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        acts = [action for action in done if action.startswith("order.")]
    assert acts == ["order.address_opened", "order.shipped", "order.marked_paid"]


async def test_on_a_phone_the_panes_come_one_at_a_time_and_nothing_is_wider_than_the_screen(
    browser: "Browser", address: str, shop: Console
) -> None:
    talk = await shopper_chat(shop, "很长" * 200 + "longword" * 40)
    async with at_desk(browser, address, "mei", width=390) as page:
        await expect(page.locator(".thread-pane")).to_be_hidden()
        await page.click(f"[data-talk='{talk}']")
        await expect(page.locator(".list-pane")).to_be_hidden()
        await expect(page.locator(".from-shopper .said")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await page.click(".side-toggle")
        await expect(page.locator(".side-pane")).to_contain_text("购物车")
        await page.click(".side-pane .narrow-only")
        await page.click(".thread-pane .narrow-only")
        await expect(page.locator(".list-pane")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_a_wrong_password_is_told_and_whose_session_ended_is_led_to_the_sign_in_page(
    browser: "Browser", address: str, shop: Console
) -> None:
    talk = await shopper_chat(shop, "在吗")
    async with at_desk(browser, address, "mei") as page:
        context = await browser.new_context(locale="en-GB")
        stranger = await context.new_page()
        await stranger.goto(f"{address}/console/?c={talk}")
        await stranger.wait_for_url("**/console/sign-in")
        await stranger.wait_for_function("window.did_handshake")
        await stranger.fill("input[name=name]", "mei")
        await stranger.fill("input[name=password]", "not the password")
        await stranger.click("text=Sign in >> nth=-1")
        await expect(stranger.locator(".sign-in-wrong")).to_have_text("The name or the password is wrong.")
        await context.close()

        await page.click(f"[data-talk='{talk}']")
        await expect(page.locator(".from-shopper .said")).to_have_text("在吗")
        async with shop.database.begin() as session:
            await session.execute(delete(StaffSession))
        await page.click(f"[data-talk='{talk}']")
        await page.wait_for_url("**/console/sign-in")
