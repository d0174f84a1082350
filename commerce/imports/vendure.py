"""Read the product table of a Vendure shop (products.csv with a folder of pictures beside it)."""

from collections.abc import Iterator
from pathlib import Path

from commerce.imports.cells import count_of, pieces, price_of
from commerce.imports.goods import NewOption, NewProduct, NewText, NewVariant
from commerce.imports.shelf import Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import TableRow, read_table
from commerce.imports.texts import language_of, one_line, plain_text

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


def read_vendure(path: Path, *, currency: str) -> Shelf:
    """A Vendure product table: a row with a name begins a product, rows without one are its further variants.

    Prices are in `currency`. The facet "category" is the path of shelves, the others are facts about the product.
    """
    table = read_table(path, required=REQUIRED)
    reading = Reading(currency, refused=list(table.problems))
    for rows in _by_product(table.rows):
        try:
            _read_product(rows, reading)
        except Unreadable as problem:
            reading.refuse(rows[0].line, problem.column, problem.reason)
            for row in rows[1:]:
                reading.refuse(row.line, "name", "belongs to a refused product")
    return reading.shelf()


def _by_product(rows: list[TableRow]) -> Iterator[list[TableRow]]:
    """Rows that belong together: a row without a name continues the product above it."""
    together: list[TableRow] = []
    for row in rows:
        if row.cells["name"] and together:
            yield together
            together = []
        together.append(row)
    yield together


def _read_product(rows: list[TableRow], reading: Reading) -> None:
    first = rows[0]
    cells = first.cells
    if not cells["name"]:
        raise Unreadable("name", "the row continues a product, but there is none above it")
    title = reading.title(one_line(cells["name"]), column="name")
    handle = reading.own_handle(cells["slug"] or title)
    facets = [(name.strip(), value.strip()) for name, _, value in map(_facet, pieces(cells, "facets"))]
    groups = pieces(cells, "optiongroups")
    names: list[list[str]] = [[] for _ in groups]
    photos = [Photo(name, first.line) for name in pieces(cells, "assets")]
    variants: list[NewVariant] = []
    for row in rows:
        try:
            variant = _variant(row, groups, names, variants, reading)
        except Unreadable as problem:
            reading.refuse(row.line, problem.column, problem.reason)
            continue
        variants.append(variant)
        photos += [Photo(name, row.line, (variant.sku,)) for name in pieces(row.cells, "variantassets")]
    if not variants:
        reading.refuse(first.line, "sku", "the product has no variant that can be sold")
        return
    product = NewProduct(
        key=handle,
        handle=handle,
        category=reading.category([value for name, value in facets if name == "category"]),
        texts=(NewText(language_of(title), title, plain_text(cells["description"])),),
        variants=tuple(variants),
        options=tuple(_option(group, values) for group, values in zip(groups, names, strict=True)),
        attributes=tuple(
            ({language_of(name): name}, {language_of(value): value})
            for name, value in facets
            if name != "category" and value
        ),
    )
    reading.add(first.line, product, photos)


def _facet(facet: str) -> tuple[str, str, str]:
    return facet.partition(":")


def _option(group: str, values: list[str]) -> NewOption:
    return NewOption({language_of(group): group}, tuple({language_of(value): value} for value in values))


def _variant(
    row: TableRow,
    groups: list[str],
    names: list[list[str]],
    before: list[NewVariant],
    reading: Reading,
) -> NewVariant:
    cells = row.cells
    values = pieces(cells, "optionvalues")
    if len(values) != len(groups):
        raise Unreadable("optionValues", f"{len(values)} values for {len(groups)} options")
    price = price_of(cells["price"], reading.currency)
    stock = count_of(cells["stockonhand"], column="stockOnHand")
    places = tuple(known.index(v) if v in known else len(known) for v, known in zip(values, names, strict=True))
    if any(variant.values == places for variant in before):
        raise Unreadable("optionValues", "the product has this combination already")
    sku = reading.own_sku(row.line, cells["sku"])
    for value, known in zip(values, names, strict=True):
        if value not in known:
            known.append(value)
    return reading.variant(row.line, sku=sku, prices={reading.currency: price}, stock=stock, values=places)
