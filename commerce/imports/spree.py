"""Read the product export of a Spree shop: products.csv, and product_translations.csv beside it if there is one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from commerce.catalog.model import Names, ProductStatus
from commerce.imports.cells import count_of, is_yes, price_of
from commerce.imports.goods import UNLIMITED, NewOption, NewProduct, NewText, NewVariant
from commerce.imports.shelf import LONGEST_TITLE, Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import TableRow, read_table
from commerce.imports.texts import language_code, language_of, one_line, plain_text
from foundation.errors import Refused

REQUIRED = ("slug", "sku", "name", "price")
TRANSLATIONS = "product_translations.csv"
_STATUS = {
    "active": ProductStatus.PUBLISHED,
    "": ProductStatus.PUBLISHED,
    "draft": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
}
_CUSTOM_FIELD = re.compile(r"custom_field\.(?:[^.]+\.)?(.+)")
_OPTION = re.compile(r"option\d+_value")


@dataclass(slots=True)
class _Sold:
    """A variant in the making: its first row, and what the others with its SKU add."""

    row: TableRow
    options: dict[str, str]
    prices: dict[str, int] = field(default_factory=dict)
    photos: list[Photo] = field(default_factory=list)
    stock: tuple[int, int] | None = None


def read_spree(path: Path, *, currency: str) -> Shelf:
    """A Spree export: rows of one slug are one product, the first of them, with the name, its master.

    The master is sold only when no row has option values. Rows with the same SKU are one variant with prices in several
    currencies; a row that names none is in `currency`. Stock that is not tracked, or that may be ordered beyond what is
    there, is sold without limit. A product stands on the shelf of its first category.
    """
    table = read_table(path, required=REQUIRED)
    reading = Reading(currency, refused=list(table.problems))
    translations = _translations(path.parent / TRANSLATIONS, reading)
    by_slug: dict[str, list[TableRow]] = {}
    for row in table.rows:
        if row.cells["slug"]:
            by_slug.setdefault(row.cells["slug"], []).append(row)
        else:
            reading.refuse(row.line, "slug", "is empty")
    for slug, rows in by_slug.items():
        try:
            _read_product(slug, rows, translations.pop(slug, {}), reading)
        except Unreadable as problem:
            reading.refuse(rows[0].line, problem.column, problem.reason)
            for row in rows[1:]:
                reading.refuse(row.line, "slug", "belongs to a refused product")
    return reading.shelf()


def _read_product(slug: str, rows: list[TableRow], translated: Mapping[str, NewText], reading: Reading) -> None:
    master, cells = rows[0], rows[0].cells
    handle = reading.own_handle(slug)
    title = reading.title(one_line(cells["name"]), column="name")
    status = _STATUS.get(cells.get("status", "").lower())
    if status is None:
        raise Unreadable("status", f"{cells['status'][:40]!r} is none of {', '.join(filter(None, _STATUS))}")
    paths = [[one_line(step) for step in path.split("->")] for path in _numbered(cells, "category", "")]
    for path in paths[1:]:
        reading.warn(master.line, "category", f"{' -> '.join(path)}: a product stands on one shelf, its first")
    sold = _sold(rows, reading)
    options = _options(sold)
    variants = _variants(sold, options, reading)
    if not variants:
        raise Unreadable("sku", "none of its rows can be sold")
    language = language_of(title)
    texts = {language: NewText(language, title, plain_text(cells.get("description", "")))}
    photos = [Photo(name, master.line) for name in _numbered(cells, "image", "_src")]
    product = NewProduct(
        key=slug[:200],
        handle=handle,
        category=reading.category(paths[0]) if paths else None,
        texts=tuple((texts | {lang: text for lang, text in translated.items() if lang != language}).values()),
        variants=tuple(variants),
        options=tuple(
            NewOption({language_of(name): name}, tuple({language_of(value): value} for value in values))
            for name, values in options.items()
        ),
        attributes=tuple(_attributes(cells, [each.row for each in sold])),
        status=status,
    )
    reading.add(master.line, product, [*photos, *(photo for each in sold for photo in each.photos)])


def _sold(rows: list[TableRow], reading: Reading) -> list[_Sold]:
    """The rows to be sold, those with the same SKU put together; a row without options may add a price to another."""
    with_options = [row for row in rows if _option_values(row.cells)]
    sold: dict[str, _Sold] = {}
    for row in [*with_options, *(row for row in rows if not _option_values(row.cells))]:
        sku, options = row.cells["sku"], _option_values(row.cells)
        own = sold.get(sku)
        if own is None and with_options and not options:
            if sku != rows[0].cells["sku"]:
                reading.refuse(row.line, "option1_value", "other rows of the product have options, this one has none")
            continue
        try:
            own = own or _Sold(row, options)
            if options and own.options != options:
                raise Unreadable("sku", f"{sku[:100]} is another variant of the product already")
            _take_price(own, row, reading)
        except Unreadable as problem:
            reading.refuse(row.line, problem.column, problem.reason)
            continue
        sold[sku] = own
    return list(sold.values())


def _take_price(own: _Sold, row: TableRow, reading: Reading) -> None:
    cells = row.cells
    currency = cells.get("currency", "").upper() or reading.currency
    if currency in own.prices:
        raise Unreadable("currency", f"the variant has a price in {currency[:10]} already")
    price = price_of(cells["price"], currency)
    stock = _stock(cells)
    own.prices[currency] = price
    own.stock = own.stock or stock
    if not cells["name"]:
        own.photos += [Photo(name, row.line, (cells["sku"],)) for name in _numbered(cells, "image", "_src")]


def _stock(cells: Mapping[str, str]) -> tuple[int, int] | None:
    """Pieces, and pieces beyond them; None where the row does not say."""
    if not is_yes(cells.get("track_inventory", ""), usual=True, column="track_inventory"):
        return 0, UNLIMITED
    if not cells.get("inventory_count"):
        return None
    beyond = is_yes(cells.get("inventory_backorderable", ""), usual=False, column="inventory_backorderable")
    return count_of(cells["inventory_count"], column="inventory_count"), UNLIMITED if beyond else 0


def _options(sold: list[_Sold]) -> dict[str, list[str]]:
    """The options of the first row to be sold, with the values of all rows that have the same."""
    names = list(sold[0].options) if sold else []
    alike = [each.options for each in sold if set(each.options) == set(names)]
    return {name: list(dict.fromkeys(options[name] for options in alike)) for name in names}


def _variants(sold: list[_Sold], options: Mapping[str, list[str]], reading: Reading) -> list[NewVariant]:
    variants: list[NewVariant] = []
    for each in sold:
        line, cells = each.row.line, each.row.cells
        try:
            if set(each.options) != set(options):
                raise Unreadable("option1_name", f"the options of the product are {', '.join(options)[:100] or 'none'}")
            places = tuple(values.index(each.options[name]) for name, values in options.items())
            if any(variant.values == places for variant in variants):
                raise Unreadable("option1_value", "the product has this combination already")
            sku = reading.own_sku(line, cells["sku"])
        except Unreadable as problem:
            reading.refuse(line, problem.column, problem.reason)
            each.photos.clear()
            continue
        stock, beyond = each.stock or (0, 0)
        each.photos[:] = [Photo(photo.name, photo.line, (sku,)) for photo in each.photos]
        variants.append(
            reading.variant(line, sku=sku, prices=each.prices, stock=stock, backorder=beyond, values=places)
        )
    return variants


def _option_values(cells: Mapping[str, str]) -> dict[str, str]:
    columns = sorted(column for column in cells if _OPTION.fullmatch(column) and cells[column])
    named = ((cells.get(column.replace("_value", "_name"), ""), cells[column]) for column in columns)
    return {one_line(name): one_line(value) for name, value in named if name}


def _numbered(cells: Mapping[str, str], before: str, behind: str) -> list[str]:
    """The cells of columns such as image1_src, image2_src, in the order of their numbers, without empty ones."""
    numbers = sorted(
        int(match[1]) for column in cells if (match := re.fullmatch(rf"{before}(\d{{1,3}}){behind}", column))
    )
    return [cell for number in numbers if (cell := cells[f"{before}{number}{behind}"])]


def _attributes(cells: Mapping[str, str], sold: list[TableRow]) -> Iterator[tuple[Names, Names]]:
    """Facts: the product's type and own fields, and size and weight where they are the same for every variant."""
    facts = {"Type": cells.get("product_type", "")}
    for column, value in cells.items():
        own = _CUSTOM_FIELD.fullmatch(column)
        if own:
            facts[own[1].replace("_", " ").capitalize()] = value
    facts["Size"] = _common(sold, _size)
    facts["Weight"] = _common(sold, _weight)
    for name, value in facts.items():
        shown = one_line(value)
        if shown:
            yield {"en": name}, {language_of(shown): shown}


def _common(rows: list[TableRow], fact: Callable[[Mapping[str, str]], str]) -> str:
    said = {fact(row.cells) for row in rows}
    return said.pop() if len(said) == 1 else ""


def _size(cells: Mapping[str, str]) -> str:
    sides = [cells.get(side, "") for side in ("width", "height", "depth")]
    return f"{' × '.join(sides)} {cells.get('dimensions_unit', '')}" if all(sides) else ""


def _weight(cells: Mapping[str, str]) -> str:
    return f"{cells['weight']} {cells.get('weight_unit', '')}" if cells.get("weight") else ""


def _translations(path: Path, reading: Reading) -> dict[str, dict[str, NewText]]:
    """Texts in other languages by slug; a file that cannot be read is a warning, the products come without it."""
    found: dict[str, dict[str, NewText]] = {}
    if not path.is_file():
        return found
    try:
        table = read_table(path, required=("slug", "locale", "name"))
    except Refused as refused:
        reading.warn(0, path.name, f"the translations were left out: {refused}")
        return found
    for row in table.rows:
        language, title = language_code(row.cells["locale"]), one_line(row.cells["name"])
        if not language or not title or len(title) > LONGEST_TITLE:
            reading.warn(0, path.name, f"line {row.line}: no language or no usable name")
            continue
        body = plain_text(row.cells.get("description", ""))
        found.setdefault(row.cells["slug"], {}).setdefault(language, NewText(language, title, body))
    for problem in table.problems:
        reading.warn(0, path.name, f"line {problem.line}: {problem.reason}")
    return found
