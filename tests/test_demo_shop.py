"""The demo shop: what stands on its shelves, and that loading it again changes nothing."""

import io
import re
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import func, select, text

from cli.scratch import Place, scratch_database
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Media, Names, Picture, Product, ProductText, Variant
from commerce.catalog.queries import product_cards, product_details
from commerce.demo.goods import CATEGORIES, GOODS, Goods
from commerce.demo.load import as_imported, load_demo_shop
from commerce.demo.timed_deals import start_timed_deals
from commerce.flash_sales.model import FlashItem, FlashSale
from commerce.flash_sales.queries import Phase, sales_for
from commerce.group_buy.queries import campaigns_now
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
    "promotion",
    "coupon_batch",
    "location",
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


@pytest.fixture
async def filled(place: Place, demo_shelves: str) -> AsyncIterator[Database]:
    """A shop with the demo goods on its shelves, drawn once for all tests; its pictures lie in the place's folder."""
    async with scratch_database(place, template=demo_shelves) as database:
        yield database


async def test_the_demo_shop_has_sixty_products_in_both_languages(filled: Database) -> None:
    async with filled.session() as session:
        assert await session.scalar(select(func.count()).select_from(Product)) == 60
        assert await session.scalar(select(func.count()).select_from(Variant)) == 237
        languages = await session.execute(select(ProductText.lang, func.count()).group_by(ProductText.lang))
        assert dict(languages.all()) == {"zh": 60, "en": 60}
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


async def test_every_product_shows_a_picture_of_its_own_that_lies_on_the_disk(place: Place, filled: Database) -> None:
    media = MediaFolder.of(place.data_dir)
    async with filled.session() as session:
        ids = (await session.scalars(select(Product.id).order_by(Product.id))).all()
        cards = await product_cards(session, ids, language="zh")
        digests = (await session.scalars(select(Media.digest).join(Picture).distinct())).all()
    assert [card.picture is not None for card in cards] == [True] * 60
    assert len(digests) == sum(len(goods.drawings) for goods in GOODS) == 123
    for digest in digests:
        with Image.open(media.file(digest)) as picture, Image.open(media.thumbnail(digest)) as small:
            assert (picture.format, picture.size) == ("JPEG", (800, 800))
            assert (small.format, small.size) == ("WEBP", (400, 400))
        assert media.file(digest).stat().st_size < 90_000


async def test_stock_is_what_the_movements_say(filled: Database) -> None:
    async with filled.session() as session:
        moved = select(StockMovement.stock_level_id, func.sum(StockMovement.delta)).group_by(
            StockMovement.stock_level_id
        )
        levels = await session.execute(select(StockLevel.id, StockLevel.on_hand))
        assert dict((await session.execute(moved)).all()) == dict(levels.all())
        on_hand = await session.scalar(select(func.sum(StockLevel.on_hand)))
    assert on_hand == sum(kind.stock for goods in GOODS for kind in goods.kinds)


async def test_what_costs_shipping_and_what_is_made_to_order_says_so(filled: Database) -> None:
    async with filled.session() as session:
        rows = (await session.execute(select(Product.handle, Product.free_shipping, Product.dispatch_days))).all()
    assert {row.handle: (row.free_shipping, row.dispatch_days) for row in rows} == {
        goods.handle: (goods.free_shipping, goods.dispatch_days) for goods in GOODS
    }


async def test_loading_the_demo_shop_twice_changes_nothing_not_even_what_the_merchant_archived(
    filled: Database, media: MediaFolder, now: datetime
) -> None:
    async with filled.begin() as session:
        await session.execute(text("UPDATE product SET status = 'archived' WHERE handle = 'desk-lamp'"))
    before = await everything(filled)
    assert await load_demo_shop(filled, media, now=now) == 0
    assert await everything(filled) == before


async def test_a_load_that_was_interrupted_is_completed(database: Database, media: MediaFolder, now: datetime) -> None:
    first = GOODS[:12]

    def pull_the_plug(done: int, _total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load_demo_shop(database, media, now=now, goods=first, progress=pull_the_plug)
    assert [len(rows) for rows in (await everything(database)).values()] == [0] * len(TABLES)

    assert await load_demo_shop(database, media, now=now, goods=first) == 12
    assert await load_demo_shop(database, media, now=now, goods=first) == 0
    assert len((await everything(database))["product"]) == 12


def test_prices_follow_the_selling_currency() -> None:
    mug = next(goods for goods in GOODS if goods.handle == "celadon-mug")
    assert [variant.price for variant in as_imported(mug, "JPY", ()).variants] == [79, 79, 79, 89]
    assert [variant.price for variant in as_imported(mug, "CNY", ()).variants] == [7900, 7900, 7900, 8900]


def test_the_demo_goods_are_whole() -> None:
    skus = [kind.sku for goods in GOODS for kind in goods.kinds]
    assert len(skus) == len(set(skus))
    assert len({goods.handle for goods in GOODS}) == 60
    for goods in GOODS:
        assert 1 <= len(goods.kinds) <= 12, goods.handle
        places = [kind.values for kind in goods.kinds]
        assert len(set(places)) == len(places), goods.handle
        for kind in goods.kinds:
            assert len(kind.values) == len(goods.options), kind.sku
            assert all(place < len(values) for place, (_, values) in zip(kind.values, goods.options, strict=True))
        shown = [sku for _, of in goods.drawings for sku in of]
        assert not shown or sorted(shown) == sorted(kind.sku for kind in goods.kinds)


def test_every_word_of_the_demo_shop_is_said_in_both_languages() -> None:
    chinese = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
    for names in (*(category.name for category in CATEGORIES), *(name for goods in GOODS for name in words_of(goods))):
        assert set(names) == {"zh", "en"}
        assert all(names.values()), names
        assert not chinese.search(names["en"]), names
    for goods in GOODS:
        assert chinese.search(goods.title["zh"]), goods.handle
        assert len(chinese.findall(goods.body["zh"])) >= 40, goods.handle
        assert len(goods.body["en"].split()) >= 30, goods.handle


def words_of(goods: Goods) -> list[Names]:
    options = [name for option, values in goods.options for name in (option, *values)]
    return [goods.title, goods.body, *options, *(name for fact in goods.attributes for name in fact)]


def test_every_product_answers_at_least_three_questions_about_itself() -> None:
    for goods in GOODS:
        asked = [name["en"] for name, _ in goods.attributes]
        assert len(asked) == len(set(asked)) >= 3, goods.handle


def test_every_shelf_without_shelves_in_it_has_a_few_products_and_no_other_has_any() -> None:
    shelves = {category.handle for category in CATEGORIES}
    parents = {category.parent for category in CATEGORIES}
    for place, category in enumerate(CATEGORIES):
        assert category.parent is None or category.parent in {before.handle for before in CATEGORIES[:place]}
    on_shelf = Counter(goods.category for goods in GOODS)
    assert set(on_shelf) == shelves - parents
    assert {handle: count for handle, count in on_shelf.items() if not 2 <= count <= 7} == {}


def test_prices_and_stock_are_those_of_a_small_shop() -> None:
    kinds = [kind for goods in GOODS for kind in goods.kinds]
    assert all(5 <= Decimal(kind.price) <= 1000 for kind in kinds)
    for goods in GOODS:
        prices = [Decimal(kind.price) for kind in goods.kinds]
        assert max(prices) <= 5 * min(prices), goods.handle
        assert any(kind.stock for kind in goods.kinds), goods.handle
    assert sum(kind.stock == 0 for kind in kinds) >= 10
    assert sum(0 < kind.stock <= 5 for kind in kinds) >= 10
    assert {goods.handle for goods in GOODS if goods.dispatch_days > 1} >= {"stoneware-vase", "carbon-steel-wok"}
    assert all(1 <= goods.dispatch_days <= 14 for goods in GOODS)


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


async def test_a_demo_shop_that_somebody_opens_has_group_buys_a_sale_that_is_on_and_evenings_to_come(
    filled: Database, now: datetime
) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    async with filled.begin() as session:
        await start_timed_deals(session, currency="CNY", time_zone=zone, now=now)
    async with filled.session() as session:
        campaigns = await campaigns_now(session, now=now)
        assert [(one.size, sorted(each.offer.amount for each in one.offers)) for one in campaigns] == [
            (2, [5900, 5900, 5900, 6900]),
            (3, [3900]),
        ]
        assert [(one.open_groups, set(one.name)) for one in campaigns] == [(0, {"zh", "en"})] * 2
        sales = await sales_for(session, customer_id=None, language="en", now=now)
        assert [sale.phase for sale in sales] == [Phase.ON, Phase.COMING, Phase.COMING]
        assert {sale.starts_at.astimezone(zone).hour for sale in sales[1:]} == {20}
        assert all(item.left == item.pieces > 0 for sale in sales for item in sale.items)
        planned = (await session.scalars(select(FlashSale).order_by(FlashSale.starts_at))).all()
        assert {after.starts_at - before.starts_at for before, after in pairwise(planned[1:])} == {timedelta(days=4)}
        pieces = await session.scalar(select(func.sum(FlashItem.pieces)))
        assert await session.scalar(select(func.sum(StockLevel.reserved))) == pieces, "they are kept for the sales"
