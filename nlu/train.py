"""Training: examples in, an ``IntentModel`` out, in seconds. The only place that imports scikit-learn."""

import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nlu.encode import Encoder, Vectors
from nlu.features import features, tokens
from nlu.intents import Floats, IntentModel, Vocabulary, as_kept, centred, softmax
from nlu.model import OUT_OF_SCOPE
from nlu.phrases import Phrase, Phrases
from nlu.spelling import Speller, common_words
from nlu.text import HAN, bare, fold, readable

Progress = Callable[[str, float], None]  # what is being done, and how much of the whole is done (0 to 1)
Labels = NDArray[np.int64]

WORD_STRENGTH = 40.0  # inverse of the regularisation, as scikit-learn's C
VECTOR_STRENGTH = 400.0
ACCEPTED = 0.98  # share of our own held-out phrases that must not be taken for out of scope
SHARES = tuple(step / 20 for step in range(17))  # of the words in the scores, the rest is the vectors'
TEMPERATURES = tuple(2 ** (step / 4) for step in range(-12, 13))
BOUND = 0.8  # share of a character's examples that hold it in one and the same word
_MANY = 3_000  # examples; above it rare features are left out
_LARGE = 400_000  # examples times intents; above it one fold is held out, not five
_STEPS = 100  # of the solver
_FEW_STEPS = 60  # for the words of large trainings, so that time stays bounded


class CannotTrain(ValueError):
    """The examples do not make a classifier; the message says why."""


@dataclass(frozen=True, slots=True)
class _Examples:
    """Examples as numbers: one row an example."""

    words: csr_matrix
    vectors: Vectors
    labels: Labels
    intents: int

    @property
    def is_large(self) -> bool:
        return len(self.labels) * self.intents > _LARGE


def train(phrases: Phrases, encoder: Encoder, *, progress: Progress = lambda _step, _share: None) -> IntentModel:
    """Train a classifier. The same phrases give the same model (up to the last digits of the arithmetic)."""
    with threadpool_limits(1):  # more threads wait for each other on small machines
        return _train(phrases, encoder, progress)


def _train(phrases: Phrases, encoder: Encoder, progress: Progress) -> IntentModel:
    intents = tuple(sorted({phrase.intent for phrase in phrases.examples}))
    if len(intents) < 2:
        raise CannotTrain(f"training needs examples of at least two intents, found {len(intents)}")
    texts = [readable(phrase.text) for phrase in phrases.examples]
    labels = np.array([intents.index(phrase.intent) for phrase in phrases.examples], dtype=np.int64)
    vectors = encode_all(encoder, texts, lambda share: progress("encode", share * 0.3))
    centre: Floats = vectors.mean(axis=0).astype(np.float32)
    progress("count words", 0.3)
    vocabulary = _vocabulary(texts)
    known = _Examples(_matrix(vocabulary, texts), centred(vectors, centre), labels, len(intents))
    progress("fit", 0.4)
    words, word_bias = _fit_words(known)
    progress("fit", 0.55)
    meaning, meaning_bias = _fit_vectors(known)
    progress("calibrate", 0.65)
    held, word_scores, vector_scores = _held_out(known, lambda share: progress("calibrate", 0.65 + share * 0.35))
    share, temperature = _calibrate(word_scores, vector_scores, labels[held])
    held_out = (word_scores * share + vector_scores * (1 - share)).astype(np.float32)
    model = IntentModel(
        intents=intents,
        vocabulary=vocabulary,
        word_weights=as_kept(words * share),
        vector_weights=as_kept(meaning * (1 - share)),
        centre=centre,
        bias=(word_bias * share + meaning_bias * (1 - share)).astype(np.float32),
        temperature=temperature,
        doubt_limit=1.0,
        exact=_exact(phrases.examples, intents),
        words=_known_words(texts),
        lookups=_lookups(phrases),
        regexes=phrases.regexes,
        encoder=encoder.name,
        digest=phrases.digest,
    )
    progress("done", 1.0)
    return _with_limit(model, held_out, labels[held])


def encode_all(encoder: Encoder, texts: Sequence[str], progress: Callable[[float], None]) -> Vectors:
    """Encode many texts in pieces, so that progress can be shown."""
    pieces = []
    for start in range(0, len(texts), 200):
        pieces.append(encoder.encode(texts[start : start + 200]))
        progress(min(1.0, (start + 200) / len(texts)))
    return np.concatenate(pieces) if pieces else np.zeros((0, encoder.dimensions), dtype=np.float32)


@lru_cache(maxsize=20_000)  # counted, then weighed; and an evaluation trains on the same texts again
def _features(text: str) -> tuple[str, ...]:
    return tuple(features(text))


def _vocabulary(texts: Sequence[str]) -> Vocabulary:
    """Keep features of at least two examples; their weight falls with the number of examples they are in."""
    documents = Counter(feature for text in texts for feature in set(_features(text)))
    least = 2 if len(texts) > 500 else 1
    if len(texts) > _MANY:
        least = 3
    bound = _bound_characters(documents)
    kept = sorted(each for each, count in documents.items() if count >= least and each[1:].strip("^$") not in bound)
    idf = [math.log((1 + len(texts)) / (1 + documents[feature])) + 1 for feature in kept]
    return Vocabulary({feature: row for row, feature in enumerate(kept)}, np.array(idf, dtype=np.float32))


def _bound_characters(documents: Mapping[str, int]) -> set[str]:
    """Chinese characters known from one word only: by themselves they would make other words mean the same.

    With 积 from 积分 (points) alone, 积木 (toy bricks) would ask for points.
    """
    words = [(feature[1:], count) for feature, count in documents.items() if re.fullmatch(f"h[{HAN}]{{2}}", feature)]
    return {letter for word, count in words for letter in word if count >= BOUND * documents[f"h{letter}"]}


def _matrix(vocabulary: Vocabulary, texts: Sequence[str]) -> csr_matrix:
    rows = [vocabulary.vector(_features(text)) for text in texts]
    ends = np.cumsum([0] + [len(columns) for columns, _ in rows])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix((values, columns, ends), shape=(len(texts), len(vocabulary.rows)), dtype=np.float32)


def _regression(
    inputs: csr_matrix | Vectors, known: _Examples, labels: Labels, strength: float, steps: int
) -> tuple[Floats, Floats]:
    """Fit one regression; returns weights (inputs, intents) and bias (intents), also for intents without an example."""
    weights = np.zeros((inputs.shape[1], known.intents), dtype=np.float32)
    bias = np.full(known.intents, -10.0, dtype=np.float32)
    if len(np.unique(labels)) == 1:  # in a fold without the only example of the other intent
        bias[labels[0]] = 0.0
        return weights, bias
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is a choice here
        fitted = LogisticRegression(C=strength, max_iter=steps, tol=1e-6).fit(inputs, labels)
    coefficients, intercept = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two intents: scikit-learn keeps one row, the score of the second
        coefficients, intercept = (
            np.vstack([-coefficients, coefficients]) / 2,
            np.array([-intercept[0], intercept[0]]) / 2,
        )
    weights[:, fitted.classes_] = coefficients.T
    bias[fitted.classes_] = intercept
    return weights, bias


def _fit_words(known: _Examples, rows: Labels | slice = slice(None)) -> tuple[Floats, Floats]:
    steps = _FEW_STEPS if known.is_large else _STEPS
    return _regression(known.words[rows], known, known.labels[rows], WORD_STRENGTH, steps)


def _fit_vectors(known: _Examples, rows: Labels | slice = slice(None)) -> tuple[Floats, Floats]:
    return _regression(known.vectors[rows], known, known.labels[rows], VECTOR_STRENGTH, _STEPS)


def _held_out(known: _Examples, progress: Callable[[float], None]) -> tuple[Labels, Floats, Floats]:
    """Return scores of examples by classifiers that have not seen them: their rows, by words, by vectors."""
    folds = _folds(known.labels)[: 1 if known.is_large else None]
    held, by_words, by_vectors = [], [], []
    for number, (seen, unseen) in enumerate(folds):
        weights, bias = _fit_words(known, seen)
        by_words.append(known.words[unseen] @ weights + bias)
        weights, bias = _fit_vectors(known, seen)
        by_vectors.append(known.vectors[unseen] @ weights + bias)
        held.append(unseen)
        progress((number + 1) / len(folds))
    return np.concatenate(held), np.concatenate(by_words), np.concatenate(by_vectors)


def _folds(labels: Labels) -> list[tuple[Labels, Labels]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an intent may have fewer examples than there are folds
        count = min(5, int(np.bincount(labels).max()))
        if count < 2:  # one example an intent: nothing can be held out
            everything = np.arange(len(labels))
            return [(everything, everything)]
        return list(StratifiedKFold(count, shuffle=True, random_state=0).split(labels, labels))


def _calibrate(by_words: Floats, by_vectors: Floats, labels: Labels) -> tuple[float, float]:
    """Choose the share of the words and the temperature under which the held-out examples are most likely."""
    best = (math.inf, 0.0, 1.0)
    for share in SHARES:
        scores = by_words * share + by_vectors * (1 - share)
        for temperature in TEMPERATURES:
            likely = softmax((scores / temperature).astype(np.float32))[np.arange(len(labels)), labels]
            best = min(best, (float(-np.log(likely + 1e-9).mean()), share, temperature))
    return best[1], best[2]


def _with_limit(model: IntentModel, held_out: Floats, labels: Labels) -> IntentModel:
    """Set the doubt above which a message is out of scope: nearly all of our own phrases stay below it."""
    ours = np.array([model.intents[label] != OUT_OF_SCOPE for label in labels])
    return replace(model, doubt_limit=float(np.quantile(model.doubt(held_out)[ours], ACCEPTED)))


def _exact(examples: Sequence[Phrase], intents: Sequence[str]) -> dict[str, int]:
    """Phrases that belong to one intent only, without their punctuation."""
    found: dict[str, set[int]] = {}
    for phrase in examples:
        found.setdefault(bare(readable(phrase.text)), set()).add(intents.index(phrase.intent))
    return {text: positions.pop() for text, positions in found.items() if len(positions) == 1}


def _known_words(texts: Sequence[str]) -> tuple[str, ...]:
    """English words towards which spelling is repaired: common or frequent ones, and rare ones unlike any of these."""
    counts = Counter(word for text in texts for word in set(tokens(text)) if word[0].isascii() and word[0].isalpha())
    sure = [word for word, count in sorted(counts.items()) if count >= 4 or word in common_words()]
    speller = Speller(sure)
    return tuple(sorted({*sure, *(word for word in counts if speller.repair(word) == word)}))


def _lookups(phrases: Phrases) -> dict[str, dict[str, str]]:
    return {
        kind: {fold(text): phrases.synonyms.get(text, text) for text in texts}
        for kind, texts in phrases.lookups.items()
    }
