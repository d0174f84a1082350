"""Facets: how what was found could be narrowed, counted over everything found."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.skills.listing import PAGE, Page, _narrower
from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import Category, Option, OptionValue, Product, Variant, VariantValue
from commerce.search.actions import Wanted, find
from commerce.search.facets import (
    MOST_NAMES,
    MOST_VALUES,
    CategoryCount,
    ColourCount,
    PriceBand,
    ValueCount,
    facets,
    facets_of,
    round_edges,
)
from commerce.search.terms import colours_in
from foundation.money import Money
from tests.shelf import a_shelf, goods

COLOUR, SIZE, MATERIAL = {"zh": "颜色", "en": "Colour"}, {"zh": "尺码", "en": "Size"}, {"zh": "材质", "en": "Material"}
RED, BLUE, GREEN = {"zh": "红色", "en": "Red"}, {"zh": "蓝色", "en": "Blue"}, {"zh": "绿色", "en": "Green"}
COTTON, SILK = {"zh": "棉", "en": "Cotton"}, {"zh": "真丝", "en": "Silk"}


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


@pytest.fixture
async def wardrobe(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Four shirts and scarves, and a draft that nobody may see."""
    clothes = await a_shelf(session, "clothes", name={"zh": "服装", "en": "Clothing"})
    shirts = await a_shelf(session, "shirts", name={"zh": "衬衫", "en": "Shirts"}, inside=clothes)
    plain = await goods(
        session, "plain-shirt", now=now, titles={"zh": "纯色衬衫", "en": "Plain shirt"}, shelf=shirts,
        option=COLOUR, kinds=((RED, 9900), (BLUE, 9900)), facts=((MATERIAL, COTTON),),
    )  # fmt: skip
    fine = await goods(
        session, "fine-shirt", now=now, titles={"zh": "真丝衬衫", "en": "Silk shirt"}, shelf=shirts,
        option=COLOUR, kinds=((RED, 39900), (GREEN, 45900)), facts=((MATERIAL, SILK),),
    )  # fmt: skip
    scarf = await goods(
        session, "scarf", now=now, titles={"zh": "棉围巾", "en": "Cotton scarf"}, shelf=clothes,
        kinds=(({}, 5900),), facts=((MATERIAL, COTTON),),
    )  # fmt: skip
    return {"plain": plain, "fine": fine, "scarf": scarf, "clothes": clothes, "shirts": shirts}


async def test_everything_found_is_counted_not_only_the_page(session: AsyncSession, wardrobe: dict[str, int]) -> None:
    counted = await facets(session, Wanted("", "zh", limit=1), language="zh")
    assert counted.categories == (
        CategoryCount(wardrobe["clothes"], "服装", 3),
        CategoryCount(wardrobe["shirts"], "衬衫", 2),
    )
    assert counted.colours == (ColourCount("red", 2), ColourCount("blue", 1), ColourCount("green", 1))
    assert counted.prices == (
        PriceBand(None, yuan(100), 2),
        PriceBand(yuan(100), None, 1),
    )
    assert counted.values == (
        ValueCount("颜色", "红色", 2),
        ValueCount("颜色", "绿色", 1),
        ValueCount("颜色", "蓝色", 1),
        ValueCount("材质", "棉", 2),
        ValueCount("材质", "真丝", 1),
    )


async def test_names_are_told_in_the_asked_language(session: AsyncSession, wardrobe: dict[str, int]) -> None:
    counted = await facets(session, Wanted("shirt", "en"), language="en")
    assert [(shelf.name, shelf.count) for shelf in counted.categories] == [("Shirts", 2), ("Clothing", 2)]
    assert ValueCount("Material", "Cotton", 1) in counted.values


async def test_values_count_only_with_an_offer_within_the_limits(
    session: AsyncSession, wardrobe: dict[str, int]
) -> None:
    counted = await facets(session, Wanted("", "en", price_max=yuan(400)), language="en")
    assert counted.colours == (ColourCount("red", 2), ColourCount("blue", 1))
    assert "Green" not in [value.value for value in counted.values]


async def test_what_is_sold_out_does_not_count_where_stock_was_asked_for(
    session: AsyncSession, wardrobe: dict[str, int], now: datetime
) -> None:
    await goods(
        session, "gone", now=now, titles={"en": "Gone shirt"}, option=COLOUR, kinds=((GREEN, 9900),), pieces=0
    )  # fmt: skip
    asked = Wanted("shirt", "en")
    assert ColourCount("green", 2) in (await facets(session, asked, language="en")).colours
    asked = Wanted("shirt", "en", in_stock=True)
    assert ColourCount("green", 1) in (await facets(session, asked, language="en")).colours


async def test_values_are_counted_however_many_were_found(session: AsyncSession, wardrobe: dict[str, int]) -> None:
    found = [wardrobe["plain"], *range(10**9, 10**9 + 600)]
    counted = await facets_of(session, found, Wanted("", "en"), language="en")
    assert ValueCount("Material", "Cotton", 1) in counted.values


async def test_the_shelf_of_all_that_was_counted_narrows_nothing_though_more_was_found(
    session: AsyncSession, now: datetime
) -> None:
    shelf = await a_shelf(session, "tea", name={"en": "Tea"})
    tins = [
        await goods(session, f"tin{number}", now=now, titles={"en": "Tin"}, shelf=shelf, kinds=(({}, 5900),))
        for number in range(PAGE)
    ]
    turn: Any = SimpleNamespace(session=session, language="en")
    page = Page(tuple(tins), total=5000, found=tuple(tins))
    assert await _narrower(turn, {"text": "tin", "key": "1"}, page) == []


async def test_nothing_found_has_no_facets(session: AsyncSession, wardrobe: dict[str, int]) -> None:
    counted = await facets(session, Wanted("zzzzqqq", "en"), language="en")
    assert (counted.categories, counted.colours, counted.prices, counted.values) == ((), (), (), ())


async def test_a_price_band_finds_what_it_counts(session: AsyncSession, wardrobe: dict[str, int]) -> None:
    for band in (await facets(session, Wanted("", "zh"), language="zh")).prices:
        found = await find(session, Wanted("", "zh", price_min=band.least, price_max=band.most))
        assert found.total == band.count


async def test_counts_equal_a_slow_recount(session: AsyncSession, now: datetime) -> None:
    dice = random.Random(3)
    shelves: list[int] = []
    for number in range(7):
        inside = dice.choice([None, *shelves])
        shelves.append(await a_shelf(session, f"s{number}", name={"en": f"Shelf {number}"}, inside=inside))
    words = ["Red", "Blue", "Light blue", "Black", "Mint", "XL", "S"]
    for number in range(60):
        values = [{"en": word} for word in dice.sample(words, dice.randint(1, 4))]
        facts = [({"en": f"Fact {place}"}, {"en": f"v{dice.randint(1, 15)}"}) for place in range(dice.randint(0, 12))]
        await goods(
            session, f"p{number}", now=now, titles={"en": f"Thing {number}"}, shelf=dice.choice([None, *shelves]),
            option=dice.choice([COLOUR, SIZE]), kinds=[(value, dice.randint(1, 500) * 100) for value in values],
            facts=facts,
        )  # fmt: skip
    for wanted in (Wanted("thing", "en"), Wanted("", "en", price_min=yuan(100), price_max=yuan(300))):
        everything = (await find(session, replace(wanted, limit=1000))).product_ids
        assert len(everything) > 30
        counted = await facets(session, wanted, language="en")
        least, most = (0, 10**9) if wanted.price_min is None else (10_000, 30_000)
        offers = await _offers(session, everything, least, most)
        assert counted.categories == await _slow_categories(session, everything)
        assert counted.colours == _slow_colours(offers)
        assert [band.count for band in counted.prices] == [
            len({of for of, price, _name, _value in offers if _within(price, band)}) for band in counted.prices
        ]
        assert counted.values == await _slow_values(session, everything, offers)


def _within(price: int, band: PriceBand) -> bool:
    return (band.least is None or price >= band.least.amount) and (band.below is None or price < band.below.amount)


async def _offers(
    session: AsyncSession, ids: tuple[int, ...], least: int, most: int
) -> list[tuple[int, int, str, str]]:
    rows = await session.execute(
        select(Variant.product_id, Variant.price_amount, Option.name, OptionValue.name)
        .join(VariantValue, VariantValue.variant_id == Variant.id)
        .join(OptionValue, OptionValue.id == VariantValue.value_id)
        .join(Option, Option.id == OptionValue.option_id)
    )
    return [
        (of, price, name["en"], value["en"]) for of, price, name, value in rows if of in ids and least <= price <= most
    ]


async def _slow_categories(session: AsyncSession, ids: tuple[int, ...]) -> tuple[CategoryCount, ...]:
    parents = {shelf.id: shelf for shelf in await session.scalars(select(Category))}
    counts: Counter[int] = Counter()
    near: dict[int, int] = {}
    for product in await session.scalars(select(Product).where(Product.id.in_(ids))):
        place, level = product.category_id, 1
        while place is not None:
            counts[place] += 1
            near[place] = min(level, near.get(place, 9))
            place, level = parents[place].parent_id, level + 1
    order = sorted(counts, key=lambda place: (-counts[place], near[place], place))
    return tuple(CategoryCount(place, str(parents[place].name["en"]), counts[place]) for place in order)


def _slow_colours(offers: list[tuple[int, int, str, str]]) -> tuple[ColourCount, ...]:
    seen = {(of, colour) for of, _price, _name, value in offers for colour in colours_in(value)}
    counts = Counter(colour for _of, colour in seen)
    return tuple(ColourCount(colour, counts[colour]) for colour in sorted(counts, key=lambda c: (-counts[c], c)))


async def _slow_values(
    session: AsyncSession, ids: tuple[int, ...], offers: list[tuple[int, int, str, str]]
) -> tuple[ValueCount, ...]:
    seen = {(name, value, of) for of, _price, name, value in offers}
    facts = await session.scalars(select(ProductAttribute).where(ProductAttribute.product_id.in_(ids)))
    seen |= {(str(fact.name["en"]), str(fact.value["en"]), fact.product_id) for fact in facts}
    known = Counter(name for name, _value, _of in seen)
    counts = Counter((name, value) for name, value, _of in seen)
    said: list[ValueCount] = []
    for name in sorted(known, key=lambda name: (-known[name], name))[:MOST_NAMES]:
        values = sorted((value for of, value in counts if of == name), key=lambda v: (-counts[name, v], v))
        said += [ValueCount(name, value, counts[name, value]) for value in values[:MOST_VALUES]]
    return tuple(said)


@pytest.mark.parametrize(
    ("wanted", "low", "high", "edges"),
    [
        ([3900, 8800, 12900, 26000], 900, 99900, [5000, 10000, 30000]),
        ([100, 100, 100, 100], 100, 100, []),
        ([1, 2, 4, 9], 1, 9, [2, 5]),
        ([0, 0, 700, 700], 0, 700, [500]),
        ([10**14], 10**13, 10**15, [10**14]),
    ],
)
def test_bands_begin_at_round_amounts(wanted: list[int], low: int, high: int, edges: list[int]) -> None:
    assert round_edges(wanted, low=low, high=high) == edges


async def test_a_shelf_inside_itself_does_not_count_for_ever(session: AsyncSession, now: datetime) -> None:
    outer = await a_shelf(session, "a", name={"en": "A"})
    inner = await a_shelf(session, "b", name={"en": "B"}, inside=outer)
    product = await goods(session, "p", now=now, titles={"en": "Thing"}, shelf=inner)
    (await session.get_one(Category, outer)).parent_id = inner
    await session.flush()
    counted = await facets_of(session, [product], Wanted("", "en"), language="en")
    assert [(shelf.name, shelf.count) for shelf in counted.categories] == [("B", 1), ("A", 1)]
