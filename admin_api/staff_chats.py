"""Accounts and groups of the staff in Telegram over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import staff_chat_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Done, RowId
from admin_api.staff_chat_desk import LinkCode, StaffChats, TeamForm
from conversations.staff_chats import CodeFor

router = APIRouter(prefix="/api/staff-chats", tags=["staff chats"])

Talker = Annotated[StaffMember, Depends(allowed(Permission.TALK))]
Chief = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_STAFF_GROUPS))]


@router.get("", summary="List linked accounts and groups", responses=errors())
async def list_staff_chats(desk: DeskHere, staff: Talker) -> StaffChats:
    """Who answers in Telegram, and in which groups."""
    return await staff_chat_desk.list_staff_chats(desk, staff)


@router.post("/code", summary="Get a code for one's own account", responses=errors())
async def person_code(desk: DeskHere, staff: Talker) -> LinkCode:
    """Good once and for ten minutes; it takes the place of the one before."""
    return await staff_chat_desk.new_link_code(desk, staff, kind=CodeFor.PERSON)


@router.post("/groups/code", summary="Get a code for a group", responses=errors())
async def group_code(desk: DeskHere, staff: Chief) -> LinkCode:
    """Good once and for ten minutes; it takes the place of the one before."""
    return await staff_chat_desk.new_link_code(desk, staff, kind=CodeFor.GROUP)


@router.post("/people/{staff_id}/unlink", summary="Unlink the accounts of a person", responses=errors(404))
async def unlink_person(desk: DeskHere, staff: Talker, staff_id: RowId) -> Done:
    """One's own, or anybody's for those who manage the groups."""
    await staff_chat_desk.unlink_person(desk, staff, staff_id=staff_id)
    return Done()


@router.post("/groups/{group_id}/team", summary="Say which conversations come to a group", responses=errors(404))
async def set_team(desk: DeskHere, staff: Chief, group_id: RowId, form: TeamForm) -> Done:
    """By language and subject; those that are there already stay."""
    await staff_chat_desk.set_team(desk, staff, group_id=group_id, form=form)
    return Done()


@router.post("/groups/{group_id}/unlink", summary="Unlink a group", responses=errors(404))
async def unlink_group(desk: DeskHere, staff: Chief, group_id: RowId) -> Done:
    """Its conversations go to another group, if there is one."""
    await staff_chat_desk.unlink_group(desk, staff, group_id=group_id)
    return Done()
