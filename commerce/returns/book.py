"""The way to a return that is about to change, its diary, and its pieces. Its order is locked first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import Actor, locked_order
from commerce.orders.locks import tell as tell_of_order
from commerce.orders.model import Order, OrderLine
from commerce.returns.model import ApprovalState, Return, ReturnApproval, ReturnEvent, ReturnLine
from foundation.errors import Json, Refused


async def locked_with_holders(session: AsyncSession, order_id: int) -> Order:
    """An order under a lock, and first those whose money a replacement took over: the exchange locks them so too."""
    carried = await session.scalar(select(Return.carried).where(Return.replacement_order_id == order_id))
    for holder in sorted({int(holder) for _, holder, _ in carried or ()} - {order_id}):
        await locked_order(session, holder)
    return await locked_order(session, order_id)


async def locked_return(
    session: AsyncSession, return_id: int, *, customer_id: int | None = None
) -> tuple[Order, Return]:
    """A return with its order, both locked. Raises Refused("returns.unknown"), also where it is another customer's."""
    found = select(Return.order_id).where(Return.id == return_id)
    if customer_id is not None:
        found = found.where(Return.customer_id == customer_id)
    order_id = await session.scalar(found)
    if order_id is None:
        raise Refused("returns.unknown", number=str(return_id))
    order = await locked_with_holders(session, order_id)
    asked = await session.get_one(Return, return_id, with_for_update={"key_share": True}, populate_existing=True)
    return order, asked


async def lines_of(session: AsyncSession, asked: Return) -> list[tuple[ReturnLine, OrderLine]]:
    """Its lines with those of the order, as they are now."""
    found = await session.execute(
        select(ReturnLine, OrderLine)
        .join(OrderLine, OrderLine.id == ReturnLine.order_line_id)
        .where(ReturnLine.return_id == asked.id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    )
    return [(line, ordered) for line, ordered in found]


async def reserve_pieces(session: AsyncSession, line: OrderLine, count: int) -> None:
    """These pieces are asked for: nobody else can. Raises Refused("returns.already_returned")."""
    reserved = await session.scalar(
        update(OrderLine)
        .where(OrderLine.id == line.id, OrderLine.returned + OrderLine.returning + count <= OrderLine.shipped)
        .values(returning=OrderLine.returning + count)
        .returning(OrderLine.id)
        .execution_options(synchronize_session=False)
    )
    if reserved is None:
        raise Refused("returns.already_returned", title=line.title)
    await session.refresh(line)


async def end_pieces(session: AsyncSession, lines: Sequence[tuple[ReturnLine, OrderLine]], *, taken: bool) -> None:
    """The pieces are asked for no more: those accepted are `returned` when `taken`, the others stay the shopper's."""
    for line, ordered in lines:
        back = (line.quantity if line.accepted is None else line.accepted) if taken else 0
        ended = await session.scalar(
            update(OrderLine)
            .where(
                OrderLine.id == ordered.id,
                OrderLine.returning >= line.quantity,
                OrderLine.returned + back <= OrderLine.shipped,
            )
            .values(returning=OrderLine.returning - line.quantity, returned=OrderLine.returned + back)
            .returning(OrderLine.id)
            .execution_options(synchronize_session=False)
        )
        if ended is None:
            raise RuntimeError(f"return line {line.id} was never reserved")
        await session.refresh(ordered)


async def waiting_approval(session: AsyncSession, asked: Return) -> ReturnApproval | None:
    """The yes of an agent that waits for a higher limit."""
    return await session.scalar(
        select(ReturnApproval).where(
            ReturnApproval.return_id == asked.id, ReturnApproval.state == ApprovalState.WAITING
        )
    )


def note(session: AsyncSession, asked: Return, kind: str, *, by: Actor, now: datetime, **facts: Json) -> None:
    """Write down what happened to a return."""
    session.add(ReturnEvent(return_id=asked.id, kind=kind, by=by, facts=facts, at=now))


def tell(session: AsyncSession, order: Order, asked: Return, kind: str, *, now: datetime, **facts: Json) -> None:
    """Leave an announcement about a return for its customer."""
    tell_of_order(session, order, kind, now=now, return_id=asked.id, **facts)
