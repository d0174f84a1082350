"""Parcels over HTTP: what is to be sent, each step until it is there, pick-ups, proofs, and what went wrong."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from admin_api import parcel_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors, errors_beside
from admin_api.orders import Number
from admin_api.packing_slip import packing_slip
from admin_api.parcel_views import OrderParcels, ParcelPage, ParcelRow, ParcelWithTracking
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Cursor, Limit, RowId, Words
from commerce.shipping.model import ProofKind, ShipmentState

router = APIRouter(prefix="/api", tags=["parcels"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_ORDERS))]
Shipper = Annotated[StaffMember, Depends(allowed(Permission.SHIP_ORDERS))]
Refunder = Annotated[StaffMember, Depends(allowed(Permission.REFUND))]
Opener = Annotated[StaffMember, Depends(allowed(Permission.OPEN_ADDRESSES))]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class Pieces(BaseModel):
    """So many pieces of a line of the order."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=10**6)]


class Making(BaseModel):
    """What goes into a parcel, and from where. Without lines everything; without a place in as few as can be."""

    lines: Annotated[list[Pieces] | None, Field(min_length=1, max_length=200)] = None
    location_id: Id | None = None


class Sending(BaseModel):
    """Who carries the parcel, its number there, and where it can be followed. The practice carrier: "simulator".

    Of digital goods, which are handed over in the chat, nothing.
    """

    carrier: Annotated[Words, Field(max_length=80)] = ""
    tracking_number: Annotated[Words, Field(max_length=80)] = ""
    tracking_url: Annotated[Words, Field(max_length=500, pattern=r"^(https://[^\s]+)?$")] = ""


class Standing(BaseModel):
    """How a parcel on its way stands, and what is known about it. Shown to the shopper."""

    state: ShipmentState
    text: Annotated[Words, Field(max_length=300)] = ""


class Code(BaseModel):
    """The code a shopper says at the counter."""

    code: Annotated[Words, Field(min_length=1, max_length=20)]


class Taker(BaseModel):
    """Who took the parcel. Kept sealed."""

    name: Annotated[Words, Field(min_length=1, max_length=80)]


class FromWhere(BaseModel):
    """A location; without one that of the parcel, or the cheapest."""

    location_id: Id | None = None


class OpenedProof(BaseModel):
    """What a proof of delivery shows: a name; or a photo as a data address."""

    kind: ProofKind
    name: str = ""
    photo: str = ""


@router.get("/parcels", summary="List parcels", responses=errors())
async def list_parcels(
    desk: DeskHere,
    staff: Reader,
    shelf: Annotated[Words, Field(max_length=20)] = "to_send",
    location_id: Id | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ParcelPage:
    """`shelf`: to_send (oldest first), on_the_way, trouble, done (newest first)."""
    async with desk.database.begin() as session:
        return await parcel_desk.list_parcels(
            session, staff, shelf=shelf, location_id=location_id, cursor=cursor, limit=limit
        )


@router.get("/parcels/{parcel_id}", summary="Read a parcel", responses=errors(404))
async def read_parcel(desk: DeskHere, staff: Reader, parcel_id: RowId) -> ParcelWithTracking:
    """With everything that was said about it, newest first, and its proofs of delivery."""
    async with desk.database.begin() as session:
        return await parcel_desk.read_parcel(session, staff, parcel_id=parcel_id)


@router.get("/orders/{number}/parcels", summary="Parcels of an order", responses=errors(404))
async def of_order(desk: DeskHere, staff: Reader, number: Number) -> OrderParcels:
    """And what is in none of them yet."""
    async with desk.database.begin() as session:
        return await parcel_desk.parcels_of_order(session, staff, number=number)


@router.post("/orders/{number}/parcels", summary="Put a parcel together", responses=errors(404, 409))
async def make(desk: DeskHere, staff: Shipper, number: Number, making: Making) -> OrderParcels:
    """Nothing leaves the stock yet. Pieces that are cancelled, sent or in a parcel cannot go in another."""
    lines: dict[int, int] | None = None
    if making.lines is not None:
        lines = {}
        for one in making.lines:
            lines[one.line_id] = lines.get(one.line_id, 0) + one.quantity
    return await parcel_desk.make(desk, staff, number=number, lines=lines, location_id=making.location_id)


@router.post("/parcels/{parcel_id}/pick", summary="Mark a parcel picked", responses=errors(404, 409))
async def pick(desk: DeskHere, staff: Shipper, parcel_id: RowId) -> ParcelRow:
    """From here on the shopper cannot cancel these goods any more."""
    return await parcel_desk.pick(desk, staff, parcel_id=parcel_id)


@router.post("/parcels/{parcel_id}/pack", summary="Mark a parcel packed", responses=errors(404, 409))
async def pack(desk: DeskHere, staff: Shipper, parcel_id: RowId) -> ParcelRow:
    """The owner of a pick-up is told that it is ready, and the code."""
    return await parcel_desk.pack(desk, staff, parcel_id=parcel_id)


@router.post("/parcels/{parcel_id}/ship", summary="Give a parcel to its carrier", responses=errors(404, 409))
async def ship(desk: DeskHere, staff: Shipper, parcel_id: RowId, sending: Sending) -> ParcelRow:
    """The goods leave the stock and the shopper is told the number."""
    return await parcel_desk.ship(
        desk,
        staff,
        parcel_id=parcel_id,
        carrier=sending.carrier,
        tracking_number=sending.tracking_number,
        tracking_url=sending.tracking_url,
    )


@router.post("/parcels/{parcel_id}/cancel", summary="Unpack a parcel", responses=errors(404, 409))
async def call_off(desk: DeskHere, staff: Shipper, parcel_id: RowId) -> ParcelRow:
    """Before it has left. Its pieces may go in another one."""
    return await parcel_desk.call_off(desk, staff, parcel_id=parcel_id)


@router.post("/parcels/{parcel_id}/state", summary="Say how a parcel stands", responses=errors(404, 409))
async def say(desk: DeskHere, staff: Shipper, parcel_id: RowId, standing: Standing) -> ParcelRow:
    """On its way, out for delivery, delivered, held up, lost, back at the shop. Never back to what it was before."""
    return await parcel_desk.say(desk, staff, parcel_id=parcel_id, state=standing.state, text=standing.text)


@router.post("/parcels/{parcel_id}/hand-over", summary="Hand over a pick-up", responses=errors(404, 409))
async def hand_over(desk: DeskHere, staff: Shipper, parcel_id: RowId, code: Code) -> ParcelRow:
    """For the code its owner was told. Five wrong ones, and it needs a new code."""
    return await parcel_desk.hand_over(desk, staff, parcel_id=parcel_id, code=code.code)


@router.post("/parcels/{parcel_id}/new-code", summary="Send a new pick-up code", responses=errors(404, 409))
async def new_code(desk: DeskHere, staff: Shipper, parcel_id: RowId) -> ParcelRow:
    """To the owner, in the chat. The one before is worth nothing any more."""
    return await parcel_desk.new_code(desk, staff, parcel_id=parcel_id)


@router.post("/parcels/{parcel_id}/proof/name", summary="Say who took a parcel", responses=errors(404, 409))
async def prove_by_name(desk: DeskHere, staff: Shipper, parcel_id: RowId, taker: Taker) -> ParcelRow:
    """A parcel on its way is delivered by that."""
    return await parcel_desk.prove_by_name(desk, staff, parcel_id=parcel_id, name=taker.name)


@router.post(
    "/parcels/{parcel_id}/proof/photo",
    summary="Add a photo of a delivery",
    responses=errors(404, 409, 413),
    openapi_extra={"requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string"}}}}},
)
async def prove_by_photo(desk: DeskHere, staff: Shipper, parcel_id: RowId, request: Request) -> ParcelRow:
    """The body is the picture itself. It is kept sealed, without the place and the camera it came from."""
    return await parcel_desk.prove_by_photo(desk, staff, parcel_id=parcel_id, content=await request.body())


@router.get("/parcels/{parcel_id}/proof/{proof_id}", summary="Open a proof of delivery", responses=errors(404))
async def open_proof(desk: DeskHere, staff: Opener, parcel_id: RowId, proof_id: RowId) -> OpenedProof:
    """Each opening is written into the audit log."""
    kind, content = await parcel_desk.open_proof(desk, staff, parcel_id=parcel_id, proof_id=proof_id)
    if kind is ProofKind.PHOTO:
        mime = "image/webp" if base64.b64decode(content[:16])[:4] == b"RIFF" else "image/jpeg"
        return OpenedProof(kind=kind, photo=f"data:{mime};base64,{content}")
    return OpenedProof(kind=kind, name=content)


@router.post("/parcels/{parcel_id}/reship", summary="Send a lost parcel again", responses=errors(404, 409))
async def reship(desk: DeskHere, staff: Shipper, parcel_id: RowId, where: FromWhere) -> ParcelRow:
    """Gives the new parcel. Its goods are taken from the stock."""
    return await parcel_desk.reship(desk, staff, parcel_id=parcel_id, location_id=where.location_id)


@router.post("/parcels/{parcel_id}/refund", summary="Give the money of a lost parcel back", responses=errors(404, 409))
async def refund(desk: DeskHere, staff: Refunder, parcel_id: RowId) -> ParcelRow:
    """What its pieces cost, to what the order was paid with; up to the limit of the role."""
    return await parcel_desk.refund(desk, staff, parcel_id=parcel_id)


@router.post("/parcels/{parcel_id}/unpack", summary="Put a returned parcel on the shelf", responses=errors(404, 409))
async def unpack(desk: DeskHere, staff: Shipper, parcel_id: RowId, where: FromWhere) -> ParcelRow:
    """Of a parcel that came back undelivered; once."""
    return await parcel_desk.unpack(desk, staff, parcel_id=parcel_id, location_id=where.location_id)


@router.get(
    "/parcels/{parcel_id}/slip",
    summary="The packing slip of a parcel",
    response_class=HTMLResponse,
    responses=errors_beside(401, 403, 404, 422, 500),
)
async def slip(request: Request, desk: DeskHere, staff: Opener, parcel_id: RowId) -> Response:
    """A page to print: where it goes, what is in it, and a code to scan that opens the parcel in the console.

    The address stands on it, so each is written down.
    """
    return await packing_slip(desk, staff, parcel_id=parcel_id, console=f"{request.base_url}console")
