"""The one entry to understanding: text in, Meaning out. Pure, thread-safe, no database, never an exception."""

import re
from pathlib import Path

import numpy as np

from nlu.encode import Encoder, SentenceEncoder
from nlu.entities import Gazetteer, entities_of
from nlu.intents import Floats, IntentModel
from nlu.language import language_of
from nlu.model import OUT_OF_SCOPE, Context, Meaning
from nlu.spelling import Speller
from nlu.text import fold, readable

OUR_MODEL = Path(__file__).parent / "model.npz"
LONGEST = 2_000  # characters that are looked at; a longer message is cut, so that time is bounded

_EDGES = re.compile(r"^[\s.,!?;:~、。，！？；：～…]+|[\s.,!?;:~、。，！？；：～…]+$")
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
        return Understander(IntentModel.load(path or OUR_MODEL), SentenceEncoder())

    def understand(self, text: str, context: Context = Context()) -> Meaning:
        """Return what a message means. Every text has a meaning: what is none of ours is ``out_of_scope``."""
        seen = text[:LONGEST]
        folded = fold(seen)
        language = language_of(folded, context.language)
        plain = readable(seen)
        intent, confidence, alternatives, trace = self._intent(plain)
        entities = entities_of(seen, folded, intent=intent, language=language, gazetteer=self._gazetteer)
        return Meaning(text, intent, confidence, alternatives, entities, language, trace)

    def _intent(self, plain: str) -> tuple[str, float, tuple[tuple[str, float], ...], dict[str, object]]:
        known = self.model.exact.get(plain)
        if known is None:
            known = self.model.exact.get(_EDGES.sub("", plain))
        if known is not None:
            return self.model.intents[known], 1.0, (), {"how": "a training phrase"}
        if _WORDLESS.fullmatch(plain):
            return OUT_OF_SCOPE, 1.0, (), {"how": "no words"}
        repaired = self._speller.repair(plain)
        chances = self.model.probabilities([repaired], self.encoder.encode([repaired]))
        return self._decide(chances, {"how": "classifier", **({"read as": repaired} if repaired != plain else {})})

    def _decide(
        self, chances: Floats, trace: dict[str, object]
    ) -> tuple[str, float, tuple[tuple[str, float], ...], dict[str, object]]:
        doubt = float(self.model.doubt(chances)[0])
        ranked = [(self.model.intents[place], float(chances[0, place])) for place in np.argsort(-chances[0])[:5]]
        ours = [(intent, chance) for intent, chance in ranked if intent != OUT_OF_SCOPE]
        trace = {**trace, "doubt": round(doubt, 3), "limit": round(self.model.doubt_limit, 3)}
        if doubt > self.model.doubt_limit or ranked[0][0] == OUT_OF_SCOPE:
            return OUT_OF_SCOPE, max(doubt, 1 - ours[0][1]), tuple(ours[:3]), trace
        return ours[0][0], ours[0][1], tuple(ours[1:4]), trace
