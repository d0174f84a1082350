"""Points: earned pending, released on completion, spent under a guard, given back, reversed, expired.

Whoever calls these for an order holds the order's lock. What is done again for the same business fact changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.points.model import MOST_POINTS, EntryKind, PointsAccount, PointsEntry, PointsPolicy
from foundation.database import raw
from foundation.errors import Refused
from foundation.reading import Read

_AGAIN = ":again"
"""What an order that had expired and was paid late books a second time."""
_EARN = """
    WITH entry AS (
        INSERT INTO points_entry (customer_id, kind, reference, available, pending, order_id, reason, created_at)
        VALUES ($1, 'earned', 'order:' || $2::bigint, 0, $3, $2, '', $4)
        ON CONFLICT DO NOTHING RETURNING pending)
    INSERT INTO points_account (customer_id, available, pending) SELECT $1, 0, pending FROM entry
    ON CONFLICT (customer_id) DO UPDATE SET pending = points_account.pending + excluded.pending
"""
"""Every order earns, so it is one statement."""
_POINTS = Read(
    select(PointsAccount.available, PointsAccount.pending, PointsAccount.next_expiry).where(
        PointsAccount.customer_id == bindparam("customer_id")
    )
)


@dataclass(frozen=True, slots=True)
class PointsView:
    """What a customer may spend now, and what comes when their orders are completed. `next_expiry`: when some end."""

    available: int
    pending: int
    next_expiry: datetime | None = None


async def points_of(session: AsyncSession, customer_id: int) -> PointsView:
    """The points of a customer; none for who never had any."""
    row = await _POINTS.first(session, customer_id=customer_id)
    return PointsView(*row) if row is not None else PointsView(0, 0)


async def earn(session: AsyncSession, *, customer_id: int, order_id: int, points: int, now: datetime) -> None:
    """An order earns points; they are pending until it is completed. Once an order."""
    if points <= 0:
        return
    await (await raw(session)).execute(_EARN, customer_id, order_id, points, now)


async def release_pending(session: AsyncSession, *, order_id: int, now: datetime) -> int:
    """The order is completed: what it earned and was not reversed becomes available; returns how many points."""
    customer_id = await _lock_account_of(session, order_id)
    if customer_id is None:
        return 0
    points = (await _sums(session, order_id)).pending
    if points <= 0:
        return 0
    expires_at = await _end_from(session, now)
    await _change(session, customer_id, available=points, pending=-points, expires_at=expires_at)
    session.add(
        PointsEntry(
            customer_id=customer_id,
            kind=EntryKind.RELEASED,
            reference=f"order:{order_id}",
            available=points,
            pending=-points,
            order_id=order_id,
            expires_at=expires_at,
            created_at=now,
        )
    )
    announce(session, "points_earned", customer_id=customer_id, now=now, points=points, order_id=order_id)
    await session.flush()
    return points


async def spend(
    session: AsyncSession,
    *,
    customer_id: int,
    points: int,
    order_id: int,
    now: datetime,
    reference: str | None = None,
) -> None:
    """Take points for an order. `reference` where one order spends more than once. Raises Refused("points.short")."""
    if points <= 0:
        return
    reference = reference or f"order:{order_id}"
    if await _is_booked(session, EntryKind.SPENT, reference):
        return
    guarded = update(PointsAccount).where(PointsAccount.customer_id == customer_id, PointsAccount.available >= points)
    taken = guarded.values(available=PointsAccount.available - points).returning(PointsAccount.available)
    if await session.scalar(taken) is None:
        raise Refused("points.short", points=points, available=(await points_of(session, customer_id)).available)
    session.add(
        PointsEntry(
            customer_id=customer_id,
            kind=EntryKind.SPENT,
            reference=reference,
            available=-points,
            order_id=order_id,
            created_at=now,
        )
    )
    await session.flush()


async def spend_again(session: AsyncSession, *, customer_id: int, order_id: int, now: datetime) -> None:
    """An order that came to nothing is paid after all: it takes what it gave back. Raises Refused("points.short")."""
    points = await _points_of_entry(session, EntryKind.GIVEN_BACK, f"order:{order_id}")
    reference = f"order:{order_id}{_AGAIN}"
    await spend(session, customer_id=customer_id, points=points, order_id=order_id, now=now, reference=reference)


async def give_back(
    session: AsyncSession, *, order_id: int, now: datetime, gone: int = 1, of: int = 1, reference: str | None = None
) -> int:
    """Give back what was spent on an order; all of it, or the part `gone` of `of` of the order that is gone so far.

    Returns the points given back now: floor(spent * gone / of) less what the order does not keep any more, so that all
    parts together are exactly what was spent. They end as early as those that were spent.
    """
    customer_id = await _lock_account_of(session, order_id)
    if customer_id is None:
        return 0
    sums = await _sums(session, order_id)
    kept = sums.spent - sums.given_back
    if kept <= 0:
        return 0
    at_first = await _points_of_entry(session, EntryKind.SPENT, f"order:{order_id}")
    points = min(at_first * gone // of - (at_first - kept), kept)
    if reference is None:
        reference = f"order:{order_id}"
        if await _is_booked(session, EntryKind.GIVEN_BACK, reference):  # it had expired before, and spent again
            reference += _AGAIN
    if points <= 0 or await _is_booked(session, EntryKind.GIVEN_BACK, reference):
        return 0
    await _change(session, customer_id, available=points)
    session.add(
        PointsEntry(
            customer_id=customer_id,
            kind=EntryKind.GIVEN_BACK,
            reference=reference,
            available=points,
            order_id=order_id,
            created_at=now,
        )
    )
    await session.flush()
    return points


async def reverse(
    session: AsyncSession, *, order_id: int, now: datetime, gone: int = 1, of: int = 1, reference: str | None = None
) -> int:
    """Take back what an order earned; all of it, or the part `gone` of `of` of its money that was refunded so far.

    Pending points go first, then available ones; those that were spent already are let go, for no balance is ever
    below zero. Returns the points taken now: floor(earned * gone / of) less what had been taken before.
    """
    customer_id = await _lock_account_of(session, order_id)
    if customer_id is None:
        return 0
    sums = await _sums(session, order_id)
    points = sums.earned * gone // of - sums.reversed
    reference = reference or f"order:{order_id}"
    if points <= 0 or await _is_booked(session, EntryKind.REVERSED, reference):
        return 0
    pending = min(points, sums.pending)
    available = min(points - pending, (await points_of(session, customer_id)).available)
    if pending + available == 0:
        return 0
    await _change(session, customer_id, available=-available, pending=-pending)
    session.add(
        PointsEntry(
            customer_id=customer_id,
            kind=EntryKind.REVERSED,
            reference=reference,
            available=-available,
            pending=-pending,
            order_id=order_id,
            created_at=now,
        )
    )
    await session.flush()
    return pending + available


async def adjust_points(
    session: AsyncSession, *, customer_id: int, points: int, reason: str, reference: str, now: datetime
) -> bool:
    """The staff gives (positive) or takes points, with a reason; False when this `reference` was booked before.

    Raises Refused("points.short"), ("points.invalid") for none or too many, or ("points.reason_empty").
    """
    if points == 0 or abs(points) > MOST_POINTS:
        raise Refused("points.invalid", most=MOST_POINTS)
    if not reason.strip():
        raise Refused("points.reason_empty")
    await _open_account(session, customer_id)
    locked = select(PointsAccount).where(PointsAccount.customer_id == customer_id).with_for_update()
    account = (await session.scalars(locked.execution_options(populate_existing=True))).one()
    if await _is_booked(session, EntryKind.ADJUSTED, reference):
        return False
    if account.available + points < 0:
        raise Refused("points.short", points=-points, available=account.available)
    expires_at = await _end_from(session, now) if points > 0 else None
    await _change(session, customer_id, available=points, expires_at=expires_at)
    session.add(
        PointsEntry(
            customer_id=customer_id,
            kind=EntryKind.ADJUSTED,
            reference=reference,
            available=points,
            reason=reason.strip(),
            expires_at=expires_at,
            created_at=now,
        )
    )
    await session.flush()
    return True


async def expire_points(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """End points whose time is over and that were not spent. A sweep: returns how many customers it looked at.

    What is spent is what ends first. So of the points that have ended by now, those are left that all points that
    went so far do not cover.
    """
    due = select(PointsAccount).where(PointsAccount.next_expiry <= now).order_by(PointsAccount.customer_id)
    due = due.limit(limit).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    accounts = (await session.scalars(due)).all()
    for account in accounts:
        ended, went, following = await _lots(session, account.customer_id, now)
        points = min(max(ended - went, 0), account.available)
        if points:
            session.add(
                PointsEntry(
                    customer_id=account.customer_id,
                    kind=EntryKind.EXPIRED,
                    reference=f"customer:{account.customer_id}:{now.isoformat()}",
                    available=-points,
                    created_at=now,
                )
            )
        account.available -= points
        account.next_expiry = following
    await session.flush()
    return len(accounts)


async def points_policy(session: AsyncSession) -> int | None:
    """After how many days points end; none: never."""
    return await session.scalar(select(PointsPolicy.valid_days).where(PointsPolicy.id == 1))


async def set_points_policy(session: AsyncSession, *, valid_days: int | None, now: datetime) -> None:
    """From now on points end so many days after they became available. Raises Refused("points.days_invalid")."""
    if valid_days is not None and not 1 <= valid_days <= 36500:
        raise Refused("points.days_invalid")
    values = {"valid_days": valid_days, "updated_at": now}
    made = insert(PointsPolicy).values(id=1, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))


@dataclass(frozen=True, slots=True)
class _Sums:
    """What happened to the points of one order so far, each a positive number."""

    earned: int
    pending: int
    spent: int
    given_back: int
    reversed: int


async def _sums(session: AsyncSession, order_id: int) -> _Sums:
    found = select(PointsEntry.kind, func.sum(PointsEntry.available), func.sum(PointsEntry.pending))
    rows = await session.execute(found.where(PointsEntry.order_id == order_id).group_by(PointsEntry.kind))
    by_kind = {kind: (int(available), int(pending)) for kind, available, pending in rows}

    def of(kind: EntryKind) -> int:
        return abs(sum(by_kind.get(kind, (0, 0))))

    pending = sum(pending for _available, pending in by_kind.values())
    return _Sums(of(EntryKind.EARNED), pending, of(EntryKind.SPENT), of(EntryKind.GIVEN_BACK), of(EntryKind.REVERSED))


async def _lots(session: AsyncSession, customer_id: int, now: datetime) -> tuple[int, int, datetime | None]:
    """Points that have ended by now, points that went (spent and not given back), and when the next ones end."""
    comes = (EntryKind.RELEASED, EntryKind.ADJUSTED)
    is_lot = (PointsEntry.available > 0) & PointsEntry.kind.in_(comes)
    sums = select(
        func.coalesce(func.sum(case((is_lot & (PointsEntry.expires_at <= now), PointsEntry.available), else_=0)), 0),
        func.coalesce(func.sum(case((is_lot, 0), else_=-PointsEntry.available)), 0),
        func.min(case((PointsEntry.expires_at > now, PointsEntry.expires_at))),
    )
    ended, went, following = (await session.execute(sums.where(PointsEntry.customer_id == customer_id))).one()
    return int(ended), int(went), following


async def _is_booked(session: AsyncSession, kind: EntryKind, reference: str) -> bool:
    booked = select(PointsEntry.id).where(PointsEntry.kind == kind, PointsEntry.reference == reference)
    return await session.scalar(booked) is not None


async def _points_of_entry(session: AsyncSession, kind: EntryKind, reference: str) -> int:
    """How many points one entry moved; 0 where there is none."""
    moved = select(PointsEntry.available).where(PointsEntry.kind == kind, PointsEntry.reference == reference)
    return abs(await session.scalar(moved) or 0)


async def _open_account(session: AsyncSession, customer_id: int) -> None:
    new = insert(PointsAccount).values(customer_id=customer_id, available=0, pending=0)
    await session.execute(new.on_conflict_do_nothing())


async def _lock_account_of(session: AsyncSession, order_id: int) -> int | None:
    """Lock the account that has entries for this order; None where there are none."""
    owner = select(PointsEntry.customer_id).where(PointsEntry.order_id == order_id).limit(1)
    locked = select(PointsAccount.customer_id).where(PointsAccount.customer_id == owner.scalar_subquery())
    return await session.scalar(locked.with_for_update())


async def _change(
    session: AsyncSession,
    customer_id: int,
    *,
    available: int = 0,
    pending: int = 0,
    expires_at: datetime | None = None,
) -> None:
    """Add to both numbers; the CHECKs stand behind each."""
    changed = update(PointsAccount).where(PointsAccount.customer_id == customer_id)
    await session.execute(
        changed.values(
            available=PointsAccount.available + available,
            pending=PointsAccount.pending + pending,
            next_expiry=func.least(PointsAccount.next_expiry, expires_at),  # least() passes over nulls
        )
    )


async def _end_from(session: AsyncSession, now: datetime) -> datetime | None:
    days = await points_policy(session)
    return now + timedelta(days=days) if days is not None else None
