"""What a bank says, and the clock, against everybody else: 64 connections, and twins without the guard, which fail."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.actions import cancel_order, expire_unpaid_orders
from commerce.orders.model import Order, OrderStatus
from commerce.payments.actions import look_at_event, look_at_intent, receive_webhook
from commerce.payments.model import Intent, IntentState, Payment, ProviderEvent
from foundation.database import Database
from foundation.money import Money
from tests.crowd import CONNECTIONS, at_once, broken, outcomes
from tests.goods import Stock, stock_of
from tests.paying import Shop, paying_shop

MINUTES = timedelta(minutes=1)
PAIRS = CONNECTIONS // 2


@pytest.fixture
async def shop(crowd: Database, now: datetime) -> AsyncIterator[Shop]:
    async with paying_shop(crowd, now, teas=CONNECTIONS) as shop:
        yield shop


async def capture_blindly(session: AsyncSession, intent: Intent) -> None:
    """What most of us would write."""
    money = {"captured": intent.amount, "refunded": 0, "refund_pending": 0, "currency": intent.currency}
    of_order = {"intent_id": intent.id, "order_id": intent.order_id, "provider": intent.provider}
    await session.execute(insert(Payment).values(**of_order, **money, captured_at=intent.created_at))


async def test_a_webhook_that_comes_sixty_four_times_at_once_is_kept_once_and_paid_once(shop: Shop) -> None:
    order, intent = await shop.opened(1)
    shop.bank.pay(intent.reference)
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded", event_id="evt-1")
    came = [receive_webhook(shop.till, "simulator", headers, raw) for _ in range(CONNECTIONS)]
    assert sum(await asyncio.gather(*came)) == 1
    async with shop.database.begin() as session:
        event_id = (await session.scalars(select(ProviderEvent.id))).one()
        assert await session.scalar(text("SELECT count(*) FROM pgqueuer")) == 1
    await asyncio.gather(*(look_at_event(shop.till, event_id) for _ in range(CONNECTIONS)))
    view = await shop.view(order)
    assert (view.status, view.payment_state, view.captured) == ("placed", "paid", Money(6800, "CNY"))
    assert await shop.told() == ["payment_received"]
    assert await broken(shop.database) == []


async def test_the_twin_that_captures_by_each_webhook_has_the_money_as_often(shop: Shop) -> None:
    order, intent = await shop.opened(1)
    async with shop.database.begin() as session:
        await session.execute(text("ALTER TABLE payment DROP CONSTRAINT uq_payment_intent_id"))
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def follow(session: AsyncSession) -> None:
        seen = await session.get_one(Intent, intent.id)
        await everybody_looked.wait()
        if seen.state is IntentState.REQUIRES_ACTION:
            await capture_blindly(session, seen)

    await at_once(shop.database, [follow] * CONNECTIONS)
    view = await shop.view(order)
    assert (view.payment_state, view.captured) == ("overpaid", Money(CONNECTIONS * 6800, "CNY"))


async def test_payment_and_expiry_at_once_leave_paid_goods_or_no_money(shop: Shop) -> None:
    opened = await shop.opened_by_many(PAIRS)
    shop.later(15 * MINUTES)

    async def pay(intent: Intent, *, late: bool) -> None:
        if late:
            await look_at_intent(shop.till, intent.id)
        if shop.bank.sessions[intent.provider_ref or ""]["state"] == "open":
            shop.bank.pay(intent.reference)
        await look_at_intent(shop.till, intent.id)

    async def expire(intent: Intent) -> None:
        async with shop.database.begin() as session:
            await expire_unpaid_orders(session, now=shop.now, limit=1)
        await look_at_intent(shop.till, intent.id)

    acts = [pay(intent, late=bool(place % 2)) for place, (_, intent) in enumerate(opened)]
    await outcomes([act for pair in zip(acts, [expire(intent) for _, intent in opened], strict=True) for act in pair])
    await shop.expire()
    await shop.work()
    for order, intent in opened:
        view = await shop.view(order)
        is_paid = shop.bank.sessions[intent.provider_ref or ""]["state"] == "paid"
        assert (view.status, view.payment_state) == (("placed", "paid") if is_paid else ("expired", "unpaid"))
    paid = sum(session["state"] == "paid" for session in shop.bank.sessions.values())
    assert paid >= PAIRS // 2
    assert await stock_of(shop.database, shop.tea) == Stock(CONNECTIONS, paid)
    async with shop.database.begin() as session:
        assert await session.scalar(select(func.sum(Payment.captured))) == paid * 6800
    assert await broken(shop.database) == []


async def test_the_twin_that_expires_without_closing_keeps_the_money_and_the_goods(shop: Shop) -> None:
    opened = await shop.opened_by_many(PAIRS)
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def act(session: AsyncSession, *, order: Order, intent: Intent | None) -> None:
        status = await session.scalar(select(Order.status).where(Order.id == order.id))
        await everybody_looked.wait()
        assert status is OrderStatus.PENDING
        if intent is None:
            await session.execute(text("UPDATE orders SET status = 'expired' WHERE id = :id"), {"id": order.id})
        else:
            await capture_blindly(session, intent)

    await at_once(
        shop.database,
        [partial(act, order=order, intent=which) for order, intent in opened for which in (intent, None)],
    )
    views = [await shop.view(order) for order, _ in opened]
    # what closing first is there to prevent
    assert {(view.status, view.payment_state) for view in views} == {("expired", "paid")}


async def test_four_sweepers_and_sixty_who_cancel_end_each_order_once(shop: Shop) -> None:
    orders = [order for order, _ in await shop.opened_by_many(CONNECTIONS - 4)]
    async with shop.database.begin() as session:
        await session.execute(text("UPDATE payment_intent SET state = 'created', opened_at = NULL"))
    shop.later(15 * MINUTES)
    swept: list[int] = []

    async def sweep(session: AsyncSession) -> None:
        swept.append(await expire_unpaid_orders(session, now=shop.now, limit=9))

    cancels = [
        partial(cancel_order, order_id=order.id, by="shopper", reason="changed my mind", now=shop.now)
        for order in orders
    ]
    ended = await at_once(shop.database, [sweep, *cancels[:20], sweep, *cancels[20:40], sweep, *cancels[40:], sweep])
    swept.append(await shop.expire())
    statuses = Counter([(await shop.view(order)).status for order in orders])
    cancelled = ended.count("done") - 4
    assert set(ended) <= {"done", "order.move_refused"}
    assert statuses == Counter({OrderStatus.CANCELLED: cancelled, OrderStatus.EXPIRED: sum(swept)})
    told = Counter(await shop.told())
    assert (told["order_cancelled"], told["order_expired"], cancelled + sum(swept)) == (cancelled, sum(swept), 60)
    assert await stock_of(shop.database, shop.tea) == Stock(CONNECTIONS, 0)
    assert await broken(shop.database) == []


async def test_the_twin_of_four_sweepers_that_skip_nobody_gives_back_the_goods_of_another(shop: Shop) -> None:
    await shop.order(3)
    shop.later(15 * MINUTES)
    await shop.order(9)
    everybody_looked = asyncio.Barrier(4)

    async def sweep(session: AsyncSession) -> None:
        waits = Order.status == OrderStatus.PENDING
        due = (await session.scalars(select(Order.id).where(waits, Order.hold_until <= shop.now))).all()
        await everybody_looked.wait()
        for order_id in due:
            await session.execute(text("UPDATE orders SET status = 'expired' WHERE id = :id"), {"id": order_id})
            await session.execute(text("UPDATE stock_level SET reserved = reserved - 3"))

    await at_once(shop.database, [sweep] * 4)
    assert await stock_of(shop.database, shop.tea) == Stock(CONNECTIONS, 0)  # nine are promised
    assert "stock.reserved_is_what_holds_keep" in await broken(shop.database)
