"""One process of the shop each: the web chat, the worker, the console."""

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog

from cli.logs import set_up_logging
from cli.prepare import require_current, vault_of
from cli.servers import running_servers
from foundation.errors import Refused
from foundation.processes import die_with_parent
from foundation.settings import Settings

PARENT = "XIAOER_PARENT_PID"
"""Set by `xiaoer up`: the process with which this one lives and dies."""
ACCEPTED_AT_ONCE = 32
"""New connections between two looks at everything else. The event loop takes one for each listening socket, so there
are as many of the same: with one, a crowd that comes in a second waits for as many rounds of all the other work."""


def start_serving(settings: Settings) -> Settings:
    """What every serving process does first. Returns the settings with the servers filled in."""
    set_up_logging(settings.log_json)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # while loading, and when uvicorn hands its signal on after its own end
    if parent := os.environ.get(PARENT):
        follow(int(parent))
        return settings  # `up` has reached the servers and checked the tables a moment ago
    settings = running_servers(settings)
    require_current(settings)
    return settings


def follow(parent: int) -> None:
    """End with `parent`, however it ends: nothing is lost by it, and half a shop is worse than none."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if sys.platform == "linux":
        die_with_parent(parent, signal.SIGKILL)
    else:
        threading.Thread(target=watch, name="follow-parent", daemon=True).start()


def open_port(host: str, port: int, option: str) -> socket.socket:
    """Listen on this port. Raises Refused port.taken or port.forbidden; `option` names what chooses another port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        code = "port.taken" if error.errno == errno.EADDRINUSE else "port.forbidden"
        raise Refused(code, host=host, port=port, option=option, reason=error.strerror or str(error)) from error
    return listening


@contextmanager
def importing() -> Iterator[None]:
    """Of what is imported nothing is ever garbage: looking for it would delay the start, and all the rest by half a
    second now and then."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def web(settings: Settings) -> None:
    """Serve the web chat until told to stop."""
    listening = open_port(settings.web_host, settings.web_port, "--port")
    settings = start_serving(settings)
    with importing():
        import uvloop

        from bot.app import open_shop
        from bot.web.app import create_app

    async def run() -> None:
        async with open_shop(settings) as shop:
            await serve(create_app(shop), listening, settings)

    uvloop.run(run())


def console(settings: Settings) -> None:
    """Serve the staff's API and console until told to stop."""
    listening = open_port(settings.web_host, settings.console_port, "--console-port")
    settings = start_serving(settings)
    with importing():
        import uvloop

        from admin_api.app import create_app
        from foundation.database import Database
        from foundation.redis import Doorbell, connect

    async def run() -> None:
        vault = vault_of(settings)
        database, doorbell = Database(settings.database_url or "", vault), Doorbell(connect(settings.redis_url))
        try:
            app = create_app(settings, database=database, vault=vault, doorbell=doorbell)
            await serve(app, listening, settings)
        finally:
            await doorbell.close()
            await database.close()

    uvloop.run(run())


def worker(settings: Settings) -> None:
    """Work on jobs, sweeps and deliveries until told to stop."""
    settings = start_serving(settings)
    with importing():
        import uvloop

        from bot.app import open_shop
        from bot.worker import work

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with open_shop(settings) as shop:
            await work(shop, stop=stop)

    uvloop.run(run())


def telegram(settings: Settings) -> None:
    """Fetch what is written in Telegram, to the shop and in the staff's groups, until told to stop."""
    if settings.telegram_token is None and settings.telegram_staff_token is None:
        raise Refused("telegram.no_token")
    settings = start_serving(settings)
    with importing():
        import uvloop

        from admin_api.telegram_desk import telegram_desk
        from bot.app import open_shop
        from bot.channels.staff_telegram import run_staff_telegram
        from bot.telegram.polling import poll

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with open_shop(settings) as shop:
            desk = telegram_desk(
                settings,
                database=shop.database,
                vault=shop.vault,
                doorbell=shop.doorbell,
                presence=shop.presence,
                line=shop.line,
                now=shop.now,
            )
            hearing = [run_staff_telegram(shop, desk, stop)]
            if settings.telegram_token is not None and not settings.telegram_webhook:
                hearing.append(poll(shop, stop=stop))
            await side_by_side(hearing)

    uvloop.run(run())


async def side_by_side(bots: Iterable[Awaitable[None]]) -> None:
    """Let each work to its end: a wrong token of one does not silence the other, and is raised when all have ended."""
    for error in await asyncio.gather(*map(_logged, bots), return_exceptions=True):
        if error is not None:
            raise error


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except Refused as refused:
        structlog.get_logger(__name__).error("a bot cannot work", code=refused.code)
        raise


async def serve(app: Callable[..., Any], listening: socket.socket, settings: Settings) -> None:
    """Run an application on an open port; SIGTERM and Ctrl-C end it, and whoever still reads a stream is cut off."""
    import uvicorn

    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )
    await uvicorn.Server(config).serve(sockets=[listening, *(listening.dup() for _ in range(ACCEPTED_AT_ONCE - 1))])


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
