"""A fake Telegram at the wire: see `server`."""

from tests.telegram_server.people import Chat, InlineAnswer, Person, Press, a_picture
from tests.telegram_server.seen import Seen
from tests.telegram_server.server import FakeTelegram, telegram_server
from tests.telegram_server.world import Bot, Call

__all__ = [
    "Bot",
    "Call",
    "Chat",
    "FakeTelegram",
    "InlineAnswer",
    "Person",
    "Press",
    "Seen",
    "a_picture",
    "telegram_server",
]
