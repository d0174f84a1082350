"""The places where goods lie: made, changed, switched off when empty; and which of them can fill an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.model import Location, StockLevel
from foundation.database import JsonMap
from foundation.errors import Refused
from foundation.reading import Read

MAIN = "main"
"""The code of the location that is meant where none is named; made when it is missing, never switched off."""
MOST_LOCATIONS = 200
_IN_ORDER = (
    select(*Location.__table__.c).where(Location.active).order_by(Location.parcel_cost, Location.position, Location.id)
)
_OPEN = Read(_IN_ORDER)
_PICKUPS = Read(_IN_ORDER.where(Location.is_pickup))
_LYING = Read(
    select(
        StockLevel.location_id,
        StockLevel.variant_id,
        (StockLevel.on_hand + StockLevel.backorder - StockLevel.reserved).label("free"),
    ).where(StockLevel.variant_id == any_(bindparam("variant_ids", type_=ARRAY(BigInteger))))
)


@dataclass(frozen=True, slots=True)
class LocationDraft:
    """A location as it should be; see `Location` for what each means. `region` {"country", "province", "city"}."""

    name: Mapping[str, str]
    address: Mapping[str, str]
    region: Mapping[str, str]
    is_pickup: bool
    position: int = 0
    parcel_cost: int = 0


@dataclass(frozen=True, slots=True)
class Filler:
    """A location that can give all of some lines. `name` and `address` {"zh", "en"}; `parcel_cost` in minor units."""

    location_id: int
    code: str
    name: Mapping[str, str]
    address: Mapping[str, str]
    is_pickup: bool
    parcel_cost: int


async def main_location(session: AsyncSession) -> int:
    """The id of the location that is meant where none is named."""
    known = select(Location.id).where(Location.code == MAIN)
    found = await session.scalar(known)
    if found is None:
        made = insert(Location).values(code=MAIN, name={"zh": "总仓", "en": "Main stock"})
        await session.execute(made.on_conflict_do_nothing())
        found = (await session.scalars(known)).one()
    return found


async def open_location(session: AsyncSession, location_id: int | None) -> int:
    """The id of a location that goods may come to, kept from being switched off until this transaction ends.

    None is the main one. Raises Refused("location.unknown") or ("location.closed", location=...).
    """
    if location_id is None:
        return await main_location(session)
    location = await session.get(Location, location_id, with_for_update={"read": True}, populate_existing=True)
    if location is None:
        raise Refused("location.unknown", location=location_id)
    if not location.active:
        raise Refused("location.closed", location=location.code)
    return location.id


async def add_location(session: AsyncSession, *, code: str, draft: LocationDraft) -> Location:
    """A new place for goods. Raises Refused: location.code_taken, location.too_many, location.nameless."""
    await main_location(session)
    if ((await session.scalar(select(func.count()).select_from(Location))) or 0) >= MOST_LOCATIONS:
        raise Refused("location.too_many", most=MOST_LOCATIONS)
    made = insert(Location).values(code=code, **_columns(draft)).on_conflict_do_nothing().returning(Location)
    location = await session.scalar(made)
    if location is None:
        raise Refused("location.code_taken", location=code)
    return location


async def change_location(session: AsyncSession, *, location_id: int, draft: LocationDraft) -> Location:
    """Rename it, move it, or change what it is for. Raises Refused: location.unknown, location.nameless."""
    location = await _locked(session, location_id)
    for column, value in _columns(draft).items():
        setattr(location, column, value)
    await session.flush()
    return location


async def close_location(session: AsyncSession, *, location_id: int) -> Location:
    """Nothing may come here any more. Again: nothing happens.

    Raises Refused: location.unknown, location.main (the one that is always there), location.filled (`pieces` lie
    there, `reserved` are promised).
    """
    location = await _locked(session, location_id)
    if location.code == MAIN:
        raise Refused("location.main", location=location.code)
    levels = (
        await session.scalars(
            select(StockLevel)
            .where(StockLevel.location_id == location_id)
            .order_by(StockLevel.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    pieces, reserved = sum(level.on_hand for level in levels), sum(level.reserved for level in levels)
    if any(level.on_hand or level.reserved for level in levels):
        raise Refused("location.filled", location=location.code, pieces=pieces, reserved=reserved)
    for level in levels:
        level.backorder = 0
    location.active = False
    await session.flush()
    return location


async def reopen_location(session: AsyncSession, *, location_id: int) -> Location:
    """Goods may come here again. Raises Refused("location.unknown")."""
    location = await _locked(session, location_id)
    location.active = True
    await session.flush()
    return location


async def locations(session: AsyncSession, *, also_closed: bool = False) -> Sequence[Location]:
    """The places where goods lie, in the order in which they are asked; the main one is always among them."""
    await main_location(session)
    found = select(Location).order_by(Location.parcel_cost, Location.position, Location.id)
    found = found.execution_options(populate_existing=True)
    return (await session.scalars(found if also_closed else found.where(Location.active))).all()


async def locations_that_can_fill(
    session: AsyncSession, lines: Mapping[int, int], *, pickup: bool = False, near: Mapping[str, str] | None = None
) -> list[Filler]:
    """Where all of {variant id: pieces} lies free, the cheapest first; of equally cheap ones the nearest to `near`.

    `near` is {"country", "province", "city"}; `pickup` asks only those where goods can be fetched. Advice: the hold
    decides. No lines: every open location.
    """
    places = await (_PICKUPS if pickup else _OPEN).all(session)
    if not places:
        return []
    there = {(place, variant): free for place, variant, free in await _LYING.all(session, variant_ids=list(lines))}
    able = [
        place
        for place in places
        if all(there.get((place.id, variant), 0) >= pieces for variant, pieces in lines.items())
    ]
    able.sort(key=lambda place: (place.parcel_cost, _distance(place.region, near or {})))
    return [
        Filler(place.id, place.code, place.name, place.address, place.is_pickup, place.parcel_cost) for place in able
    ]


def _distance(region: Mapping[str, str], near: Mapping[str, str]) -> int:
    """0 the same city, 1 the same province, 2 the same country, 3 elsewhere or not known."""
    same = 0
    for part in ("country", "province", "city"):
        if not region.get(part) or region.get(part) != near.get(part):
            break
        same += 1
    return 3 - same


async def _locked(session: AsyncSession, location_id: int) -> Location:
    location = await session.get(Location, location_id, with_for_update={"key_share": True}, populate_existing=True)
    if location is None:
        raise Refused("location.unknown", location=location_id)
    return location


def _columns(draft: LocationDraft) -> JsonMap:
    if not any(name.strip() for name in draft.name.values()):
        raise Refused("location.nameless")
    return {
        "name": dict(draft.name),
        "address": dict(draft.address),
        "region": dict(draft.region),
        "is_pickup": draft.is_pickup,
        "position": draft.position,
        "parcel_cost": draft.parcel_cost,
    }
