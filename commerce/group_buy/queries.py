"""Campaigns and groups as shoppers and the merchant see them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, and_, column, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.customers.model import Customer
from commerce.group_buy.campaigns import Offer, offers_of
from commerce.group_buy.model import (
    LIVING,
    LOST,
    BelowSize,
    BuyingGroup,
    CampaignState,
    GroupCampaign,
    GroupMember,
    GroupState,
    MemberState,
)
from commerce.inventory.allotments import places_of
from commerce.inventory.model import Allotment
from commerce.promotions.rules import Audience, Label
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.reading import Read

MOST_SHOWN = 20
"""Members of a group that are shown."""
JOINABLE = or_(
    BuyingGroup.state == GroupState.OPEN,
    and_(BuyingGroup.state == GroupState.SUCCEEDED, BuyingGroup.capacity > BuyingGroup.size),
)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as others see them: "小*", "L***", or nothing where no name is known. `is_me`: who asks."""

    name: str
    is_leader: bool
    is_me: bool
    is_paid: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as it stands. `missing` to its size, `left` seats to be had; `order_id` of who asks, if they are in it.

    `members` are the first of them, the leader before the others, and who asks.
    """

    group_id: int
    public_id: str
    campaign_id: int
    product_id: int
    name: Label
    state: GroupState
    size: int
    capacity: int
    paid: int
    held: int
    missing: int
    left: int
    reached: int | None
    deadline: datetime | None
    is_joinable: bool
    strangers: bool
    members: tuple[MemberView, ...]
    order_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer beside what a piece costs by itself."""

    offer: Offer
    alone: int
    currency: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as a shopper sees it. `left`: pieces of its quota; `open_groups`: those that can be joined."""

    campaign_id: int
    name: Label
    description: Label
    product_id: int
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
    offers: tuple[OfferView, ...]
    quota: int | None
    left: int | None
    open_groups: int
    version: int


@dataclass(frozen=True, slots=True)
class GroupPrice:
    """What a product costs in a group of so many, in minor units."""

    amount: int
    currency: str
    size: int


@dataclass(frozen=True, slots=True)
class CampaignNumbers:
    """A campaign as the merchant watches it. `sold`: minor units that the goods of complete groups cost."""

    groups: dict[GroupState, int]
    members: int
    waiting: int
    pieces: int
    sold: int


async def campaigns_now(
    session: AsyncSession, *, now: datetime, product_id: int | None = None, limit: int = 20
) -> list[CampaignView]:
    """What can be bought together now, that ends first coming first."""
    on = [GroupCampaign.state == CampaignState.RUNNING, GroupCampaign.starts_at <= now, GroupCampaign.ends_at > now]
    if product_id is not None:
        on.append(GroupCampaign.product_id == product_id)
    rows = select(GroupCampaign).where(*on).order_by(GroupCampaign.ends_at, GroupCampaign.id).limit(limit)
    return await _campaign_views(session, (await session.scalars(rows)).all(), now=now)


async def group_prices(session: AsyncSession, product_ids: Collection[int], *, now: datetime) -> dict[int, GroupPrice]:
    """{product id: what a piece costs in a group, from the lowest on}, of those that can be bought together now."""
    rows = await _PRICES.all(session, products=list(product_ids), now=now)
    return {row.product_id: GroupPrice(row.amount, row.currency, row.size) for row in rows}


async def all_campaigns(session: AsyncSession, *, now: datetime, limit: int = 100) -> list[CampaignView]:
    """Every campaign for the merchant, the newest first."""
    rows = select(GroupCampaign).order_by(GroupCampaign.id.desc()).limit(limit)
    return await _campaign_views(session, (await session.scalars(rows)).all(), now=now)


async def campaign_view(session: AsyncSession, *, campaign_id: int, now: datetime) -> CampaignView:
    """One campaign. Raises Refused("campaign.unknown")."""
    campaign = await session.get(GroupCampaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise Refused("campaign.unknown", campaign=campaign_id)
    return (await _campaign_views(session, [campaign], now=now))[0]


async def group_view(session: AsyncSession, *, group_id: int, now: datetime, customer_id: int | None) -> GroupView:
    """One group as this customer sees it; None: the staff.

    Raises Refused("group.unknown"), also for one that somebody else is opening.
    """
    found = await _group_views(session, BuyingGroup.id == group_id, now=now, customer_id=customer_id)
    if not found or (customer_id is not None and found[0].state is GroupState.OPENING and not found[0].order_id):
        raise Refused("group.unknown", group=group_id)
    return found[0]


async def group_named(session: AsyncSession, *, public_id: str) -> int | None:
    """The group with this name in links."""
    return await session.scalar(select(BuyingGroup.id).where(BuyingGroup.public_id == public_id))


async def group_of_order(session: AsyncSession, *, order_id: int) -> int | None:
    """The group in which this order pays a seat."""
    return await session.scalar(select(GroupMember.group_id).where(GroupMember.order_id == order_id))


async def open_groups(
    session: AsyncSession,
    *,
    now: datetime,
    customer_id: int | None,
    campaign_id: int | None = None,
    product_id: int | None = None,
    limit: int = 5,
) -> list[GroupView]:
    """Groups of strangers that this customer (None: anybody) could join: nearest to full first, then by deadline."""
    mine = select(GroupMember.group_id).where(GroupMember.customer_id == customer_id, GroupMember.state.in_(LIVING))
    wanted = [
        JOINABLE,
        GroupCampaign.strangers,
        BuyingGroup.deadline - func.make_interval(0, 0, 0, 0, 0, func.cast(GroupCampaign.hold_minutes, Integer)) > now,
        Allotment.capacity > Allotment.held + Allotment.used,
        BuyingGroup.id.not_in(mine),
    ]
    if campaign_id is not None:
        wanted.append(BuyingGroup.campaign_id == campaign_id)
    if product_id is not None:
        wanted.append(GroupCampaign.product_id == product_id)
    return await _group_views(session, and_(*wanted), now=now, customer_id=customer_id, limit=limit)


async def my_groups(session: AsyncSession, *, now: datetime, customer_id: int, limit: int = 10) -> list[GroupView]:
    """The groups this customer is or was in, the newest first; those they only asked for and left are not shown."""
    in_it = select(GroupMember.group_id).where(
        GroupMember.customer_id == customer_id,
        GroupMember.state.in_((*LIVING, MemberState.REFUNDED)),
    )
    wanted = BuyingGroup.id.in_(in_it)
    return await _group_views(session, wanted, now=now, customer_id=customer_id, limit=limit, newest=True)


async def groups_of(
    session: AsyncSession,
    *,
    campaign_id: int,
    now: datetime,
    states: Collection[GroupState] = tuple(GroupState),
    limit: int = 100,
) -> list[GroupView]:
    """The groups of a campaign for the merchant, nearest to completion first."""
    wanted = and_(BuyingGroup.campaign_id == campaign_id, BuyingGroup.state.in_(states))
    return await _group_views(session, wanted, now=now, customer_id=None, limit=limit)


async def campaign_numbers(session: AsyncSession, *, campaign_id: int) -> CampaignNumbers:
    """How a campaign goes."""
    states = select(BuyingGroup.state, func.count()).where(BuyingGroup.campaign_id == campaign_id)
    groups = {row[0]: row[1] for row in await session.execute(states.group_by(BuyingGroup.state))}
    paid = GroupMember.state.in_((MemberState.PAID, MemberState.SUCCEEDED)) & BuyingGroup.state.not_in(LOST)
    complete = paid & BuyingGroup.state.in_((GroupState.SUCCEEDED, GroupState.SETTLED))
    sums = (
        select(
            func.count().filter(paid),
            func.count().filter(GroupMember.state == MemberState.HELD),
            func.coalesce(func.sum(GroupMember.quantity).filter(paid), 0),
            func.coalesce(func.sum(GroupMember.amount * GroupMember.quantity).filter(complete), 0),
        )
        .join(BuyingGroup, BuyingGroup.id == GroupMember.group_id)
        .where(GroupMember.campaign_id == campaign_id)
    )
    row = (await session.execute(sums)).one()
    return CampaignNumbers(groups, *(int(number) for number in row))


def masked_name(name: str) -> str:
    """A name as strangers may see it: its first letter, "小*" or "L***"."""
    first = name.strip()[:1]
    if not first:
        return ""
    return first + ("***" if first.isascii() else "*")


async def _group_views(
    session: AsyncSession,
    wanted: ColumnElement[bool],
    *,
    now: datetime,
    customer_id: int | None,
    limit: int = 1,
    newest: bool = False,
) -> list[GroupView]:
    rows = (
        select(BuyingGroup, GroupCampaign, Allotment.held, Allotment.used)
        .join(GroupCampaign, GroupCampaign.id == BuyingGroup.campaign_id)
        .join(Allotment, Allotment.id == BuyingGroup.seats_id)
        .where(wanted)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    nearest = (BuyingGroup.size - Allotment.used, BuyingGroup.deadline, BuyingGroup.id)
    found = (await session.execute(rows.order_by(*((BuyingGroup.id.desc(),) if newest else nearest)))).all()
    members = await _members(session, [row[0].id for row in found], customer_id)
    return [
        _group(group, campaign, held, used, members.get(group.id, []), now) for group, campaign, held, used in found
    ]


def _group(
    group: BuyingGroup,
    campaign: GroupCampaign,
    held: int,
    used: int,
    members: Sequence[tuple[MemberView, int]],
    now: datetime,
) -> GroupView:
    left = group.capacity - held - used
    can_grow = group.state is GroupState.OPEN or (group.state is GroupState.SUCCEEDED and group.has_tiers)
    is_in_time = group.deadline is not None and group.deadline - campaign.hold > now
    return GroupView(
        group_id=group.id,
        public_id=group.public_id,
        campaign_id=campaign.id,
        product_id=campaign.product_id,
        name=campaign.name,
        state=group.state,
        size=group.size,
        capacity=group.capacity,
        paid=used,
        held=held,
        missing=max(0, group.size - used),
        left=left,
        reached=group.reached,
        deadline=group.deadline,
        is_joinable=can_grow and is_in_time and left > 0,
        strangers=campaign.strangers,
        members=tuple(view for view, _ in members),
        order_id=next((order_id for view, order_id in members if view.is_me), None),
        version=group.version,
    )


async def _members(
    session: AsyncSession, group_ids: Sequence[int], customer_id: int | None
) -> dict[int, list[tuple[MemberView, int]]]:
    """{group id: its members with their orders}; who asks also when they were refunded."""
    vault: Vault = session.info["vault"]
    rows = (
        select(GroupMember, Customer.name_sealed)
        .join(Customer, Customer.id == GroupMember.customer_id)
        .where(
            GroupMember.group_id.in_(group_ids),
            GroupMember.state.in_(LIVING)
            | ((GroupMember.customer_id == customer_id) & (GroupMember.state == MemberState.REFUNDED)),
        )
        .order_by(GroupMember.is_leader.desc(), GroupMember.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[tuple[MemberView, int]]] = {}
    for member, name_sealed in await session.execute(rows):
        is_me = member.customer_id == customer_id
        of_group = found.setdefault(member.group_id, [])
        if is_me or len(of_group) < MOST_SHOWN:
            name = masked_name(vault.open(name_sealed)) if name_sealed else ""
            view = MemberView(name, member.is_leader, is_me, member.state is not MemberState.HELD)
            of_group.append((view, member.order_id))
    return found


async def _campaign_views(
    session: AsyncSession, campaigns: Sequence[GroupCampaign], *, now: datetime
) -> list[CampaignView]:
    if not campaigns:
        return []
    ids = [campaign.id for campaign in campaigns]
    offers = await offers_of(session, ids)
    variants = select(Variant.id, Variant.price_amount, Variant.currency).where(
        Variant.id.in_({offer.variant_id for group in offers.values() for offer in group})
    )
    prices = {row.id: row for row in await session.execute(variants)}
    quotas = await places_of(session, [one.quota_id for one in campaigns if one.quota_id is not None])
    open_ones = select(BuyingGroup.campaign_id, func.count()).where(
        BuyingGroup.campaign_id.in_(ids), JOINABLE, BuyingGroup.deadline > now
    )
    counts = {row[0]: row[1] for row in await session.execute(open_ones.group_by(BuyingGroup.campaign_id))}
    views = []
    for campaign in campaigns:
        quota = quotas.get(campaign.quota_id or 0)
        priced = [(offer, prices[offer.variant_id]) for offer in offers[campaign.id]]
        views.append(
            CampaignView(
                campaign_id=campaign.id,
                offers=tuple(OfferView(offer, row.price_amount, row.currency) for offer, row in priced),
                quota=None if quota is None else quota.capacity,
                left=None if quota is None else quota.left,
                open_groups=counts.get(campaign.id, 0),
                **{name: getattr(campaign, name) for name in _SAME},
            )
        )
    return views


_SAME = (
    *("name", "description", "product_id", "state", "starts_at", "ends_at", "window_minutes", "hold_minutes", "size"),
    *("max_per_customer", "max_pieces", "audience", "strangers", "below_size", "version"),
)

# Asked for with every list of products.
_PRICES = Read(
    text("""
SELECT c.product_id, o.amount, v.currency, c.size FROM group_campaign c
JOIN group_offer o ON o.campaign_id = c.id JOIN variant v ON v.id = o.variant_id
LEFT JOIN allotment a ON a.id = c.quota_id
WHERE c.product_id = ANY(:products) AND c.state = 'running' AND c.starts_at <= :now AND c.ends_at > :now
    AND (a.id IS NULL OR a.capacity > a.held + a.used)
ORDER BY o.amount DESC
""").columns(column("product_id"), column("amount"), column("currency"), column("size"))
)
