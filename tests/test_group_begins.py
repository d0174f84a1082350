"""Somebody begins a group while its campaign ends, or while they turn out to be somebody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.group_buy.campaigns import end_campaign
from commerce.group_buy.model import BuyingGroup
from commerce.group_buy.nudges import nudge_by_staff
from commerce.orders.model import Order
from commerce.persons.joining import join_customers
from foundation.database import Database
from tests.crowd import broken
from tests.grouping import GroupShop, group_shop, refusal_of
from tests.test_late_payments import wait_for_waiters


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[GroupShop]:
    async with group_shop(database, now) as shop:
        yield shop


async def test_a_group_that_begins_while_its_campaign_ends_with_refunds_ends_with_it(shop: GroupShop) -> None:
    order = await while_placing(shop, partial(end_campaign, campaign_id=shop.campaign, version=2, refund=True))
    await shop.pays(order)
    assert ((await shop.row(await shop.group_of(order))).state, len(await shop.refunds(order))) == ("cancelled", 1)
    assert await broken(shop.database) == []


async def test_a_person_who_is_joined_while_they_order_a_seat_has_it(shop: GroupShop) -> None:
    elder, younger = await shop.customer(), await shop.customer()
    join = partial(join_customers, one_id=elder, other_id=younger)
    order = await while_placing(shop, join, customer=younger)
    assert [(await shop.order(order)).customer_id, (await shop.member(order)).customer_id] == [elder, elder]
    await shop.pays(order)
    assert (await shop.row(await shop.group_of(order))).leader_id == elder
    assert await broken(shop.database) == []


async def test_who_is_being_joined_begins_nothing_under_their_old_name(shop: GroupShop) -> None:
    elder, younger = await shop.customer(), await shop.customer()
    async with shop.database.begin() as session:
        await join_customers(session, one_id=elder, other_id=younger, now=shop.now)
        begins = asyncio.create_task(refusal_of(shop.quoted(younger)))
        await wait_for_waiters(shop.database, 1)
    assert await begins == "cart.unknown"
    assert await broken(shop.database) == []


async def test_a_member_who_is_being_joined_is_not_nudged_under_their_old_name(shop: GroupShop) -> None:
    elder = await shop.customer()
    group, leader = await shop.begun()

    async def nudge() -> int:
        async with shop.database.begin() as session:
            return await nudge_by_staff(session, group_id=group, now=shop.now)

    async with shop.database.begin() as session:
        await join_customers(session, one_id=elder, other_id=leader.customer_id, now=shop.now)
        nudging = asyncio.create_task(nudge())
        await wait_for_waiters(shop.database, 1)
    assert await nudging == 0
    assert await broken(shop.database) == []


async def while_placing(shop: GroupShop, act: Callable[..., Awaitable[object]], customer: int | None = None) -> Order:
    """Somebody begins a group; before their order is committed the act comes, which has to wait for it."""
    who = customer or await shop.customer()
    offer = await shop.quoted(who)
    await shop.hold(offer)

    async def meanwhile() -> None:
        async with shop.database.begin() as session:
            await act(session, now=shop.now)

    async with shop.database.begin() as session, asyncio.TaskGroup() as both:
        order = await shop.place(who, offer, session)
        acting, waits = both.create_task(meanwhile()), both.create_task(wait_for_waiters(shop.database, 1))
        await asyncio.wait({acting, waits}, return_when=asyncio.FIRST_COMPLETED)  # the twin does not wait
        waits.cancel()
        await session.commit()
    return order


async def test_the_twin_that_ends_a_campaign_without_its_lock_misses_the_group_that_begins(shop: GroupShop) -> None:
    async def end(session: AsyncSession, *, now: datetime) -> None:
        assert await session.scalar(select(func.count(BuyingGroup.id))) == 0
        await session.execute(text("UPDATE buying_group SET state = 'cancelled'"))

    order = await while_placing(shop, end)
    await shop.pays(order)
    assert (await shop.row(await shop.group_of(order))).state == "open"  # of a campaign that was ended with all of them
