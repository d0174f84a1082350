"""Coupons, points and credit at the staff's door: who may do what, what the customer then has, what is written down."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from commerce.announcements import Announcement
from commerce.promotions.coupons import claim, reserve_coupons, use_coupons
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal
from tests.goods import a_customer

TEN_OFF = {"title_zh": "满100减10", "benefit": "amount", "amount": 1000, "threshold": 10000, "way": "shared_code"}


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def done(browser: Browser, path: str, body: object = None) -> Any:
    answer = await browser.post(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def written(console: Console) -> list[tuple[str, str]]:
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(line.action, line.subject) for line in found if not line.action.startswith("staff.")]


async def test_a_batch_is_made_started_given_used_and_counted(console: Console, now: datetime) -> None:
    wang = await console.at_work("wang", "merchant")
    async with console.database.begin() as session:
        me, other = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    made = await done(wang, "/api/coupon-batches", {**TEN_OFF, "code": "welcome-10", "total": 2})
    assert (made["batch"]["state"], made["batch"]["code"], made["codes"]) == ("draft", "welcome-10", [])
    batch = f"/api/coupon-batches/{made['batch']['id']}"
    again = await wang.post("/api/coupon-batches", {**TEN_OFF, "code": "WELCOME10"})
    assert refusal(again) == (409, "coupon_batch.code_taken")
    draft = await wang.post(f"{batch}/give", {"customer_id": me})
    assert refusal(draft) == (409, "coupons.gone")
    await done(wang, f"{batch}/state", {"state": "active"})
    given = await done(wang, f"{batch}/give", {"customer_id": me})
    assert refusal(await wang.post(f"{batch}/give", {"customer_id": me})) == (409, "coupons.yours_already")
    assert refusal(await wang.post(f"{batch}/give", {"customer_id": 999})) == (404, "customer.unknown")
    async with console.database.begin() as session:
        told = (await session.scalars(select(Announcement))).one()
        assert (told.kind, told.customer_id, told.facts) == ("coupon_received", me, {"coupon_id": given["coupon_id"]})
        claimed = await claim(session, batch_code="Welcome10", customer_id=other, now=now)
        await reserve_coupons(session, coupon_ids=[claimed.coupon_id], customer_id=other, order_id=1, now=now)
        await use_coupons(session, order_id=1, now=now)
    [row] = (await wang.get("/api/coupon-batches")).json()["batches"]
    assert (row["issued"], row["used"], row["total"]) == (2, 1, 2)
    days = (await wang.get("/api/coupon-batches/days", days=7)).json()["days"]
    assert [(day["claimed"], day["used"]) for day in days] == [(0, 0)] * 6 + [(2, 1)]
    await done(wang, f"/api/coupons/{given['coupon_id']}/revoke")
    used = await wang.post(f"/api/coupons/{claimed.coupon_id}/revoke")
    assert refusal(used) == (409, "coupon.move_refused")
    assert (await done(wang, f"{batch}/state", {"state": "revoked"}))["state"] == "revoked"
    assert refusal(await wang.post(f"{batch}/state", {"state": "active"})) == (409, "coupon_batch.move_refused")
    assert [action for action, _subject in await written(console)] == [
        "coupons.made",
        "coupons.active",
        "coupons.given",
        "coupons.revoked",
        "coupons.revoked",
    ]


async def test_single_codes_are_shown_once_and_terms_that_make_no_sense_name_the_field(
    console: Console, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    single = {"title_en": "A tenth", "benefit": "percent", "ppm": 100_000, "way": "single_codes", "total": 3}
    made = await done(wang, "/api/coupon-batches", single)
    assert len(set(made["codes"])) == 3
    listed = (await wang.get("/api/coupon-batches")).text
    assert not any(code in listed for code in made["codes"])
    await done(wang, f"/api/coupon-batches/{made['batch']['id']}/state", {"state": "active"})
    async with console.database.begin() as session:
        me = (await a_customer(session, now=now)).id
        coupon = await claim(session, batch_code=made["codes"][1].lower(), customer_id=me, now=now)
        assert coupon.ppm == 100_000
    past = (now - timedelta(days=1)).isoformat()
    for change, field in (
        ({"title_en": " "}, "title"),
        ({"ppm": 0}, "ppm"),
        ({"amount": 5}, "amount"),
        ({"ends_at": past}, "ends_at"),
        ({"total": None}, "total"),
        ({"way": "shared_code", "code": "a-b"}, "code"),
    ):
        answer = await wang.post("/api/coupon-batches", {**single, **change})
        assert refusal(answer) == (422, "coupon_batch.terms_invalid")
        assert answer.json()["error"]["facts"] == {"field": field}


async def test_points_and_credit_are_given_with_a_reason_and_once(console: Console, now: datetime) -> None:
    lin = await console.at_work("lin", "supervisor")
    async with console.database.begin() as session:
        me = (await a_customer(session, now=now)).id
    gift = {"points": 300, "reason": "late parcel", "key": "form-0001"}
    for _ in range(2):
        purse = await done(lin, f"/api/customers/{me}/points", gift)
        assert purse["points"] == 300
    short = await lin.post(f"/api/customers/{me}/points", {"points": -301, "reason": "typo", "key": "form-0002"})
    assert refusal(short) == (409, "points.short")
    for _ in range(2):
        purse = await done(lin, f"/api/customers/{me}/credit", {**gift, "amount": 1500})
        assert [account["balance"] for account in purse["accounts"]] == [{"amount": 1500, "currency": "CNY"}]
    taken = await lin.post(f"/api/customers/{me}/credit", {"amount": -1501, "reason": "typo", "key": "form-0002"})
    assert refusal(taken) == (409, "credit.short")
    book = (await lin.get("/api/credit")).json()
    assert book["owed"] == [
        {"store_credit": {"amount": 1500, "currency": "CNY"}, "gift_cards": {"amount": 0, "currency": "CNY"}}
    ]
    cards = await done(lin, "/api/gift-cards", {"title": "Spring", "count": 2, "amount": 5000})
    assert len(cards["codes"]) == 2
    [row] = (await done(lin, f"/api/gift-cards/{cards['batch_id']}/void"))["batches"]
    assert (row["issued"], row["redeemed"], row["void"]) == (2, 0, 2)
    listed = (await lin.get("/api/gift-cards")).text
    assert not any(code in listed for code in cards["codes"])
    assert await written(console) == [
        ("points.adjusted", f"customer:{me}"),
        ("credit.adjusted", f"customer:{me}"),
        ("gift_cards.made", f"gift_card_batch:{cards['batch_id']}"),
        ("gift_cards.voided", f"gift_card_batch:{cards['batch_id']}"),
    ]
    ann, wang = await console.at_work("ann", "agent"), await console.at_work("wang", "merchant")
    assert (await ann.get(f"/api/customers/{me}/purse")).json()["points"] == 300
    for browser, path, body in (
        (ann, f"/api/customers/{me}/points", {**gift, "key": "form-0003"}),
        (ann, "/api/gift-cards", {"count": 1, "amount": 1}),
        (lin, "/api/coupon-batches", TEN_OFF),
        (lin, "/api/points-policy", {"valid_days": 365}),
    ):
        assert refusal(await browser.post(path, body)) == (403, "staff.forbidden")
    assert (await done(wang, "/api/points-policy", {"valid_days": 365}))["points_valid_days"] == 365
