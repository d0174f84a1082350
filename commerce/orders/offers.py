"""Lines as they are sold: a price with the words and the picture of its goods, kept as JSON until it is a row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import CartLineView
from commerce.catalog.queries import VariantView, variant_views
from commerce.customers.address import NOWHERE, AddressText
from commerce.orders.destination import destination_of, sent_to
from commerce.orders.model import Order, OrderAdjustment, OrderLine, Part
from commerce.pricing.actions import quote_cart
from commerce.pricing.values import Choices, PricedLine, Terms
from foundation.database import JsonMap
from foundation.errors import Refused

ALONE = Choices(coupon_ids=(), points=0, use_credit=False)
"""A price by itself: without coupons, points or accounts."""


def line_json(line: PricedLine, goods: VariantView | CartLineView) -> JsonMap:
    """What is written down of a line: the columns of OrderLine, and its shares."""
    return {
        "variant_id": line.variant_id,
        "title": goods.title,
        "label": goods.label,
        "picture": goods.picture,
        "quantity": line.quantity,
        "unit_amount": line.unit,
        "discount_amount": line.discount,
        "tax_amount": line.tax,
        "tax_added": line.tax_added,
        "tax_ppm": line.tax_ppm,
        "total_amount": line.total,
        "is_gift": line.is_gift,
        "shares": [asdict(share) for share in line.shares],
    }


def line_row(order_id: int, data: JsonMap, *, position: int, change_id: int | None = None) -> OrderLine:
    """The row of a line that was written down."""
    return OrderLine(**line_columns(order_id, data, position=position), change_id=change_id)


def line_columns(order_id: int, data: JsonMap, *, position: int) -> JsonMap:
    """The columns of a line that was written down."""
    known = {name: value for name, value in data.items() if name != "shares"}
    return {"order_id": order_id, "position": position, **known}


def share_rows(line: OrderLine, data: JsonMap) -> list[OrderAdjustment]:
    """Why this line costs less, as rows. The line has its id."""
    return [OrderAdjustment(order_id=line.order_id, line_id=line.id, **share) for share in data["shares"]]


def part_of_line(data: JsonMap) -> Part:
    """The money of a line that was written down."""
    goods = data["unit_amount"] * data["quantity"]
    return Part(goods, data["discount_amount"], data["tax_amount"], data["tax_added"])


async def todays_lines(
    session: AsyncSession,
    order: Order,
    pieces: Mapping[int, int],
    *,
    address: AddressText,
    now: datetime,
    terms: Terms,
) -> dict[int, JsonMap]:
    """{variant id: line} at today's price for more goods of an order, without gifts and without shipping.

    Raises Refused("change.unavailable", title=...) for what is not sold any more, and ("change.no_address", title=...)
    for what would have to be sent where nothing else of the order is.
    """
    goods = await variant_views(session, list(pieces), language=order.language, also_unavailable=True)
    for variant_id in pieces:
        if variant_id not in goods or not goods[variant_id].on_sale:
            title = goods[variant_id].title if variant_id in goods else ""
            raise Refused("change.unavailable", variant=variant_id, title=title)
        if address == NOWHERE and not goods[variant_id].is_digital:
            raise Refused("change.no_address", title=goods[variant_id].title)
    priced = await quote_cart(
        session,
        customer_id=order.customer_id,
        lines=sorted(pieces.items()),
        language=order.language,
        now=now,
        choices=ALONE,
        destination=sent_to(address),
        terms=terms,
        cart_id=order.cart_id,
    )
    if priced.currency != order.currency:
        raise Refused("change.currency", currency=order.currency)
    return {line.variant_id: line_json(line, goods[line.variant_id]) for line in priced.lines if not line.is_gift}


async def shipping_difference(
    session: AsyncSession,
    order: Order,
    lines: Sequence[OrderLine],
    *,
    before: AddressText,
    after: AddressText,
    now: datetime,
    terms: Terms,
) -> int:
    """How much more the parcel costs to the new address. Raises Refused("shipping.not_there")."""
    old, new = destination_of(before), destination_of(after)
    if old == new:
        return 0
    pieces: dict[int, int] = {}
    for line in lines:
        if line.open and not line.is_gift:
            pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.open
    costs = []
    for place in (old, new):
        priced = await quote_cart(
            session,
            customer_id=order.customer_id,
            lines=sorted(pieces.items()),
            language=order.language,
            now=now,
            choices=replace(ALONE, pickup_location_id=order.pickup_location_id),
            destination=place,
            terms=terms,
            cart_id=order.cart_id,
        )
        costs.append(priced.shipping)
    if not priced.ships_there:
        raise Refused("shipping.not_there")
    return costs[1] - costs[0]
