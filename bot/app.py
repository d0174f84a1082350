"""The shopper's door, put together: everything a turn of the bot needs, made once from the settings."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from bot.channels.web import WebChannel
from bot.delivery import Channel, Delivery, StoredChannel
from bot.shop import Mind, Shop
from commerce.flash_sales.queue import Line
from commerce.inventory.hold import Holds
from commerce.payments.actions import Till
from commerce.payments.setup import providers_of
from commerce.shipping.mailroom import Mailroom
from commerce.shipping.setup import carriers_of
from foundation.database import Database
from foundation.encryption import Vault, read_keys
from foundation.errors import Refused
from foundation.redis import Doorbell, Presence, RateBudget, connect
from foundation.settings import Settings

if TYPE_CHECKING:
    from nlu.understand import Understander

WEB, TERMINAL = "web", "terminal"


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

    `load` gives the model of understanding; `bank` replaces the network to the payment simulator.
    """
    if settings.database_url is None:
        raise Refused("database.none")
    vault = read_keys(settings.data_dir, _secret(settings))
    database = Database(settings.database_url, vault)
    redis = connect(settings.redis_url)
    doorbell = Doorbell(redis)
    channels: dict[str, Channel] = {WEB: WebChannel(), TERMINAL: StoredChannel()}
    async with Holds.open(settings.database_url) as holds, httpx.AsyncClient(transport=bank, timeout=10) as client:
        secret = _simulator_secret(settings, vault)
        providers = providers_of(settings, client, simulator_secret=secret, now=clock)
        shop = Shop(
            settings=settings,
            database=database,
            vault=vault,
            holds=holds,
            doorbell=doorbell,
            budget=RateBudget(redis),
            presence=Presence(redis),
            line=Line(redis),
            till=Till(database=database, providers=providers, base_url=settings.base_url, now=clock),
            mailroom=Mailroom(database=database, carriers=carriers_of(settings, client, vault), now=clock),
            delivery=Delivery(database, channels, doorbell, clock=clock),
            mind=Mind(load or _load_model),
            simulator_secret=secret,
            now=clock,
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


def _simulator_secret(settings: Settings, vault: Vault) -> bytes:
    """What the shop and the payment simulator sign with."""
    given = settings.simulator_secret
    return given.get_secret_value().encode() if given else vault.sign("simulator", b"secret")


def _secret(settings: Settings) -> str | None:
    return settings.encryption_keys.get_secret_value() if settings.encryption_keys else None
