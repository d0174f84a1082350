"""Importing a Saleor fixture: the real one whole, in two currencies, and odd ones with their reasons."""

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Category, Product, ProductStatus, ProductText, Variant
from commerce.catalog.queries import product_details
from commerce.imports.actions import ImportReport, import_goods
from commerce.imports.saleor import read_saleor
from commerce.imports.shelf import RowProblem
from commerce.search.actions import Wanted, find
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.import_counts import amounts, on_the_shelf
from tests.test_demo_shop import everything

FILE = "catalog/saleor/populatedb_data.json"
Record = dict[str, Any]


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    return MediaFolder.of(tmp_path / "data")


async def imported(
    database: Database, media: MediaFolder, file: Path, now: datetime, *, currency: str = "USD"
) -> ImportReport:
    return await import_goods(database, media, file, source="saleor", currency=currency, now=now)


async def test_the_real_file_is_imported_whole(
    database: Database, media: MediaFolder, shared: Path, now: datetime
) -> None:
    records = json.loads((shared / FILE).read_text())
    count = Counter(record["model"] for record in records)
    prices: Counter[str] = Counter()
    for record in records:
        if record["model"] == "product.productvariantchannellisting":
            fields = record["fields"]
            prices[fields["currency"]] += int(Decimal(fields["price_amount"]) * 100)
    stock = sum(record["fields"]["quantity"] for record in records if record["model"] == "warehouse.stock")
    untracked = sum(1 for record in records if record["fields"].get("track_inventory") is False)

    report = await imported(database, media, shared / FILE, now)

    expected = {
        "products": count["product.product"],
        "variants": count["product.productvariant"],
        "prices": count["product.productvariantchannellisting"],
        "pictures": count["product.productmedia"],
        "texts": count["product.product"],
        "categories": count["product.category"],
        "stock": stock,
        "unlimited": untracked,
        "found": count["product.product"],
    }
    assert await on_the_shelf(database) == expected
    assert (expected["products"], expected["variants"], expected["prices"], expected["pictures"]) == (32, 73, 146, 48)
    assert await amounts(database) == prices
    assert (report.products, report.variants, report.prices, report.pictures) == (32, 73, 146, 48)
    assert (report.categories, report.translations, report.pictures_missing, report.refused) == (16, 0, 0, ())
    assert (report.new, report.changed, report.unchanged) == (32, 0, 0)
    assert [problem.column for problem in report.warnings] == ["product.collection", "discount.sale"]

    before = await everything(database)
    again = await imported(database, media, shared / FILE, now + timedelta(days=1))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 32)
    assert await everything(database) == before


async def test_a_real_product_is_as_it_was_in_the_other_shop(
    database: Database, media: MediaFolder, shared: Path, tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "without_pictures.json"
    file.write_bytes((shared / FILE).read_bytes())
    report = await imported(database, media, file, now)
    assert (report.pictures, report.pictures_missing) == (0, 48)
    assert [problem.reason for problem in report.warnings if problem.column == "picture"] == [
        "48 pictures are files that are not there; lay files of these names in a folder images beside the file"
    ]
    async with database.session() as session:
        ids = dict((await session.execute(select(Product.handle, Product.id))).all())
        tee = await product_details(session, ids["ascii-tee"], language="en")
        audiobook = await session.get(Product, ids["own-your-stack-and-data"])
        cushions = await find(session, Wanted("cushion", "en"))
        shelf = await session.scalar(select(Category).where(Category.handle == "apparel-shirts-t-shirts"))
        body = await session.scalar(select(ProductText.body).where(ProductText.product_id == ids["ascii-tee"]))
    assert tee is not None
    assert tee.title == "Monospace Tee"
    assert [(option.name, option.values) for option in tee.options] == [("Size", ("S", "M", "L", "XL", "XXL"))]
    assert [(view.sku, view.label, view.price, view.available) for view in tee.variants[:2]] == [
        ("328223580", "S", Money(2000, "USD"), 200),
        ("328223581", "M", Money(2000, "USD"), 200),
    ]
    assert body is not None
    assert body.startswith("Your t-shirt is your second skin. It’s the version of you")
    assert audiobook is not None
    assert audiobook.free_shipping, "there is nothing to ship"
    assert set(cushions.product_ids) == {ids["the-dash-cushion"], ids["white-parrot-cusion"]}
    assert shelf is not None
    assert shelf.name == {"en": "T-shirts"}


async def test_the_shop_sells_in_its_own_currency_and_keeps_the_others(
    database: Database, media: MediaFolder, shared: Path, tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "data.json"
    file.write_bytes((shared / FILE).read_bytes())
    with pytest.raises(Refused) as refused:
        await imported(database, media, file, now, currency="CNY")
    assert (refused.value.code, refused.value.facts) == ("import.currency", {"found": "PLN, USD", "wanted": "CNY"})
    assert (await on_the_shelf(database))["products"] == 0

    await import_goods(database, media, file, source="saleor", currency="CNY", file_currency="PLN", now=now)
    sums = await amounts(database)
    assert sums["CNY"] == sums["PLN"], "number for number"
    assert sorted(sums) == ["CNY", "PLN", "USD"]


def record(model: str, key: int, **fields: Any) -> Record:
    return {"model": model, "pk": key, "fields": fields}


def small(*more: Record, **product: Any) -> list[Record]:
    """A shop with one product of one variant."""
    return [
        record("channel.channel", 1, name="Default", currency_code="USD"),
        record("product.product", 7, **{"name": "Cup", "slug": "cup", "description": None, **product}),
        record("product.productvariant", 70, product=7, sku="CUP", name="", track_inventory=True),
        record("product.productvariantchannellisting", 1, variant=70, channel=1, currency="USD", price_amount="12.5"),
        record("product.productchannellisting", 1, product=7, channel=1, currency="USD", is_published=True),
        *more,
    ]


def write(tmp_path: Path, records: object) -> Path:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(records))
    return file


def test_texts_in_other_languages_and_the_editors_blocks_are_read(tmp_path: Path) -> None:
    blocks = {
        "blocks": [
            {"type": "header", "data": {"text": "A <b>good</b> cup"}},
            {"type": "list", "data": {"items": ["for tea", {"content": "for coffee", "items": ["black"]}]}},
            {"type": "image", "data": {"file": {"url": "http://x/y.png"}}},
            {"type": "paragraph", "data": "broken"},
        ]
    }
    more = [
        record("product.producttranslation", 1, product=7, language_code="zh-hans", name="杯子", description="好杯子"),
        record("product.producttranslation", 2, product=7, language_code="de", name="Tasse"),
        record("product.category", 3, name="Cups", slug="cups", parent=4),
        record("product.category", 4, name="Tableware", slug="tableware", parent=3),
        record("product.categorytranslation", 1, category=3, language_code="zh", name="杯子"),
        record("attribute.attribute", 5, name="Glazed"),
        record("attribute.attributetranslation", 1, attribute=5, language_code="zh", name="上釉"),
        record("attribute.attributevalue", 6, name="Glazed: Yes", attribute=5, boolean=True),
        record("attribute.assignedproductattributevalue", 1, value=6, product=7),
    ]
    shelf = read_saleor(write(tmp_path, small(*more, description=blocks, category=3)), currency="USD")
    assert shelf.refused == ()
    product = shelf.products[0].product
    assert [(text.lang, text.title, text.body) for text in product.texts] == [
        ("en", "Cup", "A good cup\n\n• for tea\n• for coffee\n  • black"),
        ("zh", "杯子", "好杯子"),
        ("de", "Tasse", ""),
    ]
    assert product.attributes == (({"en": "Glazed", "zh": "上釉"}, {"en": "Yes", "zh": "是"}),)
    assert product.category == "tableware-cups"
    assert {shelf.handle: shelf.name for shelf in shelf.categories}["tableware-cups"] == {"en": "Cups", "zh": "杯子"}


def test_variants_without_attributes_are_told_apart_by_their_names(tmp_path: Path) -> None:
    more = [
        record("product.productvariant", 71, product=7, sku=None, name="Large", track_inventory=False),
        record("product.productvariantchannellisting", 2, variant=71, channel=1, price_amount="15"),
        record("warehouse.stock", 1, product_variant=70, quantity=5, quantity_allocated=2),
        record("warehouse.stock", 2, product_variant=70, quantity=4),
    ]
    product = read_saleor(write(tmp_path, small(*more)), currency="USD").products[0].product
    assert [
        (variant.sku, variant.price, variant.stock, variant.backorder, variant.values) for variant in product.variants
    ] == [
        ("CUP", 1250, 7, 0, (0,)),
        ("cup-71", 1500, 0, 1_000_000, (1,)),
    ]
    assert product.options[0].values == ({"en": "CUP"}, {"en": "Large"})


def test_what_does_not_fit_is_refused_with_the_number_of_its_record(tmp_path: Path) -> None:
    more = [
        {"model": "product.product"},
        record("product.product", 8, name="Pot", slug="cup"),
        record("product.product", 9, name="Lone", slug="lone"),
        record("product.productvariant", 80, product=8, sku="POT"),
        record("product.productvariant", 90, product=7, sku="CUP-B", name="B"),
        record("product.productvariantchannellisting", 3, variant=90, channel=1, currency="USD", price_amount="dear"),
        record("product.productmedia", 1, product=7, image=["x"]),
        {**record("product.product", 0, name="Jug", slug="jug"), "pk": "\ud800"},
        record("product.productvariant", 91, product="\ud800", sku="JUG"),
    ]
    shelf = read_saleor(write(tmp_path, small(*more)), currency="USD")
    assert shelf.refused == (
        RowProblem(6, "", "is no record of a fixture: it has no model, pk and fields"),
        RowProblem(7, "slug", "cup appears twice"),
        RowProblem(8, "product.productvariant", "the product has no variants"),
        RowProblem(10, "price_amount", "'dear' is no amount in USD"),
        RowProblem(12, "image", "product.productmedia: input should be a valid string"),
        RowProblem(13, "key", "what names the product is longer than 200 characters, or no text"),
    )
    assert [variant.sku for variant in shelf.products[0].product.variants] == ["CUP"]


async def test_what_has_no_price_in_the_shops_currency_comes_as_a_draft(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    more = [
        record("product.product", 8, name="Pot", slug="pot"),
        record("product.productvariant", 80, product=8, sku="POT"),
        record("product.productvariantchannellisting", 2, variant=80, currency="PLN", price_amount="40.000"),
        record("product.productchannellisting", 2, product=8, currency="PLN", is_published=True),
    ]
    report = await imported(database, media, write(tmp_path, small(*more)), now)
    assert [problem.reason for problem in report.warnings] == [
        "pot has nothing to sell: it is taken over as a draft",
        "POT has no price in USD (PLN): it is taken over but not sold",
    ]
    async with database.session() as session:
        assert dict((await session.execute(select(Product.handle, Product.status))).all()) == {
            "cup": ProductStatus.PUBLISHED,
            "pot": ProductStatus.DRAFT,
        }
        assert dict((await session.execute(select(Variant.sku, Variant.active))).all()) == {"CUP": True, "POT": False}
    assert await amounts(database) == {"USD": 1250, "PLN": 4000}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "import.empty"),
        ("[{]", "import.malformed"),
        ('[{"model": "product.product", "pk": 1', "import.malformed"),
        ("[" * 100_000, "import.malformed"),
        ("{}", "import.columns"),
        ("[]", "import.columns"),
        ('[1, null, "x"]', "import.columns"),
        ('[{"model": "product.product", "pk": 1, "fields": {"name": "A"}}]', "import.nothing_usable"),
        ("\x00\x01", "import.binary"),
    ],
)
async def test_a_broken_file_is_refused_whole(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime, content: str, code: str
) -> None:
    file = tmp_path / "data.json"
    file.write_text(content)
    with pytest.raises(Refused) as refused:
        await imported(database, media, file, now)
    assert refused.value.code == code
    assert (await on_the_shelf(database))["products"] == 0
    assert not media.root.exists()
