"""Which variant a message means."""

import pytest

from bot.skills.variants import meant_variants
from bot.words import Heard, Words
from commerce.catalog.queries import VariantView
from foundation.money import Money
from tests.flow_shop import said


def shirt(number: int, label: str) -> VariantView:
    return VariantView(number, 1, f"SKU-{number}", "Shirt", label, Money(100, "CNY"), 5, None)


SHIRTS = [shirt(1, "Coral red / S"), shirt(2, "Coral red / XL"), shirt(3, "墨黑 / S")]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        (Heard("yes please, it is so nice"), []),
        (Heard("S please"), [1, 3]),
        (Heard("the XL"), [2]),
        (said("the red one", colour=("red", "red")), [1, 2]),
        (said("the black one", colour=("black", "black")), [3]),
        (said("红色的 S 码", colour=("red", "红色")), [1]),
        (Heard("墨黑那件"), [3]),
    ],
)
def test_a_variant_is_meant_by_what_fits_best(heard: Heard, meant: list[int]) -> None:
    assert [variant.variant_id for variant in meant_variants(SHIRTS, Words(heard))] == meant
