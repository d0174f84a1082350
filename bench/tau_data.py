"""The files of tau-bench retail, and the rules of that shop as rows of our policies."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commerce.customers.address import AddressText
from commerce.orders.model import ChangeKind, PaymentMethod
from commerce.orders.policy import Policy
from commerce.returns.model import Allowed, Kind, Replace, ReturnPolicy

CURRENCY = "USD"
LANGUAGE = "en"
STOCK = 1000
PHONE_OF_ALL = "+12025550143"
"""Their users have no telephone; a parcel of ours needs one."""
PROVIDERS = {"credit_card": PaymentMethod.STRIPE, "paypal": PaymentMethod.SIMULATOR}
"""Who plays which of their ways to pay, by our names. Gift cards are accounts."""
CANCEL_REASONS = ("no longer needed", "ordered by mistake")
Things = dict[str, Any]

ORDER_RULES = Policy(
    kinds=frozenset(ChangeKind) - {ChangeKind.CANCEL_ITEMS},
    once=frozenset({ChangeKind.ITEMS, ChangeKind.PAYMENT}),
    final=frozenset({ChangeKind.ITEMS}),
    cancel_reasons=CANCEL_REASONS,
    only_unsent=True,
    same_again=True,
    back_as_chosen=True,
)
"""What their policy says of orders that were not sent."""


def return_rules(now: datetime) -> list[ReturnPolicy]:
    """What it says of delivered ones. Whatever is faulty is exchanged for the same as well."""
    shared: Things = {"window_days": 3650, "once_per_order": True, "auto_limit": None, "updated_at": now}
    return [
        ReturnPolicy(
            name={"en": "Returns"},
            kinds=[Kind.RETURN.value],
            position=1,
            refund_to=Allowed.ORIGINAL_OR_GIFT_CARD,
            **shared,
        ),
        ReturnPolicy(
            name={"en": "Exchanges"},
            kinds=[Kind.EXCHANGE.value, Kind.CLAIM.value],
            position=2,
            refund_to=Allowed.ANYWHERE,
            same_product_only=True,
            replace=Replace.ON_RECEIPT,
            **shared,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Data:
    """Their three files."""

    users: dict[str, Things]
    products: dict[str, Things]
    orders: dict[str, Things]

    @classmethod
    def read(cls, folder: Path) -> "Data":
        """From the folder."""
        return cls(*(json.loads((folder / f"{name}.json").read_text()) for name in ("users", "products", "orders")))

    def only(self, users: Collection[str]) -> "Data":
        """With these users alone, their orders, and the products of these."""
        orders = {number: order for number, order in self.orders.items() if order["user_id"] in users}
        products = {item["product_id"] for order in orders.values() for item in order["items"]}
        return Data(
            {name: user for name, user in self.users.items() if name in users},
            {key: product for key, product in self.products.items() if key in products},
            orders,
        )


@dataclass(frozen=True, slots=True)
class Books:
    """Which row of ours is which thing of theirs."""

    customers: dict[str, int]
    items: dict[str, int]
    accounts: dict[str, int]
    instruments: dict[str, int]
    now: datetime


def cents(amount: float) -> int:
    """Their floats in minor units."""
    return round(amount * 100)


def address_of(their: Mapping[str, str], name: str) -> AddressText:
    """Their address in one line, as a shopper would type it."""
    parts = (their["address1"], their["address2"], their["city"], f"{their['state']} {their['zip']}", their["country"])
    return AddressText(name, PHONE_OF_ALL, ", ".join(parts))
