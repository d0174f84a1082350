"""`xiaoer backup` and `xiaoer restore`."""

from datetime import UTC, datetime
from pathlib import Path

from cli import prepare
from cli.servers import any_servers, read_settings
from foundation import backup as files
from foundation.errors import Refused


def backup(file: Path) -> None:
    """Write the whole shop into `file`; it may be open meanwhile."""
    with any_servers(read_settings()) as settings:
        prepare.require_current(settings)
        files.backup(
            database_url=settings.database_url or "",
            data_dir=settings.data_dir,
            vault=prepare.vault_of(settings),
            to=file,
            now=datetime.now(UTC),
            tell=_tell,
        )
    print(f"The backup is {file}. It holds the keys of encryption: keep it where nobody else reads it.")


def restore(file: Path) -> None:
    """Bring the shop of `file` back, and to this version."""
    settings = read_settings()
    if settings.encryption_keys:
        raise Refused("restore.keys_given")
    _tell("reading")
    with files.unpacked(file, data_dir=settings.data_dir) as content, any_servers(settings) as settings:
        files.restore(content, database_url=settings.database_url or "", data_dir=settings.data_dir, tell=_tell)
        if not prepare.look(settings).current:
            prepare.migrate(settings)
    print("The shop is back.")


def _tell(part: str) -> None:
    print(f"{part} ...", flush=True)
