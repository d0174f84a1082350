"""The staff's event stream: nothing is missed over a cut, everybody hears only what they may see."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import uvicorn
from httpx import AsyncClient
from sqlalchemy import delete, text

from admin_api.auth import COOKIE
from admin_api.hub import DATABASE_AWAY
from admin_api.model import StaffSession
from conversations.events import tell_staff
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal, shopper_chat, shopper_says


@dataclass
class Told:
    """One event as a browser sees it."""

    cursor: str
    name: str
    data: dict[str, Any]


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@asynccontextmanager
async def listening(console: Console, browser: Browser, last: str | None = None) -> AsyncIterator[AsyncIterator[Told]]:
    """An open stream. It goes over a real socket, since an answer that never ends needs one."""
    server = uvicorn.Server(uvicorn.Config(console.app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Last-Event-ID": last} if last else {}
    cookies = {COOKIE: browser.http.cookies[COOKIE]}
    address = f"http://127.0.0.1:{port}/api/events"
    try:
        async with (
            AsyncClient(cookies=cookies, timeout=60) as client,
            client.stream("GET", address, headers=headers) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            async with aclosing(_events(answer.aiter_lines())) as events:
                yield events
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving


async def _events(lines: AsyncIterator[str]) -> AsyncGenerator[Told]:
    cursor = name = ""
    async for line in lines:
        field, _, value = line.partition(": ")
        if field == "id":
            cursor = value
        elif field == "event":
            name = value
        elif field == "data":
            yield Told(cursor, name, json.loads(value))


async def after_hello(events: AsyncIterator[Told]) -> Told:
    hello = await anext(events)
    assert hello.name == "hello"
    return hello


async def test_a_console_hears_at_once_of_a_shopper(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    async with listening(console, mei) as events:
        await after_hello(events)
        await shopper_says(console, "有人吗")
        told = await anext(events)
    assert (told.name, told.data["kind"], told.data["ref"], told.data["gone"]) == (
        "change",
        "conversation",
        talk,
        False,
    )


async def test_a_stream_goes_on_where_it_was_cut(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "一")
    async with listening(console, mei) as events:
        cursor = (await after_hello(events)).cursor
    other = await shopper_chat(console, "二", chat="visitor-2")
    await shopper_says(console, "三")
    async with listening(console, mei, last=cursor) as events:
        await after_hello(events)
        missed = [await anext(events), await anext(events)]
    assert [told.data["ref"] for told in missed] == [other, talk]


async def test_an_event_of_a_transaction_that_was_open_at_the_cut_is_not_missed(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "一")
    async with console.database.session() as slow:
        await tell_staff(slow, "conversation", talk)
        await shopper_says(console, "二")
        async with listening(console, mei) as events:
            cursor = (await after_hello(events)).cursor
        await slow.commit()
    async with listening(console, mei, last=cursor) as events:
        await after_hello(events)
        assert (await anext(events)).data["ref"] == talk


@pytest.mark.parametrize("cursor", ["nonsense", "1.2", "0.99999999999999999999999", "x" * 90, "-1.-1"])
async def test_a_cursor_of_another_shop_means_read_everything_again(console: Console, cursor: str) -> None:
    mei = await console.at_work("mei")
    async with listening(console, mei, last=cursor) as events:
        await after_hello(events)
        assert (await anext(events)).name == "resync"


async def test_what_another_takes_is_gone_and_merchants_hear_of_orders_only(console: Console) -> None:
    mei, tom, wang = (
        await console.at_work("mei"),
        await console.at_work("tom"),
        await console.at_work("wang", "merchant"),
    )
    talk = await shopper_chat(console, "在吗")
    async with listening(console, tom) as toms, listening(console, wang) as wangs:
        await after_hello(toms)
        await after_hello(wangs)
        await mei.post(f"/api/conversations/{talk}/take")
        told = await anext(toms)
        while not told.data["gone"]:  # what the shopper said may still be on its way
            told = await anext(toms)
        assert told.data["ref"] == talk
        async with console.database.begin() as session:
            await tell_staff(session, "order", 17)
        told = await anext(wangs)
        assert (told.data["kind"], told.data["ref"]) == ("order", 17)


async def test_a_stream_ends_with_its_session(console: Console) -> None:
    mei = await console.at_work("mei")
    async with listening(console, mei) as events:
        await after_hello(events)
        async with console.database.begin() as session:
            await session.execute(delete(StaffSession))
        await shopper_chat(console, "在吗")
        assert [told async for told in events] == []


async def test_nobody_listens_without_a_session(console: Console) -> None:
    assert refusal(await console.browser().get("/api/events")) == (401, "staff.session")


async def test_a_database_that_drops_every_connection_ends_no_stream(console: Console) -> None:
    mei = await console.at_work("mei")
    talk = await shopper_chat(console, "在吗")
    async with listening(console, mei) as events:
        await after_hello(events)
        async with console.database.begin() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        async with asyncio.timeout(60):
            while True:
                try:
                    await shopper_says(console, "还在吗")
                    break
                except DATABASE_AWAY:  # each broken connection of the pool is found out once
                    continue
            told = await anext(events)
            assert told.name == "resync" or told.data["ref"] == talk
