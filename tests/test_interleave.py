"""Everybody at one conversation at once, 300 times, and the twin without the fence, which must leak."""

from collections.abc import AsyncIterator

import pytest

from bench.conversation_run import Road, UnguardedRoad
from bench.harness import scratch_database
from bench.interleave import CONNECTIONS, interleave
from foundation.database import Database
from foundation.embedded import Servers
from foundation.encryption import Vault


@pytest.fixture
async def wide_database(servers: Servers, vault: Vault) -> AsyncIterator[Database]:
    async with scratch_database(servers, vault, pool_size=CONNECTIONS) as database:
        yield database


async def test_no_answer_leaves_after_a_take_over_and_nothing_is_lost_or_doubled(wide_database: Database) -> None:
    tally = await interleave(wide_database, Road(), runs=300, seed=1)
    assert tally.problems == []
    assert (tally.runs, tally.leaked, tally.lost, tally.doubled, tally.disordered) == (300, 0, 0, 0, 0)
    assert min(tally.taken_over, tally.answers, tally.suppressed, tally.facts, tally.persons) > 10


async def test_without_suppression_and_the_check_at_the_claim_answers_leak(wide_database: Database) -> None:
    tally = await interleave(wide_database, UnguardedRoad(), runs=60, seed=1)
    assert tally.leaked > 0
