"""Telling people who are no members that a group for something they like lacks one more.

Nobody asked for that: only who has allowed offers is told, once a day at most and once of a campaign. They are those
who have opened an invitation to the group, like its product, or wait for it to be back. Members: commerce.group_buy.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.group_buy.model import BuyingGroup, GroupNudge, GroupState
from commerce.group_buy.seats import told_of
from commerce.inventory.model import Allotment

OFFER = "group_offer"
OFFERED_EVERY = timedelta(days=1)
"""One customer hears of one group in this time."""
MOST_TOLD = 200
"""Of one group."""
TIME_TO_JOIN = timedelta(minutes=30)
"""A group that ends sooner is offered to nobody."""


async def offer_groups(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Offer groups that lack one more, each once. A sweep: returns how many groups there were.

    One sweeper at a time, so that no two tell the same person on one day.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(OFFER)))):
        return 0
    known = exists().where(GroupNudge.group_id == BuyingGroup.id, GroupNudge.moment == OFFER)
    due = (
        select(BuyingGroup)
        .join(Allotment, Allotment.id == BuyingGroup.seats_id)
        .where(
            BuyingGroup.state == GroupState.OPEN,
            BuyingGroup.deadline > now + TIME_TO_JOIN,
            Allotment.used == BuyingGroup.size - 1,
            ~known,
        )
        .order_by(BuyingGroup.deadline)
        .limit(limit)
    )
    groups = (await session.scalars(due.execution_options(populate_existing=True))).all()
    for group in groups:
        made = insert(GroupNudge).values(group_id=group.id, moment=OFFER, at=now)
        await session.execute(made.on_conflict_do_nothing())
        facts = {"group": group.id, "since": now - OFFERED_EVERY, "most": MOST_TOLD}
        for row in (await session.execute(_INTERESTED, facts)).all():
            announce(
                session,
                OFFER,
                customer_id=row.customer_id,
                now=now,
                product_id=row.product_id,
                is_invited=row.is_invited,
                **told_of(group),
            )
        await session.flush()
    return len(groups)


_INTERESTED = text("""
SELECT who.customer_id, bool_or(who.is_invited) AS is_invited, c.product_id
FROM buying_group AS g
JOIN group_campaign AS c ON c.id = g.campaign_id
JOIN LATERAL (
    SELECT customer_id, true AS is_invited FROM group_interest WHERE group_id = g.id
    UNION ALL
    SELECT customer_id, false FROM favourite WHERE product_id = c.product_id AND c.strangers
    UNION ALL
    SELECT w.customer_id, false FROM stock_watch AS w JOIN variant AS v ON v.id = w.variant_id
    WHERE v.product_id = c.product_id AND c.strangers) AS who ON true
WHERE g.id = :group AND c.audience = 'everyone'
    AND (SELECT granted FROM consent WHERE customer_id = who.customer_id AND purpose = 'marketing'
         ORDER BY at DESC, id DESC LIMIT 1)
    AND NOT EXISTS (SELECT FROM group_member AS m WHERE m.campaign_id = c.id AND m.customer_id = who.customer_id
                    AND m.state IN ('held', 'paid', 'succeeded'))
    AND NOT EXISTS (SELECT FROM announcement AS a WHERE a.customer_id = who.customer_id AND a.kind = 'group_offer'
                    AND (a.created_at > :since OR (a.facts ->> 'campaign_id')::bigint = c.id))
GROUP BY who.customer_id, c.product_id
ORDER BY is_invited DESC, who.customer_id
LIMIT :most
""")
