"""Work that one process at a time may do goes on in another when its process, or only its connection, is gone."""

import asyncio
import contextlib

from foundation.database import Database
from foundation.sole import run_alone

_HOLDER = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


async def test_one_works_at_a_time_and_another_goes_on_when_it_is_cut_off_or_ends(database: Database) -> None:
    stop, at_work, seen = asyncio.Event(), set[str](), list[str]()

    async def work(name: str) -> None:
        assert not at_work
        at_work.add(name)
        seen.append(name)
        try:
            await asyncio.sleep(60)
        finally:
            at_work.discard(name)

    async def until(times: int) -> None:
        async with asyncio.timeout(60):
            while True:
                if len(seen) >= times and at_work:
                    return
                await asyncio.sleep(0.01)

    def process(name: str) -> asyncio.Task[None]:
        return asyncio.create_task(run_alone(database.url, "test", lambda: work(name), stop=stop, every=0.05))

    first, second = process("first"), process("second")
    await until(1)
    async with database.raw() as driver:
        assert len(await driver.fetch(_HOLDER)) == 1
    await until(2)
    (now,) = at_work
    {"first": first, "second": second}[now].cancel()
    await until(3)
    stop.set()
    for task in (first, second):
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert at_work == set()
    assert set(seen) == {"first", "second"}


async def test_work_that_fails_is_begun_again(database: Database) -> None:
    stop, tries = asyncio.Event(), list[int]()

    async def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError
        stop.set()

    await asyncio.wait_for(run_alone(database.url, "test", work, stop=stop, every=0.02), 60)
    assert len(tries) == 3
