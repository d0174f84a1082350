"""Pictures that shoppers send in Telegram, brought into the same private store as those of the web chat."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.delivery import Undeliverable
from commerce.catalog.media import MediaFolder, tidied
from conversations.photos import awaited_photos, keep_photo
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from bot.shop import Shop

log = structlog.get_logger(__name__)

LEFT_ALONE = timedelta(seconds=10)
"""A sweep leaves pictures younger than this to the process that heard of them."""
KEPT_BY_TELEGRAM = timedelta(days=1)


async def fetch_photo(
    shop: "Shop", telegram: "Telegram", *, conversation_id: int, seq: int, body: dict[str, Json]
) -> dict[str, Json]:
    """Bring the picture of a message here, and return what the message is then. One that was brought is left as it is.

    What is gone, too large or no picture leaves its caption. When Telegram cannot be reached this raises: a sweep tries
    again.
    """
    caption = str(body["text"])
    try:
        content = await asyncio.to_thread(tidied, await telegram.file(str(body["file"])))
        kept = await asyncio.to_thread(MediaFolder.of(shop.settings.data_dir).keep, content)
    except (Undeliverable, Refused):
        brought: dict[str, Json] = {"kind": "text", "text": caption} if caption else {"kind": "other", "what": "photo"}
    else:
        rest = {name: value for name, value in body.items() if name != "file"}
        size = {"width": kept.width, "height": kept.height}
        brought = {**rest, "digest": kept.digest, "mime": kept.mime, **size}
    await keep_photo(shop.database, conversation_id=conversation_id, seq=seq, body=brought)
    return brought


async def fetch_missed(shop: "Shop") -> int:
    """Bring the pictures that a crash or a failure left with Telegram, also where no turn asks for them: a person may
    be waiting to see one. Returns how many came.
    """
    if shop.telegram is None:
        return 0
    now = shop.now()
    async with shop.database.begin() as session:
        missed = await awaited_photos(session, since=now - KEPT_BY_TELEGRAM, before=now - LEFT_ALONE)
    came = 0
    for conversation_id, seq, body in missed:
        try:
            await fetch_photo(shop, shop.telegram, conversation_id=conversation_id, seq=seq, body=body)
            came += 1
        except Exception:  # whatever it is, it is tried again
            log.exception("a picture does not come", conversation=conversation_id, seq=seq)
    return came
