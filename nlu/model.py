"""The values that understanding hands out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["zh", "en"]
Value = str | int | bool

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Entity:
    """Something a message names. ``text`` stands between ``start`` and ``end`` in the original text."""

    kind: str
    value: Value
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is known before the message: the language of the conversation so far."""

    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a message wants. ``intent`` is ``out_of_scope`` when it is none of ours.

    ``confidence`` and the numbers of ``alternatives`` lie between 0 and 1; alternatives are the next best intents,
    best first (for an unclear message: what it would most likely be). ``trace`` says how it came about, for people.
    """

    text: str
    intent: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    entities: tuple[Entity, ...]
    language: Language
    trace: Mapping[str, object] = field(default_factory=dict)

    def first(self, kind: str) -> Value | None:
        """Return the value of the first entity of this kind."""
        return next((entity.value for entity in self.entities if entity.kind == kind), None)

    def all(self, kind: str) -> tuple[Value, ...]:
        """Return the values of this kind, in the order of the text."""
        return tuple(entity.value for entity in self.entities if entity.kind == kind)
