"""Paying in the browser: the pay link, the practice bank's page, its webhooks, and everything a bank can do wrong."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from bot.shop import Shop
from bot.web.simulator import send_webhooks
from bot.web.simulator_bank import Bank
from bot.web.simulator_model import SimulatorEvent, SimulatorSession
from cli.scratch import BASE_URL, ScratchShop
from commerce.orders.actions import cancel_order
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.actions import look_at_event, pay_token
from commerce.payments.model import Intent, ProviderEvent
from commerce.payments.port import Provider, ProviderUnreachable, RefundOutcome, Session, SessionState
from commerce.payments.simulator import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from foundation.money import Money
from tests.goods import a_product, an_order


@dataclass(slots=True)
class Counter:
    """A shop with one unpaid order, its door, and the bank behind it."""

    shop: Shop
    app: FastAPI
    client: httpx.AsyncClient
    order: Order
    link: str

    @property
    def provider(self) -> Provider:
        """The bank as the shop asks it."""
        return self.shop.till.providers["simulator"]

    @property
    def bank(self) -> Bank:
        """The practice bank of this app."""
        bank: Bank = self.app.state.bank
        return bank

    async def pays(self, choice: str = "pay") -> httpx.Response:
        """The shopper opens the link and presses a button of the bank's page; gives the page after it."""
        opened = await self.client.get(self.link)
        assert opened.status_code == 303, opened.text
        page = await self.client.get(opened.headers["location"])
        assert page.status_code == 200
        pressed = await self.client.post(opened.headers["location"], data={"choice": choice})
        assert pressed.status_code == 303
        return await self.client.get(pressed.headers["location"])

    async def webhooks_arrive(self) -> int:
        """The bank sends what it has to send; the shop follows what it was told. Gives how many it took."""
        taken = await send_webhooks(self.bank, self.client)
        async with self.shop.database.begin() as session:
            told = list(await session.scalars(select(ProviderEvent.id).where(ProviderEvent.handled_at.is_(None))))
        for event_id in told:
            await look_at_event(self.shop.till, event_id)
        return taken

    async def status(self) -> str:
        """How the order stands."""
        async with self.shop.database.begin() as session:
            return (await session.get_one(Order, self.order.id)).status

    async def goes_wrong(self, *faults: str) -> None:
        """The next session at the bank has these faults."""
        answer = await signed(self.shop, self.client, "/simulator/v1/faults", {"faults": list(faults)})
        assert answer.status_code == 200, answer.text


async def signed(shop: Shop, client: httpx.AsyncClient, path: str, body: dict[str, object]) -> httpx.Response:
    """A request as the shop's own client signs it."""
    raw = json.dumps(body).encode()
    timestamp = str(int(shop.now().timestamp()))
    headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: sign(shop.simulator_secret, timestamp, raw)}
    return await client.post(path, content=raw, headers=headers)


@pytest.fixture
async def counter(scratch: ScratchShop) -> Counter:
    shop = scratch.shop
    async with shop.database.begin() as session:
        tea = await a_product(session, now=shop.now(), price=6800)
    order = await an_order(shop.database, shop.holds, {tea: 2}, now=shop.now(), method=PaymentMethod.SIMULATOR)
    async with shop.database.begin() as session:
        intent_id = (await session.scalars(select(Intent.id).where(Intent.order_id == order.id))).one()
    return Counter(shop, scratch.app, scratch.client, order, f"/pay/{pay_token(shop.vault, intent_id)}")


async def test_a_shopper_pays_on_the_banks_page_and_comes_back(counter: Counter) -> None:
    opened = await counter.client.get(counter.link)
    page = await counter.client.get(opened.headers["location"], headers={"Accept-Language": "zh"})
    assert "支付 ¥136.00" in page.text
    assert counter.shop.settings.shop_name("zh") in page.text
    waiting = await counter.client.get(f"{counter.link}/done")
    assert "正在等待支付结果" in waiting.text
    assert 'data-refresh="3"' in waiting.text
    after = await counter.pays()
    assert f"{counter.link}/done" in after.text
    assert await counter.webhooks_arrive() == 1
    assert await counter.status() == "placed"
    done = await counter.client.get(f"{counter.link}/done")
    assert "支付成功" in done.text
    assert counter.order.number in done.text
    assert "¥136.00" in done.text
    assert (await counter.client.get(counter.link)).text == done.text  # the link once more: paid is paid


async def test_opening_the_link_twice_is_one_session(counter: Counter) -> None:
    first, second = [(await counter.client.get(counter.link)).headers["location"] for _ in range(2)]
    assert first == second
    async with counter.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(SimulatorSession)) == 1


async def test_a_declined_payment_may_be_tried_again(counter: Counter) -> None:
    page = await counter.pays("decline")
    assert "支付已取消" in page.text or "declined" in page.text
    await counter.webhooks_arrive()
    assert await counter.status() == "pending"
    await counter.pays()
    await counter.webhooks_arrive()
    assert await counter.status() == "placed"


async def test_a_forged_pay_link_shows_a_kind_page(counter: Counter) -> None:
    for token in ("x", "AAAA", "%00", "A" * 27, "zzzzzzzzzzzzzzzzzzzzzzzzzzz"):
        for path in (f"/pay/{token}", f"/pay/{token}/done"):
            page = await counter.client.get(path, headers={"Accept-Language": "en"})
            assert page.status_code == 404
            assert "This payment link is not valid" in page.text


async def test_a_cancelled_order_says_so_on_its_link(counter: Counter) -> None:
    async with counter.shop.database.begin() as session:
        await cancel_order(
            session, order_id=counter.order.id, by="shopper", reason="changed mind", now=counter.shop.now()
        )
    page = await counter.client.get(counter.link)
    assert page.status_code == 200
    assert "订单已取消" in page.text


async def test_an_order_past_its_time_says_so_before_the_sweep_comes_by(counter: Counter) -> None:
    async with counter.shop.database.begin() as session:
        order = await session.get_one(Order, counter.order.id)
        order.hold_until = counter.shop.now() - timedelta(seconds=1)
    page = await counter.client.get(counter.link)
    assert "支付时间已过" in page.text


async def test_a_bank_that_does_not_answer_costs_nothing(counter: Counter) -> None:
    counter.shop.till = replace(counter.shop.till, providers={})
    page = await counter.client.get(counter.link, headers={"Accept-Language": "en"})
    assert page.status_code == 503
    assert "没有扣款" in page.text  # the language of the customer, where it is known


async def test_a_webhook_that_comes_twice_is_stored_once(counter: Counter) -> None:
    await counter.goes_wrong("duplicate")
    await counter.pays()
    assert await counter.webhooks_arrive() == 2
    async with counter.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(ProviderEvent)) == 1
    assert await counter.status() == "placed"


async def test_a_lost_webhook_is_made_good_when_the_shopper_comes_back(counter: Counter) -> None:
    await counter.goes_wrong("drop")
    await counter.pays()
    assert await counter.webhooks_arrive() == 0
    assert await counter.status() == "pending"
    page = await counter.client.get(f"{counter.link}/done")
    assert "支付成功" in page.text
    assert await counter.status() == "placed"


async def test_a_late_webhook_is_sent_when_its_time_has_come(counter: Counter) -> None:
    await counter.goes_wrong("delay")
    await counter.pays()
    assert await counter.webhooks_arrive() == 0
    async with counter.shop.database.begin() as session:
        event = (await session.scalars(select(SimulatorEvent))).one()
        event.next_at = counter.shop.now()
    assert await counter.webhooks_arrive() == 1
    assert await counter.status() == "placed"


async def test_a_session_made_without_an_answer_is_found_again(counter: Counter) -> None:
    await counter.goes_wrong("time_out_after_success")
    assert (await counter.client.get(counter.link)).status_code == 503
    await counter.pays()
    async with counter.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(SimulatorSession)) == 1


async def test_a_webhook_waits_in_the_books_until_the_shop_takes_it(counter: Counter) -> None:
    await counter.pays()
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(503)), base_url=BASE_URL
    ) as deaf:
        assert await send_webhooks(counter.bank, deaf) == 0
    async with counter.shop.database.begin() as session:
        event = (await session.scalars(select(SimulatorEvent))).one()
        assert (event.tries, event.answered_at) == (1, None)
        assert event.next_at is not None
        event.next_at = counter.shop.now()
    assert await counter.webhooks_arrive() == 1
    assert await counter.webhooks_arrive() == 0


async def test_a_refused_close_is_asked_again(counter: Counter) -> None:
    await counter.goes_wrong("refuse_close")
    await counter.client.get(counter.link)
    async with counter.shop.database.begin() as session:
        ref = (await session.scalars(select(SimulatorSession.id))).one()
    with pytest.raises(ProviderUnreachable):
        await counter.provider.close(ref)
    assert (await counter.provider.close(ref)).state == SessionState.CLOSED
    page = await counter.client.get(f"/simulator/pay/{ref}?lang=en")
    assert "This payment is closed" in page.text
    await counter.client.post(f"/simulator/pay/{ref}", data={"choice": "pay"})
    assert (await counter.provider.query(ref)).state == SessionState.CLOSED


async def paid(counter: Counter) -> Session:
    """The session of the counter's order, paid."""
    await counter.pays()
    async with counter.shop.database.begin() as session:
        ref = (await session.scalars(select(SimulatorSession.id))).one()
    return await counter.provider.query(ref)


async def test_money_goes_back_once_under_a_key_and_never_more_than_was_paid(counter: Counter) -> None:
    session = await paid(counter)
    half = Money(session.money.amount // 2, "CNY")
    for _ in range(2):
        assert await counter.provider.refund(session.ref, key="r:1", money=half) == RefundOutcome.SUCCEEDED
    assert await counter.provider.query_refund(session.ref, key="r:1") == RefundOutcome.SUCCEEDED
    assert await counter.provider.query_refund(session.ref, key="never") == RefundOutcome.UNKNOWN
    too_much = {"session": session.ref, "key": "r:2", "amount": session.money.amount}
    answer = await signed(counter.shop, counter.client, "/simulator/v1/refunds", too_much)
    assert (answer.status_code, answer.json()["code"]) == (409, "simulator.too_much")


async def test_the_bank_answers_the_shop_only(counter: Counter) -> None:
    for path in ("/simulator/v1/sessions", "/simulator/v1/refunds", "/simulator/v1/faults"):
        unsigned = await counter.client.post(path, json={})
        assert (unsigned.status_code, unsigned.json()["code"]) == (401, "simulator.signature")


async def test_faults_are_for_shops_that_allow_them(counter: Counter) -> None:
    counter.app.state.bank = replace(counter.bank, may_go_wrong=False)
    answer = await signed(counter.shop, counter.client, "/simulator/v1/faults", {"faults": ["drop"]})
    assert answer.status_code == 404


async def test_a_webhook_of_a_stranger_is_refused_and_leaves_nothing(counter: Counter) -> None:
    for provider, status in (("simulator", 401), ("nobody", 404), ("..%2fx", 404)):
        answer = await counter.client.post(f"/webhooks/payments/{provider}", content=b'{"event_id":"e1"}')
        assert answer.status_code == status
    async with counter.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(ProviderEvent)) == 0
