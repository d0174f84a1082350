"""The way to an order that is about to change, its diary, and what its customer hears.

Lock order: cart, order, intent, payment, wallets (credit, then points), coupon, promotion, stock.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.credit.model import CreditAccount
from commerce.orders.model import Order, OrderEvent
from commerce.points.model import PointsAccount
from foundation.database import JsonMap
from foundation.errors import Json, Refused

Actor = Literal["shopper", "staff", "system"]


async def locked_order(session: AsyncSession, order_id: int) -> Order:
    """The order as it is now, locked until the transaction ends. Raises Refused("order.unknown")."""
    order = await session.get(Order, order_id, with_for_update={"key_share": True}, populate_existing=True)
    if order is None:
        raise Refused("order.unknown", number=str(order_id))
    return order


async def lock_wallets(session: AsyncSession, customer_ids: Collection[int]) -> None:
    """Lock what these customers can pay with, for an act that takes stock before it comes to their money, or that comes
    to several of their accounts.

    Else it could deadlock with who gives money back first and stock after it, or who takes the accounts the other way
    round.
    """
    credit = select(CreditAccount.id).where(CreditAccount.customer_id.in_(customer_ids)).order_by(CreditAccount.id)
    await session.execute(credit.with_for_update(key_share=True))
    mine = PointsAccount.customer_id
    await session.execute(select(mine).where(mine.in_(customer_ids)).order_by(mine).with_for_update(key_share=True))


def note(session: AsyncSession, order: Order, kind: str, *, by: Actor, now: datetime, **facts: Json) -> None:
    """Write down what happened to an order."""
    session.add(OrderEvent(**event_of(order, kind, by=by, now=now, **facts)))


def event_of(order: Order, kind: str, *, by: Actor, now: datetime, **facts: Json) -> JsonMap:
    """The columns of a page of the diary."""
    return {"order_id": order.id, "kind": kind, "by": by, "facts": facts, "at": now}


def tell(session: AsyncSession, order: Order, kind: str, *, now: datetime, **facts: Json) -> None:
    """Leave an announcement about an order for its customer. Amounts among the facts are in the order's currency."""
    announce(session, kind, customer_id=order.customer_id, now=now, **named_in(order), **facts)


def named_in(order: Order) -> JsonMap:
    """What an announcement says of the order it is about."""
    return {"order_id": order.id, "number": order.number, "currency": order.currency}
