"""Files of messages: what came with the call, lies at Telegram already, or is fetched from an address."""

import io
import mimetypes
import re

import aiohttp
from PIL import Image, UnidentifiedImageError

from tests.telegram_server.errors import Obj, bad
from tests.telegram_server.limits import DOWNLOAD, PHOTO
from tests.telegram_server.params import Params, Upload
from tests.telegram_server.world import Bot, StoredFile, World

FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice", "video": "videos", "sticker": "stickers"}
EXTRA: dict[str, Obj] = {
    "voice": {"duration": 3, "mime_type": "audio/ogg"},
    "audio": {"duration": 3},
    "video": {"width": 320, "height": 240, "duration": 3},
    "animation": {"width": 320, "height": 240, "duration": 3},
    "video_note": {"length": 240, "duration": 3},
    "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
}


async def media_of(world: World, bot: Bot, params: Params, kind: str, value: Upload | str | None) -> Obj:
    """The part of a message for this file: {"photo": [sizes]}, {"document": {...}} ..."""
    if value is None:
        raise bad(f"there is no {kind.replace('_', ' ')} in the request")
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        value = await _fetched(value)
    if isinstance(value, Upload):
        return kept(world, kind, value, frozenset({bot.id}))
    file = world.files.get(value)
    if file is None or bot.id not in file.bots:
        raise bad("wrong file identifier/HTTP URL specified")
    return shown(kind, file)


def kept(world: World, kind: str, upload: Upload, bots: frozenset[int]) -> Obj:
    """Store a new file and show it."""
    if not upload.content:
        raise bad("file must be non-empty")
    if kind == "photo":
        if len(upload.content) > PHOTO:
            raise bad("file is too big")
        _dimensions(upload.content)
    ending = ".jpg" if kind == "photo" else "_" + re.sub(r"[/?#%{}]", "_", upload.name)
    path = f"{FOLDERS.get(kind, kind)}/file_{{}}" + ending
    return shown(kind, world.store(upload.content, path, bots))


def shown(kind: str, file: StoredFile) -> Obj:
    """A stored file as the Bot API shows it."""
    thing: Obj = {"file_id": file.id, "file_unique_id": "u" + file.id[-8:], "file_size": len(file.content)}
    if kind == "photo":
        width, height = _dimensions(file.content)
        small = 90 / max(width, height, 90)
        thumb = thing | {"width": max(1, round(width * small)), "height": max(1, round(height * small))}
        return {"photo": [thumb, thing | {"width": width, "height": height}]}
    name = file.path.rpartition("/")[2]
    if kind == "document":
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        thing |= {"file_name": name.split("_", 2)[-1], "mime_type": mime}
    return {kind: thing | EXTRA.get(kind, {})}


def downloadable(world: World, bot: Bot, file_id: str) -> StoredFile:
    file = world.files.get(file_id)
    if file is None or bot.id not in file.bots:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > DOWNLOAD:
        raise bad("file is too big")
    return file


def _dimensions(content: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError):
        raise bad("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return width, height


async def _fetched(url: str) -> Upload:
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
            if answer.status != 200:
                raise bad("failed to get HTTP URL content")
            return Upload(url.rpartition("/")[2] or "file", await answer.read())
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise bad("failed to get HTTP URL content") from None
