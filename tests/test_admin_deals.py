"""Group-buys and flash sales at the staff's door: who may, what is checked, and what the cockpit then shows."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from admin_api.dear_deals import dear_deals
from commerce.catalog.model import Variant
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal
from tests.goods import a_product
from tests.grouping import GROUP_PRICE, HOUR, LEADER_PRICE, MINUTE, PRICE, group_shop

NAME = {"zh": "三人拼茶", "en": "Tea for three"}


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def wang(console: Console) -> Browser:
    return await console.at_work("wang", "merchant")


async def written(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.begin() as session:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(one.action, one.facts) for one in entries if one.action.startswith(("group", "flash"))]


async def dear_at(database: Database, variant_id: int, amount: int, *, now: datetime) -> list[str]:
    """The deals that would be no cheaper than this price; it stays what it is."""
    async with database.begin() as session:
        variant = await session.get_one(Variant, variant_id)
        before, variant.price_amount = variant.price_amount, amount
        await session.flush()
        found = await dear_deals(session, product_id=variant.product_id, language="zh", now=now)
        variant.price_amount = before
    return found


async def test_a_group_buy_is_written_started_watched_extended_nudged_and_ended_with_refunds(
    console: Console, wang: Browser, database: Database, now: datetime
) -> None:
    async with group_shop(database, now) as shop:
        offer = {"variant_id": shop.tea, "amount": GROUP_PRICE, "leader_amount": LEADER_PRICE}
        form = {
            "name": NAME,
            "description": {"zh": "三人成团"},
            "product_id": shop.product,
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(days=3)).isoformat(),
            "size": 3,
            "offers": [{**offer, "tiers": [{"size": 5, "amount": 4500}]}],
            "quota": 50,
        }
        made = (await wang.post("/api/group-campaigns", form)).json()["campaign"]
        address = f"/api/group-campaigns/{made['id']}"
        assert (made["state"], made["offers"][0]["alone"], made["left"], made["version"]) == ("draft", PRICE, 50, 1)
        dear = {**form, "offers": [{**offer, "amount": PRICE}], "version": 1}
        assert refusal(await wang.post(address, dear)) == (422, "campaign.invalid")
        edited = (await wang.post(address, {**form, "size": 2, "offers": [offer], "version": 1})).json()["campaign"]
        assert (edited["size"], edited["offers"][0]["tiers"], edited["version"]) == (2, [], 2)
        assert refusal(await wang.post(f"{address}/start", {"version": 1})) == (409, "campaign.changed")
        assert (await wang.post(f"{address}/start", {"version": 2})).json()["campaign"]["state"] == "running"
        assert refusal(await wang.post(f"{address}/start", {"version": 3})) == (409, "campaign.not_draft")
        assert "三人拼茶" not in await dear_at(database, shop.tea, GROUP_PRICE + 1, now=now)
        assert "三人拼茶" in await dear_at(database, shop.tea, GROUP_PRICE, now=now)
        larger = {**form, "size": 4, "offers": [offer], "version": 3}
        assert refusal(await wang.post(address, larger)) == (409, "campaign.running")

        shop.campaign = made["id"]
        group, leader = await shop.begun()
        await shop.asks(group)
        seen = (await wang.get(address)).json()
        [shown] = seen["groups"]
        assert (shown["id"], shown["state"], shown["paid"], shown["held"], shown["missing"]) == (group, "open", 1, 1, 1)
        assert [(one["is_leader"], one["is_paid"]) for one in shown["members"]] == [(True, True), (False, False)]
        assert seen["at_risk"] == shown["at_risk"] == {"amount": LEADER_PRICE, "currency": "CNY"}
        assert (seen["counts"], seen["waiting"], seen["refunded"]["amount"]) == ({"open": 1}, 1, 0)

        longer = (await wang.post(f"/api/groups/{group}/extend", {"minutes": 30, "version": shown["version"]})).json()
        assert datetime.fromisoformat(longer["deadline"]) - datetime.fromisoformat(shown["deadline"]) == 30 * MINUTE
        again = await wang.post(f"/api/groups/{group}/extend", {"minutes": 30, "version": shown["version"]})
        assert refusal(again) == (409, "group.changed")
        assert (await wang.get(address)).json()["groups"][0]["deadline"] == longer["deadline"]
        assert (await wang.post(f"/api/groups/{group}/nudge")).json() == {"told": 1}
        assert refusal(await wang.post(f"/api/groups/{group}/nudge")) == (409, "group.nudged")

        assert refusal(await wang.post(f"/api/groups/{group}/end", {"version": 1})) == (409, "group.changed")
        assert (await shop.view(group)).state == "open"
        ended = (await wang.post(f"{address}/end", {"version": 3, "refund": True})).json()
        assert (ended["campaign"]["state"], ended["groups"][0]["state"]) == ("ended", "cancelled")
        assert refusal(await wang.post(f"{address}/end", {"version": 4, "refund": False})) == (409, "campaign.ended")
        assert (ended["at_risk"]["amount"], ended["owed"]["amount"]) == (0, LEADER_PRICE)
        await shop.settles()
        assert await shop.refunds(leader) == [("refund:group_failed:1:1", LEADER_PRICE)]
        after = (await wang.get(address)).json()
        assert (after["owed"]["amount"], after["refunded"]["amount"]) == (0, LEADER_PRICE)

        log = await written(database)
        assert [action for action, _ in log] == [
            *("group_buy.added", "group_buy.edited", "group_buy.started", "group.extended", "group.nudged"),
            "group_buy.ended",
        ]
        assert (log[1][1]["before"]["size"], log[1][1]["after"]["size"]) == (3, 2)
        assert log[-1][1] == {"refund": True, "groups": 1, "amount": LEADER_PRICE}
        agent = await console.at_work("li", "agent")
        assert [one["id"] for one in (await agent.get("/api/group-campaigns")).json()["campaigns"]] == [
            made["id"], made["id"] - 1
        ]  # fmt: skip
        for path in ("group-campaigns", f"group-campaigns/{made['id']}/end", f"groups/{group}/nudge"):
            assert refusal(await agent.post(f"/api/{path}", {"refund": True, "version": 1})) == (403, "staff.forbidden")
        assert refusal(await wang.get("/api/group-campaigns/99")) == (404, "campaign.unknown")
        assert refusal(await wang.post("/api/groups/99/nudge")) == (404, "group.unknown")


async def test_a_flash_sale_is_written_scheduled_watched_extended_and_ended(
    console: Console, wang: Browser, database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea, cup = [await a_product(session, now=now, price=PRICE, pieces=pieces) for pieces in (10, 3)]
    item = {"variant_id": tea, "amount": 990, "pieces": 5, "max_per_customer": 2}
    form = {
        "name": {"zh": "整点抢购"},
        "starts_at": (now + HOUR).isoformat(),
        "ends_at": (now + 2 * HOUR).isoformat(),
        "items": [item],
    }
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"items": []}, 422, "request.invalid"),
        ({"items": [item, item]}, 422, "flash.items_invalid"),
        ({"items": [{**item, "amount": PRICE}]}, 422, "flash.price_invalid"),
        ({"items": [{**item, "variant_id": 99}]}, 422, "flash.item_invalid"),
        ({"items": [{**item, "location_id": 99}]}, 422, "flash.item_invalid"),
        ({"ends_at": now.isoformat()}, 422, "flash.window_invalid"),
        ({"name": {"zh": " "}}, 422, "name.invalid"),
        ({"starts_at": "2026-12-01T00:00:00"}, 422, "request.invalid"),
    ]
    for change, status, code in wrong:
        assert refusal(await wang.post("/api/flash-sales", {**form, **change})) == (status, code), change
    made = (await wang.post("/api/flash-sales", form)).json()
    address = f"/api/flash-sales/{made['id']}"
    assert (made["state"], made["phase"], made["items"][0]["usual"]) == ("draft", "coming", PRICE)
    many = {**form, "items": [item, {**item, "variant_id": cup}], "version": 1}
    assert (await wang.post(address, many)).json()["version"] == 2
    assert refusal(await wang.post(f"{address}/schedule", {"version": 2})) == (409, "stock.short")
    assert (await wang.post(address, {**form, "version": 2})).json()["version"] == 3
    scheduled = (await wang.post(f"{address}/schedule", {"version": 3})).json()
    [shown] = scheduled["items"]
    assert (scheduled["state"], shown["left"], shown["held"], shown["sold"], shown["waiting"]) == (
        "scheduled", 5, 0, 0, 0
    )  # fmt: skip
    assert await dear_at(database, tea, 991, now=now) == []
    assert await dear_at(database, tea, 990, now=now) == ["整点抢购"]
    back = (await wang.post(f"{address}/unschedule", {"version": 4})).json()
    assert (back["state"], back["items"][0]["left"]) == ("draft", 0)
    await wang.post(f"{address}/schedule", {"version": 5})
    later = {"ends_at": (now + 3 * HOUR).isoformat(), "version": 6}
    extended = (await wang.post(f"{address}/extend", later)).json()
    assert datetime.fromisoformat(extended["ends_at"]) == now + 3 * HOUR
    more = await wang.post(f"/api/flash-items/{shown['id']}/pieces", {"pieces": 8, "version": 7})
    assert more.json()["items"][0]["left"] == 8
    assert refusal(await wang.post(f"{address}/end", {"version": 8})) == (409, "flash.not_begun")
    console.clock.pass_(hours=1, minutes=1)
    assert refusal(await wang.post(f"{address}/unschedule", {"version": 8})) == (409, "flash.begun")
    assert (await wang.get(address)).json()["phase"] == "on"
    ended = (await wang.post(f"{address}/end", {"version": 8})).json()
    assert (ended["state"], ended["phase"], ended["items"][0]["left"]) == ("ended", "over", 0)
    assert refusal(await wang.post(f"{address}/delete", {"version": 9})) == (409, "flash.not_a_draft")
    spare = (await wang.post("/api/flash-sales", {**form, "ends_at": (now + 5 * HOUR).isoformat()})).json()["id"]
    assert (await wang.post(f"/api/flash-sales/{spare}/delete", {"version": 1})).json() == {"done": True}
    assert [one["id"] for one in (await wang.get("/api/flash-sales")).json()["sales"]] == [made["id"]]
    assert [action.removeprefix("flash_sale.") for action, _ in await written(database)] == [
        *("added", "edited", "edited", "scheduled", "unscheduled", "scheduled", "extended", "pieces_changed", "ended"),
        *("added", "deleted"),
    ]
    agent = await console.at_work("li", "agent")
    assert (await agent.get("/api/flash-sales")).status_code == 200
    assert refusal(await agent.post(f"{address}/end", {"version": 9})) == (403, "staff.forbidden")
