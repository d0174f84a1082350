"""What comes after the discounts: points, shipping, tax, and what accounts pay."""

from collections.abc import Sequence
from dataclasses import dataclass

from commerce.pricing.basket import Basket, Line, is_about, part_in_ppm, take_off, why_not
from commerce.pricing.values import RateView, Share, Tender
from commerce.pricing.zones import Rate, cost_of
from commerce.promotions.rules import WHOLE, Coupon, FreeShipping, Promotion
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
    offers = _offers(basket, [promotion for promotion, why, _ in _free_shipping(basket) if not why], ())
    return _chosen(basket, offers).left if offers else 0


def use_shipping(basket: Basket, coupons: Sequence[Coupon]) -> Shipping:
    """The chosen way of shipping, else the cheapest; `coupons` are those for shipping."""
    inputs = basket.inputs
    shipping = _not_charged(basket)
    if shipping is not None:
        for coupon in coupons:
            why = "nothing_left" if shipping.is_known else "no_destination"
            basket.pass_by("coupon", coupon.id, coupon.label, why)
        return shipping
    free = []
    for promotion, why, facts in _free_shipping(basket):
        if why:
            basket.pass_by("free_shipping", promotion.id, promotion.label, why, **facts)
        else:
            free.append(promotion)
    offers = _offers(basket, free, coupons)
    if inputs.choices.rate_id not in (None, *(offer.rate.id for offer in offers)):
        basket.pass_by("shipping", inputs.choices.rate_id, {}, "not_offered")
    chosen = _chosen(basket, offers)
    basket.note("shipping", chosen.rate.id, chosen.rate.label, chosen.cost, chosen.why, **_about(basket, chosen))
    for share in chosen.shares:
        rule = "coupon" if share.kind == "coupon" else "free_shipping"
        basket.note(rule, share.source_id, share.label, share.amount)
    helped = {share.source_id for share in chosen.shares if share.kind == "coupon"}
    for coupon in coupons:
        if coupon.id not in helped:
            basket.pass_by("coupon", coupon.id, coupon.label, "nothing_left")
    views = {offer.rate.id: offer.view for offer in offers}
    return Shipping(chosen.left, chosen.shares, views[chosen.rate.id], tuple(views.values()))


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
class _Offer:
    """A way to send the parcel: its cost and why, and what promotions and coupons take off it."""

    rate: Rate
    cost: int
    why: str
    shares: tuple[Share, ...]

    @property
    def left(self) -> int:
        return self.cost - sum(share.amount for share in self.shares)

    @property
    def view(self) -> RateView:
        return RateView(self.rate.id, self.rate.label, self.left, self.rate.days_min, self.rate.days_max)


def _not_charged(basket: Basket) -> Shipping | None:
    """Where there is no rate to choose: the reason is written down; None where there is one."""
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
    return None


def _offers(basket: Basket, free: Sequence[Promotion], coupons: Sequence[Coupon]) -> list[_Offer]:
    """Every rate with what it costs; none where nothing is charged or nobody knows."""
    inputs = basket.inputs
    if not inputs.has_zones or inputs.choices.pickup_location_id is not None:
        return []
    goods, grams = sum(map(_before_points, basket.lines)), _grams(basket)
    is_free = all(line.item.free_shipping for line in basket.lines)
    offers = []
    for rate in inputs.rates or ():
        if is_free:
            cost, why = 0, "free_goods"
        elif rate.free_from is not None and goods >= rate.free_from:
            cost, why = 0, "free_from"
        else:
            cost, why = cost_of(rate, grams=grams), rate.kind
        offers.append(_Offer(rate, cost, why, _shares(cost, free, coupons)))
    return offers


def _chosen(basket: Basket, offers: Sequence[_Offer]) -> _Offer:
    """The one that was asked for, else the cheapest, the first of those that cost the same."""
    asked = (offer for offer in offers if offer.rate.id == basket.inputs.choices.rate_id)
    return next(asked, None) or min(offers, key=lambda offer: offer.left)


def _about(basket: Basket, offer: _Offer) -> dict[str, Json]:
    facts: dict[str, Json] = {"grams": _grams(basket)}
    if offer.rate.free_from is not None and offer.why in ("flat", "weight"):
        goods = sum(map(_before_points, basket.lines))
        facts |= {"free_from": offer.rate.free_from, "missing": offer.rate.free_from - goods}
    return facts


def _grams(basket: Basket) -> int:
    """The weight that is charged for: goods that ship free weigh nothing, gifts neither."""
    return sum(line.item.weight_grams * line.item.quantity for line in basket.lines if not line.item.free_shipping)


def _free_shipping(basket: Basket) -> list[tuple[Promotion, str, dict[str, Json]]]:
    """The promotions for shipping, each with why it does not make it free; empty where it does."""
    found = []
    for promotion in sorted(basket.inputs.promotions, key=lambda promotion: (-promotion.priority, promotion.id)):
        rule = promotion.rule
        if not isinstance(rule, FreeShipping):
            continue
        why = why_not(
            basket.inputs,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            audience=promotion.audience,
            uses_left=promotion.uses_left,
        )
        reached = sum(_before_points(line) for line in basket.lines if is_about(promotion.scope, line.item))
        facts: dict[str, Json] = {}
        if not why and reached < rule.from_amount:
            why, facts = "below_amount", {"missing": rule.from_amount - reached, "from_amount": rule.from_amount}
        found.append((promotion, why, facts))
    return found


def _before_points(line: Line) -> int:
    """What is left of a line but for points: they are like money, so spending them takes no free shipping away."""
    return line.left + sum(share.amount for share in line.shares if share.kind == "points")


def _shares(cost: int, free: Sequence[Promotion], coupons: Sequence[Coupon]) -> tuple[Share, ...]:
    shares = []
    if free and cost:
        shares.append(Share("shipping", free[0].id, free[0].label, cost))
        cost = 0
    for coupon in coupons:
        amount = cost if coupon.most is None else min(cost, coupon.most)
        if amount:
            shares.append(Share("coupon", coupon.id, coupon.label, amount))
            cost -= amount
    return tuple(shares)
