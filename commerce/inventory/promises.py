"""What becomes of a promise: an order adopts it, its pieces are sold, shipped, added to, given back; or it expires."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.choice import Level, Shelves, Short
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
from foundation.database import raw
from foundation.errors import Refused

_ADOPT = """
    UPDATE hold SET order_id = $3, state = $4
    WHERE key = $1 AND state = 'held' AND order_id IS NULL AND lines = $2::jsonb
    RETURNING id
"""
SENT_AGAIN = "reship:"
"""How the keys of promises begin that are made for a parcel that goes out once more."""
_KEPT = (HoldState.HELD, HoldState.COMMITTED)
_ENDED = (HoldState.EXPIRED, HoldState.RELEASED)


async def adopt(session: AsyncSession, *, key: str, order_id: int, lines: Mapping[int, int], committed: bool) -> None:
    """Make a hold an order's. `committed`: sold for good, else kept for an order that waits for its payment.

    Raises Refused("stock.hold_gone") when there is no such hold of exactly these lines, or it expired.
    """
    driver = await raw(session)
    state = HoldState.COMMITTED if committed else HoldState.HELD
    if await driver.fetchval(_ADOPT, key, pieces_text(lines), order_id, state.value) is None:
        raise Refused("stock.hold_gone", key=key)


async def commit_holds(session: AsyncSession, *, order_id: int) -> None:
    """What was kept for an order is sold."""
    await _flip(session, order_id, of=(HoldState.HELD,), to=HoldState.COMMITTED)


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
    taken = _choose(last_first, levels, pieces, refusal="stock.not_held")
    _split(session, holds, levels, taken, to=HoldState.RELEASED, moved={})
    await session.flush()
    await change_levels(session, reserved=_negative(summed(taken.values())))


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
    if isinstance(taken, Short):
        raise Refused("stock.short", variant=taken.variant_id, left=taken.left)
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
) -> bool:
    """Take stock for an order whose promise had ended (its payment came late); False when it is not there any more."""
    taken = Shelves(await locked_levels(session, lines)).take(lines, location_id)
    if isinstance(taken, Short):
        return False
    await _keep(session, key, order_id, lines, taken, state=HoldState.COMMITTED, now=now)
    return True


async def lock_stock_of(session: AsyncSession, *, order_ids: Collection[int], variants: Collection[int] = ()) -> None:
    """Lock all levels of the goods that these orders keep, and of `variants`, before they change one after another.

    Else that could deadlock with who locks the same ones in the order of their ids.
    """
    kept = await session.scalars(select(Hold.lines).where(Hold.order_id.in_(order_ids), Hold.state.in_(_KEPT)))
    await locked_levels(session, {*summed(kept), *variants})


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
    due = await session.scalars(
        select(Hold.id)
        .where(Hold.state == HoldState.HELD, Hold.order_id.is_(None), Hold.until <= now)
        .order_by(Hold.until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    flipped = await session.scalars(
        update(Hold)
        .where(Hold.id.in_(due.all()), Hold.state == HoldState.HELD)
        .values(state=HoldState.EXPIRED)
        .returning(Hold.levels)
        .execution_options(synchronize_session=False)
    )
    levels = flipped.all()
    await _give_back(session, levels)
    return len(levels)


async def ship(session: AsyncSession, *, order_id: int, reference: str, now: datetime) -> None:
    """All that is sold to this order leaves the house. Raises Refused("stock.not_committed") when nothing is."""
    flipped = await _flip(session, order_id, of=(HoldState.COMMITTED,), to=HoldState.SHIPPED)
    if not flipped:
        raise Refused("stock.not_committed", order=order_id)
    leaving = _negative(summed(flipped))
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
    taken = _choose(holds, levels, pieces, refusal="stock.not_committed", first=location_id)
    kept = summed(taken.values())
    moved = {} if location_id is None else _at(levels, kept, location_id)
    _split(session, holds, levels, taken, to=HoldState.SHIPPED, moved=moved)
    await session.flush()
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


def _choose(
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


def _at(levels: Mapping[int, Level], kept: Mapping[int, int], location_id: int) -> dict[int, int]:
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


def _split(
    session: AsyncSession,
    holds: Sequence[Hold],
    levels: Mapping[int, Level],
    taken: Mapping[int, Mapping[int, int]],
    *,
    to: HoldState,
    moved: Mapping[int, int],
) -> None:
    """What is taken out of a hold becomes a row of its own in its new state; a hold taken whole changes its state."""
    for hold in holds:
        if hold.id not in taken:
            continue
        kept = summed([hold.levels])
        part = taken[hold.id]
        ends_at = summed({moved.get(level, level): count} for level, count in part.items())
        if part == kept:
            hold.levels, hold.state = as_json(ends_at), to
            continue
        rest = {level: count - part.get(level, 0) for level, count in kept.items() if count > part.get(level, 0)}
        gone = summed({levels[level].variant_id: count} for level, count in part.items())
        lines = summed([hold.lines])
        hold.levels = as_json(rest)
        hold.lines = as_json({variant: left for variant, n in lines.items() if (left := n - gone.get(variant, 0))})
        session.add(
            Hold(
                # A hold only ever shrinks, so what it had before names the part.
                key=f"part:{hold.id}:{sum(kept.values())}",
                lines=as_json(gone),
                levels=as_json(ends_at),
                until=hold.until,
                state=to,
                order_id=hold.order_id,
                created_at=hold.created_at,
            )
        )


async def _keep(
    session: AsyncSession,
    key: str,
    order_id: int,
    lines: Mapping[int, int],
    taken: Mapping[int, int],
    *,
    state: HoldState,
    now: datetime,
) -> None:
    await change_levels(session, reserved=taken)
    row = {
        "lines": as_json(lines),
        "levels": as_json(taken),
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
) -> list[Mapping[str, object]]:
    """Change the state of an order's holds; returns the levels of those that changed."""
    flipping = update(Hold).where(Hold.order_id == order_id, Hold.state.in_(of))
    if key is not None:
        flipping = flipping.where(Hold.key == key)
    flipped = await session.scalars(
        flipping.values(state=to).returning(Hold.levels).execution_options(synchronize_session=False)
    )
    return list(flipped)


async def _give_back(session: AsyncSession, holds: Sequence[Mapping[str, object]]) -> int:
    levels = summed(holds)
    if levels:
        await lock_levels(session, levels)
        await change_levels(session, reserved=_negative(levels))
    return sum(levels.values())


def _negative(pieces: Mapping[int, int]) -> dict[int, int]:
    return {level: -count for level, count in pieces.items()}
