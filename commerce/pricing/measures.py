"""What shipping rates and taxes need to know of goods: what a variant weighs, which tax class a product is in."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductStatus, Variant
from foundation.errors import Refused

HEAVIEST = 1_000_000
"""Grams; a ton."""
MOST_AT_ONCE = 2000
LONGEST_CLASS = 40


async def weigh(session: AsyncSession, *, weights: Mapping[int, int | None]) -> None:
    """Write down what one piece weighs, {variant id: grams}; None forgets it.

    Raises Refused("variant.weight_invalid"), ("variant.unknown", ids=...) or ("variant.too_many_at_once").
    """
    if len(weights) > MOST_AT_ONCE:
        raise Refused("variant.too_many_at_once", most=MOST_AT_ONCE)
    if any(grams is not None and not 0 <= grams <= HEAVIEST for grams in weights.values()):
        raise Refused("variant.weight_invalid", most=HEAVIEST)
    locked = select(Variant).where(Variant.id.in_(weights)).order_by(Variant.id).with_for_update(key_share=True)
    variants = {one.id: one for one in await session.scalars(locked.execution_options(populate_existing=True))}
    missing = sorted(set(weights) - set(variants))
    if missing:
        raise Refused("variant.unknown", ids=missing[:20])
    for variant_id, grams in weights.items():
        variants[variant_id].weight_grams = grams
    await session.flush()


async def classify(session: AsyncSession, *, variant_ids: Collection[int], tax_class: str) -> None:
    """Put the products of these variants into a tax class; an empty one is the usual.

    Raises Refused("tax.class_invalid"), ("variant.unknown", ids=...) or ("variant.too_many_at_once").
    """
    if len(variant_ids) > MOST_AT_ONCE:
        raise Refused("variant.too_many_at_once", most=MOST_AT_ONCE)
    if len(tax_class.strip()) > LONGEST_CLASS:
        raise Refused("tax.class_invalid", longest=LONGEST_CLASS)
    found = await session.execute(select(Variant.id, Variant.product_id).where(Variant.id.in_(variant_ids)))
    products = {row.id: row.product_id for row in found}
    missing = sorted(set(variant_ids) - set(products))
    if missing:
        raise Refused("variant.unknown", ids=missing[:20])
    theirs = update(Product).where(Product.id.in_(set(products.values())))
    await session.execute(theirs.values(tax_class=tax_class.strip()))


async def unweighed(session: AsyncSession) -> int:
    """How many variants on sale do not ship free and were never weighed: they count as nothing in rates by weight."""
    light = select(func.count()).select_from(Variant).join(Product, Product.id == Variant.product_id)
    light = light.where(Variant.active, Variant.weight_grams.is_(None), ~Product.free_shipping)
    return await session.scalar(light.where(Product.status == ProductStatus.PUBLISHED)) or 0
