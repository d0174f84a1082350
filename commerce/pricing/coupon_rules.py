"""Coupons: those that were chosen, or the best of those the customer holds."""

from commerce.pricing.basket import Basket, Line, part_in_ppm, take_off, why_not
from commerce.promotions.rules import Coupon, Stacking
from foundation.money import split


def use_coupons(basket: Basket, *, shipping: int) -> list[Coupon]:
    """Take the coupons off the goods; which are used, with those for the shipping (`shipping` is what it would cost).

    At most one that does not stack: an exclusive one alone, or the best one with all that stack, whichever saves more.
    """
    ready = [coupon for coupon in _candidates(basket) if _is_ready(basket, coupon)]
    by_worth = sorted(ready, key=lambda coupon: (-_saving(basket, coupon, shipping), _end(coupon), coupon.id))
    alone = [coupon for coupon in by_worth if coupon.stacking is Stacking.EXCLUSIVE][:1]
    together = [coupon for coupon in by_worth if coupon.stacking is Stacking.BEST_OF][:1]
    together += [coupon for coupon in by_worth if coupon.stacking is Stacking.STACKABLE]
    chosen = alone if _together(basket, alone, shipping) > _together(basket, together, shipping) else together
    used = []
    for coupon in chosen:
        saved = _saving(basket, coupon, shipping)
        if saved and coupon.kind != "shipping":
            lines = basket.open_lines(coupon.scope)
            take_off(lines, saved, kind="coupon", source_id=coupon.id, label=coupon.label)
            basket.note("coupon", coupon.id, coupon.label, saved)
        if saved or coupon.kind == "shipping":  # what shipping really costs shows later
            used.append(coupon)
            shipping -= saved if coupon.kind == "shipping" else 0
    for coupon in ready:
        if coupon not in used:
            reason = "nothing_left" if coupon in chosen else "not_best"
            basket.pass_by("coupon", coupon.id, coupon.label, reason)
    return used


def _candidates(basket: Basket) -> list[Coupon]:
    held = sorted(basket.inputs.coupons, key=lambda coupon: coupon.id)
    wanted = basket.inputs.choices.coupon_ids
    if wanted is None:
        return held
    for coupon_id in sorted(set(wanted) - {coupon.id for coupon in held}):
        basket.pass_by("coupon", coupon_id, {}, "not_held")
    for coupon in held:
        if coupon.id not in wanted:
            basket.pass_by("coupon", coupon.id, coupon.label, "not_chosen")
    return [coupon for coupon in held if coupon.id in wanted]


def _is_ready(basket: Basket, coupon: Coupon) -> bool:
    """Whether its amount is reached; the reason is written down when not."""
    reason = why_not(basket.inputs, starts_at=coupon.starts_at, ends_at=coupon.ends_at)
    lines = basket.open_lines(coupon.scope)
    reached = sum(line.left for line in lines)
    if not reason and not lines:
        reason = "excluded" if any(line.is_closed for line in basket.lines) else "no_goods"
    if not reason and reached < coupon.from_amount:
        missing = coupon.from_amount - reached
        basket.pass_by(
            "coupon", coupon.id, coupon.label, "below_amount", missing=missing, from_amount=coupon.from_amount
        )
        return False
    if reason:
        basket.pass_by("coupon", coupon.id, coupon.label, reason)
    return not reason


def _saving(basket: Basket, coupon: Coupon, shipping: int) -> int:
    lines = basket.open_lines(coupon.scope)
    return _off(coupon, sum(line.left for line in lines), shipping)


def _off(coupon: Coupon, left: int, shipping: int) -> int:
    match coupon.kind:
        case "amount":
            amount = min(coupon.amount, left)
        case "percent":
            amount = part_in_ppm(left, coupon.ppm)
        case "shipping":
            amount = shipping
    return amount if coupon.most is None else min(amount, coupon.most)


def _together(basket: Basket, coupons: list[Coupon], shipping: int) -> int:
    """What several take off one after the other, without taking it."""
    if len(coupons) < 2:
        return sum(_saving(basket, coupon, shipping) for coupon in coupons)
    left: dict[int, int] = {line.item.variant_id: line.left for line in basket.lines}
    saved = 0
    for coupon in coupons:
        lines: list[Line] = basket.open_lines(coupon.scope)
        weights = [left[line.item.variant_id] for line in lines]
        off = _off(coupon, sum(weights), shipping)
        saved += off
        if coupon.kind == "shipping":
            shipping -= off
        elif off:
            for line, part in zip(lines, split(off, weights), strict=True):
                left[line.item.variant_id] -= part
    return saved


def _end(coupon: Coupon) -> float:
    return coupon.ends_at.timestamp() if coupon.ends_at is not None else float("inf")
