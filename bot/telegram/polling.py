"""Updates fetched from Telegram, by one process at a time for each bot; more are asked for once these are stored."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from bot.delivery import NotSent
from bot.telegram.commands import menus
from bot.telegram.updates import hear_update, is_hopeless
from bot.telegram.values import Migrated, Value
from foundation.sole import LOOK_EVERY, run_alone

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from bot.shop import Shop

log = structlog.get_logger(__name__)

WAIT = 30
"""Seconds for which Telegram holds a question without an answer."""
AFTER_FAILURE = 1.0


async def poll(shop: "Shop", *, stop: asyncio.Event, every: float = LOOK_EVERY) -> None:
    """Fetch updates until `stop` is set, whenever no other process does. Raises Refused("telegram.bad_token")."""
    assert shop.joining is not None
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({shop.joining, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        return
    telegram = await shop.joining
    work = partial(_fetch, shop, telegram)
    await run_alone(shop.database.url, f"xiaoer.telegram.{telegram.id}", work, stop=stop, every=every)


async def _fetch(shop: "Shop", telegram: "Telegram") -> None:
    await telegram.delete_webhook()
    await _show_menu(telegram)
    offset: int | None = None
    while True:
        try:
            updates = await telegram.get_updates(offset, WAIT)
        except NotSent as error:
            await asyncio.sleep(error.after.total_seconds())
            continue
        if await take_in(shop, telegram, updates):
            offset = max((int(update["update_id"]) + 1 for update in updates), default=offset)
        else:
            await asyncio.sleep(AFTER_FAILURE)


async def _show_menu(telegram: "Telegram") -> None:
    """Say what can be commanded. Telegram takes that seldom only, and everybody is heard without it."""
    try:
        await telegram.set_commands(menus())
    except Exception as error:
        log.warning("the menu of the bot stays as it is", error=type(error).__name__)


async def take_in(shop: "Shop", telegram: "Telegram", updates: Sequence[Mapping[str, Any]]) -> bool:
    """Store these updates: those of one person in order, those of several beside each other. Whether all of them are
    stored that can be."""
    ways: dict[int, list[Value]] = {}
    for update in updates:
        value = telegram.read(update)
        if value is not None:
            person = value.from_chat_id if isinstance(value, Migrated) else value.user.id
            ways.setdefault(person, []).append(value)
    return all(await asyncio.gather(*(_store(shop, way) for way in ways.values())))


async def _store(shop: "Shop", way: Sequence[Value]) -> bool:
    """Store these one after another, up to one that is to be fetched again."""
    for value in way:
        try:
            await hear_update(shop, value)
        except Exception:
            log.exception("an update cannot be stored", update=value.update_id)
            if not await is_hopeless(shop, value):
                return False
    return True
