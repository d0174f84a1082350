"""Price lists as the staff writes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.customers.model import Customer
from commerce.pricing.model import PriceList, PriceListCustomer, PriceListPrice
from commerce.promotions.rules import Audience, Label
from foundation.errors import Refused

MOST_LISTS = 100
MOST_PRICES = 2000
MOST_CUSTOMERS = 2000
LONGEST_NAME = 200
HIGHEST_PRIORITY = 1000


@dataclass(frozen=True, slots=True)
class Band:
    """What one piece of a variant costs from so many pieces on, in minor units."""

    variant_id: int
    min_quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class ListDraft:
    """A price list as the staff writes it, with all its prices; see PriceList. `customer_ids` for audience named."""

    name: Label
    bands: Sequence[Band]
    for_members: bool = False
    audience: Audience = Audience.EVERYONE
    customer_ids: Collection[int] = ()
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class ListView:
    """A price list with its prices and customers."""

    row: PriceList
    bands: tuple[Band, ...]
    customer_ids: tuple[int, ...]


async def list_price_lists(session: AsyncSession) -> list[ListView]:
    """Every list, those that are on first, then the newest."""
    rows = (await session.scalars(select(PriceList).order_by(PriceList.active.desc(), PriceList.id.desc()))).all()
    return await _views(session, rows)


async def price_list(session: AsyncSession, *, price_list_id: int) -> ListView:
    """One list. Raises Refused("price_list.unknown")."""
    row = await session.get(PriceList, price_list_id, populate_existing=True)
    if row is None:
        raise Refused("price_list.unknown", price_list=price_list_id)
    return (await _views(session, [row]))[0]


async def add_price_list(session: AsyncSession, *, draft: ListDraft, now: datetime) -> ListView:
    """A new list. Raises Refused("name.invalid"), ("price_list.…") for what cannot be kept, ("variant.unknown")."""
    await _check(session, draft)
    if (await session.scalar(select(func.count()).select_from(PriceList)) or 0) >= MOST_LISTS:
        raise Refused("price_list.too_many", most=MOST_LISTS)
    row = PriceList(version=1, created_at=now, updated_at=now)
    _write(row, draft)
    session.add(row)
    await session.flush()
    await _write_inside(session, row.id, draft)
    return await price_list(session, price_list_id=row.id)


async def edit_price_list(
    session: AsyncSession, *, price_list_id: int, draft: ListDraft, version: int, now: datetime
) -> ListView:
    """The whole list anew. Raises as for a new one, and Refused("price_list.unknown") or ("price_list.changed")."""
    mine = select(PriceList).where(PriceList.id == price_list_id).with_for_update(key_share=True)
    row = await session.scalar(mine.execution_options(populate_existing=True))
    if row is None:
        raise Refused("price_list.unknown", price_list=price_list_id)
    if row.version != version:
        raise Refused("price_list.changed", version=row.version)
    await _check(session, draft)
    _write(row, draft)
    row.version += 1
    row.updated_at = now
    await session.execute(delete(PriceListPrice).where(PriceListPrice.price_list_id == row.id))
    await session.execute(delete(PriceListCustomer).where(PriceListCustomer.price_list_id == row.id))
    await _write_inside(session, row.id, draft)
    return await price_list(session, price_list_id=row.id)


async def _check(session: AsyncSession, draft: ListDraft) -> None:
    names = [name.strip() for name in draft.name.values()]
    if not any(names) or max(map(len, names)) > LONGEST_NAME:
        raise Refused("name.invalid", longest=LONGEST_NAME)
    if draft.starts_at is not None and draft.ends_at is not None and draft.ends_at <= draft.starts_at:
        raise Refused("promotion.window_invalid")
    if not 0 <= draft.priority <= HIGHEST_PRIORITY:
        raise Refused("promotion.priority_invalid", most=HIGHEST_PRIORITY)
    if len(draft.bands) > MOST_PRICES or len(draft.customer_ids) > MOST_CUSTOMERS:
        raise Refused("price_list.too_long", most=MOST_PRICES)
    keys = {(band.variant_id, band.min_quantity) for band in draft.bands}
    if len(keys) < len(draft.bands) or any(band.amount < 0 or band.min_quantity < 1 for band in draft.bands):
        raise Refused("price_list.prices_invalid")
    await _must_be_there(session, Variant, {band.variant_id for band in draft.bands}, "variant.unknown")
    await _must_be_there(session, Customer, set(draft.customer_ids), "customer.unknown")


async def _must_be_there(
    session: AsyncSession, table: type[Variant] | type[Customer], ids: set[int], code: str
) -> None:
    there = set((await session.scalars(select(table.id).where(table.id.in_(ids)))).all()) if ids else set()
    missing = sorted(ids - there)
    if missing:
        raise Refused(code, ids=missing[:20])


def _write(row: PriceList, draft: ListDraft) -> None:
    row.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    row.for_members = draft.for_members
    row.audience = draft.audience
    row.priority = draft.priority
    row.starts_at = draft.starts_at
    row.ends_at = draft.ends_at
    row.active = draft.active


async def _write_inside(session: AsyncSession, price_list_id: int, draft: ListDraft) -> None:
    for band in draft.bands:
        session.add(
            PriceListPrice(
                price_list_id=price_list_id,
                variant_id=band.variant_id,
                min_quantity=band.min_quantity,
                amount=band.amount,
            )
        )
    for customer_id in sorted(set(draft.customer_ids)):
        session.add(PriceListCustomer(price_list_id=price_list_id, customer_id=customer_id))
    await session.flush()


async def _views(session: AsyncSession, rows: Sequence[PriceList]) -> list[ListView]:
    ids = [row.id for row in rows]
    bands: dict[int, list[Band]] = {}
    prices = select(PriceListPrice).where(PriceListPrice.price_list_id.in_(ids))
    for price in await session.scalars(prices.order_by(PriceListPrice.variant_id, PriceListPrice.min_quantity)):
        band = Band(price.variant_id, price.min_quantity, price.amount)
        bands.setdefault(price.price_list_id, []).append(band)
    named: dict[int, list[int]] = {}
    customers = select(PriceListCustomer).where(PriceListCustomer.price_list_id.in_(ids))
    for customer in await session.scalars(customers.order_by(PriceListCustomer.customer_id)):
        named.setdefault(customer.price_list_id, []).append(customer.customer_id)
    return [ListView(row, tuple(bands.get(row.id, ())), tuple(named.get(row.id, ()))) for row in rows]
