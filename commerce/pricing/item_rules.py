"""Promotions of single items: so much off a piece, off the second one, a special price."""

from dataclasses import dataclass, field

from commerce.pricing.basket import Basket, Line, is_about, part_in_ppm, take_off, why_not
from commerce.promotions.rules import (
    ITEM_RULES,
    WHOLE,
    AmountOff,
    FixedPrice,
    ItemRule,
    NthOff,
    PercentOff,
    Promotion,
    Stacking,
)
from foundation.errors import Json


@dataclass(slots=True)
class _Tried:
    """One promotion, the variants it is about, and what came of it."""

    promotion: Promotion
    rule: ItemRule
    variants: frozenset[int]
    pieces: int
    saved: int = 0
    better: Promotion | None = None
    is_shut_out: bool = False
    places: list[int] = field(default_factory=list)


def use_item_promotions(basket: Basket) -> None:
    """Apply them line by line: an exclusive one closes its line; else the best of its like, then what stacks."""
    tried = _usable(basket)
    ready = [one for one in tried if one.pieces >= _least_pieces(one.rule)]
    for line in basket.lines:
        mine = [one for one in ready if line.item.variant_id in one.variants]
        if mine and line.is_closed:
            for one in mine:
                one.is_shut_out = True
        elif mine:
            _use_on(line, mine)
    for one in tried:
        _explain(basket, one)


def _usable(basket: Basket) -> list[_Tried]:
    tried = []
    for promotion in sorted(basket.inputs.promotions, key=lambda promotion: (-promotion.priority, promotion.id)):
        rule = promotion.rule
        if not isinstance(rule, ITEM_RULES):
            continue
        reason = why_not(
            basket.inputs,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            audience=promotion.audience,
            uses_left=promotion.uses_left,
        )
        if reason:
            basket.pass_by("promotion", promotion.id, promotion.label, reason)
            continue
        lines = [line for line in basket.lines if is_about(promotion.scope, line.item)]
        pieces = sum(line.item.quantity for line in lines)
        tried.append(_Tried(promotion, rule, frozenset(line.item.variant_id for line in lines), pieces))
    return tried


def _use_on(line: Line, mine: list[_Tried]) -> None:
    for one in mine:
        if one.promotion.stacking is Stacking.EXCLUSIVE and _saving(one.rule, line):
            _use(one, line)
            line.is_closed = True
            for other in mine:
                other.is_shut_out |= other is not one
            return
    rivals = [one for one in mine if one.promotion.stacking is Stacking.BEST_OF]
    winner = max(rivals, key=lambda one: _saving(one.rule, line), default=None)
    if winner is not None:
        _use(winner, line)
        for one in rivals:
            one.better = winner.promotion if one is not winner else one.better
    for one in mine:
        if one.promotion.stacking is Stacking.STACKABLE:
            _use(one, line)


def _use(one: _Tried, line: Line) -> None:
    saved = _saving(one.rule, line)
    if saved:
        take_off([line], saved, kind="promotion", source_id=one.promotion.id, label=one.promotion.label)
        one.saved += saved


def _saving(rule: ItemRule, line: Line) -> int:
    """What a rule takes off what is left of a line, rounded once, half up; never more than that."""
    quantity = line.item.quantity
    match rule:
        case PercentOff(ppm=ppm):
            return part_in_ppm(line.left, ppm)
        case AmountOff(amount=amount):
            return min(line.left, amount * quantity)
        case FixedPrice(amount=amount):
            return max(0, line.left - amount * quantity)
        case NthOff(every=every, ppm=ppm):
            whole = WHOLE * quantity
            return (2 * line.left * ppm * (quantity // every) + whole) // (2 * whole)


def _least_pieces(rule: ItemRule) -> int:
    return rule.every if isinstance(rule, NthOff) else rule.min_quantity


def _explain(basket: Basket, one: _Tried) -> None:
    promotion, missing = one.promotion, _least_pieces(one.rule) - one.pieces
    facts: dict[str, Json] = {}
    if one.saved:
        basket.note("promotion", promotion.id, promotion.label, one.saved)
        return
    if not one.variants:
        reason = "no_goods"
    elif missing > 0:
        reason, facts = "min_quantity", {"missing": missing, "min_quantity": _least_pieces(one.rule)}
    elif one.is_shut_out:
        reason = "excluded"
    elif one.better is not None:
        reason, facts = "not_best", {"better": one.better.label}
    elif isinstance(one.rule, NthOff):
        reason, facts = "min_quantity", {"missing": 1, "min_quantity": one.rule.every}
    else:
        reason = "nothing_left"
    basket.pass_by("promotion", promotion.id, promotion.label, reason, **facts)
