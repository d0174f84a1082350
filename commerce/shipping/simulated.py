"""The carrier of the demo shop: parcels that move along by the shop's clock, so that there is something to follow."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.shipping.model import ON_THE_ROAD, Shipment, ShipmentState
from commerce.shipping.queries import locked_shipment
from commerce.shipping.tracking import Saying, record_tracking

SIMULATED = "simulator"
"""The code under which parcels go with this carrier."""


class _Stage(NamedTuple):
    after: timedelta
    state: ShipmentState
    text: str


_JOURNEY = (
    _Stage(timedelta(minutes=2), ShipmentState.IN_TRANSIT, "collected"),
    _Stage(timedelta(minutes=10), ShipmentState.IN_TRANSIT, "sorted"),
    _Stage(timedelta(minutes=30), ShipmentState.IN_TRANSIT, "arrived_in_town"),
    _Stage(timedelta(minutes=45), ShipmentState.OUT_FOR_DELIVERY, "out_for_delivery"),
    _Stage(timedelta(minutes=60), ShipmentState.DELIVERED, "delivered"),
)
"""What happens how long after a parcel was sent. The texts are codes that the doors put into words."""


def new_number() -> str:
    """A tracking number of this carrier."""
    return f"XE{secrets.randbelow(10**10):010d}"


def first_event_at(shipment: Shipment, *, now: datetime) -> datetime | None:
    """When a parcel that is sent now is heard of first; never, where another carrier has it."""
    return now + _JOURNEY[0].after if shipment.carrier == SIMULATED else None


async def move_parcels_along(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Say of each simulated parcel what is due by now; returns how many parcels that were. A sweep."""
    due = (
        select(Shipment.id)
        .where(Shipment.state.in_(ON_THE_ROAD), Shipment.next_event_at <= now)
        .order_by(Shipment.order_id, Shipment.id)
        .limit(limit)
    )
    parcels = (await session.scalars(due)).all()
    for shipment_id in parcels:
        _, shipment = await locked_shipment(session, shipment_id)
        sent = shipment.shipped_at or now
        gone = [_said(stage, sent) for stage in _JOURNEY if sent + stage.after <= now]
        coming = [sent + stage.after for stage in _JOURNEY if sent + stage.after > now]
        await record_tracking(session, shipment_id=shipment_id, sayings=gone, source=SIMULATED, now=now)
        await session.refresh(shipment)
        shipment.next_event_at = coming[0] if coming and shipment.state in ON_THE_ROAD else None
    await session.flush()
    return len(parcels)


def _said(stage: _Stage, shipped_at: datetime) -> Saying:
    return Saying(f"{SIMULATED}:{stage.text}", stage.state, stage.text, shipped_at + stage.after)
