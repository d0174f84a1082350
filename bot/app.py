"""The shopper's door, put together: everything a turn of the bot needs, made once from the settings."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import structlog

from bot.channels.web import WebChannel
from bot.delivery import Channel, Delivery, StoredChannel
from bot.flow import Flow
from bot.skills.table import SKILLS
from bot.words import Heard
from commerce.inventory.hold import Holds
from commerce.payments.actions import Till
from commerce.payments.simulator import Simulator
from foundation.database import Database
from foundation.encryption import Vault, read_keys
from foundation.errors import Refused
from foundation.redis import Doorbell, Presence, RateBudget, connect
from foundation.settings import Settings

if TYPE_CHECKING:
    from nlu.understand import Understander

log = structlog.get_logger(__name__)

WEB, TERMINAL = "web", "terminal"


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


@dataclass(slots=True)
class Shop:
    """One running shop as the bot sees it. `now` is the clock of this process; tests move it.

    `turning`: conversations in which this process takes turns, with what it has understood of what it heard.
    """

    settings: Settings
    database: Database
    vault: Vault
    holds: Holds
    doorbell: Doorbell
    budget: RateBudget
    presence: Presence
    till: Till
    delivery: Delivery
    mind: Mind
    now: Callable[[], datetime]
    flows: Mapping[str, Flow] = field(default_factory=lambda: SKILLS)
    turning: dict[int, dict[int, Heard]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def simulator_secret(self) -> bytes:
        """What the shop and the payment simulator sign with."""
        given = self.settings.simulator_secret
        return given.get_secret_value().encode() if given else self.vault.sign("simulator", b"secret")

    def soon(self, work: Coroutine[object, object, None]) -> None:
        """Do this in the background; `idle` waits for it. A failure is logged, and the sweeps make good for it."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    async def idle(self) -> None:
        """Wait until nothing is under way in the background."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work failed", exc_info=task.exception())


def utc_now() -> datetime:
    """The clock of a real shop."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_shop(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    load: "Callable[[], Understander] | None" = None,
    bank: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Shop]:
    """Open the shop of these settings; they name the database (Refused("database.none") when they do not).

    `load` gives the model of understanding; `bank` replaces the network to the payment
    simulator.
    """
    if settings.database_url is None:
        raise Refused("database.none")
    vault = read_keys(settings.data_dir, _secret(settings))
    database = Database(settings.database_url, vault)
    redis = connect(settings.redis_url)
    doorbell = Doorbell(redis)
    channels: dict[str, Channel] = {WEB: WebChannel(), TERMINAL: StoredChannel()}
    async with Holds.open(settings.database_url) as holds, httpx.AsyncClient(transport=bank, timeout=10) as client:
        shop = Shop(
            settings=settings,
            database=database,
            vault=vault,
            holds=holds,
            doorbell=doorbell,
            budget=RateBudget(redis),
            presence=Presence(redis),
            till=Till(database=database, providers={}, base_url=settings.base_url, now=clock),
            delivery=Delivery(database, channels, doorbell, clock=clock),
            mind=Mind(load or _load_model),
            now=clock,
        )
        simulator = Simulator(client, base_url=settings.base_url, secret=shop.simulator_secret, now=clock)
        shop.till = Till(
            database=database, providers={simulator.name: simulator}, base_url=settings.base_url, now=clock
        )
        try:
            yield shop
        finally:
            await shop.idle()
            await doorbell.close()
            await database.close()


def _load_model() -> "Understander":
    from nlu.understand import Understander  # a second of imports, in the thread that loads: the first page goes first

    return Understander.load()


def _secret(settings: Settings) -> str | None:
    return settings.encryption_keys.get_secret_value() if settings.encryption_keys else None
