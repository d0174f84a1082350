"""Deals in the chat that a written conversation cannot show: two shoppers at once, cards that stay true, the line."""

from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis
from sqlalchemy import select

from bot.live_cards import edit_live_cards
from bot.replies import Card
from bot.web.chat import Opened
from bot.worker import settle_groups
from cli.script_deals import DEAL_GIVENS
from commerce.credit.actions import pay_in, store_credit_of
from commerce.flash_sales.model import FlashItem
from commerce.flash_sales.queries import quota_of
from commerce.flash_sales.queue import Line
from conversations.say import revise
from foundation.errors import Json
from tests.chat import Chat

HOME = "林小雨 13800138000 浙江省杭州市西湖区文三路90号2单元501"
CARD = "1 人，还差 1 人"


async def _given(chat: Chat, text: str) -> None:
    """What a written conversation is given, here."""
    pattern, make = next((pattern, make) for pattern, make in DEAL_GIVENS if pattern.fullmatch(text))
    given = pattern.fullmatch(text)
    assert given is not None
    async with chat.scratch.shop.database.begin() as session:
        await make(chat.scratch.shop, session, given, 0)


async def _meets(chat: Chat, *, credit: int) -> None:
    await chat.says("你好", language="zh")
    shop = chat.scratch.shop
    customer_id = (await chat.conversation()).customer_id
    async with shop.database.begin() as session:
        account = await store_credit_of(session, customer_id, "CNY", now=shop.now())
        await pay_in(session, account_id=account.id, amount=credit, reason="test", reference="test", now=shop.now())


def no_clock() -> datetime:
    raise RuntimeError("the clock has stopped")


async def test_a_group_is_shown_as_it_is_in_every_chat_that_shows_it(chat: Chat) -> None:
    shop = chat.scratch.shop
    await _given(chat, "group-buy 一起喝茶: POT-H220 299.00 for 2, within 2 hours")
    other = Chat(chat.scratch)
    for shopper in (chat, other):
        await _meets(shopper, credit=50_000)
    await chat.says("开团", HOME)
    opened = await chat.says("好")
    link = next(line for said in opened for line in said.splitlines() if "/g/" in line)
    hers = next(reply for reply in reversed(chat.shown) if isinstance(reply, Card))
    assert CARD in hers.body
    assert hers.live

    seen, asked = await other.sends({"kind": "open", "group": link.rpartition("/")[2], "label": "参团"}, "参团")
    assert CARD in seen
    assert "要我告诉您吗" in asked  # offers
    places = [(await each.conversation()).last_seq for each in (chat, other)]
    assert await edit_live_cards(shop) == 0  # nothing has changed

    await other.presses("参团")
    await other.says(HOME)
    await other.says("好")
    broken = replace(shop, now=no_clock)
    assert (await settle_groups(broken), await edit_live_cards(broken)) == (
        0,
        0,
    )  # what fails is not done again at once
    assert await settle_groups(shop) == 2
    assert await edit_live_cards(shop) >= 2
    for each, place in zip((chat, other), places, strict=True):
        edited = [message for message in await each.hears() if message.seq <= place]
        assert len(edited) == 1
        assert edited[0].rev > place
        assert "拼成了，一共 2 人" in edited[0].text
        assert "您" in edited[0].text
        assert edited[0].body["live"] == ""
    assert await edit_live_cards(shop) == 0


async def test_a_message_that_shows_something_else_by_now_is_not_edited(chat: Chat, now: datetime) -> None:
    await chat.says("你好")
    conversation = await chat.conversation()
    said: dict[str, Json] = {"body": {"kind": "text", "text": "x"}, "text": "x", "now": now}
    async with chat.scratch.shop.database.begin() as session:
        assert not await revise(session, conversation_id=conversation.id, seq=2, live="group:1:1", **said)


async def test_the_place_in_line_is_told_as_it_is(chat: Chat, redis: Redis) -> None:
    shop = chat.scratch.shop
    shop.line = Line(redis, patience=60)
    await _given(chat, "flash sale 周末秒杀: POT-H220 199.00 x5")
    await _meets(chat, credit=1)
    async with shop.database.begin() as session:
        item = (await session.scalars(select(FlashItem.id))).one()
        quota = await quota_of(session, item_id=item)
    for number in range(20):
        await shop.line.look(item, f"web:{number}", opens_at=quota.starts_at, left=quota.left, now=shop.now())
    (told,) = await chat.says("我要抢")
    assert "您排在第 16 位，一共 16 人在排队" in told
    assert "轮到您时我在这里叫您" in told
    (told,) = await chat.presses("我排到第几了")
    assert "您排在第 16 位" in told


def test_who_comes_from_a_page_comes_from_that_of_a_product_or_of_a_group() -> None:
    assert Opened(kind="open", group="token").group == "token"
    for body in ({}, {"product": "tea", "group": "token"}):
        with pytest.raises(ValidationError):
            Opened.model_validate({"kind": "open", **body})
