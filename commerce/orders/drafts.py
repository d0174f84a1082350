"""An order that the staff puts together for a customer: a draft holds no stock; sent, it waits for its payment."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import MOST_LINES, MOST_PIECES, Cart, CartStatus
from commerce.catalog.queries import VariantView, variant_views
from commerce.customers.actions import address_of, last_address
from commerce.inventory.actions import add_pieces
from commerce.orders.benefits import take_its_promotions
from commerce.orders.covering import ask_for_rest, owed, place
from commerce.orders.destination import destination_of
from commerce.orders.locks import locked_order, note, tell
from commerce.orders.model import Order, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.offers import ALONE
from commerce.orders.placing import new_order, write_lines
from commerce.pricing.actions import quote_cart
from commerce.pricing.values import Terms
from foundation.errors import Refused


async def make_draft(
    session: AsyncSession,
    *,
    customer_id: int,
    pieces: Mapping[int, int],
    payment_method: PaymentMethod,
    language: str,
    now: datetime,
    address_id: int | None = None,
    terms: Terms = Terms(),
) -> Order:
    """Put {variant id: pieces} together for a customer at today's price; None: to their last address.

    Raises Refused("cart.empty"), ("cart.full"), ("cart.quantity"), ("cart.unavailable"), ("address.unknown").
    """
    goods = await _goods(session, pieces, language)
    if address_id is None:
        address = await last_address(session, customer_id=customer_id)
    else:
        address = await address_of(session, address_id=address_id, customer_id=customer_id)
    if address is None:
        raise Refused("address.unknown", address=address_id)
    cart = Cart(customer_id=customer_id, status=CartStatus.ORDERED, version=0, updated_at=now)
    session.add(cart)
    await session.flush()
    priced = await quote_cart(
        session,
        customer_id=customer_id,
        lines=sorted(pieces.items()),
        language=language,
        now=now,
        choices=ALONE,
        destination=destination_of(address.text),
        terms=terms,
        cart_id=cart.id,
    )
    order = await new_order(session, cart.id, priced, address, customer_id, payment_method, None, language, now)
    session.add(order)
    await session.flush()
    await write_lines(session, order, goods, priced)
    note(session, order, "drafted", by="staff", now=now)
    await session.flush()
    return order


async def _goods(session: AsyncSession, pieces: Mapping[int, int], language: str) -> dict[int, VariantView]:
    if not pieces:
        raise Refused("cart.empty")
    if len(pieces) > MOST_LINES:
        raise Refused("cart.full", most=MOST_LINES)
    if not all(1 <= count <= MOST_PIECES for count in pieces.values()):
        raise Refused("cart.quantity", most=MOST_PIECES)
    goods = await variant_views(session, list(pieces), language=language)
    for variant_id in pieces:
        if variant_id not in goods:
            raise Refused("cart.unavailable", variant=variant_id)
    return goods


async def send_draft(session: AsyncSession, *, order_id: int, now: datetime, unpaid_for: timedelta) -> Order:
    """Reserve the goods of a draft and ask its customer for the money; cash on delivery is placed at once.

    Again: nothing more happens. Raises Refused("stock.short", ...), ("promotion.used_up") or ("order.move_refused").
    """
    order = await locked_order(session, order_id)
    if order.status in (OrderStatus.PENDING, OrderStatus.PLACED):
        return order
    order.move_to(OrderStatus.PENDING, now=now)
    order.hold_until = now + unpaid_for
    await session.flush()
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    pieces: dict[int, int] = {}
    for line in lines:
        pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.quantity
    await take_its_promotions(session, order)
    key = f"draft:{order.id}"
    await add_pieces(session, order_id=order.id, pieces=pieces, key=key, now=now, committed=False)
    at_once = order.payment_method is PaymentMethod.COD or not await owed(session, order)
    if at_once:
        await place(session, order, now=now)
    intent = await ask_for_rest(session, order, now=now)
    happened = "placed" if at_once else "awaiting_payment"
    note(session, order, happened, by="staff", now=now)
    intent_id = intent.id if intent else None
    tell(session, order, f"order_{happened}", now=now, amount=order.total_amount, intent_id=intent_id)
    await session.flush()
    return order
