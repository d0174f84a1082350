"""Hearing a shopper, and the bot's turns."""

import asyncio
from datetime import datetime, timedelta

import pytest

from conversations.hear import Incoming, hear, open_conversation
from conversations.ownership import (
    add_note,
)
from conversations.read import messages_after
from conversations.sweeps import due_work
from conversations.turns import close_turn, lock_for_turn
from foundation.database import Database
from tests.talks import LI, Talk, begin_talk


@pytest.fixture
async def talk(database: Database, now: datetime) -> Talk:
    return await begin_talk(database, now)


# Hearing


async def test_a_message_to_nobody_is_not_heard(database: Database, now: datetime) -> None:
    incoming = Incoming("web", "stranger", "1", {"kind": "text", "text": "hello"}, "hello")
    assert await hear(database, incoming, now=now) is None


async def test_two_first_messages_at_once_open_one_conversation(database: Database, now: datetime) -> None:
    async def open_one() -> int:
        async with database.begin() as session:
            return await open_conversation(session, channel="web", chat="v", customer_id=1, language="zh", now=now)

    assert len(set(await asyncio.gather(*(open_one() for _ in range(5))))) == 1


async def test_a_message_delivered_three_times_at_once_is_kept_once(talk: Talk) -> None:
    heard = await asyncio.gather(*(talk.shopper("red tea", external_id="update-9") for _ in range(3)))
    assert sorted(one.repeated for one in heard) == [False, True, True]
    assert {(one.conversation_id, one.seq) for one in heard} == {(talk.id, heard[0].seq)}
    assert await talk.statuses() == [("red tea", "received")]


async def test_a_stranger_with_the_same_message_id_is_heard_in_their_own_conversation(
    database: Database, talk: Talk, now: datetime
) -> None:
    other = await begin_talk(database, now, chat="visitor-2")
    await talk.shopper("mine", external_id="1")
    heard = await other.shopper("theirs", external_id="1")
    assert (heard.conversation_id, heard.repeated) == (other.id, False)


async def test_text_that_a_database_cannot_hold_is_kept_as_well_as_possible(talk: Talk) -> None:
    await talk.shopper("a\x00b\ud800c😀" + "茶" * 10_000)
    assert await talk.statuses() == [("a\ufffdb\ufffdc😀" + "茶" * 10_000, "received")]


async def test_writers_at_once_each_get_their_own_place(talk: Talk) -> None:
    await asyncio.gather(*(talk.shopper(f"m{n}", external_id=f"m{n}") for n in range(20)))
    assert (await talk.row()).last_seq == 20
    async with talk.database.session() as session:
        seen = await messages_after(session, conversation_id=talk.id, rev=0, limit=100, for_staff=False)
    assert [(message.seq, message.rev) for message in seen] == [(n, n) for n in range(1, 21)]


# Turns


async def test_a_turn_answers_everything_said_since_the_last_one(talk: Talk, now: datetime) -> None:
    await talk.shopper("hello")
    await talk.shopper("tea?")
    async with talk.database.begin() as session:
        locked = await lock_for_turn(session, talk.id, now=now)
        assert locked is not None
        assert [said.text for said in locked.messages] == ["hello", "tea?"]
        assert (locked.attempts, locked.last_read) == (1, 2)
        assert not await close_turn(
            session,
            locked,
            replies=[],
            frames=[{"flow": "checkout"}],
            focus={"product": 3},
            language="zh",
            handled_seq=2,
            now=now,
            traces={2: {"intent": "search_products"}},
        )
    row = await talk.row()
    assert (row.frames, row.focus, row.language) == ([{"flow": "checkout"}], {"product": 3}, "zh")
    assert (row.handled_seq, row.work_at, row.attempts) == (2, None, 0)
    async with talk.database.session() as session:
        seen = await messages_after(session, conversation_id=talk.id, rev=0, limit=9, for_staff=True)
    assert [message.trace for message in seen] == [None, {"intent": "search_products"}]
    assert await talk.bot("again") is None


async def test_a_turn_that_did_not_read_everything_is_told_so_at_its_end(talk: Talk) -> None:
    for n in range(52):
        await talk.shopper(f"m{n}")
    assert await talk.bot("first") is True
    row = await talk.row()
    assert (row.handled_seq, row.heard_seq, row.attempts) == (50, 52, 1)
    assert row.work_at == talk.now + timedelta(seconds=3)
    assert await talk.bot("second") is False


async def test_what_is_said_during_a_turn_is_left_for_the_next(talk: Talk, now: datetime) -> None:
    await talk.shopper("hello")
    async with talk.database.begin() as session:
        locked = await lock_for_turn(session, talk.id, now=now)
        assert locked is not None
        hearing = asyncio.create_task(talk.shopper("and tea"))  # it waits for the row
        await close_turn(
            session,
            locked,
            replies=[],
            frames=[],
            focus={},
            language="en",
            handled_seq=locked.last_read,
            now=now,
        )
    assert (await hearing).seq == 2
    assert (await talk.row()).handled_seq == 1
    assert await talk.bot("here is tea") is False


async def test_a_turn_waits_for_somebody_who_holds_the_row_for_a_moment(talk: Talk, now: datetime) -> None:
    await talk.shopper("hello")
    other = talk.database.session()
    await add_note(other, conversation_id=talk.id, agent=LI, text="a regular", client_msg_id="n", now=now)
    turn = asyncio.create_task(talk.bot("hi"))
    done, _ = await asyncio.wait({turn}, timeout=0.1)
    assert not done
    await other.commit()
    await other.close()
    assert await turn is False
    assert ("hi", "queued") in await talk.statuses()


async def test_two_turns_at_once_answer_once(talk: Talk) -> None:
    await talk.shopper("hello")
    assert sorted(await asyncio.gather(*(talk.bot("hi") for _ in range(3))), key=str) == [False, None, None]
    assert await talk.statuses() == [("hello", "received"), ("hi", "queued")]


async def test_work_that_nobody_did_is_due_after_three_seconds_and_counted(talk: Talk, now: datetime) -> None:
    await talk.shopper("hello")
    for seconds, due in ((2, []), (3, [talk.id]), (4, []), (6, [talk.id])):
        async with talk.database.begin() as session:
            assert await due_work(session, now=now + timedelta(seconds=seconds), limit=10) == due
    assert (await talk.row()).attempts == 3
    await talk.bot("sorry for the wait")
    async with talk.database.begin() as session:
        assert await due_work(session, now=now + timedelta(days=1), limit=10) == []
