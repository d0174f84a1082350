"""kill -9 of the real processes while shoppers buy: the short form of `bench/crash.py`."""

import pytest

from bench.crash import crash
from cli.scratch import Place


@pytest.mark.slow
async def test_killed_again_and_again_the_shop_loses_nothing_and_does_nothing_twice(
    place: Place, demo_shelves: str
) -> None:
    result = await crash(place, kills=4, orders=4, shoppers=3, seed=11)
    assert (result["lost"], result["doubled"], result["unsold"]) == (0, 0, 0), result["reasons"]
    assert result["kills"] >= 4
    assert result["orders"] >= 4
