"""Photos in the web chat: taken in with a caption, and shown to nobody but their own conversation."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response

from bot.turn import receive
from bot.web.chat import CHANNEL, AVisitor, acknowledged, shop_of, spend_messages
from bot.web.wire import LARGEST_BODY
from commerce.catalog.media import MOST_BYTES, THUMBNAIL_SIDE, MediaFolder, tidied
from conversations.hear import Incoming
from conversations.photos import photo_of
from conversations.read import conversation_of
from conversations.text import clean
from foundation.errors import Refused

LARGEST_PHOTO = MOST_BYTES + LARGEST_BODY
PHOTOS_A_MINUTE = 12
LONGEST_CAPTION = 2_000

router = APIRouter(prefix="/chat/photos", tags=["web chat"])


@router.post("", status_code=202)
async def new_photo(
    request: Request,
    visitor: AVisitor,
    photo: Annotated[UploadFile, File(description="JPEG, PNG, WebP or GIF, up to 20 MB")],
    client_id: Annotated[str, Form(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$")],
    caption: Annotated[str, Form(max_length=LONGEST_CAPTION)] = "",
    language: Annotated[str | None, Form(pattern="^(zh|en)$")] = None,
) -> Response:
    """Keep a photo and its caption as one message, as POST /chat/messages keeps words."""
    shop = shop_of(request)
    await spend_messages(request, visitor)
    over = await shop.budget.spend(f"photos:{visitor}", limit=PHOTOS_A_MINUTE, seconds=60)
    if over:
        raise Refused("limit.messages", limit=PHOTOS_A_MINUTE, seconds=10, first=over == 1)
    content = await asyncio.to_thread(tidied, await photo.read())
    kept = await asyncio.to_thread(MediaFolder.of(shop.settings.data_dir).keep, content)
    text = clean(caption).strip()
    heard = await receive(
        shop,
        Incoming(
            channel=CHANNEL,
            chat=visitor,
            external_id=client_id,
            body={
                "kind": "photo",
                "text": text,
                "digest": kept.digest,
                "mime": kept.mime,
                "width": kept.width,
                "height": kept.height,
            },
            text=text,
        ),
        language=language,
    )
    return await acknowledged(request, visitor, heard)


@router.get("/{seq}")
async def photo(
    request: Request,
    visitor: AVisitor,
    seq: Annotated[int, Path(ge=1, lt=2**62)],
    size: Annotated[int | None, Query(ge=1, le=8000)] = None,
) -> Response:
    """A photo of this visitor's own conversation, by the place of its message."""
    shop = shop_of(request)
    async with shop.database.begin() as session:
        conversation = await conversation_of(session, channel=CHANNEL, chat=visitor)
        found = conversation and await photo_of(session, conversation_id=conversation.id, seq=seq)
    if not found:
        raise Refused("media.unknown")
    folder = MediaFolder.of(shop.settings.data_dir)
    small = size is not None and size <= THUMBNAIL_SIDE
    path = folder.thumbnail(found.digest) if small else folder.file(found.digest)
    if not path.is_file():
        raise Refused("media.missing")
    headers = {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(path, media_type="image/webp" if small else found.mime, headers=headers)
