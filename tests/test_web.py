"""The shopper's door over HTTP: visitors, messages, the stream, limits, pages and their headers."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from bot.shop import Shop
from bot.web.visitors import new_visitor, visitor_id
from cli.scratch import ScratchShop
from conversations.model import Message
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.web_door import Visitor, a_visitor, app_of, events, served, the_shop_says


@pytest.fixture
def client(scratch: ScratchShop) -> httpx.AsyncClient:
    return scratch.client


@pytest.fixture
async def visitor(client: httpx.AsyncClient) -> Visitor:
    return await a_visitor(client)


async def said_by_shoppers(shop: Shop) -> list[str]:
    async with shop.database.begin() as session:
        wanted = select(Message.text).where(Message.kind == "shopper").order_by(Message.id)
        return list(await session.scalars(wanted))


async def test_a_message_sent_twice_is_kept_once(shop: Shop, visitor: Visitor) -> None:
    first = await visitor.sends("有龙井吗")
    again = await visitor.sends("有龙井吗")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == {"seq": 1, "repeated": False}
    assert again.json() == {"seq": 1, "repeated": True}
    assert await said_by_shoppers(shop) == ["有龙井吗"]


async def test_twenty_tabs_sending_the_same_message_at_once_keep_it_once(shop: Shop, visitor: Visitor) -> None:
    answers = await asyncio.gather(*(visitor.sends("hello") for _ in range(20)))
    assert {answer.json()["seq"] for answer in answers} == {1}
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert await said_by_shoppers(shop) == ["hello"]


async def test_history_tells_what_was_said_and_where_the_stream_goes_on(shop: Shop, visitor: Visitor) -> None:
    for number in range(5):
        await visitor.sends(f"message {number}", client_id=f"client-id-{number}")
    await shop.idle()
    whole = await visitor.history()
    mine = [message for message in whole["messages"] if message["kind"] == "shopper"]
    assert [message["text"] for message in mine] == [f"message {number}" for number in range(5)]
    assert [message["client_id"] for message in mine] == [f"client-id-{number}" for number in range(5)]
    assert whole["more"] is False
    assert whole["cursor"] >= max(message["rev"] for message in whole["messages"])
    page = await visitor.history(before=mine[3]["seq"], limit=2)
    assert page["more"] is True
    assert page["messages"][-1]["seq"] < mine[3]["seq"]
    assert len(page["messages"]) == 2


async def test_a_stream_goes_on_from_its_cursor_and_misses_nothing(shop: Shop) -> None:
    async with served(app_of(shop)) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        visitor = await a_visitor(client)
        chat = visitor_id(shop.vault, visitor.token)
        await visitor.sends("你好")
        await shop.idle()
        await the_shop_says(shop, chat, "第一条")
        cursor = (await visitor.history())["cursor"]
        await the_shop_says(shop, chat, "第二条")
        async with client.stream("GET", f"/chat/stream?cursor={cursor}", headers=visitor.headers) as stream:
            told = events(stream)
            name, rev, message = await anext(told)
            assert (name, message["text"], message["kind"]) == ("message", "第二条", "fact")
            assert rev == message["rev"] > cursor
            assert (await anext(told))[2] == {"owner": "bot", "typing": False, "name": None}
            await the_shop_says(shop, chat, "第三条")
            assert (await anext(told))[2]["text"] == "第三条"
        async with client.stream("GET", f"/chat/stream?cursor={rev}", headers=visitor.headers) as stream:
            assert (await anext(events(stream)))[2]["text"] == "第三条"


async def test_a_stream_that_is_open_before_the_first_message_gets_it(shop: Shop) -> None:
    async with served(app_of(shop)) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        visitor = await a_visitor(client)
        async with client.stream("GET", "/chat/stream", headers=visitor.headers) as stream:
            await visitor.sends("hello there", client_id="first-of-all")
            _, _, message = await anext(events(stream))
            assert (message["text"], message["client_id"]) == ("hello there", "first-of-all")


async def test_a_ninth_stream_of_one_visitor_is_refused(shop: Shop) -> None:
    async with served(app_of(shop)) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        visitor = await a_visitor(client)
        request = client.build_request("GET", "/chat/stream", headers=visitor.headers)
        opened = [await client.send(request, stream=True) for _ in range(8)]
        refused = await client.get("/chat/stream", headers=visitor.headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "limit.streams")
        for stream in opened:
            await stream.aclose()


async def test_another_visitor_sees_and_hears_nothing(shop: Shop, client: httpx.AsyncClient) -> None:
    mine, other = await a_visitor(client), await a_visitor(client)
    await mine.sends("my address is secret")
    await shop.idle()
    assert await other.history() == {
        "messages": [],
        "more": False,
        "cursor": 0,
        "state": {"owner": "bot", "typing": False, "name": None},
    }
    await other.sends("hello", client_id="message-0001")  # the same client id is another message
    await shop.idle()
    assert [m["text"] for m in (await other.history())["messages"] if m["kind"] == "shopper"] == ["hello"]
    assert await said_by_shoppers(shop) == ["my address is secret", "hello"]


async def test_a_token_that_we_did_not_sign_opens_nothing(client: httpx.AsyncClient) -> None:
    for token in ("", "x", "A" * 43, "é", "../../etc/passwd", "=" * 300):
        for path in ("/chat/history", "/chat/stream"):
            answer = await client.get(path, headers={b"X-Visitor": token.encode()})
            assert (answer.status_code, answer.json()["code"]) == (401, "visitor.unknown")


def test_a_visitor_token_is_bound_to_its_shop(vault: Vault) -> None:
    token = new_visitor(vault)
    assert len(visitor_id(vault, token)) == 32
    assert new_visitor(vault) != token
    forged = ("B" if token[0] != "B" else "C") + token[1:]
    for foreign in (forged, token[:-4], new_visitor(Vault.fresh())):
        with pytest.raises(Refused, match=r"visitor\.unknown"):
            visitor_id(vault, foreign)


SENSELESS = [
    (b"", 422, "body.invalid"),
    (b"{", 422, "body.invalid"),
    (b"[" * 30_000, 422, "body.invalid"),
    (b"\xff\xfe", 422, "body.invalid"),
    (b'{"client_id":"abcdefgh"}', 422, "body.invalid"),
    (b'{"client_id":"short","body":{"kind":"text","text":"x"}}', 422, "body.invalid"),
    (b'{"client_id":"abcdefgh","body":{"kind":"text","text":""}}', 422, "body.invalid"),
    (b'{"client_id":"abcdefgh","body":{"kind":"photo","text":"x"}}', 422, "body.invalid"),
    (b'{"client_id":"abcdefgh","body":{"kind":"text","text":"x","staff":true}}', 422, "body.invalid"),
    (b'{"client_id":"abcdefgh","body":{"kind":"press","token":"' + b"t" * 65 + b'"}}', 422, "body.invalid"),
    (
        b'{"client_id":"abcdefgh","body":{"kind":"text","text":"' + b"x" * 10_001 + b'"}}',
        413,
        "message.too_long",
    ),
    (b'{"client_id":"abcdefgh","body":{"kind":"text","text":"' + b"x" * 70_000 + b'"}}', 413, "body.too_large"),
]


async def test_a_body_that_makes_no_sense_is_refused_and_leaves_nothing(shop: Shop, visitor: Visitor) -> None:
    headers = {**visitor.headers, "Content-Type": "application/json"}
    for body, status, code in SENSELESS:
        answer = await visitor.client.post("/chat/messages", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body[:60]
    assert await said_by_shoppers(shop) == []


async def test_ten_thousand_characters_and_strange_ones_are_taken(shop: Shop, visitor: Visitor) -> None:
    assert (await visitor.sends("茶" * 10_000)).status_code == 202
    raw = b'{"client_id":"strange-1","body":{"kind":"text","text":"a\\u0000b\\ud800c <script>"}}'
    headers = {**visitor.headers, "Content-Type": "application/json"}
    answer = await visitor.client.post("/chat/messages", content=raw, headers=headers)
    assert answer.status_code == 202
    assert (await said_by_shoppers(shop))[1] == "a\ufffdb\ufffdc <script>"


async def test_a_file_gets_a_clear_answer(visitor: Visitor) -> None:
    answer = await visitor.client.post("/chat/messages", files={"file": b"x"}, headers=visitor.headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "files.not_yet")


async def test_messages_over_the_limit_of_a_minute_wait(shop: Shop, visitor: Visitor) -> None:
    limit = 5
    shop.settings = shop.settings.model_copy(update={"messages_a_minute": limit})
    # More than two full windows, as the minute may turn over once while we send.
    answers = [await visitor.sends(f"m{n}", client_id=f"message-{n:04}") for n in range(2 * limit + 2)]
    assert [answer.status_code for answer in answers][:limit] == [202] * limit
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused[0].json()["code"] == "limit.messages"
    assert refused[0].json()["facts"]["first"] is True
    assert int(refused[0].headers["Retry-After"]) > 0
    assert len(await said_by_shoppers(shop)) == len(answers) - len(refused)


async def test_the_limit_counts_an_address_over_all_its_visitors(shop: Shop, client: httpx.AsyncClient) -> None:
    limit = 5
    visitors = [await a_visitor(client) for _ in range(2 * limit + 2)]
    shop.settings = shop.settings.model_copy(update={"messages_a_minute": limit})
    statuses = [(await visitor.sends("hi")).status_code for visitor in visitors]
    assert statuses[:limit] == [202] * limit
    assert 429 in statuses[limit:]
    assert 429 in [(await client.post("/chat/visitor")).status_code for _ in range(2 * limit + 2)]


async def test_pages_have_a_strict_content_policy_and_no_script_of_their_own(client: httpx.AsyncClient) -> None:
    for path in ("/", "/embed.html", "/nothing-here", "/pay/forged/done"):
        page = await client.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script>" not in page.text
        assert " style=" not in page.text
        assert " onclick=" not in page.text


async def test_the_page_speaks_the_shoppers_language(client: httpx.AsyncClient) -> None:
    for path, header, tag, word in (
        ("/", "zh-CN,zh;q=0.9", "zh-CN", "店小二"),
        ("/", "en-GB,en;q=0.9", "en", "attendant"),
        ("/?lang=en", "zh-CN", "en", "attendant"),
        ("/?lang=zh", "en", "zh-CN", "店小二"),
        ("/?lang=<b>", "fr,en;q=0.5", "en", "attendant"),
    ):
        page = await client.get(path, headers={"Accept-Language": header})
        assert f'<html lang="{tag}">' in page.text
        assert word in page.text


async def test_an_unknown_path_is_a_kind_page_for_people_and_json_for_programs(client: httpx.AsyncClient) -> None:
    for language, title in (("zh", "这里什么都没有"), ("en", "There is nothing here")):
        page = await client.get("/no/such/page", headers={"Accept-Language": language})
        assert page.status_code == 404
        assert title in page.text
    answer = await client.get("/chat/no-such-thing")
    assert (answer.status_code, answer.json()["code"]) == (404, "http.404")


async def test_the_widget_may_be_loaded_by_any_site_and_is_sent_once(client: httpx.AsyncClient) -> None:
    script = await client.get("/widget.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["Access-Control-Allow-Origin"] == "*"
    assert "innerHTML" not in script.text
    assert "insertAdjacentHTML" not in script.text
    again = await client.get("/widget.js", headers={"If-None-Match": script.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_only_listed_sites_may_use_the_chat(shop: Shop) -> None:
    shop.settings = shop.settings.model_copy(update={"allowed_origins": ("https://friend.example",)})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-visitor"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app_of(shop)), base_url="http://shop.test") as client:
        for origin, allowed in (("https://evil.example", None), ("null", None), ("https://friend.example",) * 2):
            answer = await client.options("/chat/messages", headers={"Origin": origin, **asked})
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed


async def test_health_ready_and_metrics_answer(shop: Shop, visitor: Visitor) -> None:
    assert (await visitor.client.get("/health")).json() == {"status": "ok"}
    ready = (await visitor.client.get("/ready")).json()
    assert ready["database"] == "ok"
    await visitor.sends("hello")
    await shop.idle()
    text = (await visitor.client.get("/metrics")).text
    assert 'xiaoer_messages_heard_total{channel="web"}' in text
    assert "xiaoer_work_waiting" in text
    assert 'route="/chat/messages"' in text


async def test_a_picture_comes_whole_or_small_and_is_kept_by_browsers(client: httpx.AsyncClient) -> None:
    whole, small = await client.get("/media/1"), await client.get("/media/1?size=160")
    assert whole.headers["content-type"].startswith("image/")
    assert small.headers["content-type"] == "image/webp"
    assert len(small.content) < len(whole.content)
    assert "immutable" in whole.headers["Cache-Control"]
    assert small.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    again = await client.get("/media/1", headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_picture_that_is_not_there_is_a_plain_no(client: httpx.AsyncClient) -> None:
    for path in ("/media/999999", "/media/99999999999999999999", "/media/..%2f..%2fkeys.json"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get("/media/x")).status_code == 422


async def test_a_fault_of_ours_says_nothing_about_the_shopper(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(shop)

    @app.get("/chat/broken")
    async def broken() -> None:
        raise RuntimeError("13800138000")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.test") as client:
        answer = await client.get("/chat/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "13800138000" not in answer.text
    assert "13800138000" not in caplog.text
    async with shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 0
