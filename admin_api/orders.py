"""Orders over HTTP: list, read, cancel, ship, paid; and the shopper's cart and orders beside a conversation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from admin_api import order_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.order_views import OpenedAddress, OrderPage, OrderRow, OrderWithHistory, Shopping
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Cursor, Limit, RowId, Words
from commerce.orders.model import OrderStatus

router = APIRouter(prefix="/api", tags=["orders"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_ORDERS))]
Canceller = Annotated[StaffMember, Depends(allowed(Permission.CANCEL_ORDERS))]
Shipper = Annotated[StaffMember, Depends(allowed(Permission.SHIP_ORDERS))]
Cashier = Annotated[StaffMember, Depends(allowed(Permission.TAKE_MONEY))]
Opener = Annotated[StaffMember, Depends(allowed(Permission.OPEN_ADDRESSES))]
Number = Annotated[
    Words, Path(min_length=1, max_length=20, description="As shown (X7K2-94QD), or as somebody typed it.")
]


class Cancelling(BaseModel):
    """Why the order is cancelled. Seen by the staff."""

    reason: Annotated[Words, Field(min_length=1, max_length=500)]


class Shipping(BaseModel):
    """Who carries the parcel, and its number there. Of digital goods, which are handed over in the chat, nothing."""

    carrier: Annotated[Words, Field(max_length=80)] = ""
    tracking_number: Annotated[Words, Field(max_length=80)] = ""


class Proof(BaseModel):
    """How we know that the money is here: a receipt number, the name of a courier. No card numbers."""

    proof: Annotated[Words, Field(min_length=1, max_length=500)]
    amount: Annotated[int | None, Field(ge=1, le=10**15, description="Minor units; null: all that is owed.")] = None


@router.get("/orders", summary="List orders", responses=errors())
async def list_orders(
    desk: DeskHere, staff: Reader, status: OrderStatus | None = None, cursor: Cursor = None, limit: Limit = 50
) -> OrderPage:
    """Newest first; of one status if it is given."""
    async with desk.database.begin() as session:
        return await order_desk.list_orders(session, staff, status=status, cursor=cursor, limit=limit)


@router.get("/orders/{number}", summary="Read an order", responses=errors(404))
async def read_order(desk: DeskHere, staff: Reader, number: Number) -> OrderWithHistory:
    """With its lines, its money, its parcel and what happened to it. The address is masked."""
    async with desk.database.begin() as session:
        return await order_desk.read_order(session, staff, number=number)


@router.get("/orders/{number}/address", summary="Open the address of an order", responses=errors(404))
async def open_address(desk: DeskHere, staff: Opener, number: Number) -> OpenedAddress:
    """Name, phone and street in the open. Each reading is written into the audit log."""
    return await order_desk.open_address(desk, staff, number=number)


@router.post("/orders/{number}/cancel", summary="Cancel an order", responses=errors(404, 409))
async def cancel(desk: DeskHere, staff: Canceller, number: Number, cancelling: Cancelling) -> OrderRow:
    """Before it is shipped. Goods become free again, what was paid goes back, the shopper is told. Repeatable."""
    return await order_desk.cancel(desk, staff, number=number, reason=cancelling.reason)


@router.post("/orders/{number}/ship", summary="Mark an order shipped", responses=errors(404, 409))
async def ship(desk: DeskHere, staff: Shipper, number: Number, shipping: Shipping) -> OrderRow:
    """The goods leave the stock and the shopper is told the tracking number."""
    return await order_desk.ship(
        desk, staff, number=number, carrier=shipping.carrier, tracking_number=shipping.tracking_number
    )


@router.post("/orders/{number}/paid", summary="Mark an order paid", responses=errors(404, 409))
async def mark_paid(desk: DeskHere, staff: Cashier, number: Number, proof: Proof) -> OrderRow:
    """Cash or a transfer was received, all that is owed or a part; more than that goes back. The shopper is told."""
    return await order_desk.mark_paid(desk, staff, number=number, proof=proof.proof, amount=proof.amount)


@router.get("/conversations/{conversation_id}/shopping", summary="Cart and orders of a shopper", responses=errors(404))
async def shopping(desk: DeskHere, staff: Reader, conversation_id: RowId) -> Shopping:
    """Of the customer behind this conversation."""
    async with desk.database.begin() as session:
        return await order_desk.shopping(session, staff, conversation_id=conversation_id)
