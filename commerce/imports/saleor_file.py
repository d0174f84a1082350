"""The records of a Saleor fixture (the JSON of Django's dumpdata), as far as a shop needs them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from commerce.imports.shelf import Reading
from commerce.imports.table_file import read_text
from foundation.errors import Json, Refused

Key = int | str


def _text(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]


class Record(BaseModel):
    """A row of a table of Saleor: fields of the same names, others are passed over; `line` counts the records."""

    line: int
    pk: Key


class Channel(Record):
    currency_code: str


class Category(Record):
    name: str
    parent: Key | None = None


class ProductType(Record):
    is_shipping_required: bool = True


class Product(Record):
    name: Text = ""
    slug: Text = ""
    description: Json = None
    description_plaintext: Text = ""
    category: Key | None = None
    product_type: Key | None = None
    weight: Text = ""


class Listing(Record):
    channel: Key | None = None
    currency: Text = ""


class ProductListing(Listing):
    product: Key
    is_published: bool = False


class Variant(Record):
    product: Key
    sku: Text = ""
    name: Text = ""
    sort_order: int | None = None
    track_inventory: bool = True


class VariantListing(Listing):
    variant: Key
    price_amount: Text = ""


class Stock(Record):
    product_variant: Key
    quantity: int = 0
    quantity_allocated: int = 0


class Attribute(Record):
    name: str
    visible_in_storefront: bool = True


class AttributeValue(Record):
    name: Text = ""
    attribute: Key
    sort_order: int | None = None
    rich_text: Json = None
    boolean: bool | None = None


class AssignedToProduct(Record):
    """`product` in files since 3.17; before that the assignment leads to it."""

    value: Key
    product: Key | None = None
    assignment: Key | None = None


class ProductAssignment(Record):
    product: Key


class AssignedToVariant(Record):
    value: Key
    assignment: Key


class VariantAssignment(Record):
    variant: Key
    assignment: Key | None = None


class VariantAttribute(Record):
    variant_selection: bool = True


class Media(Record):
    product: Key | None = None
    image: Text = ""
    external_url: Text = ""
    type: Text = "IMAGE"
    sort_order: int | None = None


class VariantMedia(Record):
    variant: Key
    media: Key


class Translation(Record):
    """Of a category, a product, an attribute or a value: whichever of the four is set."""

    language_code: str
    name: Text = ""
    description: Json = None
    category: Key | None = None
    product: Key | None = None
    attribute: Key | None = None
    attribute_value: Key | None = None


Kind = TypeVar("Kind", bound=Record)


class Fixture:
    """All records of a file by table. Raises Refused as read_text, import.malformed and import.columns."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._reading = reading
        self._tables: dict[str, list[tuple[int, Mapping[str, Json]]]] = {}
        try:
            records = json.loads(read_text(path))
        except json.JSONDecodeError as error:
            raise Refused("import.malformed", line=error.lineno) from error
        except (RecursionError, ValueError) as error:
            raise Refused("import.malformed", line=1) from error
        for number, record in enumerate(records if isinstance(records, list) else [], start=1):
            match record:
                case {"model": str(model), "pk": int() | str() as key, "fields": dict(fields)}:
                    self._tables.setdefault(model, []).append((number, {**fields, "pk": key, "line": number}))
                case _:
                    reading.refuse(number, "", "is no record of a fixture: it has no model, pk and fields")
        if "product.product" not in self._tables:
            raise Refused("import.columns", missing=["product.product"], found=sorted(self._tables)[:20])

    def count(self, table: str) -> int:
        """How many records a table has."""
        return len(self._tables.get(table, ()))

    def table(self, name: str, kind: type[Kind]) -> dict[Key, Kind]:
        """The records of a table by their key; what does not fit is refused."""
        found: dict[Key, Kind] = {}
        for line, fields in self._tables.get(name, ()):
            try:
                record = kind.model_validate(fields)
            except ValidationError as error:
                first = error.errors()[0]
                self._reading.refuse(line, ".".join(map(str, first["loc"])), f"{name}: {first['msg'].lower()}")
                continue
            if record.pk in found:
                self._reading.refuse(line, "pk", f"{name}: {record.pk} appears twice")
            else:
                found[record.pk] = record
        return found
