"""Put imported products on the shelf: staged, then published at once by set-based statements."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.imports import statements
from commerce.imports.goods import NewCategory, NewProduct
from commerce.search.index import index_products
from foundation.database import raw

Row = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did: how many products were new or changed, which SKUs another product had already."""

    changed: int
    skus_taken: tuple[str, ...]


async def publish(
    session: AsyncSession,
    *,
    source: str,
    currency: str,
    categories: Sequence[NewCategory],
    products: Sequence[NewProduct],
    now: datetime,
) -> Published:
    """Bring the shelf to what `source` says: its new products appear, changed ones change, equal ones are left alone.

    Keys, handles and SKUs are unique within `products`. Products the source no longer names stay as they are; a variant
    that a product no longer has is no longer sold. Nobody sees a part of it before the transaction ends.
    """
    driver = await raw(session)
    await driver.execute(statements.ONE_AT_A_TIME)
    await _stage(driver, currency, products)
    await driver.execute(statements.DROP_UNCHANGED, source)
    changed = await driver.fetchval("SELECT count(*) FROM staged_product")
    if not changed:
        return Published(0, ())
    for category in categories:
        await driver.execute(statements.CATEGORY, category.handle, _json(category.name), category.parent)
    await driver.execute(statements.STEP_ASIDE, source)
    await driver.execute(statements.PRODUCTS, source, now)
    await driver.execute(statements.PRODUCT_IDS, source)
    taken = await driver.fetch(statements.SKUS_TAKEN, source)
    for statement in statements.SHELF:
        await driver.execute(statement)
    await driver.execute(statements.REMEMBER, now)
    ids = await driver.fetch("SELECT product_id FROM staged_product ORDER BY place")
    await index_products(session, [row["product_id"] for row in ids])
    # Stock comes last: these rows are the ones that shoppers are waiting for.
    await driver.execute(statements.STOCK_LEVELS)
    await driver.execute(statements.STOCK_LOCKS)
    await driver.execute(statements.STOCK, source, now)
    return Published(changed, tuple(row["sku"] for row in taken))


async def _stage(driver: asyncpg.Connection, currency: str, products: Sequence[NewProduct]) -> None:
    rows: dict[str, list[Row]] = {table: [] for table in statements.STAGED}
    for place, product in enumerate(products):
        for table, row in _rows(product, place, currency):
            rows[table].append(row)
    for table, columns in statements.STAGED.items():
        await driver.execute(f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP")
        await driver.copy_records_to_table(table, records=rows[table])
        await driver.execute(f"ANALYZE {table}")


def _rows(product: NewProduct, place: int, currency: str) -> list[tuple[str, Row]]:
    key = product.key
    rows: list[tuple[str, Row]] = [
        ("staged_product", (key, product.handle, product.category, product.digest(currency), place, None))
    ]
    rows += [("staged_text", (key, text.lang, text.title, text.body)) for text in product.texts]
    for option_place, option in enumerate(product.options):
        rows.append(("staged_option", (key, option_place, _json(option.name))))
        rows += [
            ("staged_value", (key, option_place, number, _json(name))) for number, name in enumerate(option.values)
        ]
    places = {variant.sku: number for number, variant in enumerate(product.variants)}
    for variant in product.variants:
        number = places[variant.sku]
        rows.append(("staged_variant", (key, variant.sku, variant.price, currency, variant.stock, number, None)))
        rows += [("staged_choice", (key, number, option, value)) for option, value in enumerate(variant.values)]
    for number, (name, value) in enumerate(product.attributes):
        rows.append(("staged_attribute", (key, number, _json(name), _json(value))))
    for number, picture in enumerate(product.pictures):
        media = picture.media
        for variant_place in _places_of(picture.skus, places):
            row = (key, number, variant_place, media.digest, media.mime, media.width, media.height)
            rows.append(("staged_picture", row))
    return rows


def _places_of(skus: Sequence[str], places: dict[str, int]) -> list[int | None]:
    return [places[sku] for sku in skus] if skus else [None]


def _json(names: dict[str, str]) -> str:
    return json.dumps(names, ensure_ascii=False)
