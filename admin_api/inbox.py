"""What the staff does with conversations, for the HTTP interface and the console alike.

Each act is one transaction: who may, the act itself, its line in the audit log; then the bells, after the commit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.roles import Permission, StaffMember
from admin_api.talk_views import MessageView, TalkRow, message_view, talk_row
from commerce.catalog.media import MediaFolder, tidied
from conversations import ownership
from conversations.model import Agent, Conversation, Kind, Message, Owner, Status
from foundation.audit import write_audit
from foundation.errors import Json, Refused


async def take(desk: Desk, staff: StaffMember, *, conversation_id: int, key: str | None = None) -> TalkRow:
    """Take the conversation over. Refuses conversation.held (`holder`) when another person has it.

    `key` names the act, here and below: what was done under it is not done again.
    """
    async with _act(desk, staff, conversation_id) as session:
        await ownership.take(session, conversation_id=conversation_id, agent=_agent(staff), now=desk.now(), key=key)
        _note_down(session, desk, staff, "conversation.taken", conversation_id)
        return await talk_row(session, staff=staff, conversation_id=conversation_id)


async def reply(desk: Desk, staff: StaffMember, *, conversation_id: int, text: str, client_msg_id: str) -> MessageView:
    """Answer the shopper; while the bot has it or it waits this takes it over. The same id again says nothing twice."""
    async with _act(desk, staff, conversation_id) as session:
        body: dict[str, Json] = {"kind": "text", "text": text, "plain": text}
        said = await _say(desk, staff, session, conversation_id, body, text, f"{staff.id}:{client_msg_id}")
        return message_view(said)


async def send_photo(
    desk: Desk, staff: StaffMember, *, conversation_id: int, content: bytes, text: str, client_msg_id: str
) -> MessageView:
    """Answer with a photo and its caption, as `reply` does with words. Refuses media.* before anything is kept."""
    staff.must(Permission.TALK)
    tidy = await asyncio.to_thread(tidied, content)
    kept = await asyncio.to_thread(MediaFolder.of(desk.settings.data_dir).keep, tidy)
    photo: dict[str, Json] = {"digest": kept.digest, "mime": kept.mime, "width": kept.width, "height": kept.height}
    async with _act(desk, staff, conversation_id) as session:
        body = {"kind": "photo", "text": text, "plain": text or "[photo]", **photo}
        said = await _say(desk, staff, session, conversation_id, body, text or "[photo]", f"{staff.id}:{client_msg_id}")
        return message_view(said)


async def edit(desk: Desk, staff: StaffMember, *, conversation_id: int, text: str, client_msg_id: str) -> bool:
    """Put other words into what this person said under this id. False when they said nothing under it."""
    async with _act(desk, staff, conversation_id) as session:
        edited = await ownership.agent_edits(
            session,
            conversation_id=conversation_id,
            agent=_agent(staff),
            client_msg_id=f"{staff.id}:{client_msg_id}",
            text=text,
            now=desk.now(),
        )
        if edited is not None:
            _note_down(session, desk, staff, "conversation.edited", conversation_id, seq=edited.seq)
        return edited is not None


async def send_draft(desk: Desk, staff: StaffMember, *, conversation_id: int, seq: int) -> MessageView:
    """Send what the bot meant to say before a person took over, as that person's own message, once."""
    async with _act(desk, staff, conversation_id) as session:
        draft = await session.scalar(
            select(Message).where(
                Message.conversation_id == conversation_id,
                Message.seq == seq,
                Message.kind == Kind.ANSWER,
                Message.status == Status.SUPPRESSED,
            )
        )
        if draft is None:
            raise Refused("draft.unknown", seq=seq)
        said = await _say(desk, staff, session, conversation_id, draft.body, draft.text, f"draft:{seq}")
        return message_view(said)


async def write_note(
    desk: Desk, staff: StaffMember, *, conversation_id: int, text: str, client_msg_id: str
) -> MessageView:
    """Leave a note that only the staff sees. The same id again writes nothing twice."""
    async with _act(desk, staff, conversation_id, seen=True) as session:
        note = await ownership.add_note(
            session,
            conversation_id=conversation_id,
            agent=_agent(staff),
            text=text,
            client_msg_id=f"{staff.id}:{client_msg_id}",
            now=desk.now(),
        )
        _note_down(session, desk, staff, "conversation.noted", conversation_id, seq=note.seq)
        return message_view(note)


async def release(
    desk: Desk,
    staff: StaffMember,
    *,
    conversation_id: int,
    to: Literal["bot", "queue"],
    note: str,
    key: str | None = None,
) -> TalkRow:
    """Give the conversation back, with a note for the bot or the next person. A supervisor may do it for others."""
    async with _act(desk, staff, conversation_id, seen=True) as session:
        await ownership.release(
            session,
            conversation_id=conversation_id,
            agent=await _for_holder(session, staff, conversation_id),
            by=_agent(staff),
            to=to,
            note=note,
            now=desk.now(),
            key=key,
        )
        _note_down(session, desk, staff, "conversation.released", conversation_id, to=to)
        return await talk_row(session, staff=staff, conversation_id=conversation_id)


async def close(desk: Desk, staff: StaffMember, *, conversation_id: int, key: str | None = None) -> TalkRow:
    """End the conversation; the shopper's next message opens it again. A supervisor may do it for others."""
    async with _act(desk, staff, conversation_id, seen=True) as session:
        await ownership.close(
            session,
            conversation_id=conversation_id,
            agent=await _for_holder(session, staff, conversation_id),
            by=_agent(staff),
            now=desk.now(),
            key=key,
        )
        _note_down(session, desk, staff, "conversation.closed", conversation_id)
        return await talk_row(session, staff=staff, conversation_id=conversation_id)


@asynccontextmanager
async def _act(
    desk: Desk, staff: StaffMember, conversation_id: int, *, seen: bool = False
) -> AsyncIterator[AsyncSession]:
    """One transaction of a person who may talk; the bells ring after its commit.

    `seen`: only with a conversation this person may read. Taking and answering are open for every conversation, since
    who comes second must be told who was first.
    """
    staff.must(Permission.TALK)
    async with (
        ring_after(desk.database, desk.doorbell, conversation_id=conversation_id),
        desk.database.begin() as session,
    ):
        if seen:
            await talk_row(session, staff=staff, conversation_id=conversation_id)
        elif await session.get(Conversation, conversation_id) is None:
            raise Refused("conversation.unknown", conversation=conversation_id)
        yield session


async def _say(
    desk: Desk,
    staff: StaffMember,
    session: AsyncSession,
    conversation_id: int,
    body: dict[str, Json],
    text: str,
    client_msg_id: str,
) -> Message:
    said = await ownership.agent_says(
        session,
        conversation_id=conversation_id,
        agent=_agent(staff),
        body=body,
        text=text,
        client_msg_id=client_msg_id,
        now=desk.now(),
    )
    _note_down(session, desk, staff, "conversation.answered", conversation_id, seq=said.seq)
    return said


async def _for_holder(session: AsyncSession, staff: StaffMember, conversation_id: int) -> Agent:
    """In whose place this person acts: a supervisor in the holder's, to end what another holds; others in their own."""
    held = await session.get_one(Conversation, conversation_id, with_for_update={"key_share": True})
    if held.owner == Owner.HUMAN and held.assignee is not None and staff.may(Permission.READ_ALL_TALKS):
        return held.assignee
    return _agent(staff)


def _note_down(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, conversation_id: int, **facts: Json
) -> None:
    subject = f"conversation:{conversation_id}"
    write_audit(session, staff_id=staff.id, action=action, subject=subject, now=desk.now(), **facts)


def _agent(staff: StaffMember) -> Agent:
    return Agent(staff.id, staff.display_name)
