"""Flash sales over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import flash_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.flash_desk import EditSaleForm, LaterForm, PiecesForm, SaleForm, SaleRow, Sales, SaleVersion
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Done, RowId

router = APIRouter(prefix="/api", tags=["flash-sales"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PROMOTIONS))]
Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PROMOTIONS))]


@router.get("/flash-sales", summary="List flash sales", responses=errors())
async def list_sales(desk: DeskHere, staff: Reader) -> Sales:
    """The newest hundred, with what is left of them."""
    async with desk.database.begin() as session:
        return await flash_desk.list_flash_sales(desk, session, staff)


@router.post("/flash-sales", summary="Write a flash sale", responses=errors())
async def add_sale(desk: DeskHere, staff: Merchant, form: SaleForm) -> SaleRow:
    """A draft: nobody sees it until it is scheduled."""
    return await flash_desk.add_sale(desk, staff, form=form)


@router.get("/flash-sales/{sale_id}", summary="Watch a flash sale", responses=errors(404))
async def read_sale(desk: DeskHere, staff: Reader, sale_id: RowId) -> SaleRow:
    """What is sold, held and left of each of its goods, and how many people stand in line."""
    async with desk.database.begin() as session:
        sale = await flash_desk.read_sale(desk, session, staff, sale_id=sale_id)
    return await flash_desk.with_line(desk, sale)


@router.post("/flash-sales/{sale_id}", summary="Edit a flash sale", responses=errors(404, 409))
async def edit_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: EditSaleForm) -> SaleRow:
    """The whole of a draft anew."""
    return await flash_desk.edit_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-sales/{sale_id}/delete", summary="Throw a flash sale away", responses=errors(404, 409))
async def delete_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: SaleVersion) -> Done:
    """Only a draft."""
    return await flash_desk.delete_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-sales/{sale_id}/schedule", summary="Schedule a flash sale", responses=errors(404, 409))
async def schedule_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: SaleVersion) -> SaleRow:
    """Its pieces are reserved from stock now, shoppers see it coming, and it opens to the instant."""
    return await flash_desk.schedule_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-sales/{sale_id}/unschedule", summary="Take a flash sale back", responses=errors(404, 409))
async def unschedule_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: SaleVersion) -> SaleRow:
    """A draft again, as long as it has not begun; its pieces go free."""
    return await flash_desk.unschedule_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-sales/{sale_id}/extend", summary="Move the end of a flash sale", responses=errors(404, 409))
async def extend_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: LaterForm) -> SaleRow:
    """Later or nearer, but not into the past."""
    return await flash_desk.extend_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-sales/{sale_id}/end", summary="End a flash sale", responses=errors(404, 409))
async def end_sale(desk: DeskHere, staff: Merchant, sale_id: RowId, form: SaleVersion) -> SaleRow:
    """Now. Who is in the checkout can still pay; all other pieces go back on the shelf."""
    return await flash_desk.end_sale(desk, staff, sale_id=sale_id, form=form)


@router.post("/flash-items/{item_id}/pieces", summary="Change the pieces of a flash sale", responses=errors(404, 409))
async def change_pieces(desk: DeskHere, staff: Merchant, item_id: RowId, form: PiecesForm) -> SaleRow:
    """More are reserved from stock now; fewer, down to what is sold or held, go free."""
    return await flash_desk.change_pieces(desk, staff, item_id=item_id, form=form)
