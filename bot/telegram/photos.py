"""Pictures that shoppers send in Telegram, brought into the same private store as those of the web chat."""

import asyncio
from typing import TYPE_CHECKING

from bot.delivery import Undeliverable
from commerce.catalog.media import MediaFolder, tidied
from conversations.photos import keep_photo
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from bot.shop import Shop


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
