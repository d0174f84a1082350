"""The cart of a deal: a group's or a flash sale's goods, bought by themselves, beside the customer's ordinary cart."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import FRESH
from commerce.carts.model import MOST_PIECES, Cart, CartLine, CartStatus
from commerce.catalog.queries import on_sale
from commerce.customers.model import Customer
from foundation.database import JsonMap
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class GroupDeal:
    """A seat in a group of a campaign; `group_id` None: the shopper starts one."""

    campaign_id: int
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class FlashDeal:
    """Pieces of what a flash sale sells."""

    item_id: int


_KINDS: Mapping[str, type[GroupDeal | FlashDeal]] = {"group": GroupDeal, "flash": FlashDeal}


def read_deal(deal: JsonMap) -> GroupDeal | FlashDeal:
    """What `Cart.deal` says."""
    return _KINDS[deal["kind"]](**{name: value for name, value in deal.items() if name != "kind"})


async def deal_cart(
    session: AsyncSession, *, customer_id: int, deal: GroupDeal | FlashDeal, lines: Mapping[int, int], now: datetime
) -> Cart:
    """Make the customer's deal cart this deal with {variant id: pieces}; what it was before is gone.

    The same once more changes nothing. Raises Refused("cart.quantity"), ("cart.unavailable", variant=...), and
    ("cart.unknown") for a customer who has just turned out to be another one.
    """
    for variant_id, quantity in lines.items():
        if not 1 <= quantity <= MOST_PIECES:
            raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
        if not await on_sale(session, [variant_id]):
            raise Refused("cart.unavailable", variant=variant_id)
    kind = next(name for name, one in _KINDS.items() if isinstance(deal, one))
    written: JsonMap = {"kind": kind, **asdict(deal)}
    cart = await _locked(session, customer_id, written)
    there = select(CartLine.variant_id, CartLine.quantity).where(CartLine.cart_id == cart.id)
    before = {row.variant_id: row.quantity for row in await session.execute(there)}
    if cart.deal == written and before == dict(lines):
        return cart
    await session.execute(delete(CartLine).where(CartLine.cart_id == cart.id))
    session.add_all(CartLine(cart_id=cart.id, variant_id=one, quantity=pieces) for one, pieces in lines.items())
    cart.deal = written
    cart.version += 1
    cart.updated_at = now
    await session.flush()
    return cart


async def open_deal_cart(session: AsyncSession, *, customer_id: int) -> Cart | None:
    """The deal this customer has in hand and has not ordered."""
    mine = select(Cart).where(Cart.customer_id == customer_id, Cart.status == CartStatus.OPEN, Cart.deal.is_not(None))
    return await session.scalar(mine.execution_options(**FRESH))


async def drop_deal(session: AsyncSession, *, customer_id: int) -> None:
    """The shopper thinks better of it: their deal cart is gone."""
    mine = delete(Cart).where(Cart.customer_id == customer_id, Cart.status == CartStatus.OPEN, Cart.deal.is_not(None))
    await session.execute(mine)


async def _locked(session: AsyncSession, customer_id: int, deal: JsonMap) -> Cart:
    living = select(Customer.id).where(Customer.id == customer_id, Customer.merged_into.is_(None))
    if await session.scalar(living.with_for_update(read=True)) is None:  # whoever joins customers locks them first too
        raise Refused("cart.unknown", customer=customer_id)
    mine = select(Cart).where(Cart.customer_id == customer_id, Cart.status == CartStatus.OPEN, Cart.deal.is_not(None))
    while True:  # where a checkout ended the cart while we waited for it, the next one
        cart = await session.scalar(mine.with_for_update(key_share=True).execution_options(**FRESH))
        if cart is not None:
            return cart
        made = insert(Cart).values(customer_id=customer_id, status=CartStatus.OPEN, version=0, deal=deal)
        await session.execute(made.on_conflict_do_nothing())
