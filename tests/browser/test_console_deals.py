"""Group-buys and flash sales in a real browser: written, watched while shoppers pay, ended; and the calendar."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from admin_api.console.calendar_page import Bar, in_lanes
from admin_api.console.festivals import day_of
from commerce.flash_sales.model import FlashItem
from commerce.inventory.actions import receive_stock
from commerce.inventory.locations import LocationDraft, add_location
from commerce.inventory.model import StockLevel
from commerce.orders.actions import mark_paid
from commerce.orders.model import Order
from commerce.orders.settlement import settle_refund_answer
from commerce.payments.model import Refund
from commerce.payments.port import RefundOutcome
from foundation.database import Database
from foundation.settings import Settings
from tests.browser.test_console_products import NASTY, address, at_desk, look_at
from tests.goods import a_product, holds_of
from tests.grouping import GROUP_PRICE, LEADER_PRICE, group_shop
from tests.test_flash_races import buyers_of

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

__all__ = ["address"]


async def write_a_group_buy(page: "Page") -> None:
    """Three members, 49 yuan, 39 for who starts one; the first try lacks its goods, the second its price and end."""
    await page.locator(".deal-new").click()
    dialog = page.locator(".dialog").first
    await dialog.get_by_label("Name in English").fill(NASTY)
    await dialog.get_by_label("Ends").fill((datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    await dialog.get_by_text("Save").click()
    await expect(dialog.locator(".btn.wanting")).to_have_count(1)
    await dialog.get_by_text("Choose goods").click()
    await page.locator("[data-pick]").first.click()
    await expect(dialog.locator("[data-variant]")).to_have_count(1)
    await dialog.get_by_text("Save").click()
    await expect(dialog.locator(".q-field--error")).to_have_count(1)
    await dialog.get_by_label("Group price").fill("49")
    await dialog.get_by_text("Choose goods").click()
    await page.locator("[data-pick]").first.click()
    await expect(page.locator(".dialog")).to_have_count(1)
    await expect(dialog.get_by_label("Group price")).to_have_value("49")  # chosen again, they keep what was typed
    await dialog.get_by_label("Who starts one pays").fill("39")
    await dialog.get_by_label("Members of a group").fill("3")
    await dialog.get_by_text("Save").click()
    await page.locator(".deal-acts").get_by_text("Start it").click()
    await page.locator(".dialog").get_by_text("Start it").click()
    await expect(page.locator(".deal-card .chip").first).to_have_text("running")


async def test_a_group_buy_is_written_watched_live_and_ended_with_the_sum_that_goes_back(
    browser: "Browser", address: str, database: Database
) -> None:
    async with group_shop(database, datetime.now(UTC)) as shop, at_desk(browser, address, "tom") as page:
        await look_at(page, address, "group-buys")
        await write_a_group_buy(page)
        shop.campaign, shop.now = 2, datetime.now(UTC)
        group, leader = await shop.begun()
        card = page.locator(f"[data-group='{group}']")
        await expect(card.locator(".seat.paid")).to_have_count(1)
        await expect(card.locator(".seat")).to_have_count(3)
        await expect(card.locator(".countdown")).to_contain_text("23:5")
        await shop.asks(group)
        await expect(card.locator(".seat.held")).to_have_count(1)
        joiner = await shop.joins(group)
        await expect(card.locator(".seat.paid")).to_have_count(2)
        at_risk = (LEADER_PRICE + GROUP_PRICE) // 100
        await expect(page.locator(".deal-number.risky")).to_contain_text(f"{at_risk}.00")

        await card.get_by_text("Nudge").click()
        await page.emulate_media(color_scheme="dark")
        await expect(page.locator(".notice")).to_contain_text("2 members were told")
        await expect(page.locator(".notice .q-notification__message")).to_have_css("color", "rgb(23, 28, 26)")
        await page.emulate_media(color_scheme="light")
        await card.get_by_text("Extend").click()
        await page.locator(".dialog input").fill("2")
        await page.locator(".dialog").get_by_text("Extend").click()
        await expect(card.locator(".countdown")).to_contain_text("1d 1:5")

        await page.locator(".deal-acts").get_by_text("End it").click()
        await page.locator(".dialog").get_by_text(f"End all, give CN¥{at_risk}.00 back").click()
        await expect(card).to_have_attribute("data-state", "cancelled")
        refunds = page.locator(".deal-refunds")
        await expect(refunds).to_contain_text(f"CN¥0.00 of CN¥{at_risk}.00 sent")
        await shop.settles()
        await expect(page.locator(".deal-number", has_text="Given back")).to_contain_text(f"{at_risk}.00")
        await expect(refunds).to_contain_text(f"CN¥{at_risk}.00 of CN¥{at_risk}.00 sent")
        await expect(refunds.locator(".bar-done")).to_have_attribute("style", "width: 0%;")
        async with database.begin() as session:
            for refund_id in await session.scalars(select(Refund.id)):
                done = RefundOutcome.SUCCEEDED
                await settle_refund_answer(session, refund_id=refund_id, outcome=done, now=shop.now)
        await expect(refunds).to_have_count(0)  # all of it has arrived
        assert [sum(amount for _, amount in await shop.refunds(order)) for order in (leader, joiner)] == [
            LEADER_PRICE, GROUP_PRICE
        ]  # fmt: skip

        await look_at(page, address, "calendar")
        await expect(page.locator(".day-bar.group").first).to_be_visible()
        await expect(page.locator(".day.today .day-number")).to_have_count(1)


async def write_a_flash_sale(page: "Page") -> None:
    """Five pieces of the branch for 48 yuan, begun a minute ago; the first try lacks its pieces."""
    await page.locator(".deal-new").click()
    dialog = page.locator(".dialog").first
    await dialog.get_by_label("Name in English").fill(NASTY)
    for label, minutes in (("Begins", -1), ("Ends", 30)):
        await dialog.get_by_label(label).fill(in_shop(minutes))
    await dialog.get_by_text("Add goods").click()
    await page.locator("[data-pick]").first.click()
    await dialog.get_by_label("Flash price").fill("48")
    await dialog.get_by_text("Save").click()
    await expect(dialog.locator(".q-field--error")).to_have_count(1)
    await dialog.get_by_label("Pieces").fill("5")
    await dialog.get_by_role("combobox", name="Set aside at").click()
    await page.get_by_role("option", name="Branch").click()
    await dialog.get_by_text("Save").click()
    await expect(page.locator(".deal-place")).to_have_text("Branch")


def in_shop(minutes: int) -> str:
    """A moment from now, as a field of the console shows it."""
    return (datetime.now(Settings().zone) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M")


async def test_a_flash_sale_is_written_scheduled_watched_live_extended_and_ended(
    browser: "Browser", address: str, database: Database
) -> None:
    now = datetime.now(UTC)
    async with database.begin() as session:
        goods = await a_product(session, now=now, price=6800, pieces=3)
        branch = await add_location(session, code="branch", draft=LocationDraft({"en": "Branch"}, {}, {}, False))
        place = {"quantity": 7, "reference": "delivery", "location_id": branch.id, "now": now}
        level = (await receive_stock(session, variant_id=goods, **place)).id  # type: ignore[arg-type]

    async def reserved() -> int:
        async with database.begin() as session:
            return (await session.get_one(StockLevel, level)).reserved

    async with at_desk(browser, address, "tom") as page, holds_of(database) as holds:
        await look_at(page, address, "flash-sales")
        await write_a_flash_sale(page)
        await page.locator(".deal-acts").get_by_text("Schedule it").click()
        await page.locator(".dialog").get_by_text("Schedule it").click()
        count = {name: page.locator(f"[data-count='{name}'] .flash-figure") for name in ("held", "sold", "left")}
        await expect(count["left"]).to_have_text("5")
        assert await reserved() == 5
        await expect(page.locator(".deal-head .countdown")).to_contain_text(re.compile("2[0-9]:"))

        async with database.begin() as session:
            item = (await session.scalars(select(FlashItem))).one()
        (buyer,) = await buyers_of(database, item, 1, datetime.now(UTC))
        await buyer.buys(database, holds, datetime.now(UTC))
        for name, told in (("held", "1"), ("sold", "0"), ("left", "4")):
            await expect(count[name]).to_have_text(told)
        async with database.begin() as session:
            order = (await session.scalars(select(Order))).one()
            await mark_paid(session, order_id=order.id, proof="seen", now=datetime.now(UTC))
        await expect(count["sold"]).to_have_text("1")
        await expect(page.locator(".deal-number", has_text="Taken in")).to_contain_text("CN¥48.00")

        await page.locator(".deal-acts").get_by_text("Move the end").click()
        await page.locator(".dialog").get_by_label("Ends").fill(in_shop(90))
        await page.locator(".dialog").get_by_text("Save").click()
        await expect(page.locator(".deal-head .countdown")).to_contain_text(re.compile("1:2[0-9]:"))
        await page.locator(".deal-acts").get_by_text("End it").click()
        await page.locator(".dialog").get_by_text("End it").click()
        await expect(page.locator(".deal-head .chip").first).to_have_text("over")
        await expect(count["left"]).to_have_text("0")
        assert await reserved() == 1


def test_lunar_festivals_solar_terms_and_public_days_fall_on_their_days() -> None:
    known = {
        date(2026, 2, 16): (("New Year's Eve",), True, "廿九"),
        date(2026, 2, 17): (("Spring Festival",), True, "正月"),
        date(2026, 3, 3): (("Lantern Festival",), False, "十五"),
        date(2026, 4, 5): (("Qingming",), True, "十八"),
        date(2026, 6, 19): (("Dragon Boat Festival",), True, "初五"),
        date(2026, 8, 19): (("Qixi",), False, "初七"),
        date(2026, 9, 25): (("Mid-Autumn Festival",), True, "十五"),
        date(2026, 10, 18): (("Double Ninth Festival",), False, "初九"),
        date(2026, 11, 26): (("Thanksgiving",), False, "十八"),
        date(2026, 11, 27): (("Black Friday",), False, "十九"),
        date(2027, 5, 9): (("Mother's Day",), False, "初四"),
    }
    assert {day: (day_of(day).names, day_of(day).is_public, day_of(day).lunar("zh")) for day in known} == known
    assert (day_of(date(2026, 12, 22)).term, day_of(date(2026, 12, 22)).names) == ("冬至", ())
    leap = day_of(date(2025, 7, 25))
    assert (leap.lunar("zh"), leap.lunar("en")) == ("闰六月", "6/1")
    assert day_of(date(2025, 8, 29)).names == ("Qixi",)  # and not in the leap month before
    assert [day_of(date(2033, 12, day)).lunar("zh") for day in (21, 22)] == ["三十", "闰冬月"]


def test_bars_of_the_calendar_never_lie_over_each_other() -> None:
    def bar(first: int, last: int) -> Bar:
        return Bar("", date(2026, 11, first), date(2026, 11, last), "group", "")

    one, two, three = bar(1, 5), bar(3, 4), bar(5, 9)
    assert in_lanes([one, two, three]) == [[one], [two, three]]
