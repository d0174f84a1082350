"""Intents and refunds driven by random events: whatever happens in whatever order, the books stay right."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cli.scratch import Place, scratch_database
from commerce.orders.actions import cancel_order, expire_unpaid_orders, mark_paid
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.settlement import settle, settle_refund_answer
from commerce.payments.invariants import INVARIANTS
from commerce.payments.ledger import locked_intent, refund_amount
from commerce.payments.model import Intent, IntentState, Refund, RefundState
from commerce.payments.port import RefundOutcome, Session, SessionState
from commerce.payments.transfers import TransferEntry, enter_transfer, match_transfer
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import a_product, an_order, holds_of

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ANSWERS = [state for state in SessionState if state is not SessionState.OPEN]
AMOUNTS = st.integers(1, 2500)
EVENTS = st.one_of(
    st.tuples(st.just("open")),
    st.tuples(st.just("answer"), st.integers(0, 3), st.sampled_from(ANSWERS), st.sampled_from([0, 0, 0, -1, 300])),
    st.tuples(st.just("refund"), AMOUNTS, st.integers(0, 5), st.sampled_from(["original", "credit"])),
    st.tuples(st.just("refund answer"), st.integers(0, 3), st.sampled_from(list(RefundOutcome))),
    st.tuples(st.just("transfer"), AMOUNTS),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("paid by hand")),
    st.tuples(st.just("time passes")),
)


@dataclass
class Play:
    """One order of 20.00, and what happens to it."""

    session: AsyncSession
    order: Order
    now: datetime
    number: int

    async def open(self) -> None:
        for intent in await self._intents():
            if intent.state is IntentState.CREATED and intent.provider == "simulator":
                intent.opened_at = intent.next_check_at = self.now
                intent.move_to(IntentState.REQUIRES_ACTION)

    async def answer(self, which: int, state: SessionState, surplus: int) -> None:
        asked = [one for one in await self._intents() if one.opened_at is not None]
        if asked:
            intent = asked[which % len(asked)]
            money = Money(intent.amount + surplus, intent.currency)
            answer = Session(f"ses-{intent.id}", intent.reference, "", state, money)
            after = await settle(self.session, intent_id=intent.id, answer=answer, now=self.now)
            assert state is not SessionState.PAID or after is IntentState.SUCCEEDED  # money is never ignored

    async def refund(self, amount: int, number: int, to: Any) -> None:
        await self.session.get(Order, self.order.id, with_for_update={"key_share": True})
        await refund_amount(
            self.session,
            order_id=self.order.id,
            amount=amount,
            reason="return",
            key=f"refund:return:{number}",
            now=self.now,
            to=to,
        )

    async def refund_answer(self, which: int, outcome: RefundOutcome) -> None:
        sent = [one for one in await self._refunds() if one.provider == "simulator"]
        if sent:
            refund = sent[which % len(sent)]
            if refund.state in (RefundState.REQUESTED, RefundState.FAILED):
                refund.move_to(RefundState.SUBMITTED)
            await settle_refund_answer(self.session, refund_id=refund.id, outcome=outcome, now=self.now)

    async def transfer(self, amount: int) -> None:
        entry = TransferEntry(f"B{self.number}", Money(amount, "CNY"), self.now.date())
        row, _ = await enter_transfer(self.session, entry=entry, staff_id=1, now=self.now)
        await match_transfer(
            self.session, transfer_id=row.id, number=self.order.number, staff_id=1, proof="", now=self.now
        )

    async def cancel(self) -> None:
        await cancel_order(self.session, order_id=self.order.id, by="shopper", reason="no", now=self.now)

    async def paid_by_hand(self) -> None:
        await mark_paid(self.session, order_id=self.order.id, proof="cash", now=self.now)

    async def time_passes(self) -> None:
        await expire_unpaid_orders(self.session, now=self.now)

    async def _intents(self) -> list[Intent]:
        ids = await self.session.scalars(select(Intent.id).order_by(Intent.id))
        return [await locked_intent(self.session, intent_id) for intent_id in ids.all()]

    async def _refunds(self) -> list[Refund]:
        return list(await self.session.scalars(select(Refund).order_by(Refund.id)))


async def play(place: Place, events: list[tuple[Any, ...]]) -> None:
    async with scratch_database(place, pool_size=4) as database:
        async with database.begin() as session:
            tea = await a_product(session, now=START, price=2000, pieces=5)
        async with holds_of(database) as holds:
            order = await an_order(database, holds, {tea: 1}, now=START, method=PaymentMethod.SIMULATOR)
        now = START
        for number, (kind, *facts) in enumerate(events):
            if kind == "time passes":
                now += timedelta(hours=1)
            try:
                async with database.begin() as session:
                    happen = getattr(Play(session, order, now, number), kind.replace(" ", "_"))
                    await happen(*facts)
            except Refused:
                pass
            assert await broken(database) == [], (kind, facts)


async def broken(database: Database) -> list[tuple[str, Any]]:
    """Rules of the books that a row breaks."""
    async with database.begin() as session:
        found = [(rule, (await session.execute(text(query))).first()) for rule, query in INVARIANTS.items()]
    return [(rule, row) for rule, row in found if row is not None]


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False)
@given(events=st.lists(EVENTS, min_size=4, max_size=16))
def test_no_order_of_events_leaves_the_books_wrong(place: Place, events: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(place, [("open",), *events]))
