"""How much Telegram takes: sizes, and how often."""

from collections import defaultdict, deque

from tests.telegram_server.clock import Clock
from tests.telegram_server.entities import units
from tests.telegram_server.errors import Obj, bad, flooded

TEXT = 4096
CAPTION = 1024
CALLBACK_DATA = 64
CALLBACK_ANSWER = 200
BUTTONS = 100
BUTTONS_IN_ROW = 8
INLINE_RESULTS = 50
INLINE_QUERY = 256
TOPIC_NAME = 128
DOWNLOAD = 20 << 20
PHOTO = 10 << 20
QUERY_LIFE = 150.0
"""Seconds a callback, shipping or pre-checkout query waits for the bot to fetch it."""
ANSWER_IN = {"callback": 15.0, "inline": 10.0, "payment": 10.0}
"""Seconds within which a query that was heard must be answered."""
MESSAGE_LIFE = 86_400.0


def fits(text: str, limit: int, what: str) -> str:
    if units(text) > limit:
        raise bad(what)
    return text


def check_inline_keyboard(rows: object) -> None:
    """Refuse a keyboard that Telegram would."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array')
    buttons: list[Obj] = [button for row in rows for button in row]
    if len(buttons) > BUTTONS or any(len(row) > BUTTONS_IN_ROW for row in rows):
        raise bad("reply markup is too long")
    for button in buttons:
        if not str(button.get("text") or "").strip():
            raise bad('can\'t parse inline keyboard button: field "text" must be non-empty')
        if not button.keys() - {"text", "style", "icon_custom_emoji_id"}:
            raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= CALLBACK_DATA:
            raise bad("BUTTON_DATA_INVALID")
        url = button.get("url")
        if url is not None and not url.startswith(("http://", "https://", "tg://", "ton://", "t.me/")):
            raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


class Window:
    """At most `limit` within `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._taken: deque[float] = deque()

    def wait(self, now: float, count: int) -> float:
        """Seconds until so many more may come; 0 when they may now."""
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        over = len(self._taken) + count - self.limit
        return self._taken[min(over, len(self._taken)) - 1] + self.seconds - now if over > 0 and self._taken else 0.0

    def take(self, now: float, count: int) -> None:
        self._taken.extend([now] * count)


class Bursts:
    """One a second on average, with a few at once; what comes as one, an album, leaves room for its words."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self._left, self._at = float(burst), 0.0

    def wait(self, now: float, count: int) -> float:
        self._left = min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        needed = min(count, self.burst - 1)
        return 0.0 if self._left >= needed else (needed - self._left) / self.rate

    def take(self, now: float, count: int) -> None:
        self._left -= min(count, self.burst - 1)


class Flood:
    """Flood control of one bot: 30 a second in all, 1 a second a private chat with bursts, 20 a minute a group.

    A window is a twentieth shorter than its name says: what was sent evenly does not arrive evenly.
    Edits count for the bot and in groups; in a private chat they are free, as they are in practice.
    """

    def __init__(self, clock: Clock) -> None:
        self.on = False
        self._clock = clock
        self._all = Window(30, 0.95)
        self._chats: dict[int, Window | Bursts] = {}
        self._closed: dict[int | None, float] = defaultdict(float)

    def close(self, retry_after: int, chat_id: int | None = None) -> None:
        """Refuse everything (or all to one chat) for this many seconds, whether flood control is on or not."""
        self._closed[chat_id] = self._clock.now() + retry_after

    def take(self, chat_id: int, count: int = 1, *, edit: bool = False) -> None:
        """Count so many messages to this chat (an album is as many as it has photos), or refuse them all with 429."""
        now = self._clock.now()
        wait = max(self._closed[None], self._closed[chat_id]) - now
        counted: list[Window | Bursts] = []
        if self.on:
            fresh = Window(20, 57.0) if chat_id < 0 else Bursts(1.0, 5)
            chat = self._chats.setdefault(chat_id, fresh)
            counted = [self._all] if edit and chat_id > 0 else [self._all, chat]
            wait = max(wait, *(limit.wait(now, count) for limit in counted))
        if wait > 0:
            raise flooded(max(1, int(wait + 0.999)))
        for limit in counted:
            limit.take(now, count)
