"""What a change of a parcel means: pieces leave the stock, the order is delivered, the shopper hears of it once."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.promises import ship_pieces
from commerce.orders.locks import Actor, note, tell
from commerce.orders.model import DeliveryMethod, Order, OrderLine
from commerce.shipping.model import BEFORE_LEAVING, LEFT, Shipment, ShipmentState
from commerce.shipping.queries import shipment_lines
from foundation.errors import Refused

_TOLD = {
    ShipmentState.PICKED: "parcel_picked",
    ShipmentState.SHIPPED: "order_shipped",
    ShipmentState.OUT_FOR_DELIVERY: "parcel_out_for_delivery",
    ShipmentState.DELIVERED: "parcel_delivered",
    ShipmentState.EXCEPTION: "parcel_exception",
    ShipmentState.LOST: "parcel_lost",
    ShipmentState.RETURNED_TO_SENDER: "parcel_returned",
}
"""The stages a shopper hears of, each once a parcel. On the road between two towns nobody needs a message."""


def tell_stage(session: AsyncSession, order: Order, shipment: Shipment, *, now: datetime) -> None:
    """Tell the shopper of the stage a parcel has reached, if it is one they hear of and they have not yet."""
    kind = _TOLD.get(shipment.state)
    if shipment.method is DeliveryMethod.PICKUP:
        kind = {ShipmentState.PACKED: "pickup_ready", ShipmentState.DELIVERED: "picked_up"}.get(shipment.state)
    if kind is None or kind in shipment.told:
        return
    shipment.told = [*shipment.told, kind]
    parcel = {"shipment_id": shipment.id, "carrier": shipment.carrier, "tracking_number": shipment.tracking_number}
    tell(session, order, kind, now=now, **parcel)


async def leave(session: AsyncSession, order: Order, shipment: Shipment, *, by: Actor, now: datetime) -> None:
    """The pieces of a packed shipment leave the stock, counted line by line under the guard of the order.

    Raises Refused("shipment.cancelled_meanwhile", title=...) when more goes than was ordered and not cancelled.
    """
    within = await shipment_lines(session, shipment.id)
    pieces: dict[int, int] = {}
    for line, ordered in within:
        pieces[ordered.variant_id] = pieces.get(ordered.variant_id, 0) + line.quantity
        if shipment.replaces_id is not None:
            continue  # these pieces were counted when they left for the first time
        counted = await session.scalar(
            update(OrderLine)
            .where(
                OrderLine.id == ordered.id,
                OrderLine.cancelled + OrderLine.shipped + line.quantity <= OrderLine.quantity,
            )
            .values(shipped=OrderLine.shipped + line.quantity)
            .returning(OrderLine.id)
            .execution_options(synchronize_session=False)
        )
        if counted is None:
            raise Refused("shipment.cancelled_meanwhile", title=ordered.title)
        await session.refresh(ordered)
    await ship_pieces(
        session,
        order_id=order.id,
        pieces=pieces,
        location_id=shipment.location_id,
        reference=f"{order.number}/{shipment.id}",
        now=now,
    )
    shipment.move_to(ShipmentState.SHIPPED, now=now)
    order.version += 1
    note(
        session,
        order,
        "shipped",
        by=by,
        now=now,
        shipment_id=shipment.id,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
    )


async def arrived(session: AsyncSession, order: Order, shipment: Shipment, *, by: Actor, now: datetime) -> None:
    """A parcel was delivered: with the last of them the order is."""
    note(session, order, "delivered", by=by, now=now, shipment_id=shipment.id)
    await see_if_delivered(session, order)


async def see_if_delivered(session: AsyncSession, order: Order) -> None:
    """Write down that the whole order is with the shopper, once nothing is to be sent and nothing on its way."""
    if order.delivered_at is not None:
        return
    await session.flush()
    unsent = await session.scalar(
        select(func.sum(OrderLine.quantity - OrderLine.cancelled - OrderLine.shipped)).where(
            OrderLine.order_id == order.id
        )
    )
    parcels = (
        await session.execute(
            select(Shipment.state, Shipment.resolution, Shipment.delivered_at).where(
                Shipment.order_id == order.id,
                Shipment.state.in_(LEFT) | (Shipment.replaces_id.is_not(None) & Shipment.state.in_(BEFORE_LEAVING)),
            )
        )
    ).all()
    times = [at for state, _, at in parcels if state is ShipmentState.DELIVERED and at is not None]
    is_there = all(state is ShipmentState.DELIVERED or resolution is not None for state, resolution, _ in parcels)
    if times and is_there and not unsent:
        order.delivered_at = max(times)
        order.version += 1
