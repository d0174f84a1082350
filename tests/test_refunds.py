"""Giving money back: once, in full, never more than was paid."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from commerce.payments.actions import look_at_intent, look_at_refund, reconcile
from commerce.payments.ledger import request_refund
from commerce.payments.model import Payment, RefundState
from commerce.payments.port import ProviderUnreachable
from foundation.database import Database
from foundation.money import Money
from tests.goods import Stock, stock_of
from tests.paying import Shop, paying_shop

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[Shop]:
    async with paying_shop(database, now) as shop:
        yield shop


async def test_a_paid_order_that_is_cancelled_is_refunded_in_full(shop: Shop) -> None:
    order, _ = await shop.paid()
    await shop.cancel(order)
    assert await stock_of(shop.database, shop.tea) == Stock(10, 0)
    assert (await shop.view(order)).refunded == Money(0, "CNY")
    assert await shop.work() == 1
    view = await shop.view(order)
    assert (view.status, view.payment_state, view.refunded) == ("cancelled", "refunded", Money(20400, "CNY"))
    assert await shop.told() == ["payment_received", "order_cancelled", "refund_made"]


async def test_a_refund_without_an_answer_stays_submitted_and_is_asked_for_under_its_key(shop: Shop) -> None:
    order, _ = await shop.paid()
    await shop.cancel(order)
    shop.bank.loses_answers = True
    with pytest.raises(ProviderUnreachable):
        await shop.work()
    assert (await shop.refund()).state is RefundState.SUBMITTED
    assert shop.bank.paid_back() == 20400
    shop.bank.loses_answers = False
    shop.later(1 * MINUTES)
    await reconcile(shop.till)
    refund = await shop.refund()
    assert (refund.state, refund.settled_at) == (RefundState.SUCCEEDED, shop.now)
    assert shop.bank.calls[-1] == ("GET", f"/simulator/v1/refunds/{refund.key}")
    assert shop.bank.paid_back() == 20400
    assert (await shop.view(order)).payment_state == "refunded"


async def test_a_refund_the_bank_never_heard_of_is_sent_again_under_its_key(shop: Shop) -> None:
    order, _ = await shop.paid()
    await shop.cancel(order)
    shop.bank.down = True
    with pytest.raises(ProviderUnreachable):
        await shop.work()
    shop.bank.down = False
    await look_at_refund(shop.till, (await shop.refund()).id)
    assert shop.bank.paid_back() == 20400
    assert (await shop.view(order)).payment_state == "refunded"


async def test_a_refund_that_failed_keeps_its_money_reserved_and_is_tried_again(shop: Shop) -> None:
    order, _ = await shop.paid()
    shop.bank.sessions["ses-1"]["state"] = "open"
    await shop.cancel(order)
    await shop.work()
    refund = await shop.refund()
    assert refund.state is RefundState.FAILED
    async with shop.database.begin() as session:
        assert (await session.scalars(select(Payment.refund_pending))).one() == 20400
    shop.bank.sessions["ses-1"]["state"] = "paid"
    shop.later(1 * MINUTES)
    await reconcile(shop.till)
    assert (await shop.refund()).state is RefundState.SUCCEEDED


async def test_one_refund_asked_for_twenty_times_at_once_is_one(shop: Shop) -> None:
    await shop.paid()
    async with shop.database.begin() as session:
        payment_id = (await session.scalars(select(Payment.id))).one()

    async def ask() -> int:
        async with shop.database.begin() as session:
            refund = await request_refund(
                session, payment_id=payment_id, amount=5000, reason="return", key="refund:return:7", now=shop.now
            )
            return refund.id

    assert len(set(await asyncio.gather(*(ask() for _ in range(20))))) == 1
    await shop.work()
    assert shop.bank.paid_back() == 5000


async def test_what_was_paid_beyond_the_price_goes_back_and_the_order_stands(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.sessions[intent.provider_ref or ""]["amount"] += 500
    shop.bank.pay(intent.reference)
    await look_at_intent(shop.till, intent.id)
    await shop.work()
    view = await shop.view(order)
    assert (view.status, view.payment_state, view.refunded) == ("placed", "paid", Money(500, "CNY"))
    assert shop.bank.paid_back() == 500
    assert await shop.told() == ["payment_received", "refund_made"]
