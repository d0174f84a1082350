"""Customers at the staff's door: who finds whom, what is shown, who may export and erase, what is written down."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select, text

from commerce.customers.actions import save_address
from commerce.customers.consents import set_consent
from commerce.customers.model import Purpose
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Console, open_console, refusal
from tests.goods import ZHANG, a_product, an_order, holds_of
from tests.test_persons import ANN, a_talk, proves, somebody


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def test_customers_are_found_read_exported_and_erased_by_who_may(console: Console, now: datetime) -> None:
    database = console.database
    async with database.begin() as session:
        tea = await a_product(session, now=now)
        who, other = await somebody(session, "mine", now), await somebody(session, "theirs", now)
        await proves(session, who, now)
        await save_address(session, customer_id=who, parsed=ZHANG, now=now)
        await set_consent(session, customer_id=who, purpose=Purpose.MARKETING, granted=True, source="chat", now=now)
        await a_talk(session, who, "mine", now, "my words")
    async with holds_of(database) as holds:
        order = await an_order(database, holds, {tea: 1}, now=now, customer_id=who)
    ann, boss = await console.at_work("ann", "agent"), await console.at_work("boss", "administrator")
    phone = ZHANG.phone
    for said in (
        phone,
        phone.removeprefix("+86"),
        f"{phone[3:6]} {phone[6:10]} {phone[10:]}",
        phone[-4:],
        "ANN@example.com",
    ):
        found = (await ann.post("/api/customers/search", {"said": said})).json()["customers"]
        assert [one["id"] for one in found] == [who], said
    for said in (order.number, order.number.lower().replace("-", " "), str(who)):
        found = (await ann.post("/api/customers/search", {"said": said})).json()["customers"]
        assert who in [one["id"] for one in found], said
    for said in (ZHANG.name, "张", "0000", "nobody@example.com", "'; DROP TABLE customer; --", "%"):
        assert (await ann.post("/api/customers/search", {"said": said})).json()["customers"] == [], said
    page = (await ann.post("/api/customers/search", {"limit": 1})).json()
    assert ([one["id"] for one in page["customers"]], page["next"]) == ([other], str(other))

    answer = await ann.get(f"/api/customers/{who}")
    card = answer.json()
    assert (card["customer"]["name"], card["customer"]["email"]) == ("张*", "a***@example.com")
    assert [one["number"] for one in card["orders"]] == [order.number]
    assert card["keeps"] == "erase.orders_open"
    assert [one["granted"] for one in card["consents"]] == [True, False, False]
    for secret in (ZHANG.name, ZHANG.phone, ZHANG.line, ANN):
        assert secret not in answer.text
    assert refusal(await ann.get("/api/customers/999999")) == (404, "customer.unknown")

    for path, body in (("export", None), ("erase", {"word": "ERASE"})):
        assert refusal(await ann.post(f"/api/customers/{who}/{path}", body)) == (403, "staff.forbidden")
    data = (await boss.post(f"/api/customers/{who}/export")).json()["data"]
    assert (data["person"][0]["email"], data["addresses"][0]["line"]) == (ANN, ZHANG.line)
    assert [one["text"] for one in data["messages"]] == ["my words"]
    erase = f"/api/customers/{who}/erase"
    assert refusal(await boss.post(erase, {"word": "yes"})) == (422, "erase.word_invalid")
    assert refusal(await boss.post(erase, {"word": "ERASE"})) == (409, "erase.orders_open")
    async with database.begin() as session:
        await session.execute(text("UPDATE orders SET status = 'completed'"))
    left = (await boss.post(erase, {"word": "ERASE"})).json()
    assert left["customer"]["erased_at"] is not None
    assert (left["customer"]["name"], left["customer"]["email"], left["addresses"]) == (None, None, [])
    assert refusal(await boss.post(f"/api/customers/{who}/export")) == (404, "customer.unknown")
    async with database.begin() as session:
        lines = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        written = [(one.action, one.subject) for one in lines if one.action.startswith("customer.")]
    assert written == [("customer.exported", f"customer:{who}"), ("customer.erased", f"customer:{who}")]
