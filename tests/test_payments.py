"""Payments: the pay link, webhooks, and what happens when none comes; against a bank at the wire."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select, text

from commerce.orders.model import OrderStatus
from commerce.payments.actions import intent_from, look_at_intent, open_payment, pay_token, receive_webhook, reconcile
from commerce.payments.model import INTENT_MOVES, IntentState, ProviderEvent, next_check
from commerce.payments.port import ProviderUnreachable
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import Stock, stock_of
from tests.paying import Shop, paying_shop

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[Shop]:
    async with paying_shop(database, now) as shop:
        yield shop


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


async def test_an_answer_that_cannot_be_settled_holds_up_no_other_payment(shop: Shop) -> None:
    _, odd = await shop.opened(1)
    order, intent = await shop.opened(1)
    shop.bank.sessions[odd.provider_ref or ""]["currency"] = "USD"
    shop.bank.pay(intent.reference)
    shop.later(1 * MINUTES)
    with pytest.raises(ExceptionGroup):
        await reconcile(shop.till)
    assert (await shop.view(order)).status is OrderStatus.PLACED


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


# Rules alone


def test_money_that_arrives_is_never_ignored() -> None:
    for state, moves in INTENT_MOVES.items():
        assert state is IntentState.SUCCEEDED or IntentState.SUCCEEDED in moves
    assert INTENT_MOVES[IntentState.SUCCEEDED] == frozenset()
