"""One person with two accounts of the shop: after they are joined, everything is there, and nothing twice."""

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import accounts_of, adjust_credit, draw, pay_in
from commerce.credit.joining import join_credit
from commerce.credit.model import AccountKind
from commerce.points.actions import PointsView, adjust_points, earn, points_of, release_pending
from commerce.points.joining import join_points
from commerce.promotions.coupon_model import MOST_A_CUSTOMER, Coupon, CouponState
from commerce.promotions.coupons import claim_offer, join_coupons, reserve_coupons, usable_coupons, use_coupons
from tests.goods import a_customer
from tests.test_coupons import a_batch


async def test_two_customers_who_are_one_person_have_everything_once(session: AsyncSession, now: datetime) -> None:
    web, phone = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    one, two = (await a_batch(session, now=now)).id, (await a_batch(session, now=now)).id
    for customer, batches in ((web, (one, two)), (phone, (one,))):
        for batch in batches:
            await claim_offer(session, batch_id=batch, customer_id=customer, now=now)
        await adjust_points(session, customer_id=customer, points=100, reason="x", reference=f"{customer}", now=now)
        await adjust_credit(
            session, customer_id=customer, amount=500, currency="CNY", reason="x", reference=f"{customer}", now=now
        )
    await earn(session, customer_id=web, order_id=7, points=30, now=now)
    [old] = await accounts_of(session, web)
    for _ in range(2):
        await join_coupons(session, from_id=web, to_id=phone)
        await join_points(session, from_id=web, to_id=phone)
        await join_credit(session, from_id=web, to_id=phone)
    usable = await usable_coupons(session, customer_id=phone, now=now)
    assert sorted(view.batch_id for view in usable) == [one, two]
    states = await session.scalars(select(Coupon.state).where(Coupon.batch_id == one).order_by(Coupon.id))
    assert list(states) == [CouponState.REVOKED, CouponState.ISSUED]
    assert await points_of(session, web) == PointsView(0, 0)
    assert await points_of(session, phone) == PointsView(200, 30)
    assert await release_pending(session, order_id=7, now=now) == 30
    assert await points_of(session, phone) == PointsView(230, 0)
    accounts = await accounts_of(session, phone)
    assert [(account.kind, account.balance) for account in accounts] == [
        (AccountKind.JOINED, 500),
        (AccountKind.STORE_CREDIT, 500),
    ]
    assert accounts[0].account_id == old.account_id  # a refund to the old account still finds it
    await pay_in(session, account_id=old.account_id, amount=50, reason="refund", reference="refund:1", now=now)
    await draw(session, account_id=old.account_id, customer_id=phone, amount=550, reference="order:8", now=now)
    assert await accounts_of(session, web) == []


async def test_a_coupon_that_was_used_stays_used_when_customers_are_joined(
    session: AsyncSession, now: datetime
) -> None:
    web, phone = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    batch = (await a_batch(session, now=now)).id
    for customer in (web, phone):
        coupon = await claim_offer(session, batch_id=batch, customer_id=customer, now=now)
        await reserve_coupons(session, coupon_ids=[coupon.coupon_id], customer_id=customer, order_id=customer, now=now)
        await use_coupons(session, order_id=customer, now=now)
    await join_coupons(session, from_id=web, to_id=phone)
    found = await session.execute(select(Coupon.customer_id, Coupon.seq, Coupon.state).order_by(Coupon.seq))
    assert [tuple(row) for row in found] == [(phone, 1, CouponState.USED), (phone, 2, CouponState.USED)]


async def test_two_who_had_a_hundred_coupons_together_and_more_are_joined_all_the_same(
    session: AsyncSession, now: datetime
) -> None:
    web, phone = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    batch = (await a_batch(session, now=now, per_customer=MOST_A_CUSTOMER)).id
    for customer in (web, phone):
        rows = [
            {"batch_id": batch, "state": CouponState.ISSUED, "customer_id": customer, "seq": seq, "claimed_at": now}
            for seq in range(1, 52)
        ]
        await session.execute(insert(Coupon), rows)
    await join_coupons(session, from_id=web, to_id=phone)
    found = select(Coupon.state, func.count(), func.max(Coupon.seq)).where(Coupon.customer_id == phone)
    states = {state: (count, last) for state, count, last in await session.execute(found.group_by(Coupon.state))}
    assert states == {CouponState.ISSUED: (MOST_A_CUSTOMER, 100), CouponState.REVOKED: (2, 102)}
