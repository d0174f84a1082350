"""How well a classifier does: on files of examples, or on our own phrases with some held out."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.encode import Encoder
from nlu.intents import Floats, IntentModel
from nlu.measure import measure
from nlu.model import OUT_OF_SCOPE
from nlu.phrases import OUR_PHRASES, Phrase, Phrases, read_phrases
from nlu.text import readable
from nlu.train import Progress, train
from nlu.understand import Understander

OOS = "oos"  # what files of examples call out of scope
ACCEPTED = 0.95
_BINS = 15


class BadExamples(ValueError):
    """A file of examples cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures, and what is needed to look closer, an entry for each test message.

    ``best`` is the likeliest of our intents and ``chances`` how likely it is; ``said`` is what the shop would make of
    the message, which may be out of scope. ``languages`` are only known of our own phrases.
    """

    figures: dict[str, Any]
    intents: tuple[str, ...]
    true: tuple[str, ...]
    best: tuple[str, ...]
    said: tuple[str, ...]
    chances: tuple[float, ...]
    languages: tuple[str, ...] = ()


def read_examples(path: Path) -> tuple[Phrase, ...]:
    """Read a file with one JSON object ``{"text": ..., "intent": ...}`` a line. ``oos`` means out of scope."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadExamples(f"{path}: cannot be read: {error}") from error
    examples = []
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            examples.append(_example(line, f"{path}, line {number}"))
    if not examples:
        raise BadExamples(f"{path}: no examples in it")
    return tuple(examples)


def _example(line: str, where: str) -> Phrase:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadExamples(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadExamples(f'{where}: expected an object {{"text": ..., "intent": ...}}')
    for key in ("text", "intent"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise BadExamples(f"{where}: {key} is missing, empty or no text")
    return Phrase(row["text"], OUT_OF_SCOPE if row["intent"] == OOS else row["intent"])


def evaluate(
    training: Sequence[Phrase],
    test: Sequence[Phrase],
    encoder: Encoder,
    *,
    progress: Progress = lambda _s, _n: None,
    cost_of: Callable[[Path, Sequence[str]], dict[str, Any]] = measure,
) -> Evaluation:
    """Train on some examples and test on others.

    ``accuracy``, ``macro_f1`` and ``ece`` (15 bins) are over the test messages that are in scope, by the best of our
    intents. ``oos_auroc`` and ``oos_caught_at_95`` say how well doubt tells those out of scope apart, the latter as the
    share of them refused where 95% of the messages in scope are accepted. ``cpu_ms`` is for all of understanding one
    message, ``memory_mb`` the peak of a process that does only that.
    """
    if not any(phrase.intent != OUT_OF_SCOPE for phrase in test):
        raise BadExamples("the test has no message that is in scope")
    model = train(Phrases(tuple(training), {}, {}, {}), encoder, progress=lambda s, n: progress(s, n * 0.6))
    progress("test", 0.6)
    understander = Understander(model, encoder)
    texts = [phrase.text for phrase in test]
    chances, doubt = _verdicts(understander, texts, lambda share: progress("test", 0.6 + share * 0.25))
    progress("measure", 0.85)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.npz")
        cost = cost_of(Path(folder) / "model.npz", texts)
    true = tuple(phrase.intent for phrase in test)
    found = _figures(model, chances, doubt, true)
    progress("done", 1.0)
    figures = {
        **found.figures,
        "train": len(training),
        "test": len(test),
        "intents": sum(intent != OUT_OF_SCOPE for intent in model.intents),
        "cpu_ms": cost["cpu_ms"],
        "memory_mb": cost["memory_mb"],
    }
    return replace(found, figures=figures)


def _verdicts(
    understander: Understander, texts: Sequence[str], progress: Callable[[float], None]
) -> tuple[Floats, Floats]:
    """Return chances (texts, intents) and doubt (texts,) as the shop has them: training phrases are known by heart."""
    model = understander.model
    chances, doubts = [], []
    for start in range(0, len(texts), 200):
        plain = [readable(text) for text in texts[start : start + 200]]
        scores = understander.scores(plain)
        chance, doubt = model.chances(scores), model.doubt(scores)
        for row, text in enumerate(plain):
            if known := understander.known(text):
                chance[row] = [float(intent == known) for intent in model.intents]
                doubt[row] = float(known == OUT_OF_SCOPE)
        chances.append(chance)
        doubts.append(doubt)
        progress(min(1.0, (start + 200) / len(texts)))
    return np.concatenate(chances), np.concatenate(doubts)


def _figures(model: IntentModel, chances: Floats, doubt: Floats, true: Sequence[str]) -> Evaluation:
    intents = model.intents
    inside = np.array([intent != OUT_OF_SCOPE for intent in true])
    ours = [place for place, intent in enumerate(intents) if intent != OUT_OF_SCOPE]
    best = chances[:, ours].argmax(axis=1)
    likeliest = [intents[ours[place]] for place in best]
    odd = (doubt > model.doubt_limit) | np.array([intents[place] == OUT_OF_SCOPE for place in chances.argmax(axis=1)])
    said = [OUT_OF_SCOPE if is_odd else intent for intent, is_odd in zip(likeliest, odd, strict=True)]
    sure = chances[:, ours].max(axis=1)
    right = np.array([guess == intent for guess, intent in zip(likeliest, true, strict=True)])
    rows = [(intent, guess) for intent, guess in zip(true, likeliest, strict=True) if intent != OUT_OF_SCOPE]
    each = per_intent([intent for intent, _ in rows], [guess for _, guess in rows])
    figures: dict[str, Any] = {
        "accuracy": _rounded(right[inside].mean()),
        "macro_f1": _rounded(float(np.mean([scores["f1"] for scores in each.values()]))),
        "ece": _rounded(calibration_error(sure[inside], right[inside])),
    }
    if not inside.all():
        limit = np.quantile(doubt[inside], ACCEPTED)
        figures["oos_auroc"] = _rounded(area_under_curve(doubt[~inside], doubt[inside]))
        figures["oos_caught_at_95"] = _rounded((doubt[~inside] > limit).mean())
    names = tuple(sorted({*true, *likeliest, *said}))
    return Evaluation(figures, names, tuple(true), tuple(likeliest), tuple(said), tuple(map(float, sure)))


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)


def per_intent(true: Sequence[str], predicted: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, f1 and the number of messages of each intent that occurs in the truth."""
    scores = {}
    for intent in sorted(set(true)):
        hits = sum(a == b == intent for a, b in zip(true, predicted, strict=True))
        said = sum(one == intent for one in predicted)
        there = sum(one == intent for one in true)
        precision, recall = hits / said if said else 0.0, hits / there
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        scores[intent] = {"precision": precision, "recall": recall, "f1": f1, "messages": float(there)}
    return scores


def calibration(found: Evaluation) -> list[tuple[float, int, float, float]]:
    """Return for each tenth of confidence: its begin, messages in scope, their mean confidence, their accuracy."""
    rows: dict[int, list[tuple[float, bool]]] = {}
    for true, best, chance in zip(found.true, found.best, found.chances, strict=True):
        if true != OUT_OF_SCOPE:
            rows.setdefault(min(int(chance * 10), 9), []).append((chance, true == best))
    return [
        (tenth / 10, len(row), sum(one for one, _ in row) / len(row), sum(right for _, right in row) / len(row))
        for tenth, row in sorted(rows.items())
    ]


def calibration_error(confidence: NDArray[Any], right: NDArray[Any]) -> float:
    """Return the expected calibration error: the mean gap between confidence and accuracy over 15 equal bins."""
    places = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[places == place].mean() - right[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return float(sum(gaps))


def area_under_curve(higher: NDArray[Any], lower: NDArray[Any]) -> float:
    """Return the chance that one of the first is above one of the second; ties count half (area under the ROC)."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, side="left")
    not_above = np.searchsorted(ordered, higher, side="right")
    return float((below + not_above).mean() / 2 / len(lower))


def evaluate_ours(
    encoder: Encoder,
    *,
    folder: Path = OUR_PHRASES,
    fold: int = 0,
    progress: Progress = lambda _s, _n: None,
    cost_of: Callable[[Path, Sequence[str]], dict[str, Any]] = measure,
) -> Evaluation:
    """Evaluate our own phrases: a fifth of each intent and language is held out, the same one for each `fold` (0 to 4).

    Adds ``accuracy_zh`` and ``accuracy_en``.
    """
    phrases = read_phrases(folder)
    languages = {
        phrase.text: language
        for language in ("zh", "en")
        for phrase in (read_phrases(folder / language).examples if (folder / language).is_dir() else ())
    }
    held = _held_out(phrases.examples, languages, fold)
    training = [phrase for phrase in phrases.examples if phrase not in held]
    test = [phrase for phrase in phrases.examples if phrase in held]
    found = evaluate(training, test, encoder, progress=lambda s, n: progress(s, n * 0.9), cost_of=cost_of)
    said_in = tuple(languages.get(phrase.text, "") for phrase in test)
    accuracies = {f"accuracy_{language}": _share_right(found, said_in, language) for language in ("zh", "en")}
    return replace(found, figures={**found.figures, **accuracies}, languages=said_in)


def _share_right(found: Evaluation, languages: Sequence[str], language: str) -> float:
    rows = zip(found.true, found.best, languages, strict=True)
    right = [true == best for true, best, one in rows if one == language and true != OUT_OF_SCOPE]
    return _rounded(sum(right) / max(1, len(right)))


def _held_out(examples: Sequence[Phrase], languages: dict[str, str], fold: int) -> set[Phrase]:
    """Chosen by the digests of their texts: a phrase that is added changes nothing for those of other groups."""
    groups: dict[tuple[str, str], list[Phrase]] = {}
    for phrase in examples:
        groups.setdefault((phrase.intent, languages.get(phrase.text, "")), []).append(phrase)
    held: set[Phrase] = set()
    for group in groups.values():
        group.sort(key=lambda phrase: sha256(phrase.text.encode()).digest())
        size = len(group) // 5
        held.update(group[fold * size : (fold + 1) * size])
    return held
