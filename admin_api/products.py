"""Products over HTTP: list, read, make, edit, options and variants, prices, publish and archive, many at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from admin_api import product_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.product_forms import BulkForm, EditForm, PricesForm, ProductForm, VariantsForm, VersionForm
from admin_api.product_rows import ProductCounts, ProductPage
from admin_api.product_views import ProductHistory, ProductSheet
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Cursor, Done, Limit, RowId, Words
from commerce.catalog.model import ProductStatus

router = APIRouter(prefix="/api", tags=["products"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PRODUCTS))]
Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PRODUCTS))]


@router.get("/products", summary="List products", responses=errors())
async def list_products(
    desk: DeskHere,
    staff: Reader,
    words: Annotated[Words | None, Query(max_length=200, description="Titles, handles, SKUs, or a wish.")] = None,
    status: ProductStatus | None = None,
    category_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    low_stock: Annotated[int | None, Query(ge=0, le=1_000_000, description="At most so many left.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ProductPage:
    """Newest first; with words, what they find, best first, also drafts and archived products."""
    async with desk.database.begin() as session:
        return await product_desk.list_products(
            session,
            staff,
            words=words,
            status=status,
            category_id=category_id,
            low_stock=low_stock,
            cursor=cursor,
            limit=limit,
        )


@router.get("/products/counts", summary="Count products", responses=errors())
async def count_products(desk: DeskHere, staff: Reader) -> ProductCounts:
    """How many are drafts, published and archived."""
    async with desk.database.begin() as session:
        return await product_desk.count_products(session, staff)


@router.get("/products/{product_id}", summary="Read a product", responses=errors(404))
async def read_product(desk: DeskHere, staff: Reader, product_id: RowId) -> ProductSheet:
    """Texts in every language, variants with prices and stock, pictures, the last movements, and what it lacks."""
    async with desk.database.begin() as session:
        return await product_desk.read_product(session, staff, product_id=product_id)


@router.get("/products/{product_id}/history", summary="Read what was done with a product", responses=errors(404))
async def read_history(
    desk: DeskHere, staff: Reader, product_id: RowId, cursor: Cursor = None, limit: Limit = 50
) -> ProductHistory:
    """Who changed what, newest first, with what was before and after."""
    async with desk.database.begin() as session:
        return await product_desk.read_history(session, staff, product_id=product_id, cursor=cursor, limit=limit)


@router.post("/products", summary="Make a product", responses=errors(404, 409))
async def create_product(desk: DeskHere, staff: Merchant, form: ProductForm) -> ProductSheet:
    """A draft with one variant."""
    return await product_desk.create_product(desk, staff, form=form)


@router.post("/products/bulk", summary="Change many products", responses=errors(404, 409))
async def change_many(desk: DeskHere, staff: Merchant, form: BulkForm) -> Done:
    """All or none: when some cannot be changed, `bulk.refused` tells the reason for each of them."""
    return await product_desk.change_many(desk, staff, form=form)


@router.post("/products/{product_id}/edit", summary="Edit a product", responses=errors(404, 409))
async def edit_product(desk: DeskHere, staff: Merchant, product_id: RowId, form: EditForm) -> ProductSheet:
    """What is left out stays. `product.changed` when somebody saved since `version` was read."""
    return await product_desk.save_product(desk, staff, product_id=product_id, edit=form)


@router.post("/products/{product_id}/variants", summary="Set options and variants", responses=errors(404, 409))
async def set_variants(desk: DeskHere, staff: Merchant, product_id: RowId, form: VariantsForm) -> ProductSheet:
    """All of them in order; those left out are taken away, or made inactive where they were ever sold."""
    return await product_desk.save_product(desk, staff, product_id=product_id, offers=form)


@router.post("/products/{product_id}/prices", summary="Set prices", responses=errors(404, 409))
async def set_prices(desk: DeskHere, staff: Merchant, product_id: RowId, form: PricesForm) -> ProductSheet:
    """In minor units. Carts show them at once; orders keep what was agreed."""
    return await product_desk.set_prices(desk, staff, product_id=product_id, form=form)


@router.post("/products/{product_id}/publish", summary="Publish a product", responses=errors(404, 409))
async def publish(desk: DeskHere, staff: Merchant, product_id: RowId, form: VersionForm) -> ProductSheet:
    """Put it on sale. `product.incomplete` says what it lacks: title, variant, price."""
    return await product_desk.move_product(
        desk, staff, product_id=product_id, version=form.version, to=ProductStatus.PUBLISHED
    )


@router.post("/products/{product_id}/draft", summary="Make a product a draft again", responses=errors(404, 409))
async def make_draft(desk: DeskHere, staff: Merchant, product_id: RowId, form: VersionForm) -> ProductSheet:
    """Off sale to work on it, or back from the archive."""
    return await product_desk.move_product(
        desk, staff, product_id=product_id, version=form.version, to=ProductStatus.DRAFT
    )


@router.post("/products/{product_id}/archive", summary="Archive a product", responses=errors(404, 409))
async def archive(desk: DeskHere, staff: Merchant, product_id: RowId, form: VersionForm) -> ProductSheet:
    """Put it away. Its orders stay; where it lies in a cart it cannot be bought any more."""
    return await product_desk.move_product(
        desk, staff, product_id=product_id, version=form.version, to=ProductStatus.ARCHIVED
    )
