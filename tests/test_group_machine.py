"""Groups driven by random events: whoever joins, pays, leaves, dies or comes late, after each step the rules hold."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cli.scratch import Place, scratch_database
from commerce.checks import RULES
from commerce.group_buy.campaigns import Offer, Tier, end_group, extend_group
from commerce.group_buy.deadlines import close_groups, finish_groups, orders_to_settle
from commerce.group_buy.invariants import INVARIANTS
from commerce.group_buy.model import BelowSize, BuyingGroup
from commerce.inventory.actions import expire_holds
from commerce.inventory.invariants import INVARIANTS as OF_STOCK
from commerce.orders.actions import cancel_order, expire_unpaid_orders
from commerce.orders.groups import settle_group_order
from commerce.orders.model import Order
from foundation.database import Database
from foundation.errors import Refused
from tests.grouping import GROUP_PRICE, LEADER_PRICE, GroupShop, group_shop

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHICH = some.integers(0, 5)
EVENTS = some.one_of(
    some.tuples(some.just("asks"), WHICH, some.one_of(some.none(), WHICH), some.integers(1, 2)),
    some.tuples(some.just("pays"), WHICH),
    some.tuples(some.just("pays"), WHICH),
    some.tuples(some.just("joins"), WHICH, some.one_of(some.none(), WHICH)),
    some.tuples(some.just("joins"), WHICH, some.just(0)),
    some.tuples(some.just("opens"), WHICH),
    some.tuples(some.just("leaves"), WHICH),
    some.tuples(some.just("cancelled"), WHICH),
    some.tuples(some.just("ended"), WHICH),
    some.tuples(some.just("extended"), WHICH),
    some.tuples(some.just("passes"), some.sampled_from([5, 10, 60, 720, 1440])),
    some.tuples(some.just("unpaid")),
    some.tuples(some.just("deadline"), some.integers(1, 3)),
    some.tuples(some.just("settles"), some.integers(1, 3)),
)
DIES = some.sampled_from((0, 0, 0, 0, 1, 2, 3, 4))
"""In which of its transactions whoever does it is killed; 0 in none."""
CAMPAIGNS = some.fixed_dictionaries(
    {
        "size": some.integers(2, 3),
        "max_per_customer": some.integers(1, 2),
        "quota": some.one_of(some.none(), some.integers(2, 6)),
        "below_size": some.sampled_from(BelowSize),
        "has_tiers": some.booleans(),
    }
)


class Killed(Exception):
    """The process died with its transaction open."""


class Mortal(Database):
    """A database whose client is killed at the end of one of its next transactions."""

    dies_in = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        async with super().begin() as session:
            yield session
            await session.flush()
            self.dies_in -= 1
            if self.dies_in == 0:
                raise Killed


@dataclass
class Play:
    """Four customers, and what happens between them."""

    shop: GroupShop
    customers: list[int]
    orders: list[Order] = field(default_factory=list)

    async def asks(self, who: int, group: int | None, pieces: int) -> None:
        number = None
        if group is not None:
            groups = await self._groups()
            if not groups:
                return
            number = groups[group % len(groups)]
        customer = self.customers[who % len(self.customers)]
        self.orders.append(await self.shop.asks(number, customer=customer, pieces=pieces))

    async def joins(self, who: int, group: int | None) -> None:
        before = len(self.orders)
        await self.asks(who, group, 1)
        if len(self.orders) > before:
            await self.shop.pays(self.orders[-1])

    async def pays(self, which: int) -> None:
        if self.orders:
            await self.shop.pays(self._order(which))

    async def opens(self, which: int) -> None:
        if self.orders:
            await self.shop.opens(self._order(which))

    async def leaves(self, which: int) -> None:
        if self.orders:
            await self.shop.leaves(self._order(which))

    async def cancelled(self, which: int) -> None:
        if self.orders:
            async with self.shop.database.begin() as session:
                order_id = self._order(which).id
                await cancel_order(session, order_id=order_id, by="staff", reason="asked", now=self.shop.now)

    async def ended(self, which: int) -> None:
        for group in (await self._groups())[which : which + 1]:
            async with self.shop.database.begin() as session:
                await end_group(session, group_id=group, now=self.shop.now)

    async def extended(self, which: int) -> None:
        for group in (await self._groups())[which : which + 1]:
            async with self.shop.database.begin() as session:
                await extend_group(session, group_id=group, minutes=30, now=self.shop.now)

    async def passes(self, minutes: int) -> None:
        self.shop.later(minutes * MINUTE)

    async def unpaid(self) -> None:
        for sweep in (expire_unpaid_orders, expire_holds):
            async with self.shop.database.begin() as session:
                await sweep(session, now=self.shop.now)

    async def deadline(self, limit: int) -> None:
        async with self.shop.database.begin() as session:
            await close_groups(session, now=self.shop.now, limit=limit)

    async def settles(self, limit: int) -> None:
        async with self.shop.database.begin() as session:
            due = await orders_to_settle(session, limit=limit)
        for order_id in due:
            async with self.shop.database.begin() as session:
                await settle_group_order(session, order_id=order_id, now=self.shop.now)
        async with self.shop.database.begin() as session:
            await finish_groups(session, now=self.shop.now)

    def _order(self, which: int) -> Order:
        return self.orders[which % len(self.orders)]

    async def _groups(self) -> list[int]:
        async with self.shop.database.begin() as session:
            return list(await session.scalars(select(BuyingGroup.id).order_by(BuyingGroup.id)))


async def play(place: Place, campaign: dict[str, Any], events: list[tuple[tuple[Any, ...], int]]) -> None:
    tiers = (Tier(4, 4000),) if campaign.pop("has_tiers") else ()
    async with scratch_database(place, pool_size=4) as scratch:
        database = Mortal(scratch.url, scratch.vault, pool_size=4)
        try:
            await _play(database, campaign, tiers, events)
        finally:
            await database.close()


async def _play(
    database: Mortal, campaign: dict[str, Any], tiers: tuple[Tier, ...], events: list[tuple[tuple[Any, ...], int]]
) -> None:
    async with group_shop(database, START, pieces=8) as shop:
        offers = (Offer(shop.tea, GROUP_PRICE, LEADER_PRICE, tiers),)
        await shop.runs(max_pieces=2, offers=offers, **campaign)
        act = Play(shop, [await shop.customer() for _ in range(4)])
        for (kind, *facts), database.dies_in in events:
            with suppress(Refused, Killed):
                await getattr(act, kind)(*facts)
            database.dies_in = 0
            assert await broken(shop, {**INVARIANTS, **OF_STOCK}) == [], (kind, facts)
        shop.later(timedelta(days=2))  # in the end everybody has their goods or their money
        for _ in range(2):
            await shop.sweeps()
        assert await broken(shop, RULES) == []
        async with database.begin() as session:
            assert await orders_to_settle(session, limit=1) == []


async def broken(shop: GroupShop, rules: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Rules that a row breaks, all asked at once."""
    asked = " UNION ALL ".join(
        f"(SELECT '{rule}' AS rule, to_jsonb(r) AS row FROM ({query}) r LIMIT 1)" for rule, query in rules.items()
    )
    async with shop.database.begin() as session:
        return [(row.rule, row.row) for row in await session.execute(text(asked.replace(":", "\\:")))]


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False)
@given(campaign=CAMPAIGNS, events=some.lists(some.tuples(EVENTS, DIES), min_size=6, max_size=18))
def test_no_order_of_events_and_kills_breaks_a_rule_of_groups(
    place: Place, campaign: dict[str, Any], events: list[tuple[tuple[Any, ...], int]]
) -> None:
    asyncio.run(play(place, dict(campaign), [(("joins", 0, None), 0), *events]))
