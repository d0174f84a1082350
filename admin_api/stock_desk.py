"""What the staff does with stock: counts, what came and went, what runs low."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.order_views import Price
from admin_api.product_desk import note_down
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Words, read_cursor
from admin_api.stock_views import NO_STOCK, StockShape, stock_shapes
from commerce.catalog.queries import variant_views
from commerce.inventory.actions import MOST_PIECES, Reason
from commerce.inventory.locations import main_location
from commerce.inventory.model import StockLevel
from commerce.merchandising import stock

Note = Annotated[Words, Field(max_length=200, description="For those who read the movements later.")]
Was = Annotated[int | None, Field(ge=-MOST_PIECES, le=MOST_PIECES, description="On hand as it was shown, if it was.")]

Where = Annotated[int | None, Field(ge=1, le=LARGEST_ID, description="The location; null is the main one.")]


class CountForm(BaseModel):
    """Somebody counted. `was` makes a form that is sent twice, or from an old page, be refused."""

    counted: Annotated[int, Field(ge=0, le=MOST_PIECES)]
    note: Note = ""
    was: Was = None
    location_id: Where = None


class AdjustForm(BaseModel):
    """Pieces came (received, returned, found) or went (damaged, lost)."""

    quantity: Annotated[int, Field(ge=1, le=MOST_PIECES)]
    reason: Reason
    note: Note = ""
    was: Was = None
    location_id: Where = None


class VariantStock(BaseModel):
    """The stock of a variant."""

    variant_id: int
    stock: StockShape


class LowVariant(BaseModel):
    """A variant on sale that runs low. `label` names it among the variants of its product.

    It is reported below `mark` pieces; `own_mark` is null where that is the shop's usual number. `sold`: pieces that
    shoppers bought in the last 30 days.
    """

    variant_id: int
    product_id: int
    sku: str
    title: str
    label: str
    picture: int | None
    price: Price
    stock: StockShape
    mark: int
    own_mark: int | None
    sold: int


class LowStock(BaseModel):
    """Variants that run low, the scarcest first; `next` is the cursor of the following page."""

    variants: list[LowVariant]
    next: str | None


class StockMovementRow(BaseModel):
    """Pieces that came to a location (above 0) or went, and how many lay in the whole shop afterwards."""

    id: int
    location_id: int
    delta: int
    reason: str
    note: str
    on_hand: int
    at: datetime


class Movements(BaseModel):
    """What came and went, newest first; `next` is the cursor of the following page."""

    movements: list[StockMovementRow]
    next: str | None


async def count_stock(desk: Desk, staff: StaffMember, *, variant_id: int, form: CountForm) -> VariantStock:
    """So many lie there. Refuses variant.unknown, stock.promised, stock.changed."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        before = await _on_hand(session, variant_id, form.location_id)
        level = await stock.count_variant(
            session,
            variant_id=variant_id,
            counted=form.counted,
            note=form.note,
            now=desk.now(),
            was=form.was,
            location_id=form.location_id,
        )
        facts = {"before": {"on_hand": before}, "after": {"on_hand": level.on_hand}}
        note_down(session, desk, staff, "stock.counted", f"variant:{variant_id}", location=level.location_id, **facts)
        return await stock_now(session, variant_id)


async def adjust_stock(desk: Desk, staff: StaffMember, *, variant_id: int, form: AdjustForm) -> VariantStock:
    """Pieces came or went. Refuses variant.unknown, stock.short, stock.promised, stock.changed."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        before = await _on_hand(session, variant_id, form.location_id)
        level = await stock.adjust_variant(
            session,
            variant_id=variant_id,
            quantity=form.quantity,
            reason=form.reason,
            note=form.note,
            now=desk.now(),
            was=form.was,
            location_id=form.location_id,
        )
        facts = {"before": {"on_hand": before}, "after": {"on_hand": level.on_hand}}
        note_down(
            session,
            desk,
            staff,
            "stock.adjusted",
            f"variant:{variant_id}",
            reason=form.reason.value,
            quantity=form.quantity,
            location=level.location_id,
            **facts,
        )
        return await stock_now(session, variant_id)


async def list_movements(
    session: AsyncSession, staff: StaffMember, *, variant_id: int, cursor: str | None = None, limit: int = 50
) -> Movements:
    """What came and went of a variant. Refuses variant.unknown, cursor.invalid."""
    staff.must(Permission.READ_PRODUCTS)
    found = await stock.movements(session, variant_id=variant_id, limit=limit + 1, before_id=read_cursor(cursor))
    rows = [
        StockMovementRow(
            id=one.id,
            location_id=one.location_id,
            delta=one.delta,
            reason=one.reason,
            note=one.reference,
            on_hand=one.on_hand,
            at=one.at,
        )
        for one in found[:limit]
    ]
    return Movements(movements=rows, next=str(rows[-1].id) if len(found) > limit else None)


async def low_stock(
    session: AsyncSession,
    staff: StaffMember,
    *,
    usual: int,
    now: datetime,
    threshold: int | None = None,
    location_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> LowStock:
    """Variants on sale that run low, the scarcest first. Refuses cursor.invalid.

    With `threshold` those of which at most so many can still be promised, else those below their mark (`usual` where
    they have none); with `location_id` by what lies there.
    """
    staff.must(Permission.READ_PRODUCTS)
    start = read_cursor(cursor) or 0
    found = await stock.low_stock(
        session,
        usual=usual,
        now=now,
        threshold=threshold,
        location_id=location_id,
        limit=limit + 1,
        offset=start,
    )
    low = {one.variant_id: one for one in found[:limit]}
    views = await variant_views(session, low, language=staff.language)
    stocks = await stock_shapes(session, low)
    rows = [
        LowVariant(
            variant_id=view.variant_id,
            product_id=view.product_id,
            sku=view.sku,
            title=view.title,
            label=view.label,
            picture=view.picture,
            price=Price(amount=view.price.amount, currency=view.price.currency),
            stock=stocks.get(view.variant_id, NO_STOCK),
            mark=one.mark if one.mark is not None else usual,
            own_mark=one.mark,
            sold=one.sold,
        )
        for one, view in ((one, views[variant_id]) for variant_id, one in low.items() if variant_id in views)
    ]
    return LowStock(variants=rows, next=str(start + limit) if len(found) > limit else None)


async def _on_hand(session: AsyncSession, variant_id: int, location_id: int | None) -> int:
    """What lies there, under the lock of the level, so that what was before is what the change changes."""
    place = await main_location(session) if location_id is None else location_id
    level = select(StockLevel.on_hand).where(StockLevel.variant_id == variant_id, StockLevel.location_id == place)
    return await session.scalar(level.with_for_update(key_share=True)) or 0


async def stock_now(session: AsyncSession, variant_id: int) -> VariantStock:
    """The stock of a variant as this transaction has made it."""
    stocks = await stock_shapes(session, [variant_id])
    return VariantStock(variant_id=variant_id, stock=stocks.get(variant_id, NO_STOCK))
