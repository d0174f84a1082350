"""Groups that lack one more, offered to people who are no members."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.customers.consents import set_consent
from commerce.customers.model import Purpose
from commerce.favourites.model import Favourite, StockWatch
from commerce.favourites.offers import OFFER, offer_groups
from commerce.group_buy.nudges import note_interest
from foundation.database import Database
from tests.grouping import GroupShop, group_shop


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[GroupShop]:
    async with group_shop(database, now) as shop:
        yield shop


async def test_others_hear_that_one_is_missing_only_when_they_allowed_offers_once_a_day(shop: GroupShop) -> None:
    fan, waiter, silent, guest, member = [await shop.customer() for _ in range(5)]

    async def offered(session: AsyncSession, groups: int) -> list[int]:
        assert await offer_groups(session, now=shop.now, limit=50) == groups
        told = select(Announcement.customer_id).where(Announcement.kind == OFFER).order_by(Announcement.id)
        return list(await session.scalars(told))

    async with shop.database.begin() as session:
        for who in (fan, waiter, guest, member):
            allows = {"purpose": Purpose.MARKETING, "source": "chat", "now": shop.now}
            await set_consent(session, customer_id=who, granted=True, **allows)  # type: ignore[arg-type]
        for who in (fan, silent, member):
            session.add(Favourite(customer_id=who, product_id=shop.product, created_at=shop.now))
        session.add(StockWatch(customer_id=waiter, variant_id=shop.tea, created_at=shop.now))
    group, _ = await shop.begun()
    async with shop.database.begin() as session:
        await note_interest(session, group_id=group, customer_id=guest, now=shop.now)
        assert await offered(session, 0) == [], "two are missing"
    await shop.joins(group, customer=member)
    async with shop.database.begin() as session:
        assert await offered(session, 1) == [guest, fan, waiter], (
            "who looked at it comes first; no member, no silent one"
        )
        assert await offered(session, 0) == [guest, fan, waiter]
    another, _ = await shop.begun()
    await shop.joins(another)
    async with shop.database.begin() as session:
        assert await offered(session, 1) == [guest, fan, waiter], "once of a campaign, and once a day"
