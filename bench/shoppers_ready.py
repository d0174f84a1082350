"""Goods and shoppers for a bench, made by the shop's own use cases; a shopper is ready to say yes to an offer."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commerce.carts.actions import add_line
from commerce.catalog.model import Product, ProductStatus, ProductText, Variant
from commerce.customers.actions import customer_for, save_address
from commerce.customers.address import AddressText
from commerce.inventory.actions import count_many
from commerce.inventory.hold import Holds
from commerce.orders.actions import Quote, place_order, quote
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.placing import UNPAID_FOR
from foundation.database import Database

HOME = AddressText("张三", "+8613800138000", "浙江省杭州市西湖区文三路90号")
TOGETHER = 50
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ready:
    """A shopper with everything done but the yes."""

    customer_id: int
    address_id: int
    offer: Quote


async def goods_for(database: Database, *, count: int, pieces: int) -> list[int]:
    """So many products of one variant each, on sale, with as many pieces; the variants' ids."""
    now = datetime.now(UTC)
    async with database.begin() as session:
        products = [
            Product(handle=f"bench-{n}", status=ProductStatus.PUBLISHED, created_at=now, updated_at=now)
            for n in range(count)
        ]
        session.add_all(products)
        await session.flush()
        variants = []
        for n, product in enumerate(products):
            session.add(ProductText(product_id=product.id, lang="zh", title=f"龙井茶 {n}", body=""))
            variants.append(
                Variant(product_id=product.id, sku=f"B-{n}", price_amount=6800, currency="CNY", position=0, active=True)
            )
        session.add_all(variants)
        await session.flush()
        ids = [variant.id for variant in variants]
        await count_many(session, dict.fromkeys(ids, pieces), reference="bench", now=now)
    return ids


async def say_yes(
    database: Database,
    holds: Holds,
    shopper: Ready,
    method: PaymentMethod,
    *,
    now: datetime,
    unpaid_for: timedelta = UNPAID_FOR,
) -> Order:
    """The yes: goods and places together or neither, then the order. Raises what `hold` and `place_order` refuse."""
    offer = shopper.offer
    until = now + unpaid_for
    await holds.hold(offer.hold_key, offer.holding, until=until, now=now, allotments=offer.allotments)
    async with database.begin() as session:
        return await place_order(
            session,
            customer_id=shopper.customer_id,
            cart_id=offer.cart_id,
            cart_version=offer.cart_version,
            priced=offer.priced,
            address_id=shopper.address_id,
            payment_method=method,
            hold_key=offer.hold_key,
            language="zh",
            now=now,
            unpaid_for=unpaid_for,
        )


async def ready_shoppers(database: Database, variants: Sequence[int], *, count: int, rng: random.Random) -> list[Ready]:
    """New shoppers, each with one piece of one of these in the cart, an address, and the price said."""
    now = datetime.now(UTC)
    ready: list[Ready] = []
    while len(ready) < count:
        async with database.begin() as session:
            for _ in range(min(TOGETHER, count - len(ready))):
                account = f"bench-{next(_numbers)}"
                customer = await customer_for(session, channel="web", account=account, language="zh", now=now)
                variant = rng.choice(variants)
                await add_line(session, customer_id=customer.id, variant_id=variant, quantity=1, now=now)
                address = await save_address(session, customer_id=customer.id, parsed=HOME, now=now)
                offer = await quote(session, customer_id=customer.id, language="zh", now=now)
                ready.append(Ready(customer.id, address.id, offer))
    return ready
