"""Parcels as the staff sees them: shapes, and the queries that give them."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, Variant
from commerce.inventory.locations import locations
from commerce.orders.model import DeliveryMethod, Order
from commerce.orders.queries import order_view
from commerce.shipping.actions import pieces_to_pack
from commerce.shipping.companies import company_of
from commerce.shipping.model import (
    BEFORE_LEAVING,
    GONE_WRONG,
    MOVES,
    ON_THE_ROAD,
    DeliveryProof,
    ProofKind,
    Resolution,
    Shipment,
    ShipmentState,
)
from commerce.shipping.queries import ParcelView, parcel_view, parcels_of, parcels_where, tracking_of
from commerce.shipping.tracking import STAFF_MAY_SAY
from foundation.errors import Refused


class ParcelLine(BaseModel):
    """Pieces of one line of an order in a parcel."""

    line_id: int
    variant_id: int
    title: str
    label: str
    quantity: int
    picture: int | None


class ParcelRow(BaseModel):
    """A parcel, goods to be picked up, or what is digital and handed over in the chat (`is_digital`).

    `may_become` are the states the staff may say it is in now.
    """

    id: int
    order_id: int
    order_number: str
    location_id: int | None
    location: str
    method: DeliveryMethod
    is_digital: bool
    state: ShipmentState
    carrier: str
    is_known_carrier: bool
    tracking_number: str
    tracking_url: str
    lines: list[ParcelLine]
    replaces_id: int | None
    resolution: Resolution | None
    may_become: list[ShipmentState]
    created_at: datetime
    state_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None


class Said(BaseModel):
    """One thing said about a parcel; `applied`: it moved the parcel."""

    at: datetime
    state: ShipmentState | None
    text: str
    source: str
    applied: bool


class Proof(BaseModel):
    """That there is a proof of delivery; what it shows is opened by its own address."""

    id: int
    kind: ProofKind
    by: str
    at: datetime


class ParcelWithTracking(BaseModel):
    """A parcel, what was said about it (newest first), and its proofs."""

    parcel: ParcelRow
    tracking: list[Said]
    proofs: list[Proof]


class LooseLine(BaseModel):
    """Pieces of an order that are in no parcel yet."""

    line_id: int
    title: str
    label: str
    quantity: int


class OrderParcels(BaseModel):
    """The parcels of an order, and what still has to be packed. `may_pack` is false while it must not be sent."""

    parcels: list[ParcelRow]
    loose: list[LooseLine]
    may_pack: bool


class ParcelPage(BaseModel):
    """Parcels of one kind, oldest first where they wait, newest first else."""

    parcels: list[ParcelRow]
    next: str | None


class PlaceRow(BaseModel):
    """A location goods can be sent from."""

    id: int
    name: str


SHELVES: dict[str, ColumnElement[bool]] = {
    "to_send": Shipment.state.in_(BEFORE_LEAVING),
    "on_the_way": Shipment.state.in_(ON_THE_ROAD) & (Shipment.state != ShipmentState.EXCEPTION),
    "trouble": (Shipment.state == ShipmentState.EXCEPTION)
    | (Shipment.state.in_(GONE_WRONG) & Shipment.resolution.is_(None)),
    "done": (Shipment.state == ShipmentState.DELIVERED) | Shipment.resolution.is_not(None),
}
"""The lists of the parcels' page."""


async def parcel_rows(session: AsyncSession, views: list[ParcelView], *, language: str) -> list[ParcelRow]:
    """Parcels as rows, with the names of their locations in this language."""
    places = await place_names(session, language=language)
    ids = {view.order_id for view in views}
    found = await session.execute(select(Order.id, Order.number).where(Order.id.in_(ids)))
    numbers = dict(found.all())
    goods = {line.variant_id for view in views for line in view.lines}
    of_digital = select(Variant.id).join(Product, Product.id == Variant.product_id).where(Product.is_digital)
    digital = set(await session.scalars(of_digital.where(Variant.id.in_(goods))))
    return [_row(view, numbers[view.order_id], places, digital) for view in views]


async def parcel_page(
    session: AsyncSession, *, shelf: str, location_id: int | None, start: int, limit: int, language: str
) -> ParcelPage:
    """One page of a list. Raises Refused("parcel.shelf_unknown")."""
    if shelf not in SHELVES:
        raise Refused("parcel.shelf_unknown", shelf=shelf[:20])
    which = SHELVES[shelf]
    if location_id is not None:
        which &= Shipment.location_id == location_id
    views = await parcels_where(session, which, newest_first=shelf != "to_send", offset=start, limit=limit + 1)
    rows = await parcel_rows(session, views[:limit], language=language)
    return ParcelPage(parcels=rows, next=str(start + limit) if len(views) > limit else None)


async def whole_parcel(session: AsyncSession, shipment_id: int, *, language: str) -> ParcelWithTracking:
    """One parcel with everything about it. Raises Refused("shipment.unknown")."""
    (row,) = await parcel_rows(session, [await parcel_view(session, shipment_id)], language=language)
    said = [
        Said(at=one.at, state=one.state, text=one.text, source=one.source, applied=one.applied)
        for one in await tracking_of(session, shipment_id)
    ]
    found = select(DeliveryProof).where(DeliveryProof.shipment_id == shipment_id).order_by(DeliveryProof.id)
    proofs = [Proof(id=one.id, kind=one.kind, by=one.by, at=one.at) for one in await session.scalars(found)]
    return ParcelWithTracking(parcel=row, tracking=said, proofs=proofs)


async def order_parcels(session: AsyncSession, number: str, *, language: str) -> OrderParcels:
    """The parcels of an order and what is in none. Raises Refused("order.unknown")."""
    order = await order_view(session, number)
    views = (await parcels_of(session, [order.order_id]))[order.order_id]
    loose = await pieces_to_pack(session, order.order_id)
    lines = [
        LooseLine(line_id=line.line_id, title=line.title, label=line.label, quantity=loose[line.line_id])
        for line in order.lines
        if loose.get(line.line_id, 0) > 0
    ]
    may_pack = order.status == "placed" and order.hold_reason is None and bool(order.address_line)
    rows = await parcel_rows(session, views, language=language)
    return OrderParcels(parcels=rows, loose=lines, may_pack=may_pack)


async def place_names(session: AsyncSession, *, language: str) -> dict[int, str]:
    """{location id: its name in this language}, in the order in which they are asked."""
    return {
        place.id: place.name.get(language) or next(iter(place.name.values()), place.code)
        for place in await locations(session, also_closed=True)
    }


def _row(view: ParcelView, number: str, places: dict[int, str], digital: set[int]) -> ParcelRow:
    may_become = [state for state in STAFF_MAY_SAY if state in MOVES[view.state] and view.state not in BEFORE_LEAVING]
    return ParcelRow(
        id=view.shipment_id,
        order_id=view.order_id,
        order_number=number,
        location_id=view.location_id,
        location=places.get(view.location_id, "") if view.location_id is not None else "",
        method=view.method,
        is_digital=all(line.variant_id in digital for line in view.lines),
        state=view.state,
        carrier=view.carrier,
        is_known_carrier=company_of(view.carrier) is not None,
        tracking_number=view.tracking_number,
        tracking_url=view.tracking_url,
        lines=[
            ParcelLine(
                line_id=line.line_id,
                variant_id=line.variant_id,
                title=line.title,
                label=line.label,
                quantity=line.quantity,
                picture=line.picture,
            )
            for line in view.lines
        ],
        replaces_id=view.replaces_id,
        resolution=view.resolution,
        may_become=[] if view.resolution is not None else may_become,
        created_at=view.created_at,
        state_at=view.state_at,
        shipped_at=view.shipped_at,
        delivered_at=view.delivered_at,
    )
