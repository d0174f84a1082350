"""Read a plain product table, as a merchant writes one in a spreadsheet, with English or Chinese column names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from commerce.catalog.model import Names, ProductStatus
from commerce.imports.cells import count_of, is_yes, price_of
from commerce.imports.goods import UNLIMITED, NewProduct, NewText, NewVariant
from commerce.imports.options import Choices
from commerce.imports.shelf import Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import TableRow, read_table
from commerce.imports.texts import language_code, language_of, one_line, plain_text
from foundation.errors import Refused
from foundation.money import exponent

_CHINESE = {
    "商品名称": "title",
    "名称": "title",
    "品名": "title",
    "标题": "title",
    "商品标题": "title",
    "英文名称": "title_en",
    "描述": "description",
    "商品描述": "description",
    "详情": "description",
    "商品详情": "description",
    "英文描述": "description_en",
    "编码": "sku",
    "商家编码": "sku",
    "货号": "sku",
    "商品编码": "sku",
    "价格": "price",
    "售价": "price",
    "单价": "price",
    "库存": "stock",
    "数量": "stock",
    "分类": "category",
    "类目": "category",
    "商品分类": "category",
    "图片": "pictures",
    "主图": "pictures",
    "商品图片": "pictures",
    "状态": "status",
    "包邮": "free_shipping",
    "规格": "option1_value",
}
_STATUS = {
    "": ProductStatus.PUBLISHED,
    "published": ProductStatus.PUBLISHED,
    "active": ProductStatus.PUBLISHED,
    "上架": ProductStatus.PUBLISHED,
    "在售": ProductStatus.PUBLISHED,
    "draft": ProductStatus.DRAFT,
    "草稿": ProductStatus.DRAFT,
    "下架": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
}
_NUMBERED = re.compile(r"(option|attribute)(\d{1,2})_value(?:_[a-z]{2,3})?")
_PRICE = re.compile(r"price_([a-z]{3})")
_PICTURES_BETWEEN = re.compile(r"[|\n;]")


def read_csv(path: Path, *, currency: str) -> Shelf:
    """A table with a row for each variant; rows with one `handle` (or one title) are one product, the first leads.

    Columns: title and price; and as wished handle, sku, description, category ("Home > Kitchen"), option1_name,
    option1_value, attribute1_name, attribute1_value (as many as there are), stock (empty: not counted), backorder,
    pictures (between "|"), status, free_shipping. Texts may stand once for each language (title_zh, title_en), prices
    once for each currency (price_USD). The usual Chinese names of columns are understood.
    """
    table = read_table(path, required=())
    rows = [
        TableRow(row.line, {_CHINESE.get(name, name): cell for name, cell in row.cells.items()}) for row in table.rows
    ]
    columns = set(rows[0].cells)
    missing = [name for name in ("title", "price") if not any(re.match(rf"{name}(_|$)", column) for column in columns)]
    if missing:
        raise Refused("import.columns", missing=missing, found=sorted(columns)[:20])
    reading = Reading(currency, refused=list(table.problems))
    for together in _by_product(rows, reading):
        try:
            _read_product(together, reading)
        except Unreadable as problem:
            reading.refuse(together[0].line, problem.column, problem.reason)
            for row in together[1:]:
                reading.refuse(row.line, "title", "belongs to a refused product")
    return reading.shelf()


def _by_product(rows: list[TableRow], reading: Reading) -> Iterator[list[TableRow]]:
    """Rows of one handle or title; one that has neither continues the product above it."""
    products: dict[str, list[TableRow]] = {}
    last = ""
    for row in rows:
        titles = _texts(row.cells, "title")
        last = row.cells.get("handle") or next(iter(titles.values()), "") or last
        if last:
            products.setdefault(last, []).append(row)
        else:
            reading.refuse(row.line, "title", "is empty")
    yield from products.values()


def _read_product(rows: list[TableRow], reading: Reading) -> None:
    first, cells = rows[0], rows[0].cells
    titles = {language: one_line(text) for language, text in _texts(cells, "title").items()}
    for text in titles.values() or [""]:
        reading.title(text, column="title")
    named = cells.get("handle") or titles.get("en") or next(iter(titles.values()))
    handle = reading.own_handle(named, column="handle" if cells.get("handle") else "title")
    status = _STATUS.get(cells.get("status", "").lower())
    if status is None:
        raise Unreadable("status", f"{cells['status'][:40]!r} is none of published, draft and archived")
    named_options = _options(rows)
    options = {number: _known_as(name) for number, name in named_options.items()}
    choices = Choices(tuple(options.values()), names=_names(rows, named_options))
    photos: list[Photo] = []
    variants: list[NewVariant] = []
    for row in rows:
        try:
            variant = _variant(row, handle, options, choices, variants, reading)
        except Unreadable as problem:
            reading.refuse(row.line, problem.column, problem.reason)
            continue
        variants.append(variant)
        skus = () if row is first else (variant.sku,)
        photos += [Photo(name, row.line, skus) for name in _pictures(row.cells)]
    bodies = _texts(cells, "description")
    product = NewProduct(
        key=handle,
        handle=handle,
        category=reading.category(_shelves(cells)),
        texts=tuple(NewText(lang, title, plain_text(bodies.get(lang, ""))) for lang, title in titles.items()),
        variants=tuple(variants),
        options=choices.as_options(),
        attributes=tuple(_facts(cells)),
        status=status,
        free_shipping=_free_shipping(cells),
    )
    reading.add(first.line, product, photos)


def _variant(
    row: TableRow,
    handle: str,
    options: Mapping[int, str],
    choices: Choices,
    before: list[NewVariant],
    reading: Reading,
) -> NewVariant:
    cells = row.cells
    prices = _prices(cells, reading.currency)
    said = {option: _known_as(_texts(cells, f"option{number}_value")) for number, option in options.items()}
    places = choices.places(said, before, column="option1_value")
    counted = cells.get("stock", "")
    beyond = is_yes(cells.get("backorder", ""), usual=not counted, column="backorder")
    stock = count_of(counted)
    wanted = cells.get("sku") or "-".join([handle, *(str(place + 1) for place in places)])
    sku = reading.own_sku(row.line, wanted)
    choices.keep(said)
    return reading.variant(
        row.line, sku=sku, prices=prices, stock=stock, backorder=UNLIMITED if beyond else 0, values=places
    )


def _prices(cells: Mapping[str, str], currency: str) -> dict[str, int]:
    prices = {}
    if cells.get("price"):
        prices[currency] = price_of(cells["price"], currency)
    for column, cell in cells.items():
        found = _PRICE.fullmatch(column)
        if found and cell:
            other = found[1].upper()
            try:
                exponent(other)
            except Refused as error:
                raise Unreadable(column, f"{other} is no currency") from error
            prices[other] = price_of(cell, other, column=column)
    if not prices:
        raise Unreadable("price", "is empty")
    return prices


def _texts(cells: Mapping[str, str], column: str) -> dict[str, str]:
    """A text in each language: of the columns title, title_zh, title_en, ... (which are those of `column`)."""
    found: dict[str, str] = {}
    for name, cell in cells.items():
        stem, _, locale = name.rpartition("_")
        if cell and name == column:
            found.setdefault(language_of(cell), cell)
        elif cell and stem == column and language_code(locale):
            found[language_code(locale)] = cell
    return found


def _known_as(names: Names) -> str:
    """By which of its names an option or value is told apart."""
    return next(iter(names.values()), "")


def _numbers(cells: Mapping[str, str], kind: str) -> list[int]:
    """The numbers of the options or attributes that a row says something about."""
    found = {int(match[2]) for name, cell in cells.items() if cell and (match := _NUMBERED.fullmatch(name))}
    return sorted(number for number in found if _texts(cells, f"{kind}{number}_value"))


def _options(rows: list[TableRow]) -> dict[int, Names]:
    """The names of the options that any of these rows has a value of."""
    options: dict[int, Names] = {}
    for number in sorted({number for row in rows for number in _numbers(row.cells, "option")}):
        named = (_one_line(_texts(row.cells, f"option{number}_name")) for row in rows)
        options[number] = next(filter(None, named), {"en": f"Kind {number}", "zh": "规格"})
    return options


def _names(rows: list[TableRow], options: Mapping[int, Names]) -> dict[str, Names]:
    """What options and their values are called in each language, by the name they are known as."""
    names = {_known_as(name): name for name in options.values()}
    for row in rows:
        for number in options:
            value = _texts(row.cells, f"option{number}_value")
            names.setdefault(_known_as(value), _one_line(value))
    return names


def _one_line(names: Names) -> Names:
    return {language: one_line(text) for language, text in names.items() if one_line(text)}


def _shelves(cells: Mapping[str, str]) -> list[str | Names]:
    """The path of shelves; paths in two languages with as many steps name the same shelves."""
    paths = {
        language: [one_line(step) for step in path.split(">")] for language, path in _texts(cells, "category").items()
    }
    longest = max(map(len, paths.values()), default=0)
    return [
        {language: path[step] for language, path in paths.items() if len(path) == longest} for step in range(longest)
    ]


def _pictures(cells: Mapping[str, str]) -> list[str]:
    return [name for name in map(str.strip, _PICTURES_BETWEEN.split(cells.get("pictures", ""))) if name]


def _facts(cells: Mapping[str, str]) -> Iterator[tuple[Names, Names]]:
    for number in _numbers(cells, "attribute"):
        name = _one_line(_texts(cells, f"attribute{number}_name"))
        value = _one_line(_texts(cells, f"attribute{number}_value"))
        if name and value:
            yield name, value


def _free_shipping(cells: Mapping[str, str]) -> bool | None:
    said = cells.get("free_shipping", "")
    return is_yes(said, usual=True, column="free_shipping") if said else None
