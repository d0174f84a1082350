"""Coupons from the batch to the order and back, told by what the shop remembers of them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.promotions.coupon_model import BatchState, Benefit, Coupon, CouponBatch, CouponState, Way
from commerce.promotions.coupons import (
    claim,
    claim_offer,
    expire_coupons,
    give,
    offers_for,
    reserve_coupons,
    return_coupons,
    revoke_coupon,
    usable_coupons,
    use_coupons,
)
from foundation.codes import plain_code
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.goods import a_customer

DAY = timedelta(days=1)


async def a_batch(
    session: AsyncSession,
    *,
    now: datetime,
    way: Way = Way.OFFERED,
    code: str | None = None,
    total: int | None = None,
    per_customer: int = 1,
    ends_at: datetime | None = None,
    days: int | None = None,
) -> CouponBatch:
    """Ten yuan off a hundred."""
    vault: Vault = session.info["vault"]
    batch = CouponBatch(
        title={"zh": "满100减10", "en": "10 off 100"},
        benefit=Benefit.AMOUNT,
        amount=1000,
        threshold=10000,
        currency="CNY",
        way=way,
        code_index=vault.blind("coupon", plain_code(code)) if code else None,
        code_sealed=vault.seal(code) if code else None,
        starts_at=now,
        ends_at=ends_at,
        days=days,
        total=total,
        per_customer=per_customer,
        state=BatchState.ACTIVE,
        created_at=now,
    )
    session.add(batch)
    await session.flush()
    return batch


async def refused(session: AsyncSession, act: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(Refused) as refusal:
        await act()
    return refusal.value.code


async def test_a_shared_code_is_read_however_it_is_written_and_gives_each_customer_their_share(
    session: AsyncSession, now: datetime
) -> None:
    batch = await a_batch(session, now=now, way=Way.SHARED_CODE, code="WELCOME-10", per_customer=2)
    me = (await a_customer(session, now=now)).id
    assert await usable_coupons(session, customer_id=me, now=now) == []
    first = await claim(session, batch_code=" welcome10 ", customer_id=me, now=now)
    second = await claim(session, batch_code="ＷＥＬＣＯＭＥ－10", customer_id=me, now=now)
    assert [view.coupon_id for view in await usable_coupons(session, customer_id=me, now=now)] == [
        first.coupon_id,
        second.coupon_id,
    ]
    assert (first.amount, first.threshold, first.currency) == (1000, 10000, "CNY")
    third = claim(session, batch_code="welcome10", customer_id=me, now=now)
    assert await refused(session, lambda: third) == "coupons.yours_already"
    await session.refresh(batch)
    assert batch.issued == 2  # the refused one was not counted
    nothing = claim(session, batch_code="WELCOME11", customer_id=me, now=now)
    assert await refused(session, lambda: nothing) == "codes.unknown"


async def test_a_coupon_is_used_by_one_order_and_comes_back_when_that_comes_to_nothing(
    session: AsyncSession, now: datetime
) -> None:
    batch = await a_batch(session, now=now)
    me, other = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    mine = await claim_offer(session, batch_id=batch.id, customer_id=me, now=now)
    theirs = reserve_coupons(session, coupon_ids=[mine.coupon_id], customer_id=other, order_id=9, now=now)
    assert await refused(session, lambda: theirs) == "coupons.not_usable"
    await reserve_coupons(session, coupon_ids=[mine.coupon_id], customer_id=me, order_id=7, now=now)
    again = reserve_coupons(session, coupon_ids=[mine.coupon_id], customer_id=me, order_id=8, now=now)
    assert await refused(session, lambda: again) == "coupons.not_usable"
    await use_coupons(session, order_id=7, now=now)
    coupon = await session.get_one(Coupon, mine.coupon_id)
    assert (coupon.state, coupon.order_id, coupon.used_at) == (CouponState.USED, 7, now)
    assert await return_coupons(session, order_id=7, now=now) == 1
    assert await return_coupons(session, order_id=7, now=now) == 0
    assert [view.coupon_id for view in await usable_coupons(session, customer_id=me, now=now)] == [mine.coupon_id]
    revoked = await revoke_coupon(session, coupon_id=mine.coupon_id)
    assert revoked.state is CouponState.REVOKED
    assert await usable_coupons(session, customer_id=me, now=now) == []


async def test_a_coupon_ends_with_its_batch_or_so_many_days_after_it_was_claimed_whichever_is_first(
    session: AsyncSession, now: datetime
) -> None:
    me = (await a_customer(session, now=now)).id
    short = await a_batch(session, now=now, ends_at=now + 2 * DAY, days=7)
    long = await a_batch(session, now=now, ends_at=now + 30 * DAY, days=7)
    ends = [
        (await claim_offer(session, batch_id=batch.id, customer_id=me, now=now)).expires_at for batch in (long, short)
    ]
    assert ends == [now + 7 * DAY, now + 2 * DAY]
    assert [view.batch_id for view in await usable_coupons(session, customer_id=me, now=now)] == [short.id, long.id]
    later = now + 2 * DAY
    assert [view.batch_id for view in await usable_coupons(session, customer_id=me, now=later)] == [long.id]
    assert await expire_coupons(session, now=later, limit=10) == 1
    assert await expire_coupons(session, now=later, limit=10) == 0
    # one that an order binds while its time runs out ends when it comes back
    [bound] = await usable_coupons(session, customer_id=me, now=later)
    await reserve_coupons(session, coupon_ids=[bound.coupon_id], customer_id=me, order_id=7, now=later)
    assert await expire_coupons(session, now=now + 8 * DAY, limit=10) == 0
    await return_coupons(session, order_id=7, now=now + 8 * DAY)
    assert (await session.get_one(Coupon, bound.coupon_id)).state is CouponState.EXPIRED


async def test_a_batch_gives_only_while_it_runs_and_a_revoked_one_takes_everything_back(
    session: AsyncSession, now: datetime
) -> None:
    me = (await a_customer(session, now=now)).id
    batch = await a_batch(session, now=now, total=1, ends_at=now + DAY)

    def mine(at: datetime) -> Callable[[], Awaitable[object]]:
        return lambda: claim_offer(session, batch_id=batch.id, customer_id=me, now=at)

    assert await refused(session, mine(now - DAY)) == "coupons.not_yet"
    assert await refused(session, mine(now + DAY)) == "coupons.gone"
    batch.move_to(BatchState.PAUSED)
    await session.flush()
    assert await offers_for(session, customer_id=me, now=now) == []
    assert await refused(session, mine(now)) == "coupons.gone"
    batch.move_to(BatchState.ACTIVE)
    await session.flush()
    [offer] = await offers_for(session, customer_id=me, now=now)
    assert (offer.batch_id, offer.left) == (batch.id, 1)
    await give(session, batch_id=batch.id, customer_id=me, now=now)
    assert await refused(session, mine(now)) == "coupons.all_gone"
    assert await offers_for(session, customer_id=me, now=now) == []
    batch.move_to(BatchState.REVOKED)
    await session.flush()
    assert await usable_coupons(session, customer_id=me, now=now) == []
    assert await session.scalar(select(func.count(Coupon.id))) == 1
