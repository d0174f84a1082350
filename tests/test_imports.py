"""What holds for every import: published whole or not at all, one at a time, nothing left behind, edits respected."""

import asyncio
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select, text, update

from cli.main import SOURCES
from cli.prepare import newest_revision
from cli.scratch import Place
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Category, Product, ProductStatus, ProductText, Variant
from commerce.imports.actions import ImportReport, import_goods
from commerce.imports.cells import price_of
from commerce.imports.pictures import staged_media
from commerce.imports.readers import READERS
from commerce.imports.shelf import Unreadable
from commerce.imports.texts import language_code, language_of, one_line, plain_text
from commerce.inventory.actions import main_location, transfer_stock
from commerce.inventory.locations import LocationDraft, add_location
from commerce.search.actions import Wanted, find
from commerce.search.index import index_products
from foundation.database import Database
from foundation.encryption import key_file
from tests.import_counts import on_the_shelf
from tests.test_demo_shop import everything

Done = subprocess.CompletedProcess[str]
ROOT = Path(__file__).resolve().parents[1]
HEADING = "slug,sku,name,price,currency,status,description,category1,image1_src,inventory_count"
INDEX = "SELECT row(p.product_id, p.terms, p.weights)::text FROM search_product p ORDER BY p.product_id"
OFFERS = "SELECT row(o.*)::text FROM search_offer o ORDER BY o.variant_id"


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    return MediaFolder.of(tmp_path / "data")


def write(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "products.csv"
    file.write_text("\n".join([HEADING, *rows, ""]))
    return file


def cups(tmp_path: Path, many: int, *, price: str = "12.50") -> Path:
    return write(tmp_path, *(f"cup-{n},CUP-{n},Red cup {n},{price},CNY,active,Fine,Home,,5" for n in range(many)))


async def imported(
    database: Database, media: MediaFolder, file: Path, now: datetime, *, dry_run: bool = False
) -> ImportReport:
    return await import_goods(database, media, file, source="spree", currency="CNY", now=now, dry_run=dry_run)


async def column(database: Database, statement: str) -> list[str]:
    async with database.session() as session:
        return list((await session.scalars(text(statement))).all())


def test_every_source_has_its_command() -> None:
    assert set(SOURCES) == set(READERS)


async def test_search_rows_worked_out_beforehand_are_those_the_index_makes(
    database: Database, media: MediaFolder, shared: Path, now: datetime
) -> None:
    for source in ("vendure", "spree"):
        file = shared / f"catalog/{source}/products.csv"
        await import_goods(database, media, file, source=source, currency="USD", now=now)
    before = await column(database, INDEX), await column(database, OFFERS)
    assert len(before[0]) == 91
    async with database.begin() as session:
        await index_products(session, list(await session.scalars(select(Product.id))))
    assert (await column(database, INDEX), await column(database, OFFERS)) == before


async def test_a_dry_run_reports_the_same_and_leaves_nothing(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue())
    rows = ("cup,CUP,Cup,12.50,CNY,active,Fine,Home,a.png,5", "pot,POT,Pot,dear,CNY,active,Fine,Home,,5")
    file = write(tmp_path, *rows)
    empty = await everything(database)
    tried = await imported(database, media, file, now, dry_run=True)
    assert await everything(database) == empty
    assert not media.root.exists()
    assert await column(database, "SELECT action FROM audit_entry") == []
    assert (tried.new, tried.pictures, len(tried.refused)) == (1, 1, 2)
    assert await imported(database, media, file, now) == tried
    assert (await imported(database, media, file, now)).unchanged == 1
    assert await column(database, "SELECT action || ' ' || subject FROM audit_entry") == ["goods.imported source:spree"]

    file = write(tmp_path, rows[0].replace("12.50", "13.00"))
    before = await everything(database)
    tried = await imported(database, media, file, now, dry_run=True)
    assert (tried.new, tried.changed, tried.unchanged) == (0, 1, 0)
    assert await everything(database) == before


async def test_what_a_source_counts_is_the_whole_shop_and_the_main_location_has_the_rest(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    await imported(database, media, cups(tmp_path, 1), now)
    async with database.begin() as session:
        cup = (await session.scalars(select(Variant.id))).one()
        store = await add_location(session, code="store", draft=LocationDraft({"zh": "店"}, {}, {}, False, 1))
        main = await main_location(session)
        await transfer_stock(session, variant_id=cup, quantity=4, from_id=main, to_id=store.id, reference="", now=now)
    for said, expected in (("8", ["main 4", "store 4"]), ("3", ["main 0", "store 4"])):
        await imported(
            database, media, write(tmp_path, f"cup-0,CUP-0,Red cup 0,12.50,CNY,active,Fine,Home,,{said}"), now
        )
        lying = "SELECT code || ' ' || on_hand FROM stock_level l JOIN location p ON p.id = l.location_id ORDER BY 1"
        assert await column(database, lying) == expected


async def test_two_imports_at_once_wait_for_each_other(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    file = cups(tmp_path, 50)
    reports = await asyncio.gather(*(imported(database, media, file, now) for _ in range(4)))
    assert sorted((report.new, report.changed, report.unchanged) for report in reports) == [(0, 0, 50)] * 3 + [
        (50, 0, 0)
    ]
    assert (await on_the_shelf(database))["products"] == 50


async def test_without_the_lock_they_would_get_in_each_others_way(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    """The twin of the test above, its guard switched off: in this database the lock is a function that does nothing."""
    name = database.engine.url.database
    async with database.begin() as session:
        for lock in ("pg_advisory_lock", "pg_advisory_xact_lock"):
            await session.execute(text(f"CREATE FUNCTION {lock}(int) RETURNS void LANGUAGE sql AS 'SELECT'"))
        await session.execute(text(f"ALTER DATABASE {name} SET search_path = public, pg_catalog"))
    await database.engine.dispose()
    file = cups(tmp_path, 50)
    imports = (imported(database, media, file, now) for _ in range(4))
    reports = await asyncio.gather(*imports, return_exceptions=True)
    new = [report.new for report in reports if isinstance(report, ImportReport)]
    assert new.count(50) != 1 or new.count(0) != 3


async def test_a_search_sees_the_old_shelf_or_the_new_one(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    await imported(database, media, cups(tmp_path, 3), now)
    seen: set[tuple[int, int]] = set()
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            async with database.session() as session:
                found = await find(session, Wanted("red cup", "en", limit=400))
                prices = select(func.count(), func.count(Variant.price_amount.distinct())).select_from(Variant)
                seen.add((found.total, (await session.execute(prices)).one()[1]))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await imported(database, media, cups(tmp_path, 150, price="9.90"), now)
    done.set()
    await looking
    await asyncio.wait_for(looking, 60)
    assert {total for total, _ in seen} <= {3, 150}
    assert {prices for _, prices in seen} == {1}, "never the old and the new price side by side"


async def test_what_the_merchant_did_since_is_respected(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    await imported(database, media, cups(tmp_path, 3), now)
    async with database.begin() as session:
        ids = dict((await session.execute(select(Product.source_key, Product.id))).all())
        archived = update(Product).where(Product.id == ids["cup-0"]).values(status=ProductStatus.ARCHIVED)
        await session.execute(archived)
        await session.execute(update(Category).values(name={"en": "For the house", "zh": "家居"}))
        session.add(ProductText(product_id=ids["cup-1"], lang="zh", title="朱砂杯", body=""))
        await index_products(session, list(ids.values()))
    report = await imported(database, media, cups(tmp_path, 3, price="20.00"), now + timedelta(days=1))
    assert (report.new, report.changed, report.unchanged) == (0, 3, 0)
    async with database.session() as session:
        status = dict((await session.execute(select(Product.source_key, Product.status))).all())
        assert status == {
            "cup-0": ProductStatus.ARCHIVED,
            "cup-1": ProductStatus.PUBLISHED,
            "cup-2": ProductStatus.PUBLISHED,
        }
        assert (await find(session, Wanted("cup", "en"))).total == 2, "what is archived is not found"
        assert (await find(session, Wanted("朱砂杯", "zh"))).product_ids[0] == ids["cup-1"]
        assert (await session.scalars(select(Category.name))).all() == [{"en": "For the house", "zh": "家居"}]
        versions = set(await session.scalars(select(Product.version)))
        assert versions == {2}, "whoever has a product open in the console is told that it changed"


async def test_a_status_follows_the_source_until_the_merchant_changes_it(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    async def status_after(said: str) -> ProductStatus | None:
        await imported(database, media, write(tmp_path, f"cup,CUP,Cup,12.50,CNY,{said},,,,5"), now)
        async with database.session() as session:
            return await session.scalar(select(Product.status))

    assert await status_after("draft") == ProductStatus.DRAFT
    assert await status_after("active") == ProductStatus.PUBLISHED
    async with database.begin() as session:
        await session.execute(update(Product).values(status=ProductStatus.ARCHIVED))
    assert await status_after("draft") == ProductStatus.ARCHIVED
    assert await status_after("active") == ProductStatus.ARCHIVED


async def test_a_publication_that_fails_leaves_nothing(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    async with database.begin() as session:
        # The disk is full exactly where the last rows are written.
        await session.execute(
            text(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
            )
        )
        await session.execute(
            text("CREATE TRIGGER no_room BEFORE INSERT ON stock_movement FOR EACH ROW EXECUTE FUNCTION no_room()")
        )
    empty = await everything(database)
    with pytest.raises(Exception, match="no room"):
        await imported(database, media, cups(tmp_path, 5), now)
    assert await everything(database) == empty
    assert not list(media.root.glob(".import-*")), "no staged pictures stay"
    async with database.begin() as session:
        await session.execute(text("DROP TRIGGER no_room ON stock_movement"))
    assert (await asyncio.wait_for(imported(database, media, cups(tmp_path, 5), now), 60)).new == 5


async def test_a_publication_that_another_change_got_in_the_way_of_is_done_again(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    async with database.begin() as session:
        # PostgreSQL ends the first try; a sequence remembers that, as it is not rolled back.
        await session.execute(text("CREATE SEQUENCE tries"))
        await session.execute(
            text(
                "CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF nextval('tries') = 1 THEN RAISE EXCEPTION 'clash' USING ERRCODE = 'deadlock_detected'; END IF;"
                " RETURN NEW; END $$"
            )
        )
        await session.execute(
            text("CREATE TRIGGER clash BEFORE INSERT ON search_offer FOR EACH ROW EXECUTE FUNCTION clash()")
        )
    report = await imported(database, media, cups(tmp_path, 5), now)
    assert (report.new, report.warnings) == (5, ())
    shelf = await on_the_shelf(database)
    assert (shelf["products"], shelf["found"], shelf["stock"]) == (5, 5, 25)


async def test_an_import_that_is_killed_leaves_nothing_and_the_next_one_cleans_up(
    database: Database, media: MediaFolder, place: Place, tmp_path: Path, now: datetime
) -> None:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue())
    rows = [f"cup-{n},CUP-{n},Cup {n},1.00,CNY,active,Fine,Home,a.png,5" for n in range(200)]
    file = write(tmp_path, *rows)
    killed = textwrap.dedent(
        f"""
        import asyncio, os, signal
        from datetime import UTC, datetime
        from pathlib import Path
        from commerce.catalog.media import MediaFolder
        from commerce.imports.actions import import_goods
        from foundation.database import Database

        def progress(step, done, total):
            if step == "publishing":
                os.kill(os.getpid(), signal.SIGKILL)

        async def main():
            await import_goods(Database({database.url!r}), MediaFolder(Path({str(media.root)!r})), Path({str(file)!r}),
                source="spree", currency="CNY", now=datetime.now(UTC), progress=progress)

        asyncio.run(main())
        """
    )
    empty = await everything(database)
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", killed], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert await everything(database) == empty
    assert len(list(media.root.glob(".import-*"))) == 1

    report = await asyncio.wait_for(imported(database, media, file, now), 60)
    assert (report.new, report.pictures) == (200, 1)
    assert not list(media.root.glob(".import-*"))
    async with database.session() as session:
        left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'staged%'"
        assert await session.scalar(text(left)) == 0


async def test_what_the_merchant_saves_while_an_import_is_under_way_is_found(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    await imported(database, media, cups(tmp_path, 3), now)

    async def save() -> None:
        other = Database(database.url, database.vault)
        async with other.begin() as session:
            cup = (await session.scalars(select(Product).where(Product.source_key == "cup-1"))).one()
            session.add(ProductText(product_id=cup.id, lang="zh", title="朱砂杯", body=""))
            cup.version += 1
            await session.flush()
            await index_products(session, [cup.id])
        await other.close()

    def progress(step: str, _done: int, _total: int) -> None:
        if step == "publishing":
            # The search rows are ready; the transaction has not begun.
            saving = threading.Thread(target=lambda: asyncio.run(save()))
            saving.start()
            saving.join()

    file = cups(tmp_path, 3, price="20.00")
    await import_goods(
        database, media, file, source="spree", currency="CNY", now=now + timedelta(days=1), progress=progress
    )
    before = await column(database, INDEX), await column(database, OFFERS)
    async with database.begin() as session:
        found = await find(session, Wanted("朱砂杯", "zh"))
        assert found.total == 1
        assert not found.relaxed
        await index_products(session, list(await session.scalars(select(Product.id))))
    assert (await column(database, INDEX), await column(database, OFFERS)) == before


async def test_a_shelf_renamed_while_an_import_is_under_way_is_found_by_its_new_name(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    await imported(database, media, cups(tmp_path, 3), now)

    def progress(step: str, _done: int, _total: int) -> None:
        if step == "publishing":
            saving = threading.Thread(target=lambda: asyncio.run(rename()))
            saving.start()
            saving.join()

    async def rename() -> None:
        other = Database(database.url, database.vault)
        async with other.begin() as session:
            await session.execute(update(Category).values(name={"en": "Crockery"}))
        await other.close()

    file = cups(tmp_path, 3, price="20.00")
    await import_goods(
        database, media, file, source="spree", currency="CNY", now=now + timedelta(days=1), progress=progress
    )
    async with database.session() as session:
        assert (await find(session, Wanted("crockery", "en"))).total == 3


async def test_five_thousand_rows_are_imported(
    database: Database, media: MediaFolder, tmp_path: Path, now: datetime
) -> None:
    file = cups(tmp_path, 5_000)
    report = await imported(database, media, file, now)
    assert (report.products, report.new, report.refused) == (5_000, 5_000, ())
    shelf = await on_the_shelf(database)
    assert (shelf["products"], shelf["found"], shelf["stock"], shelf["categories"]) == (5_000, 5_000, 25_000, 1)
    again = await imported(database, media, file, now)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 5_000)


def test_a_staging_folder_in_use_is_left_alone(media: MediaFolder) -> None:
    with staged_media(media) as first:
        with staged_media(media) as second:
            assert first.root.is_dir()
            assert second.root.is_dir()
        assert not second.root.exists()
        assert first.root.is_dir()
    assert not media.root.exists(), "nothing else was in it"


def test_html_becomes_plain_text() -> None:
    texts = {
        "a < b & c > d <3": "a < b & c > d <3",
        "Tom &amp; Jerry&#39;s caf&eacute;": "Tom & Jerry's café",
        "<p>One<br>two</p><p>three</p>": "One\ntwo\n\nthree",
        "<ul><li>a</li><li>b</li></ul>tail": "• a\n• b\n\ntail",
        "<h2>Size</h2><table><tr><th>W</th><td>10</td></tr><tr><th>H</th><td>2</td></tr></table>": "Size\n\nW 10\nH 2",
        "hi<script>alert('<p>x</p>')</script><style>p{}</style><!-- note --> there": "hi there",
        "<div>\n  <p>你好，\n  世界</p>\n</div>": "你好，世界",
        "<b>bold</b>\nword\n\nnext": "bold word\n\nnext",
        "plain\r\nlines\n\n\n\nkept": "plain\nlines\n\nkept",
        "for the <Model X> only": "for the <Model X> only",
        "&lt;b&gt;shown&lt;/b&gt;": "<b>shown</b>",
        "zero\x00and\ud800half": "zeroandhalf",
        "<![if mso]>only<![endif]><!-- [if x]> --> once <![CDATA[a]]>": "only once",
        "cut <b": "cut <b",
        "<p>open <a href='x": "open <a href='x",
    }
    assert {text: plain_text(text) for text in texts} == texts
    assert one_line(" <b>Cup</b>\n for&nbsp;tea ") == "Cup for tea"


def test_html_of_strangers_takes_no_time() -> None:
    for piece in ("<", "<p a=", "<!--", "</", "&", "<a ", "<![", "<b>", "<p>"):
        began = time.process_time()
        plain_text(piece * (100_000 // len(piece)))
        assert time.process_time() - began < 5, piece


def test_languages_are_told_by_their_script_and_codes() -> None:
    assert [language_of(text) for text in ("Cup", "茶杯", "お茶", "Tasse 3")] == ["en", "zh", "ja", "en"]
    codes = ("zh-CN", "zh_Hant", "DE", "pt-BR", "?", "")
    assert [language_code(code) for code in codes] == ["zh", "zh", "de", "pt", "", ""]


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12.50", 1250), ("$1,299.00", 129900), ("¥ 299", 29900), ("12,50 €", 1250), ("1.299,00", 129900), ("0", 0)],
)
def test_prices_are_read_as_shops_write_them(text: str, minor: int) -> None:
    assert price_of(text, "USD") == minor


@pytest.mark.parametrize("text", ["", "free", "-1", "12.505", "1e5", "٣", "12 34", "9" * 20, "1,29,9"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        price_of(text, "USD")


def test_no_html_is_too_odd_to_be_read() -> None:
    chance = random.Random(7)
    pieces = (
        "<",
        ">",
        "</",
        "<!",
        "<![",
        "<!--",
        "-->",
        "]]>",
        "<?",
        "&",
        "&#",
        ";",
        "p",
        "script",
        "li",
        " ",
        "\n",
        "'",
        "杯",
        "=",
    )
    for _ in range(3_000):
        text = "".join(chance.choices(pieces, k=chance.randrange(30)))
        assert "\x00" not in plain_text(text)


@pytest.fixture
async def command(database: Database, place: Place, tmp_path: Path) -> Callable[..., Awaitable[Done]]:
    """`xiaoer import ...` as a process of its own against the scratch database."""
    async with database.begin() as session:
        # The scratch tables are made from the models, so nobody noted their version.
        await session.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        await session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": newest_revision()})
    data_dir = tmp_path / "shop"
    key_file(data_dir).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(key_file(place.data_dir), key_file(data_dir))
    environment = {
        **os.environ,
        "DATABASE_URL": database.url,
        "REDIS_URL": place.servers.redis_url,
        "XIAOER_DATA_DIR": str(data_dir),
    }

    async def run(*arguments: str) -> Done:
        call = [sys.executable, "-m", "cli.main", "import", *arguments]
        return await asyncio.to_thread(
            subprocess.run, call, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return run


async def test_the_command_prints_one_json_object_and_nothing_else(
    database: Database, command: Callable[..., Awaitable[Done]], tmp_path: Path
) -> None:
    file = write(tmp_path, "cup,CUP,Cup,12.50,CNY,active,,Home,gone.png,5", "pot,POT,Pot,dear,CNY,active,,Home,,5")
    tried = await command("spree", str(file), "--json", "--dry-run")
    assert (tried.returncode, tried.stderr) == (0, "")
    assert (await on_the_shelf(database))["products"] == 0
    done = await command("spree", str(file), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    seconds = told.pop("seconds")
    assert 0 < seconds < 60
    assert told == {
        "source": "spree",
        "products": 1,
        "variants": 1,
        "pictures": 0,
        "pictures_missing": 1,
        "prices": 1,
        "translations": 0,
        "categories": 1,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "refused": [
            {"line": 3, "column": "price", "reason": "'dear' is no amount in CNY"},
            {"line": 3, "column": "sku", "reason": "none of its rows can be sold"},
        ],
        "warnings": [{"line": 2, "column": "picture", "reason": "gone.png: media.missing"}],
        "dry_run": False,
    }
    assert {**json.loads(tried.stdout), "seconds": 0} == {**told, "dry_run": True, "seconds": 0}
    assert (await on_the_shelf(database))["products"] == 1


async def test_the_command_shows_what_was_refused_and_says_what_to_do(
    database: Database, command: Callable[..., Awaitable[Done]], tmp_path: Path
) -> None:
    file = write(tmp_path, "cup,CUP,[red]Cup,12.50,CNY,active,,Home,,5", "pot,POT,Pot,[red],CNY,active,,Home,,5")
    done = await command("spree", str(file))
    assert done.returncode == 0
    assert "1 products with 1 variants" in done.stdout
    assert "'[red]' is no amount in CNY" in done.stdout
    told = await command("spree", str(write(tmp_path, "pot,POT,Pot,9,EUR,active,,Home,,5")))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == (
        "The file has prices in EUR and the shop sells in CNY: set XIAOER_CURRENCY, "
        "or take the numbers of one of them for the shop's prices with --currency.\n"
    )
    told = await command("vendure", str(file))
    assert told.returncode == 1
    assert told.stderr.startswith("The table lacks the columns")
    assert "Traceback" not in told.stderr
    assert (await command("spree", str(tmp_path / "none.csv"))).stderr == f"There is no file {tmp_path / 'none.csv'}.\n"
