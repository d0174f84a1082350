"""What the staff does with group-buys, for the HTTP interface and the console alike: each act one transaction, written
down in the audit log."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.group_buy_views import (
    Campaigns,
    Cockpit,
    GroupShape,
    campaign_rows,
    cockpit,
    group_shape,
    money_at_risk,
)
from admin_api.product_desk import note_down
from admin_api.product_forms import Amount, Id, Language, Name, Version
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words
from commerce.group_buy import campaigns
from commerce.group_buy.campaigns import (
    LONGEST_DESCRIPTION,
    MOST_MEMBERS,
    CampaignDraft,
    Offer,
    Tier,
)
from commerce.group_buy.model import BelowSize, BuyingGroup, CampaignState
from commerce.group_buy.nudges import nudge_by_staff
from commerce.group_buy.queries import campaign_view
from commerce.promotions.rules import Audience
from foundation.errors import Json, Refused

Size = Annotated[int, Field(ge=2, le=MOST_MEMBERS, description="Members.")]
Minutes = Annotated[int, Field(ge=1, le=100_000, description="Minutes.")]
Few = Annotated[int, Field(ge=1, le=1000)]


class TierForm(BaseModel):
    """From so many members on a piece costs so much."""

    size: Size
    amount: Amount


class OfferForm(BaseModel):
    """What a piece of a variant costs in a group, and for who starts one. All offers have tiers of the same sizes."""

    variant_id: Id
    amount: Amount
    leader_amount: Amount | None = None
    tiers: Annotated[list[TierForm], Field(max_length=10)] = []

    def offer(self) -> Offer:
        """As commerce takes it."""
        tiers = tuple(Tier(tier.size, tier.amount) for tier in self.tiers)
        return Offer(self.variant_id, self.amount, self.leader_amount, tiers)


class CampaignForm(BaseModel):
    """A group-buy: goods and prices, how many make a group and how long it has, for whom. Times need a zone.

    `quota`: pieces of all groups together; `max_per_customer`: groups a customer may be in; `max_pieces`: of one seat;
    `hold_minutes`: how long a seat is kept that is not paid.
    """

    name: Name
    description: dict[Language, Annotated[Words, Field(max_length=LONGEST_DESCRIPTION)]] = {}
    product_id: Id
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    size: Size
    offers: Annotated[list[OfferForm], Field(min_length=1, max_length=200)]
    window_minutes: Minutes = 24 * 60
    hold_minutes: Minutes = 10
    max_per_customer: Few = 1
    max_pieces: Few = 1
    audience: Audience = Audience.EVERYONE
    strangers: bool = True
    quota: Annotated[int, Field(ge=1, le=10**9)] | None = None
    below_size: BelowSize = BelowSize.REFUND

    def draft(self) -> CampaignDraft:
        """As commerce takes it."""
        same = {field: getattr(self, field) for field in CampaignForm.model_fields if field not in ("name", "offers")}
        return CampaignDraft(name=dict(self.name), offers=tuple(offer.offer() for offer in self.offers), **same)


class EditCampaignForm(CampaignForm):
    """The whole campaign anew."""

    version: Version


class VersionForm(BaseModel):
    """What was seen when it was asked for."""

    version: Version


class EndForm(VersionForm):
    """With `refund` open groups end too, and their members get their money back; else they run out."""

    refund: bool


class ExtendForm(VersionForm):
    """So many minutes more; `version` is that of the group."""

    minutes: Minutes


class Nudged(BaseModel):
    """How many members were told."""

    told: int


async def list_campaigns(desk: Desk, session: AsyncSession, staff: StaffMember) -> Campaigns:
    """The newest hundred."""
    staff.must(Permission.READ_PROMOTIONS)
    return Campaigns(campaigns=await campaign_rows(session, language=staff.language, now=desk.now()))


async def read_campaign(desk: Desk, session: AsyncSession, staff: StaffMember, *, campaign_id: int) -> Cockpit:
    """One campaign live. Refuses campaign.unknown."""
    staff.must(Permission.READ_PROMOTIONS)
    return await cockpit(session, campaign_id=campaign_id, language=staff.language, now=desk.now())


async def add_campaign(desk: Desk, staff: StaffMember, *, form: CampaignForm) -> Cockpit:
    """A draft. Refuses campaign.invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await campaigns.add_campaign(session, draft=form.draft(), now=desk.now())
        return await _done(desk, session, staff, "added", made.id, after=_facts(form))


async def edit_campaign(desk: Desk, staff: StaffMember, *, campaign_id: int, form: EditCampaignForm) -> Cockpit:
    """Refuses campaign.unknown, campaign.changed, campaign.invalid, campaign.running, campaign.ended,
    allotment.in_use."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await campaigns.locked_campaign(session, campaign_id=campaign_id, version=form.version)
        view = await campaign_view(session, campaign_id=campaign_id, now=desk.now())
        offers = [one.offer for one in view.offers]
        known = {field: getattr(view, field) for field in CampaignForm.model_fields if field != "offers"}
        before = CampaignForm.model_validate({**known, "offers": offers}, from_attributes=True)
        await campaigns.edit_campaign(
            session, campaign_id=campaign_id, draft=form.draft(), version=form.version, now=desk.now()
        )
        return await _done(desk, session, staff, "edited", campaign_id, before=_facts(before), after=_facts(form))


async def start_campaign(desk: Desk, staff: StaffMember, *, campaign_id: int, form: VersionForm) -> Cockpit:
    """Refuses campaign.unknown, campaign.changed, campaign.not_draft, campaign.invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await campaigns.start_campaign(session, campaign_id=campaign_id, version=form.version, now=desk.now())
        return await _done(desk, session, staff, "started", campaign_id)


async def end_campaign(desk: Desk, staff: StaffMember, *, campaign_id: int, form: EndForm) -> Cockpit:
    """Refuses campaign.unknown, campaign.changed, campaign.ended."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        locked = await campaigns.locked_campaign(session, campaign_id=campaign_id, version=form.version)
        at_risk = sum((await money_at_risk(session, campaign_id=campaign_id)).values())
        if locked.state is CampaignState.ENDED and not (form.refund and at_risk):
            raise Refused("campaign.ended", campaign=campaign_id)
        _, groups = await campaigns.end_campaign(
            session, campaign_id=campaign_id, version=form.version, refund=form.refund, now=desk.now()
        )
        facts: dict[str, Json] = {"refund": form.refund, "groups": groups, "amount": at_risk if form.refund else 0}
        return await _done(desk, session, staff, "ended", campaign_id, **facts)


async def extend_group(desk: Desk, staff: StaffMember, *, group_id: int, form: ExtendForm) -> GroupShape:
    """Refuses group.unknown, group.over, group.extension, group.changed."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await campaigns.extend_group(session, group_id=group_id, minutes=form.minutes, now=desk.now())
        await _as_seen(session, group_id, form.version)
        note_down(session, desk, staff, "group.extended", f"buying_group:{group_id}", minutes=form.minutes)
        return await group_shape(session, group_id=group_id, now=desk.now())


async def end_group(desk: Desk, staff: StaffMember, *, group_id: int, form: VersionForm) -> GroupShape:
    """Its members get their money back. Refuses group.unknown, group.over, group.changed."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        before = await group_shape(session, group_id=group_id, now=desk.now())
        await campaigns.end_group(session, group_id=group_id, now=desk.now())
        await _as_seen(session, group_id, form.version)
        facts: dict[str, Json] = {"paid": before.paid, "amount": before.at_risk.amount}
        note_down(session, desk, staff, "group.ended", f"buying_group:{group_id}", **facts)
        return await group_shape(session, group_id=group_id, now=desk.now())


async def nudge_group(desk: Desk, staff: StaffMember, *, group_id: int) -> Nudged:
    """Refuses group.unknown, group.over, group.nudged within an hour."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with ring_after(desk.database, desk.doorbell), desk.database.begin() as session:
        told = await nudge_by_staff(session, group_id=group_id, now=desk.now())
        note_down(session, desk, staff, "group.nudged", f"buying_group:{group_id}", told=told)
        return Nudged(told=told)


async def _done(
    desk: Desk, session: AsyncSession, staff: StaffMember, act: str, campaign_id: int, **facts: Json
) -> Cockpit:
    note_down(session, desk, staff, f"group_buy.{act}", f"group_campaign:{campaign_id}", **facts)
    return await read_campaign(desk, session, staff, campaign_id=campaign_id)


async def _as_seen(session: AsyncSession, group_id: int, version: int) -> None:
    """Raises Refused("group.changed") unless the act that has just moved the group was the first since `version`.

    Afterwards, since the group's row may only be locked behind its seats, which the act itself does.
    """
    group = await session.get_one(BuyingGroup, group_id)
    if group.version != version + 1:
        raise Refused("group.changed", version=group.version - 1)


def _facts(form: CampaignForm) -> dict[str, Json]:
    return {field: value for field, value in form.model_dump(mode="json").items() if field != "version"}
