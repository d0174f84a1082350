"""The catalogue as shoppers see it: cards, details and variants in their language, in a fixed number of queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, and_, any_, bindparam, case, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    Category,
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
from foundation.reading import Read


def _all_of(column: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The sum as a plain number: PostgreSQL's own would be a numeric."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


STOCK = (
    select(
        _all_of(StockLevel.on_hand).label("on_hand"),
        _all_of(StockLevel.reserved).label("reserved"),
        _all_of(StockLevel.on_hand + StockLevel.backorder - StockLevel.reserved).label("free"),
    )
    .where(StockLevel.variant_id == Variant.id)
    .correlate(Variant)
    .lateral("stock")
)
"""The stock of a variant at all locations together, to be joined ON true: always one row, so none is multiplied."""
FREE: ColumnElement[int] = STOCK.c.free
"""Pieces that can still be promised. Advice only: the hold decides. Needs STOCK to be joined."""


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
    handle: str = ""


@dataclass(frozen=True, slots=True)
class VariantView:
    """One thing to put in the cart; `label` joins its option values ("红色 / 大"), empty for a sole variant.

    What stands behind `on_sale` is for its price: the shelf, the weight, what its product says of parcels and taxes.
    """

    variant_id: int
    product_id: int
    sku: str
    title: str
    label: str
    price: Money
    available: int
    picture: int | None
    on_sale: bool = True
    category_id: int | None = None
    weight_grams: int | None = None
    free_shipping: bool = True
    tax_class: str = ""
    is_digital: bool = False


@dataclass(frozen=True, slots=True)
class OptionView:
    """A choice and its answers."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """Everything about one product. `attributes` are its other facts, (name, value); `pictures` are media ids.

    `dispatch_days`: days until it leaves the shop.
    """

    product_id: int
    title: str
    body: str
    options: tuple[OptionView, ...]
    variants: tuple[VariantView, ...]
    pictures: tuple[int, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    handle: str = ""
    category_id: int | None = None
    free_shipping: bool = True
    dispatch_days: int = 1

    @property
    def is_digital(self) -> bool:
        """Whether nothing of it is ever sent."""
        return bool(self.variants) and all(variant.is_digital for variant in self.variants)


async def product_cards(session: AsyncSession, ids: Sequence[int], *, language: str) -> list[ProductCard]:
    """Cards of the published ones of these products, in the order of `ids`."""
    found = await _CARDS.all(session, ids=list(ids), language=language)
    cards = {
        row.id: ProductCard(
            product_id=row.id,
            title=row.title or "",
            price_from=Money(row.low, row.currency),
            price_to=Money(row.high, row.currency),
            picture=row.picture,
            in_stock=row.free > 0,
            variants=row.variants,
            handle=row.handle,
        )
        for row in found
    }
    return [cards[product_id] for product_id in dict.fromkeys(ids) if product_id in cards]


async def product_details(session: AsyncSession, product_id: int, *, language: str) -> ProductDetails | None:
    """Everything about one product, None when it is not on sale."""
    variants = await variants_of(session, product_id, language=language)
    if not variants:
        return None
    [about] = await _ABOUT.all(session, product_id=product_id, language=language)
    return ProductDetails(
        product_id=product_id,
        title=about.title or "",
        body=about.body or "",
        options=tuple(
            OptionView(in_language(name, language), tuple(in_language(value, language) for value in values))
            for name, values in about.options or ()
        ),
        variants=variants,
        pictures=tuple(dict.fromkeys(about.pictures or ())),
        attributes=tuple(
            (in_language(name, language), in_language(value, language)) for name, value in about.attributes or ()
        ),
        handle=about.handle,
        category_id=about.category_id,
        free_shipping=about.free_shipping,
        dispatch_days=about.dispatch_days,
    )


async def variants_of(session: AsyncSession, product_id: int, *, language: str) -> tuple[VariantView, ...]:
    """What there is of one product, in the shop's order; nothing when it is not on sale."""
    return tuple((await _views(session, _OF_PRODUCT, language=language, product_id=product_id)).values())


async def in_common(
    session: AsyncSession, product_id: int, others: Sequence[int], *, language: str
) -> dict[int, tuple[str, ...]]:
    """What each of some products shares with one: the shelf, then values of the same attribute."""
    rows = await _IN_COMMON.all(session, product_id=product_id, ids=list(others))
    return {
        row.id: tuple(
            dict.fromkeys(
                in_language(name, language) for name in (*([row.shelf] if row.shelf else []), *(row.values or ()))
            )
        )
        for row in rows
    }


async def variant_views(
    session: AsyncSession, ids: Collection[int], *, language: str, also_unavailable: bool = False
) -> dict[int, VariantView]:
    """These variants by id, in the shop's order. `also_unavailable` adds those no longer on sale, with 0 available."""
    return await _views(session, _OF_IDS if also_unavailable else _ON_SALE, language=language, ids=list(ids))


async def variant_view(session: AsyncSession, variant_id: int, *, language: str) -> VariantView | None:
    """One variant, None when it is not on sale."""
    return (await variant_views(session, [variant_id], language=language)).get(variant_id)


async def on_sale(session: AsyncSession, ids: Collection[int]) -> set[int]:
    """Which of these variants shoppers can buy."""
    return set(await _SOLD.column(session, ids=list(ids)))


async def _views(session: AsyncSession, variants: Read, *, language: str, **which: object) -> dict[int, VariantView]:
    return {row.id: variant_of(row, language) for row in await variants.all(session, language=language, **which)}


def variant_of(row: Any, language: str) -> VariantView:
    """A row of VARIANTS as shoppers see it."""
    return VariantView(
        variant_id=row.id,
        product_id=row.product_id,
        sku=row.sku,
        title=row.title or row.sku,
        label=" / ".join(in_language(name, language) for name in row.labels or ()),
        price=Money(row.price_amount, row.currency),
        available=row.available,
        picture=row.picture,
        on_sale=row.on_sale,
        category_id=row.category_id,
        weight_grams=row.weight_grams,
        free_shipping=row.free_shipping or row.is_digital,
        tax_class=row.tax_class,
        is_digital=row.is_digital,
    )


# The statements, each built once.

_LANGUAGE: BindParameter[str] = bindparam("language")
_BEST_LANGUAGE = (
    (ProductText.lang == _LANGUAGE).desc(),
    (ProductText.lang == "en").desc(),
    (ProductText.lang == "zh").desc(),
    ProductText.lang,
)
"""The shopper's language, else English, else Chinese, else whichever there is."""
_IDS = any_(bindparam("ids", type_=ARRAY(BigInteger)))
_IS_SOLD = and_(Variant.active, Product.status == ProductStatus.PUBLISHED)


def _title(product_id: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """The title in the shopper's language, else in another."""
    return (
        select(ProductText.title)
        .where(ProductText.product_id == product_id)
        .order_by(*_BEST_LANGUAGE)
        .limit(1)
        .correlate(Variant, Product)
        .scalar_subquery()
    )


def _leading_picture(product_id: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """A picture of the product itself goes before one of a variant."""
    return (
        select(Picture.media_id)
        .where(Picture.product_id == product_id)
        .order_by(Picture.variant_id.is_not(None), Picture.position, Picture.id)
        .limit(1)
        .correlate(Variant, Product)
        .scalar_subquery()
    )


_OWN_PICTURE = (
    select(Picture.media_id)
    .where(Picture.variant_id == Variant.id)
    .order_by(Picture.position, Picture.id)
    .limit(1)
    .correlate(Variant)
    .scalar_subquery()
)
_LABELS = (
    select(func.jsonb_agg(aggregate_order_by(OptionValue.name, Option.position, Option.id)))
    .select_from(VariantValue)
    .join(OptionValue, OptionValue.id == VariantValue.value_id)
    .join(Option, Option.id == OptionValue.option_id)
    .where(VariantValue.variant_id == Variant.id)
    .correlate(Variant)
    .scalar_subquery()
)
VARIANTS = (
    select(
        Variant.id,
        Variant.product_id,
        Variant.sku,
        Variant.price_amount,
        Variant.currency,
        _title(Variant.product_id).label("title"),
        _LABELS.label("labels"),
        _IS_SOLD.label("on_sale"),
        case((_IS_SOLD, FREE), else_=0).label("available"),
        func.coalesce(_OWN_PICTURE, _leading_picture(Variant.product_id)).label("picture"),
        Variant.weight_grams,
        Product.category_id,
        Product.free_shipping,
        Product.is_digital,
        Product.tax_class,
    )
    .join(Product, Product.id == Variant.product_id)
    .join(STOCK, true())
)
"""Every variant, for `variant_of`; to be narrowed and put in order. Takes the `language` of its words."""
_IN_ORDER = VARIANTS.order_by(Variant.product_id, Variant.position, Variant.id)
_OF_IDS = Read(_IN_ORDER.where(Variant.id == _IDS))
_ON_SALE = Read(_IN_ORDER.where(Variant.id == _IDS, _IS_SOLD))
_OF_PRODUCT = Read(_IN_ORDER.where(Variant.product_id == bindparam("product_id"), _IS_SOLD))
SOLD = select(Variant.id).join(Product, Product.id == Variant.product_id).where(_IS_SOLD)
"""Every variant that shoppers can buy, to be narrowed."""
_SOLD = Read(SOLD.where(Variant.id == _IDS))
_CARDS = Read(
    select(
        Product.id,
        Product.handle,
        _title(Product.id).label("title"),
        _leading_picture(Product.id).label("picture"),
        func.min(Variant.price_amount).label("low"),
        func.max(Variant.price_amount).label("high"),
        func.min(Variant.currency).label("currency"),
        func.sum(FREE).label("free"),
        func.count().label("variants"),
    )
    .join(Variant, Variant.product_id == Product.id)
    .join(STOCK, true())
    .where(Product.id == _IDS, _IS_SOLD)
    .group_by(Product.id)
)
_TEXT_IN_LANGUAGE = (
    select(ProductText.title, ProductText.body)
    .where(ProductText.product_id == Product.id)
    .order_by(*_BEST_LANGUAGE)
    .limit(1)
    .correlate(Product)
    .lateral()
)
_PICTURES = (
    select(func.array_agg(aggregate_order_by(Picture.media_id, Picture.position, Picture.id)))
    .where(Picture.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
_ATTRIBUTES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_array(ProductAttribute.name, ProductAttribute.value), ProductAttribute.position
            )
        )
    )
    .where(ProductAttribute.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
_ANSWERS = (
    select(func.jsonb_agg(aggregate_order_by(OptionValue.name, OptionValue.position, OptionValue.id)).label("all"))
    .where(OptionValue.option_id == Option.id)
    .correlate(Option)
    .lateral()
)
_OPTIONS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(func.jsonb_build_array(Option.name, _ANSWERS.c.all), Option.position, Option.id)
        )
    )
    .join(_ANSWERS, _ANSWERS.c.all.is_not(None))
    .where(Option.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
_ABOUT = Read(
    select(
        Product.handle,
        Product.category_id,
        Product.free_shipping,
        Product.dispatch_days,
        _TEXT_IN_LANGUAGE.c.title,
        _TEXT_IN_LANGUAGE.c.body,
        _PICTURES.label("pictures"),
        _ATTRIBUTES.label("attributes"),
        _OPTIONS.label("options"),
    )
    .outerjoin(_TEXT_IN_LANGUAGE, true())
    .where(Product.id == bindparam("product_id"))
)
_THIS = aliased(ProductAttribute)
_SHARED = (
    select(func.jsonb_agg(aggregate_order_by(ProductAttribute.value, ProductAttribute.position)))
    .join(_THIS, and_(_THIS.name == ProductAttribute.name, _THIS.value == ProductAttribute.value))
    .where(ProductAttribute.product_id == Product.id, _THIS.product_id == bindparam("product_id"))
    .correlate(Product)
    .scalar_subquery()
)
_SHELF_OF_THIS = select(Product.category_id).where(Product.id == bindparam("product_id")).scalar_subquery()
_IN_COMMON = Read(
    select(Product.id, Category.name.label("shelf"), _SHARED.label("values"))
    .outerjoin(Category, and_(Category.id == Product.category_id, Product.category_id == _SHELF_OF_THIS))
    .where(Product.id == _IDS)
)
