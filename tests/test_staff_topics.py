"""Topics hold out: little room, crowds, crashes, faults, several processes, groups that move; and how they look."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.channels.staff_telegram import StaffTelegram, in_turn, made_plain
from bot.delivery import NotSent
from bot.shop import Shop
from bot.staff_desk.board import Board, Patience, alternating
from bot.staff_desk.desk import Card, GroupClosed, Unsure
from bot.staff_desk.hearing import Ear, command_of, first_word
from bot.staff_desk.teams import group_for, subject_of
from bot.staff_desk.telling import card_html, parts_of, untappable
from bot.telegram.budget import Budget, Limit, Limits
from bot.telegram.reading import value_of
from bot.telegram.values import Chat, Said, User
from cli.scratch import Place
from conversations.model import Kind, Message, Owner, Status
from conversations.ownership import release
from conversations.read import MessageView
from conversations.staff_chats import StaffGroup, StaffTopic, Subject, Trouble, link_group, staff_groups
from conversations.topics import Stand
from foundation.database import Database
from nlu.understand import Understander
from tests.staff_office import TOKEN, Office, open_office, told
from tests.talks import LI, begin_talk
from tests.telegram_server.entities import finished, parse_html, units
from tests.telegram_server.methods_messages import text_of
from tests.telegram_server.params import Params

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
async def office(place: Place, understander: Understander) -> AsyncIterator[Office]:
    async with open_office(place, understander) as office:
        yield office


def lines_in(office: Office, person: object, group: object) -> str:
    """Everything the bot has posted in all topics of a group."""
    return "\n".join(told(person.open(group)))  # type: ignore[attr-defined]


async def _said_by_staff(office: Office) -> list[str]:
    async with office.database.session() as session:
        return list(await session.scalars(select(Message.text).where(Message.kind == "person").order_by(Message.id)))


async def test_a_crowd_stays_within_what_a_group_takes_and_agents_are_answered_first(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    group = await office.new_group("Desk", anna, linked_by=anna_id)
    office.fake.flood_limits()
    office.fake.clock_factor = 40
    talks = [await office.shopper(f"shopper {n} is here") for n in range(9)]
    # A minute of Telegram's is one second and a half here: twenty messages to the group, fourteen of them for topics.
    async with office.run(Limits(group=Limit(20, 1.5))):
        await office.topic(group, 3)
        for n, talk in enumerate(talks):
            await office.says(talk, *(f"line {n}.{m}" for m in range(4)))
        first = anna.open(group, topic=next(iter(group.topics)))
        await first.say("/help")
        await first.hears("/refund 25 ORDER reason", 20)
        wanted = [f"line {n}.{m}" for n in range(9) for m in range(4)]
        await office.until(lambda: all(line in lines_in(office, anna, group) for line in wanted))
        assert [call.error for call in office.fake.calls if "Too Many" in call.error] == []
        # 429 is obeyed to the second, and what came meanwhile is one message.
        office.fake.faults.flood(2, "sendMessage")
        before = len(told(anna.open(group)))
        await office.says(talks[0], "late 0")
        await office.until(lambda: any("retry after 2" in call.error for call in office.fake.calls))
        await office.says(talks[0], *(f"late {m}" for m in range(1, 5)))
        await office.until(lambda: "late 4" in lines_in(office, anna, group))
    posted = told(anna.open(group))
    assert len(posted) - before <= 2
    sends = office.fake.called("sendMessage")
    (refused,) = [n for n, call in enumerate(sends) if "retry after 2" in call.error]
    assert sends[refused + 1].at - sends[refused].at >= 2 * 40
    assert len(posted) < 9 + 9 * 3
    for n in range(9):
        places = [lines_in(office, anna, group).index(f"line {n}.{m}") for m in range(4)]
        assert places == sorted(places)


async def test_killed_again_and_again_under_faults_nothing_is_lost_and_nobody_is_answered_twice(office: Office) -> None:
    lot = random.Random(7)
    anna_id, anna = await office.colleague("anna", "administrator")
    group = await office.new_group("Desk", anna, linked_by=anna_id)
    talks = [await office.shopper(f"shopper {n}") for n in range(3)]
    faults = office.fake.faults
    faults.duplicates, faults.failing = 0.3, 0.1
    heard, said = list[str](), list[str]()

    async def answered() -> list[str]:
        return sorted(await _said_by_staff(office))

    for lap in range(8):
        async with office.run(Limits(group=Limit(1000, 1.0))) as task:
            for n, talk in enumerate(talks):
                heard.append(f"heard {lap}.{n}")
                await office.says(talk, heard[-1])
            async with office.database.begin() as session:  # one that was made at the crash may be there twice
                threads = list(await session.scalars(select(StaffTopic.thread_id)))
            for thread in threads:
                said.append(f"said {lap}.{thread}")
                await anna.open(group, topic=thread).say(said[-1])
            await asyncio.sleep(lot.random() * 0.8)
            task.cancel()
    faults.clear()
    async with office.run(Limits(group=Limit(1000, 1.0))):
        await office.until(lambda: all(line in lines_in(office, anna, group) for line in heard))
        await office.eventually(answered, sorted(said))
    assert said


async def test_of_two_processes_one_asks_and_the_other_follows_when_it_dies(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    group = await office.new_group("Desk", anna, linked_by=anna_id)
    talk = await office.shopper("hello")
    async with office.run() as first, office.run():
        await office.topic(group)
        chat = anna.open(group, topic=next(iter(group.topics)))
        await chat.say("hi")
        await chat.hears("Anna took the conversation over")
        first.cancel()
        await chat.say("are you there?")
        await office.says(talk, "yes")
        await chat.hears("👤 yes")
        # One that was made by a process that was killed before it could write that down is told apart.
        killed = StaffTelegram(TOKEN, url=office.fake.url, budget=Budget(None, "killed"))
        await killed.open()
        thread = await killed.create_topic(group.id, "nobody")
        left_over = anna.open(group, topic=thread)
        await killed.close()
        await left_over.say("what do you need?")
        await left_over.hears("This topic is no conversation; nothing was sent.")
        async with office.database.begin() as session:  # or by one that took long to write it down
            await session.execute(update(StaffTopic).values(thread_id=thread))
        await left_over.say("I am back")
        await office.eventually(partial(_said_by_staff, office), ["hi", "are you there?", "I am back"])
    assert len(group.topics) == 2
    assert [call.error for call in office.fake.calls if "Conflict" in call.error] == []


async def test_each_team_gets_its_own_and_a_group_in_trouble_leaves_its_topics_to_others(office: Office) -> None:
    boss_id, boss = await office.colleague("boss", "administrator")
    english = await office.new_group("English", boss, linked_by=boss_id)
    chinese = await office.new_group("中文", boss, linked_by=boss_id)
    async with office.database.begin() as session:
        first, second = await staff_groups(session)
        first.language, second.language = "en", "zh"
    talk = await office.shopper("hello", language="en")
    await office.shopper("你好", language="zh")
    async with office.run():
        await office.topic(english)
        await office.topic(chinese)
        await office.until(lambda: "hello" in lines_in(office, boss, english))
        await office.until(lambda: "你好" in lines_in(office, boss, chinese))
        office.fake.remove_from_group(english, office.bot, by=boss)
        await office.says(talk, "where did you go?")
        await office.until(lambda: "where did you go?" in lines_in(office, boss, chinese))
        assert await office.troubles() == [Trouble.LEFT, None]
        assert {topic.name for topic in chinese.topics.values()} == {
            "Shopper 1 · web · English",
            "Shopper 2 · web · Chinese",
        }

    async def last_group() -> int:
        async with office.database.begin() as session:
            return (await staff_groups(session))[-1].chat_id

    # A group that was a small one got another id: it is known under that one.
    small = office.fake.group("Small", [boss], office.bot, admins=[office.bot])
    async with office.database.begin() as session:
        session.add(a_group(small.id, linked_by=boss_id))
    async with office.run():
        big = office.fake.migrate(small)
        await office.eventually(last_group, big.id)


def a_group(chat_id: int, *, linked_by: int = 1, **known: object) -> StaffGroup:
    return StaffGroup(chat_id=chat_id, title="Desk", words="en", linked_by=linked_by, linked_at=NOW, **known)


def a_stand(**known: object) -> Stand:
    stand = Stand(1, Owner.WAITING, 1, "zh", {"reason": "asked"}, 5, None, None, False, -1, 0, 0)
    return replace(stand, **known)  # type: ignore[arg-type]


class Blackboard:
    """A group in which topics are opened and closed, and whatever is posted there."""

    def __init__(self) -> None:
        self.is_open: dict[int, bool] = {}
        self.posts: dict[int, int] = {}
        self.refuses: Trouble | None = None

    async def create_topic(self, _chat_id: int, _name: str) -> int:
        if self.refuses:
            raise GroupClosed(self.refuses)
        self.is_open[len(self.is_open) + 1] = True
        return len(self.is_open)

    async def open_topic(self, _chat_id: int, thread_id: int, *, is_open: bool) -> None:
        self.is_open[thread_id] = is_open

    async def post(self, _chat_id: int, thread_id: int, _html: str) -> None:
        self.posts[thread_id] = self.posts.get(thread_id, 0) + 1


async def a_board(database: Database, now: datetime) -> tuple[Blackboard, Board]:
    """A board of one group that tells everything at once."""

    async def card(_id: int, *, language: str) -> object:
        return SimpleNamespace(title=language, facts=(), link="")

    wire, shop = Blackboard(), SimpleNamespace(database=database, now=lambda: now)
    desk = SimpleNamespace(card=card, happening=lambda *_, language: language)
    async with database.begin() as session:
        await link_group(session, chat_id=-5, title="Desk", staff_id=LI.id, words="en", now=now)
    return wire, Board(cast(Shop, shop), desk, wire, Patience(quiet=0, longest=0, trouble=60))  # type: ignore[arg-type]


async def looks(board: Board) -> None:
    await board.look()
    await asyncio.gather(*board._serving.values())


async def test_nothing_is_remembered_of_a_topic_that_was_closed(database: Database, now: datetime) -> None:
    (wire, board), talk = await a_board(database, now), await begin_talk(database, now)
    await talk.shopper("hello")
    await talk.agent("what is it?")
    await looks(board)
    assert (board._epochs, wire.is_open) == ({talk.id: 1}, {1: True})
    async with database.begin() as session:
        await release(session, conversation_id=talk.id, agent=LI, to="bot", note="", now=now)
    await looks(board)
    assert (board._epochs, wire.is_open) == ({}, {1: False})


async def test_where_no_topic_can_be_opened_any_more_the_open_ones_go_on(database: Database, now: datetime) -> None:
    wire, board = await a_board(database, now)
    talks = [await begin_talk(database, now, chat=f"visitor-{n}") for n in range(3)]
    for talk in talks:
        await talk.agent("what is it?")
    await looks(board)
    assert wire.posts == {1: 1, 2: 1, 3: 1}
    wire.refuses = Trouble.NO_RIGHTS
    await (await begin_talk(database, now, chat="visitor-4")).agent("hello")
    for talk in talks:
        await talk.shopper("still broken")
    for _ in range(3):
        await looks(board)
    assert wire.posts == {1: 2, 2: 2, 3: 2}
    async with database.begin() as session:
        assert [group.trouble for group in await staff_groups(session)] == [Trouble.NO_RIGHTS]


def test_a_team_is_chosen_by_language_and_subject_and_any_is_better_than_none() -> None:
    zh = a_group(-1, id=1, language="zh", subject=None)
    sales = a_group(-2, id=2, language="zh", subject="shopping")
    after = a_group(-3, id=3, language=None, subject="after_sales")
    groups = [zh, sales, after]
    assert subject_of(a_stand()) is Subject.SHOPPING
    assert subject_of(a_stand(handoff={"order": "A1"})) is Subject.AFTER_SALES
    assert subject_of(a_stand(handoff={"order": "A1", "at_work": ["checkout"]})) is Subject.SHOPPING
    assert group_for(a_stand(), groups) is sales
    assert group_for(a_stand(handoff={"order": "A1"}, language="en"), groups) is after
    assert group_for(a_stand(language="en"), [zh]) is zh
    assert group_for(a_stand(group_id=1, is_open=True), groups) is zh
    zh.trouble = Trouble.LEFT
    assert group_for(a_stand(group_id=1, is_open=True), groups) is sales
    assert group_for(a_stand(), [zh]) is zh
    assert group_for(a_stand(), []) is None


def test_new_conversations_and_those_under_way_take_turns() -> None:
    stands = [a_stand(id=n, is_open=n in (2, 5)) for n in (1, 2, 3, 4, 5, 6)]
    assert alternating(stands) == [2, 1, 5, 3, 4, 6]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("hello", ("", "hello")),
        ("/take", ("take", "")),
        ("/NOTE@desk_bot  two\nlines", ("note", "two\nlines")),
        ("/note\nbelow", ("note", "below")),
        ("/take@other_bot", ("@", "")),
        ("/ note slipped", ("note", "slipped")),
        ("／note 只给同事", ("note", "只给同事")),
        ("、note 只给同事", ("note", "只给同事")),
        ("//note twice", ("/", "/note twice")),
        ("/", ("/", "")),
        ("5 / 2", ("", "5 / 2")),
    ],
)
def test_a_command_is_read_with_what_follows_it(text: str, command: tuple[str, str]) -> None:
    assert command_of(text, "desk_bot") == command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("", "")),
        ("25", ("25", "")),
        ("25\nA17  cup broken", ("25", "A17  cup broken")),
        ("25　A17", ("25", "A17")),
    ],
)
def test_the_words_of_a_command_may_be_set_apart_by_any_blank(text: str, words: tuple[str, str]) -> None:
    assert first_word(text) == words


def test_who_writes_anonymously_or_as_a_channel_is_nobody_we_know_and_who_closes_a_topic_says_so() -> None:
    chat = {"id": -100, "type": "supergroup", "title": "Desk"}
    channel = {"id": -200, "type": "channel", "title": "News"}
    hidden = {"id": 1087968824, "is_bot": True, "first_name": "Group"}

    def heard(**message: object) -> tuple[int, str]:
        value = value_of(
            made_plain({"update_id": 1, "message": {"message_id": 5, "date": 1, "chat": chat} | message}), bot_id=222
        )
        assert isinstance(value, Said)
        return value.user.id, value.text

    assert heard(**{"from": hidden}, sender_chat=chat, text="hello") == (-100, "hello")
    assert heard(**{"from": hidden}, sender_chat=channel, text="hello") == (-200, "hello")
    anna = {"id": 7, "is_bot": False, "first_name": "Anna"}
    assert heard(**{"from": anna}, forum_topic_closed={}) == (7, "/close")


async def test_who_is_to_be_told_something_is_told_when_the_group_may_take_it_and_nobody_waits_for_that() -> None:
    class Full:
        username, refusals, posted, all_told = "desk_bot", 5, list[str](), asyncio.Event()

        async def post(self, _chat_id: int, _thread_id: int | None, html: str, *, answers: int) -> None:
            if self.refusals:
                self.refusals -= 1
                raise Unsure if self.refusals == 2 else NotSent(timedelta(milliseconds=1), is_try=False)
            self.posted.append(f"{answers}: {html}")
            self.all_told.set()

    async def nobody(_user_id: int) -> None: ...

    wire = Full()
    shop = SimpleNamespace(settings=SimpleNamespace(default_language="zh", shop_name=lambda language: language))
    ear = Ear(cast(Shop, shop), SimpleNamespace(colleague=nobody), wire)  # type: ignore[arg-type]
    await ear.hear(Said(5, Chat(-100, "supergroup"), User(-100, ""), 17, text="/take"))
    assert wire.posted == []
    await asyncio.wait_for(wire.all_told.wait(), 5)
    assert wire.posted == ["17: 这个话题不是顾客会话，没有发送任何内容。"]
    for thread, text in ((None, "/desk AAAA-AAAA"), (3, "hello"), (None, "among guests")):
        await ear.give_up(Said(6, Chat(-100, "supergroup", thread), User(-100, ""), 18, text=text))
    assert [text[:13] for text in wire.posted[1:]] == ["18: 出了点问题。请先到", "18: 出了点问题，这条没"]
    await ear.close()


async def test_while_the_database_is_away_nothing_that_was_written_is_given_up() -> None:
    class Deaf:
        well, given_up = False, 0

        async def hear(self, _value: object) -> None:
            raise OSError

        async def is_well(self) -> bool:
            return self.well

        async def give_up(self, _value: object) -> None:
            self.given_up += 1

    ear, tries = Deaf(), dict[int, int]()
    said = Said(5, Chat(-100, "supergroup", 3), User(7, "Anna"), 1, text="hello")
    for _ in range(5):
        assert await in_turn(ear, [said], tries) == 5  # type: ignore[arg-type]
    ear.well = True
    assert (await in_turn(ear, [said], tries), ear.given_up) == (None, 1)  # type: ignore[arg-type]


def a_line(seq: int, kind: Kind, text: str, **known: object) -> MessageView:
    status = Status.SENT if kind in (Kind.ANSWER, Kind.FACT, Kind.PERSON) else Status.RECEIVED
    body = {"kind": "text", "text": text}
    line = MessageView(seq, seq, seq, kind, status, body, text, None, None, None, None, "Li", None, NOW, None)
    return replace(line, **known)  # type: ignore[arg-type]


def test_what_has_no_words_is_named() -> None:
    def told(body: dict[str, object], text: str = "") -> str:
        line = a_line(1, Kind.SHOPPER, text, body=body)
        return parts_of([line], card="", written_here="", language="en", happening=lambda _body, _by: "")[0].html

    assert told({"kind": "other", "what": "voice"}, "[voice]") == "👤 [a recording]"
    assert told({"kind": "photo", "text": "", "file": "x"}) == "👤 [a picture, which is on its way]"
    assert told({"kind": "photo", "text": "my cup", "file": "x"}, "my cup") == "👤 my cup"
    assert told({"kind": "other", "what": "photo"}, "") == "👤 [a picture]"
    assert told({"kind": "edited", "text": "size L"}, "size L") == "👤✏️ size L"
    assert told({"kind": "press", "label": "Pay <now>"}, "Pay <now>") == "👤 Pay &lt;now&gt;"


def test_a_command_that_a_shopper_wrote_is_none_for_an_agent_to_tap() -> None:
    line = a_line(1, Kind.SHOPPER, "please tap /close or (/refund) of https://x.cn/take 1/2")
    (part,) = parts_of([line], card="", written_here="", language="en", happening=lambda _body, _by: "")
    text, _entities = parse_html(part.html)
    assert text.replace("\u2060", "") == "👤 please tap /close or (/refund) of https://x.cn/take 1/2"
    assert [one["type"] for one in finished(text, [])[1]] == ["url"]
    card = SimpleNamespace(title="Shopper 1", facts=[("Last search", "/close")], link="https://x.cn")
    assert "/close" not in card_html(cast("Card", card), language="en")


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=3000)
words |= st.integers(300, 1800).map("🫖".__mul__) | st.sampled_from(["<b>", "5 < 6 & 7", "&lt;", "</code>"])
kinds = st.sampled_from([Kind.SHOPPER, Kind.PERSON, Kind.NOTE, Kind.FACT])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(kinds, words, st.booleans()), max_size=8), st.text(max_size=500))
def test_whatever_was_said_fits_into_what_telegram_takes_and_all_of_it_is_told(
    said: list[tuple[Kind, str, bool]], card: str
) -> None:
    lines = [
        a_line(seq, kind, text, **({"body": {"kind": "photo", "digest": "ab", "text": text}} if photo else {}))
        for seq, (kind, text, photo) in enumerate(said, 1)
    ]
    parts = parts_of(lines, card=escape(card), written_here="", language="en", happening=lambda body, by: "x")
    read = [parse_html(part.html)[0] for part in parts]
    assert all(units(text) <= (1024 if part.photo else 4096) for text, part in zip(read, parts, strict=True))
    assert [line.seq for part in parts for line in part.tells] == ([line.seq for line in lines] if parts else [])
    for _kind, text, _photo in said:
        for start in range(0, len(untappable(text)), 1800):
            assert any(untappable(text)[start : start + 1800] in one for one in read)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=20), words), max_size=10), st.sampled_from(["zh", "en"]))
def test_a_card_fits_whatever_stands_on_it(facts: list[tuple[str, str]], language: str) -> None:
    card = cast("Card", SimpleNamespace(title="Shopper 7 · telegram", facts=facts, link="https://shop.test/c"))
    text_of(Params({"text": card_html(card, language=language, is_cut=True), "parse_mode": "HTML"}))
