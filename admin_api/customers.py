"""Customers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import customers_desk
from admin_api.auth import DeskHere, allowed
from admin_api.customers_desk import CustomerCard, CustomerData, Customers, EraseForm, SearchForm
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import RowId

router = APIRouter(prefix="/api/customers", tags=["customers"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_CUSTOMERS))]
Eraser = Annotated[StaffMember, Depends(allowed(Permission.ERASE_CUSTOMERS))]


@router.post("/search", summary="Search customers", responses=errors())
async def search(desk: DeskHere, staff: Reader, form: SearchForm) -> Customers:
    """By telephone, its last four digits, e-mail, order number; nothing typed lists all. Names are sealed."""
    async with desk.database.begin() as session:
        return await customers_desk.list_customers(session, staff, form=form)


@router.get("/{customer_id}", summary="Read a customer", responses=errors(404))
async def read(desk: DeskHere, staff: Reader, customer_id: RowId) -> CustomerCard:
    """Channels, orders, points, credit, consents and what happened; personal data masked."""
    async with desk.database.begin() as session:
        return await customers_desk.read_customer(session, staff, customer_id=customer_id)


@router.post("/{customer_id}/export", summary="Export a customer's data", responses=errors(404))
async def export(desk: DeskHere, staff: Eraser, customer_id: RowId) -> CustomerData:
    """Everything of the person in the open, to be handed to them. That it was done is written down."""
    return await customers_desk.export_customer(desk, staff, customer_id=customer_id)


@router.post("/{customer_id}/erase", summary="Erase a customer's data", responses=errors(404, 409))
async def erase(desk: DeskHere, staff: Eraser, customer_id: RowId, form: EraseForm) -> CustomerCard:
    """For good. Orders stay with their sealed address, as trade law demands."""
    return await customers_desk.erase(desk, staff, customer_id=customer_id, form=form)
