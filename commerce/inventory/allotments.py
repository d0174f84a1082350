"""Places of which there are so many and never one more: seats of a group, the quota of a campaign, of a flash sale.

A promise takes them together with its goods (`Holds.hold(..., allotments={id: places})`), paying for it uses them, and
what ends a promise frees them. Here they are made, opened, closed and resized. Each change is one guarded UPDATE.

Locks are taken in this order: stock levels by id, then allotments by id. Who changes promises of goods after locking
an allotment must have locked their levels before it (`promises.lock_stock_of`).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.choice import NOTHING, Level, Places
from commerce.inventory.levels import change_levels, lock_levels, locked_levels, pieces_text
from commerce.inventory.model import HoldState
from foundation.database import raw
from foundation.errors import Refused

_COLUMNS = "id, capacity, held, used, is_open, opens_at, closes_at, stock_level_id"
_READ = f"SELECT {_COLUMNS} FROM allotment WHERE id = ANY($1::bigint[])"
LOCKED_PLACES = f"{_READ} ORDER BY id FOR NO KEY UPDATE"
_MAKE = f"""
    INSERT INTO allotment (capacity, held, used, is_open, opens_at, closes_at, stock_level_id)
    VALUES ($1, 0, 0, $2, $3, $4, $5) RETURNING {_COLUMNS}
"""
_CHANGE = f"""
    UPDATE allotment SET held = held + to_hold, used = used + to_use
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS change (allotment, to_hold, to_use)
    WHERE id = allotment AND held + to_hold >= 0 AND used + to_use >= 0
      AND held + to_hold + used + to_use <= capacity
    RETURNING {_COLUMNS}
"""
_OPEN = f"UPDATE allotment SET is_open = $2, opens_at = $3, closes_at = $4 WHERE id = $1 RETURNING {_COLUMNS}"
_RESIZE = f"UPDATE allotment SET capacity = $2 WHERE id = $1 AND held + used <= $2 RETURNING {_COLUMNS}"
_NAME = """
    UPDATE hold SET allotments = allotments || $2::jsonb
    WHERE key = $1 AND state IN ('held', 'committed') AND NOT allotments ?| $3::text[]
    RETURNING state
"""


async def make_allotment(
    session: AsyncSession,
    *,
    capacity: int,
    is_open: bool = True,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    reserve: tuple[int, int | None] | None = None,
) -> Places:
    """So many new places. With `reserve` (variant id, location id) they bring their pieces, reserved while it is open.

    These lie at one location; None is the first one that has all of them. Raises Refused("stock.short", variant=...,
    left=...) with the most that one has, also for one that is to be opened later.
    """
    level = None
    if reserve is not None:
        variant, location = reserve
        level = _level_with(capacity, await locked_levels(session, [variant]), variant, location)
        if is_open:
            await change_levels(session, reserved={level: capacity})
    driver = await raw(session)
    return Places(*await driver.fetchrow(_MAKE, capacity, is_open, opens_at, closes_at, level))


async def set_window(
    session: AsyncSession,
    allotment_id: int,
    *,
    is_open: bool,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Places:
    """Open or close it, and say from when to when it gives places (None: no bound); those taken stay taken.

    Raises Refused("stock.short", variant=...) when it is opened again and its own pieces are gone meanwhile.
    """
    before = await _locked(session, allotment_id)
    driver = await raw(session)
    after = Places(*await driver.fetchrow(_OPEN, allotment_id, is_open, opens_at, closes_at))
    await _reserve_difference(session, before, after)
    return after


async def close_allotment(session: AsyncSession, allotment_id: int) -> Places:
    """No new places; what it had reserved and nobody took goes free."""
    asked = await _locked(session, allotment_id)
    return await set_window(session, allotment_id, is_open=False, opens_at=asked.opens_at, closes_at=asked.closes_at)


async def change_capacity(session: AsyncSession, allotment_id: int, *, capacity: int) -> Places:
    """More places or fewer. Raises Refused("allotment.in_use", least=...) below those taken, and as `set_window`."""
    before = await _locked(session, allotment_id)
    driver = await raw(session)
    resized = await driver.fetchrow(_RESIZE, allotment_id, capacity)
    if resized is None:
        raise Refused("allotment.in_use", allotment=allotment_id, least=before.held + before.used)
    after = Places(*resized)
    await _reserve_difference(session, before, after)
    return after


async def add_places(session: AsyncSession, *, key: str, places: Mapping[int, int]) -> dict[int, Places]:
    """Places for a promise that was made before them, such as the leader's in the group it begins; open or not.

    Not of an allotment with stock of its own. Returns what they are then. Raises Refused("stock.hold_gone") when no
    such promise is kept or it has places there already, and Refused("allotment.full", allotment=..., left=...).
    """
    driver = await raw(session)
    named = await driver.fetchval(_NAME, key, pieces_text(places), [str(allotment) for allotment in places])
    if named is None:
        raise Refused("stock.hold_gone", key=key)
    for asked in (await lock_places(session, places)).values():
        if asked.stock_level_id is not None:
            raise ValueError(f"allotment {asked.id} brings its own stock: it must be asked for with the goods")
        if asked.left < places[asked.id]:
            raise Refused("allotment.full", allotment=asked.id, left=asked.left)
    return await change_places(session, **{"held" if named == HoldState.HELD else "used": places})


async def places_of(session: AsyncSession, allotment_ids: Collection[int]) -> dict[int, Places]:
    """How they stand; with what this transaction did."""
    driver = await raw(session)
    return {row["id"]: Places(*row) for row in await driver.fetch(_READ, sorted(set(allotment_ids)))}


async def lock_places(session: AsyncSession, allotment_ids: Collection[int]) -> dict[int, Places]:
    """The same, and nobody else changes them until the end of the transaction."""
    driver = await raw(session)
    return {row["id"]: Places(*row) for row in await driver.fetch(LOCKED_PLACES, sorted(set(allotment_ids)))}


async def change_places(
    session: AsyncSession, *, held: Mapping[int, int] = NOTHING, used: Mapping[int, int] = NOTHING
) -> dict[int, Places]:
    """The one guarded way promises change places: {allotment id: difference}. Returns what they are then."""
    ids = sorted({*held, *used})
    if not ids:
        return {}
    driver = await raw(session)
    if len(ids) > 1:  # one needs no order
        await driver.fetch(LOCKED_PLACES, ids)
    changed = await driver.fetch(_CHANGE, ids, [held.get(one, 0) for one in ids], [used.get(one, 0) for one in ids])
    if len(changed) != len(ids):
        raise RuntimeError("an allotment does not have the places its promises say")
    return {row["id"]: Places(*row) for row in changed}


def _level_with(pieces: int, levels: Sequence[Level], variant: int, location: int | None) -> int:
    asked = [level for level in levels if location in (None, level.location_id)]
    for level in asked:
        if level.free >= pieces:
            return level.id
    raise Refused("stock.short", variant=variant, left=max((0, *(level.free for level in asked))))


async def _locked(session: AsyncSession, allotment_id: int) -> Places:
    """Under its lock, and before that the level of its pieces, which never is another one."""
    found = await places_of(session, [allotment_id])
    if not found:
        raise Refused("allotment.unknown", allotment=allotment_id)
    if (level := found[allotment_id].stock_level_id) is not None:
        await lock_levels(session, [level])
    return (await lock_places(session, [allotment_id]))[allotment_id]


async def _reserve_difference(session: AsyncSession, before: Places, after: Places) -> None:
    """What nobody took of one with stock of its own is reserved while it is open."""
    if after.stock_level_id is not None:
        difference = after.is_open * after.left - before.is_open * before.left
        await change_levels(session, reserved={after.stock_level_id: difference})
