"""What shoppers do about delivered goods, and what follows from it by the shop's policy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import Actor
from commerce.orders.locks import note as note_order
from commerce.orders.model import Order
from commerce.returns.book import (
    end_pieces,
    lines_of,
    locked_return,
    locked_with_holders,
    note,
    reserve_pieces,
    tell,
    waiting_approval,
)
from commerce.returns.model import GAVE_UP, ApprovalState, Kind, Replace, Return, ReturnLine, ReturnState
from commerce.returns.offers import LONGEST_NOTE, MOST_PHOTOS, Offer, Terms, Wish, make_offer, send_by
from commerce.returns.replacements import drop_replacement, reserve_replacement
from commerce.returns.settling import replace_at_once, settle
from foundation.database import JsonMap
from foundation.errors import Refused


async def quote_return(
    session: AsyncSession, *, order_id: int, customer_id: int, wish: Wish, terms: Terms, now: datetime
) -> Offer:
    """What this wish would mean, to be shown before the yes. Raises Refused as `make_offer`, and order.unknown."""
    return await make_offer(
        session, order=await _order(session, order_id, customer_id), wish=wish, terms=terms, now=now
    )


async def open_return(
    session: AsyncSession,
    *,
    order_id: int,
    customer_id: int,
    wish: Wish,
    terms: Terms,
    now: datetime,
    note_text: str = "",
    photos: Sequence[JsonMap] = (),
    by: Actor = "shopper",
) -> Return:
    """Ask for a return, exchange, repair or claim. Inside the policy it is approved at once, else a person decides.

    What the staff opens (`by`) may be outside the policy, and is always approved by a person.
    Raises Refused as `make_offer`, order.unknown, returns.photos (`most`), and stock.short for a replacement.
    """
    if len(photos) > MOST_PHOTOS:
        raise Refused("returns.photos", most=MOST_PHOTOS)
    await _order(session, order_id, customer_id)
    order = await locked_with_holders(session, order_id)
    by_staff = by == "staff"
    wish = replace(wish, photos=max(wish.photos, len(photos)))
    offer = await make_offer(session, order=order, wish=wish, terms=terms, now=now, overrules=by_staff)
    asked = await _write(session, offer, note_text=note_text, photos=photos, by=by, now=now)
    note(session, asked, "requested", by=by, now=now, checks=[check.code for check in offer.checks if not check.ok])
    note_order(session, order, "return_requested", by=by, now=now, number=asked.number, what=asked.kind.value)
    await session.flush()
    if offer.is_automatic and not by_staff:
        await approve_now(session, order, asked, by="system", terms=terms, now=now)
    else:
        tell(session, order, asked, "return_requested", now=now)
    return asked


async def cancel_return(
    session: AsyncSession, *, return_id: int, customer_id: int | None, by: Actor, now: datetime
) -> Return:
    """The shopper keeps the goods after all; again changes nothing.

    Raises Refused("returns.unknown"), or ("returns.move_refused") once the goods are on their way.
    """
    order, asked = await locked_return(session, return_id, customer_id=customer_id)
    if asked.state is not ReturnState.CANCELLED:
        await come_to_nothing(session, order, asked, ReturnState.CANCELLED, by=by, now=now)
    return asked


async def add_info(
    session: AsyncSession,
    *,
    return_id: int,
    customer_id: int,
    text: str,
    photos: Sequence[JsonMap] = (),
    now: datetime,
) -> Return:
    """The shopper answers what the staff wanted to know; it goes back to them.

    Raises Refused: returns.unknown, returns.move_refused, returns.photos (`most`).
    """
    order, asked = await locked_return(session, return_id, customer_id=customer_id)
    if len(asked.photos) + len(photos) > MOST_PHOTOS:
        raise Refused("returns.photos", most=MOST_PHOTOS)
    asked.move_to(ReturnState.REQUESTED, now=now)
    asked.photos = [*asked.photos, *photos]
    asked.note = "\n".join(filter(None, (asked.note, text.strip())))[-LONGEST_NOTE:]
    note(session, asked, "info_added", by="shopper", now=now, photos=len(photos))
    tell(session, order, asked, "return_requested", now=now)
    return asked


async def give_tracking(
    session: AsyncSession,
    *,
    return_id: int,
    customer_id: int | None,
    tracking_number: str,
    carrier: str = "",
    by: Actor = "shopper",
    now: datetime,
) -> Return:
    """The goods are on their way back under this number; the same number again changes nothing.

    Raises Refused: returns.unknown, returns.tracking (no number), returns.move_refused.
    """
    order, asked = await locked_return(session, return_id, customer_id=customer_id)
    number = tracking_number.strip()[:80]
    if not number:
        raise Refused("returns.tracking")
    if asked.state is ReturnState.IN_TRANSIT:  # a slip is mended
        asked.tracking_number, asked.carrier = number, carrier.strip()[:80]
        return asked
    asked.move_to(ReturnState.IN_TRANSIT, now=now)
    asked.tracking_number, asked.carrier = number, carrier.strip()[:80]
    note(session, asked, "in_transit", by=by, now=now, tracking_number=number)
    tell(session, order, asked, "return_in_transit", now=now, tracking_number=number)
    return asked


async def answer_quote(
    session: AsyncSession, *, return_id: int, customer_id: int, accepts: bool, now: datetime
) -> Return:
    """Yes or no to what a repair costs. Raises Refused("returns.unknown") or ("returns.move_refused")."""
    order, asked = await locked_return(session, return_id, customer_id=customer_id)
    asked.move_to(ReturnState.ACCEPTED if accepts else ReturnState.DECLINED, now=now)
    kind = "quote_accepted" if accepts else "quote_declined"
    note(session, asked, kind, by="shopper", now=now, amount=asked.quote_amount)
    tell(session, order, asked, f"return_{kind}", now=now, amount=asked.quote_amount)
    return asked


async def approve_now(
    session: AsyncSession, order: Order, asked: Return, *, by: Actor, terms: Terms, now: datetime
) -> None:
    """Say yes to a return, which must be locked: keep the replacement, and wait for the goods, if any must come."""
    asked.move_to(ReturnState.APPROVED, now=now)
    note(session, asked, "approved", by=by, now=now)
    lines = await lines_of(session, asked)
    if asked.kind is Kind.EXCHANGE:
        await reserve_replacement(session, order, asked, lines, now=now)
        if asked.policy.get("replace") == Replace.AT_ONCE and asked.needs_goods:
            await replace_at_once(session, order, asked, lines, now=now)
    if not asked.needs_goods:
        await settle(session, order, asked, by=by, terms=terms, now=now)
        return
    asked.send_by = send_by(int(asked.policy["send_within_days"]), terms.zone, now)
    asked.move_to(ReturnState.AWAITING_GOODS, now=now)
    await session.flush()
    tell(session, order, asked, "return_approved", now=now)


async def come_to_nothing(
    session: AsyncSession,
    order: Order,
    asked: Return,
    state: ReturnState,
    *,
    by: Actor,
    now: datetime,
    staff_id: int | None = None,
) -> None:
    """The goods stay with the shopper: the pieces may be asked for again, a replacement is free again."""
    assert state in GAVE_UP
    asked.move_to(state, now=now)
    waiting = await waiting_approval(session, asked)
    if waiting is not None:
        waiting.state, waiting.decided_by, waiting.decided_at = ApprovalState.REFUSED, staff_id, now
    await end_pieces(session, await lines_of(session, asked), taken=False)
    await drop_replacement(session, asked, now=now)
    note(session, asked, state.value, by=by, now=now, reason=asked.reason)
    await session.flush()
    tell(session, order, asked, f"return_{state.value}", now=now)


async def _order(session: AsyncSession, order_id: int, customer_id: int) -> Order:
    order = await session.scalar(select(Order).where(Order.id == order_id, Order.customer_id == customer_id))
    if order is None:
        raise Refused("order.unknown", number=str(order_id))
    return order


async def _write(
    session: AsyncSession, offer: Offer, *, note_text: str, photos: Sequence[JsonMap], by: Actor, now: datetime
) -> Return:
    order, wish = offer.order, offer.wish
    nth = await session.scalar(select(func.count()).select_from(Return).where(Return.order_id == order.id))
    asked = Return(
        number=f"{order.number}-R{(nth or 0) + 1}",
        order_id=order.id,
        customer_id=order.customer_id,
        kind=wish.kind,
        state=ReturnState.REQUESTED,
        why=wish.why,
        note=note_text.strip()[:LONGEST_NOTE],
        photos=list(photos),
        asked_by=by,
        policy={**offer.policy.as_json(), "freight": offer.freight.value, "comes_back": offer.send_by is not None},
        checks=[check.as_json() for check in offer.checks],
        refund_to=wish.refund_to,
        account_id=wish.account_id,
        instrument_id=wish.instrument_id,
        goods_amount=sum(one.amount for one in offer.lines),
        fee_amount=offer.fee,
        shipping_amount=offer.shipping,
        difference=offer.difference if wish.kind is Kind.EXCHANGE else 0,
        deducted=0,
        refunded=0,
        carried=[],
        currency=order.currency,
        created_at=now,
        state_at=now,
        version=1,
    )
    session.add(asked)
    await session.flush()
    replacements = {one.line_id: one.replacement_id for one in wish.lines}
    for one in offer.lines:
        await reserve_pieces(session, one.line, one.quantity)
        session.add(
            ReturnLine(
                return_id=asked.id,
                order_line_id=one.line.id,
                quantity=one.quantity,
                amount=one.amount,
                replacement_id=replacements[one.line.id] if wish.kind is Kind.EXCHANGE else None,
                sellable=0,
                photos=[],
            )
        )
    await session.flush()
    return asked
