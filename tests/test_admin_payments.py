"""Money at the staff's door: transfers to review, statements, refunds by hand, asking banks again; and who may."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select, text

from admin_api.model import AuditEntry
from commerce.inventory.hold import Holds
from commerce.orders.actions import order_view
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.ledger import capture, locked_intent, request_refund
from commerce.payments.model import Intent, IntentState, ProviderEvent, Refund, RefundState
from commerce.payments.transfers import report_transfer
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal
from tests.goods import a_product, an_order, holds_of

PAYMENTS = "/api/payments"


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
        return await a_product(session, now=now, price=6800, pieces=10)


async def audit(console: Console) -> list[str]:
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [line.action for line in found if line.action.startswith(("transfer.", "refund.", "payment."))]


async def status(console: Console, order: Order) -> str:
    async with console.database.begin() as session:
        return (await order_view(session, order.id)).status


def line(amount: str, number: str = "", bank_reference: str = "B1") -> dict[str, str]:
    return {
        "bank_reference": bank_reference,
        "amount": amount,
        "received_on": "2026-11-22",
        "payer": "张三",
        "memo": number,
    }


async def waiting(browser: Browser) -> list[tuple[str, str | None]]:
    page = (await browser.get(f"{PAYMENTS}/transfers")).json()
    return [(row["finding"], row["order"]) for row in page["transfers"]]


async def test_transfers_are_entered_matched_and_written_down(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    exact, partial = [
        await an_order(console.database, holds, {tea: 1}, now=now, method=PaymentMethod.TRANSFER) for _ in range(2)
    ]
    async with console.database.begin() as session:
        await report_transfer(
            session, order_id=partial.id, customer_id=partial.customer_id, words="尾号 1", photos=[[1, 2]], now=now
        )
    made = (await wang.post(f"{PAYMENTS}/transfers", line("68.00", exact.number))).json()
    assert (made["state"], made["finding"], made["order"]) == ("matched", "exact", exact.number)
    assert await status(console, exact) == "placed"
    less = (await wang.post(f"{PAYMENTS}/transfers", line("60", partial.number, "B2"))).json()
    odd = (await wang.post(f"{PAYMENTS}/transfers", line("5", "?", "B3"))).json()
    assert await waiting(wang) == [("unmatched", None), ("partial", partial.number)]
    (report,) = (await wang.get(f"{PAYMENTS}/reports")).json()["reports"]
    assert (report["order"], report["words"], report["photos"]) == (partial.number, "尾号 1", [[1, 2]])

    decision = {"decision": "match", "number": partial.number.lower(), "proof": "called them"}
    matched = (await wang.post(f"{PAYMENTS}/transfers/{less['id']}/decision", decision)).json()
    assert (matched["state"], matched["proof"]) == ("matched", "called them")
    assert refusal(await wang.post(f"{PAYMENTS}/transfers/{less['id']}/decision", decision)) == (
        409,
        "transfer.move_refused",
    )
    gone = await wang.post(f"{PAYMENTS}/transfers/{odd['id']}/decision", {"decision": "return", "proof": ""})
    assert refusal(gone) == (422, "transfer.proof_empty")
    await wang.post(f"{PAYMENTS}/transfers/{odd['id']}/decision", {"decision": "aside", "proof": "rent"})
    assert await waiting(wang) == []
    assert (await wang.get(f"{PAYMENTS}/reports")).json()["reports"] == []
    decided = (await wang.get(f"{PAYMENTS}/transfers", waiting=False)).json()["transfers"]
    assert [row["state"] for row in decided] == ["aside", "matched", "matched"]
    assert await audit(console) == ["transfer.entered"] * 3 + ["transfer.match", "transfer.aside"]


async def test_a_statement_is_read_in_twice_and_counts_once(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    order = await an_order(console.database, holds, {tea: 1}, now=now, method=PaymentMethod.TRANSFER)
    raw = f"日期,金额,流水号,附言\n2026-11-22,68.00,B1,{order.number}\n2026-11-22,-5,B2,\n?,5,B3,\n".encode("gb18030")
    read = [(await wang.http.post(f"{PAYMENTS}/transfers/statement", content=raw)).json() for _ in range(2)]
    assert read[0] == {"new": 1, "known": 0, "settled": 1, "outgoing": 1, "problems": ["4: date"]}
    assert read[1] == {"new": 0, "known": 1, "settled": 0, "outgoing": 1, "problems": ["4: date"]}
    assert await status(console, order) == "placed"
    nothing = await wang.http.post(f"{PAYMENTS}/transfers/statement", content=b"a,b\n")
    assert refusal(nothing) == (409, "statement.no_columns")


async def test_banks_are_asked_again_and_money_is_given_back_by_hand(
    console: Console, holds: Holds, tea: int, now: datetime
) -> None:
    wang = await console.at_work("wang", "merchant")
    hanging, paid = [
        await an_order(console.database, holds, {tea: 1}, now=now, method=PaymentMethod.SIMULATOR) for _ in range(2)
    ]
    cod = await an_order(console.database, holds, {tea: 1}, now=now, method=PaymentMethod.COD)
    async with console.database.begin() as session:
        intents = (await session.scalars(select(Intent).order_by(Intent.id))).all()
        intents[0].opened_at, intents[0].checks = now, 4
        intents[0].move_to(IntentState.REQUIRES_ACTION)
        intents[0].next_check_at = now
        for intent, key in ((intents[1], "refund:a"), (intents[2], "refund:b")):
            locked = await locked_intent(session, intent.id)
            payment = await capture(session, locked, amount=6800, proof=None, now=now)
            refund = await request_refund(session, payment_id=payment.id, amount=800, reason="return", key=key, now=now)
            if key == "refund:a":
                refund.move_to(RefundState.SUBMITTED)
                refund.move_to(RefundState.FAILED)
        session.add(ProviderEvent(provider="stripe", event_id="evt_1", type="x", payload={}, received_at=now))
        await session.execute(text("DELETE FROM pgqueuer"))
    page = (await wang.get(f"{PAYMENTS}/open")).json()
    assert [(row["order"], row["state"], row["checks"]) for row in page["payments"]] == [
        (hanging.number, "requires_action", 4)
    ]
    failed, by_hand = page["refunds"]
    assert [(row["order"], row["state"], row["by_hand"]) for row in (failed, by_hand)] == [
        (paid.number, "failed", False),
        (cod.number, "requested", True),
    ]
    assert (await wang.post(f"{PAYMENTS}/intents/{page['payments'][0]['id']}/ask")).json() == {"done": True}
    for _ in range(2):
        assert (await wang.post(f"{PAYMENTS}/refunds/{failed['id']}/ask")).status_code == 200
    refused = await wang.post(f"{PAYMENTS}/refunds/{by_hand['id']}/ask")
    assert refusal(refused) == (409, "refund.by_hand")
    async with console.database.begin() as session:
        jobs = await session.execute(text("SELECT entrypoint FROM pgqueuer ORDER BY id"))
        assert list(jobs.scalars()) == ["payments.close_intent", "payments.submit_refund"]
    done = await wang.post(f"{PAYMENTS}/refunds/{by_hand['id']}/by-hand", {"proof": "envelope 7"})
    assert done.json() == {"done": True}
    async with console.database.begin() as session:
        assert (await session.get_one(Refund, by_hand["id"])).state is RefundState.SUCCEEDED
    assert [event["event_id"] for event in (await wang.get(f"{PAYMENTS}/events")).json()["events"]] == ["evt_1"]
    assert await audit(console) == [
        "payment.asked_again",
        *["refund.asked_again"] * 2,
        "refund.given_by_hand",
    ]


async def test_who_may_review_transfers_and_who_may_not(console: Console) -> None:
    lin = await console.at_work("lin", "agent")
    for path, body in (
        ("/transfers", line("5")),
        ("/transfers/1/decision", {"decision": "aside", "proof": "x"}),
        ("/reports/1/close", None),
    ):
        assert refusal(await lin.post(PAYMENTS + path, body)) == (403, "staff.forbidden")
    assert refusal(await lin.get(f"{PAYMENTS}/transfers")) == (403, "staff.forbidden")
    nobody = console.browser()
    assert refusal(await nobody.get(f"{PAYMENTS}/open")) == (401, "staff.session")
    wang = await console.at_work("wang", "merchant")
    for path in ("/transfers/99/decision", "/intents/99/ask", "/refunds/99/ask", "/reports/99/close"):
        answer = await wang.post(PAYMENTS + path, {"decision": "aside", "proof": "x"})
        assert answer.status_code == 404, path
    for amount in ("", "x", "0", "1e3", "68.001", "9" * 24):
        assert (await wang.post(f"{PAYMENTS}/transfers", line(amount))).status_code in (409, 422), amount
    assert await audit(console) == []
