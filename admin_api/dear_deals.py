"""Deals of a product that its usual price has fallen to, or below: nobody would buy in them any more."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.flash_sales.queries import sales_for
from commerce.group_buy.queries import campaigns_now
from commerce.promotions.rules import label_in


async def dear_deals(session: AsyncSession, *, product_id: int, language: str, now: datetime) -> list[str]:
    """The names of the group-buys that are on, and the flash sales that are on or near, with no lower price."""
    dear = [
        label_in(campaign.name, language)
        for campaign in await campaigns_now(session, now=now, product_id=product_id)
        if any(one.alone <= one.offer.amount for one in campaign.offers)
    ]
    kinds = list(await session.scalars(select(Variant.id).where(Variant.product_id == product_id)))
    sales = await sales_for(session, customer_id=None, language=language, now=now, variant_ids=kinds)
    return dear + [
        label_in(sale.name, language) for sale in sales if any(item.variant.price <= item.price for item in sale.items)
    ]
