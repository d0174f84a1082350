"""Rotating the keys: what older keys sealed opens before, during and after, and ends up under the new one."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, select

from cli import keys, prepare
from cli.scratch import Clock
from cli.sentences import sentence
from commerce.customers.actions import ADDRESS, customer_for, opened_address, save_address
from commerce.customers.model import Address
from foundation import embedded
from foundation.database import Database
from foundation.encryption import Vault, create_keys, key_file, read_keys, write_keys
from foundation.errors import Refused
from foundation.settings import Settings
from migrations.models import metadata
from tests.goods import ZHANG

FINGERPRINTS = {
    "address.phone_index",
    "address.phone_last4_index",
    "coupon.code_index",
    "coupon_batch.code_index",
    "customer.email_index",
    "email_code.email_index",
    "gift_card.code_index",
    "keeper_code.digest",
    "orders.phone_last4_index",
    "shipment.pickup_code_index",
    "sign_in_failure.key",
    "staff_code.digest",
    "staff_session.digest",
}
"""Bytes that are no sealed text: they are looked up, never opened."""


def test_every_column_of_bytes_is_sealed_anew_or_is_a_fingerprint() -> None:
    there = {
        f"{table.name}.{column.name}"
        for table in metadata().tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {f"{table}.{column}" for table, columns in keys.SEALED.items() for column in columns}
    assert sealed <= there
    assert there - sealed == FINGERPRINTS


async def sealed_by(database: Database) -> dict[int, int]:
    """{number of the key: addresses it sealed}"""
    async with database.begin() as session:
        number = func.get_byte(Address.line_sealed, 0)
        rows = await session.execute(select(number, func.count()).group_by(number))
        return {row[0]: row[1] for row in rows}


async def move_in(database: Database, people: int) -> None:
    async with database.begin() as session:
        for person in range(people):
            customer = await customer_for(
                session, channel="web", account=f"person-{person}", language="zh", now=Clock()()
            )
            await save_address(session, customer_id=customer.id, parsed=ZHANG, now=Clock()())


async def all_open(database: Database) -> bool:
    async with database.begin() as session:
        rows = (await session.execute(select(*ADDRESS))).all()
        return bool(rows) and all(opened_address(session, row).text == ZHANG for row in rows)


def test_interrupted_rotation_is_finished_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "XIAOER_ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XIAOER_DATA_DIR", str(tmp_path / "data"))
    with embedded.start(tmp_path / "data", durable=False) as servers:
        settings = Settings(database_url=servers.database_url, data_dir=tmp_path / "data")
        prepare.migrate(settings)
        open_shop = create_keys(settings.data_dir).follow(key_file(settings.data_dir))
        asyncio.run(rotations(servers.database_url, settings.data_dir, open_shop))
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "Key 2 seals from now on; 20 values were sealed anew. Make a backup: it holds the keys.",
        "An earlier rotation had been interrupted. It is finished: 9 values were sealed anew.",
    ]
    assert key_file(tmp_path / "data").stat().st_mode & 0o777 == 0o600


async def rotations(url: str, data_dir: Path, open_shop: Vault) -> None:
    database = Database(url, open_shop)  # as a running process has it: it never starts again
    await move_in(database, people=5)
    await asyncio.to_thread(keys.rotate)
    assert await sealed_by(database) == {2: 5}
    assert await all_open(database)

    write_keys(key_file(data_dir), read_keys(data_dir, None).rotated())
    rotating = Database(url, read_keys(data_dir, None))

    class Interrupted(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        assert total == 10
        if done >= 7:  # five customers, and two addresses in one batch
            raise Interrupted

    with pytest.raises(Interrupted):
        await keys.seal_anew(rotating, progress=interrupt, at_once=2)
    await rotating.close()
    assert await sealed_by(database) == {2: 3, 3: 2}
    assert await all_open(database)
    await move_in(database, people=1)  # what is said meanwhile is sealed by the new key
    await asyncio.to_thread(keys.rotate)
    assert max(read_keys(data_dir, None).keys) == 3
    assert set(await sealed_by(database)) == {3}
    assert await all_open(database)
    await database.close()


def test_keys_of_the_environment_are_not_rotated_and_the_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIAOER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XIAOER_ENCRYPTION_KEYS", Vault.fresh().to_json())
    with pytest.raises(Refused) as caught:
        keys.rotate()
    assert sentence(caught.value) == (
        f"The keys come from XIAOER_ENCRYPTION_KEYS, which this command cannot change: put its value into "
        f"{tmp_path / 'keys.json'}, unset it, rotate, and set it to what the file holds then."
    )
    assert list(tmp_path.iterdir()) == []


def test_vault_takes_over_no_keys_of_another_shop(tmp_path: Path) -> None:
    ours = create_keys(tmp_path).follow(key_file(tmp_path))
    key_file(tmp_path).write_text(Vault.fresh().rotated().to_json())
    with pytest.raises(Refused) as caught:
        ours.open(bytes([2]) + bytes(40))
    assert caught.value.code == "keys.missing"
