"""What becomes of a member's order when its group is decided: free to be sent, or refunded; and leaving before that."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.group_buy.campaigns import offers_of
from commerce.group_buy.model import (
    DECIDED,
    LIVING,
    LOST,
    BuyingGroup,
    GroupCampaign,
    GroupMember,
    GroupState,
    MemberState,
)
from commerce.group_buy.seats import told_of
from commerce.orders.benefits import return_benefits
from commerce.orders.cancelling import cancel_order, end_open_change
from commerce.orders.locks import note, tell
from commerce.orders.model import HoldReason, Order, OrderAdjustment, OrderLine, OrderStatus
from commerce.orders.settlement import payment_ended
from commerce.payments.ledger import balance, payable_intents, refund_amount, refund_everything, start_closing
from commerce.points.actions import reverse
from commerce.promotions.rules import WHOLE
from foundation.errors import Refused

_OPEN = (GroupState.OPENING, GroupState.OPEN)
_THEIRS = (
    select(Order, GroupMember, BuyingGroup)
    .join(GroupMember, GroupMember.order_id == Order.id)
    .join(BuyingGroup, BuyingGroup.id == GroupMember.group_id)
    .where(Order.id == bindparam("order_id"), GroupMember.state == MemberState.PAID, DECIDED)
    .with_for_update(key_share=True, skip_locked=True, of=(Order, GroupMember))
    .execution_options(populate_existing=True)
)


async def settle_group_order(session: AsyncSession, *, order_id: int, now: datetime) -> bool:
    """Free or refund the order of one member of a decided group (`group_buy.deadlines.orders_to_settle`), and say so.

    False when there is nothing to do: it has been done, or somebody else is at it. Locks no other member's order.
    """
    found = (await session.execute(_THEIRS, {"order_id": order_id})).one_or_none()
    if found is None:
        return False
    order, member, group = found
    if group.state in LOST:
        await _refund(session, order, member, group, now=now)
    else:
        await _free(session, order, member, group, now=now)
    await session.flush()
    return True


async def leave_group(session: AsyncSession, *, group_id: int, customer_id: int, now: datetime) -> Order:
    """A member changes their mind while the group is open: their order is cancelled, their money goes back.

    Returns the order. Raises Refused("group.not_in"), ("group.complete") when it was complete first: from then on their
    order is cancelled as any other.
    """
    mine = select(GroupMember).where(
        GroupMember.group_id == group_id, GroupMember.customer_id == customer_id, GroupMember.state.in_(LIVING)
    )
    member = await session.scalar(mine.order_by(GroupMember.id).limit(1).execution_options(populate_existing=True))
    if member is None:
        raise Refused("group.not_in", group=group_id)
    async with session.begin_nested():
        order = await cancel_order(session, order_id=member.order_id, by="shopper", reason="left_group", now=now)
        group = await session.get_one(BuyingGroup, group_id)  # as it is under the lock that giving the seat up took
        if group.state not in (*_OPEN, GroupState.CANCELLED):
            raise Refused("group.complete", group=group_id, number=order.number)
    return order


async def _refund(
    session: AsyncSession, order: Order, member: GroupMember, group: BuyingGroup, *, now: datetime
) -> None:
    order.move_to(OrderStatus.CANCELLED, now=now)
    member.move_to(MemberState.REFUNDED, now=now)
    await session.flush()
    await end_open_change(session, order, now=now)
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    key = f"refund:group_failed:{member.id}"
    back = await refund_everything(session, order_id=order.id, reason="group_failed", key=key, now=now)
    await return_benefits(session, order, now=now)
    await payment_ended(session, order, now=now)
    happened = f"group_{group.state.value}"
    note(session, order, "cancelled", by="system", now=now, reason=happened, refunded=back)
    tell(session, order, happened, now=now, amount=back, reached=group.reached, size=group.size, **told_of(group))


async def _free(session: AsyncSession, order: Order, member: GroupMember, group: BuyingGroup, *, now: datetime) -> None:
    member.move_to(MemberState.SUCCEEDED, now=now)
    if order.hold_reason is HoldReason.GROUP_OPEN:
        order.hold_reason = None
    order.version += 1
    reached = group.reached or group.size
    back = 0
    if group.state is GroupState.SETTLED:
        back = await _lower(session, order, member, reached, now=now)
    note(session, order, "group_succeeded", by="system", now=now, reached=reached, back=back)
    tell(session, order, "group_succeeded", now=now, amount=back, reached=reached, size=group.size, **told_of(group))


async def _lower(session: AsyncSession, order: Order, member: GroupMember, reached: int, *, now: datetime) -> int:
    """The price of the tier that was reached: the difference is a discount of the line. Returns what goes back of it,
    in minor units: all, but where the staff has given so much back already that less than that is left.

    Nothing has left or been cancelled of the order: it was held until now.
    """
    offers = (await offers_of(session, [member.campaign_id]))[member.campaign_id]
    offer = next(one for one in offers if one.variant_id == member.variant_id)
    amount = min([member.amount, *(tier.amount for tier in offer.tiers if tier.size <= reached)])
    line = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).one()
    left = line.unit_amount * line.quantity - line.discount_amount
    off = min((member.amount - amount) * line.quantity, left)
    if off == 0:
        return 0
    before = line.total_amount
    _take_off(line, off, left)
    campaign = await session.get_one(GroupCampaign, member.campaign_id)
    session.add(
        OrderAdjustment(
            order_id=order.id, line_id=line.id, kind="group", source_id=campaign.id, label=campaign.name, amount=off
        )
    )
    order.discount_amount, order.tax_amount, order.tax_added = line.discount_amount, line.tax_amount, line.tax_added
    less = before - line.total_amount
    order.total_amount -= less
    await session.flush()
    key = f"refund:group_tier:{member.id}"
    await reverse(session, order_id=order.id, now=now, gone=less, of=before, reference=key)
    back = min(less, (await balance(session, order.id)).kept)
    await refund_amount(session, order_id=order.id, amount=back, reason="group_tier", key=key, now=now)
    return back


def _take_off(line: OrderLine, off: int, left: int) -> None:
    """So much more off a line of which `left` was to be paid, with the tax that is in it or on it."""
    line.discount_amount += off
    whole = WHOLE if line.tax_added else WHOLE + line.tax_ppm
    line.tax_amount = (2 * (left - off) * line.tax_ppm + whole) // (2 * whole)
    line.tax_added = line.tax_amount if line.tax_added else 0
    line.total_amount = line.unit_amount * line.quantity - line.discount_amount + line.tax_added
