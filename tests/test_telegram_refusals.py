"""What the fake Telegram refuses as the real one does, and in its words: a fake that takes more hides faults."""

from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.telegram_clients import SHOP
from tests.telegram_server import Bot, FakeTelegram, Person, a_picture
from tests.telegram_server.chats import Group
from tests.telegram_server.params import Params, Upload

Obj = dict[str, Any]


@dataclass
class Place:
    """A bot with somebody who started it, a group it is a member of, a forum it rules, and what stands there."""

    fake: FakeTelegram
    shop: Bot
    anna: Person
    friends: Group
    forum: Group
    ids: dict[str, Any] = field(default_factory=dict)

    async def ask(self, method: str, files: dict[str, Upload] | None = None, **values: Any) -> Any:
        """Call a method; the answer, or the error code and what Telegram said."""
        named = {
            name: self.ids.get(value, value) if isinstance(value, str) else value for name, value in values.items()
        }
        code, answer = await self.fake.call(self.shop, method, Params(named, files))
        return answer["result"] if code == 200 else (code, answer["description"].partition(": ")[2])


@pytest.fixture
async def place() -> Place:
    fake = FakeTelegram()
    shop = fake.add_bot(SHOP, "tea_bot")
    anna, ben, cai = (fake.person(name) for name in ("Anna", "Ben", "Cai"))
    for person in (anna, ben, cai):
        await person.open(shop).start()
    await ben.open(shop).block()
    cai.deactivate()
    left = fake.group("Left", [anna], shop)
    fake.remove_from_group(left, shop, by=anna)
    friends, forum = fake.group("Friends", [anna], shop), fake.group("Desk", [anna], shop, forum=True, admins=[shop])
    place = Place(fake, shop, anna, friends, forum)
    topic = (await place.ask("createForumTopic", chat_id=forum.id, name="#1"))["message_thread_id"]
    place.ids = {"anna": anna.id, "ben": ben.id, "cai": cai.id, "nobody": 7, "left": left.id, "friends": friends.id}
    place.ids |= {"forum": forum.id, "topic": topic, "picture": Upload("a.jpg", a_picture())}
    return place


def button(**asks: Any) -> Obj:
    return {"inline_keyboard": [[{"text": "x", **asks}]]}


def sold(**other: Any) -> Obj:
    tea: Obj = {"title": "Tea", "description": "Green", "payload": "o-1", "currency": "CNY", "provider_token": "p"}
    return {"chat_id": "anna", **tea, "prices": [{"label": "Tea", "amount": 4500}], **other}


def say(text: str = "x", **other: Any) -> tuple[str, Obj]:
    return "sendMessage", {"chat_id": "anna", "text": text, **other}


CONTACT: Final = {"keyboard": [[{"text": "Mine", "request_contact": True}]]}
WHERE: Final = {"keyboard": [[{"text": "Here", "request_location": True}]]}
NO_THREAD, BUTTON = "message thread not found", "can't parse inline keyboard button: "
URL: Final = "inline keyboard button URL '{}' is invalid: Wrong HTTP URL"
REFUSED: Final[list[tuple[tuple[str, Obj], int, str]]] = [
    (("flyToTheMoon", {}), 404, "method not found"),
    # where to
    (say(chat_id=""), 400, "chat_id is empty"),
    (say(chat_id="nobody"), 400, "chat not found"),
    (say(chat_id="ben"), 403, "bot was blocked by the user"),
    (say(chat_id="cai"), 403, "user is deactivated"),
    (say(chat_id="left"), 403, "bot was kicked from the group chat"),
    (say(message_thread_id=99), 400, NO_THREAD),
    (say(chat_id="friends", message_thread_id=99), 400, NO_THREAD),
    (say(chat_id="forum", message_thread_id=99), 400, NO_THREAD),
    (say(chat_id="forum", message_thread_id=1), 400, NO_THREAD),
    (say(reply_parameters={"message_id": 999}), 400, "message to be replied not found"),
    # words
    (say(""), 400, "message text is empty"),
    (say(" \n\u200b"), 400, "text must be non-empty"),
    (say("\u2800"), 400, "text must be non-empty"),
    (say("\u202e\u0333"), 400, "text must be non-empty"),
    (say("茶" * 4097), 400, "message is too long"),
    (say("😀" * 2049), 400, "message is too long"),
    (say("<b>", parse_mode="HTML"), 400, "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
    (say("x", parse_mode="bbcode"), 400, "unsupported parse_mode"),
    # buttons
    (say(reply_markup=button()), 400, BUTTON + "Text buttons are unallowed in the inline keyboard"),
    (say(reply_markup=button(text="\u200b", url="https://a.b")), 400, BUTTON + 'field "text" must be non-empty'),
    (say(reply_markup=button(callback_data="")), 400, "BUTTON_DATA_INVALID"),
    (say(reply_markup=button(callback_data="中" * 22)), 400, "BUTTON_DATA_INVALID"),
    (say(reply_markup=button(callback_data="x", url="https://a.b")), 400, "BUTTON_TYPE_INVALID"),
    (say(reply_markup=button(url="http://localhost:8000/p")), 400, URL.format("http://localhost:8000/p")),
    (say(reply_markup=button(url="ftp://a.b")), 400, URL.format("ftp://a.b")),
    (
        say(reply_markup=button(switch_inline_query_chosen_chat={"query": "x"})),
        400,
        "at least one chat type must be allowed",
    ),
    (
        say(reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]}),
        400,
        "reply markup is too long",
    ),
    (
        say(reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}),
        400,
        "reply markup is too long",
    ),
    (say(chat_id="friends", reply_markup=CONTACT), 400, "phone number can be requested in private chats only"),
    (say(chat_id="friends", reply_markup=WHERE), 400, "location can be requested in private chats only"),
    (say(reply_markup={"keyboard": [[""]]}), 400, "keyboard button text must be non-empty"),
    # pictures
    (("sendPhoto", {"chat_id": "anna"}), 400, "there is no photo in the request"),
    (("sendPhoto", {"chat_id": "anna", "photo": "picture", "caption": "x" * 1025}), 400, "message caption is too long"),
    (("sendPhoto", {"chat_id": "anna", "photo": "AgAC"}), 400, "wrong file identifier/HTTP URL specified"),
    (
        ("sendMediaGroup", {"chat_id": "anna", "media": [{"type": "photo", "media": "x"}]}),
        400,
        "wrong number of media in the album: must be from 2 to 10",
    ),
    (
        ("sendMediaGroup", {"chat_id": "anna", "media": [{"type": "photo", "media": "x"}] * 11}),
        400,
        "wrong number of media in the album: must be from 2 to 10",
    ),
    (("getFile", {"file_id": "AgAC"}), 400, "wrong file_id or the file is temporarily unavailable"),
    # topics
    (("createForumTopic", {"chat_id": "friends", "name": "x"}), 400, "the chat is not a forum"),
    (("createForumTopic", {"chat_id": "forum", "name": " \u200b"}), 400, "TOPIC_TITLE_EMPTY"),
    (("createForumTopic", {"chat_id": "forum", "name": "x" * 129}), 400, "TOPIC_TITLE_INVALID"),
    (("reopenForumTopic", {"chat_id": "forum", "message_thread_id": "topic"}), 400, "TOPIC_NOT_MODIFIED"),
    (("deleteForumTopic", {"chat_id": "forum", "message_thread_id": 99}), 400, "TOPIC_ID_INVALID"),
    # what the bot says of itself
    (("setMyCommands", {"commands": [{"command": "Search", "description": "x"}]}), 400, "BOT_COMMAND_INVALID"),
    (("setMyCommands", {"commands": [{"command": "x" * 33, "description": "x"}]}), 400, "BOT_COMMAND_INVALID"),
    (
        ("setMyCommands", {"commands": [{"command": "x", "description": "x" * 257}]}),
        400,
        "BOT_COMMAND_DESCRIPTION_INVALID",
    ),
    (("setMyCommands", {"commands": [{"command": "x", "description": "x"}] * 101}), 400, "BOT_COMMANDS_TOO_MUCH"),
    (("setMyCommands", {"commands": [], "language_code": "zh-hans"}), 400, "invalid language code specified"),
    (
        ("setWebhook", {"url": "http://shop.example/hook"}),
        400,
        "bad webhook: An HTTPS URL must be provided for webhook",
    ),
    (
        ("setWebhook", {"url": "https://shop.example:8000/hook"}),
        400,
        "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ),
    (
        ("setWebhook", {"url": "https://shop.example", "secret_token": "ä"}),
        400,
        "secret token contains unallowed characters",
    ),
    (("setWebhook", {"url": "https://shop.example", "secret_token": "x" * 257}), 400, "secret token is too long"),
    # money
    (("sendInvoice", sold(title="")), 400, 'parameter "title" is required'),
    (("sendInvoice", sold(title="x" * 33)), 400, "INVOICE_TITLE_INVALID"),
    (("sendInvoice", sold(description="x" * 256)), 400, "INVOICE_DESCRIPTION_INVALID"),
    (("sendInvoice", sold(payload="茶" * 43)), 400, "INVOICE_PAYLOAD_INVALID"),
    (("sendInvoice", sold(start_parameter="a b")), 400, "START_PARAM_INVALID"),
    (("sendInvoice", sold(prices=[{"label": "", "amount": 4500}])), 400, "PRICES_INVALID"),
    (("sendInvoice", sold(prices=[{"label": "Tea", "amount": 1}])), 400, "CURRENCY_TOTAL_AMOUNT_INVALID"),
    (("sendInvoice", sold(prices=[{"label": "Tea", "amount": 72_000_001}])), 400, "CURRENCY_TOTAL_AMOUNT_INVALID"),
    (("sendInvoice", sold(currency="yuan")), 400, "CURRENCY_INVALID"),
    (("sendInvoice", sold(provider_token="")), 400, "PAYMENT_PROVIDER_INVALID"),
    (("sendInvoice", sold(currency="XTR")), 400, "STARS_INVOICE_INVALID"),
    (("sendInvoice", sold(currency="XTR", provider_token="", need_email=True)), 400, "STARS_INVOICE_INVALID"),
    (("sendInvoice", sold(reply_markup=button(url="https://a.b"))), 400, "BUTTON_TYPE_INVALID"),
    (("refundStarPayment", {"user_id": "anna", "telegram_payment_charge_id": "x"}), 400, "CHARGE_NOT_FOUND"),
]


async def test_what_telegram_refuses_is_refused_in_its_words_and_nothing_is_left_behind(place: Place) -> None:
    before = [len(box.messages) for box in (place.friends, place.forum, place.anna.open(place.shop).box)]
    answers = [(call, await place.ask(call[0], **call[1])) for call, _code, _why in REFUSED]
    wrong = [
        (call, told, (code, why))
        for (call, told), (_, code, why) in zip(answers, REFUSED, strict=True)
        if told != (code, why)
    ]
    assert wrong == []
    assert before == [len(box.messages) for box in (place.friends, place.forum, place.anna.open(place.shop).box)]
    assert place.shop.commands == {}
    assert place.shop.updates.webhook is None


async def test_what_telegram_takes_is_taken_to_the_last_unit(place: Place) -> None:
    keys = {
        "inline_keyboard": [[{"text": "x", "callback_data": "中" * 21 + "x"}] * 8] * 12
        + [[{"text": "x", "url": "t.me/x"}] * 4]
    }
    taken = [
        say("茶" * 4096),
        say("😀" * 2048),
        say("<b>" + "茶" * 4096 + "</b>", parse_mode="HTML"),
        say("\u3164"),
        say(reply_markup=keys),
        say(reply_markup=CONTACT),
        say(chat_id="forum", message_thread_id="topic"),
        say(reply_parameters={"message_id": 999, "allow_sending_without_reply": True}),
        ("sendPhoto", {"chat_id": "anna", "photo": "picture", "caption": "😀" * 512}),
        ("createForumTopic", {"chat_id": "forum", "name": "茶" * 128}),
        ("setMyCommands", {"commands": [{"command": "x" * 32, "description": "x" * 256}] * 100}),
        (
            "sendInvoice",
            sold(title="茶" * 32, description="茶" * 255, payload="茶" * 42 + "xx", start_parameter="x" * 64),
        ),
    ]
    refused = [(call, told) for call in taken if isinstance(told := await place.ask(call[0], **call[1]), tuple)]
    assert refused == []


async def test_what_cannot_be_changed_any_more_stays(place: Place) -> None:
    ask, anna = place.ask, place.anna.id
    chat = place.anna.open(place.shop)
    cannot = (400, "message can't be edited")

    async def edit(sent: Obj, text: str = "other", **more: Any) -> Any:
        return await ask("editMessageText", chat_id=anna, message_id=sent["message_id"], text=text, **more)

    words = await ask("sendMessage", chat_id=anna, text="x", reply_markup=button(callback_data="x"))
    assert (await edit(words))["text"] == "other"
    assert (await edit(words))[1].startswith("message is not modified: specified new message content and reply markup")
    assert await edit(words, reply_markup=CONTACT) == (400, "inline keyboard expected")
    assert await edit({"message_id": 999}) == (400, "message to edit not found")
    for markup in (CONTACT, {"remove_keyboard": True}, {"force_reply": True}):
        assert await edit(await ask("sendMessage", chat_id=anna, text="x", reply_markup=markup)) == cannot
    forwarded = {"from_chat_id": anna, "message_id": words["message_id"]}
    assert await edit(await ask("forwardMessage", chat_id=anna, **forwarded)) == cannot
    assert await edit((await chat.say("mine")).body) == cannot
    photo = await ask("sendPhoto", chat_id=anna, photo=place.ids["picture"])
    assert await edit(photo) == (400, "there is no text in the message to edit")
    took = {"type": "photo", "media": photo["photo"][0]["file_id"]}
    assert (await ask("editMessageMedia", chat_id=anna, message_id=words["message_id"], media=took))["photo"]
    place.fake.clock.skip(49 * 3600)
    assert await ask("deleteMessage", chat_id=anna, message_id=photo["message_id"]) == (400, "message can't be deleted")
    said = await place.anna.open(place.friends).say("hello")
    assert await ask("deleteMessage", chat_id=place.friends.id, message_id=said.id) == (400, "message can't be deleted")
    assert await ask("deleteMessage", chat_id=anna, message_id=999) == (400, "message to delete not found")


async def test_a_question_is_answered_once_in_time_and_with_what_it_takes(place: Place) -> None:
    ask, fake = place.ask, place.fake
    late = (400, "query is too old and response timeout expired or query ID is invalid")

    async def press(**answer: Any) -> Any:
        return await ask("answerCallbackQuery", callback_query_id=fake.ask("callback", place.shop).id, **answer)

    async def offer(*results: Obj, **more: Any) -> Any:
        waiting = fake.ask("inline", place.shop).id
        return await ask("answerInlineQuery", inline_query_id=waiting, results=list(results), **more)

    assert await press(text="😀" * 100, url="https://t.me/tea_bot?start=x") is True
    assert await press(text="😀" * 101) == (400, "MESSAGE_TOO_LONG")
    assert await press(url="https://shop.example") == (400, "URL_INVALID")
    for kind, method, name in (
        ("callback", "answerCallbackQuery", "callback_query_id"),
        ("inline", "answerInlineQuery", "inline_query_id"),
        ("payment", "answerPreCheckoutQuery", "pre_checkout_query_id"),
    ):
        for skipped, told in ((0, True), (20, late)):
            question = fake.ask(kind, place.shop)
            fake.clock.skip(skipped)
            answer: Obj = {name: question.id, "results": [], "ok": True}
            assert await ask(method, **answer) == told
            assert await ask(method, **answer) == late
    tea: Obj = {"type": "article", "id": "茶" * 21, "title": "Tea", "input_message_content": {"message_text": "x"}}
    assert await offer(tea, next_offset="x" * 64) is True
    assert await offer(*[tea | {"id": str(number)} for number in range(51)]) == (400, "RESULTS_TOO_MUCH")
    assert await offer(tea, tea) == (400, "RESULT_ID_DUPLICATE")
    assert await offer(tea | {"id": "茶" * 22}) == (400, "RESULT_ID_INVALID")
    assert await offer(tea, next_offset="茶" * 22) == (400, "NEXT_OFFSET_INVALID")
    assert await offer(tea | {"thumbnail_url": "http://localhost/p"}) == (400, "WEBDOCUMENT_URL_INVALID")
    assert await offer(tea | {"reply_markup": CONTACT}) == (400, "inline keyboard expected")
    assert await offer(tea | {"reply_markup": button(callback_data="x" * 65)}) == (400, "BUTTON_DATA_INVALID")
    long = tea | {"input_message_content": {"message_text": "x" * 4097}}
    assert await offer(long) == (400, "message is too long")
    for ok, why in ((True, "SHIPPING_OPTIONS_INVALID"), (False, "ERROR_MESSAGE_EMPTY")):
        waiting = fake.ask("payment", place.shop).id
        assert await ask("answerShippingQuery", shipping_query_id=waiting, ok=ok) == (400, why)


async def test_rights_are_looked_at(place: Place) -> None:
    ask, forum = place.ask, place.forum
    topic: Obj = {"chat_id": forum.id, "message_thread_id": place.ids["topic"]}
    forum.denied |= {"can_delete_messages"}
    assert await ask("deleteForumTopic", **topic) == (400, "not enough rights to delete the topic")
    assert await ask("closeForumTopic", **topic) is True
    forum.denied |= {"can_manage_topics"}
    assert await ask("createForumTopic", chat_id=forum.id, name="x") == (400, "not enough rights to create a topic")
    assert await ask("sendMessage", text="x", **topic) == (400, "TOPIC_CLOSED")
