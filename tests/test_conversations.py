"""Who answers now: every move of the owner, and what it does to what was said."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from conversations.delivery import deliver_stored
from conversations.model import Agent, Kind, Owner, OwnershipEvent
from conversations.ownership import (
    agent_edits,
    ask_for_person,
    close,
    nobody_comes,
    release,
    reopen,
    shopper_gives_up,
    take,
)
from conversations.read import messages_after
from conversations.say import say_fact
from conversations.turns import Reply, close_turn, lock_for_turn
from foundation.database import Database
from foundation.errors import Refused
from tests.talks import HAN, LI, Talk, begin_talk


@pytest.fixture
async def talk(database: Database, now: datetime) -> Talk:
    return await begin_talk(database, now)


Act = Callable[[Talk], Awaitable[object]]


async def _take(talk: Talk, agent: Agent = LI) -> object:
    async with talk.database.begin() as session:
        return await take(session, conversation_id=talk.id, agent=agent, now=talk.now)


async def _ask(talk: Talk) -> object:
    async with talk.database.begin() as session:
        return await ask_for_person(
            session, conversation_id=talk.id, reason="asked", summary={"cart": 2}, actor="shopper", now=talk.now
        )


async def _release(talk: Talk, to: str, agent: Agent | None = LI) -> object:
    async with talk.database.begin() as session:
        return await release(
            session,
            conversation_id=talk.id,
            agent=agent,
            to="bot" if to == "bot" else "queue",
            note="promised a gift",
            now=talk.now,
        )


async def _close(talk: Talk, agent: Agent = LI) -> object:
    async with talk.database.begin() as session:
        return await close(session, conversation_id=talk.id, agent=agent, now=talk.now)


async def _give_up(talk: Talk) -> object:
    async with talk.database.begin() as session:
        return await shopper_gives_up(session, conversation_id=talk.id, now=talk.now)


async def _nobody(talk: Talk) -> object:
    async with talk.database.begin() as session:
        return await nobody_comes(session, conversation_id=talk.id, now=talk.now)


async def _answer(talk: Talk) -> object:
    return await talk.agent("a person here")


async def _write(talk: Talk, *, minutes: int = 1, online: tuple[int, ...] = ()) -> object:
    await talk.shopper("one more thing")
    async with talk.database.begin() as session:
        later = talk.now + timedelta(minutes=minutes)
        return await lock_for_turn(session, talk.id, online=online, now=later)


TO: dict[str, list[Act]] = {
    "bot": [],
    "waiting": [_ask],
    "human": [_take],
    "closed": [_take, _close],
}


@pytest.mark.parametrize(
    ("start", "act", "end"),
    [
        ("bot", _ask, "waiting"),
        ("bot", _take, "human"),
        ("bot", _answer, "human"),
        ("bot", _give_up, "bot"),
        ("waiting", _ask, "waiting"),
        ("waiting", _take, "human"),
        ("waiting", _answer, "human"),
        ("waiting", _give_up, "bot"),
        ("waiting", _nobody, "bot"),
        ("waiting", _close, "closed"),
        ("waiting", _write, "waiting"),
        ("human", _take, "human"),
        ("human", _answer, "human"),
        ("human", _ask, "human"),
        ("human", _give_up, "human"),
        ("human", _nobody, "human"),
        ("human", lambda talk: _release(talk, "bot"), "bot"),
        ("human", lambda talk: _release(talk, "queue"), "waiting"),
        ("human", lambda talk: _release(talk, "queue", None), "waiting"),
        ("human", _close, "closed"),
        ("human", _write, "human"),
        ("closed", lambda talk: _write(talk, minutes=30, online=(8, 7)), "human"),
        ("closed", lambda talk: _write(talk, minutes=31, online=(7,)), "bot"),
        ("closed", lambda talk: _write(talk, minutes=1, online=(8,)), "bot"),
        ("closed", lambda talk: _write(talk, minutes=1), "bot"),
    ],
)
async def test_the_owner_changes_as_the_table_says(talk: Talk, start: str, act: Act, end: str) -> None:
    for step in TO[start]:
        await step(talk)
    before = await talk.row()
    assert before.owner == start
    await act(talk)
    after = await talk.row()
    assert after.owner == end
    assert after.epoch == before.epoch + (start != end)
    assert (after.waiting_since is not None) == (end == "waiting")
    async with talk.database.session() as session:
        events = (await session.scalars(select(OwnershipEvent).order_by(OwnershipEvent.epoch))).all()
    assert len(events) == after.epoch
    if start != end:
        assert (events[-1].owner_before, events[-1].owner_after) == (start, end)


@pytest.mark.parametrize(
    ("start", "act", "code"),
    [
        ("bot", _close, "conversation.move"),
        ("bot", lambda talk: _release(talk, "bot"), "conversation.move"),
        ("waiting", lambda talk: _release(talk, "bot"), "conversation.move"),
        ("waiting", lambda talk: _release(talk, "queue"), "conversation.move"),
        ("closed", _take, "conversation.move"),
        ("closed", _answer, "conversation.move"),
        ("closed", _close, "conversation.move"),
        ("closed", lambda talk: _release(talk, "bot"), "conversation.move"),
        ("human", lambda talk: _take(talk, HAN), "conversation.held"),
        ("human", lambda talk: talk.agent("me too", agent=HAN), "conversation.held"),
        ("human", lambda talk: _close(talk, HAN), "conversation.held"),
        ("human", lambda talk: _release(talk, "bot", HAN), "conversation.held"),
        ("bot", lambda talk: talk.agent(" \n"), "message.empty"),
        ("bot", lambda talk: talk.agent("x" * 10_001), "message.too_long"),
    ],
)
async def test_a_move_that_is_not_in_the_table_is_refused_and_leaves_nothing(
    talk: Talk, start: str, act: Act, code: str
) -> None:
    for step in TO[start]:
        await step(talk)
    before = await talk.row()
    with pytest.raises(Refused) as refused:
        await act(talk)
    assert refused.value.code == code
    if code == "conversation.held":
        assert refused.value.facts == {"holder": "Li Lei"}
    after = await talk.row()
    assert (after.owner, after.epoch, after.last_seq, after.assignee_id, after.handled_seq) == (
        before.owner,
        before.epoch,
        before.last_seq,
        before.assignee_id,
        before.handled_seq,
    )


async def test_a_refusal_that_is_caught_leaves_nothing_either(talk: Talk) -> None:
    await talk.shopper("hello")
    async with talk.database.begin() as session:
        with pytest.raises(Refused):
            await close(session, conversation_id=talk.id, agent=LI, now=talk.now)
        with pytest.raises(Refused):
            await release(session, conversation_id=talk.id, agent=LI, to="bot", note="x", now=talk.now)
    row = await talk.row()
    assert (row.handled_seq, row.assignee_id, row.note_for_bot) == (0, None, None)
    assert await talk.bot("hi") is False


async def test_nobody_can_take_what_does_not_exist(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        with pytest.raises(Refused, match=r"conversation\.unknown"):
            await take(session, conversation_id=12345, agent=LI, now=now)


async def test_of_two_agents_who_answer_at_once_one_gets_it_and_the_other_is_told_who(talk: Talk) -> None:
    said = await asyncio.gather(
        talk.agent("Li here", agent=LI), talk.agent("Han here", agent=HAN), return_exceptions=True
    )
    refused = [one for one in said if isinstance(one, Refused)]
    holder = (await talk.row()).assignee_name
    assert [(one.code, one.facts) for one in refused] == [("conversation.held", {"holder": holder})]
    assert len(await talk.statuses()) == 1


async def test_an_agents_message_sent_twice_is_one_message(talk: Talk) -> None:
    first, second = await asyncio.gather(*(talk.agent("hello", client_msg_id="c\x00\udc00") for _ in range(2)))
    assert first.id == second.id
    assert await talk.statuses() == [("hello", "queued")]


async def test_an_agents_retry_after_somebody_else_took_over_gives_what_was_said(talk: Talk) -> None:
    first = await talk.agent("hello", client_msg_id="c1")
    await _release(talk, "queue")
    await _take(talk, HAN)
    assert (await talk.agent("hello", client_msg_id="c1")).id == first.id


async def test_the_former_holder_changes_nothing_any_more_of_what_was_said(talk: Talk) -> None:
    async def says_differently(text: str) -> object:
        async with talk.database.begin() as session:
            return await agent_edits(
                session, conversation_id=talk.id, agent=LI, client_msg_id="k", text=text, now=talk.now
            )

    await talk.agent("it costs 5", client_msg_id="k")
    await _release(talk, "queue")
    await says_differently("it costs 6")
    await _take(talk, HAN)
    with pytest.raises(Refused, match="held"):
        await says_differently("it is free")
    await says_differently("it costs 6")  # platforms tell of changes that are none
    assert ("it costs 6", "queued") in await talk.statuses()


async def test_a_take_over_keeps_back_the_bots_answers_as_drafts_but_no_fact(talk: Talk, now: datetime) -> None:
    await talk.shopper("where is my parcel")
    await talk.bot("let me see", "still looking")
    async with talk.database.begin() as session:
        fact = {"kind": "text", "text": "paid"}
        for expected in (True, False):
            assert expected is await say_fact(
                session, conversation_id=talk.id, key="payment:1", body=fact, text="paid", now=now
            )
    await talk.agent("I look after this")
    assert await talk.statuses() == [
        ("where is my parcel", "received"),
        ("let me see", "suppressed"),
        ("still looking", "suppressed"),
        ("paid", "queued"),
        ("I look after this", "queued"),
    ]
    assert await deliver_stored(talk.database, talk.id, now=now) == 2
    async with talk.database.session() as session:
        shown = await messages_after(session, conversation_id=talk.id, rev=0, limit=50, for_staff=False)
        drafts = await messages_after(session, conversation_id=talk.id, rev=0, limit=50, for_staff=True)
    assert [message.text for message in shown] == ["where is my parcel", "paid", "I look after this"]
    assert [message.text for message in drafts if message.status == "suppressed"] == ["let me see", "still looking"]
    assert len({message.rev for message in drafts}) == len(drafts)


async def test_answers_the_bot_gives_while_asking_for_a_person_still_arrive(talk: Talk, now: datetime) -> None:
    await talk.shopper("a person please")
    async with talk.database.begin() as session:
        locked = await lock_for_turn(session, talk.id, now=now)
        assert locked is not None
        await ask_for_person(
            session, conversation_id=talk.id, reason="asked", summary={"cart": 2}, actor="shopper", now=now
        )
        await close_turn(
            session,
            locked,
            replies=[Reply(Kind.ANSWER, {"kind": "text", "text": "somebody is coming"}, "somebody is coming")],
            frames=[],
            focus={},
            language="en",
            handled_seq=locked.last_read,
            now=now,
        )
    row = await talk.row()
    assert (row.owner, row.waiting_since, row.handoff) == ("waiting", now, {"reason": "asked", "cart": 2})
    assert await deliver_stored(talk.database, talk.id, now=now) == 1
    await talk.shopper("where is my order")
    assert await talk.bot("on its way") is False
    assert await deliver_stored(talk.database, talk.id, now=now) == 1


async def test_a_turn_that_fails_leaves_no_change_of_owner(talk: Talk, now: datetime) -> None:
    await talk.shopper("a person please")
    async with talk.database.session() as session:
        assert await lock_for_turn(session, talk.id, now=now)
        await ask_for_person(session, conversation_id=talk.id, reason="asked", summary={}, actor="bot", now=now)
        await session.rollback()
    row = await talk.row()
    assert (row.owner, row.epoch, row.last_seq, row.handled_seq) == ("bot", 0, 1, 0)


@pytest.mark.parametrize("to", ["bot", "queue"])
async def test_after_a_release_the_bot_does_not_answer_what_the_person_already_did(talk: Talk, to: str) -> None:
    await talk.shopper("a person please")
    await talk.agent("here I am")
    await talk.shopper("where is my parcel")
    await _release(talk, to)
    row = await talk.row()
    assert (row.handled_seq, row.heard_seq, row.note_for_bot) == (4, 4, "promised a gift")
    assert (row.assignee_id, row.assignee_name, row.work_at) == (None, None, None)
    assert await talk.bot("your parcel is...") is None
    await talk.shopper("thank you")
    async with talk.database.begin() as session:
        locked = await lock_for_turn(session, talk.id, now=talk.now)
    assert locked is not None
    assert ([said.text for said in locked.messages], locked.note_for_bot) == (["thank you"], "promised a gift")


async def test_a_conversation_that_opens_again_begins_with_what_was_written_then(talk: Talk) -> None:
    await _take(talk)
    await talk.shopper("bye")
    await _close(talk)
    await talk.shopper("hello again")
    async with talk.database.begin() as session:
        locked = await lock_for_turn(session, talk.id, now=talk.now, online=())
    assert locked is not None
    assert ([said.text for said in locked.messages], locked.owner) == (["hello again"], Owner.BOT)


async def test_a_conversation_that_goes_back_to_its_agent_is_no_work_for_the_bot(talk: Talk) -> None:
    await _take(talk)
    await _close(talk)
    assert await _write(talk, online=(7,)) is None
    row = await talk.row()
    assert (row.assignee_name, row.work_at, row.attempts) == ("Li Lei", None, 0)
    async with talk.database.begin() as session:
        assert await reopen(session, conversation_id=talk.id, online=(), now=talk.now) == Owner.HUMAN


async def test_who_writes_while_a_person_has_the_conversation_gives_the_bot_no_work(talk: Talk) -> None:
    await _take(talk)
    await talk.shopper("are you there")
    assert (await talk.row()).work_at is None
    assert await talk.bot("hi") is None


async def test_an_agents_answer_settles_what_was_asked_before_it(talk: Talk) -> None:
    await talk.shopper("are you there")
    await talk.agent("I am")
    row = await talk.row()
    assert (row.handled_seq, row.heard_seq, row.preview) == (1, 1, "I am")
