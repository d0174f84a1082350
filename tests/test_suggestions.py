"""Suggestions while somebody types, over HTTP."""

import httpx
import pytest

from bot.web.suggestions import MOST_SUGGESTIONS, SUGGESTIONS_A_MINUTE
from cli.scratch import ScratchShop
from tests.web_door import Visitor, a_visitor

ADDRESS = "/chat/suggestions"


@pytest.fixture
def client(scratch: ScratchShop) -> httpx.AsyncClient:
    return scratch.client


@pytest.fixture
async def visitor(client: httpx.AsyncClient) -> Visitor:
    return await a_visitor(client)


async def asked(visitor: Visitor, words: str, lang: str = "zh") -> httpx.Response:
    return await visitor.client.get(ADDRESS, params={"q": words, "lang": lang}, headers=visitor.headers)


async def suggested(visitor: Visitor, words: str, lang: str = "zh") -> list[dict[str, object]]:
    answer = await asked(visitor, words, lang)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["suggestions"]
    return found


async def test_a_product_is_suggested_with_what_it_takes_to_open_it(visitor: Visitor) -> None:
    answer = await asked(visitor, "gooseneck", "en")
    assert answer.headers["Cache-Control"] == "private, max-age=30"
    (kettle,) = answer.json()["suggestions"]
    assert (kettle["kind"], kettle["product"]) == ("product", "gooseneck-kettle")
    assert "ettle" in kettle["text"]
    picture = await visitor.client.get(f"/media/{kettle['picture']}?size=160")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/webp")
    (same,) = await suggested(visitor, "gooseneck", "zh")
    assert (same["product"], same["text"]) == ("gooseneck-kettle", "细嘴控温电水壶 0.8L")


async def test_one_chinese_character_suggests_shelves_first_and_at_most_six(visitor: Visitor) -> None:
    found = await suggested(visitor, "茶")
    assert len(found) == MOST_SUGGESTIONS
    assert [each["kind"] for each in found] == ["category"] + ["product"] * 5
    assert (found[0]["text"], found[0]["product"], found[0]["picture"]) == ("茶叶", None, None)
    assert len({each["product"] for each in found[1:]}) == 5


@pytest.mark.parametrize(
    "words", ["", "   ", "\u200b", "\x00", "🫖", "<script>", "'; DROP TABLE product; --", "%", "_"]
)
async def test_what_nothing_begins_with_suggests_nothing(visitor: Visitor, words: str) -> None:
    assert await suggested(visitor, words) == []


async def test_nothing_asked_is_nothing_suggested_in_the_language_of_the_shop(visitor: Visitor) -> None:
    answer = await visitor.client.get(ADDRESS, headers=visitor.headers)
    assert (answer.status_code, answer.json()) == (200, {"suggestions": []})
    found = (await visitor.client.get(ADDRESS, params={"q": "gooseneck"}, headers=visitor.headers)).json()
    assert [each["text"] for each in found["suggestions"]] == ["细嘴控温电水壶 0.8L"]


@pytest.mark.parametrize(
    "query", [{"q": "茶" * 61}, {"q": "a" * 20_000}, {"q": "茶", "lang": "fr"}, {"q": "茶", "lang": ""}]
)
async def test_too_much_or_an_unknown_language_is_refused(visitor: Visitor, query: dict[str, str]) -> None:
    answer = await visitor.client.get(ADDRESS, params=query, headers=visitor.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")


@pytest.mark.parametrize("raw", ["q=%ff%fe", "q=%ED%A0%80", "q=%", "q=%00%00", "q=a&q=b", "q[]=a", "x" * 500])
async def test_malformed_addresses_are_answered_and_never_fail(visitor: Visitor, raw: str) -> None:
    answer = await visitor.client.get(f"{ADDRESS}?{raw}", headers=visitor.headers)
    assert answer.status_code == 200
    assert isinstance(answer.json()["suggestions"], list)


@pytest.mark.parametrize("token", ["", "nonsense", "A" * 43, "x" * 5000])
async def test_who_is_no_visitor_gets_no_suggestions(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(ADDRESS, params={"q": "茶"}, headers={"X-Visitor": token} if token else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "visitor.unknown")


async def test_the_limit_is_of_its_own_and_takes_no_messages_away(scratch: ScratchShop, visitor: Visitor) -> None:
    answers = [await asked(visitor, "") for _ in range(2 * SUGGESTIONS_A_MINUTE + 1)]  # the minute may turn over once
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused[0].status_code == 429
    assert refused[0].json()["code"] == "limit.suggestions"
    assert refused[0].headers["Retry-After"] == "10"
    assert len(answers) - len(refused) >= SUGGESTIONS_A_MINUTE
    assert (await visitor.sends("有茶吗")).status_code == 202
    assert await suggested(await a_visitor(scratch.client), "茶") != []
