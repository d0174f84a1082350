"""Money and an order: what is still owed and asked for, and being placed once it is covered."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.actions import commit_holds
from commerce.orders.benefits import use_benefits
from commerce.orders.deals import deal_paid
from commerce.orders.model import HoldReason, Order, OrderStatus, PaymentMethod, RefundAsk, RefundAskState
from commerce.orders.policy import policy_of
from commerce.payments.ledger import balance, new_intent, payable_intents, start_closing
from commerce.payments.model import Intent, Refund, RefundState
from commerce.shipping.model import Shipment
from foundation.money import Money

_FOR_GOODS = ("return", "parcel_lost", "parcel_returned")
"""Reasons of refunds of goods that the shopper has no more; the money of pieces that were cancelled left the total."""


async def owed(session: AsyncSession, order: Order) -> int:
    """What has still to be paid of an order, in minor units; never below zero. What was given back for good is not."""
    return max(order.total_amount - await settled(session, order), 0)


async def settled(session: AsyncSession, order: Order) -> int:
    """How much of the total is done with: what was paid and kept, and what was given back for good."""
    sums = await balance(session, order.id)
    is_forgiven = sums.going_back or order.payment_method is PaymentMethod.COD
    return sums.kept + ((await forgiven_of(session, [order.id])).get(order.id, 0) if is_forgiven else 0)


async def forgiven_of(session: AsyncSession, order_ids: Collection[int]) -> dict[int, int]:
    """{order id: minor units} that are not owed (again): the shop's gifts, and for goods that are gone.

    An order goes on costing what was sold, also when some of it came back or a parcel was lost.
    """
    gifts = select(RefundAsk.order_id, RefundAsk.amount).where(
        RefundAsk.order_id.in_(order_ids), RefundAsk.state == RefundAskState.GIVEN
    )
    goods = select(Refund.order_id, Refund.amount).where(
        Refund.order_id.in_(order_ids), Refund.reason.in_(_FOR_GOODS), Refund.state != RefundState.CANCELLED
    )
    cash = select(Shipment.order_id, Shipment.written_off).where(Shipment.order_id.in_(order_ids))
    every = union_all(gifts, goods, cash).subquery()
    sums = await session.execute(select(every.c.order_id, func.sum(every.c.amount)).group_by(every.c.order_id))
    return {order_id: int(sum_) for order_id, sum_ in sums}


async def ask_for_rest(session: AsyncSession, order: Order, *, now: datetime) -> Intent | None:
    """Let exactly what is owed be payable in the way of the order; whatever else could be paid is closed.

    Only an order that waits for its money, or is paid at the door, is asked for any.
    """
    asks = order.status is OrderStatus.PENDING or (
        order.status is OrderStatus.PLACED and order.payment_method is PaymentMethod.COD
    )
    rest = await owed(session, order) if asks else 0
    fitting: Intent | None = None
    for intent in await payable_intents(session, order.id):
        fits = intent.provider == order.payment_method and intent.amount == rest and intent.change_id is None
        if fits and rest:
            fitting = intent
        else:
            await start_closing(session, intent, now=now)
    await session.flush()
    if rest == 0 or fitting is not None:
        return fitting
    return await new_intent(
        session,
        order_id=order.id,
        number=order.number,
        provider=order.payment_method,
        money=Money(rest, order.currency),
        now=now,
    )


async def place(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """An order that waited is covered, or is to be paid at the door: its goods are sold, its coupons used.

    Raises what `deal_paid` refuses: the group it is for has ended meanwhile.
    """
    await use_benefits(session, order, now=now)
    await commit_holds(session, order_id=order.id)
    await deal_paid(session, order, now=now)
    order.move_to(OrderStatus.PLACED, now=now)
    order.hold_reason = order.hold_reason or await first_hold_reason(session, order)
    await session.flush()
    await ask_for_rest(session, order, now=now)


async def first_hold_reason(session: AsyncSession, order: Order) -> HoldReason | None:
    """Why a new order must wait before it is sent: cash orders above the shop's limit are confirmed by a call."""
    if order.payment_method is not PaymentMethod.COD:
        return None
    limit = (await policy_of(session)).cod_confirm_above
    return HoldReason.COD_CONFIRM if limit is not None and order.total_amount > limit else None
