"""Numbers and words of strangers' tables: prices, counts, yes and no. Each raises Unreadable for what is none."""

import re
from collections.abc import Mapping

from commerce.imports.shelf import Unreadable
from foundation.errors import Refused
from foundation.money import LARGEST, Money

MOST_STOCK = 1_000_000_000
_YES = frozenset({"1", "yes", "y", "true", "t", "on", "是", "有"})
_NO = frozenset({"0", "no", "n", "false", "f", "off", "否", "无"})
_AROUND = re.compile(r"^[^\d+-]{0,4}\s?(?=[\d+-])|(?<=\d)\s?[^\d.,]{1,4}$")
_THOUSANDS = re.compile(r"([+-]?\d{1,3})((?:[,' \u00a0\u202f]\d{3})+)(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,2}|[+-]?\d{1,3}(?:\.\d{3})+,\d{1,3}")


def price_of(text: str, currency: str, *, column: str = "price") -> int:
    """Minor units of an amount as shops write it: "12.50", "$1,299.00", "¥299", "12,50 €"."""
    plain = _AROUND.sub("", text.strip())
    if _THOUSANDS.fullmatch(plain):
        plain = re.sub(r"[,' \u00a0\u202f]", "", plain)
    elif _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    try:
        amount = Money.parse(plain, currency).amount
    except Refused as error:
        raise Unreadable(column, f"{text[:40]!r} is no amount in {currency}") from error
    if not 0 <= amount <= LARGEST:
        raise Unreadable(column, f"{text[:40]!r} is negative")
    return amount


def count_of(text: str, *, column: str = "stock") -> int:
    """Pieces; an empty cell is none."""
    whole = text.removesuffix(".0").removesuffix(".00")
    if not whole:
        return 0
    if not whole.isascii() or not whole.isdigit() or int(whole[:20]) > MOST_STOCK:
        raise Unreadable(column, f"{text[:40]!r} is no number of pieces")
    return int(whole)


def is_yes(text: str, *, usual: bool, column: str) -> bool:
    """A yes or no; an empty cell is the usual."""
    word = text.strip().lower()
    if not word:
        return usual
    if word not in _YES | _NO:
        raise Unreadable(column, f"{text[:40]!r} is neither yes nor no")
    return word in _YES


def pieces(cells: Mapping[str, str], column: str, *, between: str = "|") -> list[str]:
    """The parts of a cell that holds several."""
    return [piece.strip() for piece in cells.get(column, "").split(between) if piece.strip()]
