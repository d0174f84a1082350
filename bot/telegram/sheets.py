"""The pictures of a list as one, each under its number: the words below name the same numbers."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from commerce.catalog.media import THUMBNAIL_SIDE

WIDTH = 900
"""Pixels; a phone shows no more of it."""
_GAP = 6
_VERSION = 1
_ROWS: Final = {1: (1,), 2: (2,), 3: (3,), 4: (2, 2), 5: (2, 3), 6: (3, 3), 7: (2, 2, 3), 8: (2, 3, 3), 9: (3, 3, 3)}
"""How many stand in each row."""
_EMPTY = "#e9ece8"


def sheet_of(thumbnails: Sequence[Path | None]) -> bytes:
    """The JPEG of these pictures, at most nine; None is a product without one."""
    rows = _ROWS[len(thumbnails)]
    heights = [min(WIDTH // count, THUMBNAIL_SIDE) for count in rows]
    sheet = Image.new("RGB", (WIDTH, sum(heights) + _GAP * (len(rows) - 1)), "white")
    left = iter(enumerate(thumbnails, 1))
    top = 0
    for count, height in zip(rows, heights, strict=True):
        width = (WIDTH - _GAP * (count - 1)) // count
        for column in range(count):
            number, path = next(left)
            sheet.paste(_tile(path, number, (width, height)), (column * (width + _GAP), top))
        top += height + _GAP
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=82)
    return written.getvalue()


def name_of(digests: Sequence[str | None]) -> str:
    """What a sheet of the pictures with these digests is called; it changes with the way it is drawn."""
    return f"sheet {_VERSION} " + " ".join(digest[:24] if digest else "-" for digest in digests)


def _tile(path: Path | None, number: int, size: tuple[int, int]) -> Image.Image:
    if path is None:
        tile = Image.new("RGB", size, _EMPTY)
    else:
        with Image.open(path) as opened:
            flat = Image.new("RGB", opened.size, "white")
            flat.paste(opened, mask=opened.convert("RGBA") if opened.has_transparency_data else None)
        tile = ImageOps.fit(flat, size, Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(tile)
    draw.ellipse((10, 10, 62, 62), fill="#1f2a24")
    draw.text((36, 36), str(number), fill="white", font=ImageFont.load_default(34), anchor="mm")
    return tile
