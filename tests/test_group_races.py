"""Everybody at once in a group: payments, leaving, deadlines, limits, sweepers; and twins without the guard."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.group_buy.deadlines import close_groups, orders_to_settle
from commerce.group_buy.model import BuyingGroup, GroupMember, MemberState
from commerce.group_buy.seats import take_seat
from commerce.inventory.allotments import places_of
from commerce.orders.actions import Quote
from commerce.orders.groups import leave_group, settle_group_order
from commerce.orders.model import Order
from commerce.orders.settlement import settle
from commerce.payments.ledger import new_intent, payable_intents, start_closing
from commerce.payments.model import Intent, Refund
from commerce.payments.port import Session, SessionState
from foundation.database import Database
from foundation.money import Money
from tests.crowd import Act, at_once, broken, copied, outcomes, wide
from tests.grouping import GROUP_PRICE, HOUR, MINUTE, GroupShop, group_shop

PAYERS, FEW, FOUR = 64, 8, 4
GROUPS = 5
SWEEPERS = 4


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[GroupShop]:
    async with AsyncExitStack() as stack:
        crowd = await stack.enter_async_context(wide(database))
        yield await stack.enter_async_context(group_shop(crowd, now))


_NEW = "SELECT id, row_number() OVER (ORDER BY id) AS n FROM orders WHERE id > :first AND id % 1000 = :first % 1000"
_CROWDED = (
    "INSERT INTO customer (language, created_at) SELECT 'zh', :now FROM generate_series(2, :count)",
    f"""UPDATE orders o SET customer_id = c.id FROM ({_NEW}) new
        JOIN (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM customer) c USING (n) WHERE o.id = new.id""",
    "UPDATE cart SET customer_id = o.customer_id FROM orders o WHERE o.cart_id = cart.id",
    f"""INSERT INTO group_member (group_id, campaign_id, customer_id, order_id, variant_id, quantity, amount, is_leader,
            is_twin, state, seq, most, created_at)
        SELECT m.group_id, m.campaign_id, o.customer_id, o.id, m.variant_id, m.quantity, m.amount, false, false,
            m.state, m.seq, m.most, m.created_at
        FROM group_member m, orders o JOIN ({_NEW}) new ON new.id = o.id WHERE m.order_id = :first""",
    "UPDATE allotment SET held = :count WHERE id = (SELECT seats_id FROM buying_group WHERE id = :group)",
    """UPDATE stock_level l SET reserved = (SELECT sum(p.value::bigint) FROM hold h, jsonb_each_text(h.levels) p
        WHERE p.key = l.id::text)""",
)
"""The copies are of other customers, each with a seat and goods of its own."""


async def crowded(shop: GroupShop, group: int, count: int) -> list[Order]:
    """So many unpaid orders of seats of a group, of as many customers: one as a shopper makes it, and copies of it."""
    orders = await copied(shop.database, await shop.asks(group), count)
    async with shop.database.begin() as session:
        for statement in _CROWDED:
            await session.execute(
                text(statement), {"first": orders[0].id, "count": count, "group": group, "now": shop.now}
            )
    return orders


async def payment(shop: GroupShop, order: Order) -> Act:
    """What the bank says when this order has been paid."""
    async with shop.database.begin() as session:
        intent = (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()
    money = Money(intent.amount, intent.currency)
    paid = Session(f"ses-{intent.id}", intent.reference, "", SessionState.PAID, money)
    return partial(settle, intent_id=intent.id, answer=paid, now=shop.now)


async def used(shop: GroupShop, group: int) -> int:
    seats = (await shop.row(group)).seats_id
    async with shop.database.begin() as session:
        return (await places_of(session, [seats]))[seats].used


async def test_sixty_four_members_who_pay_at_once_complete_exactly_one_group(shop: GroupShop) -> None:
    await shop.runs(size=PAYERS + 1)
    group, _ = await shop.begun()
    orders = await crowded(shop, group, PAYERS)
    acts = [await payment(shop, order) for order in orders]
    assert Counter(await at_once(shop.database, acts)) == {"done": PAYERS}
    row = await shop.row(group)
    assert (row.state, row.reached, await used(shop, group)) == ("succeeded", PAYERS + 1, PAYERS + 1)
    assert await broken(shop.database) == []


async def test_of_sixteen_who_go_the_whole_way_at_once_four_are_in_and_nobody_else_has_paid(shop: GroupShop) -> None:
    await shop.runs(size=FOUR + 1)
    group, _ = await shop.begun()
    customers = [await shop.customer() for _ in range(4 * FOUR)]
    offers = [await shop.quoted(customer, group) for customer in customers]

    async def joins(customer: int, offer: Quote) -> None:
        await shop.hold(offer)
        await shop.pays(await shop.place(customer, offer))

    ended = Counter(await outcomes([joins(*both) for both in zip(customers, offers, strict=True)]))
    assert (ended["done"], set(ended) - {"allotment.full", "allotment.closed"}) == (FOUR, {"done"})
    row = await shop.row(group)
    assert (row.state, row.reached, await used(shop, group)) == ("succeeded", FOUR + 1, FOUR + 1)
    async with shop.database.begin() as session:
        assert await session.scalar(select(func.count(Intent.id))) == FOUR + 1
    assert await broken(shop.database) == []


async def test_the_twin_that_counts_the_members_never_completes_it(shop: GroupShop) -> None:
    await shop.runs(size=FEW + 1)
    group, _ = await shop.begun()
    orders = await crowded(shop, group, FEW)
    everybody = asyncio.Barrier(FEW)
    seen: list[int] = []

    async def pay(session: AsyncSession, *, order: int) -> None:
        await session.execute(text("UPDATE group_member SET state = 'paid' WHERE order_id = :order"), {"order": order})
        await everybody.wait()
        paid = select(func.count()).where(GroupMember.group_id == group, GroupMember.state == MemberState.PAID)
        seen.append(await session.scalar(paid) or 0)
        await everybody.wait()  # nobody commits before all have counted

    await at_once(shop.database, [partial(pay, order=order.id) for order in orders])
    assert seen == [2] * FEW  # the leader and oneself: it takes all of them, and nobody sees it


async def test_a_payment_and_the_deadline_at_once_are_one_of_the_two(shop: GroupShop) -> None:
    await shop.runs(size=2)
    groups = [(await shop.begun())[0] for _ in range(GROUPS)]
    shop.later(24 * HOUR - 20 * MINUTE)
    orders = [await shop.asks(group) for group in groups]
    shop.later(21 * MINUTE)  # the bank tells us late, and all patience is over
    acts: list[Act] = [await payment(shop, order) for order in orders]
    acts += [partial(close_groups, now=shop.now, limit=2) for _ in range(SWEEPERS)]
    assert set(await at_once(shop.database, acts)) == {"done"}
    await shop.sweeps()
    states = Counter([(await shop.row(group)).state.value for group in groups])
    assert states.total() == GROUPS
    assert set(states) <= {"succeeded", "failed"}
    for group, order in zip(groups, orders, strict=True):
        is_in = (await shop.row(group)).state == "succeeded"
        assert ((await shop.order(order)).status, len(await shop.refunds(order))) == (
            ("placed", 0) if is_in else ("expired", 1)
        )
    assert await broken(shop.database) == []


async def test_the_twin_that_looks_before_it_fails_a_group_fails_a_full_one(shop: GroupShop) -> None:
    await shop.runs(size=2)
    group, _ = await shop.begun()
    order = await shop.asks(group)
    both_looked = asyncio.Barrier(2)

    async def look(session: AsyncSession) -> None:
        assert (await session.get_one(BuyingGroup, group)).state == "open"
        await both_looked.wait()

    async def fail(session: AsyncSession) -> None:
        await look(session)
        await session.execute(text("UPDATE buying_group SET state = 'failed' WHERE id = :group"), {"group": group})

    async def pay(session: AsyncSession) -> None:
        await look(session)
        await session.execute(
            text("UPDATE group_member SET state = 'paid' WHERE order_id = :order"), {"order": order.id}
        )
        await session.execute(text("UPDATE allotment SET used = used + 1, held = held - 1 WHERE held = 1"))

    await at_once(shop.database, [fail, pay])
    assert ((await shop.row(group)).state, await used(shop, group)) == ("failed", 2)


async def test_leaving_and_completing_at_once_are_one_of_the_two(shop: GroupShop) -> None:
    pairs = []
    for _ in range(GROUPS):
        group, _leader = await shop.begun()
        pairs.append((group, await shop.joins(group), await shop.asks(group)))
    acts: list[Act] = []
    for group, leaves, pays in pairs:
        acts += [
            partial(leave_group, group_id=group, customer_id=leaves.customer_id, now=shop.now),
            await payment(shop, pays),
        ]
    ended = await at_once(shop.database, acts)
    assert set(ended[1::2]) == {"done"}
    for (group, leaves, _), left in zip(pairs, ended[::2], strict=True):
        row = await shop.row(group)
        assert (left, row.state, await used(shop, group), len(await shop.refunds(leaves))) in (
            ("done", "open", 2, 1),
            ("group.complete", "succeeded", 3, 0),
        )
    assert await broken(shop.database) == []


async def test_the_twin_that_looks_before_it_leaves_completes_a_group_with_an_empty_seat(shop: GroupShop) -> None:
    group, _leader = await shop.begun()
    leaves, pays = await shop.joins(group), await shop.asks(group)
    both_looked = asyncio.Barrier(2)

    async def act(session: AsyncSession, *, statement: str, order: int) -> None:
        paid = await session.scalar(
            select(func.count()).where(GroupMember.group_id == group, GroupMember.state == MemberState.PAID)
        )
        await both_looked.wait()
        await session.execute(text(statement), {"order": order})
        if "paid" in statement and (paid or 0) + 1 == 3:
            await session.execute(text("UPDATE buying_group SET state = 'succeeded' WHERE id = :id"), {"id": group})

    leave = "UPDATE group_member SET state = 'left' WHERE order_id = :order"
    pay = "UPDATE group_member SET state = 'paid' WHERE order_id = :order"
    await at_once(
        shop.database,
        [partial(act, statement=leave, order=leaves.id), partial(act, statement=pay, order=pays.id)],
    )
    async with shop.database.begin() as session:
        living = select(func.count()).where(GroupMember.group_id == group, GroupMember.state == MemberState.PAID)
        assert ((await shop.row(group)).state, await session.scalar(living)) == ("succeeded", 2)


async def test_a_member_who_pays_by_two_ways_at_once_has_one_seat_and_one_payment_back(shop: GroupShop) -> None:
    group, _ = await shop.begun()
    order = await shop.asks(group)
    money = Money(order.total_amount, order.currency)
    await shop.opens(order)
    async with shop.database.begin() as session:  # the page of the first stays open beside the second
        (first,) = await payable_intents(session, order.id)
        await start_closing(session, first, now=shop.now)
        await session.flush()
        second = await new_intent(
            session, order_id=order.id, number=order.number, provider="simulator", money=money, now=shop.now
        )
    intents = (first, second)
    paid = [Session(f"ses-{one.id}", one.reference, "", SessionState.PAID, money) for one in intents]
    acts: list[Act] = []
    for intent, answer in zip(intents, paid, strict=True):
        acts += [partial(settle, intent_id=intent.id, answer=answer, now=shop.now)] * 4
    assert set(await at_once(shop.database, acts)) == {"done"}
    assert (await used(shop, group), [amount for _, amount in await shop.refunds(order)]) == (2, [GROUP_PRICE])
    assert await broken(shop.database) == []


async def test_the_twin_that_looks_before_it_takes_a_payment_uses_two_seats_for_one_member(shop: GroupShop) -> None:
    group, _ = await shop.begun()
    order = await shop.asks(group)
    await shop.asks(group)
    both_looked = asyncio.Barrier(2)

    async def pay(session: AsyncSession) -> None:
        member = (await session.scalars(select(GroupMember).where(GroupMember.order_id == order.id))).one()
        await both_looked.wait()
        assert member.state is MemberState.HELD
        await session.execute(text("UPDATE group_member SET state = 'paid' WHERE id = :id"), {"id": member.id})
        await session.execute(text("UPDATE allotment SET used = used + 1, held = held - 1"))

    await at_once(shop.database, [pay, pay])
    assert await used(shop, group) == 3  # the leader, and one twice: somebody else's seat is gone
    assert "groups.used_seats_are_paid_ones" in await broken(shop.database)


async def test_one_member_who_is_told_paid_twice_has_one_seat(shop: GroupShop) -> None:
    group, _ = await shop.begun()
    order = await shop.asks(group)
    acts = [await payment(shop, order) for _ in range(8)]
    assert set(await at_once(shop.database, acts)) == {"done"}
    assert (await used(shop, group), await shop.refunds(order)) == (2, [])
    assert (await shop.told(order)).count("payment_received") == 1
    assert await broken(shop.database) == []


Seat = Callable[[AsyncSession], Awaitable[object]]


async def seats_asked(shop: GroupShop, groups: Sequence[int]) -> list[Act]:
    """One customer takes a seat in each of these groups, at once, with an order of its own."""
    customer = await shop.customer()
    return [
        partial(
            take_seat,
            campaign_id=shop.campaign,
            group_id=group,
            customer_id=customer,
            order_id=900_000 + place,
            variant_id=shop.tea,
            quantity=1,
            amount=4900,
            hold_key="",
            now=shop.now,
        )
        for place, group in enumerate(groups)
    ]


async def test_a_customer_at_once_in_many_groups_is_in_as_many_as_the_limit_says(shop: GroupShop) -> None:
    await shop.runs(max_per_customer=3)
    groups = [(await shop.begun())[0] for _ in range(GROUPS)]
    ended = await at_once(shop.database, await seats_asked(shop, groups))
    assert Counter(ended) == {"done": 3, "group.limit": GROUPS - 3}
    ended = await at_once(shop.database, await seats_asked(shop, groups[:1] * GROUPS))
    assert Counter(ended) == {"done": 1, "group.already_in": GROUPS - 1}


async def test_the_twins_without_their_unique_rows_let_a_customer_have_more(shop: GroupShop) -> None:
    await shop.runs(max_per_customer=3)
    groups = [(await shop.begun())[0] for _ in range(GROUPS)]
    async with shop.database.begin() as session:
        await session.execute(text("DROP INDEX uq_group_member_seq"))
        await session.execute(text("DROP INDEX uq_group_member_once"))
        # nobody's insert is seen by another's look
        await session.execute(text("ALTER TABLE group_member DROP CONSTRAINT uq_group_member_order_id"))
    looked = asyncio.Barrier(GROUPS)

    async def after_the_look(session: AsyncSession, *, act: Act) -> None:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await session.execute(text("SELECT count(*) FROM group_member"))
        await looked.wait()
        await act(session)

    for asked in (groups, groups[:1] * GROUPS):
        acts = [partial(after_the_look, act=act) for act in await seats_asked(shop, asked)]
        assert Counter(await at_once(shop.database, acts)) == {"done": GROUPS}


async def test_four_sweepers_refund_and_tell_everybody_of_a_failed_group_once_be_they_killed(shop: GroupShop) -> None:
    await shop.runs(size=100)
    group, leader = await shop.begun()
    orders = [leader, *await crowded(shop, group, 12)]
    await at_once(shop.database, [await payment(shop, order) for order in orders[1:]])
    shop.later(24 * HOUR)

    async def sweep(dies_after: int | None) -> int:
        done = 0
        async with shop.database.begin() as session:
            await close_groups(session, now=shop.now)
        async with shop.database.begin() as session:
            due = await orders_to_settle(session, limit=100)
        for order_id in due:
            async with shop.database.begin() as session:
                settled = await settle_group_order(session, order_id=order_id, now=shop.now)
                if settled and done == dies_after:
                    raise RuntimeError("killed before it committed")
                done += settled
        return done

    first = await asyncio.gather(*(sweep(3) for _ in range(SWEEPERS)), return_exceptions=True)
    assert any(isinstance(one, RuntimeError) for one in first)
    await asyncio.gather(*(sweep(None) for _ in range(SWEEPERS)))
    async with shop.database.begin() as session:
        refunds = (await session.scalars(select(Refund))).all()
        told = await session.scalars(select(Announcement.customer_id).where(Announcement.kind == "group_failed"))
        assert Counter(refund.order_id for refund in refunds) == {order.id: 1 for order in orders}
        assert Counter(told) == {(await shop.order(order)).customer_id: 1 for order in orders}
    assert await shop.settles() == 0
    assert await broken(shop.database) == []


async def test_the_twin_of_the_sweepers_without_the_lock_tells_everybody_as_often_as_there_are(
    shop: GroupShop,
) -> None:
    _group, leader = await shop.begun()
    looked = asyncio.Barrier(SWEEPERS)

    async def sweep(session: AsyncSession) -> None:
        member = (await session.scalars(select(GroupMember).where(GroupMember.order_id == leader.id))).one()
        await looked.wait()
        if member.state is MemberState.PAID:
            told = Announcement(kind="group_failed", customer_id=leader.customer_id, facts={}, created_at=shop.now)
            session.add(told)
            await session.execute(text("UPDATE group_member SET state = 'refunded' WHERE id = :id"), {"id": member.id})

    await at_once(shop.database, [sweep] * SWEEPERS)
    assert (await shop.told(leader)).count("group_failed") == SWEEPERS
