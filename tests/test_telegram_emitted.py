"""Everything the fake Telegram can say, read by both libraries: each update, each answer, each refusal."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Final

import aiogram.methods
import pytest
import telegram
from aiogram import Bot as Aiogram
from aiogram import exceptions, types
from pydantic import BaseModel, TypeAdapter
from telegram import error

from tests.telegram_clients import STAFF, hook
from tests.telegram_clients import anna as anna
from tests.telegram_clients import bot as bot
from tests.telegram_clients import fake as fake
from tests.telegram_clients import shop as shop
from tests.telegram_server import Bot, FakeTelegram, Person, a_picture
from tests.telegram_server.chats import SERVICE, Group
from tests.telegram_server.params import Params, Upload
from tests.telegram_server.server import METHODS
from tests.telegram_server.updates import ALWAYS, NOT_UNLESS_ASKED

Obj = dict[str, Any]
NOT_FOR_US: Final = {"logout", "close"}
"""They are refused to everybody."""
MARKUP: Final = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
PRICES: Final = [{"label": "Tea", "amount": 4500}]
SOLD: Final = {"title": "Tea", "description": "Green", "payload": "o-1", "currency": "CNY", "prices": PRICES}
RESULTS: Final = [
    {"type": "article", "id": "1", "title": "Tea", "input_message_content": {"message_text": "x"}},
    {"type": "photo", "id": "2", "photo_url": "https://a.b/c.jpg", "thumbnail_url": "https://a.b/c.jpg"}
    | {"reply_markup": MARKUP},
]
FILES: Final = ("photo", "document", "voice", "audio", "video", "animation", "sticker", "video_note")


@pytest.fixture
async def staff(fake: FakeTelegram) -> AsyncIterator[telegram.Bot]:
    fake.add_bot(STAFF, "desk_bot")
    async with telegram.Bot(STAFF, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot") as staff:
        yield staff


async def test_whatever_happens_is_read_by_both_libraries(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person
) -> None:
    said: list[Obj] = []
    answers: list[tuple[str, Any]] = []

    async def ask(method: str, of: Bot = shop, files: dict[str, Upload] | None = None, **values: Any) -> Any:
        code, answer = await fake.call(of, method, Params(values, files))
        assert code == 200, (method, answer)
        answers.append((method, answer["result"]))
        return answer["result"]

    def gather() -> Iterator[Obj]:
        for of in fake.bots.values():
            yield from (json.loads(pending.body) for pending in of.updates.waiting)
            of.updates.waiting.clear()

    desk = fake.bots[STAFF]
    for of in (shop, desk):
        of.updates.allow([*ALWAYS, *NOT_UNLESS_ASKED])
    ben = fake.person("本", language_code=None)
    group = fake.group("Friends", [anna, ben], shop, desk, admins=[shop, desk])
    await _people_act(fake, shop, anna, ben, group)
    said += gather()
    await _the_bot_writes(ask, anna, group)
    await _the_bot_is_asked(fake, ask, shop, anna, ben)
    forum = fake.group("Desk", [anna], desk, forum=True, admins=[desk])
    topic = (await ask("createForumTopic", desk, chat_id=forum.id, name="#1"))["message_thread_id"]
    for method in ("editForumTopic", "closeForumTopic", "reopenForumTopic"):
        await ask(method, desk, chat_id=forum.id, message_thread_id=topic, name="#2")
    await anna.open(forum, topic=topic).say("on it", anonymous=True)
    for told in list(forum.messages.values()):
        fake.tell(forum, told)  # a bot is not told what it did itself; another one in the group would be
    await ask("deleteForumTopic", desk, chat_id=forum.id, message_thread_id=topic)
    await _the_bot_shows_itself(ask, shop)
    await ask("leaveChat", chat_id=fake.migrate(group).id)
    said += gather()

    assert {method.lower() for method, _ in answers} == METHODS.keys() - NOT_FOR_US
    assert {kind for update in said for kind in update if kind != "update_id"} == {*ALWAYS, *NOT_UNLESS_ASKED}
    messages = [update["message"] for update in said if "message" in update]
    assert set(SERVICE) <= {kind for message in messages for kind in message}
    for update in said:
        assert strange(types.Update.model_validate(update, context={"bot": bot})) == []
        assert telegram.Update.de_json(update, staff) is not None
    for method, result in answers:
        _check_answer(method, result, bot, staff)


async def _people_act(fake: FakeTelegram, shop: Bot, anna: Person, ben: Person, group: Group) -> None:
    """Everything people do that needs no answer, alone with the bot and in a group."""
    await ben.open(shop).start()
    for chat in (anna.open(shop), anna.open(group)):
        said = await chat.say("see https://t.me/x @tea_bot /deals a@b.cd <b>茶</b>")
        await chat.say("and this", reply_to=said)
        await chat.edit(said, "no")
        await chat.react(said, "👍")
        await chat.react(said, "")
        photo = await chat.send_photo(caption="破了")
        await chat.send_album([a_picture("red"), a_picture("blue")], "two")
        for kind in FILES[1:]:
            await chat.send_file(kind, b"file", "a.pdf")
        for origin in ("user", "hidden_user", "chat", "channel"):
            await chat.forward(photo, origin=origin)
        await chat.share_contact()
        await chat.share_contact(of=ben)
        await chat.share_contact("+4930123", known=False)
        await chat.share_location(30.2, 120.1)
    await anna.open(group).say("who am I?", anonymous=True)
    await anna.open(shop).block()
    await anna.open(shop).unblock()
    fake.rename(group, "Best friends", by=anna)
    fake.remove_from_group(group, fake.bots[STAFF], by=anna)
    fake.add_to_group(group, fake.bots[STAFF], by=anna, admin=True)


async def _the_bot_writes(ask: Any, anna: Person, group: Group) -> None:
    """Every method that puts something into a chat or changes it, with buttons, in answer to something."""
    upload = Upload("a.jpg", a_picture())
    for chat in (anna.id, group.id):
        place: Obj = {"chat_id": chat, "reply_markup": MARKUP}
        sent = await ask("sendMessage", text="<b>hi</b> @x", parse_mode="HTML", **place)
        answer = {"reply_parameters": {"message_id": sent["message_id"]}}
        one: Obj = {"message_id": sent["message_id"], **place}
        for kind in FILES:
            name = "send" + kind.title().replace("_", "")
            photo = await ask(name, files={kind: upload}, caption="c", **place, **answer)
            if kind == "photo":
                shown = {"chat_id": chat, "message_id": photo["message_id"]}
                await ask("editMessageCaption", caption="other", **shown)
                await ask("editMessageMedia", media={"type": "photo", "media": photo["photo"][0]["file_id"]}, **shown)
                await ask("getFile", file_id=photo["photo"][0]["file_id"])
        album = [{"type": "photo", "media": "attach://a", "caption": "c"}] * 2
        await ask("sendMediaGroup", files={"a": upload}, chat_id=chat, media=album)
        await ask("sendLocation", latitude="30.1", longitude="120.1", **place)
        await ask("sendContact", phone_number="+1", first_name="A", **place)
        await ask("sendChatAction", chat_id=chat, action="typing")
        await ask("editMessageText", text="ho", **one)
        await ask("editMessageReplyMarkup", **{**one, "reply_markup": None})
        await ask("setMessageReaction", reaction=[{"type": "emoji", "emoji": "👀"}], **one)
        await ask("pinChatMessage", **one)
        await ask("getChat", chat_id=chat)
        await ask("unpinChatMessage", **one)
        await ask("copyMessage", from_chat_id=chat, **one)
        await ask("forwardMessage", from_chat_id=chat, chat_id=chat, message_id=one["message_id"])
        await ask("getChatMember", chat_id=chat, user_id=anna.id)
        await ask("getChatMemberCount", chat_id=chat)
        await ask("deleteMessage", chat_id=chat, message_id=one["message_id"])
        await ask("deleteMessages", chat_id=chat, message_ids=[1, 2])
    await ask("getChatAdministrators", chat_id=group.id)


async def _the_bot_is_asked(fake: FakeTelegram, ask: Any, shop: Bot, anna: Person, ben: Person) -> None:
    """Presses, also of what is not there any more; inline mode, cards of it pressed; invoices, paid and given back."""
    chat = anna.open(shop)
    sent = await ask("sendMessage", chat_id=anna.id, text="x", reply_markup=MARKUP)
    card = chat.last
    for _again in range(2):
        press = chat.press_button(card, card.rows[0][0])
        assert press.question
        await ask("answerCallbackQuery", callback_query_id=press.question.id, text="yes")
        await ask(
            "deleteMessage", chat_id=anna.id, message_id=sent["message_id"]
        ) if card.id in chat.box.messages else 0
    between = anna.open(ben)
    asking = asyncio.create_task(anna.ask_inline(shop, "茶", chat_type="sender"))
    await asyncio.sleep(0)
    query = next(one for one in fake.questions.values() if one.kind == "inline")
    await ask("answerInlineQuery", inline_query_id=query.id, results=RESULTS, next_offset="20")
    for pick in range(2):
        shared = await between.share(await asking, pick)
    await ben.open(anna).press("Go", on=shared)
    await ask("editMessageReplyMarkup", inline_message_id=shared.message.inline_id)

    async def pays(invoice: str | None, *kinds: str) -> Any:
        asked = len(fake.questions)
        paying = asyncio.create_task(chat.pay(invoice))
        for number, kind in enumerate(kinds):
            await fake.until(partial(_is_asked, fake, asked + number))
            waiting = list(fake.questions)[-1]
            ways = [{"id": "sf", "title": "SF", "prices": [{"label": "SF", "amount": 1200}]}]
            await ask(f"answer{kind}Query", **{f"{SNAKE[kind]}_query_id": waiting}, ok=True, shipping_options=ways)
        return await paying

    needs = {f"need_{name}": True for name in ("name", "phone_number", "email", "shipping_address")}
    await ask("sendInvoice", chat_id=anna.id, provider_token="p", is_flexible=True, **SOLD, **needs)
    await pays(None, "Shipping", "PreCheckout")
    stars = SOLD | {"currency": "XTR"}
    paid = await pays(await ask("createInvoiceLink", **stars), "PreCheckout")
    await ask("refundStarPayment", user_id=anna.id, telegram_payment_charge_id=paid.charge_id)


def _is_asked(fake: FakeTelegram, before: int) -> bool:
    return len(fake.questions) > before


SNAKE: Final = {"Shipping": "shipping", "PreCheckout": "pre_checkout"}


async def _the_bot_shows_itself(ask: Any, shop: Bot) -> None:
    """What a bot says about itself, and how it is told."""
    await ask("getMe")
    await ask("setMyCommands", commands=[{"command": "a", "description": "b"}])
    await ask("getMyCommands")
    await ask("deleteMyCommands")
    for name in ("Name", "Description", "ShortDescription"):
        await ask(f"setMy{name}", name="x", description="y", short_description="z")
        await ask(f"getMy{name}")
    for button in ({"type": "commands"}, {"type": "web_app", "text": "Shop", "web_app": {"url": "https://a.b"}}):
        await ask("setChatMenuButton", menu_button=button)
        await ask("getChatMenuButton")
    shop.updates.last_error = (1_790_000_000, "Wrong response from the webhook: 500")
    async with hook([]) as (url, _log):
        await ask("setWebhook", url=url, allowed_updates=[*ALWAYS, *NOT_UNLESS_ASKED])
        await ask("getWebhookInfo")
        await ask("deleteWebhook")
    await ask("getUpdates")


def strange(read: Any, path: str = "") -> list[str]:
    """Fields in it that the library does not know."""
    if isinstance(read, list | tuple):
        return [one for part in read for one in strange(part, path)]
    if not isinstance(read, BaseModel):
        return []
    found = [f"{path}.{name}" for name in read.model_extra or ()]
    for name in type(read).model_fields:
        found += strange(getattr(read, name), f"{path}.{name}")
    return found


def _check_answer(method: str, result: Any, bot: Aiogram, staff: telegram.Bot) -> None:
    returned = getattr(aiogram.methods, method[0].upper() + method[1:]).__returning__
    read = TypeAdapter(returned).validate_python(result, context={"bot": bot})
    assert strange(read, method) == []
    for part, raw in zip(read, result, strict=True) if isinstance(read, list) else [(read, result)]:
        if not isinstance(part, BaseModel):
            assert type(part) is type(raw)
            continue
        name = type(part).__name__
        kind = "ChatMember" if name.startswith("ChatMember") else "MenuButton" if name.startswith("MenuB") else name
        assert getattr(telegram, kind).de_json(raw, staff) is not None


REFUSALS: Final = [
    ("error", 0, exceptions.TelegramServerError, error.NetworkError),
    ("flood", 7, exceptions.TelegramRetryAfter, error.RetryAfter),
    ("reset", 0, exceptions.TelegramNetworkError, error.NetworkError),
]


async def test_every_kind_of_refusal_is_known_to_both_libraries(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    group = fake.group("Friends", [anna], shop, fake.bots[STAFF])
    gone = fake.group("Gone", [anna], shop, fake.bots[STAFF])
    for of in fake.bots.values():
        fake.remove_from_group(gone, of, by=anna)
    new = fake.migrate(group)
    told = [
        (7, exceptions.TelegramBadRequest, error.BadRequest),
        (gone.id, exceptions.TelegramForbiddenError, error.Forbidden),
        (group.id, exceptions.TelegramMigrateToChat, error.ChatMigrated),
    ]
    for chat, ours, theirs in told:
        with pytest.raises(ours):
            await bot.send_message(chat, "x")
        with pytest.raises(theirs):
            await staff.send_message(chat, "x")
    for fault, seconds, ours, theirs in REFUSALS:
        switch = getattr(fake.faults, fault)
        switch(*([seconds] if seconds else []), method="sendMessage", times=2)
        with pytest.raises(ours) as refused:
            await bot.send_message(new.id, "x")
        assert getattr(refused.value, "retry_after", 0) == seconds
        with pytest.raises(theirs):
            await staff.send_message(new.id, "x")
