"""A product as the staff sees it, with everything about it: the shapes, and the queries that give them."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.model import Staff
from admin_api.order_views import Price
from admin_api.stock_views import NO_STOCK, StockShape, stock_shapes
from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    MOVES,
    Media,
    Names,
    Option,
    OptionValue,
    Picture,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantPrice,
    VariantValue,
    in_language,
)
from commerce.favourites.model import Favourite, StockWatch
from commerce.inventory.model import StockLevel, StockMovement
from commerce.merchandising.editing import lacking
from foundation.audit import AuditEntry
from foundation.errors import Json, Refused

LAST_MOVEMENTS = 20


class TextShape(BaseModel):
    """Title and description (plain text) in one language."""

    title: str
    body: str


class FactShape(BaseModel):
    """A fact beside the options: name and value in each language."""

    name: Names
    value: Names


class ValueShape(BaseModel):
    """An answer to a choice, its name in each language."""

    id: int
    name: Names


class OptionShape(BaseModel):
    """A choice and its answers, in the order shoppers see them."""

    id: int
    name: Names
    values: list[ValueShape]


class VariantShape(BaseModel):
    """A variant. `values`: for each option the place of its answer, null for a variant that lost it."""

    id: int
    sku: str
    label: str
    active: bool
    price: Price
    other_prices: list[Price]
    values: list[int | None]
    stock: StockShape


class PictureShape(BaseModel):
    """A picture of the whole product (`for_all`), of some variants, or of both. `alt` says what it shows."""

    media_id: int
    width: int
    height: int
    for_all: bool
    variant_ids: list[int]
    alt: Names


class MovementShape(BaseModel):
    """Pieces of a variant that came (above 0) or went."""

    id: int
    variant_id: int
    delta: int
    reason: str
    note: str
    at: datetime


class ProductSheet(BaseModel):
    """Everything about a product. `version` goes back with every change; `lacking` is what it needs to be sold.

    `moves` are the statuses it can get now, `favourites` the customers who like it, `waiting` those who want to hear
    when it is back; `movements` are the last ones of its stock.
    """

    id: int
    version: int
    handle: str
    status: ProductStatus
    moves: list[ProductStatus]
    lacking: list[str]
    source: str | None
    category_id: int | None
    texts: dict[str, TextShape]
    free_shipping: bool
    is_digital: bool
    dispatch_days: int
    facts: list[FactShape]
    options: list[OptionShape]
    variants: list[VariantShape]
    pictures: list[PictureShape]
    movements: list[MovementShape]
    favourites: int
    waiting: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    def title(self, language: str) -> str:
        """The title in this language, else in another, else empty."""
        return in_language({lang: text.title for lang, text in self.texts.items()}, language)


class HistoryLine(BaseModel):
    """What somebody did with a product: `facts` has `before` and `after` with what differed. `by` null: the shop."""

    action: str
    by: str | None
    facts: dict[str, Json]
    at: datetime


class ProductHistory(BaseModel):
    """What was done with a product, newest first; `next` is the cursor of the following page."""

    lines: list[HistoryLine]
    next: str | None


async def product_history(
    session: AsyncSession, *, product_id: int, before_id: int | None, limit: int
) -> ProductHistory:
    """Its lines of the audit log. Refuses product.unknown."""
    if await session.get(Product, product_id) is None:
        raise Refused("product.unknown")
    lines = select(AuditEntry, Staff.display_name).outerjoin(Staff, Staff.id == AuditEntry.staff_id)
    lines = lines.where(AuditEntry.subject == f"product:{product_id}").order_by(AuditEntry.id.desc())
    if before_id is not None:
        lines = lines.where(AuditEntry.id < before_id)
    found = (await session.execute(lines.limit(limit + 1))).all()
    shown = [HistoryLine(action=one.action, by=name, facts=one.facts, at=one.at) for one, name in found[:limit]]
    return ProductHistory(lines=shown, next=str(found[limit - 1][0].id) if len(found) > limit else None)


async def product_sheet(session: AsyncSession, *, product_id: int, language: str) -> ProductSheet:
    """Everything about a product, labels in `language`. Refuses product.unknown."""
    product = await session.get(Product, product_id, populate_existing=True)
    if product is None:
        raise Refused("product.unknown")
    texts = await session.execute(
        select(ProductText.lang, ProductText.title, ProductText.body)
        .where(ProductText.product_id == product_id)
        .order_by(ProductText.lang)
    )
    facts = await session.execute(
        select(ProductAttribute.name, ProductAttribute.value)
        .where(ProductAttribute.product_id == product_id)
        .order_by(ProductAttribute.position)
    )
    options = await _options(session, product_id)
    likes = select(func.count()).where(Favourite.product_id == product_id)
    waits = select(func.count()).join(Variant, Variant.id == StockWatch.variant_id)
    return ProductSheet(
        id=product.id,
        version=product.version,
        handle=product.handle,
        status=product.status,
        moves=sorted(MOVES[product.status]),
        lacking=(await lacking(session, [product_id]))[product_id],
        source=product.source,
        category_id=product.category_id,
        texts={row.lang: TextShape(title=row.title, body=row.body) for row in texts},
        free_shipping=product.free_shipping,
        is_digital=product.is_digital,
        dispatch_days=product.dispatch_days,
        facts=[FactShape(name=row.name, value=row.value) for row in facts],
        options=options,
        variants=await _variants(session, product_id, options, language),
        pictures=await _pictures(session, product_id),
        movements=await _movements(session, product_id),
        favourites=await session.scalar(likes.select_from(Favourite)) or 0,
        waiting=await session.scalar(waits.select_from(StockWatch).where(Variant.product_id == product_id)) or 0,
        created_at=product.created_at,
        updated_at=product.updated_at,
        published_at=product.published_at,
    )


async def _options(session: AsyncSession, product_id: int) -> list[OptionShape]:
    found = await session.execute(
        select(Option.id, Option.name, OptionValue.id.label("value_id"), OptionValue.name.label("value"))
        .outerjoin(OptionValue, OptionValue.option_id == Option.id)
        .where(Option.product_id == product_id)
        .order_by(Option.position, Option.id, OptionValue.position, OptionValue.id)
    )
    options: dict[int, OptionShape] = {}
    for row in found:
        option = options.setdefault(row.id, OptionShape(id=row.id, name=row.name, values=[]))
        if row.value_id is not None:
            option.values.append(ValueShape(id=row.value_id, name=row.value))
    return list(options.values())


async def _variants(
    session: AsyncSession, product_id: int, options: list[OptionShape], language: str
) -> list[VariantShape]:
    found = await session.scalars(
        select(Variant)
        .where(Variant.product_id == product_id)
        .order_by(Variant.position, Variant.id)
        .execution_options(populate_existing=True)
    )
    mine = select(Variant.id).where(Variant.product_id == product_id)
    stocks = await stock_shapes(session, mine)
    elsewhere = select(VariantPrice).where(VariantPrice.variant_id.in_(mine)).order_by(VariantPrice.currency)
    prices: dict[int, list[Price]] = {}
    for price in await session.scalars(elsewhere.execution_options(populate_existing=True)):
        prices.setdefault(price.variant_id, []).append(Price(amount=price.amount, currency=price.currency))
    chosen: dict[int, set[int]] = {}
    answers = select(VariantValue.variant_id, VariantValue.value_id).where(VariantValue.variant_id.in_(mine))
    for variant_id, value_id in await session.execute(answers):
        chosen.setdefault(variant_id, set()).add(value_id)
    return [
        VariantShape(
            id=variant.id,
            sku=variant.sku,
            label=_label(options, chosen.get(variant.id, set()), language),
            active=variant.active,
            price=Price(amount=variant.price_amount, currency=variant.currency),
            other_prices=prices.get(variant.id, []),
            values=[_place(option, chosen.get(variant.id, set())) for option in options],
            stock=stocks.get(variant.id, NO_STOCK),
        )
        for variant in found
    ]


def _place(option: OptionShape, chosen: set[int]) -> int | None:
    return next((place for place, value in enumerate(option.values) if value.id in chosen), None)


def _label(options: list[OptionShape], chosen: set[int], language: str) -> str:
    answers = (value for option in options for value in option.values if value.id in chosen)
    return " / ".join(in_language(value.name, language) for value in answers)


async def _pictures(session: AsyncSession, product_id: int) -> list[PictureShape]:
    found = await session.execute(
        select(Picture, Media)
        .join(Media, Media.id == Picture.media_id)
        .where(Picture.product_id == product_id)
        .order_by(Picture.position, Picture.id)
    )
    shown: dict[int, PictureShape] = {}
    for picture, media in found:
        new = PictureShape(
            media_id=media.id, width=media.width, height=media.height, for_all=False, variant_ids=[], alt=picture.alt
        )
        shape = shown.setdefault(media.id, new)
        if picture.variant_id is None:
            shape.for_all = True
        else:
            shape.variant_ids.append(picture.variant_id)
    return list(shown.values())


async def _movements(session: AsyncSession, product_id: int) -> list[MovementShape]:
    found = await session.execute(
        select(StockMovement, StockLevel.variant_id)
        .join(StockLevel, StockLevel.id == StockMovement.stock_level_id)
        .join(Variant, Variant.id == StockLevel.variant_id)
        .where(Variant.product_id == product_id)
        .order_by(StockMovement.id.desc())
        .limit(LAST_MOVEMENTS)
    )
    return [
        MovementShape(
            id=one.id, variant_id=variant_id, delta=one.delta, reason=one.reason, note=one.reference, at=one.at
        )
        for one, variant_id in found
    ]
