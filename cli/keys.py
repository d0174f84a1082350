"""`xiaoer keys`: a new key for personal data, and everything sealed anew with it."""

import asyncio
from collections.abc import Callable, Iterator

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.schema import Column, Table

from cli.prepare import in_database, progress_bar, require_current, vault_of
from cli.servers import any_servers, read_settings
from foundation.database import Database
from foundation.encryption import Vault, key_file, write_keys
from foundation.errors import Refused
from migrations.models import metadata

SEALED = {
    "customer": ("name_sealed", "email_sealed"),
    "address": ("name_sealed", "phone_sealed", "line_sealed", "street_sealed"),
    "email_code": ("email_sealed", "code_sealed"),
    "data_export": ("content_sealed",),
    "orders": ("address_sealed",),
    "shipment": ("pickup_code_sealed",),
    "tracking_event": ("text_sealed",),
    "delivery_proof": ("content_sealed",),
    "coupon_batch": ("code_sealed",),
    "coupon": ("code_sealed",),
    "gift_card": ("code_sealed",),
    "transfer_report": ("note_sealed",),
    "bank_transfer": ("payer_sealed", "memo_sealed"),
    "demo_mail": ("to", "subject", "text"),
}
"""Every column that a vault sealed. Open questions of a checkout hold sealed text too; old keys stay to open it."""
AT_ONCE = 200
Progress = Callable[[int, int], None]


def rotate() -> None:
    """Add a key, which seals from now on, and seal anew what older keys sealed. The shop may be open meanwhile.

    A rotation that was interrupted is finished instead, without another key.
    """
    settings = read_settings()
    if settings.encryption_keys:
        raise Refused("keys.given", path=str(key_file(settings.data_dir)))
    with any_servers(settings) as settings, progress_bar("values") as progress:
        require_current(settings)
        is_new = asyncio.run(in_database(settings, count_stale)) == 0
        if is_new:
            write_keys(key_file(settings.data_dir), vault_of(settings).rotated())
        sealed = asyncio.run(in_database(settings, lambda database: seal_anew(database, progress=progress)))
        newest = max(vault_of(settings).keys)
    if is_new:
        print(f"Key {newest} seals from now on; {sealed} values were sealed anew. Make a backup: it holds the keys.")
    else:
        print(f"An earlier rotation had been interrupted. It is finished: {sealed} values were sealed anew.")


async def count_stale(database: Database) -> int:
    """How many rows hold something that an older key sealed."""
    assert database.vault is not None
    async with database.begin() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table).where(_is_stale(columns, database.vault)))
            for table, columns in _sealed_columns()
        ]
    return sum(count or 0 for count in counts)


async def seal_anew(database: Database, *, progress: Progress, at_once: int = AT_ONCE) -> int:
    """Seal with the newest key what older ones sealed, batch by batch. Returns how many values that were.

    A value that somebody changes meanwhile is left to them.
    """
    total, rows, values = await count_stale(database), 0, 0
    for table, columns in _sealed_columns():
        last = 0
        while True:
            seen, last, sealed = await _seal_batch(database, table, columns, after=last, limit=at_once)
            if not seen:
                break
            rows, values = rows + seen, values + sealed
            progress(rows, max(total, rows))
    return values


async def _seal_batch(
    database: Database, table: Table, columns: list[Column[bytes]], *, after: int, limit: int
) -> tuple[int, int, int]:
    """The rows of this batch, the id of the last one, and the values that were sealed anew."""
    vault = database.vault
    assert vault is not None
    async with database.begin() as session:
        stale = select(table.c.id, *columns).where(table.c.id > after, _is_stale(columns, vault))
        found = (await session.execute(stale.order_by(table.c.id).limit(limit))).all()
        sealed = 0
        for number, *contents in found:
            for column, content in zip(columns, contents, strict=True):
                if content and vault.is_stale(content):
                    anew = update(table).where(table.c.id == number, column == content)
                    done = await session.execute(
                        anew.values({column: vault.seal(vault.open(content))}).returning(table.c.id)
                    )
                    sealed += len(done.all())
    return len(found), found[-1].id if found else after, sealed


def _sealed_columns() -> Iterator[tuple[Table, list[Column[bytes]]]]:
    tables = metadata().tables
    return ((tables[name], [tables[name].c[column] for column in columns]) for name, columns in SEALED.items())


def _is_stale(columns: list[Column[bytes]], vault: Vault) -> ColumnElement[bool]:
    """Whether an older key sealed one of them. What was erased is empty, and no key sealed it."""
    return or_(*(func.get_byte(func.nullif(column, b""), 0) != max(vault.keys) for column in columns))
