"""Group-buys in a real browser: one is written, watched while shoppers pay, ended with refunds; and the calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from admin_api.console.calendar_page import Bar, in_lanes
from admin_api.console.festivals import day_of
from foundation.database import Database
from tests.browser.test_console_products import NASTY, address, at_desk, look_at
from tests.grouping import GROUP_PRICE, LEADER_PRICE, group_shop

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
        await expect(page.locator(".notice")).to_contain_text("2 members were told")
        await card.get_by_text("Extend").click()
        await page.locator(".dialog input").fill("2")
        await page.locator(".dialog").get_by_text("Extend").click()
        await expect(card.locator(".countdown")).to_contain_text("1d 1:5")

        await page.locator(".deal-acts").get_by_text("End it").click()
        await page.locator(".dialog").get_by_text(f"End all, give CN¥{at_risk}.00 back").click()
        await expect(card).to_have_attribute("data-state", "cancelled")
        await shop.settles()
        await expect(page.locator(".deal-number", has_text="Given back")).to_contain_text(f"{at_risk}.00")
        assert [sum(amount for _, amount in await shop.refunds(order)) for order in (leader, joiner)] == [
            LEADER_PRICE, GROUP_PRICE
        ]  # fmt: skip

        await look_at(page, address, "calendar")
        await expect(page.locator(".day-bar.group").first).to_be_visible()
        await expect(page.locator(".day.today .day-number")).to_have_count(1)


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
