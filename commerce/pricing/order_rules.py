"""Promotions of the whole order: 满减 in tiers, and 满送, a gift."""

from dataclasses import replace

from commerce.pricing.basket import Basket, Line, part_in_ppm, take_off, why_not
from commerce.pricing.values import Share
from commerce.promotions.rules import Gift, Promotion, Stacking, Tier, Tiers
from foundation.errors import Json


def use_order_promotions(basket: Basket) -> None:
    """An exclusive one closes its goods; of the others the best of its like, then what stacks.

    What must be reached is measured once, after the promotions of items: one reduction never undoes another.
    """
    tried = _usable(basket)
    before = {line.item.variant_id: line.left for line in basket.lines}
    for promotion, rule in tried:
        if promotion.stacking is Stacking.EXCLUSIVE:
            lines = basket.open_lines(promotion.scope)
            if _try(basket, promotion, rule, lines, before):
                for line in lines:
                    line.is_closed = True
    rivals = [(promotion, rule) for promotion, rule in tried if promotion.stacking is Stacking.BEST_OF]
    worth = {promotion.id: _worth(basket, promotion, rule, before) for promotion, rule in rivals}
    winner = max(rivals, key=lambda pair: worth[pair[0].id], default=None)
    for promotion, rule in rivals:
        if winner is not None and promotion is not winner[0] and worth[promotion.id]:
            basket.pass_by(_name(rule), promotion.id, promotion.label, "not_best", better=winner[0].label)
        else:
            _try(basket, promotion, rule, basket.open_lines(promotion.scope), before)
    for promotion, rule in tried:
        if promotion.stacking is Stacking.STACKABLE:
            _try(basket, promotion, rule, basket.open_lines(promotion.scope), before)


def _usable(basket: Basket) -> list[tuple[Promotion, Tiers | Gift]]:
    usable: list[tuple[Promotion, Tiers | Gift]] = []
    for promotion in sorted(basket.inputs.promotions, key=lambda promotion: (-promotion.priority, promotion.id)):
        rule = promotion.rule
        if not isinstance(rule, Tiers | Gift):
            continue
        reason = why_not(
            basket.inputs,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            audience=promotion.audience,
            uses_left=promotion.uses_left,
        )
        if reason:
            basket.pass_by(_name(rule), promotion.id, promotion.label, reason)
        else:
            usable.append((promotion, rule))
    return usable


def _worth(basket: Basket, promotion: Promotion, rule: Tiers | Gift, before: dict[int, int]) -> int:
    """What it would give now, in minor units; a gift counts with its price."""
    lines = basket.open_lines(promotion.scope)
    reached = sum(before[line.item.variant_id] for line in lines)
    if isinstance(rule, Gift):
        has_gift = reached >= rule.from_amount and _gift_left(basket, rule) >= rule.quantity
        return basket.inputs.gifts[rule.variant_id].unit * rule.quantity if has_gift else 0
    return _reduction(rule, reached, sum(line.left for line in lines))


def _try(basket: Basket, promotion: Promotion, rule: Tiers | Gift, lines: list[Line], before: dict[int, int]) -> bool:
    """Apply it if its amount is reached; whether it was. The reason is written down either way."""
    if not lines:
        closed = any(line.is_closed for line in basket.lines)
        basket.pass_by(_name(rule), promotion.id, promotion.label, "excluded" if closed else "no_goods")
        return False
    reached = sum(before[line.item.variant_id] for line in lines)
    if isinstance(rule, Gift):
        return _give(basket, promotion, rule, reached)
    amount = _reduction(rule, reached, sum(line.left for line in lines))
    higher = _next_tier(rule, reached)
    if not amount:
        basket.pass_by("promotion", promotion.id, promotion.label, "below_amount", reached=reached, **higher)
        return False
    take_off(lines, amount, kind="promotion", source_id=promotion.id, label=promotion.label)
    basket.note("promotion", promotion.id, promotion.label, amount, reached=reached, **higher)
    return True


def _give(basket: Basket, promotion: Promotion, rule: Gift, reached: int) -> bool:
    label = promotion.label
    facts: dict[str, Json] = {"variant": rule.variant_id, "quantity": rule.quantity, "from_amount": rule.from_amount}
    if reached < rule.from_amount:
        facts["missing"] = rule.from_amount - reached
        basket.pass_by("gift", promotion.id, label, "below_amount", reached=reached, **facts)
        return False
    if _gift_left(basket, rule) < rule.quantity:
        basket.pass_by("gift", promotion.id, label, "gift_sold_out", **facts)
        return False
    item = replace(basket.inputs.gifts[rule.variant_id], quantity=rule.quantity)
    price = item.unit * item.quantity
    share = Share("gift", promotion.id, label, price)
    basket.gifts.append(Line(item, item.unit, 0, is_closed=True, is_gift=True, shares=[share]))
    basket.note("gift", promotion.id, label, price, **facts)
    return True


def _gift_left(basket: Basket, rule: Gift) -> int:
    if rule.variant_id not in basket.inputs.gifts:
        return 0
    bought = sum(line.item.quantity for line in basket.lines if line.item.variant_id == rule.variant_id)
    given = sum(line.item.quantity for line in basket.gifts if line.item.variant_id == rule.variant_id)
    return basket.inputs.gift_stock.get(rule.variant_id, 0) - bought - given


def _reduction(rule: Tiers, reached: int, left: int) -> int:
    """What the highest tier reached takes off, at most `most` and what is left."""
    tier = next((tier for tier in reversed(rule.tiers) if reached >= tier.from_amount), None)
    if tier is None:
        return 0
    amount = part_in_ppm(reached, tier.ppm) if tier.ppm else tier.amount
    if rule.repeats:
        amount *= reached // tier.from_amount
    return min(amount, left, left if rule.most is None else rule.most)


def _next_tier(rule: Tiers, reached: int) -> dict[str, Json]:
    """What is missing to more off, and how much that would be; nothing at the top."""
    tier: Tier | None
    if rule.repeats:
        (only,) = rule.tiers
        times = reached // only.from_amount + 1
        tier = Tier(only.from_amount * times, amount=only.amount * times)
        if rule.most is not None and only.amount * (times - 1) >= rule.most:
            tier = None
    else:
        tier = next((tier for tier in rule.tiers if tier.from_amount > reached), None)
    if tier is None:
        return {}
    off: dict[str, Json] = {"ppm": tier.ppm} if tier.ppm else {"amount_off": tier.amount}
    return {"missing": tier.from_amount - reached, "from_amount": tier.from_amount, **off}


def _name(rule: Tiers | Gift) -> str:
    return "gift" if isinstance(rule, Gift) else "promotion"
