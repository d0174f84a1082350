"""One running shop as the bot sees it: everything a turn needs, and the work under way in the background."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import structlog

from bot.delivery import Delivery
from bot.places import Places
from bot.words import Heard
from commerce.flash_sales.queue import Line
from commerce.inventory.hold import Holds
from commerce.payments.actions import Till
from commerce.shipping.mailroom import Mailroom
from foundation.database import Database
from foundation.encryption import Vault
from foundation.mail import DemoMailbox, Post
from foundation.redis import Doorbell, Presence, RateBudget
from foundation.settings import Settings

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from nlu.understand import Understander

log = structlog.get_logger(__name__)


class Mind:
    """The understanding of messages, loaded beside the start of the process: the first page does not wait for it."""

    def __init__(self, load: "Callable[[], Understander]") -> None:
        self._loading = asyncio.create_task(asyncio.to_thread(load))

    @property
    def is_ready(self) -> bool:
        """Whether the model is there."""
        return self._loading.done() and not self._loading.cancelled() and self._loading.exception() is None

    async def understander(self) -> "Understander":
        """The model; waits while it is still being loaded."""
        return await asyncio.shield(self._loading)


Press: TypeAlias = tuple[int, int | None, str]
"""Who pressed, the message, and what its button brings back."""


@dataclass(slots=True)
class Shop:
    """One running shop as the bot sees it. `now` is the clock of this process; tests move it.

    `turning`: conversations in which this process takes turns, with what it has understood of what it heard.
    `pressing`: presses in Telegram that it is answering: a second tap meanwhile was meant for the first.
    `telegram`: the bot of the shoppers, once it has answered; `joining` is done by then, None for a shop without it.
    """

    settings: Settings
    database: Database
    vault: Vault
    holds: Holds
    doorbell: Doorbell
    budget: RateBudget
    presence: Presence
    line: Line
    till: Till
    mailroom: Mailroom
    delivery: Delivery
    mind: Mind
    simulator_secret: bytes = field(repr=False)
    now: Callable[[], datetime]
    post: Post = field(default_factory=DemoMailbox)
    places: Places = field(default_factory=Places)
    telegram: "Telegram | None" = None
    joining: "asyncio.Task[Telegram] | None" = None
    turning: dict[int, dict[int, Heard]] = field(default_factory=dict)
    pressing: set[Press] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def soon(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do this in the background; `idle` waits for it. A failure is logged, and the sweeps make good for it."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def idle(self) -> None:
        """Wait until nothing is under way in the background."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work failed", exc_info=task.exception())
