"""Attribute values in plain words: cotton, 不锈钢, XL, 防水 find what is so, in whichever language it is described."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.actions import Wanted, find
from commerce.search.query import read_question
from commerce.search.vocabulary import ALONE, SAME
from tests.shelf import goods, handles

MATERIAL, SIZE = {"zh": "材质", "en": "Material"}, {"zh": "尺码", "en": "Size"}


@pytest.fixture
async def shelf(session: AsyncSession, now: datetime) -> AsyncSession:
    """Things of several materials; some are described in one language only."""
    await goods(
        session, "tee", now=now, titles={"zh": "圆领T恤", "en": "Crew-neck T-shirt"},
        facts=((MATERIAL, {"zh": "100% 棉", "en": "100% cotton"}),),
        option=SIZE, kinds=(({"zh": "M", "en": "M"}, 9900), ({"zh": "XL", "en": "XL"}, 9900)),
    )  # fmt: skip
    await goods(
        session, "shirt", now=now, titles={"zh": "长袖衬衫", "en": "Long-sleeved shirt"},
        facts=((MATERIAL, {"zh": "亚麻", "en": "Linen"}),), option=SIZE, kinds=(({"zh": "S", "en": "S"}, 19900),),
    )  # fmt: skip
    await goods(session, "socks", now=now, titles={"en": "Hiking socks"}, facts=((MATERIAL, {"en": "Cotton"}),))
    await goods(session, "kettle", now=now, titles={"zh": "电水壶"}, facts=((MATERIAL, {"zh": "304 不锈钢"}),))
    await goods(
        session, "flask", now=now, titles={"en": "Travel flask"}, facts=((MATERIAL, {"en": "Stainless steel"}),)
    )  # fmt: skip
    await goods(session, "pot", now=now, titles={"zh": "玻璃茶壶"}, facts=((MATERIAL, {"zh": "高硼硅玻璃"}),))
    await goods(session, "speaker", now=now, titles={"zh": "防水蓝牙音箱", "en": "Waterproof Bluetooth speaker"})
    await goods(session, "marshmallows", now=now, titles={"zh": "棉花糖"})
    return session


async def search(session: AsyncSession, text: str, *, language: str = "zh") -> list[str]:
    return await handles(session, (await find(session, Wanted(text, language, limit=20))).product_ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("纯棉", {"tee", "socks"}),
        ("cotton", {"tee", "socks"}),
        ("不锈钢", {"kettle", "flask"}),
        ("stainless steel", {"kettle", "flask"}),
        ("玻璃", {"pot"}),
        ("glass", {"pot"}),
        ("linen", {"shirt"}),
        ("亚麻", {"shirt"}),
        ("防水", {"speaker"}),
        ("waterproof", {"speaker"}),
        ("XL", {"tee"}),
        ("加大号", {"tee"}),
    ],
)
async def test_a_value_finds_everything_that_is_so(shelf: AsyncSession, text: str, expected: set[str]) -> None:
    assert set(await search(shelf, text)) == expected


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("纯棉T恤", "tee"),
        ("棉T恤", "tee"),
        ("cotton t-shirt", "tee"),
        ("cotton socks", "socks"),
        ("棉袜子", "socks"),
        ("亚麻衬衫", "shirt"),
        ("linen shirt", "shirt"),
        ("不锈钢水壶", "kettle"),
        ("stainless steel kettle", "kettle"),
        ("不锈钢保温杯", "flask"),
        ("玻璃的茶壶", "pot"),
        ("glass teapot", "pot"),
        ("XL的T恤", "tee"),
        ("waterproof speaker", "speaker"),
        ("防水音箱", "speaker"),
    ],
)
async def test_a_value_and_a_thing_find_the_thing_that_is_so(shelf: AsyncSession, text: str, best: str) -> None:
    assert (await search(shelf, text))[:1] == [best]


async def test_a_character_inside_another_word_is_no_material(shelf: AsyncSession) -> None:
    assert await search(shelf, "棉花糖") == ["marshmallows"]
    assert "tee" in await search(shelf, "棉的")


def test_a_material_of_one_character_is_read_only_where_it_stands_alone() -> None:
    def is_cotton(text: str) -> bool:
        return any(clue.terms == ("cotton",) for clue in read_question(text).clues)

    said = ["棉", "棉的", "有棉的吗", "棉T恤", "棉衬衫", "棉花糖", "木棉花"]
    assert [text for text in said if is_cotton(text)] == ["棉", "棉的", "有棉的吗", "棉T恤", "棉衬衫"]


def test_the_vocabulary_is_in_order() -> None:
    for group in SAME:
        assert len(group) > 1, group
        assert len(set(group)) == len(group), group
        assert group == tuple(word.strip().lower() for word in group), group
    characters = {word for group in SAME for word in group if len(word) == 1}
    assert ALONE - characters == set()
