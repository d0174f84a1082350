"""What a cart costs: each rule alone, rules together, and the properties that hold for every cart."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.money import run_piece
from bench.money_carts import NOW, broken_properties, random_cart, shuffled
from bench.money_reference import reference, summary
from commerce.pricing.engine import price
from commerce.pricing.values import Choices, Inputs, Item, Priced, PriceTable, Purse, Step, Terms
from commerce.pricing.zones import Rate, Region, TaxRule, Zone, cost_of, tax_for, zone_for
from commerce.promotions.deals import Deal
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
    Rule,
    Scope,
    Stacking,
    Tier,
    Tiers,
    read_rule,
    read_scope,
    rule_json,
)
from foundation.errors import Refused
from foundation.money import part_of

TEA = Item(1, 10, 1, 6800, category_ids=frozenset({100}))
CUP = Item(2, 20, 1, 3900, category_ids=frozenset({200}))
SPOON = Item(3, 30, 1, 333, category_ids=frozenset({200}))
FULL_100_OFF_10 = Tiers((Tier(10_000, amount=1000), Tier(20_000, amount=3000)))
HOUR = timedelta(hours=1)


def cart(*items: Item, **rest: Any) -> Inputs:
    return Inputs(items=items, currency="CNY", now=NOW, **rest)


def promotion(rule: Rule, number: int = 1, **rest: Any) -> Promotion:
    return Promotion(number, {"zh": f"活动{number}", "en": f"promotion {number}"}, rule, **rest)


def step(priced: Priced, rule: str, source_id: int | None = 1) -> Step:
    (found,) = (step for step in priced.trace if (step.rule, step.source_id) == (rule, source_id))
    return found


def test_a_cart_without_rules_costs_what_its_pieces_cost_and_needs_no_reason() -> None:
    priced = price(cart(replace(TEA, quantity=2), CUP))
    assert (priced.goods, priced.discount, priced.shipping, priced.tax, priced.total, priced.due) == (
        17_500, 0, 0, 0, 17_500, 17_500
    )  # fmt: skip
    assert [(line.variant_id, line.quantity, line.unit, line.total) for line in priced.lines] == [
        (1, 2, 6800, 13_600),
        (2, 1, 3900, 3900),
    ]
    assert priced.trace == ()


@pytest.mark.parametrize(
    ("rule", "quantity", "left"),
    [
        (PercentOff(120_000), 1, 293),  # 333 * 0.12 = 39.96
        (PercentOff(500_000), 1, 166),  # 166.5 is rounded half up, once
        (PercentOff(500_000), 3, 499),  # of the line, not of each piece
        (PercentOff(WHOLE), 2, 0),
        (PercentOff(200_000, min_quantity=2), 1, 333),
        (PercentOff(200_000, min_quantity=2), 2, 533),
        (AmountOff(100), 3, 699),
        (AmountOff(400), 3, 0),
        (FixedPrice(300), 2, 600),
        (FixedPrice(400), 2, 666),
        (NthOff(2, 500_000), 1, 333),
        (NthOff(2, 500_000), 2, 499),
        (NthOff(2, 500_000), 5, 1332),
    ],
)
def test_a_promotion_of_items_takes_its_part_off_each_line(rule: Rule, quantity: int, left: int) -> None:
    priced = price(cart(replace(SPOON, quantity=quantity), promotions=(promotion(rule),)))
    assert priced.total == left
    assert step(priced, "promotion").applied == (left < 333 * quantity)


def test_pieces_are_counted_over_all_the_goods_a_promotion_is_about() -> None:
    two = promotion(PercentOff(500_000, min_quantity=2), scope=Scope(category_ids=(200,)))
    assert price(cart(TEA, CUP, promotions=(two,))).total == 10_700
    priced = price(cart(TEA, CUP, SPOON, promotions=(two,)))
    assert [line.discount for line in priced.lines] == [0, 1950, 167]
    alone = price(cart(TEA, CUP, promotions=(two,)))
    assert step(alone, "promotion").facts == {"missing": 1, "min_quantity": 2}


@pytest.mark.parametrize(("goods", "off", "missing"), [
    (9_999, 0, 1), (10_000, 1000, 10_000), (19_999, 1000, 1), (20_000, 3000, None), (50_000, 3000, None),
])  # fmt: skip
def test_the_highest_tier_that_is_reached_counts_and_the_trace_says_what_the_next_needs(
    goods: int, off: int, missing: int | None
) -> None:
    priced = price(cart(replace(TEA, unit=goods), promotions=(promotion(FULL_100_OFF_10),)))
    assert (priced.total, step(priced, "promotion").facts.get("missing")) == (goods - off, missing)


@pytest.mark.parametrize(("goods", "off"), [(9_999, 0), (10_000, 500), (29_999, 1000), (90_000, 2000)])
def test_every_hundred_less_counts_as_often_as_it_is_reached_up_to_the_most(goods: int, off: int) -> None:
    rule = Tiers((Tier(10_000, amount=500),), repeats=True, most=2000)
    assert price(cart(replace(TEA, unit=goods), promotions=(promotion(rule),))).discount == off


def test_a_reduction_is_spread_by_largest_remainder_and_adds_up() -> None:
    items = [replace(SPOON, variant_id=number, unit=100) for number in (1, 2, 3)]
    priced = price(cart(*items, promotions=(promotion(Tiers((Tier(300, amount=100),))),)))
    assert [line.discount for line in priced.lines] == [34, 33, 33]
    ten = [replace(SPOON, variant_id=number, unit=100) for number in range(1, 11)]
    priced = price(cart(*ten, promotions=(promotion(Tiers((Tier(1000, amount=6),))),)))
    assert sorted(line.total for line in priced.lines) == [99] * 6 + [100] * 4  # no line rises, as elsewhere it did


def test_a_gift_comes_as_a_line_that_costs_nothing_while_there_are_some() -> None:
    gift = promotion(Gift(5000, variant_id=9, quantity=2))
    beads = Item(9, 90, 1, 800)
    priced = price(cart(TEA, promotions=(gift,), gifts={9: beads}, gift_stock={9: 2}))
    line = priced.lines[1]
    assert (line.variant_id, line.quantity, line.unit, line.discount, line.total, line.is_gift) == (
        9, 2, 800, 1600, 0, True
    )  # fmt: skip
    assert (priced.goods, priced.discount, priced.total) == (8400, 1600, 6800)
    bought = price(cart(TEA, replace(beads, quantity=1), promotions=(gift,), gifts={9: beads}, gift_stock={9: 2}))
    assert [line.is_gift for line in bought.lines] == [False, False]
    assert step(bought, "gift").why == "gift_sold_out"
    assert step(price(cart(CUP, promotions=(gift,), gifts={9: beads}, gift_stock={9: 2})), "gift").facts["missing"] == (
        1100
    )


@pytest.mark.parametrize(
    ("classes", "left"),
    [
        (("best_of", "best_of"), 5440),  # the better one: 20 % of 68.00
        (("stackable", "stackable"), 4640),  # 10.00 off, then 20 % of 58.00
        (("best_of", "stackable"), 4640),
        (("exclusive", "stackable"), 5800),  # alone, though the other would save more
        (("stackable", "exclusive"), 5440),
    ],
)
def test_classes_say_which_promotions_of_an_item_go_together(classes: tuple[str, str], left: int) -> None:
    first, second = (Stacking(one) for one in classes)
    rules = (
        promotion(AmountOff(1000), 1, stacking=first, priority=5),
        promotion(PercentOff(200_000), 2, stacking=second),
    )
    assert price(cart(TEA, promotions=rules)).total == left


def test_an_exclusive_promotion_leaves_its_goods_to_nothing_else_but_points() -> None:
    rules = (
        promotion(FixedPrice(5000), 1, stacking=Stacking.EXCLUSIVE, scope=Scope(product_ids=(10,))),
        promotion(Tiers((Tier(3000, amount=1000),)), 2),
    )
    coupon = Coupon(7, {"zh": "券"}, "percent", ppm=WHOLE)
    priced = price(
        cart(TEA, CUP, promotions=rules, coupons=(coupon,), points_available=9999, choices=Choices(points=9999))
    )
    assert [[share.kind for share in line.shares] for line in priced.lines] == [
        ["promotion", "points"],
        ["promotion", "coupon"],
    ]
    only_tea = price(cart(TEA, promotions=rules, coupons=(coupon,)))
    assert [(step.rule, step.why) for step in only_tea.trace] == [
        ("promotion", "applied"),
        ("promotion", "excluded"),
        ("coupon", "excluded"),
    ]


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ({"starts_at": NOW}, "applied"),
        ({"starts_at": NOW + timedelta(microseconds=1)}, "not_started"),
        ({"ends_at": NOW + timedelta(microseconds=1)}, "applied"),
        ({"ends_at": NOW}, "ended"),
        ({"audience": Audience.NEW}, "other_audience"),
        ({"audience": Audience.RETURNING}, "applied"),
        ({"uses_left": 0}, "used_up"),
        ({"uses_left": 1}, "applied"),
        ({"scope": Scope(product_ids=(99,))}, "no_goods"),
        ({"scope": Scope(category_ids=(100,), except_product_ids=(10,))}, "no_goods"),
        ({"scope": Scope(category_ids=(100,))}, "applied"),
    ],
)
def test_a_promotion_that_is_not_for_this_cart_says_why(rest: dict[str, Any], why: str) -> None:
    for rule in (PercentOff(100_000), Tiers((Tier(100, amount=50),))):
        assert step(price(cart(TEA, promotions=(promotion(rule, **rest),))), "promotion").why == why


def test_a_price_list_replaces_the_price_and_a_member_price_only_lowers_it() -> None:
    whole_sale = PriceTable(1, {"zh": "批发"}, {1: ((1, 7000), (10, 6000))})
    members = PriceTable(2, {"zh": "会员"}, {1: ((1, 6500),)}, for_members=True, audience=Audience.NAMED, is_named=True)
    tables = (whole_sale, members)
    assert price(cart(TEA, price_tables=(whole_sale,))).lines[0].unit == 7000
    assert price(cart(TEA, price_tables=tables)).lines[0].unit == 6500
    priced = price(cart(replace(TEA, quantity=10), price_tables=tables))
    assert (priced.lines[0].unit, step(priced, "price_list").amount, step(priced, "member_price", 2).why) == (
        6000, 8000, "not_best"
    )  # fmt: skip
    strangers = price(cart(TEA, price_tables=(whole_sale, replace(members, is_named=False))))
    assert (strangers.lines[0].unit, step(strangers, "member_price", 2).why) == (7000, "other_audience")
    sale = replace(whole_sale, id=3, priority=1, prices={1: ((1, 6900),)})
    assert price(cart(TEA, price_tables=(whole_sale, sale))).lines[0].unit == 6900


SMALL = Coupon(1, {"zh": "减5"}, "amount", amount=500)
BIG = Coupon(2, {"zh": "满100减20"}, "amount", amount=2000, from_amount=10_000)
PART = Coupon(3, {"zh": "九折"}, "percent", ppm=100_000, most=600)
ON_TOP = Coupon(4, {"zh": "叠加3"}, "amount", amount=300, stacking=Stacking.STACKABLE)
ALONE = Coupon(5, {"zh": "单独减8"}, "amount", amount=800, stacking=Stacking.EXCLUSIVE)


@pytest.mark.parametrize(
    ("held", "chosen", "used", "off"),
    [
        ((SMALL, BIG, PART), None, (3,), 600),  # the big one is not reached
        ((SMALL, PART, ON_TOP), None, (3, 4), 900),
        ((SMALL, ALONE), None, (5,), 800),
        ((SMALL, ON_TOP, ALONE), None, (1, 4), 800),  # together as much as alone
        ((PART, ON_TOP, ALONE), None, (3, 4), 900),
        ((SMALL, PART), (), (), 0),
        ((SMALL, PART), (1,), (1,), 500),
        ((SMALL, PART), (1, 9), (1,), 500),
        ((SMALL, BIG), (2,), (), 0),
    ],
)
def test_the_best_coupons_are_taken_unless_others_were_chosen(
    held: tuple[Coupon, ...], chosen: tuple[int, ...] | None, used: tuple[int, ...], off: int
) -> None:
    priced = price(cart(TEA, coupons=held, choices=Choices(coupon_ids=chosen)))
    assert (priced.coupon_ids, priced.discount) == (used, off)


@pytest.mark.parametrize(
    ("wanted", "spent", "off"),
    [(0, 0, 0), (99, 99, 99), (2500, 2500, 2500), (99_999, 3400, 3400)],  # at most half of 68.00
)
def test_points_pay_at_most_the_share_the_shop_allows(wanted: int, spent: int, off: int) -> None:
    priced = price(cart(TEA, points_available=5000, choices=Choices(points=wanted)))
    assert (priced.points_spent, priced.discount, priced.total) == (spent, off, 6800 - off)
    assert priced.points_earned == (6800 - off) // 100


def test_points_of_small_worth_are_spent_only_as_whole_minor_units() -> None:
    terms = Terms(points_of_unit=1000)  # ten points a cent
    priced = price(cart(TEA, points_available=27, choices=Choices(points=27), terms=terms))
    assert (priced.points_spent, priced.discount) == (20, 2)


BY_WEIGHT = Rate(1, {"zh": "快递"}, "weight", 800, first_grams=1000, step_grams=500, step_amount=200, free_from=9900)
EXPRESS = Rate(2, {"zh": "加急"}, "flat", 2500)


@pytest.mark.parametrize(
    ("grams", "cost"), [(0, 800), (1000, 800), (1001, 1000), (1500, 1000), (1501, 1200), (10_000, 4400)]
)
def test_each_begun_step_of_weight_costs_more(grams: int, cost: int) -> None:
    assert cost_of(BY_WEIGHT, grams=grams) == cost


def test_shipping_is_the_cheapest_way_or_the_one_that_was_chosen() -> None:
    heavy = replace(TEA, weight_grams=700, quantity=1)
    inputs = cart(heavy, has_zones=True, rates=(EXPRESS, BY_WEIGHT))
    priced = price(inputs)
    assert (priced.shipping, priced.total) == (800, 7600)
    assert [(rate.rate_id, rate.amount) for rate in priced.rates] == [(2, 2500), (1, 800)]
    assert step(priced, "shipping").facts == {"grams": 700, "free_from": 9900, "missing": 3100}
    assert price(replace(inputs, choices=Choices(rate_id=2))).shipping == 2500
    assert price(replace(inputs, choices=Choices(rate_id=77))).shipping == 800
    assert price(replace(inputs, choices=Choices(pickup_location_id=1))).shipping == 0
    assert price(replace(inputs, items=(replace(heavy, quantity=2),))).shipping == 0  # from 99.00 on
    assert price(replace(inputs, items=(replace(heavy, free_shipping=True),))).shipping == 0
    with_cup = (replace(heavy, free_shipping=True), replace(CUP, unit=100, weight_grams=1200))
    assert price(replace(inputs, items=with_cup)).shipping == 1000


def test_shipping_is_not_known_without_a_place_and_not_possible_without_a_zone() -> None:
    unknown, nowhere = price(cart(TEA, has_zones=True)), price(cart(TEA, has_zones=True, rates=()))
    assert (unknown.shipping_known, unknown.ships_there, unknown.shipping) == (False, True, 0)
    assert (nowhere.shipping_known, nowhere.ships_there, nowhere.shipping) == (True, False, 0)


def test_a_promotion_and_a_coupon_take_shipping_off_and_points_do_not_undo_it() -> None:
    inputs = cart(TEA, has_zones=True, rates=(EXPRESS,), points_available=9999, choices=Choices(points=9999))
    free = promotion(FreeShipping(6800))
    priced = price(replace(inputs, promotions=(free,)))
    assert (priced.shipping, [share.amount for share in priced.shipping_shares]) == (0, [2500])
    coupon = Coupon(4, {"zh": "运费券"}, "shipping", most=1000)
    priced = price(replace(inputs, coupons=(coupon,), promotions=(replace(free, rule=FreeShipping(6801)),)))
    assert (priced.shipping, priced.coupon_ids, step(priced, "free_shipping").facts["missing"]) == (1500, (4,), 1)


@pytest.mark.parametrize(
    ("included", "ppm", "unit", "tax", "total"),
    [(True, 130_000, 11_300, 1300, 11_300), (True, 130_000, 100, 12, 100), (False, 82_500, 999, 82, 1081),
     (False, 50_000, 10, 1, 11), (True, 0, 500, 0, 500)],
)  # fmt: skip
def test_tax_is_in_the_price_or_on_top_and_rounded_once_a_line(
    included: bool, ppm: int, unit: int, tax: int, total: int
) -> None:
    item = replace(TEA, unit=unit, tax_ppm=ppm)
    priced = price(cart(item, terms=Terms(prices_include_tax=included)))
    assert (priced.tax, priced.tax_added, priced.total) == (tax, 0 if included else tax, total)
    assert (priced.lines[0].tax, priced.lines[0].tax_ppm) == (tax, ppm)


def test_gift_cards_pay_before_store_credit_and_are_no_discount() -> None:
    purses = (Purse(1, "store_credit", 5000), Purse(2, "gift_card", 4000), Purse(3, "gift_card", 0))
    priced = price(cart(TEA, purses=purses))
    assert [(tender.account_id, tender.amount) for tender in priced.tenders] == [(2, 4000), (1, 2800)]
    assert (priced.discount, priced.total, priced.due) == (0, 6800, 0)
    assert price(cart(TEA, purses=purses, choices=Choices(use_credit=False))).due == 6800


def test_a_deal_s_price_stands_alone_but_points_and_accounts_may_pay_it() -> None:
    priced = price(
        cart(
            replace(TEA, quantity=2),
            deals={TEA.variant_id: Deal("group", 7, 4900, {"zh": "拼茶"})},
            price_tables=(PriceTable(3, {}, {TEA.variant_id: ((1, 100),)}),),
            promotions=(
                promotion(PercentOff(500_000), 1),
                promotion(FULL_100_OFF_10, 2),
                promotion(FreeShipping(), 4),
            ),
            coupons=(Coupon(5, {}, "amount", amount=1000),),
            points_available=1000,
            choices=Choices(points=1000),
            purses=(Purse(6, "gift_card", 800),),
        )
    )
    assert [(line.unit, line.discount, line.total) for line in priced.lines] == [(4900, 1000, 8800)]
    assert (priced.due, priced.coupon_ids, priced.promotion_ids, priced.points_spent) == (8000, (), (), 1000)
    found = step(priced, "group_price", 7)
    assert (found.applied, found.amount, found.label) == (True, 2 * (6800 - 4900), {"zh": "拼茶"})
    for rule, number in (("price_list", 3), ("promotion", 1), ("promotion", 2), ("coupon", 5)):
        assert (step(priced, rule, number).applied, step(priced, rule, number).why) == (False, "excluded")


def test_a_trace_survives_the_way_through_json() -> None:
    priced = price(cart(TEA, CUP, promotions=(promotion(FULL_100_OFF_10),), coupons=(SMALL, BIG)))
    assert [Step.from_json(one.as_json()) for one in priced.trace] == list(priced.trace)


def test_zones_and_taxes_are_those_that_name_the_place_most_exactly() -> None:
    zones = (
        Zone(1, {}, countries=("CN",)),
        Zone(2, {}, countries=("CN",), provinces=("新疆", "西藏自治区")),
        Zone(3, {}, countries=("CN",), provinces=("浙江省",), cities=("杭州市",)),
    )
    found = [
        zone_for(zones, Region("CN", province, city))
        for province, city in (("浙江省", "杭州市"), ("浙江省", "宁波市"), ("新疆维吾尔自治区", ""), ("西藏", ""))
    ]
    assert [zone.id for zone in found if zone] == [3, 1, 2, 2]
    assert zone_for(zones, Region("US", "Ohio")) is None
    rules = (TaxRule(130_000), TaxRule(90_000, "book"), TaxRule(0, "", "US"), TaxRule(72_500, "", "US", "California"))
    assert [tax_for(rules, region, kind) for region, kind in (
        (None, ""), (None, "book"), (Region(), "book"), (Region("US", "Ohio"), ""), (Region("US", "california"), ""),
    )] == [130_000, 90_000, 90_000, 0, 72_500]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"kind": "magic"}, {"kind": "percent"}, {"kind": "percent", "ppm": 0},
        {"kind": "percent", "ppm": WHOLE + 1}, {"kind": "percent", "ppm": "many"}, {"kind": "amount", "amount": -1},
        {"kind": "percent", "ppm": 5, "colour": "red"}, {"kind": "tiers", "tiers": []},
        {"kind": "tiers", "tiers": [{"from_amount": 100}]},
        {"kind": "tiers", "tiers": [{"from_amount": 100, "amount": 101}]},
        {"kind": "tiers", "tiers": [{"from_amount": 100, "amount": 1, "ppm": 1}]},
        {"kind": "tiers", "tiers": [{"from_amount": 200, "amount": 1}, {"from_amount": 200, "amount": 2}]},
        {"kind": "tiers", "tiers": [{"from_amount": 1, "amount": 1}, {"from_amount": 2, "amount": 1}], "repeats": True},
        {"kind": "tiers", "tiers": [{"from_amount": 100, "ppm": 1000}], "repeats": True},
        {"kind": "gift", "from_amount": 0, "variant_id": 1}, {"kind": "nth", "every": 1, "ppm": 1},
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused_with_the_place(data: Any) -> None:
    with pytest.raises(Refused) as refusal:
        read_rule(data)
    assert refusal.value.code == "promotion.rule_invalid"
    assert all(set(field) == {"at", "why"} for field in refusal.value.facts["fields"])
    assert refusal.value.facts["fields"]


def test_rules_survive_the_way_through_json_and_a_scope_of_nonsense_is_refused() -> None:
    for rule in (PercentOff(5), FULL_100_OFF_10, Gift(5, 6), FreeShipping(), NthOff(2, 9), FixedPrice(0), AmountOff(1)):
        assert read_rule(rule_json(rule)) == rule
    with pytest.raises(Refused, match=r"promotion\.scope_invalid"):
        read_scope({"product_ids": ["tea"]})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_cart_has_the_properties_of_a_price(data: st.DataObject) -> None:
    inputs = random_cart(lambda low, high: data.draw(st.integers(low, high)))
    assert broken_properties(inputs, price(inputs)) == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**40))
def test_a_plain_reference_with_fractions_says_the_same(seed: int) -> None:
    piece = run_piece(seed, 50)
    assert (piece["disagreed"], piece["broken"]) == ([], {})


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_sequence_of_pieces_that_leave_gives_back_exactly_the_line(data: st.DataObject) -> None:
    priced = price(random_cart(lambda low, high: data.draw(st.integers(low, high))))
    for line in priced.lines:
        gone = given_back = 0
        while gone < line.quantity:
            count = data.draw(st.integers(1, line.quantity - gone))
            part = part_of(line.total, line.quantity, before=gone, count=count)
            assert 0 <= part <= line.total
            gone, given_back = gone + count, given_back + part
        assert given_back == line.total


def test_the_comparison_notices_a_price_that_is_off_by_one() -> None:
    inputs = random_cart(lambda low, high: (low + high) // 2)
    priced = price(inputs)
    wrong = replace(priced, lines=(replace(priced.lines[0], total=priced.lines[0].total + 1), *priced.lines[1:]))
    assert summary(wrong) != reference(inputs) == summary(priced)
    assert "a line adds up" in broken_properties(inputs, wrong)
    assert summary(price(shuffled(inputs, lambda low, _: low))) == summary(priced)
