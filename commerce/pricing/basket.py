"""What the rules work on: the lines with what is still to be paid for each, and the reasons so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from commerce.pricing.values import Inputs, Item, Share, Step
from commerce.promotions.rules import WHOLE, Audience, Label, Scope, covers
from foundation.errors import Json
from foundation.money import split


@dataclass(slots=True)
class Line:
    """A line while its price is made. `left` is what is still to be paid for it, `is_closed` that no more rule may."""

    item: Item
    unit: int
    left: int
    is_closed: bool = False
    is_gift: bool = False
    shares: list[Share] = field(default_factory=list)


@dataclass(slots=True)
class Basket:
    """All lines by variant id, so that the order of a cart changes no price, and gifts after them."""

    inputs: Inputs
    lines: list[Line]
    gifts: list[Line] = field(default_factory=list)
    trace: list[Step] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What is still to be paid for the goods."""
        return sum(line.left for line in self.lines)

    def open_lines(self, scope: Scope) -> list[Line]:
        """The lines a rule of this scope may still make cheaper."""
        return [line for line in self.lines if not line.is_closed and is_about(scope, line.item)]

    def note(
        self, rule: str, source_id: int | None, label: Label, amount: int, why: str = "applied", **facts: Json
    ) -> None:
        """Write down a rule that was applied."""
        self.trace.append(Step(rule, source_id, label, amount, True, why, facts))

    def pass_by(self, rule: str, source_id: int | None, label: Label, why: str, **facts: Json) -> None:
        """Write down a rule that was not."""
        self.trace.append(Step(rule, source_id, label, 0, False, why, facts))


def basket_of(inputs: Inputs) -> Basket:
    """The lines at the variants' own prices; what is in the cart twice is one line."""
    items: dict[int, Item] = {}
    for item in inputs.items:
        if item.quantity < 1 or item.unit < 0:
            raise ValueError(f"{item.quantity} pieces at {item.unit}")
        before = items.get(item.variant_id)
        items[item.variant_id] = item if before is None else replace(before, quantity=before.quantity + item.quantity)
    lines = [Line(items[key], items[key].unit, items[key].unit * items[key].quantity) for key in sorted(items)]
    return Basket(inputs, lines)


def is_about(scope: Scope, item: Item) -> bool:
    """Whether a rule of this scope is about this item."""
    return covers(scope, variant_id=item.variant_id, product_id=item.product_id, category_ids=item.category_ids)


def take_off(lines: Sequence[Line], amount: int, *, kind: str, source_id: int | None, label: Label) -> None:
    """Take an amount off these lines together, by what is left to pay for each; `amount` is at most all of that."""
    for line, part in zip(lines, split(amount, [line.left for line in lines]), strict=True):
        if part:
            line.left -= part
            line.shares.append(Share(kind, source_id, label, part))


def part_in_ppm(amount: int, ppm: int) -> int:
    """This part of an amount, half up."""
    return (2 * amount * ppm + WHOLE) // (2 * WHOLE)


def why_not(
    inputs: Inputs,
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    audience: Audience = Audience.EVERYONE,
    is_named: bool = False,
    uses_left: int | None = None,
) -> str:
    """Why a rule is not for this customer at this moment; empty when it is. The end itself is over already."""
    if starts_at is not None and inputs.now < starts_at:
        return "not_started"
    if ends_at is not None and inputs.now >= ends_at:
        return "ended"
    is_for = {
        Audience.EVERYONE: True,
        Audience.NEW: inputs.is_new_customer,
        Audience.RETURNING: not inputs.is_new_customer,
        Audience.NAMED: is_named,
    }[audience]
    if not is_for:
        return "other_audience"
    return "used_up" if uses_left is not None and uses_left < 1 else ""
