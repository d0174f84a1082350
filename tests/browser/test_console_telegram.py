"""Accounts and groups of the staff in Telegram, in the console in a real browser."""

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from admin_api.model import Staff
from conversations.staff_chats import (
    CodeFor,
    Trouble,
    link_group,
    link_staff_chat,
    set_trouble,
    staff_groups,
    use_staff_code,
)
from tests.admin import Console
from tests.browser.test_console import address, at_desk, shop
from tests.browser.test_console_parcels import look

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["address", "shop"]  # the fixtures this module shares


async def test_an_account_and_a_group_are_linked_by_codes_given_a_team_and_unlinked(
    browser: "Browser", address: str, shop: Console
) -> None:
    now = shop.clock()
    async with at_desk(browser, address, "mei") as page:
        await page.goto(f"{address}/console/telegram")
        await expect(page.locator("[data-mine]")).to_contain_text("尚未绑定")
        await expect(page.locator(".order-rules")).to_contain_text("还没有接入员工机器人")
        await page.get_by_role("button", name="绑定我的账号").click()
        shown = re.fullmatch(r"/link ([0-9A-Z]{4}-[0-9A-Z]{4})", await page.locator(".code-words").inner_text())
        assert shown
        await look(page, "telegram_code_1440")
        async with shop.database.begin() as session:
            mei = await use_staff_code(session, code=shown[1], kind=CodeFor.PERSON, now=now)
            await link_staff_chat(session, user_id=7, staff_id=mei, now=now)
            tom = await session.scalar(select(Staff.id).where(Staff.name == "tom"))
            assert tom is not None
            await link_staff_chat(session, user_id=8, staff_id=tom, now=now)
            for chat_id, title in ((-1, "售前客服"), (-2, "<b>Night</b> shift")):
                await link_group(session, chat_id=chat_id, title=title, staff_id=mei, words="zh", now=now)
            await set_trouble(session, chat_id=-2, trouble=Trouble.NO_RIGHTS)
        await page.get_by_role("button", name="完成").click()
        await expect(page.locator("[data-mine]")).to_contain_text("绑定")
        await expect(page.locator("[data-group]").nth(1)).to_contain_text("<b>Night</b> shift")
        await expect(page.locator("[data-group]").nth(1)).to_contain_text("机器人不能管理话题")
        await look(page, "telegram_1440")
        await page.locator("[data-group]").first.get_by_role("combobox").first.click()
        await page.get_by_role("option", name="中文").click()
        await expect(page.locator(".q-notification", has_text="已保存")).to_be_visible()
        await page.locator("[data-group]").nth(1).get_by_role("button", name="解绑").click()
        await page.locator(".dialog").get_by_role("button", name="解绑").click()
        await expect(page.locator("[data-group]")).to_have_count(1)
        await page.evaluate("window.xiaoer.toggleTheme()")
        await look(page, "telegram_1440_dark")
    async with shop.database.begin() as session:
        assert [(group.title, group.language) for group in await staff_groups(session)] == [("售前客服", "zh")]
    async with at_desk(browser, address, "tom", width=390) as page:
        await page.goto(f"{address}/console/telegram")
        await expect(page.locator("[data-group]")).to_contain_text("售前客服")
        await expect(page.get_by_role("button", name="Link a group")).to_have_count(0)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await look(page, "telegram_390")
        await page.evaluate("window.xiaoer.toggleTheme()")
        await look(page, "telegram_390_dark")
        await page.locator(f'[data-person="{tom}"]').get_by_role("button", name="Unlink").click()
        await page.locator(".dialog").get_by_role("button", name="Unlink").click()
        await expect(page.locator("[data-person]")).to_have_count(1)
