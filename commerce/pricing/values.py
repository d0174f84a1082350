"""What goes into a price and what comes out: plain values. Amounts are minor units of one currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from commerce.pricing.zones import Rate
from commerce.promotions.deals import Deal
from commerce.promotions.rules import Audience, Coupon, Label, Promotion
from foundation.errors import Json


@dataclass(frozen=True, slots=True)
class Choices:
    """What the shopper chose. `coupon_ids` None: the best of those they hold; an empty one: none."""

    coupon_ids: tuple[int, ...] | None = None
    points: int = 0
    rate_id: int | None = None
    pickup_location_id: int | None = None
    use_credit: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """So many pieces of a variant. `unit` is its own price, `category_ids` has its shelf and those above."""

    variant_id: int
    product_id: int
    quantity: int
    unit: int
    category_ids: frozenset[int] = frozenset()
    weight_grams: int = 0
    free_shipping: bool = False
    tax_ppm: int = 0


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A price list. `prices` has {variant id: ((from so many pieces, price of one), ...)}, in any order.

    A list that is `for_members` only makes cheaper; another replaces the variant's own price, the one with the
    highest priority first. `is_named`: the staff named this customer (audience named).
    """

    id: int
    label: Label
    prices: dict[int, tuple[tuple[int, int], ...]]
    for_members: bool = False
    priority: int = 0
    audience: Audience = Audience.EVERYONE
    is_named: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How this shop prices, from its settings. `points_of_unit` points are worth one whole unit of the currency."""

    prices_include_tax: bool = True
    points_for_unit: int = 1
    points_of_unit: int = 100
    points_share_percent: int = 50


@dataclass(frozen=True, slots=True)
class Purse:
    """An account that can pay: a gift card or store credit, and what is on it."""

    account_id: int
    kind: str
    balance: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a price depends on. `minor` is how many minor units make one whole unit of the currency.

    `gifts` has the variants that promotions may give, `gift_stock` how many of each are free to give. `rates` are those
    of the destination's zone; None while nobody knows where the parcel goes, empty where nothing is sent there;
    `has_zones` False: this shop charges no shipping at all. `deals` are the prices of a group or a flash sale,
    {variant id: deal}.
    """

    items: tuple[Item, ...]
    currency: str
    now: datetime
    minor: int = 100
    is_new_customer: bool = False
    price_tables: tuple[PriceTable, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    deals: Mapping[int, Deal] = field(default_factory=dict)
    coupons: tuple[Coupon, ...] = ()
    gifts: dict[int, Item] = field(default_factory=dict)
    gift_stock: dict[int, int] = field(default_factory=dict)
    points_available: int = 0
    purses: tuple[Purse, ...] = ()
    has_zones: bool = False
    rates: tuple[Rate, ...] | None = None
    choices: Choices = Choices()
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Share:
    """How much less a line (or the shipping) costs, and why. `kind`: promotion, gift, coupon, points, shipping."""

    kind: str
    source_id: int | None
    label: Label
    amount: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its price. total = unit * quantity - discount + tax_added; `tax` is all tax in or on it."""

    variant_id: int
    quantity: int
    unit: int
    shares: tuple[Share, ...]
    discount: int
    tax: int
    tax_added: int
    tax_ppm: int
    total: int
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class Tender:
    """What an account pays of the total: no discount, a way to pay. `kind`: gift_card or store_credit."""

    account_id: int
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class RateView:
    """A way to send the parcel and what it costs today."""

    rate_id: int
    label: Label
    amount: int
    days_min: int | None = None
    days_max: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that was tried. `amount` is what it takes off (for shipping and tax: what it charges).

    `rule`: group_price, flash_price, price_list, member_price, promotion, gift, coupon, points, shipping,
    free_shipping, tax, tender.
    `why`: a code such as applied, below_amount, not_best; `facts` fill its sentence.
    """

    rule: str
    source_id: int | None
    label: Label
    amount: int
    applied: bool
    why: str
    facts: dict[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """For Order.trace."""
        return {
            "rule": self.rule,
            "source_id": self.source_id,
            "label": self.label,
            "amount": self.amount,
            "applied": self.applied,
            "why": self.why,
            "facts": self.facts,
        }

    @classmethod
    def from_json(cls, data: dict[str, Json]) -> "Step":
        """Back from Order.trace."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Priced:
    """A price with its reasons.

    total = goods - discount + shipping + tax_added = tenders + due. `shipping` is after `shipping_shares`. `tax` is all
    tax, `tax_added` the part that prices do not include. Lines come in the order of the items, gifts last.
    `promotion_ids` are those that gave something. `shipping_known` False: nobody knows yet where the parcel goes;
    `ships_there` False: nothing is sent there.
    """

    lines: tuple[PricedLine, ...]
    goods: int
    discount: int
    shipping: int
    tax: int
    tax_added: int
    total: int
    currency: str
    tenders: tuple[Tender, ...]
    due: int
    coupon_ids: tuple[int, ...]
    promotion_ids: tuple[int, ...]
    points_spent: int
    points_earned: int
    rate: RateView | None
    rates: tuple[RateView, ...]
    shipping_shares: tuple[Share, ...]
    trace: tuple[Step, ...]
    shipping_known: bool = True
    ships_there: bool = True
