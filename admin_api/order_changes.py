"""Changing orders over HTTP: proposals with their money, part payments, refunds with approval, holds, drafts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from admin_api import order_change_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.order_change_views import (
    ChangePreview,
    Minor,
    OrderMoney,
    Pieces,
    Proposing,
    RefundAskPage,
    RefundAskRow,
    RowNumber,
)
from admin_api.order_views import OrderRow
from admin_api.orders import Cashier, Number, Reader
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import RowId, Words
from commerce.orders.model import HoldReason, PaymentMethod

router = APIRouter(prefix="/api", tags=["orders"])

Changer = Annotated[StaffMember, Depends(allowed(Permission.CHANGE_ORDERS))]
Refunder = Annotated[StaffMember, Depends(allowed(Permission.REFUND))]
Why = Annotated[Words, Field(min_length=1, max_length=500)]


class Refunding(BaseModel):
    """Money to give back. `key` is the form's own, so that sending it twice gives back once."""

    amount: Minor
    reason: Why
    to_credit: bool = False
    key: Annotated[Words, Field(min_length=8, max_length=60)]


class PartAsked(BaseModel):
    """A part of what is owed, to be paid first."""

    amount: Minor


class Holding(BaseModel):
    """Why the order must not be sent yet."""

    reason: Literal[HoldReason.REVIEW, HoldReason.STOCK_SHORTFALL, HoldReason.COD_CONFIRM]
    why: Why


class Clearing(BaseModel):
    """What was found out: called, counted, checked."""

    why: Why


class DraftLine(BaseModel):
    """So many pieces of a variant."""

    variant_id: RowNumber
    quantity: Pieces


class Drafting(BaseModel):
    """An order for a customer, in their language."""

    customer_id: RowNumber
    lines: Annotated[list[DraftLine], Field(min_length=1, max_length=50)]
    payment_method: PaymentMethod
    language: Literal["zh", "en"] = "zh"


@router.get("/orders/{number}/money", summary="Explain the price of an order", responses=errors(404))
async def read_money(desk: DeskHere, staff: Reader, number: Number) -> OrderMoney:
    """Its discounts, every rule of its price that was tried, and what the staff gave back."""
    async with desk.database.begin() as session:
        return await order_change_desk.read_money(session, staff, number=number)


@router.post("/orders/{number}/changes/preview", summary="Work a change out", responses=errors(404, 409))
async def preview_change(desk: DeskHere, staff: Changer, number: Number, proposing: Proposing) -> ChangePreview:
    """The money before and after; nothing is written and nobody is told."""
    return await order_change_desk.preview_change(
        desk, staff, number=number, steps=proposing.steps, reason=proposing.reason
    )


@router.post("/orders/{number}/changes", summary="Propose a change", responses=errors(404, 409))
async def propose_change(desk: DeskHere, staff: Changer, number: Number, proposing: Proposing) -> OrderRow:
    """The shopper is asked in the chat and says yes or no. A proposal without an answer gives way to a new one."""
    return await order_change_desk.propose_change(
        desk, staff, number=number, steps=proposing.steps, reason=proposing.reason
    )


@router.post("/orders/{number}/changes/{change_id}/withdraw", summary="Withdraw a change", responses=errors(404, 409))
async def withdraw_change(desk: DeskHere, staff: Changer, number: Number, change_id: RowId) -> OrderRow:
    """Also while it waits for its money; what is paid for it all the same goes back."""
    return await order_change_desk.withdraw_change(desk, staff, number=number, change_id=change_id)


@router.post("/orders/{number}/refunds", summary="Give money back", responses=errors(404, 409))
async def refund(desk: DeskHere, staff: Refunder, number: Number, refunding: Refunding) -> RefundAskRow:
    """At once within the limit of your role, counted over the order; above it, it waits for somebody who may."""
    return await order_change_desk.refund(
        desk,
        staff,
        number=number,
        amount=refunding.amount,
        reason=refunding.reason,
        to_credit=refunding.to_credit,
        key=refunding.key,
    )


@router.post("/orders/{number}/refunds/{ask_id}/approve", summary="Agree to a refund", responses=errors(404, 409))
async def approve_refund(desk: DeskHere, staff: Refunder, number: Number, ask_id: RowId) -> RefundAskRow:
    """The money goes back, and the shopper is told. Repeatable."""
    return await order_change_desk.decide_refund(desk, staff, number=number, ask_id=ask_id, approve=True)


@router.post("/orders/{number}/refunds/{ask_id}/refuse", summary="Say no to a refund", responses=errors(404, 409))
async def refuse_refund(desk: DeskHere, staff: Refunder, number: Number, ask_id: RowId) -> RefundAskRow:
    """Nothing goes back."""
    return await order_change_desk.decide_refund(desk, staff, number=number, ask_id=ask_id, approve=False)


@router.get("/refunds/waiting", summary="List refunds that wait", responses=errors())
async def waiting_refunds(desk: DeskHere, staff: Refunder) -> RefundAskPage:
    """For somebody whose limit is higher than that of who asked."""
    async with desk.database.begin() as session:
        return await order_change_desk.waiting_refunds(session, staff)


@router.post("/orders/{number}/ask-part", summary="Ask for a part of the sum", responses=errors(404, 409))
async def ask_for_part(desk: DeskHere, staff: Cashier, number: Number, part: PartAsked) -> OrderRow:
    """What can be paid is this part; the rest is asked for when it is there."""
    return await order_change_desk.ask_for_part(desk, staff, number=number, amount=part.amount)


@router.post("/orders/{number}/hold", summary="Hold an order back", responses=errors(404, 409))
async def hold_back(desk: DeskHere, staff: Changer, number: Number, holding: Holding) -> OrderRow:
    """It is not sent before the hold is cleared."""
    return await order_change_desk.hold_back(desk, staff, number=number, reason=holding.reason, why=holding.why)


@router.post("/orders/{number}/clear-hold", summary="Clear the hold of an order", responses=errors(404, 409))
async def clear_hold(desk: DeskHere, staff: Changer, number: Number, clearing: Clearing) -> OrderRow:
    """Somebody has looked: it may be sent."""
    return await order_change_desk.clear_hold(desk, staff, number=number, why=clearing.why)


@router.post("/orders/drafts", summary="Draft an order for a customer", responses=errors(404, 409))
async def make_draft(desk: DeskHere, staff: Changer, drafting: Drafting) -> OrderRow:
    """To the customer's last address, at today's price. It holds no stock until it is sent."""
    pieces: dict[int, int] = {}
    for line in drafting.lines:
        pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.quantity
    return await order_change_desk.make_draft(
        desk,
        staff,
        customer_id=drafting.customer_id,
        pieces=pieces,
        payment_method=drafting.payment_method,
        language=drafting.language,
    )


@router.post("/orders/{number}/send", summary="Send a draft to its customer", responses=errors(404, 409))
async def send_draft(desk: DeskHere, staff: Changer, number: Number) -> OrderRow:
    """The goods are reserved, and the shopper gets the pay link in the chat."""
    return await order_change_desk.send_draft(desk, staff, number=number)
