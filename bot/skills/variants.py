"""Which variant of a product a message means: "red", "the large one", "16GB"."""

import re
from collections.abc import Mapping, Sequence

from bot.questions import Pick
from bot.words import Words, simple
from commerce.catalog.queries import VariantView
from commerce.search.terms import colours_in
from foundation.errors import Json


class PickVariant(Pick[VariantView]):
    """Which variant; part of its label chooses it, and so does its colour in another language."""

    def spot(self, words: Words) -> Json | None:
        variants = {option.value.variant_id: key for key, option in self.options.items()}
        meant = meant_variants([option.value for option in self.options.values()], words)
        return variants[meant[0].variant_id] if len(meant) == 1 else None


def meant_variants(variants: Sequence[VariantView], words: Words) -> list[VariantView]:
    """The variants that fit best what was said, none when nothing was said of any."""
    colours = {entity.value for entity in words.heard.entities if entity.kind == "colour"}
    return _fitting(variants, words.heard.text, colours)


def searched_variant(variants: Sequence[VariantView], search: Mapping[str, Json]) -> VariantView | None:
    """The one variant that fits what was searched last ("a black kettle"), if there is just one."""
    fitting = _fitting(variants, str(search.get("text", "")), set(search.get("colours", ())))
    return fitting[0] if len(fitting) == 1 else None


def _fitting(variants: Sequence[VariantView], text: str, colours: set[Json]) -> list[VariantView]:
    scores = [_likeness(variant, simple(text), colours) for variant in variants]
    best = max(scores, default=0)
    return [variant for variant, score in zip(variants, scores, strict=True) if score == best > 0]


def numbers_of_variants(variants: Sequence[VariantView], words: Words) -> set[int]:
    """Numbers in a message that name a variant ("size 42") and so do not say how many."""
    text = simple(words.heard.text)
    values = {value for variant in variants for value in _values(variant) if _is_said(simple(value), text)}
    return {int(number) for value in values for number in re.findall(r"\d+", value)}


def _values(variant: VariantView) -> list[str]:
    return [value for value in variant.label.split(" / ") if value]


def _likeness(variant: VariantView, text: str, colours: set[Json]) -> float:
    return sum(
        1 if _is_said(simple(value), text) or colours & colours_in(value) else _part_said(simple(value), text)
        for value in _values(variant)
    )


def _is_said(value: str, text: str) -> bool:
    """Whether a value stands in a text: in Latin letters as whole words ("S" is not in "yes"), "220ml" as "220 ml"."""
    if any(character.isdigit() for character in value):
        value, text = value.replace(" ", ""), text.replace(" ", "")
        return re.search(rf"(?<!\d){re.escape(value)}(?!\d)", text) is not None
    if value.isascii():
        return re.search(rf"(?<![a-z]){re.escape(value)}(?![a-z])", text) is not None
    return value in text


def _part_said(value: str, text: str) -> float:
    """How much of a value is said, less than half of a whole one: "cinnabar" for "cinnabar clay", 紫泥 for 紫泥壶."""
    pairs = [value[place : place + 2] for place in range(len(value) - 1)]
    parts = [word for word in value.split() if len(word) > 2 and word.isalpha()] if value.isascii() else pairs
    return sum(_is_said(part, text) for part in parts) / len(parts) / 2.1 if parts else 0
