"""What the audit log says about a change of a product: what was, and what is."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    Option,
    OptionValue,
    Picture,
    Product,
    ProductText,
    Variant,
    VariantPrice,
    VariantValue,
)
from foundation.errors import Json

Facts = dict[str, Json]


async def facts_of(session: AsyncSession, ids: Collection[int]) -> dict[int, Facts]:
    """Everything the merchant can change of these products, as flat facts: "handle", "text.zh", "variant.12"."""
    facts: dict[int, Facts] = {}
    fresh = {"populate_existing": True}
    for one in await session.scalars(select(Product).where(Product.id.in_(ids)).execution_options(**fresh)):
        facts[one.id] = {
            "handle": one.handle,
            "status": one.status.value,
            "category": one.category_id,
            "free_shipping": one.free_shipping,
            "dispatch_days": one.dispatch_days,
            **({"is_digital": True} if one.is_digital else {}),
        }
    texts = select(ProductText).where(ProductText.product_id.in_(ids)).execution_options(**fresh)
    for text in await session.scalars(texts):
        facts[text.product_id][f"text.{text.lang}"] = [text.title, text.body]
    attributes = select(ProductAttribute).where(ProductAttribute.product_id.in_(ids)).execution_options(**fresh)
    for fact in await session.scalars(attributes.order_by(ProductAttribute.position)):
        facts[fact.product_id].setdefault("facts", []).append([fact.name, fact.value])
    await _options(session, ids, facts)
    await _variants(session, ids, facts)
    pictures = select(Picture.product_id, Picture.media_id, Picture.variant_id, Picture.alt)
    pictures = pictures.where(Picture.product_id.in_(ids)).order_by(Picture.position, Picture.id)
    for row in await session.execute(pictures):
        facts[row.product_id].setdefault("pictures", []).append([row.media_id, row.variant_id, row.alt])
    return facts


def changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Facts:
    """{"before": ..., "after": ...} with those facts that differ; one that was not there or has gone is null."""
    names = [name for name in (*before, *after) if before.get(name) != after.get(name)]
    return {
        "before": {name: before.get(name) for name in dict.fromkeys(names)},
        "after": {name: after.get(name) for name in dict.fromkeys(names)},
    }


async def _options(session: AsyncSession, ids: Collection[int], facts: dict[int, Facts]) -> None:
    options = (
        select(
            Option.product_id, Option.id, Option.name, OptionValue.id.label("value_id"), OptionValue.name.label("value")
        )
        .outerjoin(OptionValue, OptionValue.option_id == Option.id)
        .where(Option.product_id.in_(ids))
        .order_by(Option.position, Option.id, OptionValue.position, OptionValue.id)
    )
    for row in await session.execute(options):
        option = facts[row.product_id].setdefault(f"option.{row.id}", [row.name, []])
        option[1].append([row.value_id, row.value])


async def _variants(session: AsyncSession, ids: Collection[int], facts: dict[int, Facts]) -> None:
    variants = select(Variant).where(Variant.product_id.in_(ids)).order_by(Variant.position, Variant.id)
    mine: dict[int, Facts] = {}
    for one in await session.scalars(variants.execution_options(populate_existing=True)):
        mine[one.id] = {"sku": one.sku, "price": one.price_amount, "currency": one.currency, "active": one.active}
        facts[one.product_id][f"variant.{one.id}"] = mine[one.id]
    theirs = select(Variant.id).where(Variant.product_id.in_(ids))
    of = select(VariantValue.variant_id, VariantValue.value_id).where(VariantValue.variant_id.in_(theirs))
    for variant_id, value_id in await session.execute(of.order_by(VariantValue.value_id)):
        mine[variant_id].setdefault("values", []).append(value_id)
    elsewhere = select(VariantPrice.variant_id, VariantPrice.currency, VariantPrice.amount)
    for variant_id, currency, amount in await session.execute(elsewhere.where(VariantPrice.variant_id.in_(theirs))):
        mine[variant_id][f"price.{currency}"] = amount
