"""What a shopper is about to confirm: the cart with its price, and what is to be held for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import CartLineView, CartView, cart_view, view_of
from commerce.catalog.queries import VariantView, variant_views
from commerce.orders.deals import deal_terms
from commerce.pricing.actions import quote_cart
from commerce.pricing.values import Choices, Priced, Terms
from commerce.pricing.zones import Region
from commerce.promotions.deals import DealTerms
from foundation.errors import Refused
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class Quote:
    """What the shopper is about to confirm. Hold `holding` and `allotments` under `hold_key`, then place the order.

    The order of a `deal` must be paid in a way that pays at once.
    """

    cart_id: int
    cart_version: int
    lines: tuple[CartLineView, ...]
    priced: Priced
    gifts: Mapping[int, VariantView]
    pickup_location_id: int | None = None
    deal: DealTerms | None = None

    @property
    def total(self) -> Money:
        """What everything costs."""
        return Money(self.priced.total, self.priced.currency)

    @property
    def due(self) -> Money:
        """What is left to pay when gift cards and store credit have paid their part."""
        return Money(self.priced.due, self.priced.currency)

    @property
    def hold_key(self) -> str:
        """The name of the promise of stock for exactly this cart, with these gifts, at this place."""
        place = "" if self.pickup_location_id is None else f":at{self.pickup_location_id}"
        if self.deal is not None:
            return self.deal.hold_key + place
        gifts = "".join(f":{line.variant_id}x{line.quantity}" for line in self.priced.lines if line.is_gift)
        return f"checkout:{self.cart_id}:{self.cart_version}{gifts}{place}"

    @property
    def holding(self) -> dict[int, int]:
        """{variant id: pieces} to hold."""
        return pieces_of(self.priced)

    @property
    def allotments(self) -> Mapping[int, int]:
        """{allotment id: places} to hold with them."""
        return {} if self.deal is None else self.deal.allotments


async def quote(
    session: AsyncSession,
    *,
    customer_id: int,
    language: str,
    now: datetime,
    destination: Region | None = None,
    choices: Choices | None = None,
    terms: Terms = Terms(),
    cart_id: int | None = None,
    view: CartView | None = None,
) -> Quote:
    """The open cart with its price, to be confirmed. `choices` None: as chosen for the cart. `cart_id`: a deal's.

    `view`: the cart as the caller has just read it.
    Raises Refused("cart.empty"), ("cart.unavailable"), ("cart.unknown"), and for a deal as `deal_terms`.
    """
    if view is None and cart_id is not None:
        view = await view_of(session, cart_id, customer_id=customer_id, language=language)
    elif view is None:
        view = await cart_view(session, customer_id=customer_id, language=language)
    refuse_unsellable(view)
    chosen = choices_of(view) if choices is None else choices
    deal = await deal_terms(session, view, customer_id=customer_id, now=now)
    priced = await price_of(
        session,
        view,
        customer_id=customer_id,
        language=language,
        now=now,
        choices=chosen,
        where=destination,
        terms=terms,
        deal=deal,
    )
    location = chosen.pickup_location_id
    gifts = await gifts_of(session, priced, language)
    return Quote(view.cart_id, view.version, view.lines, priced, gifts, location, deal)


def choices_of(view: CartView) -> Choices:
    """What was chosen for a cart: coupons, points, credit."""
    chosen = view.choice
    return Choices(coupon_ids=chosen.coupon_ids, points=chosen.points, use_credit=chosen.use_credit)


async def price_of(
    session: AsyncSession,
    view: CartView,
    *,
    customer_id: int,
    language: str,
    now: datetime,
    choices: Choices,
    where: Region | None,
    terms: Terms,
    deal: DealTerms | None,
) -> Priced:
    return await quote_cart(
        session,
        customer_id=customer_id,
        lines=tuple(view.quantities.items()),
        language=language,
        now=now,
        choices=choices,
        destination=where,
        terms=terms,
        goods=view.goods,
        deals={} if deal is None else deal.prices,
    )


def pieces_of(priced: Priced) -> dict[int, int]:
    """{variant id: pieces} of all lines, gifts too."""
    pieces: Counter[int] = Counter()
    for line in priced.lines:
        pieces[line.variant_id] += line.quantity
    return dict(pieces)


async def gifts_of(session: AsyncSession, priced: Priced, language: str) -> dict[int, VariantView]:
    """Words and pictures of what comes as a gift."""
    ids = [line.variant_id for line in priced.lines if line.is_gift]
    return await variant_views(session, ids, language=language, also_unavailable=True) if ids else {}


def is_all_digital(view: CartView, priced: Priced) -> bool:
    """Whether nothing of it is sent, so that it needs no address. A gift beside the goods is sent."""
    goods = (view.goods.get(line.variant_id) for line in priced.lines)
    return all(one is not None and one.is_digital for one in goods)


def refuse_unsellable(view: CartView) -> None:
    if not view.lines:
        raise Refused("cart.empty")
    for line in view.lines:
        if not line.on_sale:
            raise Refused("cart.unavailable", variant=line.variant_id, title=line.title)
