"""Returns over HTTP: the lists, one of them with its photos, every decision and step; and the shop's rules."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from admin_api import return_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.orders import Number
from admin_api.return_views import Policies, PolicyRow, ReturnPage, ReturnWithHistory
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Cursor, Limit, RowId, Words
from commerce.returns.inspecting import Finding
from commerce.returns.model import Allowed, Disposition, Freight, Kind, RefundTo, Replace, Why
from commerce.returns.offers import Asked, Wish
from commerce.returns.policies import PolicyDraft

router = APIRouter(prefix="/api", tags=["returns"])

Handler = Annotated[StaffMember, Depends(allowed(Permission.HANDLE_RETURNS))]
Inspector = Annotated[StaffMember, Depends(allowed(Permission.INSPECT_RETURNS))]
Refunder = Annotated[StaffMember, Depends(allowed(Permission.REFUND))]
RuleKeeper = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PROMOTIONS))]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Pieces = Annotated[int, Field(ge=0, le=10**6)]
Amount = Annotated[int, Field(ge=0, le=10**12, description="Minor units.")]
Ids = Annotated[list[Id], Field(max_length=500)]
Said = Annotated[dict[Literal["zh", "en"], Annotated[Words, Field(max_length=500)]], Field(max_length=2)]


class OpeningLine(BaseModel):
    """So many pieces of a line of the order; the variant wanted instead, for an exchange."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=10**6)]
    replacement_id: Id | None = None


class Opening(BaseModel):
    """What a shopper wants with goods of an order."""

    kind: Kind
    lines: Annotated[list[OpeningLine], Field(min_length=1, max_length=100)]
    why: Why = Why.CHANGED_MIND
    refund_to: RefundTo = RefundTo.ORIGINAL
    account_id: Id | None = None
    note: Annotated[Words, Field(max_length=500)] = ""


class Reason(BaseModel):
    """Why. A no is told to the shopper in these words."""

    reason: Annotated[Words, Field(max_length=500)] = ""


class Question(BaseModel):
    """What the shopper is asked."""

    question: Annotated[Words, Field(min_length=1, max_length=500)]


class Parcel(BaseModel):
    """Who carries a parcel, and its number there."""

    carrier: Annotated[Words, Field(max_length=80)] = ""
    tracking_number: Annotated[Words, Field(min_length=1, max_length=80)]


class FindingForm(BaseModel):
    """Of a line so many pieces are accepted, of these so many can be sold again; the others go as `disposition`."""

    line_id: Id
    accepted: Pieces
    sellable: Pieces
    disposition: Disposition | None = None
    note: Annotated[Words, Field(max_length=500)] = ""


class Inspection(BaseModel):
    """What was found in the parcel. `deducted`: kept for wear."""

    findings: Annotated[list[FindingForm], Field(min_length=1, max_length=100)]
    deducted: Amount = 0


class RepairQuote(BaseModel):
    """What mending costs; 0 under warranty."""

    amount: Amount
    text: Annotated[Words, Field(max_length=500)] = ""


class PolicyForm(BaseModel):
    """A rule of the shop. `version` is the one that was read, when it is changed."""

    version: Annotated[int, Field(ge=0)] = 0
    name: Said
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=4)]
    window_days: Annotated[int, Field(ge=0, le=3650)]
    active: bool = True
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    send_within_days: Annotated[int, Field(ge=1, le=365)] = 7
    conditions: Said = Field(default_factory=dict)
    freight: Freight = Freight.SHOPPER
    seller_pays_at_fault: bool = True
    refund_shipping: bool = False
    restocking_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    auto_limit: Amount | None = None
    once_per_order: bool = False
    same_product_only: bool = True
    refund_to: Allowed = Allowed.ANY
    photo_required: bool = False
    replace: Replace = Replace.ON_RECEIPT
    category_ids: Ids = Field(default_factory=list)
    product_ids: Ids = Field(default_factory=list)
    excluded_category_ids: Ids = Field(default_factory=list)
    excluded_product_ids: Ids = Field(default_factory=list)

    def draft(self) -> PolicyDraft:
        """As the use case takes it."""
        given = self.model_dump(exclude={"version"})
        lists = ("kinds", "category_ids", "product_ids", "excluded_category_ids", "excluded_product_ids")
        return PolicyDraft(**{**given, **{name: tuple(given[name]) for name in lists}})


@router.get("/returns", summary="List returns", responses=errors())
async def list_returns(
    desk: DeskHere, staff: Handler, shelf: str = "to_decide", cursor: Cursor = None, limit: Limit = 50
) -> ReturnPage:
    """Newest first. Lists: to_decide, to_approve (above somebody's limit), waiting, here, done."""
    async with desk.database.begin() as session:
        return await return_desk.list_returns(session, staff, shelf=shelf, cursor=cursor, limit=limit)


@router.get("/returns/{return_id}", summary="Read a return", responses=errors(404))
async def read_return(desk: DeskHere, staff: Handler, return_id: RowId) -> ReturnWithHistory:
    """With its lines, the rules held against it, its money and what happened to it."""
    async with desk.database.begin() as session:
        return await return_desk.read_return(session, staff, return_id=return_id)


@router.get("/returns/{return_id}/photos/{place}", summary="See a photo of a return", responses=errors(404))
async def see_photo(
    desk: DeskHere, staff: Handler, return_id: RowId, place: RowId, small: bool = False
) -> FileResponse:
    """By its place, from 1. `small`: at most 400 pixels a side, as WebP."""
    path, mime = await return_desk.photo_file(desk, staff, return_id=return_id, place=place, small=small)
    headers = {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(path, media_type=mime, headers=headers)


@router.post("/orders/{number}/returns", summary="Open a return", responses=errors(404, 409))
async def open_return(desk: DeskHere, staff: Handler, number: Number, opening: Opening) -> ReturnWithHistory:
    """For a shopper, also outside the rules; it still has to be approved."""
    wish = Wish(
        kind=opening.kind,
        lines=tuple(Asked(line.line_id, line.quantity, line.replacement_id) for line in opening.lines),
        why=opening.why,
        refund_to=opening.refund_to,
        account_id=opening.account_id,
    )
    return await return_desk.open_return(desk, staff, number=number, wish=wish, note=opening.note)


@router.post("/returns/{return_id}/approve", summary="Approve a return", responses=errors(404, 409))
async def approve(desk: DeskHere, staff: Handler, return_id: RowId, why: Reason) -> ReturnWithHistory:
    """Above the limit of the role it waits for somebody who may. The shopper is told."""
    return await return_desk.approve(desk, staff, return_id=return_id, reason=why.reason)


@router.post("/returns/{return_id}/refuse-approval", summary="Do not let a yes pass", responses=errors(404, 409))
async def refuse_approval(desk: DeskHere, staff: Handler, return_id: RowId, why: Reason) -> ReturnWithHistory:
    """An agent's yes above their limit is taken back; the return waits for another decision."""
    return await return_desk.refuse_approval(desk, staff, return_id=return_id, reason=why.reason)


@router.post("/returns/{return_id}/reject", summary="Reject a return", responses=errors(404, 409))
async def reject(desk: DeskHere, staff: Handler, return_id: RowId, why: Reason) -> ReturnWithHistory:
    """The shopper reads the reason."""
    return await return_desk.reject(desk, staff, return_id=return_id, reason=why.reason)


@router.post("/returns/{return_id}/ask", summary="Ask the shopper", responses=errors(404, 409))
async def ask_info(desk: DeskHere, staff: Handler, return_id: RowId, asked: Question) -> ReturnWithHistory:
    """They answer in the chat, with words or pictures."""
    return await return_desk.ask_info(desk, staff, return_id=return_id, question=asked.question)


@router.post("/returns/{return_id}/cancel", summary="Cancel a return", responses=errors(404, 409))
async def cancel(desk: DeskHere, staff: Handler, return_id: RowId) -> ReturnWithHistory:
    """The shopper keeps the goods after all."""
    return await return_desk.cancel(desk, staff, return_id=return_id)


@router.post("/returns/{return_id}/tracking", summary="Note the parcel back", responses=errors(404, 409))
async def give_tracking(desk: DeskHere, staff: Handler, return_id: RowId, parcel: Parcel) -> ReturnWithHistory:
    """The shopper told somebody its number."""
    return await return_desk.give_tracking(
        desk, staff, return_id=return_id, carrier=parcel.carrier, tracking_number=parcel.tracking_number
    )


@router.post("/returns/{return_id}/steps/{name}", summary="Take a step with the goods", responses=errors(404, 409))
async def step(
    desk: DeskHere,
    staff: Inspector,
    return_id: RowId,
    name: Literal["receive", "diagnose", "start_repair", "check_repair", "cannot_mend"],
) -> ReturnWithHistory:
    """The parcel is here; for repairs: find out what is broken, begin, try it, or give it up. The shopper is told."""
    return await return_desk.step(desk, staff, return_id=return_id, name=name)


@router.post("/returns/{return_id}/inspection", summary="Write down what came", responses=errors(404, 409))
async def inspect(desk: DeskHere, staff: Inspector, return_id: RowId, inspection: Inspection) -> ReturnWithHistory:
    """When all of it is as agreed, the money goes (or the replacement) at once; else somebody settles it."""
    findings = [Finding(**form.model_dump()) for form in inspection.findings]
    return await return_desk.inspect(desk, staff, return_id=return_id, findings=findings, deducted=inspection.deducted)


@router.post("/returns/{return_id}/settle", summary="Settle a return", responses=errors(404, 409))
async def settle(desk: DeskHere, staff: Refunder, return_id: RowId) -> ReturnWithHistory:
    """With the pieces that were accepted; none accepted: all goes back to the shopper."""
    return await return_desk.settle(desk, staff, return_id=return_id)


@router.post("/returns/{return_id}/quote", summary="Quote a repair", responses=errors(404, 409))
async def quote_repair(desk: DeskHere, staff: Inspector, return_id: RowId, quote: RepairQuote) -> ReturnWithHistory:
    """The shopper says yes or no in the chat; for nothing it is mended at once."""
    return await return_desk.quote_repair(desk, staff, return_id=return_id, amount=quote.amount, text=quote.text)


@router.post("/returns/{return_id}/send-back", summary="Send the goods back", responses=errors(404, 409))
async def send_back(desk: DeskHere, staff: Inspector, return_id: RowId, parcel: Parcel) -> ReturnWithHistory:
    """Mended, or not taken. The shopper is told the number."""
    return await return_desk.send_back(
        desk, staff, return_id=return_id, carrier=parcel.carrier, tracking_number=parcel.tracking_number
    )


@router.get("/return-policies", summary="List the rules for returns", responses=errors())
async def list_policies(desk: DeskHere, staff: Handler) -> Policies:
    """In the order in which they are asked; last the defaults (without an id) that still hold."""
    async with desk.database.begin() as session:
        return await return_desk.list_policies(session, staff)


@router.post("/return-policies", summary="Add a rule for returns", responses=errors(409))
async def add_policy(desk: DeskHere, staff: RuleKeeper, form: PolicyForm) -> PolicyRow:
    """From the first rule about a kind on, the default of that kind counts no more."""
    return await return_desk.add_policy(desk, staff, draft=form.draft())


@router.put("/return-policies/{policy_id}", summary="Change a rule for returns", responses=errors(404, 409))
async def change_policy(desk: DeskHere, staff: RuleKeeper, policy_id: RowId, form: PolicyForm) -> PolicyRow:
    """Returns that are open keep the rule they were opened under."""
    return await return_desk.change_policy(desk, staff, policy_id=policy_id, draft=form.draft(), version=form.version)
