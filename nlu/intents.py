"""Which intent a message has: logistic regression over word features and the encoder's vector, in numpy alone.

Two regressions are trained, one on the words and one on the vectors (``nlu/train.py``). Their scores are added with
weights found on held-out phrases; divided by a temperature, their softmax says how often it is right.
Adding keeps it linear: one matrix for the words, one for the vectors.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.encode import Vectors
from nlu.features import features
from nlu.model import OUT_OF_SCOPE

Floats = NDArray[np.float32]
FORMAT = 3
_KEPT = np.float16
"""Of a weight the file keeps three digits: half the size, and no score differs by a hundredth."""


class BadModel(ValueError):
    """The file is not a model that this version can read."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The word features known from training: their row in the weights, and their inverse document frequency."""

    rows: Mapping[str, int]
    idf: Floats

    def vector(self, found: Iterable[str]) -> tuple[NDArray[np.int64], Floats]:
        """Return rows and weights (length 1 together) of those features of a text that are known."""
        counts = Counter(row for feature in found if (row := self.rows.get(feature)) is not None)
        rows = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[rows]
        length = math.sqrt(float(values @ values)) or 1.0
        return rows, (values / length).astype(np.float32)


@dataclass(frozen=True, slots=True)
class IntentModel:
    """A trained classifier.

    Shapes: ``word_weights`` (features, intents), ``vector_weights`` (dimensions, intents), ``bias`` (intents).
    ``centre`` is the mean of the training vectors. A message whose doubt is above ``doubt_limit`` is out of scope.
    ``exact`` maps folded training phrases to the position of their intent, ``words`` are the English words seen.
    """

    intents: tuple[str, ...]
    vocabulary: Vocabulary
    word_weights: Floats
    vector_weights: Floats
    centre: Floats
    bias: Floats
    temperature: float
    doubt_limit: float
    exact: Mapping[str, int]
    words: tuple[str, ...]
    lookups: Mapping[str, Mapping[str, str]]
    regexes: Mapping[str, tuple[str, ...]]
    encoder: str
    digest: str

    def scores(self, folded: Sequence[str], vectors: Vectors) -> Floats:
        """Return the raw score of each intent, shape (texts, intents), for folded texts and their vectors."""
        scores = centred(vectors, self.centre) @ self.vector_weights + self.bias
        for number, text in enumerate(folded):
            rows, values = self.vocabulary.vector(features(text))
            scores[number] += values @ self.word_weights[rows]
        return scores

    def chances(self, scores: Floats) -> Floats:
        """Return calibrated probabilities of the intents, shape (texts, intents)."""
        return softmax(scores / np.float32(self.temperature))

    def doubt(self, scores: Floats) -> Floats:
        """Return how little each row looks like one of our intents, from 0 to 1, shape (texts,).

        It is the entropy of the intents (1 when all are equally likely), and what is taught to be out of scope
        counts as full doubt. It looks at the scores without the temperature: calibrated chances are so sharp that they
        tell strange messages apart less well (CLINC150: 84% of them refused instead of 93%).
        """
        probabilities = softmax(scores)
        ours = np.array([intent != OUT_OF_SCOPE for intent in self.intents])
        inside = probabilities[:, ours] + 1e-12
        mass = inside.sum(axis=1)
        share = inside / mass[:, None]
        entropy = -(share * np.log(share)).sum(axis=1) / math.log(max(2, int(ours.sum())))
        doubt: Floats = (1 - mass * (1 - entropy)).clip(0, 1).astype(np.float32)
        return doubt

    def save(self, path: Path) -> None:
        """Write the model as one compressed .npz file."""
        facts = {
            "format": FORMAT,
            "intents": self.intents,
            "temperature": self.temperature,
            "doubt_limit": self.doubt_limit,
            "exact": dict(self.exact),
            "words": self.words,
            "lookups": {kind: dict(values) for kind, values in self.lookups.items()},
            "regexes": dict(self.regexes),
            "encoder": self.encoder,
            "digest": self.digest,
            "features": list(self.vocabulary.rows),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                facts=np.frombuffer(json.dumps(facts, ensure_ascii=False).encode(), dtype=np.uint8),
                idf=self.vocabulary.idf,
                word_weights=self.word_weights.astype(_KEPT),
                vector_weights=self.vector_weights.astype(_KEPT),
                centre=self.centre,
                bias=self.bias,
            )

    @staticmethod
    def load(path: Path) -> "IntentModel":
        """Read a model written by ``save``; BadModel when it is none or of another format."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                content = {name: arrays[name] for name in arrays.files}
            facts = json.loads(content["facts"].tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise BadModel(f"{path} is not a language model of this shop: {error}") from error
        if facts.get("format") != FORMAT:
            raise BadModel(f"{path} has format {facts.get('format')}, this version reads {FORMAT}: train it again")
        return IntentModel(
            intents=tuple(facts["intents"]),
            vocabulary=Vocabulary({feature: row for row, feature in enumerate(facts["features"])}, content["idf"]),
            word_weights=content["word_weights"].astype(np.float32),
            vector_weights=content["vector_weights"].astype(np.float32),
            centre=content["centre"],
            bias=content["bias"],
            temperature=float(facts["temperature"]),
            doubt_limit=float(facts["doubt_limit"]),
            exact=facts["exact"],
            words=tuple(facts["words"]),
            lookups=facts["lookups"],
            regexes={kind: tuple(patterns) for kind, patterns in facts["regexes"].items()},
            encoder=facts["encoder"],
            digest=facts["digest"],
        )


def as_kept(weights: Floats) -> Floats:
    """Round weights as the model's file keeps them, so that a model is the same before and after."""
    rounded: Floats = weights.astype(_KEPT).astype(np.float32)
    return rounded


def centred(vectors: Vectors, centre: Floats) -> Vectors:
    """Move vectors to the centre of the training phrases and give them length 1 again."""
    moved = vectors - centre
    length = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-6)
    unit: Vectors = (moved / length).astype(np.float32)
    return unit


def softmax(scores: Floats) -> Floats:
    """Turn each row of scores into probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares
