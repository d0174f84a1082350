"""A parcel that was lost or came back: it is sent again, or its money goes back. One of both, once."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.actions import take_back
from commerce.inventory.promises import SENT_AGAIN, add_pieces
from commerce.orders.benefits import give_back_share, is_replacement
from commerce.orders.cancelling import end_refused
from commerce.orders.covering import ask_for_rest, owed
from commerce.orders.locks import note, tell
from commerce.orders.model import Order, OrderLine
from commerce.payments.ledger import balance, refund_amount
from commerce.shipping.model import GONE_WRONG, Resolution, Shipment, ShipmentLine, ShipmentState
from commerce.shipping.queries import locked_shipment, shipment_lines
from commerce.shipping.stages import see_if_delivered
from foundation.errors import Refused


async def reship(session: AsyncSession, *, shipment_id: int, location_id: int | None = None, now: datetime) -> Shipment:
    """The same goods once more, reserved now. Raises Refused: shipment.not_to_mend, stock.short (`left`)."""
    order, lost = await _gone_wrong(session, shipment_id)
    within = await shipment_lines(session, lost.id)
    again = Shipment(
        order_id=order.id,
        location_id=location_id,
        method=lost.method,
        state=ShipmentState.PENDING,
        replaces_id=lost.id,
        created_at=now,
        state_at=now,
    )
    session.add(again)
    lost.resolution = Resolution.RESHIPPED
    await session.flush()
    pieces: dict[int, int] = {}
    for line, ordered in within:
        session.add(ShipmentLine(shipment_id=again.id, order_line_id=ordered.id, quantity=line.quantity))
        pieces[ordered.variant_id] = pieces.get(ordered.variant_id, 0) + line.quantity
    await add_pieces(session, order_id=order.id, pieces=pieces, key=reship_key(again), now=now, location_id=location_id)
    order.version += 1
    note(session, order, "parcel_sent_again", by="staff", now=now, shipment_id=lost.id, again=again.id)
    tell(session, order, "parcel_sent_again", now=now, shipment_id=lost.id)
    await session.flush()
    return again


async def refund_parcel(session: AsyncSession, *, shipment_id: int, limit: int | None = None, now: datetime) -> int:
    """Give back what the pieces of the parcel cost; returns the minor units. They count as returned from here on.

    What was still to be paid for them in cash is written off.
    `limit`: the most, in minor units, that whoever decides may give back. Raises Refused("shipment.not_to_mend"),
    ("shipment.returned_already") when they went back otherwise, ("refund.above_limit", limit=...), and
    ("shipment.exchanged") for a replacement: what it took over is money of the order that was exchanged.
    """
    order, lost = await _gone_wrong(session, shipment_id)
    if await is_replacement(session, order):
        raise Refused("shipment.exchanged", number=order.number)
    amount = 0
    for line, ordered in await shipment_lines(session, lost.id):
        amount += ordered.next_part(line.quantity).total
        counted = await session.scalar(
            update(OrderLine)
            .where(
                OrderLine.id == ordered.id,
                OrderLine.returned + OrderLine.returning + line.quantity <= OrderLine.shipped,
            )
            .values(returned=OrderLine.returned + line.quantity)
            .returning(OrderLine.id)
            .execution_options(synchronize_session=False)
        )
        if counted is None:
            raise Refused("shipment.returned_already", number=order.number)
        await session.refresh(ordered)
    lost.resolution = Resolution.REFUNDED
    order.version += 1
    cost, amount = amount, min(amount, (await balance(session, order.id)).kept)  # cash never paid does not go back
    if limit is not None and amount > limit:
        raise Refused("refund.above_limit", limit=limit, currency=order.currency)
    if amount:
        reason = "parcel_lost" if lost.state is ShipmentState.LOST else "parcel_returned"
        key = f"refund:parcel:{lost.id}"
        await refund_amount(session, order_id=order.id, amount=amount, reason=reason, key=key, now=now)
    lost.written_off = min(cost - amount, await owed(session, order))
    if lost.written_off:
        await ask_for_rest(session, order, now=now)
    await give_back_share(session, order, reference=f"parcel:{lost.id}", now=now)
    note(session, order, "parcel_refunded", by="staff", now=now, shipment_id=lost.id, amount=amount)
    tell(session, order, "parcel_refunded", now=now, shipment_id=lost.id, amount=amount)
    await see_if_delivered(session, order)
    await end_refused(session, order, now=now)
    await session.flush()
    return amount


async def take_parcel_back(session: AsyncSession, *, shipment_id: int, location_id: int | None, now: datetime) -> int:
    """A parcel that came back is unpacked and can be sold again, once; returns the pieces.

    Raises Refused("shipment.not_back") for any other, and when it was unpacked before.
    """
    order, shipment = await locked_shipment(session, shipment_id)
    if shipment.state is not ShipmentState.RETURNED_TO_SENDER or "unpacked" in shipment.told:
        raise Refused("shipment.not_back", number=order.number)
    shipment.told = [*shipment.told, "unpacked"]
    pieces = 0
    within = await shipment_lines(session, shipment.id)
    for line, ordered in sorted(within, key=lambda both: both[1].variant_id):
        pieces += line.quantity
        await take_back(
            session,
            variant_id=ordered.variant_id,
            quantity=line.quantity,
            reference=f"{order.number}/{shipment.id}",
            now=now,
            location_id=location_id if location_id is not None else shipment.location_id,
        )
    note(session, order, "parcel_unpacked", by="staff", now=now, shipment_id=shipment.id)
    await session.flush()
    return pieces


def reship_key(again: Shipment) -> str:
    """The name of the promise of stock for a parcel that goes out once more."""
    return f"{SENT_AGAIN}{again.id}"


async def _gone_wrong(session: AsyncSession, shipment_id: int) -> tuple[Order, Shipment]:
    order, shipment = await locked_shipment(session, shipment_id)
    if shipment.state not in GONE_WRONG or shipment.resolution is not None:
        raise Refused("shipment.not_to_mend", number=order.number)
    return order, shipment
