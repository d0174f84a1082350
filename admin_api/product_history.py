"""Who changed a product, and what, since somebody last looked: from the audit log."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.model import Staff
from admin_api.roles import Permission, StaffMember
from foundation.audit import AuditEntry

MOST_CHANGES = 10


class ProductChange(BaseModel):
    """One act on a product. `who` is null for the shop itself; `facts` are names such as "text.zh" (product_facts)."""

    who: str | None
    at: datetime
    action: str
    facts: list[str]


async def newest_entry(session: AsyncSession, *, product_id: int) -> int:
    """The id of the last line about a product, 0 without any."""
    newest = select(func.max(AuditEntry.id)).where(AuditEntry.subject == f"product:{product_id}")
    return await session.scalar(newest) or 0


async def changes_since(
    session: AsyncSession, staff: StaffMember, *, product_id: int, after: int
) -> list[ProductChange]:
    """What was done with a product after a line of the log, newest first."""
    staff.must(Permission.READ_PRODUCTS)
    lines = (
        select(AuditEntry, Staff.display_name)
        .outerjoin(Staff, Staff.id == AuditEntry.staff_id)
        .where(AuditEntry.subject == f"product:{product_id}", AuditEntry.id > after)
        .order_by(AuditEntry.id.desc())
        .limit(MOST_CHANGES)
    )
    return [
        ProductChange(who=name, at=line.at, action=line.action, facts=list((line.facts or {}).get("after") or {}))
        for line, name in await session.execute(lines)
    ]
