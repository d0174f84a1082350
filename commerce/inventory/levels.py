"""The way down to stock levels: locked in the order of their ids, changed by one guarded statement."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.choice import Level
from foundation.database import JsonMap, raw
from foundation.errors import Refused

LOCKED = """
    SELECT l.id, l.variant_id, l.location_id, l.on_hand + l.backorder - l.reserved AS free,
           p.parcel_cost, p.position
    FROM stock_level l JOIN location p ON p.id = l.location_id
    WHERE l.variant_id = ANY($1::bigint[]) ORDER BY l.id FOR NO KEY UPDATE OF l
"""
# Both numbers of each level at once; a level that the guard refuses is missing from the answer.
_CHANGE = """
    UPDATE stock_level SET on_hand = on_hand + came, reserved = reserved + promised
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS change (level, came, promised)
    WHERE id = level AND reserved + promised >= 0 AND reserved + promised <= on_hand + came + backorder
    RETURNING id
"""
_MOVED = """
    INSERT INTO stock_movement (stock_level_id, delta, reason, reference, at)
    SELECT level, delta, $3, $4, $5 FROM unnest($1::bigint[], $2::bigint[]) AS moved (level, delta) ORDER BY level
"""
_LOCK_BY_ID = "SELECT id, variant_id FROM stock_level WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"


async def locked_levels(session: AsyncSession, variant_ids: Iterable[int]) -> list[Level]:
    """Every level of these variants under its lock; the cheapest location first, then by position."""
    await session.flush()
    driver = await raw(session)
    return ranked(await driver.fetch(LOCKED, sorted(set(variant_ids))))


def ranked(rows: Iterable[asyncpg.Record]) -> list[Level]:
    """Levels as LOCKED found them, in the order in which their locations are asked."""
    found = sorted(rows, key=lambda row: (row["parcel_cost"], row["position"], row["location_id"], row["id"]))
    return [Level(row["id"], row["variant_id"], row["location_id"], row["free"]) for row in found]


async def lock_levels(session: AsyncSession, level_ids: Iterable[int]) -> dict[int, int]:
    """Lock these levels; {level id: variant id}."""
    await session.flush()
    driver = await raw(session)
    return {row["id"]: row["variant_id"] for row in await driver.fetch(_LOCK_BY_ID, sorted(set(level_ids)))}


async def change_levels(
    session: AsyncSession, *, on_hand: Mapping[int, int] | None = None, reserved: Mapping[int, int] | None = None
) -> None:
    """The one guarded way levels change: {level id: difference}. They must be locked.

    Raises Refused("stock.short", variant=...) for what would promise more than there is, or less than nothing.
    """
    came, promised = on_hand or {}, reserved or {}
    ids = sorted({*came, *promised})
    driver = await raw(session)
    changed = await driver.fetch(
        _CHANGE, ids, [came.get(level, 0) for level in ids], [promised.get(level, 0) for level in ids]
    )
    if len(changed) != len(ids):
        refused = min(set(ids) - {row["id"] for row in changed})
        variant = await driver.fetchval("SELECT variant_id FROM stock_level WHERE id = $1", refused)
        raise Refused("stock.short", variant=variant)


async def write_movements(
    session: AsyncSession, deltas: Mapping[int, int], *, reason: str, reference: str, now: datetime
) -> None:
    """Say for each level what came (above 0) or went."""
    driver = await raw(session)
    await driver.execute(_MOVED, list(deltas.keys()), list(deltas.values()), reason, reference, now)


def summed(maps: Iterable[Mapping[str, object] | Mapping[int, int]]) -> dict[int, int]:
    """The pieces of several `lines` or `levels` together."""
    pieces: Counter[int] = Counter()
    for one in maps:
        pieces.update({int(key): int(str(count)) for key, count in one.items()})
    return dict(pieces)


def as_json(pieces: Mapping[int, int]) -> JsonMap:
    """Pieces as `lines` or `levels` of a hold keep them."""
    return {str(key): count for key, count in pieces.items()}


def pieces_text(pieces: Mapping[int, int]) -> str:
    """The same as JSON text, for the driver; the general encoder would be a good part of a hold's work."""
    return "{" + ",".join([f'"{key:d}":{count:d}' for key, count in pieces.items()]) + "}"
