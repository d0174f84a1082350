"""The cart: one for each customer, with limits, at today's prices."""

import asyncio
from datetime import datetime

import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import NO_CURRENCY, add_line, cart_of, cart_view, clear, set_quantity
from commerce.carts.choices import set_choice
from commerce.carts.model import MOST_LINES, Cart, Choice
from commerce.catalog.model import ProductStatus, Variant
from commerce.orders.actions import quote
from foundation.database import Database, raw
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import a_customer, a_product


async def customer_and_tea(database: Database, now: datetime) -> tuple[int, int]:
    async with database.begin() as session:
        return (await a_customer(session, now=now)).id, await a_product(session, now=now, price=6800)


async def test_two_channels_that_ask_for_the_cart_at_once_get_the_same(database: Database, now: datetime) -> None:
    customer, _ = await customer_and_tea(database, now)

    async def ask() -> int:
        async with database.begin() as session:
            return (await cart_of(session, customer_id=customer)).id

    assert len(set(await asyncio.gather(*(ask() for _ in range(8))))) == 1


async def test_to_look_at_a_cart_makes_none(session: AsyncSession, now: datetime) -> None:
    customer = (await a_customer(session, now=now)).id
    seen = await cart_view(session, customer_id=customer, language="zh")
    assert (seen.lines, seen.total, seen.choice) == ((), Money(0, NO_CURRENCY), Choice())
    with pytest.raises(Refused, match=r"cart\.empty"):
        await quote(session, customer_id=customer, language="zh", now=now)
    assert await session.scalar(select(func.count()).select_from(Cart)) == 0


async def test_two_and_one_more_is_three(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        await add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now)
        await add_line(session, customer_id=customer, variant_id=tea, quantity=1, now=now)
        view = await cart_view(session, customer_id=customer, language="zh")
    assert [(line.title, line.quantity, line.total, line.available) for line in view.lines] == [
        ("龙井茶", 3, Money(20400, "CNY"), 10)
    ]
    assert (view.total, view.version, view.pieces) == (Money(20400, "CNY"), 2, 3)


async def test_every_change_counts_the_version_up(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        versions = []
        for change in (
            cart_of(session, customer_id=customer),
            add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now),
            set_quantity(session, customer_id=customer, variant_id=tea, quantity=5, now=now),
            cart_of(session, customer_id=customer),
            clear(session, customer_id=customer, now=now),
        ):
            await change
            versions.append((await cart_view(session, customer_id=customer, language="zh")).version)
    assert versions == [0, 1, 2, 2, 3]


async def test_zero_pieces_take_the_line_out(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        await add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now)
        await set_quantity(session, customer_id=customer, variant_id=tea, quantity=0, now=now)
        view = await cart_view(session, customer_id=customer, language="zh")
        assert (view.lines, view.total) == ((), Money(0, NO_CURRENCY))
        with pytest.raises(Refused, match=r"cart\.no_such_line"):
            await set_quantity(session, customer_id=customer, variant_id=tea, quantity=1, now=now)
        with pytest.raises(Refused, match=r"cart\.empty"):
            await quote(session, customer_id=customer, language="zh", now=now)


@pytest.mark.parametrize("quantity", [-1, 0, 100, 10**12])
async def test_quantities_out_of_reason_are_refused_and_change_nothing(
    database: Database, now: datetime, quantity: int
) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        with pytest.raises(Refused, match=r"cart\.quantity"):
            await add_line(session, customer_id=customer, variant_id=tea, quantity=quantity, now=now)
        assert (await cart_view(session, customer_id=customer, language="zh")).lines == ()


async def test_a_line_holds_99_pieces_and_not_one_more(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        await add_line(session, customer_id=customer, variant_id=tea, quantity=99, now=now)
        with pytest.raises(Refused) as refusal:
            await add_line(session, customer_id=customer, variant_id=tea, quantity=1, now=now)
        assert refusal.value.facts == {"quantity": 100, "most": 99}
        assert (await cart_view(session, customer_id=customer, language="zh")).pieces == 99


async def test_a_cart_holds_50_lines_and_not_one_more(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        customer = (await a_customer(session, now=now)).id
        goods = [await a_product(session, now=now, pieces=0) for _ in range(MOST_LINES + 1)]
        for variant in goods[:MOST_LINES]:
            await add_line(session, customer_id=customer, variant_id=variant, quantity=1, now=now)
        with pytest.raises(Refused, match=r"cart\.full"):
            await add_line(session, customer_id=customer, variant_id=goods[MOST_LINES], quantity=1, now=now)
        await add_line(session, customer_id=customer, variant_id=goods[0], quantity=1, now=now)


async def test_additions_of_two_channels_at_once_are_both_there(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)

    async def add() -> None:
        async with database.begin() as session:
            await add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now)

    await asyncio.gather(*(add() for _ in range(6)))
    async with database.begin() as session:
        view = await cart_view(session, customer_id=customer, language="zh")
        assert (view.pieces, view.version) == (12, 6)
        assert await session.scalar(select(func.count()).select_from(Cart)) == 1


async def test_what_another_channel_put_in_since_we_looked_is_counted(database: Database, now: datetime) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as here:
        await add_line(here, customer_id=customer, variant_id=tea, quantity=2, now=now)
    async with database.begin() as here:
        assert (await cart_view(here, customer_id=customer, language="zh")).pieces == 2
        async with database.begin() as there:
            await set_quantity(there, customer_id=customer, variant_id=tea, quantity=5, now=now)
        await add_line(here, customer_id=customer, variant_id=tea, quantity=1, now=now)
        view = await cart_view(here, customer_id=customer, language="zh")
    assert (view.pieces, view.version) == (6, 3)


@pytest.mark.parametrize("status", [ProductStatus.DRAFT, ProductStatus.ARCHIVED])
async def test_what_is_not_on_sale_does_not_get_in(database: Database, now: datetime, status: ProductStatus) -> None:
    async with database.begin() as session:
        customer = (await a_customer(session, now=now)).id
        hidden = await a_product(session, now=now, status=status)
        for variant in (hidden, 10**9):
            with pytest.raises(Refused, match=r"cart\.unavailable"):
                await add_line(session, customer_id=customer, variant_id=variant, quantity=1, now=now)


async def test_the_cart_shows_todays_price_and_language_and_what_was_withdrawn(
    database: Database, now: datetime
) -> None:
    customer, tea = await customer_and_tea(database, now)
    async with database.begin() as session:
        await add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now)
        (await session.get_one(Variant, tea)).price_amount = 5000
        view = await cart_view(session, customer_id=customer, language="en")
        assert view.total == Money(10000, "CNY")
        assert view.lines[0].title.startswith("Tea ")
        await session.execute(text("UPDATE product SET status = 'archived'"))
        session.expire_all()
        view = await cart_view(session, customer_id=customer, language="zh")
        assert (view.lines[0].title, view.lines[0].available) == ("龙井茶", 0)
        with pytest.raises(Refused, match=r"cart\.unavailable") as refusal:
            await quote(session, customer_id=customer, language="zh", now=now)
        assert refusal.value.facts["variant"] == tea


async def test_a_cart_is_read_at_once_and_priced_without_being_read_again(session: AsyncSession, now: datetime) -> None:
    customer, tea = (await a_customer(session, now=now)).id, await a_product(session, now=now, price=6800)
    await add_line(session, customer_id=customer, variant_id=tea, quantity=2, now=now)
    await set_choice(session, customer_id=customer, choice=Choice(coupon_ids=(), points=30, use_credit=False))
    asked: list[LoggedQuery] = []
    (await raw(session)).add_query_logger(asked.append)
    cart = await cart_view(session, customer_id=customer, language="zh")
    offer = await quote(session, customer_id=customer, language="zh", now=now, view=cart)
    await asyncio.sleep(0)  # the driver tells of each a moment later
    assert (cart.quantities, cart.choice) == ({tea: 2}, Choice((), 30, use_credit=False))
    assert (offer.cart_id, offer.cart_version, offer.total) == (cart.cart_id, 1, Money(13600, "CNY"))
    assert len(asked) == 3  # the cart, whether anything could change its price, the points
