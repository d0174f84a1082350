"""The words of one message while questions read them: each word is used once."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from foundation.errors import Json
from nlu.text import fold

SURE = 0.6
"""From here on a wish is certain enough to act on, and a message clearly means it."""
_EDGES = " \t\r\n.,!?;:~、。，！？；：…～\"'“”‘’"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BEFORE_UNIT = re.compile(
    r"(?<=\d)\s+(?=[\u4e00-\u9fff]|(?:m?g|kg|oz|m?l|litres?|mah|wh?|v|[mgt]b|[cm]?m|inch|in)(?![a-z0-9]))"
)
_DENIES = re.compile(r"不要|不是|别(?!的)|\b(not|no|don'?t|without)\b", re.IGNORECASE)
_ASKS = re.compile(r"[?？吗]|多少|怎么|什么|哪|how|what|which|when|where", re.IGNORECASE)


class Entity(Protocol):
    """Something spotted in a text, as nlu gives it; `start` and `end` are places in that text."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> Json: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the shopper and what it was understood to mean.

    `kind` is that of the body ("text", "press", "photo", ...); `token` is that of the pressed button; `photo` is the
    body of a photo, whose caption is the text. `parts` are the wishes of a message that has several ("add the second
    one and check out"), in order. `starts` is a skill, with its arguments, that begins at once, whatever is under way.
    `is_shared`: the button stood where others could press it too.
    """

    text: str = ""
    intent: str = "out_of_scope"
    confidence: float = 0.0
    entities: Sequence[Entity] = field(default=())
    language: str = ""
    kind: str = "text"
    token: str = ""
    parts: "Sequence[Heard]" = ()
    photo: Mapping[str, Json] | None = None
    starts: tuple[str, dict[str, str]] | None = None
    is_shared: bool = False

    @property
    def is_correction(self) -> bool:
        """Whether it takes something back: "no, make it three"."""
        return any(entity.kind == "correction" for entity in self.entities)

    @property
    def as_code(self) -> "Heard":
        """Where a coupon may be given: a wish for the coupon if this is nothing but what looks like its code, in
        capitals with a dash, and no clear wish of its own. As it is if not."""
        is_clear = self.confidence >= SURE and self.intent not in ("greet", "out_of_scope")
        is_code = any(one.kind == "coupon_code" and one.value == self.text.strip() for one in self.entities)
        return self if is_clear or not is_code else replace(self, intent="claim_coupon", confidence=1.0)


def simple(text: str) -> str:
    """A text as it is compared: one width, lower case, simplified characters, no punctuation around it, no space
    between a number and its unit ("125 克", "10,000 mAh").
    """
    plain = fold(unicodedata.normalize("NFKC", text).casefold())
    return _BEFORE_UNIT.sub("", _THOUSANDS.sub("", plain)).strip(_EDGES)


def _spaced(name: str) -> re.Pattern[str]:
    """A simple name as it may stand in a text, with a space between a number and its unit or without."""
    return re.compile(r"(?<=\d)\s*(?=[^\d\s])".join(map(re.escape, re.split(r"(?<=\d)(?=[^\d\s])", name))))


class Words:
    """What nobody has read yet of one message. `pressed` is the key of the option whose button was pressed."""

    def __init__(self, heard: Heard, *, pressed: str | None = None, correction: bool = False) -> None:
        self.heard = heard
        self.correction = correction or heard.is_correction
        self._pressed = pressed
        self._text = heard.text
        self._entities = list(heard.entities)

    @property
    def pressed(self) -> str | None:
        """The key of the option pressed, if it was a press."""
        return self._pressed

    @property
    def whole(self) -> str:
        """The whole message in its simple form; empty as soon as something of it has been read."""
        return simple(self._text) if self._text == self.heard.text else ""

    @property
    def rest(self) -> str:
        """What is left of the text."""
        return self._text.strip()

    def take(self, kind: str, *, among: Collection[Json] | None = None) -> Json | None:
        """The first unread entity of a kind (and of these values), which then is read; None when there is none."""
        for entity in self._entities:
            if entity.kind == kind and (among is None or entity.value in among):
                self._blank(entity.start, entity.end)
                return entity.value
        return None

    def take_all(self, kind: str) -> list[Json]:
        """Every unread entity of a kind."""
        found = []
        while (value := self.take(kind)) is not None:
            found.append(value)
        return found

    def take_named(self, names: Mapping[str, Sequence[str]]) -> str | None:
        """The key of the one thing named in the text (key -> its names); None when there is none, or more than one."""
        text = fold(unicodedata.normalize("NFKC", self._text).casefold())
        if len(text) != len(self._text):
            return None
        found = [(name, key) for key, its in names.items() for name in map(simple, its) if _spaced(name).search(text)]
        longest = max((name for name, _ in found if name), key=len, default="")
        keys = {key for name, key in found if name == longest}
        if not longest or len(keys) != 1 or not all(name in longest for name, key in found if key not in keys):
            return None
        place = _spaced(longest).search(text)
        assert place is not None
        self._blank(*place.span())
        return keys.pop()

    def take_everything(self, *, but: str = "") -> str:
        """All that is left of the text; the words `but` are left for another question."""
        rest = self.rest
        self._text, self._entities, self._pressed = but, [], None
        return rest

    @property
    def is_statement(self) -> bool:
        """Whether it is short, asks nothing and denies nothing: then naming an option chooses it."""
        text = self.heard.text
        return len(text) <= 40 and not _ASKS.search(text) and not _DENIES.search(text)

    def ordinal(self) -> int | None:
        """The place meant by a bare "2" or by "the second one" (-1 is the last), if that is all that was said."""
        if self.whole.isdecimal() and len(self.whole) <= 3:
            return int(self.whole)
        entity = next((entity for entity in self._entities if entity.kind == "ordinal"), None)
        if entity is None or _ASKS.search(self._text):
            return None
        around = (self._text[: entity.start] + " " + self._text[entity.end :]).strip(_EDGES)
        is_all = len(around.split()) <= 3 if around.isascii() else len(around) <= 4
        return int(entity.value) if is_all else None

    def _blank(self, start: int, end: int) -> None:
        self._text = self._text[:start] + " " * (end - start) + self._text[end:]
        self._entities = [e for e in self._entities if e.end <= start or e.start >= end]
