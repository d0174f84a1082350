"""What an order of a deal has to do with its group or its flash sale: its price, its places, its end."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import CartView
from commerce.carts.deals import FlashDeal, GroupDeal, read_deal
from commerce.carts.model import Cart
from commerce.flash_sales.claims import flash_price, give_back, take
from commerce.group_buy.seats import group_terms, places_again, seat_given_up, seat_paid, take_seat
from commerce.orders.model import HoldReason, Order, OrderLine, OrderStatus
from commerce.promotions.deals import Deal, DealTerms
from foundation.errors import Refused

FLASH_MINUTES = 10
"""A piece of a flash sale is kept so long for an order that is not paid."""
_PAID = (OrderStatus.PLACED, OrderStatus.COMPLETED)


async def deal_terms(
    session: AsyncSession, cart: CartView, *, customer_id: int, is_held: bool = False, now: datetime
) -> DealTerms | None:
    """What the deal of this cart asks for its lines; None for an ordinary cart.

    `is_held`: the promise under its key has been made. Raises what `group_terms` and `flash_price` refuse.
    """
    if cart.deal is None:
        return None
    name, pieces = f"{cart.cart_id}:{cart.version}", cart.quantities
    match read_deal(cart.deal):
        case GroupDeal(campaign_id=campaign_id, group_id=group_id):
            return await group_terms(
                session,
                campaign_id=campaign_id,
                group_id=group_id,
                customer_id=customer_id,
                cart_name=name,
                pieces=pieces,
                is_new=not await _has_orders(session, customer_id, (OrderStatus.PENDING, *_PAID)),
                is_held=is_held,
                now=now,
            )
        case FlashDeal(item_id=item_id):
            quantity = sum(pieces.values())
            price = await flash_price(session, item_id=item_id, customer_id=customer_id, quantity=quantity, now=now)
            if pieces.keys() != {price.variant_id}:
                raise Refused("flash.unknown", item=item_id)
            deal = Deal("flash", item_id, price.amount, price.label)
            return DealTerms(
                {price.variant_id: deal}, {price.quota_id: quantity}, f"flash:{item_id}:{name}", FLASH_MINUTES
            )


async def take_deal(
    session: AsyncSession,
    order: Order,
    cart: CartView,
    terms: DealTerms,
    pieces: Mapping[int, int],
    *,
    hold_key: str,
    now: datetime,
) -> None:
    """The order of a deal has been made, its promise adopted: write down the seat, or the pieces claimed.

    A group's order is not sent before its group is complete. Raises what `take_seat` and the claims refuse.
    """
    ((variant_id, price),) = terms.prices.items()
    match read_deal(cart.deal or {}):
        case GroupDeal(campaign_id=campaign_id, group_id=group_id):
            order.hold_reason = HoldReason.GROUP_OPEN
            await take_seat(
                session,
                campaign_id=campaign_id,
                group_id=group_id,
                customer_id=order.customer_id,
                order_id=order.id,
                variant_id=variant_id,
                quantity=pieces[variant_id],
                amount=price.amount,
                hold_key=hold_key,
                now=now,
            )
        case FlashDeal(item_id=item_id):
            await take(
                session,
                item_id=item_id,
                customer_id=order.customer_id,
                order_id=order.id,
                quantity=pieces[variant_id],
            )


async def deal_paid(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The order is covered and its goods are sold to it: its seat is paid. Raises what `seat_paid` refuses."""
    if order.hold_reason is not HoldReason.GROUP_OPEN:
        return
    is_new = not await _has_orders(session, order.customer_id, _PAID, but=order.id)
    await seat_paid(session, order_id=order.id, is_new=is_new, now=now)


async def is_of_deal(session: AsyncSession, order: Order) -> bool:
    """Whether an order was bought in a group or a flash sale."""
    return await session.scalar(select(Cart.deal).where(Cart.id == order.cart_id)) is not None


async def give_back_deal(session: AsyncSession, order: Order, *, now: datetime, expired: bool = False) -> None:
    """The order came to nothing: its seat or its pieces count no longer. Its goods have been given back, if they may
    be yet. Again changes nothing."""
    await seat_given_up(session, order_id=order.id, expired=expired, now=now)
    await give_back(session, order_id=order.id)


async def take_deal_again(session: AsyncSession, order: Order, *, now: datetime) -> dict[int, int]:
    """An order that had expired is paid after all: what it claimed of a flash sale counts again.

    Returns the {allotment id: places} to reserve once more; a seat of a group follows when it is paid (`deal_paid`).
    Raises Refused where the group or the sale, or the customer's share in it, is over.
    """
    cart = await session.get_one(Cart, order.cart_id)
    if cart.deal is None:
        return {}
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    pieces = {line.variant_id: line.quantity for line in lines}
    match read_deal(cart.deal):
        case GroupDeal():
            return await places_again(session, order_id=order.id)
        case FlashDeal(item_id=item_id):
            quantity = sum(pieces.values())
            price = await flash_price(
                session, item_id=item_id, customer_id=order.customer_id, quantity=quantity, now=now
            )
            await take(session, item_id=item_id, customer_id=order.customer_id, order_id=order.id, quantity=quantity)
            return {price.quota_id: quantity}


async def _has_orders(session: AsyncSession, customer_id: int, states: Sequence[OrderStatus], *, but: int = 0) -> bool:
    """Whether a customer has orders in these states; those that came to nothing leave a new customer new."""
    theirs = exists().where(Order.customer_id == customer_id, Order.id != but, Order.status.in_(states))
    return bool(await session.scalar(select(theirs)))
