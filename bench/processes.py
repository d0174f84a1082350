"""Real processes of the shop, `xiaoer web` and `xiaoer worker`, for benches: started, killed, measured."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import select

from cli.scratch import DEMO, Place, scratch_database, scratch_place, stock_shelves
from cli.serve import PARENT
from commerce.inventory.actions import receive_stock
from commerce.inventory.model import StockLevel
from foundation.database import Database
from foundation.errors import Json

HOST = "127.0.0.1"
START_SECONDS = 180
"""A start takes some six seconds of CPU time, on a machine that may have much else to do."""
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_IS_LISTENING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_start >= $1
                  AND query = 'LISTEN "ch_pgqueuer"')
"""


@dataclass
class Process:
    """One process of the shop. It dies with this one, and writes what it has to say into `log`."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    database: Database
    client: httpx.AsyncClient
    port: int | None = None
    started_at: datetime = datetime.min
    running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process as the system knows it."""
        assert self.running is not None
        return self.running.pid

    def start(self) -> None:
        """Start it; it is ready a few seconds later."""
        self.started_at = datetime.now(UTC)
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """kill -9: it can do nothing about it, and nothing after it."""
        if self.running is not None:
            self.running.send_signal(signal.SIGKILL)
            self.running.wait()

    @property
    def has_ended(self) -> bool:
        """Whether it was started and runs no more."""
        return self.running is not None and self.running.poll() is not None

    async def is_ready(self) -> bool:
        """Whether it answers (a web process), or has begun to work (a worker)."""
        if self.running is None or self.has_ended:
            return False
        if self.port is None:
            async with self.database.raw() as driver:
                return await driver.fetchval(_IS_LISTENING, self.started_at)
        try:
            return (await self.client.get(f"{self.address}/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def until_ready(self) -> None:
        """Wait for it. Raises TimeoutError, and RuntimeError with its last words when it ended instead."""
        async with asyncio.timeout(START_SECONDS):
            while not await self.is_ready():
                if self.running is None or self.has_ended:
                    raise RuntimeError(f"{self.command} ended: {self.log.read_text(errors='replace')[-2000:]}")
                await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Scene:
    """A demo shop with much in stock, in a database of its own, and what a process needs to serve it."""

    place: Place
    database: Database
    client: httpx.AsyncClient
    logs: Path

    def process(self, *command: str, port: int | None = None, public_port: int | None = None) -> Process:
        """A process of this shop, not yet started."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.place.servers.redis_url,
            "XIAOER_DATA_DIR": str(self.place.data_dir),
            "XIAOER_MESSAGES_A_MINUTE": "1000000",
            "XIAOER_PUBLIC_URL": f"http://{HOST}:{public_port or port}",
            "XIAOER_WEB_PORT": str(port or public_port),
            "XIAOER_LOG_JSON": "true",
            PARENT: str(os.getpid()),
        }
        log = self.logs / f"{command[-1]}-{port or 0}.log"
        return Process(command, environment, log, self.database, self.client, port)


@contextmanager
def scratch_servers_with_goods() -> Iterator[Place]:
    """PostgreSQL and Valkey in a temporary folder, with the demo shop as a template."""
    with scratch_place() as place:
        asyncio.run(stock_shelves(place))
        yield place


@asynccontextmanager
async def scene(place: Place, *, template: str = DEMO, pieces: int = 10_000) -> AsyncIterator[Scene]:
    """A fresh demo shop, or another one, with `pieces` more of everything, so that nothing runs short."""
    async with scratch_database(place, template=template) as database, httpx.AsyncClient(timeout=10) as client:
        await _fill_up(database, pieces)
        logs = place.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        yield Scene(place, database, client, logs)


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time these processes have used so far, children that have ended included; 0 for those that are gone."""
    used = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += sum(int(fields[place]) for place in range(11, 15)) / _TICK
    return used


def postgres_pids(data_dir: Path) -> list[int]:
    """The server of this data folder and all its present backends."""
    server = int((data_dir / "postgres/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [server, *map(int, children)]


def log_lines(logs: Path, *, level: str) -> list[dict[str, Json]]:
    """What the processes logged at this level."""
    found = []
    for path in sorted(logs.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("level") == level:
                found.append({"process": path.stem, **entry})
    return found


async def _fill_up(database: Database, pieces: int) -> None:
    now = datetime.now(UTC)
    async with database.begin() as session:
        for variant_id in (await session.scalars(select(StockLevel.variant_id).distinct())).all():
            await receive_stock(session, variant_id=variant_id, quantity=pieces, reference="bench", now=now)
