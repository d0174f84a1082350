"""Pictures of the catalogue, named by their row and kept by browsers for good: what lies under an id never changes.

Only of products that are or were on sale: drafts, and pictures the merchant took away, are nobody's business.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from commerce.catalog.media import THUMBNAIL_SIDE, MediaFolder
from commerce.catalog.pages import public_media
from foundation.errors import Refused

router = APIRouter(tags=["pictures"])


@router.get("/media/{media_id}")
async def picture(
    request: Request, media_id: int, size: Annotated[int | None, Query(ge=1, le=8000)] = None
) -> Response:
    """The picture, or its small version where `size` (pixels of the longer side) asks for no more than that."""
    shop = request.app.state.shop
    async with shop.database.begin() as session:
        media = await public_media(session, media_id) if 0 < media_id < 2**62 else None
    if media is None:
        raise Refused("media.unknown")
    folder = MediaFolder.of(shop.settings.data_dir)
    small = size is not None and size <= THUMBNAIL_SIDE
    path = folder.thumbnail(media.digest) if small else folder.file(media.digest)
    if not path.is_file():
        raise Refused("media.missing")
    etag = f'"{media.digest[:24]}{"s" if small else ""}"'
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": etag,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="image/webp" if small else media.mime, headers=headers)
