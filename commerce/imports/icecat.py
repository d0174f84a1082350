"""Read products of the Icecat catalogue: one JSON object a line, the file as it is or gzipped."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from commerce.catalog.model import Names
from commerce.imports.goods import UNLIMITED, NewProduct, NewText
from commerce.imports.shelf import LONGEST_SKU, Photo, Reading, Shelf, Unreadable
from commerce.imports.table_file import MOST_BYTES
from commerce.imports.texts import one_line, plain_text
from foundation.errors import Json, Refused

CURRENCY = "USD"
_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 1_000_000
_LONGEST_VALUE = 1_000
_LANGUAGE = "en"


def read_icecat(path: Path, *, currency: str) -> Shelf:
    """Icecat products (id, name, title, short_description, supplier, price, ean, img_*, attr_*).

    `name` is the article number and becomes the SKU, `price` are US cents, every attr_* is a fact. The source counts no
    stock. Raises Refused import.no_file, import.empty, import.too_large or import.binary.
    """
    reading = Reading(currency)
    for line, text in _lines(path):
        try:
            product, photos = _product(line, _record(text), reading)
            reading.add(line, product, photos)
        except Unreadable as problem:
            reading.refuse(line, problem.column, problem.reason)
    return reading.shelf()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.is_file():
        raise Refused("import.no_file", path=str(path))
    with path.open("rb") as raw:
        start = raw.read(2)
        if not start:
            raise Refused("import.empty")
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if start == _GZIP else raw as file:
            seen = line = 0
            try:
                while text := file.readline(_LONGEST_LINE + 1):
                    seen, line = seen + len(text), line + 1
                    if seen > MOST_BYTES * 4 or len(text) > _LONGEST_LINE:  # a gzipped file may unfold without end
                        raise Refused("import.too_large", bytes=seen, most=MOST_BYTES * 4)
                    if text.strip():
                        yield line, text
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise Refused("import.binary") from error


def _record(text: bytes) -> dict[str, Json]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("", "the line is not JSON") from error
    if not isinstance(record, dict):
        raise Unreadable("", "the line is no product")
    return record


def _product(line: int, record: dict[str, Json], reading: Reading) -> tuple[NewProduct, list[Photo]]:
    key = _text(record, "id")
    if not key:
        raise Unreadable("id", "is empty")
    if key in reading.keys:
        raise Unreadable("id", f"{key[:40]} appears twice")
    title = reading.title(one_line(_text(record, "title")), column="title")
    code = one_line(_text(record, "name"))
    # An article number is its maker's: two makers may have the same, and a shop needs one that is its own.
    sku = (
        code if code and len(code) <= LONGEST_SKU - len(key) - 1 and code not in reading.skus else f"{code[:60]} {key}"
    )
    variant = reading.variant(
        line,
        sku=reading.own_sku(line, sku.strip(), column="name"),
        prices={CURRENCY: _price(record.get("price"))},
        stock=0,
        backorder=UNLIMITED,
    )
    product = NewProduct(
        key=key,
        handle=reading.own_handle(f"{title[:80]} {key}", column="title"),
        category=None,
        texts=(NewText(_LANGUAGE, title, plain_text(_text(record, "short_description"))),),
        variants=(variant,),
        attributes=tuple(_facts(record)),
    )
    picture = next((url for size in ("high", "500x500", "low") if (url := _text(record, f"img_{size}"))), "")
    return product, [Photo(picture, line)] if picture else []


def _text(record: dict[str, Json], name: str) -> str:
    value = record.get(name)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _price(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable("price", f"{str(value)[:40]!r} is no number of cents")
    return value


def _facts(record: dict[str, Json]) -> Iterator[tuple[Names, Names]]:
    """The maker, the bar codes and every attribute, as far as it says something."""
    codes = record.get("ean")
    known = {
        "Brand": _text(record, "supplier"),
        "EAN": ", ".join(str(code) for code in codes) if isinstance(codes, list) else "",
        **{_named(name): _said(value) for name, value in record.items() if name.startswith("attr_")},
    }
    for name, value in known.items():
        if name and value:
            yield {_LANGUAGE: name}, {_LANGUAGE: value[:_LONGEST_VALUE]}


def _named(name: str) -> str:
    """attr_n_display_diagonal -> Display diagonal; the letter is the type of the value."""
    return " ".join(re.sub(r"^attr_(?:[a-z]_)?", "", name).split("_")).strip().capitalize()[:100]


def _said(value: Json) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else str(value).removesuffix(".0")
    return " ".join(str(value).split()) if isinstance(value, str) else ""
