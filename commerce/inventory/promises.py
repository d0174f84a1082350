"""What becomes of a promise: an order adopts it, its pieces are sold, shipped, added to, given back; or it expires."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.allotments import change_places, lock_places
from commerce.inventory.choice import NOTHING, Level, Places, Shelves, Taken
from commerce.inventory.levels import (
    as_json,
    change_levels,
    lock_levels,
    locked_levels,
    pieces_text,
    summed,
    write_movements,
)
from commerce.inventory.model import Hold, HoldState, StockLevel
from commerce.inventory.parts import Part, at_location, choose, split
from foundation.database import raw
from foundation.errors import Refused

_ADOPT = """
    UPDATE hold SET order_id = $3, state = $4
    WHERE key = $1 AND state = 'held' AND order_id IS NULL AND lines = $2::jsonb AND allotments = $5::jsonb
    RETURNING id
"""
SENT_AGAIN = "reship:"
"""How the keys of promises begin that are made for a parcel that goes out once more."""
_KEPT = (HoldState.HELD, HoldState.COMMITTED)
_ENDED = (HoldState.EXPIRED, HoldState.RELEASED)
_PART = (literal_column("old.state", type_=Hold.state.type), Hold.levels, Hold.allotments)
"""A Part, as an UPDATE of holds returns it."""


async def adopt(
    session: AsyncSession,
    *,
    key: str,
    order_id: int,
    lines: Mapping[int, int],
    committed: bool,
    allotments: Mapping[int, int] = NOTHING,
) -> dict[int, Places]:
    """Make a hold an order's. `committed`: sold for good, else kept for an order that waits for its payment.

    Returns the allotments that were changed. Raises Refused("stock.hold_gone") when there is no such hold of exactly
    these lines and allotments, or it expired.
    """
    driver = await raw(session)
    state = HoldState.COMMITTED if committed else HoldState.HELD
    asked = (key, pieces_text(lines), order_id, state.value, pieces_text(allotments))
    if await driver.fetchval(_ADOPT, *asked) is None:
        raise Refused("stock.hold_gone", key=key)
    return await _use_places(session, allotments) if committed else {}


async def commit_holds(session: AsyncSession, *, order_id: int) -> dict[int, Places]:
    """What was kept for an order is sold. Returns the allotments that were changed, as this left them."""
    flipped = await _flip(session, order_id, of=(HoldState.HELD,), to=HoldState.COMMITTED)
    return await _use_places(session, summed(part.allotments for part in flipped))


async def release_holds(session: AsyncSession, *, order_id: int, expired: bool = False, key: str | None = None) -> int:
    """Give back what an order keeps and has not been shipped; returns the pieces. Again: nothing is left to give.

    With `key` only the hold of that name, such as what was added for a change that is not made.
    """
    to = HoldState.EXPIRED if expired else HoldState.RELEASED
    return await _give_back(session, await _flip(session, order_id, of=_KEPT, to=to, key=key))


async def release_pieces(session: AsyncSession, *, order_id: int, pieces: Mapping[int, int]) -> None:
    """Give back {variant id: pieces} of what an order keeps, what was added last first.

    What is kept for a parcel that goes out again comes after all else, for it is given back with that parcel.
    Raises Refused("stock.not_held", order=..., variant=..., left=...) when it keeps fewer.
    """
    levels = await _levels_by_id(session, pieces)
    holds = await _locked_holds(session, order_id, of=_KEPT)
    last_first = sorted(holds, key=lambda hold: (hold.key.startswith(SENT_AGAIN), -hold.id))
    taken = choose(last_first, levels, pieces, refusal="stock.not_held")
    parts = await split(session, holds, levels, taken, to=HoldState.RELEASED, moved={})
    await _free(session, parts)


async def add_pieces(
    session: AsyncSession,
    *,
    order_id: int,
    pieces: Mapping[int, int],
    key: str,
    now: datetime,
    committed: bool = True,
    location_id: int | None = None,
) -> None:
    """Keep more for an order, all or nothing; the same key again keeps nothing more.

    `committed`: sold, else kept until the change is paid for (`commit_holds`) or given up (`release_holds` by `key`).
    Raises Refused("stock.short", variant=..., left=...).
    """
    shelves = Shelves(await locked_levels(session, pieces))
    known = select(Hold.id).where(Hold.key == key, Hold.order_id == order_id, Hold.state.not_in(_ENDED))
    if await session.scalar(known) is not None:
        return
    taken = shelves.take(pieces, location_id)
    if not isinstance(taken, Taken):
        raise taken.refusal()
    state = HoldState.COMMITTED if committed else HoldState.HELD
    await _keep(session, key, order_id, pieces, taken, state=state, now=now)


async def reserve_again(
    session: AsyncSession,
    *,
    key: str,
    order_id: int,
    lines: Mapping[int, int],
    now: datetime,
    location_id: int | None = None,
    allotments: Mapping[int, int] = NOTHING,
) -> bool:
    """Take stock and places for an order whose promise had ended (its payment came late); False when some are gone.

    Whoever has paid needs no time to pay: an allotment has only to be open and have room, whatever its window.
    """
    levels = await locked_levels(session, lines)
    shelves = Shelves(levels, (await lock_places(session, allotments)).values() if allotments else ())
    taken = shelves.take(lines, location_id, allotments=allotments)
    if not isinstance(taken, Taken):
        return False
    await _keep(session, key, order_id, lines, taken, state=HoldState.COMMITTED, now=now, allotments=allotments)
    await change_places(session, used=allotments)
    return True


async def lock_stock_of(session: AsyncSession, *, order_ids: Collection[int], variants: Collection[int] = ()) -> None:
    """Lock all levels of the goods that these orders keep, and of `variants`, before they change one after another;
    then the allotments that these orders have places in.

    Else that could deadlock with who locks the same ones in the order of their ids.
    """
    theirs = select(Hold.lines, Hold.allotments).where(Hold.order_id.in_(order_ids), Hold.state.in_(_KEPT))
    kept = (await session.execute(theirs)).all()
    await locked_levels(session, {*summed(row.lines for row in kept), *variants})
    if allotments := summed(row.allotments for row in kept):
        await lock_places(session, allotments)


async def kept_at(session: AsyncSession, *, order_id: int) -> dict[int, dict[int, int]]:
    """Where an order's goods lie that are still to be shipped: {location id: {variant id: pieces}}."""
    kept = summed(await session.scalars(select(Hold.levels).where(Hold.order_id == order_id, Hold.state.in_(_KEPT))))
    where = select(StockLevel.id, StockLevel.location_id, StockLevel.variant_id).where(StockLevel.id.in_(kept))
    places: dict[int, dict[int, int]] = {}
    for level, place, variant in await session.execute(where.order_by(StockLevel.location_id, StockLevel.id)):
        places.setdefault(place, {})[variant] = kept[level]
    return places


async def expire_holds(session: AsyncSession, *, now: datetime, limit: int = 500) -> int:
    """End promises nobody made an order of in time; returns how many. Any number of sweepers may run at once.

    The change of state decides, the counter follows by what was changed: it moves once.
    """
    due = (
        select(Hold.id)
        .where(Hold.state == HoldState.HELD, Hold.order_id.is_(None), Hold.until <= now)
        .order_by(Hold.until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(due)).all()
    if not ids:
        return 0
    flipped = await session.execute(
        update(Hold)
        .where(Hold.id.in_(ids), Hold.state == HoldState.HELD)
        .values(state=HoldState.EXPIRED)
        .returning(*_PART)
        .execution_options(synchronize_session=False)
    )
    parts = [Part._make(row) for row in flipped]
    await _give_back(session, parts)
    return len(parts)


async def ship(session: AsyncSession, *, order_id: int, reference: str, now: datetime) -> None:
    """All that is sold to this order leaves the house. Raises Refused("stock.not_committed") when nothing is."""
    flipped = await _flip(session, order_id, of=(HoldState.COMMITTED,), to=HoldState.SHIPPED)
    if not flipped:
        raise Refused("stock.not_committed", order=order_id)
    leaving = _negative(summed(part.levels for part in flipped))
    await lock_levels(session, leaving)
    await _leave(session, on_hand=leaving, reserved=leaving, reference=reference, now=now)


async def ship_pieces(
    session: AsyncSession,
    *,
    order_id: int,
    pieces: Mapping[int, int],
    reference: str,
    now: datetime,
    location_id: int | None = None,
) -> None:
    """{variant id: pieces} of what is sold to this order leave the house, from where they were promised.

    With `location_id` from there: what was promised elsewhere is given back there and taken from here instead.
    Raises Refused("stock.not_committed", order=..., variant=..., left=...) when fewer are sold to it, and
    Refused("stock.short", variant=...) when there are not enough free ones at that location.
    """
    levels = await _levels_by_id(session, pieces)
    holds = await _locked_holds(session, order_id, of=(HoldState.COMMITTED,))
    taken = choose(holds, levels, pieces, refusal="stock.not_committed", first=location_id)
    kept = summed(taken.values())
    moved = {} if location_id is None else at_location(levels, kept, location_id)
    await split(session, holds, levels, taken, to=HoldState.SHIPPED, moved=moved)
    leaving = summed({moved.get(level, level): count} for level, count in kept.items())
    await _leave(session, on_hand=_negative(leaving), reserved=_negative(kept), reference=reference, now=now)


async def _leave(
    session: AsyncSession,
    *,
    on_hand: Mapping[int, int],
    reserved: Mapping[int, int],
    reference: str,
    now: datetime,
) -> None:
    await change_levels(session, on_hand=on_hand, reserved=reserved)
    await write_movements(session, on_hand, reason="shipped", reference=reference, now=now)


async def _levels_by_id(session: AsyncSession, variants: Collection[int]) -> dict[int, Level]:
    return {level.id: level for level in await locked_levels(session, variants)}


async def _locked_holds(session: AsyncSession, order_id: int, *, of: Sequence[HoldState]) -> list[Hold]:
    found = (
        select(Hold)
        .where(Hold.order_id == order_id, Hold.state.in_(of))
        .order_by(Hold.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(found))


async def _keep(
    session: AsyncSession,
    key: str,
    order_id: int,
    lines: Mapping[int, int],
    taken: Taken,
    *,
    state: HoldState,
    now: datetime,
    allotments: Mapping[int, int] = NOTHING,
) -> None:
    await change_levels(session, reserved=taken.reserved)
    row = {
        "lines": as_json(lines),
        "levels": as_json(taken.levels),
        "allotments": as_json(allotments),
        "until": now,
        "state": state,
        "order_id": order_id,
        "created_at": now,
    }
    kept = insert(Hold).values(key=key, **row)
    kept = kept.on_conflict_do_update(index_elements=["key"], set_=row, where=Hold.state.in_(_ENDED))
    if await session.scalar(kept.returning(Hold.id)) is None:
        raise ValueError(f"the hold {key} is kept already")


async def _flip(
    session: AsyncSession, order_id: int, *, of: tuple[HoldState, ...], to: HoldState, key: str | None = None
) -> list[Part]:
    """Change the state of an order's holds; returns those that changed."""
    flipping = update(Hold).where(Hold.order_id == order_id, Hold.state.in_(of))
    if key is not None:
        flipping = flipping.where(Hold.key == key)
    flipped = await session.execute(
        flipping.values(state=to).returning(*_PART).execution_options(synchronize_session=False)
    )
    return [Part._make(row) for row in flipped]


async def _use_places(session: AsyncSession, places: Mapping[int, int]) -> dict[int, Places]:
    return await change_places(session, held=_negative(places), used=places)


async def _give_back(session: AsyncSession, parts: Sequence[Part]) -> int:
    """Returns the pieces."""
    levels = summed(part.levels for part in parts)
    if levels:
        await lock_levels(session, levels)
        await _free(session, parts)
    return sum(levels.values())


async def _free(session: AsyncSession, parts: Sequence[Part]) -> None:
    """Places and pieces are free again; the levels are locked. What goes back to an open allotment stays reserved."""
    held = summed(part.allotments for part in parts if part.was is HoldState.HELD)
    used = summed(part.allotments for part in parts if part.was is not HoldState.HELD)
    changed = await change_places(session, held=_negative(held), used=_negative(used))
    stays = summed(
        {places.stock_level_id: held.get(places.id, 0) + used.get(places.id, 0)}
        for places in changed.values()
        if places.is_open and places.stock_level_id is not None
    )
    going = summed(part.levels for part in parts)
    freed = {level: count - stays.get(level, 0) for level, count in going.items()}
    await change_levels(session, reserved=_negative(freed))


def _negative(pieces: Mapping[int, int]) -> dict[int, int]:
    return {level: -count for level, count in pieces.items()}
