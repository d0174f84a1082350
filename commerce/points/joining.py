"""Two customers turned out to be one person: the points of one become the other's."""

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.points.model import PointsAccount, PointsEntry


async def join_points(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """Both accounts become one, with all that happened to them. Again changes nothing."""
    new = insert(PointsAccount).values(customer_id=to_id, available=0, pending=0)
    await session.execute(new.on_conflict_do_nothing())
    both = select(PointsAccount).where(PointsAccount.customer_id.in_((from_id, to_id)))
    locked = both.order_by(PointsAccount.customer_id).with_for_update().execution_options(populate_existing=True)
    accounts = {account.customer_id: account for account in await session.scalars(locked)}
    old = accounts.get(from_id)
    if old is None or from_id == to_id:
        return
    mine = update(PointsAccount).where(PointsAccount.customer_id == to_id)
    await session.execute(
        mine.values(
            available=PointsAccount.available + old.available,
            pending=PointsAccount.pending + old.pending,
            next_expiry=func.least(PointsAccount.next_expiry, old.next_expiry),
        )
    )
    moved = update(PointsEntry).where(PointsEntry.customer_id == from_id)
    await session.execute(moved.values(customer_id=to_id))
    old.available, old.pending, old.next_expiry = 0, 0, None
    await session.flush()
