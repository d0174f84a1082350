"""Promotions, price lists, zones and taxes at the staff's door: who may, what is checked, what carts then cost."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from commerce.catalog.model import Product, Variant
from commerce.pricing.actions import quote_cart
from commerce.pricing.values import Priced
from commerce.pricing.zones import Region
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal
from tests.goods import a_customer, a_product

NAME = {"zh": "满100减10", "en": "10 off 100"}
SALE = {"name": NAME, "rule": {"kind": "tiers", "tiers": [{"from_amount": 10_000, "amount": 1000}]}}
RATE = {"name": {"zh": "快递"}, "kind": "flat", "amount": 800, "free_from": 99_000, "days_min": 1, "days_max": 3}
ZONE = {
    "name": {"zh": "江浙沪"},
    "countries": ["CN"],
    "provinces": ["浙江省", "江苏省"],
    "rates": [RATE],
}


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def wang(console: Console) -> Browser:
    return await console.at_work("wang", "merchant")


async def cost(database: Database, now: datetime, customer_id: int, variant_id: int, region: Region | None) -> Priced:
    async with database.begin() as session:
        lines = [(variant_id, 2)]
        return await quote_cart(
            session, customer_id=customer_id, lines=lines, language="zh", now=now, destination=region
        )


async def the(wang: Browser, path: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (await wang.get(path)).json()[key][0]
    return found


async def written(database: Database) -> list[str]:
    async with database.begin() as session:
        actions = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        return [action for action in actions if action.split(".")[0] in ("promotion", "price_list", "zone", "tax")]


async def test_a_merchant_makes_edits_and_switches_off_a_promotion_and_carts_follow(
    console: Console, wang: Browser, database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea, li = await a_product(session, now=now, price=6000), (await a_customer(session, now=now)).id
    made = (await wang.post("/api/promotions", SALE)).json()["promotions"][0]
    assert (made["name"], made["rule"]["kind"], made["active"], made["uses"], made["version"]) == (
        NAME, "tiers", True, 0, 1
    )  # fmt: skip
    assert (await cost(database, now, li, tea, None)).total == 11_000
    edit = {**SALE, "rule": {"kind": "percent", "ppm": 500_000}, "max_uses": 7, "version": 1}
    edited = (await wang.post(f"/api/promotions/{made['id']}", edit)).json()["promotions"][0]
    assert (edited["rule"], edited["max_uses"], edited["version"]) == (
        {"ppm": 500_000, "min_quantity": 1, "kind": "percent"}, 7, 2
    )  # fmt: skip
    assert (await cost(database, now, li, tea, None)).total == 6000
    late = await wang.post(f"/api/promotions/{made['id']}/switch", {"active": False, "version": 1})
    assert refusal(late) == (409, "promotion.changed")
    await wang.post(f"/api/promotions/{made['id']}/switch", {"active": False, "version": 2})
    assert (await cost(database, now, li, tea, None)).total == 12_000
    assert await written(database) == ["promotion.added", "promotion.edited", "promotion.switched"]
    agent = await console.at_work("li", "agent")
    assert (await agent.get("/api/promotions")).status_code == 200
    for path, body in (("/api/promotions", SALE), ("/api/shipping-zones", ZONE)):
        answer = await agent.post(path, body)
        assert refusal(answer) == (403, "staff.forbidden")


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("promotions", {**SALE, "rule": {"kind": "magic"}}, 422, "request.invalid"),
    ("promotions", {**SALE, "rule": {"kind": "percent", "ppm": 2_000_000}}, 422, "request.invalid"),
    ("promotions", {**SALE, "rule": {"kind": "tiers", "tiers": [{"from_amount": 5, "amount": 6}]}}, 422,
     "promotion.rule_invalid"),
    ("promotions", {**SALE, "name": {"zh": " "}}, 422, "name.invalid"),
    ("promotions", {**SALE, "audience": "named"}, 422, "promotion.audience_invalid"),
    ("promotions", {**SALE, "starts_at": "2026-12-01T00:00:00"}, 422, "request.invalid"),
    ("promotions", {**SALE, "starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, 422,
     "promotion.window_invalid"),
    ("promotions/99", {**SALE, "version": 1}, 404, "promotion.unknown"),
    ("price-lists", {"name": NAME, "prices": [{"variant_id": 99, "amount": 1}]}, 404, "variant.unknown"),
    ("price-lists", {"name": NAME, "prices": [], "customer_ids": [99]}, 404, "customer.unknown"),
    ("price-lists", {"name": NAME, "prices": [{"variant_id": 1, "amount": -1}]}, 422, "request.invalid"),
    ("price-lists/99", {"name": NAME, "prices": [], "version": 1}, 404, "price_list.unknown"),
    ("shipping-zones", {**ZONE, "rates": []}, 422, "request.invalid"),
    ("shipping-zones", {**ZONE, "countries": []}, 422, "zone.places_invalid"),
    ("shipping-zones", {**ZONE, "rates": [{"name": NAME, "kind": "weight", "amount": 1}]}, 422,
     "zone.rates_invalid"),
    ("shipping-zones", {**ZONE, "rates": [{**RATE, "id": 7}]}, 422, "zone.rates_invalid"),
    ("shipping-zones/99", {**ZONE, "version": 1}, 404, "zone.unknown"),
    ("taxes", {"name": NAME, "ppm": 1_000_001}, 422, "request.invalid"),
    ("taxes", {"name": NAME, "ppm": 1, "province": "浙江省"}, 422, "tax.invalid"),
    ("taxes/99", {"name": NAME, "ppm": 1, "version": 1}, 404, "tax.unknown"),
]  # fmt: skip


async def test_what_cannot_be_is_refused_with_a_reason_and_leaves_nothing(wang: Browser, database: Database) -> None:
    for path, body, status, code in WRONG:
        answer = await wang.post(f"/api/{path}", body)
        assert refusal(answer) == (status, code), (path, body)
    for path, key in (("promotions", "promotions"), ("price-lists", "price_lists"), ("shipping-zones", "zones")):
        assert (await wang.get(f"/api/{path}")).json()[key] == []
    assert await written(database) == []


async def test_price_lists_zones_and_taxes_are_made_and_edited_whole(
    wang: Browser, database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea, li = await a_product(session, now=now, price=6000), (await a_customer(session, now=now)).id
        stranger = (await a_customer(session, now=now)).id
    vip = {
        "name": {"zh": "会员价"}, "for_members": True, "audience": "named", "customer_ids": [li],
        "prices": [{"variant_id": tea, "amount": 5500}, {"variant_id": tea, "min_quantity": 2, "amount": 5000}],
    }  # fmt: skip
    assert (await wang.post("/api/price-lists", vip)).status_code == 200
    row = await the(wang, "/api/price-lists", "price_lists")
    assert (row["customer_ids"], [band["amount"] for band in row["prices"]]) == ([li], [5500, 5000])
    assert (await cost(database, now, li, tea, None)).total == 10_000
    assert (await cost(database, now, stranger, tea, None)).total == 12_000
    edit = {**vip, "prices": [{"variant_id": tea, "amount": 1}], "active": False, "version": 1}
    assert (await wang.post(f"/api/price-lists/{row['id']}", edit)).status_code == 200
    assert (await cost(database, now, li, tea, None)).total == 12_000

    assert (await wang.get("/api/weights/missing")).json() == {"unweighed": 0}  # all of it ships free
    async with database.begin() as session:
        sku = await session.scalar(select(Variant.sku).where(Variant.id == tea))
        await session.execute(update(Product).values(free_shipping=False))
    assert (await wang.get("/api/weights/missing")).json() == {"unweighed": 1}
    wrong = await wang.post("/api/weights", {"weights": {sku: 700, "NONE": 1}})
    assert refusal(wrong) == (404, "variant.sku_unknown")
    assert (await wang.post("/api/weights", {"weights": {sku: 700}})).json() == {"unweighed": 0}
    assert (await wang.post("/api/tax-classes", {"skus": [sku], "tax_class": "food"})).status_code == 200

    await wang.post("/api/shipping-zones", ZONE)
    zone = await the(wang, "/api/shipping-zones", "zones")
    rates = [{**zone["rates"][0], "amount": 900}, {"name": {"zh": "加急"}, "kind": "flat", "amount": 2000}]
    answer = await wang.post(f"/api/shipping-zones/{zone['id']}", {**ZONE, "rates": rates, "version": 1})
    assert answer.status_code == 200, answer.text
    kept = (await the(wang, "/api/shipping-zones", "zones"))["rates"]
    assert [(rate["id"] == zone["rates"][0]["id"], rate["amount"]) for rate in kept] == [(True, 900), (False, 2000)]
    again = await wang.post(f"/api/shipping-zones/{zone['id']}", {**ZONE, "version": 1})
    assert refusal(again) == (409, "zone.changed")
    await wang.post("/api/taxes", {"name": {"zh": "增值税"}, "ppm": 130_000})
    tax = await the(wang, "/api/taxes", "taxes")
    await wang.post(
        f"/api/taxes/{tax['id']}", {"name": {"zh": "增值税"}, "ppm": 60_000, "tax_class": "food", "version": 1}
    )
    priced = await cost(database, now, li, tea, Region("CN", "浙江省"))
    assert (priced.total, priced.shipping, priced.tax) == (12_900, 900, 679)
    assert await written(database) == [
        "price_list.added", "price_list.edited", "zone.added", "zone.edited", "tax.added", "tax.edited"
    ]  # fmt: skip
