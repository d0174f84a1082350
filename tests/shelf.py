"""A shelf put together in a test: products in two languages with options and facts, indexed as the shop's own are."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    Category,
    Names,
    Option,
    OptionValue,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantValue,
)
from commerce.inventory.actions import receive_stock
from commerce.search.index import index_products

_numbers = itertools.count(1)


async def a_shelf(session: AsyncSession, handle: str, *, name: Names, inside: int | None = None) -> int:
    """A category; returns its id."""
    shelf = Category(handle=handle, name=name, parent_id=inside)
    session.add(shelf)
    await session.flush()
    return shelf.id


async def goods(
    session: AsyncSession,
    handle: str,
    *,
    now: datetime,
    titles: Names,
    bodies: Names | None = None,
    facts: Sequence[tuple[Names, Names]] = (),
    option: Names | None = None,
    kinds: Sequence[tuple[Names, int]] = (({}, 1000),),
    pieces: int = 5,
    shelf: int | None = None,
    status: ProductStatus = ProductStatus.PUBLISHED,
) -> int:
    """A product with a variant for each of `kinds` (value of the one option, price in minor units); returns its id."""
    product = Product(handle=handle, status=status, category_id=shelf, created_at=now, updated_at=now)
    session.add(product)
    await session.flush()
    for lang, title in titles.items():
        session.add(ProductText(product_id=product.id, lang=lang, title=title, body=(bodies or {}).get(lang, "")))
    for place, (name, value) in enumerate(facts):
        session.add(ProductAttribute(product_id=product.id, position=place, name=dict(name), value=dict(value)))
    choice = Option(product_id=product.id, name=dict(option or {}))
    if option:
        session.add(choice)
        await session.flush()
    for value, price in kinds:
        await _variant(session, product, choice if option else None, value, price, pieces=pieces, now=now)
    await index_products(session, [product.id])
    return product.id


async def _variant(
    session: AsyncSession,
    product: Product,
    choice: Option | None,
    value: Names,
    price: int,
    *,
    pieces: int,
    now: datetime,
) -> None:
    variant = Variant(
        product_id=product.id, sku=f"{product.handle}-{next(_numbers)}", price_amount=price, currency="CNY"
    )
    session.add(variant)
    await session.flush()
    if choice is not None:
        answer = OptionValue(option_id=choice.id, name=dict(value))
        session.add(answer)
        await session.flush()
        session.add(VariantValue(variant_id=variant.id, value_id=answer.id))
    if pieces:
        await receive_stock(session, variant_id=variant.id, quantity=pieces, reference="opening", now=now)
    await session.flush()


async def handles(session: AsyncSession, ids: Sequence[int]) -> list[str]:
    """The handles of these products, in their order."""
    rows = await session.execute(select(Product.id, Product.handle).where(Product.id.in_(ids)))
    found: Mapping[int, str] = {row.id: row.handle for row in rows}
    return [found[product_id] for product_id in ids]
