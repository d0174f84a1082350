"""The sign that somebody writes, for a shopper whose turn takes longer than a moment."""

import asyncio
import contextlib

from bot.shop import Shop

SOON = 1.5
"""Seconds without an answer before the sign is shown."""
AGAIN = 4.0
"""Telegram takes it away after five."""
_LONGEST = 60.0


def expect_answer(shop: Shop, conversation_id: int, chat: int, *, thread: int | None = None) -> None:
    """From now on an answer is due here: while this process is still at the turn in a moment, the sign is shown."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _LONGEST

    def look() -> None:
        if conversation_id in shop.turning and loop.time() < end:
            shop.soon(_show(shop, chat, thread))
            loop.call_later(AGAIN, look)

    loop.call_later(SOON, look)


async def _show(shop: Shop, chat: int, thread: int | None) -> None:
    """One that cannot be shown is no loss: the answer comes all the same."""
    if shop.telegram is not None:
        with contextlib.suppress(Exception):
            await shop.telegram.chat_action(chat, thread=thread)
