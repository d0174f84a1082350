"""The simulator as Stripe: Stripe's own client, its recorded calls, idempotency keys, and its signed webhooks."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from sqlalchemy import func, select

from bench.pay_house import PayHouse, pay_house
from bot.web.simulator import send_webhooks
from bot.web.simulator_model import SimulatorRefund, SimulatorSession
from cli.scratch import BASE_URL, Place
from commerce.payments.port import RefundOutcome, SessionState
from commerce.payments.setup import STRIPE_AT_HOME
from commerce.payments.stripe_checkout import OPEN_FOR
from foundation.errors import Json, Refused
from foundation.money import Money

KEY = "sk_test_of_this_house"
HOME = STRIPE_AT_HOME + "/v1"
BASKET = {
    "mode": "payment",
    "client_reference_id": "A1-x",
    "success_url": "https://shop.example/done",
    "line_items[0][price_data][currency]": "cny",
    "line_items[0][price_data][unit_amount]": "20400",
    "line_items[0][price_data][product_data][name]": "A1",
    "line_items[0][quantity]": "1",
}


@pytest.fixture
async def house(place: Place) -> AsyncIterator[PayHouse]:
    async with pay_house(place) as house:
        yield house


class ToApp(stripe.HTTPClient):
    """Brings the calls of Stripe's library to the app."""

    name = "app"

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__()
        self.client = client

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        answer = await self.client.request(method.upper(), url, headers=dict(headers), content=post_data or b"")
        return answer.content, answer.status_code, answer.headers


async def post(house: PayHouse, path: str, form: dict[str, str], *, key: str = "", secret: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
    return await house.scratch.client.post(HOME + path, data=form, headers=headers)


async def sessions(house: PayHouse) -> int:
    async with house.till.database.begin() as session:
        return await session.scalar(select(func.count()).select_from(SimulatorSession)) or 0


async def test_stripes_own_client_opens_pays_refunds_and_expires(house: PayHouse) -> None:
    wire = ToApp(house.scratch.client)
    client = stripe.StripeClient(KEY, base_addresses={"api": BASE_URL + STRIPE_AT_HOME}, http_client=wire)
    line: Any = {"price_data": {"currency": "cny", "unit_amount": 20400, "product_data": {"name": "茶"}}, "quantity": 1}
    made = await client.v1.checkout.sessions.create_async(
        params={
            "mode": "payment",
            "client_reference_id": "A1",
            "success_url": "https://x.example",
            "line_items": [line],
        }
    )
    assert (made.status, made.payment_status, made.amount_total, made.currency) == ("open", "unpaid", 20400, "cny")
    answer = await house.scratch.client.post(str(made.url).removeprefix(BASE_URL), data={"choice": "pay"})
    assert answer.status_code == httpx.codes.SEE_OTHER
    paid = await client.v1.checkout.sessions.retrieve_async(made.id, params={"expand": ["payment_intent"]})
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert isinstance(paid.payment_intent, stripe.PaymentIntent)
    intent = paid.payment_intent.id
    refund = await client.v1.refunds.create_async(params={"payment_intent": intent, "amount": 400})
    assert (refund.status, refund.amount) == ("succeeded", 400)
    listed = await client.v1.refunds.list_async(params={"payment_intent": intent})
    assert [one.id for one in listed.data] == [refund.id]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await client.v1.refunds.create_async(params={"payment_intent": intent, "amount": 20001})
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        await client.v1.checkout.sessions.expire_async(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such checkout"):
        await client.v1.checkout.sessions.retrieve_async("cs_test_none")


async def test_one_key_does_one_thing_and_takes_no_other_parameters(house: PayHouse) -> None:
    first = await post(house, "/checkout/sessions", BASKET, key="create:A1")
    again = await post(house, "/checkout/sessions", BASKET, key="create:A1")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await post(house, "/checkout/sessions", BASKET | {"client_reference_id": "A2"}, key="create:A1")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert await sessions(house) == 1
    await post(house, "/checkout/sessions", BASKET)
    assert await sessions(house) == 2

    too_soon = BASKET | {"expires_at": str(int((house.scratch.clock() + timedelta(minutes=29)).timestamp()))}
    for _ in range(2):  # what was refused is not remembered under its key
        refused = await post(house, "/checkout/sessions", too_soon, key="k")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "expires_at")
    assert await sessions(house) == 2


async def test_stripe_refuses_what_it_cannot_read(house: PayHouse) -> None:
    odd = {
        "mode": "setup",
        "success_url": "",
        "line_items[0][quantity]": "x",
        "line_items[0][price_data][currency]": "xyz",
        "line_items[0][price_data][unit_amount]": "999999999",
    }
    for name, value in odd.items():
        answer = await post(house, "/checkout/sessions", BASKET | {name: value})
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error"), name
    assert await sessions(house) == 0


async def test_nobody_without_the_key_is_heard(house: PayHouse) -> None:
    for path in ("/checkout/sessions", "/refunds", "/payment_intents", "/products"):
        assert (await post(house, path, BASKET, secret="sk_test_other")).status_code == 401
    unsigned = await house.scratch.client.get(f"{HOME}/refunds?payment_intent=pi_1")
    assert unsigned.status_code == 401
    assert await sessions(house) == 0


async def test_stripes_library_verifies_the_webhooks_of_the_simulator(house: PayHouse) -> None:
    house.scratch.clock.moment = datetime.now(UTC)  # Stripe's library looks at the real clock
    await post(house, "/checkout/sessions", BASKET)
    async with house.till.database.begin() as session:
        found = (await session.scalars(select(SimulatorSession.id))).one()
    await house.scratch.client.post(f"/simulator/pay/{found}", data={"choice": "pay"})
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(hear)) as client:
        assert await send_webhooks(house.bank, client) == 1
    (request,) = heard
    assert str(request.url) == f"{BASE_URL}/webhooks/payments/stripe"
    event = stripe.Webhook.construct_event(
        request.content, request.headers["Stripe-Signature"], house.bank.stripe_secret.decode()
    )
    assert (event.type, event.data.object["client_reference_id"]) == ("checkout.session.completed", "A1-x")
    (notice,) = house.till.providers["stripe"].verify(request.headers, request.content)
    assert (notice.reference, notice.payload["object"]) == ("A1-x", "checkout.session")


async def test_a_session_that_is_asked_for_very_late_is_still_one_that_can_be_closed(house: PayHouse) -> None:
    provider, opened = house.till.providers["stripe"], house.scratch.clock()
    house.later(timedelta(hours=7))
    made = [
        await provider.create(
            reference="A1-x", money=Money(6800, "CNY"), return_url="https://x.example", opened_at=opened
        )
        for _ in range(2)
    ]
    assert made[0].ref == made[1].ref
    assert (await provider.close(made[0].ref)).state is SessionState.CLOSED
    assert await sessions(house) == 1


async def test_a_session_ends_by_itself(house: PayHouse) -> None:
    provider, opened = house.till.providers["stripe"], house.scratch.clock()
    made = await provider.create(
        reference="A1-x", money=Money(6800, "CNY"), return_url="https://x.example", opened_at=opened
    )
    house.later(OPEN_FOR)
    assert (await provider.query(made.ref)).state is SessionState.CLOSED


async def test_a_refund_that_failed_is_followed_by_one_other_try_and_no_more(house: PayHouse) -> None:
    provider = house.till.providers["stripe"]
    made = await provider.create(
        reference="A1-x", money=Money(6667, "CNY"), return_url="https://x.example", opened_at=house.scratch.clock()
    )
    await house.scratch.client.post(f"/simulator/pay/{made.ref}", data={"choice": "pay"})
    async with house.till.database.begin() as session:
        found = await session.get_one(SimulatorSession, made.ref)
        found.faults = ["fail_refund"]
    money = Money(6667, "CNY")
    assert await provider.refund(made.ref, key="refund:cancelled:1", money=money) is RefundOutcome.FAILED
    assert await provider.query_refund(made.ref, key="refund:cancelled:1") is RefundOutcome.FAILED
    for _ in range(3):
        assert await provider.refund(made.ref, key="refund:cancelled:1", money=money) is RefundOutcome.SUCCEEDED
    assert await provider.query_refund(made.ref, key="refund:other:1") is RefundOutcome.UNKNOWN
    async with house.till.database.begin() as session:
        states = await session.scalars(select(SimulatorRefund.state).order_by(SimulatorRefund.state))
        assert list(states) == ["failed", "succeeded"]


async def test_an_amount_that_stripe_cannot_write_is_refused_before_it_is_sent(house: PayHouse) -> None:
    with pytest.raises(Refused, match=r"payment\.amount_unfit"):
        await house.till.providers["stripe"].create(
            reference="A1", money=Money(12345, "KWD"), return_url="https://x.example", opened_at=house.scratch.clock()
        )
    assert await sessions(house) == 0


TRIGGERS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "charge.refunded",
    "charge.succeeded",
    "payment_intent.succeeded",
    "payment_intent.created",
)


async def test_the_calls_that_stripes_command_line_makes_are_answered(house: PayHouse, shared: Path) -> None:
    for trigger in TRIGGERS:
        calls = json.loads((shared / f"payloads/stripe/cli-triggers/{trigger}.json").read_text())["fixtures"]
        answers: dict[str, Json] = {}
        for call in calls:
            path = _filled(call["path"], answers).removeprefix("/v1")
            form = {name: _filled(value, answers) for name, value in _form(call.get("params", {}))}
            headers = {"Authorization": f"Bearer {KEY}"}
            answer = await house.scratch.client.request(
                call["method"].upper(), HOME + path, data=form or None, headers=headers
            )
            assert answer.status_code == 200, (trigger, call["name"], answer.text)
            answers[call["name"]] = answer.json()
    async with house.till.database.begin() as session:
        states = await session.scalars(select(SimulatorSession.state).order_by(SimulatorSession.created_at))
        assert sorted(states) == sorted(["paid", "closed", "paid", "paid", "paid", "open"])
        assert list(await session.scalars(select(SimulatorRefund.amount))) == [100]


def _form(params: Json, name: str = "") -> list[tuple[str, str]]:
    """Parameters as Stripe's forms write them: line_items[0][price]."""
    if isinstance(params, dict):
        pairs = [(f"{name}[{key}]" if name else key, value) for key, value in params.items()]
    elif isinstance(params, list):
        pairs = [(f"{name}[{place}]", value) for place, value in enumerate(params)]
    else:
        return [(name, str(params).lower() if isinstance(params, bool) else str(params))]
    return [one for key, value in pairs for one in _form(value, key)]


def _filled(text: str, answers: dict[str, Json]) -> str:
    return re.sub(r"\$\{(\w+):(\w+)\}", lambda blank: str(answers[blank[1]][blank[2]]), text)
