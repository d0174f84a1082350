"""Pictures of the shop in Telegram: uploaded once, and from then on named by the id Telegram has given them."""

import asyncio
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import structlog
from PIL import Image, ImageOps
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from bot.telegram.model import TelegramFile
from bot.telegram.screens import Picture
from bot.telegram.sheets import name_of, sheet_of
from commerce.catalog.media import MediaFolder
from commerce.catalog.pages import public_digests
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
        """Of what is being uploaded."""

    async def find(self, pictures: Collection[Picture]) -> dict[Picture, str | bytes]:
        """Telegram's id of each picture, or the JPEG to upload; without what may not be shown or is gone."""
        for kept in (self._known, self._names):
            if len(kept) > _MOST_KNOWN:
                kept.clear()
        known: dict[Picture, str | bytes] = {each: self._known[each] for each in pictures if each in self._known}
        new = [picture for picture in pictures if picture not in known]
        return known | (await self._look_up(new) if new else {})

    async def learn(self, file_ids: Mapping[Picture, str]) -> None:
        """Keep the ids that Telegram gave to what was uploaded."""
        new = {picture: file_id for picture, file_id in file_ids.items() if file_id and picture not in self._known}
        if not new:
            return
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

    async def _look_up(self, pictures: Sequence[Picture]) -> dict[Picture, str | bytes]:
        """What Telegram calls these, or the JPEG of what it has not seen yet."""
        numbers = {part for picture in pictures for part in _parts(picture) if isinstance(part, int)}
        async with self._database.begin() as session:
            shown = await public_digests(session, numbers)
            digests = {picture: [_digest(part, shown) for part in _parts(picture)] for picture in pictures}
            names = {picture: _name(picture, its) for picture, its in digests.items() if any(its)}
            named = select(TelegramFile.name, TelegramFile.file_id).filter_by(bot_id=self._bot_id)
            rows = await session.execute(named.where(TelegramFile.name.in_(names.values())))
            kept: dict[str, str] = {row.name: row.file_id for row in rows}
        found: dict[Picture, str | bytes] = {}
        for picture, name in names.items():
            if name in kept:
                found[picture] = self._known[picture] = kept[name]
                continue
            try:
                found[picture] = await asyncio.to_thread(self._made, digests[picture])
            except (OSError, ValueError):
                log.exception("a picture of the shop cannot be read")
            else:
                self._names[picture] = name
        return found

    def _made(self, digests: Sequence[str | None]) -> bytes:
        match digests:
            case [str(digest)]:
                return as_jpeg(self._folder.file(digest))
        return sheet_of([self._folder.thumbnail(digest) if digest else None for digest in digests])


def _parts(picture: Picture) -> Sequence[int | str | None]:
    return picture if isinstance(picture, tuple) else (picture,)


def _digest(part: int | str | None, shown: Mapping[int, str]) -> str | None:
    """Of the file; none for a picture of the catalogue that nobody may see."""
    return shown.get(part) if isinstance(part, int) else part


def _name(picture: Picture, digests: Sequence[str | None]) -> str:
    return name_of(digests) if isinstance(picture, tuple) else str(digests[0])


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
