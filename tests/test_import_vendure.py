"""Importing a Vendure product table: the real one whole, and broken ones not at all."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select, text, update

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Category, Media, Picture, Product, ProductText, Variant
from commerce.catalog.queries import product_details, variant_views
from commerce.imports.actions import ImportReport, import_goods
from commerce.imports.shelf import RowProblem
from commerce.inventory.model import StockLevel, StockMovement
from commerce.search.actions import Wanted, find
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.test_demo_shop import everything

HEADING = (
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,stockOnHand,variantAssets,variantFacets"
)


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    return MediaFolder.of(tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path / "products.csv"


def write_picture(path: Path, colour: tuple[int, int, int] = (10, 20, 30)) -> None:
    content = io.BytesIO()
    Image.new("RGB", (50, 50), colour).save(content, "JPEG")
    path.write_bytes(content.getvalue())


def write(path: Path, content: bytes | str) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def table(*rows: str) -> str:
    return "\n".join([HEADING, *rows, ""])


async def counts(database: Database) -> list[int]:
    async with database.session() as session:
        models = (Product, Variant, Category, Media, Picture, StockMovement)
        return [await session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


async def test_the_real_file_is_imported_whole(
    database: Database, media: MediaFolder, shared: Path, now: datetime
) -> None:
    source = shared / "catalog/vendure/products.csv"
    with source.open(newline="", encoding="utf-8-sig") as lines:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines)][1:]
    named = [row for row in rows if row[0]]
    photos = {name for row in rows for name in row[3].split("|") if name}

    report = await import_goods(database, media, source, currency="USD", now=now, source="vendure")

    assert (report.products, report.variants, report.pictures) == (len(named), len(rows), len(photos)) == (54, 88, 54)
    assert (report.new, report.changed, report.unchanged, report.refused) == (54, 0, 0, ())
    assert [(problem.line, problem.column) for problem in report.warnings] == [(88, "sku"), (89, "sku")]
    async with database.session() as session:
        prices = (await session.scalars(select(Variant.price_amount))).all()
        assert sum(prices) == sum(round(float(row[8]) * 100) for row in rows)
        assert set(await session.scalars(select(Variant.currency))) == {"USD"}
        assert await session.scalar(select(func.sum(StockLevel.on_hand))) == sum(int(row[10]) for row in rows)
        texts = dict((await session.execute(select(ProductText.title, ProductText.body))).all())
        assert texts == {row[0]: row[2] for row in named}
        with_photo = select(func.count(Picture.product_id.distinct())).where(Picture.variant_id.is_(None))
        assert await session.scalar(with_photo) == 54
        laptop = await session.scalar(select(Product.id).where(Product.handle == "laptop"))
        assert laptop is not None
        details = await product_details(session, laptop, language="zh")
    assert details is not None
    assert details.title == "Laptop"
    assert [(option.name, option.values) for option in details.options] == [
        ("screen size", ("13 inch", "15 inch")),
        ("RAM", ("8GB", "16GB")),
    ]
    assert [(view.sku, view.label, view.price, view.available) for view in details.variants] == [
        ("L2201308", "13 inch / 8GB", Money(129900, "USD"), 100),
        ("L2201508", "15 inch / 8GB", Money(139900, "USD"), 100),
        ("L2201316", "13 inch / 16GB", Money(219900, "USD"), 100),
        ("L2201516", "15 inch / 16GB", Money(229900, "USD"), 100),
    ]

    before = await everything(database)
    again = await import_goods(database, media, source, currency="USD", now=now + timedelta(days=1), source="vendure")
    assert (again.products, again.variants, again.new, again.changed, again.unchanged) == (54, 88, 0, 0, 54)
    assert await everything(database) == before


async def test_the_imported_catalogue_is_found_in_both_languages(
    database: Database, media: MediaFolder, shared: Path, now: datetime
) -> None:
    await import_goods(
        database, media, shared / "catalog/vendure/products.csv", currency="CNY", now=now, source="vendure"
    )
    async with database.session() as session:
        expected = {
            "laptop": {"Laptop"},
            "笔记本电脑": {"Laptop"},
            "沙发": {"Grey Fabric Sofa", "Leather Sofa"},
            "running shoes": {f"{name} Running Shoe" for name in ("Ultraboost", "Freerun", "Pureboost", "RunX")},
            "404.038.96": {"Modern Cafe Chair"},
        }
        for wish, titles in expected.items():
            found = await find(session, Wanted(wish, "zh", limit=50))
            shown = select(ProductText.title).where(ProductText.product_id.in_(found.product_ids))
            assert set(await session.scalars(shown)) == titles, wish
        white = await find(session, Wanted("shoes", "en", colours=("white",), limit=50))
        shown = select(ProductText.title).where(ProductText.product_id.in_(white.product_ids))
        assert set(await session.scalars(shown)) == {"Hi-Top Basketball Shoe", "Pureboost Running Shoe"}


async def imported(database: Database, media: MediaFolder, file: Path, now: datetime, *rows: str) -> ImportReport:
    write(file, table(*rows))
    return await import_goods(database, media, file, currency="CNY", now=now, source="vendure")


async def test_a_bad_row_is_refused_with_its_reason_and_the_others_are_taken(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    write_picture(file.parent / "images" / "a.jpg")
    (file.parent / "images" / "broken.jpg").write_bytes(b"not a picture")
    report = await imported(
        database,
        media,
        file,
        now,
        ",,,,,,,early,1.00,1,,",
        'Cup,cup,"Two\nlines, and a ""quote""",a.jpg|gone.jpg|../secret.jpg|broken.jpg,category:Home'
        ",size,S,C-S,12.50,5,,",
        ",,,,,,M,C-M,twelve,5,,",
        ",,,,,,L,C-L,13.505,5,,",
        ",,,,,,S,C-S2,14,5,,",
        ",,,,,,XL|red,C-XL,14,5,,",
        ",,,,,,XL,,14,5,,",
        ",,,,,,XXL,C-XXL,14,-3,,",
        ",,,,,,3XL,C-3XL,14,,,",
        "Cup again,cup,,,,,,OTHER,1,1,,",
        "Nothing to sell,empty,,,,,,E,free,1,,",
        "too,few,cells",
    )
    assert report.refused == (
        RowProblem(2, "name", "the row continues a product, but there is none above it"),
        RowProblem(5, "price", "'twelve' is no amount in CNY"),
        RowProblem(6, "price", "'13.505' is no amount in CNY"),
        RowProblem(7, "optionValues", "the product has this combination already"),
        RowProblem(8, "optionValues", "2 values for 1 options"),
        RowProblem(9, "sku", "is empty"),
        RowProblem(10, "stockOnHand", "'-3' is no number of pieces"),
        RowProblem(12, "slug", "cup appears twice"),
        RowProblem(13, "price", "'free' is no amount in CNY"),
        RowProblem(13, "sku", "the product has no variant that can be sold"),
        RowProblem(14, "", "3 cells where the heading has 12"),
    )
    assert report.warnings == (
        RowProblem(3, "picture", "../secret.jpg: media.outside_folder"),
        RowProblem(3, "picture", "broken.jpg: media.unreadable"),
        RowProblem(3, "picture", "gone.jpg: media.missing"),
    )
    assert (report.products, report.variants, report.pictures) == (1, 2, 1)
    async with database.session() as session:
        ids = (await session.scalars(select(Variant.id).order_by(Variant.position))).all()
        views = await variant_views(session, ids, language="en")
        assert [(view.sku, view.label, view.price.amount, view.available) for view in views.values()] == [
            ("C-S", "S", 1250, 5),
            ("C-3XL", "3XL", 1400, 0),
        ]
        assert (await session.scalars(select(ProductText.body))).one() == 'Two\nlines, and a "quote"'


async def test_a_broken_file_is_refused_whole_and_leaves_nothing(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    broken = [
        (b"", "import.empty"),
        (b" \n\n ", "import.empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "import.binary"),
        ("Größe,Käse\n".encode("cp1252"), "import.encoding"),
        (b"title,price\nCup,3\n", "import.columns"),
        (HEADING.encode(), "import.no_rows"),
        (table('Cup,cup,"an open quote,,,,,C,1,1,,', "Pot,pot,,,,,,P,1,1,,").encode(), "import.malformed"),
        (table("Cup,cup,,,,,,C,1,1,,").encode() + b"Pot,pot,,", "import.malformed"),
        (table("Cup,cup,,,,,,C,nothing,1,,").encode(), "import.nothing_usable"),
        (table("Cup,cup," + "x" * 1_000_001 + ",,,,,C,1,1,,").encode(), "import.malformed"),
    ]
    for content, code in broken:
        write(file, content)
        with pytest.raises(Refused) as refused:
            await import_goods(database, media, file, currency="CNY", now=now, source="vendure")
        assert refused.value.code == code
        assert await counts(database) == [0] * 6
    assert not media.root.exists()


async def test_a_file_that_is_not_there_is_refused(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    for path in (file, file.parent):
        with pytest.raises(Refused) as refused:
            await import_goods(database, media, path, currency="CNY", now=now, source="vendure")
        assert refused.value.code == "import.no_file"


async def test_byte_order_marks_line_endings_and_padding_do_not_matter(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    padded = [" , ".join(line.split(",")) for line in (HEADING.upper(), "茶杯,cup,,,,,,C-1,12.50,7,,")]
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        for ending in ("\n", "\r\n"):
            write(file, ending.join([*padded, "", ""]).encode(encoding))
            report = await import_goods(database, media, file, currency="CNY", now=now, source="vendure")
            assert (report.products, report.variants, report.refused) == (1, 1, ())
    async with database.session() as session:
        assert (await session.scalars(select(ProductText.title))).all() == ["茶杯"]


async def test_a_table_may_be_written_with_semicolons_or_tabs(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    for mark in (";", "\t"):
        row = 'Cup,cup,"Good, and red",,,,,C-1,12.50,7,,'.replace('"Good, and red"', "*").replace(",", mark)
        write(file, "\n".join([HEADING.replace(",", mark), row.replace("*", '"Good, and red"'), ""]))
        report = await import_goods(database, media, file, source="vendure", currency="CNY", now=now)
        assert (report.products, report.refused) == (1, ())
    async with database.session() as session:
        assert (await session.scalars(select(ProductText.body))).all() == ["Good, and red"]


async def stock_of(database: Database, sku: str) -> tuple[int, Sequence[int]]:
    async with database.session() as session:
        level = (
            await session.scalars(
                select(StockLevel).join(Variant, Variant.id == StockLevel.variant_id).where(Variant.sku == sku)
            )
        ).one()
        moves = select(StockMovement.delta).where(StockMovement.stock_level_id == level.id).order_by(StockMovement.id)
        return level.on_hand, (await session.scalars(moves)).all()


async def test_a_changed_file_changes_what_it_says_and_nothing_else(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    write_picture(file.parent / "images" / "a.jpg")
    cup = "Cup,cup,Good,a.jpg,color:red,size,S,C-S,10,20,,"
    pot = "Pot,pot,Fine,,,,,P,99,3,,"
    await imported(database, media, file, now, cup, ",,,,,,M,C-M,11,30,,", pot)
    async with database.begin() as session:
        ids = dict((await session.execute(select(Variant.sku, Variant.id))).all())
        # Four were sold and two are promised since then.
        level = update(StockLevel).where(StockLevel.variant_id == ids["C-S"])
        await session.execute(level.values(on_hand=StockLevel.on_hand - 4, reserved=2))
        pot_before = await session.scalar(select(Product.updated_at).where(Product.handle == "pot"))

    later = now + timedelta(days=2)
    changed = cup.replace("Good", "Better").replace(",10,", ",12,")
    report = await imported(database, media, file, later, changed, ",,,,,,L,C-L,13,5,,", pot)

    assert (report.new, report.changed, report.unchanged) == (0, 1, 1)
    async with database.session() as session:
        after = dict((await session.execute(select(Variant.sku, Variant.id))).all())
        assert {sku: after[sku] for sku in ids} == ids
        views = await variant_views(session, list(after.values()), language="en")
        assert {view.sku: (view.label, view.price.amount) for view in views.values()} == {
            "C-S": ("S", 1200),
            "C-L": ("L", 1300),
            "P": ("", 9900),
        }
        assert await session.scalar(select(Product.updated_at).where(Product.handle == "pot")) == pot_before
        assert (await session.scalars(select(ProductAttribute.value))).all() == [{"en": "red"}]
    assert await stock_of(database, "C-S") == (16, [20])

    await imported(database, media, file, later, changed.replace(",12,20,", ",12,50,"), pot)
    assert await stock_of(database, "C-S") == (50, [20, 34])
    await imported(database, media, file, later, changed.replace(",12,20,", ",12,1,"), pot)
    assert await stock_of(database, "C-S") == (2, [20, 34, -48]), "promised pieces are never counted away"


async def test_names_that_another_product_has_are_not_taken_from_it(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    async with database.begin() as session:
        await session.execute(
            text(
                "WITH p AS (INSERT INTO product (handle, status, created_at, updated_at)"
                " VALUES ('cup', 'published', :now, :now) RETURNING id)"
                " INSERT INTO variant (product_id, sku, price_amount, currency, position, active)"
                " SELECT id, 'C-1', 500, 'CNY', 0, true FROM p"
            ),
            {"now": now},
        )
    report = await imported(database, media, file, now, "Cup,cup,,,,,,C-1,10,1,,")
    assert [problem.column for problem in report.warnings] == ["sku"]
    async with database.session() as session:
        skus = (await session.execute(select(Variant.sku, Variant.price_amount).order_by(Variant.id))).all()
        assert skus[0] == ("C-1", 500)
        assert skus[1].sku.startswith("C-1-")
        assert skus[1].price_amount == 1000
        handles = (await session.scalars(select(Product.handle).order_by(Product.id))).all()
        assert handles[0] == "cup"
        assert handles[1].startswith("cup-")
    before = await everything(database)
    assert (await imported(database, media, file, now, "Cup,cup,,,,,,C-1,10,1,,")).changed == 0
    assert await everything(database) == before


async def test_a_photo_of_a_variant_is_shown_with_that_variant(
    database: Database, media: MediaFolder, file: Path, now: datetime
) -> None:
    write_picture(file.parent / "images" / "both.jpg")
    write_picture(file.parent / "images" / "red.jpg", (200, 0, 0))
    await imported(
        database, media, file, now, "Cup,cup,,both.jpg,,color,red,C-R,10,1,red.jpg,", ",,,,,,mint,C-M,10,1,,"
    )
    async with database.session() as session:
        ids = (await session.scalars(select(Variant.id).order_by(Variant.position))).all()
        views = list((await variant_views(session, ids, language="en")).values())
        sizes = dict((await session.execute(select(Media.id, Media.digest))).all())
        assert sizes[views[0].picture or 0] != sizes[views[1].picture or 0]
        green = await find(session, Wanted("cup", "en", colours=("green",)))
        assert (green.total, green.relaxed) == (1, False)


async def test_progress_says_what_is_done(database: Database, media: MediaFolder, file: Path, now: datetime) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_picture(file.parent / "images" / name)
    write(file, table("Cup,cup,,a.jpg|b.jpg,,,,C,1,1,,"))
    told: list[tuple[str, int, int]] = []
    await import_goods(
        database, media, file, source="vendure", currency="CNY", now=now, progress=lambda *at: told.append(at)
    )
    assert told == [
        ("reading", 0, 0),
        *(("pictures", done, 2) for done in (0, 1, 2)),
        ("staging", 0, 1),
        ("staging", 1, 1),
        ("search rows", 0, 1),
        ("search rows", 1, 1),
        ("publishing", 0, 0),
    ]
