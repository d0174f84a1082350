"""The embedded servers: started in one call, gone with their owner, whole again after any death."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import asyncpg
import pytest
from redis import Redis

from foundation import embedded
from foundation.errors import Refused
from foundation.processes import working_in

OWNER = """
import json, sys, time
from pathlib import Path
from foundation.embedded import start
servers = start(Path(sys.argv[1]), durable=False)
print(json.dumps([servers.database_url, servers.redis_url]), flush=True)
time.sleep(600)
"""
ROOT = Path(__file__).parents[1]


class Owner:
    """Another process that owns the servers of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stdout
        self.database_url, self.redis_url = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    running = Owner(tmp_path / "data")
    yield running
    running.kill()


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def left_running(data_dir: Path) -> list[int]:
    return [pid for folder in ("postgres", "valkey") for pid in working_in(data_dir / folder, 0)]


def all_end(data_dir: Path) -> bool:
    """Nothing tells us of the end of a process that is not our child, so we look."""
    deadline = time.monotonic() + 60
    while left_running(data_dir) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not left_running(data_dir)


async def test_servers_start_answer_and_stop(tmp_path: Path) -> None:
    with embedded.start(tmp_path / "data", durable=False) as servers:
        assert await run(servers.database_url, "SHOW server_version_num") >= "180000"  # type: ignore[operator]
        assert await run(servers.database_url, "SHOW server_encoding") == "UTF8"
        assert (
            await run(servers.database_url, "SELECT datcollate FROM pg_database WHERE datname = 'xiaoer'") == "C.UTF-8"
        )
        with Redis.from_url(servers.redis_url) as redis:
            assert redis.ping() is True
        assert not servers.ended()
    assert left_running(tmp_path / "data") == []
    assert embedded.running(tmp_path / "data") is None


async def test_killed_owner_leaves_nothing_running_and_the_next_start_has_the_data(
    tmp_path: Path, owner: Owner
) -> None:
    data_dir = tmp_path / "data"
    await run(owner.database_url, "CREATE TABLE kept AS SELECT 7 AS value")
    assert len(left_running(data_dir)) >= 2

    owner.process.send_signal(signal.SIGKILL)

    assert all_end(data_dir)
    with embedded.start(data_dir, durable=False) as servers:
        assert await run(servers.database_url, "SELECT value FROM kept") == 7


async def test_next_start_waits_for_servers_that_are_still_ending(tmp_path: Path, owner: Owner) -> None:
    owner.kill()
    with embedded.start(tmp_path / "data", durable=False) as servers:
        assert await run(servers.database_url, "SELECT 1") == 1


async def test_stale_pid_file_of_a_number_that_lives_again_is_no_obstacle(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    embedded.start(data_dir, durable=False).stop()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n1\n5432\n\n\n")
    with embedded.start(data_dir, durable=False) as servers:
        assert await run(servers.database_url, "SELECT 1") == 1


def test_second_start_is_refused_and_told_who_owns_the_folder(tmp_path: Path, owner: Owner) -> None:
    with pytest.raises(Refused) as refused:
        embedded.start(tmp_path / "data", durable=False)
    assert refused.value.code == "embedded.locked"
    assert refused.value.facts == {"path": str(tmp_path / "data"), "pid": str(owner.process.pid)}


def test_other_commands_find_the_running_servers(tmp_path: Path, owner: Owner) -> None:
    assert embedded.running(tmp_path / "data") == embedded.Addresses(owner.database_url, owner.redis_url)


def test_data_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Refused) as refused:
        embedded.start(tmp_path / "data")
    assert refused.value.code == "embedded.not_writable"
    assert refused.value.facts["path"] == str(tmp_path / "data")


def test_data_of_another_major_version_is_refused_before_anything_starts(tmp_path: Path) -> None:
    cluster = tmp_path / "data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(Refused) as refused:
        embedded.start(tmp_path / "data")
    assert refused.value.code == "embedded.version"
    assert refused.value.facts == {"path": str(tmp_path / "data"), "found": "17", "wanted": "18"}
    assert left_running(tmp_path / "data") == []


async def test_half_made_cluster_of_an_interrupted_start_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "data" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with embedded.start(tmp_path / "data", durable=False) as servers:
        assert await run(servers.database_url, "SELECT 1") == 1
    assert not half.exists()


async def test_long_data_folder_gets_its_sockets_elsewhere(tmp_path: Path) -> None:
    data_dir = tmp_path / ("d" * 120)
    with embedded.start(data_dir, durable=False) as servers:
        assert await run(servers.database_url, "SELECT 1") == 1
        assert not (data_dir / "sockets").exists()


async def test_variables_of_somebodys_shell_do_not_reach_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = MappingProxyType({"PGPORT": "6000", "PGDATA": "/nowhere", "PGOPTIONS": "--work_mem=nonsense"})
    for name, value in strange.items():
        monkeypatch.setenv(name, value)
    with embedded.start(tmp_path / "data", durable=False) as servers:
        assert embedded.running(tmp_path / "data") is not None
        monkeypatch.delenv("PGOPTIONS")
        assert await run(servers.database_url, "SELECT 1") == 1
