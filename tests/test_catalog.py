"""The catalogue as shoppers see it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import (
    Media,
    Option,
    OptionValue,
    Picture,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantValue,
    in_language,
)
from commerce.catalog.queries import OptionView, product_cards, product_details, variant_view
from commerce.inventory.actions import receive_stock
from foundation.database import Database, raw
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class Mug:
    """A mug in red and blue; only blue has stock and a picture of its own."""

    product: int
    red: int
    blue: int
    main_picture: int
    blue_picture: int


async def media(session: AsyncSession, digest: str) -> int:
    picture = Media(digest=digest * 64, mime="image/png", width=800, height=800)
    session.add(picture)
    await session.flush()
    return picture.id


async def a_mug(session: AsyncSession, now: datetime, *, number: int = 1, english: bool = True) -> Mug:
    product = Product(handle=f"mug-{number}", status=ProductStatus.PUBLISHED, created_at=now, updated_at=now)
    session.add(product)
    await session.flush()
    session.add(ProductText(product_id=product.id, lang="zh", title="马克杯", body="一只好杯子。"))
    if english:
        session.add(ProductText(product_id=product.id, lang="en", title="Mug", body="A good mug."))
    colour = Option(product_id=product.id, name={"zh": "颜色", "en": "Colour"}, position=0)
    size = Option(product_id=product.id, name={"zh": "大小", "en": "Size"}, position=1)
    session.add_all([colour, size])
    await session.flush()
    red = OptionValue(option_id=colour.id, name={"zh": "红色", "en": "Red"}, position=0)
    blue = OptionValue(option_id=colour.id, name={"zh": "蓝色"}, position=1)
    large = OptionValue(option_id=size.id, name={"zh": "大", "en": "Large"}, position=0)
    session.add_all([red, blue, large])
    variants = [
        Variant(
            product_id=product.id,
            sku=f"MUG-{number}-{place}",
            price_amount=amount,
            currency="CNY",
            position=place,
            active=place < 2,
        )
        for place, amount in enumerate((4500, 3900, 100))
    ]
    session.add_all(variants)
    await session.flush()
    for variant, value in ((variants[0], red), (variants[1], blue)):
        session.add(VariantValue(variant_id=variant.id, value_id=value.id))
        session.add(VariantValue(variant_id=variant.id, value_id=large.id))
    main, own = await media(session, f"{number % 10}"), await media(session, "abcdef"[number % 6])
    session.add(Picture(product_id=product.id, variant_id=variants[1].id, media_id=own, position=0))
    session.add(Picture(product_id=product.id, media_id=main, position=1))
    await receive_stock(session, variant_id=variants[1].id, quantity=4, reference="opening", now=now)
    return Mug(product.id, variants[0].id, variants[1].id, main, own)


@pytest.fixture
async def shelf(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.begin() as session:
        yield session


async def test_a_card_shows_the_span_of_prices_of_what_is_on_sale(shelf: AsyncSession, now: datetime) -> None:
    mug = await a_mug(shelf, now)
    (card,) = await product_cards(shelf, [mug.product], language="en")
    assert (card.title, card.price_from, card.price_to) == ("Mug", Money(3900, "CNY"), Money(4500, "CNY"))
    assert (card.picture, card.in_stock, card.variants) == (mug.main_picture, True, 2)


async def test_cards_come_in_the_order_asked_for_without_hidden_ones(shelf: AsyncSession, now: datetime) -> None:
    first, second, hidden = [await a_mug(shelf, now, number=number) for number in (1, 2, 3)]
    (await shelf.get_one(Product, hidden.product)).status = ProductStatus.ARCHIVED
    await shelf.flush()
    ids = [second.product, hidden.product, 10**9, first.product, second.product]
    assert [card.product_id for card in await product_cards(shelf, ids, language="zh")] == [
        second.product,
        first.product,
    ]
    assert await product_details(shelf, hidden.product, language="zh") is None
    assert await product_cards(shelf, [], language="zh") == []


async def test_details_tell_options_variants_and_pictures(shelf: AsyncSession, now: datetime) -> None:
    mug = await a_mug(shelf, now)
    details = await product_details(shelf, mug.product, language="zh")
    assert details is not None
    assert (details.title, details.body) == ("马克杯", "一只好杯子。")
    assert details.options == (OptionView("颜色", ("红色", "蓝色")), OptionView("大小", ("大",)))
    assert [(one.variant_id, one.label, one.price.amount, one.available, one.picture) for one in details.variants] == [
        (mug.red, "红色 / 大", 4500, 0, mug.main_picture),
        (mug.blue, "蓝色 / 大", 3900, 4, mug.blue_picture),
    ]
    assert details.pictures == (mug.blue_picture, mug.main_picture)


async def test_a_missing_language_falls_back_to_the_other(shelf: AsyncSession, now: datetime) -> None:
    mug = await a_mug(shelf, now, english=False)
    view = await variant_view(shelf, mug.blue, language="en")
    assert view is not None
    assert (view.title, view.label) == ("马克杯", "蓝色 / Large")
    assert in_language({}, "en") == ""


async def test_ten_cards_take_one_query(shelf: AsyncSession, now: datetime) -> None:
    mugs = [await a_mug(shelf, now, number=10 * number) for number in range(1)]
    for number in range(1, 10):
        product = Product(handle=f"p{number}", status=ProductStatus.PUBLISHED, created_at=now, updated_at=now)
        shelf.add(product)
        await shelf.flush()
        shelf.add(Variant(product_id=product.id, sku=f"P{number}", price_amount=100, currency="CNY", active=True))
        await shelf.flush()
        mugs.append(Mug(product.id, 0, 0, 0, 0))
    sent: list[LoggedQuery] = []
    with (await raw(shelf)).query_logger(sent.append):
        cards = await product_cards(shelf, [mug.product for mug in mugs], language="zh")
    await asyncio.sleep(0)  # the log is written by the loop
    assert len(cards) == 10
    assert len(sent) == 1
