"""Cut a square out of a picture of the shop."""

import io

from PIL import Image, ImageOps

from commerce.catalog.media import Kept, MediaFolder
from foundation.errors import Refused

SMALLEST_SIDE = 100
_SAVED_AS = {"image/jpeg": "JPEG", "image/webp": "WEBP"}


def crop_square(folder: MediaFolder, kept: Kept, *, left: int, top: int, side: int) -> Kept:
    """Keep the square of `side` pixels whose corner is (left, top), as people see the picture; the old one stays.

    Slow (it decodes the picture): for a thread, and outside of any transaction. Refuses media.missing when the file is
    not there, and picture.box (`width`, `height`, `least`) for a square that is not inside or smaller than 100 pixels.
    """
    if side < SMALLEST_SIDE or min(left, top) < 0 or left + side > kept.width or top + side > kept.height:
        raise Refused("picture.box", width=kept.width, height=kept.height, least=SMALLEST_SIDE)
    try:
        with Image.open(folder.file(kept.digest)) as image:
            square = ImageOps.exif_transpose(image).crop((left, top, left + side, top + side))
    except OSError as error:
        raise Refused("media.missing") from error
    saved = io.BytesIO()
    form = _SAVED_AS.get(kept.mime, "PNG")
    if form == "PNG" and square.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"):
        square = square.convert("RGBA")
    square.save(saved, form, quality=92)
    return folder.keep(saved.getvalue())
