"""Points from the order that earns them to the one that spends them, and back."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.points.actions import (
    PointsView,
    adjust_points,
    earn,
    expire_points,
    give_back,
    points_of,
    release_pending,
    reverse,
    set_points_policy,
    spend,
)
from commerce.points.model import PointsEntry
from foundation.errors import Refused
from tests.goods import a_customer

DAY = timedelta(days=1)


async def shown(session: AsyncSession, customer: int) -> tuple[int, int]:
    """Available and pending; the entries must add up to both."""
    points = await points_of(session, customer)
    sums = select(func.coalesce(func.sum(PointsEntry.available), 0), func.coalesce(func.sum(PointsEntry.pending), 0))
    booked = (await session.execute(sums.where(PointsEntry.customer_id == customer))).one()
    assert tuple(booked) == (points.available, points.pending)
    return points.available, points.pending


async def test_points_are_pending_until_the_order_is_completed_and_each_fact_counts_once(
    session: AsyncSession, now: datetime
) -> None:
    me = (await a_customer(session, now=now)).id
    assert await points_of(session, me) == PointsView(0, 0)
    for _ in range(2):
        await earn(session, customer_id=me, order_id=1, points=100, now=now)
    assert await shown(session, me) == (0, 100)
    assert await reverse(session, order_id=1, now=now, gone=30, of=100, reference="return:1") == 30
    assert await shown(session, me) == (0, 70)
    assert [await release_pending(session, order_id=1, now=now) for _ in range(2)] == [70, 0]
    assert await shown(session, me) == (70, 0)
    for _ in range(2):
        await spend(session, customer_id=me, points=50, order_id=2, now=now)
    assert await shown(session, me) == (20, 0)
    with pytest.raises(Refused, match=r"points.short \(points=21, available=20\)"):
        await spend(session, customer_id=me, points=21, order_id=3, now=now)
    assert await shown(session, me) == (20, 0)
    # one of three pieces goes, then the rest: all parts together are what was spent
    parts = [await give_back(session, order_id=2, now=now, gone=gone, of=3, reference=f"r:{gone}") for gone in (1, 3)]
    assert parts == [16, 34]
    assert await give_back(session, order_id=2, now=now) == 0
    assert await shown(session, me) == (70, 0)
    # all of order 1 comes back when 60 of its 70 points are gone: no more is taken than is there
    await spend(session, customer_id=me, points=60, order_id=4, now=now)
    assert await reverse(session, order_id=1, now=now, reference="return:2") == 10
    assert await shown(session, me) == (0, 0)


async def test_points_that_were_not_spent_in_time_end_and_what_ends_first_is_spent_first(
    session: AsyncSession, now: datetime
) -> None:
    me, other = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    await adjust_points(session, customer_id=other, points=5, reason="welcome", reference="a:0", now=now)
    await set_points_policy(session, valid_days=10, now=now)
    await adjust_points(session, customer_id=me, points=100, reason="welcome", reference="a:1", now=now)
    later = now + 5 * DAY
    await earn(session, customer_id=me, order_id=1, points=40, now=later)
    await release_pending(session, order_id=1, now=later)
    await spend(session, customer_id=me, points=70, order_id=2, now=later)
    assert (await points_of(session, me)).next_expiry == now + 10 * DAY
    assert await expire_points(session, now=now + 9 * DAY, limit=10) == 0
    assert [await expire_points(session, now=now + 10 * DAY, limit=10) for _ in range(2)] == [1, 0]
    assert await shown(session, me) == (40, 0)  # 30 of the first hundred were left
    assert await expire_points(session, now=now + 15 * DAY, limit=10) == 1
    assert await shown(session, me) == (0, 0)
    assert await shown(session, other) == (5, 0)  # from before the policy: they stay


async def test_the_staff_gives_and_takes_points_with_a_reason_and_once(session: AsyncSession, now: datetime) -> None:
    me = (await a_customer(session, now=now)).id
    assert await adjust_points(session, customer_id=me, points=5, reason="sorry", reference="a:1", now=now)
    assert not await adjust_points(session, customer_id=me, points=5, reason="sorry", reference="a:1", now=now)
    for points, reason, code in (
        (-6, "typo", "points.short"),
        (1, " ", "points.reason_empty"),
        (0, "x", "points.invalid"),
    ):
        with pytest.raises(Refused, match=code):
            await adjust_points(session, customer_id=me, points=points, reason=reason, reference="a:2", now=now)
    await adjust_points(session, customer_id=me, points=-5, reason="typo", reference="a:3", now=now)
    assert await shown(session, me) == (0, 0)
