"""How the fake Telegram delivers: webhooks, long polling, flood control, faults; driven by aiogram over HTTP."""

import asyncio

import pytest
from aiogram import Bot as Aiogram
from aiogram import types
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter

from tests.telegram_clients import anna as anna
from tests.telegram_clients import bot as bot
from tests.telegram_clients import buttons, hook, refusal
from tests.telegram_clients import fake as fake
from tests.telegram_clients import shop as shop
from tests.telegram_server import Bot, FakeTelegram, Person, a_picture
from tests.telegram_server.params import Params
from tests.telegram_server.updates import Pending


async def test_a_webhook_is_tried_again_with_growing_pauses_and_other_queues_go_on(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    fake.clock_factor = 20
    chat = anna.open(shop)
    await chat.start()
    await bot.send_message(anna.id, "x", reply_markup=buttons("Go"))
    async with hook([500, 503, 500]) as (url, log):
        assert await bot.set_webhook(url, secret_token="s3cret")
        await chat.say("second")
        await chat.press("Go")
        await fake.until(lambda: not shop.updates.waiting)
        first = min(number for _, number, _ in log)
        messages = [number for kind, number, _ in log if kind == "message"]
        assert messages == [first] * 4 + [first + 1]
        assert [kind for kind, *_ in log].index("callback_query") < 3
        assert {secret for *_, secret in log} == {"s3cret"}
        assert "Wrong response from the webhook: 500" in str((await bot.get_webhook_info()).last_error_message)
        assert "webhook is active" in await refusal(bot.get_updates())
        await bot.delete_webhook()
    old = asyncio.create_task(bot.get_updates(timeout=50))
    while not old.done():
        await bot.get_updates()
    assert "terminated by other getUpdates" in await refusal(old)
    press = await chat.press("Go")
    fake.clock.skip(151)
    assert await bot.get_updates() == []
    assert press.question
    assert "query is too old" in await refusal(bot.answer_callback_query(press.question.id))


async def test_a_webhook_says_when_to_come_again_and_what_nobody_wants_any_more_is_dropped(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    async def failed(update: Pending, times: int) -> None:
        await fake.until(lambda: update.failures >= times)

    chat = anna.open(shop)
    await chat.start()
    (waiting,) = shop.updates.waiting
    async with hook([503, 500, 500, 500], Retry_After="7") as (url, log):
        assert await bot.set_webhook(url)
        pauses = []
        for number in range(1, 4):
            await failed(waiting, number)
            pauses.append(round(waiting.due - fake.clock.now()))
            fake.clock.skip(waiting.due - fake.clock.now())
            shop.updates._wake.set()
        assert pauses == [7, 7, 7]
        await failed(waiting, 4)
        fake.clock.skip(waiting.expires - fake.clock.now() + 1)
        shop.updates._wake.set()
        await fake.until(lambda: not shop.updates.waiting)
        assert len(log) == 4
    async with hook([410] * 3) as (url, log):
        assert await bot.set_webhook(url)
        await chat.say("are you there?")
        (waiting,) = shop.updates.waiting
        for number, hours in ((1, 0), (2, 23.5)):
            await failed(waiting, number)
            fake.clock.skip(hours * 3600)
            shop.updates._wake.set()
        await fake.until(lambda: shop.updates.webhook is None)
        assert (await bot.get_webhook_info()).url == ""
    shop.updates.waiting.clear()
    fake.faults.duplicates = 1.0
    async with hook([]) as (url, log):
        assert await bot.set_webhook(url)
        await chat.say("once")
        await chat.say("more")
        await fake.until(lambda: not shop.updates.waiting)
        first = log[0][1]
        assert [number - first for _, number, _ in log] == [0, 0, 1, 1]


async def test_a_bot_is_told_what_it_asked_for_and_questions_are_soon_of_no_use(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    chat = anna.open(shop)
    await chat.start()
    await bot.send_message(anna.id, "x", reply_markup=buttons("Go"))

    async def happens(*wanted: str) -> list[str]:
        told = await bot.get_updates(allowed_updates=list(wanted))
        await bot.get_updates(offset=told[-1].update_id + 1 if told else None)
        said = await chat.say("x")
        await chat.edit(said, "y")
        await chat.react(said, "👍")
        await chat.press("Go")
        return [update.event_type for update in await bot.get_updates()]

    usual = ["message", "edited_message", "callback_query"]
    assert await happens() == usual
    assert await happens("message_reaction", "nonsense") == ["message_reaction"]
    assert await happens("nonsense") == usual
    lives = dict.fromkeys(("callback_query", "shipping_query", "pre_checkout_query"), 150)
    for kind, life in (lives | {"inline_query": 30, "chosen_inline_result": 600, "message": 86_400}).items():
        shop.updates.waiting.clear()
        shop.updates.push(kind, {}, anna.id)
        fake.clock.skip(life - 1)
        assert [update["update_id"] for update in (await fake.call(shop, "getUpdates", Params({})))[1]["result"]]
        fake.clock.skip(2)
        assert await bot.get_updates() == []


async def test_flood_control_counts_the_bot_the_chat_and_the_group(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    group = fake.group("Friends", [anna], shop)
    people = [fake.person(f"P{number}") for number in range(30)]
    for person in (anna, *people):
        await person.open(shop).start()
    fake.flood_limits()
    fake.clock_factor = 0.001  # however long we take, no time passes for Telegram but what we skip

    async def until_refused(*chats: int) -> tuple[int, int]:
        for number, chat in enumerate(chats):
            try:
                await bot.send_message(chat, "x")
            except TelegramRetryAfter as refused:
                return number, refused.retry_after
        return len(chats), 0

    assert await until_refused(*[anna.id] * 9) == (5, 1)
    fake.clock.skip(60)
    assert await until_refused(*[group.id] * 25) == (20, 57)
    fake.clock.skip(60)
    assert await until_refused(*[person.id for person in people], anna.id) == (30, 1)
    fake.clock.skip(60)
    photos = [types.InputMediaPhoto(media=types.BufferedInputFile(a_picture(), "p.jpg"))] * 10
    await bot.send_media_group(group.id, list(photos))
    await bot.send_message(group.id, "x")
    before = len(group.messages)
    assert "Too Many Requests: retry after 57" in await refusal(bot.send_media_group(group.id, list(photos)))
    assert len(group.messages) == before
    fake.flood_limits(False)
    shop.flood.close(7, anna.id)
    assert await until_refused(people[0].id, anna.id) == (1, 7)


async def test_faults_happen_when_they_are_switched_on(
    fake: FakeTelegram, shop: Bot, bot: Aiogram, anna: Person
) -> None:
    chat = anna.open(shop)
    await chat.start()
    for switch, seen in ((fake.faults.error, 0), (fake.faults.reset, 0), (fake.faults.lost, 1)):
        switch("sendMessage")
        before = len(chat.messages)
        await refusal(bot.send_message(anna.id, "x"))
        assert len(chat.messages) - before == seen
    fake.faults.flood(3, "sendMessage")
    assert "Retry in 3 seconds" in await refusal(bot.send_message(anna.id, "x"))
    fake.faults.timeout("sendMessage")
    with pytest.raises(TelegramAPIError, match="timeout"):
        await bot.send_message(anna.id, "x", request_timeout=1)
    first = (await bot.get_updates())[-1].update_id
    fake.faults.duplicates = fake.faults.reordered = 0.5
    for number in range(20):
        await chat.say(str(number))
    ids = [update.update_id for update in await bot.get_updates(offset=first + 1)]
    assert set(ids) == set(range(first + 1, first + 21))
    assert len(ids) > 20
    assert ids != sorted(ids)
