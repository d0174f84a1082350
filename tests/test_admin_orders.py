"""Orders at the staff's door: who may do what, what it does to the order, and what is written down about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from admin_api.auth import CSRF_HEADER
from admin_api.model import AuditEntry
from commerce.announcements import Announcement
from commerce.carts.actions import add_line
from commerce.inventory.hold import Holds
from commerce.orders.model import Order, PaymentMethod
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Console, open_console, refusal, shopper_chat
from tests.goods import Stock, a_product, an_order, holds_of, stock_of


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=10)


async def audit(console: Console) -> list[tuple[str, str]]:
    """What was done with orders."""
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(line.action, line.subject) for line in found if line.action.startswith("order.")]


async def told(console: Console) -> list[str]:
    async with console.database.begin() as session:
        return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))


def path(order: Order, act: str = "") -> str:
    return f"/api/orders/{order.number}" + (f"/{act}" if act else "")


async def test_a_merchant_ships_an_order_and_the_shopper_is_told(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    order = await an_order(console.database, holds, {tea: 3}, now=now)
    shipped = await wang.post(path(order, "ship"), {"carrier": "顺丰", "tracking_number": "SF1366882046"})
    assert shipped.status_code == 200, shipped.text
    assert shipped.json()["fulfilment_state"] == "shipped"
    assert shipped.json()["tracking"]["number"] == "SF1366882046"
    assert await stock_of(console.database, tea) == Stock(on_hand=7, reserved=0)
    again = await wang.post(path(order, "ship"), {"carrier": "顺丰", "tracking_number": "SF1366882046"})
    assert refusal(again) == (409, "order.shipped")
    assert await audit(console) == [("order.shipped", f"order:{order.id}")]
    assert await told(console) == ["order_placed", "order_shipped"]


async def test_cancelling_frees_the_goods_and_again_changes_nothing(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei = await console.at_work("mei")
    order = await an_order(console.database, holds, {tea: 3}, now=now)
    assert (await mei.post(path(order, "cancel"), {"reason": "顾客不要了"})).json()["status"] == "cancelled"
    assert (await mei.post(path(order, "cancel"), {"reason": "顾客不要了"})).json()["status"] == "cancelled"
    assert await stock_of(console.database, tea) == Stock(on_hand=10, reserved=0)
    assert await told(console) == ["order_placed", "order_cancelled"]


async def test_money_at_the_door_is_marked_once(console: Console, holds: Holds, tea: int, now: datetime) -> None:
    boss = await console.at_work("boss", "supervisor")
    order = await an_order(console.database, holds, {tea: 2}, now=now)
    answers = await asyncio.gather(*(boss.post(path(order, "paid"), {"proof": "收据 17"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    read = (await boss.get(path(order))).json()
    assert (read["order"]["payment_state"], read["order"]["captured"]) == (
        "paid",
        {"amount": 13600, "currency": "CNY"},
    )
    assert [happened["kind"] for happened in read["history"]] == ["placed", "paid"]


async def test_an_order_cancelled_and_shipped_at_the_same_moment_becomes_one_of_both(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    boss = await console.at_work("boss", "administrator")
    for _ in range(3):
        order = await an_order(console.database, holds, {tea: 1}, now=now)
        answers = await asyncio.gather(
            boss.post(path(order, "cancel"), {"reason": "x"}),
            boss.post(path(order, "ship"), {"carrier": "顺丰", "tracking_number": "1"}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        read = (await boss.get(path(order))).json()["order"]
        assert (read["status"], read["fulfilment_state"]) in [("cancelled", "none"), ("placed", "shipped")]


async def test_an_agent_reads_and_cancels_but_neither_ships_nor_takes_money(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei = await console.at_work("mei")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    assert refusal(await mei.post(path(order, "ship"), {"carrier": "a", "tracking_number": "1"})) == (
        403,
        "staff.forbidden",
    )
    assert refusal(await mei.post(path(order, "paid"), {"proof": "x"})) == (403, "staff.forbidden")
    assert (await mei.get(path(order))).json()["order"]["status"] == "placed"
    assert await audit(console) == []


async def test_an_address_is_masked_until_it_is_opened_and_that_is_written_down(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei = await console.at_work("mei")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    read = await mei.get(path(order))
    assert "张三" not in read.text
    assert "13800138000" not in read.text
    assert await audit(console) == []
    opened = await mei.get(path(order, "address"))
    assert opened.json() == {"name": "张三", "phone": "+8613800138000", "line": "浙江省杭州市西湖区文三路90号"}
    assert await audit(console) == [("order.address_opened", f"order:{order.id}")]
    async with console.database.begin() as session:
        lines = (await session.scalars(select(AuditEntry))).all()
    assert "张三" not in str([line.facts for line in lines])


async def test_the_list_goes_page_by_page_newest_first_and_by_status(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei = await console.at_work("mei")
    made = [(await an_order(console.database, holds, {tea: 1}, now=now)).number for _ in range(3)]
    unpaid = await an_order(console.database, holds, {tea: 1}, now=now, method=PaymentMethod.SIMULATOR)
    first = (await mei.get("/api/orders", limit=2)).json()
    assert [order["number"] for order in first["orders"]] == [unpaid.number, made[2]]
    second = (await mei.get("/api/orders", limit=2, cursor=first["next"])).json()
    assert [order["number"] for order in second["orders"]] == [made[1], made[0]]
    assert second["next"] is None
    pending = (await mei.get("/api/orders", status="pending")).json()["orders"]
    assert [(order["number"], order["payment_state"]) for order in pending] == [(unpaid.number, "unpaid")]


@pytest.mark.parametrize("spell", [str.lower, lambda number: number.replace("-", ""), lambda number: f" {number} "])
async def test_a_number_is_found_however_it_is_typed(
    console: Console,
    holds: Holds,
    tea: int,
    now: datetime,
    spell: Callable[[str], str],
) -> None:
    mei = await console.at_work("mei")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    assert (await mei.get(f"/api/orders/{spell(order.number)}")).json()["order"]["number"] == order.number


async def test_cart_and_orders_stand_beside_the_conversation(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "我的订单呢")
    customer = (await mei.get(f"/api/conversations/{talk}")).json()["conversation"]["customer_id"]
    order = await an_order(console.database, holds, {tea: 1}, now=now, customer_id=customer)
    async with console.database.begin() as session:
        await add_line(session, customer_id=customer, variant_id=tea, quantity=4, now=now)
    beside = (await mei.get(f"/api/conversations/{talk}/shopping")).json()
    assert [found["number"] for found in beside["orders"]] == [order.number]
    assert [(line["title"], line["quantity"]) for line in beside["cart"]] == [("龙井茶", 4)]
    assert beside["cart_total"] == {"amount": 27200, "currency": "CNY"}


async def test_nobody_gets_in_without_a_session_and_no_write_without_its_token(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    boss, stranger = await console.at_work("boss", "administrator"), console.browser()
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    for address in ("/api/orders", path(order), path(order, "address")):
        assert refusal(await stranger.get(address)) == (401, "staff.session")
    del boss.http.headers[CSRF_HEADER]
    for act in ("cancel", "ship", "paid"):
        assert refusal(await stranger.post(path(order, act), {})) == (401, "staff.session")
        assert refusal(await boss.post(path(order, act), {})) == (403, "staff.csrf")
    assert (await boss.get(path(order))).json()["order"]["status"] == "placed"


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("cancel", {}, 422),
        ("cancel", {"reason": ""}, 422),
        ("cancel", {"reason": "x" * 501}, 422),
        ("cancel", {"reason": "nul \x00"}, 422),
        ("ship", {"carrier": "顺丰"}, 422),
        ("ship", {"carrier": "x" * 81, "tracking_number": "1"}, 422),
        ("ship", {"carrier": "顺丰", "tracking_number": "x" * 300_000}, 413),
        ("paid", {"proof": 5}, 422),
        ("paid", [], 422),
    ],
)
async def test_malformed_acts_change_nothing(
    console: Console, holds: Holds, tea: int, now: datetime, act: str, body: object, status: int
) -> None:
    boss = await console.at_work("boss", "administrator")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    answer = await boss.post(path(order, act), body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "facts"}
    assert (await boss.get(path(order))).json()["order"]["status"] == "placed"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/orders/NOPE-0000", 404),
        ("/api/orders/%00", 422),
        ("/api/orders/" + "9" * 30, 422),
        ("/api/orders/1", 404),
        ("/api/orders/' OR 1=1--", 404),
        ("/api/orders?status=lost", 422),
        ("/api/orders?cursor=-5", 422),
        ("/api/orders?cursor=x", 422),
        ("/api/orders?cursor=" + "9" * 25, 422),
        ("/api/orders?limit=1000", 422),
    ],
)
async def test_malformed_addresses_are_refused(console: Console, address: str, status: int) -> None:
    mei = await console.at_work("mei")
    answer = await mei.http.get(address)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "facts"}
