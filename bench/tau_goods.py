"""The goods of tau-bench retail as rows of our catalogue and stock, and read back from there."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.tau_data import CURRENCY, LANGUAGE, STOCK, Data, Things, cents
from commerce.catalog.model import Option, OptionValue, Product, ProductStatus, ProductText, Variant, VariantValue
from commerce.inventory.model import Location, StockLevel, StockMovement
from foundation.database import Base


async def load_goods(session: AsyncSession, data: Data, *, now: datetime) -> dict[str, int]:
    """Products with their kinds, by options; what is not available has only what is promised already."""
    products = {
        key: Product(
            handle=key,
            status=ProductStatus.PUBLISHED,
            created_at=now,
            updated_at=now,
            published_at=now,
        )
        for key in data.products
    }
    await _write(session, *products.values())
    variants: dict[str, Variant] = {}
    for key, product in products.items():
        their = data.products[key]
        session.add(ProductText(product_id=product.id, lang=LANGUAGE, title=their["name"], body=""))
        for place, (item, variant) in enumerate(their["variants"].items()):
            variants[item] = Variant(
                product_id=product.id,
                sku=item,
                price_amount=cents(variant["price"]),
                currency=CURRENCY,
                position=place,
                active=True,
            )
    await _write(session, *variants.values())
    for key, product in products.items():
        await _options(session, product.id, data.products[key]["variants"], variants)
    await _stock(session, data, variants, now=now)
    return {item: variant.id for item, variant in variants.items()}


async def _options(
    session: AsyncSession, product_id: int, their: Mapping[str, Things], variants: Mapping[str, Variant]
) -> None:
    names = list(dict.fromkeys(name for variant in their.values() for name in variant["options"]))
    options = {name: Option(product_id=product_id, name={"en": name}, position=at) for at, name in enumerate(names)}
    await _write(session, *options.values())
    said = dict.fromkeys(pair for variant in their.values() for pair in variant["options"].items())
    values = {
        pair: OptionValue(option_id=options[pair[0]].id, name={"en": pair[1]}, position=at)
        for at, pair in enumerate(said)
    }
    await _write(session, *values.values())
    session.add_all(
        VariantValue(variant_id=variants[item].id, value_id=values[pair].id)
        for item, variant in their.items()
        for pair in variant["options"].items()
    )


async def _stock(session: AsyncSession, data: Data, variants: Mapping[str, Variant], *, now: datetime) -> None:
    promised = Counter(
        item["item_id"] for order in data.orders.values() if order["status"] == "pending" for item in order["items"]
    )
    main = Location(code="main", name={"en": "Main stock"})
    await _write(session, main)
    is_there = {
        item: variant["available"]
        for product in data.products.values()
        for item, variant in product["variants"].items()
    }
    levels = {
        item: StockLevel(
            variant_id=variant.id, location_id=main.id, on_hand=promised[item] + STOCK * bool(is_there[item])
        )
        for item, variant in variants.items()
    }
    await _write(session, *levels.values())
    session.add_all(
        StockMovement(stock_level_id=level.id, delta=level.on_hand, reason="received", reference="opening", at=now)
        for level in levels.values()
        if level.on_hand
    )


async def _write(session: AsyncSession, *rows: Base) -> None:
    session.add_all(rows)
    await session.flush()


@dataclass(frozen=True, slots=True)
class Goods:
    """A variant as they describe it."""

    name: str
    product: str
    item: str
    options: Mapping[str, str]

    def at(self, price: int) -> Things:
        """An item of an order, sold at so many minor units."""
        return {
            "name": self.name,
            "product_id": self.product,
            "item_id": self.item,
            "price": price,
            "options": dict(self.options),
        }


async def goods_of(session: AsyncSession) -> dict[int, Goods]:
    """{variant id: what it is}, from the catalogue."""
    options: dict[int, dict[str, str]] = defaultdict(dict)
    said = (
        select(VariantValue.variant_id, Option.name, OptionValue.name)
        .join(OptionValue, OptionValue.id == VariantValue.value_id)
        .join(Option, Option.id == OptionValue.option_id)
    )
    for variant_id, name, value in await session.execute(said):
        options[variant_id][name["en"]] = value["en"]
    found = (
        select(Variant.id, Variant.sku, Product.handle, ProductText.title)
        .join(Product, Product.id == Variant.product_id)
        .join(ProductText, ProductText.product_id == Product.id)
        .where(ProductText.lang == LANGUAGE)
    )
    return {
        variant_id: Goods(title, handle, sku, options[variant_id])
        for variant_id, sku, handle, title in await session.execute(found)
    }
