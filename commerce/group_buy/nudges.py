"""Telling the members of an open group, at a few moments of its life, that somebody is still missing.

They asked to be told of their group when they joined it. Each hears of it a few times a day at most, in however many
groups they are. Others are told by commerce.favourites.offers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement, announce
from commerce.customers.model import Customer
from commerce.group_buy.model import BuyingGroup, GroupInterest, GroupMember, GroupNudge, GroupState, MemberState
from commerce.group_buy.seats import told_of
from commerce.inventory.allotments import places_of
from commerce.inventory.model import Allotment
from foundation.errors import Refused

NUDGE = "group_nudge"
MOST_A_DAY = 3
"""Nudges that one customer gets within 24 hours."""
DAY = timedelta(days=1)
STAFF_EVERY = timedelta(hours=1)
BY_STAFF = "by_staff"


async def nudge_groups(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Nudge the members of groups whose moment has come: one missing, half time, 2 hours and 15 minutes before the end.

    Each moment once a group; a short one has fewer. Returns how many groups there were. Any number of sweepers may run.
    """
    lasts = BuyingGroup.deadline - BuyingGroup.opened_at
    by_clock = case(
        ((BuyingGroup.deadline <= now + timedelta(minutes=15)) & (lasts >= timedelta(hours=1)), "quarter_hour"),
        ((BuyingGroup.deadline <= now + timedelta(hours=2)) & (lasts >= timedelta(hours=4)), "two_hours"),
        ((now - BuyingGroup.opened_at >= BuyingGroup.deadline - now) & (lasts >= timedelta(hours=1)), "half_time"),
    )
    by_seats = case(
        ((Allotment.used == BuyingGroup.size - 1) & (BuyingGroup.size > 2), literal("one_missing")),
    )
    nudged = 0
    for moment in (by_seats, by_clock):
        known = exists().where(GroupNudge.group_id == BuyingGroup.id, GroupNudge.moment == moment)
        due = (
            select(BuyingGroup.id, moment)
            .join(Allotment, Allotment.id == BuyingGroup.seats_id)
            .where(BuyingGroup.state == GroupState.OPEN, BuyingGroup.deadline > now, moment.is_not(None), ~known)
            .order_by(BuyingGroup.deadline)
            .limit(limit)
        )
        moments: dict[int, str] = {row[0]: row[1] for row in await session.execute(due)}
        nudged += await _nudge(session, moments, now=now)
    return nudged


async def note_interest(session: AsyncSession, *, group_id: int, customer_id: int, now: datetime) -> None:
    """Somebody who is not in it has opened an invitation to a group."""
    seen = insert(GroupInterest).values(group_id=group_id, customer_id=customer_id, created_at=now)
    await session.execute(seen.on_conflict_do_nothing())


async def nudge_by_staff(session: AsyncSession, *, group_id: int, now: datetime) -> int:
    """The merchant nudges the members of an open group; returns how many were told.

    Raises Refused("group.unknown"), ("group.over"), ("group.nudged", again=...) within an hour of the last time.
    """
    group = await session.get(BuyingGroup, group_id, populate_existing=True)
    if group is None:
        raise Refused("group.unknown", group=group_id)
    if group.state is not GroupState.OPEN:
        raise Refused("group.over", group=group.public_id)
    made = insert(GroupNudge).values(group_id=group_id, moment=BY_STAFF, at=now)
    made = made.on_conflict_do_update(
        index_elements=["group_id", "moment"], set_={"at": now}, where=GroupNudge.at <= now - STAFF_EVERY
    )
    if await session.scalar(made.returning(GroupNudge.at)) is None:
        last = await session.get_one(GroupNudge, (group_id, BY_STAFF), populate_existing=True)
        raise Refused("group.nudged", again=(last.at + STAFF_EVERY).isoformat())
    return await _tell(session, [group], {group_id: BY_STAFF}, now=now)


async def _nudge(session: AsyncSession, moments: Mapping[int, str], *, now: datetime) -> int:
    if not moments:
        return 0
    rows = [{"group_id": group_id, "moment": moment, "at": now} for group_id, moment in sorted(moments.items())]
    mine = insert(GroupNudge).values(rows).on_conflict_do_nothing().returning(GroupNudge.group_id)
    ids = list(await session.scalars(mine))  # of several sweepers each nudges what it wrote down first
    groups = (await session.scalars(select(BuyingGroup).where(BuyingGroup.id.in_(ids)))).all()
    await _tell(session, groups, moments, now=now)
    return len(ids)


async def _tell(
    session: AsyncSession, groups: Sequence[BuyingGroup], moments: Mapping[int, str], *, now: datetime
) -> int:
    """One announcement for each paid member who has not heard too many; how many that were."""
    by_id = {group.id: group for group in groups}
    places = await places_of(session, [group.seats_id for group in groups])
    paid = (
        select(GroupMember.group_id, GroupMember.customer_id)
        .join(Customer, Customer.id == GroupMember.customer_id)
        .where(GroupMember.group_id.in_(by_id), GroupMember.state == MemberState.PAID, ~GroupMember.is_twin)
        .where(Customer.merged_into.is_(None))
        .order_by(Customer.id)
        .with_for_update(of=Customer, read=True)  # nobody becomes another person meanwhile
    )
    members = [(row.group_id, row.customer_id) for row in await session.execute(paid)]
    recent = select(Announcement.customer_id, func.count()).where(
        Announcement.customer_id.in_({customer_id for _, customer_id in members}),
        Announcement.kind == NUDGE,
        Announcement.created_at > now - DAY,
    )
    heard = Counter({row[0]: row[1] for row in await session.execute(recent.group_by(Announcement.customer_id))})
    told = 0
    for group_id, customer_id in members:
        group = by_id[group_id]
        missing = group.size - places[group.seats_id].used
        if heard[customer_id] < MOST_A_DAY and missing > 0:
            heard[customer_id] += 1
            told += 1
            facts = {"moment": moments[group_id], "missing": missing, **told_of(group)}
            announce(session, NUDGE, customer_id=customer_id, now=now, **facts)
    return told
