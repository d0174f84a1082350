"""Everybody at once for the same few pieces of a flash sale; beside each race a twin whose guard is off."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.deals import FlashDeal, deal_cart
from commerce.customers.actions import save_address
from commerce.flash_sales.claims import give_back, take
from commerce.flash_sales.model import FlashClaim, FlashItem
from commerce.flash_sales.sales import ItemDraft, SaleDraft, add_sale, end_sale, end_sales, schedule_sale
from commerce.inventory.allotments import places_of
from commerce.inventory.hold import Holds
from commerce.orders.actions import Quote, place_order, quote
from commerce.orders.changes import cancel_items, preview_change
from commerce.orders.model import Order, OrderLine, PaymentMethod
from commerce.orders.steps import PayBy
from foundation.database import Database
from foundation.errors import Refused
from tests.crowd import CONNECTIONS, Act, at_once, broken, outcomes
from tests.goods import ZHANG, Stock, a_customer, a_product, holds_of, stock_of

HOUR = timedelta(hours=1)
QUOTA, PIECES = 5, 10


@pytest.fixture
async def houses(database: Database) -> AsyncIterator[list[Holds]]:
    """Four processes."""
    async with AsyncExitStack() as processes:
        yield [await processes.enter_async_context(holds_of(database)) for _ in range(4)]


async def a_sale(database: Database, now: datetime, *, limit: int = 1) -> FlashItem:
    """One that is on: five of ten pieces."""
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=6800, pieces=PIECES)
        item = ItemDraft(tea, 4800, QUOTA, limit)
        sale = await add_sale(session, draft=SaleDraft({"zh": "抢购"}, now, now + HOUR, (item,)), now=now)
        await schedule_sale(session, sale_id=sale.id, version=1, now=now)
        return (await session.scalars(select(FlashItem))).one()


class Buyer:
    """A shopper with everything ready but the yes."""

    def __init__(self, customer_id: int, address_id: int, offer: Quote) -> None:
        self.customer_id, self.address_id, self.offer = customer_id, address_id, offer

    async def buys(self, database: Database, holds: Holds, now: datetime) -> None:
        until = now + timedelta(minutes=10)
        await holds.hold(
            self.offer.hold_key, self.offer.holding, until=until, now=now, allotments=self.offer.allotments
        )
        async with database.begin() as session:
            await place_order(
                session,
                customer_id=self.customer_id,
                cart_id=self.offer.cart_id,
                cart_version=self.offer.cart_version,
                priced=self.offer.priced,
                address_id=self.address_id,
                payment_method=PaymentMethod.SIMULATOR,
                hold_key=self.offer.hold_key,
                language="zh",
                now=now,
            )


async def buyers_of(database: Database, item: FlashItem, count: int, now: datetime, *, pieces: int = 1) -> list[Buyer]:
    buyers = []
    async with database.begin() as session:
        for _ in range(count):
            customer = await a_customer(session, now=now)
            deal = FlashDeal(item.id)
            lines = {item.variant_id: pieces}
            cart = await deal_cart(session, customer_id=customer.id, deal=deal, lines=lines, now=now)
            address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
            offer = await quote(session, customer_id=customer.id, cart_id=cart.id, language="zh", now=now)
            assert offer.total.amount == 4800 * pieces
            buyers.append(Buyer(customer.id, address.id, offer))
    return buyers


async def test_what_is_not_paid_yet_cannot_be_turned_into_something_to_pay_later(
    database: Database, houses: list[Holds], now: datetime
) -> None:
    item = await a_sale(database, now)
    (buyer,) = await buyers_of(database, item, 1, now)
    await buyer.buys(database, houses[0], now)
    for method in (PaymentMethod.COD, PaymentMethod.TRANSFER):
        async with database.begin() as session:
            order = (await session.scalars(select(Order))).one()
            with pytest.raises(Refused) as said:
                await preview_change(session, order_id=order.id, steps=[PayBy(method)], now=now)
        assert said.value.code == "deal.pay_online"


async def test_a_piece_that_is_taken_off_an_order_is_for_sale_again_and_counts_no_more(
    database: Database, houses: list[Holds], now: datetime
) -> None:
    item = await a_sale(database, now, limit=QUOTA)
    (buyer,) = await buyers_of(database, item, 1, now, pieces=QUOTA)
    await buyer.buys(database, houses[0], now)
    async with database.begin() as session:
        line = (await session.scalars(select(OrderLine))).one()
        off = {"order_id": line.order_id, "customer_id": buyer.customer_id, "reason": "changed_mind"}
        await cancel_items(session, pieces={line.id: 2}, now=now, **off)  # type: ignore[arg-type]
    others = await buyers_of(database, item, 2, now)
    for other in others:
        await other.buys(database, houses[0], now)
    async with database.begin() as session:
        claimed = select(FlashClaim.customer_id).order_by(FlashClaim.customer_id)
        who = [buyer.customer_id] * (QUOTA - 2) + [other.customer_id for other in others]
        assert list(await session.scalars(claimed)) == who
    assert await broken(database) == []


async def test_the_quota_and_the_shelf_are_each_sold_to_the_last_piece_and_no_further(
    crowd: Database, houses: list[Holds], now: datetime
) -> None:
    item = await a_sale(crowd, now)
    buyers = await buyers_of(crowd, item, CONNECTIONS // 2, now)
    flash = [buyer.buys(crowd, houses[n % 4], now) for n, buyer in enumerate(buyers)]
    shelf = [
        houses[n % 4].hold(f"shelf:{n}", {item.variant_id: 1}, until=now + HOUR, now=now)
        for n in range(CONNECTIONS // 2)
    ]
    ended = await outcomes([act for pair in zip(flash, shelf, strict=True) for act in pair])
    assert Counter(ended[::2]) == {"done": QUOTA, "allotment.full": CONNECTIONS // 2 - QUOTA}
    assert Counter(ended[1::2]) == {"done": PIECES - QUOTA, "stock.short": CONNECTIONS // 2 - (PIECES - QUOTA)}
    assert await stock_of(crowd, item.variant_id) == Stock(PIECES, PIECES)
    async with crowd.begin() as session:
        assert set(await session.scalars(select(Order.total_amount))) == {4800}
        assert await session.scalar(select(func.count(FlashClaim.id))) == QUOTA
    assert await broken(crowd) == []


async def test_the_twin_whose_quota_is_a_number_beside_the_stock_oversells(crowd: Database, now: datetime) -> None:
    item = await a_sale(crowd, now)
    async with crowd.begin() as session:
        await session.execute(text("ALTER TABLE stock_level DROP CONSTRAINT ck_stock_level_not_oversold"))
        await session.execute(text("ALTER TABLE allotment DROP CONSTRAINT ck_allotment_not_over_full"))
        await session.execute(text("UPDATE stock_level SET reserved = 0"))
    looks = "SELECT capacity - used FROM allotment", "SELECT on_hand - reserved FROM stock_level"
    takes = "UPDATE allotment SET used = used + 1", "UPDATE stock_level SET reserved = reserved + 1"
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def buy(session: AsyncSession, *, way: int) -> None:
        assert (await session.scalar(text(looks[way])) or 0) > 0
        await everybody_looked.wait()
        await session.execute(text(takes[way]))

    await at_once(crowd, [partial(buy, way=n % 2) for n in range(CONNECTIONS)])
    assert (await stock_of(crowd, item.variant_id)).reserved == CONNECTIONS // 2
    async with crowd.begin() as session:
        assert (await places_of(session, [item.quota_id or 0]))[item.quota_id or 0].used == CONNECTIONS // 2


async def test_one_customer_tries_sixty_four_times_and_has_the_two_they_may_have(
    crowd: Database, now: datetime
) -> None:
    item = await a_sale(crowd, now, limit=2)
    async with crowd.begin() as session:
        who = (await a_customer(session, now=now)).id

    async def attempt(session: AsyncSession, *, order_id: int, quantity: int = 1) -> None:
        await take(session, item_id=item.id, customer_id=who, order_id=order_id, quantity=quantity)

    async def claimed() -> list[int]:
        async with crowd.begin() as session:
            return list(await session.scalars(select(FlashClaim.seq).order_by(FlashClaim.seq)))

    tries: list[Act] = [partial(attempt, order_id=n) for n in range(1, CONNECTIONS + 1)]
    assert Counter(await at_once(crowd, tries)) == {"done": 2, "flash.limit": CONNECTIONS - 2}
    assert await claimed() == [1, 2]
    async with crowd.begin() as session:
        (first, *_) = await session.scalars(select(FlashClaim.order_id).order_by(FlashClaim.seq))
        await give_back(session, order_id=first)
    both: list[Act] = [partial(attempt, order_id=100 + n, quantity=1 + n % 2) for n in range(CONNECTIONS)]
    assert Counter(await at_once(crowd, both)) == {"done": 1, "flash.limit": CONNECTIONS - 1}
    assert await claimed() == [1, 2]


async def test_the_twin_that_counts_before_it_claims_gives_one_customer_everything(
    crowd: Database, now: datetime
) -> None:
    item = await a_sale(crowd, now, limit=2)
    async with crowd.begin() as session:
        who = (await a_customer(session, now=now)).id
        await session.execute(text("ALTER TABLE flash_claim DROP CONSTRAINT uq_flash_claim_item_id_customer_id_seq"))
    everybody_counted = asyncio.Barrier(CONNECTIONS)

    async def attempt(session: AsyncSession) -> None:
        had = await session.scalar(select(func.count(FlashClaim.id))) or 0
        await everybody_counted.wait()
        assert had < 2
        session.add(FlashClaim(item_id=item.id, customer_id=who, seq=had + 1, most=2, order_id=1))

    await at_once(crowd, [attempt] * CONNECTIONS)
    async with crowd.begin() as session:
        assert await session.scalar(select(func.count(FlashClaim.id))) == CONNECTIONS


@pytest.mark.parametrize("how", ["by the staff", "by four sweepers"])
async def test_what_is_bought_while_the_sale_ends_is_bought_or_free_never_both(
    crowd: Database, houses: list[Holds], now: datetime, how: str
) -> None:
    item = await a_sale(crowd, now)
    buyers = await buyers_of(crowd, item, 12, now)

    async def end(after: asyncio.Event) -> None:
        await after.wait()
        await asyncio.sleep(0.05)
        async with crowd.begin() as session:
            if how == "by the staff":
                await end_sale(session, sale_id=item.sale_id, version=2, now=now + timedelta(seconds=1))
            else:
                await end_sales(session, now=now + HOUR, limit=10)

    async def buy(place: int) -> None:
        await asyncio.sleep(place / 50)
        one_is_buying.set()
        await buyers[place].buys(crowd, houses[place % 4], now)

    one_is_buying = asyncio.Event()
    ends = [end(one_is_buying) for _ in range(1 if how == "by the staff" else 4)]
    ended = await outcomes([*(buy(place) for place in range(len(buyers))), *ends])
    bought = ended[: len(buyers)].count("done")
    assert set(ended) <= {"done", "allotment.closed", "allotment.full"}
    assert ended[len(buyers) :] == ["done"] * len(ends)
    assert bought <= QUOTA
    assert await stock_of(crowd, item.variant_id) == Stock(PIECES, bought)
    async with crowd.begin() as session:
        quota = (await places_of(session, [item.quota_id or 0]))[item.quota_id or 0]
        assert (quota.held, quota.used, quota.is_open) == (bought, 0, False)
        assert await session.scalar(select(func.count(Order.id))) == bought
    assert await broken(crowd) == []
    with pytest.raises(Refused) as refusal:
        await next(buyer for buyer, end in zip(buyers, ended, strict=False) if end != "done").buys(
            crowd, houses[0], now
        )
    assert refusal.value.code == "allotment.closed"


async def test_the_twin_that_frees_what_it_had_counted_before_frees_what_was_bought(
    crowd: Database, houses: list[Holds], now: datetime
) -> None:
    item = await a_sale(crowd, now)
    buyers = await buyers_of(crowd, item, 3, now)
    async with crowd.begin() as session:
        left = await session.scalar(text("SELECT capacity - held - used FROM allotment"))
    for buyer in buyers:
        await buyer.buys(crowd, houses[0], now)
    async with crowd.begin() as session:
        await session.execute(text("UPDATE stock_level SET reserved = reserved - :left"), {"left": left})
        await session.execute(text("UPDATE allotment SET is_open = false"))
    assert (await stock_of(crowd, item.variant_id)).reserved == 0, "three are sold and not reserved"
    assert "stock.reserved_is_what_holds_keep" in await broken(crowd)
