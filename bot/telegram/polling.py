"""Updates fetched from Telegram, by one process at a time for each bot; more are asked for once these are stored."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text

from bot.delivery import NotSent
from bot.telegram.commands import menus
from bot.telegram.updates import hear_update
from bot.telegram.values import Migrated, Value
from foundation.sole import LOOK_EVERY, run_alone

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from bot.shop import Shop

log = structlog.get_logger(__name__)

WAIT = 30
"""Seconds for which Telegram holds a question without an answer."""
AFTER_FAILURE = 1.0
MOST_TRIES = 5
"""So often an update is tried that alone cannot be stored; then it is left out, for the others wait behind it."""


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
    tries: dict[int, int] = {}
    while True:
        try:
            updates = await telegram.get_updates(offset, WAIT)
        except NotSent as error:
            await asyncio.sleep(error.after.total_seconds())
            continue
        if await take_in(shop, telegram, updates, tries):
            offset = max((int(update["update_id"]) + 1 for update in updates), default=offset)
            tries.clear()
        else:
            await asyncio.sleep(AFTER_FAILURE)


async def _show_menu(telegram: "Telegram") -> None:
    """Say what can be commanded. Telegram takes that seldom only, and everybody is heard without it."""
    try:
        await telegram.set_commands(menus())
    except Exception as error:
        log.warning("the menu of the bot stays as it is", error=type(error).__name__)


async def take_in(
    shop: "Shop", telegram: "Telegram", updates: Sequence[Mapping[str, Any]], tries: dict[int, int]
) -> bool:
    """Store these updates: those of one person in order, those of several beside each other. Whether all are stored.

    `tries`: by number, how often each has failed while the database was well.
    """
    ways: dict[int, list[Value]] = {}
    for update in updates:
        value = telegram.read(update)
        if value is not None and tries.get(value.update_id, 0) < MOST_TRIES:
            person = value.from_chat_id if isinstance(value, Migrated) else value.user.id
            ways.setdefault(person, []).append(value)
    failed = [number for number in await asyncio.gather(*(_store(shop, way) for way in ways.values())) if number]
    if failed:
        await _note_failures(shop, failed, tries)
    return not failed


async def _store(shop: "Shop", way: Sequence[Value]) -> int | None:
    """Store these one after another. The number of the one that failed, at which this stops."""
    for value in way:
        try:
            await hear_update(shop, value)
        except Exception:  # whatever it is, it is fetched again
            log.exception("an update cannot be stored", update=value.update_id)
            return value.update_id
    return None


async def _note_failures(shop: "Shop", failed: Sequence[int], tries: dict[int, int]) -> None:
    try:
        async with shop.database.begin() as session:
            await session.execute(text("SELECT 1"))
    except Exception:
        log.exception("the database is away")
        return
    for number in failed:
        tries[number] = tries.get(number, 0) + 1
        if tries[number] == MOST_TRIES:
            log.error("an update is left out", update=number)
