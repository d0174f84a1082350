"""Parcels at the staff's door: from the pick list to the counter, who may, what is written down, what is sealed."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import segno
from PIL import Image
from sqlalchemy import select

from admin_api.console.parcel_card import state_name
from admin_api.console.words import Words
from admin_api.parcel_views import ParcelRow
from commerce.catalog.model import Product, Variant
from commerce.customers.address import NOWHERE
from commerce.inventory.actions import receive_stock
from commerce.inventory.hold import Holds
from commerce.inventory.locations import LocationDraft, add_location
from commerce.orders.model import DeliveryMethod, Order
from commerce.shipping.model import DeliveryProof
from commerce.shipping.pickup import pickup_code
from commerce.shipping.splitting import Place, fewest_parcels
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import ORIGIN, Console, open_console, refusal
from tests.goods import Stock, a_product, an_order, holds_of, stock_of


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=10)


async def written_down(console: Console) -> list[str]:
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [line.action for line in found if line.action.startswith(("parcel.", "order.address"))]


def a_photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, "JPEG")
    return made.getvalue()


async def test_an_order_is_packed_in_parts_sent_and_proved(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    order = await an_order(console.database, holds, {tea: 3}, now=now)
    path = f"/api/orders/{order.number}/parcels"
    answer = await wang.get(path)
    assert answer.status_code == 200, answer.text
    (loose,) = answer.json()["loose"]
    assert (loose["title"], loose["quantity"]) == ("龙井茶", 3)
    made = await wang.post(path, {"lines": [{"line_id": loose["line_id"], "quantity": 2}]})
    assert made.status_code == 200, made.text
    assert [one["quantity"] for one in made.json()["loose"]] == [1]
    too_many = await wang.post(path, {"lines": [{"line_id": loose["line_id"], "quantity": 2}]})
    assert refusal(too_many) == (409, "shipment.too_many")
    (first,) = made.json()["parcels"]
    (second,) = [one for one in (await wang.post(path, {})).json()["parcels"] if one["id"] != first["id"]]
    listed = (await wang.get("/api/parcels")).json()["parcels"]
    assert [one["id"] for one in listed] == [first["id"], second["id"]]
    one = f"/api/parcels/{first['id']}"
    unpacked = await wang.post(f"{one}/ship", {"carrier": "顺丰", "tracking_number": "SF1"})
    assert refusal(unpacked) == (409, "shipment.move_refused")
    assert (await wang.post(f"{one}/pick")).json()["state"] == "picked"
    assert (await wang.post(f"{one}/pack")).json()["state"] == "packed"
    assert refusal(await wang.post(f"{one}/ship", {"carrier": "顺丰"})) == (422, "shipment.number_empty")
    shipped = (await wang.post(f"{one}/ship", {"carrier": "顺丰", "tracking_number": "SF1"})).json()
    assert (shipped["state"], shipped["tracking_url"]) == (
        "shipped",
        "https://www.kuaidi100.com/chaxun?com=shunfeng&nu=SF1",
    )
    assert await stock_of(console.database, tea) == Stock(8, 1)
    assert (await wang.get(f"/api/orders/{order.number}")).json()["order"]["fulfilment_state"] == "partial"
    assert refusal(await wang.post(f"{one}/state", {"state": "packed"})) == (409, "shipment.move_refused")
    said = await wang.post(f"{one}/state", {"state": "out_for_delivery", "text": "今天下午送到"})
    assert said.json()["state"] == "out_for_delivery"
    photo = await wang.http.post(f"{one}/proof/photo", content=a_photo(), headers={"Content-Type": "image/jpeg"})
    assert photo.json()["state"] == "delivered", photo.text
    whole = (await wang.get(one)).json()
    assert [(line["state"], line["text"]) for line in whole["tracking"]] == [
        ("delivered", ""),
        ("out_for_delivery", "今天下午送到"),
    ]
    (proof,) = whole["proofs"]
    opened = (await wang.get(f"{one}/proof/{proof['id']}")).json()
    assert opened["photo"].startswith("data:image/jpeg;base64,")
    assert refusal(await wang.get(f"/api/parcels/{second['id']}/proof/{proof['id']}")) == (404, "proof.unknown")
    async with console.database.begin() as session:
        sealed = (await session.scalars(select(DeliveryProof.content_sealed))).one()
    assert opened["photo"].split(",")[1].encode() not in sealed
    assert (await wang.post(f"/api/parcels/{second['id']}/cancel")).json()["state"] == "cancelled"
    assert await written_down(console) == [
        *["parcel.made", "parcel.made", "parcel.picked", "parcel.packed", "parcel.shipped"],
        *["parcel.said", "parcel.proved", "parcel.proof_opened", "parcel.cancelled"],
    ]


async def test_digital_goods_stand_under_parcels_as_handed_over(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    async with console.database.begin() as session:
        lesson = await a_product(session, now=now, title="茶艺课", price=9900)
        (await session.get_one(Product, (await session.get_one(Variant, lesson)).product_id)).is_digital = True
    orders = [
        await an_order(console.database, holds, {lesson: 1}, now=now, to=NOWHERE),
        await an_order(console.database, holds, {tea: 1, lesson: 1}, now=now),
    ]
    no_number = await wang.post(f"/api/orders/{orders[1].number}/ship", {"carrier": "顺丰"})
    assert refusal(no_number) == (422, "shipment.number_empty")
    stand = []
    for order, sending in zip(orders, ({}, {"carrier": "顺丰", "tracking_number": "SF1"}), strict=True):
        await wang.post(f"/api/orders/{order.number}/ship", sending)
        (parcel,) = (await wang.get(f"/api/orders/{order.number}/parcels")).json()["parcels"]
        stand.append([state_name(Words(language), ParcelRow(**parcel)) for language in ("zh", "en")])
    assert stand == [["已交付", "Handed over"], ["已发出", "shipped"]]


async def test_guessing_a_pick_up_code_at_the_counter_ends_after_five_tries_even_at_once(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    async with console.database.begin() as session:
        (await session.get_one(Order, order.id)).delivery_method = DeliveryMethod.PICKUP
    (parcel,) = (await wang.post(f"/api/orders/{order.number}/parcels", {})).json()["parcels"]
    path = f"/api/parcels/{parcel['id']}"
    for step in ("pick", "pack"):
        await wang.post(f"{path}/{step}")

    async def code() -> str:
        async with console.database.begin() as session:
            return await pickup_code(session, shipment_id=parcel["id"], customer_id=order.customer_id)

    right = await code()
    guesses = [f"{(int(right) + n) % 10**6:06d}" for n in range(1, 31)]
    answers = await asyncio.gather(*(wang.post(f"{path}/hand-over", {"code": guess}) for guess in guesses))
    codes = sorted(refusal(answer) for answer in answers)
    assert codes == [(409, "pickup.locked")] * 25 + [(409, "pickup.wrong_code")] * 5
    assert refusal(await wang.post(f"{path}/hand-over", {"code": right})) == (409, "pickup.locked")
    assert (await wang.post(f"{path}/new-code")).status_code == 200
    assert (await wang.post(f"{path}/hand-over", {"code": await code()})).json()["state"] == "delivered"
    assert refusal(await wang.post(f"{path}/hand-over", {"code": right})) == (409, "pickup.not_ready")
    assert await stock_of(console.database, tea) == Stock(9, 0)


async def test_an_agent_reads_parcels_and_sends_none_and_a_slip_is_written_down(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    mei, wang = await console.at_work("mei"), await console.at_work("wang", "merchant")
    order = await an_order(console.database, holds, {tea: 1}, now=now)
    path = f"/api/orders/{order.number}/parcels"
    assert refusal(await mei.post(path, {})) == (403, "staff.forbidden")
    (parcel,) = (await wang.post(path, {})).json()["parcels"]
    one = f"/api/parcels/{parcel['id']}"
    for act in ("pick", "pack", "cancel", "new-code"):
        assert refusal(await mei.post(f"{one}/{act}")) == (403, "staff.forbidden")
    assert (await mei.get(one)).json()["parcel"]["state"] == "pending"
    slip = await wang.get(f"{one}/slip")
    assert slip.headers["content-type"].startswith("text/html")
    assert "文三路90号" in slip.text
    scanned = segno.make(f"{ORIGIN}/console/parcels?p={parcel['id']}", error="m", micro=False)
    assert scanned.svg_inline(scale=3, border=4) in slip.text
    assert "script-src" not in slip.headers["content-security-policy"]
    for wrong in ("/api/parcels/999999", "/api/parcels/999999/slip"):
        assert refusal(await wang.get(wrong)) == (404, "shipment.unknown")
    assert refusal(await wang.get("/api/parcels", shelf="attic")) == (404, "parcel.shelf_unknown")
    assert await written_down(console) == ["parcel.made", "order.address_opened"]


async def test_a_lost_parcel_is_refunded_within_the_limit_of_the_role(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang, mei = await console.at_work("wang", "merchant"), await console.at_work("mei")
    order = await an_order(console.database, holds, {tea: 3}, now=now)
    await wang.post(f"/api/orders/{order.number}/paid", {"proof": "1"})
    await wang.post(f"/api/orders/{order.number}/ship", {"carrier": "三轮车", "tracking_number": "1"})
    (parcel,) = (await wang.get("/api/parcels", shelf="on_the_way")).json()["parcels"]
    path = f"/api/parcels/{parcel['id']}"
    assert refusal(await wang.post(f"{path}/refund")) == (409, "shipment.not_to_mend")
    await wang.post(f"{path}/state", {"state": "lost"})
    assert [one["id"] for one in (await mei.get("/api/parcels", shelf="trouble")).json()["parcels"]] == [parcel["id"]]
    assert refusal(await mei.post(f"{path}/refund")) == (409, "refund.above_limit")  # 204 of at most 200
    answers = await asyncio.gather(*(wang.post(f"{path}/refund") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    read = (await wang.get(f"/api/orders/{order.number}")).json()["order"]
    assert read["fulfilment_state"] == "returned"
    assert (await wang.get("/api/parcels", shelf="trouble")).json()["parcels"] == []


def test_an_order_goes_in_the_fewest_parcels_and_of_equally_few_in_the_cheapest() -> None:
    near, far, all_ = Place(1, 800, {7: 2, 8: 1}), Place(2, 500, {8: 9}), Place(3, 1500, {7: 5, 8: 5})
    assert fewest_parcels({7: 2, 8: 1}, [near, far, all_]) == {1: {7: 2, 8: 1}}
    assert fewest_parcels({7: 2, 8: 4}, [near, far, all_]) == {3: {7: 2, 8: 4}}
    assert fewest_parcels({7: 2, 8: 4}, [near, far]) == {1: {7: 2, 8: 1}, 2: {8: 3}}
    assert fewest_parcels({7: 6, 8: 9}, [near, far, all_]) == {1: {7: 2, 8: 1}, 2: {8: 8}, 3: {7: 4}}
    assert fewest_parcels({7: 8}, [near, far, all_]) is None
    six = [Place(n, 0, {7: 1}) for n in range(6)]
    assert fewest_parcels({7: 6}, six) == {n: {7: 1} for n in range(6)}


async def test_goods_that_are_free_in_one_place_save_a_second_parcel(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    async with console.database.begin() as session:
        cup = await a_product(session, now=now, title="杯", pieces=0)
        draft = LocationDraft(name={"zh": "北京仓"}, address={}, region={}, is_pickup=False, parcel_cost=100)
        beijing = (await add_location(session, code="bj", draft=draft)).id
        for variant, pieces in ((cup, 2), (tea, 1)):
            await receive_stock(
                session, variant_id=variant, quantity=pieces, reference="x", now=now, location_id=beijing
            )
    order = await an_order(console.database, holds, {tea: 2, cup: 1}, now=now)
    made = (await wang.post(f"/api/orders/{order.number}/parcels", {})).json()["parcels"]
    assert len(made) == 2  # the tea of Beijing is one piece short
    for one in made:
        await wang.post(f"/api/parcels/{one['id']}/cancel")
    async with console.database.begin() as session:
        await receive_stock(session, variant_id=tea, quantity=1, reference="x", now=now, location_id=beijing)
    live = [
        one
        for one in (await wang.post(f"/api/orders/{order.number}/parcels", {})).json()["parcels"]
        if one["state"] == "pending"
    ]
    assert [(one["location"], len(one["lines"])) for one in live] == [("北京仓", 2)]
    path = f"/api/parcels/{live[0]['id']}"
    for step in ("pick", "pack"):
        await wang.post(f"{path}/{step}")
    sent = await wang.post(f"{path}/ship", {"carrier": "simulator"})
    assert sent.json()["tracking_number"].startswith("XE")
    assert sent.json()["location"] == "北京仓"
