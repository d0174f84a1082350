"""Money over HTTP: transfers and what shoppers say of them, refunds and payments that are not final, webhooks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from admin_api import payment_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.payment_desk import (
    DecisionForm,
    EntryForm,
    EventPage,
    OpenMoneyPage,
    ReportRow,
    StatementRead,
    TransferPage,
    TransferRow,
)
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Cursor, Done, Limit, RowId, Words

router = APIRouter(prefix="/api/payments", tags=["payments"])

Reviewer = Annotated[StaffMember, Depends(allowed(Permission.REVIEW_TRANSFERS))]
Refunder = Annotated[StaffMember, Depends(allowed(Permission.REFUND))]


class ByHand(BaseModel):
    """How the money was given back: a number of the bank, who handed it over. No card numbers."""

    proof: Annotated[Words, Field(min_length=1, max_length=500)]


class Reports(BaseModel):
    """What shoppers say they have sent."""

    reports: list[ReportRow]


@router.get("/transfers", summary="List bank transfers", responses=errors())
async def list_transfers(
    desk: DeskHere, staff: Reviewer, waiting: bool = True, cursor: Cursor = None, limit: Limit = 50
) -> TransferPage:
    """Those that wait for somebody (`waiting`), or those that were decided; newest first."""
    async with desk.database.begin() as session:
        return await payment_desk.list_transfers(session, staff, waiting=waiting, cursor=cursor, limit=limit)


@router.post("/transfers", summary="Enter a bank transfer", responses=errors(409, 422))
async def enter(desk: DeskHere, staff: Reviewer, form: EntryForm) -> TransferRow:
    """It settles by itself where the code and the amount are right. The same line again changes nothing."""
    return await payment_desk.enter(desk, staff, form)


@router.post("/transfers/statement", summary="Read in a bank statement", responses=errors(409, 422))
async def read_in(desk: DeskHere, staff: Reviewer, request: Request) -> StatementRead:
    """The body is the CSV file of a bank (UTF-8 or GB 18030). Lines that are known already change nothing."""
    return await payment_desk.read_in(desk, staff, await request.body())


@router.post("/transfers/{transfer_id}/decision", summary="Decide a transfer", responses=errors(404, 409, 422))
async def decide(desk: DeskHere, staff: Reviewer, transfer_id: RowId, form: DecisionForm) -> TransferRow:
    """Match it to an order, write down that it was sent back, or put it aside."""
    return await payment_desk.decide(desk, staff, transfer_id=transfer_id, form=form)


@router.get("/reports", summary="List what shoppers say they have sent", responses=errors())
async def list_reports(desk: DeskHere, staff: Reviewer) -> Reports:
    """Open ones, the oldest first. A transfer that is matched closes those of its order."""
    async with desk.database.begin() as session:
        return Reports(reports=await payment_desk.list_reports(session, staff))


@router.post("/reports/{report_id}/close", summary="Close a report", responses=errors(404))
async def close_report(desk: DeskHere, staff: Reviewer, report_id: RowId) -> Done:
    """Nothing came for it."""
    await payment_desk.close_report(desk, staff, report_id=report_id)
    return Done()


@router.get("/open", summary="List payments and refunds that are not final", responses=errors())
async def list_open(desk: DeskHere, staff: Refunder) -> OpenMoneyPage:
    """The oldest first."""
    async with desk.database.begin() as session:
        return await payment_desk.list_open(session, staff)


@router.post("/intents/{intent_id}/ask", summary="Ask the bank about a payment", responses=errors(404, 409))
async def ask_about_payment(desk: DeskHere, staff: Refunder, intent_id: RowId) -> Done:
    """Now instead of at its next turn."""
    await payment_desk.ask_about_payment(desk, staff, intent_id=intent_id)
    return Done()


@router.post("/refunds/{refund_id}/ask", summary="Send a refund again", responses=errors(404, 409))
async def ask_about_refund(desk: DeskHere, staff: Refunder, refund_id: RowId) -> Done:
    """Or ask what became of it; always under its key, so that it is paid once."""
    await payment_desk.ask_about_refund(desk, staff, refund_id=refund_id)
    return Done()


@router.post("/refunds/{refund_id}/by-hand", summary="Say that a refund was given by hand", responses=errors(404, 409))
async def refunded_by_hand(desk: DeskHere, staff: Refunder, refund_id: RowId, given: ByHand) -> Done:
    """Of cash and transfers. The shopper is told."""
    await payment_desk.refunded_by_hand(desk, staff, refund_id=refund_id, proof=given.proof)
    return Done()


@router.get("/events", summary="List webhooks", responses=errors())
async def list_events(desk: DeskHere, staff: Refunder, cursor: Cursor = None, limit: Limit = 50) -> EventPage:
    """What payment providers told us, and what came of it; newest first."""
    async with desk.database.begin() as session:
        return await payment_desk.list_events(session, staff, cursor=cursor, limit=limit)
