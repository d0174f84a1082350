"""The staff answers in Telegram: topics that follow conversations, answers and commands, the console's own state."""

import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from admin_api import inbox
from admin_api.model import AuditEntry, Role, Staff
from admin_api.roles import StaffMember
from admin_api.talk_views import talk_row
from cli.scratch import Place
from commerce.catalog.media import MediaFolder
from commerce.orders.actions import mark_paid
from commerce.orders.model import RefundAsk
from conversations.erase import erase_talks
from conversations.model import Message, Owner
from conversations.photos import photo_of
from conversations.staff_chats import CodeFor
from foundation.errors import Json
from nlu.understand import Understander
from tests.goods import a_product, an_order
from tests.staff_office import Office, open_office, told
from tests.talks import Talk
from tests.telegram_server import a_picture


@pytest.fixture
async def office(place: Place, understander: Understander) -> AsyncIterator[Office]:
    async with open_office(place, understander) as office:
        yield office


async def person_lines(office: Office, talk: Talk) -> list[str]:
    """What people of the staff said to the shopper."""
    said = select(Message.text).where(Message.conversation_id == talk.id, Message.kind == "person")
    async with office.database.session() as session:
        return list(await session.scalars(said.order_by(Message.seq)))


async def acts(office: Office, staff_id: int) -> list[str]:
    """What the audit log says about a person."""
    found = select(AuditEntry.action).where(AuditEntry.staff_id == staff_id).order_by(AuditEntry.id)
    async with office.database.session() as session:
        return list(await session.scalars(found))


def member(staff_id: int, name: str, role: Role = Role.AGENT) -> StaffMember:
    """Somebody as the console knows them."""
    return StaffMember(staff_id, name, name.title(), role, "en")


async def test_codes_of_the_console_link_accounts_and_groups_and_what_is_missing_is_said(office: Office) -> None:
    boss_id, agent_id = await office.hire("boss", "administrator"), await office.hire("mei", "agent", "zh")
    boss, mei = office.fake.person("Boss"), office.fake.person("Mei", language_code="zh-hans")
    plain = office.fake.group("Plain", [boss], office.bot, kind="supergroup", admins=[office.bot])
    bare = office.fake.group("Bare", [boss], office.bot, forum=True, denied=["can_manage_topics"], admins=[office.bot])
    group = office.fake.group("Desk", [boss, mei], office.bot, forum=True, admins=[office.bot])
    code, mine = await office.code(boss_id, CodeFor.GROUP), await office.code(agent_id, CodeFor.PERSON)
    office.fake.faults.flood(1, "setMyCommands")  # nobody waits for menus
    async with office.run():
        alone = mei.open(office.bot)
        await alone.start()
        assert "工作台" in (await alone.hears("/link")).text
        await alone.say("/link 2222-3333")
        await alone.hears("绑定码无效或已过期")
        await alone.say(f"/link {mine.lower()}")
        await alone.hears("已绑定，您是Mei。")
        await alone.say("/link 4444-5555")
        assert (await alone.hears("绑定码无效")).text.endswith("已绑定，您是Mei。")
        other = boss.open(office.bot)
        await other.say(f"/link {mine}")
        await other.hears("This code is not good (any more).")
        for place, answer in (
            (plain, "Topics are off in this group."),
            (bare, "I may not manage topics here."),
            (group, "This group is linked."),
            (group, "This code is not good (any more)."),
        ):
            chat = boss.open(place)
            await chat.say(f"/desk@desk_bot {code}")
            await chat.hears(answer)
        in_general = boss.open(group)
        await in_general.say("/take")
        await in_general.hears("This topic is no conversation")
        await in_general.say("/desk")
        await in_general.hears("say /desk CODE there")
        everybody = json.dumps({"type": "all_group_chats"})
        await office.until(lambda: (everybody, "zh") in office.bot.commands)
    assert await acts(office, agent_id) == ["telegram.linked"]
    assert await acts(office, boss_id) == ["telegram.group_linked"]
    shown = office.bot.commands[everybody, "zh"]
    assert {one["command"]: one["description"] for one in shown}["take"] == "接入会话"


async def test_who_answers_in_the_topic_has_the_conversation_and_a_second_one_is_told_who(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    ben_id, ben = await office.colleague("ben")
    group = await office.new_group("Desk", anna, ben, linked_by=anna_id)
    known: dict[str, Json] = {"at_work": ["change_address"], "order": "A17", "cart": 2, "search": "tea"}
    talk = await office.shopper("hello", "is <b>anybody</b> & there?", **known)
    understood = {"intent": "order_status", "confidence": 0.917, "entities": ["order_number"]}
    asked = {"intent": "ask_human", "confidence": 1.0}  # which is why there is a card at all
    async with office.database.begin() as session:
        for text, trace in (("hello", understood), ("is <b>", asked)):
            said = update(Message).where(Message.conversation_id == talk.id, Message.text.startswith(text))
            await session.execute(said.values(trace=trace))
    async with office.run():
        topic = await office.topic(group)
        assert topic.name == "Shopper 1 · web · English"
        hers, his = anna.open(group, topic=topic.id), ben.open(group, topic=topic.id)
        assert (await hers.hears("Why a person")).text.splitlines() == [
            "🔔 Shopper 1 · web · English",
            "Why a person: the shopper asked",
            "In the middle of: changing an address",
            "Last search: tea",
            "Pieces in the cart: 2",
            "Last order: A17",
            "Understood: asking about an order · 92 %",
            "Open in the console",
            "",
            "👤 hello",
            "is <b>anybody</b> & there?",
            "— The shopper asked for a person —",
        ]
        await hers.say("Hi, I am Anna")
        await hers.hears("— Anna took the conversation over —")
        assert ((await talk.row()).owner, (await talk.row()).assignee_id) == (Owner.HUMAN, anna_id)
        await his.say("Hi, I am Ben")
        await his.hears("Anna already holds this conversation.")
        await his.say("/nonsense")
        await his.hears("There is no command /nonsense")

        # Lines that come within a moment are one message; notes stay with the staff; Anna's own words stand there.
        await office.says(talk, "one", "two", "three")
        await hers.hears("👤 one\ntwo\nthree")
        await hers.say("/note wants it today")
        await hers.say("/release queue call back at 5")
        card = await hers.hears("Note of the colleague before: call back at 5")
        assert "— Anna put the conversation back into the queue —" in card.text
        await his.say("/take")
        await his.hears("— Ben took the conversation over —")
        await his.say("/release thanks")
        await his.hears("— Ben gave the conversation back to the bot —")
        await office.until(lambda: topic.closed)
        assert (await talk.row()).note_for_bot == "thanks"

        # With the bot it is quiet here; when it waits again the same topic opens with a new card.
        await office.says(talk, "and now?")
        await talk.bot("I am the bot")
        await office.deliver(talk)
        await office.call_person(talk, cart=3)
        again = await his.hears("Pieces in the cart: 3")
        assert again.text.endswith("👤 and now?\n🤖 I am the bot\n— The shopper asked for a person —")
        assert (len(group.topics), topic.closed) == (1, False)
        await his.say("/close")
        await office.until(lambda: topic.closed)
        await his.say("still there?")
        await his.hears("This conversation is closed; it opens again when the shopper writes.\nNothing was sent")
    assert await person_lines(office, talk) == ["Hi, I am Anna"]
    assert (await acts(office, anna_id))[2:] == ["conversation.answered", "conversation.noted", "conversation.released"]
    assert (await acts(office, ben_id))[1:] == ["conversation.taken", "conversation.released", "conversation.closed"]
    assert told(anna.open(group, topic=1)) == []


async def test_console_and_topic_show_the_same_state_both_ways(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator", language="zh")
    li_id = await office.hire("li")
    group = await office.new_group("客服群", anna, linked_by=anna_id)
    talk = await office.shopper("在吗", language="zh")
    li = member(li_id, "li")
    async with office.run():
        topic = await office.topic(group)
        assert topic.name == "顾客 1 · 网页 · 中文"
        chat = anna.open(group, topic=topic.id)
        await chat.hears("转人工原因：顾客要求")
        await inbox.take(office.console, li, conversation_id=talk.id)
        await chat.hears("— Li 接入了会话 —")
        await chat.say("我来")
        await chat.hears("Li 已经在接待这个会话。")
        await inbox.reply(office.console, li, conversation_id=talk.id, text="您好", client_msg_id="1")
        await chat.hears("💬 Li：您好")
        await inbox.write_note(office.console, li, conversation_id=talk.id, text="老顾客", client_msg_id="2")
        await chat.hears("📝 Li：老顾客")
        await inbox.close(office.console, li, conversation_id=talk.id)
        await chat.hears("— Li 结束了会话 —")
        await office.until(lambda: topic.closed)
        # The other way round: what happens in the topic is what the console reads.
        await talk.shopper("还有")
        await talk.bot("我是机器人")
        await office.call_person(talk)
        await office.until(lambda: not topic.closed)
        await chat.say("/take")
        await chat.hears("— Anna 接入了会话 —")
        boss = member(anna_id, "anna", Role.ADMINISTRATOR)
        async with office.database.begin() as session:
            row = await talk_row(session, staff=boss, conversation_id=talk.id)
        assert (row.owner, row.holder and row.holder.name, row.is_mine) == (Owner.HUMAN, "Anna", True)


async def test_refunds_stay_within_the_limit_and_above_it_the_topic_says_who_may(office: Office) -> None:
    anna_id, anna = await office.colleague("anna")
    boss_id, _boss = await office.colleague("boss", "administrator")
    group = await office.new_group("Desk", anna, linked_by=boss_id)
    talk, stranger = await office.shopper("broken"), await office.shopper("other", waits=False)
    shop, now = office.shop, office.shop.now()
    async with office.database.begin() as session:
        tea = await a_product(session, now=now, price=30000)
    orders = []
    for of in (talk, stranger):
        customer_id = (await of.row()).customer_id
        order = await an_order(office.database, shop.holds, {tea: 2}, now=now, customer_id=customer_id)
        async with office.database.begin() as session:
            await mark_paid(session, order_id=order.id, proof="slip", now=now)
        orders.append(order)
    async with office.run():
        topic = await office.topic(group)
        chat = anna.open(group, topic=topic.id)
        assert f"Order: {orders[0].number}" in (await chat.hears("Order:")).text
        await chat.say("/refund")
        await chat.hears("Say how much")
        await chat.say("/refund much")
        await chat.hears("This is no amount of money")
        await chat.say(f"/refund 20 {orders[1].number}")
        await chat.hears(f"This shopper has no order {orders[1].number}.")
        office.fake.faults.duplicates = 1.0
        await chat.say(f"/refund 150 {orders[0].number} cup broken")
        await chat.hears(f"CN¥150.00 of order {orders[0].number} goes back to the shopper.")
        office.fake.faults.clear()
        await chat.say("/refund 100")
        above = await chat.hears("waits for: Boss.")
        assert "Your limit for one order is CN¥200.00." in above.text
    async with office.database.session() as session:
        asked = await session.execute(select(RefundAsk.amount, RefundAsk.state, RefundAsk.reason))
        assert [(amount, str(state), reason) for amount, state, reason in asked] == [
            (15000, "given", "cup broken"),
            (10000, "waiting", "Telegram"),
        ]
    assert (await acts(office, anna_id))[1:] == ["order.refunded", "order.refund_asked"]


async def test_a_deleted_topic_comes_back_with_its_summary_and_nothing_falls_into_general(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    group = await office.new_group("Desk", anna, linked_by=anna_id)
    talk = await office.shopper(*(f"old {n}" for n in range(20)), "first words", order="A17")
    async with office.run():
        first = await office.topic(group)
        old = await anna.open(group, topic=first.id).hears("first words")
        assert "… what was said before is in the console\n👤 old 7\nold 8\n" in old.text
        office.fake.delete_topic(group, first.id)
        await office.says(talk, "second words")
        await office.until(lambda: len(group.topics) == 1)
        (second,) = group.topics.values()
        chat = anna.open(group, topic=second.id)
        assert second.id != first.id
        assert "\nfirst words\n— The shopper asked" in (await chat.hears("second words")).text
        await chat.say("here")
        await chat.hears("Anna took the conversation over")
        # Without the right to manage topics nothing is lost: it is told once the right is there again.
        group.denied.add("can_manage_topics")
        await office.shopper("third words")
        await office.eventually(office.troubles, ["no_rights"])
        group.denied.clear()
        third = await office.topic(group, 2)
        await anna.open(group, topic=third.id).hears("third words")
        assert await office.troubles() == [None]
        assert await person_lines(office, talk) == ["here"]
        # Who is erased has no topic any more.
        async with office.database.begin() as session:
            await erase_talks(session, customer_id=(await talk.row()).customer_id)
        await office.ring()
        await office.until(lambda: list(group.topics) == [third.id])
    assert told(anna.open(group, topic=1)) == []


async def test_pictures_go_both_ways_through_our_store_and_edits_reach_the_shopper(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    group = await office.new_group("Desk", anna, linked_by=anna_id)
    folder = MediaFolder.of(office.shop.settings.data_dir)
    sent = folder.keep(a_picture("#aa0000"))
    talk = await office.shopper("look at this")
    async with office.run():
        topic = await office.topic(group)
        chat = anna.open(group, topic=topic.id)
        await chat.hears("look at this")
        await office.photo(talk, sent, "broken < here")
        shown = await chat.hears("👤 broken < here")
        assert shown.photo == folder.file(sent.digest).read_bytes()
        # One that a platform still keeps is told as such, and posted when it has come.
        late = folder.keep(a_picture("#123456"))
        await office.photo(talk, late, "", is_here=False)
        await chat.hears("👤 [a picture, which is on its way]")
        await office.photo_comes(talk, late)
        await office.until(lambda: folder.file(late.digest).read_bytes() in [one.photo for one in chat.messages])
        await chat.send_file("document", a_picture("#00aa00"), "杯 1.png", "like this one?")
        await chat.hears("Anna took")
        words = await chat.say("it costs 5")
        await chat.edit(words, "it costs 6")
        office.fake.faults.error("getFile", 3)
        await chat.send_photo(a_picture("#0000aa"), "lost")
        await chat.hears("this was not sent. Please send it again.")
        office.bot.updates.push("message", {"message_id": 1}, group.id)  # nobody can read that; it holds up nothing
        await chat.send_file("voice", b"OggS")
        await chat.hears("Only words and pictures can be sent")
        await chat.send_file("document", b"%PDF-1.7", "cup.jpg")
        await chat.hears("This file is no picture that can be read")
        await chat.send_photo(a_picture("#0000aa"), "/release it is in the picture")
        await chat.hears("A command takes words only, so nothing was done or sent.")
        # A command below one picture of an album holds for all of them, and is told once.
        before = len(told(chat))
        await chat.send_album([a_picture("#0000aa"), a_picture("#0000bb"), a_picture("#0000cc")], "/note for us")
        await chat.edit(await chat.say("/ nothing"), "said after all?")
        await chat.hears("Nothing was changed: this is not a message of yours that the shopper got.")
        await chat.say("、close")  # the key of the slash on a Chinese keyboard
        assert [text[:20] for text in told(chat)[before:]] == [
            "A command takes word",
            "There is no command ",
            "Nothing was changed:",
        ]
        await office.until(lambda: topic.closed)
        async with office.database.session() as session:
            photo, line = (
                await session.scalars(
                    select(Message)
                    .where(Message.conversation_id == talk.id, Message.kind == "person")
                    .order_by(Message.seq)
                )
            ).all()
        assert (photo.body["kind"], photo.text) == ("photo", "like this one?")
        async with office.database.session() as session:
            found = await photo_of(session, conversation_id=talk.id, seq=photo.seq)
        assert found is not None
        assert folder.file(found.digest).is_file()
        assert (line.text, line.body["text"], line.rev > line.seq) == ("it costs 6", "it costs 6", True)
    assert await person_lines(office, talk) == ["like this one?", "it costs 6"]


async def test_strangers_and_people_who_left_can_do_nothing_at_once(office: Office) -> None:
    anna_id, anna = await office.colleague("anna", "administrator")
    ben_id, ben = await office.colleague("ben")
    guest = office.fake.person("Guest", language_code="zh-hans")
    group = await office.new_group("Desk", anna, ben, guest, linked_by=anna_id)
    talk = await office.shopper("hello")
    async with office.run():
        topic = await office.topic(group)
        theirs, his = guest.open(group, topic=topic.id), ben.open(group, topic=topic.id)
        await theirs.say("让我来")
        await theirs.hears("没有发送：您的账号还没有绑定")
        await theirs.say("/take")
        await his.say("/take")
        await his.hears("Ben took the conversation over")
        async with office.database.begin() as session:
            await session.execute(update(Staff).where(Staff.id == ben_id).values(active=False))
        await his.say("I am still here")
        await his.hears("Nothing was sent: your account is not linked")
        await his.say("/close")
        await office.says(talk, "anybody?")
        await his.hears("👤 anybody?")
    assert await person_lines(office, talk) == []
    assert (await talk.row()).owner == Owner.HUMAN
    assert len([text for text in told(theirs) if "绑定" in text]) == 1
    assert (await acts(office, ben_id))[1:] == ["conversation.taken"]
