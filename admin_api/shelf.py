"""Stock, categories and the log of searches over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from admin_api import category_desk, search_desk, stock_desk
from admin_api.auth import DeskHere, allowed
from admin_api.category_desk import Categories, CategoryForm, MoveForm, RemoveForm, RenameForm
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from admin_api.search_desk import SearchDays, SearchPage
from admin_api.shapes import LARGEST_ID, Cursor, Limit, RowId
from admin_api.stock_desk import AdjustForm, CountForm, LowStock, Movements, VariantStock

router = APIRouter(prefix="/api")

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PRODUCTS))]
Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PRODUCTS))]
Stockkeeper = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_STOCK))]
Curious = Annotated[StaffMember, Depends(allowed(Permission.READ_SEARCHES))]


@router.get("/stock/low", summary="List what runs low", tags=["stock"], responses=errors())
async def low_stock(
    desk: DeskHere,
    staff: Reader,
    threshold: Annotated[
        int | None, Query(ge=0, le=1_000_000, description="At most so many left; absent: below its own mark.")
    ] = None,
    location_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="By what lies there.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> LowStock:
    """Variants on sale of which few can still be promised, the scarcest first: who, where, how many, how fast."""
    async with desk.database.begin() as session:
        return await stock_desk.low_stock(
            session,
            staff,
            usual=desk.settings.low_stock,
            now=desk.now(),
            threshold=threshold,
            location_id=location_id,
            cursor=cursor,
            limit=limit,
        )


@router.get("/variants/{variant_id}/movements", summary="List stock movements", tags=["stock"], responses=errors(404))
async def list_movements(
    desk: DeskHere, staff: Reader, variant_id: RowId, cursor: Cursor = None, limit: Limit = 50
) -> Movements:
    """What came and went, newest first, with what lay there afterwards."""
    async with desk.database.begin() as session:
        return await stock_desk.list_movements(session, staff, variant_id=variant_id, cursor=cursor, limit=limit)


@router.post("/variants/{variant_id}/count", summary="Count stock", tags=["stock"], responses=errors(404, 409))
async def count_stock(desk: DeskHere, staff: Stockkeeper, variant_id: RowId, form: CountForm) -> VariantStock:
    """So many lie there. Never below what is promised to orders."""
    return await stock_desk.count_stock(desk, staff, variant_id=variant_id, form=form)


@router.post("/variants/{variant_id}/adjust", summary="Adjust stock", tags=["stock"], responses=errors(404, 409))
async def adjust_stock(desk: DeskHere, staff: Stockkeeper, variant_id: RowId, form: AdjustForm) -> VariantStock:
    """Pieces were received, returned or found; or they were damaged or lost."""
    return await stock_desk.adjust_stock(desk, staff, variant_id=variant_id, form=form)


@router.get("/categories", summary="List categories", tags=["categories"], responses=errors())
async def list_categories(desk: DeskHere, staff: Reader) -> Categories:
    """All of them in the shop's order, each followed by those inside it."""
    async with desk.database.begin() as session:
        return await category_desk.list_categories(session, staff)


@router.post("/categories", summary="Make a category", tags=["categories"], responses=errors(404, 409))
async def add_category(desk: DeskHere, staff: Merchant, form: CategoryForm) -> Categories:
    """The last one in its parent."""
    return await category_desk.add_category(desk, staff, form=form)


@router.post(
    "/categories/{category_id}/rename", summary="Rename a category", tags=["categories"], responses=errors(404, 409)
)
async def rename_category(desk: DeskHere, staff: Merchant, category_id: RowId, form: RenameForm) -> Categories:
    """In the languages named; its products are found by the new name at once."""
    return await category_desk.rename_category(desk, staff, category_id=category_id, form=form)


@router.post(
    "/categories/{category_id}/move", summary="Move a category", tags=["categories"], responses=errors(404, 409)
)
async def move_category(desk: DeskHere, staff: Merchant, category_id: RowId, form: MoveForm) -> Categories:
    """Into another one, or to another place among its neighbours; never into itself."""
    return await category_desk.move_category(desk, staff, category_id=category_id, form=form)


@router.post(
    "/categories/{category_id}/remove", summary="Remove a category", tags=["categories"], responses=errors(404, 409)
)
async def remove_category(desk: DeskHere, staff: Merchant, category_id: RowId, form: RemoveForm) -> Categories:
    """When it is empty, or with another one to put everything into."""
    return await category_desk.remove_category(desk, staff, category_id=category_id, form=form)


@router.get("/searches", summary="List what shoppers search for", tags=["searches"], responses=errors())
async def list_searches(
    desk: DeskHere,
    staff: Curious,
    days: Annotated[int, Query(ge=1, le=90, description="How far back.")] = 30,
    only_empty: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SearchPage:
    """What is asked often; with `only_empty` what the shop does not quite have."""
    async with desk.database.begin() as session:
        return await search_desk.list_searches(
            session, staff, now=desk.now(), days=days, only_empty=only_empty, cursor=cursor, limit=limit
        )


@router.get("/searches/days", summary="Count searches by day", tags=["searches"], responses=errors())
async def count_searches(
    desk: DeskHere, staff: Curious, days: Annotated[int, Query(ge=1, le=90, description="How far back.")] = 30
) -> SearchDays:
    """How often shoppers searched on each day of the shop, and how often the shop did not quite have it."""
    async with desk.database.begin() as session:
        return await search_desk.count_searches(session, staff, now=desk.now(), zone=desk.settings.zone, days=days)
