"""Money is whole minor units of one currency: what is read, added and divided comes out exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Refused
from foundation.money import Money, exponent, split, total


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.50", "CNY", 1250), ("12.5", "USD", 1250), ("300", "JPY", 300), ("1.234", "KWD", 1234), (" 0 ", "EUR", 0)],
)
def test_a_price_is_read_into_the_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    money = Money.parse(text, currency)
    assert money == Money(minor, currency)
    assert money.decimal == Decimal(text.strip())


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.505", "CNY"),
        ("300.5", "JPY"),
        ("1e3", "CNY"),
        ("", "CNY"),
        ("１２", "CNY"),
        ("NaN", "EUR"),
        ("9" * 30, "EUR"),
    ],
)
def test_what_is_no_price_or_finer_than_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(Refused, match=r"money\.unreadable"):
        Money.parse(text, currency)


def test_a_currency_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match=r"money\.currency_unknown"):
        exponent("XYQ")


def test_amounts_of_one_currency_add_up_and_of_two_do_not() -> None:
    assert total([Money(150, "CNY"), Money(50, "CNY") * 3], currency="CNY") == Money(300, "CNY")
    assert total([], currency="JPY") == Money(0, "JPY")
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "CNY") + Money(1, "USD")


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [(100, [1, 1, 1], [34, 33, 33]), (5, [0, 0], [5, 0]), (7, [3, 1], [5, 2]), (0, [2, 9], [0, 0])],
)
def test_a_discount_is_divided_by_largest_remainder(amount: int, weights: list[int], parts: list[int]) -> None:
    assert split(amount, weights) == parts


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_the_parts_always_add_up_and_none_is_a_unit_away_from_its_share(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    assert all(
        abs(part * whole - amount * weight) < whole for part, weight in zip(parts, weights, strict=True) if whole
    )
