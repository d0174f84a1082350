"""What an order uses up beside its goods: coupons, points, promotions with a limit, gift cards and store credit.

Taken when the order is made, used when it is placed, given back when it comes to nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import draw
from commerce.orders.locks import lock_wallets
from commerce.orders.model import Order, OrderAdjustment, OrderChange, OrderLine
from commerce.payments.ledger import capture_credit
from commerce.points import actions as points
from commerce.pricing.values import Priced
from commerce.promotions.actions import give_back_promotions, take_promotions
from commerce.promotions.coupons import reserve_coupons, return_coupons, use_coupons
from foundation.money import Money


async def take_benefits(session: AsyncSession, order: Order, priced: Priced, *, now: datetime) -> None:
    """Reserve what makes a new order cheaper and draw what pays a part of it; all of it, or a refusal.

    Raises Refused: credit.short, points.short, coupons.not_usable, and what `take_promotions` raises.
    """
    if len(priced.tenders) > 1:
        await lock_wallets(session, [order.customer_id])
    for tender in priced.tenders:
        await pay_with_account(session, order, tender.account_id, tender.amount, reference="", now=now)
    if priced.points_spent:
        await points.spend(
            session, customer_id=order.customer_id, points=priced.points_spent, order_id=order.id, now=now
        )
    if priced.coupon_ids:
        await reserve_coupons(
            session, coupon_ids=priced.coupon_ids, customer_id=order.customer_id, order_id=order.id, now=now
        )
    if priced.promotion_ids:
        await take_promotions(session, ids=priced.promotion_ids, order_id=order.id, customer_id=order.customer_id)


async def pay_with_account(
    session: AsyncSession,
    order: Order,
    account_id: int,
    amount: int,
    *,
    reference: str,
    now: datetime,
    change_id: int | None = None,
) -> None:
    """Draw from the customer's gift card or store credit for their order. Raises Refused("credit.short")."""
    booked = f"order:{order.id}{reference}"
    await draw(session, account_id=account_id, customer_id=order.customer_id, amount=amount, reference=booked, now=now)
    await capture_credit(
        session,
        order_id=order.id,
        number=order.number,
        account_id=account_id,
        money=Money(amount, order.currency),
        now=now,
        change_id=change_id,
    )


async def use_benefits(session: AsyncSession, order: Order, *, now: datetime, has_coupons: bool = True) -> None:
    """The order is placed: its coupons are used, and it earns its points, pending until it is completed."""
    if has_coupons:
        await use_coupons(session, order_id=order.id, now=now)
    if order.points_earned:
        await points.earn(
            session, customer_id=order.customer_id, order_id=order.id, points=order.points_earned, now=now
        )


async def return_benefits(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The order came to nothing: coupons, points and shares of promotions go back. Again changes nothing."""
    await points.give_back(session, order_id=order.id, now=now)
    await points.reverse(session, order_id=order.id, now=now)
    await return_coupons(session, order_id=order.id, now=now)
    await give_back_promotions(session, order_id=order.id)


async def take_benefits_again(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """An order that had expired is paid after all: use again what made it cheaper. Raises as `take_benefits`.

    What paid a part of it (gift cards) had gone back, and then the late payment alone does not cover it.
    """
    found = select(OrderAdjustment.source_id).where(
        OrderAdjustment.order_id == order.id, OrderAdjustment.kind == "coupon", OrderAdjustment.source_id.is_not(None)
    )
    coupons = {int(source_id) for source_id in await session.scalars(found) if source_id}
    await points.spend_again(session, customer_id=order.customer_id, order_id=order.id, now=now)
    await reserve_coupons(session, coupon_ids=coupons, customer_id=order.customer_id, order_id=order.id, now=now)
    await take_its_promotions(session, order)
    await use_benefits(session, order, now=now)


async def take_its_promotions(session: AsyncSession, order: Order) -> None:
    """Count that an order uses the promotions its lines say. Again changes nothing. Raises as `take_promotions`."""
    ids = await _its_promotions(session, order)
    await take_promotions(session, ids=ids, order_id=order.id, customer_id=order.customer_id)


async def _its_promotions(session: AsyncSession, order: Order) -> set[int]:
    found = select(OrderAdjustment.source_id).where(
        OrderAdjustment.order_id == order.id, OrderAdjustment.kind.in_(("promotion", "gift", "shipping"))
    )
    return {int(source_id) for source_id in await session.scalars(found) if source_id}


async def take_promotions_of(session: AsyncSession, order: Order, change: OrderChange) -> None:
    """Count that an order uses the promotions of what a change adds. Raises as `take_promotions`."""
    ids = _promotions_of(change)
    await take_promotions(session, ids=ids, order_id=order.id, customer_id=order.customer_id)


async def give_back_promotions_of(session: AsyncSession, order: Order, change: OrderChange) -> None:
    """The change came to nothing: what only it would have used can be used again."""
    ids = _promotions_of(change)
    if ids:
        await give_back_promotions(session, order_id=order.id, ids=ids - await _its_promotions(session, order))


def _promotions_of(change: OrderChange) -> set[int]:
    shares = [share for action in change.actions if action["do"] == "add" for share in action["line"]["shares"]]
    return {int(share["source_id"]) for share in shares if share["kind"] == "promotion" and share["source_id"]}


async def is_replacement(session: AsyncSession, order: Order) -> bool:
    """Whether an exchange made this order: what it took over is money of another order (commerce.returns)."""
    taken_over = exists().where(OrderAdjustment.order_id == order.id, OrderAdjustment.kind == "exchange")
    return bool(await session.scalar(select(taken_over)))


async def give_back_share(session: AsyncSession, order: Order, *, reference: str, now: datetime) -> None:
    """Pieces of the order are gone (cancelled or returned): their share of the points goes with them.

    What was spent on them comes back, what was earned with them is taken back. `reference` says the business fact.
    """
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    gone, of = gone_money(lines)
    if of:
        await points.give_back(session, order_id=order.id, now=now, gone=gone, of=of, reference=reference)
        await points.reverse(session, order_id=order.id, now=now, gone=gone, of=of, reference=reference)


def gone_money(lines: Sequence[OrderLine]) -> tuple[int, int]:
    """Of the money of all lines as they were sold, that of the pieces cancelled or returned so far; and all of it."""
    gone = sum(line.next_part(line.cancelled + line.returned, gone=0).total for line in lines)
    return gone, sum(line.total_amount for line in lines)
