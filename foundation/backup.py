"""Backup and restore: one file with the database, the media and the keys, from which the shop stands up as it was."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from foundation.embedded import postgres_tool
from foundation.encryption import Vault, key_file, write_keys
from foundation.errors import Refused

FORMAT = 1
_DUMP = "database.dump"
_KEYS = "keys.json"
_MANIFEST = "manifest.json"
_MEDIA = "media"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a backup file held, read whole and found unharmed; it lies in a folder that is about to go."""

    folder: Path
    vault: Vault


def backup(*, database_url: str, data_dir: Path, vault: Vault, to: Path, now: datetime, tell: Tell) -> None:
    """Write the backup file `to` (a gzipped tar, mode 0600: it holds the keys). The shop may be open meanwhile.

    The database is as it was at one moment. The pictures are read after it, so that all it names are among them.
    Raises Refused: backup.exists, backup.not_writable, backup.failed (with what the database said).
    """
    if to.exists():
        raise Refused("backup.exists", path=str(to))
    try:
        with tempfile.TemporaryDirectory(prefix=".xiaoer-backup-", dir=to.parent) as folder:
            dump, keys, draft = (Path(folder) / name for name in (_DUMP, _KEYS, "draft"))
            tell("database")
            _postgres(
                "pg_dump",
                database_url,
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                "--no-comments",
                f"--file={dump}",
                code="backup.failed",
            )
            write_keys(keys, vault)
            tell("media")
            with (
                os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
                tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive,
            ):
                _pack(archive, {_KEYS: keys, _DUMP: dump, **_pictures(data_dir)}, Path(folder), made_at=now)
                archive.close()
                file.flush()
                os.fsync(file.fileno())
            draft.replace(to)
    except OSError as error:
        raise Refused("backup.not_writable", path=str(to), reason=error.strerror or str(error)) from error


@contextlib.contextmanager
def unpacked(source: Path, *, data_dir: Path) -> Iterator[Unpacked]:
    """Read a backup file whole and check it, before anything else is touched; what is unpacked is removed at the end.

    Raises Refused: restore.shop_is_there (pictures or keys), restore.no_file, restore.unreadable (no backup, damaged
    or changed), restore.not_writable.
    """
    if key_file(data_dir).exists() or (data_dir / _MEDIA).exists():
        raise Refused("restore.shop_is_there", path=str(data_dir))
    if not source.is_file():
        raise Refused("restore.no_file", path=str(source))
    is_new = not data_dir.exists()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_dir) as folder:
            yield Unpacked(Path(folder), _unpack(source, Path(folder)))
    except OSError as error:
        raise Refused("restore.not_writable", path=str(data_dir), reason=error.strerror or str(error)) from error
    finally:
        if is_new:
            with contextlib.suppress(OSError):  # it is no longer empty: there is a shop in it now
                data_dir.rmdir()


def restore(content: Unpacked, *, database_url: str, data_dir: Path, tell: Tell) -> None:
    """Bring a shop back into an empty database and an empty data folder: whole, or nothing is kept.

    The database is restored in one transaction. The keys come last: without them no half restored shop can open.
    Raises Refused: restore.shop_is_there, restore.failed (with what the database said).
    """
    if _has_tables(database_url):
        raise Refused("restore.shop_is_there", path=str(data_dir))
    ready = content.folder / "ready.json"
    write_keys(ready, content.vault)
    tell("media")
    (content.folder / _MEDIA).mkdir(exist_ok=True)
    shutil.move(content.folder / _MEDIA, data_dir / _MEDIA)
    try:
        tell("database")
        how = ("--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction")
        _postgres("pg_restore", database_url, *how, str(content.folder / _DUMP), code="restore.failed")
        ready.replace(key_file(data_dir))
    except BaseException:
        shutil.rmtree(data_dir / _MEDIA, ignore_errors=True)
        raise


def _pictures(data_dir: Path) -> dict[str, Path]:
    """Every file under the media folder by its name in the archive; one that is still being written has a dot."""
    files = (data_dir / _MEDIA).rglob("*")
    return {
        str(path.relative_to(data_dir)): path
        for path in sorted(files)
        if path.is_file() and not path.name.startswith(".")
    }


def _pack(archive: tarfile.TarFile, files: dict[str, Path], folder: Path, *, made_at: datetime) -> None:
    """Put the files into the archive, and after them the manifest with the SHA-256 of each."""
    digests = {}
    for name, path in files.items():
        digests[name] = _digest(path)
        archive.add(path, name)
    manifest = folder / _MANIFEST
    manifest.write_text(json.dumps({"format": FORMAT, "made_at": made_at.isoformat(), "files": digests}))
    archive.add(manifest, _MANIFEST)


def _unpack(source: Path, folder: Path) -> Vault:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter=_plain_file)
        manifest = json.loads((folder / _MANIFEST).read_text())
        found = {str(path.relative_to(folder)): _digest(path) for path in folder.rglob("*") if path.is_file()}
        del found[_MANIFEST]
        if manifest["format"] == FORMAT and manifest["files"] == found and _DUMP in found:
            return Vault.from_json((folder / _KEYS).read_text())
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        raise Refused("restore.unreadable", path=str(source)) from error
    except (EOFError, tarfile.TarError, zlib.error, ValueError, KeyError, TypeError, Refused) as error:
        raise Refused("restore.unreadable", path=str(source)) from error
    raise Refused("restore.unreadable", path=str(source))


def _plain_file(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Nothing but files, and none outside the folder: a link could lead the shop to show what is no picture."""
    if not member.isfile():
        raise Refused("restore.unreadable")
    return tarfile.data_filter(member, folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_tables(database_url: str) -> bool:
    ask = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    return int(_postgres("psql", database_url, "-Atc", ask, "--no-psqlrc", code="restore.failed")) > 0


def _postgres(tool: str, database_url: str, *arguments: str, code: str) -> str:
    """Run one of PostgreSQL's own tools; the password goes through the environment, never the command line.

    Raises Refused(code, said): the tool's first error, not the lines around it, which may quote a row.
    """
    parts = urlsplit(database_url.replace("postgresql+asyncpg://", "postgresql://"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    environment = os.environ | {
        "PGHOST": query.get("host") or parts.hostname or "localhost",
        "PGPORT": query.get("port") or str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "postgres"),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    if ssl := query.get("ssl") or query.get("sslmode"):
        environment["PGSSLMODE"] = ssl
    command = [str(postgres_tool(tool)), *arguments]
    if tool == "pg_restore":  # it alone does not take the database from the environment
        command.insert(1, f"--dbname={environment['PGDATABASE']}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"{tool} ended: {done.returncode}"]
        raise Refused(code, said=next((line for line in lines if "error:" in line), lines[-1])[:300])
    return done.stdout
