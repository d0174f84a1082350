"""Returns as shoppers and staff see them, and what a customer could bring back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.queries import variant_views
from commerce.orders.model import Order, OrderLine, OrderStatus
from commerce.returns.model import (
    ApprovalState,
    Disposition,
    Freight,
    Kind,
    RefundTo,
    Return,
    ReturnApproval,
    ReturnEvent,
    ReturnLine,
    ReturnState,
    Why,
)
from commerce.returns.offers import pieces_delivered
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class ReturnLineView:
    """Pieces of a line; `instead` names the variant wanted for them. `accepted` is None before the inspection."""

    line_id: int
    order_line_id: int
    variant_id: int
    title: str
    label: str
    picture: int | None
    quantity: int
    amount: Money
    instead: str
    accepted: int | None
    sellable: int
    disposition: Disposition | None
    note: str
    photos: tuple[JsonMap, ...]


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A yes of an agent (`asked_by`, a row of the staff) above their limit."""

    amount: Money
    reason: str
    asked_by: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return with all that is known. `offered` is what was shown to go back, `due` what an exchange costs more."""

    return_id: int
    number: str
    order_id: int
    order_number: str
    customer_id: int
    kind: Kind
    state: ReturnState
    why: Why
    note: str
    photos: tuple[JsonMap, ...]
    asked_by: str
    lines: tuple[ReturnLineView, ...]
    policy: JsonMap
    checks: tuple[JsonMap, ...]
    refund_to: RefundTo
    offered: Money
    due: Money
    fee: Money
    shipping: Money
    deducted: Money
    refunded: Money
    freight: Freight
    carrier: str
    tracking_number: str
    sent_back: str
    question: str
    reason: str
    quote: Money | None
    quote_note: str
    send_by: datetime | None
    replacement_number: str | None
    approval: ApprovalView | None
    created_at: datetime
    state_at: datetime
    settled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ReturnEventView:
    """What happened, who did it ("shopper", "staff", "system"), when."""

    kind: str
    by: str
    facts: JsonMap
    at: datetime


@dataclass(frozen=True, slots=True)
class ReturnableLine:
    """Of a line of an order: `left` pieces arrived and are not asked for yet."""

    line_id: int
    variant_id: int
    title: str
    label: str
    picture: int | None
    left: int


@dataclass(frozen=True, slots=True)
class ReturnableOrder:
    """An order of which something could be brought back."""

    order_id: int
    number: str
    created_at: datetime
    lines: tuple[ReturnableLine, ...]


async def return_view(
    session: AsyncSession, return_id: int, *, language: str, customer_id: int | None = None
) -> ReturnView:
    """One return. Raises Refused("returns.unknown"), also for one of another customer when `customer_id` is given."""
    which = Return.id == return_id
    if customer_id is not None:
        which &= Return.customer_id == customer_id
    views = await _views(session, which, language=language, limit=1)
    if not views:
        raise Refused("returns.unknown", number=str(return_id))
    return views[0]


async def returns_of(
    session: AsyncSession,
    *,
    customer_id: int,
    language: str,
    states: Collection[ReturnState] | None = None,
    order_id: int | None = None,
    limit: int = 10,
) -> list[ReturnView]:
    """The latest returns of a customer, newest first; only those in some states, or of one order, if given."""
    which = Return.customer_id == customer_id
    if states is not None:
        which &= Return.state.in_(states)
    if order_id is not None:
        which &= Return.order_id == order_id
    return await _views(session, which, language=language, limit=limit)


async def recent_returns(
    session: AsyncSession,
    *,
    language: str,
    states: Collection[ReturnState] | None = None,
    waiting_approval: bool = False,
    before_id: int | None = None,
    limit: int = 50,
) -> list[ReturnView]:
    """All returns, newest first, for staff; `waiting_approval`: only those whose yes is above somebody's limit."""
    which: ColumnElement[bool] = Return.id < before_id if before_id is not None else Return.id > 0
    if states is not None:
        which &= Return.state.in_(states)
    if waiting_approval:
        waits = select(ReturnApproval.return_id).where(ReturnApproval.state == ApprovalState.WAITING)
        which &= Return.id.in_(waits)
    return await _views(session, which, language=language, limit=limit)


async def return_events(session: AsyncSession, *, return_id: int) -> list[ReturnEventView]:
    """The history of a return, oldest first."""
    found = select(ReturnEvent).where(ReturnEvent.return_id == return_id).order_by(ReturnEvent.id)
    return [ReturnEventView(event.kind, event.by, event.facts, event.at) for event in await session.scalars(found)]


async def returnable_orders(session: AsyncSession, *, customer_id: int, limit: int = 20) -> list[ReturnableOrder]:
    """Orders of a customer of which something arrived and is not asked for, newest first; the policy is not asked."""
    latest = (
        select(Order)
        .where(
            Order.customer_id == customer_id,
            Order.status.in_((OrderStatus.PLACED, OrderStatus.COMPLETED)),
            Order.id.in_(
                select(OrderLine.order_id).where(OrderLine.shipped > OrderLine.returned + OrderLine.returning)
            ),
        )
        .order_by(Order.id.desc())
        .limit(limit)
    )
    found = []
    for order in (await session.scalars(latest)).all():
        came = await pieces_delivered(session, order)
        lines = await session.scalars(
            select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
        )
        views = [
            ReturnableLine(line.id, line.variant_id, line.title, line.label, line.picture, left)
            for line in lines
            if (left := came.get(line.id, (0, None))[0] - line.returned - line.returning) > 0
        ]
        if views:
            found.append(ReturnableOrder(order.id, order.number, order.created_at, tuple(views)))
    return found


async def _views(session: AsyncSession, which: ColumnElement[bool], *, language: str, limit: int) -> list[ReturnView]:
    found = (
        await session.execute(
            select(Return, Order.number)
            .join(Order, Order.id == Return.order_id)
            .where(which)
            .order_by(Return.id.desc())
            .limit(limit)
            .execution_options(populate_existing=True)
        )
    ).all()
    ids = [asked.id for asked, _ in found]
    lines = await _lines(session, ids, {asked.id: asked.currency for asked, _ in found}, language)
    waiting = {
        one.return_id: one
        for one in await session.scalars(
            select(ReturnApproval).where(
                ReturnApproval.return_id.in_(ids), ReturnApproval.state == ApprovalState.WAITING
            )
        )
    }
    replaced = {asked.replacement_order_id for asked, _ in found if asked.replacement_order_id is not None}
    numbers: dict[int, str] = dict(
        (
            await session.execute(
                select(Order.id, Order.number).where(Order.id.in_(replaced), Order.status != OrderStatus.DRAFT)
            )
        ).all()
    )
    return [
        _view(
            asked,
            number,
            lines.get(asked.id, ()),
            waiting.get(asked.id),
            numbers.get(asked.replacement_order_id or 0),
        )
        for asked, number in found
    ]


async def _lines(
    session: AsyncSession, ids: Sequence[int], currencies: dict[int, str], language: str
) -> dict[int, tuple[ReturnLineView, ...]]:
    rows = (
        await session.execute(
            select(ReturnLine, OrderLine)
            .join(OrderLine, OrderLine.id == ReturnLine.order_line_id)
            .where(ReturnLine.return_id.in_(ids))
            .order_by(ReturnLine.return_id, OrderLine.position)
            .execution_options(populate_existing=True)
        )
    ).all()
    wanted = {line.replacement_id for line, _ in rows if line.replacement_id is not None}
    views = await variant_views(session, wanted, language=language, also_unavailable=True)
    made: dict[int, tuple[ReturnLineView, ...]] = {}
    for line, ordered in rows:
        instead = views.get(line.replacement_id or 0)
        view = ReturnLineView(
            line_id=line.id,
            order_line_id=ordered.id,
            variant_id=ordered.variant_id,
            title=ordered.title,
            label=ordered.label,
            picture=ordered.picture,
            quantity=line.quantity,
            amount=Money(line.amount, currencies[line.return_id]),
            instead=(instead.label or instead.title) if instead is not None else "",
            accepted=line.accepted,
            sellable=line.sellable,
            disposition=line.disposition,
            note=line.note,
            photos=tuple(line.photos),
        )
        made[line.return_id] = (*made.get(line.return_id, ()), view)
    return made


def _view(
    asked: Return,
    order_number: str,
    lines: tuple[ReturnLineView, ...],
    waiting: ReturnApproval | None,
    replacement_number: str | None,
) -> ReturnView:
    def money(amount: int) -> Money:
        return Money(amount, asked.currency)

    return ReturnView(
        return_id=asked.id,
        number=asked.number,
        order_id=asked.order_id,
        order_number=order_number,
        customer_id=asked.customer_id,
        kind=asked.kind,
        state=asked.state,
        why=asked.why,
        note=asked.note,
        photos=tuple(asked.photos),
        asked_by=asked.asked_by,
        lines=lines,
        policy=asked.policy,
        checks=tuple(asked.checks),
        refund_to=asked.refund_to,
        offered=asked.offered,
        due=asked.due,
        fee=money(asked.fee_amount),
        shipping=money(asked.shipping_amount),
        deducted=money(asked.deducted),
        refunded=money(asked.refunded),
        freight=Freight(asked.policy.get("freight", Freight.SHOPPER)),
        carrier=asked.carrier,
        tracking_number=asked.tracking_number,
        sent_back=f"{asked.sent_back_carrier} {asked.sent_back_number}".strip(),
        question=asked.question,
        reason=asked.reason,
        quote=None if asked.quote_amount is None else money(asked.quote_amount),
        quote_note=asked.quote_note,
        send_by=asked.send_by,
        replacement_number=replacement_number,
        approval=None if waiting is None else _approval(waiting, money(waiting.amount)),
        created_at=asked.created_at,
        state_at=asked.state_at,
        settled_at=asked.settled_at,
        version=asked.version,
    )


def _approval(waiting: ReturnApproval, amount: Money) -> ApprovalView:
    return ApprovalView(amount, waiting.reason, waiting.asked_by, waiting.created_at)
