"""From a cart to an order: the confirmed price, the stock that was held, what is used up, the money asked for."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce_at_once
from commerce.carts.actions import CartLineView, CartView, view_of
from commerce.carts.model import Cart, CartStatus
from commerce.catalog.queries import VariantView
from commerce.customers.actions import ADDRESS, PHONE_LAST4, SavedAddress, opened_address
from commerce.customers.address import NOWHERE
from commerce.customers.model import Address
from commerce.inventory.actions import adopt
from commerce.orders.benefits import take_benefits, use_benefits
from commerce.orders.covering import first_hold_reason
from commerce.orders.deals import deal_paid, deal_terms, take_deal
from commerce.orders.destination import sent_to
from commerce.orders.locks import event_of, named_in
from commerce.orders.model import (
    DeliveryMethod,
    Order,
    OrderAdjustment,
    OrderEvent,
    OrderLine,
    OrderStatus,
    PaymentMethod,
)
from commerce.orders.number import fresh_number
from commerce.orders.offers import line_columns, line_json
from commerce.orders.quoting import gifts_of, is_all_digital, pieces_of, price_of, refuse_unsellable
from commerce.orders.snapshot import seal_address
from commerce.payments.cash import BY_HAND
from commerce.payments.ledger import ask_for_money
from commerce.pricing.values import Choices, Priced, RateView, Terms
from commerce.pricing.zones import Region
from commerce.promotions.deals import DealTerms
from foundation.database import JsonMap, insert_row, insert_rows, raw
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import Money
from foundation.reading import Read

UNPAID_FOR = timedelta(minutes=15)
"""How long goods are kept for an order that is not paid."""
_CART_AND_ADDRESS = Read(
    select(Cart.customer_id, Cart.status, Cart.version, *ADDRESS)
    .outerjoin(Address, and_(Address.id == bindparam("address_id"), Address.customer_id == Cart.customer_id))
    .where(Cart.id == bindparam("cart_id"))
    .with_for_update(key_share=True, of=Cart)
)
_END_CART = "UPDATE cart SET status = $2 WHERE id = $1"
"""What is put in from now on goes into another cart."""


async def place_order(
    session: AsyncSession,
    *,
    customer_id: int,
    cart_id: int,
    cart_version: int,
    priced: Priced,
    address_id: int,
    payment_method: PaymentMethod,
    hold_key: str,
    language: str,
    now: datetime,
    pickup_location_id: int | None = None,
    unpaid_for: timedelta = UNPAID_FOR,
    terms: Terms = Terms(),
) -> Order:
    """Make the confirmed cart an order: cash on delivery is placed at once, any other waits for its payment, if any.

    `priced` is what the shopper said yes to. The same cart gives the same order again. Raises Refused("cart.unknown"),
    ("cart.changed", version=...) also when the price has, ("cart.empty"), ("cart.unavailable", variant=...),
    ("address.unknown"), ("shipping.not_there"), ("stock.hold_gone") when the hold expired, ("deal.pay_online") for a
    deal that is to be paid by hand, and as `take_benefits`, `deal_terms` and `take_deal`.
    """
    cart = await _CART_AND_ADDRESS.first(session, cart_id=cart_id, address_id=address_id)
    if cart is None or cart.customer_id != customer_id:
        raise Refused("cart.unknown", cart=cart_id)
    if cart.status is CartStatus.ORDERED:
        return (await session.scalars(select(Order).where(Order.cart_id == cart_id))).one()
    if cart.version != cart_version:
        raise Refused("cart.changed", version=cart.version)
    if cart.address_id is None:
        raise Refused("address.unknown", address=address_id)
    address = opened_address(session, cart)
    choices = chosen_in(priced, pickup_location_id=pickup_location_id)
    view = await view_of(session, cart_id, customer_id=customer_id, language=language)
    where = sent_to(address.text)
    today, deal = await _confirmed(session, view, priced, choices, where, customer_id, language, terms, now)
    if address.text == NOWHERE and not is_all_digital(view, today):
        raise Refused("address.unknown", address=address_id)

    order = await new_order(
        session, cart_id, today, address, customer_id, payment_method, pickup_location_id, language, now
    )
    if deal is not None:
        unpaid_for = min(unpaid_for, timedelta(minutes=deal.minutes))
        if order.payment_method in BY_HAND:
            raise Refused("deal.pay_online")
    at_once = order.payment_method in (PaymentMethod.COD, PaymentMethod.CREDIT)
    order.move_to(OrderStatus.PLACED if at_once else OrderStatus.PENDING, now=now)
    order.hold_until = None if at_once else now + unpaid_for
    order.hold_reason = await first_hold_reason(session, order)
    await insert_row(session, order)
    await (await raw(session)).execute(_END_CART, cart_id, CartStatus.ORDERED.value)
    await take_benefits(session, order, today, now=now)
    if at_once:
        await use_benefits(session, order, now=now, has_coupons=bool(today.coupon_ids))
    places = {} if deal is None else deal.allotments
    held = pieces_of(today)
    await adopt(session, key=hold_key, order_id=order.id, lines=held, committed=at_once, allotments=places)
    if deal is not None:
        await take_deal(session, order, view, deal, held, hold_key=hold_key, now=now)
        if at_once:
            await deal_paid(session, order, now=now)
    await write_lines(session, order, {line.variant_id: line for line in view.lines}, today)
    await _ask_for_money(session, order, today.due, now=now)
    await session.flush()
    return order


async def _confirmed(
    session: AsyncSession,
    view: CartView,
    priced: Priced,
    choices: Choices,
    where: Region | None,
    customer_id: int,
    language: str,
    terms: Terms,
    now: datetime,
) -> tuple[Priced, DealTerms | None]:
    """The price of today if that is what the shopper said yes to, and the terms of the deal, if it is one."""
    refuse_unsellable(view)
    deal = await deal_terms(session, view, customer_id=customer_id, is_held=True, now=now)
    today = await price_of(
        session,
        view,
        customer_id=customer_id,
        language=language,
        now=now,
        choices=choices,
        where=where,
        terms=terms,
        deal=deal,
    )
    if _what_counts(today) != _what_counts(priced):
        raise Refused("cart.changed", version=view.version)
    if not today.ships_there:
        raise Refused("shipping.not_there")
    return today, deal


def chosen_in(priced: Priced, *, pickup_location_id: int | None = None) -> Choices:
    """The choices that a confirmed price was made of."""
    return Choices(
        coupon_ids=priced.coupon_ids,
        points=priced.points_spent,
        rate_id=priced.rate.rate_id if priced.rate else None,
        pickup_location_id=pickup_location_id,
        use_credit=bool(priced.tenders),
    )


def _what_counts(priced: Priced) -> tuple[object, ...]:
    """What a yes to a price is a yes to: every amount, but not the reasons in words."""
    lines = [(line.variant_id, line.quantity, line.unit, line.discount, line.total) for line in priced.lines]
    tenders = [(tender.account_id, tender.amount) for tender in priced.tenders]
    charges = (priced.shipping, priced.tax_added, priced.total, priced.currency, priced.points_spent)
    return (lines, tenders, charges, priced.coupon_ids)


async def _ask_for_money(session: AsyncSession, order: Order, due: int, *, now: datetime) -> None:
    """The intent of a new order; its diary and its customer are told whether it waits for it."""
    if due:
        await ask_for_money(
            session,
            order_id=order.id,
            number=order.number,
            provider=order.payment_method,
            money=Money(due, order.currency),
            now=now,
        )
    happened = "placed" if order.status is OrderStatus.PLACED else "awaiting_payment"
    await insert_rows(session, OrderEvent, [event_of(order, happened, by="shopper", now=now)])
    told: JsonMap = {**named_in(order), "amount": order.total_amount}
    await announce_at_once(session, f"order_{happened}", customer_id=order.customer_id, now=now, **told)


async def new_order(
    session: AsyncSession,
    cart_id: int,
    priced: Priced,
    address: SavedAddress,
    customer_id: int,
    payment_method: PaymentMethod,
    pickup_location_id: int | None,
    language: str,
    now: datetime,
) -> Order:
    """The row of an order at this price, still a draft and without its lines. Zero due needs no way to pay."""
    vault: Vault = session.info["vault"]
    return Order(
        number=await fresh_number(session),
        customer_id=customer_id,
        cart_id=cart_id,
        status=OrderStatus.DRAFT,
        payment_method=payment_method if priced.due else PaymentMethod.CREDIT,
        language=language,
        delivery_method=DeliveryMethod.PARCEL if pickup_location_id is None else DeliveryMethod.PICKUP,
        pickup_location_id=pickup_location_id,
        goods_amount=priced.goods,
        discount_amount=priced.discount,
        shipping_amount=priced.shipping,
        tax_amount=priced.tax,
        tax_added=priced.tax_added,
        total_amount=priced.total,
        currency=priced.currency,
        trace=[step.as_json() for step in priced.trace],
        points_spent=priced.points_spent,
        points_earned=priced.points_earned,
        shipping_label=_label(priced.rate),
        address_id=address.id,
        address_sealed=seal_address(session, address.text),
        phone_last4_index=vault.blind(PHONE_LAST4, address.text.phone[-4:]),
        created_at=now,
        version=1,
    )


def _label(rate: RateView | None) -> dict[str, str]:
    return dict(rate.label) if rate is not None else {}


async def write_lines(
    session: AsyncSession, order: Order, goods: Mapping[int, CartLineView | VariantView], priced: Priced
) -> None:
    """The lines of a new order and why they cost less. `goods`: the words of each variant but gifts."""
    words = {**await gifts_of(session, priced, order.language), **goods}
    data = [line_json(line, words[line.variant_id]) for line in priced.lines]
    rows = [line_columns(order.id, one, position=position) for position, one in enumerate(data, start=1)]
    ids = await insert_rows(session, OrderLine, rows)
    shares = [{"order_id": order.id, **asdict(share)} for share in priced.shipping_shares]
    for line_id, one in zip(ids, data, strict=True):
        shares += [{"order_id": order.id, "line_id": line_id, **share} for share in one["shares"]]
    if shares:
        await insert_rows(session, OrderAdjustment, shares)
