"""Seats: asked for, taken with an order, paid, given up. The group's allotment decides, never a count of members.

Locks are taken in this order: the campaign by who starts a group or edits or ends it, the order, its money, stock
levels, allotments, the group, its members.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.group_buy.campaigns import offers_of
from commerce.group_buy.model import (
    LIVING,
    BelowSize,
    BuyingGroup,
    CampaignState,
    GroupCampaign,
    GroupMember,
    GroupState,
    MemberState,
)
from commerce.inventory.allotments import (
    add_places,
    close_allotment,
    lock_places,
    make_allotment,
    places_of,
    set_window,
)
from commerce.promotions.deals import Deal, DealTerms
from commerce.promotions.rules import Audience
from foundation.errors import Refused

_TAKES_PAYERS = (GroupState.OPEN, GroupState.SUCCEEDED, GroupState.SETTLED)
"""Whose seat was held before the end may still be paid after it, as long as the group did not fail."""


async def group_terms(
    session: AsyncSession,
    *,
    campaign_id: int,
    group_id: int | None,
    customer_id: int,
    cart_name: str,
    pieces: Mapping[int, int],
    is_new: bool,
    is_held: bool,
    now: datetime,
) -> DealTerms:
    """What {variant id: pieces} costs who starts a group (`group_id` None) or joins one, and what must be held for it.

    `cart_name` names the cart and its version; `is_new`: the customer has not ordered before; `is_held`: they have the
    seat in hand already. All of it is advice, the hold and `take_seat` decide. Raises Refused: group.not_offered,
    group.not_started, group.ended, group.not_for_you, group.pieces (most), group.limit (most), group.unknown,
    group.over, group.full, group.already_in.
    """
    begins = is_held and group_id is None
    campaign = await _open_campaign(session, campaign_id, group_id, is_new=is_new, begins=begins, now=now)
    offers = {offer.variant_id: offer for offer in (await offers_of(session, [campaign_id]))[campaign_id]}
    if len(pieces) != 1 or not offers.keys() >= pieces.keys():
        raise Refused("group.not_offered", campaign=campaign_id)
    ((variant_id, quantity),) = pieces.items()
    if quantity > campaign.max_pieces:
        raise Refused("group.pieces", most=campaign.max_pieces)
    await _free_seq(session, campaign, customer_id)
    offer, minutes = offers[variant_id], campaign.hold_minutes
    allotments = {} if campaign.quota_id is None else {campaign.quota_id: quantity}
    if group_id is None:
        amount = offer.leader_amount or offer.amount
        name = f"start:{campaign_id}:{customer_id}:{cart_name}"
    else:
        group = await _open_group(session, campaign, group_id, customer_id, is_held=is_held, now=now)
        allotments[group.seats_id] = 1
        amount = offer.amount
        minutes = max(1, min(minutes, (group.deadline - now) // timedelta(minutes=1))) if group.deadline else minutes
        name = f"seat:{group_id}:{customer_id}:{cart_name}"
    price = Deal("group", campaign_id, amount, campaign.name)
    return DealTerms({variant_id: price}, allotments, name, minutes)


async def take_seat(
    session: AsyncSession,
    *,
    campaign_id: int,
    group_id: int | None,
    customer_id: int,
    order_id: int,
    variant_id: int,
    quantity: int,
    amount: int,
    hold_key: str,
    now: datetime,
) -> GroupMember:
    """The order that pays a seat has been made: its customer is a member, the leader of a group that begins with it.

    `hold_key`: the promise of its goods, and of its seat unless the group begins now. Raises Refused("group.limit"),
    ("group.already_in").
    """
    campaign = await session.get_one(GroupCampaign, campaign_id)
    is_leader = group_id is None
    if group_id is None:
        group_id = await _begin(session, campaign, customer_id, hold_key, now)
    columns = {
        "group_id": group_id,
        "campaign_id": campaign_id,
        "customer_id": customer_id,
        "order_id": order_id,
        "variant_id": variant_id,
        "quantity": quantity,
        "amount": amount,
        "is_leader": is_leader,
        "is_twin": False,
        "state": MemberState.HELD,
        "most": campaign.max_per_customer,
        "created_at": now,
    }
    for _try in range(campaign.max_per_customer + 1):
        seq = await _free_seq(session, campaign, customer_id)
        row = insert(GroupMember).values(**columns, seq=seq).on_conflict_do_nothing().returning(GroupMember)
        member = await session.scalar(row)
        if member is not None:
            return member
        await _refuse_if_in(session, group_id, customer_id)
    raise Refused("group.limit", most=campaign.max_per_customer)  # somebody else took the last one again and again


async def seat_paid(session: AsyncSession, *, order_id: int, is_new: bool, now: datetime) -> None:
    """The seat of this order is paid, and its place is used: the group may open, be complete, or as large as it gets.

    Decided on the seats as they are now, under the lock that using the place took. `is_new`: this is the customer's
    first order. Raises Refused("group.over") where the group has ended, and what a late payer may meet: group.limit,
    group.already_in, group.not_for_you.
    """
    member = await member_of(session, order_id)
    if member is None or member.state not in (MemberState.HELD, MemberState.EXPIRED):
        return
    campaign = await session.get_one(GroupCampaign, member.campaign_id)
    if campaign.audience is Audience.NEW and not is_new:
        raise Refused("group.not_for_you", campaign=campaign.id)
    group = await locked_group(session, member.group_id)
    if group.state is GroupState.OPENING and member.is_leader:
        await _open(session, group, campaign, now)
    elif group.state not in _TAKES_PAYERS:
        raise Refused("group.over", group=group.public_id, campaign=campaign.id)
    if member.state is MemberState.EXPIRED:
        await _refuse_if_in(session, group.id, member.customer_id)
        member.seq = await _free_seq(session, campaign, member.customer_id)
        member.is_leader = False
    member.move_to(MemberState.PAID, now=now)
    group.version += 1
    group.done_at = None
    await session.flush()
    used = (await places_of(session, [group.seats_id]))[group.seats_id].used
    if used >= group.size:
        await decide(session, group, campaign, used=used, now=now)


async def places_again(session: AsyncSession, *, order_id: int) -> dict[int, int]:
    """The {allotment id: places} of a seat whose order is paid too late. Raises Refused("group.over")."""
    member = await member_of(session, order_id)
    if member is None:
        return {}
    group = await session.get_one(BuyingGroup, member.group_id, populate_existing=True)
    if group.state not in _TAKES_PAYERS:
        raise Refused("group.over", group=group.public_id, campaign=group.campaign_id)
    quota_id = (await session.get_one(GroupCampaign, group.campaign_id)).quota_id
    return {group.seats_id: 1} | ({} if quota_id is None else {quota_id: member.quantity})


async def seat_given_up(session: AsyncSession, *, order_id: int, expired: bool, now: datetime) -> None:
    """The order of a seat came to nothing, and its place is free again. Again changes nothing.

    While the group is open its leader's place goes to who paid first; with nobody left who paid, the group is over.
    """
    member = await member_of(session, order_id)
    if member is None or member.state not in LIVING:
        return
    group = await session.get_one(BuyingGroup, member.group_id)
    await lock_places(session, [group.seats_id])
    group = await locked_group(session, member.group_id)
    was_held = member.state is MemberState.HELD
    member.move_to(MemberState.EXPIRED if expired and was_held else MemberState.LEFT, now=now)
    group.version += 1
    await session.flush()
    if group.state not in (GroupState.OPENING, GroupState.OPEN) or not member.is_leader:
        return
    heir = await session.scalar(
        select(GroupMember)
        .where(GroupMember.group_id == group.id, GroupMember.state == MemberState.PAID)
        .order_by(GroupMember.paid_at, GroupMember.id)
        .limit(1)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if heir is None:
        await close_allotment(session, group.seats_id)
        group.move_to(GroupState.CANCELLED)
        group.decided_at = now
    else:
        member.is_leader, heir.is_leader, group.leader_id = False, True, heir.customer_id
        announce(session, "group_leader", customer_id=heir.customer_id, now=now, **told_of(group))
    await session.flush()


async def decide(
    session: AsyncSession, group: BuyingGroup, campaign: GroupCampaign, *, used: int, now: datetime
) -> None:
    """The group is what it has become: so many have paid. Its seats and its row are locked.

    Called when it is large enough, and at its deadline (`is_over`), below which only an open group can be.
    """
    is_over = group.deadline is not None and group.deadline <= now
    if group.state is GroupState.OPEN:
        is_enough = used >= group.size or (campaign.below_size is BelowSize.KEEP and used > 0)
        if not is_enough:
            await _end(session, group, GroupState.FAILED, used, now)
            return
        await _end(session, group, GroupState.SUCCEEDED, used, now)
    if group.state is GroupState.SUCCEEDED and group.has_tiers and (is_over or used >= group.capacity):
        complete = min(group.size, group.reached or used)  # it stays so, whoever's order was cancelled since
        await _end(session, group, GroupState.SETTLED, max(used, complete), now)


async def locked_group(session: AsyncSession, group_id: int) -> BuyingGroup:
    """The group as it is now, under its lock. Whoever decides about it locks its seats first."""
    return await session.get_one(BuyingGroup, group_id, with_for_update={"key_share": True}, populate_existing=True)


def told_of(group: BuyingGroup) -> dict[str, object]:
    """What every announcement about a group says of it."""
    deadline = None if group.deadline is None else group.deadline.isoformat()
    return {"group_id": group.id, "campaign_id": group.campaign_id, "deadline": deadline}


async def _open_campaign(
    session: AsyncSession, campaign_id: int, group_id: int | None, *, is_new: bool, begins: bool, now: datetime
) -> GroupCampaign:
    """A campaign that this customer may start or join a group of. A group goes on when its campaign has ended.

    `begins`: in this transaction. Who ends the campaign with all its groups then waits for it, or is waited for.
    """
    lock = {"read": True} if begins else None
    campaign = await session.get(GroupCampaign, campaign_id, with_for_update=lock, populate_existing=True)
    if campaign is None or campaign.state is CampaignState.DRAFT:
        raise Refused("group.not_offered", campaign=campaign_id)
    if now < campaign.starts_at:
        raise Refused("group.not_started", campaign=campaign_id, starts=campaign.starts_at.isoformat())
    if group_id is None and (campaign.state is CampaignState.ENDED or campaign.ends_at <= now):
        raise Refused("group.ended", campaign=campaign_id)
    is_for = {Audience.NEW: is_new, Audience.RETURNING: not is_new}.get(campaign.audience, True)
    if not is_for:
        raise Refused("group.not_for_you", campaign=campaign_id)
    return campaign


async def _open_group(
    session: AsyncSession, campaign: GroupCampaign, group_id: int, customer_id: int, *, is_held: bool, now: datetime
) -> BuyingGroup:
    group = await session.get(BuyingGroup, group_id, populate_existing=True)
    if group is None or group.campaign_id != campaign.id or group.state is GroupState.OPENING:
        raise Refused("group.unknown", group=group_id)
    is_joinable = group.state is GroupState.OPEN or (group.state is GroupState.SUCCEEDED and group.has_tiers)
    must_end = now if is_held else now + campaign.hold
    if not is_joinable or group.deadline is None or group.deadline <= must_end:
        raise Refused("group.over", group=group.public_id, campaign=campaign.id)
    await _refuse_if_in(session, group_id, customer_id)
    if not is_held and (await places_of(session, [group.seats_id]))[group.seats_id].left < 1:
        raise Refused("group.full", group=group.public_id, campaign=campaign.id)
    return group


async def _refuse_if_in(session: AsyncSession, group_id: int, customer_id: int) -> None:
    mine = select(GroupMember.order_id).where(
        GroupMember.group_id == group_id, GroupMember.customer_id == customer_id, GroupMember.state.in_(LIVING)
    )
    order_id = await session.scalar(mine.limit(1))
    if order_id is not None:
        raise Refused("group.already_in", group=group_id, order=order_id)


async def _free_seq(session: AsyncSession, campaign: GroupCampaign, customer_id: int) -> int:
    """The lowest number this customer has free in a campaign. Raises Refused("group.limit", most=...)."""
    mine = select(GroupMember.seq).where(
        GroupMember.campaign_id == campaign.id,
        GroupMember.customer_id == customer_id,
        GroupMember.state.in_(LIVING),
    )
    taken = set(await session.scalars(mine))
    free = set(range(1, campaign.max_per_customer + 1)) - taken
    if not free:
        raise Refused("group.limit", most=campaign.max_per_customer)
    return min(free)


async def _begin(session: AsyncSession, campaign: GroupCampaign, customer_id: int, hold_key: str, now: datetime) -> int:
    """A group with its first seat held, which nobody else can join before that is paid; its id."""
    tiers = (await offers_of(session, [campaign.id]))[campaign.id][0].tiers
    capacity = tiers[-1].size if tiers else campaign.size
    seats = await make_allotment(session, capacity=capacity, is_open=False)
    await add_places(session, key=hold_key, places={seats.id: 1})
    group = BuyingGroup(
        campaign_id=campaign.id,
        leader_id=customer_id,
        seats_id=seats.id,
        public_id=secrets.token_urlsafe(9),
        size=campaign.size,
        capacity=capacity,
        version=1,
        created_at=now,
    )
    session.add(group)
    await session.flush()
    return group.id


async def _open(session: AsyncSession, group: BuyingGroup, campaign: GroupCampaign, now: datetime) -> None:
    group.move_to(GroupState.OPEN)
    group.opened_at, group.deadline = now, now + campaign.window
    await set_window(session, group.seats_id, is_open=True, closes_at=group.deadline - campaign.hold)
    announce(session, "group_opened", customer_id=group.leader_id, now=now, missing=group.size - 1, **told_of(group))


async def _end(session: AsyncSession, group: BuyingGroup, state: GroupState, used: int, now: datetime) -> None:
    group.move_to(state)
    group.reached, group.decided_at = used, now
    if not (state is GroupState.SUCCEEDED and group.has_tiers):
        await close_allotment(session, group.seats_id)
    await session.flush()


async def member_of(session: AsyncSession, order_id: int) -> GroupMember | None:
    """Whose seat this order pays."""
    found = select(GroupMember).where(GroupMember.order_id == order_id).execution_options(populate_existing=True)
    return await session.scalar(found)


async def members_of(session: AsyncSession, group_id: int) -> Sequence[GroupMember]:
    """Those who are in a group, in the order in which they came."""
    mine = select(GroupMember).where(GroupMember.group_id == group_id, GroupMember.state.in_(LIVING))
    return (await session.scalars(mine.order_by(GroupMember.id).execution_options(populate_existing=True))).all()
