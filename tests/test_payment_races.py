"""Everybody at once on money: 64 connections, and twins without the guard that must fail."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import store_credit_of
from commerce.credit.model import CreditAccount, CreditMovement
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.invariants import INVARIANTS
from commerce.payments.ledger import (
    capture,
    capture_credit,
    locked_intent,
    refund_amount,
    request_refund,
)
from commerce.payments.model import Intent, Payment, Refund, RefundState
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.crowd import CONNECTIONS, at_once
from tests.goods import a_product, an_order, holds_of


@dataclass
class Paid:
    """An order that was paid 10.00 through a bank."""

    database: Database
    order: Order
    payment_id: int
    now: datetime

    async def refund(self, number: int, *, key: str | None = None) -> bool:
        """Ask for 1.00 back; whether that was accepted."""
        try:
            async with self.database.begin() as session:
                await request_refund(
                    session,
                    payment_id=self.payment_id,
                    amount=100,
                    reason="return",
                    key=key or f"refund:return:{number}",
                    now=self.now,
                )
        except Refused:
            return False
        return True

    async def row(self) -> Payment:
        async with self.database.begin() as session:
            return await session.get_one(Payment, self.payment_id)

    async def broken(self) -> list[str]:
        async with self.database.begin() as session:
            return [rule for rule, query in INVARIANTS.items() if (await session.execute(text(query))).first()]


@pytest.fixture
async def paid(crowd: Database, now: datetime) -> Paid:
    async with crowd.begin() as session:
        tea = await a_product(session, now=now, price=1000, pieces=10)
    async with holds_of(crowd) as holds:
        order = await an_order(crowd, holds, {tea: 1}, now=now, method=PaymentMethod.SIMULATOR)
    async with crowd.begin() as session:
        intent_id = (await session.scalars(select(Intent.id).where(Intent.order_id == order.id))).one()
        payment = await capture(session, await locked_intent(session, intent_id), amount=1000, proof=None, now=now)
    return Paid(crowd, order, payment.id, now)


async def test_a_hundred_refunds_of_a_hundred_on_a_thousand_are_exactly_ten(paid: Paid) -> None:
    accepted = await asyncio.gather(*(paid.refund(number) for number in range(100)))
    assert sum(accepted) == 10
    payment = await paid.row()
    assert (payment.captured, payment.refund_pending, payment.left) == (1000, 1000, 0)
    assert await paid.broken() == []


async def test_the_twin_that_looks_before_it_reserves_accepts_more_than_ten(paid: Paid) -> None:
    async with paid.database.begin() as session:
        await session.execute(text("ALTER TABLE payment DROP CONSTRAINT ck_payment_refunds_within_captured"))
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def ask(session: AsyncSession) -> None:
        left = (await session.get_one(Payment, paid.payment_id)).left
        await everybody_looked.wait()
        if left >= 100:
            await session.execute(text("UPDATE payment SET refund_pending = refund_pending + 100"))

    await at_once(paid.database, [ask] * CONNECTIONS)
    assert (await paid.row()).refund_pending == CONNECTIONS * 100
    assert await paid.broken() == ["payments.refunds_are_what_the_payment_says"]


async def test_one_refund_asked_for_sixty_four_times_at_once_is_reserved_once(paid: Paid) -> None:
    asked = [paid.refund(0, key="refund:return:7") for _ in range(CONNECTIONS)]
    assert await asyncio.gather(*asked) == [True] * CONNECTIONS
    assert (await paid.row()).refund_pending == 100
    assert await paid.broken() == []


async def test_the_twin_that_looks_for_the_key_without_a_lock_reserves_it_each_time(paid: Paid) -> None:
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def ask(session: AsyncSession) -> None:
        known = await session.scalar(select(Refund.id).where(Refund.key == "refund:return:7"))
        await everybody_looked.wait()
        if known is None:
            await session.execute(text("UPDATE payment SET refund_pending = refund_pending + 10"))

    await at_once(paid.database, [ask] * CONNECTIONS)
    assert (await paid.row()).refund_pending == CONNECTIONS * 10


# Several payments of one order


Ask = Callable[[int, str], Awaitable[list[tuple[str, int]]]]


@pytest.fixture
async def ask(paid: Paid) -> Ask:
    """Store credit 3.00 was drawn for the order as well; returns how to ask for an amount back under a key."""
    async with paid.database.begin() as session:
        account = await store_credit_of(session, paid.order.customer_id, "CNY", now=paid.now)
        await capture_credit(
            session,
            order_id=paid.order.id,
            number=paid.order.number,
            account_id=account.id,
            money=Money(300, "CNY"),
            now=paid.now,
        )

    async def ask(amount: int, key: str) -> list[tuple[str, int]]:
        async with paid.database.begin() as session:
            refunds = await refund_amount(
                session, order_id=paid.order.id, amount=amount, reason="return", key=key, now=paid.now
            )
            return [(refund.provider, refund.amount) for refund in refunds]

    return ask


async def test_money_goes_back_with_what_it_came_and_credit_last(paid: Paid, ask: Ask) -> None:
    assert await ask(900, "refund:return:1") == [("simulator", 900)]
    assert (
        await asyncio.gather(*(ask(250, "refund:return:2") for _ in range(20)))
        == [[("simulator", 100), ("credit", 150)]] * 20
    )
    with pytest.raises(Refused, match=r"refund\.too_much"):
        await ask(151, "refund:return:3")
    assert await ask(150, "refund:return:3") == [("credit", 150)]
    assert await ask(0, "refund:return:4") == []
    async with paid.database.begin() as session:
        assert await session.scalar(select(CreditAccount.balance)) == 300
        assert await session.scalar(select(func.count()).select_from(CreditMovement)) == 2
        states = await session.scalars(select(Refund.state).where(Refund.provider == "credit"))
        assert set(states) == {RefundState.SUCCEEDED}
    assert await paid.broken() == []


async def test_who_takes_store_credit_has_it_at_once_and_the_bank_gives_nothing(paid: Paid, ask: Ask) -> None:
    async with paid.database.begin() as session:
        refunds = await refund_amount(
            session,
            order_id=paid.order.id,
            amount=1100,
            reason="return",
            key="refund:return:1",
            now=paid.now,
            to="credit",
        )
        assert [(refund.provider, refund.amount, refund.state) for refund in refunds] == [
            ("credit", 1000, RefundState.SUCCEEDED),
            ("credit", 100, RefundState.SUCCEEDED),
        ]
    async with paid.database.begin() as session:
        assert await session.scalar(select(CreditAccount.balance)) == 1100
        assert await session.scalar(text("SELECT count(*) FROM pgqueuer")) == 0
    assert await paid.broken() == []
