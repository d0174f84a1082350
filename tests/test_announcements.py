"""What happens in the shop is told to its customer, in their language, once."""

import pytest
from sqlalchemy import select

from bot.announcements import _SAYINGS, render, tell_announcements
from bot.replies import plain
from commerce.announcements import Announcement, announce
from commerce.orders.actions import mark_shipped
from commerce.orders.model import Order
from tests.chat import Chat

ANN = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"


async def ordered(chat: Chat, *, pay: str = "cash") -> Order:
    await chat.says("show me mugs", "add a red one", "check out", ANN, pay, "yes", language="en")
    async with chat.scratch.shop.database.begin() as session:
        return (await session.scalars(select(Order))).one()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_kind_has_words_that_name_the_order(chat: Chat, language: str) -> None:
    order = await ordered(chat, pay="online")
    shop = chat.scratch.shop
    facts = {"order_id": order.id, "number": order.number, "amount": 8900, "currency": "CNY"}
    async with shop.database.begin() as session:
        for kind in _SAYINGS:
            told = Announcement(kind=kind, customer_id=order.customer_id, facts=facts, created_at=shop.now())
            text = "\n".join(plain(reply) for reply in await render(shop, session, told, language=language))
            assert order.number in text
            assert "89.00" in text or kind in ("order_expired",)
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text) == (language == "zh")


async def test_a_shipment_is_told_once_with_its_parcel(chat: Chat) -> None:
    order = await ordered(chat)
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        await mark_shipped(session, order_id=order.id, tracking_number="SF123", carrier="SF", now=shop.now())
    assert await tell_announcements(shop) == 1
    news, status = await chat.hears()
    assert (news.kind, status.kind) == ("fact", "fact")
    assert news.text == f"Good news: order {order.number} is on its way to you."
    assert "Parcel: SF SF123" in status.text
    assert "Follow the parcel" in status.text
    assert await tell_announcements(shop) == 0
    assert await chat.hears() == []


async def test_the_turn_that_placed_an_order_tells_it_and_no_worker_does_again(chat: Chat) -> None:
    await ordered(chat)
    assert sum("is placed" in plain(reply) for reply in chat.shown) == 1
    assert await tell_announcements(chat.scratch.shop) == 0


async def test_news_that_cannot_be_told_holds_up_nobody_elses(chat: Chat) -> None:
    order = await ordered(chat)
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        announce(session, "order_expired", customer_id=order.customer_id, now=shop.now(), order_id=0)
        await mark_shipped(session, order_id=order.id, tracking_number="SF123", carrier="SF", now=shop.now())
    assert await tell_announcements(shop) == 1
    assert (await chat.hears())[0].text == f"Good news: order {order.number} is on its way to you."
    async with shop.database.begin() as session:
        left = await session.scalars(select(Announcement.kind).where(Announcement.told_at.is_(None)))
        assert left.all() == ["order_expired"]
