"""From a cart to an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.carts.actions import CartLineView, CartView, cart_of, view_of
from commerce.carts.model import Cart, CartStatus
from commerce.customers.actions import PHONE_LAST4, address_of, address_text
from commerce.customers.model import Address
from commerce.inventory.actions import adopt
from commerce.orders.locks import note
from commerce.orders.model import Order, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.number import fresh_number
from commerce.orders.snapshot import seal_address
from commerce.payments.ledger import new_intent
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import Money

UNPAID_FOR = timedelta(minutes=15)
"""How long goods are kept for an order that is not paid."""


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
    cart = await cart_of(session, customer_id=customer_id)
    view = await view_of(session, cart, language=language)
    _refuse_unsellable(view)
    return Quote(view.cart_id, view.version, view.lines, view.total)


async def place_order(
    session: AsyncSession,
    *,
    customer_id: int,
    cart_id: int,
    cart_version: int,
    total: Money,
    address_id: int,
    payment_method: PaymentMethod,
    hold_key: str,
    language: str,
    now: datetime,
    unpaid_for: timedelta = UNPAID_FOR,
) -> Order:
    """Make the confirmed cart an order: cash on delivery is placed at once, any other waits for its payment, if any.

    `total` is what the shopper said yes to. The same cart gives the same order again. Raises Refused("cart.unknown"),
    ("cart.changed", version=...) also when prices have, ("cart.empty"), ("cart.unavailable", variant=...),
    ("address.unknown"), ("stock.hold_gone") when the hold expired.
    """
    cart = await session.get(Cart, cart_id, with_for_update={"key_share": True}, populate_existing=True)
    if cart is None or cart.customer_id != customer_id:
        raise Refused("cart.unknown", cart=cart_id)
    earlier = await session.scalar(select(Order).where(Order.cart_id == cart_id))
    if earlier is not None:
        return earlier
    if cart.version != cart_version:
        raise Refused("cart.changed", version=cart.version)
    view = await view_of(session, cart, language=language)
    _refuse_unsellable(view)
    if view.total != total:
        raise Refused("cart.changed", version=cart.version)
    address = await address_of(session, address_id=address_id, customer_id=customer_id)
    if address is None:
        raise Refused("address.unknown", address=address_id)

    at_once = payment_method is PaymentMethod.COD or view.total.amount == 0
    order = await _new_order(session, view, customer_id, address, payment_method, language, now)
    order.move_to(OrderStatus.PLACED if at_once else OrderStatus.PENDING, now=now)
    order.hold_until = None if at_once else now + unpaid_for
    session.add(order)
    await session.flush()
    lines = {line.variant_id: line.quantity for line in view.lines}
    await adopt(session, key=hold_key, order_id=order.id, lines=lines, committed=at_once)
    _write_lines(session, order, view.lines)
    cart.status = CartStatus.ORDERED
    await _ask_for_money(session, order, now=now)
    await session.flush()
    return order


async def _ask_for_money(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The intent of a new order; its diary and its customer are told whether it waits for it."""
    intent = await new_intent(
        session, order_id=order.id, number=order.number, provider=order.payment_method, money=order.total, now=now
    )
    happened = "placed" if order.status is OrderStatus.PLACED else "awaiting_payment"
    note(session, order, happened, by="shopper", now=now)
    announce(
        session,
        f"order_{happened}",
        customer_id=order.customer_id,
        now=now,
        order_id=order.id,
        number=order.number,
        amount=order.total_amount,
        currency=order.currency,
        intent_id=intent.id,
    )


async def _new_order(
    session: AsyncSession,
    view: CartView,
    customer_id: int,
    address: Address,
    payment_method: PaymentMethod,
    language: str,
    now: datetime,
) -> Order:
    vault: Vault = session.info["vault"]
    open_address = await address_text(session, address)
    return Order(
        number=await fresh_number(session),
        customer_id=customer_id,
        cart_id=view.cart_id,
        status=OrderStatus.DRAFT,
        payment_method=payment_method,
        language=language,
        goods_amount=view.total.amount,
        total_amount=view.total.amount,
        currency=view.total.currency,
        address_id=address.id,
        address_sealed=seal_address(session, open_address),
        phone_last4_index=vault.blind(PHONE_LAST4, open_address.phone[-4:]),
        created_at=now,
        version=1,
    )


def _write_lines(session: AsyncSession, order: Order, lines: Sequence[CartLineView]) -> None:
    for position, line in enumerate(lines, start=1):
        session.add(
            OrderLine(
                order_id=order.id,
                position=position,
                variant_id=line.variant_id,
                title=line.title,
                label=line.label,
                picture=line.picture,
                quantity=line.quantity,
                unit_amount=line.unit.amount,
                discount_amount=0,
                tax_amount=0,
                total_amount=line.total.amount,
            )
        )


def _refuse_unsellable(view: CartView) -> None:
    if not view.lines:
        raise Refused("cart.empty")
    for line in view.lines:
        if not line.on_sale:
            raise Refused("cart.unavailable", variant=line.variant_id, title=line.title)
