"""Take over the goods of a file: read, pictures, staging beforehand; publication in one short transaction."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.media import Kept, MediaFolder
from commerce.imports import statements
from commerce.imports.currency import in_currency
from commerce.imports.goods import NewProduct
from commerce.imports.pictures import Pictures, keep_pictures, release, staged_media, with_pictures
from commerce.imports.publish import Staged, publish_staged, renew_statistics, stage
from commerce.imports.readers import READERS
from commerce.imports.shelf import RowProblem, Shelf
from foundation.audit import write_audit
from foundation.database import AsyncConnection, Database
from foundation.errors import Refused

_TRIES = 5
Steps = Callable[[str, int, int], None]
"""Called with how many of how many are done, after what: reading, pictures, staging, search rows or publishing."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a file held and what came of it.

    `pictures` are those that are kept, each file once, and `pictures_missing` those that are not; `prices` count every
    currency; `translations` are texts beyond the first language of each product; new + changed + unchanged = products.
    """

    source: str
    products: int
    variants: int
    pictures: int
    pictures_missing: int
    prices: int
    translations: int
    categories: int
    new: int
    changed: int
    unchanged: int
    refused: tuple[RowProblem, ...]
    warnings: tuple[RowProblem, ...]


async def import_goods(
    database: Database,
    media: MediaFolder,
    path: Path,
    *,
    source: str,
    currency: str,
    now: datetime,
    file_currency: str | None = None,
    progress: Steps = lambda _step, _done, _total: None,
    dry_run: bool = False,
) -> ImportReport:
    """Take over a file of `source` (a key of READERS). Doing it again with the same file changes nothing.

    A row that cannot be read is refused with its reason and the others are taken; a missing or broken picture is only a
    warning. `currency` is the shop's; with `file_currency` the file's prices in that currency become the shop's, number
    for number. A `dry_run` does all of it, takes it back, and reports the same.

    Raises Refused, and leaves the shop as it was, when the file as a whole is wrong (see table_file), no price is in
    the shop's currency (import.currency), or not one product could be read (import.nothing_usable).
    """
    progress("reading", 0, 0)
    shelf = await asyncio.to_thread(_read, path, source, file_currency or currency)
    shelf = in_currency(shelf, file_currency or currency, currency)
    with _folder(media, dry_run=dry_run) as staged_folder:
        # Two imports at once wait here for each other. Whatever happens, this connection is closed and not given back:
        # with it go the lock and every staged row.
        async with _own_connection(database) as (connection, driver):
            await driver.execute(statements.ONE_AT_A_TIME_ALL_ALONG)
            pictures = await asyncio.to_thread(
                keep_pictures,
                shelf.products,
                staged_folder,
                path.parent,
                known=await _known_pictures(driver, media),
                progress=lambda *at: progress("pictures", *at),
            )
            products = [with_pictures(draft, pictures.kept) for draft in shelf.products]
            staged = await stage(
                driver,
                source=source,
                currency=currency,
                categories=shelf.categories,
                products=products,
                progress=lambda *at: progress("staging", *at),
                indexing=lambda *at: progress("search rows", *at),
            )
            progress("publishing", 0, 0)
            if not dry_run:
                # Before the rows that name them are seen; should the publication fail, files alone do no harm.
                await asyncio.to_thread(release, staged_folder, media, pictures.kept.values())
            await _publish(connection, staged, source=source, now=now, dry_run=dry_run)
            if not dry_run:
                await renew_statistics(driver, staged)
    return _report(source, shelf, products, pictures, staged)


async def _known_pictures(driver: asyncpg.Connection, media: MediaFolder) -> dict[str, Kept]:
    """Every picture of the shop whose files are where they should be."""
    rows = await driver.fetch("SELECT digest, mime, width, height FROM media")
    known = (Kept(row["digest"], row["mime"], row["width"], row["height"]) for row in rows)
    there = (kept for kept in known if media.file(kept.digest).exists() and media.thumbnail(kept.digest).exists())
    return {kept.digest: kept for kept in there}


async def _publish(connection: AsyncConnection, staged: Staged, *, source: str, now: datetime, dry_run: bool) -> None:
    """The one transaction. Should somebody's changes and it stand in each other's way, it is done again."""
    for attempt in range(_TRIES):
        try:
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin() as transaction:
                await publish_staged(session, staged, source=source, now=now)
                if staged.new or staged.changed:
                    counts = {"new": staged.new, "changed": staged.changed}
                    write_audit(
                        session, staff_id=None, action="goods.imported", subject=f"source:{source}", now=now, **counts
                    )
                if dry_run:
                    await transaction.rollback()
            return
        except (asyncpg.DeadlockDetectedError, DBAPIError) as error:
            state = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
            if state != asyncpg.DeadlockDetectedError.sqlstate or attempt + 1 == _TRIES:
                raise


@asynccontextmanager
async def _own_connection(database: Database) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
    async with database.engine.connect() as connection:
        try:
            yield connection, (await connection.get_raw_connection()).driver_connection
        finally:
            await connection.invalidate()


@contextmanager
def _folder(media: MediaFolder, *, dry_run: bool) -> Iterator[MediaFolder]:
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="xiaoer-import-") as folder:
            yield MediaFolder(Path(folder))
    else:
        with staged_media(media) as staged:
            yield staged


def _read(path: Path, source: str, currency: str) -> Shelf:
    shelf = READERS[source](path, currency=currency)
    if not shelf.products:
        first = shelf.refused[0] if shelf.refused else RowProblem(0, "", "there are no products in it")
        raise Refused("import.nothing_usable", line=first.line, column=first.column, reason=first.reason)
    if shelf.currencies and currency not in shelf.currencies:
        raise Refused("import.currency", found=", ".join(sorted(shelf.currencies)), wanted=currency)
    return shelf


def _report(
    source: str,
    shelf: Shelf,
    products: Sequence[NewProduct],
    pictures: Pictures,
    staged: Staged,
) -> ImportReport:
    variants = [variant for product in products for variant in product.variants]
    doubts = [
        RowProblem(0, "sku", f"another product has {sku} already; a mark was put behind it") for sku in staged.marked
    ]
    return ImportReport(
        source=source,
        products=len(products),
        variants=len(variants),
        pictures=len({picture.media.digest for product in products for picture in product.pictures}),
        pictures_missing=pictures.missing,
        prices=sum(len(variant.prices) + variant.priced for variant in variants),
        translations=sum(len(product.texts) - 1 for product in products),
        categories=len(shelf.categories),
        new=staged.new,
        changed=staged.changed,
        unchanged=staged.unchanged,
        refused=shelf.refused,
        warnings=tuple(sorted((*shelf.warnings, *pictures.warnings, *doubts), key=lambda problem: problem.line)),
    )
