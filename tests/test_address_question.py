"""An address that comes in pieces, over the life of a shop's keys."""

import asyncio
import base64
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import select

from bot.places import Places
from bot.shop import Shop
from bot.skills.addressing import AddressQuestion
from bot.words import Heard, Words
from commerce.customers.address import AddressText, at_place, beside_address, could_be, masked, parse_address
from commerce.customers.divisions import Division, Divisions, keep_divisions
from commerce.customers.model import Address
from commerce.orders.destination import destination_of
from commerce.pricing.zones import Region
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.chat import Chat

PIECE, REST = "张三 13800138000", "浙江省杭州市西湖区文三路90号"


def read(question: AddressQuestion, text: str) -> object:
    return question.free(Words(Heard(text)))


def test_what_was_missing_is_read_with_the_pieces_before() -> None:
    question = AddressQuestion("", known=None, vault=Vault.fresh())
    with pytest.raises(Refused, match=r"address\.incomplete"):
        read(question, PIECE)
    address = question.value(read(question, REST))
    assert (address.name, address.phone, address.line) == ("张三", "+8613800138000", REST)


def test_a_name_that_is_said_again_is_no_part_of_the_street() -> None:
    for contact, again in (
        ("林小满, +8613800138000", f"林小满 {REST}"),
        ("Ann Lee, +8613800138000", f"Ann Lee, {REST}"),
    ):
        question = AddressQuestion("", known=None, vault=Vault.fresh())
        with pytest.raises(Refused, match=r"address\.incomplete"):
            read(question, contact)
        address = question.value(read(question, again))
        assert (address.name, address.phone, address.line) == (contact.split(",")[0], "+8613800138000", REST)


def test_pieces_that_no_key_opens_any_more_are_asked_for_again() -> None:
    question = AddressQuestion("", known=None, vault=Vault.fresh())
    question.pieces = base64.b64encode(Vault.fresh().seal(PIECE)).decode()
    address = question.value(read(question, f"{PIECE} {REST}"))
    assert (address.name, address.phone, address.line) == ("张三", "+8613800138000", REST)


CHAOYANG = "张三 13800138000 朝阳区建国路88号"
DIVISIONS = Divisions(
    Division(code, name)
    for code, name in (
        *(("11", "北京市"), ("1101", "市辖区"), ("110105", "朝阳区")),
        *(("22", "吉林省"), ("2201", "长春市"), ("220104", "朝阳区")),
        *(("33", "浙江省"), ("3301", "杭州市"), ("330106", "西湖区")),
    )
)


def test_what_was_left_out_of_the_line_is_filled_in_and_shown_masked() -> None:
    address = parse_address("张三 13800138000 杭州西湖区文三路90号", divisions=DIVISIONS)
    assert (address.province, address.city, address.district) == ("浙江省", "杭州市", "西湖区")
    assert masked(address) == "张* 138****8000 浙江省杭州市西湖区…"
    assert address.whole == "浙江省杭州西湖区文三路90号"
    assert destination_of(address) == Region(province="浙江省", city="杭州市")
    abroad = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"
    assert parse_address(abroad, divisions=DIVISIONS) == parse_address(abroad)


def test_a_district_of_two_cities_is_left_to_be_asked_for() -> None:
    address = parse_address(CHAOYANG, divisions=DIVISIONS)
    assert (address.province, address.city, address.district) == ("", "", "朝阳区")
    name, places = could_be(address, DIVISIONS)
    assert (name, [place.words for place in places]) == ("朝阳区", ["北京市朝阳区", "吉林省长春市朝阳区"])
    there = at_place(address, places[1])
    assert masked(there) == "张* 138****8000 吉林省长春市朝阳区…"
    assert there.whole == "吉林省长春市朝阳区建国路88号"
    assert could_be(there, DIVISIONS) == ("", ()), "once it is known it is not asked for again"


def test_addresses_sealed_before_there_were_divisions_still_open() -> None:
    question = AddressQuestion("", known=None, vault=Vault.fresh())
    before = json.dumps({"name": "张三", "phone": "+8613800138000", "line": REST})
    stored = base64.b64encode(question.vault.seal(before)).decode()
    assert question.holds(stored)
    assert question.value(stored) == AddressText("张三", "+8613800138000", REST)


async def test_the_shop_asks_which_of_two_places_is_meant(chat: Chat, shop: Shop) -> None:
    async with shop.database.begin() as session:
        await keep_divisions(session, list(DIVISIONS.by_code.values()))
    await chat.says("把荞麦挂面 5 把的加入购物车", "结账", language="zh")
    asked = await chat.says(CHAOYANG)
    assert asked == ["朝阳区在北京和长春都有，是哪一个？\n1. 北京市朝阳区\n2. 吉林省长春市朝阳区"]
    await chat.says("长春", "货到付款")
    assert "张* 138****8000 吉林省长春市朝阳区…" in str(chat.shown[-1])
    await chat.says("好，下单")
    async with shop.database.begin() as session:
        address = (await session.scalars(select(Address))).one()
        assert (address.province, address.city, address.district) == ("吉林省", "长春市", "朝阳区")


async def test_a_shop_without_divisions_does_not_look_for_them_at_every_address(database: Database) -> None:
    places, looks = Places(), []

    def soon(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        looks.append(asyncio.create_task(work))
        return looks[-1]

    for _ in range(2):
        places.begin(database, soon)
        await places.settled()
    assert (len(looks), places.known) == (1, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张伟，13812345678，浙江省杭州市西湖区文三路90号", ""),
        ("收货人: 张三 电话: 13812345678 地址: 浙江省杭州市西湖区文三路90号", ""),
        ("Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY", ""),
        ("sorry, send it to 李娜，13912345678，上海市浦东新区世纪大道100号", "sorry send it to"),
        ("麻烦帮我改一下收货地址，李娜，13912345678，上海市浦东新区世纪大道100号", "麻烦帮我改一下收货地址"),
        ("今天天气真好", "今天天气真好"),
        ("today's weather is nice", "today's weather is nice"),
    ],
)
def test_the_words_beside_an_address_are_told_from_it(text: str, words: str) -> None:
    assert beside_address(text) == words
