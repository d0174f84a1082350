"""How much Telegram takes: sizes, and how often."""

from collections import defaultdict, deque
from urllib.parse import urlsplit

from tests.telegram_server.clock import Clock
from tests.telegram_server.entities import cleaned, is_blank, units
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
ANSWER_IN = {"callback": 15.0, "inline": 10.0, "payment": 10.0}
"""Seconds within which a query that was heard must be answered."""
MESSAGE_LIFE = 86_400.0
LIVES = dict.fromkeys(("callback_query", "shipping_query", "pre_checkout_query"), 150.0)
LIVES |= {"inline_query": 30.0, "chosen_inline_result": 600.0}
"""Seconds an update waits for the bot to take it, where that is not as long as for a message."""
DELETABLE_FOR = 48 * 3600.0
"""Seconds for which a bot may take back a message."""


def fits(text: str, limit: int, what: str) -> str:
    if units(text) > limit:
        raise bad(what)
    return text


KINDS_OF_BUTTONS = (
    *("url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat"),
    *("switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay"),
)


def check_inline_keyboard(rows: object) -> None:
    """Refuse a keyboard that Telegram would."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array')
    buttons: list[Obj] = [button for row in rows for button in row]
    if len(buttons) > BUTTONS or any(len(row) > BUTTONS_IN_ROW for row in rows):
        raise bad("reply markup is too long")
    for button in buttons:
        if is_blank(cleaned(str(button.get("text") or ""))):
            raise bad('can\'t parse inline keyboard button: field "text" must be non-empty')
        _check_kind(button)


def _check_kind(button: Obj) -> None:
    """Refuse a button that asks for nothing, for two things at once, or for what there is not."""
    kinds = [kind for kind in KINDS_OF_BUTTONS if kind in button]
    if not kinds:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise bad("BUTTON_TYPE_INVALID")
    asked = button[kinds[0]]
    if kinds == ["callback_data"] and not 1 <= len(asked.encode()) <= CALLBACK_DATA:
        raise bad("BUTTON_DATA_INVALID")
    if kinds == ["url"] and not is_address(asked):
        raise bad(f"inline keyboard button URL '{asked}' is invalid: Wrong HTTP URL")
    if kinds == ["switch_inline_query_chosen_chat"] and not any(
        asked.get(f"allow_{who}_chats") for who in ("user", "bot", "group", "channel")
    ):
        raise bad("at least one chat type must be allowed")


def check_keys(rows: object, *, is_private: bool) -> None:
    """Refuse keys in place of the phone's own that Telegram would."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "keyboard" must be of type Array')
    for key in (key for row in rows for key in row):
        told = key if isinstance(key, dict) else {"text": key}
        if not str(told.get("text") or ""):
            raise bad("keyboard button text must be non-empty")
        for kind, name in (("request_contact", "phone number"), ("request_location", "location")):
            if told.get(kind) and not is_private:
                raise bad(f"{name} can be requested in private chats only")


def is_address(url: str) -> bool:
    """Whether a button or a preview may lead there: not to what only one machine calls by this name."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return False
    return parts.scheme in ("tg", "ton", "tonsite") or (
        parts.scheme in ("http", "https") and "." in (parts.hostname or "").strip(".") and " " not in url
    )


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
