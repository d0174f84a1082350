"""The demo shop: what stands on its shelves, and that loading it again changes nothing."""

import io
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select, text

from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Media, Picture, Product, ProductText, Variant
from commerce.catalog.queries import product_cards, product_details
from commerce.demo.goods import GOODS
from commerce.demo.load import load_demo_shop
from commerce.inventory.model import StockLevel, StockMovement
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money

TABLES = (
    "category",
    "product",
    "product_text",
    "product_option",
    "option_value",
    "variant",
    "variant_value",
    "product_attribute",
    "media",
    "picture",
    "stock_level",
    "stock_movement",
    "imported_product",
    "search_product",
    "search_offer",
    "search_word",
)


async def everything(database: Database) -> dict[str, list[str]]:
    """Every row of the shelf as text, by table."""
    async with database.session() as session:
        return {
            table: sorted((await session.scalars(text(f"SELECT row(t.*)::text FROM {table} t"))).all())
            for table in TABLES
        }


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    return MediaFolder.of(tmp_path)


async def test_the_demo_shop_has_twelve_products_in_both_languages(
    database: Database, media: MediaFolder, now: datetime
) -> None:
    assert await load_demo_shop(database, media, now=now) == 12
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Variant)) == 37
        languages = await session.execute(select(ProductText.lang, func.count()).group_by(ProductText.lang))
        assert dict(languages.all()) == {"zh": 12, "en": 12}
        mug = await session.scalar(select(Product.id).where(Product.handle == "celadon-mug"))
        assert mug is not None
        zh = await product_details(session, mug, language="zh")
        en = await product_details(session, mug, language="en")
    assert zh is not None
    assert en is not None
    assert (zh.title, en.title) == ("龙泉手作马克杯 350ml", "Longquan Stoneware Mug 350 ml")
    assert [(view.sku, view.label, view.price, view.available) for view in zh.variants] == [
        ("MUG-GRN", "豆青绿", Money(7900, "CNY"), 45),
        ("MUG-WHT", "月白", Money(7900, "CNY"), 50),
        ("MUG-BLK", "墨黑", Money(7900, "CNY"), 38),
        ("MUG-RED", "珊瑚红", Money(8900, "CNY"), 24),
    ]
    assert [view.label for view in en.variants] == ["Celadon green", "Moon white", "Ink black", "Coral red"]
    assert len({view.picture for view in zh.variants}) == 4
    assert len(zh.pictures) == 4


async def test_every_product_shows_a_picture_that_lies_on_the_disk(
    database: Database, media: MediaFolder, now: datetime
) -> None:
    await load_demo_shop(database, media, now=now)
    async with database.session() as session:
        ids = (await session.scalars(select(Product.id).order_by(Product.id))).all()
        cards = await product_cards(session, ids, language="zh")
        digests = (await session.scalars(select(Media.digest).join(Picture).distinct())).all()
    assert [card.picture is not None for card in cards] == [True] * 12
    assert len(digests) == sum(len(goods.drawings) for goods in GOODS) == 24
    for digest in digests:
        with Image.open(media.file(digest)) as picture, Image.open(media.thumbnail(digest)) as small:
            assert (picture.format, picture.size) == ("JPEG", (800, 800))
            assert (small.format, small.size) == ("WEBP", (400, 400))
        assert media.file(digest).stat().st_size < 80_000


async def test_stock_is_what_the_movements_say(database: Database, media: MediaFolder, now: datetime) -> None:
    await load_demo_shop(database, media, now=now)
    async with database.session() as session:
        moved = select(StockMovement.stock_level_id, func.sum(StockMovement.delta)).group_by(
            StockMovement.stock_level_id
        )
        levels = await session.execute(select(StockLevel.id, StockLevel.on_hand))
        assert dict((await session.execute(moved)).all()) == dict(levels.all())
        on_hand = await session.scalar(select(func.sum(StockLevel.on_hand)))
    assert on_hand == sum(kind.stock for goods in GOODS for kind in goods.kinds)


async def test_loading_the_demo_shop_twice_changes_nothing_not_even_what_the_merchant_archived(
    database: Database, media: MediaFolder, now: datetime
) -> None:
    await load_demo_shop(database, media, now=now)
    async with database.begin() as session:
        await session.execute(text("UPDATE product SET status = 'archived' WHERE handle = 'desk-lamp'"))
    before = await everything(database)
    assert await load_demo_shop(database, media, now=now) == 0
    assert await everything(database) == before


async def test_a_load_that_was_interrupted_is_completed(database: Database, media: MediaFolder, now: datetime) -> None:
    def pull_the_plug(done: int, _total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load_demo_shop(database, media, now=now, progress=pull_the_plug)
    assert [len(rows) for rows in (await everything(database)).values()] == [0] * len(TABLES)

    assert await load_demo_shop(database, media, now=now) == 12
    assert len((await everything(database))["product"]) == 12


async def test_prices_follow_the_selling_currency(database: Database, media: MediaFolder, now: datetime) -> None:
    await load_demo_shop(database, media, now=now, currency="JPY")
    async with database.session() as session:
        mug = await session.scalar(select(Variant).where(Variant.sku == "MUG-GRN"))
    assert mug is not None
    assert mug.price == Money(79, "JPY")


def test_the_demo_goods_are_whole() -> None:
    skus = [kind.sku for goods in GOODS for kind in goods.kinds]
    assert len(skus) == len(set(skus))
    for goods in GOODS:
        assert set(goods.title) == set(goods.body) == {"zh", "en"}
        for kind in goods.kinds:
            assert len(kind.values) == len(goods.options)
        shown = [sku for _, of in goods.drawings for sku in of]
        assert not shown or sorted(shown) == sorted(kind.sku for kind in goods.kinds)


def picture(kind: str, size: tuple[int, int] = (60, 40)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind)
    return file.getvalue()


def test_the_same_picture_is_stored_once(media: MediaFolder) -> None:
    first, second = media.keep(picture("PNG")), media.keep(picture("PNG"))
    assert first == second
    assert (first.mime, first.width, first.height) == ("image/png", 60, 40)
    assert sorted(path.name for path in media.root.rglob("*") if path.is_file()) == sorted(
        [first.digest, f"{first.digest}.webp"]
    )


def test_a_picture_taken_sideways_is_measured_upright(media: MediaFolder) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(file, "JPEG", exif=exif)
    kept = media.keep(file.getvalue())
    assert (kept.width, kept.height) == (40, 60)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "media.empty"),
        (b"no picture at all", "media.unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "media.unreadable"),
        (picture("JPEG")[:300], "media.unreadable"),
        (picture("PNG")[:60], "media.unreadable"),
        (picture("BMP"), "media.unreadable"),
        (b"x" * (20 * 1024 * 1024 + 1), "media.too_large"),
    ],
    ids=["empty", "text", "svg", "half a JPEG", "half a PNG", "BMP", "large"],
)
def test_a_file_that_is_no_good_picture_is_refused(media: MediaFolder, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        media.keep(content)
    assert refused.value.code == code
    assert not media.root.exists()


@pytest.mark.parametrize("size", [(8000, 8000), (60000, 60000)])
def test_a_picture_that_would_fill_the_memory_is_refused(media: MediaFolder, size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.new("1", (8, 8)).save(file, "PNG")
    header = bytearray(file.getvalue())
    header[16:24] = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    checksum = zlib.crc32(bytes(header[12:29]))
    header[29:33] = checksum.to_bytes(4, "big")
    with pytest.raises(Refused) as refused:
        media.keep(bytes(header))
    assert refused.value.code == "media.too_many_pixels"


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "ab", "", "0" * 63 + "/"])
def test_only_a_digest_becomes_a_path(media: MediaFolder, name: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        media.file(name)
    with pytest.raises(ValueError, match="hexadecimal"):
        media.thumbnail(name)
