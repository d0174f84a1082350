"""The `xiaoer` command: one clear sentence for each known fault, and a shop that opens, closes and survives kill -9."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.logs import hide_private
from cli.prepare import Prepared, newest_revision, prepare
from foundation.embedded import start
from foundation.encryption import key_file
from foundation.processes import working_in
from foundation.settings import Settings
from tests.web_door import free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 120
"""Seconds; a busy machine is no fault."""


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return {**clean, "XIAOER_DATA_DIR": str(data_dir), **more}


def xiaoer(*arguments: str, data_dir: Path, **more: str) -> tuple[int, str]:
    """Run a command that must end by itself: its exit code and what it wrote to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize("command", ["web", "up"])
def test_taken_port_is_told_in_a_sentence(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert xiaoer(command, "--port", str(port), data_dir=tmp_path / "data") == (
            1,
            f"Port {port} on 127.0.0.1 is taken by another program; choose another with --port.",
        )
    assert not (tmp_path / "data").exists()


def test_data_folder_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    web, console = free_port(), free_port()
    with start(tmp_path, durable=False):
        code, said = xiaoer("up", "--port", str(web), "--console-port", str(console), data_dir=tmp_path)
    assert (code, said) == (
        1,
        f"The data folder {tmp_path} is in use by another xiaoer (process {os.getpid()}); stop that one first.",
    )


def test_data_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the place of the folder")
    assert xiaoer("migrate", data_dir=tmp_path / "data") == (
        1,
        f"The data folder cannot be used: {tmp_path / 'data'}: File exists. Choose another with XIAOER_DATA_DIR.",
    )


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "postgresql://somebody:secret@127.0.0.1:1/shop",
            "The database 127.0.0.1/shop cannot be reached: nothing listens there. Check DATABASE_URL.",
        ),
        (
            "mysql://127.0.0.1/shop",
            "DATABASE_URL is no address of a PostgreSQL database: write postgresql://user:password@host/name.",
        ),
    ],
)
def test_wrong_database_address_is_told_in_a_sentence_without_the_password(
    tmp_path: Path, address: str, sentence: str
) -> None:
    assert xiaoer("migrate", data_dir=tmp_path, DATABASE_URL=address) == (1, sentence)


def test_redis_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    port = free_port()
    with start(tmp_path, durable=False) as servers:
        code, said = xiaoer(
            "migrate", data_dir=tmp_path, DATABASE_URL=servers.database_url, REDIS_URL=f"redis://127.0.0.1:{port}/0"
        )
    assert (code, said) == (1, "Redis cannot be reached at 127.0.0.1/0: nothing listens there. Check REDIS_URL.")


def test_setting_that_is_not_usable_is_told_by_its_name(tmp_path: Path) -> None:
    code, said = xiaoer("web", data_dir=tmp_path, XIAOER_TIME_ZONE="Mars/Olympus")
    assert code == 1
    assert said == (
        "The setting XIAOER_TIME_ZONE is not usable: 'Mars/Olympus' is no IANA time zone such as Asia/Shanghai."
    )


def test_no_shop_is_told_in_a_sentence(tmp_path: Path) -> None:
    port = free_port()
    assert xiaoer("web", "--port", str(port), data_dir=tmp_path / "none") == (
        1,
        f"No shop runs on the data folder {tmp_path / 'none'} and DATABASE_URL is not set: start `xiaoer up` first.",
    )


def test_who_is_interrupted_while_the_tables_are_made_has_the_keys_already(tmp_path: Path) -> None:
    settings = Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none", data_dir=tmp_path)
    with pytest.raises(ConnectionRefusedError):
        prepare(settings, Prepared(tables=False, current=False, staff=False, goods=False), lambda _line: None)
    assert key_file(tmp_path).exists()


def test_logs_hide_what_names_a_person() -> None:
    event = {
        "event": "failed",
        "phone": "13800138000",
        "exception": "UniqueViolation\nDETAIL:  Key (account)=(ann) already exists.\n[parameters: ('Ann',)]\nend",
    }
    assert hide_private(None, "error", event) == {
        "event": "failed",
        "phone": "(hidden)",
        "exception": "UniqueViolation\nDETAIL: (hidden)\n[parameters: (hidden)\nend",
    }


class OpenShop:
    """`xiaoer up` on a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.web, self.console = free_port(), free_port()
        self.output = data_dir.with_suffix(".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up", "--port", str(self.web), "--console-port", str(self.console)],
                cwd=ROOT,
                env=environment(data_dir),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_open(self) -> str:
        """Until the panel is printed; returns all that was printed."""
        deadline = time.monotonic() + PATIENCE
        while "Ctrl-C closes it" not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)
        return self.output.read_text()

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left_running(self) -> list[int]:
        deadline = time.monotonic() + PATIENCE  # the kernel ends them, nobody tells us
        while (left := self._left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def _left(self) -> list[int]:
        found = [pid for folder in ("postgres", "valkey") for pid in working_in(self.data_dir / folder, 0)]
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.data_dir).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:  # it has ended meanwhile
                continue
        return found


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[list[OpenShop]]:
    opened: list[OpenShop] = []
    yield opened
    for shop in opened:
        shop.process.kill()
        shop.process.wait()


@pytest.mark.slow
@pytest.mark.skipif(newest_revision() is None, reason="there is no migration yet")
def test_shop_opens_closes_on_ctrl_c_and_opens_again_after_kill_9_with_its_data(
    tmp_path: Path, shops: list[OpenShop]
) -> None:
    first = OpenShop(tmp_path / "data")
    shops.append(first)
    assert re.search(r"first administrator is admin with the password \S{8,}", first.wait_until_open())
    assert httpx.get(f"http://127.0.0.1:{first.web}/", follow_redirects=True).status_code == 200
    assert httpx.get(f"http://127.0.0.1:{first.console}/ready").status_code == 200
    assert first.end(signal.SIGINT) == 0
    assert first.left_running() == []
    assert "database system is shut down" in (tmp_path / "data/postgres.log").read_text()

    second = OpenShop(tmp_path / "data")
    shops.append(second)
    assert "password" not in second.wait_until_open()
    second.end(signal.SIGKILL)
    assert second.left_running() == []

    third = OpenShop(tmp_path / "data")
    shops.append(third)
    assert "password" not in third.wait_until_open()
    assert third.end(signal.SIGTERM) == 0
    assert third.left_running() == []
