"""Flash sales as shoppers and the staff see them: what is on, what comes, and honest numbers of what is left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, bindparam, column, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.queries import VariantView, variant_views
from commerce.flash_sales.model import PLANNED, FlashClaim, FlashItem, FlashReminder, FlashSale
from commerce.inventory.allotments import places_of
from commerce.inventory.choice import Places
from commerce.inventory.model import StockLevel
from commerce.promotions.rules import Label
from foundation.errors import Refused
from foundation.money import Money
from foundation.reading import Read

SOON = timedelta(days=7)
"""What begins later is not told of yet."""
MOST_SHOWN = 20


class Phase(StrEnum):
    """Where a sale stands by the clock."""

    COMING = "coming"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class FlashItemView:
    """Goods of a sale and how many of their pieces are left, in somebody's checkout (`held`) and sold.

    `mine`: how many this shopper has claimed of the `max_per_customer` they may have.
    """

    item_id: int
    variant: VariantView
    price: Money
    pieces: int
    left: int
    held: int
    sold: int
    max_per_customer: int
    mine: int

    @property
    def is_sold_out(self) -> bool:
        """Whether none is left and none can come back but by a cancelled order."""
        return self.left + self.held == 0


@dataclass(frozen=True, slots=True)
class SaleView:
    """A sale as a shopper sees it at one moment. `is_reminded`: they are told before it begins."""

    sale_id: int
    name: Label
    starts_at: datetime
    ends_at: datetime
    phase: Phase
    items: tuple[FlashItemView, ...]
    is_reminded: bool

    @property
    def counts_to(self) -> datetime:
        """What its clock counts down to: its beginning, then its end."""
        return self.starts_at if self.phase is Phase.COMING else self.ends_at

    def seconds_left(self, now: datetime) -> int:
        """Whole seconds until then by the shop's clock, never below 0."""
        return max(0, int((self.counts_to - now).total_seconds()))


@dataclass(frozen=True, slots=True)
class Quota:
    """What the door of an item needs to know of it."""

    item_id: int
    starts_at: datetime
    ends_at: datetime
    left: int
    held: int
    sold: int


@dataclass(frozen=True, slots=True)
class FlashOffer:
    """What a piece of a product costs in a sale that is on, and until when."""

    item_id: int
    price: Money
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StaffItem:
    """An item for the staff. `places` None: not scheduled yet; `location_id`: where its pieces lie, or are to.

    `buyers` have orders with it, `taken` is their money.
    """

    item: FlashItem
    places: Places | None
    location_id: int | None
    buyers: int
    taken: Money


@dataclass(frozen=True, slots=True)
class StaffSale:
    """A sale for the staff, live. Who stands in line, `Line.waiting` says. `reminders` are still to be told."""

    sale: FlashSale
    phase: Phase
    items: tuple[StaffItem, ...]
    variants: dict[int, VariantView]
    reminders: int


async def sales_for(
    session: AsyncSession,
    *,
    customer_id: int | None,
    language: str,
    now: datetime,
    variant_ids: Collection[int] | None = None,
) -> list[SaleView]:
    """The sales that are on, the first to end first, then those to come; with `variant_ids` of these goods only."""
    soon = now + SOON
    if variant_ids is not None and not await _ANY.value(session, variants=list(variant_ids), now=now, soon=soon):
        return []
    planned = [FlashSale.state.in_(PLANNED), FlashSale.ends_at > now, FlashSale.starts_at <= soon]
    views = await _views(session, planned, customer_id, language, now, variant_ids)
    return sorted(views, key=lambda view: (view.phase is Phase.COMING, view.counts_to, view.sale_id))


async def sale_view(
    session: AsyncSession, *, sale_id: int, customer_id: int | None, language: str, now: datetime
) -> SaleView:
    """One sale that was ever scheduled, also when it is over. Raises Refused("flash.unknown")."""
    is_it = [FlashSale.id == sale_id, or_(FlashSale.state.in_(PLANNED), FlashSale.ends_at <= now)]
    for view in await _views(session, is_it, customer_id, language, now, None):
        return view
    raise Refused("flash.unknown", sale=sale_id)


async def quota_of(session: AsyncSession, *, item_id: int) -> Quota:
    """How an item stands. Raises Refused("flash.unknown") for one that is not scheduled."""
    found = select(FlashItem.quota_id, FlashSale.starts_at, FlashSale.ends_at)
    found = found.join(FlashSale, FlashSale.id == FlashItem.sale_id).where(FlashItem.id == item_id)
    row = (await session.execute(found)).one_or_none()
    if row is None or row.quota_id is None:
        raise Refused("flash.unknown", item=item_id)
    places = (await places_of(session, [row.quota_id]))[row.quota_id]
    left = places.left if places.is_open else 0
    return Quota(item_id, row.starts_at, row.ends_at, left, places.held, places.used)


async def flash_offers(session: AsyncSession, product_ids: Collection[int], *, now: datetime) -> dict[int, FlashOffer]:
    """{product id: its lowest price in a sale that is on and has a piece left}."""
    rows = await _OFFERS.all(session, products=list(product_ids), now=now)
    return {row.product_id: FlashOffer(row.id, Money(row.amount, row.currency), row.ends_at) for row in rows}


async def sale_of_item(session: AsyncSession, *, item_id: int) -> int:
    """The sale of an item. Raises Refused("flash.unknown")."""
    sale_id = await session.scalar(select(FlashItem.sale_id).where(FlashItem.id == item_id))
    if sale_id is None:
        raise Refused("flash.unknown", item=item_id)
    return sale_id


async def quotas_on(session: AsyncSession, *, now: datetime) -> list[Quota]:
    """All items that are on sale now and of which a piece is left."""
    found = select(FlashItem).join(FlashSale, FlashSale.id == FlashItem.sale_id)
    found = found.where(FlashSale.state.in_(PLANNED), FlashSale.starts_at <= now, FlashSale.ends_at > now)
    on = [await quota_of(session, item_id=item.id) for item in await session.scalars(found.order_by(FlashItem.id))]
    return [quota for quota in on if quota.left]


async def list_sales(session: AsyncSession, *, language: str, now: datetime, limit: int = 100) -> list[StaffSale]:
    """All sales, the newest first."""
    found = select(FlashSale).order_by(FlashSale.starts_at.desc(), FlashSale.id.desc()).limit(limit)
    sales = (await session.scalars(found.execution_options(populate_existing=True))).all()
    return await _staff_views(session, sales, language, now)


async def staff_sale(session: AsyncSession, *, sale_id: int, language: str, now: datetime) -> StaffSale:
    """One sale with its numbers of this moment. Raises Refused("flash.unknown")."""
    sale = await session.get(FlashSale, sale_id, populate_existing=True)
    if sale is None:
        raise Refused("flash.unknown", sale=sale_id)
    return (await _staff_views(session, [sale], language, now))[0]


async def _views(
    session: AsyncSession,
    which: list[ColumnElement[bool]],
    customer_id: int | None,
    language: str,
    now: datetime,
    variant_ids: Collection[int] | None,
) -> list[SaleView]:
    found = select(FlashItem, FlashSale).join(FlashSale, FlashSale.id == FlashItem.sale_id).where(*which)
    if variant_ids is not None:
        found = found.where(FlashItem.variant_id.in_(variant_ids))
    shown = found.where(FlashItem.quota_id.is_not(None)).order_by(FlashSale.starts_at, FlashItem.id)
    rows = (await session.execute(shown.limit(MOST_SHOWN * 5).execution_options(populate_existing=True))).all()
    if not rows:
        return []
    items: dict[int, list[FlashItem]] = {}
    for item, sale in rows:
        items.setdefault(sale.id, []).append(item)
    all_items = [item for item, _ in rows]
    variants = await variant_views(session, [item.variant_id for item in all_items], language=language)
    places = await _places(session, all_items)
    mine, reminded = await _theirs(session, customer_id, all_items, items)
    sales = {sale.id: sale for _, sale in rows}
    return [
        SaleView(
            sale_id=sale.id,
            name=sale.name,
            starts_at=sale.starts_at,
            ends_at=sale.ends_at,
            phase=phase_of(sale, now),
            items=tuple(
                _item_view(item, variants[item.variant_id], places[item.id], mine.get(item.id, 0))
                for item in items[sale.id]
                if item.variant_id in variants
            ),
            is_reminded=sale.id in reminded,
        )
        for sale in list(sales.values())[:MOST_SHOWN]
    ]


def phase_of(sale: FlashSale, now: datetime) -> Phase:
    """Where a sale stands: the clock alone says it."""
    if now < sale.starts_at:
        return Phase.COMING
    return Phase.ON if now < sale.ends_at else Phase.OVER


def _item_view(item: FlashItem, variant: VariantView, places: Places, mine: int) -> FlashItemView:
    return FlashItemView(
        item_id=item.id,
        variant=variant,
        price=Money(item.amount, variant.price.currency),
        pieces=places.capacity,
        left=places.left if places.is_open else 0,
        held=places.held,
        sold=places.used,
        max_per_customer=item.max_per_customer,
        mine=mine,
    )


async def _places(session: AsyncSession, items: Iterable[FlashItem]) -> dict[int, Places]:
    """{item id: places} of those that were scheduled."""
    quotas = {item.id: item.quota_id for item in items if item.quota_id is not None}
    found = await places_of(session, quotas.values())
    return {item_id: found[quota_id] for item_id, quota_id in quotas.items()}


async def _theirs(
    session: AsyncSession, customer_id: int | None, items: Iterable[FlashItem], sale_ids: Collection[int]
) -> tuple[dict[int, int], set[int]]:
    """What a customer has claimed, {item id: pieces}, and the sales they are told of."""
    if customer_id is None or not sale_ids:
        return {}, set()
    claims = select(FlashClaim.item_id, func.count()).where(FlashClaim.customer_id == customer_id)
    claims = claims.where(FlashClaim.item_id.in_([item.id for item in items])).group_by(FlashClaim.item_id)
    mine = dict[int, int]((await session.execute(claims)).all())
    reminders = select(FlashReminder.sale_id).where(FlashReminder.customer_id == customer_id)
    return mine, set(await session.scalars(reminders.where(FlashReminder.sale_id.in_(sale_ids))))


async def _staff_views(
    session: AsyncSession, sales: Collection[FlashSale], language: str, now: datetime
) -> list[StaffSale]:
    ids = [sale.id for sale in sales]
    found = select(FlashItem).where(FlashItem.sale_id.in_(ids)).order_by(FlashItem.id)
    items = (await session.scalars(found.execution_options(populate_existing=True))).all()
    places = await _places(session, items)
    levels = [stand.stock_level_id for stand in places.values()]
    lying = select(StockLevel.id, StockLevel.location_id).where(StockLevel.id.in_(levels))
    lies_at = dict[int | None, int]((await session.execute(lying)).all())
    wanted = [item.variant_id for item in items]
    variants = await variant_views(session, wanted, language=language, also_unavailable=True)
    counted = select(FlashClaim.item_id, func.count(FlashClaim.customer_id.distinct())).group_by(FlashClaim.item_id)
    counted = counted.where(FlashClaim.item_id.in_([item.id for item in items]))
    buyers = dict[int, int]((await session.execute(counted)).all())
    waiting = select(FlashReminder.sale_id, func.count()).group_by(FlashReminder.sale_id)
    reminders = dict[int, int]((await session.execute(waiting)).all())
    views = []
    for sale in sales:
        theirs = []
        for item in items:
            if item.sale_id == sale.id:
                stand = places.get(item.id)
                money = Money(item.amount * (stand.used if stand else 0), variants[item.variant_id].price.currency)
                location_id = lies_at[stand.stock_level_id] if stand else item.location_id
                theirs.append(StaffItem(item, stand, location_id, buyers.get(item.id, 0), money))
        views.append(StaffSale(sale, phase_of(sale, now), tuple(theirs), variants, reminders.get(sale.id, 0)))
    return views


# Asked for with every page of a product, which mostly is in none.
_ANY = Read(
    text("""
SELECT EXISTS (
    SELECT FROM flash_item i JOIN flash_sale s ON s.id = i.sale_id
    WHERE i.variant_id = ANY (ARRAY(SELECT unnest(:variants))) AND i.quota_id IS NOT NULL
        AND s.state IN ('scheduled', 'running') AND s.ends_at > :now AND s.starts_at <= :soon)
""")
    .bindparams(bindparam("variants", type_=ARRAY(BigInteger)))
    .columns(column("is_there"))
)

# Asked for with every list of products.
_OFFERS = Read(
    text("""
SELECT v.product_id, i.id, i.amount, v.currency, s.ends_at FROM flash_sale s
JOIN flash_item i ON i.sale_id = s.id JOIN variant v ON v.id = i.variant_id JOIN allotment a ON a.id = i.quota_id
WHERE s.state IN ('scheduled', 'running') AND s.starts_at <= :now AND s.ends_at > :now
    AND v.product_id = ANY(:products) AND v.active AND a.capacity > a.held + a.used
ORDER BY i.amount DESC
""").columns(column("product_id"), column("id"), column("amount"), column("currency"), column("ends_at"))
)
