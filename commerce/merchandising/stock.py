"""Stock as the merchant keeps it: counting, what came and went, and what runs low."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.catalog.queries import FREE, STOCK
from commerce.inventory import actions
from commerce.inventory.actions import Reason
from commerce.inventory.model import StockLevel, StockMovement
from commerce.orders.model import Order, OrderLine, OrderStatus
from foundation.errors import Refused

SOLD_WITHIN = timedelta(days=30)
"""How far back a report of what runs low looks to tell how fast it sells."""


@dataclass(frozen=True, slots=True)
class Low:
    """A variant that runs low: its own mark, if it has one, and how many pieces shoppers bought lately."""

    variant_id: int
    mark: int | None
    sold: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that came to a location (delta above 0) or went, and how many lay in the whole shop afterwards."""

    id: int
    location_id: int
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
        select(
            StockMovement,
            StockLevel.location_id,
            func.sum(StockMovement.delta).over(order_by=StockMovement.id).label("on_hand"),
        )
        .join(StockLevel, StockLevel.id == StockMovement.stock_level_id)
        .where(StockLevel.variant_id == variant_id)
        .subquery()
    )
    page = select(all_of_it).order_by(all_of_it.c.id.desc()).limit(limit)
    if before_id is not None:
        page = page.where(all_of_it.c.id < before_id)
    return [
        Movement(row.id, row.location_id, row.delta, row.reason, row.reference, int(row.on_hand), row.at)
        for row in await session.execute(page)
    ]


async def transfer_variant(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    from_id: int,
    to_id: int,
    note: str,
    now: datetime,
    was: int | None = None,
) -> None:
    """Pieces go to another location. Refuses variant.unknown and what `inventory.transfer_stock` refuses."""
    await _must_exist(session, variant_id)
    await actions.transfer_stock(
        session,
        variant_id=variant_id,
        quantity=quantity,
        from_id=from_id,
        to_id=to_id,
        reference=note,
        now=now,
        was=was,
    )


async def set_low_mark(session: AsyncSession, *, variant_id: int, mark: int | None) -> int | None:
    """From when a variant is reported as running low; returns the mark before. Refuses variant.unknown."""
    variant = await session.get(Variant, variant_id, with_for_update={"key_share": True}, populate_existing=True)
    if variant is None:
        raise Refused("variant.unknown")
    before, variant.low_stock_mark = variant.low_stock_mark, mark
    await session.flush()
    return before


async def low_stock(
    session: AsyncSession,
    *,
    usual: int,
    now: datetime,
    threshold: int | None = None,
    location_id: int | None = None,
    limit: int,
    offset: int = 0,
) -> list[Low]:
    """Variants on sale that run low, the scarcest first.

    Those below their own mark, `usual` where they have none; with `threshold` those with at most so many pieces that
    can still be promised. With `location_id` by what lies there, of what was ever kept there.
    """
    free = FREE
    scarce = (
        select(Variant.id, Variant.low_stock_mark)
        .join(Product, Product.id == Variant.product_id)
        .where(Product.status == ProductStatus.PUBLISHED, Variant.active)
    )
    if location_id is None:
        scarce = scarce.join(STOCK, true())
    else:
        free = StockLevel.on_hand + StockLevel.backorder - StockLevel.reserved
        here = and_(StockLevel.variant_id == Variant.id, StockLevel.location_id == location_id)
        scarce = scarce.join(StockLevel, here)
    if threshold is None:
        scarce = scarce.where(free < func.coalesce(Variant.low_stock_mark, usual))
    else:
        scarce = scarce.where(free <= threshold)
    found = (await session.execute(scarce.order_by(free, Variant.id).limit(limit).offset(offset))).all()
    sold = await sold_since(session, [variant for variant, _ in found], since=now - SOLD_WITHIN)
    return [Low(variant, mark, sold.get(variant, 0)) for variant, mark in found]


async def sold_since(session: AsyncSession, variant_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """{variant: pieces that shoppers bought and kept since then}; those nobody bought are missing."""
    pieces = func.sum(OrderLine.quantity - OrderLine.cancelled - OrderLine.returned)
    bought = (
        select(OrderLine.variant_id, pieces)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.variant_id.in_(variant_ids),
            Order.placed_at >= since,
            Order.status.in_((OrderStatus.PLACED, OrderStatus.COMPLETED)),
        )
        .group_by(OrderLine.variant_id)
    )
    return {variant: int(count) for variant, count in await session.execute(bought)}


async def _must_exist(session: AsyncSession, variant_id: int) -> None:
    """The lock keeps the variant from being taken away before this transaction ends."""
    known = select(Variant.id).where(Variant.id == variant_id).with_for_update(read=True, key_share=True)
    if await session.scalar(known) is None:
        raise Refused("variant.unknown")
