"""Payment against expiry, and money that comes late or twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from commerce.orders.actions import mark_paid
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.orders.settlement import settle
from commerce.payments.actions import look_at_intent, open_payment, receive_webhook, reconcile
from commerce.payments.model import Intent, IntentState
from commerce.payments.port import ProviderUnreachable, Session, SessionState
from foundation.database import Database
from foundation.money import Money
from tests.goods import Stock, a_product, an_order, stock_of
from tests.paying import Shop, paying_shop

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[Shop]:
    async with paying_shop(database, now) as shop:
        yield shop


# Expiry; that payment races it is in test_bank_races


async def test_an_opened_order_expires_only_when_the_bank_has_closed_its_session(shop: Shop) -> None:
    order, _ = await shop.opened()
    shop.later(15 * MINUTES)
    assert await shop.expire() == 1
    assert (await shop.view(order)).status is OrderStatus.PENDING
    assert await stock_of(shop.database, shop.tea) == Stock(10, 3)
    assert (await shop.intent(order)).state is IntentState.CLOSING
    assert await shop.expire() == 0
    assert await shop.work() == 1
    assert shop.bank.sessions["ses-1"]["state"] == "closed"
    assert (await shop.view(order)).status is OrderStatus.EXPIRED
    assert await stock_of(shop.database, shop.tea) == Stock(10, 0)
    assert await shop.told() == ["order_expired"]


async def test_money_that_is_there_before_the_close_places_the_order(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.later(15 * MINUTES)
    await shop.expire()
    shop.bank.pay(intent.reference)
    await shop.work()
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("placed", "paid")
    assert await stock_of(shop.database, shop.tea) == Stock(10, 3)
    assert await shop.told() == ["payment_received"]


async def test_while_the_bank_is_down_a_closing_order_waits_and_the_reconciler_ends_it(shop: Shop) -> None:
    order, _ = await shop.opened()
    shop.later(15 * MINUTES)
    await shop.expire()
    shop.bank.down = True
    with pytest.raises(ProviderUnreachable):
        await shop.work()
    assert (await shop.view(order)).status is OrderStatus.PENDING
    shop.bank.down = False
    shop.later(5 * MINUTES)
    await reconcile(shop.till)
    assert (await shop.view(order)).status is OrderStatus.EXPIRED


async def test_a_session_the_bank_made_but_we_never_heard_of_is_closed_too(shop: Shop) -> None:
    order = await shop.order()
    shop.bank.loses_answers = True
    with pytest.raises(ProviderUnreachable):
        await open_payment(shop.till, await shop.token(order))
    shop.bank.loses_answers = False
    shop.later(15 * MINUTES)
    await shop.expire()
    await shop.work()
    assert shop.bank.sessions["ses-1"]["state"] == "closed"
    assert (await shop.view(order)).status is OrderStatus.EXPIRED


async def wait_for_waiters(database: Database, count: int) -> None:
    """Until this many transactions of the shop wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(60):
        while True:
            async with database.begin() as session:
                if await session.scalar(waiting) == count:
                    return


async def test_orders_that_expire_together_do_not_deadlock_with_a_basket_of_the_same_goods(
    shop: Shop, database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        low, high = await a_product(session, now=now, pieces=9), await a_product(session, now=now, pieces=9)
    for variant in (high, low):  # the sweep ends them in this order, the basket locks the other way round
        await an_order(database, shop.holds, {variant: 1}, now=shop.now, method=PaymentMethod.SIMULATOR)
        shop.later(timedelta(seconds=1))
    shop.later(15 * MINUTES)
    async with database.begin() as session:
        await session.execute(text("SELECT 1 FROM stock_level WHERE variant_id = :low FOR UPDATE"), {"low": low})
        basket = asyncio.create_task(
            shop.holds.hold("basket", {low: 1, high: 1}, until=shop.now + 15 * MINUTES, now=shop.now)
        )
        await wait_for_waiters(database, 1)
        expiry = asyncio.create_task(shop.expire())
        await wait_for_waiters(database, 2)
    await basket
    assert await expiry == 2
    assert await stock_of(database, low) == await stock_of(database, high) == Stock(9, 1)


# Late money


async def late_money(shop: Shop, intent: Intent) -> None:
    """The bank closed the session, and yet was paid: it says so now."""
    shop.bank.pay(intent.reference)
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded")
    await receive_webhook(shop.till, "simulator", headers, raw)
    await shop.work()


async def expired(shop: Shop, pieces: int = 3) -> tuple[Order, Intent]:
    order, intent = await shop.opened(pieces)
    shop.later(15 * MINUTES)
    await shop.expire()
    await shop.work()
    return order, intent


async def test_late_money_for_goods_that_are_still_there_places_the_order(shop: Shop) -> None:
    order, intent = await expired(shop)
    await late_money(shop, intent)
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("placed", "paid")
    assert await stock_of(shop.database, shop.tea) == Stock(10, 3)
    assert await shop.told() == ["order_expired", "late_payment_accepted"]


async def test_late_money_for_goods_that_are_gone_goes_back_by_itself(shop: Shop) -> None:
    order, intent = await expired(shop, pieces=6)
    await an_order(shop.database, shop.holds, {shop.tea: 6}, now=shop.now)
    await late_money(shop, intent)
    await shop.work()
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("expired", "refunded")
    assert shop.bank.paid_back() == 6 * 6800
    assert await stock_of(shop.database, shop.tea) == Stock(10, 6)
    assert await shop.told() == ["order_expired", "order_placed", "late_payment_refunded", "refund_made"]


async def test_money_for_an_order_that_was_cancelled_goes_back_by_itself(shop: Shop) -> None:
    order, intent = await shop.opened()
    await shop.cancel(order)
    assert await stock_of(shop.database, shop.tea) == Stock(10, 3)
    shop.bank.pay(intent.reference)
    await shop.work()
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("cancelled", "refunded")
    assert shop.bank.paid_back() == 20400
    assert await stock_of(shop.database, shop.tea) == Stock(10, 0)
    assert await shop.told() == ["order_cancelled", "late_payment_refunded", "refund_made"]


async def test_money_that_comes_twice_by_two_ways_goes_back_once(shop: Shop) -> None:
    order, intent = await shop.opened()
    async with shop.database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="bank statement 4", now=shop.now)
    shop.bank.pay(intent.reference)
    await shop.work()
    view = await shop.view(order)
    assert (view.captured, view.refunded) == (Money(40800, "CNY"), Money(20400, "CNY"))
    assert (view.status, view.payment_state) == ("placed", "paid")


async def test_a_part_of_the_sum_does_not_place_the_order_and_goes_back_when_it_expires(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.sessions["ses-1"]["amount"] = 20399
    shop.bank.pay(intent.reference)
    await look_at_intent(shop.till, intent.id)
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("pending", "part_paid")
    shop.later(15 * MINUTES)
    await shop.expire()
    await shop.work()
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("expired", "refunded")
    assert shop.bank.paid_back() == 20399


async def test_an_answer_about_another_payment_is_not_believed(shop: Shop) -> None:
    order, intent = await shop.opened()
    wrong = Session("ses-1", "ANOTHER-1", "", SessionState.PAID, intent.money)
    with pytest.raises(ValueError, match="something else"):
        async with shop.database.begin() as session:
            await settle(session, intent_id=intent.id, answer=wrong, now=shop.now)
    assert (await shop.view(order)).payment_state == "unpaid"


async def test_an_order_whose_stock_does_not_add_up_holds_up_no_other(shop: Shop) -> None:
    odd = await shop.order()
    async with shop.database.begin() as session:
        cup = await a_product(session, now=shop.now, title="马克杯")
    other = await an_order(shop.database, shop.holds, {cup: 1}, now=shop.now, method=PaymentMethod.SIMULATOR)
    async with shop.database.begin() as session:
        await session.execute(text("UPDATE stock_level SET reserved = 0 WHERE variant_id = :tea"), {"tea": shop.tea})
    shop.later(15 * MINUTES)
    assert await shop.expire() == 2
    assert (await shop.view(odd)).status is OrderStatus.PENDING
    assert (await shop.view(other)).status is OrderStatus.EXPIRED
    assert await stock_of(shop.database, cup) == Stock(10, 0)
