"""The places where goods lie, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import location_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.location_desk import LocationForm, Locations, MarkForm, NewLocationForm, TransferForm
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import RowId
from admin_api.stock_desk import VariantStock

router = APIRouter(prefix="/api")

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PRODUCTS))]
Stockkeeper = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_STOCK))]


@router.get("/locations", summary="List locations", tags=["stock"], responses=errors())
async def list_locations(desk: DeskHere, staff: Reader) -> Locations:
    """Every place where goods lie or lay, the one first that is asked first."""
    async with desk.database.begin() as session:
        return await location_desk.list_locations(session, staff)


@router.post("/locations", summary="Make a location", tags=["stock"], responses=errors(409))
async def add_location(desk: DeskHere, staff: Stockkeeper, form: NewLocationForm) -> Locations:
    """Goods may come there at once."""
    return await location_desk.add_location(desk, staff, form=form)


@router.post("/locations/{location_id}/change", summary="Change a location", tags=["stock"], responses=errors(404, 409))
async def change_location(desk: DeskHere, staff: Stockkeeper, location_id: RowId, form: LocationForm) -> Locations:
    """All of it as it should be; the code stays."""
    return await location_desk.change_location(desk, staff, location_id=location_id, form=form)


@router.post("/locations/{location_id}/close", summary="Close a location", tags=["stock"], responses=errors(404, 409))
async def close_location(desk: DeskHere, staff: Stockkeeper, location_id: RowId) -> Locations:
    """When nothing lies there and nothing is promised from there. The main one stays open."""
    return await location_desk.close_location(desk, staff, location_id=location_id)


@router.post("/locations/{location_id}/reopen", summary="Open a location again", tags=["stock"], responses=errors(404))
async def reopen_location(desk: DeskHere, staff: Stockkeeper, location_id: RowId) -> Locations:
    """Goods may come there again."""
    return await location_desk.reopen_location(desk, staff, location_id=location_id)


@router.post("/variants/{variant_id}/transfer", summary="Transfer stock", tags=["stock"], responses=errors(404, 409))
async def transfer(desk: DeskHere, staff: Stockkeeper, variant_id: RowId, form: TransferForm) -> VariantStock:
    """From one location to another; never what is promised to orders."""
    return await location_desk.transfer(desk, staff, variant_id=variant_id, form=form)


@router.post("/variants/{variant_id}/low-mark", summary="Set a low-stock mark", tags=["stock"], responses=errors(404))
async def set_low_mark(desk: DeskHere, staff: Stockkeeper, variant_id: RowId, form: MarkForm) -> VariantStock:
    """Below so many pieces the variant is reported; null for the shop's usual number."""
    return await location_desk.set_low_mark(desk, staff, variant_id=variant_id, form=form)
