"""What leaves for a shopper in Telegram, over HTTP to a fake of it: sent, edited, refused, and sent again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select, update

from bot.channels.telegram import Telegram
from bot.delivery import Delivery
from bot.replies import Button, Card, Cards, Cart, Choice, Reply, Row, Text, plain, to_json
from bot.replies import Media as Photo
from bot.shop import Shop
from bot.telegram.budget import Budget, Limit, Limits
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import Rejected
from bot.telegram.model import TelegramFile
from bot.telegram.pictures import Pictures
from bot.telegram.screens import Screen
from bot.telegram.typing import SOON, typing
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Media, Picture, Product
from commerce.payments.actions import Till
from conversations.delivery import claim
from conversations.hear import Incoming, hear, open_conversation
from conversations.model import Conversation, Kind, Message
from conversations.ownership import agent_edits, agent_says
from conversations.say import revise
from conversations.turns import Reply as Said
from conversations.turns import close_turn, lock_for_turn
from foundation.database import Database
from foundation.errors import Json
from foundation.redis import Doorbell
from tests.talks import LI, Talk
from tests.telegram_server import Bot, FakeTelegram, Person, a_picture, telegram_server
from tests.telegram_server.params import Params
from tests.telegram_server.people import Chat

TOKEN = "111:shop"


@dataclass
class Door:
    """A shopper's chat with the shop on both sides: what they see, and what the shop says."""

    database: Database
    fake: FakeTelegram
    bot: Bot
    anna: Person
    chat: Chat
    telegram: Telegram
    folder: MediaFolder
    delivery: Delivery
    talk: Talk
    clock: "Clock"
    heard: int = 0
    message_id: int = 1

    async def says(self, *replies: Reply, pressed: int | None = None, kind: Kind = Kind.ANSWER) -> None:
        """The shopper says something, or presses a button of the message with this id; the bot answers."""
        await self.hears(pressed=pressed)
        await self.answers(*replies, kind=kind)
        await self.delivery.deliver(self.talk.id, "telegram")

    async def hears(self, *, pressed: int | None = None) -> None:
        self.heard += 1
        body: dict[str, Json] = {"kind": "text", "text": "x", "message_id": self.message_id}
        if pressed is not None:
            body = {"kind": "press", "token": "t", "text": "x", "message_id": pressed}
        incoming = Incoming("telegram", self.talk.chat, f"u{self.heard}", body, "x")
        assert await hear(self.database, incoming, now=self.clock.now) is not None

    async def answers(self, *replies: Reply, kind: Kind = Kind.ANSWER) -> None:
        async with self.database.begin() as session:
            locked = await lock_for_turn(session, self.talk.id, now=self.clock.now)
            assert locked is not None
            await close_turn(
                session,
                locked,
                replies=[Said(kind, to_json(reply), plain(reply)) for reply in replies],
                frames=[],
                focus={},
                language="en",
                handled_seq=locked.last_read,
                now=self.clock.now,
            )

    async def later(self, seconds: float = 0.0) -> None:
        """The sweeps run, by a clock that has moved."""
        self.clock.now += timedelta(seconds=seconds)
        await self.delivery.sweep(fresh=True)
        await self.delivery.finish()

    @property
    def shown(self) -> list[str]:
        """What stands in the chat."""
        return [seen.text for seen in self.chat.messages if seen.is_from_bot]

    async def statuses(self) -> list[str]:
        return [status for text, status in await self.talk.statuses() if text != "x"]


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram_server() as fake:
        yield fake


@pytest.fixture
async def door(fake: FakeTelegram, database: Database, now: datetime, tmp_path: Path) -> AsyncIterator[Door]:
    """Anna has opened the bot's chat; what the shop says leaves through the real channel."""
    bot, anna = fake.add_bot(TOKEN, "tea_bot"), fake.person("Anna", language_code="en")
    chat = anna.open(bot)
    await chat.start()
    async with database.begin() as session:
        its = await open_conversation(
            session, channel="telegram", chat=str(anna.id), customer_id=1, language="en", now=now
        )
    clock = Clock(now)
    telegram = Telegram(TOKEN, url=fake.url, budget=free())
    folder = MediaFolder(tmp_path)
    pictures = Pictures(database, folder, telegram.id)
    till = Till(database=database, providers={}, base_url="http://shop.test", now=clock)
    channel = TelegramChannel(telegram, till, pictures)
    delivery = Delivery(database, {"telegram": channel}, Doorbell(None), clock=clock)
    talk = Talk(database, its, now, "telegram", str(anna.id))
    yield Door(database, fake, bot, anna, chat, telegram, folder, delivery, talk, clock)
    await telegram.close()


def free() -> Budget:
    """A budget that nothing here comes near."""
    wide = Limit(1000, 1.0)
    return Budget(None, "111", limits=Limits(wide, wide, wide))


def cart(total: str) -> Cart:
    return Cart("Your cart", (), Row("Total", total), (Button("Check out", "c"),), replaces="cart")


# Sending


async def test_answers_arrive_in_order_with_their_buttons_and_keep_what_telegram_calls_them(door: Door) -> None:
    await door.says(Text("<3 & you"), Choice("Which?", (Button("Green", "g"), Button("White", "w"))))
    assert door.shown == ["<3 & you", "Which?"]
    assert door.chat.last.buttons == ["Green", "White"]
    async with door.database.session() as session:
        kept = (await session.scalars(select(Message.external_id).where(Message.kind == "answer"))).all()
    assert kept == [str(seen.id) for seen in door.chat.messages if seen.is_from_bot]
    assert await door.statuses() == ["sent", "sent"]


async def test_a_shopper_who_blocked_the_bot_is_noted_and_the_message_fails(door: Door) -> None:
    await door.chat.block()
    await door.says(Text("hello"))
    assert await door.statuses() == ["failed"]
    assert (await door.talk.row()).unreachable_at == door.clock.now


async def test_a_limit_is_obeyed_for_as_long_as_telegram_says_and_waiting_is_no_try(door: Door) -> None:
    for _round in range(7):  # more often than a message is tried
        door.fake.faults.flood(30, "sendMessage")
        if _round == 0:
            await door.says(Text("patience"))
        else:
            await door.later(30)
        assert await door.statuses() == ["queued"]
        door.telegram.budget = free()  # the old one holds this chat for 30 real seconds
    calls = len(door.fake.called("sendMessage"))
    await door.later(29)
    assert len(door.fake.called("sendMessage")) == calls == 7
    door.fake.faults.clear()
    await door.later(1)
    assert door.shown == ["patience"]


async def test_a_held_chat_is_not_even_asked_and_holds_up_nobody_else(door: Door) -> None:
    ben = door.fake.person("Ben")
    await ben.open(door.bot).start()
    await door.telegram.budget.hold(door.anna.id, 30)
    await door.says(Text("patience"))
    assert (door.fake.called("sendMessage"), await door.statuses()) == ([], ["queued"])
    await door.telegram.send_screen(ben.id, Screen("hi"))
    assert ben.open(door.bot).last.text == "hi"


async def test_what_certainly_did_not_arrive_is_sent_again_whatever_it_is(door: Door) -> None:
    door.fake.faults.error("sendMessage")
    await door.says(Text("paid"), kind=Kind.FACT)
    assert (door.shown, await door.statuses()) == ([], ["queued"])
    await door.later(2)
    assert (door.shown, await door.statuses()) == (["paid"], ["sent"])


@pytest.mark.parametrize(("kind", "after", "shown"), [(Kind.ANSWER, "sent", 2), (Kind.FACT, "unknown", 1)])
async def test_an_answer_that_may_have_arrived_is_sent_again_and_a_fact_is_not(
    door: Door, kind: Kind, after: str, shown: int
) -> None:
    door.fake.faults.lost("sendMessage")  # it arrived, and we were not told
    await door.says(Text("hello"), kind=kind)
    await door.later(2)
    assert await door.statuses() == [after]
    assert door.shown == ["hello"] * shown


async def test_words_go_as_they_are_where_telegram_cannot_read_our_markup(door: Door) -> None:
    sent = await door.telegram.send_screen(door.anna.id, Screen("<b>5 &lt; 6</b> <oops> & more"))
    assert [one.error.partition(":")[0] for one in door.fake.called("sendMessage")] == ["Bad Request", ""]
    assert (door.chat.last.id, door.shown, door.chat.last.entities) == (sent.message_ids[0], ["5 < 6  & more"], [])
    with pytest.raises(Rejected):
        await door.telegram.send_screen(door.anna.id, Screen(" "))


async def test_who_waits_for_more_than_a_moment_sees_that_somebody_writes(door: Door) -> None:
    shown: list[asyncio.Task[None]] = []
    shop = cast(
        Shop,
        SimpleNamespace(telegram=door.telegram, soon=lambda work: shown.append(asyncio.create_task(work))),
    )
    with typing(shop, door.anna.id):
        assert shown == []
        await asyncio.sleep(SOON + 0.1)
    with typing(shop, door.anna.id):  # an answer that comes at once
        pass
    await asyncio.sleep(SOON + 0.1)
    await asyncio.gather(*shown)
    assert [call.params["action"] for call in door.fake.called("sendChatAction")] == ["typing"]


async def test_a_long_text_goes_on_where_it_stopped(door: Door) -> None:
    long = "\n".join(f"line {n}: " + "leaf " * 100 for n in range(20))
    await door.hears()
    await door.answers(Text(long))
    await door.delivery.deliver(door.talk.id, "telegram")
    assert len(door.shown) == 3
    assert "".join("".join(door.shown).split()) == "".join(long.split())
    await door.hears()
    await door.answers(Text(long))
    claimed = await claim(door.database, door.talk.id, now=door.clock.now)
    assert claimed is not None
    async with door.database.begin() as session:  # one of three parts had left when we were told to wait
        await session.execute(
            update(Message).where(Message.id == claimed.id).values(external_id="77", status="queued", lease_until=None)
        )
    await door.later()
    assert len(door.shown) == 5


async def test_who_is_asked_for_an_address_may_share_their_number_by_a_touch(door: Door) -> None:
    await door.says(Text("Your address, please", wants="contact"))
    assert door.chat.keys == ["Share my phone number", "Send where I am"]
    await door.says(Text("Your address once more, please", wants="contact"))
    assert door.chat.keys == ["Share my phone number", "Send where I am"]
    await door.says(Choice("How do you pay?", (Button("Cash", "c"),)))  # they typed it, and the keys go away
    assert door.chat.keys == []
    assert door.shown == ["Your address, please", "Your address once more, please", "How do you pay?"]
    await door.says(Text("Your phone, please", wants="contact"))
    await door.says(Text("Thanks"))
    assert (door.chat.keys, door.chat.last.text) == ([], "Thanks")
    assert len(door.fake.called("deleteMessage")) == 1


# Edits


async def test_a_press_edits_the_message_it_stands_on_and_words_send_a_new_one(door: Door) -> None:
    await door.says(cart("¥10"))
    first = door.chat.last.id
    await door.says(cart("¥20"), pressed=first)
    assert [(seen.id, "¥20" in seen.text, seen.is_edited) for seen in door.chat.messages if seen.is_from_bot] == [
        (first, True, True)
    ]
    await door.says(cart("¥20"), pressed=first)  # not modified is a success
    assert len(door.shown) == 1
    await door.says(cart("¥30"))
    assert len(door.shown) == 2
    await door.says(Text("Thanks"), pressed=first)
    await door.says(Cards("Teas", (), (), replaces="list:1"), pressed=first)  # a cart's place is none of a list
    assert door.shown[2:] == ["Thanks", "Teas"]
    assert await door.statuses() == ["sent"] * 6
    async with door.database.session() as session:
        owners = select(Message.text).where(Message.external_id == str(first), Message.kind == "answer")
        assert len((await session.scalars(owners)).all()) == 1  # who stood there before stands nowhere now


async def test_a_message_that_is_gone_or_cannot_become_the_other_is_sent_anew(door: Door) -> None:
    await door.says(cart("¥10"))
    first = door.chat.last.id
    await door.telegram.delete_message(door.anna.id, first)
    await door.says(cart("¥20"), pressed=first)
    assert [text for text in door.shown if "¥20" in text] == [door.chat.last.text]
    assert len(door.shown) == 1


async def test_a_live_card_is_edited_where_it_stands_and_an_edit_is_never_lost(door: Door) -> None:
    live = "group:1:1"

    async def changes(title: str) -> None:
        async with door.database.begin() as session:
            seq = await session.scalar(select(Message.seq).where(Message.kind == "answer"))
            card = Card(title, live=live)
            assert await revise(
                session,
                conversation_id=door.talk.id,
                seq=seq or 0,
                live=live,
                body=to_json(card),
                text=plain(card),
                now=door.clock.now,
            )

    await door.hears()
    await door.answers(Card("1 of 3", live=live))
    await changes("1 of 3 ")  # not sent yet: nothing to edit
    await door.later()
    assert (door.shown, len(door.fake.called("editMessageText"))) == (["1 of 3"], 0)
    await changes("2 of 3")
    door.fake.faults.reset("editMessageText")
    await door.later()
    assert door.shown == ["1 of 3"]
    await changes("3 of 3")  # while the failed one waits
    await door.later(9)
    assert door.shown == ["1 of 3"]
    await door.later(1)
    assert door.shown == ["3 of 3"]
    await door.later(120)
    assert len(door.fake.called("editMessageText")) == 1
    door.fake.faults.flood(20, "editMessageText")
    await changes("3 of 3, sent")
    await door.later()
    door.telegram.budget = free()
    await door.later(19)
    assert door.shown == ["3 of 3"]
    await door.later(1)
    assert door.shown == ["3 of 3, sent"]


async def test_what_a_person_says_stands_under_their_name_and_can_be_put_differently(door: Door) -> None:
    await door.talk.agent("One momnt", client_msg_id="k")
    await door.later()
    async with door.database.begin() as session:
        await agent_edits(
            session, conversation_id=door.talk.id, agent=LI, client_msg_id="k", text="One moment", now=door.clock.now
        )
    assert door.shown == ["Li Lei:\nOne momnt"]
    await door.later()
    assert door.shown == ["Li Lei:\nOne moment"]


async def test_what_a_person_says_can_be_put_differently_also_where_it_took_the_keys_away(door: Door) -> None:
    await door.says(Text("Your address, please", wants="contact"))
    await door.talk.agent("I need no adress", client_msg_id="k")
    await door.later()
    assert (door.chat.keys, door.shown) == ([], ["Your address, please", "Li Lei:\nI need no adress"])
    async with door.database.begin() as session:
        await agent_edits(
            session, conversation_id=door.talk.id, agent=LI, client_msg_id="k", text="I have it", now=door.clock.now
        )
    await door.later()
    assert door.shown == ["Your address, please", "Li Lei:\nI have it"]


async def test_a_photo_whose_words_come_without_one_gives_its_place_to_a_new_message(
    door: Door, on_sale: list[int]
) -> None:
    await door.says(Card("With a picture", picture=on_sale[0], replaces="card"))
    first = door.chat.last.id
    await door.says(Card("Without", replaces="card"), pressed=first)
    assert door.shown == ["Without"]
    await door.says(Card("With one again", picture=on_sale[0], replaces="card"), pressed=door.chat.last.id)
    assert [(seen.text, seen.is_edited) for seen in door.chat.messages if seen.is_from_bot] == [
        ("With one again", True)
    ]


# Pictures


@pytest.fixture
async def on_sale(door: Door) -> list[int]:
    """The media ids of two pictures of a product that is on sale, and of one that is not."""
    made: list[int] = []
    async with door.database.begin() as session:
        for handle, published, colours in (("tea", door.clock.now, ("#4a7c59", "white")), ("draft", None, ("black",))):
            at = door.clock.now
            product = Product(handle=handle, created_at=at, updated_at=at, published_at=published)
            session.add(product)
            await session.flush()
            for colour in colours:
                kept = door.folder.keep(a_picture(colour))
                media = Media(digest=kept.digest, mime=kept.mime, width=kept.width, height=kept.height)
                session.add(media)
                await session.flush()
                session.add(Picture(product_id=product.id, media_id=media.id))
                made.append(media.id)
    return made


async def test_a_picture_is_uploaded_once_and_again_when_telegram_has_forgotten_it(
    door: Door, on_sale: list[int]
) -> None:
    for caption in ("Tea", "Tea again"):
        await door.says(Photo(on_sale[0], caption))
    sent = door.fake.called("sendPhoto")
    assert [call.params["photo"][:9] == "attach://" for call in sent] == [True, False]
    assert [type(call.params["chat_id"]) for call in sent] == [str, int]  # a form for the file, then JSON
    (file_id,) = {call.result["photo"][-1]["file_id"] for call in sent}
    begun_since = Pictures(door.database, door.folder, door.telegram.id)
    found = await begun_since.find(on_sale)
    assert [(picture, isinstance(found[picture], bytes)) for picture in found] == [(1, False), (2, True)]
    assert found[on_sale[0]] == file_id
    async with door.database.begin() as session:
        assert len((await session.scalars(select(TelegramFile))).all()) == 1
    door.fake.files.clear()
    await door.says(Photo(on_sale[0], "Once more"))
    assert [bool(call.error) for call in door.fake.called("sendPhoto")] == [False, False, True, False]
    assert door.shown == ["Tea", "Tea again", "Once more"]
    assert door.chat.last.photo


async def test_a_product_with_several_pictures_is_an_album_and_its_words_and_drafts_are_nobodys_business(
    door: Door, on_sale: list[int]
) -> None:
    await door.says(Card("Tea", "Spring", pictures=tuple(on_sale), buttons=(Button("Add", "a"),)))
    seen = [seen for seen in door.chat.messages if seen.is_from_bot]
    assert [(one.text, one.photo is not None, one.buttons) for one in seen] == [
        ("", True, []),
        ("", True, []),
        ("Tea\n\nSpring", False, ["Add"]),
    ]
    async with door.database.session() as session:
        external = await session.scalar(select(Message.external_id).where(Message.kind == "answer"))
    assert external == f"{seen[0].id}+{seen[1].id},{seen[2].id}"
    await door.says(Photo(on_sale[2], "A draft"))
    assert (door.chat.last.text, door.chat.last.photo) == ("A draft", None)


async def test_a_list_shows_its_pictures_on_one_sheet_which_is_drawn_once(door: Door, on_sale: list[int]) -> None:
    listed = Cards("Teas", tuple(Card(f"Tea {media}", picture=media) for media in on_sale), replaces="list:1")
    await door.says(listed)
    assert door.chat.last.photo
    first = door.chat.last.id
    await door.says(Cards("More", (Card("Tea", picture=on_sale[0]),), replaces="list:1"), pressed=first)
    assert (door.shown, door.chat.last.id) == (["More\n\n1. Tea"], first)
    await door.says(listed, pressed=first)
    uploads = [Params(call.params).json("media")["media"] for call in door.fake.called("editMessageMedia")]
    assert [upload[:9] == "attach://" for upload in uploads] == [True, False]
    async with door.database.session() as session:
        names = (await session.scalars(select(TelegramFile.name))).all()
    assert sorted(len(name) for name in names) == [59, 64]  # a sheet of two pictures and a draft; a picture
    door.fake.files.clear()  # Telegram has forgotten the sheet
    await door.says(Cards("Teas again", listed.cards, replaces="list:1"), pressed=first)
    assert door.shown == ["Teas again\n\n1. Tea 1\n2. Tea 2\n3. Tea 3"]
    assert door.chat.last.id == first


async def test_a_picture_that_telegram_does_not_take_is_left_out(door: Door, on_sale: list[int]) -> None:
    door.folder.file(door.folder.keep(a_picture("#4a7c59")).digest).write_bytes(b"broken")
    await door.says(Photo(on_sale[0], "Tea"))
    assert (door.shown, await door.statuses()) == (["Tea"], ["sent"])


async def test_a_photo_of_a_person_arrives_with_their_words(door: Door) -> None:
    kept = door.folder.keep(a_picture("red"))
    body = {"kind": "photo", "digest": kept.digest, "mime": kept.mime, "text": "Like this?", "plain": "Like this?"}
    async with door.database.begin() as session:
        await agent_says(
            session,
            conversation_id=door.talk.id,
            agent=LI,
            body=body,
            text="Like this?",
            client_msg_id="k",
            now=door.clock.now,
        )
    await door.later()
    assert (door.chat.last.text, bool(door.chat.last.photo)) == ("Li Lei:\nLike this?", True)


# Groups


async def test_in_a_group_an_answer_replies_to_who_asked_and_follows_the_group_where_it_moves(
    door: Door,
) -> None:
    group = door.fake.group("Friends", [door.anna], door.bot)
    async with door.database.begin() as session:
        chat = f"{group.id}:{door.anna.id}"
        await session.execute(update(Conversation).values(chat=chat, in_group=True))
    door.talk.chat = chat
    asked = await door.anna.open(group).say("tea?")
    door.message_id = asked.id
    await door.says(Text("Longjing"))
    last = door.anna.open(group).last
    assert (last.text, last.body["reply_to_message"]["message_id"]) == ("Longjing", asked.id)
    await door.says(cart("¥10"))
    pressed = door.anna.open(group).last.id
    moved = door.fake.migrate(group)
    door.message_id = 0
    await door.says(cart("¥20"), pressed=pressed)
    assert door.anna.open(moved).last.text == "Your cart\n\nTotal: ¥20"
    assert (await door.talk.row()).chat == f"{moved.id}:{door.anna.id}"
