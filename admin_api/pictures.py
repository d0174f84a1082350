"""Pictures of products over HTTP: upload, order, crop, and the files themselves (also of what is not on sale)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile

from admin_api import product_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors, errors_beside
from admin_api.product_forms import CropForm, PicturesForm
from admin_api.product_views import ProductSheet
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, RowId
from commerce.catalog.media import MOST_BYTES, THUMBNAIL_SIDE, MediaFolder
from commerce.catalog.model import Media
from foundation.errors import Refused

router = APIRouter(prefix="/api", tags=["pictures"])

Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PRODUCTS))]
MOST_FILES = 10
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MOST_FILES}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"files": _FILES}, "required": ["files"]}
            }
        },
    }
}
_FILE: dict[int | str, dict[str, object]] = {
    200: {"description": "The picture", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
    **errors_beside(401, 403, 404, 422, 500),
}


@router.post(
    "/products/{product_id}/pictures",
    summary="Upload pictures",
    responses=errors(400, 404, 409, 413),
    openapi_extra=_FORM,
)
async def upload(
    request: Request,
    desk: DeskHere,
    staff: Merchant,
    product_id: RowId,
    version: Annotated[int, Query(ge=1, le=LARGEST_ID, description="The product's version as it was read.")],
) -> ProductSheet:
    """JPEG, PNG, WebP or GIF in `files`, each of at most 20 MB; all are put behind the others, or none."""
    # The form is read here and not by the framework: nobody's files are taken before it is known who sends them.
    async with request.form(max_files=5 * MOST_FILES, max_fields=5) as form:
        files = [file for file in form.getlist("files") if isinstance(file, UploadFile)]
        if len(files) > MOST_FILES:
            raise Refused("picture.too_many_at_once", most=MOST_FILES)
        uploads = [await file.read(MOST_BYTES + 1) for file in files]
    return await product_desk.add_pictures(desk, staff, product_id=product_id, version=version, uploads=uploads)


@router.post("/products/{product_id}/pictures/arrange", summary="Arrange pictures", responses=errors(404, 409))
async def arrange(desk: DeskHere, staff: Merchant, product_id: RowId, form: PicturesForm) -> ProductSheet:
    """Their order, of which variants they are, what they show; those left out are taken off."""
    return await product_desk.arrange_pictures(desk, staff, product_id=product_id, form=form)


@router.post(
    "/products/{product_id}/pictures/{media_id}/crop", summary="Crop a picture to a square", responses=errors(404, 409)
)
async def crop(desk: DeskHere, staff: Merchant, product_id: RowId, media_id: RowId, form: CropForm) -> ProductSheet:
    """The square takes the place of the whole picture in this product."""
    return await product_desk.crop_picture(desk, staff, product_id=product_id, media_id=media_id, form=form)


@router.get(
    "/media/{media_id}",
    summary="Read a picture file",
    responses=_FILE,
    response_class=FileResponse,
    dependencies=[Depends(allowed(Permission.READ_PRODUCTS))],
)
async def picture(
    desk: DeskHere, media_id: RowId, size: Annotated[int | None, Query(ge=1, le=8000)] = None
) -> FileResponse:
    """The picture, or its small version where `size` (pixels of the longer side) asks for no more than that."""
    async with desk.database.begin() as session:
        media = await session.get(Media, media_id)
    if media is None:
        raise Refused("media.unknown")
    folder = MediaFolder.of(desk.settings.data_dir)
    small = size is not None and size <= THUMBNAIL_SIDE
    path = folder.thumbnail(media.digest) if small else folder.file(media.digest)
    if not path.is_file():
        raise Refused("media.missing")
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(path, media_type="image/webp" if small else media.mime, headers=headers)
