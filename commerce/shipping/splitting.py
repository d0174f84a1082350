"""Which location sends what of an order: as few parcels as can be, and of equally few the cheapest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.locations import locations
from commerce.inventory.model import Hold, HoldState, StockLevel
from commerce.orders.locks import locked_order
from commerce.orders.model import DeliveryMethod, OrderLine
from commerce.shipping.actions import make_shipment, pieces_to_pack, wanted_pieces
from commerce.shipping.model import Shipment
from foundation.errors import Refused

MOST_TOGETHER = 4
"""Every choice of up to so many locations is looked at; where that is not enough, the fullest go first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A location with what it can give of the wanted variants, and what a parcel from there costs."""

    location_id: int
    cost: int
    has: Mapping[int, int]


def fewest_parcels(wanted: Mapping[int, int], places: Sequence[Place]) -> dict[int, dict[int, int]] | None:
    """{location id: {variant id: pieces}} for {variant id: pieces}; None where all of them together have too few.

    `places` in the order in which equally good ones are asked.
    """
    useful = [place for place in places if any(place.has.get(variant, 0) for variant in wanted)]
    if any(sum(place.has.get(variant, 0) for place in useful) < pieces for variant, pieces in wanted.items()):
        return None
    for count in range(1, min(len(useful), MOST_TOGETHER) + 1):
        able = [chosen for chosen in combinations(useful, count) if _can_fill(wanted, chosen)]
        if able:
            return _shared_out(wanted, min(able, key=lambda chosen: sum(place.cost for place in chosen)))
    fullest = sorted(useful, key=lambda place: -sum(min(place.has.get(one, 0), n) for one, n in wanted.items()))
    return _shared_out(wanted, fullest)


async def plan_parcels(
    session: AsyncSession, *, order_id: int, lines: Mapping[int, int] | None = None
) -> dict[int, dict[int, int]]:
    """{location id: {order line id: pieces}} for these pieces of an order, or for all that are in no parcel yet.

    Where what is promised to the order lies counts first; goods that are free elsewhere are used when that saves a
    parcel. A pick-up is gathered where it is fetched. Raises what `wanted_pieces` raises, ("stock.short").
    """
    order = await locked_order(session, order_id)
    sendable = await pieces_to_pack(session, order_id)
    loose = wanted_pieces(order, sendable, lines)
    found = await session.execute(select(OrderLine.id, OrderLine.variant_id).where(OrderLine.id.in_(loose)))
    variant_of = dict(found.all())
    wanted: dict[int, int] = {}
    for line, pieces in loose.items():
        wanted[variant_of[line]] = wanted.get(variant_of[line], 0) + pieces
    only = order.pickup_location_id if order.delivery_method is DeliveryMethod.PICKUP else None
    promised = await _places(session, order_id, wanted, only, with_free=False)
    plan = fewest_parcels(wanted, promised)
    if plan is None or len(plan) > 1:
        wider = fewest_parcels(wanted, await _places(session, order_id, wanted, only, with_free=True))
        if wider is not None and (plan is None or len(wider) < len(plan)):
            plan = wider
    if plan is None:
        raise Refused("stock.short", variant=next(iter(wanted)), left=0)
    return _by_line(plan, loose, variant_of)


async def make_parcels(
    session: AsyncSession, *, order_id: int, lines: Mapping[int, int] | None = None, now: datetime
) -> list[Shipment]:
    """Put these pieces of an order, or all that are in no parcel yet, into as few parcels as can be.

    Raises what `plan_parcels` and `make_shipment` raise.
    """
    plan = await plan_parcels(session, order_id=order_id, lines=lines)
    return [
        await make_shipment(session, order_id=order_id, lines=lines, location_id=place, now=now)
        for place, lines in plan.items()
    ]


async def _places(
    session: AsyncSession, order_id: int, wanted: Mapping[int, int], only: int | None, *, with_free: bool
) -> list[Place]:
    held = select(Hold.levels).where(Hold.order_id == order_id, Hold.state == HoldState.COMMITTED)
    promised: dict[int, int] = {}
    for levels in await session.scalars(held):
        for level_id, pieces in levels.items():
            promised[int(level_id)] = promised.get(int(level_id), 0) + int(pieces)
    has: dict[int, dict[int, int]] = {}
    rows = select(StockLevel).where(StockLevel.variant_id.in_(wanted)).execution_options(populate_existing=True)
    for level in await session.scalars(rows):
        free = max(level.on_hand + level.backorder - level.reserved, 0) if with_free else 0
        has.setdefault(level.location_id, {})[level.variant_id] = promised.get(level.id, 0) + free
    return [
        Place(place.id, place.parcel_cost, has[place.id])
        for place in await locations(session)
        if place.id in has and only in (None, place.id)
    ]


def _can_fill(wanted: Mapping[int, int], chosen: Sequence[Place]) -> bool:
    return all(sum(place.has.get(variant, 0) for place in chosen) >= pieces for variant, pieces in wanted.items())


def _shared_out(wanted: Mapping[int, int], chosen: Sequence[Place]) -> dict[int, dict[int, int]]:
    left = dict(wanted)
    shares: dict[int, dict[int, int]] = {}
    for place in chosen:
        for variant in wanted:
            taken = min(left[variant], place.has.get(variant, 0))
            if taken:
                shares.setdefault(place.location_id, {})[variant] = taken
                left[variant] -= taken
    return shares


def _by_line(
    plan: Mapping[int, Mapping[int, int]], loose: Mapping[int, int], variant_of: Mapping[int, int]
) -> dict[int, dict[int, int]]:
    left = dict(loose)
    lines: dict[int, dict[int, int]] = {}
    for place, pieces in plan.items():
        for variant, given in pieces.items():
            count = given
            for line in left:
                taken = min(left[line], count) if variant_of[line] == variant else 0
                if taken:
                    lines.setdefault(place, {})[line] = taken
                    left[line] -= taken
                    count -= taken
    return lines
