"""The chats of the staff: a code that makes a chat one's own, where a photo becomes a product."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from admin_api.auth import DeskHere, allowed
from admin_api.desk import Desk
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from commerce.customers import keepers
from foundation.audit import write_audit

router = APIRouter(prefix="/api/me/chats", tags=["my chats"])

Keeper = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PRODUCTS))]


class ChatCode(BaseModel):
    """`say` is to be said in the chat that is to be linked, before `until`; `address` is where our web chat is."""

    say: str
    until: datetime
    address: str


class Unlinked(BaseModel):
    """How many chats were linked."""

    chats: int


@router.post("/code", summary="Get a code for one's own chat", responses=errors())
async def chat_code(desk: DeskHere, staff: Keeper) -> ChatCode:
    """Good for one chat and ten minutes; it takes the place of the one before."""
    return await new_chat_code(desk, staff)


@router.post("/unlink", summary="Unlink one's chats", responses=errors())
async def unlink(desk: DeskHere, staff: Keeper) -> Unlinked:
    """Every chat that was linked is a shopper's again."""
    return Unlinked(chats=await unlink_my_chats(desk, staff))


async def new_chat_code(desk: Desk, staff: StaffMember) -> ChatCode:
    """A code for this person, written into the audit log."""
    staff.must(Permission.MANAGE_PRODUCTS)
    now = desk.now()
    async with desk.database.begin() as session:
        code = await keepers.new_code(session, staff_id=staff.id, now=now)
        write_audit(session, staff_id=staff.id, action="keeper.code_made", subject=f"staff:{staff.id}", now=now)
    word = "绑定" if staff.language == "zh" else "/link"
    return ChatCode(say=f"{word} {code[:4]}-{code[4:]}", until=now + keepers.CODE_LASTS, address=desk.settings.base_url)


async def unlink_my_chats(desk: Desk, staff: StaffMember) -> int:
    """Take every chat from this person; how many there were."""
    async with desk.database.begin() as session:
        chats = await keepers.unlink_chats(session, staff_id=staff.id)
        write_audit(
            session,
            staff_id=staff.id,
            action="keeper.unlinked",
            subject=f"staff:{staff.id}",
            now=desk.now(),
            chats=chats,
        )
    return chats
