"""The shopper's door, put together: everything a turn of the bot needs, made once from the settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import structlog
from redis.asyncio import Redis

from bot.delivery import Channel, Delivery, StoredChannel
from bot.shop import Mind, Shop
from bot.telegram.invoices import TelegramInvoices, TelegramStars
from commerce.catalog.media import MediaFolder
from commerce.flash_sales.queue import Line
from commerce.inventory.hold import Holds
from commerce.payments.actions import Till
from commerce.payments.port import Provider
from commerce.payments.setup import providers_of
from commerce.shipping.mailroom import Mailroom
from commerce.shipping.setup import carriers_of
from foundation.database import Database
from foundation.encryption import Vault, read_keys
from foundation.errors import Refused
from foundation.redis import Doorbell, Presence, RateBudget, connect
from foundation.settings import Settings

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from nlu.understand import Understander

log = structlog.get_logger(__name__)

WEB, TERMINAL, TELEGRAM = "web", "terminal", "telegram"
KNOCK_AGAIN = 5.0
"""Seconds before Telegram is asked again when it does not answer at the start."""


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
    database: Database | None = None,
) -> AsyncIterator[Shop]:
    """Open the shop of these settings; they name the database (Refused("database.none") when they do not).

    `load` gives the model of understanding; `bank` replaces the network to the payment simulator;
    `database` is one that is open already and stays open.
    """
    if settings.database_url is None:
        raise Refused("database.none")
    vault = read_keys(settings.data_dir, _secret(settings))
    keeps_open, database = database is not None, database or Database(settings.database_url, vault)
    redis = connect(settings.redis_url)
    doorbell = Doorbell(redis)
    channels: dict[str, Channel] = {WEB: StoredChannel(), TERMINAL: StoredChannel()}
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
        if settings.telegram_token is not None:
            shop.joining = asyncio.create_task(_join_telegram(shop, channels, providers, redis))
        try:
            yield shop
        finally:
            await _leave_telegram(shop)
            await doorbell.close()
            if not keeps_open:
                await database.close()


async def _join_telegram(
    shop: Shop, channels: dict[str, Channel], providers: dict[str, Provider], redis: Redis | None
) -> "Telegram":
    """Load the library and learn the bot's name, beside the start of the process: the first page does not wait.

    Until then nothing leaves for Telegram and nothing is taken in from there. Raises Refused("telegram.bad_token").
    """
    telegram, channel = await asyncio.to_thread(_telegram_of, shop, redis)
    try:
        while not telegram.username:
            await _knock(telegram)
    except BaseException:
        await telegram.close()
        raise
    channels[TELEGRAM], shop.telegram = channel, telegram
    providers.update(_invoices_of(shop, telegram))
    return telegram


def _invoices_of(shop: Shop, telegram: "Telegram") -> dict[str, Provider]:
    """How the shop is paid in Telegram."""
    settings = shop.settings
    known = {"shop_name": settings.shop_name(settings.default_language), "currency": settings.currency}
    made: dict[str, Provider] = {}
    if settings.telegram_payment_token is not None:
        made[TelegramInvoices.name] = TelegramInvoices(telegram, **known)
    if stars := settings.telegram_stars_of_unit:
        made[TelegramStars.name] = TelegramStars(telegram, shop.database, of_unit=stars, **known)
    return made


async def _knock(telegram: "Telegram") -> None:
    try:
        await telegram.open()
    except Refused as refused:
        log.error("Telegram does not know the bot", code=refused.code)
        raise
    except Exception as error:  # a network that is down, whatever it raises, is tried again
        log.warning("Telegram does not answer", error=type(error).__name__)
        await asyncio.sleep(KNOCK_AGAIN)


def _telegram_of(shop: Shop, redis: Redis | None) -> "tuple[Telegram, Channel]":
    from bot.channels.telegram import Telegram  # seconds of imports, in a thread
    from bot.telegram.budget import Budget
    from bot.telegram.channel import TelegramChannel
    from bot.telegram.pictures import Pictures

    settings, token = shop.settings, shop.settings.telegram_token
    assert token is not None
    secret = token.get_secret_value()
    payment = settings.telegram_payment_token
    telegram = Telegram(
        secret,
        url=settings.telegram_url,
        budget=Budget(redis, secret.partition(":")[0]),
        payment_token=payment.get_secret_value() if payment else "",
    )
    pictures = Pictures(shop.database, MediaFolder.of(settings.data_dir), telegram.id)
    return telegram, TelegramChannel(telegram, shop.till, pictures)


async def _leave_telegram(shop: Shop) -> None:
    """Finish what is under way, then hang up."""
    if shop.joining is not None and not shop.joining.done():
        shop.joining.cancel()
    await shop.idle()
    if shop.joining is not None:
        with contextlib.suppress(asyncio.CancelledError, Refused):
            await (await shop.joining).close()


def _load_model() -> "Understander":
    from nlu.understand import Understander  # a second of imports, in the thread that loads: the first page goes first

    return Understander.load()


def _simulator_secret(settings: Settings, vault: Vault) -> bytes:
    """What the shop and the payment simulator sign with."""
    given = settings.simulator_secret
    return given.get_secret_value().encode() if given else vault.sign("simulator", b"secret")


def _secret(settings: Settings) -> str | None:
    return settings.encryption_keys.get_secret_value() if settings.encryption_keys else None
