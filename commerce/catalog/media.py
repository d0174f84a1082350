"""Picture files on disk, named by the SHA-256 of their content, so that no name from outside ever becomes a path."""

import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageOps

from foundation.errors import Refused

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 40_000_000
THUMBNAIL_SIDE = 400
LONGEST_SIDE = 2000
_MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that lies in the folder. Width and height in pixels, as people see it (turned upright)."""

    digest: str
    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """The folder of all picture files of the shop."""

    root: Path

    @classmethod
    def of(cls, data_dir: Path) -> "MediaFolder":
        """The media folder of an installation."""
        return cls(data_dir / "media")

    def file(self, digest: str) -> Path:
        """Where the picture with this digest lies. ValueError for what is no digest."""
        return self.root / _checked(digest)[:2] / digest

    def thumbnail(self, digest: str) -> Path:
        """Where its small WebP version lies (at most 400 pixels a side)."""
        return self.root / "thumbnails" / _checked(digest)[:2] / f"{digest}.webp"

    def keep(self, content: bytes) -> Kept:
        """Look at a picture, store it and its thumbnail. Storing the same twice stores it once.

        Raises Refused: media.empty, media.too_large (bytes), media.too_many_pixels, media.unreadable (broken, or not
        one of JPEG, PNG, WebP and GIF).
        """
        mime, small, width, height = _look_at(content)
        digest = sha256(content).hexdigest()
        _write(self.thumbnail(digest), small)
        _write(self.file(digest), content)
        return Kept(digest, mime, width, height)


def tidied(content: bytes) -> bytes:
    """A person's photo as the shop keeps it: upright, at most 2,000 pixels a side, without place, date and camera.

    JPEG, or WebP when it is transparent. Raises what `keep` raises.
    """
    image = _decoded(content)
    has_alpha = image.has_transparency_data
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    tidy = io.BytesIO()
    if has_alpha:
        image.convert("RGBA").save(tidy, "WEBP", quality=88, method=3)
    else:
        image.convert("RGB").save(tidy, "JPEG", quality=88, optimize=True)
    return tidy.getvalue()


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise ValueError("a media digest is 64 hexadecimal digits")
    return digest


def _look_at(content: bytes) -> tuple[str, bytes, int, int]:
    """MIME type, thumbnail file, width and height. Decodes the whole picture, so a broken one is noticed here."""
    image, mime = _opened(content)
    with _broken_is_refused(), image:
        width, height = image.size
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        upright = ImageOps.exif_transpose(image)
        if (upright.width > upright.height) != (image.width > image.height):
            width, height = height, width
        small = io.BytesIO()
        upright.convert("RGBA" if upright.has_transparency_data else "RGB").save(small, "WEBP", quality=82, method=3)
        return mime, small.getvalue(), width, height


def _decoded(content: bytes) -> Image.Image:
    """The whole picture, upright."""
    image, _ = _opened(content)
    with _broken_is_refused(), image:
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at the size that is needed
        return ImageOps.exif_transpose(image)


def _opened(content: bytes) -> tuple[Image.Image, str]:
    """The picture with only its head read, and its MIME type."""
    if not content:
        raise Refused("media.empty")
    if len(content) > MOST_BYTES:
        raise Refused("media.too_large", bytes=len(content), most=MOST_BYTES)
    with _broken_is_refused():
        image = Image.open(io.BytesIO(content), formats=tuple(_MIME))
        # The header tells the size: a picture that would fill the memory is refused before it is decoded.
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise Refused("media.too_many_pixels", width=width, height=height, most=MOST_PIXELS)
        return image, _MIME[image.format or ""]


@contextmanager
def _broken_is_refused() -> Iterator[None]:
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("media.too_many_pixels", most=MOST_PIXELS) from error
    except (OSError, SyntaxError, ValueError, KeyError, EOFError) as error:
        # Pillow's decoders raise any of these on damaged files.
        raise Refused("media.unreadable") from error


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that is there already has the same content by its name."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
