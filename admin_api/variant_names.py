"""SKUs of variants by their ids and the other way round, for forms in which people type SKUs."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.roles import Permission, StaffMember
from commerce.catalog.model import Variant
from foundation.errors import Refused


async def variants_of(session: AsyncSession, staff: StaffMember, *, skus: Collection[str]) -> dict[str, int]:
    """{SKU: variant id}. Refuses variant.sku_unknown with those that there are not."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await session.execute(select(Variant.sku, Variant.id).where(Variant.sku.in_(list(skus))))
    ids = {row.sku: row.id for row in found}
    missing = [sku for sku in skus if sku not in ids]
    if missing:
        raise Refused("variant.sku_unknown", skus=missing[:10])
    return ids


async def skus_of(session: AsyncSession, staff: StaffMember, *, ids: Collection[int]) -> dict[int, str]:
    """{variant id: SKU} of those that are there."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await session.execute(select(Variant.id, Variant.sku).where(Variant.id.in_(list(ids))))
    return {row.id: row.sku for row in found}
