"""The one entry to understanding: text in, Meaning out. Pure, thread-safe, no database, never an exception."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.asking import names_terms
from nlu.encode import Encoder, SentenceEncoder, Vectors
from nlu.entities import Gazetteer, entities_of
from nlu.intents import BadModel, Floats, IntentModel
from nlu.language import language_of
from nlu.model import OUT_OF_SCOPE, Context, Meaning
from nlu.spelling import Speller
from nlu.text import bare, fold, readable

OUR_MODEL = Path(__file__).parent / "model.npz"
Verdict = tuple[str, float, tuple[tuple[str, float], ...], dict[str, object]]
LONGEST = 1_000  # characters that are looked at; a longer message is cut, so that time is bounded

_NUMBER = re.compile(r"\d{1,2}")  # a choice among what was shown, or a count: what was asked decides
_WORDLESS = re.compile(r"[\W_]*")


class Understander:
    """Understands messages with a trained model and an encoder."""

    def __init__(self, model: IntentModel, encoder: Encoder) -> None:
        self.model = model
        self.encoder = encoder
        self._speller = Speller(model.words)
        self._gazetteer = Gazetteer(model.lookups, model.regexes)

    @staticmethod
    def load(path: Path | None = None) -> "Understander":
        """Load a model: the one that comes with the shop, or another file. BadModel when it cannot be read."""
        model, encoder = IntentModel.load(path or OUR_MODEL), SentenceEncoder()
        if model.encoder != encoder.name:
            raise BadModel(f"{path} was trained with the encoder {model.encoder}, this is {encoder.name}")
        understander = Understander(model, encoder)
        understander.understand("warm 你好 010-12345678")  # tables load at their first use: before the first shopper
        return understander

    def understand(self, text: str, context: Context = Context()) -> Meaning:
        """Return what a message means. Every text has a meaning: what is none of ours is ``out_of_scope``."""
        seen = text[:LONGEST]
        folded = fold(seen)
        language = language_of(folded, context.language)
        plain = readable(seen)
        intent, confidence, alternatives, trace = self._intent(plain)
        entities = entities_of(seen, folded, intent=intent, language=language, gazetteer=self._gazetteer)
        return Meaning(text, intent, confidence, alternatives, entities, language, trace)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return what texts mean as vectors of length 1, shape (texts, 512): close ones mean the same, in any language.

        Costs .5 ms of CPU a short text in a batch, 2 ms alone, 4 ms for 300 characters. A text is cut at 1,000.
        """
        if not texts:
            return np.zeros((0, self.encoder.dimensions), dtype=np.float32)
        return self.encoder.encode([text[:LONGEST] for text in texts])

    def scores(self, plain: Sequence[str]) -> Floats:
        """Return the raw score of each of the model's intents for readable texts, shape (texts, intents)."""
        repaired = [self._speller.repair(text) for text in plain]
        return self.model.scores(repaired, self.encoder.encode(repaired))

    def known(self, plain: str) -> str | None:
        """Return the intent of a text that is a training phrase, or None."""
        place = self.model.exact.get(bare(plain))
        return None if place is None else self.model.intents[place]

    def _intent(self, plain: str) -> Verdict:
        if _NUMBER.fullmatch(plain) and "show_product" in self.model.intents:
            return "show_product", 0.5, (("add_to_cart", 0.3),), {"how": "a bare number"}
        if known := self.known(plain):
            return known, 1.0, (), {"how": "a training phrase"}
        if _WORDLESS.fullmatch(plain):
            return OUT_OF_SCOPE, 1.0, (), {"how": "no words"}
        scores = self.scores([plain])
        doubt, chances = float(self.model.doubt(scores)[0]), self.model.chances(scores)
        ranked = [(self.model.intents[place], float(chances[0, place])) for place in np.argsort(-chances[0])[:5]]
        ours = [(intent, chance) for intent, chance in ranked if intent != OUT_OF_SCOPE]
        trace = {"how": "classifier", "doubt": round(doubt, 3), "limit": round(self.model.doubt_limit, 3)}
        is_odd = doubt > self.model.doubt_limit or ranked[0][0] == OUT_OF_SCOPE
        if is_odd and not (ours[0][0] == "search_products" and names_terms(plain)):
            return OUT_OF_SCOPE, max(doubt, 1 - ours[0][1]), tuple(ours[:3]), trace
        return ours[0][0], ours[0][1], tuple(ours[1:4]), trace
