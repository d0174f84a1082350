"""Making a confirmed change true: lines, amounts, stock and money move together, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.customers.actions import PHONE_LAST4, address_of
from commerce.flash_sales.claims import give_back_pieces
from commerce.inventory.actions import commit_holds, release_holds, release_pieces
from commerce.orders.benefits import give_back_promotions_of, give_back_share
from commerce.orders.covering import ask_for_rest, first_hold_reason, owed, place
from commerce.orders.locks import Actor, lock_wallets, note
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    Order,
    OrderChange,
    OrderLine,
    OrderStatus,
    PaymentMethod,
)
from commerce.orders.offers import line_row, share_rows
from commerce.orders.snapshot import seal_address
from commerce.orders.steps import Add, Amounts, PayBy, Preview, SendTo, Step, by_variant, from_json, pay_by, removed
from commerce.payments.ledger import refund_amount, request_refund
from commerce.payments.model import Payment
from commerce.shipping.actions import take_out_of_parcels
from commerce.shipping.stages import see_if_delivered
from foundation.encryption import Vault
from foundation.errors import Refused


def hold_key(change: OrderChange) -> str:
    """The name of the stock that is kept for a change."""
    return f"change:{change.id}"


async def apply_change(session: AsyncSession, order: Order, change: OrderChange, *, by: Actor, now: datetime) -> None:
    """Make a change of items, address or payment true. The order and its wallets are locked, its money is there.

    What the change adds is kept in stock already, under `hold_key`.
    """
    steps = [from_json(step) for step in change.actions]
    back = Preview.from_json(change.preview).back
    change.move_to(ChangeState.APPLIED, now=now)
    if change.kind in (ChangeKind.ITEMS, ChangeKind.CANCEL_ITEMS):
        await _change_items(session, order, change, steps, by=by, now=now)
    elif change.kind is ChangeKind.ADDRESS:
        await _change_address(session, order, change, steps)
    elif change.kind is ChangeKind.PAYMENT:
        back = await _change_payment(session, order, change, steps, now=now)
    order.version += 1
    note(session, order, "changed", by=by, now=now, change_id=change.id, what=change.kind.value, back=back)
    await session.flush()
    if back and change.kind is not ChangeKind.PAYMENT:
        await _give_back(session, order, change, back, now=now)
    if change.kind is ChangeKind.CANCEL_ITEMS:
        await give_back_share(session, order, reference=f"change:{change.id}", now=now)
    await _settle_rest(session, order, now=now)
    _tell(session, order, change, "order_changed", now=now, amount=back)


async def change_paid(
    session: AsyncSession, order: Order, change_id: int | None, *, amount: int, now: datetime
) -> bool:
    """Money (`amount`) for a confirmed change is here: make it true.

    False when it can be no more, or it is too little (a transfer that somebody matched); the money then goes back.
    """
    change = await session.get(OrderChange, change_id, populate_existing=True) if change_id is not None else None
    if change is None or change.state is not ChangeState.AWAITING_PAYMENT:
        return False
    is_too_little = amount < Preview.from_json(change.preview).pay_now
    if is_too_little or change.order_version != order.version or order.status is not OrderStatus.PLACED:
        await give_up(session, order, change, ChangeState.EXPIRED, now=now)
        _tell(session, order, change, "change_failed", now=now)
        return False
    await lock_wallets(session, [order.customer_id])
    await apply_change(session, order, change, by="system", now=now)
    return True


async def give_up(
    session: AsyncSession, order: Order, change: OrderChange, state: ChangeState, *, now: datetime
) -> None:
    """A change is not made: what was kept for it is free again, and the order is paid as before."""
    was_confirmed = change.state is ChangeState.AWAITING_PAYMENT
    change.move_to(state, now=now)
    note(session, order, f"change_{state}", by="system", now=now, change_id=change.id)
    await session.flush()
    if was_confirmed:
        await give_back_promotions_of(session, order, change)
        await release_holds(session, order_id=order.id, key=hold_key(change))
        await ask_for_rest(session, order, now=now)


async def _give_back(session: AsyncSession, order: Order, change: OrderChange, amount: int, *, now: datetime) -> None:
    """A lower price: to what paid, or where the shopper said if the shop lets them."""
    given = change.preview.get("pay_with") if change.preview.get("back_as_chosen") else None
    chosen = pay_by(given) if given else None
    await refund_amount(
        session,
        order_id=order.id,
        amount=amount,
        reason="changed",
        key=f"refund:change:{change.id}",
        now=now,
        account_id=chosen.account_id if chosen else None,
        instrument_id=chosen.instrument_id if chosen else None,
    )


def amounts_of(order: Order) -> Amounts:
    """The money of an order as it is."""
    return Amounts(order.goods_amount, order.discount_amount, order.shipping_amount, order.tax_amount, order.tax_added)


def set_amounts(order: Order, amounts: Amounts) -> None:
    """Make this the money of an order."""
    order.goods_amount, order.discount_amount = amounts.goods, amounts.discount
    order.shipping_amount = amounts.shipping
    order.tax_amount, order.tax_added = amounts.tax, amounts.tax_added
    order.total_amount = amounts.total


async def _change_items(
    session: AsyncSession,
    order: Order,
    change: OrderChange,
    steps: Sequence[Step],
    *,
    by: Actor,
    now: datetime,
) -> None:
    found = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    lines = {line.id: line for line in await session.scalars(found.execution_options(populate_existing=True))}
    gone = removed(steps)
    await take_out_of_parcels(session, order_id=order.id, pieces=gone, by=by, now=now)
    for line_id, count in sorted(gone.items()):
        await _take_away(session, lines[line_id], count)
    position = max(line.position for line in lines.values())
    for place_, action in enumerate((action for action in change.actions if action["do"] == "add"), start=1):
        line = line_row(order.id, action["line"], position=position + place_, change_id=change.id)
        session.add(line)
        await session.flush()
        session.add_all(share_rows(line, action["line"]))
    set_amounts(order, Preview.from_json(change.preview).amounts)
    await session.flush()
    free = by_variant(gone, {line.id: line.variant_id for line in lines.values()})
    if order.status is OrderStatus.PLACED and any(isinstance(step, Add) for step in steps):
        await commit_holds(session, order_id=order.id)
    if free:
        await release_pieces(session, order_id=order.id, pieces=free)
        await give_back_pieces(session, order_id=order.id)
    await see_if_delivered(session, order)  # what was still to be sent may be what was taken away


async def _take_away(session: AsyncSession, line: OrderLine, count: int) -> None:
    """The guard decides: pieces that were sent or cancelled meanwhile are not there to be taken."""
    taken = await session.scalar(
        update(OrderLine)
        .where(OrderLine.id == line.id, OrderLine.cancelled + OrderLine.shipped + count <= OrderLine.quantity)
        .values(cancelled=OrderLine.cancelled + count)
        .returning(OrderLine.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise Refused("change.pieces", title=line.title, left=line.open)
    await session.refresh(line)


async def _change_address(session: AsyncSession, order: Order, change: OrderChange, steps: Sequence[Step]) -> None:
    (step,) = [step for step in steps if isinstance(step, SendTo)]
    address = await address_of(session, address_id=step.address_id, customer_id=order.customer_id)
    if address is None:
        raise Refused("address.unknown", address=step.address_id)
    vault: Vault = session.info["vault"]
    order.address_id, order.address_sealed = address.id, seal_address(session, address.text)
    order.phone_last4_index = vault.blind(PHONE_LAST4, address.text.phone[-4:])
    set_amounts(order, Preview.from_json(change.preview).amounts)


async def _change_payment(
    session: AsyncSession, order: Order, change: OrderChange, steps: Sequence[Step], *, now: datetime
) -> int:
    """What had been paid in the old way goes back; returns how much."""
    (step,) = [step for step in steps if isinstance(step, PayBy)]
    before = select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)
    back = 0
    old = set(change.preview["old_payments"])
    for payment in await session.scalars(before.execution_options(populate_existing=True)):
        if payment.id in old and payment.left > 0:
            back += payment.left
            await request_refund(
                session,
                payment_id=payment.id,
                amount=payment.left,
                reason="payment_changed",
                key=f"refund:change:{change.id}:{payment.id}",
                now=now,
            )
    order.payment_method = step.method
    if order.status is OrderStatus.PLACED:
        order.hold_reason = order.hold_reason or await first_hold_reason(session, order)
    return back


async def _settle_rest(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """A pending order that is covered now, or is paid at the door now, is placed; else the rest is asked for."""
    waits = order.status is OrderStatus.PENDING
    if waits and (order.payment_method is PaymentMethod.COD or await owed(session, order) == 0):
        await place(session, order, now=now)
    else:
        await ask_for_rest(session, order, now=now)


def _tell(
    session: AsyncSession, order: Order, change: OrderChange, kind: str, *, now: datetime, amount: int = 0
) -> None:
    announce(
        session,
        kind,
        customer_id=order.customer_id,
        now=now,
        order_id=order.id,
        number=order.number,
        change_id=change.id,
        change_kind=change.kind.value,
        amount=amount,
        currency=order.currency,
    )
