"""Changing orders at the staff's door: proposals, refunds within a limit, part payments, holds and drafts."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select

from admin_api.model import AuditEntry
from commerce.announcements import Announcement
from commerce.orders.model import ChangeKind
from commerce.orders.policy import Policy, policy_of
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Console, open_console, refusal
from tests.goods import a_product, an_order, holds_of


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def test_what_the_staff_does_to_an_order_is_asked_for_limited_and_written_down(
    console: Console, now: datetime
) -> None:
    async with console.database.begin() as session:
        tea = await a_product(session, now=now, price=30000)
    async with holds_of(console.database) as holds:
        order = await an_order(console.database, holds, {tea: 2}, now=now)
    agent, boss = await console.at_work("mei", "agent"), await console.at_work("wang", "merchant")
    orders = f"/api/orders/{order.number}"

    # A proposal: the money first, then the shopper is asked; taken back, it is over.
    (line,) = (await agent.get(orders)).json()["order"]["lines"]
    wish = {"steps": [{"do": "remove", "line_id": line["line_id"], "quantity": 1}], "reason": "one is broken"}
    seen = (await agent.post(f"{orders}/changes/preview", wish)).json()
    assert (seen["kind"], seen["before"], seen["after"], seen["back"]) == ("cancel_items", 60000, 30000, 0)
    proposed = (await agent.post(f"{orders}/changes", wish)).json()
    assert (proposed["total"]["amount"], proposed["change"]["state"]) == (60000, "proposed")
    change = f"{orders}/changes/{proposed['change']['id']}/withdraw"
    assert (await agent.post(change, {})).json()["change"] is None
    assert refusal(await agent.post(f"{orders}/changes/999/withdraw", {})) == (404, "change.unknown")
    mixed = {"steps": [*wish["steps"], {"do": "cancel"}]}
    assert refusal(await agent.post(f"{orders}/changes/preview", mixed)) == (409, "change.mixed")

    # Parts of the money: a merchant writes down 100.00, and more than the rest goes back.
    assert (await boss.post(f"{orders}/paid", {"proof": "slip 1", "amount": 10000})).json()["owed"]["amount"] == 50000
    paid = (await boss.post(f"{orders}/paid", {"proof": "slip 2", "amount": 50100})).json()
    assert (paid["owed"]["amount"], paid["going_back"]["amount"]) == (0, 100)

    # An agent gives back 200.00 by herself, the next yuan waits for somebody who may.
    async def ask(key: str, amount: int) -> str:
        form = {"amount": amount, "reason": "scratched", "key": f"form-{key}"}
        return str((await agent.post(f"{orders}/refunds", form)).json()["state"])

    assert [await ask("0001", 20000), await ask("0001", 20000), await ask("0002", 100)] == ["given", "given", "waiting"]
    (waiting,) = (await agent.get("/api/refunds/waiting")).json()["asks"]
    approve = f"{orders}/refunds/{waiting['id']}/approve"
    assert refusal(await agent.post(approve, {})) == (409, "refund.above_limit")
    assert (await boss.post(approve, {})).json()["state"] == "given"
    money = (await agent.get(f"{orders}/money")).json()
    assert [(one["amount"], one["state"]) for one in money["asks"]] == [(100, "given"), (20000, "given")]
    assert (await agent.get(orders)).json()["order"]["owed"]["amount"] == 0

    # Held back, it is not sent; cleared, it is.
    parcel = {"carrier": "顺丰", "tracking_number": "SF1"}
    await agent.post(f"{orders}/hold", {"reason": "review", "why": "looks odd"})
    assert refusal(await boss.post(f"{orders}/ship", parcel)) == (409, "order.not_ready")
    await agent.post(f"{orders}/clear-hold", {"why": "called"})
    assert (await boss.post(f"{orders}/ship", parcel)).status_code == 200

    # A draft holds nothing until it is sent.
    goods = [{"variant_id": tea, "quantity": 1}]
    draft = {"customer_id": order.customer_id, "lines": goods, "payment_method": "simulator"}
    made = (await agent.post("/api/orders/drafts", draft)).json()
    assert (made["status"], made["total"]["amount"]) == ("draft", 30000)
    sent = (await agent.post(f"/api/orders/{made['number']}/send", {})).json()
    assert (sent["status"], sent["to_pay"]["amount"]) == ("pending", 30000)

    async with console.database.begin() as session:
        done = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        told = list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))
    assert [action for action in done if action.startswith("order.")] == [
        "order.change_proposed",
        "order.change_withdrawn",
        "order.marked_paid",
        "order.marked_paid",
        "order.refunded",
        "order.refunded",
        "order.refund_asked",
        "order.refund_approved",
        "order.held_back",
        "order.hold_cleared",
        "order.shipped",
        "order.drafted",
        "order.sent_to_shopper",
    ]
    assert {"change_proposed", "change_withdrawn", "refund_promised", "order_awaiting_payment"} <= set(told)


async def test_a_merchant_sets_the_rules_for_orders_and_a_second_one_is_told_that_they_changed(
    console: Console,
) -> None:
    agent, boss = await console.at_work("mei", "agent"), await console.at_work("wang", "merchant")
    read = (await agent.get("/api/order-rules")).json()
    assert refusal(await agent.post("/api/order-rules", read)) == (403, "staff.forbidden")
    assert (read["kinds"], read["cancel_reasons"], read["cod_confirm_above"], read["complete_after_days"]) == (
        ["address", "cancel", "cancel_items", "items", "payment"],
        [],
        None,
        7,
    )
    wanted = read | {
        "kinds": ["cancel", "address"],
        "once": ["address"],
        "cancel_reasons": ["不想要了", "拍错了", "不想要了"],
        "cod_confirm_above": 20000,
    }
    for wrong in ({"pay_minutes": 0}, {"kinds": ["gift"]}, {"cancel_reasons": [""]}, {"cod_confirm_above": -1}):
        assert refusal(await boss.post("/api/order-rules", wanted | wrong)) == (422, "request.invalid")
    saved = (await boss.post("/api/order-rules", wanted)).json()
    assert saved == wanted | {
        "kinds": ["address", "cancel"],
        "cancel_reasons": ["不想要了", "拍错了"],
        "version": saved["version"],
    }
    assert (await agent.get("/api/order-rules")).json() == saved
    assert refusal(await boss.post("/api/order-rules", read)) == (409, "order_rules.changed")
    async with console.database.begin() as session:
        policy = await policy_of(session)
        (note,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "order_rules.set"))
    assert policy == Policy(
        kinds=frozenset({ChangeKind.CANCEL, ChangeKind.ADDRESS}),
        once=frozenset({ChangeKind.ADDRESS}),
        cancel_reasons=("不想要了", "拍错了"),
        cod_confirm_above=20000,
    )
    assert sorted(note.facts) == ["cancel_reasons", "cod_confirm_above", "kinds", "once"]
    assert note.facts["cod_confirm_above"] == [None, 20000]
