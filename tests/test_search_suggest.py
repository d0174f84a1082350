"""Suggestions while somebody types: what begins so, in Chinese, in English and in pinyin."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Category, Product, ProductStatus, ProductText
from commerce.search.index import index_products
from commerce.search.log import log_search
from commerce.search.starts import LONGEST_KEY, learn_popular, starts_of
from commerce.search.suggest import Suggestion, suggest
from foundation.database import Database
from tests.shelf import a_shelf, goods


@pytest.fixture
async def tea_shop(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Three teas, a cup and a lamp; a shelf without goods."""
    tea = await a_shelf(session, "tea", name={"zh": "茶叶", "en": "Tea"})
    oolong = await a_shelf(session, "oolong", name={"zh": "乌龙茶", "en": "Oolong tea"}, inside=tea)
    await a_shelf(session, "teapots", name={"zh": "茶壶", "en": "Teapots"})
    titles = {
        "tieguanyin": {"zh": "安溪铁观音 清香型", "en": "Anxi Tieguanyin Oolong Tea"},
        "longjing": {"zh": "西湖龙井", "en": "West Lake Longjing Green Tea"},
        "cup": {"zh": "龙泉青瓷茶杯", "en": "Celadon Tea Cup"},
        "lamp": {"en": "Desk Lamp"},
    }
    shelves = {"tieguanyin": oolong, "longjing": tea}
    made = {
        handle: await goods(session, handle, now=now, titles=title, shelf=shelves.get(handle))
        for handle, title in titles.items()
    }
    return {**made, "tea": tea, "oolong": oolong}


async def titles(session: AsyncSession, typed: str, *, language: str = "zh") -> list[str]:
    return [found.text for found in await suggest(session, typed, language=language) if found.kind == "product"]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("铁", "安溪铁观音 清香型"),
        ("铁观", "安溪铁观音 清香型"),
        ("鐵觀音", "安溪铁观音 清香型"),
        ("tieg", "安溪铁观音 清香型"),
        ("TieG", "安溪铁观音 清香型"),
        ("tie guan y", "安溪铁观音 清香型"),
        ("tgy", "安溪铁观音 清香型"),
        ("anxi", "安溪铁观音 清香型"),
        ("观音清", "安溪铁观音 清香型"),
        ("oolong te", "安溪铁观音 清香型"),
        ("longj", "西湖龙井"),
        ("xihu", "西湖龙井"),
        ("龙井", "西湖龙井"),
        ("cela", "龙泉青瓷茶杯"),
        ("chabei", "龙泉青瓷茶杯"),
        ("ｄｅｓｋ", "Desk Lamp"),
        ("la", "Desk Lamp"),
    ],
)
async def test_a_title_is_suggested_by_any_of_its_beginnings(
    session: AsyncSession, tea_shop: dict[str, int], typed: str, title: str
) -> None:
    assert title in await titles(session, typed)


async def test_suggestions_are_in_the_asked_language(session: AsyncSession, tea_shop: dict[str, int]) -> None:
    assert await titles(session, "tieg", language="en") == ["Anxi Tieguanyin Oolong Tea"]
    assert await titles(session, "铁观音", language="en") == ["Anxi Tieguanyin Oolong Tea"]


async def test_who_speaks_another_language_reads_english_before_any_other(session: AsyncSession, now: datetime) -> None:
    kitchen = await a_shelf(session, "kitchen", name={"de": "Kolumna", "en": "Kolumna shelf"})
    await goods(session, "k", now=now, titles={"de": "Kolumbus", "en": "Kolumbus jug"}, shelf=kitchen)
    found = await suggest(session, "kolum", language="zh")
    assert [(one.kind, one.text) for one in found] == [("category", "Kolumna shelf"), ("product", "Kolumbus jug")]


async def test_a_title_that_begins_so_goes_before_one_with_a_word_that_does(
    session: AsyncSession, tea_shop: dict[str, int]
) -> None:
    assert await titles(session, "long") == ["龙泉青瓷茶杯", "西湖龙井"]


async def test_shelves_lead_and_empty_shelves_are_not_suggested(
    session: AsyncSession, tea_shop: dict[str, int]
) -> None:
    assert await suggest(session, "cha", language="zh") == [
        Suggestion("茶叶", "category", category_id=tea_shop["tea"]),
        Suggestion("乌龙茶", "category", category_id=tea_shop["oolong"]),
        Suggestion("龙泉青瓷茶杯", "product", product_id=tea_shop["cup"]),
    ]
    assert [found.text for found in await suggest(session, "teap", language="en")] == []


@pytest.mark.parametrize("typed", ["", "   ", "?!", "🫖", "zzzz", "%", "_", "\\", "铁观音%", "\x00", "'; --"])
async def test_what_nothing_begins_with_suggests_nothing(
    session: AsyncSession, tea_shop: dict[str, int], typed: str
) -> None:
    assert await suggest(session, typed, language="zh") == (
        await suggest(session, "铁观音", language="zh") if "铁" in typed else []
    )


async def test_a_very_long_text_is_no_trouble(session: AsyncSession, tea_shop: dict[str, int]) -> None:
    assert await suggest(session, "tea " * 10_000, language="en") == []


async def test_as_many_as_asked_for_each_once(session: AsyncSession, now: datetime) -> None:
    for number in range(30):
        await goods(session, f"tea-{number}", now=now, titles={"en": f"Tea tea tea {number}"})
    found = await suggest(session, "tea", language="en", limit=5)
    assert len({suggestion.product_id for suggestion in found}) == 5
    assert await suggest(session, "tea", language="en", limit=0) == []


async def test_the_last_word_is_completed_where_no_name_begins_so(
    session: AsyncSession, tea_shop: dict[str, int]
) -> None:
    assert await suggest(session, "green oolo", language="en") == [Suggestion("green oolong", "word")]


async def test_only_published_products_are_suggested_and_under_their_present_title(
    session: AsyncSession, tea_shop: dict[str, int]
) -> None:
    of = tea_shop["lamp"]
    await session.execute(update(ProductText).where(ProductText.product_id == of).values(title="Reading Light"))
    await index_products(session, [of])
    assert (await titles(session, "desk"), await titles(session, "readi")) == ([], ["Reading Light"])
    await session.execute(update(Product).where(Product.id == of).values(status=ProductStatus.ARCHIVED))
    assert await titles(session, "readi") == []
    await index_products(session, [of])
    assert await titles(session, "readi") == []


async def test_a_renamed_shelf_is_suggested_under_its_new_name(session: AsyncSession, tea_shop: dict[str, int]) -> None:
    shelf = await session.get_one(Category, tea_shop["tea"])
    shelf.name = {"zh": "好茶", "en": "Fine leaves"}
    await session.flush()
    await index_products(session, [tea_shop["tieguanyin"]])
    assert [found.text for found in await suggest(session, "fine", language="en")] == ["Fine leaves"]
    assert "茶叶" not in [found.text for found in await suggest(session, "chaye", language="zh")]


async def test_a_new_product_is_suggested_to_everybody_once_it_is_committed(database: Database, now: datetime) -> None:
    async with database.begin() as reader, database.begin() as writer:
        await goods(writer, "lamp", now=now, titles={"en": "Desk Lamp"})
        assert await titles(reader, "desk") == []
        await writer.commit()
        assert await titles(reader, "desk") == ["Desk Lamp"]


async def test_what_many_searched_for_and_found_is_suggested(session: AsyncSession, now: datetime) -> None:
    asked = [("绿茶", 6, 3, False), ("绿萝", 4, 3, False), ("绿豆", 9, 0, False), ("绿菜", 9, 1, True)]
    for text, times, found, relaxed in asked:
        for _again in range(times):
            await log_search(session, text=text, language="zh", found=found, relaxed=relaxed, now=now)
    await learn_popular(session, since=now - timedelta(days=1))
    assert await suggest(session, "绿", language="zh") == [Suggestion("绿茶", "search")]
    assert await suggest(session, "lvc", language="zh") == [Suggestion("绿茶", "search")]
    await learn_popular(session, since=now + timedelta(days=1))
    assert await suggest(session, "绿", language="zh") == []


def test_a_name_begins_at_every_word_and_character() -> None:
    assert starts_of(["绿茶 Tea"]) == {
        "绿茶tea": True,
        "lvchatea": True,
        "lct": True,
        "茶tea": False,
        "chatea": False,
        "ct": False,
        "tea": False,
    }
    assert starts_of(["", "?!", "🫖"]) == {}
    assert max(len(key) for key in starts_of(["long " * 100, "长" * 300])) == LONGEST_KEY
