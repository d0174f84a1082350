"""Which variant a message means."""

import pytest

from bot.skills.variants import meant_variants, numbers_of_variants
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


def test_part_of_a_label_decides_between_two_that_fit_as_well() -> None:
    pots = [shirt(1, "Purple clay / 220 ml"), shirt(2, "Cinnabar clay / 220 ml"), shirt(3, "Cinnabar clay / 150 ml")]
    assert [pot.variant_id for pot in meant_variants(pots, Words(Heard("the 220ml cinnabar teapot")))] == [2]


def test_a_number_that_names_a_variant_does_not_say_how_many() -> None:
    shoes = [shirt(1, "Size 40"), shirt(2, "Size 42")]
    assert numbers_of_variants(shoes, Words(Heard("add two in size 42"))) == {42}
    assert numbers_of_variants(shoes, Words(Heard("add 42 pairs"))) == set()
