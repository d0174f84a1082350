"""What every change of a product has in common: the lock, the version, what must not go missing, the index."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Names, Product, ProductStatus, ProductText, Variant
from commerce.search.index import index_products
from foundation.errors import Refused

LONGEST_NAME = 200
LANGUAGES_AT_MOST = 20
LONGEST_LANGUAGE = 8
_TAKEN = {
    "uq_product_handle": "product.handle_taken",
    "uq_category_handle": "category.handle_taken",
    "uq_variant_sku": "variant.sku_taken",
}


async def product_to_edit(session: AsyncSession, product_id: int, *, version: int) -> Product:
    """The product under a lock, if it is still as the merchant read it.

    Refuses product.unknown, and product.changed (`version`: the one it has now) when somebody saved in between.
    """
    product = await session.get(Product, product_id, with_for_update={"key_share": True}, populate_existing=True)
    if product is None:
        raise Refused("product.unknown")
    if product.version != version:
        raise Refused("product.changed", version=product.version)
    return product


async def lock_products(session: AsyncSession, ids: Collection[int]) -> Sequence[Product]:
    """Those of these products that exist, under locks taken in the order of their ids."""
    found = select(Product).where(Product.id.in_(ids)).order_by(Product.id).with_for_update(key_share=True)
    return (await session.scalars(found.execution_options(populate_existing=True))).all()


async def save(session: AsyncSession, product: Product, *, now: datetime) -> Product:
    """The end of every change: the next version, and what shoppers find is what was saved."""
    await save_all(session, [product], now=now)
    return product


async def save_all(session: AsyncSession, products: Collection[Product], *, now: datetime) -> None:
    """The end of a change of many products."""
    for product in products:
        product.version += 1
        product.updated_at = now
    await flush(session)
    await index_products(session, [product.id for product in products])


async def flush(session: AsyncSession) -> None:
    """Write the changes. Refuses product.handle_taken and the like when somebody took the name in this very moment."""
    try:
        await session.flush()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
        if name not in _TAKEN:
            raise
        raise Refused(_TAKEN[name]) from error


async def lacking(session: AsyncSession, ids: Collection[int]) -> dict[int, list[str]]:
    """What each of these products lacks to be sold: "title", "variant" (one that is active), "price" (above zero)."""
    titled = set(await session.scalars(select(ProductText.product_id).where(ProductText.product_id.in_(ids))))
    lowest = select(Variant.product_id, func.min(Variant.price_amount)).where(Variant.active)
    priced = await session.execute(lowest.where(Variant.product_id.in_(ids)).group_by(Variant.product_id))
    prices: dict[int, int] = dict(priced.all())
    return {
        product_id: [
            *(() if product_id in titled else ("title",)),
            *(() if product_id in prices else ("variant",)),
            *(() if prices.get(product_id, 1) else ("price",)),
        ]
        for product_id in ids
    }


async def keep_sellable(session: AsyncSession, product: Product, *needs: str) -> None:
    """Refuses product.incomplete (`missing`) when a change takes something from a published product that it needs."""
    if product.status is ProductStatus.PUBLISHED:
        await session.flush()
        missing = [lack for lack in (await lacking(session, [product.id]))[product.id] if lack in needs]
        if missing:
            raise Refused("product.incomplete", missing=missing)


def names(given: Mapping[str, str]) -> Names:
    """A name in each language, trimmed; where it is empty, shoppers see the one in another language.

    Refuses name.invalid (`longest`) when there is none at all, or a long one.
    """
    trimmed = {lang: " ".join(name.split()) for lang, name in given.items() if name.strip()}
    too_many = len(trimmed) > LANGUAGES_AT_MOST or any(len(lang) > LONGEST_LANGUAGE for lang in trimmed)
    if not trimmed or too_many or any(len(name) > LONGEST_NAME for name in trimmed.values()):
        raise Refused("name.invalid", longest=LONGEST_NAME)
    return trimmed
