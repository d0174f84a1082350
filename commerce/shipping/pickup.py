"""Goods fetched at the counter: a code of six digits proves who fetches them. Wrong ones are counted and limited."""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import note
from commerce.orders.model import DeliveryMethod, Order
from commerce.shipping.model import DeliveryProof, ProofKind, Shipment, ShipmentState
from commerce.shipping.queries import locked_shipment
from commerce.shipping.stages import arrived, leave, tell_stage
from foundation.encryption import Vault
from foundation.errors import Refused

MOST_TRIES = 5
"""Wrong codes for one pick-up before it needs a new one: five guesses of a million."""
_KIND = "pickup_code"
_SIGNED_BYTES = 12


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whether the goods were handed over; else how many more codes may be tried."""

    done: bool
    tries_left: int


def issue_code(session: AsyncSession, shipment: Shipment) -> None:
    """Give a pick-up a new code; the one before is worth nothing any more. The row must be locked and have its id."""
    vault: Vault = session.info["vault"]
    code = f"{secrets.randbelow(1_000_000):06d}"
    shipment.pickup_code_sealed = vault.seal(code)
    shipment.pickup_code_index = _index(vault, shipment.id, code)
    shipment.code_tries = 0


def code_of(session: AsyncSession, shipment: Shipment) -> str | None:
    """The code of a pick-up that is ready, for its owner's eyes only."""
    vault: Vault = session.info["vault"]
    ready = shipment.state is ShipmentState.PACKED and shipment.pickup_code_sealed is not None
    return vault.open(shipment.pickup_code_sealed) if ready and shipment.pickup_code_sealed else None


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The code of an order that waits to be fetched at this location."""

    number: str
    code: str
    location_id: int | None


def pickup_token(vault: Vault, shipment_id: int) -> str:
    """The opaque end of a link that shows the code of a pick-up to whoever it was given to, while the goods wait."""
    number = shipment_id.to_bytes(8)
    return base64.urlsafe_b64encode(number + vault.sign(_KIND, number)[:_SIGNED_BYTES]).decode().rstrip("=")


async def shown_code(session: AsyncSession, *, token: str) -> ShownCode | None:
    """What such a link shows; None once the goods are fetched, while no code is good, and for what is no link."""
    vault: Vault = session.info["vault"]
    try:
        read = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    if len(read) != 8 + _SIGNED_BYTES or not vault.verify(_KIND, read[:8], read[8:]):
        return None
    shipment = await session.get(Shipment, int.from_bytes(read[:8]))
    if shipment is None or shipment.code_tries >= MOST_TRIES or (code := code_of(session, shipment)) is None:
        return None
    order = await session.get_one(Order, shipment.order_id)
    return ShownCode(order.number, code, shipment.location_id)


async def pickup_code(session: AsyncSession, *, shipment_id: int, customer_id: int) -> str:
    """The code once more, for the customer whose order it is; a new one when too many wrong ones were tried.

    Raises Refused("shipment.unknown") for anybody else's, ("pickup.not_ready").
    """
    order, shipment = await locked_shipment(session, shipment_id)
    if order.customer_id != customer_id:
        raise Refused("shipment.unknown", shipment=shipment_id)
    if shipment.code_tries >= MOST_TRIES:
        issue_code(session, shipment)
        await session.flush()
    code = code_of(session, shipment)
    if code is None:
        raise Refused("pickup.not_ready", number=order.number)
    return code


async def hand_over(session: AsyncSession, *, shipment_id: int, code: str, now: datetime) -> HandOver:
    """Give the goods to whoever says the code. A wrong one is counted and comes back as a value: commit it.

    Raises Refused: pickup.not_ready, pickup.locked (after five wrong ones, whatever the next is; the shopper asks for
    a new code in the chat), shipment.cancelled_meanwhile.
    """
    order, shipment = await locked_shipment(session, shipment_id)
    if shipment.method is not DeliveryMethod.PICKUP or shipment.state is not ShipmentState.PACKED:
        raise Refused("pickup.not_ready", number=order.number)
    if shipment.code_tries >= MOST_TRIES or shipment.pickup_code_index is None:
        raise Refused("pickup.locked", number=order.number)
    vault: Vault = session.info["vault"]
    if not hmac.compare_digest(_index(vault, shipment_id, _digits(code)), shipment.pickup_code_index):
        return HandOver(done=False, tries_left=await _count_wrong(session, shipment))
    await leave(session, order, shipment, by="staff", now=now)
    shipment.move_to(ShipmentState.DELIVERED, now=now)
    shipment.pickup_code_sealed = shipment.pickup_code_index = None
    sealed = vault.seal("pick-up code")
    session.add(DeliveryProof(shipment_id=shipment_id, kind=ProofKind.CODE, by="staff", content_sealed=sealed, at=now))
    await arrived(session, order, shipment, by="staff", now=now)
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    return HandOver(done=True, tries_left=MOST_TRIES)


async def renew_code(session: AsyncSession, *, shipment_id: int, now: datetime) -> Shipment:
    """The staff has a new code sent to the owner, who is told. Raises Refused("pickup.not_ready")."""
    order, shipment = await locked_shipment(session, shipment_id)
    if shipment.method is not DeliveryMethod.PICKUP or shipment.state is not ShipmentState.PACKED:
        raise Refused("pickup.not_ready", number=order.number)
    issue_code(session, shipment)
    shipment.told = [kind for kind in shipment.told if kind != "pickup_ready"]
    note(session, order, "pickup_code_renewed", by="staff", now=now, shipment_id=shipment_id)
    tell_stage(session, order, shipment, now=now)
    await session.flush()
    return shipment


async def _count_wrong(session: AsyncSession, shipment: Shipment) -> int:
    tries = await session.scalar(
        update(Shipment)
        .where(Shipment.id == shipment.id, Shipment.code_tries < MOST_TRIES)
        .values(code_tries=Shipment.code_tries + 1)
        .returning(Shipment.code_tries)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(shipment)
    return MOST_TRIES - (tries or MOST_TRIES)


def _digits(said: str) -> str:
    return "".join(str(int(one)) for one in said if one.isdecimal())[:12]


def _index(vault: Vault, shipment_id: int, code: str) -> bytes:
    return vault.blind(_KIND, f"{shipment_id}:{code}")
