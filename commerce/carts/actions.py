"""Putting things in the cart and taking them out. The cart row is locked for every change and its version grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import MOST_LINES, MOST_PIECES, Cart, CartLine, CartStatus
from commerce.catalog.model import Variant
from commerce.catalog.queries import VARIANTS, VariantView, on_sale, variant_of
from commerce.customers.model import Customer
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.money import Money, total
from foundation.reading import Read

FRESH = {"populate_existing": True}
"""What this session read before may be older than what another channel wrote since."""
NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency: what an empty cart's total is in."""
_OPEN = (
    select(Cart)
    .where(Cart.customer_id == bindparam("customer_id"), Cart.status == CartStatus.OPEN, Cart.deal.is_(None))
    .execution_options(**FRESH)
)
_OPEN_LOCKED = _OPEN.with_for_update(key_share=True)
_THING = VARIANTS.where(Variant.id == CartLine.variant_id).lateral("thing")
_LINES = (
    select(Cart.id.label("cart_id"), Cart.version, Cart.deal, CartLine.quantity, *_THING.c)
    .outerjoin(CartLine, CartLine.cart_id == Cart.id)
    .outerjoin(_THING, true())
    .where(Cart.customer_id == bindparam("customer_id"), Cart.status == CartStatus.OPEN)
    .order_by(CartLine.id)
)
"""A cart with its lines; one row without a line where it is empty."""
_OPEN_LINES = Read(_LINES.where(Cart.deal.is_(None)))
_LINES_OF = Read(_LINES.where(Cart.id == bindparam("cart_id")))


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line as the shopper sees it, at today's price. `available` is advice; 0 also when it is no longer sold."""

    variant_id: int
    product_id: int
    title: str
    label: str
    quantity: int
    unit: Money
    total: Money
    available: int
    picture: int | None
    on_sale: bool = True


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as the shopper sees it. The total of an empty cart is zero of no currency. `goods`: what lines are of.

    `deal`: what it is the cart of, see commerce.carts.deals.
    """

    cart_id: int
    version: int
    lines: tuple[CartLineView, ...]
    total: Money
    goods: Mapping[int, VariantView] = field(default_factory=dict, repr=False)
    deal: JsonMap | None = None

    @property
    def pieces(self) -> int:
        """How many pieces of everything."""
        return sum(line.quantity for line in self.lines)

    @property
    def quantities(self) -> dict[int, int]:
        """{variant id: pieces}"""
        return {line.variant_id: line.quantity for line in self.lines}


async def cart_of(session: AsyncSession, *, customer_id: int) -> Cart:
    """The customer's open cart; made when there is none."""
    return await _open_cart(session, _OPEN, customer_id)


async def add_line(
    session: AsyncSession, *, customer_id: int, variant_id: int, quantity: int, now: datetime
) -> CartView:
    """Put `quantity` more pieces in. Raises Refused("cart.quantity"), ("cart.full") or ("cart.unavailable")."""
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
    cart = await _locked_cart(session, customer_id)
    if not await on_sale(session, [variant_id]):
        raise Refused("cart.unavailable", variant=variant_id)
    line = await _line(session, cart.id, variant_id)
    if line is None:
        lines = await session.scalar(select(func.count()).where(CartLine.cart_id == cart.id))
        if (lines or 0) >= MOST_LINES:
            raise Refused("cart.full", most=MOST_LINES)
        session.add(CartLine(cart_id=cart.id, variant_id=variant_id, quantity=quantity))
    elif line.quantity + quantity > MOST_PIECES:
        raise Refused("cart.quantity", quantity=line.quantity + quantity, most=MOST_PIECES)
    else:
        line.quantity += quantity
    return await _changed(session, cart, now)


async def set_quantity(
    session: AsyncSession, *, customer_id: int, variant_id: int, quantity: int, now: datetime
) -> CartView:
    """Make a line this many pieces; 0 removes it. Raises Refused("cart.quantity") or ("cart.no_such_line")."""
    if not 0 <= quantity <= MOST_PIECES:
        raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
    cart = await _locked_cart(session, customer_id)
    line = await _line(session, cart.id, variant_id)
    if line is None:
        raise Refused("cart.no_such_line", variant=variant_id)
    if quantity == 0:
        await session.delete(line)
    else:
        line.quantity = quantity
    return await _changed(session, cart, now)


async def clear(session: AsyncSession, *, customer_id: int, now: datetime) -> CartView:
    """Take everything out."""
    cart = await _locked_cart(session, customer_id)
    await session.execute(delete(CartLine).where(CartLine.cart_id == cart.id))
    return await _changed(session, cart, now)


async def is_filled(session: AsyncSession, *, customer_id: int) -> bool:
    """Whether anything is in the open cart."""
    mine = select(CartLine.id).join(Cart, Cart.id == CartLine.cart_id)
    mine = mine.where(Cart.customer_id == customer_id, Cart.status == CartStatus.OPEN, Cart.deal.is_(None)).limit(1)
    return await session.scalar(mine) is not None


async def cart_view(session: AsyncSession, *, customer_id: int, language: str) -> CartView:
    """The open cart with today's titles, prices and availability; made when there is none."""
    asked = {"customer_id": customer_id, "language": language}
    rows = await _OPEN_LINES.all(session, **asked)
    if not rows:
        await cart_of(session, customer_id=customer_id)
        rows = await _OPEN_LINES.all(session, **asked)
    return _seen(rows, language)


async def view_of(session: AsyncSession, cart_id: int, *, customer_id: int, language: str) -> CartView:
    """The same of this open cart of the customer, which may be a deal's. Raises Refused("cart.unknown")."""
    rows = await _LINES_OF.all(session, cart_id=cart_id, customer_id=customer_id, language=language)
    if not rows:
        raise Refused("cart.unknown", cart=cart_id)
    return _seen(rows, language)


def _seen(rows: Sequence[Any], language: str) -> CartView:
    """Rows of _LINES as the shopper sees them, lines in the order they were put in."""
    goods, lines = {}, []
    for row in rows:
        if row.id is None:
            continue
        variant = goods[row.id] = variant_of(row, language)
        lines.append(
            CartLineView(
                variant_id=row.id,
                product_id=variant.product_id,
                title=variant.title,
                label=variant.label,
                quantity=row.quantity,
                unit=variant.price,
                total=variant.price * row.quantity,
                available=variant.available,
                picture=variant.picture,
                on_sale=variant.on_sale,
            )
        )
    currency = lines[0].unit.currency if lines else NO_CURRENCY
    sum_ = total((line.total for line in lines), currency=currency)
    cart = rows[0]
    return CartView(cart.cart_id, cart.version, tuple(lines), sum_, goods, cart.deal)


async def _locked_cart(session: AsyncSession, customer_id: int) -> Cart:
    """The open cart under a lock. Where a checkout ended the cart while we waited for it, the next one."""
    return await _open_cart(session, _OPEN_LOCKED, customer_id)


async def _open_cart(session: AsyncSession, mine: Select[Cart], customer_id: int) -> Cart:
    while True:
        cart = await session.scalar(mine, {"customer_id": customer_id})
        if cart is not None:
            return cart
        await session.execute(
            insert(Cart).values(customer_id=customer_id, status=CartStatus.OPEN, version=0).on_conflict_do_nothing()
        )


async def _line(session: AsyncSession, cart_id: int, variant_id: int) -> CartLine | None:
    line = select(CartLine).where(CartLine.cart_id == cart_id, CartLine.variant_id == variant_id)
    return await session.scalar(line.execution_options(**FRESH))


async def _changed(session: AsyncSession, cart: Cart, now: datetime) -> CartView:
    cart.version += 1
    cart.updated_at = now
    await session.flush()
    customer = await session.get_one(Customer, cart.customer_id)
    return await view_of(session, cart.id, customer_id=cart.customer_id, language=customer.language)
