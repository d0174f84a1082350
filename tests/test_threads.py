"""What the shopper and the staff see of conversations."""

import asyncio
from datetime import datetime

import pytest

from conversations.delivery import deliver_stored
from conversations.model import Message
from conversations.ownership import (
    add_note,
)
from conversations.read import last_messages, messages_after
from foundation.database import Database
from tests.talks import HAN, Talk, begin_talk


@pytest.fixture
async def talk(database: Database, now: datetime) -> Talk:
    return await begin_talk(database, now)


async def test_a_note_stays_with_the_staff_and_changes_no_owner(talk: Talk) -> None:
    async def note() -> Message:
        async with talk.database.begin() as session:
            return await add_note(
                session, conversation_id=talk.id, agent=HAN, text="a regular", client_msg_id="n1", now=talk.now
            )

    first, second = await asyncio.gather(note(), note())
    assert first.id == second.id
    assert (await talk.row()).owner == "bot"
    async with talk.database.session() as session:
        staff = await messages_after(session, conversation_id=talk.id, rev=0, limit=9, for_staff=True)
        shopper = await messages_after(session, conversation_id=talk.id, rev=0, limit=9, for_staff=False)
    assert [(message.kind, message.text, message.staff_name) for message in staff] == [
        ("note", "a regular", "Han Meimei")
    ]
    assert shopper == []


async def test_a_shopper_sees_neither_drafts_nor_queued_messages_nor_how_they_were_understood(talk: Talk) -> None:
    await talk.shopper("hello")
    await talk.bot("hi")
    async with talk.database.session() as session:
        seen = await messages_after(session, conversation_id=talk.id, rev=0, limit=9, for_staff=False)
        assert [message.text for message in seen] == ["hello"]
        await deliver_stored(talk.database, talk.id, now=talk.now)
        seen = await messages_after(session, conversation_id=talk.id, rev=seen[-1].rev, limit=9, for_staff=False)
    assert [(message.text, message.status, message.trace) for message in seen] == [("hi", "sent", None)]


async def test_a_thread_is_read_backwards_in_pages(talk: Talk) -> None:
    for n in range(1, 8):
        await talk.shopper(f"m{n}")
    pages, before = [], None
    async with talk.database.session() as session:
        while page := await last_messages(session, conversation_id=talk.id, before=before, limit=3, for_staff=False):
            pages.append([message.text for message in page])
            before = page[0].seq
    assert pages == [["m5", "m6", "m7"], ["m2", "m3", "m4"], ["m1"]]
