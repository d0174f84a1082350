"""Which variant of a product a message means: "red", "the large one", "16GB"."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from bot import replies
from bot.questions import MakeButton, Option, Pick
from bot.replies import Reply
from bot.voice import Voice
from bot.words import Words, simple
from commerce.catalog.queries import VariantView
from commerce.search.terms import colours_in
from foundation.errors import Json, Refused

T = TypeVar("T")

_UNITS = {
    "毫升": "ml",
    "升": "l",
    "公斤": "kg",
    "千克": "kg",
    "克": "g",
    "毫安时": "mah",
    "毫安": "mah",
    "厘米": "cm",
    "公分": "cm",
    "毫米": "mm",
    "英寸": "inch",
    "寸": "inch",
    "瓦": "w",
    "grams": "g",
    "millilitres": "ml",
}
_BETWEEN_MEASURES = re.compile(r"(?<=[a-z\u4e00-\u9fff]) +(?=\d)")
_SIZE = re.compile(r"^size (?=\d)")
_UNIT = re.compile(r"(?<=\d)(?:" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")")


class Narrowing(Pick[T]):
    """A choice that may be made in steps: what fits several of the options leaves only these to choose from.

    `among` are keys that were meant when it was first asked; the others are not shown.
    """

    among: Sequence[str] = ()

    def fitting(self, words: Words) -> Sequence[str]:
        """The keys of the options that a message describes."""
        raise NotImplementedError

    def keys(self) -> list[str]:
        left: Sequence[str] = self.pieces or self.among
        return [key for key in self.options if key in left] or list(self.options)

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        if (read := super().exact(words, shown)) is not None or not words.is_statement or words.heard.is_correction:
            return read
        keys = self.keys()
        fit = [key for key in self.fitting(words) if key in keys]
        if len(fit) == 1:
            words.take_everything()
            return fit[0]
        if 1 < len(fit) < len(keys):
            words.take_everything()
            self.pieces = fit
            raise Refused("flow.narrower", count=len(fit))
        return None

    def reply(self, button: MakeButton) -> Reply:
        return replies.Choice(self.prompt, tuple(button(self.options[key].label, key) for key in self.keys()))


class PickVariant(Narrowing[VariantView]):
    """Which variant; part of its label chooses it, and so does its colour in another language.

    For one of those that are `sold_out` it says so and asks again.
    """

    sold_out: Sequence[VariantView] = ()

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        everything = [*(option.value for option in self.options.values()), *self.sold_out]
        meant = meant_variants(everything, words) if self.sold_out and words.is_statement else []
        if len(meant) == 1 and meant[0] in self.sold_out:
            words.take_everything()
            raise Refused("stock.none_of_this", title=meant[0].label)
        return super().exact(words, shown)

    def fitting(self, words: Words) -> Sequence[str]:
        keys = {option.value.variant_id: key for key, option in self.options.items()}
        return [keys[v.variant_id] for v in meant_variants([o.value for o in self.options.values()], words)]

    def spot(self, words: Words) -> Json | None:
        meant = self.fitting(words)
        return meant[0] if len(meant) == 1 else None


def variant_options(voice: Voice, variants: Sequence[VariantView]) -> list[Option[VariantView]]:
    """Variants to choose from, with their prices where they differ."""
    is_one_price = len({variant.price for variant in variants}) == 1
    labels = (v.label or v.title if is_one_price else f"{v.label or v.title}  {voice.money(v.price)}" for v in variants)
    return [Option(str(v.variant_id), label, v) for v, label in zip(variants, labels, strict=True)]


def meant_variants(variants: Sequence[VariantView], words: Words) -> list[VariantView]:
    """The variants that fit best what was said, none when nothing was said of any."""
    colours = {entity.value for entity in words.heard.entities if entity.kind == "colour"}
    return _fitting(variants, words.heard.text, colours)


def is_said(value: str, words: Words) -> bool:
    """Whether this value of an option was said, as a word or as a colour in another language."""
    colours = {entity.value for entity in words.heard.entities if entity.kind == "colour"}
    return _likeness(value, simple(words.heard.text), colours) == 1


def searched_variant(variants: Sequence[VariantView], search: Mapping[str, Json]) -> VariantView | None:
    """The one variant that fits what was searched last ("a black kettle"), if there is just one."""
    fitting = _fitting(variants, str(search.get("text", "")), set(search.get("colours", ())))
    return fitting[0] if len(fitting) == 1 else None


def _fitting(variants: Sequence[VariantView], text: str, colours: set[Json]) -> list[VariantView]:
    said = simple(text)
    values = {value for variant in variants for value in _values(variant)}
    likeness = {value: _likeness(value, said, colours) for value in values}
    scores = [sum(likeness[value] for value in _values(variant)) for variant in variants]
    best = max(scores, default=0)
    return [variant for variant, score in zip(variants, scores, strict=True) if score == best > 0]


def numbers_of_variants(variants: Sequence[VariantView], words: Words) -> set[int]:
    """Numbers in a message that name a variant ("size 42") and so do not say how many ("42 pairs" does)."""
    text = simple(words.heard.text)
    values = {value for variant in variants for value in _values(variant) if _is_said(simple(value), text)}
    return {int(number) for value in values for number in re.findall(r"\d+", value)} - set(
        map(int, _COUNTED.findall(text))
    )


_COUNTED = re.compile(
    r"(?<![\d.])(\d{1,6})\s?(?:pairs?|pieces?|pcs|of (?:it|them|these|those)|[双件个只条份套盒对](?!码))"
)


def _values(variant: VariantView) -> list[str]:
    return [value for value in variant.label.split(" / ") if value]


def _likeness(value: str, text: str, colours: set[Json]) -> float:
    name = simple(value)
    is_meant = _is_said(name, text) or (colours and colours & colours_in(value))
    return 1 if is_meant else _part_said(name, text)


def _is_said(value: str, text: str) -> bool:
    """Whether a value stands in a text: in Latin letters as whole words ("S" is not in "yes"), "220ml" as "220 ml",
    and "size 42" as "42".
    """
    if any(character.isdigit() for character in value):
        value, text = _in_units(_SIZE.sub("", value)), _in_units(text)
        return re.search(rf"(?<!\d){re.escape(value)}(?!\d)", text) is not None
    if value.isascii():
        return re.search(rf"(?<![a-z]){re.escape(value)}(?![a-z])", text) is not None
    return value in text


def _in_units(text: str) -> str:
    """Without spaces, measures by their signs: "350 毫升" is "350ml"; two measures stay apart ("13 寸 16GB")."""
    return _UNIT.sub(lambda found: _UNITS[found[0]], _BETWEEN_MEASURES.sub("|", text).replace(" ", ""))


def _part_said(value: str, text: str) -> float:
    """How much of a value is said, less than half of a whole one: "cinnabar" for "cinnabar clay", 紫泥 for 紫泥壶."""
    pairs = [value[place : place + 2] for place in range(len(value) - 1)]
    parts = [word for word in value.split() if len(word) > 2 and word.isalpha()] if value.isascii() else pairs
    return sum(_is_said(part, text) for part in parts) / len(parts) / 2.1 if parts else 0
