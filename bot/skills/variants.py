"""Which variant of a product a message means: "red", "the large one", "16GB"."""

import re
from collections.abc import Sequence

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
    text = simple(words.heard.text)
    colours = {entity.value for entity in words.heard.entities if entity.kind == "colour"}
    scores = [_likeness(variant, text, colours) for variant in variants]
    best = max(scores, default=0)
    return [variant for variant, score in zip(variants, scores, strict=True) if score == best > 0]


def _likeness(variant: VariantView, text: str, colours: set[Json]) -> int:
    values = [value for value in variant.label.split(" / ") if value]
    return sum(_is_said(simple(value), text) or bool(colours & colours_in(value)) for value in values)


def _is_said(value: str, text: str) -> bool:
    """Whether a value stands in a text; one in Latin letters as whole words, so that "S" is not in "yes"."""
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(value)}(?![a-z0-9])", text)) if value.isascii() else value in text
