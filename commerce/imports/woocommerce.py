"""Read the product export of a WooCommerce shop."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from commerce.catalog.model import Names, ProductStatus
from commerce.imports.cells import count_of, is_yes, price_of
from commerce.imports.goods import UNLIMITED, NewProduct, NewText, NewVariant
from commerce.imports.options import Choices
from commerce.imports.shelf import Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import TableRow, read_table
from commerce.imports.texts import language_of, one_line, plain_text

REQUIRED = ("type", "name", "regular price")
_COMMA = re.compile(r"(?<!\\),")
_ATTRIBUTE = re.compile(r"attribute (\d{1,3}) name")
_NOT_COUNTED = ("", "parent")
"""What stands in the stock of a variation that is counted with its product."""
_OURS = frozenset({"simple", "variable"})
_STATUS = {
    "1": ProductStatus.PUBLISHED,
    "": ProductStatus.PUBLISHED,
    "0": ProductStatus.DRAFT,
    "-1": ProductStatus.DRAFT,
}


def read_woocommerce(path: Path, *, currency: str) -> Shelf:
    """A WooCommerce export: simple products, and variable ones with their variations, which name their parent.

    Prices are in `currency`; a sale price without dates is the price. Stock that is not counted, or that may be ordered
    beyond what is there, is sold without limit; what is counted for all variations together goes to the first of them.
    A product stands on the shelf of its first category. Grouped and external products are refused: what they sell is
    sold elsewhere.
    """
    table = read_table(path, required=REQUIRED)
    reading = Reading(currency, refused=list(table.problems))
    parents: dict[str, TableRow] = {}
    for row in table.rows:
        if _kind(row.cells) != "variation":
            parents.setdefault(f"id:{row.cells.get('id', '')}", row)
            if row.cells.get("sku"):
                parents[row.cells["sku"]] = row
    children: dict[int, list[TableRow]] = {}
    for row in table.rows:
        if _kind(row.cells) == "variation":
            parent = parents.get(row.cells.get("parent", ""))
            if parent is None:
                reading.refuse(row.line, "parent", f"{row.cells.get('parent', '')[:60]!r} is no product of this file")
            else:
                children.setdefault(parent.line, []).append(row)
    for row in table.rows:
        if _kind(row.cells) == "variation":
            continue
        mine = children.get(row.line, [])
        try:
            _read_product(row, mine, reading)
        except Unreadable as problem:
            reading.refuse(row.line, problem.column, problem.reason)
            for child in mine:
                reading.refuse(child.line, "parent", "belongs to a refused product")
    return reading.shelf()


def _kind(cells: Mapping[str, str]) -> str:
    """simple, variable, variation, grouped, external; "simple, virtual" is simple."""
    return cells["type"].split(",")[0].strip().lower()


def _read_product(row: TableRow, variations: list[TableRow], reading: Reading) -> None:
    cells = row.cells
    kind = _kind(cells)
    if kind not in _OURS:
        raise Unreadable("type", f"{kind[:40]!r} products cannot be sold here; simple and variable ones can")
    title = reading.title(one_line(cells["name"]), column="name")
    handle = _handle(cells, title, reading)
    status = _STATUS.get(cells.get("published", ""))
    if status is None:
        raise Unreadable("published", f"{cells['published'][:40]!r} is none of 1, 0 and -1")
    attributes = _attributes(cells)
    sold = variations if kind == "variable" else [row]
    varied = {name for child in variations for name in _attributes(child.cells)} if kind == "variable" else set()
    choices = Choices(tuple(name for name in attributes if name in varied))
    photos = [Photo(name, row.line) for name in _split(cells.get("images", ""))]
    variants: list[NewVariant] = []
    parent = row
    for child in sold:
        try:
            variant = _variant(child, parent, handle, choices, variants, reading)
        except Unreadable as problem:
            reading.refuse(child.line, problem.column, problem.reason)
            continue
        variants.append(variant)
        if child is not row:
            if variant.stock and child.cells.get("stock", "") in _NOT_COUNTED:
                # Pieces counted for all kinds together are there once: given to each kind they would be sold twice.
                parent = TableRow(row.line, {**cells, "stock": "0"})
                told = f"{variant.stock} pieces are counted for all its kinds together: {variant.sku} has them"
                reading.warn(row.line, "stock", told)
            photos += [Photo(name, child.line, (variant.sku,)) for name in _split(child.cells.get("images", ""))]
    paths = [[one_line(step) for step in path.split(">")] for path in _split(cells.get("categories", ""))]
    for path in paths[1:]:
        reading.warn(row.line, "categories", f"{' > '.join(path)}: a product stands on one shelf, its first")
    text = plain_text(_line_breaks(cells.get("description", "")))
    short = plain_text(_line_breaks(cells.get("short description", "")))
    product = NewProduct(
        key=f"id:{cells['id'][:100]}" if cells.get("id") else handle,  # a product that is renamed stays the same
        handle=handle,
        category=reading.category(paths[0]) if paths else None,
        texts=(NewText(language_of(title), title, "\n\n".join(filter(None, [short, text]))),),
        variants=tuple(variants),
        options=choices.as_options(),
        attributes=tuple(_facts(cells, attributes, varied)),
        status=status,
    )
    reading.add(row.line, product, photos)


def _handle(cells: Mapping[str, str], title: str, reading: Reading) -> str:
    """WooCommerce exports no slug. Of two products with one name the second one is told apart by its SKU or id."""
    try:
        return reading.own_handle(title, column="name")
    except Unreadable:
        return reading.own_handle(f"{title} {cells.get('sku') or cells.get('id', '')}", column="name")


def _variant(
    row: TableRow,
    parent: TableRow,
    handle: str,
    choices: Choices,
    before: Sequence[NewVariant],
    reading: Reading,
) -> NewVariant:
    cells = row.cells
    price = _price(cells, reading.currency)
    said = {name: values[0] for name, values in _attributes(cells).items() if values}
    if row is not parent and any(not said.get(name) for name in choices.options):
        raise Unreadable("attribute 1 value(s)", "stands for any value; write one row for each")
    places = choices.places(said, before, column="attribute 1 value(s)")
    stock, beyond = _stock(cells, parent.cells)
    wanted = cells.get("sku", "")
    if not wanted or (row is not parent and wanted == parent.cells.get("sku")):
        wanted = "-".join([handle, *(str(place + 1) for place in places)])
    sku = reading.own_sku(row.line, wanted)
    choices.keep(said)
    return reading.variant(
        row.line, sku=sku, prices={reading.currency: price}, stock=stock, backorder=beyond, values=places
    )


def _price(cells: Mapping[str, str], currency: str) -> int:
    """The sale price if it is one without dates, else the regular price."""
    dated = cells.get("date sale price starts") or cells.get("date sale price ends")
    if cells.get("sale price") and not dated:
        return price_of(cells["sale price"], currency, column="sale price")
    if not cells["regular price"]:
        raise Unreadable("regular price", "is empty")
    return price_of(cells["regular price"], currency, column="regular price")


def _stock(cells: Mapping[str, str], parent: Mapping[str, str]) -> tuple[int, int]:
    """Pieces, and pieces beyond them. A variation that is not counted itself is counted with its product."""
    said = cells.get("in stock?", "")
    if said.lower() not in ("", "backorder") and not is_yes(said, usual=True, column="in stock?"):
        return 0, 0
    counted = cells.get("stock", "")
    if counted in _NOT_COUNTED:
        counted = parent.get("stock", "")
    allowed = cells.get("backorders allowed?", "").lower() not in ("", "0", "no")
    if re.fullmatch(r"-\d+(\.0+)?", counted):
        counted = "0"
    return count_of(counted), UNLIMITED if allowed or not counted else 0


def _attributes(cells: Mapping[str, str]) -> dict[str, list[str]]:
    """Every attribute with its values."""
    numbers = sorted(int(match[1]) for column in cells if (match := _ATTRIBUTE.fullmatch(column)))
    named = ((one_line(cells[f"attribute {number} name"]), number) for number in numbers)
    return {name: _split(cells.get(f"attribute {number} value(s)", "")) for name, number in named if name}


def _facts(
    cells: Mapping[str, str], attributes: Mapping[str, list[str]], varied: set[str]
) -> Iterator[tuple[Names, Names]]:
    """Attributes that are no choice, the brand, size and weight, tags."""
    for name, values in attributes.items():
        if name not in varied and values:
            text = ", ".join(values)
            yield {language_of(name): name}, {language_of(text): text}
    for column, shown in (("brands", {"en": "Brand", "zh": "品牌"}), ("tags", {"en": "Tags", "zh": "标签"})):
        if text := ", ".join(_split(cells.get(column, ""))):
            yield shown, {language_of(text): text}
    measures = {column.split(" (")[0]: (column, cell) for column, cell in cells.items() if cell and " (" in column}
    if "weight" in measures:
        column, cell = measures["weight"]
        yield {"en": "Weight", "zh": "重量"}, {"en": f"{cell} {_unit(column)}"}
    sides = [measures[side] for side in ("length", "width", "height") if side in measures]
    if len(sides) == 3:
        size = f"{' × '.join(cell for _, cell in sides)} {_unit(sides[0][0])}"
        yield {"en": "Size", "zh": "尺寸"}, {"en": size}


def _unit(column: str) -> str:
    return column.partition(" (")[2].rstrip(")")


def _split(cell: str) -> list[str]:
    """The parts of a cell between commas; a comma inside of one has a backslash before it."""
    parts = (one_line(part.replace("\\,", ",")) for part in _COMMA.split(cell))
    return [part for part in parts if part]


def _line_breaks(text: str) -> str:
    """WooCommerce writes line breaks as the two characters backslash and n."""
    return text.replace("\\n", "\n")
