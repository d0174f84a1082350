"""Paying with WeChat Pay or Alipay in the browser: a code to scan, a phone with a wallet, and what wallets are told."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bench.pay_house import SOUND, PayHouse, pay_house
from bot.web.simulator_model import Fault
from cli.scratch import BASE_URL, Place
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.actions import open_payment, pay_token
from commerce.payments.port import Payer
from tests.test_payment_faults import state_of

ON_PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"}


@pytest.fixture
async def house(place: Place) -> AsyncIterator[PayHouse]:
    async with pay_house(place, prices=[SOUND]) as house:
        yield house


async def link(house: PayHouse, order: Order) -> str:
    return f"/pay/{pay_token(house.till.vault, (await house.intent(order)).id)}"


async def test_a_code_is_shown_to_scan_and_the_page_sees_by_itself_that_it_was_paid(house: PayHouse) -> None:
    order = await house.order(PaymentMethod.WECHAT)
    page = await house.scratch.client.get(await link(house, order))
    assert page.status_code == 200
    for part in ('data-mark="scan"', 'data-refresh="3"', 'src="data:image/svg+xml', "微信支付", "¥68.00", order.number):
        assert part in page.text
    intent = await house.intent(order)
    assert f"/simulator/pay/{(intent.redirect_url or '').rpartition('=')[2]}?lang=zh" in page.text

    other = await house.order(PaymentMethod.WECHAT)
    await house.press(await house.open(other))
    page = await house.scratch.client.get(await link(house, other))  # no webhook came: the page itself asks
    assert 'data-mark="good"' in page.text
    assert await state_of(house, other) == ("placed", "paid")


async def test_a_phone_goes_to_the_wallet_and_comes_back(house: PayHouse) -> None:
    """WeChat lets a phone in only from a page of the shop, which its link names; Alipay takes anybody."""
    for method in (PaymentMethod.WECHAT, PaymentMethod.ALIPAY):
        order = await house.order(method)
        address = await link(house, order)
        opened = await house.scratch.client.get(address, headers=ON_PHONE)
        if method is PaymentMethod.WECHAT:
            go = re.search(r'href="([^"]+/simulator/wechat/h5[^"]+)" referrerpolicy="origin" data-go', opened.text)
            assert go is not None
            there = unescape(go[1])
            assert (await house.scratch.client.get(there)).status_code == 403
            referer = BASE_URL + "/"
            assert there in unescape((await house.scratch.client.get(address)).text)  # at a desk it is the same order
        else:
            there = opened.headers["location"]
            assert "wap.pay" in there
            assert (await house.scratch.client.get(address)).headers["location"] == there
            referer = ""
        wallet = await house.scratch.client.get(there, headers={"referer": referer})
        assert wallet.status_code == 303
        await house.scratch.client.post(wallet.headers["location"], data={"choice": "pay"})
        paid = await house.scratch.client.get(wallet.headers["location"])
        assert paid.headers["refresh"] == f"2; url={BASE_URL}{address}/done"
        await house.hear()
        await house.work()
        assert 'data-mark="good"' in (await house.scratch.client.get(f"{address}/done")).text
        assert await state_of(house, order) == ("placed", "paid")


async def test_a_phone_and_a_desk_at_once_get_one_address(house: PayHouse) -> None:
    order = await house.order(PaymentMethod.WECHAT)
    token = (await link(house, order)).rpartition("/")[2]
    payers = [Payer("203.0.113.7", on_phone=place % 2 == 0) for place in range(6)]
    urls = await asyncio.gather(*(open_payment(house.till, token, payer) for payer in payers))
    assert len(set(urls)) == 1
    intent = await house.intent(order)
    assert (intent.redirect_url, (intent.provider_ref or "").removesuffix("h")) == (urls[0], intent.reference)
    await house.hear()
    answer = await house.till.providers["wechat"].query(intent.provider_ref or "")
    assert answer.reference == intent.reference


async def test_wechat_hears_in_its_own_words_whether_it_was_heard(house: PayHouse) -> None:
    order = await house.order(PaymentMethod.WECHAT)
    await house.press(await house.open(order, faults=[Fault.CORRUPT]))
    door = "/webhooks/payments/wechat"
    for raw in (b"", b"{}", json.dumps({"id": "1"}).encode()):
        answer = await house.scratch.client.post(door, content=raw)
        assert (answer.status_code, answer.json()) == (401, {"code": "FAIL", "message": "webhook.forged"})
    assert await house.hear() == 0
    assert await state_of(house, order) == ("pending", "unpaid")
