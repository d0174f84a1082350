"""The staff's side of a conversation, over HTTP: who sees what, who gets it, what the shopper is sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select

from admin_api.auth import CSRF_HEADER
from admin_api.model import AuditEntry
from conversations.delivery import deliver_stored
from conversations.model import Conversation, Message
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import (
    Browser,
    Console,
    asks_for_person,
    bot_answers,
    open_console,
    refusal,
    shopper_chat,
    shopper_says,
)


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def lines(console: Console, conversation_id: int) -> list[tuple[str, str, str]]:
    """What the conversation holds in the database, without the lines about owners."""
    async with console.database.begin() as session:
        found = await session.scalars(
            select(Message).where(Message.conversation_id == conversation_id).order_by(Message.seq)
        )
        return [(line.kind, line.status, line.text) for line in found if line.kind != "activity"]


async def owner(console: Console, conversation_id: int) -> tuple[str, str | None]:
    async with console.database.begin() as session:
        row = await session.get_one(Conversation, conversation_id)
        return row.owner, row.assignee_name


async def audit(console: Console) -> list[str]:
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [line.action for line in found if line.action.startswith("conversation.")]


def path(conversation_id: int, act: str = "") -> str:
    return f"/api/conversations/{conversation_id}" + (f"/{act}" if act else "")


async def ids(browser: Browser, scope: str) -> list[int]:
    answer = await browser.get("/api/conversations", scope=scope)
    return [row["id"] for row in answer.json()["conversations"]]


async def test_an_agent_takes_a_waiting_conversation_answers_and_gives_it_back(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "我要找人工")
    await bot_answers(console, talk, "好的，马上为您转接")
    await asks_for_person(console, talk)
    assert await ids(mei, "unassigned") == [talk]
    taken = await mei.post(path(talk, "take"))
    assert (taken.status_code, taken.json()["owner"], taken.json()["is_mine"]) == (200, "human", True)
    assert (await mei.post(path(talk, "take"))).status_code == 200
    said = await mei.post(path(talk, "messages"), {"text": "您好，我是小梅", "client_msg_id": "m1"})
    assert (said.status_code, said.json()["kind"], said.json()["by"]) == (200, "person", "Mei")
    await deliver_stored(console.database, talk, now=console.clock())
    back = await mei.post(path(talk, "release"), {"to": "bot", "note": "已答应包邮"})
    assert (back.json()["owner"], back.json()["note_for_bot"], back.json()["holder"]) == ("bot", "已答应包邮", None)
    assert await lines(console, talk) == [
        ("shopper", "received", "我要找人工"),
        ("answer", "suppressed", "好的，马上为您转接"),
        ("person", "sent", "您好，我是小梅"),
    ]
    assert await audit(console) == [
        "conversation.taken",
        "conversation.taken",
        "conversation.answered",
        "conversation.released",
    ]


async def test_answering_while_the_bot_has_it_is_the_take_over(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    await bot_answers(console, talk, "在的，请问需要什么")
    said = await mei.post(path(talk, "messages"), {"text": "我来回答您", "client_msg_id": "m1"})
    assert said.status_code == 200
    assert await owner(console, talk) == ("human", "Mei")
    assert ("answer", "suppressed", "在的，请问需要什么") in await lines(console, talk)


async def test_of_two_agents_who_take_at_once_exactly_one_gets_it(console: Console) -> None:
    mei, tom = await console.at_work("mei"), await console.at_work("tom")
    for number in range(8):
        talk = await shopper_chat(console, "有人吗", chat=f"visitor-{number}")
        await asks_for_person(console, talk)
        answers = await asyncio.gather(mei.post(path(talk, "take")), tom.post(path(talk, "take")))
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, refusal(lost)) == (200, (409, "conversation.held"))
        assert lost.json()["error"]["facts"]["holder"] == won.json()["holder"]["name"]
        assert await owner(console, talk) == ("human", won.json()["holder"]["name"])


async def test_who_answers_second_is_told_who_was_first_and_nothing_is_said(console: Console) -> None:
    mei, tom = await console.at_work("mei"), await console.at_work("tom")
    talk = await shopper_chat(console, "有人吗")
    await mei.post(path(talk, "take"))
    late = await tom.post(path(talk, "messages"), {"text": "你好", "client_msg_id": "t1"})
    assert refusal(late) == (409, "conversation.held")
    assert late.json()["error"]["message"] == "Mei already holds this conversation."
    assert await lines(console, talk) == [("shopper", "received", "有人吗")]


async def test_the_same_message_sent_again_is_said_once(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    body = {"text": "在的", "client_msg_id": "same"}
    answers = await asyncio.gather(*(mei.post(path(talk, "messages"), body) for _ in range(5)))
    assert {(answer.status_code, answer.json()["seq"]) for answer in answers} == {(200, answers[0].json()["seq"])}
    assert [line for line in await lines(console, talk) if line[0] == "person"] == [("person", "queued", "在的")]


async def test_a_draft_of_the_bot_is_sent_once_as_the_agents_own_message(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "多少钱")
    await bot_answers(console, talk, "一共 88 元")
    await mei.post(path(talk, "take"))
    read = (await mei.get(path(talk))).json()
    draft = next(line for line in read["messages"] if line["status"] == "suppressed")
    first = await mei.post(path(talk, f"drafts/{draft['seq']}/send"))
    again = await mei.post(path(talk, f"drafts/{draft['seq']}/send"))
    assert first.json() == again.json()
    assert (first.json()["kind"], first.json()["text"]) == ("person", "一共 88 元")
    colleague = await console.at_work("li")
    assert refusal(await colleague.post(path(talk, f"drafts/{draft['seq']}/send"))) == (409, "conversation.held")
    assert refusal(await mei.post(path(talk, "drafts/1/send"))) == (404, "draft.unknown")


async def test_notes_are_for_the_staff_and_change_no_owner(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    body = {"text": "老顾客，请客气", "client_msg_id": "n1"}
    assert (await mei.post(path(talk, "notes"), body)).json()["kind"] == "note"
    await mei.post(path(talk, "notes"), body)
    assert (await lines(console, talk))[1:] == [("note", "received", "老顾客，请客气")]
    assert await owner(console, talk) == ("bot", None)


async def test_an_agent_sees_their_own_and_the_free_ones_a_supervisor_sees_all(console: Console) -> None:
    mei, tom = await console.at_work("mei"), await console.at_work("tom")
    boss = await console.at_work("boss", "supervisor")
    mine, free, botty = [await shopper_chat(console, "在吗", chat=name) for name in ("a", "b", "c")]
    await mei.post(path(mine, "take"))
    await asks_for_person(console, free)
    assert await ids(mei, "mine") == [mine]
    assert sorted(await ids(tom, "all")) == [free, botty]
    assert await ids(tom, "others") == []
    assert await ids(boss, "others") == [mine]
    assert sorted(await ids(boss, "all")) == [mine, free, botty]
    counts = {"mine": 1, "unassigned": 1, "bot": 1, "others": 0, "closed": 0, "all": 3}
    assert (await mei.get("/api/conversations/counts")).json() == {"counts": counts}


@pytest.mark.parametrize("act", ["", "shopping", "notes", "release", "close"])
async def test_someone_elses_conversation_and_none_at_all_give_the_same_answer(console: Console, act: str) -> None:
    mei, tom = await console.at_work("mei"), await console.at_work("tom")
    talk = await shopper_chat(console, "在吗")
    await mei.post(path(talk, "take"))
    bodies = {"notes": {"text": "x", "client_msg_id": "1"}, "release": {"to": "bot"}}
    answers = []
    for which in (talk, talk + 1000):
        if act in ("", "shopping"):
            answers.append(await tom.get(path(which, act)))
        else:
            answers.append(await tom.post(path(which, act), bodies.get(act)))
    assert [refusal(answer) for answer in answers] == [(404, "conversation.unknown")] * 2
    assert await owner(console, talk) == ("human", "Mei")
    assert await lines(console, talk) == [("shopper", "received", "在吗")]


async def test_a_supervisor_gives_back_and_closes_what_others_hold(console: Console) -> None:
    mei, boss = await console.at_work("mei"), await console.at_work("boss", "supervisor")
    first, second = [await shopper_chat(console, "在吗", chat=name) for name in ("a", "b")]
    for talk in (first, second):
        await mei.post(path(talk, "take"))
    assert (await boss.post(path(first, "release"), {"to": "queue"})).json()["owner"] == "waiting"
    assert (await boss.post(path(second, "close"))).json()["owner"] == "closed"
    assert refusal(await boss.post(path(second, "close"))) == (409, "conversation.move")
    async with console.database.begin() as session:
        told = select(Message.staff_name).filter_by(kind="activity").order_by(Message.id)
        assert list(await session.scalars(told)) == ["Mei", "Mei", "Boss", "Boss"], "each line says whose act it was"


async def test_a_merchant_has_no_conversations(console: Console) -> None:
    merchant = await console.at_work("wang", "merchant")
    talk = await shopper_chat(console, "在吗")
    for answer in (
        await merchant.get("/api/conversations"),
        await merchant.get(path(talk)),
        await merchant.post(path(talk, "take")),
        await merchant.post(path(talk, "messages"), {"text": "x", "client_msg_id": "1"}),
    ):
        assert refusal(answer) == (403, "staff.forbidden")


async def test_nobody_gets_in_without_a_session_and_no_write_without_its_token(console: Console) -> None:
    mei, stranger = await console.at_work("mei"), console.browser()
    talk = await shopper_chat(console, "在吗")
    del mei.http.headers[CSRF_HEADER]
    acts = ("take", "messages", "notes", "release", "close", "drafts/1/send")
    for act in acts:
        assert refusal(await stranger.post(path(talk, act), {})) == (401, "staff.session")
        assert refusal(await mei.post(path(talk, act), {})) == (403, "staff.csrf")
    for address in ("/api/conversations", "/api/conversations/counts", path(talk), path(talk, "shopping")):
        assert refusal(await stranger.get(address)) == (401, "staff.session")
    assert await owner(console, talk) == ("bot", None)


async def test_the_list_goes_page_by_page_newest_first(console: Console) -> None:
    mei = await console.at_work("mei")
    made = []
    for number in range(5):
        made.append(await shopper_chat(console, "在吗", chat=f"visitor-{number}"))
        console.clock.pass_(seconds=number % 2)  # some share their moment
    seen: list[int] = []
    cursor = None
    while True:
        page = (await mei.get("/api/conversations", limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [row["id"] for row in page["conversations"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_a_console_follows_a_conversation_by_rev_and_pages_back_by_place(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, *(f"第 {number} 句" for number in range(1, 8)))
    latest = (await mei.get(path(talk), limit=3)).json()
    assert [line["text"] for line in latest["messages"]] == ["第 5 句", "第 6 句", "第 7 句"]
    assert latest["has_earlier"] is True
    earlier = (await mei.get(path(talk), limit=10, before=latest["messages"][0]["seq"])).json()
    assert [line["text"] for line in earlier["messages"]] == [f"第 {number} 句" for number in range(1, 5)]
    assert earlier["has_earlier"] is False
    rev = max(line["rev"] for line in latest["messages"])
    await bot_answers(console, talk, "好的")
    await deliver_stored(console.database, talk, now=console.clock())
    news = (await mei.get(path(talk), since=rev)).json()["messages"]
    assert [(line["text"], line["status"]) for line in news] == [("好的", "sent")]
    assert (await mei.get(path(talk), since=news[0]["rev"])).json()["messages"] == []


async def test_the_waiting_time_is_that_of_the_oldest_unanswered_question(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    await mei.post(path(talk, "messages"), {"text": "在的", "client_msg_id": "1"})

    async def waiting() -> str | None:
        found: str | None = (await mei.get(path(talk))).json()["conversation"]["waiting_since"]
        return found

    assert await waiting() is None
    console.clock.pass_(seconds=30)
    asked = console.clock()
    await shopper_says(console, "多久发货")
    console.clock.pass_(seconds=30)
    await shopper_says(console, "？")
    since = await waiting()
    assert since is not None
    assert datetime.fromisoformat(since) == asked
    await mei.post(path(talk, "messages"), {"text": "明天", "client_msg_id": "2"})
    assert await waiting() is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "", "client_msg_id": "1"}, 422),
        ({"text": "   ", "client_msg_id": "1"}, 422),
        ({"text": "x", "client_msg_id": ""}, 422),
        ({"text": "x" * 10_001, "client_msg_id": "1"}, 422),
        ({"text": "x", "client_msg_id": "1" * 101}, 422),
        ({"text": "nul \x00", "client_msg_id": "1"}, 422),
        ({"text": ["x"], "client_msg_id": "1"}, 422),
        ({"text": "x" * 300_000, "client_msg_id": "1"}, 413),
        ([], 422),
    ],
)
async def test_a_malformed_answer_is_refused_and_takes_nothing_over(
    console: Console, body: object, status: int
) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    answer = await mei.post(path(talk, "messages"), body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "facts"}
    assert await owner(console, talk) == ("bot", None)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/conversations/0", 422),
        ("/api/conversations/-1", 422),
        ("/api/conversations/99999999999999999999", 422),
        ("/api/conversations/one", 422),
        ("/api/conversations/9223372036854775807", 404),
        ("/api/conversations?scope=everything", 422),
        ("/api/conversations?limit=0", 422),
        ("/api/conversations?limit=101", 422),
        ("/api/conversations?cursor=nonsense", 422),
        ("/api/conversations?cursor=2026-01-01~5", 422),
        ("/api/conversations?cursor=2026-01-01T00:00:00%2B00:00~99999999999999999999", 422),
        ("/api/conversations?cursor=%00", 422),
        ("/api/conversations/1?since=-1", 422),
    ],
)
async def test_malformed_addresses_are_refused(console: Console, address: str, status: int) -> None:
    mei = await console.at_work("mei")
    answer = await mei.http.get(address)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "facts"}


async def test_what_a_shopper_writes_comes_out_as_it_went_in(console: Console) -> None:
    mei = await console.at_work("mei")
    text = "<script>alert(1)</script> '; DROP TABLE message; -- \u202e 😀 {{7*7}}"
    talk = await shopper_chat(console, text)
    assert (await mei.get(path(talk))).json()["messages"][0]["text"] == text
