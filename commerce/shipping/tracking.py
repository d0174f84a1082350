"""What is said about parcels on their way: each saying is kept once, and moves a parcel forward or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import Actor, note
from commerce.orders.model import Order
from commerce.shipping.companies import company_of
from commerce.shipping.model import (
    BEFORE_LEAVING,
    LEFT,
    ON_THE_ROAD,
    DeliveryProof,
    ProofKind,
    Shipment,
    ShipmentState,
    TrackingEvent,
    follows,
)
from commerce.shipping.queries import locked_shipment
from commerce.shipping.stages import arrived, tell_stage
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.jobs import enqueue

FOLLOW_PARCEL = "shipping.follow_parcel"
ASK_ABOUT_PARCEL = "shipping.ask_about_parcel"
ASKED_EVERY = timedelta(minutes=30)
LONGEST_TEXT = 500
STAFF_MAY_SAY = (
    ShipmentState.IN_TRANSIT,
    ShipmentState.OUT_FOR_DELIVERY,
    ShipmentState.DELIVERED,
    ShipmentState.EXCEPTION,
    ShipmentState.LOST,
    ShipmentState.RETURNED_TO_SENDER,
)


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing said about a parcel. The same `key` is the same saying; `state` is None where it says none."""

    key: str
    state: ShipmentState | None
    text: str
    at: datetime


def saying_key(*parts: str) -> str:
    """A key (64 characters) for a saying that has no name of its own, made of all that it says."""
    return sha256("\x1f".join(parts).encode()).hexdigest()


async def record_tracking(
    session: AsyncSession, *, shipment_id: int, sayings: Sequence[Saying], source: str, now: datetime
) -> list[Saying]:
    """Keep what is new and move the parcel by it, oldest first; returns the sayings that moved it.

    Late and repeated ones are kept or known, and move nothing back. Of several stages in one go the shopper hears the
    last. A parcel that was sent again or refunded is not moved any more. Raises Refused("shipment.unknown").
    """
    order, shipment = await locked_shipment(session, shipment_id)
    moved = await apply_sayings(session, order, shipment, sayings, source=source, by="system", now=now)
    if moved:
        tell_stage(session, order, shipment, now=now)
    await session.flush()
    return moved


async def say(session: AsyncSession, *, shipment_id: int, state: ShipmentState, text: str, now: datetime) -> Shipment:
    """The staff knows how a parcel stands. Raises Refused("shipment.move_refused") where it cannot stand so."""
    order, shipment = await locked_shipment(session, shipment_id)
    at = now  # what the staff says now is newer than all that was said, if only by a moment
    if shipment.tracked_at is not None:
        at = max(now, shipment.tracked_at + timedelta(microseconds=1))
    saying = Saying(f"staff:{now.isoformat()}:{state}", state, text, at)
    before = shipment.state
    moved = state in STAFF_MAY_SAY and await apply_sayings(
        session, order, shipment, [saying], source="staff", by="staff", now=now
    )
    if not moved:
        raise Refused("shipment.move_refused", before=before.value, after=state.value, shipment=shipment_id)
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    return shipment


async def prove_delivery(
    session: AsyncSession, *, shipment_id: int, kind: ProofKind, content: str, now: datetime
) -> Shipment:
    """The staff has a proof that a parcel was handed over: a photo (base64) or the name of who took it.

    A parcel on the road is delivered by it. Raises Refused("shipment.not_sent") before it has left.
    """
    order, shipment = await locked_shipment(session, shipment_id)
    if shipment.state not in LEFT:
        raise Refused("shipment.not_sent", number=order.number)
    vault: Vault = session.info["vault"]
    session.add(
        DeliveryProof(shipment_id=shipment_id, kind=kind, by="staff", content_sealed=vault.seal(content), at=now)
    )
    note(session, order, "delivery_proved", by="staff", now=now, shipment_id=shipment_id, proof=kind.value)
    if shipment.state in ON_THE_ROAD:
        said = Saying(f"proof:{now.isoformat()}", ShipmentState.DELIVERED, "", now)
        await apply_sayings(session, order, shipment, [said], source="staff", by="staff", now=now)
        tell_stage(session, order, shipment, now=now)
    await session.flush()
    return shipment


async def want_to_know(session: AsyncSession, *, shipment_id: int, now: datetime) -> None:
    """Somebody looks for a parcel: have its carrier asked, unless it has just spoken. Done by a job, after this."""
    shipment = await session.get_one(Shipment, shipment_id)
    if shipment.state not in ON_THE_ROAD or company_of(shipment.carrier) is None:
        return
    newest = select(func.max(TrackingEvent.received_at)).where(TrackingEvent.shipment_id == shipment_id)
    heard_at = await session.scalar(newest)
    if heard_at is None or heard_at <= now - ASKED_EVERY:
        half_hour = int(now.timestamp() // ASKED_EVERY.total_seconds())
        key = f"{ASK_ABOUT_PARCEL}:{shipment_id}:{half_hour}"
        await enqueue(session, ASK_ABOUT_PARCEL, {"shipment_id": shipment_id}, key=key)


async def shipments_with_number(session: AsyncSession, *, tracking_number: str) -> list[int]:
    """The ids of the parcels that left under this number; several boxes may share one."""
    found = select(Shipment.id).where(
        Shipment.tracking_number == tracking_number,
        Shipment.tracking_number != "",
        Shipment.state.not_in((*BEFORE_LEAVING, ShipmentState.CANCELLED)),
    )
    return list(await session.scalars(found.order_by(Shipment.order_id, Shipment.id)))


async def apply_sayings(
    session: AsyncSession,
    order: Order,
    shipment: Shipment,
    sayings: Sequence[Saying],
    *,
    source: str,
    by: Actor,
    now: datetime,
) -> list[Saying]:
    """The part of `record_tracking` below its locks: keeps and applies, tells nobody. Order and shipment are locked."""
    vault: Vault = session.info["vault"]
    moved: list[Saying] = []
    await session.flush()
    for saying in sorted(sayings, key=lambda one: one.at):
        event_id = await session.scalar(
            insert(TrackingEvent)
            .values(
                shipment_id=shipment.id,
                key=saying.key[:64],
                source=source,
                state=saying.state,
                text_sealed=vault.seal(saying.text[:LONGEST_TEXT]),
                at=saying.at,
                received_at=now,
                applied=False,
            )
            .on_conflict_do_nothing(index_elements=["shipment_id", "key"])
            .returning(TrackingEvent.id)
        )
        is_news = event_id is not None and shipment.resolution is None
        if is_news and follows(shipment.state, shipment.tracked_at, said=saying.state, at=saying.at):
            assert saying.state is not None
            event = await session.get_one(TrackingEvent, event_id)
            event.applied = True
            when = min(saying.at, now)  # a clock that runs ahead must not keep later sayings from counting
            shipment.move_to(saying.state, now=when)
            shipment.tracked_at = max(when, shipment.tracked_at or when)
            moved.append(saying)
            if saying.state is ShipmentState.DELIVERED:
                await arrived(session, order, shipment, by=by, now=now)
            elif saying.state not in ON_THE_ROAD or saying.state is ShipmentState.EXCEPTION:
                note(session, order, f"parcel_{saying.state}", by=by, now=now, shipment_id=shipment.id)
    return moved
