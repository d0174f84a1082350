"""Everything a developer does here, from a machine with Python 3.11 and nothing else:

    python3 dev.py up [options]           set up and start the shop; with --fake-telegram, a Telegram to try it in too
    python3 dev.py test [pytest options]  set up and run every check and test
    python3 dev.py bench NAME [options]   set up and run bench/NAME.py; its last line is the result as JSON
    python3 dev.py fmt                    put the code in order
    python3 dev.py setup                  set up only

The environment lies in .venv, is made from the hashed lock in requirements/, and is left alone while the lock stays.
"""

import hashlib
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told
    sys.exit("Xiaoer needs Python 3.11 or newer, and this is {}.{}.".format(*sys.version_info[:2]))
try:
    import fcntl
except ImportError:
    sys.exit("Xiaoer runs on Linux and macOS; on Windows, use it inside WSL.")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "xiaoer.json"
LOCKS = (ROOT / "requirements" / "uv.txt", ROOT / "requirements" / "lock.txt")
UV_NAMES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


def main(arguments: Sequence[str]) -> int:
    """Run one task; returns the exit code."""
    task, options = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if task not in ("up", "test", "bench", "fmt", "setup"):
        asked_for_help = task in ("help", "-h", "--help")
        print(__doc__ if asked_for_help else f"There is no task {task!r}: take up, test, bench, fmt or setup.")
        return 0 if asked_for_help else 2
    if task == "bench" and (not options or options[0] not in benches()):
        print("Which bench? There are: " + ", ".join(benches()), file=sys.stderr)
        return 2
    set_up()
    os.chdir(ROOT)
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ["PATH"] = str(VENV / "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    # Where nothing compiled is kept, each of the many processes of a test run would compile everything anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "compiled")
    if task == "test":
        return test(options)
    if task == "fmt":
        return max(run("ruff", "check", "--fix", "--quiet", "."), run("ruff", "format", "."))
    if task == "bench":
        become("-m", f"bench.{options[0]}", *options[1:])
    if task == "up" and "--fake-telegram" in options:
        become("-m", "tests.telegram_server", *(option for option in options if option != "--fake-telegram"))
    if task == "up":
        become("-m", "cli.main", "up", *options)
    return 0


def benches() -> list[str]:
    """What can be run; the other files of bench/ serve these."""
    files = (ROOT / "bench").glob("*.py")
    return sorted(path.stem for path in files if "ArgumentParser(" in path.read_text(encoding="utf-8"))


def test(options: Sequence[str]) -> int:
    """Every check, even after one has failed, and what came of each."""
    checks = {
        "ruff check": ("ruff", "check", "."),
        "ruff format": ("ruff", "format", "--check", "."),
        "mypy": ("mypy",),
        "import contracts": ("lint-imports",),
        "tests": ("pytest", "-n", "3", "--dist", "worksteal", *options),
    }
    lines = []
    failed = False
    for name, command in checks.items():
        print(f"\n== {name}: {shlex.join(command)}", flush=True)
        began = time.monotonic()
        code = run(*command)
        failed = failed or code != 0
        lines.append(f"{'passed' if code == 0 else 'FAILED'}  {name} ({time.monotonic() - began:.0f} s)")
    print("\n" + "\n".join(lines))
    return 1 if failed else 0


def run(*command: str) -> int:
    """One of the environment's commands, to its end; returns its exit code."""
    return subprocess.run([VENV / "bin" / command[0], *command[1:]], check=False).returncode


def become(*arguments: str) -> None:
    """Hand over to the environment's Python: it gets our terminal, our signals and our process id."""
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


def set_up() -> None:
    """Make .venv what the lock says. Only one dev.py works at it; an interrupted one is made anew."""
    # The lock file serves as the lock too: no further file, and nothing to clean up.
    with LOCKS[1].open() as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is setting up; waiting for it ...")
            fcntl.flock(guard, fcntl.LOCK_EX)
        wanted = {
            "place": str(VENV),
            "python": sys.version,
            "lock": digest(*LOCKS),
            "project": digest(ROOT / "pyproject.toml"),
        }
        found = read_stamp()
        if found == wanted and PYTHON.exists():
            return
        began = time.monotonic()
        install(found, wanted)
        say(f"The environment is ready ({time.monotonic() - began:.0f} s).")


def install(found: dict[str, str], wanted: dict[str, str]) -> None:
    """Bring .venv from what the stamp `found` says to what is `wanted`."""
    same_base = PYTHON.exists() and all(found.get(key) == wanted[key] for key in ("place", "python"))
    if not same_base and not (not STAMP.exists() and is_ours()):
        make_venv()
        found = {}
    same_lock = found.get("lock") == wanted["lock"]
    STAMP.write_text("{}")  # from here on unfinished: who is interrupted starts from an empty .venv
    if not same_lock:
        say("Installing the packages of requirements/lock.txt ...")
        pip = (str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes", "-r")
        must(*pip, str(LOCKS[0]), what="uv could not be installed")
        # Behind every hash stands one file, so the best match of all indexes is safe.
        uv_installs = uv("--require-hashes", "--index-strategy", "unsafe-best-match", "-r", str(LOCKS[1]))
        if subprocess.run(uv_installs, env=uv_environment(), check=False).returncode != 0:
            say("uv did not manage; trying the same with pip, which takes longer ...")
            must(*pip, str(LOCKS[1]), what="the packages could not be installed")
    must(
        *uv("--offline", "--no-deps", "--no-build-isolation", "-e", str(ROOT)),
        what="xiaoer itself could not be installed",
    )
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(wanted))
    fresh.replace(STAMP)


def make_venv() -> None:
    """An empty environment in the place of whatever is there."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = "{}.{}".format(*sys.version_info[:2])
        sys.exit(f"This Python has no venv with pip. On Debian and Ubuntu: apt-get install python{version}-venv")
    say(f"Making an environment in {VENV} ...")
    must(sys.executable, "-m", "venv", "--clear", str(VENV), what=f"{VENV} could not be made")


def is_ours() -> bool:
    """Whether a .venv without our stamp was made here by this Python and is whole enough to build upon."""
    try:
        made = (VENV / "pyvenv.cfg").read_text()
        asked = "import sys, pip; print(sys.version)"
        said = subprocess.run([PYTHON, "-c", asked], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return said.strip() == sys.version.strip() and made.rstrip().endswith(str(VENV))


def uv(*arguments: str) -> tuple[str, ...]:
    quiet = () if sys.stderr.isatty() else ("--quiet",)  # its progress bars are for eyes only
    return (str(VENV / "bin" / "uv"), "pip", "install", *quiet, "--python", str(PYTHON), *arguments)


def uv_environment() -> dict[str, str]:
    """uv does not read pip's settings, and a machine behind a mirror has its index there: hand them on."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = {"UV_HTTP_TIMEOUT": "120", "UV_PYTHON_DOWNLOADS": "never"}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        name = name.rpartition(".")[2]
        if name in UV_NAMES:
            several = value.strip("'\"").replace("\\n", " ").split()
            settings[UV_NAMES[name]] = ("," if name == "find-links" else " ").join(several)
    return {**settings, **os.environ}


def must(*command: str, what: str) -> None:
    """A step of the set-up; ends everything with one sentence when it fails."""
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"Set-up stopped: {what} (see above).")


def read_stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
