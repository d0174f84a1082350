"""Stock as the merchant keeps it: counting, what came and went, and what runs low."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.catalog.queries import FREE, STOCK
from commerce.inventory import actions
from commerce.inventory.actions import Reason
from commerce.inventory.model import StockLevel, StockMovement
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that came (delta above 0) or went, and how many lay there afterwards."""

    id: int
    delta: int
    reason: str
    reference: str
    on_hand: int
    at: datetime


async def count_variant(
    session: AsyncSession,
    *,
    variant_id: int,
    counted: int,
    note: str,
    now: datetime,
    was: int | None = None,
    location_id: int | None = None,
) -> StockLevel:
    """So many lie there. Refuses variant.unknown, stock.quantity, stock.promised, stock.changed; see `inventory`."""
    await _must_exist(session, variant_id)
    return await actions.count_stock(
        session, variant_id=variant_id, counted=counted, reference=note, now=now, was=was, location_id=location_id
    )


async def adjust_variant(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    reason: Reason,
    note: str,
    now: datetime,
    was: int | None = None,
    location_id: int | None = None,
) -> StockLevel:
    """So many came or went. Refuses variant.unknown, stock.quantity, stock.short, stock.promised, stock.changed."""
    await _must_exist(session, variant_id)
    return await actions.adjust_stock(
        session,
        variant_id=variant_id,
        quantity=quantity,
        reason=reason,
        reference=note,
        now=now,
        was=was,
        location_id=location_id,
    )


async def movements(
    session: AsyncSession, *, variant_id: int, limit: int, before_id: int | None = None
) -> Sequence[Movement]:
    """What came and went of a variant, newest first. Refuses variant.unknown."""
    await _must_exist(session, variant_id)
    all_of_it = (
        select(StockMovement, func.sum(StockMovement.delta).over(order_by=StockMovement.id).label("on_hand"))
        .join(StockLevel, StockLevel.id == StockMovement.stock_level_id)
        .where(StockLevel.variant_id == variant_id)
        .subquery()
    )
    page = select(all_of_it).order_by(all_of_it.c.id.desc()).limit(limit)
    if before_id is not None:
        page = page.where(all_of_it.c.id < before_id)
    return [
        Movement(row.id, row.delta, row.reason, row.reference, int(row.on_hand), row.at)
        for row in await session.execute(page)
    ]


async def low_stock(session: AsyncSession, *, threshold: int, limit: int, offset: int = 0) -> list[int]:
    """Variants on sale of which at most `threshold` can still be promised, the scarcest first."""
    scarce = (
        select(Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .join(STOCK, true())
        .where(Product.status == ProductStatus.PUBLISHED, Variant.active, literal(threshold) >= FREE)
        .order_by(FREE, Variant.id)
    )
    return list(await session.scalars(scarce.limit(limit).offset(offset)))


async def _must_exist(session: AsyncSession, variant_id: int) -> None:
    """The lock keeps the variant from being taken away before this transaction ends."""
    known = select(Variant.id).where(Variant.id == variant_id).with_for_update(read=True, key_share=True)
    if await session.scalar(known) is None:
        raise Refused("variant.unknown")
