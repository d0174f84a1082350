"""What comes, goes and is counted. `location_id` None is the main location. Levels are locked in the order of ids.

What becomes of promises stands in `promises`, where goods lie in `locations`; both can be had from here.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.levels import change_levels, write_movements
from commerce.inventory.locations import (
    locations_that_can_fill,
    main_location,
    open_location,
)
from commerce.inventory.model import StockLevel
from commerce.inventory.promises import (
    add_pieces,
    adopt,
    commit_holds,
    expire_holds,
    lock_stock_of,
    release_holds,
    release_pieces,
    reserve_again,
    ship,
    ship_pieces,
)
from foundation.database import raw
from foundation.errors import Refused

_LEVELS_FOR = """
    INSERT INTO stock_level (variant_id, location_id, on_hand, reserved, backorder)
    SELECT variant, $2, 0, 0, 0 FROM unnest($1::bigint[]) AS variant ORDER BY variant ON CONFLICT DO NOTHING
"""
_LOCK = """
    SELECT variant_id, reserved, reserved - backorder AS least FROM stock_level
    WHERE variant_id = ANY($1::bigint[]) AND location_id = $2 ORDER BY id FOR NO KEY UPDATE
"""
_COUNT = """
    WITH changed AS (
        UPDATE stock_level SET on_hand = counted
        FROM unnest($1::bigint[], $2::bigint[]) AS said (variant, counted)
        WHERE variant_id = variant AND location_id = $5
          AND on_hand <> counted AND reserved <= counted + backorder
        RETURNING id, new.on_hand - old.on_hand AS delta)
    INSERT INTO stock_movement (stock_level_id, delta, reason, reference, at)
    SELECT id, delta, 'counted', $3, $4 FROM changed ORDER BY id
"""

MOST_PIECES = 10**9
"""More than this of one variant is a slip of the finger."""


class Reason(StrEnum):
    """Why pieces came or went, as a person says it."""

    RECEIVED = "received"
    RETURNED = "returned"
    FOUND = "found"
    DAMAGED = "damaged"
    LOST = "lost"


_GOING = (Reason.DAMAGED, Reason.LOST)


async def receive_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    reference: str,
    now: datetime,
    location_id: int | None = None,
) -> StockLevel:
    """Pieces arrived. The level is made with the first ones.

    Raises Refused: stock.quantity below one piece, location.unknown, location.closed.
    """
    if quantity < 1:
        raise Refused("stock.quantity", quantity=quantity)
    level = await _level(session, variant_id, location_id)
    return await _move(session, level, quantity, reason="received", reference=reference, now=now)


async def take_back(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    reference: str,
    now: datetime,
    location_id: int | None = None,
) -> StockLevel:
    """A shopper sent pieces back that can be sold again. Call it once for each return: `reference` names it.

    Raises Refused: stock.quantity, location.unknown, location.closed.
    """
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=quantity, most=MOST_PIECES)
    level = await _level(session, variant_id, location_id)
    return await _move(session, level, quantity, reason="returned", reference=reference, now=now)


async def adjust_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    reason: Reason,
    reference: str,
    now: datetime,
    was: int | None = None,
    location_id: int | None = None,
) -> StockLevel:
    """So many pieces came or, as the reason says, went.

    Raises Refused: stock.quantity, stock.short (`left`: fewer lie there), stock.promised (`reserved`), and
    stock.changed (`on_hand`) when `was` is given and that many do not lie there: a form sent twice counts once;
    location.unknown, location.closed.
    """
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=quantity, most=MOST_PIECES)
    level = await _level(session, variant_id, location_id)
    _refuse_surprise(level, was)
    delta = -quantity if reason in _GOING else quantity
    if delta < 0:
        _refuse_taking(level, quantity)
    if level.on_hand + delta > MOST_PIECES:
        raise Refused("stock.quantity", quantity=level.on_hand + delta, most=MOST_PIECES)
    return await _move(session, level, delta, reason=reason, reference=reference, now=now)


async def count_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    counted: int,
    reference: str,
    now: datetime,
    was: int | None = None,
    location_id: int | None = None,
) -> StockLevel:
    """Somebody counted: on hand is this many. Raises Refused("stock.promised", reserved=...) when more are promised.

    `was`: how many the person saw before; raises Refused("stock.changed", on_hand=...) when it is another number now;
    location.unknown, location.closed.
    """
    if not 0 <= counted <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=counted, most=MOST_PIECES)
    level = await _level(session, variant_id, location_id)
    _refuse_surprise(level, was)
    if level.reserved > counted + level.backorder:
        raise Refused("stock.promised", variant=variant_id, reserved=level.reserved)
    if counted == level.on_hand:
        return level
    return await _move(session, level, counted - level.on_hand, reason="counted", reference=reference, now=now)


async def count_many(
    session: AsyncSession,
    counted: Mapping[int, int],
    *,
    reference: str,
    now: datetime,
    location_id: int | None = None,
) -> None:
    """Many variants were counted at one location: {variant id: on hand}, all or nothing.

    Raises Refused("stock.promised", promised={variant id: pieces}) naming those of which more are promised.
    """
    if counted and not 0 <= min(counted.values()) <= max(counted.values()) <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=max(counted.values()), most=MOST_PIECES)
    place = await open_location(session, location_id)
    await session.flush()
    variants = sorted(counted)
    pieces = [counted[variant] for variant in variants]
    driver = await raw(session)
    await driver.execute(_LEVELS_FOR, variants, place)
    locked = await driver.fetch(_LOCK, variants, place)
    promised = {str(row["variant_id"]): row["reserved"] for row in locked if row["least"] > counted[row["variant_id"]]}
    if promised:
        raise Refused("stock.promised", promised=promised)
    await driver.execute(_COUNT, variants, pieces, reference, now, place)


async def transfer_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    from_id: int,
    to_id: int,
    reference: str,
    now: datetime,
    was: int | None = None,
) -> tuple[StockLevel, StockLevel]:
    """Pieces nobody was promised go from one location to another: two movements, the sum stays. (from, to) afterwards.

    Raises Refused: stock.quantity, stock.short (`left`), stock.promised (`reserved`), stock.changed (`on_hand`) when
    `was` is another number at the first location, location.same, location.unknown, location.closed.
    """
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=quantity, most=MOST_PIECES)
    if from_id == to_id:
        raise Refused("location.same", location=from_id)
    for place in sorted((from_id, to_id)):
        await open_location(session, place)
    await _make_levels(session, variant_id, (from_id, to_id))
    levels = {level.location_id: level for level in await _locked(session, variant_id, (from_id, to_id))}
    source, target = levels[from_id], levels[to_id]
    _refuse_surprise(source, was)
    _refuse_taking(source, quantity)
    if target.on_hand + quantity > MOST_PIECES:
        raise Refused("stock.quantity", quantity=target.on_hand + quantity, most=MOST_PIECES)
    deltas = {source.id: -quantity, target.id: quantity}
    await change_levels(session, on_hand=deltas)
    await write_movements(session, deltas, reason="transferred", reference=reference, now=now)
    for level in (source, target):
        await session.refresh(level)
    return source, target


def _refuse_surprise(level: StockLevel, was: int | None) -> None:
    if was is not None and level.on_hand != was:
        raise Refused("stock.changed", variant=level.variant_id, on_hand=level.on_hand)


def _refuse_taking(level: StockLevel, quantity: int) -> None:
    if level.on_hand < quantity:
        raise Refused("stock.short", variant=level.variant_id, left=max(level.on_hand, 0))
    if level.reserved > level.on_hand - quantity + level.backorder:
        raise Refused("stock.promised", variant=level.variant_id, reserved=level.reserved)


async def _move(
    session: AsyncSession, level: StockLevel, delta: int, *, reason: str, reference: str, now: datetime
) -> StockLevel:
    await change_levels(session, on_hand={level.id: delta})
    await write_movements(session, {level.id: delta}, reason=reason, reference=reference, now=now)
    await session.refresh(level)
    return level


async def _level(session: AsyncSession, variant_id: int, location_id: int | None) -> StockLevel:
    """The level of a variant at a location under a lock; made empty when there is none."""
    place = await open_location(session, location_id)
    await _make_levels(session, variant_id, (place,))
    (level,) = await _locked(session, variant_id, (place,))
    return level


async def _make_levels(session: AsyncSession, variant_id: int, places: tuple[int, ...]) -> None:
    rows = [
        {"variant_id": variant_id, "location_id": place, "on_hand": 0, "reserved": 0, "backorder": 0}
        for place in sorted(places)
    ]
    await session.execute(insert(StockLevel).values(rows).on_conflict_do_nothing())


async def _locked(session: AsyncSession, variant_id: int, places: tuple[int, ...]) -> list[StockLevel]:
    found = (
        select(StockLevel)
        .where(StockLevel.variant_id == variant_id, StockLevel.location_id.in_(places))
        .order_by(StockLevel.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(found))


__all__ = [
    "MOST_PIECES",
    "Reason",
    "add_pieces",
    "adjust_stock",
    "adopt",
    "commit_holds",
    "count_many",
    "count_stock",
    "expire_holds",
    "locations_that_can_fill",
    "lock_stock_of",
    "main_location",
    "receive_stock",
    "release_holds",
    "release_pieces",
    "reserve_again",
    "ship",
    "ship_pieces",
    "take_back",
    "transfer_stock",
]
