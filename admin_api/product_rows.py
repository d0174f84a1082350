"""The list of products as the staff sees it: also those that are not on sale."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.order_views import Price
from commerce.catalog.model import (
    Category,
    Picture,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    in_language,
)
from commerce.catalog.queries import FREE, STOCK
from commerce.search.actions import Wanted, find

MOST_FOUND = 200


class ProductRow(BaseModel):
    """A product in a list. Prices and stock are of its active variants (`variants` counts them).

    `free` is what can still be promised, `scarcest` what can of the variant that has the least; `picture` is a media
    id; `category` a name.
    """

    id: int
    version: int
    handle: str
    status: ProductStatus
    title: str
    category_id: int | None
    category: str | None
    picture: int | None
    variants: int
    price_from: Price | None
    price_to: Price | None
    on_hand: int
    reserved: int
    free: int
    scarcest: int
    updated_at: datetime


class ProductPage(BaseModel):
    """A page of products; `next` is the cursor of the following page, null at the end."""

    products: list[ProductRow]
    next: str | None


class ProductCounts(BaseModel):
    """How many products there are in each status."""

    draft: int
    published: int
    archived: int


def matching(
    *, status: ProductStatus | None, category_id: int | None, low_stock: int | None
) -> list[ColumnElement[bool]]:
    """Conditions on products. `category_id` is with the shelves inside it; `low_stock` a number of pieces."""
    conditions: list[ColumnElement[bool]] = []
    if status is not None:
        conditions.append(Product.status == status)
    if category_id is not None:
        within = select(Category.id).where(Category.id == category_id).cte("within", recursive=True)
        within = within.union(select(Category.id).join(within, Category.parent_id == within.c.id))
        conditions.append(Product.category_id.in_(select(within.c.id)))
    if low_stock is not None:
        scarce = select(Variant.id).join(STOCK, true())
        scarce = scarce.where(Variant.product_id == Product.id, Variant.active, literal(low_stock) >= FREE)
        conditions.append(scarce.correlate(Product).exists())
    return conditions


async def found_by_words(session: AsyncSession, words: str, *, language: str) -> list[int]:
    """Products for these words: what shoppers find, then those whose title, handle or SKU has them, on sale or not.

    What shoppers would only be shown as something near comes when there is nothing else.
    """
    pattern = "%" + words.strip().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    literally = (
        select(Product.id)
        .where(
            or_(
                Product.handle.ilike(pattern),
                select(ProductText.product_id)
                .where(ProductText.product_id == Product.id, ProductText.title.ilike(pattern))
                .exists(),
                select(Variant.id).where(Variant.product_id == Product.id, Variant.sku.ilike(pattern)).exists(),
            )
        )
        .order_by(Product.id.desc())
        .limit(MOST_FOUND)
    )
    said = list(await session.scalars(literally))
    found = await find(session, Wanted(words, language, limit=MOST_FOUND))
    ids = said if found.relaxed and said else [*found.product_ids, *said]
    return list(dict.fromkeys(ids))


async def product_rows(session: AsyncSession, ids: Sequence[int], *, language: str) -> list[ProductRow]:
    """These products in this order, titles in `language`."""
    shown = {row.id: row for row in await session.execute(_ROWS.where(Product.id.in_(ids)))}
    titles: dict[int, dict[str, str]] = {}
    texts = select(ProductText.product_id, ProductText.lang, ProductText.title)
    for product_id, lang, title in await session.execute(texts.where(ProductText.product_id.in_(ids))):
        titles.setdefault(product_id, {})[lang] = title
    return [
        ProductRow(
            id=row.id,
            version=row.version,
            handle=row.handle,
            status=row.status,
            title=in_language(titles.get(row.id, {}), language),
            category_id=row.category_id,
            category=None if row.category is None else in_language(row.category, language),
            picture=row.picture,
            variants=row.variants,
            price_from=None if row.low is None else Price(amount=row.low, currency=row.currency),
            price_to=None if row.high is None else Price(amount=row.high, currency=row.currency),
            on_hand=row.on_hand,
            reserved=row.reserved,
            free=row.free,
            scarcest=row.scarcest,
            updated_at=row.updated_at,
        )
        for row in (shown[product_id] for product_id in ids if product_id in shown)
    ]


async def product_counts(session: AsyncSession) -> ProductCounts:
    """How many products there are in each status."""
    counted = await session.execute(select(Product.status, func.count()).group_by(Product.status))
    counts: dict[ProductStatus, int] = dict(counted.all())
    return ProductCounts(**{status.value: counts.get(status, 0) for status in ProductStatus})


_PICTURE = (
    select(Picture.media_id)
    .where(Picture.product_id == Product.id)
    .order_by(Picture.variant_id.is_not(None), Picture.position, Picture.id)
    .limit(1)
    .correlate(Product)
    .scalar_subquery()
)
_ROWS = (
    select(
        Product.id,
        Product.version,
        Product.handle,
        Product.status,
        Product.category_id,
        Product.updated_at,
        Category.name.label("category"),
        _PICTURE.label("picture"),
        func.count(Variant.id).label("variants"),
        func.min(Variant.price_amount).label("low"),
        func.max(Variant.price_amount).label("high"),
        func.min(Variant.currency).label("currency"),
        func.coalesce(func.sum(STOCK.c.on_hand), 0).label("on_hand"),
        func.coalesce(func.sum(STOCK.c.reserved), 0).label("reserved"),
        func.sum(FREE).label("free"),
        func.min(FREE).label("scarcest"),
    )
    .outerjoin(Variant, and_(Variant.product_id == Product.id, Variant.active))
    .outerjoin(STOCK, true())
    .outerjoin(Category, Category.id == Product.category_id)
    .group_by(Product.id, Category.id)
)
