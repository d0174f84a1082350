"""Payments: the pay link, webhooks, expiry against payment, late money, refunds; against a bank at the wire."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
import pytest
from sqlalchemy import func, select, text

from commerce.announcements import Announcement
from commerce.inventory.hold import Holds
from commerce.orders.actions import cancel_order, expire_unpaid_orders, mark_paid, order_view
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.orders.queries import OrderView
from commerce.orders.settlement import settle
from commerce.payments.actions import (
    Till,
    intent_from,
    look_at_intent,
    look_at_refund,
    open_payment,
    pay_token,
    receive_webhook,
    reconcile,
)
from commerce.payments.jobs import JOBS
from commerce.payments.ledger import request_refund
from commerce.payments.model import (
    INTENT_MOVES,
    Intent,
    IntentState,
    Payment,
    ProviderEvent,
    Refund,
    RefundState,
    next_check,
)
from commerce.payments.port import ProviderUnreachable, Session, SessionState
from commerce.payments.simulator import Simulator
from foundation.database import Database
from foundation.errors import Refused
from foundation.jobs import run_due_jobs
from foundation.money import Money
from tests.goods import Stock, a_product, an_order, holds_of, stock_of
from tests.simulator_fake import SECRET, Bank

MINUTES = timedelta(minutes=1)


@dataclass
class Shop:
    """A shop with a bank, and a clock that only the test moves."""

    database: Database
    holds: Holds
    bank: Bank
    till: Till
    tea: int

    @property
    def now(self) -> datetime:
        return self.bank.now

    def later(self, by: timedelta) -> None:
        self.bank.now += by

    async def order(self, pieces: int = 3) -> Order:
        """An order that waits for its money."""
        return await an_order(
            self.database, self.holds, {self.tea: pieces}, now=self.now, method=PaymentMethod.SIMULATOR
        )

    async def opened(self, pieces: int = 3) -> tuple[Order, Intent]:
        """An order whose pay page the shopper has opened."""
        order = await self.order(pieces)
        await open_payment(self.till, await self.token(order))
        return order, await self.intent(order)

    async def paid(self, pieces: int = 3) -> tuple[Order, Intent]:
        """An order that was paid, and the shop knows."""
        order, intent = await self.opened(pieces)
        self.bank.pay(intent.reference)
        await look_at_intent(self.till, intent.id)
        return order, await self.intent(order)

    async def token(self, order: Order) -> str:
        return pay_token(self.till.vault, (await self.intent(order)).id)

    async def intent(self, order: Order) -> Intent:
        async with self.database.begin() as session:
            return (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()

    async def view(self, order: Order) -> OrderView:
        async with self.database.begin() as session:
            return await order_view(session, order.id)

    async def told(self) -> list[str]:
        """What customers were told, after the order itself."""
        async with self.database.begin() as session:
            return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))[1:]

    async def work(self) -> int:
        """Run the jobs that are due."""
        return await run_due_jobs(self.database, {name: partial(job, self.till) for name, job in JOBS.items()})

    async def expire(self) -> int:
        async with self.database.begin() as session:
            return await expire_unpaid_orders(session, now=self.now)

    async def cancel(self, order: Order) -> None:
        async with self.database.begin() as session:
            await cancel_order(session, order_id=order.id, by="shopper", reason="changed my mind", now=self.now)

    async def refund(self) -> Refund:
        async with self.database.begin() as session:
            return (await session.scalars(select(Refund))).one()


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[Shop]:
    bank = Bank(now)
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=6800, pieces=10)
    async with bank.client() as client, holds_of(database) as holds:
        simulator = Simulator(client, base_url="https://shop.example", secret=SECRET, now=lambda: bank.now)
        till = Till(database, {"simulator": simulator}, "https://shop.example", lambda: bank.now)
        yield Shop(database, holds, bank, till, tea)


# The pay link


async def test_the_pay_link_opens_one_session_however_often_it_is_followed(shop: Shop) -> None:
    order = await shop.order()
    token = await shop.token(order)
    urls = {await open_payment(shop.till, token) for _ in range(3)}
    assert urls == {"https://bank.example/pay/ses-1"}
    assert shop.bank.calls == [("POST", "/simulator/v1/sessions")]
    intent = await shop.intent(order)
    assert (intent.state, intent.provider_ref, intent.amount) == (IntentState.REQUIRES_ACTION, "ses-1", 20400)


async def test_two_followers_of_the_pay_link_at_once_get_the_same_session(shop: Shop) -> None:
    token = await shop.token(await shop.order())
    urls = await asyncio.gather(*(open_payment(shop.till, token) for _ in range(5)))
    assert set(urls) == {"https://bank.example/pay/ses-1"}
    assert len(shop.bank.sessions) == 1


@pytest.mark.parametrize("token", ["", "1", "x" * 27, "é", "../../etc/passwd", "A" * 5000, "AAAAAAAAAAE" + "A" * 16])
async def test_a_link_that_is_not_ours_is_unknown(shop: Shop, token: str) -> None:
    await shop.order()
    with pytest.raises(Refused, match=r"payment\.unknown"):
        await open_payment(shop.till, token)


def test_a_pay_token_names_its_intent_and_nothing_else(shop: Shop) -> None:
    token = pay_token(shop.till.vault, 12)
    assert intent_from(shop.till.vault, token) == 12
    assert len(token) == 27
    for place in range(26):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Refused):
            intent_from(shop.till.vault, token[:place] + other + token[place + 1 :])


async def test_the_link_of_an_order_past_its_time_leads_nowhere(shop: Shop) -> None:
    order = await shop.order()
    token = await shop.token(order)
    shop.later(15 * MINUTES)
    with pytest.raises(Refused, match=r"payment\.closed"):
        await open_payment(shop.till, token)
    assert shop.bank.calls == []


async def test_a_bank_that_answers_too_late_has_one_session_all_the_same(shop: Shop) -> None:
    order = await shop.order()
    token = await shop.token(order)
    shop.bank.loses_answers = True
    with pytest.raises(ProviderUnreachable):
        await open_payment(shop.till, token)
    shop.bank.loses_answers = False
    assert await open_payment(shop.till, token) == "https://bank.example/pay/ses-1"
    assert len(shop.bank.sessions) == 1


async def test_no_transaction_is_open_while_the_bank_is_asked(shop: Shop) -> None:
    order = await shop.order()

    async def nobody_holds_a_lock(_: httpx.Request) -> None:
        async with shop.database.begin() as session:
            await session.execute(text("SELECT 1 FROM orders FOR UPDATE NOWAIT"))
            await session.execute(text("SELECT 1 FROM payment_intent FOR UPDATE NOWAIT"))
            await session.execute(text("SELECT 1 FROM stock_level FOR UPDATE NOWAIT"))

    shop.bank.before = nobody_holds_a_lock
    await open_payment(shop.till, await shop.token(order))
    intent = await shop.intent(order)
    shop.bank.pay(intent.reference)
    await look_at_intent(shop.till, intent.id)
    await shop.cancel(order)
    await shop.work()
    assert shop.bank.paid_back() == 20400


# Webhooks: a hint; the query is the truth


async def test_a_webhook_places_the_order_after_a_look_at_the_truth(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.pay(intent.reference)
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded")
    assert await receive_webhook(shop.till, "simulator", headers, raw) == 1
    assert (await shop.view(order)).status is OrderStatus.PENDING
    assert await shop.work() == 1
    view = await shop.view(order)
    assert (view.status, view.payment_state, view.captured) == ("placed", "paid", Money(20400, "CNY"))
    assert await shop.told() == ["payment_received"]
    assert await stock_of(shop.database, shop.tea) == Stock(10, 3)


async def test_a_webhook_that_is_not_true_changes_nothing(shop: Shop) -> None:
    order, intent = await shop.opened()
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded")
    await receive_webhook(shop.till, "simulator", headers, raw)
    await shop.work()
    assert (await shop.view(order)).payment_state == "unpaid"


async def test_the_same_webhook_ten_times_at_once_is_stored_and_followed_once(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.pay(intent.reference)
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded", event_id="evt-1")
    new = await asyncio.gather(*(receive_webhook(shop.till, "simulator", headers, raw) for _ in range(10)))
    assert sum(new) == 1
    assert await shop.work() == 1
    assert (await shop.view(order)).captured == Money(20400, "CNY")
    async with shop.database.begin() as session:
        (event,) = (await session.scalars(select(ProviderEvent))).all()
        assert (event.event_id, event.result, event.handled_at) == ("evt-1", "intent succeeded", shop.now)


async def test_ten_workers_who_look_at_one_paid_session_capture_it_once(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.pay(intent.reference)
    states = await asyncio.gather(*(look_at_intent(shop.till, intent.id) for _ in range(10)))
    assert set(states) == {IntentState.SUCCEEDED}
    assert (await shop.view(order)).captured == Money(20400, "CNY")
    assert await shop.told() == ["payment_received"]


async def test_the_twin_that_captures_by_each_webhook_has_the_money_twice(shop: Shop) -> None:
    order, intent = await shop.opened()
    async with shop.database.begin() as session:
        await session.execute(text("ALTER TABLE payment DROP CONSTRAINT uq_payment_intent_id"))
    both_looked = asyncio.Barrier(2)

    async def capture_blindly() -> None:
        async with shop.database.begin() as session:
            seen = await session.get_one(Intent, intent.id)
            await both_looked.wait()
            assert seen.state is IntentState.REQUIRES_ACTION
            payment = Payment(
                intent_id=seen.id,
                order_id=seen.order_id,
                provider=seen.provider,
                captured=seen.amount,
                refunded=0,
                refund_pending=0,
                currency=seen.currency,
                captured_at=shop.now,
            )
            session.add(payment)

    await asyncio.gather(capture_blindly(), capture_blindly())
    assert (await shop.view(order)).payment_state == "overpaid"


@pytest.mark.parametrize("how", ["other body", "other secret", "too old", "no headers", "odd timestamp"])
async def test_a_forged_webhook_is_not_stored(shop: Shop, how: str) -> None:
    _, intent = await shop.opened()
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded")
    if how == "other body":
        raw = raw.replace(b"20400", b"99999")
    elif how == "other secret":
        headers["X-Simulator-Signature"] = "0" * 64
    elif how == "too old":
        shop.later(timedelta(seconds=301))
    elif how == "no headers":
        headers = {}
    else:
        headers["X-Simulator-Timestamp"] = "²³"
    with pytest.raises(Refused, match=r"webhook\.forged"):
        await receive_webhook(shop.till, "simulator", headers, raw)
    async with shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(ProviderEvent)) == 0


async def test_a_webhook_of_nobody_we_know_is_refused(shop: Shop) -> None:
    with pytest.raises(Refused, match=r"webhook\.unknown_provider"):
        await receive_webhook(shop.till, "paypal", {}, b"{}")


async def test_a_webhook_about_nothing_of_ours_is_stored_and_left(shop: Shop) -> None:
    _, intent = await shop.opened()
    session_there = shop.bank.sessions["ses-1"]
    headers, raw = shop.bank.webhook(intent.reference, "payment.succeeded")
    session_there["reference"] = "somebody-else"
    headers, raw = shop.bank.webhook("somebody-else", "payment.succeeded")
    assert json.loads(raw)["reference"] == "somebody-else"
    await receive_webhook(shop.till, "simulator", headers, raw)
    await shop.work()
    async with shop.database.begin() as session:
        assert list(await session.scalars(select(ProviderEvent.result))) == ["not ours"]


# When no webhook comes


async def test_the_reconciler_finds_the_payment_nobody_told_us_of(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.bank.pay(intent.reference)
    assert await reconcile(shop.till) == 0
    shop.later(1 * MINUTES)
    assert await reconcile(shop.till) == 1
    assert (await shop.view(order)).status is OrderStatus.PLACED
    shop.later(timedelta(days=2))
    assert await reconcile(shop.till) == 0


async def test_the_reconciler_asks_after_1_5_and_30_minutes_then_6_and_24_hours(shop: Shop) -> None:
    await shop.opened()
    shop.bank.calls.clear()
    shop.bank.down = True
    asked_after = []
    for wait in (1, 5, 30, 360, 1440, 1440):
        shop.later(wait * MINUTES - timedelta(seconds=1))
        assert await reconcile(shop.till) == 0
        shop.later(timedelta(seconds=1))
        assert await reconcile(shop.till) == 1
        asked_after.append(wait)
    assert len(shop.bank.calls) == len(asked_after) == 6
    assert next_check(99, now=shop.now) == shop.now + timedelta(hours=24)


async def test_many_reconcilers_ask_once(shop: Shop) -> None:
    await shop.opened()
    shop.bank.calls.clear()
    shop.later(1 * MINUTES)
    assert sum(await asyncio.gather(*(reconcile(shop.till) for _ in range(4)))) == 1
    assert len(shop.bank.calls) == 1


# Expiry, and payment against it


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


async def test_several_expiry_sweepers_at_once_take_each_order_once(shop: Shop) -> None:
    orders = [await shop.order(pieces=1) for _ in range(8)]
    shop.later(15 * MINUTES)
    assert sum(await asyncio.gather(*(shop.expire() for _ in range(4)))) == 8
    assert {(await shop.view(order)).status for order in orders} == {OrderStatus.EXPIRED}
    assert await stock_of(shop.database, shop.tea) == Stock(10, 0)
    assert (await shop.told()).count("order_expired") == 8


async def test_payment_and_expiry_at_once_leave_paid_goods_or_no_money(shop: Shop) -> None:
    for turn in range(6):
        order, intent = await shop.opened(pieces=1)
        shop.later(15 * MINUTES)
        shop.bank.pay(intent.reference)
        acts = [look_at_intent(shop.till, intent.id), shop.expire()]
        await asyncio.gather(*(acts if turn % 2 else reversed(acts)))
        await shop.work()
        view = await shop.view(order)
        assert (view.status, view.payment_state) == ("placed", "paid")
    assert await stock_of(shop.database, shop.tea) == Stock(10, 6)


async def test_the_twin_that_expires_without_closing_keeps_the_money_and_the_goods(shop: Shop) -> None:
    order, intent = await shop.opened()
    shop.later(15 * MINUTES)
    both_looked = asyncio.Barrier(2)

    async def expire_blindly() -> None:
        async with shop.database.begin() as session:
            await session.get_one(Order, order.id)
            await both_looked.wait()
            await session.execute(text("UPDATE orders SET status = 'expired' WHERE id = :id"), {"id": order.id})

    async def capture_blindly() -> None:
        async with shop.database.begin() as session:
            await session.get_one(Order, order.id)
            await both_looked.wait()
            await session.execute(
                text(
                    "INSERT INTO payment (intent_id, order_id, provider, captured, refunded, refund_pending, currency,"
                    " captured_at) VALUES (:intent, :order, 'simulator', 20400, 0, 0, 'CNY', :now)"
                ),
                {"intent": intent.id, "order": order.id, "now": shop.now},
            )

    await asyncio.gather(expire_blindly(), capture_blindly())
    view = await shop.view(order)
    assert (view.status, view.payment_state) == ("expired", "paid")  # what closing first is there to prevent


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


# Giving back


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


async def test_different_refunds_at_once_never_give_back_more_than_was_paid(shop: Shop) -> None:
    await shop.paid()
    async with shop.database.begin() as session:
        payment_id = (await session.scalars(select(Payment.id))).one()

    async def ask(number: int) -> bool:
        try:
            async with shop.database.begin() as session:
                key = f"refund:return:{number}"
                await request_refund(
                    session, payment_id=payment_id, amount=5000, reason="return", key=key, now=shop.now
                )
        except Refused:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(number) for number in range(12)))) == 4
    await shop.work()
    assert shop.bank.paid_back() == 20000


async def test_the_twin_that_looks_first_gives_back_more_than_was_paid(shop: Shop) -> None:
    await shop.paid()
    async with shop.database.begin() as session:
        await session.execute(text("ALTER TABLE payment DROP CONSTRAINT ck_payment_refunds_within_captured"))
    everybody_looked = asyncio.Barrier(5)

    async def ask() -> None:
        async with shop.database.begin() as session:
            left = await session.scalar(select(Payment.captured - Payment.refunded - Payment.refund_pending))
            await everybody_looked.wait()
            assert left is not None
            if left >= 5000:
                await session.execute(text("UPDATE payment SET refund_pending = refund_pending + 5000"))

    await asyncio.gather(*(ask() for _ in range(5)))
    async with shop.database.begin() as session:
        payment = (await session.scalars(select(Payment))).one()
        assert payment.refund_pending > payment.captured


# Rules alone


def test_money_that_arrives_is_never_ignored() -> None:
    for state, moves in INTENT_MOVES.items():
        assert state is IntentState.SUCCEEDED or IntentState.SUCCEEDED in moves
    assert INTENT_MOVES[IntentState.SUCCEEDED] == frozenset()
