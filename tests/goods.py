"""A small stocked shop for tests of commerce: made of the same actions and rows as the real one."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import add_line
from commerce.catalog.model import Product, ProductStatus, ProductText, Variant
from commerce.customers.actions import customer_for, nowhere, save_address
from commerce.customers.address import NOWHERE, AddressText
from commerce.customers.model import Customer
from commerce.inventory.actions import receive_stock
from commerce.inventory.hold import Holds
from commerce.inventory.model import StockLevel, StockMovement
from commerce.orders.actions import place_order, quote
from commerce.orders.model import Order, PaymentMethod
from foundation.database import Database

ZHANG = AddressText("张三", "+8613800138000", "浙江省杭州市西湖区文三路90号")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies there and what is promised."""

    on_hand: int
    reserved: int


async def a_product(
    session: AsyncSession,
    *,
    now: datetime,
    title: str = "龙井茶",
    price: int = 6800,
    pieces: int = 10,
    status: ProductStatus = ProductStatus.PUBLISHED,
) -> int:
    """A product with one variant in stock; returns the variant's id."""
    number = next(_numbers)
    product = Product(handle=f"tea-{number}", status=status, created_at=now, updated_at=now)
    session.add(product)
    await session.flush()
    session.add(ProductText(product_id=product.id, lang="zh", title=title, body=""))
    session.add(ProductText(product_id=product.id, lang="en", title=f"Tea {number}", body=""))
    variant = Variant(
        product_id=product.id, sku=f"SKU-{number}", price_amount=price, currency="CNY", position=0, active=True
    )
    session.add(variant)
    await session.flush()
    if pieces:
        await receive_stock(session, variant_id=variant.id, quantity=pieces, reference="opening", now=now)
    return variant.id


async def a_customer(session: AsyncSession, *, now: datetime, account: str | None = None) -> Customer:
    """A customer of the web chat."""
    return await customer_for(
        session, channel="web", account=account or f"visitor-{next(_numbers)}", language="zh", now=now
    )


async def an_order(
    database: Database,
    holds: Holds,
    lines: Mapping[int, int],
    *,
    now: datetime,
    method: PaymentMethod = PaymentMethod.COD,
    customer_id: int | None = None,
    to: AddressText = ZHANG,
) -> Order:
    """Everything a shopper does from an empty cart to an order."""
    async with database.begin() as session:
        if customer_id is None:
            customer_id = (await a_customer(session, now=now)).id
        for variant_id, quantity in lines.items():
            await add_line(session, customer_id=customer_id, variant_id=variant_id, quantity=quantity, now=now)
        if to == NOWHERE:
            address_id = await nowhere(session, customer_id=customer_id, now=now)
        else:
            address_id = (await save_address(session, customer_id=customer_id, parsed=to, now=now)).id
        offer = await quote(session, customer_id=customer_id, language="zh", now=now)
    await holds.hold(offer.hold_key, offer.holding, until=now + timedelta(minutes=15), now=now)
    async with database.begin() as session:
        return await place_order(
            session,
            customer_id=customer_id,
            cart_id=offer.cart_id,
            cart_version=offer.cart_version,
            priced=offer.priced,
            address_id=address_id,
            payment_method=method,
            hold_key=offer.hold_key,
            language="zh",
            now=now,
        )


async def stock_of(database: Database, variant_id: int) -> Stock:
    """All levels together as they are committed; the movements of each must add up to what is on hand there."""
    async with database.begin() as session:
        levels = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == variant_id))).all()
        for level in levels:
            moved = await session.scalars(select(StockMovement.delta).where(StockMovement.stock_level_id == level.id))
            assert sum(moved) == level.on_hand
        return Stock(sum(level.on_hand for level in levels), sum(level.reserved for level in levels))


@asynccontextmanager
async def holds_of(database: Database) -> AsyncIterator[Holds]:
    """Holds on this database."""
    async with Holds.open(database.url) as holds:
        yield holds
