"""Everybody at once: orders race for the last pieces, cancelling races shipping; and twins without the guard."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

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
from tests.crowd import CONNECTIONS, Act, at_once, broken, copied
from tests.goods import ZHANG, Stock, a_customer, a_product, an_order, holds_of, stock_of

MINUTES = timedelta(minutes=1)
PAIRS = CONNECTIONS // 2


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=PAIRS)


SHOPPERS, PIECES = 200, 5
HoldOne = Callable[[int, Quote], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Buyer:
    """A shopper with everything ready but the order."""

    customer_id: int
    address_id: int
    offer: Quote


async def buyers_of(database: Database, variant: int, now: datetime, *, count: int = SHOPPERS) -> list[Buyer]:
    buyers = []
    async with database.begin() as session:
        for _ in range(count):
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
    buyers = await buyers_of(database, variant, now, count=2 * PIECES)
    everybody_looked = asyncio.Barrier(2 * PIECES)
    pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=0, max_size=2 * PIECES)

    async def look_then_take(_place: int, offer: Quote) -> None:
        async with pool.acquire() as connection:
            free = await connection.fetchval(
                "SELECT on_hand - reserved FROM stock_level WHERE variant_id = $1", variant
            )
            await everybody_looked.wait()
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

    assert await race(database, buyers, look_then_take, now) == 2 * PIECES
    await pool.close()
    assert await stock_of(database, variant) == Stock(PIECES, 2 * PIECES)


async def test_orders_cancelled_and_shipped_at_once_are_one_of_the_two(
    crowd: Database, holds: Holds, tea: int, now: datetime
) -> None:
    orders = await copied(crowd, await an_order(crowd, holds, {tea: 1}, now=now), PAIRS)
    acts: list[Act] = []
    for place, order in enumerate(orders):
        cancel = partial(cancel_order, order_id=order.id, by="shopper", reason="late", now=now)
        send = partial(mark_shipped, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=now)
        acts += [cancel, send] if place % 2 else [send, cancel]
    ended = await at_once(crowd, acts)
    assert (ended.count("done"), set(ended)) == (PAIRS, {"done", "order.shipped", "order.not_ready"})
    async with crowd.begin() as session:
        views = [await order_view(session, order.id) for order in orders]
    assert await broken(crowd) == []
    how = Counter((view.status.value, view.fulfilment_state.value) for view in views)
    shipped = how["placed", "shipped"]
    assert how == {("placed", "shipped"): shipped, ("cancelled", "none"): PAIRS - shipped}
    assert await stock_of(crowd, tea) == Stock(PAIRS - shipped, 0)


async def test_the_twin_without_the_lock_cancels_what_was_shipped(
    crowd: Database, holds: Holds, tea: int, now: datetime
) -> None:
    orders = await copied(crowd, await an_order(crowd, holds, {tea: 1}, now=now), PAIRS)
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def act(session: AsyncSession, *, order: Order, statement: str) -> None:
        assert await session.scalar(select(Order.status).where(Order.id == order.id)) is OrderStatus.PLACED
        await everybody_looked.wait()
        await session.execute(text(statement), {"id": order.id})

    cancel = "UPDATE orders SET status = 'cancelled' WHERE id = :id"
    send = "UPDATE order_line SET shipped = quantity WHERE order_id = :id"
    await at_once(crowd, [partial(act, order=order, statement=do) for order in orders for do in (cancel, send)])
    async with crowd.begin() as session:
        views = [await order_view(session, order.id) for order in orders]
    # what the lock is there to prevent
    assert {(view.status, view.fulfilment_state) for view in views} == {("cancelled", "shipped")}


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
    assert await stock_of(database, tea) == Stock(PAIRS - shipped, 0)


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
