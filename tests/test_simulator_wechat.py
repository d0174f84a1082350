"""The simulator as WeChat Pay v3: wechatpayv3 as the judge of every signature both ways, and what is refused."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select
from wechatpayv3.async_ import AsyncWeChatPay, WeChatPayType
from wechatpayv3.utils import build_authorization

from bench.pay_house import SOUND, PayHouse, pay_house
from bot.web.simulator import send_webhooks
from bot.web.simulator_model import SimulatorRefund, SimulatorSession
from bot.web.simulator_wechat import NATIVE_URL
from cli.scratch import BASE_URL, Place
from commerce.payments.port import Payer, ProviderUnreachable, RefundOutcome, SessionState
from commerce.payments.practice_wallets import MCHID, SERIAL, WALLET_SERIAL, WECHAT_APP, WECHAT_AT_HOME
from commerce.payments.setup import wechat_merchant
from commerce.payments.signatures import wechat_authorization
from commerce.payments.wechat_pay import WechatPay
from foundation.errors import Refused
from foundation.money import Money

NOTIFY = f"{BASE_URL}/webhooks/payments/wechat"
TEA = Money(6800, "CNY")


@pytest.fixture
async def house(place: Place) -> AsyncIterator[PayHouse]:
    async with pay_house(place, prices=[SOUND]) as house:
        yield house


def library(house: PayHouse, client: httpx.AsyncClient) -> AsyncWeChatPay:
    """wechatpayv3 with the keys of this shop; it looks at the real clock, and so must the house."""
    house.scratch.clock.moment = datetime.now(UTC)
    merchant, wallets = wechat_merchant(house.scratch.shop.settings), house.bank.wallets
    assert merchant is not None
    assert wallets is not None
    made = AsyncWeChatPay(
        WeChatPayType.NATIVE,
        mchid=MCHID,
        private_key=wallets.shop.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        cert_serial_no=SERIAL,
        appid=WECHAT_APP,
        apiv3_key=merchant.api_key.decode(),
        notify_url=NOTIFY,
        public_key=merchant.platform_keys[WALLET_SERIAL],
        public_key_id=WALLET_SERIAL,
    )
    made._core._gate_way, made._core._client = BASE_URL + WECHAT_AT_HOME, client
    return made


def provider(house: PayHouse) -> WechatPay:
    found = house.till.providers["wechat"]
    assert isinstance(found, WechatPay)
    return found


async def asked(house: PayHouse, reference: str = "X7K2-94QD-a1b2c3", payer: Payer = Payer()) -> Any:
    return await provider(house).create(
        reference=reference, money=TEA, return_url=f"{BASE_URL}/x", opened_at=house.scratch.clock(), payer=payer
    )


async def pressed(house: PayHouse, number: str, choice: str = "pay") -> None:
    async with house.till.database.begin() as session:
        found = await session.scalar(select(SimulatorSession.id).filter_by(reference=number))
    await house.scratch.client.post(f"/simulator/pay/{found}", data={"choice": choice})


async def test_wechatpayv3_orders_pays_refunds_and_closes(house: PayHouse) -> None:
    wechat = library(house, house.scratch.client)
    amount = {"total": 6800, "currency": "CNY"}
    told = {"description": "小店 紫砂壶", "out_trade_no": "A1_order", "amount": amount}
    code, text = await wechat.pay(**told)
    assert (code, json.loads(text)["code_url"].startswith(NATIVE_URL)) == (200, True)
    assert await wechat.pay(**told) == (200, text)  # the same number is the same order
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    code, text = await wechat.pay(**{**told, "out_trade_no": "A2_order"}, scene_info=scene, pay_type=WeChatPayType.H5)
    assert (code, json.loads(text)["h5_url"].startswith(BASE_URL)) == (200, True)

    code, text = await wechat.query(out_trade_no="A1_order")
    assert (code, json.loads(text)["trade_state"]) == (200, "NOTPAY")
    await pressed(house, "A1_order")
    code, text = await wechat.query(out_trade_no="A1_order")
    paid = json.loads(text)
    assert (code, paid["trade_state"], paid["amount"]["total"]) == (200, "SUCCESS", 6800)
    assert (await wechat.close("A1_order"))[0] == 400  # paid
    give = {"out_trade_no": "A1_order", "out_refund_no": "R1", "amount": {"refund": 800, **amount}}
    code, text = await wechat.refund(**give)
    assert (code, json.loads(text)["status"]) == (200, "SUCCESS")
    assert await wechat.refund(**give) == (200, text)
    assert (await wechat.query_refund("R1")) == (200, text)
    assert (await wechat.refund(**{**give, "out_refund_no": "R2", "amount": {"refund": 6001, **amount}}))[0] == 403
    assert json.loads((await wechat.query(out_trade_no="A1_order"))[1])["trade_state"] == "REFUND"
    assert (await wechat.close("A2_order"))[0] == 204
    assert json.loads((await wechat.query(out_trade_no="A2_order"))[1])["trade_state"] == "CLOSED"
    assert json.loads((await wechat.pay(**{**told, "out_trade_no": "A2_order"}))[1])["code"] == "INVALID_REQUEST"
    for missing in (wechat.query(out_trade_no="A3_order"), wechat.close("A3_order"), wechat.query_refund("R3")):
        assert (await missing)[0] == 404

    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(hear)) as client:
        assert await send_webhooks(house.bank, client) == 2
    events = [wechat._core.callback(dict(request.headers), request.content) for request in heard]
    assert [event["event_type"] for event in events] == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]
    assert events[0]["resource"]["transaction_id"] == paid["transaction_id"]
    assert events[1]["resource"]["out_refund_no"] == "R1"
    for request, about in zip(heard, ("A1_order", "A1_order"), strict=True):
        assert str(request.url) == NOTIFY
        (notice,) = provider(house).verify(dict(request.headers), request.content)
        assert notice.reference == about
        with pytest.raises(Refused, match=r"webhook\.forged"):
            provider(house).verify(dict(request.headers), request.content + b" ")
        with pytest.raises(Refused, match=r"webhook\.forged"):
            provider(house).verify({**request.headers, "wechatpay-serial": "other"}, request.content)


async def test_our_authorization_is_letter_for_letter_that_of_wechatpayv3(house: PayHouse) -> None:
    wallets = house.bank.wallets
    assert wallets is not None
    path, body = "/v3/pay/transactions/native?mchid=1", '{"description": "茶"}'
    theirs = build_authorization(path, "POST", MCHID, SERIAL, wallets.shop, data=body, nonce_str="n1")
    seconds = int(theirs.partition('timestamp="')[2].partition('"')[0])
    ours = wechat_authorization(
        wallets.shop,
        mchid=MCHID,
        serial=SERIAL,
        method="POST",
        path=path,
        raw=body.encode(),
        timestamp=seconds,
        nonce="n1",
    )
    assert ours == theirs


async def test_what_wechat_did_not_hear_of_or_does_not_take_again(house: PayHouse) -> None:
    wechat = provider(house)
    first, again = await asked(house), await asked(house)
    assert (first.ref, first.url, first.state) == (again.ref, again.url, SessionState.OPEN)
    assert first.url.startswith("weixin://")
    phone = await asked(house, payer=Payer("203.0.113.7", on_phone=True))
    assert (phone.ref, phone.reference) == (first.ref + "h", first.reference)
    assert f"redirect_url={BASE_URL.replace(':', '%3A').replace('/', '%2F')}%2Fx" in phone.url

    assert (await wechat.query("Y000-0000-000000")).state is SessionState.OPEN
    assert (await wechat.close("Y000-0000-000000")).state is SessionState.CLOSED
    assert await wechat.query_refund(first.ref, key="refund:cancelled:1") is RefundOutcome.UNKNOWN
    assert await wechat.refund(first.ref, key="refund:cancelled:1", money=TEA) is RefundOutcome.FAILED  # not paid

    await pressed(house, first.ref)
    asked_again = await asked(house)
    assert (asked_again.state, asked_again.url, asked_again.money) == (SessionState.PAID, "", TEA)
    house.later(timedelta(hours=1))
    late = await asked(house, reference="Z000-0000-000000")
    assert late.state is SessionState.OPEN  # just opened
    with pytest.raises(Refused, match=r"payment\.amount_unfit"):
        await wechat.create(
            reference="A", money=Money(1, "USD"), return_url="https://x.example", opened_at=house.scratch.clock()
        )
    opened = house.scratch.clock()
    house.later(timedelta(hours=1))
    over = await wechat.create(
        reference="V000-0000-000000", money=TEA, return_url="https://x.example", opened_at=opened
    )
    assert (over.state, over.url) == (SessionState.CLOSED, "")


async def test_a_refund_that_wechat_closed_is_followed_by_one_under_another_number(house: PayHouse) -> None:
    wechat, made = provider(house), await asked(house)
    await pressed(house, made.ref)
    async with house.till.database.begin() as session:
        found = (await session.scalars(select(SimulatorSession))).one()
        found.faults = ["fail_refund"]
    key, part = "refund:return:7:1", Money(100, "CNY")
    assert await wechat.refund(made.ref, key=key, money=part) is RefundOutcome.FAILED
    assert await wechat.query_refund(made.ref, key=key) is RefundOutcome.FAILED
    for _ in range(3):
        assert await wechat.refund(made.ref, key=key, money=part) is RefundOutcome.SUCCEEDED
    async with house.till.database.begin() as session:
        refunds = select(SimulatorRefund.key, SimulatorRefund.state).order_by(SimulatorRefund.created_at)
        known = [(number, state) for number, state in await session.execute(refunds)]
    assert sorted(known) == [("wechat:refundXreturnX7X1", "failed"), ("wechat:refundXreturnX7X1T1", "succeeded")]


async def test_nobody_but_the_merchant_is_heard_and_nobody_but_wechat_is_believed(house: PayHouse) -> None:
    unsigned = await house.scratch.client.get(
        f"{WECHAT_AT_HOME}/v3/pay/transactions/out-trade-no/A1_order?mchid={MCHID}"
    )
    assert unsigned.status_code == 401
    merchant = wechat_merchant(house.scratch.shop.settings)
    wallets = house.bank.wallets
    assert merchant is not None
    assert wallets is not None

    def ask(**other: Any) -> WechatPay:
        changed = replace(merchant, **other)
        return WechatPay(
            house.scratch.client,
            changed,
            notify_url=NOTIFY,
            shop_name="小店",
            now=house.scratch.clock,
        )

    for stranger in ({"private_key": wallets.wallet}, {"mchid": "1900000002"}):
        with pytest.raises(ProviderUnreachable, match="401"):
            await ask(**stranger).query("A1_order")
    made = await asked(house)
    for liar in ({"platform_keys": {WALLET_SERIAL: "no key"}}, {"platform_keys": {"other": "no key"}}):
        with pytest.raises(ProviderUnreachable, match="did not sign"):
            await ask(**liar).query(made.ref)
    other = {"appid": "wx1", "mchid": MCHID, "description": "x", "out_trade_no": "A1_order", "notify_url": NOTIFY}
    odd = await ask()._call("POST", "/v3/pay/transactions/native", {**other, "amount": {"total": 1}})
    assert (odd.status_code, odd.json()["code"]) == (400, "APPID_MCHID_NOT_MATCH")
    for path in ("native", "h5"):
        odd = await ask()._call("POST", f"/v3/pay/transactions/{path}", {"out_trade_no": "x"})
        assert (odd.status_code, odd.json()["code"]) == (400, "PARAM_ERROR")
