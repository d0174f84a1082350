"""Ringing from one process to another through Valkey."""

import asyncio

from cli.scratch import Place
from foundation.redis import Doorbell, connect


async def test_a_ring_wakes_everybody_once_and_its_own_echo_nobody(place: Place) -> None:
    here, there = Doorbell(connect(place.servers.redis_url)), Doorbell(connect(place.servers.redis_url))
    try:
        with here.listening("door") as near, there.listening("door") as far, here.listening("later") as later:
            while not (near.is_set() and far.is_set()):  # until both have subscribed
                await there.ring("door")
                await here.ring("door")
                await asyncio.sleep(0.01)
            await _hears_a_later_ring(there, later)
            near.clear()
            far.clear()
            await here.ring("door")
            assert near.is_set()
            near.clear()
            await far.wait()
            await _hears_a_later_ring(there, later)
            assert not near.is_set()
    finally:
        await here.close()
        await there.close()


async def _hears_a_later_ring(there: Doorbell, later: asyncio.Event) -> None:
    """Rings arrive in order: once this one is here, all those before have been dealt with."""
    later.clear()
    await there.ring("later")
    await later.wait()
