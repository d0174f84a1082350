"""Asking carriers about parcels: read in one transaction, call without one, write in another."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import note
from commerce.orders.model import Order
from commerce.orders.snapshot import open_address
from commerce.shipping.companies import ASKS_FOR_PHONE, company_of
from commerce.shipping.model import ON_THE_ROAD, Shipment, TrackingEvent
from commerce.shipping.port import Carrier, Followed, Heard
from commerce.shipping.queries import locked_shipment
from commerce.shipping.tracking import (
    ASK_ABOUT_PARCEL,
    FOLLOW_PARCEL,
    Saying,
    record_tracking,
    saying_key,
    shipments_with_number,
)
from foundation.database import Database, JsonMap
from foundation.errors import Refused
from foundation.jobs import enqueue

log = structlog.get_logger(__name__)

WATCHER = "kuaidi100"
"""Who watches parcels of carriers that are known by name, where it is set up."""
AGAIN_AFTER = timedelta(days=1)
MOST_AGAIN = 2
_ENDED = "watching ended"


@dataclass(frozen=True, slots=True)
class Mailroom:
    """What jobs and doors need to hear of parcels."""

    database: Database
    carriers: Mapping[str, Carrier]
    now: Callable[[], datetime]


async def follow_parcel(mailroom: Mailroom, payload: JsonMap) -> None:
    """Have a parcel watched. A job; without anybody to watch it, or when it is there already, nothing happens."""
    shipment_id = int(payload["shipment_id"])
    watcher = mailroom.carriers.get(WATCHER)
    parcel = await _followed(mailroom, shipment_id)
    if watcher is None or parcel is None:
        return
    try:
        await watcher.follow(parcel)
    except Refused as refused:
        log.warning("a parcel cannot be watched", shipment=shipment_id, answer=refused.facts.get("answer"))
        async with mailroom.database.begin() as session:
            order, _ = await locked_shipment(session, shipment_id)
            note(session, order, "tracking_refused", by="system", now=mailroom.now(), shipment_id=shipment_id)


async def ask_about_parcel(mailroom: Mailroom, payload: JsonMap) -> None:
    """Ask where a parcel is, because somebody wants to know. A job; what is heard moves the parcel."""
    shipment_id = int(payload["shipment_id"])
    watcher = mailroom.carriers.get(WATCHER)
    parcel = await _followed(mailroom, shipment_id)
    if watcher is None or parcel is None:
        return
    sayings = await watcher.query(parcel)
    async with mailroom.database.begin() as session:
        await record_tracking(
            session, shipment_id=shipment_id, sayings=sayings, source=watcher.name, now=mailroom.now()
        )


async def receive_push(mailroom: Mailroom, carrier: str, form: Mapping[str, str]) -> int:
    """A carrier pushes what it knows; returns how many parcels of ours that was about. Pushed again, nothing changes.

    Raises Refused("webhook.unknown_provider"), ("webhook.forged"), ("webhook.unreadable").
    """
    if carrier not in mailroom.carriers:
        raise Refused("webhook.unknown_provider")
    heard = mailroom.carriers[carrier].read(form)
    async with mailroom.database.begin() as session:
        parcels = await shipments_with_number(session, tracking_number=heard.tracking_number)
    for shipment_id in parcels:
        async with mailroom.database.begin() as session:
            now = mailroom.now()
            await record_tracking(session, shipment_id=shipment_id, sayings=heard.sayings, source=carrier, now=now)
            if heard.ended:
                await _watching_ended(session, shipment_id, heard, source=carrier, now=now)
    return len(parcels)


async def _watching_ended(session: AsyncSession, shipment_id: int, heard: Heard, *, source: str, now: datetime) -> None:
    """Nobody watches this parcel any more: the staff is told in its history, and it is asked for again a day later."""
    order, shipment = await locked_shipment(session, shipment_id)
    before = select(func.count()).where(TrackingEvent.shipment_id == shipment_id, TrackingEvent.source == _ENDED)
    times = await session.scalar(before) or 0
    day = now.date().isoformat()
    saying = Saying(saying_key(_ENDED, heard.ended, day), None, heard.ended, now)
    known = select(TrackingEvent.id).where(TrackingEvent.shipment_id == shipment_id, TrackingEvent.key == saying.key)
    if await session.scalar(known) is not None:
        return
    await record_tracking(session, shipment_id=shipment_id, sayings=[saying], source=_ENDED, now=now)
    note(session, order, "tracking_ended", by="system", now=now, shipment_id=shipment_id, source=source)
    if heard.again and times < MOST_AGAIN and shipment.state in ON_THE_ROAD:
        key = f"{FOLLOW_PARCEL}:{shipment_id}:{times + 1}"
        await enqueue(session, FOLLOW_PARCEL, {"shipment_id": shipment_id}, key=key, after=AGAIN_AFTER)


async def _followed(mailroom: Mailroom, shipment_id: int) -> Followed | None:
    async with mailroom.database.begin() as session:
        shipment = await session.get(Shipment, shipment_id)
        if shipment is None or shipment.state not in ON_THE_ROAD:
            return None
        company = company_of(shipment.carrier)
        if company is None:
            return None
        phone = ""
        if company in ASKS_FOR_PHONE:
            phone = open_address(session, await session.get_one(Order, shipment.order_id)).phone[-4:]
        return Followed(company, shipment.tracking_number, phone)


JOBS: dict[str, Callable[[Mailroom, JsonMap], Awaitable[None]]] = {
    FOLLOW_PARCEL: follow_parcel,
    ASK_ABOUT_PARCEL: ask_about_parcel,
}
