"""From a cart to an order, and what may happen to it afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import CartLineView
from commerce.orders.model import Order, PaymentMethod
from foundation.money import Money

UNPAID_FOR = timedelta(minutes=15)
"""How long goods are kept for an order that is not paid."""
Actor = Literal["shopper", "staff", "system"]


@dataclass(frozen=True, slots=True)
class Quote:
    """What the shopper is about to confirm. Hold `holding` under `hold_key`, then place the order."""

    cart_id: int
    cart_version: int
    lines: tuple[CartLineView, ...]
    total: Money

    @property
    def hold_key(self) -> str:
        """The name of the promise of stock for exactly this cart."""
        return f"checkout:{self.cart_id}:{self.cart_version}"

    @property
    def holding(self) -> dict[int, int]:
        """{variant id: pieces} to hold."""
        return {line.variant_id: line.quantity for line in self.lines}


async def quote(session: AsyncSession, *, customer_id: int, language: str) -> Quote:
    """The open cart with its prices, to be confirmed. Raises Refused("cart.empty") or ("cart.unavailable")."""
    raise NotImplementedError


async def place_order(
    session: AsyncSession,
    *,
    customer_id: int,
    cart_id: int,
    cart_version: int,
    address_id: int,
    payment_method: PaymentMethod,
    hold_key: str,
    language: str,
    now: datetime,
    unpaid_for: timedelta = UNPAID_FOR,
) -> Order:
    """Make the confirmed cart an order: cash on delivery is placed at once, anything else waits for its payment.

    The same cart gives the same order again. Raises Refused("cart.changed", version=...), ("cart.empty"),
    ("cart.unavailable", variant=...), ("address.unknown"), ("stock.hold_gone") when the hold has expired.
    """
    raise NotImplementedError


async def cancel_order(session: AsyncSession, *, order_id: int, by: Actor, reason: str, now: datetime) -> Order:
    """Cancel before shipping. An unpaid one has its payment closed first; a paid one is refunded in full.

    Again on a cancelled order: nothing happens. Raises Refused("order.shipped"), ("order.move_refused").
    """
    raise NotImplementedError


async def mark_shipped(
    session: AsyncSession, *, order_id: int, tracking_number: str, carrier: str, now: datetime
) -> Order:
    """The parcel is on its way: the stock leaves. Raises Refused("order.not_ready", ...) or ("order.shipped")."""
    raise NotImplementedError


async def mark_paid(session: AsyncSession, *, order_id: int, proof: str, now: datetime) -> Order:
    """Staff received the money (cash at the door, a transfer). Raises Refused("order.already_paid")."""
    raise NotImplementedError


async def expire_unpaid_orders(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Begin to close the payments of orders past their time; returns how many orders were taken on."""
    raise NotImplementedError
