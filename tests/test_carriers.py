"""Carriers at the wire: kuaidi100 asked, subscribed and pushing; its signatures, its states, its giving up."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from bot.web.carriers import KUAIDI100, router
from bot.web.errors import answer_errors
from commerce.inventory.hold import Holds
from commerce.orders.actions import mark_shipped
from commerce.orders.model import OrderEvent
from commerce.shipping.companies import company_of, public_link
from commerce.shipping.kuaidi100 import Kuaidi100, sign, state_of
from commerce.shipping.mailroom import JOBS, Mailroom, ask_about_parcel, follow_parcel, receive_push
from commerce.shipping.model import Shipment, ShipmentState
from commerce.shipping.port import CarrierUnreachable, Followed
from commerce.shipping.queries import tracking_of
from commerce.shipping.tracking import want_to_know
from foundation.database import Database
from foundation.errors import Refused
from foundation.jobs import run_due_jobs
from tests.goods import a_product, an_order, holds_of
from tests.kuaidi100_fake import CUSTOMER, KEY, SALT, Kuaidi100Fake, signed

HOUR = timedelta(hours=1)
PUSH_URL = "https://shop.example/webhooks/carriers/kuaidi100"


@pytest.fixture
def server() -> Kuaidi100Fake:
    return Kuaidi100Fake(
        scans=[
            ("2026-11-22 15:00:00", "501", "已放入丰巢柜"),
            ("2026-11-22 12:30:00", "1", "顺丰速运 已收取快件"),
        ]
    )


@pytest.fixture
async def watcher(server: Kuaidi100Fake) -> AsyncIterator[Kuaidi100]:
    async with server.client() as client:
        yield Kuaidi100(
            client, base_url="https://poll.example/", customer=CUSTOMER, key=KEY, salt=SALT, callback_url=PUSH_URL
        )


@pytest.fixture
async def mailroom(database: Database, watcher: Kuaidi100, now: datetime) -> Mailroom:
    return Mailroom(database=database, carriers={"kuaidi100": watcher}, now=lambda: now + 6 * HOUR)


@pytest.fixture
async def parcel(database: Database, now: datetime) -> Shipment:
    """A parcel that has just left with 顺丰."""
    async with database.begin() as session:
        tea = await a_product(session, now=now, pieces=10)
    holds: Holds
    async with holds_of(database) as holds:
        order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        await mark_shipped(session, order_id=order.id, tracking_number="SF136688", carrier="顺丰", now=now)
        return (await session.scalars(select(Shipment))).one()


async def standing(database: Database, parcel: Shipment) -> tuple[ShipmentState, list[str]]:
    """Where the parcel stands, and what was said about it, oldest first."""
    async with database.begin() as session:
        fresh = await session.get_one(Shipment, parcel.id)
        return fresh.state, [one.text for one in await tracking_of(session, parcel.id)][::-1]


def test_signatures_are_the_md5_of_the_parts_in_capitals() -> None:
    # The digests of "abc" and of nothing are the test vectors of RFC 1321.
    assert sign("a", "b", "c") == "900150983CD24FB0D6963F7D28E17F72"
    assert sign("") == "D41D8CD98F00B204E9800998ECF8427E"
    assert sign("快递", SALT) == signed("快递" + SALT)


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ("0 1 7 8 10 11 12 103 1001 1002 1003", ShipmentState.IN_TRANSIT),
        ("5 501", ShipmentState.OUT_FOR_DELIVERY),
        ("3 301 302 303 304", ShipmentState.DELIVERED),
        ("2 6 13 14 201 202 203 204 205 206 207 208 209 210 401", ShipmentState.EXCEPTION),
        ("4", ShipmentState.RETURNED_TO_SENDER),
        ("101 102 9999", None),
    ],
)
def test_every_state_of_theirs_is_one_of_ours(codes: str, state: ShipmentState | None) -> None:
    assert {state_of(code) for code in codes.split()} == {state}


def test_carriers_are_known_by_the_names_people_write() -> None:
    assert [company_of(name) for name in ("顺丰", "SF Express", " 中通快递 ", "ems", "我家三轮车")] == [
        "shunfeng",
        "shunfeng",
        "zhongtong",
        "ems",
        None,
    ]
    assert public_link("圆通", "YT 1&x") == "https://www.kuaidi100.com/chaxun?com=yuantong&nu=YT%201%26x"
    assert public_link("我家三轮车", "1") == ""


async def test_a_parcel_is_watched_from_the_moment_it_leaves(
    database: Database, mailroom: Mailroom, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    def job(name: str):  # type: ignore[no-untyped-def]
        async def run(payload: dict[str, object]) -> None:
            await JOBS[name](mailroom, payload)

        return run

    assert await run_due_jobs(database, {name: job(name) for name in JOBS}) == 1
    ((path, asked),) = server.asked
    assert path == "/poll"
    assert (asked["company"], asked["number"]) == ("shunfeng", "SF136688")
    assert asked["parameters"] == {"callbackurl": PUSH_URL, "salt": SALT, "resultv2": "4", "phone": "8000"}


async def test_asking_moves_the_parcel_and_a_push_of_the_same_changes_nothing(
    database: Database, mailroom: Mailroom, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    await ask_about_parcel(mailroom, {"shipment_id": parcel.id})
    stood = (ShipmentState.OUT_FOR_DELIVERY, ["顺丰速运 已收取快件", "已放入丰巢柜"])
    assert await standing(database, parcel) == stood
    for _ in range(3):
        assert await receive_push(mailroom, "kuaidi100", server.push("SF136688")) == 1
    assert await standing(database, parcel) == stood
    del server.scans[0]  # a push that was on its way for long
    assert await receive_push(mailroom, "kuaidi100", server.push("SF136688")) == 1
    assert await standing(database, parcel) == stood
    server.scans.insert(0, ("2026-11-22 15:40:00", "301", "本人签收"))
    assert await receive_push(mailroom, "kuaidi100", server.push("SF136688")) == 1
    async with database.begin() as session:
        fresh = await session.get_one(Shipment, parcel.id)
    assert fresh.state is ShipmentState.DELIVERED
    assert fresh.delivered_at == datetime.fromisoformat("2026-11-22T15:40:00+08:00")
    assert await receive_push(mailroom, "kuaidi100", server.push("not ours")) == 0


async def test_a_list_without_codes_is_read_by_the_state_of_the_whole(
    database: Database, mailroom: Mailroom, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    server.state = "2"
    server.scans = [("2026-11-22 13:00:00", "", "电话无人接听"), ("2026-11-22 12:30:00", "", "派件中")]
    await receive_push(mailroom, "kuaidi100", server.push("SF136688"))
    assert (await standing(database, parcel))[0] is ShipmentState.EXCEPTION


async def test_watching_that_ends_is_written_down_and_asked_for_again_twice_at_most(
    database: Database, mailroom: Mailroom, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    async def waiting() -> int:
        async with database.raw() as driver:
            count: int = await driver.fetchval(
                "SELECT count(*) FROM pgqueuer WHERE dedupe_key ~ $1", f"^shipping.follow_parcel:{parcel.id}:"
            )
            return count

    server.scans = []
    silent = server.push("SF136688", status="abort", message="3天查询无记录")
    for _ in range(2):  # told twice on one day
        await receive_push(mailroom, "kuaidi100", silent)
    assert await waiting() == 1
    for days in range(1, 4):
        later = Mailroom(database, mailroom.carriers, now=lambda days=days: parcel.created_at + days * 24 * HOUR)  # type: ignore[misc]
        await receive_push(later, "kuaidi100", silent)
    assert await waiting() == 2
    async with database.begin() as session:
        kinds = select(func.count()).where(OrderEvent.kind == "tracking_ended")
        assert await session.scalar(kinds) == 4
    assert (await standing(database, parcel))[0] is ShipmentState.SHIPPED


async def test_a_push_that_is_not_theirs_is_refused_and_leaves_nothing(
    database: Database, mailroom: Mailroom, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    app = FastAPI()
    app.state.shop = SimpleNamespace(mailroom=mailroom)
    app.include_router(router)
    answer_errors(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:

        async def pushed(form: dict[str, str], at: str = KUAIDI100) -> int:
            typed = {"Content-Type": "application/x-www-form-urlencoded"}
            return (await client.post(at, content=urlencode(form), headers=typed)).status_code

        good = server.push("SF136688")
        assert await pushed(server.push("SF136688", salt="somebody else's")) == 401
        assert await pushed({**good, "param": good["param"].replace("501", "301")}) == 401
        assert await pushed({}) == 401
        assert await pushed({"param": "[", "sign": signed("[", SALT)}) == 422
        assert await pushed(good, at="/webhooks/carriers/other") == 404
        assert await pushed({str(n): "" for n in range(50)}) == 422
        assert await standing(database, parcel) == (ShipmentState.SHIPPED, [])
        answer = await client.post(KUAIDI100, data=good)
        assert answer.json() == {"result": True, "returnCode": "200", "message": "success"}
    assert (await standing(database, parcel))[0] is ShipmentState.OUT_FOR_DELIVERY


async def test_a_carrier_that_does_not_answer_is_asked_again_and_one_that_refuses_is_not(
    mailroom: Mailroom, watcher: Kuaidi100, server: Kuaidi100Fake, parcel: Shipment
) -> None:
    followed = Followed("shunfeng", "SF136688", "8000")
    server.down = True
    with pytest.raises(CarrierUnreachable):
        await ask_about_parcel(mailroom, {"shipment_id": parcel.id})
    server.down = False
    server.answer = {"result": False, "returnCode": "500", "message": "查询无结果，请隔段时间再查"}
    assert await watcher.query(followed) == []
    for code in ("601", "503"):
        server.answer = {"result": False, "returnCode": code}
        with pytest.raises(CarrierUnreachable):
            await watcher.query(followed)
        with pytest.raises(CarrierUnreachable):
            await watcher.follow(followed)
    server.answer = {"result": False, "returnCode": "501", "message": "重复订阅"}
    await watcher.follow(followed)
    server.answer = {"result": False, "returnCode": "700"}
    with pytest.raises(Refused, match=r"^carrier\.refused"):
        await watcher.follow(followed)
    await follow_parcel(mailroom, {"shipment_id": parcel.id})  # the job is done: asking again does not help


async def test_a_shopper_who_looks_has_the_carrier_asked_once_in_half_an_hour(
    database: Database, parcel: Shipment, now: datetime
) -> None:
    for minutes in (1, 2, 3):
        async with database.begin() as session:
            await want_to_know(session, shipment_id=parcel.id, now=now + timedelta(minutes=minutes))
    async with database.raw() as driver:
        jobs = await driver.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'shipping.ask_about_parcel'")
    assert jobs == 1
