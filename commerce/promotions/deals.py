"""Deals: a price that stands alone, of a group or a flash sale, and what must be held to get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from commerce.promotions.rules import Label


@dataclass(frozen=True, slots=True)
class Deal:
    """What one piece costs in a deal, in minor units. `source_id`: the campaign or the item it comes from."""

    kind: Literal["group", "flash"]
    source_id: int
    amount: int
    label: Label


@dataclass(frozen=True, slots=True)
class DealTerms:
    """What a deal asks for: {variant id: its price}, {allotment id: places} to hold beside the goods under `hold_key`.

    The order must be paid within `minutes`, so in a way that pays at once.
    """

    prices: Mapping[int, Deal]
    allotments: Mapping[int, int]
    hold_key: str
    minutes: int
