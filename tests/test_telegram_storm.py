"""kill -9 of the processes that fetch from Telegram, in a storm: the short form of `bench/telegram_storm.py`."""

import pytest

from bench.telegram_storm import is_flawless, storm
from cli.scratch import Place


@pytest.mark.slow
async def test_killed_in_a_storm_of_updates_each_is_answered_once_and_in_order(place: Place, demo_shelves: str) -> None:
    result = await storm(place, updates=100, people=25, kills=2, seed=11, all_at_once=True)
    assert is_flawless(result), result
    assert result["updates"] == 100
