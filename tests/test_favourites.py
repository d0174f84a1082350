"""What shoppers like and wait for: remembered, told once when it is back, never to the wrong one."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.worker import catch_up
from commerce.announcements import Announcement, announce
from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.favourites.actions import (
    MOST_FAVOURITES,
    MOST_WATCHED,
    Liked,
    favourites_of,
    like,
    tell_back_in_stock,
    unlike,
    unwatch,
    watch,
    watched_by,
)
from commerce.favourites.model import Favourite, StockWatch
from commerce.inventory.actions import receive_stock
from foundation.database import Database
from foundation.errors import Refused
from tests.chat import Chat
from tests.goods import a_customer, a_product


async def _product_of(session: AsyncSession, variant_id: int) -> int:
    return (await session.get_one(Variant, variant_id)).product_id


async def _told(session: AsyncSession) -> list[tuple[int, int]]:
    """(customer, variant) of every announcement of something that is back."""
    rows = await session.scalars(select(Announcement).where(Announcement.kind == "back_in_stock"))
    return sorted((row.customer_id, row.facts["variant_id"]) for row in rows)


async def test_what_is_liked_is_listed_latest_first_and_forgotten_on_wish(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    tea, cup = [await _product_of(session, await a_product(session, now=now)) for _ in range(2)]
    assert await like(session, customer_id=customer, product_id=tea, now=now)
    assert await like(session, customer_id=customer, product_id=cup, now=now + timedelta(minutes=1))
    assert not await like(session, customer_id=customer, product_id=tea, now=now + timedelta(minutes=2))
    assert await favourites_of(session, customer_id=customer) == Liked((cup, tea), 0)
    assert await unlike(session, customer_id=customer, product_id=cup)
    assert not await unlike(session, customer_id=customer, product_id=cup)
    assert await favourites_of(session, customer_id=customer) == Liked((tea,), 0)


async def test_what_is_not_sold_any_more_is_counted_and_left_out(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    tea, cup = [await _product_of(session, await a_product(session, now=now)) for _ in range(2)]
    for product in (tea, cup):
        await like(session, customer_id=customer, product_id=product, now=now)
    (await session.get_one(Product, tea)).status = ProductStatus.ARCHIVED
    assert await favourites_of(session, customer_id=customer) == Liked((cup,), 1)


async def test_what_is_not_on_sale_can_be_neither_liked_nor_waited_for(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    variant = await a_product(session, now=now, status=ProductStatus.DRAFT)
    with pytest.raises(Refused, match=r"catalog\.gone"):
        await like(session, customer_id=customer, product_id=await _product_of(session, variant), now=now)
    with pytest.raises(Refused, match=r"catalog\.gone"):
        await like(session, customer_id=customer, product_id=999_999, now=now)
    with pytest.raises(Refused, match=r"catalog\.gone"):
        await watch(session, customer_id=customer, variant_id=variant, now=now)
    assert await favourites_of(session, customer_id=customer) == Liked((), 0)
    assert await watched_by(session, customer_id=customer) == []


async def test_nobody_fills_the_shop_with_wishes(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    tea = await a_product(session, now=now, pieces=0)
    for filled in _A_THOUSAND_WISHES:
        await session.execute(text(filled), {"customer": customer, "now": now})
    with pytest.raises(Refused, match=r"favourites\.full"):
        await like(session, customer_id=customer, product_id=await _product_of(session, tea), now=now)
    with pytest.raises(Refused, match=r"favourites\.watching_enough"):
        await watch(session, customer_id=customer, variant_id=tea, now=now)
    assert len((await favourites_of(session, customer_id=customer)).product_ids) == MOST_FAVOURITES


async def test_those_who_wait_are_told_once_when_there_is_a_piece_again(session: AsyncSession, now: datetime) -> None:
    first, second = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    tea, cup = [await a_product(session, now=now, pieces=0) for _ in range(2)]
    assert await watch(session, customer_id=first, variant_id=tea, now=now)
    assert not await watch(session, customer_id=first, variant_id=tea, now=now)
    await watch(session, customer_id=second, variant_id=tea, now=now)
    await watch(session, customer_id=first, variant_id=cup, now=now)
    assert await tell_back_in_stock(session, now=now, limit=10) == 0
    await receive_stock(session, variant_id=tea, quantity=1, reference="delivery", now=now)
    assert await tell_back_in_stock(session, now=now, limit=10) == 2
    assert await tell_back_in_stock(session, now=now, limit=10) == 0
    assert await _told(session) == sorted([(first, tea), (second, tea)])
    assert await watched_by(session, customer_id=first) == [cup]


async def test_a_round_tells_no_more_than_its_share_and_who_waited_longest_comes_first(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now)
    waiting = [(await a_customer(session, now=now)).id for _ in range(3)]
    for minutes, customer in enumerate(reversed(waiting)):
        await watch(session, customer_id=customer, variant_id=tea, now=now + timedelta(minutes=minutes))
    assert await tell_back_in_stock(session, now=now, limit=2) == 2
    assert await _told(session) == sorted([(waiting[2], tea), (waiting[1], tea)])
    assert await tell_back_in_stock(session, now=now, limit=2) == 1


async def test_pieces_that_are_promised_to_others_bring_nothing_back(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    tea = await a_product(session, now=now, pieces=2)
    await watch(session, customer_id=customer, variant_id=tea, now=now)
    await session.execute(text("UPDATE stock_level SET reserved = 2 WHERE variant_id = :tea"), {"tea": tea})
    assert await tell_back_in_stock(session, now=now, limit=10) == 0
    product = await session.get_one(Product, await _product_of(session, tea))
    await session.execute(text("UPDATE stock_level SET reserved = 1 WHERE variant_id = :tea"), {"tea": tea})
    product.status = ProductStatus.ARCHIVED
    await session.flush()
    assert await tell_back_in_stock(session, now=now, limit=10) == 0
    product.status = ProductStatus.PUBLISHED
    await session.flush()
    assert await tell_back_in_stock(session, now=now, limit=10) == 1


async def test_a_notice_taken_back_is_not_told(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    tea = await a_product(session, now=now, pieces=0)
    await watch(session, customer_id=customer, variant_id=tea, now=now)
    assert await unwatch(session, customer_id=customer, variant_id=tea)
    assert not await unwatch(session, customer_id=customer, variant_id=tea)
    await receive_stock(session, variant_id=tea, quantity=1, reference="delivery", now=now)
    assert await tell_back_in_stock(session, now=now, limit=10) == 0


async def _waiting_for_tea(database: Database, now: datetime, people: int = 20) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now)
        for _ in range(people):
            await watch(session, customer_id=(await a_customer(session, now=now)).id, variant_id=tea, now=now)


async def test_two_workers_at_once_tell_everybody_once(database: Database, now: datetime) -> None:
    await _waiting_for_tea(database, now)
    meet = asyncio.Barrier(2)

    async def worker() -> int:
        async with database.begin() as session:
            told = await tell_back_in_stock(session, now=now, limit=15)
            await meet.wait()  # both have taken their share before either commits
            return told

    assert sorted(await asyncio.wait_for(asyncio.gather(worker(), worker()), 60)) == [5, 15]
    async with database.begin() as session:
        told = await _told(session)
        assert (len(told), len(set(told))) == (20, 20)
        assert await session.scalar(select(func.count()).select_from(StockWatch)) == 0


async def test_without_the_row_as_guard_two_workers_tell_somebody_twice(database: Database, now: datetime) -> None:
    """The twin of the test above: looking first and deleting later, it must go wrong."""
    await _waiting_for_tea(database, now)
    meet = asyncio.Barrier(2)

    async def careless() -> None:
        async with database.begin() as session:
            waiting = (await session.scalars(select(StockWatch).order_by(StockWatch.customer_id).limit(15))).all()
            await meet.wait()
            for row in waiting:
                facts = {"variant_id": row.variant_id}
                announce(session, "back_in_stock", customer_id=row.customer_id, now=now, **facts)
            await session.execute(
                delete(StockWatch).where(StockWatch.customer_id.in_([r.customer_id for r in waiting]))
            )

    await asyncio.wait_for(asyncio.gather(careless(), careless()), 60)
    async with database.begin() as session:
        told = await _told(session)
        assert len(told) > len(set(told))


_A_THOUSAND_WISHES = (
    "INSERT INTO product (handle, status, created_at, updated_at) "
    f"SELECT 'p' || n, 'published', :now, :now FROM generate_series(1, {MOST_FAVOURITES}) AS n",
    "INSERT INTO variant (product_id, sku, price_amount, currency, position, active) "
    "SELECT id, 'V' || id, 100, 'CNY', 0, true FROM product WHERE handle LIKE 'p%'",
    "INSERT INTO favourite (customer_id, product_id, created_at) "
    "SELECT :customer, id, :now FROM product WHERE handle LIKE 'p%'",
    "INSERT INTO stock_watch (customer_id, variant_id, created_at) "
    f"SELECT :customer, id, :now FROM variant WHERE sku LIKE 'V%' ORDER BY id LIMIT {MOST_WATCHED}",
)


# in the chat

_SELL_OUT = "UPDATE stock_level SET reserved = on_hand WHERE variant_id IN (SELECT id FROM variant WHERE sku LIKE :sku)"


async def restock(chat: Chat, sku: str, pieces: int) -> None:
    async with chat.scratch.shop.database.begin() as session:
        variant_id = await session.scalar(select(Variant.id).where(Variant.sku == sku))
        assert variant_id is not None
        await receive_stock(session, variant_id=variant_id, quantity=pieces, reference="t", now=chat.scratch.clock())


async def archive(chat: Chat, handle: str) -> None:
    async with chat.scratch.shop.database.begin() as session:
        archived = text("UPDATE product SET status = 'archived' WHERE handle = :handle")
        await session.execute(archived, {"handle": handle})


async def told_since(chat: Chat) -> list[str]:
    """Let everything due be done, and give what the shopper then hears."""
    await catch_up(chat.scratch.shop)
    return [message.text for message in await chat.hears()]


async def test_a_shopper_likes_two_things_and_takes_one_off_again(chat: Chat) -> None:
    await chat.says("台灯")
    await chat.presses("看看详情")
    assert (await chat.presses("收藏"))[0].startswith("已收藏暖光护眼台灯。")
    assert (await chat.says("收藏这个"))[0].startswith("暖光护眼台灯已经在您的收藏里了。")
    assert (await chat.says("把马克杯加入收藏"))[0].startswith("已收藏龙泉手作马克杯 350ml。")
    (mine,) = await chat.says("我的收藏")
    assert mine.splitlines()[0] == "您的收藏，共 2 款："
    assert mine.splitlines()[1:3] == ["1. 暖光护眼台灯  ¥159.00", "2. 龙泉手作马克杯 350ml  ¥79.00 起"]
    assert (await chat.says("取消收藏第一个"))[0].startswith("已取消收藏暖光护眼台灯。")
    assert "台灯" not in (await chat.says("我的收藏"))[0]


async def test_favourites_say_what_is_sold_out_and_leave_out_what_is_gone(chat: Chat) -> None:
    await chat.says("add the quiet mouse to my favourites", language="en")
    await chat.says("add the desk lamp to my favourites")
    await chat.says("add the camping lantern to my favourites")
    await archive(chat, "camping-lantern")
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(text(_SELL_OUT), {"sku": "DL-%"})
    left_out, mine = await chat.says("show me my favourites")
    assert left_out == "Of your favourites 1 are not sold any more; I have left them out."
    lines = mine.splitlines()
    assert lines[0] == "Your favourites, 2:"
    assert lines[1].startswith("1. Quiet Wireless Mouse")
    assert lines[2:4] == ["2. Warm Light Desk Lamp  CN¥159.00", "   Sold out at the moment"]


async def test_who_has_no_favourites_is_told_how_to_get_some(chat: Chat) -> None:
    assert (await chat.says("我的收藏"))[0].startswith("还没有收藏。")
    assert (await chat.says("add it to my favourites"))[0].startswith("Which product do you mean?")


async def test_sold_out_is_said_with_an_offer_and_the_notice_comes_once_with_a_button_for_the_cart(chat: Chat) -> None:
    (answer,) = await chat.says("add a pink quiet mouse", language="en")
    assert answer.startswith("Quiet Wireless Mouse (")
    assert "is sold out at the moment." in answer
    assert (await chat.presses("Tell me when it is back"))[0].startswith("I will tell you here, once, as soon as")
    assert await told_since(chat) == []
    await restock(chat, "MS-PNK", 1)
    (back,) = await told_since(chat)
    assert "It is back in stock!" in back
    assert await told_since(chat) == []
    (added,) = await chat.presses("Add to cart")
    assert added.startswith("In your cart: Quiet Wireless Mouse (")


async def test_a_notice_is_asked_for_in_words_and_taken_back(chat: Chat) -> None:
    await chat.says("静音鼠标")
    await chat.presses("看看详情")
    assert (await chat.says("粉色的到货了告诉我"))[0].startswith("好的，静音无线鼠标 (")
    assert await chat.presses("不用提醒了") == ["好的，不再提醒您了。"]
    await restock(chat, "MS-PNK", 1)
    assert await told_since(chat) == []


async def test_who_wants_a_notice_of_what_is_there_hears_that_it_is_there(chat: Chat) -> None:
    (answer,) = await chat.says("tell me when the red mug is back", language="en")
    assert answer.startswith("Good news: Longquan Stoneware Mug 350 ml (Coral red) is in stock.")
    await chat.presses("Add to cart")
    async with chat.scratch.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(StockWatch)) == 0


async def test_what_was_back_for_a_moment_only_is_said_so(chat: Chat) -> None:
    await chat.says("add a pink quiet mouse", language="en")
    await chat.presses("Tell me when it is back")
    await restock(chat, "MS-PNK", 1)
    async with chat.scratch.shop.database.begin() as session:
        assert await tell_back_in_stock(session, now=chat.scratch.clock(), limit=10) == 1
        gone = (
            "UPDATE stock_level SET reserved = on_hand WHERE variant_id = (SELECT id FROM variant WHERE sku = 'MS-PNK')"
        )
        await session.execute(text(gone))
    (back,) = await told_since(chat)
    assert "It was back for a moment, and is sold out again." in back
    assert (await chat.presses("Tell me when it is back"))[0].startswith("I will tell you here, once")


async def test_what_was_taken_off_the_shelf_meanwhile_is_not_told(chat: Chat) -> None:
    await chat.says("add a pink quiet mouse", language="en")
    await chat.presses("Tell me when it is back")
    await archive(chat, "quiet-mouse")
    await restock(chat, "MS-PNK", 1)
    assert await told_since(chat) == []


async def test_somebody_elses_button_likes_nothing(chat: Chat) -> None:
    await chat.says("台灯")
    await chat.presses("看看详情")
    button = chat.button("收藏")
    other = Chat(chat.scratch)
    (answer,) = await other.sends({"kind": "press", "token": button.token, "label": button.label}, button.label)
    assert "按钮" in answer
    async with chat.scratch.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Favourite)) == 0
