"""Conversations over HTTP: list, read, take, answer, note, give back, close."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from admin_api import inbox, talk_views
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Cursor, Limit, RowId, Words
from admin_api.talk_views import MessageView, Scope, Talk, TalkPage, TalkRow
from commerce.catalog.media import MediaFolder
from conversations.model import LONGEST_TEXT
from conversations.photos import photo_of
from foundation.errors import Refused

router = APIRouter(prefix="/api/conversations", tags=["conversations"])

Talker = Annotated[StaffMember, Depends(allowed(Permission.TALK))]
Rev = Annotated[int | None, Query(ge=0, le=LARGEST_ID)]


class Counts(BaseModel):
    """How many conversations each scope holds for the person who asks."""

    counts: dict[Scope, int]


class Saying(BaseModel):
    """Words of a person. The client makes a `client_msg_id` for each message, so that a repeat says nothing twice."""

    text: Annotated[Words, Field(min_length=1, max_length=LONGEST_TEXT)]
    client_msg_id: Annotated[Words, Field(min_length=1, max_length=100)]


class GivingBack(BaseModel):
    """Where the conversation goes, with a note for the bot or the next person."""

    to: Literal["bot", "queue"]
    note: Annotated[Words, Field(max_length=2_000)] = ""


@router.get("", summary="List conversations", responses=errors())
async def list_conversations(
    desk: DeskHere, staff: Talker, scope: Scope = Scope.ALL, cursor: Cursor = None, limit: Limit = 50
) -> TalkPage:
    """A scope of the inbox, latest message first, as far as the person may see it."""
    async with desk.database.begin() as session:
        return await talk_views.talk_page(session, staff=staff, scope=scope, cursor=cursor, limit=limit)


@router.get("/counts", summary="Count conversations by scope", responses=errors())
async def count_conversations(desk: DeskHere, staff: Talker) -> Counts:
    """How many conversations each scope holds."""
    async with desk.database.begin() as session:
        return Counts(counts=await talk_views.talk_counts(session, staff=staff))


@router.get("/{conversation_id}", summary="Read a conversation", responses=errors(404))
async def read_conversation(
    desk: DeskHere, staff: Talker, conversation_id: RowId, since: Rev = None, before: Rev = None, limit: Limit = 50
) -> Talk:
    """With its latest messages; with those before the place `before`; or with those changed after the rev `since`.

    To follow a conversation, ask again with the highest `rev` of the messages you have.
    """
    async with desk.database.begin() as session:
        return await talk_views.talk(
            session, staff=staff, conversation_id=conversation_id, since=since, before=before, limit=limit
        )


@router.get("/{conversation_id}/photos/{seq}", summary="See a photo of the shopper", responses=errors(404))
async def see_photo(
    desk: DeskHere, staff: Talker, conversation_id: RowId, seq: RowId, small: bool = False
) -> FileResponse:
    """By the place of its message. `small`: at most 400 pixels a side, as WebP."""
    async with desk.database.begin() as session:
        await talk_views.talk_row(session, staff=staff, conversation_id=conversation_id)
        photo = await photo_of(session, conversation_id=conversation_id, seq=seq)
    if photo is None:
        raise Refused("photo.unknown")
    folder = MediaFolder.of(desk.settings.data_dir)
    path = folder.thumbnail(photo.digest) if small else folder.file(photo.digest)
    if not path.is_file():
        raise Refused("photo.unknown")
    headers = {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(path, media_type="image/webp" if small else photo.mime, headers=headers)


@router.post("/{conversation_id}/take", summary="Take a conversation over", responses=errors(404, 409))
async def take(desk: DeskHere, staff: Talker, conversation_id: RowId) -> TalkRow:
    """From the bot or the queue. Once more by the same person changes nothing; 409 names another holder."""
    return await inbox.take(desk, staff, conversation_id=conversation_id)


@router.post("/{conversation_id}/messages", summary="Answer the shopper", responses=errors(404, 409, 413))
async def reply(desk: DeskHere, staff: Talker, conversation_id: RowId, saying: Saying) -> MessageView:
    """While the bot has the conversation or it waits, answering is the take-over. Idempotent by `client_msg_id`."""
    return await inbox.reply(
        desk, staff, conversation_id=conversation_id, text=saying.text, client_msg_id=saying.client_msg_id
    )


@router.post("/{conversation_id}/notes", summary="Write a note for the staff", responses=errors(404, 413))
async def write_note(desk: DeskHere, staff: Talker, conversation_id: RowId, saying: Saying) -> MessageView:
    """It never reaches the shopper. Idempotent by `client_msg_id`."""
    return await inbox.write_note(
        desk, staff, conversation_id=conversation_id, text=saying.text, client_msg_id=saying.client_msg_id
    )


@router.post(
    "/{conversation_id}/drafts/{seq}/send", summary="Send a suppressed answer of the bot", responses=errors(404, 409)
)
async def send_draft(desk: DeskHere, staff: Talker, conversation_id: RowId, seq: RowId) -> MessageView:
    """As one's own message, once: sending it again gives the message of the first time."""
    return await inbox.send_draft(desk, staff, conversation_id=conversation_id, seq=seq)


@router.post("/{conversation_id}/release", summary="Give a conversation back", responses=errors(404, 409, 413))
async def release(desk: DeskHere, staff: Talker, conversation_id: RowId, giving: GivingBack) -> TalkRow:
    """To the bot, which gets the note and does not answer the backlog, or to the queue."""
    return await inbox.release(desk, staff, conversation_id=conversation_id, to=giving.to, note=giving.note)


@router.post("/{conversation_id}/close", summary="Close a conversation", responses=errors(404, 409))
async def close(desk: DeskHere, staff: Talker, conversation_id: RowId) -> TalkRow:
    """What the shopper writes next opens it again."""
    return await inbox.close(desk, staff, conversation_id=conversation_id)
