"""The end of a group's time: enough have paid, or their money goes back, or the merchant keeps the price."""

from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.group_buy.model import (
    DECIDED,
    ENDS,
    BuyingGroup,
    GroupCampaign,
    GroupMember,
    GroupState,
    MemberState,
)
from commerce.group_buy.seats import decide, locked_group
from commerce.inventory.allotments import places_of
from commerce.inventory.model import Allotment

GRACE = timedelta(seconds=30)
"""Seats that were held in time may be paid a little later, if that would complete the group: the bank tells us late."""


async def close_groups(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Decide about the groups whose deadline has passed; returns how many. Any number of sweepers may run at once.

    What becomes of their members' orders follows by itself (commerce.orders.groups), order by order.
    """
    could_fill = (Allotment.held > 0) & (Allotment.used + Allotment.held >= BuyingGroup.size)
    due = (
        select(BuyingGroup.id)
        .join(Allotment, Allotment.id == BuyingGroup.seats_id)
        .where(ENDS, BuyingGroup.deadline <= now, or_(BuyingGroup.deadline <= now - GRACE, ~could_fill))
        .order_by(BuyingGroup.deadline)
        .limit(limit)
        .with_for_update(of=Allotment, key_share=True, skip_locked=True)
    )
    groups = (await session.scalars(due)).all()
    for group_id in groups:
        group = await locked_group(session, group_id)
        if group.state not in (GroupState.OPEN, GroupState.SUCCEEDED) or group.deadline is None or group.deadline > now:
            continue  # a payment, or the merchant, was faster
        used = (await places_of(session, [group.seats_id]))[group.seats_id].used
        campaign = await session.get_one(GroupCampaign, group.campaign_id)
        await decide(session, group, campaign, used=used, now=now)
    return len(groups)


async def orders_to_settle(session: AsyncSession, *, limit: int) -> list[int]:
    """Orders of members whose group has been decided and who have not heard of it: to be freed, or refunded."""
    decided = select(GroupMember.order_id).join(BuyingGroup, BuyingGroup.id == GroupMember.group_id)
    waiting = decided.where(DECIDED, GroupMember.state == MemberState.PAID)
    return list(await session.scalars(waiting.order_by(BuyingGroup.id, GroupMember.id).limit(limit)))


async def finish_groups(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Groups whose every member's order has been freed or refunded need no more looking at; returns how many."""
    waiting = exists().where(GroupMember.group_id == BuyingGroup.id, GroupMember.state == MemberState.PAID)
    done = select(BuyingGroup.id).where(DECIDED, ~waiting).order_by(BuyingGroup.id).limit(limit)
    ids = (await session.scalars(done.with_for_update(key_share=True, skip_locked=True))).all()
    if ids:
        await session.execute(update(BuyingGroup).where(BuyingGroup.id.in_(ids), ~waiting).values(done_at=now))
    return len(ids)
