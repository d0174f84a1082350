"""What may come back and on whose cost: pure rules over a policy, an order and the day."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commerce.returns.model import AT_FAULT, Allowed, Freight, Kind, RefundTo, Replace, ReturnPolicy, Why
from foundation.database import JsonMap
from foundation.errors import Json, Refused

MILLION = 1_000_000
FOR_WHAT = ("category_ids", "product_ids", "excluded_category_ids", "excluded_product_ids")
"""The lists that say what a rule is for."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a row of `return_policy` says (see there), but for its lists."""

    name: dict[str, str]
    kinds: Collection[Kind]
    window_days: int
    send_within_days: int = 7
    freight: Freight = Freight.SHOPPER
    seller_pays_at_fault: bool = True
    refund_shipping: bool = False
    restocking_ppm: int = 0
    auto_limit: int | None = None
    once_per_order: bool = False
    same_product_only: bool = True
    refund_to: Allowed = Allowed.ANY
    photo_required: bool = False
    replace: Replace = Replace.ON_RECEIPT


@dataclass(frozen=True, slots=True)
class Policy(Rules):
    """The rules of one row, or of the defaults, which have no id."""

    kinds: frozenset[Kind]
    id: int | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    category_ids: frozenset[int] = frozenset()
    product_ids: frozenset[int] = frozenset()
    excluded_category_ids: frozenset[int] = frozenset()
    excluded_product_ids: frozenset[int] = frozenset()

    def fits(self, item: "Item") -> bool:
        """Whether it is meant for this item."""
        if not self.category_ids and not self.product_ids:
            return True
        return item.product_id in self.product_ids or bool(self.category_ids & item.category_ids)

    def excludes(self, item: "Item") -> bool:
        """Whether this item cannot come back."""
        return item.product_id in self.excluded_product_ids or bool(self.excluded_category_ids & item.category_ids)

    def who_pays_freight(self, why: Why) -> Freight:
        """Of the parcel back."""
        return Freight.SELLER if why in AT_FAULT and self.seller_pays_at_fault else self.freight

    def gives_shipping_back(self, why: Why) -> bool:
        """Whether the way there is paid back once everything of the order comes back."""
        return self.refund_shipping or (why in AT_FAULT and self.seller_pays_at_fault)

    def fee(self, amount: int, why: Why) -> int:
        """What is kept of `amount`, half up; nothing where the shop is at fault."""
        return 0 if why in AT_FAULT else (amount * self.restocking_ppm + MILLION // 2) // MILLION

    def allows(self, to: RefundTo) -> bool:
        """Whether money may go there."""
        return (
            to
            in {
                Allowed.ORIGINAL: (RefundTo.ORIGINAL,),
                Allowed.CREDIT: (RefundTo.CREDIT,),
                Allowed.ORIGINAL_OR_GIFT_CARD: (RefundTo.ORIGINAL, RefundTo.ACCOUNT),
                Allowed.ANY: (RefundTo.ORIGINAL, RefundTo.CREDIT, RefundTo.ACCOUNT),
                Allowed.ANYWHERE: tuple(RefundTo),
            }[self.refund_to]
        )

    def last_day(self, delivered_at: datetime, zone: ZoneInfo) -> date:
        """The last day in the shop's zone: that of the delivery is not counted."""
        return delivered_at.astimezone(zone).date() + timedelta(days=self.window_days)

    def as_json(self) -> JsonMap:
        """What is kept with a return."""
        return {
            "id": self.id,
            "name": self.name,
            "window_days": self.window_days,
            "send_within_days": self.send_within_days,
            "conditions": dict(self.conditions),
            "refund_shipping": self.refund_shipping,
            "restocking_ppm": self.restocking_ppm,
            "replace": self.replace.value,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """What a policy must know of an order line. `category_ids`: its shelf and all shelves around that. Of what is
    digital nothing can be sent back, or mended.
    """

    product_id: int
    category_ids: frozenset[int]
    title: str
    is_digital: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One rule that was held against a wish. One that is not `hard` only makes that a person decides."""

    code: str
    ok: bool
    hard: bool
    facts: dict[str, Json]

    def as_json(self) -> JsonMap:
        """For the staff to see."""
        return {"code": self.code, "ok": self.ok, "hard": self.hard, "facts": self.facts}


_NARROW = (Allowed.ANYWHERE, Allowed.ANY, Allowed.ORIGINAL_OR_GIFT_CARD, Allowed.CREDIT, Allowed.ORIGINAL)
"""From the widest on."""
DEFAULTS: tuple[Policy, ...] = (
    Policy(
        {"zh": "七天无理由退换", "en": "Seven-day return"},
        frozenset({Kind.RETURN, Kind.EXCHANGE}),
        window_days=7,
        conditions=(("zh", "商品完好，配件和包装齐全"), ("en", "unused and complete, in its packaging")),
    ),
    Policy(
        {"zh": "破损、少发、错发", "en": "Damaged, missing or wrong goods"},
        frozenset({Kind.CLAIM}),
        window_days=15,
        freight=Freight.SELLER,
        refund_shipping=True,
        photo_required=True,
    ),
    Policy(
        {"zh": "一年保修", "en": "One-year warranty"},
        frozenset({Kind.REPAIR}),
        window_days=365,
        send_within_days=14,
    ),
)
"""What holds for a kind that no active row of `return_policy` is about: seven days without a reason, by law."""


def policy_of(row: ReturnPolicy) -> Policy:
    """The rules of a row."""
    said: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(Rules)}
    said |= {ids: frozenset(getattr(row, ids)) for ids in FOR_WHAT}
    said |= {"kinds": frozenset(map(Kind, row.kinds)), "conditions": tuple(sorted(row.conditions.items()))}
    return Policy(**said, id=row.id)


def policy_for(policies: Sequence[Policy], item: Item, kind: Kind) -> Policy:
    """The first that fits. Raises Refused("returns.kind_not_offered") when the shop does not do that with this item."""
    for policy in policies:
        if kind in policy.kinds and policy.fits(item) and not (kind is Kind.REPAIR and item.is_digital):
            return policy
    raise Refused("returns.kind_not_offered", kind=kind.value, title=item.title)


def strictest(policies: Collection[Policy]) -> Policy:
    """One policy for several items: of every rule the one that gives less away. Fees and windows stay each item's."""
    first, *others = policies
    for other in others:
        limits = [limit for limit in (first.auto_limit, other.auto_limit) if limit is not None]
        first = replace(
            first,
            window_days=min(first.window_days, other.window_days),
            send_within_days=min(first.send_within_days, other.send_within_days),
            freight=Freight.SHOPPER if Freight.SHOPPER in (first.freight, other.freight) else Freight.SELLER,
            seller_pays_at_fault=first.seller_pays_at_fault and other.seller_pays_at_fault,
            refund_shipping=first.refund_shipping and other.refund_shipping,
            auto_limit=min(limits, default=None),
            once_per_order=first.once_per_order or other.once_per_order,
            same_product_only=first.same_product_only or other.same_product_only,
            refund_to=max(first.refund_to, other.refund_to, key=_NARROW.index),
            photo_required=first.photo_required or other.photo_required,
            replace=Replace.ON_RECEIPT if Replace.ON_RECEIPT in (first.replace, other.replace) else Replace.AT_ONCE,
        )
    return first


def check_all(
    of_items: Sequence[tuple[Item, Policy]],
    *,
    policy: Policy,
    why: Why,
    delivered_at: datetime,
    earlier: int,
    amount: int,
    left: int,
    photos: int,
    zone: ZoneInfo,
    now: datetime,
) -> list[Check]:
    """Hold every rule against a wish. `earlier`: returns this order had before; `left`: what its payments still hold.

    Money that nothing comes back for is never given without a person, unless a limit says up to how much; for what is
    digital not even then.
    """
    today = now.astimezone(zone).date()
    checks = []
    for item, its in of_items:
        last = its.last_day(delivered_at, zone)
        facts: dict[str, Json] = {"title": item.title, "days": its.window_days, "last_day": last.isoformat()}
        checks.append(Check("returns.window_over", today <= last, True, facts))
        checks.append(Check("returns.excluded", not its.excludes(item), True, {"title": item.title}))
    checks.append(Check("returns.once_per_order", not (policy.once_per_order and earlier), True, {"earlier": earlier}))
    checks.append(Check("returns.photo_missing", photos > 0 or not policy.photo_required, False, {}))
    limit = policy.auto_limit
    if all(item.is_digital for item, _ in of_items) or (why is Why.MISSING and limit is None):
        checks.append(Check("returns.nothing_back", False, False, {}))
    is_small = limit is None or amount <= limit
    checks.append(Check("returns.above_auto_limit", is_small, False, {"amount": amount, "limit": limit}))
    checks.append(Check("returns.not_paid", amount <= left, False, {"amount": amount, "left": left}))
    return checks


def refuse_hard(checks: Iterable[Check], **facts: Json) -> None:
    """Raise the first hard rule that does not hold as Refused(<its code>, ...)."""
    for check in checks:
        if check.hard and not check.ok:
            raise Refused(check.code, **facts, **check.facts)
