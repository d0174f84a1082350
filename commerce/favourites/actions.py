"""What a customer likes, and what they wait for: liking, waiting, and the sweep that tells what is back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.catalog.model import Product, ProductStatus
from commerce.catalog.queries import on_sale
from commerce.favourites.model import Favourite, StockWatch
from foundation.errors import Refused

MOST_FAVOURITES = 200
MOST_WATCHED = 50


@dataclass(frozen=True, slots=True)
class Liked:
    """What a customer likes, the latest first: the ids of products on sale, and how many are sold no longer."""

    product_ids: tuple[int, ...]
    gone: int


async def like(session: AsyncSession, *, customer_id: int, product_id: int, now: datetime) -> bool:
    """Remember that a customer likes a product; False when they did already.

    Raises Refused("catalog.gone") or ("favourites.full").
    """
    status = await session.scalar(select(Product.status).where(Product.id == product_id))
    if status != ProductStatus.PUBLISHED:
        raise Refused("catalog.gone", product=product_id)
    mine = select(func.count()).select_from(Favourite).where(Favourite.customer_id == customer_id)
    if (await session.scalar(mine) or 0) >= MOST_FAVOURITES:
        raise Refused("favourites.full", most=MOST_FAVOURITES)
    new = insert(Favourite).values(customer_id=customer_id, product_id=product_id, created_at=now)
    added = await session.execute(new.on_conflict_do_nothing().returning(Favourite.product_id))
    return added.scalar() is not None


async def unlike(session: AsyncSession, *, customer_id: int, product_id: int) -> bool:
    """Forget it; False when there was nothing to forget."""
    theirs = delete(Favourite).where(Favourite.customer_id == customer_id, Favourite.product_id == product_id)
    return (await session.execute(theirs.returning(Favourite.product_id))).scalar() is not None


async def favourites_of(session: AsyncSession, *, customer_id: int) -> Liked:
    """Everything a customer likes."""
    mine = select(Product.id, Product.status).join(Favourite, Favourite.product_id == Product.id)
    mine = mine.where(Favourite.customer_id == customer_id).order_by(Favourite.created_at.desc(), Product.id.desc())
    rows = (await session.execute(mine)).all()
    sold = tuple(row.id for row in rows if row.status == ProductStatus.PUBLISHED)
    return Liked(sold, len(rows) - len(sold))


async def is_liked(session: AsyncSession, *, customer_id: int, product_id: int) -> bool:
    """Whether a customer likes a product."""
    return await session.get(Favourite, (customer_id, product_id)) is not None


async def watch(session: AsyncSession, *, customer_id: int, variant_id: int, now: datetime) -> bool:
    """Have a customer told when a variant is back; False when they wait already.

    Raises Refused("catalog.gone") or ("favourites.watching_enough").
    """
    if not await on_sale(session, [variant_id]):
        raise Refused("catalog.gone", variant=variant_id)
    mine = select(func.count()).select_from(StockWatch).where(StockWatch.customer_id == customer_id)
    if (await session.scalar(mine) or 0) >= MOST_WATCHED:
        raise Refused("favourites.watching_enough", most=MOST_WATCHED)
    new = insert(StockWatch).values(customer_id=customer_id, variant_id=variant_id, created_at=now)
    added = await session.execute(new.on_conflict_do_nothing().returning(StockWatch.variant_id))
    return added.scalar() is not None


async def unwatch(session: AsyncSession, *, customer_id: int, variant_id: int) -> bool:
    """Take that back; False when the customer did not wait for it."""
    theirs = delete(StockWatch).where(StockWatch.customer_id == customer_id, StockWatch.variant_id == variant_id)
    return (await session.execute(theirs.returning(StockWatch.variant_id))).scalar() is not None


async def watched_by(session: AsyncSession, *, customer_id: int) -> Sequence[int]:
    """The variants a customer waits for, the latest first."""
    mine = select(StockWatch.variant_id).where(StockWatch.customer_id == customer_id)
    return (await session.scalars(mine.order_by(StockWatch.created_at.desc(), StockWatch.variant_id))).all()


async def tell_back_in_stock(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Announce to those who waited longest that a variant is back, once each. A sweep: returns how many were told.

    Only what is on sale with a piece to be had. A row that another worker is at is passed over: who deletes it, tells.
    """
    told = (await session.execute(_BACK, {"limit": limit})).all()
    for row in sorted(told):
        announce(
            session,
            "back_in_stock",
            customer_id=row.customer_id,
            now=now,
            product_id=row.product_id,
            variant_id=row.variant_id,
        )
    await session.flush()
    return len(told)


_BACK = text("""
WITH due AS (
    SELECT watch.customer_id, watch.variant_id, variant.product_id
    FROM stock_watch AS watch
    JOIN variant ON variant.id = watch.variant_id AND variant.active
    JOIN product ON product.id = variant.product_id AND product.status = 'published'
    WHERE EXISTS (
        SELECT FROM stock_level AS level
        WHERE level.variant_id = watch.variant_id AND level.on_hand + level.backorder > level.reserved)
    ORDER BY watch.created_at, watch.customer_id, watch.variant_id
    LIMIT :limit
    FOR UPDATE OF watch SKIP LOCKED)
DELETE FROM stock_watch USING due
WHERE stock_watch.customer_id = due.customer_id AND stock_watch.variant_id = due.variant_id
RETURNING due.customer_id, due.product_id, due.variant_id
""").bindparams(bindparam("limit", value=50))
