"""What comes after the discounts: points, shipping, tax, and what accounts pay."""

from dataclasses import dataclass

from commerce.pricing.basket import Basket, Line, is_about, part_in_ppm, take_off, why_not
from commerce.pricing.values import RateView, Share, Tender
from commerce.pricing.zones import Rate, cost_of
from commerce.promotions.rules import WHOLE, Coupon, FreeShipping, Label
from foundation.errors import Json


@dataclass(frozen=True, slots=True)
class Shipping:
    """What the way of shipping costs that was chosen, and what else is offered."""

    amount: int = 0
    shares: tuple[Share, ...] = ()
    rate: RateView | None = None
    rates: tuple[RateView, ...] = ()
    is_known: bool = True
    is_possible: bool = True


def use_points(basket: Basket) -> int:
    """Take points off the goods, at most the share the shop allows; how many were spent."""
    inputs, terms = basket.inputs, basket.inputs.terms
    wanted = inputs.choices.points
    if wanted < 1:
        return 0
    usable = min(wanted, inputs.points_available)
    most = basket.left * terms.points_share_percent // 100
    amount = min(usable * inputs.minor // terms.points_of_unit, most)
    facts: dict[str, Json] = {"wanted": wanted, "available": inputs.points_available, "most": most}
    if amount < 1:
        reason = "not_enough_points" if usable * inputs.minor < terms.points_of_unit else "nothing_left"
        basket.pass_by("points", None, {}, reason, **facts)
        return 0
    spent = -(-amount * terms.points_of_unit // inputs.minor)
    take_off([line for line in basket.lines if line.left], amount, kind="points", source_id=None, label={})
    basket.note("points", None, {}, amount, "capped" if amount == most else "applied", spent=spent, **facts)
    return spent


def likely_shipping(basket: Basket) -> int:
    """What shipping would cost before coupons, to weigh one for shipping against one for goods."""
    rates = _prices(basket, basket.left)
    return min((amount for _, amount, _ in rates), default=0)


def use_shipping(basket: Basket, coupons: list[Coupon]) -> Shipping:
    """The chosen way of shipping, else the cheapest."""
    inputs = basket.inputs
    if not inputs.has_zones:
        return Shipping()
    if inputs.choices.pickup_location_id is not None:
        basket.note("shipping", None, {}, 0, "pickup")
        return Shipping()
    if inputs.rates is None:
        basket.pass_by("shipping", None, {}, "no_destination")
        return Shipping(is_known=False)
    if not inputs.rates:
        basket.pass_by("shipping", None, {}, "no_zone")
        return Shipping(is_possible=False)
    goods = sum(map(_before_points, basket.lines))
    prices = _prices(basket, goods)
    reducers = _free_shipping(basket) + [
        _Off("coupon", coupon.id, coupon.label, coupon.most) for coupon in coupons if coupon.kind == "shipping"
    ]
    views = []
    for rate, cost, _ in prices:
        left = cost - sum(share.amount for share in _shares(cost, reducers))
        views.append(RateView(rate.id, rate.label, left, rate.days_min, rate.days_max))
    place = next((place for place, view in enumerate(views) if view.rate_id == inputs.choices.rate_id), None)
    if place is None:
        if inputs.choices.rate_id is not None:
            basket.pass_by("shipping", inputs.choices.rate_id, {}, "not_offered")
        place = min(range(len(views)), key=lambda place: (views[place].amount, place))
    rate, cost, why = prices[place]
    facts: dict[str, Json] = {}
    if rate.free_from is not None and cost:
        facts = {"free_from": rate.free_from, "missing": rate.free_from - goods}
    basket.note("shipping", rate.id, rate.label, cost, why, grams=_grams(basket), **facts)
    shares = _shares(cost, reducers)
    for share in shares:
        rule = "coupon" if share.kind == "coupon" else "free_shipping"
        basket.note(rule, share.source_id, share.label, share.amount)
    return Shipping(views[place].amount, shares, views[place], tuple(views))


def tax_of(line: Line, *, is_included: bool) -> int:
    """The tax in or on what is paid for a line, half up."""
    ppm = line.item.tax_ppm
    if not is_included:
        return part_in_ppm(line.left, ppm)
    whole = WHOLE + ppm
    return (2 * line.left * ppm + whole) // (2 * whole)


def note_tax(basket: Basket, taxes: list[tuple[int, int]], *, is_included: bool) -> None:
    """Write the tax down by rate: (parts per million, amount) of every line."""
    why = "included" if is_included else "added"
    for rate in sorted({ppm for ppm, _ in taxes if ppm}):
        basket.note("tax", None, {}, sum(tax for ppm, tax in taxes if ppm == rate), why, ppm=rate)


def use_purses(basket: Basket, total: int) -> tuple[Tender, ...]:
    """Gift cards pay first, then store credit."""
    tenders = []
    if not basket.inputs.choices.use_credit:
        return ()
    for purse in sorted(basket.inputs.purses, key=lambda purse: (purse.kind != "gift_card", purse.account_id)):
        amount = min(purse.balance, total)
        if amount > 0:
            total -= amount
            tenders.append(Tender(purse.account_id, purse.kind, amount))
            basket.note("tender", purse.account_id, {}, amount, purse.kind, left=purse.balance - amount)
    return tuple(tenders)


@dataclass(frozen=True, slots=True)
class _Off:
    """Something that takes shipping off, up to `most`; all of it with None."""

    kind: str
    source_id: int
    label: Label
    most: int | None = None


def _prices(basket: Basket, goods: int) -> list[tuple[Rate, int, str]]:
    """Each rate with its cost and the reason, before promotions and coupons for shipping."""
    if basket.inputs.choices.pickup_location_id is not None:
        return []
    grams, is_free = _grams(basket), all(line.item.free_shipping for line in basket.lines)
    prices = []
    for rate in basket.inputs.rates or ():
        if is_free:
            prices.append((rate, 0, "free_goods"))
        elif rate.free_from is not None and goods >= rate.free_from:
            prices.append((rate, 0, "free_from"))
        else:
            prices.append((rate, cost_of(rate, grams=grams), rate.kind))
    return prices


def _grams(basket: Basket) -> int:
    """The weight that is charged for: goods that ship free weigh nothing, gifts neither."""
    return sum(line.item.weight_grams * line.item.quantity for line in basket.lines if not line.item.free_shipping)


def _free_shipping(basket: Basket) -> list[_Off]:
    """The promotions that make shipping free; why others do not is written down."""
    found = []
    for promotion in sorted(basket.inputs.promotions, key=lambda promotion: (-promotion.priority, promotion.id)):
        rule = promotion.rule
        if not isinstance(rule, FreeShipping):
            continue
        reason = why_not(
            basket.inputs,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            audience=promotion.audience,
            uses_left=promotion.uses_left,
        )
        reached = sum(_before_points(line) for line in basket.lines if is_about(promotion.scope, line.item))
        facts: dict[str, Json] = {}
        if not reason and reached < rule.from_amount:
            reason, facts = "below_amount", {"missing": rule.from_amount - reached, "from_amount": rule.from_amount}
        if reason:
            basket.pass_by("free_shipping", promotion.id, promotion.label, reason, **facts)
        else:
            found.append(_Off("shipping", promotion.id, promotion.label))
    return found


def _before_points(line: Line) -> int:
    """What is left of a line but for points: they are like money, so spending them takes no free shipping away."""
    return line.left + sum(share.amount for share in line.shares if share.kind == "points")


def _shares(cost: int, reducers: list[_Off]) -> tuple[Share, ...]:
    shares = []
    for reducer in reducers:
        amount = cost if reducer.most is None else min(cost, reducer.most)
        if amount:
            shares.append(Share(reducer.kind, reducer.source_id, reducer.label, amount))
            cost -= amount
    return tuple(shares)
