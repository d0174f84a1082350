"""What the staff does with parcels: put together, pick, pack, send, call off. Every act locks the order first."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import NOWHERE
from commerce.inventory.promises import lock_stock_of, release_holds
from commerce.orders.locks import Actor, locked_order, note
from commerce.orders.model import DeliveryMethod, Order, OrderLine, OrderStatus
from commerce.orders.snapshot import open_address
from commerce.shipping.companies import company_of, public_link
from commerce.shipping.model import (
    BEFORE_LEAVING,
    BEING_PACKED,
    LEFT,
    Shipment,
    ShipmentLine,
    ShipmentState,
)
from commerce.shipping.pickup import issue_code
from commerce.shipping.queries import locked_shipment
from commerce.shipping.simulated import first_event_at
from commerce.shipping.stages import arrived, leave, tell_stage
from commerce.shipping.tracking import FOLLOW_PARCEL
from foundation.errors import Refused
from foundation.jobs import enqueue


async def make_shipment(
    session: AsyncSession,
    *,
    order_id: int,
    lines: Mapping[int, int] | None = None,
    location_id: int | None = None,
    now: datetime,
) -> Shipment:
    """Put pieces of an order together: {order line id: pieces}, or everything that is in no parcel yet.

    Raises Refused: order.not_ready, shipment.nothing_to_send, shipment.no_such_line, shipment.too_many (`left`).
    """
    order = await locked_order(session, order_id)
    _refuse_not_ready(order)
    wanted = wanted_pieces(order, await pieces_to_pack(session, order_id), lines)
    at_counter = order.delivery_method is DeliveryMethod.PICKUP
    shipment = Shipment(
        order_id=order_id,
        location_id=order.pickup_location_id if location_id is None and at_counter else location_id,
        method=order.delivery_method,
        state=ShipmentState.PENDING,
        created_at=now,
        state_at=now,
    )
    session.add(shipment)
    await session.flush()
    for line, pieces in sorted(wanted.items()):
        session.add(ShipmentLine(shipment_id=shipment.id, order_line_id=line, quantity=pieces))
    note(session, order, "parcel_made", by="staff", now=now, shipment_id=shipment.id)
    await session.flush()
    return shipment


async def pick_shipment(session: AsyncSession, *, shipment_id: int, now: datetime) -> Shipment:
    """Somebody has taken the goods from the shelf. The shopper hears of it, and cannot cancel any more."""
    order, shipment = await locked_shipment(session, shipment_id)
    _refuse_not_ready(order)
    shipment.move_to(ShipmentState.PICKED, now=now)
    order.version += 1
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    return shipment


async def pack_shipment(session: AsyncSession, *, shipment_id: int, now: datetime) -> Shipment:
    """The box is closed. A pick-up is ready from here on: its owner is told the code."""
    order, shipment = await locked_shipment(session, shipment_id)
    _refuse_not_ready(order)
    shipment.move_to(ShipmentState.PACKED, now=now)
    if shipment.method is DeliveryMethod.PICKUP:
        issue_code(session, shipment)
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    return shipment


async def ship_shipment(
    session: AsyncSession,
    *,
    shipment_id: int,
    carrier: str,
    tracking_number: str,
    tracking_url: str = "",
    now: datetime,
) -> Shipment:
    """A packed parcel is with its carrier: the pieces leave the stock, the shopper is told.

    Raises Refused: order.not_ready, shipment.move_refused, shipment.is_pickup, shipment.number_empty,
    shipment.cancelled_meanwhile.
    """
    order, shipment = await locked_shipment(session, shipment_id)
    await _send(session, order, shipment, carrier, tracking_number, tracking_url, now=now)
    return shipment


async def mark_shipped(
    session: AsyncSession, *, order_id: int, tracking_number: str, carrier: str, now: datetime
) -> Order:
    """Everything that is still here goes in one parcel, in one step. What is not sent was handed over in the chat.

    Raises Refused("order.shipped") when nothing is left to send, ("order.not_ready", ...) or ("shipment.number_empty").
    """
    order = await locked_order(session, order_id)
    waiting = select(Shipment).where(Shipment.order_id == order_id, Shipment.state.in_(BEFORE_LEAVING))
    parcels = list(await session.scalars(waiting.order_by(Shipment.id)))
    if any((await pieces_to_pack(session, order_id)).values()):
        parcels.append(await make_shipment(session, order_id=order_id, now=now))
    if not parcels:
        await refuse_shipped(session, order)
        raise Refused("shipment.nothing_to_send", number=order.number)
    await lock_stock_of(session, order_ids=[order_id])  # parcel by parcel they would be locked in any order
    for shipment in parcels:
        _refuse_not_ready(order)
        for step in (ShipmentState.PICKED, ShipmentState.PACKED):
            if BEFORE_LEAVING.index(shipment.state) < BEFORE_LEAVING.index(step):
                shipment.move_to(step, now=now)
        await _send(session, order, shipment, carrier, tracking_number, "", now=now)
    return order


async def cancel_shipment(session: AsyncSession, *, shipment_id: int, now: datetime) -> Shipment:
    """Unpack what has not left; its pieces may go in another parcel. Raises Refused("shipment.move_refused")."""
    order, shipment = await locked_shipment(session, shipment_id)
    await _call_off(session, order, shipment, by="staff", now=now)
    await session.flush()
    return shipment


async def take_out_of_parcels(
    session: AsyncSession, *, order_id: int, pieces: Mapping[int, int] | None, by: Actor, now: datetime
) -> None:
    """Make room for a cancellation of {order line id: pieces} (None: all that has not left), before it is counted.

    What is in no parcel goes first, then what waits in one. The order must be locked. Raises
    Refused("order.being_packed") when a shopper wants what is being picked or packed; the staff unpacks it.
    """
    order = await locked_order(session, order_id)
    loose = await pieces_to_pack(session, order_id)
    waiting = select(Shipment).where(Shipment.order_id == order_id, Shipment.state.in_(BEFORE_LEAVING))
    parcels = list(await session.scalars(waiting.order_by(Shipment.state == ShipmentState.PACKED, Shipment.id.desc())))
    for shipment in parcels:
        if shipment.replaces_id is not None:
            continue
        lines = list(
            await session.scalars(select(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id).order_by("id"))
        )
        taken = {}
        for line in lines:
            lacking = line.quantity if pieces is None else pieces.get(line.order_line_id, 0) - loose[line.order_line_id]
            taken[line.id] = max(min(lacking, line.quantity), 0)
            loose[line.order_line_id] += taken[line.id]
        if not any(taken.values()):
            continue
        if shipment.state in BEING_PACKED and by == "shopper":
            raise Refused("order.being_packed", number=order.number)
        if all(taken[line.id] == line.quantity for line in lines):
            await _call_off(session, order, shipment, by=by, now=now)
            continue
        for line in lines:
            if taken[line.id] == line.quantity:
                await session.delete(line)
            else:
                line.quantity -= taken[line.id]
    await session.flush()


async def refuse_shipped(session: AsyncSession, order: Order) -> None:
    """Raise Refused("order.shipped") when any parcel of the order has left."""
    gone = select(Shipment.id).where(Shipment.order_id == order.id, Shipment.state.in_(LEFT)).limit(1)
    if await session.scalar(gone) is not None:
        raise Refused("order.shipped", number=order.number)


def wanted_pieces(order: Order, sendable: Mapping[int, int], lines: Mapping[int, int] | None) -> dict[int, int]:
    """The pieces asked for of those that can be sent, or all of these: {order line id: pieces}.

    Raises Refused("shipment.nothing_to_send"), ("shipment.no_such_line"), ("shipment.too_many", left=...).
    """
    wanted = {line: left for line, left in sendable.items() if left} if lines is None else dict(lines)
    if not wanted:
        raise Refused("shipment.nothing_to_send", number=order.number)
    for line, pieces in wanted.items():
        if line not in sendable:
            raise Refused("shipment.no_such_line", number=order.number, line=line)
        if not 1 <= pieces <= sendable[line]:
            raise Refused("shipment.too_many", number=order.number, line=line, left=sendable[line])
    return wanted


async def pieces_to_pack(session: AsyncSession, order_id: int) -> dict[int, int]:
    """{order line id: pieces} that are neither cancelled, nor sent, nor in a parcel; lines with none are 0."""
    await session.flush()
    packed = (
        select(ShipmentLine.order_line_id, func.sum(ShipmentLine.quantity).label("pieces"))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id, Shipment.state.in_(BEFORE_LEAVING), Shipment.replaces_id.is_(None))
        .group_by(ShipmentLine.order_line_id)
        .subquery()
    )
    left = OrderLine.quantity - OrderLine.cancelled - OrderLine.shipped - func.coalesce(packed.c.pieces, 0)
    found = await session.execute(
        select(OrderLine.id, left)
        .outerjoin(packed, packed.c.order_line_id == OrderLine.id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    )
    return {line: int(pieces) for line, pieces in found}


async def _send(
    session: AsyncSession,
    order: Order,
    shipment: Shipment,
    carrier: str,
    tracking_number: str,
    tracking_url: str,
    *,
    now: datetime,
) -> None:
    _refuse_not_ready(order)
    if shipment.method is DeliveryMethod.PICKUP:
        raise Refused("shipment.is_pickup", number=order.number)
    if open_address(session, order) == NOWHERE:
        await leave(session, order, shipment, by="staff", now=now)
        shipment.move_to(ShipmentState.DELIVERED, now=now)
        await arrived(session, order, shipment, by="staff", now=now)
        tell_stage(session, order, shipment, now=now)
        return
    if not (carrier and tracking_number):
        raise Refused("shipment.number_empty", number=order.number)
    shipment.carrier, shipment.tracking_number = carrier, tracking_number
    shipment.tracking_url = tracking_url or public_link(carrier, tracking_number)
    await leave(session, order, shipment, by="staff", now=now)
    shipment.next_event_at = first_event_at(shipment, now=now)
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    if company_of(carrier) is not None:
        await enqueue(session, FOLLOW_PARCEL, {"shipment_id": shipment.id}, key=f"{FOLLOW_PARCEL}:{shipment.id}")


async def _call_off(session: AsyncSession, order: Order, shipment: Shipment, *, by: Actor, now: datetime) -> None:
    shipment.move_to(ShipmentState.CANCELLED, now=now)
    shipment.pickup_code_sealed = shipment.pickup_code_index = None
    if shipment.replaces_id is not None:
        await release_holds(session, order_id=order.id, key=f"reship:{shipment.id}")
        (await session.get_one(Shipment, shipment.replaces_id)).resolution = None
    note(session, order, "parcel_cancelled", by=by, now=now, shipment_id=shipment.id)


def _refuse_not_ready(order: Order) -> None:
    if order.status is not OrderStatus.PLACED or order.hold_reason is not None:
        raise Refused("order.not_ready", number=order.number, status=order.status, hold_reason=order.hold_reason)
