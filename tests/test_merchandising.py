"""What the merchant does with the shelf, and that shoppers see it at once."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import add_line, cart_view
from commerce.catalog.media import Kept
from commerce.catalog.model import (
    Media,
    Option,
    OptionValue,
    Picture,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantPrice,
)
from commerce.catalog.queries import product_cards, product_details
from commerce.merchandising.actions import NO_CATEGORY, Edit, Fact, Text, create_product
from commerce.merchandising.categories import add_category
from commerce.merchandising.pictures import forget_media, media_row
from commerce.merchandising.stock import count_variant
from commerce.merchandising.variants import (
    NewPrice,
    OptionDraft,
    ValueDraft,
    VariantDraft,
)
from commerce.orders.actions import quote
from commerce.orders.model import Order, OrderLine
from commerce.search.actions import Wanted, find
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import a_customer, a_product, an_order, holds_of
from tests.merchant import CUP, Shelf
from tests.returning import Sold, a_delivered_order


@pytest.fixture
def shelf(database: Database, now: datetime) -> Shelf:
    return Shelf(database, now)


# Products


async def test_a_new_product_is_a_draft_until_it_is_published(shelf: Shelf) -> None:
    cup = await shelf.cup(published=False)
    assert await shelf.found("茶杯") == ()
    assert await shelf.titles(cup) is None
    await shelf.move(cup, ProductStatus.PUBLISHED)
    assert await shelf.found("茶杯") == await shelf.found("celadon", "en") == (cup,)
    assert await shelf.titles(cup) == ("青瓷茶杯", "Celadon tea cup")


async def test_its_handle_comes_from_the_english_title_and_is_never_taken_twice(shelf: Shelf) -> None:
    cups = [await shelf.cup(published=False) for _ in range(3)]
    chinese = await shelf.cup(published=False, texts={"zh": Text("青瓷 茶杯！")})
    nameless = await shelf.cup(published=False, texts={})
    async with shelf.database.begin() as session:
        handles = [(await session.get_one(Product, one)).handle for one in (*cups, chinese, nameless)]
    assert handles == ["celadon-tea-cup", "celadon-tea-cup-2", "celadon-tea-cup-3", "青瓷-茶杯", "product"]
    skus = [(await shelf.variants(one))[0].sku for one in cups]
    assert skus == [f"P{one}-1" for one in cups]


@pytest.mark.parametrize(
    ("texts", "price", "missing"),
    [({}, 100, ["title"]), ({"en": Text("Cup")}, 0, ["price"]), ({}, 0, ["title", "price"])],
)
async def test_a_product_that_lacks_something_is_not_published_and_says_what(
    shelf: Shelf, texts: dict[str, Text], price: int, missing: list[str]
) -> None:
    async with shelf.database.begin() as session:
        made = await create_product(session, texts=texts, currency="CNY", price=price, now=shelf.now)
    with pytest.raises(Refused, match=r"product\.incomplete") as refusal:
        await shelf.move(made.id, ProductStatus.PUBLISHED)
    assert refusal.value.facts == {"missing": missing}
    assert await shelf.version(made.id) == 1


async def test_without_an_active_variant_a_product_is_not_sold(shelf: Shelf) -> None:
    cup = await shelf.cup(published=False)
    await shelf.vary(cup, [], [])
    with pytest.raises(Refused) as refusal:
        await shelf.move(cup, ProductStatus.PUBLISHED)
    assert refusal.value.facts == {"missing": ["variant"]}


async def test_its_life_goes_by_the_moves_and_no_others(shelf: Shelf) -> None:
    cup = await shelf.cup()
    await shelf.move(cup, ProductStatus.ARCHIVED)
    assert await shelf.found("茶杯") == ()
    with pytest.raises(Refused, match=r"product\.move_refused") as refusal:
        await shelf.move(cup, ProductStatus.PUBLISHED)
    assert refusal.value.facts == {"before": "archived", "after": "published", "product": cup}
    await shelf.move(cup, ProductStatus.DRAFT)
    await shelf.move(cup, ProductStatus.PUBLISHED)
    await shelf.move(cup, ProductStatus.DRAFT)
    assert await shelf.titles(cup) is None


async def test_texts_in_two_languages_change_and_a_third_one_stays(shelf: Shelf) -> None:
    cup = await shelf.cup(texts={**CUP, "de": Text("Teetasse aus Seladon")})
    await shelf.edit(cup, Edit(texts={"zh": Text("青瓷茶盏"), "en": Text("Celadon bowl")}))
    assert await shelf.found("茶盏") == await shelf.found("bowl", "en") == await shelf.found("Teetasse", "de") == (cup,)
    assert await shelf.found("celadon cup hand", "en") == (cup,)
    assert await shelf.titles(cup) == ("青瓷茶盏", "Celadon bowl")
    await shelf.edit(cup, Edit(texts={"de": Text("")}))
    async with shelf.database.begin() as session:
        languages = await session.scalars(select(ProductText.lang).order_by(ProductText.lang))
        assert list(languages) == ["en", "zh"]


async def test_a_product_on_sale_keeps_its_last_title(shelf: Shelf) -> None:
    cup = await shelf.cup()
    with pytest.raises(Refused, match=r"product\.incomplete") as refusal:
        await shelf.edit(cup, Edit(texts={"zh": Text(""), "en": Text("")}))
    assert refusal.value.facts == {"missing": ["title"]}
    assert await shelf.titles(cup) == ("青瓷茶杯", "Celadon tea cup")


async def test_handle_shelf_shipping_and_facts_change_together(shelf: Shelf) -> None:
    cup = await shelf.cup()
    async with shelf.database.begin() as session:
        teaware = await add_category(session, name={"zh": "茶具", "en": "Teaware"})
    fact = Fact({"zh": "材质", "en": "Material"}, {"zh": "龙泉青瓷", "en": "Longquan stoneware"})
    edit = Edit(handle="cup", category_id=teaware.id, free_shipping=False, dispatch_days=3, attributes=[fact])
    await shelf.edit(cup, edit)
    async with shelf.database.begin() as session:
        saved = await session.get_one(Product, cup)
        assert (saved.handle, saved.category_id, saved.free_shipping, saved.dispatch_days, saved.version) == (
            "cup",
            teaware.id,
            False,
            3,
            3,
        )
    assert await shelf.found("龙泉") == await shelf.found("茶具") == await shelf.found("stoneware", "en") == (cup,)
    await shelf.edit(cup, Edit(category_id=NO_CATEGORY, attributes=[], is_digital=True))
    assert await shelf.found("龙泉") == ()
    async with shelf.database.begin() as session:
        assert (await session.get_one(Product, cup)).is_digital


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Edit(handle=""), "product.handle_invalid"),
        (Edit(handle="Tea Cup"), "product.handle_invalid"),
        (Edit(handle="../cup"), "product.handle_invalid"),
        (Edit(handle="x" * 101), "product.handle_invalid"),
        (Edit(handle="mine"), "product.handle_taken"),
        (Edit(category_id=999), "category.unknown"),
        (Edit(category_id=-1), "category.unknown"),
        (Edit(dispatch_days=366), "product.dispatch_days_invalid"),
        (Edit(dispatch_days=-1), "product.dispatch_days_invalid"),
        (Edit(texts={"en": Text("x" * 301)}), "product.title_invalid"),
        (Edit(texts={"en": Text("", "a description of nothing")}), "product.title_invalid"),
        (Edit(texts={"en": Text("x", "x" * 20_001)}), "product.body_too_long"),
        (Edit(texts={"": Text("x")}), "product.language_invalid"),
        (Edit(texts={"klingon-x": Text("x")}), "product.language_invalid"),
        (Edit(attributes=[Fact({"en": "a"}, {"en": "b"})] * 61), "product.too_many_facts"),
        (Edit(attributes=[Fact({"en": " "}, {"en": "b"})]), "name.invalid"),
        (Edit(attributes=[Fact({"en": "a"}, {"en": "b" * 201})]), "name.invalid"),
    ],
)
async def test_an_edit_that_cannot_be_leaves_everything_as_it_was(shelf: Shelf, edit: Edit, code: str) -> None:
    cup, other = await shelf.cup(), await shelf.cup(published=False)
    await shelf.edit(other, Edit(handle="mine"))
    with pytest.raises(Refused) as refusal:
        await shelf.edit(cup, edit)
    assert refusal.value.code == code
    assert await shelf.version(cup) == 2
    assert await shelf.titles(cup) == ("青瓷茶杯", "Celadon tea cup")


# Two at once


async def test_of_two_edits_of_the_same_version_one_wins_and_the_other_hears_it(shelf: Shelf) -> None:
    cup = await shelf.cup()
    titles = [f"Cup {number}" for number in range(6)]
    answers = await asyncio.gather(
        *(shelf.edit(cup, Edit(texts={"en": Text(title)}), version=2) for title in titles), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [(one.code, one.facts) for one in refused] == [("product.changed", {"version": 3})] * 5
    won = titles[next(place for place, answer in enumerate(answers) if not isinstance(answer, Refused))]
    assert await shelf.titles(cup) == ("青瓷茶杯", won)


async def test_the_twin_that_does_not_ask_for_the_version_loses_an_edit(shelf: Shelf) -> None:
    """What happens without the guard: both forms were filled from the same page, and the second one wipes the first."""
    cup = await shelf.cup()
    both_looked = asyncio.Barrier(2)

    async def save(change: dict[str, object]) -> None:
        async with shelf.database.begin() as session:
            read = (await session.execute(select(Product.free_shipping, Product.dispatch_days))).one()
            form = {"free_shipping": read.free_shipping, "dispatch_days": read.dispatch_days, **change}
            await both_looked.wait()
            await session.execute(update(Product).where(Product.id == cup).values(**form))

    await asyncio.gather(save({"free_shipping": False}), save({"dispatch_days": 9}))
    async with shelf.database.begin() as session:
        saved = await session.get_one(Product, cup)
        assert (saved.free_shipping, saved.dispatch_days) in [(False, 1), (True, 9)]


async def test_two_products_that_want_one_sku_at_the_same_moment_get_it_once(shelf: Shelf) -> None:
    cups = [await shelf.cup(published=False) for _ in range(5)]
    answers = await asyncio.gather(
        *(
            shelf.vary(cup, [glaze("a", "b")], [VariantDraft([0], 1, "CUP-1"), VariantDraft([1], 1, "CUP-2")])
            for cup in cups
        ),
        return_exceptions=True,
    )
    assert sorted(answer.code for answer in answers if isinstance(answer, Refused)) == ["variant.sku_taken"] * 4
    assert [one for one in answers if isinstance(one, BaseException) and not isinstance(one, Refused)] == []


async def test_two_products_that_want_one_handle_at_the_same_moment_get_it_once(shelf: Shelf) -> None:
    cups = [await shelf.cup() for _ in range(4)]
    answers = await asyncio.gather(
        *(shelf.edit(cup, Edit(handle="the-cup"), version=2) for cup in cups), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [getattr(one, "code", repr(one)) for one in refused] == ["product.handle_taken"] * 3


# Options and variants


def glaze(*names: str) -> OptionDraft:
    return OptionDraft({"en": "Glaze"}, [ValueDraft({"en": name}) for name in names])


async def glazes(shelf: Shelf, product_id: int) -> OptionDraft:
    """The one option of a product as the merchant's form holds it."""
    async with shelf.database.begin() as session:
        (option,) = await session.scalars(select(Option).where(Option.product_id == product_id))
        values = await session.scalars(
            select(OptionValue).where(OptionValue.option_id == option.id).order_by(OptionValue.position)
        )
        return OptionDraft(option.name, [ValueDraft(value.name, value.id) for value in values], option.id)


async def two_glazes(shelf: Shelf) -> tuple[int, list[Variant]]:
    """A cup in celadon (88 yuan) and white (98 yuan)."""
    cup = await shelf.cup()
    (only,) = await shelf.variants(cup)
    drafts = [VariantDraft([0], 8800, id=only.id), VariantDraft([1], 9800, "CUP-W")]
    return cup, await shelf.vary(cup, [glaze("Celadon", "White")], drafts)


async def test_a_product_gets_options_and_variants_and_shoppers_choose_among_them(shelf: Shelf) -> None:
    cup, variants = await two_glazes(shelf)
    assert [(one.sku, one.price_amount, one.currency) for one in variants] == [
        (f"P{cup}-1", 8800, "CNY"),
        ("CUP-W", 9800, "CNY"),
    ]
    async with shelf.database.begin() as session:
        details = await product_details(session, cup, language="en")
        assert details is not None
        assert [(option.name, option.values) for option in details.options] == [("Glaze", ("Celadon", "White"))]
        assert [(one.label, one.price) for one in details.variants] == [
            ("Celadon", Money(8800, "CNY")),
            ("White", Money(9800, "CNY")),
        ]
    assert await shelf.found("white cup", "en") == await shelf.found("CUP-W") == (cup,)


async def test_a_value_is_renamed_and_moved_and_its_variants_keep_it(shelf: Shelf) -> None:
    cup, (celadon, white) = await two_glazes(shelf)
    option = await glazes(shelf, cup)
    first, second = option.values
    renamed = replace(option, values=[replace(second, name={"en": "Snow", "zh": "雪白"}), first])
    drafts = [VariantDraft([0], 9800, id=white.id), VariantDraft([1], 8800, id=celadon.id)]
    await shelf.vary(cup, [renamed], drafts)
    async with shelf.database.begin() as session:
        details = await product_details(session, cup, language="zh")
        assert details is not None
        assert [(one.variant_id, one.label) for one in details.variants] == [
            (white.id, "雪白"),
            (celadon.id, "Celadon"),
        ]
    assert await shelf.found("雪白") == (cup,)
    assert [value.id for value in (await glazes(shelf, cup)).values] == [second.id, first.id]


async def test_a_variant_that_left_no_trace_goes_and_its_sku_is_free_again(shelf: Shelf) -> None:
    cup, (celadon, _) = await two_glazes(shelf)
    option = await glazes(shelf, cup)
    drafts = [VariantDraft([0], 8800, id=celadon.id), VariantDraft([1], 100, "CUP-W")]
    variants = await shelf.vary(cup, [option], drafts)
    assert [(one.sku, one.price_amount, one.active) for one in variants] == [
        (f"P{cup}-1", 8800, True),
        ("CUP-W", 100, True),
    ]


@pytest.mark.parametrize("trace", ["order", "cart", "stock"])
async def test_a_variant_that_left_a_trace_is_made_inactive_not_deleted(
    shelf: Shelf, database: Database, trace: str
) -> None:
    cup, (celadon, white) = await two_glazes(shelf)
    if trace != "cart":
        async with database.begin() as session:
            await count_variant(session, variant_id=white.id, counted=5, note="opening", now=shelf.now)
    if trace == "order":
        async with holds_of(database) as holds:
            await an_order(database, holds, {white.id: 1}, now=shelf.now)
    if trace == "cart":
        async with database.begin() as session:
            customer = await a_customer(session, now=shelf.now)
            await add_line(session, customer_id=customer.id, variant_id=white.id, quantity=1, now=shelf.now)
    option = await glazes(shelf, cup)
    only = replace(option, values=option.values[:1])
    variants = await shelf.vary(cup, [only], [VariantDraft([0], 8800, id=celadon.id)])
    assert [(one.id, one.active) for one in variants] == [(celadon.id, True), (white.id, False)]
    with pytest.raises(Refused, match=r"variant\.sku_taken"):
        await shelf.vary(cup, [only], [VariantDraft([0], 8800, "CUP-W", id=celadon.id)])
    back = [VariantDraft([0], 8800, id=celadon.id), VariantDraft([1], 9800, id=white.id)]
    await shelf.vary(cup, [replace(only, values=[*only.values, ValueDraft({"en": "White"})])], back)
    assert await shelf.found("CUP-W") == (cup,)


async def test_variants_exchange_their_skus(shelf: Shelf) -> None:
    cup, (celadon, white) = await two_glazes(shelf)
    option = await glazes(shelf, cup)
    drafts = [VariantDraft([0], 1, "CUP-W", id=celadon.id), VariantDraft([1], 1, f"P{cup}-1", id=white.id)]
    assert [one.sku for one in await shelf.vary(cup, [option], drafts)] == ["CUP-W", f"P{cup}-1"]


async def test_the_sku_of_another_product_is_not_taken_away_from_it(shelf: Shelf) -> None:
    await two_glazes(shelf)
    other = await shelf.cup()
    with pytest.raises(Refused, match=r"variant\.sku_taken") as refusal:
        await shelf.vary(other, [], [VariantDraft((), 100, "CUP-W")])
    assert refusal.value.facts == {"sku": "CUP-W"}
    assert [(one.sku, one.active) for one in await shelf.variants(other)] == [(f"P{other}-1", True)]


@pytest.mark.parametrize(
    ("options", "variants", "code"),
    [
        ([glaze("a")], [VariantDraft([], 1)], "variant.values_invalid"),
        ([glaze("a")], [VariantDraft([1], 1)], "variant.values_invalid"),
        ([glaze("a")], [VariantDraft([-1], 1)], "variant.values_invalid"),
        ([], [VariantDraft([0], 1)], "variant.values_invalid"),
        ([glaze("a")], [VariantDraft([0], 1), VariantDraft([0], 2)], "variant.alike"),
        ([], [VariantDraft([], 1, id=999)], "variant.unknown"),
        ([], [VariantDraft([], -1)], "variant.price_invalid"),
        ([], [VariantDraft([], 10**15 + 1)], "variant.price_invalid"),
        ([], [VariantDraft([], 1, " ")], "variant.sku_invalid"),
        ([], [VariantDraft([], 1, "x" * 101)], "variant.sku_invalid"),
        ([], [VariantDraft([], 1, "a\nb")], "variant.sku_invalid"),
        ([glaze("a", "b")], [VariantDraft([0], 1, "S"), VariantDraft([1], 1, "S ")], "variant.sku_taken"),
        ([glaze("")], [VariantDraft([0], 1)], "name.invalid"),
        ([replace(glaze("a"), id=999)], [VariantDraft([0], 1)], "option.unknown"),
        ([OptionDraft({"en": "G"}, [ValueDraft({"en": "a"}, 999)])], [VariantDraft([0], 1)], "option.unknown"),
        ([glaze("a")] * 6, [VariantDraft([0] * 6, 1)], "option.too_many"),
        ([glaze(*map(str, range(101)))], [], "option.too_many"),
        ([glaze(*map(str, range(100)))], [VariantDraft([0], 1, active=False)] * 251, "variant.too_many"),
        ([], [], "product.incomplete"),
        ([], [VariantDraft([], 0)], "product.incomplete"),
        ([], [VariantDraft([], 1, active=False)], "product.incomplete"),
    ],
)
async def test_variants_that_cannot_be_leave_everything_as_it_was(
    shelf: Shelf, options: list[OptionDraft], variants: list[VariantDraft], code: str
) -> None:
    cup = await shelf.cup()
    with pytest.raises(Refused) as refusal:
        await shelf.vary(cup, options, variants)
    assert refusal.value.code == code
    assert [(one.sku, one.price_amount, one.active) for one in await shelf.variants(cup)] == [(f"P{cup}-1", 8800, True)]
    assert await shelf.version(cup) == 2


# Prices


async def test_a_new_price_shows_in_search_on_the_card_and_in_carts_and_not_in_orders(
    shelf: Shelf, database: Database
) -> None:
    cup = await shelf.cup(price=8800)
    (variant,) = await shelf.variants(cup)
    async with database.begin() as session:
        await count_variant(session, variant_id=variant.id, counted=9, note="opening", now=shelf.now)
        customer = (await a_customer(session, now=shelf.now)).id
        await add_line(session, customer_id=customer, variant_id=variant.id, quantity=2, now=shelf.now)
    async with holds_of(database) as holds:
        order = await an_order(database, holds, {variant.id: 1}, now=shelf.now)
    await shelf.price(cup, NewPrice(variant.id, 9900), NewPrice(variant.id, 1290, "EUR"))
    async with database.begin() as session:
        cart = await cart_view(session, customer_id=customer, language="en")
        assert cart.total == Money(19800, "CNY")
        (card,) = await product_cards(session, [cup], language="en")
        assert card.price_from == Money(9900, "CNY")
        dear = await find(session, Wanted("茶杯", "zh", price_min=Money(9500, "CNY")))
        assert dear.product_ids == (cup,)
        assert (await session.get_one(Order, order.id)).total == Money(8800, "CNY")
        assert list(await session.scalars(select(VariantPrice.amount))) == [1290]
    await shelf.price(cup, NewPrice(variant.id, None, "EUR"))
    async with database.begin() as session:
        assert list(await session.scalars(select(VariantPrice.amount))) == []


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (-1, None, "variant.price_invalid"),
        (10**15 + 1, None, "variant.price_invalid"),
        (None, None, "variant.price_invalid"),
        (0, None, "product.incomplete"),
        (1, "ABC", "money.currency_unknown"),
        (1, "", "money.currency_unknown"),
    ],
)
async def test_a_price_that_is_none_is_refused(
    shelf: Shelf, amount: int | None, currency: str | None, code: str
) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)
    with pytest.raises(Refused) as refusal:
        await shelf.price(cup, NewPrice(variant.id, 5), NewPrice(variant.id, amount, currency))
    assert refusal.value.code == code
    assert [one.price_amount for one in await shelf.variants(cup)] == [8800]


async def test_a_price_of_another_product_is_not_changed_on_the_way(shelf: Shelf) -> None:
    mine, other = await shelf.cup(), await shelf.cup()
    (variant,) = await shelf.variants(other)
    with pytest.raises(Refused, match=r"variant\.unknown"):
        await shelf.price(mine, NewPrice(variant.id, 1))


async def test_what_is_archived_while_it_lies_in_a_cart_cannot_be_bought(shelf: Shelf, database: Database) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)
    async with database.begin() as session:
        customer = (await a_customer(session, now=shelf.now)).id
        await add_line(session, customer_id=customer, variant_id=variant.id, quantity=1, now=shelf.now)
    await shelf.move(cup, ProductStatus.ARCHIVED)
    with pytest.raises(Refused, match=r"cart\.unavailable") as refusal:
        async with database.begin() as session:
            await quote(session, customer_id=customer, language="zh", now=shelf.now)
    assert refusal.value.facts == {"variant": variant.id, "title": "青瓷茶杯"}


async def test_a_picture_that_neither_a_product_nor_an_order_shows_any_more_is_forgotten(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now)
    shown, sold, _gone = [await media_row(session, Kept(digit * 64, "image/jpeg", 1, 1)) for digit in "123"]
    product_id = (await session.get_one(Variant, tea)).product_id
    session.add(Picture(product_id=product_id, media_id=shown, position=0, alt={}))
    order = await a_delivered_order(session, [Sold(tea, 1, 500)], now=now)
    await session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(picture=sold))
    assert [await forget_media(session, limit=9) for _ in range(2)] == [["3" * 64], []]
    assert set(await session.scalars(select(Media.id))) == {shown, sold}
