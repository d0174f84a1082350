"""Read the product export of a Shopify shop, with the column names of today or those used until 2024."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from commerce.catalog.model import Names, ProductStatus
from commerce.imports.cells import count_of, is_yes, price_of
from commerce.imports.goods import UNLIMITED, NewProduct, NewText, NewVariant
from commerce.imports.options import Choices
from commerce.imports.shelf import Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import TableRow, read_table
from commerce.imports.texts import language_of, one_line, plain_text

REQUIRED = ("title",)
_TODAY = {
    "url handle": "handle",
    "description": "body (html)",
    "published on online store": "published",
    "sku": "variant sku",
    "price": "variant price",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "weight value (grams)": "variant grams",
    "product image url": "image src",
    "variant image url": "variant image",
}
"""Column of today -> the name it had before, which is used here."""
_STATUS = {
    "": ProductStatus.PUBLISHED,
    "active": ProductStatus.PUBLISHED,
    "draft": ProductStatus.DRAFT,
    "unlisted": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
}
_METAFIELD = re.compile(r"(.+?) \(product\.metafields\.[^)]+\)")
_NO_CHOICE = "default title"
_NUMBERS = (1, 2, 3)


def read_shopify(path: Path, *, currency: str) -> Shelf:
    """A Shopify export: rows of one handle are one product, the first of them with the title.

    A row with a price is a variant, one without only adds a picture. Prices are in `currency`. Stock that no tracker
    counts, or that may be sold beyond what is there, is sold without limit.
    """
    table = read_table(path, required=REQUIRED)
    reading = Reading(currency, refused=list(table.problems))
    rows = [
        TableRow(row.line, {_TODAY.get(name, name): cell for name, cell in row.cells.items()}) for row in table.rows
    ]
    for together in _by_product(rows, reading):
        try:
            _read_product(together, reading)
        except Unreadable as problem:
            reading.refuse(together[0].line, problem.column, problem.reason)
            for row in together[1:]:
                reading.refuse(row.line, "handle", "belongs to a refused product")
    return reading.shelf()


def _by_product(rows: list[TableRow], reading: Reading) -> Iterator[list[TableRow]]:
    """Rows of one handle; one without a handle continues the product above it."""
    products: dict[str, list[TableRow]] = {}
    last = ""
    for row in rows:
        last = row.cells.get("handle") or (one_line(row.cells["title"]) and f"\n{row.line}") or last
        if last:
            products.setdefault(last, []).append(row)
        else:
            reading.refuse(row.line, "handle", "the row continues a product, but there is none above it")
    yield from products.values()


def _read_product(rows: list[TableRow], reading: Reading) -> None:
    first, cells = rows[0], rows[0].cells
    title = reading.title(one_line(cells["title"]), column="title")
    handle = reading.own_handle(cells.get("handle") or title, column="handle")
    status = _STATUS.get(cells.get("status", "").lower())
    if status is None:
        raise Unreadable("status", f"{cells['status'][:40]!r} is none of {', '.join(filter(None, _STATUS))}")
    if status is ProductStatus.PUBLISHED and not is_yes(cells.get("published", ""), usual=True, column="published"):
        status = ProductStatus.DRAFT
    names = {number: one_line(cells.get(f"option{number} name", "")) for number in _NUMBERS}
    choices = Choices(tuple(name for number, name in names.items() if name and _is_choice(rows, number)))
    photos = [Photo(row.cells["image src"], row.line) for row in rows if row.cells.get("image src")]
    variants: list[NewVariant] = []
    for row in rows:
        if not row.cells.get("variant price") and row is not first and not row.cells.get("option1 value"):
            continue
        said = {name: one_line(row.cells.get(f"option{number} value", "")) for number, name in names.items()}
        try:
            variant = _variant(row, handle, said, choices, variants, reading)
        except Unreadable as problem:
            reading.refuse(row.line, problem.column, problem.reason)
            continue
        variants.append(variant)
        if row.cells.get("variant image"):
            photos.append(Photo(row.cells["variant image"], row.line, (variant.sku,)))
    product = NewProduct(
        key=handle,
        handle=handle,
        category=reading.category(_shelves(cells)),
        texts=(NewText(language_of(title), title, plain_text(cells.get("body (html)", ""))),),
        variants=tuple(variants),
        options=choices.as_options(),
        attributes=tuple(_facts(cells)),
        status=status,
    )
    reading.add(first.line, product, photos)


def _is_choice(rows: list[TableRow], number: int) -> bool:
    """Whether an option is one: a product without any has the option "Title" with the value "Default Title"."""
    return any(row.cells.get(f"option{number} value", "").lower() not in ("", _NO_CHOICE) for row in rows)


def _variant(
    row: TableRow,
    handle: str,
    said: Mapping[str, str],
    choices: Choices,
    before: list[NewVariant],
    reading: Reading,
) -> NewVariant:
    cells = row.cells
    if not cells.get("variant price"):
        raise Unreadable("variant price", "is empty")
    price = price_of(cells["variant price"], reading.currency, column="variant price")
    places = choices.places(said, before, column="option1 value")
    counted = bool(cells.get("variant inventory tracker"))
    beyond = cells.get("variant inventory policy", "").lower() in ("continue", "true", "yes")
    stock = _stock(cells) if counted else 0
    wanted = cells.get("variant sku", "").lstrip("'") or "-".join([handle, *(str(place + 1) for place in places)])
    sku = reading.own_sku(row.line, wanted, column="variant sku")
    choices.keep(said)
    return reading.variant(
        row.line,
        sku=sku,
        prices={reading.currency: price},
        stock=stock,
        backorder=UNLIMITED if beyond or not counted else 0,
        values=places,
    )


def _stock(cells: Mapping[str, str]) -> int:
    """Pieces there; a shop that sold more than it had says a negative number."""
    said = cells.get("variant inventory qty", "")
    return 0 if re.fullmatch(r"-\d+", said) else count_of(said, column="variant inventory qty")


def _shelves(cells: Mapping[str, str]) -> list[str]:
    """The merchant's own type of product; where there is none, the place in Shopify's taxonomy."""
    own = one_line(cells.get("type", "")) or one_line(cells.get("custom product type", ""))
    if own:
        return [own]
    standard = cells.get("product category", "") or cells.get("standard product type", "")
    return [one_line(step) for step in standard.split(">") if one_line(step)]


def _facts(cells: Mapping[str, str]) -> Iterator[tuple[Names, Names]]:
    """Brand, tags and the fields of the merchant's own."""
    if brand := one_line(cells.get("vendor", "")):
        yield {"en": "Brand", "zh": "品牌"}, {language_of(brand): brand}
    for column, cell in cells.items():
        field = _METAFIELD.fullmatch(column)
        value = one_line(cell.replace(";", ","))
        if field and value:
            yield {language_of(field[1]): field[1].capitalize()}, {language_of(value): value}
    if tags := one_line(cells.get("tags", "")):
        yield {"en": "Tags", "zh": "标签"}, {language_of(tags): tags}
