"""The chat page on the fake Telegram, in a real browser: what people see there and do there."""

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from tests.telegram_server import Bot, FakeTelegram, a_picture, telegram_server
from tests.telegram_server.chats import Topic
from tests.telegram_server.looks import Page as Phones
from tests.telegram_server.params import Params, Upload

if TYPE_CHECKING:
    from playwright.async_api import FilePayload, Page

HOSTILE = '<img src=x onerror="document.title=1"> & <b>茶</b>'


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    """A bot, two people of two languages, and a group of both with a topic."""
    phones: list[Phones] = []

    def routes(fake: FakeTelegram) -> Any:
        phones.append(Phones(fake))
        return phones[0].routes()

    async with telegram_server(page=routes) as fake:
        fake.add_bot("1:shop", "tea_bot", name="小二")
        phones[0].add(fake.person("小满", language_code="zh-hans"), fake.person("Anna"))
        fake.group("茶友", list(phones[0].people.values()), forum=True).topics[7] = Topic(7, "退货")
        yield fake


@pytest.fixture
def bot(fake: FakeTelegram) -> Bot:
    return fake.bots["1:shop"]


async def sends(fake: FakeTelegram, bot: Bot, method: str, **values: Any) -> Any:
    photo = values.pop("photo", None)
    code, answer = await fake.call(bot, method, Params(values, {"photo": Upload("p.jpg", photo)} if photo else None))
    assert code == 200, answer
    return answer["result"]


@pytest.mark.browser
async def test_a_chat_is_seen_as_in_telegram_and_its_text_is_never_markup(
    page: "Page", fake: FakeTelegram, bot: Bot
) -> None:
    await page.goto(fake.url)
    await page.click('.chat:has(b:text-is("小二"))')
    await page.click("text=开始")
    anna = next(account for account in fake.accounts.values() if account.name == "小满")
    await fake.until(lambda: bot.updates.waiting)
    await page.fill("textarea", HOSTILE)
    await page.press("textarea", "Enter")
    assert await page.text_content(".bubble:has-text('onerror') .text") == HOSTILE
    keys = {"inline_keyboard": [[{"text": "买", "callback_data": "b"}]]}
    await sends(
        fake,
        bot,
        "sendPhoto",
        chat_id=anna.id,
        photo=a_picture(),
        caption="<b>龙井</b> &lt;1&gt;",
        parse_mode="HTML",
        reply_markup=keys,
    )
    await page.click(".keys >> text=买")
    query = await fake.until(lambda: next((one for one in fake.questions.values() if one.kind == "callback"), None))
    await sends(fake, bot, "answerCallbackQuery", callback_query_id=query.id, text="好的")
    await page.wait_for_selector(".toast.shown >> text=好的")
    assert await page.text_content(".bubble.with-photo b") == "龙井"
    price = [{"label": "茶", "amount": 4500}]
    await sends(
        fake,
        bot,
        "sendInvoice",
        chat_id=anna.id,
        title="茶",
        description="龙井",
        payload="o",
        currency="CNY",
        provider_token="p",
        prices=price,
    )
    await page.click(".keys .pay")
    await page.click("dialog .main")
    query = await fake.until(lambda: next((one for one in fake.questions.values() if one.kind == "payment"), None))
    await sends(fake, bot, "answerPreCheckoutQuery", pre_checkout_query_id=query.id, ok=True)
    await page.wait_for_selector(".event >> text=已付款")
    await _files(page, bot)
    await _a_topic(page, fake)
    assert await page.evaluate("document.body.scrollWidth <= innerWidth")
    assert await page.title() == "Fake Telegram"


def a_file(name: str, colour: str) -> "FilePayload":
    return {"name": name, "mimeType": "image/jpeg", "buffer": a_picture(colour)}


async def _files(page: "Page", bot: Bot) -> None:
    """Several photos at once are an album; a file stays what it is. What was typed is the caption of either."""
    red, blue, cup = a_file("1.jpg", "red"), a_file("2.jpg", "blue"), a_file("杯 子.jpg", "green")
    for files, words, shown in (
        ([red, blue], "碎了两只", ".bubble:has(.photos.n2) .text"),
        ([cup], "原图", ".bubble:has(.thing b:text-is('杯 子.jpg')) .text"),
    ):
        await page.fill("textarea", words)
        await page.click("button[aria-label=附件]")
        async with page.expect_file_chooser() as chooser:
            await page.click(".menu >> text=" + ("照片" if len(files) > 1 else "文件"))
        await (await chooser.value).set_files(files)
        assert await page.text_content(shown) == words
    first, second, file = [json.loads(update.body)["message"] for update in bot.updates.waiting[-3:]]
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], second.get("caption"), file["caption"]) == ("碎了两只", None, "原图")
    assert file["document"]["mime_type"] == "image/jpeg"


async def _a_topic(page: "Page", fake: FakeTelegram) -> None:
    """A person closes a topic by hand, opens it again, deletes it."""
    (group,) = fake.groups.values()
    await page.click(".back")
    await page.click('.chat:has(b:text-is("茶友"))')
    await page.click(".topics >> text=退货")
    for act, told, closed in (("关闭话题", "话题已关闭", True), ("重新开启话题", "话题已重新开启", False)):
        await page.click(f"button[aria-label={act}]")
        await page.wait_for_selector(f".event >> text={told}")
        assert group.topics[7].closed is closed
    await page.click("button[aria-label=删除话题]")
    await page.wait_for_selector(".topics:not(:has-text('退货'))")
    assert group.topics == {}


async def test_only_the_page_itself_acts_and_only_for_people_who_are_there(fake: FakeTelegram, bot: Bot) -> None:
    async with ClientSession() as http:
        said = {"person": 0, "chat": f"b{bot.id}", "act": "say", "text": "hi"}
        async with http.post(f"{fake.url}/do", data=str(said), headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 415
        async with http.post(f"{fake.url}/do", json=said | {"chat": "b99"}) as answer:
            assert answer.status == 404
        async with http.post(f"{fake.url}/do", json=said | {"act": "press", "message": 7}) as answer:
            assert "error" in await answer.json()
        async with http.get(f"{fake.url}/page/..%2Flooks.py") as answer:
            assert answer.status == 404
        async with http.get(f"{fake.url}/look?since=x&chat=g0") as answer:
            look = await answer.json()
    assert [person["name"] for person in look["people"]] == ["小满", "Anna"]
    assert bot.updates.waiting == []
