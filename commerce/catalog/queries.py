"""The catalogue as shoppers see it: cards, details and variants in their language, in a fixed number of queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import (
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
from commerce.inventory.model import StockLevel
from foundation.money import Money

FREE = func.greatest(func.coalesce(StockLevel.on_hand + StockLevel.backorder - StockLevel.reserved, 0), 0)
"""Pieces that can still be promised. Advice only: the hold decides."""


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product at a glance; `picture` is a media id, `variants` how many there are to choose from."""

    product_id: int
    title: str
    price_from: Money
    price_to: Money
    picture: int | None
    in_stock: bool
    variants: int


@dataclass(frozen=True, slots=True)
class VariantView:
    """One thing to put in the cart; `label` joins its option values ("红色 / 大"), empty for a sole variant."""

    variant_id: int
    product_id: int
    sku: str
    title: str
    label: str
    price: Money
    available: int
    picture: int | None


@dataclass(frozen=True, slots=True)
class OptionView:
    """A choice and its answers."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """Everything about one product."""

    product_id: int
    title: str
    body: str
    options: tuple[OptionView, ...]
    variants: tuple[VariantView, ...]
    pictures: tuple[int, ...]


async def product_cards(session: AsyncSession, ids: Sequence[int], *, language: str) -> list[ProductCard]:
    """Cards of the published ones of these products, in the order of `ids`."""
    figures = (
        select(
            Variant.product_id,
            func.min(Variant.price_amount),
            func.max(Variant.price_amount),
            func.min(Variant.currency),
            func.sum(FREE),
            func.count(),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(StockLevel, StockLevel.variant_id == Variant.id)
        .where(Variant.product_id.in_(ids), Variant.active, Product.status == ProductStatus.PUBLISHED)
        .group_by(Variant.product_id)
    )
    titles = await _texts(session, ids, language)
    pictures = await _first_pictures(session, ids)
    cards = {}
    for product_id, low, high, currency, free, count in await session.execute(figures):
        cards[product_id] = ProductCard(
            product_id=product_id,
            title=titles[product_id].title if product_id in titles else "",
            price_from=Money(low, currency),
            price_to=Money(high, currency),
            picture=pictures.get(product_id),
            in_stock=free > 0,
            variants=count,
        )
    return [cards[product_id] for product_id in dict.fromkeys(ids) if product_id in cards]


async def product_card(session: AsyncSession, product_id: int, *, language: str) -> ProductCard | None:
    """The card of one product, None when it is not on sale."""
    cards = await product_cards(session, [product_id], language=language)
    return cards[0] if cards else None


async def product_details(session: AsyncSession, product_id: int, *, language: str) -> ProductDetails | None:
    """Everything about one product, None when it is not on sale."""
    ids = select(Variant.id).where(Variant.product_id == product_id, Variant.active)
    variants = await variant_views(session, (await session.scalars(ids)).all(), language=language)
    if not variants:
        return None
    text = (await _texts(session, [product_id], language)).get(product_id)
    pictures = await session.scalars(
        select(Picture.media_id).where(Picture.product_id == product_id).order_by(Picture.position, Picture.id)
    )
    return ProductDetails(
        product_id=product_id,
        title=text.title if text else "",
        body=text.body if text else "",
        options=await _options(session, product_id, language),
        variants=tuple(variants.values()),
        pictures=tuple(dict.fromkeys(pictures)),
    )


async def variant_views(
    session: AsyncSession, ids: Collection[int], *, language: str, also_unavailable: bool = False
) -> dict[int, VariantView]:
    """These variants by id, in the shop's order. `also_unavailable` adds those no longer on sale, with 0 available."""
    on_sale = Variant.active & (Product.status == ProductStatus.PUBLISHED)
    found = (
        select(Variant, case((on_sale, FREE), else_=0))
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(StockLevel, StockLevel.variant_id == Variant.id)
        .where(Variant.id.in_(ids))
        .order_by(Variant.product_id, Variant.position, Variant.id)
    )
    rows = (await session.execute(found if also_unavailable else found.where(on_sale))).all()
    products = {variant.product_id for variant, _ in rows}
    titles = await _texts(session, products, language)
    labels = await _labels(session, [variant.id for variant, _ in rows], language)
    of_products = await _first_pictures(session, products)
    of_variants = await _variant_pictures(session, [variant.id for variant, _ in rows])
    return {
        variant.id: VariantView(
            variant_id=variant.id,
            product_id=variant.product_id,
            sku=variant.sku,
            title=titles[variant.product_id].title if variant.product_id in titles else variant.sku,
            label=labels.get(variant.id, ""),
            price=variant.price,
            available=free,
            picture=of_variants.get(variant.id, of_products.get(variant.product_id)),
        )
        for variant, free in rows
    }


async def variant_view(session: AsyncSession, variant_id: int, *, language: str) -> VariantView | None:
    """One variant, None when it is not on sale."""
    return (await variant_views(session, [variant_id], language=language)).get(variant_id)


async def _texts(session: AsyncSession, ids: Collection[int], language: str) -> dict[int, ProductText]:
    """The text of each product in this language, else in another."""
    found = (
        select(ProductText)
        .where(ProductText.product_id.in_(ids))
        .order_by(ProductText.product_id, (ProductText.lang == language).desc(), ProductText.lang)
        .ext(distinct_on(ProductText.product_id))
    )
    return {text.product_id: text for text in await session.scalars(found)}


async def _first_pictures(session: AsyncSession, ids: Collection[int]) -> dict[int, int]:
    """The leading picture of each product; one of the product itself goes before one of a variant."""
    found = (
        select(Picture.product_id, Picture.media_id)
        .where(Picture.product_id.in_(ids))
        .order_by(Picture.product_id, Picture.variant_id.is_not(None), Picture.position, Picture.id)
        .ext(distinct_on(Picture.product_id))
    )
    return dict((await session.execute(found)).all())


async def _variant_pictures(session: AsyncSession, ids: Collection[int]) -> dict[int, int]:
    found = (
        select(Picture.variant_id, Picture.media_id)
        .where(Picture.variant_id.in_(ids))
        .order_by(Picture.variant_id, Picture.position, Picture.id)
        .ext(distinct_on(Picture.variant_id))
    )
    return {variant_id: media_id for variant_id, media_id in await session.execute(found) if variant_id is not None}


async def _labels(session: AsyncSession, ids: Collection[int], language: str) -> dict[int, str]:
    """The option values of each variant, joined in the order of the options."""
    found = (
        select(VariantValue.variant_id, OptionValue.name)
        .join(OptionValue, OptionValue.id == VariantValue.value_id)
        .join(Option, Option.id == OptionValue.option_id)
        .where(VariantValue.variant_id.in_(ids))
        .order_by(VariantValue.variant_id, Option.position, Option.id)
    )
    names: dict[int, list[str]] = {}
    for variant_id, name in await session.execute(found):
        names.setdefault(variant_id, []).append(in_language(name, language))
    return {variant_id: " / ".join(values) for variant_id, values in names.items()}


async def _options(session: AsyncSession, product_id: int, language: str) -> tuple[OptionView, ...]:
    found = (
        select(Option.id, Option.name, OptionValue.name)
        .join(OptionValue, OptionValue.option_id == Option.id)
        .where(Option.product_id == product_id)
        .order_by(Option.position, Option.id, OptionValue.position, OptionValue.id)
    )
    options: dict[int, tuple[str, list[str]]] = {}
    for option_id, option, value in await session.execute(found):
        _, values = options.setdefault(option_id, (in_language(option, language), []))
        values.append(in_language(value, language))
    return tuple(OptionView(name, tuple(values)) for name, values in options.values())
