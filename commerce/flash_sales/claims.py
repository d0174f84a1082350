"""What a shopper needs of a flash sale to buy: its price while it is on, and a claim for each piece their limit allows.

That there is a piece at all, the quota decides (commerce/inventory/allotments.py); Redis and the waiting line only
keep the crowd away from here.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.flash_sales.model import FlashClaim, FlashItem, FlashSale, SaleState
from commerce.promotions.rules import Label
from foundation.errors import Refused

_MINE = select(func.count(FlashClaim.id)).where(
    FlashClaim.item_id == bindparam("item_id"), FlashClaim.customer_id == bindparam("customer_id")
)
_PRICE = (
    select(FlashItem, FlashSale, Variant.currency, _MINE.scalar_subquery())
    .join(FlashSale, FlashSale.id == FlashItem.sale_id)
    .join(Variant, Variant.id == FlashItem.variant_id)
    .where(FlashItem.id == bindparam("item_id"))
    .execution_options(populate_existing=True)
)
_LEFT = select(
    FlashItem.max_per_customer,
    _MINE.scalar_subquery(),
    _MINE.where(FlashClaim.order_id == bindparam("order_id")).scalar_subquery(),
).where(FlashItem.id == bindparam("item_id"))
"""How many one customer may have of an item, has, and has in this order."""
# The lowest numbers that are free. Who inserts one that another order is just taking waits for that one's end.
_TAKE = text("""
INSERT INTO flash_claim (item_id, customer_id, seq, most, order_id)
SELECT i.id, :customer_id, free.seq, i.max_per_customer, :order_id
FROM flash_item i
CROSS JOIN LATERAL (
    SELECT n.seq FROM generate_series(1, i.max_per_customer) AS n (seq)
    WHERE NOT EXISTS (
        SELECT FROM flash_claim c WHERE c.item_id = i.id AND c.customer_id = :customer_id AND c.seq = n.seq)
    ORDER BY n.seq LIMIT :pieces) AS free
WHERE i.id = :item_id
ORDER BY free.seq
ON CONFLICT (item_id, customer_id, seq) DO NOTHING
RETURNING seq
""")


@dataclass(frozen=True, slots=True)
class FlashPrice:
    """What one piece of an item costs now, in minor units of `currency`. `label` is the sale's name."""

    item_id: int
    sale_id: int
    variant_id: int
    amount: int
    currency: str
    quota_id: int
    max_per_customer: int
    label: Label
    ends_at: datetime


async def flash_price(
    session: AsyncSession, *, item_id: int, customer_id: int, quantity: int, now: datetime
) -> FlashPrice:
    """The price of an item for this customer, who wants so many pieces of it.

    By the clock alone: it opens and ends to the instant, whether or not a sweep has run. Who holds a piece that was
    taken in time, in a turn that began in time, has its price, be the sale ended meanwhile.
    Raises Refused("flash.unknown"), ("flash.not_yet", starts=...), ("flash.over"), ("flash.limit", most=..., left=...).
    """
    row = (await session.execute(_PRICE, {"item_id": item_id, "customer_id": customer_id})).one_or_none()
    if row is None:
        raise Refused("flash.unknown", item=item_id)
    item, sale, currency, had = row
    if sale.state is SaleState.DRAFT or item.quota_id is None:
        raise Refused("flash.unknown", item=item_id)
    if now >= sale.ends_at:
        raise Refused("flash.over", item=item_id)
    if now < sale.starts_at:
        raise Refused("flash.not_yet", item=item_id, starts=sale.starts_at.isoformat())
    if had + quantity > item.max_per_customer:
        raise Refused("flash.limit", item=item_id, most=item.max_per_customer, left=item.max_per_customer - had)
    return FlashPrice(
        item_id=item.id,
        sale_id=sale.id,
        variant_id=item.variant_id,
        amount=item.amount,
        currency=currency,
        quota_id=item.quota_id,
        max_per_customer=item.max_per_customer,
        label=sale.name,
        ends_at=sale.ends_at,
    )


async def take(session: AsyncSession, *, item_id: int, customer_id: int, order_id: int, quantity: int) -> None:
    """Claim `quantity` pieces of an item for an order, all or none; the same order again claims nothing more.

    Raises Refused("flash.limit", most=..., left=...) beyond what one customer may have.
    """
    ids = {"item_id": item_id, "customer_id": customer_id, "order_id": order_id, "pieces": quantity}
    most, tries = 1, 0
    while tries <= most:  # each time another order of theirs was faster, that has taken some for good
        most, had, has = (await session.execute(_LEFT, ids)).one()
        if has:
            return
        if had + quantity > most:
            raise Refused("flash.limit", item=item_id, most=most, left=max(0, most - had))
        try:
            async with session.begin_nested():
                if len((await session.execute(_TAKE, ids)).all()) == quantity:
                    return
                raise _TooFew  # gives back those it had: nobody waits for the other with some in hand
        except _TooFew:
            tries += 1
    raise Refused("flash.limit", item=item_id, most=most, left=0)


class _TooFew(Exception):
    """Not all the pieces asked for could be claimed."""


async def orders_with(session: AsyncSession, *, item_id: int, customer_id: int) -> list[int]:
    """The orders in which a customer has pieces of an item, the latest first."""
    theirs = select(FlashClaim.order_id).where(FlashClaim.item_id == item_id, FlashClaim.customer_id == customer_id)
    return list(await session.scalars(theirs.group_by(FlashClaim.order_id).order_by(FlashClaim.order_id.desc())))


async def give_back(session: AsyncSession, *, order_id: int) -> None:
    """The order came to nothing: what it claimed counts no longer. Again changes nothing."""
    await session.execute(delete(FlashClaim).where(FlashClaim.order_id == order_id))


async def give_back_pieces(session: AsyncSession, *, order_id: int) -> None:
    """Some pieces of the order were taken away, and their places given back: it claims no more than it still keeps."""
    await session.execute(_SURPLUS, {"order_id": order_id})


_SURPLUS = text("""
DELETE FROM flash_claim WHERE id IN (
    SELECT c.id FROM flash_item i JOIN (
        SELECT id, item_id, row_number() OVER (PARTITION BY item_id ORDER BY seq) AS place
        FROM flash_claim WHERE order_id = :order_id) c ON c.item_id = i.id
    WHERE c.place > (
        SELECT coalesce(sum((h.allotments ->> i.quota_id::text)::bigint), 0) FROM hold h
        WHERE h.order_id = :order_id AND h.state NOT IN ('released', 'expired')))
""")


async def join_claims(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """Two customers turned out to be one person: what both have claimed counts for the one, be it beyond the limit."""
    await session.execute(_JOIN, {"from_id": from_id, "to_id": to_id})


_JOIN = text("""
WITH had AS (SELECT item_id, max(seq) AS last FROM flash_claim WHERE customer_id = :to_id GROUP BY item_id),
     numbered AS (
        SELECT c.id, coalesce(had.last, 0) + row_number() OVER (PARTITION BY c.item_id ORDER BY c.seq) AS seq
        FROM flash_claim c LEFT JOIN had ON had.item_id = c.item_id WHERE c.customer_id = :from_id)
UPDATE flash_claim c SET customer_id = :to_id, seq = n.seq, most = greatest(c.most, n.seq)
FROM numbered n WHERE n.id = c.id
""")
