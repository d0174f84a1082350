"""Searching: what shoppers of the demo shop type, in Chinese and English, and what they find."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductStatus, ProductText, Variant
from commerce.demo.goods import CATEGORIES, GOODS
from commerce.demo.load import as_imported
from commerce.imports.publish import publish
from commerce.search.actions import Found, Sort, Wanted, find, index_products, similar, suggest_popular
from commerce.search.model import SearchOffer, SearchProduct
from commerce.search.terms import colours_in, terms_of
from foundation.database import Database
from foundation.money import Money

TEAS = {"anxi-tieguanyin", "yunnan-golden-buds", "west-lake-longjing", "ripe-puer-cake"}
TWELVE = TEAS | {
    "celadon-mug",
    "yixing-teapot",
    "sancai-gaiwan",
    "travel-flask",
    "wireless-earbuds",
    "power-bank",
    "desk-lamp",
    "gooseneck-kettle",
}
"""So few that a test can say exactly what is found."""


@pytest.fixture
async def shop(session: AsyncSession, now: datetime) -> AsyncSession:
    """The demo goods without their pictures, in a transaction that is rolled back."""
    products = [as_imported(goods, "CNY", ()) for goods in GOODS if goods.handle in TWELVE]
    await publish(session, source="demo", currency="CNY", categories=CATEGORIES, products=products, now=now)
    return session


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


async def handles(session: AsyncSession, ids: Sequence[int]) -> list[str]:
    found = dict((await session.execute(select(Product.id, Product.handle).where(Product.id.in_(ids)))).all())
    return [found[product_id] for product_id in ids]


async def search(session: AsyncSession, text: str, *, language: str = "zh", limit: int = 20) -> list[str]:
    found = await find(session, Wanted(text, language, limit=limit))
    return await handles(session, found.product_ids)


async def test_a_chinese_word_finds_its_product(shop: AsyncSession) -> None:
    expected = {
        "茶杯": "celadon-mug",
        "杯子": "celadon-mug",
        "耳机": "wireless-earbuds",
        "蓝牙耳机": "wireless-earbuds",
        "乌龙": "anxi-tieguanyin",
        "乌龙茶": "anxi-tieguanyin",
        "铁观音": "anxi-tieguanyin",
        "红茶": "yunnan-golden-buds",
        "绿茶": "west-lake-longjing",
        "龙井": "west-lake-longjing",
        "普洱": "ripe-puer-cake",
        "熟普": "ripe-puer-cake",
        "茶壶": "yixing-teapot",
        "紫砂": "yixing-teapot",
        "盖碗": "sancai-gaiwan",
        "青花": "sancai-gaiwan",
        "保温杯": "travel-flask",
        "充电宝": "power-bank",
        "移动电源": "power-bank",
        "台灯": "desk-lamp",
        "水壶": "gooseneck-kettle",
        "手冲壶": "gooseneck-kettle",
        "我想买一个杯子": "celadon-mug",
        "有没有龙井啊": "west-lake-longjing",
    }
    assert {text: (await search(shop, text))[:1] for text in expected} == {t: [best] for t, best in expected.items()}


async def test_an_english_word_finds_its_product(shop: AsyncSession) -> None:
    expected = {
        "mug": "celadon-mug",
        "mugs": "celadon-mug",
        "Tea Cups": "celadon-mug",
        "oolong": "anxi-tieguanyin",
        "oolong teas": "anxi-tieguanyin",
        "black tea": "yunnan-golden-buds",
        "green tea": "west-lake-longjing",
        "dragon well": "west-lake-longjing",
        "pu-erh": "ripe-puer-cake",
        "Pu'er": "ripe-puer-cake",
        "teapots": "yixing-teapot",
        "gaiwan": "sancai-gaiwan",
        "thermos": "travel-flask",
        "headphones": "wireless-earbuds",
        "earbuds": "wireless-earbuds",
        "portable charger": "power-bank",
        "lamp": "desk-lamp",
        "a kettle for pour-over coffee": "gooseneck-kettle",
        "I am looking for a desk lamp, please": "desk-lamp",
        "MUG-RED": "celadon-mug",
        "mug-red": "celadon-mug",
    }
    found = {text: (await search(shop, text, language="en"))[:1] for text in expected}
    assert found == {text: [best] for text, best in expected.items()}


async def test_traditional_and_full_width_letters_find_the_same(shop: AsyncSession) -> None:
    for other, simplified in [
        ("烏龍茶", "乌龙茶"),
        ("茶壺", "茶壶"),
        ("耳機", "耳机"),
        ("充電寶", "充电宝"),
        ("檯燈", "台灯"),
        ("ＭＵＧ", "mug"),
    ]:
        found = await search(shop, simplified)
        assert found, simplified
        assert await search(shop, other) == found, other


async def test_one_slip_of_the_finger_is_forgiven(shop: AsyncSession) -> None:
    for misspelt, best in [
        ("earbusd", "wireless-earbuds"),
        ("kettel", "gooseneck-kettle"),
        ("teapt", "yixing-teapot"),
        ("olong", "anxi-tieguanyin"),
        ("gooseneek kettle", "gooseneck-kettle"),
        ("wireles earbuds", "wireless-earbuds"),
    ]:
        found = await find(shop, Wanted(misspelt, "en"))
        assert (await handles(shop, found.product_ids))[:1] == [best], misspelt
        assert not found.relaxed, misspelt


async def test_tea_is_every_tea_and_no_teaware(shop: AsyncSession) -> None:
    for text in ["茶", "tea", "茶叶"]:
        assert set(await search(shop, text)) == TEAS, text


async def test_a_wish_finds_products_described_in_the_other_language(shop: AsyncSession) -> None:
    ids = dict((await shop.execute(select(Product.handle, Product.id))).all())
    await shop.execute(
        update(ProductText)
        .where(ProductText.lang == "zh", ProductText.product_id == ids["desk-lamp"])
        .values(title="-", body="-")
    )
    await index_products(shop, [ids["desk-lamp"]])
    assert await search(shop, "台灯", language="zh") == ["desk-lamp"]


async def test_a_colour_asks_for_products_that_come_in_it(shop: AsyncSession) -> None:
    for colour, expected in [
        ("red", ["celadon-mug"]),
        ("green", ["celadon-mug", "travel-flask"]),
        ("pink", ["travel-flask"]),
        ("black", ["celadon-mug"]),
    ]:
        found = await find(shop, Wanted("杯子", "zh", colours=(colour,)))
        assert sorted(await handles(shop, found.product_ids)) == expected, colour
        assert not found.relaxed, colour


async def test_a_colour_in_the_words_themselves_counts_too(shop: AsyncSession) -> None:
    assert await search(shop, "粉色的保温杯") == ["travel-flask"]
    assert await search(shop, "red mug") == ["celadon-mug"]


async def test_a_colour_nobody_has_is_let_go_and_the_answer_says_so(shop: AsyncSession) -> None:
    found = await find(shop, Wanted("mug", "en", colours=("gold",)))
    assert await handles(shop, found.product_ids) == ["celadon-mug"]
    assert found.relaxed


async def test_price_limits_include_their_end_and_always_hold(shop: AsyncSession) -> None:
    limits: list[tuple[int | None, int | None, set[str]]] = [
        (None, 67, {"anxi-tieguanyin", "yunnan-golden-buds", "ripe-puer-cake"}),
        (None, 48, {"anxi-tieguanyin", "yunnan-golden-buds"}),
        (None, 39, {"yunnan-golden-buds"}),
        (None, 38, set()),
        (188, None, {"west-lake-longjing", "ripe-puer-cake"}),
        (180, 190, {"ripe-puer-cake"}),
    ]
    for least, most, expected in limits:
        price_min, price_max = (None if limit is None else yuan(limit) for limit in (least, most))
        found = await find(shop, Wanted("茶", "zh", price_min=price_min, price_max=price_max))
        assert set(await handles(shop, found.product_ids)) == expected, (least, most)
        assert found.total == len(expected)


async def test_colour_and_price_must_be_true_of_the_same_variant(shop: AsyncSession) -> None:
    """The red mug costs 89, the others 79."""
    cheap = await find(shop, Wanted("马克杯", "zh", colours=("red",), price_max=yuan(80)))
    assert cheap.relaxed
    dear = await find(shop, Wanted("马克杯", "zh", colours=("red",), price_max=yuan(89)))
    assert await handles(shop, dear.product_ids) == ["celadon-mug"]
    assert not dear.relaxed


async def test_results_can_be_sorted(shop: AsyncSession) -> None:
    orders: list[tuple[Sort, list[str]]] = [
        ("price_asc", ["yunnan-golden-buds", "anxi-tieguanyin", "ripe-puer-cake", "west-lake-longjing"]),
        ("price_desc", ["west-lake-longjing", "ripe-puer-cake", "anxi-tieguanyin", "yunnan-golden-buds"]),
        ("newest", ["ripe-puer-cake", "west-lake-longjing", "yunnan-golden-buds", "anxi-tieguanyin"]),
    ]
    for sort, expected in orders:
        found = await find(shop, Wanted("茶", "zh", sort=sort))
        assert await handles(shop, found.product_ids) == expected, sort


async def test_pages_follow_each_other_without_gap_or_repeat(shop: AsyncSession) -> None:
    whole = (await find(shop, Wanted("茶", "zh"))).product_ids
    pages = [await find(shop, Wanted("茶", "zh", offset=offset, limit=3)) for offset in (0, 3, 6)]
    assert [page.product_ids for page in pages] == [whole[:3], whole[3:], ()]
    assert [page.total for page in pages] == [4, 4, 4]


async def test_a_wish_without_words_is_everything_within_its_limits(shop: AsyncSession) -> None:
    everything = await find(shop, Wanted("", "zh", limit=50))
    assert everything.total == len(everything.product_ids) == 12
    red = await find(shop, Wanted("有什么", "zh", colours=("red",)))
    assert await handles(shop, red.product_ids) == ["celadon-mug", "yixing-teapot"]
    cheap = await find(shop, Wanted("", "zh", price_max=yuan(50), sort="price_desc"))
    assert await handles(shop, cheap.product_ids) == ["anxi-tieguanyin", "yunnan-golden-buds"]
    past_the_end = await find(shop, Wanted("", "zh", offset=12))
    assert past_the_end == Found((), 12, relaxed=False)


async def test_a_word_nobody_knows_is_let_go_and_the_answer_says_so(shop: AsyncSession) -> None:
    found = await find(shop, Wanted("titanium mug", "en"))
    assert (await handles(shop, found.product_ids))[:1] == ["celadon-mug"]
    assert found.relaxed


async def test_nothing_is_found_where_nothing_fits(shop: AsyncSession) -> None:
    for text in ["zzzzzz", "鱻", "🦄", "qwertyuiop"]:
        assert (await find(shop, Wanted(text, "en"))).product_ids == (), text


async def test_only_published_products_and_active_variants_are_found(shop: AsyncSession) -> None:
    lamp, mug = [
        (await shop.scalars(select(Product.id).where(Product.handle == handle))).one()
        for handle in ("desk-lamp", "celadon-mug")
    ]
    await shop.execute(update(Product).where(Product.id == lamp).values(status=ProductStatus.ARCHIVED))
    await shop.execute(update(Variant).where(Variant.sku == "MUG-RED").values(active=False))
    await index_products(shop, [lamp, mug])
    assert await search(shop, "台灯") == []
    assert (await find(shop, Wanted("杯子", "zh", colours=("red",)))).relaxed
    assert await shop.get(SearchProduct, lamp) is None
    await shop.execute(update(Product).where(Product.id == lamp).values(status=ProductStatus.PUBLISHED))
    await index_products(shop, [lamp])
    assert await search(shop, "台灯") == ["desk-lamp"]


async def test_a_changed_title_is_found_under_its_new_name_only(shop: AsyncSession) -> None:
    lamp = (await shop.scalars(select(Product.id).where(Product.handle == "desk-lamp"))).one()
    await shop.execute(update(ProductText).where(ProductText.product_id == lamp).values(title="孔明灯笼 Lantern"))
    await index_products(shop, [lamp, lamp])
    assert await search(shop, "灯笼") == ["desk-lamp"]
    assert await search(shop, "lanterns") == ["desk-lamp"]


async def test_indexing_again_leaves_the_same_index(shop: AsyncSession) -> None:
    async def index() -> list[object]:
        rows = await shop.execute(select(SearchProduct.product_id, SearchProduct.terms, SearchProduct.weights))
        offers = await shop.execute(select(SearchOffer.variant_id, SearchOffer.price_amount, SearchOffer.colours))
        return [sorted(rows.all()), sorted(offers.all())]

    before = await index()
    ids = (await shop.scalars(select(Product.id))).all()
    await index_products(shop, list(ids))
    assert await index() == before


async def test_the_same_products_can_be_indexed_by_many_at_once(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        products = [as_imported(goods, "CNY", ()) for goods in GOODS if goods.handle in TWELVE]
        await publish(session, source="demo", currency="CNY", categories=CATEGORIES, products=products, now=now)
        ids = list(await session.scalars(select(Product.id)))

    async def index_again() -> None:
        async with database.begin() as session:
            await index_products(session, ids)

    await asyncio.gather(*(index_again() for _ in range(6)))
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(SearchProduct)) == 12
        assert await session.scalar(select(func.count()).select_from(SearchOffer)) == 37


async def test_a_few_products_of_every_shelf_are_suggested(shop: AsyncSession) -> None:
    suggested = await suggest_popular(shop, limit=3)
    assert await handles(shop, suggested) == ["anxi-tieguanyin", "celadon-mug", "wireless-earbuds"]
    assert len(await suggest_popular(shop, limit=100)) == 12


async def test_any_text_is_answered(shop: AsyncSession) -> None:
    for text in [
        "a" * 10_000,
        "茶" * 10_000,
        "mug " * 2_500,
        "'; DROP TABLE product; --",
        "mug' & !cup | (tea:* <-> 'pot')",
        "%_\\",
        "\x00\x01mug",
        "\ud800",
        "   \n\t ",
        "<script>alert(1)</script>",
        "😀" * 3_000,
        "l'été à la plage",
        "İstanbul ﬁne ﷽",
    ]:
        assert len((await find(shop, Wanted(text, "en"))).product_ids) <= 5
    assert await search(shop, "mug") == ["celadon-mug"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Mugs & batteries", ["mug", "battery"]),
        ("glass boxes", ["glass", "box"]),
        ("烏龍茶", ["乌", "龙", "茶", "乌龙", "龙茶"]),
        ("Café 350ml", ["cafe", "350ml"]),
        ("Pu'er茶", ["puer", "茶"]),
        ("the", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms


@pytest.mark.parametrize(
    ("name", "colours"),
    [
        ("珊瑚红", {"red"}),
        ("Coral red", {"red"}),
        ("豆青绿", {"green"}),
        ("mustard", {"yellow"}),
        ("Gray", {"grey"}),
        ("墨绿", {"green"}),
        ("粉红色", {"pink"}),
        ("米白", {"white"}),
        ("125 克", set()),
        ("Redwood City", set()),
    ],
)
def test_colours_of_a_name(name: str, colours: set[str]) -> None:
    assert colours_in(name) == colours


async def test_similar_products_are_of_its_kind_and_not_itself(shop: AsyncSession) -> None:
    ids = dict((await shop.execute(select(Product.handle, Product.id))).all())
    alike = await handles(shop, await similar(shop, ids["anxi-tieguanyin"], limit=2))
    assert set(alike) < TEAS - {"anxi-tieguanyin"}
    assert await similar(shop, 0, limit=3) == []
