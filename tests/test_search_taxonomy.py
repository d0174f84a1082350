"""The bilingual taxonomy: a wish in one language finds what is described in the other, and never at another's cost."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.sentences import sentence
from commerce.search.actions import Wanted, find
from commerce.search.taxonomy import (
    SearchSynonym,
    Taxonomy,
    keep_taxonomy,
    line_of,
    pairs_of,
    read_taxonomy,
    synonyms_of,
)
from foundation.database import Database
from foundation.errors import Refused
from tests.shelf import goods, handles

CATEGORIES = {
    "en": "# heading\n\ngid://shopify/TaxonomyCategory/el-6 : Electronics > Computers > Laptops\n",
    "zh-CN": "# 标题\n\ngid://shopify/TaxonomyCategory/el-6 : 电子产品 > 计算机 > 笔记本电脑\n",
}
VALUES = {
    "en": "gid://shopify/TaxonomyValue/1 : Cotton [Fabric]\ngid://shopify/TaxonomyValue/2 : Only English [Fabric]\n",
    "zh-CN": "gid://shopify/TaxonomyValue/1 : 棉 [面料]\n",
}


def a_taxonomy(*pairs: tuple[str, str]) -> Taxonomy:
    return Taxonomy(dict.fromkeys(pairs, 1))


async def search(session: AsyncSession, text: str, *, language: str = "zh") -> list[str]:
    return await handles(session, (await find(session, Wanted(text, language, limit=20))).product_ids)


def write(folder: Path, files: dict[str, dict[str, str]]) -> Path:
    for name, by_language in files.items():
        for language, text in by_language.items():
            (folder / language).mkdir(exist_ok=True)
            (folder / language / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        ("Laptops", "笔记本电脑", [("Laptops", "笔记本电脑")]),
        ("Gloves & Mittens", "手套/连指手套", [("Gloves", "手套"), ("Mittens", "连指手套")]),
        ("Futons", "日式床垫/折叠沙发床", [("Futons", "日式床垫"), ("Futons", "折叠沙发床")]),
        ("Phone Stands", "手机支架/座", [("Phone Stands", "手机支架")]),
        ("Fruits & Vegetables", "蔬果", []),
        ("Kimonos", "和服", [("Kimonos", "和服")]),
        ("Ceramic", "陶瓷制品", [("Ceramic", "陶瓷制品"), ("Ceramic", "陶瓷")]),
        ("Other", "其他", []),
        ("17", "17", []),
        ("1", "一号", []),
        ("DVD", "DVD", []),
        ("", "", []),
        ("x" * 30 + " " + "y" * 30, "长" * 13, []),
        (" ".join(["z" * 39] * 6), "长", []),
    ],
)
def test_two_names_are_paired_where_their_parts_match(
    english: str, chinese: str, expected: list[tuple[str, str]]
) -> None:
    assert list(pairs_of(english, chinese)) == expected


def test_a_folder_is_read_by_the_ids_both_languages_know(tmp_path: Path) -> None:
    read = read_taxonomy(write(tmp_path, {"categories.txt": CATEGORIES, "attribute_values.txt": VALUES}))
    assert read.pairs == {("Laptops", "笔记本电脑"): 1, ("Cotton", "棉"): 1}
    assert read.unread == ()


def test_lines_that_cannot_be_read_are_told_with_their_place(tmp_path: Path) -> None:
    broken = {**VALUES, "en": VALUES["en"] + "something else\n"}
    read = read_taxonomy(write(tmp_path, {"categories.txt": CATEGORIES, "attribute_values.txt": broken}))
    assert read.unread == ("attribute_values.txt:3",)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "taxonomy.no_file"), (b"\xff\xfe\x00broken", "taxonomy.unreadable"), (b"", "taxonomy.no_pairs")],
)
def test_a_folder_that_is_no_taxonomy_is_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    for language in ("en", "zh-CN"):
        (tmp_path / language).mkdir()
        for name in ("categories.txt", "attribute_values.txt"):
            if content is not None:
                (tmp_path / language / name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_taxonomy(tmp_path)
    assert refused.value.code == code
    assert str(tmp_path) in sentence(refused.value)


async def test_a_second_import_changes_nothing_and_another_one_replaces_the_first(session: AsyncSession) -> None:
    first = a_taxonomy(("Laptops", "笔记本电脑"), ("Laptop", "笔记本电脑"), ("Cotton", "棉"))
    assert await keep_taxonomy(session, first) == 4
    assert await keep_taxonomy(session, first) == 4
    assert await session.scalar(select(func.count()).select_from(SearchSynonym)) == 4
    assert await keep_taxonomy(session, a_taxonomy(("Silk", "丝绸"))) == 2
    assert set(await session.scalars(select(SearchSynonym.line))) == {"silk", "丝 绸"}


async def test_the_meaning_most_entries_give_a_word_is_kept(session: AsyncSession) -> None:
    await keep_taxonomy(session, Taxonomy({("Mug", "马克杯"): 20, ("Mug", "剃须杯"): 1}))
    assert [item.terms for item in await synonyms_of(session, ["mug"])] == [("马克", "克杯")]


async def test_of_words_inside_each_other_the_longest_counts(session: AsyncSession) -> None:
    await keep_taxonomy(session, a_taxonomy(("Coffee tables", "茶几"), ("Coffee", "咖啡"), ("Tables", "桌子")))
    assert [item.terms for item in await synonyms_of(session, line_of("a coffee table"))] == [("茶几",)]
    found = await synonyms_of(session, line_of("coffee and a table"))
    assert [item.terms for item in found] == [("咖啡",), ("桌子",)]


@pytest.mark.parametrize(
    ("text", "is_cotton"),
    [
        ("棉", True),
        ("棉的", True),
        ("要棉的", True),
        ("棉T恤", True),
        ("棉衬衫", False),
        ("棉花糖", False),
        ("木棉", False),
    ],
)
async def test_a_single_character_counts_only_where_it_stands_alone(
    session: AsyncSession, text: str, is_cotton: bool
) -> None:
    await keep_taxonomy(session, a_taxonomy(("Cotton", "棉"), ("Shirts", "衬衫")))
    found = [item.terms for item in await synonyms_of(session, line_of(text))]
    assert (("cotton",) in found) is is_cotton


async def test_a_word_is_not_searched_for_as_a_character_of_many_words(session: AsyncSession) -> None:
    assert await keep_taxonomy(session, a_taxonomy(("Blocks", "块"), ("Bamboo", "竹"))) == 3
    assert await synonyms_of(session, ["block"]) == []
    assert [item.terms for item in await synonyms_of(session, ["bamboo"])] == [("alone:竹",)]
    assert [item.terms for item in await synonyms_of(session, ["块"])] == [("block",)]


async def test_a_wish_finds_what_is_described_in_the_other_language(session: AsyncSession, now: datetime) -> None:
    await goods(session, "ultrabook", now=now, titles={"en": "Pavilion laptop"})
    await goods(session, "bowl", now=now, titles={"en": "Ceramic bowl"})
    await goods(session, "wave-box", now=now, titles={"zh": "便携特雷门琴"})
    assert await search(session, "theremin", language="en") == []
    await keep_taxonomy(
        session,
        a_taxonomy(("Laptops", "计算机笔记本"), ("Ceramic", "陶瓷"), ("Bowls", "碗"), ("Theremins", "特雷门琴")),
    )
    assert await search(session, "计算机笔记本") == ["ultrabook"]
    assert await search(session, "陶瓷碗") == ["bowl"]
    assert await search(session, "theremin", language="en") == ["wave-box"]


async def test_the_wish_in_its_own_words_goes_before_the_taxonomy(session: AsyncSession, now: datetime) -> None:
    """Even where the own word stands only in a description, and the borrowed one is rare and in the title."""
    for number in range(12):
        await goods(
            session, f"own-{number}", now=now, titles={"zh": f"围巾{number}"}, bodies={"zh": "柔软的羊驼绒面料。"}
        )  # fmt: skip
    before = await search(session, "羊驼绒")
    assert len(before) == 12
    await goods(session, "borrowed", now=now, titles={"en": "Alpaca"})
    await keep_taxonomy(session, a_taxonomy(("Alpaca", "羊驼绒")))
    assert await search(session, "羊驼绒") == [*before, "borrowed"]


async def test_an_import_counts_at_once_for_every_other_connection(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        await goods(session, "wave-box", now=now, titles={"en": "Travel theremin"})
    async with database.begin() as reader, database.begin() as writer:
        assert await search(reader, "特雷门琴") == []
        await keep_taxonomy(writer, a_taxonomy(("Theremins", "特雷门琴")))
        assert await search(reader, "特雷门琴") == []
        await writer.commit()
        assert await search(reader, "特雷门琴") == ["wave-box"]


async def test_the_real_taxonomy_translates_both_ways(session: AsyncSession, shared: Path) -> None:
    read = read_taxonomy(shared / "taxonomy/shopify")
    assert read.unread == ()
    assert len(read.pairs) > 20_000
    assert await keep_taxonomy(session, read) > 35_000
    for said, terms in [
        ("不锈钢", ("stainless", "steel")),
        ("笔记本电脑", ("laptop",)),
        ("陶瓷", ("ceramic",)),
        ("防水", ("waterproof",)),
        ("waterproof", ("防水",)),
        ("backpacks", ("背包",)),
    ]:
        assert terms in [item.terms for item in await synonyms_of(session, line_of(said))], said
