"""The self-check: which row breaks which rule."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.worker import check_books
from cli.scratch import ScratchShop
from commerce.checks import GIVEN_UP, RULES, Breach, begin_hour, end_hour, find_breaches, last_checks
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import open_console, refusal
from tests.chat import Chat

BREAK = {
    "order.lines_add_up": "UPDATE order_line SET unit_amount = unit_amount + 1, total_amount = total_amount + quantity",
    "order.shares_add_up": "UPDATE order_line SET discount_amount = 1, total_amount = total_amount - 1",
    "order.placed_has_its_goods": "UPDATE hold SET state = 'released'",
    "order.pending_waits_for_somebody": "UPDATE orders SET status = 'pending', hold_until = NULL",
    "order.ended_keeps_no_stock": "UPDATE orders SET status = 'expired'",
}


async def broken(database: Database) -> dict[str, int]:
    async with database.session() as session:
        rules = [breach.rule for breach in await find_breaches(session)]
    return {rule: rules.count(rule) for rule in rules}


async def test_a_shop_that_sold_something_breaks_no_rule_and_each_broken_row_is_named(
    chat: Chat, scratch: ScratchShop
) -> None:
    await chat.says("有没有乌龙茶", "加入购物车", "125克的", "结账")
    await chat.says("王小明 13900001234 上海市徐汇区漕溪北路 18 号 6 楼", "货到付款", "好的")
    database = scratch.shop.database
    assert await broken(database) == {}
    async with database.session() as session:
        number = await session.scalar(text("SELECT number FROM orders"))
    for rule, harm in BREAK.items():
        async with database.session() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            await session.execute(text(harm))
            found = (await session.execute(text(RULES[rule]))).first()
            assert found is not None, rule
            assert str(found[0]) == number, rule


async def test_a_check_changes_nothing(database: Database) -> None:
    async with database.session() as session:
        with pytest.raises(DBAPIError, match="read-only"):
            await find_breaches(session, rules={"harm": "DELETE FROM orders RETURNING id --"})


async def test_of_many_workers_one_checks_the_hour_and_one_that_died_is_followed(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        hour = await begin_hour(session, now=now)
    assert hour is not None
    async with database.begin() as session:
        assert await begin_hour(session, now=now + timedelta(minutes=1)) is None
    async with database.begin() as session:
        assert await begin_hour(session, now=now + GIVEN_UP) == hour
        await end_hour(session, hour=hour, breaches=[], now=now + GIVEN_UP)
    async with database.begin() as session:
        assert await begin_hour(session, now=now + timedelta(minutes=59)) is None
        assert await begin_hour(session, now=now + timedelta(hours=1)) == hour + timedelta(hours=1)


async def test_the_worker_writes_down_what_it_found(scratch: ScratchShop) -> None:
    shop = scratch.shop
    await check_books(shop)
    async with shop.database.begin() as session:
        (last,) = await last_checks(session, limit=5)
        assert (last.rules, last.breaches, last.finished_at) == (len(RULES), [], shop.now())


async def test_the_merchant_reads_what_the_hourly_check_found_and_an_agent_does_not(
    database: Database, vault: Vault, now: datetime
) -> None:
    async with database.begin() as session:
        hour = await begin_hour(session, now=now)
        assert hour is not None
        await end_hour(session, hour=hour, breaches=[Breach("stock.not_oversold", {"stock_level": "7"})], now=now)
    async with open_console(database, vault, now) as console:
        merchant = await console.at_work("lin", "merchant")
        (check,) = (await merchant.get("/api/checks")).json()["checks"]
        assert check["breaches"] == [{"rule": "stock.not_oversold", "row": {"stock_level": "7"}}]
        agent = await console.at_work("ann", "agent")
        assert (await agent.get("/api/checks")).status_code == 403


async def test_an_administrator_has_every_rule_asked_now_and_nobody_twice_at_once(
    database: Database, vault: Vault, now: datetime
) -> None:
    async with database.begin() as session:
        hour = await begin_hour(session, now=now)
        assert hour is not None
        await end_hour(session, hour=hour, breaches=[Breach("stock.not_oversold", {"stock_level": "7"})], now=now)
    async with open_console(database, vault, now) as console:
        assert (await (await console.at_work("lin", "merchant")).post("/api/checks")).status_code == 403
        boss = await console.at_work("wei", "administrator")
        console.clock.pass_(minutes=1)
        found = (await boss.post("/api/checks")).json()
        assert (found["rules"], found["breaches"]) == (len(RULES), [])
        assert datetime.fromisoformat(found["finished_at"]) == console.clock()
        assert (await boss.get("/api/checks")).json()["checks"] == [found]
        async with database.begin() as session:
            assert await begin_hour(session, now=console.clock(), again=True) == hour
        assert refusal(await boss.post("/api/checks")) == (409, "checks.running")
        console.clock.pass_(minutes=10)
        assert (await boss.post("/api/checks")).status_code == 200
    async with database.begin() as session:
        runs = await session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "checks.run"))
        assert list(runs) == [f"self_check:{hour:%Y-%m-%dT%H}"] * 2
