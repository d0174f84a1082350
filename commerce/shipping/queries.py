"""Parcels as shoppers and staff see them, and the one guarded way to a parcel that is about to change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import locked_order
from commerce.orders.model import DeliveryMethod, Order, OrderLine
from commerce.shipping.model import (
    BEFORE_LEAVING,
    CONFIRMED,
    Resolution,
    Shipment,
    ShipmentLine,
    ShipmentState,
    TrackingEvent,
)
from foundation.encryption import Vault
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class ParcelLineView:
    """Pieces of one line of the order in a parcel."""

    line_id: int
    variant_id: int
    title: str
    label: str
    quantity: int
    picture: int | None


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel, or goods to be picked up. `has_code`: a pick-up whose code can be shown to its owner.

    `is_confirmed`: its owner said that it is there.
    """

    shipment_id: int
    order_id: int
    location_id: int | None
    method: DeliveryMethod
    state: ShipmentState
    carrier: str
    tracking_number: str
    tracking_url: str
    lines: tuple[ParcelLineView, ...]
    replaces_id: int | None
    resolution: Resolution | None
    has_code: bool
    is_confirmed: bool
    created_at: datetime
    state_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class TrackingView:
    """One saying about a parcel; `state` where it says one."""

    at: datetime
    state: ShipmentState | None
    text: str
    source: str
    applied: bool


async def parcels_of(session: AsyncSession, order_ids: Sequence[int]) -> dict[int, list[ParcelView]]:
    """The parcels of each of these orders, oldest first; cancelled ones among them."""
    found: dict[int, list[ParcelView]] = {order_id: [] for order_id in order_ids}
    for parcel in await parcels_where(session, Shipment.order_id.in_(order_ids)):
        found[parcel.order_id].append(parcel)
    return found


async def parcel_view(session: AsyncSession, shipment_id: int) -> ParcelView:
    """One parcel, for staff or after its order was checked. Raises Refused("shipment.unknown")."""
    views = await parcels_where(session, Shipment.id == shipment_id)
    if not views:
        raise Refused("shipment.unknown", shipment=shipment_id)
    return views[0]


async def parcels_to_send(
    session: AsyncSession, *, location_id: int | None = None, limit: int = 200
) -> list[ParcelView]:
    """What has not left yet, oldest first: the pick list of one location, or of all."""
    waiting: ColumnElement[bool] = Shipment.state.in_(BEFORE_LEAVING)
    if location_id is not None:
        waiting &= Shipment.location_id == location_id
    return await parcels_where(session, waiting, limit=limit)


async def parcels_where(
    session: AsyncSession,
    which: ColumnElement[bool],
    *,
    newest_first: bool = False,
    offset: int = 0,
    limit: int | None = None,
) -> list[ParcelView]:
    """Parcels by any condition on `Shipment`, for staff."""
    order = Shipment.id.desc() if newest_first else Shipment.id
    return await _views(session, select(Shipment).where(which).order_by(order).offset(offset).limit(limit))


async def tracking_of(session: AsyncSession, shipment_id: int) -> list[TrackingView]:
    """Everything that was said about a parcel, newest first."""
    vault: Vault = session.info["vault"]
    said = select(TrackingEvent).where(TrackingEvent.shipment_id == shipment_id)
    newest = said.order_by(TrackingEvent.at.desc(), TrackingEvent.id.desc())
    return [
        TrackingView(one.at, one.state, vault.open(one.text_sealed), one.source, one.applied)
        for one in await session.scalars(newest)
    ]


async def locked_shipment(session: AsyncSession, shipment_id: int) -> tuple[Order, Shipment]:
    """A shipment and its order as they are now, the order locked first. Raises Refused("shipment.unknown")."""
    order_id = await session.scalar(select(Shipment.order_id).where(Shipment.id == shipment_id))
    if order_id is None:
        raise Refused("shipment.unknown", shipment=shipment_id)
    order = await locked_order(session, order_id)
    shipment = await session.get_one(Shipment, shipment_id, with_for_update=True, populate_existing=True)
    return order, shipment


async def shipment_lines(session: AsyncSession, shipment_id: int) -> list[tuple[ShipmentLine, OrderLine]]:
    """What is in a shipment, with the lines of the order."""
    found = await session.execute(
        select(ShipmentLine, OrderLine)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .where(ShipmentLine.shipment_id == shipment_id)
        .order_by(OrderLine.id)
        .execution_options(populate_existing=True)
    )
    return [(line, ordered) for line, ordered in found]


async def _views(session: AsyncSession, which: Select[Shipment]) -> list[ParcelView]:
    found = (await session.scalars(which)).all()
    lines: dict[int, list[ParcelLineView]] = {}
    within = await session.execute(
        select(ShipmentLine, OrderLine)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .where(ShipmentLine.shipment_id.in_([one.id for one in found]))
        .order_by(OrderLine.position, OrderLine.id)
    )
    for line, ordered in within:
        shown = ParcelLineView(
            ordered.id, ordered.variant_id, ordered.title, ordered.label, line.quantity, ordered.picture
        )
        lines.setdefault(line.shipment_id, []).append(shown)
    return [_view(one, tuple(lines.get(one.id, ()))) for one in found]


def _view(one: Shipment, lines: tuple[ParcelLineView, ...]) -> ParcelView:
    return ParcelView(
        shipment_id=one.id,
        order_id=one.order_id,
        location_id=one.location_id,
        method=one.method,
        state=one.state,
        carrier=one.carrier,
        tracking_number=one.tracking_number,
        tracking_url=one.tracking_url,
        lines=lines,
        replaces_id=one.replaces_id,
        resolution=one.resolution,
        has_code=one.pickup_code_sealed is not None and one.state is ShipmentState.PACKED,
        is_confirmed=CONFIRMED in one.told,
        created_at=one.created_at,
        state_at=one.state_at,
        shipped_at=one.shipped_at,
        delivered_at=one.delivered_at,
    )
