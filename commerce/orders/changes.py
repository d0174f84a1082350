"""Changing an order that was made: a proposal with the money before and after, confirmed by the one who pays.

propose_change (shopper or staff) -> confirm_change | decline_change (the shopper) -> applied at once, or when paid.
What an order costs less or more is settled by its own rows: old pieces by the shares stored on their lines, new ones at
today's price.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.inventory.actions import add_pieces, lock_stock_of
from commerce.orders.applying import apply_change, give_up, hold_key
from commerce.orders.benefits import pay_with_account, take_promotions_of
from commerce.orders.cancelling import cancel_order
from commerce.orders.covering import owed
from commerce.orders.drawing_up import Drawn, draw_up
from commerce.orders.locks import Actor, lock_wallets, locked_order, note
from commerce.orders.model import ChangeKind, ChangeState, Order, OrderChange, OrderStatus, PaymentMethod
from commerce.orders.policy import policy_of
from commerce.orders.steps import PayBy, Preview, Remove, Step, added, from_json, pay_by
from commerce.payments.ledger import new_intent, payable_intents, start_closing
from commerce.pricing.values import Terms
from commerce.promotions.actions import lock_promotions_of
from foundation.errors import Refused
from foundation.money import Money

log = structlog.get_logger(__name__)

TRANSFERS_TAKE = timedelta(hours=48)
"""So long at least a change waits for its money where that comes by bank transfer."""
OPEN = (ChangeState.PROPOSED, ChangeState.AWAITING_PAYMENT)


async def preview_change(
    session: AsyncSession,
    *,
    order_id: int,
    steps: Sequence[Step],
    now: datetime,
    reason: str = "",
    pay_with: PayBy | None = None,
    terms: Terms | None = None,
) -> Drawn:
    """What a change would mean, with nothing written. Raises as `propose_change`."""
    order = await locked_order(session, order_id)
    return await draw_up(session, order, steps, reason=reason, pay_with=pay_with, now=now, terms=terms or Terms())


async def propose_change(
    session: AsyncSession,
    *,
    order_id: int,
    steps: Sequence[Step],
    by: Actor,
    now: datetime,
    reason: str = "",
    pay_with: PayBy | None = None,
    terms: Terms | None = None,
) -> OrderChange:
    """Put a change before the one who pays. A proposal without an answer gives way to a new one.

    `pay_with`: how a higher price is paid, if not as the order was; where the policy says `back_as_chosen`, a lower one
    goes back there. Raises Refused: change.open (one waits for its money), order.move_refused, order.shipped,
    order.being_packed, change.not_allowed, change.once, change.final, change.reason, change.pieces,
    change.no_such_line, change.exchanged (pieces of a replacement), change.other_product, change.unavailable,
    change.quantity, change.nothing, change.same_payment, address.unknown, shipping.not_there, credit.short,
    credit.unknown, payment.instrument_unknown.
    """
    order = await locked_order(session, order_id)
    drawn = await draw_up(session, order, steps, reason=reason, pay_with=pay_with, now=now, terms=terms or Terms())
    waiting = await open_change(session, order.id)
    if waiting is not None:
        if waiting.state is ChangeState.AWAITING_PAYMENT:
            raise Refused("change.open", number=order.number)
        await give_up(session, order, waiting, ChangeState.DECLINED, now=now)
    change = OrderChange(
        order_id=order.id,
        kind=drawn.kind,
        state=ChangeState.PROPOSED,
        proposed_by=by,
        reason=reason,
        actions=list(drawn.actions),
        preview={**drawn.preview.as_json(), **drawn.facts},
        order_version=order.version,
        created_at=now,
        expires_at=now + (await policy_of(session)).answer_within,
    )
    session.add(change)
    await session.flush()
    note(session, order, "change_proposed", by=by, now=now, change_id=change.id, what=change.kind.value)
    if by == "staff":
        _tell(session, order, change, "change_proposed", now=now)
    return change


async def confirm_change(
    session: AsyncSession, *, change_id: int, customer_id: int, now: datetime, unpaid_for: timedelta | None = None
) -> OrderChange:
    """The one who pays said yes: the change is made, or waits for its money first. Again: nothing more happens.

    `unpaid_for`: how long an unpaid order waits from now on, where the change gives it another way to pay. Raises
    Refused("change.unknown"), ("change.over"), ("change.stale") when the order moved on or a promotion is used up,
    ("stock.short"), ("credit.short") and what making it may raise.
    """
    order, change = await locked_change(session, change_id, customer_id=customer_id)
    if change.state in (ChangeState.APPLIED, ChangeState.AWAITING_PAYMENT):
        return change
    if change.state is not ChangeState.PROPOSED or change.expires_at <= now:
        raise Refused("change.over", number=order.number)
    if change.order_version != order.version:
        raise Refused("change.stale", number=order.number)
    if change.kind is ChangeKind.CANCEL:
        change.move_to(ChangeState.APPLIED, now=now)
        await session.flush()
        await cancel_order(session, order_id=order.id, by="shopper", reason=change.reason, now=now)
        return change
    steps = [from_json(step) for step in change.actions]
    await lock_wallets(session, [order.customer_id])
    waits = await _take_money(session, order, change, steps, now=now)
    more = added(steps)
    if more:
        await _take_promotions(session, order, change)
        # What comes and what goes is locked at once: else two swaps, each the other way, would wait in a ring.
        await lock_stock_of(session, order_ids=[order.id], variants=more)
        await add_pieces(
            session,
            order_id=order.id,
            pieces=more,
            key=hold_key(change),
            now=now,
            committed=False,
            location_id=order.pickup_location_id,
        )
    if not waits:
        await apply_change(session, order, change, by="shopper", now=now)
        if unpaid_for is not None and order.status is OrderStatus.PENDING:
            order.hold_until = now + unpaid_for
    await session.flush()
    return change


async def decline_change(
    session: AsyncSession, *, change_id: int, by: Actor, now: datetime, customer_id: int | None = None
) -> OrderChange:
    """The shopper (`customer_id`) says no, or the staff takes it back; also while it waits for its money.

    Again: nothing more happens. Raises Refused("change.unknown"), ("change.over") when it was made already.
    """
    order, change = await locked_change(session, change_id, customer_id=customer_id)
    if change.state is ChangeState.APPLIED:
        raise Refused("change.over", number=order.number)
    if change.state in OPEN:
        await _close_money(session, order, change, now=now)
        await give_up(session, order, change, ChangeState.DECLINED, now=now)
        if by == "staff":
            _tell(session, order, change, "change_withdrawn", now=now)
    return change


async def change_order(
    session: AsyncSession,
    *,
    order_id: int,
    customer_id: int,
    steps: Sequence[Step],
    now: datetime,
    reason: str = "",
    pay_with: PayBy | None = None,
    terms: Terms | None = None,
    unpaid_for: timedelta | None = None,
) -> OrderChange:
    """A shopper who has seen the preview and said yes: propose and confirm in one. Raises as both."""
    order = await locked_order(session, order_id)
    if order.customer_id != customer_id:
        raise Refused("order.unknown", number=str(order_id))
    change = await propose_change(
        session, order_id=order_id, steps=steps, by="shopper", now=now, reason=reason, pay_with=pay_with, terms=terms
    )
    return await confirm_change(session, change_id=change.id, customer_id=customer_id, now=now, unpaid_for=unpaid_for)


async def cancel_items(
    session: AsyncSession,
    *,
    order_id: int,
    customer_id: int,
    pieces: dict[int, int],
    reason: str,
    now: datetime,
) -> OrderChange:
    """Cancel {line id: pieces} that have not been sent; all that is left of them cancels the order."""
    steps = [Remove(line_id, count) for line_id, count in sorted(pieces.items())]
    return await change_order(session, order_id=order_id, customer_id=customer_id, steps=steps, reason=reason, now=now)


async def expire_changes(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Give up proposals nobody answered or paid in time. A sweep: returns how many there were.

    One whose books refuse it stays as it is, and holds up no other.
    """
    due = (
        select(Order.id, OrderChange.id)
        .join(OrderChange, OrderChange.order_id == Order.id)
        .where(OrderChange.state.in_(OPEN), OrderChange.expires_at <= now)
        .order_by(Order.id)
        .limit(limit)
        .with_for_update(of=Order, key_share=True, skip_locked=True)
    )
    rows = (await session.execute(due)).all()
    if not rows:
        return 0
    ids = [order_id for order_id, _ in rows]
    await lock_promotions_of(session, ids)
    await lock_stock_of(session, order_ids=ids)
    for _, change_id in rows:
        try:
            async with session.begin_nested():
                await _expire(session, change_id, now=now)
        except Refused as refusal:
            log.error("a change cannot be given up", change=change_id, code=refusal.code)
    return len(rows)


async def _expire(session: AsyncSession, change_id: int, *, now: datetime) -> None:
    order, change = await locked_change(session, change_id)
    if change.state not in OPEN:
        return
    was_confirmed = change.state is ChangeState.AWAITING_PAYMENT
    await _close_money(session, order, change, now=now)
    await give_up(session, order, change, ChangeState.EXPIRED, now=now)
    if was_confirmed or change.proposed_by == "staff":
        _tell(session, order, change, "change_expired", now=now)


async def open_change(session: AsyncSession, order_id: int) -> OrderChange | None:
    """The proposal of an order that waits for its answer or its money."""
    found = select(OrderChange).where(OrderChange.order_id == order_id, OrderChange.state.in_(OPEN))
    return await session.scalar(found.execution_options(populate_existing=True))


async def locked_change(
    session: AsyncSession, change_id: int, *, customer_id: int | None = None
) -> tuple[Order, OrderChange]:
    """A proposal and its order, both locked; of this customer if one is given. Raises Refused("change.unknown")."""
    whose = select(OrderChange.order_id, Order.customer_id).join(Order, Order.id == OrderChange.order_id)
    row = (await session.execute(whose.where(OrderChange.id == change_id))).one_or_none()
    if row is None or (customer_id is not None and row.customer_id != customer_id):
        raise Refused("change.unknown", change=change_id)
    order = await locked_order(session, row.order_id)
    change = await session.get_one(OrderChange, change_id, with_for_update=True, populate_existing=True)
    return order, change


async def _take_money(
    session: AsyncSession, order: Order, change: OrderChange, steps: Sequence[Step], *, now: datetime
) -> bool:
    """Draw what an account pays, or ask for what has to be paid first; True when the change waits for that."""
    preview = Preview.from_json(change.preview)
    pay = _paying(order, change, steps)
    if pay.account_id is not None:
        # An unpaid order that is to be paid by an account pays what it owes; another the difference.
        amount = preview.pay_now or (await owed(session, order) if change.kind is ChangeKind.PAYMENT else 0)
        if amount:
            await pay_with_account(
                session,
                order,
                pay.account_id,
                amount,
                reference=f":change:{change.id}",
                now=now,
                change_id=change.id,
            )
        return False
    if not preview.pay_now:
        return False
    for intent in await payable_intents(session, order.id):
        await start_closing(session, intent, now=now)
    change.move_to(ChangeState.AWAITING_PAYMENT, now=now)
    within = (await policy_of(session)).pay_within
    change.expires_at = now + (max(within, TRANSFERS_TAKE) if pay.method is PaymentMethod.TRANSFER else within)
    await session.flush()
    intent = await new_intent(
        session,
        order_id=order.id,
        number=order.number,
        provider=pay.method,
        money=Money(preview.pay_now, order.currency),
        now=now,
        change_id=change.id,
    )
    note(session, order, "change_confirmed", by="shopper", now=now, change_id=change.id, amount=preview.pay_now)
    _tell(session, order, change, "change_awaiting_payment", now=now, amount=preview.pay_now, intent_id=intent.id)
    return True


async def _take_promotions(session: AsyncSession, order: Order, change: OrderChange) -> None:
    try:
        await take_promotions_of(session, order, change)
    except Refused as used_up:  # at this price there is no more
        raise Refused("change.stale", number=order.number) from used_up


def _paying(order: Order, change: OrderChange, steps: Sequence[Step]) -> PayBy:
    """How the money of a change comes."""
    chosen = next((step for step in steps if isinstance(step, PayBy)), None)
    if chosen is not None:
        return chosen
    given = change.preview.get("pay_with")
    return pay_by(given) if given else PayBy(order.payment_method)


async def _close_money(session: AsyncSession, order: Order, change: OrderChange, *, now: datetime) -> None:
    """Nobody is to pay for this change any more; what is paid all the same goes back."""
    for intent in await payable_intents(session, order.id):
        if intent.change_id == change.id:
            await start_closing(session, intent, now=now)
    await session.flush()


def _tell(
    session: AsyncSession,
    order: Order,
    change: OrderChange,
    kind: str,
    *,
    now: datetime,
    amount: int = 0,
    intent_id: int | None = None,
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
        intent_id=intent_id,
    )
