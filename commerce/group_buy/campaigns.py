"""Campaigns as the merchant writes, starts, extends and ends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.group_buy.model import (
    BelowSize,
    BuyingGroup,
    CampaignState,
    GroupCampaign,
    GroupOffer,
    GroupState,
    GroupTier,
)
from commerce.inventory.allotments import change_capacity, close_allotment, lock_places, make_allotment, set_window
from commerce.promotions.rules import Audience, Label
from foundation.errors import Refused
from foundation.money import LARGEST

MOST_MEMBERS = 1000
MOST_PIECES = 99
LONGEST_WINDOW = timedelta(days=7)
LONGEST_HOLD = 60
"""Minutes."""
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2000
MOST_EACH = 100
"""Groups of one campaign that one customer may be in."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many members on a piece costs so much, in minor units."""

    size: int
    amount: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What one piece of a variant costs, in minor units; every offer of a campaign has tiers of the same sizes."""

    variant_id: int
    amount: int
    leader_amount: int | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign as the staff writes it; see the columns of GroupCampaign. `quota`: pieces of all groups together."""

    name: Label
    product_id: int
    starts_at: datetime
    ends_at: datetime
    size: int
    offers: tuple[Offer, ...]
    description: Label | None = None
    window_minutes: int = 24 * 60
    max_per_customer: int = 1
    max_pieces: int = 1
    audience: Audience = Audience.EVERYONE
    strangers: bool = True
    quota: int | None = None
    below_size: BelowSize = BelowSize.REFUND
    hold_minutes: int = 10


async def add_campaign(session: AsyncSession, *, draft: CampaignDraft, now: datetime) -> GroupCampaign:
    """A new campaign, not yet on. Raises Refused("campaign.invalid", at=field, why=code)."""
    await _check(session, draft)
    campaign = GroupCampaign(state=CampaignState.DRAFT, version=1, created_at=now, updated_at=now)
    await _write(session, campaign, draft)
    return campaign


async def edit_campaign(
    session: AsyncSession, *, campaign_id: int, draft: CampaignDraft, version: int, now: datetime
) -> GroupCampaign:
    """Another wording of a campaign. Of one that runs only texts, its end, its quota and who sees its groups change.

    Raises Refused("campaign.unknown"), ("campaign.changed"), ("campaign.invalid"), ("campaign.running", at=field) for
    what cannot change any more, ("campaign.ended"), ("allotment.in_use", least=...) for a quota below what is taken.
    """
    campaign = await locked_campaign(session, campaign_id=campaign_id, version=version)
    if campaign.state is CampaignState.ENDED:
        raise Refused("campaign.ended", campaign=campaign_id)
    await _check(session, draft)
    if campaign.state is CampaignState.RUNNING:
        await _refuse_what_stands(session, campaign, draft)
    await _write(session, campaign, draft)
    campaign.version += 1
    campaign.updated_at = now
    await session.flush()
    return campaign


async def start_campaign(session: AsyncSession, *, campaign_id: int, version: int, now: datetime) -> GroupCampaign:
    """Switch a campaign on: groups can be started once its time has come.

    Raises Refused("campaign.unknown"), ("campaign.changed"), ("campaign.not_draft"), ("campaign.invalid") when its end
    is over already, or its goods have become as cheap by themselves.
    """
    campaign = await locked_campaign(session, campaign_id=campaign_id, version=version)
    if campaign.state is not CampaignState.DRAFT:
        raise Refused("campaign.not_draft", campaign=campaign_id, state=campaign.state.value)
    if campaign.ends_at <= now:
        raise Refused("campaign.invalid", at="ends_at", why="over")
    offers = (await offers_of(session, [campaign_id]))[campaign_id]
    await _check_offers(session, product_id=campaign.product_id, size=campaign.size, offers=offers)
    return await _moved(session, campaign, CampaignState.RUNNING, now)


async def end_campaign(
    session: AsyncSession, *, campaign_id: int, version: int, refund: bool, now: datetime
) -> tuple[GroupCampaign, int]:
    """No more groups. With `refund` those that are open end too and their members get their money; else they go on.

    Returns the campaign and how many groups were ended. Raises Refused("campaign.unknown"), ("campaign.changed").
    """
    campaign = await locked_campaign(session, campaign_id=campaign_id, version=version)
    groups: Sequence[BuyingGroup] = []
    if refund:
        open_ones = select(BuyingGroup.seats_id).where(
            BuyingGroup.campaign_id == campaign_id, BuyingGroup.state.in_((GroupState.OPENING, GroupState.OPEN))
        )
        groups = await cancelled_groups(session, (await session.scalars(open_ones)).all(), now=now)
    return await _moved(session, campaign, CampaignState.ENDED, now), len(groups)


async def cancelled_groups(session: AsyncSession, seats: Sequence[int], *, now: datetime) -> Sequence[BuyingGroup]:
    """End those of the groups with these seats that are still open; their members' orders are refunded by and by."""
    await lock_places(session, seats)
    found = select(BuyingGroup).where(
        BuyingGroup.seats_id.in_(seats), BuyingGroup.state.in_((GroupState.OPENING, GroupState.OPEN))
    )
    locked = found.order_by(BuyingGroup.id).with_for_update(key_share=True)
    groups = (await session.scalars(locked.execution_options(populate_existing=True))).all()
    for group in groups:
        await close_allotment(session, group.seats_id)
        group.move_to(GroupState.CANCELLED)
        group.decided_at = now
    await session.flush()
    return groups


async def end_group(session: AsyncSession, *, group_id: int, now: datetime) -> None:
    """The merchant ends one group: its members get their money. Raises Refused("group.unknown"), ("group.over")."""
    group = await session.get(BuyingGroup, group_id)
    if group is None:
        raise Refused("group.unknown", group=group_id)
    if not await cancelled_groups(session, [group.seats_id], now=now):
        raise Refused("group.over", group=group_id)


async def extend_group(session: AsyncSession, *, group_id: int, minutes: int, now: datetime) -> BuyingGroup:
    """The merchant gives an open group more time. Raises Refused("group.unknown"), ("group.over"), ("group.extension",
    most=minutes) for less than a minute or more than the longest window."""
    most = int(LONGEST_WINDOW.total_seconds()) // 60
    if not 1 <= minutes <= most:
        raise Refused("group.extension", most=most)
    group = await session.get(BuyingGroup, group_id)
    if group is None:
        raise Refused("group.unknown", group=group_id)
    campaign = await session.get_one(GroupCampaign, group.campaign_id)
    await lock_places(session, [group.seats_id])
    await session.refresh(group, with_for_update={"key_share": True})
    if group.state is not GroupState.OPEN or group.deadline is None or group.deadline <= now:
        raise Refused("group.over", group=group_id)
    group.deadline += timedelta(minutes=minutes)
    group.version += 1
    await set_window(session, group.seats_id, is_open=True, closes_at=group.deadline - campaign.hold)
    await session.flush()
    return group


async def end_campaigns(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Campaigns whose time is over end by themselves; their groups run out. Returns how many there were."""
    due = select(GroupCampaign.id).where(GroupCampaign.state == CampaignState.RUNNING, GroupCampaign.ends_at <= now)
    due = due.order_by(GroupCampaign.id).limit(limit).with_for_update(skip_locked=True)
    ids = (await session.scalars(due)).all()
    if not ids:
        return 0
    ended = update(GroupCampaign).where(GroupCampaign.id.in_(ids))
    await session.execute(ended.values(state=CampaignState.ENDED, version=GroupCampaign.version + 1, updated_at=now))
    return len(ids)


async def locked_campaign(session: AsyncSession, *, campaign_id: int, version: int) -> GroupCampaign:
    """The campaign as it was read, under a lock. Raises Refused("campaign.unknown") or ("campaign.changed")."""
    campaign = await session.get(
        GroupCampaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if campaign is None:
        raise Refused("campaign.unknown", campaign=campaign_id)
    if campaign.version != version:
        raise Refused("campaign.changed", version=campaign.version)
    return campaign


async def offers_of(session: AsyncSession, campaign_ids: Sequence[int]) -> dict[int, tuple[Offer, ...]]:
    """{campaign id: what it offers}, by variant, tiers from the smallest on."""
    tiers = select(GroupTier).where(GroupTier.campaign_id.in_(campaign_ids)).order_by(GroupTier.size)
    steps: dict[tuple[int, int], list[Tier]] = {}
    for tier in await session.scalars(tiers):
        steps.setdefault((tier.campaign_id, tier.variant_id), []).append(Tier(tier.size, tier.amount))
    rows = select(GroupOffer).where(GroupOffer.campaign_id.in_(campaign_ids)).order_by(GroupOffer.variant_id)
    offers: dict[int, tuple[Offer, ...]] = dict.fromkeys(campaign_ids, ())
    for row in await session.scalars(rows.execution_options(populate_existing=True)):
        of_variant = tuple(steps.get((row.campaign_id, row.variant_id), ()))
        offers[row.campaign_id] += (Offer(row.variant_id, row.amount, row.leader_amount, of_variant),)
    return offers


async def _moved(session: AsyncSession, campaign: GroupCampaign, state: CampaignState, now: datetime) -> GroupCampaign:
    campaign.state = state
    campaign.version += 1
    campaign.updated_at = now
    await session.flush()
    return campaign


async def _check(session: AsyncSession, draft: CampaignDraft) -> None:
    names = [name.strip() for name in draft.name.values()]
    within = {
        "name": any(names) and max(map(len, names)) <= LONGEST_NAME,
        "description": all(len(one) <= LONGEST_DESCRIPTION for one in (draft.description or {}).values()),
        "ends_at": draft.ends_at > draft.starts_at,
        "size": 2 <= draft.size <= MOST_MEMBERS,
        "hold_minutes": 1 <= draft.hold_minutes <= LONGEST_HOLD,
        "window_minutes": draft.hold_minutes < draft.window_minutes <= LONGEST_WINDOW.total_seconds() / 60,
        "max_per_customer": 1 <= draft.max_per_customer <= MOST_EACH,
        "max_pieces": 1 <= draft.max_pieces <= MOST_PIECES,
        "audience": draft.audience is not Audience.NAMED,
        "quota": draft.quota is None or 1 <= draft.quota <= LARGEST,
    }
    for field, is_fine in within.items():
        if not is_fine:
            raise Refused("campaign.invalid", at=field, why="out_of_range")
    await _check_offers(session, product_id=draft.product_id, size=draft.size, offers=draft.offers)


async def _check_offers(session: AsyncSession, *, product_id: int, size: int, offers: Sequence[Offer]) -> None:
    mine = select(Variant.id, Variant.price_amount).where(Variant.product_id == product_id)
    prices = {row.id: row.price_amount for row in await session.execute(mine)}
    variants = [offer.variant_id for offer in offers]
    if not variants or len(set(variants)) < len(variants) or not prices.keys() >= set(variants):
        raise Refused("campaign.invalid", at="offers", why="not_of_the_product")
    sizes = {tuple(tier.size for tier in offer.tiers) for offer in offers}
    steps = [size, *next(iter(sizes))]
    if len(sizes) > 1 or sorted(set(steps)) != steps or steps[-1] > MOST_MEMBERS:
        raise Refused("campaign.invalid", at="tiers", why="sizes")
    for offer in offers:
        amounts = [prices[offer.variant_id], offer.amount, *(tier.amount for tier in offer.tiers)]
        if amounts[-1] < 1 or sorted(set(amounts), reverse=True) != amounts:
            raise Refused("campaign.invalid", at="offers", why="not_cheaper", variant=offer.variant_id)
        if offer.leader_amount is not None and not 1 <= offer.leader_amount <= offer.amount:
            raise Refused("campaign.invalid", at="leader_amount", why="out_of_range", variant=offer.variant_id)


async def _refuse_what_stands(session: AsyncSession, campaign: GroupCampaign, draft: CampaignDraft) -> None:
    """Groups that are open were promised these."""
    stands = ("product_id", "starts_at", "size", "window_minutes", "max_per_customer", "max_pieces", "audience")
    for field in (*stands, "below_size", "hold_minutes"):
        if getattr(campaign, field) != getattr(draft, field):
            raise Refused("campaign.running", at=field)
    if (await offers_of(session, [campaign.id]))[campaign.id] != tuple(
        sorted(draft.offers, key=lambda offer: offer.variant_id)
    ):
        raise Refused("campaign.running", at="offers")
    if (campaign.quota_id is None) != (draft.quota is None):
        raise Refused("campaign.running", at="quota")


async def _write(session: AsyncSession, campaign: GroupCampaign, draft: CampaignDraft) -> None:
    campaign.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    campaign.description = {language: one.strip() for language, one in (draft.description or {}).items()}
    for field in (
        *("product_id", "starts_at", "ends_at", "window_minutes", "size", "max_per_customer", "max_pieces"),
        *("audience", "strangers", "below_size", "hold_minutes"),
    ):
        setattr(campaign, field, getattr(draft, field))
    if draft.quota is None:
        campaign.quota_id = None
    elif campaign.quota_id is None:
        campaign.quota_id = (await make_allotment(session, capacity=draft.quota)).id
    else:
        await change_capacity(session, campaign.quota_id, capacity=draft.quota)
    session.add(campaign)
    await session.flush()
    for table in (GroupTier, GroupOffer):
        await session.execute(delete(table).where(table.campaign_id == campaign.id))
    for offer in draft.offers:
        key = {"campaign_id": campaign.id, "variant_id": offer.variant_id}
        session.add(GroupOffer(**key, amount=offer.amount, leader_amount=offer.leader_amount))
        session.add_all(GroupTier(**key, size=tier.size, amount=tier.amount) for tier in offer.tiers)
    await session.flush()
