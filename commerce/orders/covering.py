"""Money and an order: what is still owed and asked for, and being placed once it is covered."""

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from commerce.inventory.actions import commit_holds
from commerce.orders.benefits import use_benefits
from commerce.orders.deals import deal_paid
from commerce.orders.model import HoldReason, Order, OrderStatus, PaymentMethod, RefundAsk, RefundAskState
from commerce.orders.policy import policy_of
from commerce.payments.ledger import balance, new_intent, payable_intents, start_closing
from commerce.payments.model import Intent, Refund, RefundState
from commerce.shipping.model import Shipment
from foundation.money import Money
from foundation.reading import Read

_FOR_GOODS = ("return", "parcel_lost", "parcel_returned")
"""Reasons of refunds of goods that the shopper has no more; the money of pieces that were cancelled left the total."""


def forgiven(order_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    """Minor units of an order that are not owed (again): the shop's gifts, and for goods that are gone.

    An order goes on costing what was sold, also when some of it came back or a parcel was lost.
    """
    gifts = select(func.sum(RefundAsk.amount)).where(
        RefundAsk.order_id == order_id, RefundAsk.state == RefundAskState.GIVEN
    )
    goods = select(func.sum(Refund.amount)).where(
        Refund.order_id == order_id, Refund.reason.in_(_FOR_GOODS), Refund.state != RefundState.CANCELLED
    )
    cash = select(func.sum(Shipment.written_off)).where(Shipment.order_id == order_id)
    return sum((func.coalesce(each.scalar_subquery(), 0) for each in (gifts, goods, cash)), start=literal(0))


_FORGIVEN = Read(select(forgiven(bindparam("order_id", type_=BigInteger))))


async def owed(session: AsyncSession, order: Order) -> int:
    """What has still to be paid of an order, in minor units; never below zero. What was given back for good is not."""
    return max(order.total_amount - await settled(session, order), 0)


async def settled(session: AsyncSession, order: Order) -> int:
    """How much of the total is done with: what was paid and kept, and what was given back for good."""
    sums = await balance(session, order.id)
    is_forgiven = sums.going_back or order.payment_method is PaymentMethod.COD
    return sums.kept + (await forgiven_of(session, order.id) if is_forgiven else 0)


async def forgiven_of(session: AsyncSession, order_id: int) -> int:
    """What `forgiven` says of one order."""
    return int(await _FORGIVEN.value(session, order_id=order_id) or 0)


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
