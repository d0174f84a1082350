"""Money: integer minor units of an ISO 4217 currency. No locale here: people see money through Babel at the doors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision, is_currency

from foundation.errors import Refused

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
LARGEST = 10**15
"""No single amount is larger, in minor units: far below what a bigint holds, so sums of many stay safe."""


@cache
def exponent(currency: str) -> int:
    """Digits after the decimal point in ISO 4217: 2 for CNY, 0 for JPY, 3 for KWD.

    Raises Refused("money.currency_unknown") for what is no currency.
    """
    if not is_currency(currency):
        raise Refused("money.currency_unknown", currency=currency)
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (分, cents) of one currency."""

    amount: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a plain decimal number ("12.50"). Raises Refused("money.unreadable") where it is none or too precise."""
        digits = exponent(currency)
        if not _PLAIN_NUMBER.fullmatch(text.strip()):
            raise Refused("money.unreadable", text=text[:40], currency=currency)
        try:
            minor = Decimal(text.strip()).scaleb(digits)
        except InvalidOperation as error:
            raise Refused("money.unreadable", text=text[:40], currency=currency) from error
        if minor != minor.to_integral_value() or abs(minor) > LARGEST:
            raise Refused("money.unreadable", text=text[:40], currency=currency)
        return cls(int(minor), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.amount


def total(amounts: Iterable[Money], *, currency: str) -> Money:
    """The sum of amounts of one currency; zero of `currency` when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide `amount` minor units by `weights` so that the parts add up exactly (largest remainder, ties to the first).

    Weights are not negative; with all of them zero the first part takes everything. No weights are a ValueError.
    """
    if not weights or min(weights) < 0:
        raise ValueError("split needs weights, none of them negative")
    whole = sum(weights)
    if whole == 0:
        return [amount] + [0] * (len(weights) - 1)
    parts = [amount * weight // whole for weight in weights]
    remainders = [amount * weight % whole for weight in weights]
    fullest_first = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in fullest_first[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def part_of(amount: int, quantity: int, *, before: int, count: int) -> int:
    """The minor units that `count` more of `quantity` pieces carry of `amount`, after `before` of them had gone.

    floor(amount * k / quantity) summed over the pieces, so that all pieces together carry exactly `amount`.
    """
    if not 0 <= before <= before + count <= quantity or quantity < 1:
        raise ValueError(f"{before} + {count} of {quantity} pieces")
    return amount * (before + count) // quantity - amount * before // quantity
