"""The simulator as Alipay: signed addresses, a gateway, notices that want to hear `success`; and what is refused."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import select

from bench.pay_house import SOUND, PayHouse, pay_house
from bot.web.simulator import send_webhooks
from bot.web.simulator_model import SimulatorEvent, SimulatorSession
from cli.scratch import BASE_URL, Place
from commerce.orders.model import PaymentMethod
from commerce.payments.actions import open_payment, pay_token
from commerce.payments.alipay import Alipay, AlipayAccount, read_answer
from commerce.payments.port import Payer, ProviderUnreachable, RefundOutcome, Session, SessionState
from commerce.payments.practice_wallets import ALIPAY_APP, ALIPAY_AT_HOME, SELLER
from commerce.payments.setup import alipay_account
from commerce.payments.signatures import is_signed_for_alipay, sign_for_alipay
from foundation.errors import Refused
from foundation.money import Money
from tests.test_payment_faults import state_of

DOOR = "/webhooks/payments/alipay"
TEA = Money(6805, "CNY")


@pytest.fixture
async def house(place: Place) -> AsyncIterator[PayHouse]:
    async with pay_house(place, prices=[SOUND]) as house:
        yield house


def provider(house: PayHouse) -> Alipay:
    found = house.till.providers["alipay"]
    assert isinstance(found, Alipay)
    return found


def account(house: PayHouse) -> AlipayAccount:
    found = alipay_account(house.scratch.shop.settings)
    assert found is not None
    return found


async def asked(house: PayHouse, *, on_phone: bool = False) -> Session:
    return await provider(house).create(
        reference="X7K2-94QD-a1b2c3",
        money=TEA,
        return_url=f"{BASE_URL}/back",
        opened_at=house.scratch.clock(),
        until=house.scratch.clock() + timedelta(minutes=15),
        payer=Payer(on_phone=on_phone),
    )


async def paid(house: PayHouse, made: Session) -> None:
    opened = await house.scratch.client.get(made.url)
    assert opened.status_code == 303
    await house.scratch.client.post(opened.headers["location"], data={"choice": "pay"})


async def gateway(house: PayHouse, params: dict[str, str]) -> str:
    return (await house.scratch.client.post(ALIPAY_AT_HOME, data=params)).text


async def test_a_trade_begins_when_the_shopper_follows_the_address_and_not_before(house: PayHouse) -> None:
    alipay, made, phone = provider(house), await asked(house), await asked(house, on_phone=True)
    params = dict(parse_qsl(urlsplit(made.url).query))
    assert (params["method"], params["app_id"], params["sign_type"]) == ("alipay.trade.page.pay", ALIPAY_APP, "RSA2")
    content = json.loads(params["biz_content"])
    assert (content["out_trade_no"], content["total_amount"]) == ("X7K2_94QD_a1b2c3", "68.05")
    assert "alipay.trade.wap.pay" in phone.url
    forged = made.url.replace("68.05", "60.05")
    assert (await house.scratch.client.get(forged)).status_code == 400

    assert (await alipay.query(made.ref)).state is SessionState.OPEN
    assert (await alipay.close(made.ref)).state is SessionState.OPEN  # the address is still good
    await paid(house, made)
    found = await alipay.close(made.ref)
    assert (found.state, found.money, found.reference) == (SessionState.PAID, TEA, made.reference)
    house.later(timedelta(minutes=15))
    unknown = made.ref.replace("a1b2c3", "000000")
    assert (await alipay.query(unknown)).state is SessionState.CLOSED  # nobody can begin it any more
    over = await asked(house)
    house.later(timedelta(minutes=15))
    assert (await house.scratch.client.get(over.url)).status_code == 303  # the trade is there: it shows how it stands
    assert (await house.scratch.client.get(over.url.replace("X7K2", "X7K3"))).status_code == 400


async def test_an_order_whose_address_nobody_followed_ends_when_the_address_does(house: PayHouse) -> None:
    order = await house.order(PaymentMethod.ALIPAY)
    house.later(timedelta(minutes=12))
    await open_payment(house.till, pay_token(house.till.vault, (await house.intent(order)).id))
    house.later(timedelta(minutes=4))
    assert await house.expire() == 1
    await house.work()
    assert await state_of(house, order) == ("pending", "unpaid")  # a page is open for five minutes at least
    house.later(timedelta(minutes=1))
    await house.reconcile()
    assert await state_of(house, order) == ("expired", "unpaid")


async def test_refunds_are_made_once_under_a_number_and_never_more_than_was_paid(house: PayHouse) -> None:
    alipay, made = provider(house), await asked(house)
    part = Money(805, "CNY")
    assert await alipay.refund(made.ref, key="refund:overpaid:1", money=part) is RefundOutcome.FAILED  # no trade yet
    await paid(house, made)
    assert await alipay.query_refund(made.ref, key="refund:overpaid:1") is RefundOutcome.UNKNOWN
    for _ in range(3):
        assert await alipay.refund(made.ref, key="refund:overpaid:1", money=part) is RefundOutcome.SUCCEEDED
    assert await alipay.query_refund(made.ref, key="refund:overpaid:1") is RefundOutcome.SUCCEEDED
    assert await alipay.refund(made.ref, key="refund:cancelled:1", money=Money(6001, "CNY")) is RefundOutcome.FAILED
    assert await alipay.refund(made.ref, key="refund:cancelled:1", money=Money(6000, "CNY")) is RefundOutcome.SUCCEEDED
    assert (await alipay.query(made.ref)).state is SessionState.PAID  # given back whole is TRADE_CLOSED there
    with pytest.raises(Refused, match=r"payment\.amount_unfit"):
        await alipay.create(
            reference="A", money=Money(1, "USD"), return_url="https://x.example", opened_at=house.scratch.clock()
        )


async def test_a_notice_is_taken_with_the_word_success_and_told_again_without_it(house: PayHouse) -> None:
    made = await asked(house)
    await paid(house, made)
    heard: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, text="OK")

    async with httpx.AsyncClient(transport=httpx.MockTransport(busy)) as client:
        assert await send_webhooks(house.bank, client) == 0
    raw, headers = heard[0].content, dict(heard[0].headers)
    (notice,) = provider(house).verify(headers, raw)
    assert (notice.reference, notice.type, notice.refund_key) == (made.reference, "TRADE_SUCCESS", None)
    house.later(timedelta(minutes=1))
    assert await house.hear() == 1
    async with house.till.database.begin() as session:
        assert (await session.scalars(select(SimulatorEvent.next_at))).all() == [None]

    answer = await house.scratch.client.post(DOOR, content=raw)  # once more: it is known
    assert (answer.status_code, answer.text) == (200, "success")
    told = dict(parse_qsl(raw.decode()))
    for change in ({"total_amount": "0.01"}, {"app_id": "1"}, {"seller_id": "1"}, {"sign": "x"}, {"sign_type": "RSA"}):
        answer = await house.scratch.client.post(DOOR, content=urlencode({**told, **change}))
        assert (answer.status_code, answer.text) == (401, "fail")
    for odd in (b"", b"\xff=\xfe", b"a=1&" * 200):
        assert (await house.scratch.client.post(DOOR, content=odd)).status_code in (401, 422)

    await provider(house).refund(made.ref, key="refund:return:7", money=Money(1, "CNY"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(busy)) as client:
        await send_webhooks(house.bank, client)
    (notice,) = provider(house).verify({}, heard[-1].content)
    assert (notice.reference, notice.refund_key) == (made.reference, "refund:return:7")


async def test_the_gateway_hears_the_shop_and_the_shop_believes_the_gateway(house: PayHouse) -> None:
    ours, wallets = account(house), house.bank.wallets
    assert wallets is not None
    method, content = "alipay.trade.query", json.dumps({"out_trade_no": "X7K2_94QD_a1b2c3"})
    params = {"app_id": ours.app_id, "method": method, "sign_type": "RSA2", "biz_content": content}
    signed = sign_for_alipay(ours.private_key, params)
    text = await gateway(house, signed)
    assert read_answer(text, method, public_key=ours.public_key).sub_code == "ACQ.TRADE_NOT_EXIST"
    for lie in (text.replace("不存在", "存在"), text.replace('"sign"', '"sing"'), text[:-20], "", "[]", "{" * 10_000):
        with pytest.raises(ProviderUnreachable):
            read_answer(lie, method, public_key=ours.public_key)
    with pytest.raises(ProviderUnreachable):
        read_answer(text, "alipay.trade.close", public_key=ours.public_key)

    for change in ({"biz_content": "{}"}, {"sign": ""}, {"app_id": "1"}, {"timestamp": "x"}):
        refused = read_answer(await gateway(house, {**signed, **change}), method, public_key=ours.public_key)
        assert refused.code == "40002"
    for odd in ("{}", "[]", "no json", "[" * 5000, json.dumps({"out_trade_no": "a b"})):
        asked = sign_for_alipay(ours.private_key, {**params, "biz_content": odd})
        assert read_answer(await gateway(house, asked), method, public_key=ours.public_key).code == "40004"
    strangers = sign_for_alipay(wallets.wallet, params)
    assert not is_signed_for_alipay(ours.public_key.replace("A", "B", 1), signed)
    assert read_answer(await gateway(house, strangers), method, public_key=ours.public_key).code == "40002"
    assert ours.seller_id == SELLER
    async with house.till.database.begin() as session:
        assert (await session.scalars(select(SimulatorSession))).all() == []
