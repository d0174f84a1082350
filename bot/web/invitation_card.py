"""The card that invites into a group, 1200 by 630 pixels: the product, what it costs, who is missing, and a QR code.

It is drawn once for what it shows and kept until the group looks different; a link has one card in each language.
"""

import fcntl
import hashlib
import io
from dataclasses import astuple, dataclass
from pathlib import Path

import segno
from PIL import Image, ImageDraw

from bot.web.share import INK, LEAF, MARGIN, PAPER, SIZE, SOFT, font_of, note_look, paste_square, seal, write

_VERSION = 1
_CODE = 190
"""Pixels of the QR code's side at most."""


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """What the card shows. `state` is how the group stands, `until` when it ends; `alone` is struck through."""

    title: str
    shop: str
    price: str
    alone: str
    state: str
    until: str
    scan: str
    link: str
    language: str
    picture: Path | None

    @property
    def mark(self) -> str:
        """It changes with what the card shows."""
        said = repr((_VERSION, *astuple(self)[:-1], self.picture and self.picture.name))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def card_picture(folder: Path, card: InvitationCard) -> bytes:
    """The PNG of this card, drawn unless it lies in `folder`; the one of the same link from before goes."""
    name = hashlib.sha256(f"{card.language} {card.link}".encode()).hexdigest()[:24]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        path = folder / f"{name}-{card.mark}.png"
        if path.exists():
            note_look(path)
            return path.read_bytes()
        png = _png(_drawn(card))
        for old in folder.glob(f"{name}-*"):
            old.unlink()
        draft = path.with_suffix(".new")
        draft.write_bytes(png)
        draft.replace(path)
        return png


def _drawn(card: InvitationCard) -> Image.Image:
    sheet = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(sheet)
    left = MARGIN
    if paste_square(sheet, card.picture):
        left = SIZE[1] + 48
    width = SIZE[0] - left - 48
    code = _code(card.link)
    at = (left, SIZE[1] - 44 - code.height)
    sheet.paste(code, at)
    if font_of(20) is None:
        seal(draw, (left, 80), 120)
        return sheet
    seal(draw, (left, 48), 44)
    write(draw, (left + 60, 54), card.shop, 24, SOFT, width - 60, lines=1)
    below = write(draw, (left, 118), card.title, 40, INK, width, lines=2)
    _prices(draw, (left, below + 12), card, width)
    write(draw, (left, below + 88), card.state, 34, LEAF, width, lines=1)
    beside = (left + code.width + 24, at[1] + 8)
    below = write(draw, beside, card.scan, 26, INK, width - code.width - 24, lines=3)
    write(draw, (beside[0], below + 8), card.until, 22, SOFT, width - code.width - 24, lines=2)
    return sheet


def _prices(draw: ImageDraw.ImageDraw, at: tuple[int, int], card: InvitationCard, width: int) -> None:
    """The price in a group, and beside it the one alone, struck through; so large that both find room."""
    x, y = at
    for size in (54, 46, 38, 30, 24):
        large, small = font_of(size), font_of(size * 5 // 9)
        assert large is not None
        assert small is not None
        start = x + round(large.getlength(card.price)) + 20
        end = start + round(small.getlength(card.alone))
        if end <= x + width:
            break
    bottom = y + 62
    draw.text((x, bottom), card.price, font=large, fill=LEAF, anchor="ls")
    if card.alone:
        draw.text((start, bottom), card.alone, font=small, fill=SOFT, anchor="ls")
        middle = bottom - size // 5
        draw.line((start - 2, middle, end + 2, middle), fill=SOFT, width=3)


def _code(link: str) -> Image.Image:
    """The QR code on white, every square of it the same number of whole pixels."""
    matrix = list(segno.make(link, error="m", micro=False).matrix_iter(border=3))
    code = Image.new("L", (len(matrix), len(matrix)), 255)
    code.putdata([0 if is_dark else 255 for row in matrix for is_dark in row])
    side = len(matrix) * max(3, _CODE // len(matrix))
    return code.resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def _png(sheet: Image.Image) -> bytes:
    """Few colours, well chosen: a third of the bytes, which chats that show previews ask for."""
    buffer = io.BytesIO()
    sheet.quantize(256, method=Image.Quantize.MEDIANCUT).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
