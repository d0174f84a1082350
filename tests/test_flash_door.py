"""The door of a flash sale over HTTP: a place in line, one press that buys, and what is refused."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import select, text

from bot.announcements import render
from bot.flash_calls import call_in_line
from bot.replies import plain
from bot.web.visitors import new_visitor, visitor_id
from cli.scratch import EMPTY, Place, ScratchShop, scratch_shop
from commerce.announcements import Announcement, announced
from commerce.catalog.model import Variant
from commerce.customers.actions import customer_for, customer_of, save_address
from commerce.flash_sales.model import FlashItem
from commerce.flash_sales.queue import CALLED_FOR, TIME_TO_BUY
from commerce.flash_sales.reminders import REMINDED_BEFORE, remind_me, remind_of_sales
from commerce.flash_sales.sales import ItemDraft, SaleDraft, add_sale, schedule_sale
from commerce.inventory.allotments import places_of
from commerce.orders.model import Order, OrderStatus
from commerce.orders.queries import order_view
from foundation.errors import Json
from nlu.understand import Understander
from tests.goods import ZHANG, a_customer, a_product

HOUR = timedelta(hours=1)
PAY = {"method": "simulator"}
_ITEMS = iter(range(10**6, 10**9))


@pytest.fixture
async def scratch(place: Place, redis: Redis, understander: Understander) -> AsyncIterator[ScratchShop]:
    """A shop with Redis and with nothing in it yet."""
    url = place.servers.redis_url
    async with scratch_shop(place, template=EMPTY, load=lambda: understander, redis_url=url) as scratch:
        yield scratch


class Door:
    """The door of one item, with two pieces and one for each customer; it opens in an hour."""

    def __init__(self, scratch: ScratchShop, item: FlashItem) -> None:
        self.scratch, self.item = scratch, item

    @classmethod
    async def of(cls, scratch: ScratchShop, pieces: int) -> "Door":
        now = scratch.clock()
        async with scratch.shop.database.begin() as session:
            tea = await a_product(session, now=now, price=6800, pieces=pieces)
            item = ItemDraft(tea, 4800, pieces)
            draft = SaleDraft({"en": "Flash"}, now + HOUR, now + 2 * HOUR, (item,))
            sale = await add_sale(session, draft=draft, now=now)
            found = (await session.scalars(select(FlashItem).where(FlashItem.sale_id == sale.id))).one()
            found.id = next(_ITEMS)  # all databases of the tests share one Redis
            await session.flush()
            await schedule_sale(session, sale_id=sale.id, version=1, now=now)
        return cls(scratch, found)

    async def visitor(self, *, with_address: bool = True) -> str:
        """The token of somebody's page."""
        shop = self.scratch.shop
        token = new_visitor(shop.vault)
        async with shop.database.begin() as session:
            account, now = visitor_id(shop.vault, token), shop.now()
            customer = await customer_for(session, channel="web", account=account, language="zh", now=now)
            if with_address:
                await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
        return token

    async def posts(self, token: str, what: str, item: int | None = None) -> httpx.Response:
        self.scratch.app.state.quotas.forget(self.item.id)
        path = f"/chat/flash/{item or self.item.id}/{what}"
        return await self.scratch.client.post(path, headers={"X-Visitor": token}, json=PAY if what == "buy" else {})

    async def stands(self, token: str) -> dict[str, Json]:
        answer = await self.posts(token, "line")
        assert answer.status_code == 200
        told: dict[str, Json] = answer.json()
        return told


async def test_a_shopper_waits_is_let_in_buys_by_one_press_and_the_next_one_follows(scratch: ScratchShop) -> None:
    door = await Door.of(scratch, 2)
    ann, bob, eve = [await door.visitor(with_address=address) for address in (True, True, False)]
    early = await door.stands(ann)
    assert (early["state"], early["place"], early["waiting"], early["left"]) == ("early", None, 1, 2)
    assert (early["seconds"], early["again"]) == (3600, 15)
    assert (await door.posts(ann, "buy")).json()["code"] == "flash.not_yet"

    scratch.clock.move(HOUR)
    stranger = await door.visitor(with_address=False)
    assert (await door.stands(ann))["state"] == (await door.stands(stranger))["state"] == "inside"
    assert [(told["state"], told["place"]) for told in [await door.stands(bob), await door.stands(eve)]] == [
        ("waiting", 1),
        ("waiting", 2),
    ]
    out_of_turn = await door.posts(bob, "buy")
    assert (out_of_turn.status_code, out_of_turn.json()["code"], out_of_turn.json()["facts"]["place"]) == (
        409,
        "flash.wait",
        1,
    )
    assert (await door.posts(stranger, "buy")).json()["code"] == "address.none"

    bought = await door.posts(ann, "buy")
    assert (bought.status_code, bought.json()["amount"]) == (201, 4800)
    again = await door.posts(ann, "buy")
    assert (again.status_code, again.json()) == (200, bought.json()), "pressed twice, or the answer was lost"
    assert (await door.posts(stranger, "leave")).status_code == 200
    assert (await door.stands(bob))["state"] == "inside"
    assert (await door.posts(bob, "buy")).status_code == 201
    told = await door.stands(eve)
    assert (told["state"], told["place"], told["left"], told["held"]) == ("waiting", 1, 0, 2)

    paid = await scratch.client.get(bought.json()["pay"])
    await scratch.client.post(paid.headers["location"], data={"choice": "pay"})
    await scratch.catch_up()
    scratch.clock.move(timedelta(minutes=11))  # bob's ten minutes are over
    await scratch.catch_up()
    assert (await door.stands(eve))["state"] == "inside"
    assert (await door.posts(eve, "buy")).json()["code"] == "address.none"
    async with scratch.shop.database.begin() as session:
        await session.execute(text("UPDATE product SET is_digital = true"))
    digital = await door.posts(eve, "buy")  # of which nothing is sent
    assert digital.status_code == 201
    async with scratch.shop.database.begin() as session:
        orders = Counter(await session.scalars(select(Order.status)))
        quota = (await places_of(session, [door.item.quota_id or 0]))[door.item.quota_id or 0]
        variant = await session.get_one(Variant, door.item.variant_id)
        assert (await order_view(session, digital.json()["order"])).address_line == ""
    assert orders == {OrderStatus.PLACED: 1, OrderStatus.EXPIRED: 1, OrderStatus.PENDING: 1}
    assert (quota.used, quota.held, quota.left, variant.price_amount) == (1, 1, 0, 6800)
    scratch.clock.move(HOUR)
    assert (await door.stands(bob))["state"] == "over"
    assert (await door.posts(bob, "line", item=5)).status_code == 404
    assert (await door.posts(bob, "buy", item=2**63)).status_code == 422
    assert (await door.posts("forged", "line")).json()["code"] == "visitor.unknown"


async def test_the_reminder_says_what_when_for_how_much_and_how_places_are_given(scratch: ScratchShop) -> None:
    door = await Door.of(scratch, 2)
    shop = scratch.shop
    async with shop.database.begin() as session:
        ann = (await a_customer(session, now=shop.now())).id
        await remind_me(session, sale_id=door.item.sale_id, customer_id=ann, now=shop.now())
        scratch.clock.move(HOUR - REMINDED_BEFORE)
        assert await remind_of_sales(session, now=shop.now(), limit=10) == 1
        (announcement,) = await announced(session)
        soon = await render(shop, session, announcement, language="zh")
        scratch.clock.move(REMINDED_BEFORE)
        late = await render(shop, session, announcement, language="en")
        scratch.clock.move(HOUR)
        assert await render(shop, session, announcement, language="en") == []
    assert plain(soon[0]).splitlines() == [
        "开抢提醒：“Flash”11月22日 11:00 开抢。",
        "1. 龙井茶  ¥48.00",
        "   抢购价 ¥48.00，原价 ¥68.00；还有 2 件，每人限购 1 件",
    ]
    assert plain(soon[1]).startswith("人多时要排队：开抢前就在这里的人机会均等")
    assert plain(late[0]).splitlines()[0] == "“Flash” has begun, until 22 Nov, 12:00."


async def test_who_waits_in_a_chat_is_called_when_it_is_their_turn(scratch: ScratchShop) -> None:
    door = await Door.of(scratch, 1)
    shop, opens_at = scratch.shop, scratch.clock() + HOUR
    assert await call_in_line(shop) == 0
    scratch.clock.move(HOUR)
    ann, bob = await door.visitor(), visitor_id(shop.vault, await door.visitor())
    await door.stands(ann)
    ticket = await shop.line.look(
        door.item.id, f"web:{bob}", opens_at=opens_at, left=1, now=shop.now(), stays=CALLED_FOR
    )
    assert ticket.place == 1
    scratch.clock.move(TIME_TO_BUY * timedelta(seconds=1))  # ann lets her turn pass
    assert [await call_in_line(shop), await call_in_line(shop)] == [1, 0]
    async with shop.database.begin() as session:
        (announcement,) = await session.scalars(select(Announcement))
        assert announcement.customer_id == await customer_of(session, channel="web", account=bob)
        said = await render(shop, session, announcement, language="zh")
    assert [plain(reply) for reply in said] == [
        "轮到您了：龙井茶，抢购价 ¥48.00。11月22日 11:06 前有效，过时就让给下一位。\n1. 立即抢购"
    ]
