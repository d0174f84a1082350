"""Random carts with random rules, drawn by any source of numbers (a generator here, Hypothesis in the tests), and the
properties that every price has to have.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from commerce.pricing.values import Choices, Inputs, Item, Priced, PriceTable, Purse, Terms
from commerce.pricing.zones import Rate
from commerce.promotions.rules import (
    WHOLE,
    AmountOff,
    Audience,
    Coupon,
    CouponKind,
    FixedPrice,
    FreeShipping,
    Gift,
    NthOff,
    PercentOff,
    Promotion,
    Rule,
    Scope,
    Stacking,
    Tier,
    Tiers,
)
from foundation.money import part_of

NumberFrom = Callable[[int, int], int]
"""A whole number between two, both included."""
T = TypeVar("T")

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CURRENCIES = (("CNY", 100), ("CNY", 100), ("JPY", 1), ("KWD", 1000))
TAXES = (0, 0, 30_000, 60_000, 82_500, 90_000, 130_000, 200_000)
OFF = (1, 50_000, 100_000, 150_000, 333_333, 500_000, 999_999, WHOLE)
AUDIENCES = (Audience.EVERYONE, Audience.EVERYONE, Audience.NEW, Audience.RETURNING)
VARIANTS, GIFTS = 12, (12, 91)


def random_cart(number: NumberFrom) -> Inputs:
    """A cart with everything that may change its price; one in three rules is not for it."""
    currency, minor = _one(number, CURRENCIES)
    largest = _one(number, (100, 10_000, 10_000, 1_000_000))
    items = _items(number, largest)
    worth = sum(item.unit * item.quantity for item in items)
    points = number(0, 3) == 0
    return Inputs(
        items=items,
        currency=currency,
        now=NOW,
        minor=minor,
        is_new_customer=number(0, 1) == 1,
        price_tables=tuple(_price_table(number, place, items) for place in range(1, number(0, 2) + 1)),
        promotions=tuple(_promotion(number, place, largest, worth) for place in range(1, number(0, 4) + 1)),
        coupons=tuple(_coupon(number, place, worth) for place in range(1, number(0, 3) + 1)),
        gifts={
            variant: Item(variant, variant, 1, number(0, largest), tax_ppm=_one(number, TAXES)) for variant in GIFTS
        },
        gift_stock={variant: number(0, 4) for variant in GIFTS},
        points_available=number(0, 2 * worth) if points else 0,
        purses=tuple(_purse(number, place, worth) for place in range(1, number(0, 2) + 1)),
        has_zones=number(0, 1) == 1,
        rates=_rates(number, worth) if number(0, 4) else None,
        choices=_choices(number, worth, points),
        terms=Terms(
            prices_include_tax=number(0, 1) == 1,
            points_for_unit=number(0, 2),
            points_of_unit=_one(number, (1, 7, 100, 1000)),
            points_share_percent=_one(number, (0, 30, 50, 100)),
        ),
    )


def broken_properties(inputs: Inputs, priced: Priced) -> list[str]:
    """The names of the properties that this price does not have: none may be broken, whatever the cart."""
    promised = {
        "the total adds up": priced.total == priced.goods - priced.discount + priced.shipping + priced.tax_added,
        "goods add up": priced.goods == sum(line.unit * line.quantity for line in priced.lines),
        "discounts add up": priced.discount == sum(line.discount for line in priced.lines),
        "tax adds up": priced.tax == sum(line.tax for line in priced.lines),
        "added tax adds up": priced.tax_added == sum(line.tax_added for line in priced.lines),
        "tax is added or included": priced.tax_added == (0 if inputs.terms.prices_include_tax else priced.tax),
        "lines and shipping are the total": priced.total == sum(line.total for line in priced.lines) + priced.shipping,
        "tenders and what is due are the total": priced.total == sum(t.amount for t in priced.tenders) + priced.due,
        "nothing is below zero": min(priced.total, priced.due, priced.shipping, priced.tax) >= 0,
        "every piece is priced": _pieces(inputs)
        == {line.variant_id: line.quantity for line in priced.lines if not line.is_gift},
        "the trace says what was taken off": _told(priced) == _taken(priced),
        "one coupon that does not stack": _alone(inputs, priced) <= 1,
        "no more points than wished": priced.points_spent <= min(inputs.choices.points, inputs.points_available),
    }
    for line in priced.lines:
        whole = line.unit * line.quantity
        promised["no discount above its line"] = (
            promised.get("no discount above its line", True) and 0 <= line.discount <= whole
        )
        promised["a line adds up"] = promised.get("a line adds up", True) and (
            line.total == whole - line.discount + line.tax_added and line.discount == sum(s.amount for s in line.shares)
        )
        promised["pieces carry the whole line"] = promised.get("pieces carry the whole line", True) and all(
            sum(part_of(amount, line.quantity, before=k, count=1) for k in range(line.quantity)) == amount
            for amount in (line.total, line.discount, line.tax)
        )
    return [name for name, holds in promised.items() if not holds]


def shuffled(inputs: Inputs, number: NumberFrom) -> Inputs:
    """The same with everything in another order."""
    return replace(
        inputs,
        items=_in_another_order(inputs.items, number),
        promotions=_in_another_order(inputs.promotions, number),
        coupons=_in_another_order(inputs.coupons, number),
        price_tables=_in_another_order(inputs.price_tables, number),
        purses=_in_another_order(inputs.purses, number),
    )


def _in_another_order(things: tuple[T, ...], number: NumberFrom) -> tuple[T, ...]:
    left, taken = list(things), []
    while left:
        taken.append(left.pop(number(0, len(left) - 1)))
    return tuple(taken)


def _one(number: NumberFrom, things: Sequence[T]) -> T:
    return things[number(0, len(things) - 1)]


def _items(number: NumberFrom, largest: int) -> tuple[Item, ...]:
    first = number(1, VARIANTS)
    return tuple(
        Item(
            variant_id=(variant := (first + place) % VARIANTS + 1),
            product_id=variant // 2 + 1,
            quantity=number(1, 99) if number(0, 9) == 0 else number(1, 4),
            unit=number(0, largest),
            category_ids=frozenset({variant % 3 + 1, variant % 2 + 4}),
            weight_grams=number(0, 3000),
            free_shipping=number(0, 3) == 0,
            tax_ppm=_one(number, TAXES),
        )
        for place in range(number(1, 6))
    )


def _window(number: NumberFrom) -> tuple[datetime | None, datetime | None]:
    hour = timedelta(hours=1)
    return _one(number, ((None, None),) * 5 + ((NOW, None), (NOW + hour, None), (None, NOW), (NOW - hour, NOW + hour)))


def _price_table(number: NumberFrom, place: int, items: tuple[Item, ...]) -> PriceTable:
    starts_at, ends_at = _window(number)
    prices = {
        item.variant_id: tuple((least, number(0, 2 * item.unit)) for least in (1, 3, 10)[number(0, 1) : number(1, 3)])
        for item in items
        if number(0, 1)
    }
    return PriceTable(
        id=place,
        label={"en": f"list {place}"},
        prices=prices,
        for_members=number(0, 1) == 1,
        priority=number(0, 1),
        audience=_one(number, (*AUDIENCES, Audience.NAMED)),
        is_named=number(0, 1) == 1,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _scope(number: NumberFrom) -> Scope:
    kind = number(0, 6)
    if kind < 4:
        return Scope(except_product_ids=(number(1, 6),) if kind == 3 else ())
    some = (number(1, 6), number(1, 6))
    if kind == 4:
        return Scope(category_ids=(some[0] % 5 + 1,))
    return Scope(product_ids=some) if kind == 5 else Scope(variant_ids=(some[0], some[1] + 6))


def _promotion(number: NumberFrom, place: int, largest: int, worth: int) -> Promotion:
    starts_at, ends_at = _window(number)
    return Promotion(
        id=place,
        label={"en": f"promotion {place}"},
        rule=_rule(number, largest, worth),
        scope=_scope(number),
        stacking=_one(number, tuple(Stacking)),
        priority=number(0, 2),
        audience=_one(number, AUDIENCES),
        starts_at=starts_at,
        ends_at=ends_at,
        uses_left=_one(number, (None, None, None, 0, 5)),
    )


def _rule(number: NumberFrom, largest: int, worth: int) -> Rule:
    kind = number(0, 8)
    if kind == 0:
        return PercentOff(_one(number, OFF), number(1, 3))
    if kind == 1:
        return AmountOff(number(1, largest), number(1, 3))
    if kind == 2:
        return FixedPrice(number(0, largest), number(1, 3))
    if kind == 3:
        return NthOff(number(2, 3), _one(number, OFF))
    if kind == 4:
        return Gift(number(1, worth + 1), _one(number, GIFTS), number(1, 2))
    if kind == 5:
        return FreeShipping(number(0, worth + 1))
    if kind == 6:
        least = number(1, worth // 2 + 1)
        return Tiers((Tier(least, amount=number(1, least)),), repeats=True, most=_one(number, (None, worth // 3 + 1)))
    first = number(1, worth // 2 + 1)
    second = first + number(1, worth // 2 + 1)
    if kind == 7:
        return Tiers((Tier(first, ppm=_one(number, OFF)), Tier(second, ppm=_one(number, OFF))))
    return Tiers((Tier(first, amount=number(1, first)), Tier(second, amount=number(1, second))))


def _coupon(number: NumberFrom, place: int, worth: int) -> Coupon:
    kinds: tuple[CouponKind, ...] = ("amount", "percent", "shipping")
    kind = _one(number, kinds)
    starts_at, ends_at = _window(number)
    return Coupon(
        id=place,
        label={"en": f"coupon {place}"},
        kind=kind,
        amount=number(1, worth // 2 + 1) if kind == "amount" else 0,
        ppm=_one(number, OFF) if kind == "percent" else 0,
        most=_one(number, (None, worth // 5 + 1)),
        from_amount=number(0, worth),
        scope=_scope(number),
        stacking=_one(number, tuple(Stacking)),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _purse(number: NumberFrom, place: int, worth: int) -> Purse:
    return Purse(place, _one(number, ("gift_card", "store_credit")), number(0, worth // 2 + 1))


def _rates(number: NumberFrom, worth: int) -> tuple[Rate, ...]:
    rates: list[Rate] = []
    for place in range(1, number(0, 3) + 1):
        free_from = _one(number, (None, number(1, worth + 1)))
        if number(0, 1):
            rates.append(Rate(place, {"en": f"rate {place}"}, "flat", number(0, 2000), free_from=free_from))
        else:
            steps = {"first_grams": number(0, 1000), "step_grams": number(1, 1000), "step_amount": number(0, 500)}
            rates.append(Rate(place, {"en": f"rate {place}"}, "weight", number(0, 1500), **steps, free_from=free_from))
    return tuple(rates)


def _choices(number: NumberFrom, worth: int, points: bool) -> Choices:
    return Choices(
        coupon_ids=_one(number, (None, None, (), (1,), (1, 2), (3, 9))),
        points=number(0, 2 * worth) if points else 0,
        rate_id=_one(number, (None, 1, 2, 7)),
        pickup_location_id=_one(number, (None, None, None, 1)),
        use_credit=number(0, 4) > 0,
    )


def _pieces(inputs: Inputs) -> dict[int, int]:
    return {item.variant_id: item.quantity for item in inputs.items}


def _told(priced: Priced) -> dict[tuple[str, int | None], int]:
    """What the trace says was taken off, by kind and source."""
    kinds = {
        "promotion": "promotion",
        "gift": "gift",
        "coupon": "coupon",
        "points": "points",
        "free_shipping": "shipping",
    }
    return {
        (kinds[step.rule], step.source_id): step.amount for step in priced.trace if step.amount and step.rule in kinds
    }


def _taken(priced: Priced) -> dict[tuple[str, int | None], int]:
    taken: dict[tuple[str, int | None], int] = {}
    shares = [share for line in priced.lines for share in line.shares] + list(priced.shipping_shares)
    for share in shares:
        if share.amount:
            taken[share.kind, share.source_id] = taken.get((share.kind, share.source_id), 0) + share.amount
    return taken


def _alone(inputs: Inputs, priced: Priced) -> int:
    return sum(coupon.id in priced.coupon_ids for coupon in inputs.coupons if coupon.stacking is not Stacking.STACKABLE)
