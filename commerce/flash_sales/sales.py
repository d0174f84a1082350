"""Flash sales as the staff makes them: written as a draft, scheduled with their pieces reserved, extended, ended.

A draft may be changed in everything. What is scheduled has told shoppers its price: only its end and the number of its
pieces still change, or all of it is taken back to a draft as long as it has not begun.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.flash_sales.model import MOST_EACH, PLANNED, FlashItem, FlashSale, SaleState
from commerce.inventory.allotments import change_capacity, close_allotment, make_allotment, places_of, set_window
from commerce.inventory.levels import lock_levels, locked_levels
from commerce.inventory.model import Location
from commerce.promotions.rules import Label
from foundation.errors import Refused

LONGEST_NAME = 200
LONGEST_SALE = timedelta(days=31)
MOST_ITEMS = 50
MOST_PIECES = 1_000_000


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as the staff writes it; see the columns of FlashItem."""

    variant_id: int
    amount: int
    pieces: int
    max_per_customer: int = 1
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class SaleDraft:
    """A sale as the staff writes it."""

    name: Label
    starts_at: datetime
    ends_at: datetime
    items: tuple[ItemDraft, ...]


async def add_sale(session: AsyncSession, *, draft: SaleDraft, now: datetime) -> FlashSale:
    """A new draft.

    Raises Refused: name.invalid, flash.window_invalid, flash.items_invalid, flash.item_invalid (variant, why),
    flash.price_invalid (variant, price).
    """
    await _check(session, draft)
    sale = FlashSale(state=SaleState.DRAFT, version=1, created_at=now, updated_at=now)
    _write(sale, draft)
    session.add(sale)
    await session.flush()
    await _write_items(session, sale, draft.items)
    return sale


async def edit_sale(session: AsyncSession, *, sale_id: int, draft: SaleDraft, version: int, now: datetime) -> FlashSale:
    """Write a draft anew. Raises Refused: flash.unknown, flash.changed, flash.not_a_draft, and as for a new one."""
    sale = await locked_sale(session, sale_id=sale_id, version=version)
    if sale.state is not SaleState.DRAFT:
        raise Refused("flash.not_a_draft", sale=sale_id)
    await _check(session, draft)
    _write(sale, draft)
    sale.version += 1
    sale.updated_at = now
    await _write_items(session, sale, draft.items)
    return sale


async def delete_sale(session: AsyncSession, *, sale_id: int, version: int) -> None:
    """Throw a draft away. Raises Refused: flash.unknown, flash.changed, flash.not_a_draft."""
    sale = await locked_sale(session, sale_id=sale_id, version=version)
    if sale.state is not SaleState.DRAFT:
        raise Refused("flash.not_a_draft", sale=sale_id)
    await session.delete(sale)
    await session.flush()


async def schedule_sale(session: AsyncSession, *, sale_id: int, version: int, now: datetime) -> FlashSale:
    """Announce a draft: its pieces are reserved from stock now, and it opens to the instant.

    Raises Refused: flash.unknown, flash.changed, flash.move_refused, flash.window_over when it would have ended, what
    the draft would be refused for today, and stock.short (variant, left) when there are too few free pieces.
    """
    sale = await locked_sale(session, sale_id=sale_id, version=version)
    sale.move_to(SaleState.SCHEDULED, now=now)
    if sale.ends_at <= now:
        raise Refused("flash.window_over", sale=sale_id)
    items = await _items(session, sale_id)
    await _check(session, _draft_of(sale, items))
    await locked_levels(session, [item.variant_id for item in items])  # all of them first, in the order of their ids
    for item in items:
        quota = await make_allotment(
            session,
            capacity=item.pieces,
            opens_at=sale.starts_at,
            closes_at=sale.ends_at,
            reserve=(item.variant_id, item.location_id),
        )
        item.quota_id = quota.id
    await session.flush()
    return sale


async def unschedule_sale(session: AsyncSession, *, sale_id: int, version: int, now: datetime) -> FlashSale:
    """Make a draft again of what has not begun; its pieces go free.

    Raises Refused: flash.unknown, flash.changed, flash.begun, flash.move_refused.
    """
    sale = await locked_sale(session, sale_id=sale_id, version=version)
    if sale.state in PLANNED and sale.starts_at <= now:
        raise Refused("flash.begun", sale=sale_id)
    sale.move_to(SaleState.DRAFT, now=now)
    for item in await _close(session, [sale.id]):
        item.quota_id = None
    await session.flush()
    return sale


async def extend_sale(
    session: AsyncSession, *, sale_id: int, ends_at: datetime, version: int, now: datetime
) -> FlashSale:
    """Move the end of what is scheduled or running, later or nearer, but not into the past: `end_sale` does that.

    Raises Refused: flash.unknown, flash.changed, flash.not_planned, flash.window_invalid.
    """
    sale = await _planned(session, sale_id, version, now)
    if ends_at <= max(now, sale.starts_at) or ends_at - sale.starts_at > LONGEST_SALE:
        raise Refused("flash.window_invalid", longest_days=LONGEST_SALE.days)
    sale.ends_at = ends_at
    for quota_id in await _locked_quotas(session, await _items(session, sale_id)):
        await set_window(session, quota_id, is_open=True, opens_at=sale.starts_at, closes_at=ends_at)
    return await _edited(session, sale, now)


async def change_pieces(session: AsyncSession, *, item_id: int, pieces: int, version: int, now: datetime) -> FlashSale:
    """More or fewer pieces of an item of what is scheduled or running; `version` is that of its sale.

    Raises Refused: flash.unknown, flash.changed, flash.not_planned, flash.item_invalid, stock.short (variant, left),
    and allotment.in_use (least) below what is sold or in somebody's checkout.
    """
    item = await session.get(FlashItem, item_id)
    if item is None:
        raise Refused("flash.unknown", item=item_id)
    sale = await _planned(session, item.sale_id, version, now)
    if not 1 <= pieces <= MOST_PIECES:
        raise Refused("flash.item_invalid", variant=item.variant_id, why="pieces")
    await session.refresh(item)
    assert item.quota_id is not None
    await change_capacity(session, item.quota_id, capacity=pieces)
    item.pieces = pieces
    return await _edited(session, sale, now)


async def end_sale(session: AsyncSession, *, sale_id: int, version: int, now: datetime) -> FlashSale:
    """End what has begun, now. Pieces in somebody's checkout can still be paid for, all others go back on the shelf.

    Raises Refused: flash.unknown, flash.changed, flash.not_planned, flash.not_begun (take it back instead).
    """
    sale = await _planned(session, sale_id, version, now)
    if now <= sale.starts_at:
        raise Refused("flash.not_begun", sale=sale_id)
    sale.ends_at = min(sale.ends_at, now)
    await _close(session, [sale.id])
    sale.move_to(SaleState.ENDED, now=now)
    await session.flush()
    return sale


async def begin_sales(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Write down that sales have begun, which nothing waits for. A sweep: returns how many there were."""
    due = select(FlashSale).where(FlashSale.state == SaleState.SCHEDULED, FlashSale.starts_at <= now)
    sales = await _due(session, due, limit)
    for sale in sales:
        sale.move_to(SaleState.RUNNING, now=now)
    await session.flush()
    return len(sales)


async def end_sales(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Put what is left of sales that are over back on the shelf. A sweep: returns how many there were."""
    due = select(FlashSale).where(FlashSale.state.in_(PLANNED), FlashSale.ends_at <= now)
    sales = await _due(session, due, limit)
    if sales:
        await _close(session, [sale.id for sale in sales])
    for sale in sales:
        sale.move_to(SaleState.ENDED, now=now)
    await session.flush()
    return len(sales)


async def locked_sale(session: AsyncSession, *, sale_id: int, version: int) -> FlashSale:
    """The sale as it was read, under its lock. Raises Refused("flash.unknown") or ("flash.changed", version=...)."""
    mine = select(FlashSale).where(FlashSale.id == sale_id).with_for_update(key_share=True)
    sale = await session.scalar(mine.execution_options(populate_existing=True))
    if sale is None:
        raise Refused("flash.unknown", sale=sale_id)
    if sale.version != version:
        raise Refused("flash.changed", version=sale.version)
    return sale


async def _planned(session: AsyncSession, sale_id: int, version: int, now: datetime) -> FlashSale:
    sale = await locked_sale(session, sale_id=sale_id, version=version)
    if sale.state not in PLANNED or sale.ends_at <= now:
        raise Refused("flash.not_planned", sale=sale_id)
    return sale


async def _edited(session: AsyncSession, sale: FlashSale, now: datetime) -> FlashSale:
    sale.version += 1
    sale.updated_at = now
    await session.flush()
    return sale


async def _due(session: AsyncSession, due: Select[FlashSale], limit: int) -> Sequence[FlashSale]:
    locked = due.order_by(FlashSale.id).limit(limit).with_for_update(skip_locked=True, key_share=True)
    return (await session.scalars(locked.execution_options(populate_existing=True))).all()


async def _close(session: AsyncSession, sale_ids: Sequence[int]) -> list[FlashItem]:
    """Give no more pieces of these sales, and free what nobody took; the items."""
    found = select(FlashItem).where(FlashItem.sale_id.in_(sale_ids), FlashItem.quota_id.is_not(None))
    items = list(await session.scalars(found.execution_options(populate_existing=True)))
    for quota_id in await _locked_quotas(session, items):
        await close_allotment(session, quota_id)
    return items


async def _items(session: AsyncSession, sale_id: int) -> list[FlashItem]:
    found = select(FlashItem).where(FlashItem.sale_id == sale_id).order_by(FlashItem.id)
    return list(await session.scalars(found.execution_options(populate_existing=True)))


async def _locked_quotas(session: AsyncSession, items: Iterable[FlashItem]) -> list[int]:
    """The allotments of these items in the order of locks, and the lock on the stock of all before any of them."""
    quotas = await places_of(session, [item.quota_id for item in items if item.quota_id is not None])
    await lock_levels(session, [one.stock_level_id for one in quotas.values() if one.stock_level_id is not None])
    return sorted(quotas)


async def _check(session: AsyncSession, draft: SaleDraft) -> None:
    names = [name.strip() for name in draft.name.values()]
    if not any(names) or max(map(len, names)) > LONGEST_NAME:
        raise Refused("name.invalid", longest=LONGEST_NAME)
    if not timedelta(0) < draft.ends_at - draft.starts_at <= LONGEST_SALE:
        raise Refused("flash.window_invalid", longest_days=LONGEST_SALE.days)
    variants = [item.variant_id for item in draft.items]
    if not 1 <= len(variants) <= MOST_ITEMS or len(set(variants)) != len(variants):
        raise Refused("flash.items_invalid", most=MOST_ITEMS)
    found = await session.execute(
        select(Variant.id, Variant.price_amount).where(Variant.id.in_(variants), Variant.active)
    )
    prices: dict[int, int] = {row.id: row.price_amount for row in found}
    asked = {item.location_id for item in draft.items} - {None}
    open_ones = set(await session.scalars(select(Location.id).where(Location.id.in_(asked), Location.active)))
    for item in draft.items:
        if item.variant_id not in prices:
            raise Refused("flash.item_invalid", variant=item.variant_id, why="variant")
        if item.location_id not in (None, *open_ones):
            raise Refused("flash.item_invalid", variant=item.variant_id, why="location")
        if not 1 <= item.pieces <= MOST_PIECES:
            raise Refused("flash.item_invalid", variant=item.variant_id, why="pieces")
        if not 1 <= item.max_per_customer <= MOST_EACH:
            raise Refused("flash.item_invalid", variant=item.variant_id, why="max_per_customer")
        if not 0 < item.amount < prices[item.variant_id]:
            raise Refused("flash.price_invalid", variant=item.variant_id, price=prices[item.variant_id])


def _write(sale: FlashSale, draft: SaleDraft) -> None:
    sale.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    sale.starts_at, sale.ends_at = draft.starts_at, draft.ends_at


async def _write_items(session: AsyncSession, sale: FlashSale, items: Sequence[ItemDraft]) -> None:
    await session.execute(delete(FlashItem).where(FlashItem.sale_id == sale.id))
    for item in items:
        session.add(
            FlashItem(
                sale_id=sale.id,
                variant_id=item.variant_id,
                amount=item.amount,
                pieces=item.pieces,
                max_per_customer=item.max_per_customer,
                location_id=item.location_id,
            )
        )
    await session.flush()


def _draft_of(sale: FlashSale, items: Sequence[FlashItem]) -> SaleDraft:
    return SaleDraft(
        name=sale.name,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
        items=tuple(
            ItemDraft(item.variant_id, item.amount, item.pieces, item.max_per_customer, item.location_id)
            for item in items
        ),
    )
