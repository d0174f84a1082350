"""Accounts and groups in which the staff answers in Telegram: codes that link them, who is linked, and unlinking."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.model import Staff
from admin_api.roles import Permission, StaffMember
from conversations.staff_chats import (
    CODE_LASTS,
    CodeFor,
    StaffGroup,
    Subject,
    Trouble,
    linked_staff,
    new_staff_code,
    staff_group_for,
    staff_groups,
    unlink_staff_chats,
)
from conversations.topics import open_topics
from foundation.audit import write_audit
from foundation.errors import Refused


class LinkCode(BaseModel):
    """`say` is to be said to the staff's bot before `until`: in private, or in the group that is to be linked."""

    say: str
    until: datetime


class TeamForm(BaseModel):
    """Which conversations come to a group; null: of any language, about anything."""

    language: Literal["zh", "en"] | None
    subject: Subject | None


class GroupRow(BaseModel):
    """A group. `trouble` says why nothing can be posted in it; `topics` are open now."""

    id: int
    title: str
    language: str | None
    subject: Subject | None
    trouble: Trouble | None
    topics: int
    linked_at: datetime


class PersonRow(BaseModel):
    """A person with an account, the first one linked; somebody who left keeps the row and can do nothing with it."""

    id: int
    name: str
    is_active: bool
    accounts: int
    linked_at: datetime


class StaffChats(BaseModel):
    """Everything that is linked. `is_set_up`: the shop has a bot for the staff."""

    is_set_up: bool
    groups: list[GroupRow]
    people: list[PersonRow]


async def list_staff_chats(desk: Desk, staff: StaffMember) -> StaffChats:
    """Everything that is linked, for whoever talks."""
    staff.must(Permission.TALK)
    async with desk.database.begin() as session:
        counts = await open_topics(session)
        groups = [_group_row(group, counts.get(group.id, 0)) for group in await staff_groups(session)]
        return StaffChats(
            is_set_up=desk.settings.telegram_staff_token is not None, groups=groups, people=await _people(session)
        )


async def new_link_code(desk: Desk, staff: StaffMember, *, kind: CodeFor) -> LinkCode:
    """A code for one's own account, or for a group."""
    staff.must(Permission.MANAGE_STAFF_GROUPS if kind is CodeFor.GROUP else Permission.TALK)
    now = desk.now()
    async with desk.database.begin() as session:
        code = await new_staff_code(session, staff_id=staff.id, kind=kind, now=now)
        action = f"telegram.{kind}_code_made"
        write_audit(session, staff_id=staff.id, action=action, subject=f"staff:{staff.id}", now=now)
    command = "/desk" if kind is CodeFor.GROUP else "/link"
    return LinkCode(say=f"{command} {code}", until=now + CODE_LASTS)


async def unlink_person(desk: Desk, staff: StaffMember, *, staff_id: int) -> None:
    """Take one's own accounts away, or somebody's. Refuses staff_chat.unknown, staff.forbidden."""
    staff.must(Permission.TALK if staff_id == staff.id else Permission.MANAGE_STAFF_GROUPS)
    async with desk.database.begin() as session:
        if not await unlink_staff_chats(session, staff_id=staff_id):
            raise Refused("staff_chat.unknown", staff=staff_id)
        write_audit(session, staff_id=staff.id, action="telegram.unlinked", subject=f"staff:{staff_id}", now=desk.now())


async def set_team(desk: Desk, staff: StaffMember, *, group_id: int, form: TeamForm) -> None:
    """Say which conversations come to a group; those that are there stay. Refuses staff_group.unknown."""
    staff.must(Permission.MANAGE_STAFF_GROUPS)
    async with desk.database.begin() as session:
        group = await staff_group_for(session, group_id)
        group.language, group.subject = form.language, form.subject
        _note_down(session, desk, staff, "telegram.team_set", group_id)


async def unlink_group(desk: Desk, staff: StaffMember, *, group_id: int) -> None:
    """Tell and hear nothing in a group any more; its conversations go to another. Refuses staff_group.unknown."""
    staff.must(Permission.MANAGE_STAFF_GROUPS)
    async with ring_after(desk.database, desk.doorbell), desk.database.begin() as session:
        await session.delete(await staff_group_for(session, group_id))
        _note_down(session, desk, staff, "telegram.group_unlinked", group_id)


async def _people(session: AsyncSession) -> list[PersonRow]:
    rows: dict[int, PersonRow] = {}
    chats = await linked_staff(session)
    found = select(Staff).where(Staff.id.in_({chat.staff_id for chat in chats}))
    people = {person.id: person for person in await session.scalars(found)}
    for chat in chats:
        person = people[chat.staff_id]
        row = rows.setdefault(
            person.id,
            PersonRow(
                id=person.id,
                name=person.display_name,
                is_active=person.active,
                accounts=0,
                linked_at=chat.linked_at,
            ),
        )
        row.accounts += 1
    return list(rows.values())


def _group_row(group: StaffGroup, topics: int) -> GroupRow:
    return GroupRow(
        id=group.id,
        title=group.title,
        language=group.language,
        subject=Subject(group.subject) if group.subject else None,
        trouble=Trouble(group.trouble) if group.trouble else None,
        topics=topics,
        linked_at=group.linked_at,
    )


def _note_down(session: AsyncSession, desk: Desk, staff: StaffMember, action: str, group_id: int) -> None:
    write_audit(session, staff_id=staff.id, action=action, subject=f"staff_group:{group_id}", now=desk.now())
