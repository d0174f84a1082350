"""What happens to stock and to promises of it. Levels are always locked in the order of their ids."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.model import Hold, HoldState, StockLevel, StockMovement
from foundation.database import JsonMap, raw
from foundation.errors import Refused

_LEVELS_FOR = """
    INSERT INTO stock_level (variant_id, on_hand, reserved, backorder)
    SELECT variant, 0, 0, 0 FROM unnest($1::bigint[]) AS variant ORDER BY variant ON CONFLICT DO NOTHING
"""
_LOCK = """
    SELECT variant_id, reserved, reserved - backorder AS least FROM stock_level
    WHERE variant_id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_COUNT = """
    WITH changed AS (
        UPDATE stock_level SET on_hand = counted
        FROM unnest($1::bigint[], $2::bigint[]) AS said (variant, counted)
        WHERE variant_id = variant AND on_hand <> counted AND reserved <= counted + backorder
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
    session: AsyncSession, *, variant_id: int, quantity: int, reference: str, now: datetime
) -> StockLevel:
    """Pieces arrived. The level is made with the first ones. Raises Refused("stock.quantity") below one piece."""
    if quantity < 1:
        raise Refused("stock.quantity", quantity=quantity)
    return await _move(session, variant_id, quantity, reason="received", reference=reference, now=now)


async def adjust_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    quantity: int,
    reason: Reason,
    reference: str,
    now: datetime,
    was: int | None = None,
) -> StockLevel:
    """So many pieces came or, as the reason says, went.

    Raises Refused: stock.quantity, stock.short (`left`: fewer lie there), stock.promised (`reserved`), and
    stock.changed (`on_hand`) when `was` is given and that many do not lie there: a form sent twice counts once.
    """
    if not 1 <= quantity <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=quantity, most=MOST_PIECES)
    level = await _level(session, variant_id)
    _refuse_surprise(level, was)
    delta = -quantity if reason in _GOING else quantity
    if delta < 0 and level.on_hand + delta < 0:
        raise Refused("stock.short", variant=variant_id, left=max(level.on_hand, 0))
    if level.reserved > level.on_hand + delta + level.backorder:
        raise Refused("stock.promised", variant=variant_id, reserved=level.reserved)
    if level.on_hand + delta > MOST_PIECES:
        raise Refused("stock.quantity", quantity=level.on_hand + delta, most=MOST_PIECES)
    return await _move(session, variant_id, delta, reason=reason, reference=reference, now=now)


async def count_stock(
    session: AsyncSession,
    *,
    variant_id: int,
    counted: int,
    reference: str,
    now: datetime,
    was: int | None = None,
) -> StockLevel:
    """Somebody counted: on hand is this many. Raises Refused("stock.promised", reserved=...) when more are promised.

    `was`: how many the person saw before; raises Refused("stock.changed", on_hand=...) when it is another number now.
    """
    if not 0 <= counted <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=counted, most=MOST_PIECES)
    level = await _level(session, variant_id)
    _refuse_surprise(level, was)
    if level.reserved > counted + level.backorder:
        raise Refused("stock.promised", variant=variant_id, reserved=level.reserved)
    if counted == level.on_hand:
        return level
    return await _move(session, variant_id, counted - level.on_hand, reason="counted", reference=reference, now=now)


async def count_many(session: AsyncSession, counted: Mapping[int, int], *, reference: str, now: datetime) -> None:
    """Many variants were counted: {variant id: on hand}, all or nothing.

    Raises Refused("stock.promised", promised={variant id: pieces}) naming those of which more are promised.
    """
    if counted and not 0 <= min(counted.values()) <= max(counted.values()) <= MOST_PIECES:
        raise Refused("stock.quantity", quantity=max(counted.values()), most=MOST_PIECES)
    await session.flush()
    variants = sorted(counted)
    pieces = [counted[variant] for variant in variants]
    driver = await raw(session)
    await driver.execute(_LEVELS_FOR, variants)
    locked = await driver.fetch(_LOCK, variants)
    promised = {str(row["variant_id"]): row["reserved"] for row in locked if row["least"] > counted[row["variant_id"]]}
    if promised:
        raise Refused("stock.promised", promised=promised)
    await driver.execute(_COUNT, variants, pieces, reference, now)


async def adopt(session: AsyncSession, *, key: str, order_id: int, lines: Mapping[int, int], committed: bool) -> None:
    """Make a hold an order's. `committed`: sold for good, else kept for an order that waits for its payment.

    Raises Refused("stock.hold_gone") when there is no such hold of exactly these lines, or it expired.
    """
    adopted = await session.scalar(
        update(Hold)
        .where(Hold.key == key, Hold.state == HoldState.HELD, Hold.order_id.is_(None), Hold.lines == _as_json(lines))
        .values(order_id=order_id, state=HoldState.COMMITTED if committed else HoldState.HELD)
        .returning(Hold.id)
        .execution_options(synchronize_session=False)
    )
    if adopted is None:
        raise Refused("stock.hold_gone", key=key)


async def commit_holds(session: AsyncSession, *, order_id: int) -> None:
    """What was kept for an order is sold."""
    await _flip(session, order_id, of=(HoldState.HELD,), to=HoldState.COMMITTED)


async def release_holds(session: AsyncSession, *, order_id: int, expired: bool = False) -> int:
    """Give back what an order keeps and has not been shipped; returns the pieces. Again: nothing is left to give."""
    to = HoldState.EXPIRED if expired else HoldState.RELEASED
    flipped = await _flip(session, order_id, of=(HoldState.HELD, HoldState.COMMITTED), to=to)
    return await _give_back(session, flipped)


async def lock_stock_of(session: AsyncSession, *, order_ids: Collection[int]) -> None:
    """Lock the levels that several orders keep, before they are ended one after another: else that could deadlock."""
    kept = await session.scalars(select(Hold.lines).where(Hold.order_id.in_(order_ids)))
    await _locked_levels(session, _summed(kept))


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
        .returning(Hold.lines)
        .execution_options(synchronize_session=False)
    )
    lines = flipped.all()
    await _give_back(session, lines)
    return len(lines)


async def reserve_again(
    session: AsyncSession, *, key: str, order_id: int, lines: Mapping[int, int], now: datetime
) -> bool:
    """Take stock for an order whose promise had ended (its payment came late); False when it is not there any more."""
    free = {
        level.variant_id: level.on_hand + level.backorder - level.reserved
        for level in await _locked_levels(session, lines)
    }
    if any(free.get(variant, 0) < pieces for variant, pieces in lines.items()):
        return False
    for variant, pieces in sorted(lines.items()):
        await _change(session, variant, reserved=pieces)
    session.add(
        Hold(key=key, lines=_as_json(lines), until=now, state=HoldState.COMMITTED, order_id=order_id, created_at=now)
    )
    await session.flush()
    return True


async def ship(session: AsyncSession, *, order_id: int, reference: str, now: datetime) -> None:
    """What is sold to this order leaves the house. Raises Refused("stock.not_committed") when nothing is."""
    flipped = await _flip(session, order_id, of=(HoldState.COMMITTED,), to=HoldState.SHIPPED)
    if not flipped:
        raise Refused("stock.not_committed", order=order_id)
    lines = _summed(flipped)
    for level in await _locked_levels(session, lines):
        pieces = lines[level.variant_id]
        await _change(session, level.variant_id, on_hand=-pieces, reserved=-pieces)
        session.add(
            StockMovement(stock_level_id=level.id, delta=-pieces, reason="shipped", reference=reference, at=now)
        )
    await session.flush()


def _refuse_surprise(level: StockLevel, was: int | None) -> None:
    if was is not None and level.on_hand != was:
        raise Refused("stock.changed", variant=level.variant_id, on_hand=level.on_hand)


async def _move(
    session: AsyncSession, variant_id: int, delta: int, *, reason: str, reference: str, now: datetime
) -> StockLevel:
    level = await _level(session, variant_id)
    await _change(session, variant_id, on_hand=delta)
    session.add(StockMovement(stock_level_id=level.id, delta=delta, reason=reason, reference=reference, at=now))
    await session.flush()
    await session.refresh(level)
    return level


async def _level(session: AsyncSession, variant_id: int) -> StockLevel:
    """The level of a variant under a lock; made empty when there is none."""
    await session.execute(
        insert(StockLevel).values(variant_id=variant_id, on_hand=0, reserved=0, backorder=0).on_conflict_do_nothing()
    )
    (level,) = await _locked_levels(session, [variant_id])
    return level


async def _locked_levels(session: AsyncSession, variant_ids: Iterable[int]) -> list[StockLevel]:
    found = (
        select(StockLevel)
        .where(StockLevel.variant_id.in_(list(variant_ids)))
        .order_by(StockLevel.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(found))


async def _change(session: AsyncSession, variant_id: int, *, on_hand: int = 0, reserved: int = 0) -> None:
    """The one guarded way a level changes; the row count decides."""
    changed = await session.scalar(
        update(StockLevel)
        .where(
            StockLevel.variant_id == variant_id,
            StockLevel.reserved + reserved >= 0,
            StockLevel.reserved + reserved <= StockLevel.on_hand + on_hand + StockLevel.backorder,
        )
        .values(on_hand=StockLevel.on_hand + on_hand, reserved=StockLevel.reserved + reserved)
        .returning(StockLevel.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise Refused("stock.short", variant=variant_id)


async def _flip(session: AsyncSession, order_id: int, *, of: tuple[HoldState, ...], to: HoldState) -> list[JsonMap]:
    """Change the state of an order's holds; returns the lines of those that changed."""
    flipped = await session.scalars(
        update(Hold)
        .where(Hold.order_id == order_id, Hold.state.in_(of))
        .values(state=to)
        .returning(Hold.lines)
        .execution_options(synchronize_session=False)
    )
    return list(flipped)


async def _give_back(session: AsyncSession, holds: Iterable[JsonMap]) -> int:
    lines = _summed(holds)
    for level in await _locked_levels(session, lines):
        await _change(session, level.variant_id, reserved=-lines[level.variant_id])
    return sum(lines.values())


def _summed(holds: Iterable[JsonMap]) -> dict[int, int]:
    """The pieces of several holds together, for each variant."""
    pieces: Counter[int] = Counter()
    for lines in holds:
        pieces.update({int(variant): int(count) for variant, count in lines.items()})
    return dict(pieces)


def _as_json(lines: Mapping[int, int]) -> JsonMap:
    return {str(variant): pieces for variant, pieces in lines.items()}
