"""Bad input at every place where somebody may write: an answer each time, nothing broken, nothing executed, no 500."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from io import StringIO
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select, text

from admin_api.model import Staff
from bench.harness import SHARED
from bot.shop import Shop
from bot.turn import receive
from cli.scratch import ScratchShop
from commerce.inventory.model import StockLevel
from commerce.orders.model import Order
from commerce.orders.snapshot import open_address
from conversations.hear import Incoming, hear
from conversations.model import Message
from conversations.text import clean
from foundation.database import Database
from tests.admin import Browser, Console, open_console, shopper_chat
from tests.bad_strings import OURS, everything
from tests.chat import Chat
from tests.test_logs import served as logs_as_served
from tests.web_door import Visitor, a_visitor

HAS_SHARED = (SHARED / "data/badinput").is_dir()
ADDRESS = "浙江省杭州市西湖区文三路 90 号"
AT_ONCE = 8


def strings() -> list[str]:
    """Every bad string there is; without the shared folder, ours."""
    return everything(SHARED) if HAS_SHARED else OURS


def some_strings() -> list[str]:
    """Ours and one in twenty of the others, for places that are slow by design."""
    return list(dict.fromkeys([*OURS, *strings()[::20]]))


def test_the_strings_of_the_shared_folder_are_here() -> None:
    if not HAS_SHARED:
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    assert len(strings()) > 1200


@pytest.fixture
def written() -> Iterator[StringIO]:
    """The logs as a serving process writes them."""
    with logs_as_served() as stream:
        yield stream


async def shelves(database: Database) -> dict[str, object]:
    """What no message may change: the tables, the goods, the stock, the orders and the staff."""
    async with database.begin() as session:
        ask = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = list(await session.scalars(ask))
        stock = await session.execute(
            select(func.count(), func.sum(StockLevel.on_hand), func.sum(StockLevel.reserved)).select_from(StockLevel)
        )
        goods = await session.scalar(
            text(
                "SELECT md5(string_agg(v::text || t::text, '|' ORDER BY v.id, t.lang)) FROM variant v"
                " JOIN product_text t USING (product_id)"
            )
        )
        counted = [await session.scalar(select(func.count()).select_from(table)) for table in (Order, Staff)]
        return {"tables": tables, "stock": tuple(stock.one()), "goods": goods, "orders and staff": counted}


async def all_say(shop: Shop, road: list[str], said: list[str], *, before_each: tuple[str, ...] = ()) -> None:
    """Shoppers beside each other, each with a chat and a share of the strings: the road first, then one by one.

    `before_each` is said in one breath with each. All of it is answered before the next. Who comes to wait for a person
    is let go, and another shopper comes; in the end the conversations go on: 你好 gets its answer.
    """
    queue = iter(said)
    ids = itertools.count()
    chats: list[str] = []

    def incoming(chat: str, words: str) -> Incoming:
        return Incoming("web", chat, str(next(ids)), {"kind": "text", "text": words}, words)

    async def all_hear(said: list[tuple[str, str]]) -> None:
        await asyncio.gather(*(receive(shop, incoming(chat, words)) for chat, words in said))
        await shop.idle()

    while some := list(itertools.islice(queue, AT_ONCE)):
        chats = await with_the_bot(shop, chats)
        come = [f"bad-{next(ids)}" for _ in range(AT_ONCE - len(chats))]
        for words in road:
            await all_hear([(chat, words) for chat in come])
        chats += come
        for words in before_each:
            for chat, _ in zip(chats, some, strict=False):
                await hear(shop.database, incoming(chat, words), now=shop.now())
        await all_hear(list(zip(chats, some, strict=False)))
    await all_hear([(chat, "你好") for chat in await with_the_bot(shop, chats)])


async def with_the_bot(shop: Shop, chats: list[str]) -> list[str]:
    """Those of these chats that the bot answers."""
    async with shop.database.raw() as driver:
        ask = "SELECT chat FROM conversation WHERE chat = ANY($1) AND owner = 'bot' ORDER BY id"
        return [row["chat"] for row in await driver.fetch(ask, chats)]


async def unanswered(shop: Shop) -> list[str]:
    """What was said to the bot and not answered, or not even read."""
    ask = """
        SELECT text FROM (
            SELECT message.*, lead(kind) OVER (PARTITION BY conversation_id ORDER BY seq) AS follows FROM message
        ) said JOIN conversation ON conversation.id = conversation_id
        WHERE kind = 'shopper' AND (follows IS NULL AND owner = 'bot' OR seq > handled_seq)
    """
    async with shop.database.begin() as session:
        return list(await session.scalars(text(ask)))


@pytest.mark.slow
async def test_every_bad_string_as_a_message_is_answered_and_changes_nothing(
    scratch: ScratchShop, written: StringIO
) -> None:
    shop, said = scratch.shop, strings()
    before = await shelves(shop.database)
    await all_say(shop, [], said)
    assert await unanswered(shop) == []
    assert await shelves(shop.database) == before
    async with shop.database.begin() as session:
        kept = set(await session.scalars(select(Message.text).where(Message.kind == "shopper")))
    assert kept == {clean(string) for string in said} | {"你好"}
    assert written.getvalue() == ""


@pytest.mark.slow
async def test_every_bad_string_as_a_search_in_the_middle_of_a_checkout_is_answered(
    scratch: ScratchShop, written: StringIO
) -> None:
    shop = scratch.shop
    before = await shelves(shop.database)
    await all_say(shop, ["有什么茶", "第二个", "加购物车", "1", "结账"], [f"找 {string}" for string in strings()])
    assert await unanswered(shop) == []
    assert await shelves(shop.database) == before
    assert written.getvalue() == ""


async def test_bad_strings_as_answers_to_a_question_are_answered(scratch: ScratchShop, written: StringIO) -> None:
    shop = scratch.shop
    before = await shelves(shop.database)
    await all_say(shop, ["有什么茶", "第二个", "加购物车", "1"], some_strings(), before_each=("结账",))
    assert await unanswered(shop) == []
    assert await shelves(shop.database) == before
    assert written.getvalue() == ""


@pytest.mark.slow
async def test_every_bad_string_as_a_name_and_an_address_is_answered_and_kept_sealed(
    scratch: ScratchShop, written: StringIO
) -> None:
    shop = scratch.shop
    before = await shelves(shop.database)
    given = [f"{string} 13800138000 {ADDRESS} {string}" for string in strings()]
    await all_say(shop, ["有什么茶", "第二个", "加购物车", "1", "结账"], given, before_each=("换个地址",))
    assert await unanswered(shop) == []
    assert await shelves(shop.database) == before
    assert written.getvalue() == ""


async def test_order_with_an_address_that_looks_like_an_attack_keeps_it_as_text(
    scratch: ScratchShop, chat: Chat
) -> None:
    name, line = "张三", "{order.__class__} ${7*7} <b>OR 1=1</b>"
    await chat.says("有什么茶", "第二个", "加购物车", "1", "结账", f"{name} 13800138000 {ADDRESS} {line}", "货到付款")
    assert "下单成功" in (await chat.says("好的"))[0]
    async with scratch.shop.database.begin() as session:
        order = (await session.scalars(select(Order))).one()
        address = open_address(session, order)
        (stored,) = await session.execute(text("SELECT orders::text || customer::text FROM orders, customer"))
    assert line in address.line
    assert address.name == name
    assert "1=1" not in stored[0]


# Over HTTP


async def test_bad_strings_over_http_are_taken_or_refused_and_come_back_as_they_were(
    scratch: ScratchShop, written: StringIO
) -> None:
    before = await shelves(scratch.shop.database)
    for number, string in enumerate(some_strings()):
        visitor = await a_visitor(scratch.client)
        body = {"client_id": f"message-{number}", "body": {"kind": "text", "text": string}, "language": "zh"}
        answer = await posted(visitor, json.dumps(body).encode())
        expected = 422 if not string else 202
        assert answer.status_code == expected, (string[:60], answer.text)
        if string:
            history = await visitor.history(limit=100)
            assert any(message["text"] == clean(string) for message in history["messages"])
            await scratch.shop.idle()
    assert await unanswered(scratch.shop) == []
    assert await shelves(scratch.shop.database) == before
    assert written.getvalue() == ""


async def posted(visitor: Visitor, content: bytes, path: str = "/chat/messages") -> httpx.Response:
    headers = {**visitor.headers, "Content-Type": "application/json"}
    return await visitor.client.post(path, content=content, headers=headers)


async def test_bad_client_ids_buttons_cursors_and_bodies_are_refused_in_the_one_shape(
    scratch: ScratchShop, written: StringIO
) -> None:
    visitor = await a_visitor(scratch.client)
    words = {"kind": "text", "text": "你好"}
    for string in some_strings():
        number = f"{clean(string)[:500]}x"
        refused = [
            await posted(visitor, json.dumps({"client_id": string, "body": words}).encode()),
            await posted(visitor, json.dumps({"client_id": "message-1", "body": string}).encode()),
            await posted(visitor, json.dumps({"client_id": "message-1", "body": {"kind": string}}).encode()),
            await posted(visitor, json.dumps({"client_id": "message-1", "body": words, "language": string}).encode()),
            await posted(visitor, string.encode("utf-8", "surrogatepass")),
            await scratch.client.get("/chat/history", params={"before": number}, headers=visitor.headers),
            await scratch.client.get("/chat/stream", params={"cursor": number}, headers=visitor.headers),
        ]
        for answer in refused:
            fine = re.fullmatch("[A-Za-z0-9_-]+", string)  # a name for a message like any other
            assert answer.status_code == 422 or (fine and answer.status_code in (200, 202)), (string[:60], answer.text)
            if answer.status_code == 422:
                assert set(answer.json()) == {"code", "message", "facts"}
        token = clean(string)[:64]
        if token:  # a button that is none is answered by the bot
            press = {"client_id": f"press-{hash(string) % 10**12}", "body": {"kind": "press", "token": token}}
            assert (await posted(visitor, json.dumps(press).encode())).status_code == 202
            await scratch.shop.idle()
    assert await unanswered(scratch.shop) == []
    assert written.getvalue() == ""


async def test_bad_visitors_and_pay_links_are_nobody(scratch: ScratchShop, written: StringIO) -> None:
    for string in some_strings():
        header = clean(string).encode()[:4000].replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
        asked = await scratch.client.get("/chat/history", headers=[(b"X-Visitor", header)])
        assert (asked.status_code, asked.json()["code"]) == (401, "visitor.unknown")
        quoted = quote(clean(string)[:500] or "-", safe="")
        for path in (f"/pay/{quoted}", f"/pay/{quoted}/done", f"/media/{quoted}", f"/assets/{quoted}"):
            assert (await scratch.client.get(path)).status_code in (404, 405, 422), path
        hooked = await scratch.client.post(f"/webhooks/payments/{quoted}", content=string.encode("utf-8", "replace"))
        assert hooked.status_code in (404, 405)
    lines = [json.loads(line) for line in written.getvalue().split("\n") if line]  # no other ends a line
    assert {line["event"] for line in lines} <= {"webhook refused"}


# At the staff's desk


@pytest.fixture
async def console(scratch: ScratchShop, now: datetime) -> AsyncIterator[Console]:
    async with open_console(scratch.shop.database, scratch.shop.vault, now) as console:
        yield console


async def sent(browser: Browser, path: str, body: object) -> httpx.Response:
    """What a program may send and a browser does not: JSON with halves of characters in it."""
    return await browser.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


async def test_bad_strings_of_the_staff_are_kept_as_text_or_refused(
    scratch: ScratchShop, console: Console, chat: Chat, written: StringIO
) -> None:
    await chat.says("有什么茶", "第二个", "加购物车", "1", "结账", f"张三 13800138000 {ADDRESS}", "货到付款", "好的")
    async with console.database.begin() as session:
        number = await session.scalar(select(Order.number))
    mei = await console.at_work("mei", "supervisor")
    talk = await shopper_chat(console, "在吗")
    assert (await mei.post(f"/api/conversations/{talk}/take")).status_code == 200
    for count, string in enumerate(some_strings()):
        path = f"/api/conversations/{talk}"
        saying = {"text": string, "client_msg_id": str(count)}
        keepable = string == clean(string)
        for address in (f"{path}/messages", f"{path}/notes"):
            answer = await sent(mei, address, saying)
            assert answer.status_code == (200 if keepable and string.strip() else 422), (address, string[:60])
        quoted = quote(clean(string)[:300] or "-", safe="")
        for address in (f"/api/orders/{quoted}", f"/api/conversations/{quoted}"):
            answer = await mei.http.get(address)
            assert answer.status_code in (200, 404, 405, 422), (address, answer.text)
        for address, name in (("/api/conversations", "cursor"), ("/api/orders", "cursor")):
            answer = await mei.get(address, **{name: clean(string)[:300]})
            assert answer.status_code in (200, 422), (address, string[:60], answer.text)
        if count % 4 == 0:  # a password costs time by design
            signed = await sent(console.browser(), "/api/sign-in", {"name": string, "password": string})
            assert signed.status_code in (401, 422, 429)
    async with console.database.begin() as session:
        kept = set(await session.scalars(select(Message.text).where(Message.kind.in_(("person", "note")))))
        order = (await session.scalars(select(Order))).one()
        assert order.number == number
        assert order.status == "placed"
    assert {"<script>alert(1)</script>", "'; DROP TABLE message; --", "{order}"} <= kept
    assert written.getvalue() == ""
