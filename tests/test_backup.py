"""Backup, destroy, restore: the shop is as it was, keys included; and whatever is no backup changes nothing."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import select

from bot.app import open_shop
from bot.web.app import create_app
from cli import keep, prepare
from cli.scratch import Clock, ScratchShop
from cli.sentences import sentence
from commerce.catalog.model import Media
from commerce.orders.model import Order
from commerce.orders.snapshot import open_address
from conversations.events import EventReader
from foundation import embedded
from foundation.backup import backup, unpacked
from foundation.encryption import Vault, key_file
from foundation.errors import Refused
from foundation.settings import Settings
from nlu.understand import Understander
from tests.admin import open_console
from tests.chat import Chat

ZHANG = "张三 13800138000 浙江省杭州市西湖区文三路 90 号 2 单元 501"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Kept:
    """A shop that was backed up and destroyed, and what is known of it."""

    file: Path
    tables: dict[str, tuple[int, str]]
    pictures: dict[str, bytes]
    cursor: str
    administrator: tuple[str, str]
    talk: Chat


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands find the shop."""
    for name in ("DATABASE_URL", "REDIS_URL", "XIAOER_ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XIAOER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def settings_of(data_dir: Path, servers: embedded.Servers) -> Settings:
    return Settings(database_url=servers.database_url, data_dir=data_dir, messages_a_minute=100_000)


@contextlib.contextmanager
def fresh_shop(data_dir: Path) -> Iterator[tuple[Settings, tuple[str, str]]]:
    """A shop as `xiaoer up` makes one, with the name and the password of its first administrator."""
    with embedded.start(data_dir, durable=False) as servers:
        settings = settings_of(data_dir, servers)
        first = prepare.prepare(settings, prepare.look(settings), lambda _: None)
        assert first is not None
        yield settings, first


@contextlib.asynccontextmanager
async def opened(settings: Settings, understander: Understander) -> AsyncIterator[ScratchShop]:
    clock = Clock()
    async with open_shop(settings, clock=clock, load=lambda: understander) as shop:
        app = create_app(shop)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as client:
            yield ScratchShop(shop, app, client, clock)


async def tables_of(url: str) -> dict[str, tuple[int, str]]:
    """{table: (rows, digest of all of them)}"""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {}
        for (name,) in names:
            ask = f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{name}\" t"
            found[name] = tuple(await connection.fetchrow(ask))
        return found
    finally:
        await connection.close()


def pictures_of(data_dir: Path) -> dict[str, bytes]:
    media = data_dir / "media"
    return {str(path.relative_to(media)): path.read_bytes() for path in sorted(media.rglob("*")) if path.is_file()}


async def buys(chat: Chat) -> None:
    await chat.says("有什么茶", "第二个", "加两个", "1", "结账", ZHANG, "货到付款", "好的")


async def kept_shop(data_dir: Path, file: Path, understander: Understander) -> Kept:
    """Open a shop, let a shopper buy and begin again, back it up while it is open, and destroy it."""
    with contextlib.ExitStack() as stack:
        settings, first = await asyncio.to_thread(stack.enter_context, fresh_shop(data_dir))
        async with opened(settings, understander) as scratch:
            talk = Chat(scratch, name="zhang")
            await buys(talk)
            await talk.says("有什么茶", "第一个", "加购物车", "1", "结账")
            talk.button("确认下单")
            reader = EventReader(scratch.shop.database)
            cursor = await reader.start()
        before = await tables_of(str(settings.database_url))
        await asyncio.to_thread(keep.backup, file)
        kept = Kept(file, before, pictures_of(data_dir), cursor, first, talk)
    shutil.rmtree(data_dir)
    return kept


async def test_shop_is_as_it_was_after_backup_destroy_and_restore(
    data_dir: Path, tmp_path: Path, understander: Understander
) -> None:
    kept = await kept_shop(data_dir, tmp_path / "shop.backup", understander)
    assert kept.file.stat().st_mode & 0o777 == 0o600
    assert kept.tables["orders"][0] == 1
    assert len(kept.pictures) >= 24  # twelve products, each with its small version

    await asyncio.to_thread(keep.restore, kept.file)

    assert key_file(data_dir).stat().st_mode & 0o777 == 0o600
    assert pictures_of(data_dir) == kept.pictures
    with embedded.start(data_dir, durable=False) as servers:
        settings = settings_of(data_dir, servers)
        assert await tables_of(servers.database_url) == kept.tables
        assert (await asyncio.to_thread(prepare.look, settings)).whole
        await refused_onto_a_shop(data_dir, kept)
        assert await tables_of(servers.database_url) == kept.tables
        async with opened(settings, understander) as scratch:
            await goes_on(scratch, kept)
            async with open_console(scratch.shop.database, scratch.shop.vault, scratch.clock()) as console:
                assert (await console.browser().sign_in(*kept.administrator)).status_code == 200


async def refused_onto_a_shop(data_dir: Path, kept: Kept) -> None:
    """A second restore finds the shop by its keys, by its pictures or by its tables alone, and touches nothing."""
    keys, media = key_file(data_dir), data_dir / "media"
    content = keys.read_bytes()
    there = f"There is a shop already ({data_dir}): a restore needs an empty data folder and database."
    assert await refusal_of(keep.restore, kept.file) == there
    keys.rename(data_dir / "keys.away")
    assert await refusal_of(keep.restore, kept.file) == there
    media.rename(data_dir / "media.away")
    assert await refusal_of(keep.restore, kept.file) == there
    assert sorted(os.listdir(data_dir))[:2] == ["keys.away", "lock"]
    assert not media.exists()
    (data_dir / "keys.away").rename(keys)
    (data_dir / "media.away").rename(media)
    assert (keys.read_bytes(), pictures_of(data_dir)) == (content, kept.pictures)


async def refusal_of(act: Callable[[Path], None], file: Path) -> str:
    with pytest.raises(Refused) as caught:
        await asyncio.to_thread(act, file)
    return sentence(caught.value)


async def goes_on(scratch: ScratchShop, kept: Kept) -> None:
    """The keys open what they sealed, pictures are shown, old buttons work, the talk goes on where it stood."""
    shop = scratch.shop
    async with shop.database.begin() as session:
        order = (await session.scalars(select(Order))).one()
        assert "文三路" in open_address(session, order).line
        media = (await session.scalars(select(Media.id).limit(1))).one()
    assert (await scratch.client.get(f"/media/{media}")).status_code == 200
    batch = await EventReader(shop.database, kept.cursor).read()
    assert batch.resync is True
    talk = Chat(scratch, name="zhang", seen=kept.talk.seen, shown=kept.talk.shown, _sent=kept.talk._sent)
    assert "138****8000" in (await talk.says("你们几点关门"))[-1]  # the open question, from an address that is sealed
    assert "下单成功" in (await talk.presses("确认下单"))[0]  # the button is from before


async def test_backup_of_a_shop_in_full_swing_is_one_moment_of_it(
    data_dir: Path, tmp_path: Path, understander: Understander
) -> None:
    file = tmp_path / "shop.backup"
    with contextlib.ExitStack() as stack:
        settings, _ = await asyncio.to_thread(stack.enter_context, fresh_shop(data_dir))
        async with opened(settings, understander) as scratch:
            done = asyncio.Event()

            async def shopper(number: int) -> int:
                orders = 0
                while not done.is_set():
                    await buys(Chat(scratch, name=f"shopper-{number}-{orders}"))
                    orders += 1
                return orders

            shoppers = [asyncio.create_task(shopper(number)) for number in range(3)]
            await buys(Chat(scratch, name="early"))
            await asyncio.to_thread(keep.backup, file)
            await buys(Chat(scratch, name="late"))
            done.set()
            ordered = sum(await asyncio.gather(*shoppers)) + 2
    shutil.rmtree(data_dir)
    await asyncio.to_thread(keep.restore, file)
    with embedded.start(data_dir, durable=False) as servers:
        connection = await asyncpg.connect(servers.database_url.replace("+asyncpg", ""))
        try:
            orders = await connection.fetchval("SELECT count(*) FROM orders")
            assert 1 <= orders < ordered
            promised = "SELECT sum(quantity) FROM order_line JOIN orders ON orders.id = order_id"
            reserved = await connection.fetchval("SELECT sum(reserved) FROM stock_level")
            in_holds = await connection.fetchval(
                "SELECT coalesce(sum(pieces.value::bigint), 0) FROM hold, jsonb_each_text(lines) pieces"
                " WHERE state IN ('held', 'committed')"
            )
            held_only = await connection.fetchval(
                "SELECT coalesce(sum(pieces.value::bigint), 0) FROM hold, jsonb_each_text(lines) pieces"
                " WHERE state = 'held' AND order_id IS NULL"
            )
            set_aside = await connection.fetchval(  # for flash sales, and not taken by anybody yet
                "SELECT sum(capacity - held - used) FROM allotment WHERE is_open AND stock_level_id IS NOT NULL"
            )
            assert set_aside > 0
            assert reserved == in_holds + set_aside
            assert await connection.fetchval(promised) == reserved - set_aside - held_only
            # a turn is whole or not at all: what was handled has its answers
            assert await connection.fetchval("SELECT count(*) FROM conversation WHERE handled_seq > last_seq") == 0
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def small_backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a shop with one table and one picture."""
    folder = tmp_path_factory.mktemp("small")
    with embedded.start(folder / "data", durable=False) as servers:
        asyncio.run(run(servers.database_url, "CREATE TABLE kept AS SELECT 7 AS value"))
        (folder / "data/media/aa").mkdir(parents=True)
        (folder / "data/media/aa/picture").write_bytes(b"a picture")
        backup(
            database_url=servers.database_url,
            data_dir=folder / "data",
            vault=Vault.fresh(),
            to=folder / "shop.backup",
            now=Clock()(),
            tell=lambda _: None,
        )
    return (folder / "shop.backup").read_bytes()


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def packed_anew(archive: bytes, change: Callable[[dict[str, bytes]], None], *links: tuple[str, str]) -> bytes:
    """The same archive with other content, and links that lead somewhere."""
    with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as old:
        content = {member.name: read.read() for member in old if (read := old.extractfile(member))}
    change(content)
    written = BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as new:
        for name, target in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            new.addfile(link)
        for name, read_bytes in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(read_bytes)
            new.addfile(member, BytesIO(read_bytes))
    return written.getvalue()


def paint_over(content: dict[str, bytes]) -> None:
    content["media/aa/picture"] = b"another"


def climb_out(content: dict[str, bytes]) -> None:
    content["../outside"] = b"got out"


def put_in(content: dict[str, bytes]) -> None:
    content["media/aa/guest"] = b"a guest"


def lose_the_keys(content: dict[str, bytes]) -> None:
    del content["keys.json"]


def of_tomorrow(content: dict[str, bytes]) -> None:
    content["manifest.json"] = json.dumps({**json.loads(content["manifest.json"]), "format": 99}).encode()


def as_it_is(content: dict[str, bytes]) -> None:
    pass


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda good: b"",
    "no archive": lambda good: b"once upon a time " * 1000,
    "half": lambda good: good[: len(good) // 2],
    "all but the end": lambda good: good[:-200],
    "one bit": lambda good: good[: len(good) // 2] + bytes([good[len(good) // 2] ^ 16]) + good[len(good) // 2 + 1 :],
    "an archive of somebody else": lambda good: packed_anew(good, dict.clear),
    "a picture painted over": lambda good: packed_anew(good, paint_over),
    "a file beside": lambda good: packed_anew(good, put_in),
    "a path that leads out": lambda good: packed_anew(good, climb_out),
    "without keys": lambda good: packed_anew(good, lose_the_keys),
    "of a later format": lambda good: packed_anew(good, of_tomorrow),
    "a link to the keys": lambda good: packed_anew(good, as_it_is, ("media/aa/link", "../../keys.json")),
    "a link that leads out": lambda good: packed_anew(good, as_it_is, ("media/out", "/etc")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_whole_backup_is_refused_and_leaves_nothing_behind(
    data_dir: Path, tmp_path: Path, small_backup: bytes, damage: str
) -> None:
    file = tmp_path / "shop.backup"
    file.write_bytes(DAMAGES[damage](small_backup))
    with pytest.raises(Refused) as caught:
        keep.restore(file)
    assert sentence(caught.value) == f"{file} is no backup of xiaoer, or it is damaged."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.backup"]


def test_archive_packed_anew_but_the_same_is_good(data_dir: Path, tmp_path: Path, small_backup: bytes) -> None:
    file = tmp_path / "shop.backup"
    file.write_bytes(packed_anew(small_backup, as_it_is))
    with unpacked(file, data_dir=data_dir) as content:
        assert (content.folder / "media/aa/picture").read_bytes() == b"a picture"
    assert not data_dir.exists()


def test_file_that_is_not_there_and_keys_that_are_given_are_told_in_a_sentence(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused) as caught:
        keep.restore(tmp_path / "none")
    assert sentence(caught.value) == f"There is no file {tmp_path / 'none'}."
    monkeypatch.setenv("XIAOER_ENCRYPTION_KEYS", Vault.fresh().to_json())
    with pytest.raises(Refused) as caught:
        keep.restore(tmp_path / "none")
    assert sentence(caught.value) == (
        "XIAOER_ENCRYPTION_KEYS is set, and a backup brings its own keys: unset it and restore again."
    )
    assert list(tmp_path.iterdir()) == []


def test_dump_that_postgresql_cannot_read_is_refused_and_nothing_is_kept(
    data_dir: Path, tmp_path: Path, small_backup: bytes
) -> None:
    """Changed by somebody who knows how: the digests fit, the dump does not."""

    def break_the_dump(content: dict[str, bytes]) -> None:
        content["database.dump"] = content["database.dump"][:-200]
        file = tmp_path / "dump"
        file.write_bytes(content["database.dump"])
        manifest = json.loads(content["manifest.json"])
        manifest["files"]["database.dump"] = subprocess.check_output(["sha256sum", file], text=True).split()[0]
        content["manifest.json"] = json.dumps(manifest).encode()

    file = tmp_path / "shop.backup"
    file.write_bytes(packed_anew(small_backup, break_the_dump))
    with pytest.raises(Refused) as caught:
        keep.restore(file)
    assert caught.value.code == "restore.failed"
    assert not key_file(data_dir).exists()
    assert not (data_dir / "media").exists()
    assert not list(data_dir.glob(".*"))
    file.write_bytes(small_backup)
    with unpacked(file, data_dir=data_dir) as content:  # and the way is still free
        assert key_file(content.folder).exists()


@pytest.mark.parametrize("place", ["there", "no/such/folder/shop.backup", "there/below"])
def test_backup_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "there").write_text("precious")
    with pytest.raises(Refused) as caught:
        backup(
            database_url="postgresql://127.0.0.1:1/none",
            data_dir=tmp_path,
            vault=Vault.fresh(),
            to=tmp_path / place,
            now=Clock()(),
            tell=lambda _: None,
        )
    told = sentence(caught.value)
    if place == "there":
        assert told == f"{tmp_path / place} exists already; a backup never overwrites."
    else:
        assert told.startswith(f"The backup cannot be written to {tmp_path / place}: No")
    assert (tmp_path / "there").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from cli.sentences import sentence
from foundation.backup import backup
from foundation.encryption import Vault
from foundation.errors import Refused

url, folder, room = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    backup(database_url=url, data_dir=folder / "data", vault=Vault.fresh(), to=folder / "out" / "shop.backup",
           now=datetime.now(UTC), tell=lambda _: None)
except Refused as refused:
    print(sentence(refused))
"""


@pytest.mark.parametrize(
    ("room", "said"), [(500, "The backup failed; the database said: pg_dump"), (50_000, "The backup cannot be written")]
)
def test_backup_without_room_is_refused_and_leaves_nothing(tmp_path: Path, room: int, said: str) -> None:
    """A process that may write so many bytes into a file stands for a full disk."""
    (tmp_path / "out").mkdir()
    with embedded.start(tmp_path / "data", durable=False) as servers:
        asyncio.run(run(servers.database_url, "CREATE TABLE kept AS SELECT 7 AS value"))
        (tmp_path / "data/media").mkdir()
        (tmp_path / "data/media/picture").write_bytes(os.urandom(100_000))
        command = [sys.executable, "-c", FULL, servers.database_url, str(tmp_path), str(room)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith(said)
    assert list((tmp_path / "out").iterdir()) == []
