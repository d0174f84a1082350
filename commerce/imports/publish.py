"""Put imported products on the shelf: staged beforehand, then published at once by set-based statements."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.imports import statements
from commerce.imports.entries import Basis, put_staged_entries, shelves_stand, stage_entries
from commerce.imports.goods import NewCategory, NewProduct, Progress
from commerce.inventory.locations import main_location
from foundation.database import raw

Row = tuple[str | int | bool | None, ...]
_BATCH = 2_000
_MANY = 500


@dataclass(frozen=True, slots=True)
class Staged:
    """What a publication would do: how many products are new, changed, or as they were; what their search rows rest on.

    `marked` are SKUs that another product has already, so that a mark was put behind them.
    """

    new: int
    changed: int
    unchanged: int
    basis: Basis

    @property
    def marked(self) -> list[str]:
        """What the source calls them."""
        return [sku for _, sku in self.basis.skus]


async def publish(
    session: AsyncSession,
    *,
    source: str,
    currency: str,
    categories: Sequence[NewCategory],
    products: Sequence[NewProduct],
    now: datetime,
) -> Staged:
    """Bring the shelf to what `source` says: its new products appear, changed ones change, equal ones are left alone.

    Keys, handles and SKUs are unique within `products`. Products the source no longer names stay as they are; a variant
    that a product no longer has is no longer sold. Nobody sees a part of it before the transaction ends.
    """
    driver = await raw(session)
    await driver.execute(statements.ONE_AT_A_TIME)
    staged = await stage(driver, source=source, currency=currency, categories=categories, products=products)
    await publish_staged(session, staged, source=source, now=now)
    await _clear(driver)
    return staged


async def stage(
    driver: asyncpg.Connection,
    *,
    source: str,
    currency: str,
    categories: Sequence[NewCategory],
    products: Sequence[NewProduct],
    progress: Progress = lambda _done, _total: None,
    indexing: Progress = lambda _done, _total: None,
) -> Staged:
    """Lay everything ready in tables of this connection, and keep those products that say something new."""
    await _clear(driver)
    for table, columns in statements.STAGED.items():
        await driver.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
    shelves = [(shelf.handle, _json(shelf.name), shelf.parent, n, None) for n, shelf in enumerate(categories)]
    await driver.copy_records_to_table("staged_category", records=shelves)
    done = 0
    progress(done, len(products))
    for batch in _batches(products):
        rows: dict[str, list[Row]] = {table: [] for table in statements.STAGED}
        for place, product in enumerate(batch, start=done):
            for table, row in _rows(product, place, currency):
                rows[table].append(row)
        for table, ready in rows.items():
            if ready:
                await driver.copy_records_to_table(table, records=ready)
        done += len(batch)
        progress(done, len(products))
    await driver.execute(statements.DROP_UNCHANGED, source)
    await driver.execute(statements.KNOWN, source)
    for table in statements.STAGED:
        await driver.execute(f"ANALYZE {table}")
    news = await driver.fetchrow("SELECT count(*) AS said, count(product_id) AS known FROM staged_product")
    basis = await stage_entries(driver, source=source, categories=categories, products=products, progress=indexing)
    return Staged(news["said"] - news["known"], news["known"], len(products) - news["said"], basis)


async def publish_staged(session: AsyncSession, staged: Staged, *, source: str, now: datetime) -> None:
    """Publish what `stage` laid ready on the connection of this session.

    Only set-based statements and ready rows: the transaction is short, however much there is.
    """
    if not staged.new + staged.changed:
        return
    driver = await raw(session)
    await driver.execute(statements.PUBLISHING)
    shelves_stand_still = await shelves_stand(driver, staged.basis)
    for statement in statements.CATEGORIES:
        await driver.execute(statement)
    await driver.execute(statements.STEP_ASIDE, source)
    await driver.execute(statements.PRODUCTS, source, now)
    await driver.execute(statements.PRODUCT_IDS, source)
    # Somebody may have taken a SKU since the search rows were worked out.
    marked = await driver.fetch(statements.SKUS_TAKEN, source)
    for statement in statements.SHELF:
        await driver.execute(statement)
    await driver.execute(statements.REMEMBER, now)
    await put_staged_entries(session, stale=[row["key"] for row in marked], all_stale=not shelves_stand_still)
    # Stock comes last: these rows are the ones that shoppers are waiting for.
    place = await main_location(session)
    await driver.execute(statements.STOCK_LEVELS, place)
    await driver.execute(statements.STOCK_LOCKS)
    await driver.execute(statements.STOCK, source, now, place)


async def _clear(driver: asyncpg.Connection) -> None:
    for table in statements.STAGED:
        await driver.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")


async def renew_statistics(driver: asyncpg.Connection, staged: Staged) -> None:
    """Tell PostgreSQL's planner what a large import changed; until then it would search with the plans of before."""
    if staged.new + staged.changed >= _MANY:
        await driver.execute(statements.STATISTICS)


def _batches(products: Sequence[NewProduct]) -> Iterable[Sequence[NewProduct]]:
    return (products[start : start + _BATCH] for start in range(0, len(products), _BATCH))


def _rows(product: NewProduct, place: int, currency: str) -> list[tuple[str, Row]]:
    key = product.key
    digest = product.digest(currency)
    promises = (product.free_shipping, product.dispatch_days)
    row = (key, product.handle, product.category, digest, product.status.value, *promises, place, None, None, None)
    rows: list[tuple[str, Row]] = [("staged_product", row)]
    rows += [("staged_text", (key, text.lang, text.title, text.body)) for text in product.texts]
    for option_place, option in enumerate(product.options):
        rows.append(("staged_option", (key, option_place, _json(option.name))))
        rows += [
            ("staged_value", (key, option_place, number, _json(name))) for number, name in enumerate(option.values)
        ]
    for number, (name, value) in enumerate(product.attributes):
        rows.append(("staged_attribute", (key, number, _json(name), _json(value))))
    return rows + _variant_rows(product, currency) + _picture_rows(product)


def _variant_rows(product: NewProduct, currency: str) -> list[tuple[str, Row]]:
    key = product.key
    rows: list[tuple[str, Row]] = []
    for number, variant in enumerate(product.variants):
        stock = (variant.stock, variant.backorder)
        row = (key, variant.sku, variant.price, currency, *stock, variant.active, number, None)
        rows.append(("staged_variant", row))
        rows += [("staged_choice", (key, number, option, value)) for option, value in enumerate(variant.values)]
        rows += [("staged_price", (key, number, *price)) for price in variant.prices]
    return rows


def _picture_rows(product: NewProduct) -> list[tuple[str, Row]]:
    places = {variant.sku: number for number, variant in enumerate(product.variants)}
    rows: list[tuple[str, Row]] = []
    for number, picture in enumerate(product.pictures):
        media = picture.media
        of: list[int | None] = [places[sku] for sku in picture.skus] if picture.skus else [None]
        for variant_place in of:
            row = (product.key, number, variant_place, media.digest, media.mime, media.width, media.height)
            rows.append(("staged_picture", row))
    return rows


def _json(names: dict[str, str]) -> str:
    return json.dumps(names, ensure_ascii=False)
