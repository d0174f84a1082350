"""Pictures of the shop in Telegram: uploaded once, and from then on named by the id Telegram has given them."""

import asyncio
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import structlog
from PIL import Image, ImageOps
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.telegram.model import TelegramFile
from bot.telegram.screens import Picture
from bot.telegram.sheets import name_of, sheet_of
from commerce.catalog.media import MediaFolder
from commerce.catalog.pages import public_media
from foundation.database import Database

log = structlog.get_logger(__name__)

LONGEST_SIDE = 1280
"""Pixels; Telegram shows no more of a photo."""
_MOST_KNOWN = 10_000


class Pictures:
    """The pictures that one bot shows."""

    def __init__(self, database: Database, folder: MediaFolder, bot_id: int) -> None:
        self._database = database
        self._folder = folder
        self._bot_id = bot_id
        self._known: dict[Picture, str] = {}
        self._names: dict[Picture, str] = {}

    async def find(self, pictures: Collection[Picture]) -> dict[Picture, str | bytes]:
        """Telegram's id of each picture, or the JPEG to upload; without what may not be shown or is gone."""
        found: dict[Picture, str | bytes] = {}
        for picture in pictures:
            known = self._known.get(picture) or await self._look_up(picture)
            if known is not None:
                found[picture] = known
        return found

    async def learn(self, file_ids: Mapping[Picture, str]) -> None:
        """Keep the ids that Telegram gave to what was uploaded."""
        new = {picture: file_id for picture, file_id in file_ids.items() if file_id and picture not in self._known}
        if not new:
            return
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known.update(new)
        async with self._database.begin() as session:
            for picture, file_id in new.items():
                if name := self._names.pop(picture, ""):
                    kept = insert(TelegramFile).values(bot_id=self._bot_id, name=name, file_id=file_id)
                    keys = ["bot_id", "name"]
                    await session.execute(kept.on_conflict_do_update(index_elements=keys, set_={"file_id": file_id}))

    async def forget(self, pictures: Collection[Picture]) -> None:
        """Telegram does not know these pictures any more."""
        async with self._database.begin() as session:
            for picture in pictures:
                file_id = self._known.pop(picture, None)
                await session.execute(delete(TelegramFile).filter_by(bot_id=self._bot_id, file_id=file_id))

    async def _look_up(self, picture: Picture) -> str | bytes | None:
        parts = picture if isinstance(picture, tuple) else (picture,)
        async with self._database.begin() as session:
            digests = [await _digest(session, part) for part in parts]
            if not any(digests):
                return None
            name = name_of(digests) if isinstance(picture, tuple) else str(digests[0])
            kept = await session.get(TelegramFile, (self._bot_id, name))
        if kept is not None:
            self._known[picture] = kept.file_id
            return kept.file_id
        try:
            made = await asyncio.to_thread(self._made, digests)
        except (OSError, ValueError):
            log.exception("a picture of the shop cannot be read")
            return None
        self._names[picture] = name
        return made

    def _made(self, digests: Sequence[str | None]) -> bytes:
        match digests:
            case [str(digest)]:
                return as_jpeg(self._folder.file(digest))
        return sheet_of([self._folder.thumbnail(digest) if digest else None for digest in digests])


async def _digest(session: AsyncSession, picture: int | str | None) -> str | None:
    """Of the file; none for a picture of the catalogue that nobody may see."""
    if picture is None or isinstance(picture, str):
        return picture
    media = await public_media(session, picture)
    return None if media is None else media.digest


def as_jpeg(path: Path) -> bytes:
    """A picture as Telegram takes photos: a JPEG of at most LONGEST_SIDE pixels, on white where it is transparent."""
    with Image.open(path) as opened:
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image = ImageOps.exif_transpose(opened)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image if image.mode == "RGBA" else None)
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=86, optimize=True)
    return written.getvalue()
