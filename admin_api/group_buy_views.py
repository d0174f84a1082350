"""Campaigns and their groups as the staff watches them: shapes, and the queries that give them."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.order_views import Price
from commerce.catalog.queries import variant_views
from commerce.group_buy.model import LOST, BelowSize, BuyingGroup, CampaignState, GroupMember, GroupState, MemberState
from commerce.group_buy.queries import (
    CampaignView,
    GroupView,
    all_campaigns,
    campaign_numbers,
    campaign_view,
    group_view,
    groups_of,
)
from commerce.payments.model import Payment, Refund, RefundState
from commerce.promotions.rules import Audience

UNDECIDED = (GroupState.OPEN, GroupState.OPENING)
DECIDED = tuple(state for state in GroupState if state not in UNDECIDED)
MOST_OPEN, MOST_DECIDED = 100, 50
"""Groups of a campaign that are shown."""


class TierShape(BaseModel):
    """From so many members on a piece costs so much, in minor units."""

    size: int
    amount: int


class OfferShape(BaseModel):
    """What a piece of a variant costs in a group, for who starts one, and `alone`; in minor units."""

    variant_id: int
    sku: str
    label: str
    amount: int
    leader_amount: int | None
    tiers: list[TierShape]
    alone: int

    @property
    def is_dear(self) -> bool:
        """Whether the usual price has fallen to that of the group, or below."""
        return self.alone <= self.amount


class CampaignRow(BaseModel):
    """A campaign with its terms. `left`: pieces of its quota; `open_groups`: those that can be joined."""

    id: int
    name: dict[str, str]
    description: dict[str, str]
    product_id: int
    title: str
    picture: int | None
    state: CampaignState
    starts_at: datetime
    ends_at: datetime
    window_minutes: int
    hold_minutes: int
    size: int
    max_per_customer: int
    max_pieces: int
    audience: Audience
    strangers: bool
    below_size: BelowSize
    offers: list[OfferShape]
    currency: str
    quota: int | None
    left: int | None
    open_groups: int
    version: int


class Campaigns(BaseModel):
    """Campaigns, the newest first."""

    campaigns: list[CampaignRow]


class MemberShape(BaseModel):
    """A member of a group; the name is masked ("小*"), or "" where none is known."""

    name: str
    is_leader: bool
    is_paid: bool


class GroupShape(BaseModel):
    """A group: `missing` to its size, `left` seats to be had. `at_risk`: what its members have paid and would get back.

    `members` are the first twenty. A seat that is only held does not change `version`.
    """

    id: int
    campaign_id: int
    public_id: str
    state: GroupState
    size: int
    capacity: int
    paid: int
    held: int
    missing: int
    left: int
    reached: int | None
    deadline: datetime | None
    members: list[MemberShape]
    at_risk: Price
    version: int


class Cockpit(BaseModel):
    """A campaign live. `groups` by state, `members` who have paid, `waiting` who hold a seat, `pieces` paid for.

    `at_risk`: paid in groups that are not decided; `owed`: in groups that failed or were ended, and will be given back
    within a minute; `refunded`: given back since groups failed or grew, of which `refunded_done` has arrived; `sold`:
    what the goods of complete groups cost.
    """

    campaign: CampaignRow
    counts: dict[GroupState, int]
    members: int
    waiting: int
    pieces: int
    at_risk: Price
    sold: Price
    owed: Price
    refunded: Price
    refunded_done: Price
    groups: list[GroupShape]


async def campaign_rows(session: AsyncSession, *, language: str, now: datetime) -> list[CampaignRow]:
    """The newest hundred."""
    return await _rows(session, await all_campaigns(session, now=now), language)


async def cockpit(session: AsyncSession, *, campaign_id: int, language: str, now: datetime) -> Cockpit:
    """One campaign with its groups, those that may still fail first. Refuses campaign.unknown."""
    view = await campaign_view(session, campaign_id=campaign_id, now=now)
    row = (await _rows(session, [view], language))[0]
    numbers = await campaign_numbers(session, campaign_id=campaign_id)
    groups = await groups_of(session, campaign_id=campaign_id, now=now, states=UNDECIDED, limit=MOST_OPEN)
    groups += await groups_of(session, campaign_id=campaign_id, now=now, states=DECIDED, limit=MOST_DECIDED)
    risks = await money_at_risk(session, campaign_id=campaign_id)
    owed = await money_at_risk(session, campaign_id=campaign_id, states=LOST)
    refunded, done = await _refunded(session, campaign_id)
    return Cockpit(
        campaign=row,
        counts=numbers.groups,
        members=numbers.members,
        waiting=numbers.waiting,
        pieces=numbers.pieces,
        at_risk=Price(amount=sum(risks.values()), currency=row.currency),
        sold=Price(amount=numbers.sold, currency=row.currency),
        owed=Price(amount=sum(owed.values()), currency=row.currency),
        refunded=Price(amount=refunded, currency=row.currency),
        refunded_done=Price(amount=done, currency=row.currency),
        groups=[_group(group, risks.get(group.group_id, 0), row.currency) for group in groups],
    )


async def group_shape(session: AsyncSession, *, group_id: int, now: datetime) -> GroupShape:
    """One group. Refuses group.unknown."""
    view = await group_view(session, group_id=group_id, now=now, customer_id=None)
    campaign = await campaign_view(session, campaign_id=view.campaign_id, now=now)
    risks = await money_at_risk(session, campaign_id=view.campaign_id)
    return _group(view, risks.get(group_id, 0), campaign.offers[0].currency)


async def money_at_risk(
    session: AsyncSession, *, campaign_id: int, states: Collection[GroupState] = UNDECIDED
) -> dict[int, int]:
    """{group id: minor units that its members have paid and would get back} of groups in these states, which are not
    decided, or whose members are to have it back."""
    kept = func.sum(Payment.captured - Payment.refunded - Payment.refund_pending)
    paid = (
        select(GroupMember.group_id, kept)
        .join(BuyingGroup, BuyingGroup.id == GroupMember.group_id)
        .join(Payment, Payment.order_id == GroupMember.order_id)
        .where(
            GroupMember.campaign_id == campaign_id,
            GroupMember.state == MemberState.PAID,
            BuyingGroup.state.in_(states),
        )
        .group_by(GroupMember.group_id)
    )
    return {row[0]: int(row[1]) for row in await session.execute(paid)}


async def _refunded(session: AsyncSession, campaign_id: int) -> tuple[int, int]:
    """What groups of this campaign had to give back, and how much of it has arrived."""
    theirs = select(GroupMember.order_id).where(GroupMember.campaign_id == campaign_id)
    arrived = case((Refund.state == RefundState.SUCCEEDED, Refund.amount), else_=0)
    back = select(func.coalesce(func.sum(Refund.amount), 0), func.coalesce(func.sum(arrived), 0)).where(
        Refund.order_id.in_(theirs),
        Refund.reason.in_(("group_failed", "group_tier")),
        Refund.state != RefundState.CANCELLED,
    )
    row = (await session.execute(back)).one()
    return int(row[0]), int(row[1])


async def _rows(session: AsyncSession, views: Sequence[CampaignView], language: str) -> list[CampaignRow]:
    wanted = {one.offer.variant_id for view in views for one in view.offers}
    goods = await variant_views(session, wanted, language=language, also_unavailable=True)
    rows = []
    for view in views:
        first = goods[view.offers[0].offer.variant_id]
        offers = [
            OfferShape(
                variant_id=one.offer.variant_id,
                sku=goods[one.offer.variant_id].sku,
                label=goods[one.offer.variant_id].label,
                amount=one.offer.amount,
                leader_amount=one.offer.leader_amount,
                tiers=[TierShape(size=tier.size, amount=tier.amount) for tier in one.offer.tiers],
                alone=one.alone,
            )
            for one in view.offers
        ]
        rows.append(
            CampaignRow(
                id=view.campaign_id,
                title=first.title,
                picture=first.picture,
                offers=offers,
                currency=view.offers[0].currency,
                **_same(CampaignRow, view, but="offers"),
            )
        )
    return rows


def _group(view: GroupView, at_risk: int, currency: str) -> GroupShape:
    members = [MemberShape(name=one.name, is_leader=one.is_leader, is_paid=one.is_paid) for one in view.members]
    risk = Price(amount=at_risk, currency=currency)
    return GroupShape(id=view.group_id, members=members, at_risk=risk, **_same(GroupShape, view, but="members"))


def _same(shape: type[BaseModel], view: CampaignView | GroupView, *, but: str) -> dict[str, Any]:
    """What a shape takes over as it is."""
    names = {field.name for field in fields(view)} & shape.model_fields.keys() - {but}
    return {name: getattr(view, name) for name in names}
