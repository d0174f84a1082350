"""Telegram as a door of the shop: what shoppers see, through the fake Telegram and the real PostgreSQL."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select, text

from bot.telegram.links import deep_link, product_payload, referral_payload
from bot.telegram.photos import fetch_missed
from bot.telegram.polling import take_in
from bot.telegram.values import LARGEST_FILE
from bot.turn import receive
from bot.web.telegram import PATH, SECRET, webhook_secret
from cli.scratch import Place
from commerce.announcements import announce
from commerce.catalog.media import MediaFolder
from commerce.customers.actions import customer_of
from commerce.customers.events import events_of
from conversations.hear import Incoming
from conversations.model import Conversation, Message
from foundation.errors import Json
from nlu.understand import Understander
from tests.telegram_server import Chat, a_picture
from tests.telegram_server.chats import Private
from tests.telegram_shop import TelegramShop, telegram_shop

WELCOME = "Welcome to Xiaoer's shop! What are you looking for?"


async def says(here: TelegramShop, chat: Chat, words: str) -> list[str]:
    """Say it, and wait until all is done. The answers."""
    await chat.say(words)
    await here.rest()
    return [seen.text for seen in chat.answers]


async def presses(here: TelegramShop, chat: Chat, label: str) -> list[str]:
    await chat.press(label)
    await here.rest()
    return [seen.text for seen in chat.answers]


async def test_a_shopper_is_heard(place: Place, demo_shelves: str, understander: Understander) -> None:
    async with telegram_shop(place, understander) as here:
        await _first_words(here)
        await _once_and_in_order(here)
        await _a_press(here)
        await _what_is_no_words(here)
        await _commands(here)
        await _photos(here)


async def _first_words(here: TelegramShop) -> None:
    """The language of the app comes first, the menu is there in both."""
    anna, mei = here.person("Anna", language_code="de"), here.person("美", language_code="zh-hant")
    assert await says(here, anna, "/start") == [WELCOME]
    assert await says(here, mei, "/start") == ["欢迎光临小二的店！想看点什么？"]
    (kept,) = await here.heard(anna.person)
    assert kept.external_id is not None
    assert kept.external_id.isdecimal()
    assert here.bot.commands


async def _once_and_in_order(here: TelegramShop) -> None:
    """Whatever Telegram brings twice is heard once; what is said at once keeps its order and is answered."""
    ben = here.person("Ben")
    here.fake.faults.duplicates = 1.0
    for words in ("hello", "tea", "what can you do?", "thanks"):
        await ben.say(words)
    await here.rest()
    here.fake.faults.clear()
    assert [one.text for one in await here.heard(ben.person)] == ["hello", "tea", "what can you do?", "thanks"]
    answers = [seen.text for seen in ben.messages if seen.is_from_bot]
    assert answers[0] == WELCOME
    assert answers[-1] == "You are welcome!"
    assert answers.count(WELCOME) == answers.count("You are welcome!") == 1


async def _a_press(here: TelegramShop) -> None:
    """The button's clock is stopped before the work; two quick taps are one, kept by its words."""
    carl = here.person("Carl")
    await says(here, carl, "longjing tea")
    before = len(here.fake.calls)
    press, second = await carl.press("1. Details"), await carl.press("1. Details")
    assert await press.answer() == await second.answer() == ""
    await here.rest()
    assert [one.body["kind"] for one in await here.heard(carl.person)].count("press") == 1
    methods = [call.method.lower() for call in here.fake.calls[before:]]
    assert methods[0] == "answercallbackquery"
    assert len(methods) > 1
    kept = (await here.heard(carl.person))[-1]
    assert (kept.text, kept.body["kind"]) == ("1. Details", "press")
    assert "Longjing" in carl.last.text or "Longjing" in carl.answers[0].text


async def _what_is_no_words(here: TelegramShop) -> None:
    """Stickers, voices, files and edits get a sentence that helps; the staff sees what came."""
    dora = here.person("Dora")
    only_words = "I can only read words so far. Tell me in a few words what you need."
    for kind in ("sticker", "voice", "document"):
        await dora.send_file(kind, b"abc")
        await here.rest()
        assert [seen.text for seen in dora.answers] == [only_words]
    said = await dora.say("thanks")
    await here.rest()
    await dora.edit(said, "two thanks")
    await here.rest()
    assert [one.text for one in await here.heard(dora.person)] == [
        *("[sticker]", "[voice]", "[document]", "thanks", "two thanks"),
    ]
    assert dora.last.text.startswith("I have read your message as it was.")
    await dora.share_contact()
    await here.rest()
    assert dora.last.text.startswith("Thank you! I only need your number when you order")


async def _commands(here: TelegramShop) -> None:
    fay = here.person("Fay")
    assert "cart" in (await says(here, fay, "/cart"))[0]
    found = await says(here, fay, "/search gaiwan")
    assert "Gaiwan" in found[0]
    assert "Gaiwan" in (await says(here, fay, "/gaiwan"))[0], "one that we do not know is taken at its word"
    await says(here, fay, "/language")
    assert "购物车" in (await says(here, fay, "/cart"))[0]


async def _photos(here: TelegramShop) -> None:
    """An album is answered once; its pictures lie in the private store, as those of the web chat."""
    eva = here.person("Eva")
    await eva.send_album([a_picture(), a_picture()])
    await here.rest()
    assert [seen.text.split(".")[0] for seen in eva.answers] == [
        "I cannot look at pictures myself, but a colleague can see yours here"
    ]
    kept = await here.heard(eva.person)
    assert [one.body["kind"] for one in kept] == ["photo", "photo"]
    folder = MediaFolder.of(here.shop.settings.data_dir)
    assert all(folder.file(str(one.body["digest"])).is_file() and "file" not in one.body for one in kept)
    # A picture sent as a file is a photo too, whatever its sender calls it, if its bytes are one.
    await eva.send_file("document", a_picture("red"), "杯 1.png", "broken here")
    await here.rest()
    *_, proof = await here.heard(eva.person)
    assert [proof.body[name] for name in ("kind", "text", "mime")] == ["photo", "broken here", "image/jpeg"]
    too_large = bytes(LARGEST_FILE + 1)
    for content, name in ((b"%PDF-1.7", "cup.jpg"), (a_picture("blue"), "cup.heic"), (too_large, "cup.jpg")):
        await eva.send_file("document", content, name)
        await here.rest()
        assert (await here.heard(eva.person))[-1].body["kind"] == "other", name
        assert eva.last.text.startswith("I can only read words so far.")
    await _photos_that_do_not_come(here, eva)


async def _photos_that_do_not_come(here: TelegramShop, eva: Chat) -> None:
    """When Telegram does not answer the picture is fetched later; one that is gone leaves its caption."""
    here.fake.faults.error("getFile")
    await eva.send_photo(caption="a scratch on my mug")
    await here.rest()
    assert "file" in (await here.heard(eva.person))[-1].body
    here.scratch.clock.move(timedelta(seconds=20))
    assert await fetch_missed(here.shop) == 1
    assert "digest" in (await here.heard(eva.person))[-1].body
    sent = await eva.send_photo(caption="thanks")
    here.fake.files.clear()
    await here.rest()
    assert sent.photo is None or not sent.photo
    assert (await here.heard(eva.person))[-1].body["kind"] == "text"
    assert eva.last.text == "You are welcome!"


async def test_the_phone_gives_address_and_links(place: Place, demo_shelves: str, understander: Understander) -> None:
    async with telegram_shop(place, understander) as here:
        await _shared_for_an_address(here)
        await _links(here)
        await _from_the_web_chat(here)
        await _blocked(here)


async def _shared_for_an_address(here: TelegramShop) -> None:
    """The phone's number and place help with the address; somebody else's number does not."""
    gus, other = here.person("Gus Green"), here.fake.person("Somebody")
    await says(here, gus, "add 1 sage green desk lamp")
    await says(here, gus, "check out")
    assert gus.last.text.startswith("Where shall it go?"), gus.last.text
    assert any("phone" in key for key in gus.keys), gus.keys
    await gus.share_contact(of=other)
    await here.rest()
    assert gus.answers[0].text.startswith("That is somebody else's contact.")
    await gus.share_location(30.26, 120.13)
    await here.rest()
    near, *_, asked = (seen.text for seen in gus.answers)
    assert near == "That is near 浙江省杭州市.", "the question that comes back says what to write"
    assert asked.startswith("Where shall it go?")
    places = [one for one in await here.heard(gus.person) if one.body["kind"] == "place"]
    assert places[0].body.keys() == {"kind", "near", "message_id"}, "where somebody is exactly is not kept"
    await gus.share_contact(phone="8613800138000")
    await here.rest()
    missing, noted = (seen.text for seen in gus.answers)
    assert missing.startswith("I am still missing")
    assert noted == "I have noted what you sent before."
    answers = await says(here, gus, "12 Wensan Road, Hangzhou 310000")
    assert answers == ["How would you like to pay?"], "name and number are the phone's"


async def _links(here: TelegramShop) -> None:
    """A link opens what it is about, and says who brought the newcomer; a made-up one is a plain start."""
    hal, vault = here.person("Hal"), here.shop.vault
    await says(here, hal, "longjing tea")
    async with here.shop.database.begin() as session:
        hal_is = await customer_of(session, channel="telegram", account=str(hal.person.id))
        product = await session.scalar(text("SELECT min(id) FROM product"))
    assert hal_is is not None
    assert product is not None
    ida = here.fake.person("Ida")
    chat = await ida.follow(deep_link(here.bot.username, product_payload(vault, product_id=product, sharer_id=hal_is)))
    await here.rest()
    assert chat.answers[0].text.startswith("Anxi Tieguanyin")
    jon = here.person("Jon")
    assert await says(here, jon, f"/start {referral_payload(vault, customer_id=hal_is)}") == [WELCOME]
    await says(here, hal, f"/start {referral_payload(vault, customer_id=hal_is)}")
    assert await says(here, jon, "/start made-up_payload") == [WELCOME]
    async with here.shop.database.begin() as session:
        brought = {}
        for chat_of in (hal, chat, jon):
            customer = await customer_of(session, channel="telegram", account=str(chat_of.person.id))
            assert customer is not None
            brought[chat_of.person.name] = [event.facts for event in await events_of(session, customer_id=customer)]
    assert brought == {"Hal": [], "Ida": [{"by": hal_is}], "Jon": [{"by": hal_is}]}


async def _from_the_web_chat(here: TelegramShop) -> None:
    """A link from the web chat makes one customer of two: after a yes, once, within ten minutes."""
    client, headers = here.scratch.client, {}
    headers["X-Visitor"] = (await client.post("/chat/visitor")).json()["visitor"]
    assert (await client.post("/chat/telegram")).status_code == 401
    plain = (await client.post("/chat/telegram", headers=headers)).json()["url"]
    assert plain == f"https://t.me/{here.bot.username}", "nobody yet, so nothing to take along"
    assert f'telegram="https://t.me/{here.bot.username}"' in (await client.get("/?lang=en")).text
    async with here.shop.database.begin() as session:
        handle = await session.scalar(text("SELECT handle FROM product WHERE status = 'published' LIMIT 1"))
    assert f'href="https://t.me/{here.bot.username}?start=' in (await client.get(f"/p/{handle}")).text
    said = {"client_id": "c" * 8, "body": {"kind": "text", "text": "hello"}}
    await client.post("/chat/messages", json=said, headers=headers)
    await here.shop.idle()
    link = (await client.post("/chat/telegram", headers=headers)).json()["url"]
    kim, eve = here.fake.person("Kim"), here.fake.person("Eve")
    chat = await kim.follow(link)
    await here.rest()
    assert chat.last.text.startswith("Shall your web chat and this one become one?")
    await presses(here, chat, "Yes, bring it together")
    assert chat.last.text.startswith("Done")
    stolen = await eve.follow(link)
    await here.rest()
    await presses(here, stolen, "Yes, bring it together")
    assert stolen.last.text.startswith("This link was used already.")
    await here.scratch.catch_up()
    async with here.shop.database.begin() as session:
        web = await session.scalar(select(Conversation.customer_id).where(Conversation.channel == "web"))
        telegram = await customer_of(session, channel="telegram", account=str(kim.id))
        stranger = await customer_of(session, channel="telegram", account=str(eve.id))
    assert web == telegram
    assert web != stranger
    here.scratch.clock.move(timedelta(minutes=11))
    late = await eve.follow(link)
    await here.rest()
    assert late.last.text.startswith("This link was good for ten minutes.")
    assert (await says(here, chat, "thanks"))[-1] == "You are welcome!", "who was joined goes on"


async def _blocked(here: TelegramShop) -> None:
    """Who has stopped the bot is told elsewhere; what they say next makes all well again."""
    lea, now = here.person("Lea"), here.shop.now
    await says(here, lea, "hello")
    async with here.shop.database.begin() as session:
        customer = await customer_of(session, channel="telegram", account=str(lea.person.id))
        assert customer is not None
    await lea.block()
    await here.rest()
    talk = await here.conversation(lea.person)
    assert talk is not None
    assert talk.unreachable_at == now()
    await lea.unblock()
    await here.rest()
    assert (await here.conversation(lea.person)).unreachable_at is None  # type: ignore[union-attr]
    await says(here, lea, "thanks")
    assert isinstance(lea.box, Private)
    lea.box.blocked = True  # nobody tells us
    await receive(here.shop, Incoming("telegram", str(lea.person.id), "x1", {"kind": "text", "text": "hello"}, "hello"))
    await here.shop.idle()
    talk = await here.conversation(lea.person)
    assert talk is not None
    assert talk.unreachable_at == now(), "Telegram refused the answer"
    await here.scratch.shop.idle()

    async with here.shop.database.begin() as session:
        session.add(
            Conversation(
                channel="web",
                chat="lea-in-the-web",
                customer_id=customer,
                language="en",
                last_message_at=now() - timedelta(days=9),
                created_at=now() - timedelta(days=9),
            )
        )
        announce(session, "accounts_joined", customer_id=customer, now=now())
    await here.scratch.catch_up()
    async with here.shop.database.begin() as session:
        told = await session.scalars(
            select(Conversation.chat)
            .join(Message, Message.conversation_id == Conversation.id)
            .where(Conversation.customer_id == customer, Message.kind == "fact")
        )
        assert list(told) == ["lea-in-the-web"]


async def test_in_a_group_only_what_is_meant_for_us_is_heard(
    place: Place, demo_shelves: str, understander: Understander
) -> None:
    async with telegram_shop(place, understander) as here:
        await _in_a_group(here)
        await _moved_and_removed(here)


async def _in_a_group(here: TelegramShop) -> None:
    """Chatter is kept nowhere; commands, mentions, answers and buttons are; what is private goes on in private."""
    here.bot.reads_groups = True
    anna, ben = here.fake.person("Anna"), here.fake.person("Ben")
    group = here.fake.group("Friends", [anna, ben], here.bot)
    annas, bens = anna.open(group), ben.open(group)
    await annas.say("shall we buy tea together?")
    await annas.say("/cart@another_bot")
    await annas.send_photo(caption="my cup")
    await here.rest()
    assert await here.conversation(anna, group.id) is None
    assert (await says(here, annas, f"@{here.bot.username} longjing tea"))[0].startswith("I have found")
    assert [one.text for one in await here.heard(anna, group.id)] == ["longjing tea"]
    found = annas.last
    await bens.press("1. Details", on=found)
    await here.rest()
    assert "Longjing" in bens.last.text, "the card is for everybody, whoever asked for it"
    assert [one.text for one in await here.heard(ben, group.id)] == ["1. Details"]
    await bens.say("thanks", reply_to=bens.last)
    await here.rest()
    assert bens.last.text == "You are welcome!"
    assert await says(here, annas, "/start") == [WELCOME]
    steps = annas.last.buttons
    assert steps == ["Look around", "What is on in groups?", "What can you do?"], "nothing of her own cart and orders"
    await _private_matters(here, bens, group.id)


async def _private_matters(here: TelegramShop, bens: Chat, group: int) -> None:
    ben = bens.person
    await presses(here, bens, "Add to cart")
    assert bens.last.text.startswith("Let us do that between the two of us."), bens.last.text
    link = (await bens.press("Go on in private")).url
    assert link is not None
    private = await ben.follow(link)
    await here.rest()
    assert "Longjing" in private.last.text
    assert [one.body["kind"] for one in await here.heard(ben)] == ["press"]
    await says(here, bens, "/orders")
    link = (await bens.press("Go on in private")).url
    assert link is not None
    stranger = await here.fake.person("Eve").follow(link)
    await here.rest()
    assert [seen.text for seen in stranger.answers] == [WELCOME], "the link of another carries nothing"
    private = await ben.follow(link)
    await here.rest()
    assert (await here.heard(ben))[-1].text == "/orders"
    async with here.shop.database.begin() as session:
        in_group = await session.scalars(select(Conversation.chat).where(Conversation.in_group))
        assert {chat.split(":")[0] for chat in in_group} == {str(group)}


async def _moved_and_removed(here: TelegramShop) -> None:
    """A group that becomes a supergroup is the same place; one that has thrown us out cannot be reached."""
    cora = here.fake.person("Cora")
    group = here.fake.group("Tea circle", [cora], here.bot)
    before = cora.open(group)
    await says(here, before, "/help")
    new = here.fake.migrate(group)
    await here.rest()
    moved = await here.conversation(cora, new.id)
    assert moved is not None
    assert await here.conversation(cora, group.id) is None
    after = cora.open(new)
    await says(here, after, "/deals")
    assert len(await here.heard(cora, new.id)) == 2, "the same conversation goes on"
    here.fake.remove_from_group(new, here.bot, by=cora)
    await here.rest()
    assert (await here.conversation(cora, new.id)).unreachable_at is not None  # type: ignore[union-attr]
    here.fake.add_to_group(new, here.bot, by=cora)
    await here.rest()
    assert (await here.conversation(cora, new.id)).unreachable_at is None  # type: ignore[union-attr]


def _update(number: int, words: str = "hello", *, user: int = 77, date: int = 1) -> dict[str, Json]:
    sender = {"id": user, "is_bot": False, "first_name": "Web", "language_code": "en"}
    place = {"id": user, "type": "private"}
    message = {"message_id": number, "date": date, "chat": place, "from": sender, "text": words}
    return {"update_id": number, "message": message}


_POISON = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$",
    "CREATE TRIGGER refuse BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.text = 'poison') EXECUTE FUNCTION refuse()",
)


async def _cannot_be_stored(here: TelegramShop, brings: Callable[[Json], Awaitable[int]]) -> None:
    """What is not stored is not acknowledged. One that alone never can be is left out after five tries, brought or
    fetched."""
    telegram = here.shop.telegram
    assert telegram is not None
    async with here.shop.database.begin() as session:
        for statement in _POISON:
            await session.execute(text(statement))
    assert [await brings(_update(299, "poison", user=80)) for _ in range(5)] == [500] * 4 + [200]
    batch = [_update(300, "poison", user=78), _update(301, "after it", user=78), _update(302, "beside it", user=79)]
    assert [await take_in(here.shop, telegram, batch) for _ in range(5)] == [False] * 4 + [True]
    await here.shop.idle()
    async with here.shop.database.begin() as session:
        stored = select(Message.external_id).where(Message.external_id.in_(("300", "301", "302")))
        assert sorted(filter(None, await session.scalars(stored))) == ["301", "302"]


async def _too_much(here: TelegramShop, brings: Callable[[Json], Awaitable[int]]) -> None:
    """Above the limit of a minute nothing is kept, and that is told once. The minute is that of the writing: what
    was written in a long outage is all heard when it comes at once."""
    zoe, limit = here.person("Zoe"), here.shop.settings.messages_a_minute
    assert isinstance(zoe.box, Private)
    zoe.box.started = True
    for number in range(2 * limit + 1):
        assert await brings(_update(100 + number, "again", user=zoe.person.id)) == 200
    for number in range(2 * limit):
        assert await brings(_update(200 + number, "late", user=zoe.person.id, date=60 + 60 * number)) == 200
    await here.shop.idle()
    assert [one.text for one in await here.heard(zoe.person)] == ["again"] * limit + ["late"] * 2 * limit
    told = [seen.text for seen in zoe.messages].count("Too many messages in a short time. Try again after a moment.")
    assert told == 1


async def test_telegram_brings_updates(place: Place, demo_shelves: str, understander: Understander) -> None:
    """Stored before it is acknowledged, kept once, refused to strangers; what we do not know is acknowledged."""
    async with telegram_shop(place, understander, polled=False, telegram_webhook=True, messages_a_minute=8) as here:
        client, secret = here.scratch.client, {SECRET: webhook_secret(here.shop.vault)}

        async def brings(update: Json, headers: dict[str, str] = secret) -> int:
            return (await client.post(PATH, content=json.dumps(update), headers=headers)).status_code

        async def kept() -> list[str]:
            async with here.shop.database.begin() as session:
                said = select(Message.text).where(Message.kind == "shopper").order_by(Message.seq)
                return list(await session.scalars(said))

        for forged in ({}, {SECRET: ""}, {SECRET: "x" * 43}):
            assert await brings(_update(1), forged) == 401
        assert (await client.post(PATH, content=b"{" * 100_000, headers=secret)).status_code == 422
        assert (await client.post(PATH, content=b"x" * 300_000, headers=secret)).status_code == 413
        unknown: list[Json] = [None, [], "x", {}, {"update_id": "x"}, {"update_id": 3, "poll": 1}]
        assert [await brings(one) for one in unknown] == [200] * 6
        assert await brings({"update_id": 5, "message": {"text": "no chat"}}) == 200
        assert await kept() == []
        assert [await brings(_update(number, f"hello {number}")) for number in (8, 7, 8, 7)] == [200] * 4
        assert await kept() == ["hello 8", "hello 7"], "in the order in which we heard them, each once"
        assert await brings(_update(9, "\x00 zero and \ud800 half")) == 200
        await here.shop.idle()
        assert len(await kept()) == 3
        await _too_much(here, brings)
        await _cannot_be_stored(here, brings)
        here.shop.telegram, telegram = None, here.shop.telegram
        answer = await client.post(PATH, json=_update(10), headers=secret)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        here.shop.telegram = telegram
