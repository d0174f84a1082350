"""Cancelling pieces races sending them in parcels, with 64 connections; and twins without the guard, which fail."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select, text

from commerce.orders.changes import confirm_change, propose_change
from commerce.orders.model import Order, OrderLine
from commerce.orders.steps import Remove
from commerce.shipping.actions import make_shipment, pack_shipment, pick_shipment, ship_shipment
from commerce.shipping.model import Shipment, ShipmentState
from commerce.shipping.tracking import Saying, record_tracking
from foundation.database import Database
from foundation.errors import Refused
from tests.crowd import CONNECTIONS, broken
from tests.goods import Stock, a_product, an_order, holds_of, stock_of

PIECES = 10


@dataclass(frozen=True, slots=True)
class House:
    """An order of ten pieces, and 64 connections that are about to do something with it."""

    database: Database
    order: Order
    line: int
    variant: int
    now: datetime

    async def send_one(self) -> str:
        """One piece goes, in its own parcel."""
        async with self.database.begin() as session:
            made = await make_shipment(session, order_id=self.order.id, lines={self.line: 1}, now=self.now)
            await pick_shipment(session, shipment_id=made.id, now=self.now)
            await pack_shipment(session, shipment_id=made.id, now=self.now)
            await ship_shipment(session, shipment_id=made.id, carrier="三轮车", tracking_number="1", now=self.now)
        return "sent"

    async def cancel_one(self) -> str:
        """One piece is not wanted any more: proposed and confirmed."""
        async with self.database.begin() as session:
            steps = [Remove(self.line, 1)]
            change = await propose_change(
                session, order_id=self.order.id, steps=steps, by="shopper", now=self.now, reason="x"
            )
            await confirm_change(session, change_id=change.id, customer_id=self.order.customer_id, now=self.now)
        return "cancelled"

    async def counters(self) -> tuple[int, int]:
        """(cancelled, shipped) pieces."""
        async with self.database.begin() as session:
            line = await session.get_one(OrderLine, self.line)
            return line.cancelled, line.shipped


@pytest.fixture
async def house(crowd: Database, now: datetime) -> House:
    async with crowd.begin() as session:
        tea = await a_product(session, now=now, price=1000, pieces=PIECES)
    async with holds_of(crowd) as holds:
        order = await an_order(crowd, holds, {tea: PIECES}, now=now)
    async with crowd.begin() as session:
        line = (await session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id))).one()
    return House(crowd, order, line, tea, now)


async def test_each_piece_is_sent_or_cancelled_and_never_both(house: House) -> None:
    acts = [house.send_one() if n % 2 else house.cancel_one() for n in range(CONNECTIONS)]
    ended = await asyncio.gather(*acts, return_exceptions=True)
    assert {type(end) for end in ended if not isinstance(end, str)} <= {Refused}
    done = [end for end in ended if isinstance(end, str)]
    cancelled, shipped = await house.counters()
    assert (done.count("cancelled"), done.count("sent")) == (cancelled, shipped)
    assert cancelled + shipped <= PIECES
    assert shipped > 0
    assert await broken(house.database) == []
    kept = PIECES - cancelled - shipped
    assert await stock_of(house.database, house.variant) == Stock(PIECES - shipped, kept)


async def test_the_twin_that_looks_first_sends_what_was_cancelled(house: House) -> None:
    async with house.database.begin() as session:
        await session.execute(text("ALTER TABLE order_line DROP CONSTRAINT ck_order_line_pieces_within_quantity"))
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def act(column: str) -> None:
        async with house.database.begin() as session:
            line = await session.get_one(OrderLine, house.line)
            await everybody_looked.wait()
            if line.open > 0:
                await session.execute(text(f"UPDATE order_line SET {column} = {column} + 1"))

    await asyncio.gather(*(act("shipped" if n % 2 else "cancelled") for n in range(CONNECTIONS)))
    assert await house.counters() == (32, 32)  # 64 of 10 pieces
    assert "shipping.counters_match_parcels" in await broken(house.database)


async def test_a_push_that_comes_sixty_four_times_at_once_is_kept_once_and_told_once(house: House) -> None:
    await house.send_one()
    async with house.database.begin() as session:
        parcel = (await session.scalars(select(Shipment.id))).one()
    sayings = [
        Saying("1", ShipmentState.IN_TRANSIT, "已揽收", house.now),
        Saying("2", ShipmentState.DELIVERED, "已签收", house.now),
    ]

    async def push(n: int) -> int:
        async with house.database.begin() as session:
            said = sayings if n % 2 else sayings[::-1][:1]
            moved = await record_tracking(session, shipment_id=parcel, sayings=said, source="carrier", now=house.now)
        return len(moved)

    moved = await asyncio.gather(*(push(n) for n in range(CONNECTIONS)))
    assert 1 <= sum(moved) <= 2
    async with house.database.begin() as session:
        assert (await session.scalars(select(Shipment.state))).one() is ShipmentState.DELIVERED
        counted = text("SELECT kind, count(*) FROM announcement WHERE kind LIKE 'parcel_%' GROUP BY kind ORDER BY kind")
        told = [tuple(row) for row in await session.execute(counted)]
        assert told == [("parcel_delivered", 1), ("parcel_picked", 1)]
        assert (await session.scalars(text("SELECT count(*) FROM tracking_event"))).one() == 2
    assert await broken(house.database) == []
