"""The price of a cart: one pure function over its inputs, with a reason for every rule that was tried.

The order of rules: a deal, which stands alone, else price list, member price, promotions of items, promotions of the
order, coupons; then points, shipping, tax; then gift cards and store credit pay their part.
"""

from commerce.pricing.basket import Basket, Line, basket_of
from commerce.pricing.charges import likely_shipping, note_tax, tax_of, use_points, use_purses, use_shipping
from commerce.pricing.coupon_rules import use_coupons
from commerce.pricing.item_rules import use_item_promotions
from commerce.pricing.order_rules import use_order_promotions
from commerce.pricing.price_tables import use_deals, use_price_tables
from commerce.pricing.values import Inputs, Priced, PricedLine, Share


def price(inputs: Inputs) -> Priced:
    """What the shopper pays, to the minor unit. The order of the items changes nothing but the order of the lines.

    ValueError for an item with no pieces or a price below zero.
    """
    basket = basket_of(inputs)
    use_deals(basket)
    use_price_tables(basket)
    use_item_promotions(basket)
    use_order_promotions(basket)
    coupons = (
        use_coupons(basket, shipping=likely_shipping(basket)) if inputs.coupons or inputs.choices.coupon_ids else []
    )
    points = use_points(basket)
    shipping = use_shipping(basket, [coupon for coupon in coupons if coupon.kind == "shipping"])
    lines = _priced_lines(basket)
    goods = sum(line.unit * line.quantity for line in lines)
    discount = sum(line.discount for line in lines)
    tax_added = sum(line.tax_added for line in lines)
    total = goods - discount + shipping.amount + tax_added
    tenders = use_purses(basket, total)
    shares = [share for line in lines for share in line.shares] + list(shipping.shares)
    return Priced(
        lines=lines,
        goods=goods,
        discount=discount,
        shipping=shipping.amount,
        tax=sum(line.tax for line in lines),
        tax_added=tax_added,
        total=total,
        currency=inputs.currency,
        tenders=tenders,
        due=total - sum(tender.amount for tender in tenders),
        coupon_ids=_sources(shares, "coupon"),
        promotion_ids=_sources(shares, "promotion", "gift", "shipping"),
        points_spent=points,
        points_earned=(goods - discount) // inputs.minor * inputs.terms.points_for_unit,
        rate=shipping.rate,
        rates=shipping.rates,
        shipping_shares=shipping.shares,
        trace=tuple(basket.trace),
        shipping_known=shipping.is_known,
        ships_there=shipping.is_possible,
    )


def _priced_lines(basket: Basket) -> tuple[PricedLine, ...]:
    """The lines in the order of the items, gifts last, with their tax."""
    is_included = basket.inputs.terms.prices_include_tax
    places = {item.variant_id: place for place, item in reversed(list(enumerate(basket.inputs.items)))}
    ordered = sorted(basket.lines, key=lambda line: places[line.item.variant_id]) + basket.gifts
    taxes = [tax_of(line, is_included=is_included) for line in ordered]
    rates = [(line.item.tax_ppm, tax) for line, tax in zip(ordered, taxes, strict=True)]
    note_tax(basket, rates, is_included=is_included)
    return tuple(_priced(line, tax, is_included) for line, tax in zip(ordered, taxes, strict=True))


def _priced(line: Line, tax: int, is_included: bool) -> PricedLine:
    added = 0 if is_included else tax
    return PricedLine(
        variant_id=line.item.variant_id,
        quantity=line.item.quantity,
        unit=line.unit,
        shares=tuple(line.shares),
        discount=line.unit * line.item.quantity - line.left,
        tax=tax,
        tax_added=added,
        tax_ppm=line.item.tax_ppm,
        total=line.left + added,
        is_gift=line.is_gift,
    )


def _sources(shares: list[Share], *kinds: str) -> tuple[int, ...]:
    return tuple(sorted({share.source_id for share in shares if share.kind in kinds and share.source_id is not None}))
