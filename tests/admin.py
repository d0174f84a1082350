"""A console process for tests: the real application on a real database, spoken to as a browser does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.app import create_app
from admin_api.auth import CSRF_HEADER, nobodys_hash
from admin_api.model import Staff
from commerce.customers.actions import customer_for
from conversations.hear import Incoming, hear, open_conversation
from conversations.model import Kind
from conversations.ownership import ask_for_person
from conversations.turns import Reply, close_turn, lock_for_turn
from foundation.audit import write_audit
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell
from foundation.settings import Settings

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""As the shop would hash it, but cheap: a hundred tests sign in."""
nobodys_hash[:] = [HASH]
ORIGIN = "http://console.test"


async def hire(
    session: AsyncSession, name: str, role: str, *, shown: str = "", language: str = "zh", now: datetime
) -> int:
    """A new person of the staff, as `add_staff` makes one but with the cheap password; the id."""
    person = Staff(
        name=name,
        display_name=shown or name.title(),
        password_hash=HASH,
        role=role,
        language=language,
        active=True,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    write_audit(session, staff_id=None, action="staff.added", subject=f"staff:{person.id}", role=role, now=now)
    return person.id


class Clock:
    """A clock that only the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **spans: float) -> None:
        self.now += timedelta(**spans)


class Browser:
    """A browser of one person of the staff: keeps the cookie, sends the CSRF token with its writes."""

    def __init__(self, app: FastAPI, address: str = "10.0.0.1") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1234))
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN})

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.http.post("/api/sign-in", json={"name": name, "password": password})
        if answer.is_success:
            self.http.headers[CSRF_HEADER] = answer.json()["csrf"]
        return answer

    async def get(self, path: str, **params: object) -> httpx.Response:
        return await self.http.get(path, params={name: str(value) for name, value in params.items()})

    async def post(self, path: str, body: object = None) -> httpx.Response:
        return await self.http.post(path, json=body)


class Console:
    """The application with its clock, and people who are signed in."""

    def __init__(self, app: FastAPI, settings: Settings, database: Database, clock: Clock) -> None:
        self.app, self.settings, self.database, self.clock = app, settings, database, clock
        self.browsers: list[Browser] = []

    def browser(self, address: str = "10.0.0.1") -> Browser:
        self.browsers.append(Browser(self.app, address))
        return self.browsers[-1]

    async def hire(self, name: str, role: str = "agent") -> int:
        async with self.database.begin() as session:
            return await hire(session, name, role, now=self.clock())

    async def at_work(self, name: str, role: str = "agent") -> Browser:
        """A new person who has just signed in."""
        await self.hire(name, role)
        browser = self.browser()
        answer = await browser.sign_in(name)
        assert answer.status_code == 200, answer.text
        return browser


@asynccontextmanager
async def open_console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    """The application without its web pages, in this process."""
    clock, folder = Clock(now), TemporaryDirectory()
    settings = Settings(database_url=database.url, data_dir=Path(folder.name))
    app = create_app(
        settings,
        database=database,
        vault=vault,
        doorbell=Doorbell(None),
        now=clock,
        with_console=False,
    )
    console = Console(app, settings, database, clock)
    with folder:
        async with app.router.lifespan_context(app):
            yield console
    for browser in console.browsers:
        await browser.http.aclose()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is no success."""
    return answer.status_code, answer.json()["error"]["code"]


async def shopper_chat(console: Console, *said: str, chat: str = "visitor-1", language: str = "zh") -> int:
    """A conversation in which a shopper of the web chat has said these things; its id."""
    now = console.clock()
    async with console.database.begin() as session:
        customer = await customer_for(session, channel="web", account=chat, language=language, now=now)
        made = await open_conversation(
            session, channel="web", chat=chat, customer_id=customer.id, language=language, now=now
        )
    for text in said:
        await shopper_says(console, text, chat=chat)
    return made


async def shopper_says(console: Console, text: str, *, chat: str = "visitor-1") -> None:
    """One more message of the shopper."""
    said = Incoming("web", chat, uuid4().hex, {"kind": "text", "text": text}, text)
    assert await hear(console.database, said, now=console.clock())


async def bot_answers(console: Console, conversation_id: int, *texts: str) -> None:
    """A turn of the bot: everything heard is dealt with, these answers are queued."""
    now = console.clock()
    async with console.database.begin() as session:
        locked = await lock_for_turn(session, conversation_id, now=now)
        assert locked is not None
        replies = [Reply(Kind.ANSWER, {"kind": "text", "text": text}, text) for text in texts]
        await close_turn(
            session,
            locked,
            replies=replies,
            frames=[],
            focus={},
            language=locked.language,
            handled_seq=locked.last_read,
            now=now,
        )


async def asks_for_person(console: Console, conversation_id: int) -> None:
    """The shopper wants a person."""
    async with console.database.begin() as session:
        await ask_for_person(
            session,
            conversation_id=conversation_id,
            reason="asked",
            summary={"said": "人工"},
            actor="shopper",
            now=console.clock(),
        )
