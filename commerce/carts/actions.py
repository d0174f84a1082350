"""Putting things in the cart and taking them out. The cart row is locked for every change and its version grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import MOST_LINES, MOST_PIECES, Cart, CartChoice, CartLine, Choice
from commerce.catalog.model import Variant
from commerce.catalog.queries import SOLD, VARIANTS, VariantView, variant_of
from foundation.database import JsonMap, raw
from foundation.errors import Refused
from foundation.money import Money, total
from foundation.reading import Read

FRESH = {"populate_existing": True}
"""What this session read before may be older than what another channel wrote since."""
NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency: what an empty cart's total is in."""
_THEIRS = (Cart.customer_id == bindparam("customer_id"), Cart.status == literal_column("'open'"))  # as the index says
_ORDINARY = (*_THEIRS, Cart.deal.is_(None))
_OPEN = select(Cart).where(*_ORDINARY).execution_options(**FRESH)
_LOCK = "SELECT id FROM cart WHERE customer_id = $1 AND status = 'open' AND deal IS NULL FOR NO KEY UPDATE"
_NEW = """
INSERT INTO cart (customer_id, status, version) VALUES ($1, 'open', 0) ON CONFLICT DO NOTHING RETURNING id
"""
_ANY_LINE = Read(select(CartLine.id).join(Cart, Cart.id == CartLine.cart_id).where(*_ORDINARY).limit(1))
_THING = VARIANTS.where(Variant.id == CartLine.variant_id).lateral("thing")
_LINES = (
    select(
        Cart.id.label("cart_id"),
        Cart.version,
        Cart.deal,
        CartChoice.cart_id.label("chosen_for"),
        CartChoice.coupon_ids,
        CartChoice.points,
        CartChoice.use_credit,
        CartLine.quantity,
        *_THING.c,
    )
    .outerjoin(CartChoice, CartChoice.cart_id == Cart.id)
    .outerjoin(CartLine, CartLine.cart_id == Cart.id)
    .outerjoin(_THING, true())
    .where(*_THEIRS)
    .order_by(CartLine.id)
)
"""A cart with its lines; one row without a line where it is empty."""
_OPEN_LINES = Read(_LINES.where(Cart.deal.is_(None)))
_LINES_OF = Read(_LINES.where(Cart.id == bindparam("cart_id")))
_THERE = Read(
    select(
        SOLD.where(Variant.id == bindparam("variant_id")).exists().label("on_sale"),
        func.count().label("lines"),
        func.max(CartLine.quantity).filter(CartLine.variant_id == bindparam("variant_id")).label("pieces"),
    ).where(CartLine.cart_id == bindparam("cart_id"))
)
"""Whether something can be bought, how full a cart is, and how many pieces of this are in it."""
_CHANGED = "WITH changed AS (UPDATE cart SET version = version + 1, updated_at = $2 WHERE id = $1)"
_PUT = f"""
{_CHANGED} INSERT INTO cart_line (cart_id, variant_id, quantity) VALUES ($1, $3, $4)
ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = excluded.quantity
"""
_TAKE_OUT = f"{_CHANGED} DELETE FROM cart_line WHERE cart_id = $1 AND variant_id = $3"
_TAKE_ALL_OUT = f"{_CHANGED} DELETE FROM cart_line WHERE cart_id = $1"


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

    `deal`: what it is the cart of, see commerce.carts.deals. `choice`: what was chosen for it, which may be older than
    what the customer holds now; that is for pricing to see.
    """

    cart_id: int
    version: int
    lines: tuple[CartLineView, ...]
    total: Money
    goods: Mapping[int, VariantView] = field(default_factory=dict, repr=False)
    deal: JsonMap | None = None
    choice: Choice = field(default_factory=Choice)

    @property
    def pieces(self) -> int:
        """How many pieces of everything."""
        return sum(line.quantity for line in self.lines)

    @property
    def quantities(self) -> dict[int, int]:
        """{variant id: pieces}"""
        return {line.variant_id: line.quantity for line in self.lines}

    @property
    def is_digital(self) -> bool:
        """Whether nothing but digital goods is in it; a gift beside them may be none."""
        return bool(self.goods) and all(one.is_digital for one in self.goods.values())


async def cart_of(session: AsyncSession, *, customer_id: int) -> Cart:
    """The customer's open cart; made when there is none."""
    while (cart := await session.scalar(_OPEN, {"customer_id": customer_id})) is None:
        await (await raw(session)).execute(_NEW, customer_id)
    return cart


async def add_line(session: AsyncSession, *, customer_id: int, variant_id: int, quantity: int, now: datetime) -> None:
    """Put `quantity` more pieces in. Raises Refused("cart.quantity"), ("cart.full") or ("cart.unavailable")."""
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
    cart_id = await _locked_cart(session, customer_id)
    [there] = await _THERE.all(session, cart_id=cart_id, variant_id=variant_id)
    if not there.on_sale:
        raise Refused("cart.unavailable", variant=variant_id)
    if there.pieces is None and there.lines >= MOST_LINES:
        raise Refused("cart.full", most=MOST_LINES)
    quantity += there.pieces or 0
    if quantity > MOST_PIECES:
        raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
    await (await raw(session)).execute(_PUT, cart_id, now, variant_id, quantity)


async def set_quantity(
    session: AsyncSession, *, customer_id: int, variant_id: int, quantity: int, now: datetime
) -> None:
    """Make a line this many pieces; 0 removes it. Raises Refused("cart.quantity") or ("cart.no_such_line")."""
    if not 0 <= quantity <= MOST_PIECES:
        raise Refused("cart.quantity", quantity=quantity, most=MOST_PIECES)
    cart_id = await _locked_cart(session, customer_id)
    [there] = await _THERE.all(session, cart_id=cart_id, variant_id=variant_id)
    if there.pieces is None:
        raise Refused("cart.no_such_line", variant=variant_id)
    driver = await raw(session)
    if quantity == 0:
        await driver.execute(_TAKE_OUT, cart_id, now, variant_id)
    else:
        await driver.execute(_PUT, cart_id, now, variant_id, quantity)


async def clear(session: AsyncSession, *, customer_id: int, now: datetime) -> None:
    """Take everything out."""
    cart_id = await _locked_cart(session, customer_id)
    await (await raw(session)).execute(_TAKE_ALL_OUT, cart_id, now)


async def is_filled(session: AsyncSession, *, customer_id: int) -> bool:
    """Whether anything is in the open cart."""
    return await _ANY_LINE.first(session, customer_id=customer_id) is not None


async def cart_view(session: AsyncSession, *, customer_id: int, language: str) -> CartView:
    """The open cart with today's titles, prices and availability; of who has none yet an empty one, whose id is 0."""
    rows = await _OPEN_LINES.all(session, customer_id=customer_id, language=language)
    return _seen(rows, language) if rows else CartView(0, 0, (), Money(0, NO_CURRENCY))


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
    return CartView(cart.cart_id, cart.version, tuple(lines), sum_, goods, cart.deal, _chosen(cart))


def _chosen(row: Any) -> Choice:
    if row.chosen_for is None:
        return Choice()
    return Choice(None if row.coupon_ids is None else tuple(map(int, row.coupon_ids)), row.points, row.use_credit)


async def _locked_cart(session: AsyncSession, customer_id: int) -> int:
    """The open cart under a lock. Where a checkout ended the cart while we waited for it, the next one."""
    driver = await raw(session)
    while (cart_id := await driver.fetchval(_LOCK, customer_id)) is None:
        if (cart_id := await driver.fetchval(_NEW, customer_id)) is not None:
            break  # nobody else sees it yet
    return int(cart_id)
