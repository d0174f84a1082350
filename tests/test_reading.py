"""Reads that the driver runs alone see what SQLAlchemy's own would see."""

from datetime import datetime

import pytest
from sqlalchemy import BigInteger, any_, bindparam, event, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import Cart, CartStatus
from commerce.customers.actions import customer_for
from foundation.database import raw
from foundation.reading import Read

CARTS = Read(
    select(Cart.id, Cart.status, Cart.deal, Cart.updated_at, Cart.version + 1)
    .where(Cart.customer_id == bindparam("customer_id"), Cart.status == bindparam("status"), Cart.version.in_((2, 3)))
    .order_by(Cart.id)
)
LOCKED = Read(select(Cart.id).where(Cart.id == bindparam("cart_id")).with_for_update(key_share=True))
VERSIONS = Read(select(Cart.version).where(Cart.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))))


async def carts_of_anna(session: AsyncSession, now: datetime) -> tuple[int, Cart]:
    anna = await customer_for(session, channel="web", account="anna", language="en", now=now)
    cart = Cart(customer_id=anna.id, status=CartStatus.OPEN, version=3, deal={"group": 7}, updated_at=now)
    session.add(cart)
    return anna.id, cart


async def test_a_read_sees_what_is_not_written_yet_with_the_types_of_its_columns(
    session: AsyncSession, now: datetime
) -> None:
    customer_id, cart = await carts_of_anna(session, now)
    (row,) = await CARTS.all(session, customer_id=customer_id, status=CartStatus.OPEN)
    assert tuple(row) == (cart.id, CartStatus.OPEN, {"group": 7}, now, 4)
    assert isinstance(row.status, CartStatus)
    assert (row.id, row.deal) == (cart.id, {"group": 7})
    cart.version = 4
    assert await VERSIONS.column(session, ids=[cart.id, -1]) == [4]
    await session.delete(cart)
    assert await CARTS.first(session, customer_id=customer_id, status=CartStatus.OPEN) is None
    assert await VERSIONS.value(session, ids=[cart.id]) is None


async def test_a_read_is_part_of_the_transaction_and_of_the_savepoint(session: AsyncSession, now: datetime) -> None:
    customer_id, cart = await carts_of_anna(session, now)
    await session.flush()
    cart_id = cart.id

    async def change_and_fail() -> None:
        async with session.begin_nested():
            cart.version = 1
            assert await VERSIONS.value(session, ids=[cart_id]) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_and_fail()
    assert await VERSIONS.value(session, ids=[cart_id]) == 3
    assert await CARTS.all(session, customer_id=customer_id, status=CartStatus.ORDERED) == []


async def test_a_read_without_one_of_its_values_says_which(session: AsyncSession) -> None:
    with pytest.raises(KeyError, match="status"):
        await CARTS.all(session, customer_id=1)


async def test_a_savepoint_is_begun_by_what_may_write_or_locks_and_by_no_other_read(
    session: AsyncSession, now: datetime
) -> None:
    customer_id, cart = await carts_of_anna(session, now)
    await session.flush()
    await raw(session)
    begun: list[object] = []
    connection = (await session.connection()).sync_connection
    event.listen(connection, "savepoint", lambda _connection, name: begun.append(name))
    for writes in (False, True):
        async with session.begin_nested():
            await CARTS.all(session, customer_id=customer_id, status=CartStatus.OPEN)
            assert not begun
            await raw(session, in_savepoint=writes)
    assert len(begun) == 1
    async with session.begin_nested():
        await LOCKED.all(session, cart_id=cart.id)
    assert len(begun) == 2
