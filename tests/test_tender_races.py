"""Everybody at once on coupons, points and credit: 64 connections, and twins without the guard that must fail."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg
from sqlalchemy import func, insert, select, text

from commerce.credit.actions import draw, pay_in, redeem_gift_card, store_credit_of
from commerce.credit.actions import make_cards as make_gift_cards
from commerce.credit.model import CreditAccount, CreditMovement
from commerce.customers.model import Customer
from commerce.points.actions import adjust_points, points_of, spend
from commerce.points.model import PointsEntry
from commerce.promotions.coupon_model import Coupon, CouponBatch, Way
from commerce.promotions.coupons import claim, claim_offer, reserve_coupons
from foundation.database import Database
from foundation.errors import Refused
from tests.crowd import CONNECTIONS
from tests.goods import a_customer
from tests.test_coupons import a_batch

TRIES, SHOPPERS, CAP = 600, 300, 50
Try = Callable[[int], Awaitable[object]]


async def all_at_once(tries: int, attempt: Try) -> int:
    """How many of so many tries were not refused. There is a connection for each that runs."""
    connection = asyncio.Semaphore(CONNECTIONS)

    async def one(place: int) -> bool:
        async with connection:
            try:
                await attempt(place)
            except Refused:
                return False
            return True

    return sum(await asyncio.gather(*(one(place) for place in range(tries))))


async def look_then_take(database: Database, tries: int, look: str, take: str) -> int:
    """The twin: what most of us would write. Looks whether there is enough, and then takes it."""
    pool = await asyncpg.create_pool(database.url.replace("+asyncpg", ""), min_size=0, max_size=CONNECTIONS)
    first_ones_looked = asyncio.Barrier(min(tries, CONNECTIONS))

    async def one(place: int) -> bool:
        async with pool.acquire() as connection:
            there_is = await connection.fetchval(look)
            if place < first_ones_looked.parties:
                await first_ones_looked.wait()
            if there_is:
                await connection.execute(take)
            return bool(there_is)

    taken = sum(await asyncio.gather(*(one(place) for place in range(tries))))
    await pool.close()
    return taken


async def test_six_hundred_tries_by_three_hundred_shoppers_get_the_fifty_coupons_there_are(
    crowd: Database, now: datetime
) -> None:
    async with crowd.begin() as session:
        batch = (await a_batch(session, now=now, way=Way.SHARED_CODE, code="FIFTY-50", total=CAP)).id
        many = insert(Customer).returning(Customer.id)
        rows = [{"language": "zh", "created_at": now} for _ in range(SHOPPERS)]
        shoppers = (await session.scalars(many, rows)).all()

    async def attempt(place: int) -> None:
        async with crowd.begin() as session:
            await claim(session, batch_code="FIFTY-50", customer_id=shoppers[place % SHOPPERS], now=now)

    assert await all_at_once(TRIES, attempt) == CAP
    async with crowd.begin() as session:
        assert (await session.get_one(CouponBatch, batch)).issued == CAP
        of_customers = select(func.count(Coupon.id), func.count(Coupon.customer_id.distinct()))
        assert (await session.execute(of_customers)).one() == (CAP, CAP)


async def test_the_twin_of_the_coupons_without_the_guard_gives_too_many(crowd: Database, now: datetime) -> None:
    async with crowd.begin() as session:
        batch = (await a_batch(session, now=now, total=CAP)).id
        await session.execute(text("ALTER TABLE coupon_batch DROP CONSTRAINT ck_coupon_batch_issued_within_total"))
        await session.execute(text("UPDATE coupon_batch SET issued = :n"), {"n": CAP - 1})
    look = "SELECT issued < total FROM coupon_batch"
    await look_then_take(crowd, TRIES, look, "UPDATE coupon_batch SET issued = issued + 1")
    async with crowd.begin() as session:
        assert (await session.get_one(CouponBatch, batch)).issued > CAP


async def test_one_customer_on_many_channels_gets_no_more_than_their_share_and_uses_each_once(
    crowd: Database, now: datetime
) -> None:
    async with crowd.begin() as session:
        batch = (await a_batch(session, now=now, per_customer=3)).id
        me = (await a_customer(session, now=now)).id

    async def attempt(_place: int) -> None:
        async with crowd.begin() as session:
            await claim_offer(session, batch_id=batch, customer_id=me, now=now)

    assert await all_at_once(CONNECTIONS, attempt) == 3
    async with crowd.begin() as session:
        mine = (await session.scalars(select(Coupon.id).order_by(Coupon.id))).all()
        seqs = (await session.scalars(select(Coupon.seq).order_by(Coupon.seq))).all()
        assert (list(seqs), (await session.get_one(CouponBatch, batch)).issued) == ([1, 2, 3], 3)

    async def reserve(place: int) -> None:
        async with crowd.begin() as session:
            await reserve_coupons(session, coupon_ids=mine[:1], customer_id=me, order_id=place + 1, now=now)

    assert await all_at_once(CONNECTIONS, reserve) == 1


async def test_points_are_not_spent_twice(crowd: Database, now: datetime) -> None:
    async with crowd.begin() as session:
        me = (await a_customer(session, now=now)).id
        await adjust_points(session, customer_id=me, points=1000, reason="welcome", reference="w", now=now)

    async def attempt(place: int) -> None:
        async with crowd.begin() as session:
            await spend(session, customer_id=me, points=300, order_id=place + 1, now=now)

    assert await all_at_once(CONNECTIONS, attempt) == 3
    async with crowd.begin() as session:
        assert (await points_of(session, me)).available == 100
        assert await session.scalar(select(func.sum(PointsEntry.available))) == 100


async def test_the_twin_of_the_points_without_the_guard_spends_what_is_not_there(
    crowd: Database, now: datetime
) -> None:
    async with crowd.begin() as session:
        me = (await a_customer(session, now=now)).id
        await adjust_points(session, customer_id=me, points=1000, reason="welcome", reference="w", now=now)
        await session.execute(
            text("ALTER TABLE points_account DROP CONSTRAINT ck_points_account_available_not_negative")
        )
    look = "SELECT available >= 300 FROM points_account"
    assert await look_then_take(crowd, CONNECTIONS, look, "UPDATE points_account SET available = available - 300") > 3
    async with crowd.begin() as session:
        assert (await points_of(session, me)).available < 0


async def test_store_credit_is_not_drawn_twice_nor_paid_in_twice_nor_a_card_redeemed_twice(
    crowd: Database, now: datetime
) -> None:
    async with crowd.begin() as session:
        shoppers = [(await a_customer(session, now=now)).id for _ in range(8)]
        account = (await store_credit_of(session, shoppers[0], "CNY", now=now)).id
        _batch, [code] = await make_gift_cards(
            session, title="One", count=1, amount=500, currency="CNY", expires_at=None, now=now
        )

    paid: list[bool] = []

    async def refund(_place: int) -> None:
        async with crowd.begin() as session:
            paid.append(
                await pay_in(session, account_id=account, amount=1000, reason="refund", reference="refund:1", now=now)
            )

    await all_at_once(CONNECTIONS, refund)
    assert sum(paid) == 1

    async def buy(place: int) -> None:
        async with crowd.begin() as session:
            await draw(
                session, account_id=account, customer_id=shoppers[0], amount=300, reference=f"order:{place}", now=now
            )

    assert await all_at_once(CONNECTIONS, buy) == 3

    async def redeem(place: int) -> None:
        async with crowd.begin() as session:
            await redeem_gift_card(session, code=code, customer_id=shoppers[place % 8], now=now)

    assert await all_at_once(CONNECTIONS, redeem) == 1
    async with crowd.begin() as session:
        assert (await session.get_one(CreditAccount, account)).balance == 100
        assert await session.scalar(select(func.sum(CreditAccount.balance))) == 100 + 500
        assert await session.scalar(select(func.sum(CreditMovement.amount))) == 100 + 500


async def test_the_twin_of_the_credit_without_the_guard_pays_with_money_that_is_not_there(
    crowd: Database, now: datetime
) -> None:
    async with crowd.begin() as session:
        me = (await a_customer(session, now=now)).id
        account = (await store_credit_of(session, me, "CNY", now=now)).id
        await pay_in(session, account_id=account, amount=1000, reason="refund", reference="refund:1", now=now)
        await session.execute(text("ALTER TABLE credit_account DROP CONSTRAINT ck_credit_account_balance_not_negative"))
    look = "SELECT balance >= 300 FROM credit_account"
    assert await look_then_take(crowd, CONNECTIONS, look, "UPDATE credit_account SET balance = balance - 300") > 3
    async with crowd.begin() as session:
        assert (await session.get_one(CreditAccount, account)).balance < 0
