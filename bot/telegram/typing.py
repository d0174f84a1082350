"""The sign that somebody writes, for a shopper whose answer takes longer than a moment."""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from bot.shop import Shop

SOON = 1.5
"""Seconds without an answer before the sign is shown."""
AGAIN = 4.0
"""Telegram takes it away after five."""


@contextmanager
def typing(shop: Shop, chat: int, *, thread: int | None = None) -> Iterator[None]:
    """As long as what is done within takes, the sign is shown in this chat."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def show() -> None:
        nonlocal timer
        shop.soon(_show(shop, chat, thread))
        timer = loop.call_later(AGAIN, show)

    timer = loop.call_later(SOON, show)
    try:
        yield
    finally:
        timer.cancel()


async def _show(shop: Shop, chat: int, thread: int | None) -> None:
    """One that cannot be shown is no loss: the answer comes all the same."""
    if shop.telegram is not None:
        with contextlib.suppress(Exception):
            await shop.telegram.show_typing(chat, thread=thread)
