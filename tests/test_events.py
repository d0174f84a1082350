"""The staff's event stream: nothing committed is missed, whatever commits first and however often the line is cut."""

import asyncio
import random
from datetime import datetime

from conversations import events
from conversations.events import Batch, EventReader, forget_events, tell_staff
from foundation.database import Database
from tests.talks import begin_talk


async def test_an_event_is_read_once_although_an_earlier_one_commits_later(database: Database) -> None:
    reader = EventReader(database)
    await reader.start()
    slow = database.session()
    await tell_staff(slow, "conversation", 1)
    async with database.begin() as quick:
        await tell_staff(quick, "conversation", 2)
    assert [event.ref for event in (await reader.read()).events] == [2]
    assert [event.ref for event in (await reader.read()).events] == []
    await slow.commit()
    await slow.close()
    assert [event.ref for event in (await reader.read()).events] == [1]
    assert [event.ref for event in (await reader.read()).events] == []


async def test_what_is_rolled_back_is_never_told(database: Database) -> None:
    reader = EventReader(database)
    await reader.start()
    async with database.session() as session:
        await tell_staff(session, "conversation", 1)
        await session.rollback()
    assert (await reader.read()).events == ()


async def test_after_a_cut_the_cursor_goes_on_where_it_was(database: Database) -> None:
    cursor = await EventReader(database).start()
    async with database.begin() as session:
        await tell_staff(session, "order", 5)
    batch = await EventReader(database, cursor).read()
    assert [(event.kind, event.ref) for event in batch.events] == [("order", 5)]
    assert not batch.resync
    assert batch.cursor == cursor


async def test_no_event_is_missed_over_many_cuts(database: Database) -> None:
    dice = random.Random(3)
    committed: set[int] = set()
    writing = True

    async def writer(number: int) -> None:
        for n in range(25):
            async with database.begin() as session:
                ref = number * 100 + n
                await tell_staff(session, "conversation", ref)
                await asyncio.sleep(dice.random() * dice.choice((0.001, 0.01, 0.05)))
            committed.add(ref)

    async def watch() -> dict[int, int]:
        seen: dict[int, int] = {}
        reader = EventReader(database)
        cursor = await reader.start()
        started.set()
        while True:
            was_writing = writing
            batch = await reader.read()
            assert not batch.resync
            seen.update((event.id, event.ref) for event in batch.events)
            cursor = batch.cursor if batch.events else cursor
            if not was_writing:
                return seen
            if dice.random() < 0.5:  # the line is cut; the page comes back with the cursor of the last batch it got
                reader = EventReader(database, cursor)
            await asyncio.sleep(0.002)

    started = asyncio.Event()
    watching = asyncio.create_task(watch())
    await started.wait()
    await asyncio.gather(*(writer(number) for number in range(6)))
    writing = False
    seen = await watching
    assert set(seen.values()) == committed
    assert len(seen) == len(committed) == 150


async def test_what_a_reader_remembers_stays_small(database: Database) -> None:
    reader = EventReader(database)
    await reader.start()
    for _ in range(20):
        async with database.begin() as session:
            for ref in range(50):
                await tell_staff(session, "conversation", ref)
        assert len((await reader.read()).events) == 50
    await reader.read()
    assert len(reader._had) == 0


async def test_who_missed_too_much_or_comes_from_another_database_reads_everything_again(database: Database) -> None:
    cursor = await EventReader(database).start()
    async with database.raw() as driver:
        fill = "INSERT INTO event (kind, ref) SELECT 'conversation', n FROM generate_series(1, $1::int) AS n"
        await driver.execute(fill, events.MOST_AT_ONCE + 1)
    late = EventReader(database, cursor)
    batch = await late.read()
    assert (batch.events, batch.resync) == ((), True)
    assert (await late.read()).events == ()
    generation, _, horizon = cursor.partition(".")
    for stranger in (f"1{generation}.{horizon}", f"{generation}.{2**60}", f"{generation}.x", "", "nonsense.0"):
        batch = await EventReader(database, stranger).read()
        assert (batch.events, batch.resync) == ((), True), stranger
        assert batch.cursor.startswith(f"{generation}.")


async def test_a_transaction_that_takes_long_does_not_make_everybody_read_everything_again_and_again(
    database: Database,
) -> None:
    slow = database.session()
    await tell_staff(slow, "conversation", 0)
    reader = EventReader(database)
    await reader.start()
    async with database.raw() as driver:
        fill = "INSERT INTO event (kind, ref) SELECT 'conversation', n FROM generate_series(1, $1::int) AS n"
        await driver.execute(fill, events.MOST_AT_ONCE + 1)
    assert (await reader.read()).resync
    async with database.begin() as session:
        await tell_staff(session, "conversation", 5)
    batch = await reader.read()
    assert ([event.ref for event in batch.events], batch.resync) == ([5], False)
    await slow.commit()
    await slow.close()
    assert [event.ref for event in (await reader.read()).events] == [0]


async def test_events_of_a_backup_from_a_server_that_had_counted_further_are_not_told(database: Database) -> None:
    async with database.raw() as driver:
        await driver.execute("INSERT INTO event (kind, ref, xid) VALUES ('conversation', 1, '999999999')")
    reader = EventReader(database)
    await reader.start()
    async with database.begin() as session:
        await tell_staff(session, "conversation", 2)
    assert [event.ref for event in (await reader.read()).events] == [2]
    assert (await reader.read()).events == ()


async def test_what_happens_in_a_conversation_is_told(database: Database, now: datetime) -> None:
    talk = await begin_talk(database, now)
    reader = EventReader(database)
    await reader.start()
    await talk.shopper("hello")
    assert {(event.kind, event.ref) for event in (await reader.read()).events} == {("conversation", talk.id)}
    await talk.bot("hi")
    assert len((await reader.read()).events) == 1
    await talk.agent("a person here")
    assert {event.ref for event in (await reader.read()).events} == {talk.id}


async def test_who_comes_back_after_events_were_forgotten_reads_everything_again(database: Database) -> None:
    watching = EventReader(database)
    before = await watching.start()
    async with database.begin() as session:
        await tell_staff(session, "conversation", 1)
    assert len((await watching.read()).events) == 1
    async with database.begin() as session:
        await tell_staff(session, "conversation", 2)
    async with database.raw() as driver:
        at = await driver.fetchval("SELECT at FROM event WHERE ref = 2")
    assert [event.ref for event in (await watching.read()).events] == [2]
    after = await watching.start()
    for _ in range(2):
        async with database.begin() as session:
            await forget_events(session, before=at)
    async with database.raw() as driver:
        assert await driver.fetchval("SELECT count(*) FROM event WHERE kind = 'conversation'") == 1
        assert await driver.fetchval("SELECT count(*) FROM event") == 2
    assert await watching.read() == Batch((), after)
    late = EventReader(database, before)
    assert (await late.read()).resync
    assert not (await late.read()).resync
    assert not (await EventReader(database, after).read()).resync
