"""The way to an order that is about to change, its diary, and what its customer hears.

Lock order: cart, order, intent, payment, stock.
"""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.orders.model import Order, OrderEvent
from foundation.database import JsonMap
from foundation.errors import Json, Refused

Actor = Literal["shopper", "staff", "system"]


async def locked_order(session: AsyncSession, order_id: int) -> Order:
    """The order as it is now, locked until the transaction ends. Raises Refused("order.unknown")."""
    order = await session.get(Order, order_id, with_for_update={"key_share": True}, populate_existing=True)
    if order is None:
        raise Refused("order.unknown", number=str(order_id))
    return order


def note(session: AsyncSession, order: Order, kind: str, *, by: Actor, now: datetime, **facts: Json) -> None:
    """Write down what happened to an order."""
    session.add(OrderEvent(**event_of(order, kind, by=by, now=now, **facts)))


def event_of(order: Order, kind: str, *, by: Actor, now: datetime, **facts: Json) -> JsonMap:
    """The columns of a page of the diary."""
    return {"order_id": order.id, "kind": kind, "by": by, "facts": facts, "at": now}


def tell(session: AsyncSession, order: Order, kind: str, *, now: datetime, **facts: Json) -> None:
    """Leave an announcement about an order for its customer. Amounts among the facts are in the order's currency."""
    of_order: JsonMap = {"order_id": order.id, "number": order.number, "currency": order.currency}
    announce(session, kind, customer_id=order.customer_id, now=now, **of_order, **facts)
