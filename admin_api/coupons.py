"""Coupons, points, gift cards and store credit over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from admin_api import coupon_desk, credit_desk
from admin_api.auth import DeskHere, allowed
from admin_api.coupon_desk import Batches, BatchForm, BatchRow, CouponDays, GiveForm, GivenCoupon, NewBatch, StateForm
from admin_api.credit_desk import (
    CardBatches,
    CardsForm,
    CreditBook,
    CreditForm,
    NewCards,
    PointsForm,
    PolicyForm,
    Purse,
)
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Cursor, Done, Limit, RowId

router = APIRouter(prefix="/api")

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PROMOTIONS))]
Manager = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PROMOTIONS))]
Issuer = Annotated[StaffMember, Depends(allowed(Permission.ISSUE_CREDIT))]
Days = Annotated[int, Query(ge=1, le=366, description="How many days back.")]


@router.get("/coupon-batches", summary="List coupon batches", tags=["coupons"], responses=errors())
async def list_batches(desk: DeskHere, staff: Reader, cursor: Cursor = None, limit: Limit = 50) -> Batches:
    """The newest first, with how many of each were issued and used."""
    async with desk.database.begin() as session:
        return await coupon_desk.list_batches(session, staff, cursor=cursor, limit=limit)


@router.get("/coupon-batches/days", summary="Count coupons by day", tags=["coupons"], responses=errors())
async def count_days(desk: DeskHere, staff: Reader, days: Days = 30) -> CouponDays:
    """How many were claimed and used on each of the last days."""
    async with desk.database.begin() as session:
        return await coupon_desk.count_days(session, staff, desk, days=days)


@router.post("/coupon-batches", summary="Make a coupon batch", tags=["coupons"], responses=errors(409))
async def make_batch(desk: DeskHere, staff: Manager, form: BatchForm) -> NewBatch:
    """As a draft that gives nothing yet. Codes of single coupons are in this answer and in no other."""
    return await coupon_desk.make_batch(desk, staff, form=form)


@router.post(
    "/coupon-batches/{batch_id}/state",
    summary="Start, pause, end or revoke a batch",
    tags=["coupons"],
    responses=errors(404, 409),
)
async def set_batch_state(desk: DeskHere, staff: Manager, batch_id: RowId, form: StateForm) -> BatchRow:
    """An ended batch gives no more, and what it gave stays good; a revoked one takes back what was not used."""
    return await coupon_desk.set_batch_state(desk, staff, batch_id=batch_id, form=form)


@router.post(
    "/coupon-batches/{batch_id}/give", summary="Give a customer a coupon", tags=["coupons"], responses=errors(404, 409)
)
async def give_coupon(desk: DeskHere, staff: Manager, batch_id: RowId, form: GiveForm) -> GivenCoupon:
    """The limits of the batch hold here too; the customer is told in their chat."""
    return await coupon_desk.give_coupon(desk, staff, batch_id=batch_id, form=form)


@router.post("/coupons/{coupon_id}/revoke", summary="Revoke a coupon", tags=["coupons"], responses=errors(404, 409))
async def revoke(desk: DeskHere, staff: Manager, coupon_id: RowId) -> Done:
    """One that no order is bound to."""
    await coupon_desk.revoke(desk, staff, coupon_id=coupon_id)
    return Done()


@router.get("/credit", summary="Read what is owed to customers", tags=["credit"], responses=errors())
async def read_book(desk: DeskHere, staff: Reader) -> CreditBook:
    """Store credit and gift cards in all, and how long points last."""
    async with desk.database.begin() as session:
        return await credit_desk.read_book(session, staff)


@router.get("/customers/{customer_id}/purse", summary="Read a purse", tags=["credit"], responses=errors(404))
async def read_purse(desk: DeskHere, staff: Reader, customer_id: RowId) -> Purse:
    """Points, accounts and coupons of one customer."""
    async with desk.database.begin() as session:
        return await credit_desk.read_purse(session, staff, desk, customer_id=customer_id)


@router.post(
    "/customers/{customer_id}/points", summary="Give or take points", tags=["credit"], responses=errors(404, 409)
)
async def change_points(desk: DeskHere, staff: Issuer, customer_id: RowId, form: PointsForm) -> Purse:
    """With a reason. Never below zero; the same key is done once."""
    return await credit_desk.change_points(desk, staff, customer_id=customer_id, form=form)


@router.post(
    "/customers/{customer_id}/credit", summary="Give or take store credit", tags=["credit"], responses=errors(404, 409)
)
async def change_credit(desk: DeskHere, staff: Issuer, customer_id: RowId, form: CreditForm) -> Purse:
    """With a reason. Never below zero; the same key is done once. Who gets some is told in their chat."""
    return await credit_desk.change_credit(desk, staff, customer_id=customer_id, form=form)


@router.post("/points-policy", summary="Set how long points last", tags=["credit"], responses=errors())
async def set_policy(desk: DeskHere, staff: Manager, form: PolicyForm) -> CreditBook:
    """For points from now on; those that are there keep their end."""
    return await credit_desk.set_policy(desk, staff, form=form)


@router.get("/gift-cards", summary="List batches of gift cards", tags=["credit"], responses=errors())
async def list_cards(desk: DeskHere, staff: Reader, cursor: Cursor = None, limit: Limit = 50) -> CardBatches:
    """The newest first, with how many were redeemed and what is left on them."""
    async with desk.database.begin() as session:
        return await credit_desk.list_cards(session, staff, cursor=cursor, limit=limit)


@router.post("/gift-cards", summary="Make gift cards", tags=["credit"], responses=errors(409))
async def make_gift_cards(desk: DeskHere, staff: Issuer, form: CardsForm) -> NewCards:
    """Their codes are in this answer and in no other."""
    return await credit_desk.make_gift_cards(desk, staff, form=form)


@router.post(
    "/gift-cards/{batch_id}/void", summary="Void unredeemed gift cards", tags=["credit"], responses=errors(404, 409)
)
async def void_gift_cards(desk: DeskHere, staff: Issuer, batch_id: RowId) -> CardBatches:
    """Those that were redeemed keep their money."""
    return await credit_desk.void_gift_cards(desk, staff, batch_id=batch_id)
