"""What a promotion or a coupon does, as plain values: read from JSON by `read_rule`, which says what is wrong with it.

Amounts are minor units of the shop's currency, rates parts per million (8折 is 200 000 ppm off).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from foundation.errors import Json, Refused
from foundation.money import LARGEST

WHOLE = 1_000_000
"""All of it, in parts per million."""

Label: TypeAlias = dict[str, str]
"""A name in each language: {"zh": ..., "en": ...}; one may be missing."""
Amount = Annotated[int, Field(ge=0, le=LARGEST)]
Off = Annotated[int, Field(ge=1, le=LARGEST)]
Ppm = Annotated[int, Field(ge=1, le=WHOLE)]
Pieces = Annotated[int, Field(ge=1, le=10_000)]
RowId = Annotated[int, Field(ge=1, le=2**62)]
_STRICT = ConfigDict(extra="forbid")
"""A misspelt field is a mistake, not nothing."""
Ids = Annotated[tuple[RowId, ...], Field(max_length=500)]


class Stacking(StrEnum):
    """How a rule gets on with others: alone on its goods, the best of its like, or on top of what came before."""

    EXCLUSIVE = "exclusive"
    BEST_OF = "best_of"
    STACKABLE = "stackable"


class Audience(StrEnum):
    """Whom a rule is for: everyone, those who never ordered, those who did, those the staff named."""

    EVERYONE = "everyone"
    NEW = "new"
    RETURNING = "returning"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Scope:
    """The goods a rule is about: those named in any of the three ways; with none named, all. Never the excepted."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    category_ids: Ids = ()
    product_ids: Ids = ()
    variant_ids: Ids = ()
    except_product_ids: Ids = ()


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class PercentOff:
    """A part of the price off each piece, from so many pieces of the scope on (两件八折)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    ppm: Ppm
    min_quantity: Pieces = 1
    kind: Literal["percent"] = "percent"


@dataclass(frozen=True, slots=True)
class AmountOff:
    """So much off each piece (直降)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    amount: Off
    min_quantity: Pieces = 1
    kind: Literal["amount"] = "amount"


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """Each piece costs so much (特价); dearer pieces only become cheaper, cheaper ones stay."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    amount: Amount
    min_quantity: Pieces = 1
    kind: Literal["price"] = "price"


@dataclass(frozen=True, slots=True)
class NthOff:
    """A part off every n-th piece of one line (第二件半价)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    every: Annotated[int, Field(ge=2, le=100)]
    ppm: Ppm
    kind: Literal["nth"] = "nth"


@dataclass(frozen=True, slots=True)
class Tier:
    """From so much money on, `amount` or a part of it off."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    from_amount: Off
    amount: Amount = 0
    ppm: Annotated[int, Field(ge=0, le=WHOLE)] = 0


@dataclass(frozen=True, slots=True)
class Tiers:
    """满减: the highest tier that is reached. With `repeats` the one tier counts as often as it is reached (每满减)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=10)]
    repeats: bool = False
    most: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    kind: Literal["tiers"] = "tiers"


@dataclass(frozen=True, slots=True)
class Gift:
    """满送: from so much money on, pieces of a variant come for nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    from_amount: Off
    variant_id: RowId
    quantity: Pieces = 1
    kind: Literal["gift"] = "gift"


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """满包邮: no shipping is charged from so much money on."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    from_amount: Amount = 0
    kind: Literal["shipping"] = "shipping"


ItemRule = PercentOff | AmountOff | FixedPrice | NthOff
OrderRule = Tiers | Gift | FreeShipping
Rule = ItemRule | OrderRule
ITEM_RULES = (PercentOff, AmountOff, FixedPrice, NthOff)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion as the price engine sees it. `uses_left` None: it has no cap. Higher `priority` is tried first."""

    id: int
    label: Label
    rule: Rule
    scope: Scope = EVERYTHING
    stacking: Stacking = Stacking.BEST_OF
    priority: int = 0
    audience: Audience = Audience.EVERYONE
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    uses_left: int | None = None


CouponKind: TypeAlias = Literal["amount", "percent", "shipping"]


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon the customer holds, as the price engine sees it; `id` is the coupon's own.

    amount: `amount` off; percent: `ppm` off, `most` at most; shipping: shipping is free, up to `most`.
    """

    id: int
    label: Label
    kind: CouponKind
    amount: int = 0
    ppm: int = 0
    most: int | None = None
    from_amount: int = 0
    scope: Scope = EVERYTHING
    stacking: Stacking = Stacking.BEST_OF
    starts_at: datetime | None = None
    ends_at: datetime | None = None


_RULE: TypeAdapter[Rule] = TypeAdapter(Annotated[Rule, Field(discriminator="kind")])
_SCOPE: TypeAdapter[Scope] = TypeAdapter(Scope)


def read_rule(data: Json) -> Rule:
    """A rule from its JSON. Raises Refused("promotion.rule_invalid", fields=[{at, why}]) for what makes no sense."""
    try:
        rule = _RULE.validate_python(data)
    except ValidationError as error:
        raise Refused("promotion.rule_invalid", fields=_faults(error)) from error
    if isinstance(rule, Tiers):
        _check_tiers(rule)
    return rule


def read_scope(data: Json) -> Scope:
    """A scope from its JSON. Raises Refused("promotion.scope_invalid", fields=[{at, why}])."""
    try:
        return _SCOPE.validate_python(data)
    except ValidationError as error:
        raise Refused("promotion.scope_invalid", fields=_faults(error)) from error


def rule_json(rule: Rule) -> dict[str, Json]:
    """A rule as JSON."""
    written: dict[str, Json] = _RULE.dump_python(rule, mode="json")
    return written


def scope_json(scope: Scope) -> dict[str, Json]:
    """A scope as JSON."""
    written: dict[str, Json] = _SCOPE.dump_python(scope, mode="json")
    return written


def covers(scope: Scope, *, variant_id: int, product_id: int, category_ids: frozenset[int]) -> bool:
    """Whether a variant is among the goods of a scope. `category_ids` has the shelves above its own too."""
    if product_id in scope.except_product_ids:
        return False
    if not (scope.category_ids or scope.product_ids or scope.variant_ids):
        return True
    return (
        variant_id in scope.variant_ids
        or product_id in scope.product_ids
        or not category_ids.isdisjoint(scope.category_ids)
    )


def label_in(label: Mapping[str, str], language: str) -> str:
    """The name in this language, else in English, else in whichever there is."""
    return label.get(language) or label.get("en") or next(iter(label.values()), "")


def _check_tiers(rule: Tiers) -> None:
    faults = []
    if rule.repeats and len(rule.tiers) > 1:
        faults.append({"at": "tiers", "why": "only one tier can repeat"})
    if rule.repeats and any(tier.ppm for tier in rule.tiers):
        faults.append({"at": "tiers", "why": "what repeats takes an amount off, not a part"})
    reached = 0
    for place, tier in enumerate(rule.tiers):
        if bool(tier.amount) == bool(tier.ppm):
            faults.append({"at": f"tiers.{place}", "why": "say either amount or ppm"})
        if tier.amount > tier.from_amount:
            faults.append({"at": f"tiers.{place}.amount", "why": "more is taken off than is bought"})
        if tier.from_amount <= reached:
            faults.append({"at": f"tiers.{place}.from_amount", "why": "each tier begins above the one before"})
        reached = tier.from_amount
    if faults:
        raise Refused("promotion.rule_invalid", fields=faults)


def _faults(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"at": ".".join(map(str, found["loc"])), "why": found["msg"]}
        for found in error.errors(include_url=False, include_input=False)
    ][:20]
