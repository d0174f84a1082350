"""Signing in to the staff's door: who gets in, who is locked out, and what a stranger's page cannot do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.auth import COOKIE, CSRF_HEADER, forget_old_sign_ins
from admin_api.model import AuditEntry, Role, SignInFailure, Staff, StaffSession
from admin_api.roles import PERMISSIONS, Permission
from admin_api.staff import add_staff, dismiss, first_administrator, list_staff, new_password, reinstate, reset_password
from conversations.model import Conversation
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.admin import PASSWORD, Console, asks_for_person, hire, open_console, refusal, shopper_chat


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def test_a_person_signs_in_works_and_signs_out(console: Console) -> None:
    await console.hire("mei", "administrator")
    browser = console.browser()
    answer = await browser.sign_in("Mei ")
    assert answer.status_code == 200
    assert answer.json() | {"csrf": "", "id": 0} == {
        "id": 0,
        "name": "mei",
        "display_name": "Mei",
        "role": "administrator",
        "language": "zh",
        "permissions": sorted(Permission),
        "csrf": "",
    }
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert (await browser.get("/api/me")).json()["name"] == "mei"
    assert (await browser.post("/api/sign-out")).json() == {"done": True}
    assert refusal(await browser.get("/api/me")) == (401, "staff.session")


async def test_signing_out_ends_the_session_in_the_database_too(console: Console) -> None:
    browser = await console.at_work("mei")
    stolen = browser.http.cookies[COOKIE]
    await browser.post("/api/sign-out")
    browser.http.cookies.set(COOKIE, stolen)
    assert refusal(await browser.get("/api/me")) == (401, "staff.session")


async def test_the_database_holds_neither_password_nor_session_token(console: Console) -> None:
    browser = await console.at_work("mei")
    async with console.database.begin() as session:
        person = (await session.scalars(select(Staff))).one()
        opened = (await session.scalars(select(StaffSession))).one()
    assert person.password_hash.startswith("$argon2id$")
    assert browser.http.cookies[COOKIE].encode() not in opened.digest


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(console: Console) -> None:
    await console.hire("mei")
    browser = console.browser()
    wrong = await browser.sign_in("mei", "not the password")
    unknown = await browser.sign_in("nobody", "not the password")
    assert refusal(wrong) == (401, "staff.sign_in")
    assert wrong.content == unknown.content


@pytest.mark.parametrize("name", ["mei", "nobody"])
async def test_five_wrong_passwords_lock_a_name_for_fifteen_minutes(console: Console, name: str) -> None:
    await console.hire("mei")
    browser = console.browser()
    for _ in range(5):
        assert refusal(await browser.sign_in(name, "wrong password")) == (401, "staff.sign_in")
    console.clock.pass_(minutes=5)
    locked = await browser.sign_in(name)
    assert refusal(locked) == (429, "staff.locked")
    assert locked.headers["retry-after"] == "600"
    console.clock.pass_(minutes=10)
    assert (await browser.sign_in(name)).status_code == (200 if name == "mei" else 401)


async def test_a_lock_survives_a_restart(console: Console, vault: Vault) -> None:
    await console.hire("mei")
    for _ in range(5):
        await console.browser().sign_in("mei", "wrong password")
    async with open_console(console.database, vault, console.clock()) as restarted:
        assert refusal(await restarted.browser().sign_in("mei")) == (429, "staff.locked")


async def test_an_address_that_tries_many_names_is_locked(console: Console) -> None:
    await console.hire("mei")
    browser = console.browser("10.0.0.66")
    for number in range(20):
        assert (await browser.sign_in(f"name-{number}", "wrong password")).status_code == 401
    assert refusal(await browser.sign_in("mei")) == (429, "staff.locked")
    assert (await console.browser("10.0.0.67").sign_in("mei")).status_code == 200


async def test_thirty_guesses_at_the_same_moment_are_all_counted(console: Console) -> None:
    await console.hire("mei")
    browsers = [console.browser(f"10.0.1.{number}") for number in range(30)]
    answers = await asyncio.gather(*(browser.sign_in("mei", "wrong password") for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 25


async def test_a_right_password_takes_the_failures_of_the_name_back(console: Console) -> None:
    await console.hire("mei")
    browser = console.browser()
    for _ in range(4):
        await browser.sign_in("mei", "wrong password")
    assert (await browser.sign_in("mei")).status_code == 200
    for _ in range(4):
        assert (await browser.sign_in("mei", "wrong password")).status_code == 401


async def test_counters_hold_neither_names_nor_addresses_and_are_forgotten(console: Console) -> None:
    await console.browser("10.9.8.7").sign_in("my-password-typed-as-a-name", "wrong password")
    async with console.database.begin() as session:
        for row in (await session.scalars(select(SignInFailure))).all():
            assert b"my-password" not in row.key
            assert b"10.9.8.7" not in row.key
        assert await forget_old_sign_ins(session, now=console.clock()) == 0
        console.clock.pass_(minutes=15)
        assert await forget_old_sign_ins(session, now=console.clock()) == 2
        assert await session.scalar(select(func.count()).select_from(SignInFailure)) == 0


async def test_a_write_without_the_sessions_own_token_changes_nothing(console: Console) -> None:
    browser = await console.at_work("mei")
    del browser.http.headers[CSRF_HEADER]
    for token in (None, "", "guessed", "é"):
        headers: dict[bytes, bytes] = {} if token is None else {CSRF_HEADER.encode(): token.encode()}
        assert refusal(await browser.http.post("/api/sign-out", headers=headers)) == (403, "staff.csrf"), token
        assert (await browser.get("/api/me")).status_code == 200


async def test_a_page_of_another_site_can_neither_write_nor_sign_in(console: Console) -> None:
    browser = await console.at_work("mei")
    body = {"name": "mei", "password": PASSWORD}
    for header in ({"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert refusal(await browser.http.post("/api/sign-out", headers=header)) == (403, "staff.csrf"), header
        assert refusal(await browser.http.post("/api/sign-in", json=body, headers=header)) == (403, "staff.csrf")


async def test_sessions_end_when_idle_at_last_and_when_the_person_leaves(console: Console) -> None:
    idle, old, gone = [await console.at_work(name) for name in ("idle", "old", "gone")]
    console.clock.pass_(hours=11, minutes=59)
    assert (await old.get("/api/me")).status_code == 200
    assert (await gone.get("/api/me")).status_code == 200
    console.clock.pass_(minutes=2)
    assert refusal(await idle.get("/api/me")) == (401, "staff.session")
    async with console.database.begin() as session:
        await session.execute(update(Staff).where(Staff.name == "gone").values(active=False))
    assert refusal(await gone.get("/api/me")) == (401, "staff.session")
    for _ in range(16):
        assert (await old.get("/api/me")).status_code == 200
        console.clock.pass_(hours=10)
    assert refusal(await old.get("/api/me")) == (401, "staff.session")


async def test_a_new_password_ends_the_sessions_of_the_old_one(console: Console) -> None:
    browser = await console.at_work("mei")
    async with console.database.begin() as session:
        await reset_password(session, name="MEI", password="a new password", now=console.clock())
    assert refusal(await browser.get("/api/me")) == (401, "staff.session")
    assert (await browser.sign_in("mei", "a new password")).status_code == 200


async def test_the_first_administrator_is_made_once_even_by_two_processes(database: Database, now: datetime) -> None:
    async def begin() -> tuple[str, str] | None:
        async with database.begin() as session:
            return await first_administrator(session, now=now)

    made = [who for who in await asyncio.gather(begin(), begin(), begin()) if who]
    assert len(made) == 1
    assert made[0][0] == "admin"
    assert len(made[0][1]) == 19
    async with database.begin() as session:
        assert [(person.name, person.role) for person in await list_staff(session)] == [("admin", "administrator")]


async def test_who_is_dismissed_is_let_in_no_more_and_their_conversations_wait_for_others(console: Console) -> None:
    mei = await console.at_work("mei")
    mine, other = await shopper_chat(console, "在吗"), await shopper_chat(console, "hi", chat="visitor-2")
    for conversation_id, browser in ((mine, mei), (other, await console.at_work("li"))):
        await asks_for_person(console, conversation_id)
        await browser.post(f"/api/conversations/{conversation_id}/take")
    async with console.database.begin() as session:
        assert await dismiss(session, name=" Mei", now=console.clock()) == 1
        assert await dismiss(session, name="mei", now=console.clock()) == 0
        owners = await session.execute(select(Conversation.id, Conversation.owner, Conversation.assignee_name))
        assert {tuple(row) for row in owners} == {(mine, "waiting", None), (other, "human", "Li")}
    assert refusal(await mei.get("/api/me")) == (401, "staff.session")
    assert refusal(await mei.sign_in("mei")) == (401, "staff.sign_in")
    async with console.database.begin() as session:
        await reinstate(session, name="mei", now=console.clock())
        await reinstate(session, name="mei", now=console.clock())
        told = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(2))
        assert told.all() == ["staff.reinstated", "staff.dismissed"]
    assert (await mei.sign_in("mei")).status_code == 200


async def test_the_last_administrator_stays_even_when_two_dismiss_each_other(database: Database, now: datetime) -> None:
    names = ("mei", "li")
    async with database.begin() as session:
        for name in names:
            await hire(session, name, "administrator", now=now)

    async def let_go(name: str) -> int:
        async with database.begin() as session:
            return await dismiss(session, name=name, now=now)

    done = await asyncio.gather(*map(let_go, names), return_exceptions=True)
    assert sorted(getattr(each, "code", "done") for each in done) == ["done", "staff.last_administrator"]
    with pytest.raises(Refused, match=r"staff\.unknown"):
        await let_go("nobody")


async def test_unusable_staff_are_refused(session: AsyncSession, now: datetime) -> None:
    usual = {"name": "li", "display_name": "Li", "password": PASSWORD, "role": "agent"}
    await add_staff(session, **(usual | {"name": "mei"}), now=now)
    for change, code in (
        ({"name": "mei"}, "staff.name_taken"),
        ({"name": "two words"}, "staff.name_unusable"),
        ({"name": ""}, "staff.name_unusable"),
        ({"role": "king"}, "staff.role_unknown"),
        ({"password": "short"}, "staff.password_short"),
        ({"password": "x" * 201}, "staff.password_short"),
    ):
        with pytest.raises(Refused) as refused:
            await add_staff(session, **(usual | change), now=now)
        assert refused.value.code == code
    assert [person.name for person in await list_staff(session)] == ["mei"]


async def test_the_audit_log_tells_of_sign_ins_without_names(console: Console) -> None:
    await console.at_work("mei")
    async with console.database.begin() as session:
        lines = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert [(line.action, line.facts) for line in lines] == [
        ("staff.added", {"role": "agent"}),
        ("staff.signed_in", {}),
    ]


async def test_malformed_sign_ins_are_refused_in_the_same_shape(console: Console) -> None:
    for body, status in (
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b'{"name": "a"}', 422),
        (b'{"name": 5, "password": "x"}', 422),
        (b'{"name": "a\\u0000b", "password": "x"}', 422),
        (b'{"name": "\\ud800", "password": "x"}', 422),
        (b'{"name": "a", "password": "\\ud800"}', 422),
        (b"\xff\xfe", 400),
        (b'{"name": "' + b"a" * 300_000 + b'", "password": "x"}', 413),
        (b'{"name": "a", "password": "\\u0000"}', 422),
    ):
        answer = await console.browser().http.post(
            "/api/sign-in", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == status, body[:40]
        assert set(answer.json()["error"]) == {"code", "message", "facts"}


async def test_a_huge_body_that_tells_no_length_is_refused_too(console: Console) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    answer = await console.browser().http.post("/api/sign-in", content=parts())
    assert refusal(answer) == (413, "request.too_large")


async def test_unknown_addresses_and_methods_are_refused_in_the_same_shape(console: Console) -> None:
    browser = console.browser()
    assert refusal(await browser.get("/api/nothing-here")) == (404, "request.unknown")
    assert refusal(await browser.get("/api/sign-out")) == (405, "request.method")


def test_every_role_has_its_row_and_only_the_administration_may_do_everything() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.ADMINISTRATOR] == frozenset(Permission)
    assert Permission.TAKE_MONEY not in PERMISSIONS[Role.AGENT]
    assert Permission.TALK not in PERMISSIONS[Role.MERCHANT]


def test_new_passwords_differ_and_avoid_look_alikes() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    assert not set("".join(made)) & set("01loi")


async def test_health_ready_and_metrics_answer_without_a_session(console: Console) -> None:
    browser = console.browser()
    assert (await browser.get("/health")).json() == {"status": "ok"}
    assert (await browser.get("/ready")).json() == {"status": "ok"}
    await browser.get("/api/me")
    counters = (await browser.get("/metrics")).text
    assert 'xiaoer_console_requests_total{method="GET",route="/api/me",status="401"} 1.0' in counters
