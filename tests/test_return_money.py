"""Whatever is returned, in whatever order: never more than was paid goes back, and in the end exactly that."""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import Actor
from commerce.orders.model import OrderLine
from commerce.payments.ledger import balance
from commerce.returns import actions, handling, inspecting
from commerce.returns.due import close_returns, expire_returns, follow_up_returns, remind_of_returns
from commerce.returns.inspecting import Finding
from commerce.returns.invariants import INVARIANTS
from commerce.returns.model import ENDED, MOVES, Disposition, Kind, RefundTo, Return, ReturnLine, ReturnState, Why
from commerce.returns.offers import Asked, Wish, parts_of
from foundation.errors import Refused
from tests.goods import a_product
from tests.returning import TERMS, Sold, a_delivered_order, refunded
from tests.test_returns import breaches, came, opened, wish

LINES = st.builds(
    lambda quantity, unit, off, added, over: (quantity, unit, min(off, unit * quantity), added, over),
    st.integers(1, 7),
    st.integers(0, 10_000),
    st.integers(0, 30_000),
    st.integers(0, 999),
    st.integers(0, 9_999),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_pieces_that_leave_in_any_order_carry_exactly_what_their_lines_do(
    lines: list[tuple[int, int, int, int, int]], chance: random.Random
) -> None:
    made = [
        OrderLine(
            order_id=1,
            position=place,
            quantity=quantity,
            unit_amount=unit,
            discount_amount=off,
            tax_amount=added,
            tax_added=added,
            total_amount=unit * quantity - off + added,
            cancelled=0,
            returned=0,
            returning=0,
        )
        for place, (quantity, unit, off, added, _) in enumerate(lines, start=1)
    ]
    carried = [(line.position, 9, over) for line, (_, _, _, _, over) in zip(made, lines, strict=True)]
    paid = sum(line.total_amount for line in made)
    back = {1: 0, 9: 0}
    while left := [line for line in made if line.cancelled + line.returned < line.quantity]:
        line = chance.choice(left)
        gone = line.cancelled + line.returned
        count = chance.randint(1, line.quantity - gone)
        for holder, amount in parts_of(line, carried, count, gone=gone):
            assert amount > 0
            back[holder] += amount
        if chance.random() < 0.3:
            line.cancelled += count
        else:
            line.returned += count
        assert back[1] <= paid
    assert back == {1: paid, 9: sum(over for _, _, over in carried)}


def test_every_state_but_the_ends_leads_somewhere_and_every_state_can_be_reached() -> None:
    reached, new = {ReturnState.REQUESTED}, {ReturnState.REQUESTED}
    while new:
        new = {after for state in new for after in MOVES[state]} - reached
        reached |= new
    assert reached == set(ReturnState)
    assert set(ENDED) == {"rejected", "closed", "cancelled", "expired"}


class Walk:
    """A shop whose shoppers, agents and clock do anything at any time."""

    def __init__(self, session: AsyncSession, now: datetime, seed: int) -> None:
        self.session, self.now, self.chance = session, now, random.Random(seed)
        self.orders: list[tuple[int, int]] = []
        self.paid: dict[int, int] = {}
        self.refused = 0

    async def fill(self) -> None:
        for _ in range(3):
            sold = [
                Sold(
                    await a_product(self.session, now=self.now, price=unit, pieces=9), pieces, unit, discount=unit // 3
                )
                for unit, pieces in ((self.chance.randint(1, 9999), self.chance.randint(1, 4)) for _ in range(2))
            ]
            order = await a_delivered_order(self.session, sold, now=self.now, shipping=700)
            self.orders.append((order.id, order.customer_id))
            self.paid[order.id] = order.total_amount

    async def some(self) -> int:
        ids = (await self.session.scalars(select(Return.id).order_by(Return.id))).all()
        return self.chance.choice(ids) if ids else 0

    async def open(self) -> None:
        order_id, customer_id = self.chance.choice(self.orders)
        kind = self.chance.choice(list(Kind))
        found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
        lines = (await self.session.scalars(found.execution_options(populate_existing=True))).all()
        why = self.chance.choice(list(Why))
        picked = self.chance.sample(lines, self.chance.randint(1, len(lines)))
        asked = tuple(
            Asked(line.id, self.chance.randint(1, line.quantity), line.variant_id if kind is Kind.EXCHANGE else None)
            for line in picked
        )
        wish = Wish(kind, asked, why, self.chance.choice([RefundTo.ORIGINAL, RefundTo.CREDIT]), photos=1)
        by: Actor = self.chance.choice(["shopper", "shopper", "staff"])
        await actions.open_return(
            self.session, order_id=order_id, customer_id=customer_id, wish=wish, terms=TERMS, now=self.now, by=by
        )

    async def inspect(self) -> None:
        return_id = await self.some()
        lines = await self.session.scalars(select(ReturnLine).where(ReturnLine.return_id == return_id))
        findings = []
        for line in lines:
            accepted = self.chance.choice([line.quantity, line.quantity, self.chance.randint(0, line.quantity)])
            findings.append(
                Finding(line.id, accepted, self.chance.randint(0, accepted), self.chance.choice([None, *Disposition]))
            )
        off = self.chance.choice([0, 0, 150])
        await inspecting.inspect(
            self.session, return_id=return_id, findings=findings, deducted=off, terms=TERMS, now=self.now
        )

    async def sweep(self) -> None:
        self.now += timedelta(days=self.chance.choice([0, 1, 9]))
        for sweep in (remind_of_returns, expire_returns, close_returns, follow_up_returns):
            await sweep(self.session, now=self.now, limit=20)

    async def answer(self) -> None:
        which = select(Return).where(Return.id == await self.some())
        asked = await self.session.scalar(which.execution_options(populate_existing=True))
        if asked is not None:
            do = self.chance.choice([actions.answer_quote, actions.add_info])
            more = {"accepts": self.chance.random() < 0.5} if do is actions.answer_quote else {"text": "it is red"}
            await do(self.session, return_id=asked.id, customer_id=asked.customer_id, now=self.now, **more)  # type: ignore[operator]

    def acts(self) -> list[Callable[[], Awaitable[object]]]:
        s, t = self.session, TERMS

        async def act(do: Callable[..., Awaitable[object]], **more: object) -> object:
            return await do(s, return_id=await self.some(), now=self.now, **more)

        limit = self.chance.choice([None, 3000])
        return [
            self.open,
            self.open,
            self.inspect,
            self.inspect,
            self.sweep,
            self.answer,
            lambda: act(handling.approve, staff_id=1, limit=limit, reason="", terms=t),
            lambda: act(handling.approve, staff_id=2, limit=None, reason="", terms=t),
            lambda: act(handling.reject, staff_id=1, reason="no"),
            lambda: act(handling.ask_info, question="which?", terms=t),
            lambda: act(handling.receive),
            lambda: act(handling.receive),
            lambda: act(actions.cancel_return, customer_id=None, by="shopper"),
            lambda: act(actions.give_tracking, customer_id=None, tracking_number="SF1"),
            lambda: act(inspecting.settle_return, limit=limit, terms=t),
            lambda: act(inspecting.diagnose),
            lambda: act(inspecting.quote_repair, amount=self.chance.choice([0, 500]), text=""),
            lambda: act(inspecting.start_repair),
            lambda: act(inspecting.check_repair),
            lambda: act(inspecting.cannot_mend),
            lambda: act(inspecting.send_back, carrier="SF", tracking_number="SF2", terms=t),
        ]

    async def step(self) -> None:
        act = self.chance.choice(self.acts())
        try:
            async with self.session.begin_nested():
                await act()
        except Refused:
            self.refused += 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_events_never_break_a_rule_nor_give_back_more_than_was_paid(
    session: AsyncSession, now: datetime, seed: int
) -> None:
    walk = Walk(session, now, seed)
    await walk.fill()
    for number in range(150):
        await walk.step()
        if number % 10 == 9:
            await session.flush()
            for name, query in INVARIANTS.items():
                broken = (await session.execute(text(query))).first()
                assert broken is None, (number, name, broken)
    for order_id, paid in walk.paid.items():
        sums = await balance(session, order_id)
        assert 0 <= sums.going_back <= sums.captured == paid
    states = set(await session.scalars(select(Return.state)))
    assert len(states) > 3
    assert await session.scalar(select(func.count()).select_from(Return)) > 5  # type: ignore[operator]


@pytest.mark.parametrize("first_is_called_off", [True, False])
async def test_the_way_there_is_paid_back_with_the_last_of_two_returns(
    session: AsyncSession, now: datetime, first_is_called_off: bool
) -> None:
    tea, cup = await a_product(session, now=now), await a_product(session, now=now)
    order = await a_delivered_order(session, [Sold(tea, 1, 5000), Sold(cup, 1, 9000)], now=now, shipping=800)
    first, second = [
        await opened(session, order, await wish(session, order, *pieces, why=Why.DAMAGED, photos=1), now=now)
        for pieces in ((1, 0), (0, 1))
    ]
    assert (first.shipping_amount, second.shipping_amount) == (0, 800)
    await came(session, second, now=now)
    assert (second.refunded, first.shipping_amount) == (9000, 800)
    if first_is_called_off:
        await actions.cancel_return(session, return_id=first.id, customer_id=order.customer_id, by="shopper", now=now)
    else:
        await came(session, first, now=now)
    assert await refunded(session, order) == (9000 if first_is_called_off else order.total_amount)
    assert await breaches(session) == []
