"""The picture that stands for a product where its link is shared: 1200 by 630 pixels, drawn once for what it shows."""

import contextlib
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = (1200, 630)
MARGIN = 64
PAPER, INK, SOFT, LEAF = "#f8f3e9", "#2d2721", "#766a5c", "#2e6a50"
_VERSION = 1
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
"""Fonts with Chinese characters, where systems keep them. Without one the picture speaks without words."""


@dataclass(frozen=True, slots=True)
class Share:
    """What the picture shows; `picture` is the file of the product's picture."""

    title: str
    price: str
    shop: str
    picture: Path | None


def shared_picture(folder: Path, share: Share) -> Path:
    """The JPEG file of this share picture in `folder`, drawn unless it lies there."""
    said = f"{_VERSION} {share.title} {share.price} {share.shop} {share.picture and share.picture.name}"
    path = folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.jpg"
    if path.exists():
        note_look(path)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    drawn = _drawn(share)
    descriptor, draft = tempfile.mkstemp(dir=folder, suffix=".new")
    with os.fdopen(descriptor, "wb") as file:
        drawn.save(file, "JPEG", quality=86, optimize=True)
    Path(draft).replace(path)
    return path


def note_look(path: Path) -> None:
    """Write down, as the file's time of access, that somebody looks at it now."""
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def forget_unseen(folder: Path, *, since: float) -> int:
    """Delete what nobody has looked at since then (Unix seconds): it is drawn anew for who does. How many files."""
    gone = 0
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            found = path.stat()
            if max(found.st_atime, found.st_mtime) < since:
                path.unlink()
                gone += 1
    return gone


def _drawn(share: Share) -> Image.Image:
    sheet = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(sheet)
    left = MARGIN
    if paste_square(sheet, share.picture):
        left = SIZE[1] + MARGIN
    width = SIZE[0] - left - MARGIN
    if font_of(20) is None:
        seal(draw, (left + width // 2 - 80, SIZE[1] // 2 - 80), 160)
        return sheet
    seal(draw, (left, MARGIN), 56)
    write(draw, (left + 74, MARGIN + 10), share.shop, 28, SOFT, width - 74, lines=1)
    below = write(draw, (left, 196), share.title, 54, INK, width, lines=4)
    if share.price:
        write(draw, (left, max(below + 28, 470)), share.price, 50, LEAF, width, lines=1)
    return sheet


def paste_square(sheet: Image.Image, file: Path | None) -> bool:
    """The picture in this file as a square as high as the sheet, at its left edge; False where there is none."""
    if file is None or not file.is_file():
        return False
    side = (sheet.height, sheet.height)
    with Image.open(file) as picture:
        picture.draft("RGB", side)
        square = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGB"), side)
    sheet.paste(square, (0, 0))
    return True


def seal(draw: ImageDraw.ImageDraw, at: tuple[int, int], side: int) -> None:
    """The shop's seal: the character 二."""
    x, y = at
    draw.rounded_rectangle((x, y, x + side, y + side), radius=side * 0.26, fill=LEAF)
    for top, inset in ((0.33, 0.28), (0.66, 0.18)):
        line = (x + side * inset, y + side * top, x + side * (1 - inset), y + side * top)
        draw.line(line, fill=PAPER, width=max(3, side // 14))


def write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: str, width: int, *, lines: int
) -> int:
    """Write a text, broken into lines of this width, the last one cut where there are too many; where it ends."""
    font = font_of(size)
    assert font is not None
    x, y = at
    for line in _broken(text, font, width, lines):
        draw.text((x, y), line, font=font, fill=colour)
        y += round(size * 1.34)
    return y


def _broken(text: str, font: ImageFont.FreeTypeFont, width: int, lines: int) -> list[str]:
    """Lines no wider than `width`: Latin words stay whole, Chinese breaks anywhere."""
    broken: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and font.getlength(line + piece.rstrip()) > width:
            broken.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    broken.append(line.rstrip())
    if len(broken) > lines:
        last = broken[lines - 1]
        while last and font.getlength(f"{last}…") > width:
            last = last[:-1]
        broken = [*broken[: lines - 1], f"{last}…"]
    return [_fitting(one, font, width) for one in broken if one]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for letter in " ".join(text.split()):
        goes_on = pieces and letter.isascii() and pieces[-1][-1].isascii() and pieces[-1][-1] != " "
        if goes_on:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _fitting(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """A single word wider than the sheet is cut."""
    while len(line) > 1 and font.getlength(line) > width:
        line = line[:-1]
    return line


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | None:
    """The shop's letters in this size; None on a system without Chinese characters."""
    for path in _FONTS:
        try:
            return ImageFont.truetype(path, size)
        except OSError:
            continue
    return None
