"""Processes of a shop in Telegram that are killed and started again often: of a server that has loaded all they need.

Each is a process of its own with its own connections, which does what `xiaoer telegram` or `xiaoer worker` does; only
the imports and the model, some eight seconds, come from the one that makes them (bench/telegram_preload.py).
"""

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

import uvloop

from bot.app import open_shop
from bot.telegram.polling import poll
from bot.worker import work
from cli.logs import set_up_logging
from foundation.processes import die_with_parent
from foundation.settings import Settings
from nlu.understand import Understander

Role = Literal["telegram", "worker"]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["bench.telegram_preload"])


@cache
def model() -> Understander:
    """The model, loaded once."""
    return Understander.load()


@dataclass
class Life:
    """One process of the shop, as often as it is started."""

    role: Role
    settings: Mapping[str, object]
    log: Path
    process: ForkServerProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin; it is at work a moment later."""
        self.process = _CONTEXT.Process(target=_live, args=(self.role, dict(self.settings), self.log), daemon=True)
        self.process.start()

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.is_alive()


def _live(role: Role, settings: dict[str, object], log: Path) -> None:
    die_with_parent(os.getppid(), signal.SIGKILL)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    set_up_logging(as_json=True)
    random.seed()  # all of them have the state of the server they come from
    uvloop.run(_serve(role, Settings.model_validate(settings)))


async def _serve(role: Role, settings: Settings) -> None:
    stop = asyncio.Event()
    async with open_shop(settings, load=model) as shop:
        await (poll(shop, stop=stop) if role == "telegram" else work(shop, stop=stop))
