"""The end of a return: pieces are counted as back, money goes, goods go into stock or out again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.actions import take_back
from commerce.orders.benefits import give_back_share
from commerce.orders.locks import Actor, lock_wallets, locked_order
from commerce.orders.locks import note as note_order
from commerce.orders.model import Order, OrderLine, OrderStatus
from commerce.payments.ledger import balance, refund_amount
from commerce.promotions.coupons import return_coupons
from commerce.returns.book import end_pieces, lines_of, note, tell
from commerce.returns.model import AT_FAULT, OPEN, Kind, Return, ReturnLine, ReturnState
from commerce.returns.offers import Terms, carried_to, parts_of
from commerce.returns.replacements import drop_replacement, place_replacement

Lines = Sequence[tuple[ReturnLine, OrderLine]]
Taken = Sequence[tuple[ReturnLine, OrderLine, int]]
"""Lines with how many pieces of them were accepted."""


async def settle(session: AsyncSession, order: Order, asked: Return, *, by: Actor, terms: Terms, now: datetime) -> None:
    """Do what was agreed, with the pieces that were accepted. Order and return must be locked.

    Raises Refused: returns.move_refused, stock.short, credit.short, returns.pay_otherwise.
    """
    await lock_wallets(session, [order.customer_id])
    lines = await lines_of(session, asked)
    taken = [(line, ordered, line.quantity if line.accepted is None else line.accepted) for line, ordered in lines]
    if not any(count for _, _, count in taken):
        await send_away(session, order, asked, by=by, terms=terms, now=now)
        return
    parts, of_line = await worth_of(session, order, taken)
    await end_pieces(session, lines, taken=True)
    await _restock(session, asked, lines, now=now)
    order.version += 1
    if asked.kind is Kind.EXCHANGE:
        asked.move_to(ReturnState.EXCHANGE, now=now)
        if not await is_replaced(session, asked):
            worth = _less(parts, _withheld(asked, parts))
            await place_replacement(session, order, asked, taken, worth, of_line, now=now)
        await give_money(session, order, asked, _not_carried(asked, _less(parts, _withheld(asked, parts))), now=now)
    else:
        asked.move_to(ReturnState.STORE_CREDIT if asked.is_to_credit else ReturnState.REFUND, now=now)
        await _refund(session, order, asked, taken, parts, now=now)
    asked.settled_at, asked.follow_up_at = now, now + terms.follow_up
    await _give_benefits_back(session, order, asked, now=now)
    note(session, asked, asked.state.value, by=by, now=now, amount=asked.refunded)
    note_order(session, order, "return_settled", by=by, now=now, number=asked.number, amount=asked.refunded)
    await session.flush()
    tell(session, order, asked, "return_settled", now=now, amount=asked.refunded)


async def send_away(
    session: AsyncSession, order: Order, asked: Return, *, by: Actor, terms: Terms, now: datetime
) -> None:
    """Nothing of it is taken: the goods go back to the shopper, or were mended."""
    asked.move_to(ReturnState.SENT_BACK, now=now)
    await end_pieces(session, await lines_of(session, asked), taken=False)
    await drop_replacement(session, asked, now=now)
    asked.settled_at, asked.follow_up_at = now, now + terms.follow_up
    note(session, asked, "sent_back", by=by, now=now)
    tell(session, order, asked, "return_settled", now=now, amount=0)


async def give_money(
    session: AsyncSession,
    order: Order,
    asked: Return,
    parts: Sequence[tuple[int, int]],
    *,
    now: datetime,
    fact: str = "",
) -> None:
    """Give these amounts back, each from the payments of the order that holds it, never more than it still holds.

    `fact` tells apart what one return gives back for more than one reason.
    """
    for holder, amount in parts:
        if holder != order.id:
            await locked_order(session, holder)
        amount = min(amount, (await balance(session, holder)).kept)
        if amount > 0:
            await refund_amount(
                session,
                order_id=holder,
                amount=amount,
                reason="return",
                key=f"refund:return:{asked.id}{fact}",
                now=now,
                to="credit" if asked.is_to_credit else "original",
                account_id=asked.account_id,
                instrument_id=asked.instrument_id,
            )
            asked.refunded += amount


async def replace_at_once(session: AsyncSession, order: Order, asked: Return, lines: Lines, *, now: datetime) -> None:
    """Place the replacement before the goods are back; their worth goes over to it already."""
    taken = [(line, ordered, line.quantity) for line, ordered in lines]
    parts, of_line = await worth_of(session, order, taken)
    await place_replacement(session, order, asked, taken, _less(parts, _withheld(asked, parts)), of_line, now=now)


async def is_replaced(session: AsyncSession, asked: Return) -> bool:
    """Whether the replacement is an order already, and no draft any more."""
    placed = select(Order.id).where(Order.id == asked.replacement_order_id, Order.status != OrderStatus.DRAFT)
    return await session.scalar(placed) is not None


async def worth_of(session: AsyncSession, order: Order, taken: Taken) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Whose money these pieces carry, summed for each order, first the own one; and what those of each line do."""
    carried = await carried_to(session, order.id)
    whose: list[tuple[int, int]] = [(order.id, 0)]
    of_line: dict[int, int] = {}
    for line, ordered, count in taken:
        parts = parts_of(ordered, carried, count, gone=ordered.cancelled + ordered.returned)
        of_line[line.id] = sum(amount for _, amount in parts)
        whose += parts
    return summed(whose), of_line


def summed(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(order id, minor units), one for each order, in the order of their first."""
    sums: dict[int, int] = {}
    for holder, amount in parts:
        sums[holder] = sums.get(holder, 0) + amount
    return list(sums.items())


def _not_carried(asked: Return, parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What the replacement did not take over."""
    over = dict(summed((int(holder), int(amount)) for _, holder, amount in asked.carried))
    return [(holder, amount - over.get(holder, 0)) for holder, amount in parts]


def _withheld(asked: Return, parts: Sequence[tuple[int, int]]) -> int:
    """The fee, for what was accepted, and what the inspection takes off."""
    goods = sum(amount for _, amount in parts)
    fee = asked.fee_amount * goods // asked.goods_amount if asked.goods_amount else 0
    return min(fee + asked.deducted, goods)


def _less(parts: Sequence[tuple[int, int]], withheld: int) -> list[tuple[int, int]]:
    """The parts with something taken off, from the first on."""
    left = []
    for holder, amount in parts:
        off = min(amount, withheld)
        withheld -= off
        left.append((holder, amount - off))
    return left


async def _refund(
    session: AsyncSession,
    order: Order,
    asked: Return,
    taken: Taken,
    parts: Sequence[tuple[int, int]],
    *,
    now: datetime,
) -> None:
    if asked.shipping_amount:
        await _leave_shipping_to_the_last(session, asked)
    withheld = _withheld(asked, parts)
    (own, amount), *others = _less(parts, withheld)
    is_whole = all(count == line.quantity for line, _, count in taken)
    if is_whole and not await _some_stay(session, order):  # another return may have been called off meanwhile
        amount += asked.shipping_amount
        if asked.shipping_amount and await _is_last(session, order, asked) and not withheld:
            amount = (await balance(session, order.id)).kept  # the last refund takes the rest
    await give_money(session, order, asked, [(own, amount), *others], now=now)


async def _leave_shipping_to_the_last(session: AsyncSession, asked: Return) -> None:
    """The way there is paid back when all of the order is back: what is still to come may stay with the shopper."""
    others = select(Return).where(
        Return.order_id == asked.order_id,
        Return.id != asked.id,
        Return.kind.in_((Kind.RETURN, Kind.CLAIM)),
        Return.state.in_(OPEN),
    )
    last = await session.scalar(others.order_by(Return.id.desc()).limit(1))
    if last is not None:
        last.shipping_amount, asked.shipping_amount = asked.shipping_amount, 0


async def _some_stay(session: AsyncSession, order: Order) -> bool:
    """Whether the shopper keeps some of the order: it is neither back nor asked for."""
    gone = OrderLine.cancelled + OrderLine.returned + OrderLine.returning
    kept = select(OrderLine.id).where(OrderLine.order_id == order.id, OrderLine.quantity > gone).limit(1)
    return await session.scalar(kept) is not None


async def _is_last(session: AsyncSession, order: Order, asked: Return) -> bool:
    """Whether all of the order is back, and nothing of its money was kept or went to a replacement."""
    stays = await session.scalar(
        select(func.sum(OrderLine.quantity - OrderLine.cancelled - OrderLine.returned)).where(
            OrderLine.order_id == order.id
        )
    )
    others = await session.scalars(
        select(Return).where(Return.order_id == order.id, Return.id != asked.id, Return.settled_at.is_not(None))
    )
    return not stays and not any(one.fee_amount or one.deducted or one.carried for one in others)


async def _restock(session: AsyncSession, asked: Return, lines: Lines, *, now: datetime) -> None:
    for line, ordered in sorted(lines, key=lambda pair: pair[1].variant_id):
        if line.sellable:
            await take_back(
                session,
                variant_id=ordered.variant_id,
                quantity=line.sellable,
                reference=f"return:{asked.number}:{line.id}",
                now=now,
            )


async def _give_benefits_back(session: AsyncSession, order: Order, asked: Return, *, now: datetime) -> None:
    """Points go with the money; the coupon comes back only when all of the order did, and the shop was at fault."""
    if asked.kind is Kind.EXCHANGE:
        return
    await give_back_share(session, order, reference=f"return:{asked.id}", now=now)
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    if asked.why in AT_FAULT and all(line.cancelled + line.returned == line.quantity for line in lines):
        await return_coupons(session, order_id=order.id, now=now)
