"""What the staff does with parcels, for the HTTP interface and the console alike: each act one transaction, written
down in the audit log, told to other screens."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.model import Role
from admin_api.parcel_views import (
    OrderParcels,
    ParcelPage,
    ParcelRow,
    ParcelWithTracking,
    order_parcels,
    parcel_page,
    parcel_rows,
    whole_parcel,
)
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import read_cursor
from commerce.catalog.media import tidied
from commerce.orders.model import Order
from commerce.orders.queries import order_view
from commerce.shipping import actions, mending, pickup, tracking
from commerce.shipping.model import DeliveryProof, ProofKind, Shipment, ShipmentState
from commerce.shipping.queries import parcel_view
from commerce.shipping.simulated import SIMULATED, new_number
from commerce.shipping.splitting import make_parcels
from conversations.events import tell_staff
from foundation.audit import write_audit
from foundation.errors import Json, Refused
from foundation.money import exponent


async def list_parcels(
    session: AsyncSession, staff: StaffMember, *, shelf: str, location_id: int | None, cursor: str | None, limit: int
) -> ParcelPage:
    """Parcels of one list: to_send, on_the_way, trouble, done. Refuses parcel.shelf_unknown, cursor.invalid."""
    staff.must(Permission.READ_ORDERS)
    start = read_cursor(cursor) or 0
    return await parcel_page(
        session, shelf=shelf, location_id=location_id, start=start, limit=limit, language=staff.language
    )


async def read_parcel(session: AsyncSession, staff: StaffMember, *, parcel_id: int) -> ParcelWithTracking:
    """One parcel with its timeline. Refuses shipment.unknown."""
    staff.must(Permission.READ_ORDERS)
    return await whole_parcel(session, parcel_id, language=staff.language)


async def parcels_of_order(session: AsyncSession, staff: StaffMember, *, number: str) -> OrderParcels:
    """The parcels of an order, and what is in none. Refuses order.unknown."""
    staff.must(Permission.READ_ORDERS)
    return await order_parcels(session, number, language=staff.language)


async def make(
    desk: Desk, staff: StaffMember, *, number: str, lines: Mapping[int, int] | None, location_id: int | None
) -> OrderParcels:
    """Put pieces together; without lines all, without a place in as few as can be. Refuses as `make_shipment`."""
    staff.must(Permission.SHIP_ORDERS)
    async with ring_after(desk.database, desk.doorbell), desk.database.begin() as session:
        order = await order_view(session, number)
        if location_id is None:
            made = await make_parcels(session, order_id=order.order_id, lines=lines, now=desk.now())
        else:
            made = [
                await actions.make_shipment(
                    session, order_id=order.order_id, lines=lines, location_id=location_id, now=desk.now()
                )
            ]
        for shipment in made:
            _note_down(session, desk, staff, "parcel.made", shipment.id)
        await tell_staff(session, "order", order.order_id)
        return await order_parcels(session, number, language=staff.language)


async def pick(desk: Desk, staff: StaffMember, *, parcel_id: int) -> ParcelRow:
    """Somebody has taken the goods from the shelf. Refuses shipment.move_refused."""
    async with _act(desk, staff, parcel_id) as session:
        await actions.pick_shipment(session, shipment_id=parcel_id, now=desk.now())
        return await _done(session, desk, staff, "parcel.picked", parcel_id)


async def pack(desk: Desk, staff: StaffMember, *, parcel_id: int) -> ParcelRow:
    """The box is closed; a pick-up is ready. Refuses shipment.move_refused."""
    async with _act(desk, staff, parcel_id) as session:
        await actions.pack_shipment(session, shipment_id=parcel_id, now=desk.now())
        return await _done(session, desk, staff, "parcel.packed", parcel_id)


async def ship(
    desk: Desk, staff: StaffMember, *, parcel_id: int, carrier: str, tracking_number: str, tracking_url: str = ""
) -> ParcelRow:
    """It is with its carrier. The practice carrier makes its number itself. Refuses what `ship_shipment` does."""
    if carrier == SIMULATED and not desk.settings.carrier_simulator:
        raise Refused("parcel.no_practice_carrier")
    number = tracking_number or (new_number() if carrier == SIMULATED else "")
    async with _act(desk, staff, parcel_id) as session:
        await actions.ship_shipment(
            session,
            shipment_id=parcel_id,
            carrier=carrier,
            tracking_number=number,
            tracking_url=tracking_url,
            now=desk.now(),
        )
        return await _done(session, desk, staff, "parcel.shipped", parcel_id)


async def call_off(desk: Desk, staff: StaffMember, *, parcel_id: int) -> ParcelRow:
    """Unpack what has not left. Refuses shipment.move_refused."""
    async with _act(desk, staff, parcel_id) as session:
        await actions.cancel_shipment(session, shipment_id=parcel_id, now=desk.now())
        return await _done(session, desk, staff, "parcel.cancelled", parcel_id)


async def say(desk: Desk, staff: StaffMember, *, parcel_id: int, state: ShipmentState, text: str) -> ParcelRow:
    """The staff knows how a parcel on its way stands. Refuses shipment.move_refused."""
    async with _act(desk, staff, parcel_id) as session:
        await tracking.say(session, shipment_id=parcel_id, state=state, text=text, now=desk.now())
        return await _done(session, desk, staff, "parcel.said", parcel_id, state=state.value)


async def hand_over(desk: Desk, staff: StaffMember, *, parcel_id: int, code: str) -> ParcelRow:
    """Give a pick-up to whoever says the code. Refuses pickup.wrong_code (`left`), pickup.locked, pickup.not_ready."""
    async with _act(desk, staff, parcel_id) as session:
        result = await pickup.hand_over(session, shipment_id=parcel_id, code=code, now=desk.now())
        row = await _done(session, desk, staff, "parcel.handed_over" if result.done else "parcel.wrong_code", parcel_id)
    if not result.done:  # only now: the wrong try has been counted and stays counted
        raise Refused("pickup.wrong_code", left=result.tries_left)
    return row


async def new_code(desk: Desk, staff: StaffMember, *, parcel_id: int) -> ParcelRow:
    """Send the owner of a pick-up a new code. Refuses pickup.not_ready."""
    async with _act(desk, staff, parcel_id) as session:
        await pickup.renew_code(session, shipment_id=parcel_id, now=desk.now())
        return await _done(session, desk, staff, "parcel.new_code", parcel_id)


async def prove_by_name(desk: Desk, staff: StaffMember, *, parcel_id: int, name: str) -> ParcelRow:
    """Who took a parcel. One on its way is delivered by that. Refuses shipment.not_sent."""
    return await _prove(desk, staff, parcel_id, ProofKind.NAME, name)


async def prove_by_photo(desk: Desk, staff: StaffMember, *, parcel_id: int, content: bytes) -> ParcelRow:
    """A photo of the parcel at its door, kept sealed, without place and camera. Refuses media.*, shipment.not_sent."""
    staff.must(Permission.SHIP_ORDERS)
    photo = base64.b64encode(await asyncio.to_thread(tidied, content)).decode()
    return await _prove(desk, staff, parcel_id, ProofKind.PHOTO, photo)


async def open_proof(desk: Desk, staff: StaffMember, *, parcel_id: int, proof_id: int) -> tuple[ProofKind, str]:
    """What a proof shows: a name, or a photo in base64. Opening it is written into the audit log."""
    staff.must(Permission.OPEN_ADDRESSES)
    async with desk.database.begin() as session:
        proof = await session.scalar(
            select(DeliveryProof).where(DeliveryProof.id == proof_id, DeliveryProof.shipment_id == parcel_id)
        )
        if proof is None:
            raise Refused("proof.unknown")
        _note_down(session, desk, staff, "parcel.proof_opened", parcel_id)
        return proof.kind, desk.vault.open(proof.content_sealed)


async def reship(desk: Desk, staff: StaffMember, *, parcel_id: int, location_id: int | None) -> ParcelRow:
    """Send the goods of a parcel that went wrong once more. Refuses shipment.not_to_mend, stock.short."""
    async with _act(desk, staff, parcel_id) as session:
        again = await mending.reship(session, shipment_id=parcel_id, location_id=location_id, now=desk.now())
        _note_down(session, desk, staff, "parcel.sent_again", parcel_id)
        return await _done(session, desk, staff, "parcel.made", again.id)


async def refund(desk: Desk, staff: StaffMember, *, parcel_id: int) -> ParcelRow:
    """Give the money of a parcel that went wrong back. Refuses shipment.not_to_mend, refund.above_limit."""
    staff.must(Permission.REFUND)
    async with _act(desk, staff, parcel_id, Permission.REFUND) as session:
        shipment = await session.get_one(Shipment, parcel_id)
        order = await session.get_one(Order, shipment.order_id)
        limit = _limit(desk, staff, order.currency)
        amount = await mending.refund_parcel(session, shipment_id=parcel_id, limit=limit, now=desk.now())
        return await _done(session, desk, staff, "parcel.refunded", parcel_id, amount=amount)


async def unpack(desk: Desk, staff: StaffMember, *, parcel_id: int, location_id: int | None) -> ParcelRow:
    """Put a parcel that came back on the shelf again. Refuses shipment.not_back."""
    async with _act(desk, staff, parcel_id) as session:
        pieces = await mending.take_parcel_back(session, shipment_id=parcel_id, location_id=location_id, now=desk.now())
        return await _done(session, desk, staff, "parcel.unpacked", parcel_id, pieces=pieces)


@asynccontextmanager
async def _act(
    desk: Desk, staff: StaffMember, parcel_id: int, permission: Permission = Permission.SHIP_ORDERS
) -> AsyncIterator[AsyncSession]:
    staff.must(permission)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        await parcel_view(session, parcel_id)
        yield session


async def _prove(desk: Desk, staff: StaffMember, parcel_id: int, kind: ProofKind, content: str) -> ParcelRow:
    async with _act(desk, staff, parcel_id) as session:
        await tracking.prove_delivery(session, shipment_id=parcel_id, kind=kind, content=content, now=desk.now())
        return await _done(session, desk, staff, "parcel.proved", parcel_id, proof=kind.value)


async def _done(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, parcel_id: int, **facts: Json
) -> ParcelRow:
    _note_down(session, desk, staff, action, parcel_id, **facts)
    (row,) = await parcel_rows(session, [await parcel_view(session, parcel_id)], language=staff.language)
    await tell_staff(session, "order", row.order_id)
    return row


def _note_down(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, parcel_id: int, **facts: Json
) -> None:
    write_audit(session, staff_id=staff.id, action=action, subject=f"parcel:{parcel_id}", now=desk.now(), **facts)


def _limit(desk: Desk, staff: StaffMember, currency: str) -> int | None:
    """The most this person may give back by themselves, in minor units; None: as much as there is."""
    whole = {Role.AGENT: desk.settings.refund_limit_agent, Role.SUPERVISOR: desk.settings.refund_limit_supervisor}
    most = whole.get(staff.role)
    return None if most is None else most * 10 ** exponent(currency)
