"""Group-buys over HTTP: campaigns, and their groups live."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import group_buy_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.group_buy_desk import CampaignForm, EditCampaignForm, EndForm, ExtendForm, Nudged, VersionForm
from admin_api.group_buy_views import Campaigns, Cockpit, GroupShape
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import RowId

router = APIRouter(prefix="/api", tags=["group-buys"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PROMOTIONS))]
Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PROMOTIONS))]


@router.get("/group-campaigns", summary="List group-buys", responses=errors())
async def list_campaigns(desk: DeskHere, staff: Reader) -> Campaigns:
    """The newest hundred, with their terms."""
    async with desk.database.begin() as session:
        return await group_buy_desk.list_campaigns(desk, session, staff)


@router.post("/group-campaigns", summary="Write a group-buy", responses=errors())
async def add_campaign(desk: DeskHere, staff: Merchant, form: CampaignForm) -> Cockpit:
    """A draft: nobody sees it until it is started."""
    return await group_buy_desk.add_campaign(desk, staff, form=form)


@router.get("/group-campaigns/{campaign_id}", summary="Watch a group-buy", responses=errors(404))
async def read_campaign(desk: DeskHere, staff: Reader, campaign_id: RowId) -> Cockpit:
    """Its groups with seats and clocks, those that may still fail first; money at risk, and refunds made."""
    async with desk.database.begin() as session:
        return await group_buy_desk.read_campaign(desk, session, staff, campaign_id=campaign_id)


@router.post("/group-campaigns/{campaign_id}", summary="Edit a group-buy", responses=errors(404, 409))
async def edit_campaign(desk: DeskHere, staff: Merchant, campaign_id: RowId, form: EditCampaignForm) -> Cockpit:
    """The whole of it anew. Of one that runs only texts, its end, its quota and whether strangers see its groups."""
    return await group_buy_desk.edit_campaign(desk, staff, campaign_id=campaign_id, form=form)


@router.post("/group-campaigns/{campaign_id}/start", summary="Start a group-buy", responses=errors(404, 409))
async def start_campaign(desk: DeskHere, staff: Merchant, campaign_id: RowId, form: VersionForm) -> Cockpit:
    """Shoppers can start groups once its time has come."""
    return await group_buy_desk.start_campaign(desk, staff, campaign_id=campaign_id, form=form)


@router.post("/group-campaigns/{campaign_id}/end", summary="End a group-buy", responses=errors(404, 409))
async def end_campaign(desk: DeskHere, staff: Merchant, campaign_id: RowId, form: EndForm) -> Cockpit:
    """No more groups. With `refund` the open ones end too and all that is at risk goes back; else they run out."""
    return await group_buy_desk.end_campaign(desk, staff, campaign_id=campaign_id, form=form)


@router.post("/groups/{group_id}/extend", summary="Give a group more time", responses=errors(404, 409))
async def extend_group(desk: DeskHere, staff: Merchant, group_id: RowId, form: ExtendForm) -> GroupShape:
    """So many minutes onto its deadline; its members see the new one in their chats."""
    return await group_buy_desk.extend_group(desk, staff, group_id=group_id, form=form)


@router.post("/groups/{group_id}/end", summary="End a group", responses=errors(404, 409))
async def end_group(desk: DeskHere, staff: Merchant, group_id: RowId, form: VersionForm) -> GroupShape:
    """Its members are told, and get back what they paid."""
    return await group_buy_desk.end_group(desk, staff, group_id=group_id, form=form)


@router.post("/groups/{group_id}/nudge", summary="Nudge the members of a group", responses=errors(404, 409))
async def nudge_group(desk: DeskHere, staff: Merchant, group_id: RowId) -> Nudged:
    """They are told who is still missing; once an hour, and nobody more than three times a day."""
    return await group_buy_desk.nudge_group(desk, staff, group_id=group_id)
