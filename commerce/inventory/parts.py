"""Parts of an order's promises: which pieces to take out of which, and the row each part becomes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.allotments import places_of
from commerce.inventory.choice import Level
from commerce.inventory.levels import as_json, summed
from commerce.inventory.model import Hold, HoldState
from foundation.database import JsonMap
from foundation.errors import Refused


class Part(NamedTuple):
    """A promise, or a part of one, that changed its state: what it was before, and what it keeps."""

    was: HoldState
    levels: Mapping[str, object]
    allotments: Mapping[str, object]


def choose(
    holds: Sequence[Hold],
    levels: Mapping[int, Level],
    pieces: Mapping[int, int],
    *,
    refusal: str,
    first: int | None = None,
) -> dict[int, dict[int, int]]:
    """Which pieces to take out of which hold: {hold id: {level id: pieces}}; those at the location `first` go first."""
    wanted = dict(pieces)
    kept = [
        (hold, int(level), int(count)) for hold in holds for level, count in hold.levels.items() if int(level) in levels
    ]
    away: Callable[[tuple[Any, int, int]], bool] = lambda one: levels[one[1]].location_id != first  # noqa: E731
    taken: dict[int, dict[int, int]] = {}
    for hold, level, count in kept if first is None else sorted(kept, key=away):
        variant = levels[level].variant_id
        if part := min(count, wanted[variant]):
            taken.setdefault(hold.id, {})[level] = part
            wanted[variant] -= part
    for variant, lacking in wanted.items():
        if lacking:
            raise Refused(
                refusal, order=holds[0].order_id if holds else None, variant=variant, left=pieces[variant] - lacking
            )
    return taken


def at_location(levels: Mapping[int, Level], kept: Mapping[int, int], location_id: int) -> dict[int, int]:
    """{level: the level of the same variant at this location} for those that lie elsewhere."""
    here = {level.variant_id: level.id for level in levels.values() if level.location_id == location_id}
    moved = {}
    for level in kept:
        if levels[level].location_id != location_id:
            variant = levels[level].variant_id
            if variant not in here:
                raise Refused("stock.short", variant=variant, left=0)
            moved[level] = here[variant]
    return moved


async def split(
    session: AsyncSession,
    holds: Sequence[Hold],
    levels: Mapping[int, Level],
    taken: Mapping[int, Mapping[int, int]],
    *,
    to: HoldState,
    moved: Mapping[int, int],
) -> list[Part]:
    """What is taken out of a hold becomes a row of its own in its new state; a hold taken whole changes its state."""
    own = await _own_levels(session, holds)
    parts = []
    for hold in holds:
        if hold.id not in taken:
            continue
        kept, places = summed([hold.levels]), summed([hold.allotments])
        part = taken[hold.id]
        ends_at = summed({moved.get(level, level): count} for level, count in part.items())
        going = places if part == kept else _places_of_part(places, part, own, to=to)
        parts.append(Part(hold.state, as_json(part), as_json(going)))
        if part == kept:
            hold.levels, hold.state = as_json(ends_at), to
            continue
        gone = summed({levels[level].variant_id: count} for level, count in part.items())
        hold.levels = _less(kept, part)
        hold.lines = _less(summed([hold.lines]), gone)
        hold.allotments = _less(places, going)
        session.add(
            Hold(
                # A hold only ever shrinks, so what it had before names the part.
                key=f"part:{hold.id}:{sum(kept.values())}",
                lines=as_json(gone),
                levels=as_json(ends_at),
                allotments=as_json(going),
                until=hold.until,
                state=to,
                order_id=hold.order_id,
                created_at=hold.created_at,
            )
        )
    await session.flush()
    return parts


def _places_of_part(
    places: Mapping[int, int], part: Mapping[int, int], own: Mapping[int, int], *, to: HoldState
) -> dict[int, int]:
    """Places that bring their pieces go with these. Others go with the first parcel; are free with the last piece."""
    others = to is HoldState.SHIPPED
    going = {one: part.get(own[one], 0) if one in own else count * others for one, count in places.items()}
    return {one: count for one, count in going.items() if count}


async def _own_levels(session: AsyncSession, holds: Sequence[Hold]) -> dict[int, int]:
    """{allotment id: the level it has its stock from} of those that these holds have places in."""
    asked = summed(hold.allotments for hold in holds)
    found = (await places_of(session, asked)).values() if asked else ()
    return {places.id: places.stock_level_id for places in found if places.stock_level_id is not None}


def _less(pieces: Mapping[int, int], gone: Mapping[int, int]) -> JsonMap:
    """What is left of `lines`, `levels` or `allotments`."""
    return as_json({one: left for one, count in pieces.items() if (left := count - gone.get(one, 0))})
