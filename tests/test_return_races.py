"""The same goods asked back by many at once; beside it the twin without the guard."""

import asyncio
from datetime import datetime

import asyncpg
from sqlalchemy import func, select, text

from commerce.returns.actions import open_return
from commerce.returns.handling import receive
from commerce.returns.inspecting import Finding, inspect
from commerce.returns.model import Kind, Return, ReturnLine
from commerce.returns.offers import Asked, Wish
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import a_product
from tests.returning import TERMS, Sold, a_delivered_order, lines_of_order, refunded

ASKERS, PIECES = 24, 3


async def test_three_pieces_asked_back_by_many_at_once_come_back_three_times_and_are_paid_once(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now)
        order = await a_delivered_order(session, [Sold(tea, PIECES, 3334)], now=now)
        (line,) = await lines_of_order(session, order)

    async def ask() -> bool:
        try:
            async with database.begin() as session:
                await open_return(
                    session,
                    order_id=order.id,
                    customer_id=order.customer_id,
                    wish=Wish(Kind.RETURN, (Asked(line.id, 1),)),
                    terms=TERMS,
                    now=now,
                )
        except Refused as refused:
            if refused.code not in ("returns.already_returned", "returns.quantity"):
                raise
            return False
        return True

    assert sum(await asyncio.gather(*(ask() for _ in range(ASKERS)))) == PIECES
    async with database.begin() as session:
        ids = (await session.scalars(select(Return.id))).all()
        lines = dict((await session.execute(select(ReturnLine.return_id, ReturnLine.id))).all())
        for return_id in ids:
            await receive(session, return_id=return_id, now=now)

    async def settle(return_id: int) -> bool:
        try:
            async with database.begin() as session:
                findings = [Finding(lines[return_id], 1, 1)]
                await inspect(session, return_id=return_id, findings=findings, terms=TERMS, now=now)
        except Refused as refused:
            if refused.code != "returns.move_refused":
                raise
            return False
        return True

    settled = await asyncio.gather(*(settle(return_id) for return_id in ids for _ in range(4)))
    assert sum(settled) == PIECES
    async with database.begin() as session:
        (line,) = await lines_of_order(session, order)
        assert (line.returning, line.returned) == (0, PIECES)
        assert await refunded(session, order) == order.total_amount


async def test_the_twin_that_looks_before_it_takes_promises_more_than_there_is(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now)
        order = await a_delivered_order(session, [Sold(tea, PIECES, 3334)], now=now)
        await session.execute(text("ALTER TABLE order_line DROP CONSTRAINT ck_order_line_returned_within_shipped"))
    all_looked = asyncio.Barrier(8)
    pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=0, max_size=8)

    async def look_then_take() -> None:
        async with pool.acquire() as connection:
            left = await connection.fetchval(
                'SELECT shipped - returned - "returning" FROM order_line WHERE order_id = $1', order.id
            )
            await all_looked.wait()
            if left >= 1:
                await connection.execute(
                    'UPDATE order_line SET "returning" = "returning" + 1 WHERE order_id = $1', order.id
                )

    await asyncio.gather(*(look_then_take() for _ in range(8)))
    await pool.close()
    async with database.begin() as session:
        (line,) = await lines_of_order(session, order)
        assert line.returning == 8 > line.shipped
        assert await session.scalar(select(func.count()).select_from(Return)) == 0
