"""Ringing from one process to another through Valkey, also while that hangs."""

import asyncio
from asyncio import StreamReader, StreamWriter

from cli.scratch import Place
from foundation.redis import Doorbell, RateBudget, connect


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


async def test_who_is_cancelled_at_the_moment_of_a_ring_is_gone() -> None:
    bell = Doorbell(None)

    async def listens() -> None:
        async for _rang in bell.listen("door", every=60):
            listening.set()

    for steps in range(6):
        listening = asyncio.Event()
        task = asyncio.create_task(listens())
        await listening.wait()
        await asyncio.sleep(0.01)  # until it waits
        await bell.ring("door")
        for _step in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        assert (await asyncio.wait({task}, timeout=10))[0] == {task}, steps
        assert task.cancelled()


async def _hears_a_later_ring(there: Doorbell, later: asyncio.Event) -> None:
    """Rings arrive in order: once this one is here, all those before have been dealt with."""
    later.clear()
    await there.ring("later")
    await later.wait()


async def test_a_redis_that_hangs_is_left_alone_for_a_moment() -> None:
    asked: list[StreamWriter] = []

    async def say_nothing(reader: StreamReader, writer: StreamWriter) -> None:
        asked.append(writer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        redis = connect(f"redis://127.0.0.1:{port}?socket_timeout=0.05")
        bell, budget = Doorbell(redis), RateBudget(redis)
        with bell.listening("door") as here:
            for used in range(1, 21):
                await bell.ring("door")
                assert await budget.spend("talking", limit=10, seconds=3600) == max(0, used - 10)
            assert here.is_set()
        await bell.close()
    assert len(asked) < 10  # each of these waited in vain
