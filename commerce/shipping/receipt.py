"""The shopper says that the goods are there."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.completion import complete_order
from commerce.orders.locks import locked_order, note, tell
from commerce.orders.model import Order, OrderStatus
from commerce.shipping.model import CONFIRMED, LEFT, Shipment, ShipmentState
from commerce.shipping.tracking import Saying, apply_sayings
from foundation.errors import Refused


async def confirm_receipt(session: AsyncSession, *, order_id: int, customer_id: int, now: datetime) -> Order:
    """The shopper has what was sent. When that is all of the order, it is complete. Again: nothing more happens.

    An order on which cash is still owed is only delivered; it completes when that is settled.

    Raises Refused("order.unknown") for anybody else's, ("shipment.nothing_sent") when nothing has left.
    """
    order = await locked_order(session, order_id)
    if order.customer_id != customer_id:
        raise Refused("order.unknown", number=order.number)
    found = select(Shipment).where(Shipment.order_id == order_id, Shipment.state.in_(LEFT)).order_by(Shipment.id)
    parcels = list(await session.scalars(found.with_for_update().execution_options(populate_existing=True)))
    if not parcels:
        raise Refused("shipment.nothing_sent", number=order.number)
    fresh = [shipment for shipment in parcels if CONFIRMED not in shipment.told]
    for shipment in fresh:
        said = Saying("shopper:confirmed", ShipmentState.DELIVERED, "", now)
        await apply_sayings(session, order, shipment, [said], source="shopper", by="shopper", now=now)
        # Whoever says that it is here need not be told so.
        shipment.told = [*shipment.told, CONFIRMED, "parcel_delivered"]
    if fresh:
        note(session, order, "receipt_confirmed", by="shopper", now=now)
        tell(session, order, "receipt_confirmed", now=now)
    await session.flush()
    if order.delivered_at is not None and order.status is OrderStatus.PLACED:
        try:
            await complete_order(session, order_id=order_id, by="shopper", now=now)
        except Refused as refused:
            if refused.code != "order.not_paid":
                raise
    return order
