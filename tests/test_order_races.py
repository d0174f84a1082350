"""Everybody at once: orders race for the last pieces, cancelling races shipping; and twins without the guard."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import func, select, text

from commerce.carts.actions import add_line
from commerce.customers.actions import save_address
from commerce.inventory.hold import Holds
from commerce.orders.actions import (
    Quote,
    cancel_items,
    cancel_order,
    mark_shipped,
    order_view,
    place_order,
    quote,
)
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import ZHANG, Stock, a_customer, a_product, an_order, holds_of, stock_of

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=10)


SHOPPERS, PIECES = 200, 5
HoldOne = Callable[[int, Quote], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Buyer:
    """A shopper with everything ready but the order."""

    customer_id: int
    address_id: int
    offer: Quote


async def buyers_of(database: Database, variant: int, now: datetime) -> list[Buyer]:
    buyers = []
    async with database.begin() as session:
        for _ in range(SHOPPERS):
            customer = await a_customer(session, now=now)
            await add_line(session, customer_id=customer.id, variant_id=variant, quantity=1, now=now)
            address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
            offer = await quote(session, customer_id=customer.id, language="zh", now=now)
            buyers.append(Buyer(customer.id, address.id, offer))
    return buyers


async def race(database: Database, buyers: list[Buyer], hold: HoldOne, now: datetime) -> int:
    """Everybody confirms at once; returns how many orders there are then. Whoever was refused has none."""

    async def buy(place: int, buyer: Buyer) -> bool:
        try:
            await hold(place, buyer.offer)
        except Refused as refusal:
            if refusal.code != "stock.short":
                raise
            return False
        async with database.begin() as session:
            await place_order(
                session,
                customer_id=buyer.customer_id,
                cart_id=buyer.offer.cart_id,
                cart_version=buyer.offer.cart_version,
                priced=buyer.offer.priced,
                address_id=buyer.address_id,
                payment_method=PaymentMethod.COD,
                hold_key=buyer.offer.hold_key,
                language="zh",
                now=now,
            )
        return True

    bought = await asyncio.gather(*(buy(place, buyer) for place, buyer in enumerate(buyers)))
    async with database.begin() as session:
        orders = await session.scalar(select(func.count()).select_from(Order))
    assert orders == sum(bought)
    return sum(bought)


async def test_two_hundred_shoppers_for_five_pieces_place_five_orders(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        variant = await a_product(session, now=now, pieces=PIECES)
    buyers = await buyers_of(database, variant, now)
    async with AsyncExitStack() as processes:
        houses = [await processes.enter_async_context(holds_of(database)) for _ in range(8)]

        async def hold(place: int, offer: Quote) -> None:
            holds = houses[place % len(houses)]
            await holds.hold(offer.hold_key, offer.holding, until=now + 15 * MINUTES, now=now)

        assert await race(database, buyers, hold, now) == PIECES
    assert await stock_of(database, variant) == Stock(PIECES, PIECES)


async def test_the_twin_of_the_race_without_the_guard_oversells(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        variant = await a_product(session, now=now, pieces=PIECES)
        await session.execute(text("ALTER TABLE stock_level DROP CONSTRAINT ck_stock_level_not_oversold"))
    buyers = await buyers_of(database, variant, now)
    first_ones_looked = asyncio.Barrier(10)
    pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=0, max_size=20)

    async def look_then_take(place: int, offer: Quote) -> None:
        async with pool.acquire() as connection:
            free = await connection.fetchval(
                "SELECT on_hand - reserved FROM stock_level WHERE variant_id = $1", variant
            )
            if place < first_ones_looked.parties:
                await first_ones_looked.wait()
            if free < 1:
                raise Refused("stock.short", variant=variant, left=free)
            await connection.execute("UPDATE stock_level SET reserved = reserved + 1 WHERE variant_id = $1", variant)
            await connection.execute(
                "INSERT INTO hold (key, lines, levels, until, state, created_at)"
                " SELECT $1, $2::jsonb, jsonb_build_object(id, 1), $3, 'held', $3 FROM stock_level",
                offer.hold_key,
                json.dumps(offer.holding),
                now,
            )

    assert await race(database, buyers, look_then_take, now) > PIECES
    await pool.close()
    stock = await stock_of(database, variant)
    assert stock.reserved > stock.on_hand


async def test_cancelled_and_shipped_at_once_is_one_of_the_two(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    async def cancel(order_id: int) -> str:
        async with database.begin() as session:
            await cancel_order(session, order_id=order_id, by="shopper", reason="late", now=now)
        return "cancelled"

    async def send(order_id: int) -> str:
        async with database.begin() as session:
            await mark_shipped(session, order_id=order_id, tracking_number="SF1", carrier="顺丰", now=now)
        return "shipped"

    shipped = 0
    for turn in range(6):
        order = await an_order(database, holds, {tea: 1}, now=now)
        acts = [cancel(order.id), send(order.id)]
        ended = await asyncio.gather(*(acts if turn % 2 else reversed(acts)), return_exceptions=True)
        won = [end for end in ended if isinstance(end, str)]
        assert len(won) == 1
        assert [type(end) for end in ended if not isinstance(end, str)] == [Refused]
        shipped += won == ["shipped"]
    assert await stock_of(database, tea) == Stock(10 - shipped, 0)


async def test_the_twin_without_the_lock_cancels_what_was_shipped(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    both_looked = asyncio.Barrier(2)

    async def act(statement: str) -> None:
        async with database.begin() as session:
            status = await session.scalar(select(Order.status).where(Order.id == order.id))
            await both_looked.wait()
            assert status is OrderStatus.PLACED
            await session.execute(text(statement), {"id": order.id, "now": now})

    await asyncio.gather(
        act("UPDATE orders SET status = 'cancelled' WHERE id = :id"),
        act("UPDATE order_line SET shipped = quantity WHERE order_id = :id"),
    )
    async with database.begin() as session:
        view = await order_view(session, order.id)
    assert (view.status, view.fulfilment_state) == ("cancelled", "shipped")  # what the lock is there to prevent


async def test_pieces_cancelled_and_shipped_at_once_are_one_of_the_two(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    async def cancel(order_id: int, customer_id: int, line_id: int) -> None:
        async with database.begin() as session:
            pieces = {line_id: 1}
            await cancel_items(
                session, order_id=order_id, customer_id=customer_id, pieces=pieces, reason="late", now=now
            )

    async def send(order_id: int) -> None:
        async with database.begin() as session:
            await mark_shipped(session, order_id=order_id, tracking_number="SF1", carrier="顺丰", now=now)

    shipped = 0
    for turn in range(4):
        order = await an_order(database, holds, {tea: 2}, now=now)
        async with database.begin() as session:
            (line,) = (await order_view(session, order.id)).lines
        acts = [cancel(order.id, order.customer_id, line.line_id), send(order.id)]
        ended = await asyncio.gather(*(acts if turn % 2 else reversed(acts)), return_exceptions=True)
        assert [end.code for end in ended if isinstance(end, Refused)] in ([], ["change.pieces"])
        async with database.begin() as session:
            (line,) = (await order_view(session, order.id)).lines
        assert (line.open, line.cancelled + line.shipped) == (0, 2)
        shipped += line.shipped
    assert await stock_of(database, tea) == Stock(10 - shipped, 0)


async def test_the_twin_that_looks_before_it_counts_cancels_what_was_shipped(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 2}, now=now)
    async with database.begin() as session:
        await session.execute(text("ALTER TABLE order_line DROP CONSTRAINT ck_order_line_pieces_within_quantity"))
    both_looked = asyncio.Barrier(2)

    async def act(counter: str, pieces: int) -> None:
        async with database.begin() as session:
            (line,) = (await order_view(session, order.id)).lines
            await both_looked.wait()
            assert line.open >= pieces
            await session.execute(text(f"UPDATE order_line SET {counter} = {counter} + {pieces}"))

    await asyncio.gather(act("cancelled", 1), act("shipped", 2))
    async with database.begin() as session:
        (line,) = (await order_view(session, order.id)).lines
    assert line.cancelled + line.shipped == 3  # of two pieces
