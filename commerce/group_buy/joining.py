"""Two customers turn out to be one person: their seats and groups become the elder's."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LIVING = "state IN ('held', 'paid', 'succeeded')"
_SEATS = text(f"""
WITH had AS (
        SELECT campaign_id, max(seq) AS last FROM group_member WHERE customer_id = :to_id AND {_LIVING} GROUP BY 1),
     numbered AS (
        SELECT m.id, coalesce(had.last, 0) + row_number() OVER (PARTITION BY m.campaign_id ORDER BY m.seq) AS seq
        FROM group_member m LEFT JOIN had ON had.campaign_id = m.campaign_id
        WHERE m.customer_id = :from_id AND m.{_LIVING})
UPDATE group_member m SET customer_id = :to_id, seq = n.seq, most = greatest(m.most, n.seq),
    is_twin = m.is_twin OR EXISTS (
        SELECT FROM group_member o WHERE o.group_id = m.group_id AND o.customer_id = :to_id AND o.{_LIVING})
FROM numbered n WHERE n.id = m.id
""")
_ENDED = text("UPDATE group_member SET customer_id = :to_id WHERE customer_id = :from_id")
_LED = text("UPDATE buying_group SET leader_id = :to_id WHERE leader_id = :from_id")


async def join_seats(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """All their seats count for the one, be it beyond the limit, or two in one group."""
    for statement in (_SEATS, _ENDED, _LED):
        await session.execute(statement, {"from_id": from_id, "to_id": to_id})
