"""The search log: what the merchant reads of what shoppers asked for, and what is not kept."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.worker import work
from cli.scratch import ScratchShop
from commerce.catalog.media import Kept
from commerce.merchandising.pictures import media_row
from commerce.search.log import SearchDay, forget_searches, log_search, normal, searches, searches_by_day
from commerce.search.model import SearchEntry
from foundation.database import raw


async def test_the_merchant_sees_each_wish_once_with_how_often_it_found_nothing(
    session: AsyncSession, now: datetime
) -> None:
    for minutes, text, language, found, relaxed in [
        (0, "茶杯", "zh", 3, False),
        (1, " 茶杯！", "zh", 3, False),
        (2, "筷子", "zh", 0, False),
        (3, "筷子", "zh", 2, True),
        (4, "筷子", "zh", 1, False),
        (5, "Chopsticks", "en", 0, False),
    ]:
        at = now + timedelta(minutes=minutes)
        await log_search(session, text=text, language=language, found=found, relaxed=relaxed, now=at)
    rows = [(g.text, g.language, g.times, g.empty, g.near) for g in await searches(session, since=now)]
    assert rows == [("筷子", "zh", 3, 2, 1), ("茶杯", "zh", 2, 0, 0), ("chopsticks", "en", 1, 1, 0)]
    missing = await searches(session, since=now, only_empty=True)
    assert [(g.text, g.empty, g.last_at) for g in missing] == [
        ("筷子", 2, now + timedelta(minutes=4)),
        ("chopsticks", 1, now + timedelta(minutes=5)),
    ]


async def test_the_log_is_read_page_by_page_and_from_a_moment_on(session: AsyncSession, now: datetime) -> None:
    for times, text in enumerate(["mug", "lamp", "tea"], start=1):
        for _again in range(times):
            await log_search(session, text=text, language="en", found=1, relaxed=False, now=now + timedelta(days=times))
    assert [g.text for g in await searches(session, since=now, limit=2)] == ["tea", "lamp"]
    assert [g.text for g in await searches(session, since=now, limit=2, offset=2)] == ["mug"]
    assert [g.text for g in await searches(session, since=now + timedelta(days=2))] == ["tea", "lamp"]


async def test_old_searches_are_forgotten(session: AsyncSession, now: datetime) -> None:
    await log_search(session, text="tea", language="en", found=1, relaxed=False, now=now - timedelta(seconds=1))
    await log_search(session, text="mug", language="en", found=1, relaxed=False, now=now)
    await forget_searches(session, before=now)
    assert (await session.scalars(select(SearchEntry.text))).all() == ["mug"]


async def test_a_search_stays_written_down_when_what_came_of_it_is_undone(session: AsyncSession, now: datetime) -> None:
    await raw(session)

    async def search_and_fail() -> None:
        async with session.begin_nested():
            await log_search(session, text="tea", language="en", found=1, relaxed=False, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await search_and_fail()
    assert [g.text for g in await searches(session, since=now)] == ["tea"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Red   MUG?! ", "red mug"),
        ("烏龍茶", "乌龙茶"),
        ("ＭＵＧ", "mug"),
        ("404.038.96", "404.038.96"),
        ("lamp for jo.smith@example.com", "lamp for ***"),
        ("13812345678 的茶杯", "*** 的茶杯"),
        ("call +44 20 7946 0958", "call ***"),
        ("mug\x00red\ud800", "mug red"),
        ("x" * 10_000, "x" * 200),
        ("﷽" * 200, normal("﷽" * 200)[:200]),
    ],
)
def test_a_wish_is_written_down_plain_and_without_personal_data(written: str, kept: str) -> None:
    assert normal(written) == kept


@pytest.mark.parametrize("nothing", ["", "   ", "?!…", "🫖", "\x00", "jo@example.com", "138 1234 5678"])
async def test_what_has_no_words_is_not_written_down(session: AsyncSession, now: datetime, nothing: str) -> None:
    await log_search(session, text=nothing, language="zh", found=0, relaxed=False, now=now)
    assert await session.scalar(select(func.count()).select_from(SearchEntry)) == 0


async def test_a_worker_forgets_searches_after_ninety_days_and_pictures_that_nothing_shows(
    scratch: ScratchShop,
) -> None:
    last_day = scratch.clock() - timedelta(days=90)
    async with scratch.shop.database.begin() as session:
        await media_row(session, Kept("0" * 64, "image/jpeg", 1, 1))
        for text, at in [("tea", last_day - timedelta(seconds=1)), ("mug", last_day)]:
            await log_search(session, text=text, language="en", found=1, relaxed=False, now=at)
    stop = asyncio.Event()
    working = asyncio.create_task(work(scratch.shop, stop=stop))
    kept: list[str] = ["tea", "mug"]
    async with asyncio.timeout(60):
        while "tea" in kept:
            await asyncio.sleep(0.05)
            async with scratch.shop.database.begin() as session:
                kept = list(await session.scalars(select(SearchEntry.text)))
                jobs = await (await raw(session)).fetch("SELECT payload, execute_after > now() AS later FROM pgqueuer")
                to_do = [(json.loads(job["payload"]), job["later"]) for job in jobs]
    stop.set()
    await working
    assert kept == ["mug"]
    assert to_do == [({"digests": ["0" * 64]}, True)]


async def test_the_searches_of_a_day_are_counted_from_midnight_in_the_shop(session: AsyncSession) -> None:
    midnight = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # the 22nd begins in Shanghai
    for minutes, found, relaxed in [(-1, 3, False), (0, 0, False), (1, 2, True), (2, 1, False)]:
        at = midnight + timedelta(minutes=minutes)
        await log_search(session, text="茶杯", language="zh", found=found, relaxed=relaxed, now=at)
    shanghai = ZoneInfo("Asia/Shanghai")
    everything = await searches_by_day(session, since=midnight - timedelta(days=9), zone=shanghai)
    assert everything == [SearchDay(date(2026, 11, 21), 1, 0), SearchDay(date(2026, 11, 22), 3, 2)]
    assert await searches_by_day(session, since=midnight, zone=shanghai) == everything[1:]
