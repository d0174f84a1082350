"""Acts that want the same rows in another order: the one way through them keeps any two from waiting in a ring."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import accounts_of, pay_in, store_credit_of
from commerce.credit.model import AccountKind, CreditAccount
from commerce.customers.actions import save_address
from commerce.orders.actions import cancel_order, confirm_change, expire_unpaid_orders, mark_shipped, propose_change
from commerce.orders.locks import locked_order
from commerce.orders.model import ChangeState, Order, PaymentMethod
from commerce.orders.steps import Remove, swap
from commerce.payments.ledger import refund_amount
from commerce.points.actions import adjust_points, points_of, spend
from commerce.promotions.actions import PromotionDraft, add_promotion
from commerce.promotions.model import Promotion
from commerce.promotions.rules import PercentOff, Scope
from commerce.returns.actions import cancel_return, open_return
from commerce.returns.handling import receive
from commerce.returns.inspecting import Finding, inspect
from commerce.returns.model import Kind, Replace, ReturnLine, ReturnPolicy
from commerce.returns.offers import Asked, Wish
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import ZHANG, a_customer, a_product, an_order, holds_of
from tests.returning import TERMS, Sold, a_delivered_order, refunded
from tests.test_late_payments import wait_for_waiters
from tests.test_order_changes import DAYS, MINUTES, Desk, a_desk
from tests.test_returns import a_sibling, exchange, found, opened, wish

Act = Callable[[AsyncSession], Awaitable[object]]


async def at_the_shelf(database: Database, variant: int, *acts: Act) -> None:
    """Let acts come to the stock of a variant, one after another, while somebody else has it; then they go on."""

    async def one(act: Act) -> None:
        async with database.begin() as session:
            await act(session)

    async with database.begin() as session:
        await session.execute(text("SELECT 1 FROM stock_level WHERE variant_id = :id FOR UPDATE"), {"id": variant})
        tasks = []
        for act in acts:
            tasks.append(asyncio.create_task(one(act)))
            await wait_for_waiters(database, len(tasks))
    await asyncio.gather(*tasks)


async def test_two_swaps_of_the_same_goods_each_the_other_way_do_not_wait_in_a_ring(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        desk = await a_desk(session, now)
        orders = await desk.order({desk.small: 1}), await desk.order({desk.large: 1})
        small, large = [(await desk.lines(order))[0].id for order in orders]
    ended: list[ChangeState] = []

    def swaps(order: Order, line: int, variant: int) -> Act:
        async def act(session: AsyncSession) -> None:
            there = Desk(session, now, desk.customer, desk.small, desk.large, desk.cup)
            ended.append((await there.change(order, *swap(line, variant, 1))).state)

        return act

    await at_the_shelf(database, desk.small, swaps(orders[1], large, desk.small), swaps(orders[0], small, desk.large))
    assert ended == [ChangeState.APPLIED, ChangeState.APPLIED]


async def test_whoever_takes_stock_before_points_meets_a_cancellation_that_takes_points_before_stock(
    database: Database, now: datetime
) -> None:
    """A change, a return and the sweep, each with the cancelling of another order of the same customer and goods."""
    async with database.begin() as session:
        desk = await a_desk(session, now)
        await adjust_points(session, customer_id=desk.customer, points=600, reason="x", reference="1", now=now)

        async def ordered(method: PaymentMethod = PaymentMethod.COD) -> Order:
            order = await desk.order({desk.small: 1 if method is PaymentMethod.COD else 2}, method)
            await spend(session, customer_id=desk.customer, points=100, order_id=order.id, now=now)
            return order

        to_cancel = [await ordered() for _ in range(3)]
        changed, returned, unpaid = [await ordered(PaymentMethod.SIMULATOR) for _ in range(3)]
        for order in (changed, returned):
            await desk.pay(order)
        (line,) = await desk.lines(changed)
        change = await propose_change(session, order_id=changed.id, steps=[Remove(line.id, 1)], by="shopper", now=now)
        await mark_shipped(session, order_id=returned.id, tracking_number="SF1", carrier="顺丰", now=now)
        returned.delivered_at = now
        (line,) = await desk.lines(returned)
        wish = Wish(Kind.RETURN, (Asked(line.id, 2),))
        asked = await open_return(
            session, order_id=returned.id, customer_id=desk.customer, wish=wish, terms=TERMS, now=now
        )
        await receive(session, return_id=asked.id, now=now)
        back = (await session.scalars(select(ReturnLine.id))).one()

    async def make_change(session: AsyncSession) -> None:
        await confirm_change(session, change_id=change.id, customer_id=desk.customer, now=now)

    async def take_back(session: AsyncSession) -> None:
        await inspect(session, return_id=asked.id, findings=[Finding(back, 2, 2)], terms=TERMS, now=now)

    async def sweep(session: AsyncSession) -> None:
        assert await expire_unpaid_orders(session, now=now + 15 * MINUTES) == 1

    for act, order in zip((make_change, take_back, sweep), to_cancel, strict=True):

        async def cancel(session: AsyncSession, order_id: int = order.id) -> None:
            await cancel_order(session, order_id=order_id, by="shopper", reason="x", now=now + DAYS)

        await at_the_shelf(database, desk.small, act, cancel)
    async with database.begin() as session:
        assert (await points_of(session, desk.customer)).available == 600 - 50
        statuses = select(Order.status).where(Order.id.in_([order.id for order in (*to_cancel, unpaid)]))
        ended = [status.value for status in await session.scalars(statuses.order_by(Order.id))]
        assert ended == ["cancelled", "cancelled", "cancelled", "expired"]


async def test_the_sweep_of_unpaid_orders_meets_a_cancellation_that_gives_back_a_promotion_before_stock(
    database: Database, now: datetime
) -> None:
    """Of two customers, who have nothing in common but the goods and the promotion."""
    async with database.begin() as session:
        desk = await a_desk(session, now)
        other = replace(desk, customer=(await a_customer(session, now=now)).id)
        await save_address(session, customer_id=other.customer, parsed=ZHANG, now=now)
        draft = PromotionDraft(name={"zh": "九折"}, rule=PercentOff(100_000), scope=Scope(), max_uses=2)
        promotion = await add_promotion(session, draft=draft, active=True, now=now)
        await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
        order = await other.order({desk.small: 1})

    async def sweep(session: AsyncSession) -> None:
        assert await expire_unpaid_orders(session, now=now + 15 * MINUTES) == 1

    async def cancel(session: AsyncSession) -> None:
        await cancel_order(session, order_id=order.id, by="shopper", reason="x", now=now)

    await at_the_shelf(database, desk.small, sweep, cancel)
    async with database.begin() as session:
        assert (await session.get_one(Promotion, promotion.id)).used == 0


async def test_a_replacement_that_comes_back_meets_the_calling_off_of_the_exchange_that_made_it(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        red = await a_product(session, now=now, price=5000)
        blue = await a_sibling(session, red, price=5000, pieces=2, now=now)
        policy = ReturnPolicy(name={"en": "At once"}, kinds=["exchange", "return"], window_days=7, updated_at=now)
        policy.replace = Replace.AT_ONCE
        session.add(policy)
        await session.flush()
        order = await a_delivered_order(session, [Sold(red, 1, 5000)], now=now)
        swapped = await opened(session, order, await exchange(session, order, blue), now=now)
        new = await session.get_one(Order, swapped.replacement_order_id)
        await mark_shipped(session, order_id=new.id, tracking_number="SF1", carrier="顺丰", now=now)
        new.delivered_at = now
        back = await opened(session, new, await wish(session, new, 1), now=now)
        await receive(session, return_id=back.id, now=now)
        findings = await found(session, back, sellable=1)

    async def take_back(session: AsyncSession) -> None:
        await inspect(session, return_id=back.id, findings=findings, terms=TERMS, now=now)

    async def call_off(session: AsyncSession) -> None:
        with pytest.raises(Refused, match=r"order\.shipped"):
            await cancel_return(session, return_id=swapped.id, customer_id=order.customer_id, by="shopper", now=now)

    await at_the_shelf(database, blue, take_back, call_off)
    async with database.begin() as session:
        assert await refunded(session, order) == 5000


async def test_who_pays_from_two_purses_does_not_wait_in_a_ring_with_money_that_comes_back_to_them(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        customer = (await a_customer(session, now=now)).id
        tea = await a_product(session, now=now, price=10000)
        credit = (await store_credit_of(session, customer, "CNY", now=now)).id
        card = CreditAccount(
            customer_id=customer, kind=AccountKind.GIFT_CARD, currency="CNY", balance=0, created_at=now
        )
        session.add(card)
        await session.flush()

    async def fill(reference: str) -> None:
        async with database.begin() as session:
            for account in (credit, card.id):
                await pay_in(session, account_id=account, amount=4000, reason="x", reference=reference, now=now)

    async def give_back(order_id: int) -> None:
        async with database.begin() as session:
            await locked_order(session, order_id)
            await refund_amount(session, order_id=order_id, amount=8000, reason="x", key="x", now=now)

    async with holds_of(database) as holds:
        await fill("first")
        first = await an_order(database, holds, {tea: 1}, now=now, customer_id=customer)
        await fill("second")
        async with database.begin() as session:
            await session.execute(select(CreditAccount).where(CreditAccount.id == card.id).with_for_update())
            paying = asyncio.create_task(an_order(database, holds, {tea: 1}, now=now, customer_id=customer))
            await wait_for_waiters(database, 1)
            returning = asyncio.create_task(give_back(first.id))
            await wait_for_waiters(database, 2)
        await asyncio.gather(paying, returning)
    async with database.begin() as session:
        assert [one.balance for one in await accounts_of(session, customer)] == [4000, 4000]
