"""What is remembered of a flow between two turns: its answers and the question that stands."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from bot import buttons
from bot.words import simple
from foundation.encryption import Vault
from foundation.errors import Json

MOST_PHOTOS = 9


@dataclass(slots=True)
class Asking:
    """The question that stands: the keys shown, in order, and a digest of each fact a yes would agree to."""

    slot: str
    shown: list[str]
    facts: dict[str, str] = field(default_factory=dict)
    free_text: bool = False
    takes_photos: bool = False


@dataclass(slots=True)
class Frame:
    """One flow under way, kept as JSON. Ids and plain values only: frames hold no personal data.

    `answers` by slot, in the order given; `done` what `once` did; `said` place -> digest of the line said there;
    `opened` the slots that were asked; `pieces` of answers still incomplete; `missed` how often the question was not
    answered, `left` how often it was left for something else; `photos` that were sent for it (digest, mime, width,
    height); `at` when the shopper last saw it.
    """

    flow: str
    version: int
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    args: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    done: dict[str, Json] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    pieces: dict[str, Json] = field(default_factory=dict)
    asking: Asking | None = None
    missed: int = 0
    left: int = 0
    photos: list[dict[str, Json]] = field(default_factory=list)
    at: str = ""

    def to_json(self) -> dict[str, Json]:
        """For the conversation row."""
        asking = {name: getattr(self.asking, name) for name in _ASKING} if self.asking else None
        return {name: getattr(self, name) for name in _FRAME} | {"asking": asking}

    @classmethod
    def from_json(cls, stored: Mapping[str, Json]) -> "Frame | None":
        """Read what `to_json` wrote; None for what an earlier version of this file wrote differently."""
        try:
            frame = cls(**stored)
            frame.asking = Asking(**stored["asking"]) if stored.get("asking") else None
            datetime.fromisoformat(frame.at)
        except (TypeError, ValueError):
            return None
        return frame

    def keep_photo(self, photo: Mapping[str, Json]) -> None:
        """Put a picture to this flow, once, and no more than nine."""
        kept = {name: photo.get(name) for name in ("digest", "mime", "width", "height")}
        if kept not in self.photos and len(self.photos) < MOST_PHOTOS:
            self.photos.append(kept)

    def reopen(self, path: str) -> None:
        """Have a slot asked again, also where it could be taken without asking."""
        self.answers.pop(path, None)
        self.opened = [*(opened for opened in self.opened if opened != path), path]

    @property
    def mark(self) -> bytes:
        """Which question stands: the buttons of this very question carry it."""
        assert self.asking is not None
        return buttons.fingerprint(self.id, self.asking.slot, *sorted(self.asking.facts.values()))


_ASKING = tuple(field.name for field in fields(Asking))
_FRAME = tuple(field.name for field in fields(Frame))


def typed_press(text: str, offered: Mapping[str, Json] | None, *, top: Frame | None, vault: Vault) -> str | None:
    """The token of the button whose number or label was typed. `offered`: what the last replies had (replies.typed)."""
    said = simple(text)
    if not offered or not said:
        return None
    asking = top.asking if top is not None else None
    numbers = [] if asking is not None and asking.shown else offered["numbers"]
    is_number = said.isdecimal() and len(said) <= 2 and 0 < int(said) <= len(numbers)
    token = numbers[int(said) - 1] if is_number else offered["labels"].get(said)
    return str(token) if token is not None and _still_stands(str(token), top, vault) else None


def _still_stands(token: str, top: Frame | None, vault: Vault) -> bool:
    """Whether a typed label presses this: a wish does at any time, an answer while its question is on top."""
    pressed = buttons.read_token(vault, token)
    if not isinstance(pressed, buttons.Wish):
        return pressed is not None and top is not None and top.asking is not None and top.mark == pressed.mark
    return True
