"""`xiaoer up`: the whole shop in one process tree, for one machine."""

import http.client
import os
import signal
import time
from types import FrameType

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from cli.children import Child, children_of, tend
from cli.prepare import look, prepare, vault_of
from cli.serve import PARENT, open_port
from cli.servers import own_servers
from foundation.embedded import Servers
from foundation.errors import Refused
from foundation.settings import Settings

READY_SECONDS = 120
PORT_SECONDS = 3
"""After a kill -9 the kernel ends our children a moment later: so long a taken port may still become free."""


def up(settings: Settings, console: Console) -> None:
    """Start everything, tell where it is, keep it running until Ctrl-C or SIGTERM, and stop it all."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell starts background jobs deaf to SIGINT
        signal.signal(number, _interrupt)
    try:
        _ports_are_free(settings)
        console.print("Starting the database ...")
        with own_servers(settings) as (filled, servers):
            first = _prepared(filled, console)
            console.print("Opening the shop ...")
            with children_of(_processes(filled, console)) as children:
                _wait_until_ready(children)
                console.print(_signboard(filled, first))
                _keep_running(children, servers, filled)
    except KeyboardInterrupt:
        console.print("Closed. Everything is kept in", str(settings.data_dir), soft_wrap=True)


def _prepared(settings: Settings, console: Console) -> tuple[str, str] | None:
    found = look(settings)
    if found.whole:
        vault_of(settings)  # missing keys are told here and not by three processes
        return None
    first = prepare(settings, found, console.print)
    if first:  # told at once too: whoever is interrupted before the panel would never learn it
        console.print("The first administrator is", first[0], "with the password", first[1])
    return first


def _processes(settings: Settings, console: Console) -> list[Child]:
    logs = settings.data_dir / "logs"
    logs.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "XIAOER_DATA_DIR": str(settings.data_dir),
        "XIAOER_WEB_HOST": settings.web_host,
        "XIAOER_WEB_PORT": str(settings.web_port),
        "XIAOER_CONSOLE_PORT": str(settings.console_port),
        PARENT: str(os.getpid()),
    }
    # On a terminal the logs go to files, so that the addresses stay in sight; a service manager wants them all.
    ports = {"web": settings.web_port, "worker": None, "console": settings.console_port}
    if settings.telegram_staff_token or (settings.telegram_token and not settings.telegram_webhook):
        ports["telegram"] = None
    return [
        Child(name, environment, port, logs / f"{name}.log" if console.is_terminal else None)
        for name, port in ports.items()
    ]


def _wait_until_ready(children: list[Child]) -> None:
    """Start the web chat, and the others once it shows its first page: what shoppers see comes first."""
    deadline = time.monotonic() + READY_SECONDS
    web = children[0]
    while not _answers(web, "/health"):
        _wait_a_little([web], deadline)
    while waiting := [child for child in children if not child.was_ready]:
        _wait_a_little(children, deadline)
        for child in waiting:
            child.was_ready = _answers(child, "/ready")


def _wait_a_little(children: list[Child], deadline: float) -> None:
    tend(children)
    if time.monotonic() > deadline:
        raise Refused("up.slow", seconds=READY_SECONDS)
    time.sleep(0.05)


def _answers(child: Child, path: str) -> bool:
    if not child.is_running():
        return False
    if child.port is None:  # a worker answers nobody; it is ready once it runs
        return True
    connection = http.client.HTTPConnection("127.0.0.1", child.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _keep_running(children: list[Child], servers: Servers | None, settings: Settings) -> None:
    while True:
        tend(children)
        if servers is not None and servers.ended():
            raise Refused("up.servers_ended", path=str(settings.data_dir))
        time.sleep(0.2)


def _signboard(settings: Settings, first: tuple[str, str] | None) -> Panel:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web_host, settings.web_host)
    rows = {
        "Web chat": settings.base_url if settings.public_url else f"http://{host}:{settings.web_port}/",
        "Console": f"http://{host}:{settings.console_port}/console",
    }
    if first:
        rows["Sign in as"] = f"{first[0]}  password  {first[1]}  (shown this once)"
    rows["Data"] = str(settings.data_dir)
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    return Panel(table, title="店小二 Xiaoer is open", subtitle="Ctrl-C closes it", expand=False)


def _ports_are_free(settings: Settings) -> None:
    deadline = time.monotonic() + PORT_SECONDS
    for port, option in ((settings.web_port, "--port"), (settings.console_port, "--console-port")):
        while True:
            try:
                open_port(settings.web_host, port, option).close()
                break
            except Refused:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
