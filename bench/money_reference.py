"""The same rules once more, written for reading alone: Fractions, dictionaries and full scans, no trace.

It shares only the values with commerce.pricing. What both say must be the same to the minor unit.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from commerce.pricing.values import Inputs, Item, Priced, PriceTable
from commerce.pricing.zones import Rate
from commerce.promotions.rules import (
    WHOLE,
    AmountOff,
    Audience,
    Coupon,
    FixedPrice,
    FreeShipping,
    Gift,
    NthOff,
    PercentOff,
    Promotion,
    Scope,
    Stacking,
    Tiers,
)
from foundation.errors import Json

Left = dict[int, Fraction]
"""What is still to be paid, by variant."""


def summary(priced: Priced) -> dict[str, Json]:
    """What the engine says, in the words of this reference."""
    return {
        "lines": {line.variant_id: (line.unit, line.total, line.tax) for line in priced.lines if not line.is_gift},
        "gifts": sorted((line.variant_id, line.quantity, line.discount) for line in priced.lines if line.is_gift),
        "shipping": priced.shipping,
        "total": priced.total,
        "due": priced.due,
        "coupons": list(priced.coupon_ids),
        "points": (priced.points_spent, priced.points_earned),
    }


def reference(inputs: Inputs) -> dict[str, Json]:
    """The price of a cart."""
    items = {item.variant_id: item for item in inputs.items}
    unit = {key: _unit(inputs, item) for key, item in items.items()}
    left = {key: Fraction(unit[key] * items[key].quantity) for key in sorted(items)}
    closed = _promote_items(inputs, items, left)
    gifts = _promote_order(inputs, items, left, closed)
    chosen = _use_coupons(inputs, items, left, closed, _freight(inputs, items, left, [])[0])
    before_points = dict(left)
    spent = _use_points(inputs, left)
    shipping, helpful = _freight(inputs, items, before_points, chosen)
    coupons = [coupon for coupon in chosen if coupon.kind != "shipping" or coupon in helpful]
    included = inputs.terms.prices_include_tax
    rate = {key: Fraction(item.tax_ppm, WHOLE) for key, item in items.items()}
    tax = {key: _half_up(left[key] * rate[key] / (1 + rate[key] if included else 1)) for key in left}
    added = {key: 0 if included else tax[key] for key in tax}
    total = int(sum(left.values())) + shipping + sum(added.values())
    paid = min(total, sum(purse.balance for purse in inputs.purses)) if inputs.choices.use_credit else 0
    return {
        "lines": {key: (unit[key], int(left[key]) + added[key], tax[key]) for key in items},
        "gifts": sorted((gift.variant_id, gift.quantity, gift.unit * gift.quantity) for gift in gifts),
        "shipping": shipping,
        "total": total,
        "due": total - paid,
        "coupons": sorted(coupon.id for coupon in coupons),
        "points": (spent, math.floor(sum(left.values()) / inputs.minor) * inputs.terms.points_for_unit),
    }


def _half_up(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


def _is_on(
    inputs: Inputs, starts_at: datetime | None, ends_at: datetime | None, audience: Audience, named: bool = False
) -> bool:
    if (starts_at and starts_at > inputs.now) or (ends_at and ends_at <= inputs.now):
        return False
    wanted = {Audience.EVERYONE}
    wanted |= {Audience.NEW} if inputs.is_new_customer else {Audience.RETURNING}
    return audience in wanted | ({Audience.NAMED} if named else set())


def _is_in(scope: Scope, item: Item) -> bool:
    if item.product_id in scope.except_product_ids:
        return False
    named = [*scope.category_ids, *scope.product_ids, *scope.variant_ids]
    is_named = item.variant_id in scope.variant_ids or item.product_id in scope.product_ids
    return not named or is_named or any(shelf in item.category_ids for shelf in scope.category_ids)


def _unit(inputs: Inputs, item: Item) -> int:
    price = item.unit
    on = [
        table for table in inputs.price_tables
        if _is_on(inputs, table.starts_at, table.ends_at, table.audience, table.is_named)
    ]  # fmt: skip
    lists = [table for table in on if not table.for_members and _listed(table, item) is not None]
    if lists:
        highest = max(table.priority for table in lists)
        price = min(_listed(table, item) or 0 for table in lists if table.priority == highest)
    members = [_listed(table, item) for table in on if table.for_members]
    return min([price, *(one for one in members if one is not None)])


def _listed(table: PriceTable, item: Item) -> int | None:
    bands = {least: price for least, price in table.prices.get(item.variant_id, ()) if least <= item.quantity}
    return bands[max(bands)] if bands else None


def _usable(inputs: Inputs) -> list[Promotion]:
    usable = [
        one for one in inputs.promotions
        if one.uses_left != 0 and _is_on(inputs, one.starts_at, one.ends_at, one.audience)
    ]  # fmt: skip
    return sorted(usable, key=lambda one: (-one.priority, one.id))


def _promote_items(inputs: Inputs, items: dict[int, Item], left: Left) -> set[int]:
    closed: set[int] = set()
    for key in left:
        item = items[key]
        mine = []
        for one in _usable(inputs):
            pieces = sum(other.quantity for other in items.values() if _is_in(one.scope, other))
            least = getattr(one.rule, "min_quantity", getattr(one.rule, "every", 0))
            is_item_rule = isinstance(one.rule, PercentOff | AmountOff | FixedPrice | NthOff)
            if is_item_rule and _is_in(one.scope, item) and pieces >= least:
                mine.append(one)
        alone = [one for one in mine if one.stacking is Stacking.EXCLUSIVE and _item_off(one, item, left[key])]
        if alone:
            left[key] -= _item_off(alone[0], item, left[key])
            closed.add(key)
            continue
        left[key] -= max(
            (_item_off(one, item, left[key]) for one in mine if one.stacking is Stacking.BEST_OF), default=0
        )
        for one in mine:
            if one.stacking is Stacking.STACKABLE:
                left[key] -= _item_off(one, item, left[key])
    return closed


def _item_off(promotion: Promotion, item: Item, left: Fraction) -> int:
    rule = promotion.rule
    if isinstance(rule, PercentOff):
        return _half_up(left * Fraction(rule.ppm, WHOLE))
    if isinstance(rule, AmountOff):
        return int(min(left, Fraction(rule.amount * item.quantity)))
    if isinstance(rule, FixedPrice):
        return int(max(Fraction(0), left - rule.amount * item.quantity))
    assert isinstance(rule, NthOff)
    return _half_up(left / item.quantity * (item.quantity // rule.every) * Fraction(rule.ppm, WHOLE))


@dataclass
class _Order:
    """An order while its promotions are tried; `before` is what its lines came to before any of them."""

    inputs: Inputs
    items: dict[int, Item]
    left: Left
    closed: set[int]
    before: Left
    gifts: list[Item]

    def open_ones(self, one: Promotion) -> list[int]:
        return [key for key in self.left if key not in self.closed and _is_in(one.scope, self.items[key])]

    def reached(self, one: Promotion) -> Fraction:
        return sum((self.before[key] for key in self.open_ones(one)), Fraction(0))

    def can_give(self, one: Promotion, rule: Gift) -> bool:
        pieces = [*self.items.values(), *self.gifts]
        taken = sum(item.quantity for item in pieces if item.variant_id == rule.variant_id)
        has = self.inputs.gift_stock[rule.variant_id] - taken >= rule.quantity
        return has and bool(self.open_ones(one)) and self.reached(one) >= rule.from_amount

    def worth(self, one: Promotion) -> int:
        rule, reached = one.rule, self.reached(one)
        if isinstance(rule, Gift):
            return self.inputs.gifts[rule.variant_id].unit * rule.quantity if self.can_give(one, rule) else 0
        assert isinstance(rule, Tiers)
        reached_tiers = [tier for tier in rule.tiers if tier.from_amount <= reached]
        if not reached_tiers:
            return 0
        tier = max(reached_tiers, key=lambda tier: tier.from_amount)
        off = _half_up(reached * Fraction(tier.ppm, WHOLE)) if tier.ppm else tier.amount
        off *= math.floor(reached / tier.from_amount) if rule.repeats else 1
        left = sum((self.left[key] for key in self.open_ones(one)), Fraction(0))
        return int(min(off, left, math.inf if rule.most is None else rule.most))

    def use(self, one: Promotion) -> bool:
        rule = one.rule
        if isinstance(rule, Gift):
            if not self.can_give(one, rule):
                return False
            price = self.inputs.gifts[rule.variant_id].unit
            self.gifts.append(Item(rule.variant_id, rule.variant_id, rule.quantity, price))
            return True
        off = self.worth(one)
        _spread(off, self.open_ones(one), self.left)
        return off > 0


def _promote_order(inputs: Inputs, items: dict[int, Item], left: Left, closed: set[int]) -> list[Item]:
    order = _Order(inputs, items, left, closed, dict(left), [])
    ready = [one for one in _usable(inputs) if isinstance(one.rule, Tiers | Gift)]
    for one in ready:
        if one.stacking is Stacking.EXCLUSIVE:
            mine = order.open_ones(one)
            if order.use(one):
                closed.update(mine)
    rivals = [one for one in ready if one.stacking is Stacking.BEST_OF]
    worths = {one.id: order.worth(one) for one in rivals}
    for one in rivals:  # those that are worth nothing may still be a gift of a price of nothing
        first_best = next(other for other in rivals if worths[other.id] == max(worths.values()))
        if one is first_best or not worths[one.id]:
            order.use(one)
    for one in ready:
        if one.stacking is Stacking.STACKABLE:
            order.use(one)
    return order.gifts


def _spread(off: int, keys: list[int], left: Left) -> None:
    """By largest remainder: everyone gets the whole part of their due, the largest rests one more."""
    whole = sum((left[key] for key in keys), Fraction(0))
    if not off:
        return
    due = {key: off * left[key] / whole for key in keys}
    parts = {key: math.floor(due[key]) for key in keys}
    rest = off - sum(parts.values())
    for key in sorted(keys, key=lambda key: (parts[key] - due[key], key))[:rest]:
        parts[key] += 1
    for key in keys:
        left[key] -= parts[key]


def _use_coupons(inputs: Inputs, items: dict[int, Item], left: Left, closed: set[int], shipping: int) -> list[Coupon]:
    wanted = inputs.choices.coupon_ids

    def open_ones(coupon: Coupon) -> list[int]:
        return [key for key in left if key not in closed and _is_in(coupon.scope, items[key])]

    def off(coupon: Coupon, rest: Left, freight: int) -> int:
        base = sum((rest[key] for key in open_ones(coupon)), Fraction(0))
        amount = {
            "amount": int(min(Fraction(coupon.amount), base)),
            "percent": _half_up(base * Fraction(coupon.ppm, WHOLE)),
            "shipping": freight,
        }[coupon.kind]
        return amount if coupon.most is None else min(amount, coupon.most)

    def together(coupons: list[Coupon], rest: Left) -> tuple[int, list[Coupon]]:
        freight, saved, used = shipping, 0, []
        for coupon in coupons:
            amount = off(coupon, rest, freight)
            if coupon.kind == "shipping":
                freight -= amount
            else:
                _spread(amount, open_ones(coupon), rest)
            saved += amount
            used += [coupon] if amount or coupon.kind == "shipping" else []
        return saved, used

    ready = []
    for coupon in inputs.coupons:
        base = sum((left[key] for key in open_ones(coupon)), Fraction(0))
        is_wanted = wanted is None or coupon.id in wanted
        is_on = _is_on(inputs, coupon.starts_at, coupon.ends_at, Audience.EVERYONE)
        if is_wanted and is_on and open_ones(coupon) and base >= coupon.from_amount:
            ready.append(coupon)
    ready.sort(key=lambda one: (-off(one, left, shipping), one.ends_at is None, one.ends_at or inputs.now, one.id))
    alone = [one for one in ready if one.stacking is Stacking.EXCLUSIVE][:1]
    rest = [one for one in ready if one.stacking is Stacking.BEST_OF][:1]
    rest += [one for one in ready if one.stacking is Stacking.STACKABLE]
    chosen = alone if together(alone, dict(left))[0] > together(rest, dict(left))[0] else rest
    return together(chosen, left)[1]


def _use_points(inputs: Inputs, left: Left) -> int:
    worth = Fraction(inputs.minor, inputs.terms.points_of_unit)
    goods = sum(left.values())
    usable = min(inputs.choices.points, inputs.points_available)
    amount = min(math.floor(usable * worth), math.floor(goods * inputs.terms.points_share_percent / 100))
    if amount < 1:
        return 0
    _spread(amount, list(left), left)
    return math.ceil(amount / worth)


def _freight(inputs: Inputs, items: dict[int, Item], left: Left, coupons: list[Coupon]) -> tuple[int, list[Coupon]]:
    """What is charged for shipping, and the coupons that helped: the rate asked for, else the cheapest after all."""
    if not inputs.has_zones or inputs.choices.pickup_location_id is not None or not inputs.rates:
        return 0, []
    prices = {rate.id: _rate(inputs, items, rate, left, coupons) for rate in inputs.rates}
    asked = inputs.choices.rate_id
    return prices[asked] if asked in prices else min(prices.values(), key=lambda price: price[0])


def _rate(
    inputs: Inputs, items: dict[int, Item], rate: Rate, left: Left, coupons: list[Coupon]
) -> tuple[int, list[Coupon]]:
    price, helped = rate.amount, []
    grams = sum(item.weight_grams * item.quantity for item in items.values() if not item.free_shipping)
    if rate.kind == "weight" and rate.step_grams:
        price += max(0, math.ceil(Fraction(grams - rate.first_grams, rate.step_grams))) * rate.step_amount
    if all(item.free_shipping for item in items.values()):
        price = 0
    if rate.free_from is not None and sum(left.values()) >= rate.free_from:
        price = 0
    for one in _usable(inputs):
        reached = sum((left[key] for key in left if _is_in(one.scope, items[key])), Fraction(0))
        if isinstance(one.rule, FreeShipping) and reached >= one.rule.from_amount:
            price = 0
    for coupon in coupons:
        off = price if coupon.most is None else min(price, coupon.most)
        if coupon.kind == "shipping" and off:
            price -= off
            helped.append(coupon)
    return price, helped
