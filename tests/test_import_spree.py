"""Importing a Spree export: the real one whole with its translations, and odd ones with their reasons."""

import csv
import io
import shutil
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Product, ProductText
from commerce.catalog.queries import product_details
from commerce.imports.actions import ImportReport, import_goods
from commerce.imports.shelf import RowProblem, Shelf
from commerce.imports.spree import read_spree
from commerce.search.actions import Wanted, find
from foundation.database import Database
from foundation.money import Money
from tests.import_counts import amounts, on_the_shelf
from tests.test_demo_shop import everything

FOLDER = "catalog/spree"
HEADING = (
    "slug,sku,name,price,currency,status,description,category1,category2,option1_name,option1_value,image1_src,"
    "image2_src,inventory_count,inventory_backorderable,track_inventory,weight,weight_unit,custom_field.custom.glaze_kind"
)


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    return MediaFolder.of(tmp_path / "data")


async def imported(database: Database, media: MediaFolder, file: Path, now: datetime) -> ImportReport:
    return await import_goods(database, media, file, source="spree", currency="USD", now=now)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


async def test_the_real_files_are_imported_whole(
    database: Database, media: MediaFolder, shared: Path, tmp_path: Path, now: datetime
) -> None:
    rows = rows_of(shared / FOLDER / "products.csv")
    translations = rows_of(shared / FOLDER / "product_translations.csv")
    for name in ("products.csv", "product_translations.csv"):
        shutil.copy(shared / FOLDER / name, tmp_path)
    addresses = {row["image1_src"] for row in rows if row["image1_src"]}
    (tmp_path / "images").mkdir()
    for number, address in enumerate(sorted(addresses)):
        # The export only has addresses; their files come beside it, as a merchant would lay them there.
        content = io.BytesIO()
        Image.new("RGB", (8, 8), (number, 0, 0)).save(content, "WEBP", lossless=True)
        (tmp_path / "images" / address.rpartition("/")[2]).write_bytes(content.getvalue())
    sold = [row for row in rows if Decimal(row["price"])]
    prices: Counter[str] = Counter()
    for row in sold:
        prices[row["currency"]] += int(Decimal(row["price"]) * 100)
    shelves = {
        tuple(path[: n + 1]) for row in rows for path in [row["category1"].split(" -> ")] for n in range(len(path))
    }

    report = await imported(database, media, tmp_path / "products.csv", now)

    products = {row["slug"] for row in rows}
    expected = {
        "products": len(products),
        "variants": len({row["sku"] for row in sold}),
        "prices": len(sold),
        "pictures": len(addresses),
        "texts": len(products) + len(translations),
        "categories": len(shelves - {("",)}),
        "stock": sum(int(row["inventory_count"] or 0) for row in rows),
        "unlimited": 0,
        "found": len(products),
    }
    assert await on_the_shelf(database) == expected
    assert (expected["products"], expected["variants"], expected["prices"], expected["pictures"]) == (37, 87, 174, 124)
    assert await amounts(database) == prices
    assert (report.products, report.variants, report.prices, report.pictures) == (37, 87, 174, 124)
    assert (report.translations, report.pictures_missing, report.refused, report.warnings) == (74, 0, (), ())
    async with database.session() as session:
        texts = select(Product.source_key, ProductText.lang, ProductText.title).join_from(Product, ProductText)
        stored = {tuple(row) for row in await session.execute(texts)}
    named = {(row["slug"], "en", row["name"]) for row in rows if row["name"]}
    assert stored == named | {(row["slug"], row["locale"], row["name"]) for row in translations}

    before = await everything(database)
    again = await imported(database, media, tmp_path / "products.csv", now + timedelta(days=1))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 37)
    assert await everything(database) == before


async def test_a_real_product_is_as_it_was_in_the_other_shop(
    database: Database, media: MediaFolder, shared: Path, now: datetime
) -> None:
    report = await imported(database, media, shared / FOLDER / "products.csv", now)
    assert (report.pictures, report.pictures_missing, report.warnings) == (
        0,
        124,
        (
            RowProblem(
                2,
                "picture",
                "124 pictures are addresses, which are not fetched; "
                "lay files of these names in a folder images beside the file",
            ),
        ),
    )
    async with database.session() as session:
        ids = dict((await session.execute(select(Product.handle, Product.id))).all())
        details = await product_details(session, ids["automatic-espresso-machine"], language="en")
        found = await find(session, Wanted("Kaffeevollautomat", "en"))
    assert details is not None
    assert details.title == "Automatic Espresso Machine"
    assert [(view.sku, view.label, view.price, view.available) for view in details.variants] == [
        ("AUTOMATIC-ESPRESSO-MACHINE-MATTE-BLACK", "Matte Black", Money(87999, "USD"), 5000),
        ("AUTOMATIC-ESPRESSO-MACHINE-SILVER", "Silver", Money(87999, "USD"), 5000),
        ("AUTOMATIC-ESPRESSO-MACHINE-WHITE", "White", Money(87999, "USD"), 5000),
    ]
    assert found.product_ids[0] == ids["automatic-espresso-machine"]


def read(tmp_path: Path, *rows: str, translations: str = "") -> Shelf:
    (tmp_path / "products.csv").write_text("\n".join([HEADING, *rows, ""]))
    if translations:
        (tmp_path / "product_translations.csv").write_text(translations)
    return read_spree(tmp_path / "products.csv", currency="USD")


def test_a_product_without_options_is_sold_by_its_own_row(tmp_path: Path) -> None:
    shelf = read(
        tmp_path,
        "cup,CUP,Cup,12.50,,active,<p>Good</p><p>cup</p>,Home -> Cups,Gifts,,,a.jpg,b.jpg,5,TRUE,,300,g,blue",
        "pot,POT,Pot,99,USD,draft,,,,,,,,,,FALSE,,,",
        "pan,PAN,Pan,10,USD,archived,,,,,,,,7,,,,,",
    )
    assert shelf.refused == ()
    assert [problem.reason for problem in shelf.warnings] == ["Gifts: a product stands on one shelf, its first"]
    cup, pot, pan = (draft.product for draft in shelf.products)
    assert (cup.category, cup.status.value, cup.texts[0].body) == ("home-cups", "published", "Good\n\ncup")
    assert [(one.price, one.stock, one.backorder, one.values) for one in cup.variants] == [(1250, 5, 1_000_000, ())]
    assert cup.attributes == (({"en": "Glaze kind"}, {"en": "blue"}), ({"en": "Weight"}, {"en": "300 g"}))
    assert [photo.name for photo in shelf.products[0].photos] == ["a.jpg", "b.jpg"]
    assert (pot.status.value, pot.variants[0].stock, pot.variants[0].backorder) == ("draft", 0, 1_000_000)
    assert (pan.status.value, pan.variants[0].stock, pan.variants[0].backorder) == ("archived", 7, 0)


def test_rows_that_cannot_be_read_are_refused_with_their_reasons(tmp_path: Path) -> None:
    shelf = read(
        tmp_path,
        "cup,CUP,Cup,0,USD,active,,,,,,,,,,,,,",
        "cup,C-S,,10,USD,,,,,Size,S,,,5,,,,,",
        "cup,C-S,,9,EUR,,,,,,,,,,,,,,",
        "cup,C-S,,8,EUR,,,,,,,,,,,,,,",
        "cup,C-S2,,10,USD,,,,,Size,S,,,5,,,,,",
        "cup,C-M,,ten,USD,,,,,Size,M,,,5,,,,,",
        "cup,C-L,,10,USD,,,,,Colour,red,,,5,,,,,",
        "cup,C-X,,10,USD,,,,,,,,,5,,,,,",
        ",LOST,Lost,10,USD,,,,,,,,,,,,,,",
        "pot,POT,,10,USD,,,,,,,,,,,,,,",
        "pan,PAN,Pan,10,USD,sold,,,,,,,,,,,,,",
        "jug,JUG,Jug,10,USD,,,,,,,,,many,,,,,",
        "Cup!,CUP2,Cup again,10,USD,,,,,,,,,,,,,,",
        "few,cells",
    )
    assert shelf.refused == (
        RowProblem(5, "currency", "the variant has a price in EUR already"),
        RowProblem(6, "option1_value", "the product has this combination already"),
        RowProblem(7, "price", "'ten' is no amount in USD"),
        RowProblem(8, "option1_name", "the options of the product are Size"),
        RowProblem(9, "option1_value", "other rows of the product have options, this one has none"),
        RowProblem(10, "slug", "is empty"),
        RowProblem(11, "name", "is empty"),
        RowProblem(12, "status", "'sold' is none of active, draft, archived"),
        RowProblem(13, "inventory_count", "'many' is no number of pieces"),
        RowProblem(13, "sku", "none of its rows can be sold"),
        RowProblem(14, "slug", "cup appears twice"),
        RowProblem(15, "", "2 cells where the heading has 19"),
    )


def test_translations_that_cannot_be_read_do_not_stop_the_products(tmp_path: Path) -> None:
    row = "cup,CUP,Cup,12.50,USD,active,,,,,,,,5,,,,,"
    assert read(tmp_path, row, translations="slug,locale\ncup,de\n").warnings == (
        RowProblem(
            0,
            "product_translations.csv",
            "the translations were left out: import.columns (missing=['name'], found=['slug', 'locale'])",
        ),
    )
    shelf = read(
        tmp_path, row, translations="slug,locale,name\ncup,zh-CN,杯子\ncup,zh-TW,杯子\ncup,?,Tasse\ncup,en,Mug\n"
    )
    assert [(text.lang, text.title) for text in shelf.products[0].product.texts] == [("en", "Cup"), ("zh", "杯子")]
    assert [problem.reason for problem in shelf.warnings] == ["line 4: no language or no usable name"]
