"""The fake Telegram, driven by both libraries over HTTP: what it emits they read, what it refuses they know."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import telegram
from aiogram import Bot as Aiogram
from aiogram import types
from aiogram.exceptions import TelegramAPIError
from hypothesis import given
from hypothesis import strategies as st

from tests.telegram_clients import STAFF, aiogram, buttons, refusal
from tests.telegram_clients import anna as anna
from tests.telegram_clients import bot as bot
from tests.telegram_clients import fake as fake
from tests.telegram_clients import shop as shop
from tests.telegram_server import Bot, FakeTelegram, Person, a_picture
from tests.telegram_server.entities import escaped, parse_html, units


@pytest.fixture
async def staff(fake: FakeTelegram) -> AsyncIterator[telegram.Bot]:
    fake.add_bot(STAFF, "desk_bot")
    async with telegram.Bot(STAFF, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot") as staff:
        yield staff


async def test_a_shopper_writes_presses_and_sees_an_edited_card(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    me = await bot.get_me()
    assert (me.id, me.username) == (111, "tea_bot")
    chat = anna.open(shop)
    await chat.start("g_1")
    update = (await bot.get_updates(timeout=1))[0]
    assert update.message
    assert (update.message.text, update.message.chat.id) == ("/start g_1", anna.id)
    await bot.send_message(anna.id, "<b>茶</b> &lt;1&gt;", parse_mode="HTML", reply_markup=buttons("More", "Buy"))
    heard = await chat.hears("茶")
    assert (heard.text, heard.entities) == ("茶 <1>", [{"type": "bold", "offset": 0, "length": 1}])
    assert heard.buttons == ["More", "Buy"]
    press = await chat.press("More")
    query = (await bot.get_updates(offset=update.update_id + 1, timeout=1))[0].callback_query
    assert query
    assert query.message
    assert query.data == "d:More"
    await bot.answer_callback_query(query.id, text="more")
    assert await press.answer() == "more"
    await bot.edit_message_text("Page 2", chat_id=anna.id, message_id=query.message.message_id)
    heard = await chat.hears("Page 2")
    assert (heard.is_edited, heard.buttons, len(chat.messages)) == (True, [], 2)
    keys = [[types.KeyboardButton(text="My number", request_contact=True)]]
    keyboard = types.ReplyKeyboardMarkup(keyboard=keys, one_time_keyboard=True)
    await bot.send_message(anna.id, "Your number?", reply_markup=keyboard)
    await chat.press("My number")
    contact = (await bot.get_updates(timeout=1))[-1].message
    assert contact
    assert contact.contact
    assert (contact.contact.user_id, chat.keys) == (anna.id, [])
    again = bot.edit_message_text("Page 2", chat_id=anna.id, message_id=query.message.message_id)
    assert "message is not modified" in await refusal(again)
    assert "query is too old" in await refusal(bot.answer_callback_query(query.id))


KINDS = {"message", "edited_message", "message_reaction", "my_chat_member", "chat_member", "inline_query"}


async def test_every_kind_of_update_is_read_by_both_libraries(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person
) -> None:
    ben = fake.person("本", language_code="zh-hans")
    desk = fake.bots[STAFF]
    group = fake.group("Friends", [anna, ben], shop, desk, admins=[shop, desk])
    for of in (shop, desk):
        of.updates.allow([*sorted(KINDS), "callback_query"])
        chat = anna.open(of)
        await chat.start()
        said = await chat.say("see https://t.me/x @tea_bot")
        await chat.edit(said, "no")
        await chat.react(said, "👍")
        await chat.send_photo(caption="破了")
        await chat.send_album([a_picture("red"), a_picture("blue")])
        await chat.send_file("voice", b"ogg")
        await chat.send_file("document", b"pdf", "a.pdf")
        await chat.share_contact()
        await chat.share_location(30.2, 120.1)
        await chat.block()
        await chat.unblock()
        asking = asyncio.create_task(anna.ask_inline(of, "茶"))
        await asyncio.sleep(0)
        asking.cancel()
    await ben.open(group).say("/deals@tea_bot")
    group = fake.migrate(group)
    fake.remove_from_group(group, shop, by=anna)
    raw = [json.loads(pending.body) for of in (shop, desk) for pending in of.updates.waiting]
    read = [types.Update.model_validate(update, context={"bot": bot}) for update in raw]
    also = [telegram.Update.de_json(update, staff) for update in raw]
    assert {update.event_type for update in read} == KINDS
    assert {next(name for name in update.to_dict() if name != "update_id") for update in also} == KINDS
    assert all(update.model_extra in (None, {}) for update in read)


async def test_photos_albums_and_files_go_both_ways(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person
) -> None:
    chat = anna.open(shop)
    await chat.send_photo(a_picture("red"))
    update = (await bot.get_updates())[0]
    assert update.message
    assert update.message.photo
    file = await bot.get_file(update.message.photo[-1].file_id)
    assert file.file_path
    content = await bot.download_file(file.file_path)
    assert content
    assert content.read() == a_picture("red")
    green = types.BufferedInputFile(a_picture("green"), "green.jpg")
    sent = await bot.send_photo(anna.id, green, caption="茶")
    assert sent.photo
    assert (chat.last.photo, chat.last.text) == (a_picture("green"), "茶")
    known = types.InputMediaPhoto(media=sent.photo[-1].file_id, caption="<i>again</i>", parse_mode="HTML")
    album = await bot.send_media_group(anna.id, [types.InputMediaPhoto(media=green), known])
    assert [seen.text for seen in chat.messages[-2:]] == ["", "again"]
    assert album[0].media_group_id == album[1].media_group_id
    await bot.edit_message_media(types.InputMediaPhoto(media=green), chat_id=anna.id, message_id=album[1].message_id)
    assert (chat.last.is_edited, chat.last.text) == (True, "")
    await anna.open(fake.bots[STAFF]).start()
    foreign = staff.send_photo(anna.id, sent.photo[-1].file_id)
    assert "Wrong file identifier" in await refusal(foreign)
    await staff.send_photo(anna.id, a_picture("blue"))
    assert anna.open(fake.bots[STAFF]).last.photo == a_picture("blue")


async def test_limits_are_refused_in_telegrams_words(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person
) -> None:
    await anna.open(shop).start()
    assert await refusal(bot.send_message(7, "x")) == "Bad Request: chat not found"
    assert await refusal(bot.send_message(anna.id, "茶" * 4097)) == "Bad Request: message is too long"
    assert await refusal(bot.send_message(anna.id, "😀" * 2049)) == "Bad Request: message is too long"
    await bot.send_message(anna.id, "<b>" + "茶" * 4096 + "</b>", parse_mode="HTML")
    assert await refusal(bot.send_message(anna.id, " ")) == "Bad Request: text must be non-empty"
    photo = types.BufferedInputFile(a_picture(), "p.jpg")
    assert "caption is too long" in await refusal(bot.send_photo(anna.id, photo, caption="x" * 1025))
    assert "IMAGE_PROCESS_FAILED" in await refusal(bot.send_photo(anna.id, types.BufferedInputFile(b"x", "p.jpg")))
    one = bot.send_media_group(anna.id, [types.InputMediaPhoto(media=photo)])
    assert "album" in await refusal(one)
    assert "BUTTON_DATA_INVALID" in await refusal(bot.send_message(anna.id, "x", reply_markup=buttons("中" * 21)))
    assert "reply markup is too long" in await refusal(bot.send_message(anna.id, "x", reply_markup=buttons(*"x" * 101)))
    command = types.BotCommand(command="Search", description="x")
    assert "BOT_COMMAND_INVALID" in await refusal(bot.set_my_commands([command]))
    assert "message to edit not found" in await refusal(bot.edit_message_text("x", chat_id=anna.id, message_id=99))
    assert "message to delete not found" in await refusal(bot.delete_message(anna.id, 99))
    await anna.open(shop).block()
    assert await refusal(bot.send_message(anna.id, "x")) == "Forbidden: bot was blocked by the user"
    anna.deactivate()
    assert await refusal(bot.send_message(anna.id, "x")) == "Forbidden: user is deactivated"
    async with aiogram(fake, "9:nobody") as stranger:
        assert await refusal(stranger.get_me()) == "Unauthorized"


HTML = {
    "1 < 2": 'Unsupported start tag "" at byte offset 2',
    "茶<x>": 'Unsupported start tag "x" at byte offset 3',
    "<b": "Unclosed start tag at byte offset 0",
    "<b>a": 'Can\'t find end tag corresponding to start tag "b"',
    "a</b>": "Unexpected end tag at byte offset 1",
    "<b><i>a</b></i>": 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
    "<span>a</span>": 'Tag "span" must have class "tg-spoiler" at byte offset 0',
}


@pytest.mark.parametrize("source", HTML)
def test_bad_html_is_refused_with_the_exact_reason(source: str) -> None:
    with pytest.raises(Exception, match="can't parse entities") as refused:
        parse_html(source)
    assert str(refused.value).removeprefix("400 Bad Request: can't parse entities: ") == HTML[source]


@given(st.text())
def test_escaped_text_comes_out_as_it_went_in(text: str) -> None:
    assert parse_html(f"<b>{escaped(text)}</b>") == (
        text,
        [{"type": "bold", "offset": 0, "length": units(text)}] if text else [],
    )


async def test_groups_topics_and_members(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot, anna: Person
) -> None:
    desk = fake.bots[STAFF]
    forum = fake.group("Desk", [anna], desk, forum=True, admins=[desk])
    topic = await staff.create_forum_topic(forum.id, "#1 Anna")
    thread = topic.message_thread_id
    await staff.send_message(forum.id, "card", message_thread_id=thread)
    await anna.open(forum, topic=thread).say("on it")
    updates = await staff.get_updates()
    assert updates[-1].message
    assert (updates[-1].message.text, updates[-1].message.message_thread_id) == ("on it", thread)
    answered = updates[-1].message.reply_to_message
    assert answered
    assert answered.forum_topic_created
    assert await staff.close_forum_topic(forum.id, thread)
    assert "Topic_not_modified" in await refusal(staff.close_forum_topic(forum.id, thread))
    forum.denied.add("can_delete_messages")
    assert "Not enough rights" in await refusal(staff.delete_forum_topic(forum.id, thread))
    fake.delete_topic(forum, thread)
    assert await refusal(staff.send_message(forum.id, "x", message_thread_id=thread)) == "Message thread not found"
    assert "Topic_id_invalid" in await refusal(staff.reopen_forum_topic(forum.id, thread))
    assert (await staff.get_chat_member(forum.id, anna.id)).status == "creator"
    group = fake.group("Friends", [anna], shop)
    await anna.open(group).say("nothing for a bot")
    await anna.open(group).say("@tea_bot tea?")
    heard = [update.message.text for update in await bot.get_updates() if update.message]
    assert heard == [None, "@tea_bot tea?"]
    new = fake.migrate(group)
    with pytest.raises(TelegramAPIError) as moved:
        await bot.send_message(group.id, "x")
    assert getattr(moved.value, "migrate_to_chat_id", None) == new.id
    fake.remove_from_group(new, shop, by=anna)
    assert await refusal(bot.send_message(new.id, "x")) == "Forbidden: bot was kicked from the supergroup chat"


async def test_a_card_shared_inline_stays_alive_in_a_group(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    ben = fake.person("Ben")
    friends = fake.group("Friends", [anna, ben])
    sharing = asyncio.create_task(anna.open(friends).share_inline(shop, "茶"))
    query = (await bot.get_updates(timeout=2))[-1].inline_query
    assert query
    assert (query.query, query.chat_type) == ("茶", "group")
    card = types.InlineQueryResultArticle(
        id="7",
        title="Longjing",
        input_message_content=types.InputTextMessageContent(message_text="<b>1 of 3</b>", parse_mode="HTML"),
        reply_markup=buttons("Join"),
    )
    await bot.answer_inline_query(query.id, [card], is_personal=True, cache_time=1)
    shared = await sharing
    assert shared.text == "1 of 3"
    chosen = (await bot.get_updates(timeout=1))[-1].chosen_inline_result
    assert chosen
    assert chosen.inline_message_id
    press = await ben.open(friends).press("Join")
    pressed = (await bot.get_updates(timeout=1))[-1].callback_query
    assert pressed
    assert (pressed.from_user.id, pressed.inline_message_id, pressed.message) == (
        ben.id,
        chosen.inline_message_id,
        None,
    )
    await bot.answer_callback_query(pressed.id)
    assert await press.answer() == ""
    assert await bot.edit_message_text("2 of 3", inline_message_id=chosen.inline_message_id) is True
    assert [seen.text for seen in ben.open(friends).messages] == ["2 of 3"]
    assert "initiate conversation" in await refusal(bot.send_message(ben.id, "x"))


async def test_an_invoice_is_paid_refused_and_refunded(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    chat = anna.open(shop)
    await chat.start()
    price = [types.LabeledPrice(label="Tea", amount=4500)]
    without = bot.send_invoice(anna.id, "Tea", "Longjing", "o-1", "CNY", price)
    assert "PAYMENT_PROVIDER_INVALID" in await refusal(without)
    await bot.send_invoice(anna.id, "Tea", "Longjing", "o-1", "CNY", price, provider_token="p:1", is_flexible=True)
    paying = asyncio.create_task(chat.pay())
    at = 0

    async def next_update() -> types.Update:
        nonlocal at
        update = (await bot.get_updates(offset=at, timeout=2))[-1]
        at = update.update_id + 1
        return update

    asked = (await next_update()).shipping_query
    assert asked
    assert asked.shipping_address.city == "杭州市"
    express = types.ShippingOption(id="sf", title="SF", prices=[types.LabeledPrice(label="SF", amount=1200)])
    await bot.answer_shipping_query(asked.id, ok=True, shipping_options=[express])
    checkout = (await next_update()).pre_checkout_query
    assert checkout
    assert (checkout.total_amount, checkout.shipping_option_id) == (5700, "sf")
    await bot.answer_pre_checkout_query(checkout.id, ok=True)
    payment = await paying
    message = (await next_update()).message
    assert message
    assert message.successful_payment
    assert message.successful_payment.telegram_payment_charge_id == payment.charge_id
    link = await bot.create_invoice_link("Song", "A song", "s-1", "XTR", [types.LabeledPrice(label="s", amount=9)])
    paying = asyncio.create_task(chat.pay(link))
    checkout = (await next_update()).pre_checkout_query
    assert checkout
    await bot.answer_pre_checkout_query(checkout.id, ok=False, error_message="Sold out")
    assert (await paying).error == "Sold out"
    paying = asyncio.create_task(chat.pay(link))
    checkout = (await next_update()).pre_checkout_query
    assert checkout
    await bot.answer_pre_checkout_query(checkout.id, ok=True)
    stars = await paying
    assert await bot.refund_star_payment(anna.id, stars.charge_id)
    assert "CHARGE_ALREADY_REFUNDED" in await refusal(bot.refund_star_payment(anna.id, stars.charge_id))
    message = (await next_update()).message
    assert message
    assert message.refunded_payment


async def test_what_a_bot_says_of_itself_is_kept_by_language(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, staff: telegram.Bot
) -> None:
    command = types.BotCommand(command="search", description="找东西")
    await bot.set_my_commands([command], scope=types.BotCommandScopeAllPrivateChats(), language_code="zh")
    kept = await bot.get_my_commands(types.BotCommandScopeAllPrivateChats(), "zh")
    assert [one.description for one in kept] == ["找东西"]
    assert await bot.get_my_commands() == []
    await bot.set_my_description("小店", language_code="zh")
    assert (await bot.get_my_description("zh")).description == "小店"
    await bot.set_chat_menu_button(menu_button=types.MenuButtonCommands())
    assert (await staff.get_my_name()).name == "desk_bot"
    assert "not found in Bot API" in await refusal(staff.do_api_request("flyToTheMoon"))
