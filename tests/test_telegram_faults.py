"""When something is away for a while: the network, Telegram itself, the database, a method that is asked too often."""

import asyncio

import pytest
from aiogram.client.telegram import TelegramAPIServer

from bot.channels.staff_telegram import StaffTelegram
from bot.channels.telegram import Telegram
from bot.replies import Text
from bot.telegram import updates
from bot.telegram.polling import poll, take_in
from bot.telegram.values import Started
from cli.scratch import Place
from cli.serve import side_by_side
from foundation.errors import Refused
from nlu.understand import Understander
from tests.telegram_server import Chat, FakeTelegram
from tests.telegram_server.params import Params
from tests.telegram_shop import TelegramShop, telegram_shop
from tests.test_telegram_sending import Door, free
from tests.test_telegram_sending import door as door
from tests.test_telegram_sending import fake as fake

NEWS = "Your order is on its way"


async def test_a_message_outlasts_a_network_that_is_away_and_a_telegram_that_fails_for_a_minute(door: Door) -> None:
    session = door.telegram._bot.session
    there, session.api = session.api, TelegramAPIServer.from_base("http://127.0.0.1:9")
    await door.hears()
    await door.answers(Text(NEWS))
    for _second in range(10):
        await door.later(60)
    session.api = there
    door.fake.faults.error("sendMessage", 4)
    for _minute in range(8):
        await door.later(60)
    assert (door.shown, await door.statuses()) == ([NEWS], ["sent"])


async def test_a_shopper_is_heard_all_the_same(
    place: Place, demo_shelves: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telegram_shop(place, understander, polled=False, messages_a_minute=2) as here:
        await _once_the_database_is_back(here, here.person("Anna"), monkeypatch)
        await _though_the_clock_of_a_button_cannot_be_stopped(here, here.person("Ben"))
        await _though_the_menu_cannot_be_shown(here, here.person("Cai"))


async def _once_the_database_is_back(here: TelegramShop, anna: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_away(*_args: object, **_kwargs: object) -> None:
        raise OSError

    await anna.say("/start")
    with monkeypatch.context() as patched:
        patched.setattr(updates, "keep", is_away)
        for _try in range(4):
            assert not await _fetched(here)
    assert await _fetched(here)
    assert [said.text for said in await here.heard(anna.person)] == ["/start"]


async def _though_the_clock_of_a_button_cannot_be_stopped(here: TelegramShop, ben: Chat) -> None:
    await ben.say("/start")
    assert await _fetched(here)
    here.fake.faults.reset("answerCallbackQuery")
    await ben.press("What can you do?")
    assert await _fetched(here)
    assert ben.answers


async def _though_the_menu_cannot_be_shown(here: TelegramShop, cai: Chat) -> None:
    here.fake.faults.flood(300, "setMyCommands", 9)
    stop = asyncio.Event()
    polling = asyncio.create_task(poll(here.shop, stop=stop, every=0.1))
    await cai.say("/start")
    await cai.hears("Welcome")
    stop.set()
    await polling


async def _fetched(here: TelegramShop) -> bool:
    """What waits is fetched once and worked on; whether all of it is stored. Then Telegram may forget it."""
    assert here.shop.telegram is not None
    found = await here.shop.telegram.get_updates(None, 0)
    is_stored = await take_in(here.shop, here.shop.telegram, found)
    if is_stored:
        await here.shop.telegram.get_updates(int(found[-1]["update_id"]) + 1, 0)
    await here.shop.idle()
    return is_stored


async def test_the_staffs_bot_fetches_after_a_webhook_and_says_plainly_what_telegram_cannot_read(
    fake: FakeTelegram,
) -> None:
    token = "333:desk"
    bot = fake.add_bot(token, "desk_bot")
    await fake.call(bot, "setWebhook", Params({"url": "https://elsewhere.example/hook"}))
    staff = StaffTelegram(token, url=fake.url, budget=free())
    await staff.open()
    chat = (li := fake.person("Li")).open(bot)
    await chat.start()
    assert [type(value) for value in (await staff.updates(0))[0]] == [Started]
    await staff.post(li.id, None, "<b>5 &lt; 6</b> <oops> & more")
    assert [one.error.partition(":")[0] for one in fake.called("sendMessage")] == ["Bad Request", ""]
    assert (chat.last.text, chat.last.entities) == ("5 < 6  & more", [])
    await staff.close()


async def test_a_wrong_token_of_one_bot_does_not_silence_the_other_and_is_told_at_the_end(fake: FakeTelegram) -> None:
    ended: list[str] = []

    async def works(name: str) -> None:
        await asyncio.sleep(0.1)
        ended.append(name)

    wrong, budget = "999:wrong", free()
    for bot in (Telegram(wrong, url=fake.url, budget=budget), StaffTelegram(wrong, url=fake.url, budget=budget)):
        with pytest.raises(Refused) as told:
            await side_by_side([bot.open(), works(type(bot).__name__)])
        assert told.value.code == "telegram.bad_token"
        await bot.close()
    assert ended == ["Telegram", "StaffTelegram"]
