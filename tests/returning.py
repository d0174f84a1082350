"""Delivered orders for tests of returns, written as rows: paid, shipped, arrived."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import Cart, CartStatus
from commerce.customers.actions import save_address
from commerce.customers.model import Customer
from commerce.orders.model import Order, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.snapshot import seal_address
from commerce.payments.ledger import capture, new_intent
from commerce.payments.model import Refund
from commerce.returns.model import Return, ReturnState
from commerce.returns.offers import Terms
from foundation.money import Money
from tests.goods import ZHANG, a_customer

TERMS = Terms(ZoneInfo("Asia/Shanghai"), timedelta(days=3))
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sold:
    """So many pieces of a variant, at this price, with this discount on all of them."""

    variant_id: int
    pieces: int
    unit: int
    discount: int = 0


async def a_delivered_order(
    session: AsyncSession,
    sold: Sequence[Sold],
    *,
    now: datetime,
    delivered: timedelta | None = timedelta(days=2),
    shipping: int = 0,
    customer: Customer | None = None,
    paid: bool = True,
) -> Order:
    """An order that was paid and arrived so long ago (None: it is still on its way)."""
    customer = customer or await a_customer(session, now=now)
    address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
    cart = Cart(customer_id=customer.id, status=CartStatus.ORDERED)
    session.add(cart)
    await session.flush()
    goods = sum(one.unit * one.pieces for one in sold)
    discount = sum(one.discount for one in sold)
    number = next(_numbers)
    order = Order(
        number=f"{number:04d}-TEST",
        customer_id=customer.id,
        cart_id=cart.id,
        status=OrderStatus.PLACED,
        payment_method=PaymentMethod.SIMULATOR,
        language="zh",
        goods_amount=goods,
        discount_amount=discount,
        shipping_amount=shipping,
        total_amount=goods - discount + shipping,
        currency="CNY",
        address_id=address.id,
        address_sealed=seal_address(session, ZHANG),
        phone_last4_index=address.phone_last4_index,
        created_at=now,
        delivered_at=None if delivered is None else now - delivered,
    )
    session.add(order)
    await session.flush()
    for position, one in enumerate(sold, start=1):
        session.add(
            OrderLine(
                order_id=order.id,
                position=position,
                variant_id=one.variant_id,
                title=f"Tea {position}",
                label="",
                quantity=one.pieces,
                unit_amount=one.unit,
                discount_amount=one.discount,
                total_amount=one.unit * one.pieces - one.discount,
                shipped=one.pieces,
            )
        )
    await session.flush()
    if paid and order.total_amount:
        intent = await new_intent(
            session, order_id=order.id, number=order.number, provider="simulator", money=order.total, now=now
        )
        await capture(session, intent, amount=order.total_amount, proof=None, now=now)
    return order


async def lines_of_order(session: AsyncSession, order: Order) -> list[OrderLine]:
    """Its lines as they are now."""
    found = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    return list(await session.scalars(found.execution_options(populate_existing=True)))


async def refunded(session: AsyncSession, order: Order) -> int:
    """What goes back of an order, in minor units."""
    return int(
        await session.scalar(select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.order_id == order.id)) or 0
    )


async def states_of(session: AsyncSession, order: Order) -> list[ReturnState]:
    """Of all its returns, in order."""
    return list(await session.scalars(select(Return.state).where(Return.order_id == order.id).order_by(Return.id)))


def money(amount: int) -> Money:
    """So many fen."""
    return Money(amount, "CNY")
