"""Accounts and groups of the staff at the staff's door: codes, teams, unlinking, and who may do which."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from admin_api.staff import reset_password
from conversations.staff_chats import CodeFor, link_group, link_staff_chat, linked_staff, use_staff_code
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.admin import Console, open_console, refusal


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def used(console: Console, say: str, kind: CodeFor) -> int | str:
    """Whose code it was, or why it is none."""
    try:
        async with console.database.begin() as session:
            return await use_staff_code(session, code=say.split(" ")[1], kind=kind, now=console.clock())
    except Refused as refusal:
        return refusal.code


async def test_codes_are_good_once_and_for_ten_minutes_and_groups_are_for_administrators(console: Console) -> None:
    mei, boss = await console.at_work("mei", "agent"), await console.at_work("boss", "administrator")
    merchant = await console.at_work("tao", "merchant")
    chats = "/api/staff-chats"
    assert refusal(await merchant.get(chats)) == (403, "staff.forbidden")
    assert refusal(await mei.post(f"{chats}/groups/code")) == (403, "staff.forbidden")
    first, second = [(await mei.post(f"{chats}/code")).json()["say"] for _ in range(2)]
    assert first.startswith("/link ")
    assert await used(console, first, CodeFor.PERSON) == "staff_code.wrong"
    assert await used(console, second, CodeFor.GROUP) == "staff_code.wrong"
    assert await used(console, second.replace("-", " - ").lower().replace(" - ", ""), CodeFor.PERSON) == 1
    assert await used(console, second, CodeFor.PERSON) == "staff_code.wrong"
    third = (await mei.post(f"{chats}/code")).json()["say"]
    console.clock.pass_(minutes=10)
    assert await used(console, third, CodeFor.PERSON) == "staff_code.wrong"
    assert (await boss.post(f"{chats}/groups/code")).json()["say"].startswith("/desk ")


async def test_a_group_gets_a_team_and_accounts_are_unlinked_by_their_owner_or_an_administrator(
    console: Console,
) -> None:
    mei, boss = await console.at_work("mei", "agent"), await console.at_work("boss", "administrator")
    now, chats = console.clock(), "/api/staff-chats"
    async with console.database.begin() as session:
        group = (await link_group(session, chat_id=-1, title="Desk", staff_id=2, words="zh", now=now)).id
        for user_id, staff_id in ((11, 1), (12, 1), (21, 2)):
            await link_staff_chat(session, user_id=user_id, staff_id=staff_id, now=now)
    team = {"language": "en", "subject": "after_sales"}
    assert refusal(await mei.post(f"{chats}/groups/{group}/team", team)) == (403, "staff.forbidden")
    assert (await boss.post(f"{chats}/groups/{group}/team", team)).status_code == 200
    seen = (await mei.get(chats)).json()
    (shown,) = seen["groups"]
    assert (shown["title"], shown["language"], shown["subject"], shown["trouble"]) == ("Desk", *team.values(), None)
    assert [(person["name"], person["accounts"]) for person in seen["people"]] == [("Mei", 2), ("Boss", 1)]
    assert refusal(await mei.post(f"{chats}/people/2/unlink")) == (403, "staff.forbidden")
    assert (await mei.post(f"{chats}/people/1/unlink")).status_code == 200
    assert refusal(await boss.post(f"{chats}/people/1/unlink")) == (404, "staff_chat.unknown")
    assert refusal(await boss.post(f"{chats}/groups/{group + 1}/unlink")) == (404, "staff_group.unknown")
    assert (await boss.post(f"{chats}/groups/{group}/unlink")).status_code == 200
    assert (await boss.get(chats)).json()["groups"] == []
    async with console.database.begin() as session:
        await reset_password(session, name="boss", password="another one of them", now=now)
        assert await linked_staff(session) == []
