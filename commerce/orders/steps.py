"""What a proposal does to an order, as values and as JSON, and the money of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from commerce.orders.model import ChangeKind, Part, PaymentMethod
from foundation.database import JsonMap
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class Remove:
    """So many open pieces of a line are not wanted any more."""

    line_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Add:
    """So many pieces of a variant more, at today's price. `instead_of`: the line whose pieces they replace."""

    variant_id: int
    quantity: int
    instead_of: int | None = None


@dataclass(frozen=True, slots=True)
class SendTo:
    """Another address of the same customer."""

    address_id: int


@dataclass(frozen=True, slots=True)
class PayBy:
    """Another way to pay: a method, or an account (gift card, store credit) for method credit.

    `instrument_id`: with which card or wallet there, where the provider keeps more than one of the customer.
    """

    method: PaymentMethod
    account_id: int | None = None
    instrument_id: int | None = None


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Nothing of the order is wanted any more."""


Step: TypeAlias = Remove | Add | SendTo | PayBy | CancelAll
_NAMES: dict[str, type[Step]] = {
    "remove": Remove,
    "add": Add,
    "send_to": SendTo,
    "pay_by": PayBy,
    "cancel": CancelAll,
}


def swap(line_id: int, variant_id: int, quantity: int) -> tuple[Step, ...]:
    """Another variant in place of so many pieces of a line."""
    return (Remove(line_id, quantity), Add(variant_id, quantity, instead_of=line_id))


def as_json(step: Step) -> JsonMap:
    """For OrderChange.actions."""
    name = next(name for name, kind in _NAMES.items() if isinstance(step, kind))
    return {"do": name, **asdict(step)}


def from_json(data: JsonMap) -> Step:
    """Back from OrderChange.actions; what was written down beside the step is left out."""
    kind = _NAMES[str(data["do"])]
    known = {name: value for name, value in data.items() if name in kind.__slots__}
    if kind is PayBy:
        known["method"] = PaymentMethod(known["method"])
    return kind(**known)


def pay_by(data: JsonMap) -> PayBy:
    """Back from the "pay_with" of OrderChange.preview."""
    return PayBy(PaymentMethod(data["method"]), data["account_id"], data.get("instrument_id"))


def kind_of(steps: Sequence[Step]) -> ChangeKind:
    """What steps that belong together change. Raises Refused("change.mixed") for others."""
    kinds = {type(step) for step in steps}
    if kinds == {CancelAll}:
        return ChangeKind.CANCEL
    if kinds == {SendTo}:
        return ChangeKind.ADDRESS
    if kinds == {PayBy}:
        return ChangeKind.PAYMENT
    if kinds == {Remove}:
        return ChangeKind.CANCEL_ITEMS
    if kinds <= {Remove, Add} and kinds:
        return ChangeKind.ITEMS
    raise Refused("change.mixed")


@dataclass(frozen=True, slots=True)
class Amounts:
    """The money of an order, in minor units; see Order."""

    goods: int
    discount: int
    shipping: int
    tax: int
    tax_added: int

    @property
    def total(self) -> int:
        """What is owed for everything."""
        return self.goods - self.discount + self.shipping + self.tax_added

    def without(self, part: Part) -> "Amounts":
        """When these pieces leave."""
        return self._with(part, -1)

    def plus(self, part: Part) -> "Amounts":
        """When these pieces are added."""
        return self._with(part, 1)

    def _with(self, part: Part, sign: int) -> "Amounts":
        return replace(
            self,
            goods=self.goods + sign * part.goods,
            discount=self.discount + sign * part.discount,
            tax=self.tax + sign * part.tax,
            tax_added=self.tax_added + sign * part.tax_added,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """The money of an order before and after a change, in minor units.

    `pay_now` must be paid before the change is made, `back` goes back when it is; what is left of a difference is paid
    as the order is (at the door, or with its first payment).
    """

    before: int
    after: int
    pay_now: int
    back: int
    currency: str
    amounts: Amounts

    @property
    def difference(self) -> int:
        """How much more the order costs then; negative for less."""
        return self.after - self.before

    def as_json(self) -> JsonMap:
        """For OrderChange.preview."""
        return {**asdict(self), "difference": self.difference}

    @classmethod
    def from_json(cls, data: JsonMap) -> "Preview":
        """Back from OrderChange.preview."""
        known = {name: data[name] for name in ("before", "after", "pay_now", "back", "currency")}
        return cls(**known, amounts=Amounts(**data["amounts"]))


def preview_of(
    before: Amounts,
    after: Amounts,
    *,
    currency: str,
    kept: int,
    pays_later: bool,
    is_placed: bool,
    forgiven: int = 0,
) -> Preview:
    """What a change of the amounts means for the money. `kept`: what was paid and not given back, `forgiven`: what was
    given back and is not owed again.

    `pays_later`: cash at the door, so nothing is paid now and nothing goes back that was never paid.
    """
    difference = after.total - before.total
    settles_by_total = pays_later or not is_placed
    too_much = max(kept + forgiven - after.total, 0) if settles_by_total else max(-difference, 0)
    back = min(too_much, kept)
    pay_now = 0 if settles_by_total else max(difference, 0)
    return Preview(before.total, after.total, pay_now, back if difference < 0 else 0, currency, after)


def added(steps: Iterable[Step]) -> dict[int, int]:
    """{variant id: pieces} that the steps add."""
    return _summed((step.variant_id, step.quantity) for step in steps if isinstance(step, Add))


def removed(steps: Iterable[Step]) -> dict[int, int]:
    """{line id: pieces} that the steps take away."""
    return _summed((step.line_id, step.quantity) for step in steps if isinstance(step, Remove))


def by_variant(pieces: Mapping[int, int], variant_of: Mapping[int, int]) -> dict[int, int]:
    """{variant id: pieces} of {line id: pieces}."""
    return _summed((variant_of[line_id], count) for line_id, count in pieces.items())


def _summed(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for key, count in pairs:
        sums[key] = sums.get(key, 0) + count
    return sums
