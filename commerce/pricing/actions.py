"""The price of a cart with everything it depends on read from the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, and_, any_, bindparam, exists, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import Cart, CartStatus
from commerce.catalog.model import Category
from commerce.catalog.queries import VariantView, variant_views
from commerce.credit.actions import accounts_of
from commerce.credit.model import CreditAccount
from commerce.points.actions import points_of
from commerce.pricing.basket import why_not
from commerce.pricing.engine import price
from commerce.pricing.model import (
    PriceList,
    PriceListCustomer,
    PriceListPrice,
    ShippingRate,
    ShippingZone,
    TaxRate,
)
from commerce.pricing.values import Choices, Inputs, Item, Priced, PriceTable, Purse, Terms
from commerce.pricing.zones import Rate, Region, TaxRule, Zone, tax_for, zone_for
from commerce.promotions import rules
from commerce.promotions.actions import NEAR, promotions_for
from commerce.promotions.coupon_model import Coupon
from commerce.promotions.coupons import CouponView, usable_coupons
from commerce.promotions.deals import Deal
from commerce.promotions.model import Promotion
from foundation.errors import Refused
from foundation.money import exponent
from foundation.reading import Read
from foundation.settings import Settings

_ORDERED = exists().where(Cart.customer_id == bindparam("customer_id"), Cart.status == CartStatus.ORDERED)
_THERE = Read(
    select(
        exists().where(PriceList.active).label("lists"),
        exists().where(Promotion.active).label("promotions"),
        exists().where(ShippingZone.active).label("zones"),
        exists().where(TaxRate.active).label("taxes"),
        exists().where(Coupon.customer_id == bindparam("customer_id")).label("coupons"),
        exists()
        .where(CreditAccount.customer_id == bindparam("customer_id"), CreditAccount.balance > 0)
        .label("accounts"),
        _ORDERED.where(Cart.id != bindparam("cart_id")).label("ordered"),
    )
)
"""What there is at all that could change a price for this customer; no cart has the id 0."""
_SHELVES = Read(select(Category.id, Category.parent_id))
_TAXES = Read(
    select(TaxRate.ppm, TaxRate.tax_class, TaxRate.country, TaxRate.province).where(TaxRate.active).order_by(TaxRate.id)
)
_ZONES = Read(
    select(ShippingZone.id, ShippingZone.name, ShippingZone.countries, ShippingZone.provinces, ShippingZone.cities)
    .where(ShippingZone.active)
    .order_by(ShippingZone.position, ShippingZone.id)
)
_RATES = Read(
    select(*ShippingRate.__table__.c)
    .where(ShippingRate.zone_id == bindparam("zone_id"))
    .order_by(ShippingRate.position, ShippingRate.id)
)
_LISTS = Read(
    select(*PriceList.__table__.c, PriceListCustomer.customer_id.is_not(None).label("is_named"))
    .outerjoin(
        PriceListCustomer,
        and_(
            PriceListCustomer.price_list_id == PriceList.id,
            PriceListCustomer.customer_id == bindparam("customer_id"),
        ),
    )
    .where(
        PriceList.active,
        or_(PriceList.starts_at.is_(None), PriceList.starts_at < bindparam("soon")),
        or_(PriceList.ends_at.is_(None), PriceList.ends_at > bindparam("lately")),
    )
    .order_by(PriceList.id)
)
_LIST_PRICES = Read(
    select(
        PriceListPrice.price_list_id, PriceListPrice.variant_id, PriceListPrice.min_quantity, PriceListPrice.amount
    ).where(PriceListPrice.variant_id == any_(bindparam("variant_ids", type_=ARRAY(BigInteger))))
)
_COUPON_KINDS: dict[str, rules.CouponKind] = {"percent": "percent", "amount": "amount", "free_shipping": "shipping"}


def terms_of(settings: Settings) -> Terms:
    """How this shop prices."""
    return Terms(
        prices_include_tax=settings.prices_include_tax,
        points_for_unit=settings.points_for_unit,
        points_of_unit=settings.points_of_unit,
        points_share_percent=settings.points_share_percent,
    )


async def quote_cart(
    session: AsyncSession,
    *,
    customer_id: int,
    lines: Sequence[tuple[int, int]],
    language: str,
    now: datetime,
    choices: Choices = Choices(),
    destination: Region | None = None,
    terms: Terms = Terms(),
    cart_id: int | None = None,
    goods: Mapping[int, VariantView] | None = None,
    deals: Mapping[int, Deal] = {},
) -> Priced:
    """What these (variant id, pieces) cost this customer now, with every reason.

    `cart_id`: where an order is being changed, the cart it came from, so that it does not make its customer a
    returning one. `goods`: the variants of the lines where the caller has just read them. `deals`: {variant id: its
    price in a deal}. Raises Refused("cart.empty") for no lines and ("variant.unknown") for a variant that is not there.
    """
    if not lines:
        raise Refused("cart.empty")
    return price(
        await inputs_of(
            session,
            customer_id=customer_id,
            lines=lines,
            language=language,
            now=now,
            choices=choices,
            destination=destination,
            terms=terms,
            cart_id=cart_id,
            goods=goods,
            deals=deals,
        )
    )


async def inputs_of(
    session: AsyncSession,
    *,
    customer_id: int,
    lines: Sequence[tuple[int, int]],
    language: str,
    now: datetime,
    choices: Choices,
    destination: Region | None,
    terms: Terms,
    cart_id: int | None = None,
    goods: Mapping[int, VariantView] | None = None,
    deals: Mapping[int, Deal] = {},
) -> Inputs:
    """Everything the price depends on. What the shop does not use (no price list, no zone) is not asked for."""
    [there] = await _THERE.all(session, customer_id=customer_id, cart_id=cart_id or 0)
    taxes = await _taxes(session) if there.taxes else []
    if goods is None:
        ids = [variant_id for variant_id, _ in lines]
        goods = await variant_views(session, ids, language=language, also_unavailable=True)
    promotions = await promotions_for(session, customer_id=customer_id, now=now) if there.promotions else ()
    above = await _shelves_above(session, goods) if any(one.scope.category_ids for one in promotions) else {}
    items, currency = _items(lines, goods, above, destination, taxes)
    gifts = {rule.variant_id for one in promotions if isinstance(rule := one.rule, rules.Gift)}
    gift_items, gift_stock = await _gifts(session, gifts, currency, language, taxes, destination)
    coupons = await usable_coupons(session, customer_id=customer_id, now=now) if there.coupons else []
    accounts = await accounts_of(session, customer_id) if there.accounts else []
    return Inputs(
        items=items,
        currency=currency,
        now=now,
        minor=10 ** exponent(currency),
        is_new_customer=not there.ordered,
        price_tables=await _price_tables(session, customer_id, items, now) if there.lists else (),
        promotions=promotions,
        deals=deals,
        coupons=tuple(_coupon(view) for view in coupons if view.currency == currency),
        gifts=gift_items,
        gift_stock=gift_stock,
        points_available=(await points_of(session, customer_id)).available if choices.points else 0,
        purses=tuple(Purse(one.account_id, one.kind, one.balance) for one in accounts if one.currency == currency),
        has_zones=there.zones,
        rates=await rates_for(session, destination) if there.zones and destination is not None else None,
        choices=choices,
        terms=terms,
    )


async def rates_for(session: AsyncSession, destination: Region) -> tuple[Rate, ...]:
    """The ways to send to a place, in the shop's order; none where nothing is sent there."""
    zone = zone_for([_zone(row) for row in await _ZONES.all(session)], destination)
    if zone is None:
        return ()
    return tuple(rate_of(row) for row in await _RATES.all(session, zone_id=zone.id))


def rate_of(row: ShippingRate) -> Rate:
    """A rate as the engine sees it."""
    return Rate(
        id=row.id,
        label=row.name,
        kind="weight" if row.kind == "weight" else "flat",
        amount=row.amount,
        first_grams=row.first_grams,
        step_grams=row.step_grams,
        step_amount=row.step_amount,
        free_from=row.free_from,
        days_min=row.days_min,
        days_max=row.days_max,
    )


def _items(
    lines: Sequence[tuple[int, int]],
    goods: Mapping[int, VariantView],
    above: Mapping[int | None, frozenset[int]],
    destination: Region | None,
    taxes: list[TaxRule],
) -> tuple[tuple[Item, ...], str]:
    items = []
    for variant_id, quantity in lines:
        one = goods.get(variant_id)
        if one is None:
            raise Refused("variant.unknown", variant=variant_id)
        items.append(
            Item(
                variant_id=variant_id,
                product_id=one.product_id,
                quantity=quantity,
                unit=one.price.amount,
                category_ids=above.get(one.category_id, frozenset()),
                weight_grams=one.weight_grams or 0,
                free_shipping=one.free_shipping,
                tax_ppm=tax_for(taxes, destination, one.tax_class),
            )
        )
    return tuple(items), goods[lines[0][0]].price.currency


async def _shelves_above(session: AsyncSession, goods: Mapping[int, VariantView]) -> dict[int | None, frozenset[int]]:
    """{shelf of these goods: itself and those it stands in}."""
    parents = dict(await _SHELVES.all(session))
    above: dict[int | None, frozenset[int]] = {}
    for shelf in {one.category_id for one in goods.values()}:
        path, step = set(), shelf
        while step is not None and step not in path:
            path.add(step)
            step = parents.get(step)
        above[shelf] = frozenset(path)
    return above


async def _gifts(
    session: AsyncSession,
    ids: Collection[int],
    currency: str,
    language: str,
    taxes: list[TaxRule],
    destination: Region | None,
) -> tuple[dict[int, Item], dict[int, int]]:
    """The variants promotions may give, and how many of each can still be promised; those no longer sold are none."""
    if not ids:
        return {}, {}
    views = await variant_views(session, ids, language=language)
    usable = {view.variant_id: view for view in views.values() if view.price.currency == currency}
    if not usable:
        return {}, {}
    items, _ = _items([(variant_id, 1) for variant_id in usable], usable, {}, destination, taxes)
    return {item.variant_id: item for item in items}, {key: view.available for key, view in usable.items()}


async def _price_tables(
    session: AsyncSession, customer_id: int, items: Sequence[Item], now: datetime
) -> tuple[PriceTable, ...]:
    found: dict[int, dict[int, list[tuple[int, int]]]] = {}
    for row in await _LIST_PRICES.all(session, variant_ids=[item.variant_id for item in items]):
        found.setdefault(row.price_list_id, {}).setdefault(row.variant_id, []).append((row.min_quantity, row.amount))
    lists = await _LISTS.all(session, customer_id=customer_id, soon=now + NEAR, lately=now - NEAR)
    return tuple(
        PriceTable(
            id=row.id,
            label=row.name,
            prices={variant_id: tuple(bands) for variant_id, bands in found[row.id].items()},
            for_members=row.for_members,
            priority=row.priority,
            audience=row.audience,
            is_named=row.is_named,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in lists
        if row.id in found
    )


async def _taxes(session: AsyncSession) -> list[TaxRule]:
    return [TaxRule(*row) for row in await _TAXES.all(session)]


def _zone(row: Any) -> Zone:
    return Zone(row.id, row.name, tuple(row.countries), tuple(row.provinces), tuple(row.cities))


def _coupon(view: CouponView) -> rules.Coupon:
    return rules.Coupon(
        id=view.coupon_id,
        label=view.title,
        kind=_COUPON_KINDS[view.benefit],
        amount=view.amount,
        ppm=view.ppm,
        most=view.cap,
        from_amount=view.threshold,
        stacking=rules.Stacking.STACKABLE if view.stackable else rules.Stacking.BEST_OF,
        ends_at=view.expires_at,
    )


async def promotions_now(session: AsyncSession, *, customer_id: int, now: datetime) -> list[rules.Promotion]:
    """The promotions that are on for this customer, those with the highest priority first."""
    ordered = exists().where(Cart.customer_id == customer_id, Cart.status == CartStatus.ORDERED)
    is_new = not await session.scalar(select(ordered))
    asked = Inputs(items=(), currency="", now=now, is_new_customer=is_new)
    found = [
        one
        for one in await promotions_for(session, customer_id=customer_id, now=now)
        if not why_not(
            asked, starts_at=one.starts_at, ends_at=one.ends_at, audience=one.audience, uses_left=one.uses_left
        )
    ]
    return sorted(found, key=lambda one: (-one.priority, one.id))
