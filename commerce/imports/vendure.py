"""Import the product table of a Vendure shop (products.csv with a folder of pictures beside it)."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from commerce.catalog.media import MOST_BYTES, Kept, MediaFolder
from commerce.imports.goods import (
    NewCategory,
    NewOption,
    NewPicture,
    NewProduct,
    NewText,
    NewVariant,
    Progress,
    handle_of,
    unique,
)
from commerce.imports.publish import publish
from commerce.imports.table_file import RowProblem, Table, TableRow, read_table
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import LARGEST, Money

SOURCE = "vendure"
REQUIRED = (
    "name",
    "slug",
    "description",
    "assets",
    "facets",
    "optionGroups",
    "optionValues",
    "sku",
    "price",
    "stockOnHand",
)
_MOST_STOCK = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was taken over from the file; `changed` counts products that were new or different from last time."""

    products: int
    variants: int
    pictures: int
    changed: int
    refused: tuple[RowProblem, ...]
    warnings: tuple[RowProblem, ...]


async def import_vendure(
    database: Database,
    media: MediaFolder,
    path: Path,
    *,
    currency: str,
    now: datetime,
    progress: Progress = lambda _done, _total: None,
) -> ImportReport:
    """Take over a Vendure product table; prices are read as `currency`. Importing the same file again changes nothing.

    A row that cannot be read is refused with its reason and the others are taken; a missing or broken picture is only a
    warning. Raises Refused, and leaves the shop as it was, when the file as a whole is wrong (see read_table), or
    import.nothing_usable when not one product could be read.
    """
    table = await asyncio.to_thread(read_table, path, required=REQUIRED)
    reading = await asyncio.to_thread(_read_products, table, currency)
    if not reading.drafts:
        first = reading.refused[0]
        raise Refused("import.nothing_usable", line=first.line, column=first.column, reason=first.reason)
    kept = await _keep_pictures(reading, media, path.parent, progress)
    products = [_finished(draft, kept) for draft in reading.drafts]
    async with database.begin() as session:
        done = await publish(
            session, source=SOURCE, currency=currency, categories=reading.categories, products=products, now=now
        )
    for sku in done.skus_taken:
        reading.warnings.append(RowProblem(0, "sku", f"another product has {sku} already; a mark was put behind it"))
    return ImportReport(
        products=len(products),
        variants=sum(len(product.variants) for product in products),
        pictures=len({picture.media.digest for product in products for picture in product.pictures}),
        changed=done.changed,
        refused=tuple(sorted(reading.refused, key=lambda problem: problem.line)),
        warnings=tuple(sorted(reading.warnings, key=lambda problem: problem.line)),
    )


@dataclass(slots=True)
class _Draft:
    """A product while its rows are read; pictures are still file names, with the line that asks for them."""

    line: int
    product: NewProduct
    pictures: list[tuple[int, str, str | None]]


@dataclass(slots=True)
class _Reading:
    drafts: list[_Draft] = field(default_factory=list)
    categories: list[NewCategory] = field(default_factory=list)
    refused: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)
    skus: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


class _Unreadable(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def _read_products(table: Table, currency: str) -> _Reading:
    reading = _Reading(refused=list(table.problems))
    for rows in _by_product(table.rows):
        first = rows[0]
        try:
            draft = _product(first, reading)
        except _Unreadable as problem:
            reading.refused.append(RowProblem(first.line, problem.column, problem.reason))
            reading.refused += [RowProblem(row.line, "name", "belongs to a refused product") for row in rows[1:]]
            continue
        groups = _pieces(first.cells, "optiongroups")
        names: list[list[str]] = [[] for _ in groups]
        variants: list[NewVariant] = []
        for row in rows:
            try:
                variant = _variant(row, groups, names, variants, currency, reading)
            except _Unreadable as problem:
                reading.refused.append(RowProblem(row.line, problem.column, problem.reason))
                continue
            variants.append(variant)
            draft.pictures += [(row.line, name, variant.sku) for name in _pieces(row.cells, "variantassets")]
        if not variants:
            reading.refused.append(RowProblem(first.line, "sku", "the product has no variant that can be sold"))
            continue
        options = (
            NewOption({"en": group}, tuple({"en": n} for n in n_s)) for group, n_s in zip(groups, names, strict=True)
        )
        draft.product = replace(draft.product, options=tuple(options), variants=tuple(variants))
        reading.keys.add(draft.product.key)
        reading.drafts.append(draft)
    return reading


def _by_product(rows: list[TableRow]) -> Iterator[list[TableRow]]:
    """Rows that belong together: a row without a name continues the product above it."""
    together: list[TableRow] = []
    for row in rows:
        if row.cells["name"] and together:
            yield together
            together = []
        together.append(row)
    yield together


def _product(row: TableRow, reading: _Reading) -> _Draft:
    cells = row.cells
    if not cells["name"]:
        raise _Unreadable("name", "the row continues a product, but there is none above it")
    if len(cells["name"]) > 300:
        raise _Unreadable("name", "longer than 300 characters")
    handle = handle_of(cells["slug"] or cells["name"])
    if not handle:
        raise _Unreadable("slug", "has no letter or digit")
    if handle in reading.keys:
        raise _Unreadable("slug", f"{handle} appears twice")
    facets = [facet.partition(":") for facet in _pieces(cells, "facets")]
    category = _category([value.strip() for name, _, value in facets if name == "category" and value.strip()], reading)
    attributes = tuple(
        ({"en": name.strip()}, {"en": value.strip()})
        for name, _, value in facets
        if name != "category" and value.strip()
    )
    texts = (NewText("en", cells["name"], cells["description"]),)
    product = NewProduct(handle, handle, category, texts, (), attributes=attributes)
    return _Draft(row.line, product, [(row.line, name, None) for name in _pieces(cells, "assets")])


def _category(path: list[str], reading: _Reading) -> str | None:
    """The handle of the innermost shelf of a path; shelves not yet known are noted."""
    parent: str | None = None
    for name in path:
        own = handle_of(name)
        if not own:
            continue
        handle = handle_of(f"{parent} {own}") if parent else own
        if all(handle != known.handle for known in reading.categories):
            reading.categories.append(NewCategory(handle, {"en": name[:100]}, parent))
        parent = handle
    return parent


def _variant(
    row: TableRow,
    groups: list[str],
    names: list[list[str]],
    before: list[NewVariant],
    currency: str,
    reading: _Reading,
) -> NewVariant:
    cells = row.cells
    values = _pieces(cells, "optionvalues")
    if len(values) != len(groups):
        raise _Unreadable("optionValues", f"{len(values)} values for {len(groups)} options")
    price, stock = _price(cells["price"], currency), _stock(cells["stockonhand"])
    places = tuple(known.index(v) if v in known else len(known) for v, known in zip(values, names, strict=True))
    if any(variant.values == places for variant in before):
        raise _Unreadable("optionValues", "the product has this combination already")
    sku = _own_sku(row, reading)
    for value, known in zip(values, names, strict=True):
        if value not in known:
            known.append(value)
    return NewVariant(sku, price, stock, places)


def _own_sku(row: TableRow, reading: _Reading) -> str:
    """The row's SKU; one that appeared before gets a number, for in a shop it names one variant."""
    wanted = row.cells["sku"]
    if not wanted:
        raise _Unreadable("sku", "is empty")
    if len(wanted) > 100:
        raise _Unreadable("sku", "longer than 100 characters")
    sku, number = wanted, 1
    while sku in reading.skus:
        number += 1
        sku = f"{wanted}-{number}"
    if sku != wanted:
        reading.warnings.append(RowProblem(row.line, "sku", f"{wanted} appeared before; taken over as {sku}"))
    reading.skus.add(sku)
    return sku


def _price(text: str, currency: str) -> int:
    try:
        amount = Money.parse(text, currency).amount
    except Refused as error:
        raise _Unreadable("price", f"{text[:40]!r} is no amount in {currency}") from error
    if not 0 <= amount <= LARGEST:
        raise _Unreadable("price", f"{text[:40]!r} is negative")
    return amount


def _stock(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or int(text[:20]) > _MOST_STOCK:
        raise _Unreadable("stockOnHand", f"{text[:40]!r} is no number of pieces")
    return int(text)


def _pieces(cells: Mapping[str, str], column: str) -> list[str]:
    return [piece.strip() for piece in cells.get(column, "").split("|") if piece.strip()]


async def _keep_pictures(reading: _Reading, media: MediaFolder, folder: Path, progress: Progress) -> dict[str, Kept]:
    """Store every picture file that the products name; report those that are missing or broken."""
    lines = {name: line for draft in reversed(reading.drafts) for line, name, _ in reversed(draft.pictures)}
    names = unique(name for draft in reading.drafts for _, name, _ in draft.pictures)
    kept: dict[str, Kept] = {}
    progress(0, len(names))
    for done, name in enumerate(names, start=1):
        try:
            kept[name] = await asyncio.to_thread(_keep, media, folder, name)
        except Refused as refused:
            reading.warnings.append(RowProblem(lines[name], "assets", f"{name[:80]}: {refused.code}"))
        progress(done, len(names))
    return kept


def _keep(media: MediaFolder, folder: Path, name: str) -> Kept:
    if name != Path(name).name or "\\" in name or len(name) > 200:
        raise Refused("media.outside_folder")
    for place in (folder / "images" / name, folder / name):
        if place.is_file():
            size = place.stat().st_size
            if size > MOST_BYTES:
                raise Refused("media.too_large", bytes=size, most=MOST_BYTES)
            return media.keep(place.read_bytes())
    raise Refused("media.missing")


def _finished(draft: _Draft, kept: Mapping[str, Kept]) -> NewProduct:
    """The product with its pictures; a file named for several variants is one picture of them all."""
    skus: dict[str, list[str]] = {}
    for _, name, sku in draft.pictures:
        if name in kept:
            skus.setdefault(name, []).extend([sku] if sku else [])
    pictures = tuple(NewPicture(kept[name], unique(of_variants)) for name, of_variants in skus.items())
    return replace(draft.product, pictures=pictures)
