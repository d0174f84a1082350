"""Training, the model that comes with the shop, and the evaluation of files of examples."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner
from wordfreq import get_frequency_dict

from cli.nlu import app
from nlu import evaluate
from nlu.encode import Encoder, Vectors
from nlu.evaluate import (
    BadExamples,
    Evaluation,
    area_under_curve,
    calibration,
    calibration_error,
    evaluate_ours,
    per_intent,
    read_examples,
)
from nlu.intents import BadModel, IntentModel
from nlu.model import OUT_OF_SCOPE
from nlu.phrases import OUR_PHRASES, Phrase, Phrases, read_phrases
from nlu.spelling import common_words
from nlu.text import readable
from nlu.train import CannotTrain, train
from nlu.understand import OUR_MODEL, Understander

ROOT = Path(__file__).parent.parent
FROZEN = (ROOT / "tests" / "nlu_frozen.jsonl").read_text(encoding="utf-8").splitlines()
TEA = [
    Phrase(f"{verb} some {tea} tea", "buy") for verb in ("buy", "order", "get") for tea in ("green", "black", "white")
]
TALK = [Phrase(f"{word} {who}", "greet") for word in ("hello", "hi", "hey") for who in ("there", "shop", "friend")]
ODD = [Phrase(f"weather in {city}", OUT_OF_SCOPE) for city in ("rome", "oslo", "lima", "cairo")]


class Letters:
    """A stand-in for the encoder: how often each letter occurs. Fast, and the same everywhere."""

    name = "letters"
    dimensions = 26

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[text.count(chr(97 + place)) for place in range(26)] for text in texts], dtype=np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


class Remembering:
    """The real encoder, asked once for each text: the folds of our phrases are made of the same ones."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._encoder.encode(new), strict=True) if new else ())
        return np.array([self._known[text] for text in texts], dtype=np.float32)


@pytest.fixture(scope="module")
def encoder(understander: Understander) -> Encoder:
    return Remembering(understander.encoder)


def phrases(*examples: Phrase) -> Phrases:
    return Phrases(examples, {}, {}, {})


def no_cost(model: Path, texts: Sequence[str]) -> dict[str, Any]:
    return {"cpu_ms": 1.0, "memory_mb": 1.0}


def lines(path: Path, rows: Sequence[Phrase]) -> Path:
    named = [{"text": row.text, "intent": "oos" if row.intent == OUT_OF_SCOPE else row.intent} for row in rows]
    path.write_text("\n".join(json.dumps(row) for row in named) + "\n\n", encoding="utf-8")
    return path


def test_the_model_of_the_shop_is_trained_on_the_phrases_in_the_repository() -> None:
    model = IntentModel.load(OUR_MODEL)
    assert model.digest == read_phrases(OUR_PHRASES).digest, "the phrases changed: run `xiaoer nlu train`"
    assert OUR_MODEL.stat().st_size < 3_000_000


@pytest.mark.slow
def test_training_again_gives_the_model_of_the_shop(understander: Understander) -> None:
    # By the encoder itself, in the pieces that `xiaoer nlu train` gives it: others differ in the last digits.
    again = Understander(train(read_phrases(OUR_PHRASES), understander.encoder), understander.encoder)
    texts = [readable(json.loads(line)["text"]) for line in FROZEN]
    now, before = (one.model.chances(one.scores(texts)) for one in (again, understander))
    np.testing.assert_allclose(now, before, atol=0.05)
    np.testing.assert_array_equal(now.argmax(axis=1), before.argmax(axis=1))
    assert again.model.doubt_limit == pytest.approx(understander.model.doubt_limit, abs=0.02)


@pytest.mark.slow
def test_our_phrases_hold_the_floors(encoder: Encoder) -> None:
    floors = tomllib.loads((ROOT / "nlu" / "evaluation.toml").read_text(encoding="utf-8"))
    most = floors.pop("most")
    folds = [evaluate_ours(encoder, fold=fold, cost_of=no_cost).figures for fold in range(3)]
    figures = {name: sum(figures[name] for figures in folds) / len(folds) for name in (*floors, *most)}
    assert {name: figures[name] for name, least in floors.items() if figures[name] < least} == {}
    assert {name: figures[name] for name, highest in most.items() if figures[name] > highest} == {}


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    model = train(phrases(*TEA, *TALK, *ODD), Letters())
    model.save(tmp_path / "m.npz")
    loaded = IntentModel.load(tmp_path / "m.npz")
    texts = ["buy tea", "hello", "weather in paris"]
    vectors = Letters().encode(texts)
    np.testing.assert_array_equal(loaded.scores(texts, vectors), model.scores(texts, vectors))
    assert replace(loaded, vocabulary=model.vocabulary).digest == model.digest
    assert (loaded.intents, loaded.exact, loaded.words) == (model.intents, model.exact, model.words)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"hello")
    for path in (tmp_path / "m.npz", tmp_path / "none.npz"):
        with pytest.raises(BadModel, match="is not a language model"):
            IntentModel.load(path)


def test_a_model_of_another_encoder_is_refused(tmp_path: Path) -> None:
    train(phrases(*TEA, *TALK), Letters()).save(tmp_path / "m.npz")
    with pytest.raises(BadModel, match="trained with the encoder letters"):
        Understander.load(tmp_path / "m.npz")


def test_training_is_deterministic() -> None:
    one, two = (train(phrases(*TEA, *TALK, *ODD), Letters()) for _ in range(2))
    np.testing.assert_array_equal(one.word_weights, two.word_weights)
    assert (one.temperature, one.doubt_limit) == (two.temperature, two.doubt_limit)


def test_a_character_known_from_one_word_says_nothing_by_itself() -> None:
    points = [Phrase(text, "show_points") for text in ("积分", "我的积分", "查积分", "积分还有吗")]
    toys = [Phrase(text, "search_products") for text in ("我的木马", "查木偶", "有木琴吗")]
    known = train(phrases(*points, *toys), Letters()).vocabulary.rows
    assert {"h积分", "h^积分", "h木", "h^木"} & known.keys() == {"h积分", "h^积分", "h木"}
    assert {"h积", "h^积", "h分", "h分$"} & known.keys() == set()


@pytest.mark.parametrize("examples", [(), TEA])
def test_one_intent_is_not_enough(examples: Sequence[Phrase]) -> None:
    with pytest.raises(CannotTrain, match="at least two intents"):
        train(phrases(*examples), Letters())


def test_an_intent_with_one_example_can_be_trained() -> None:
    model = train(phrases(*TEA, Phrase("goodbye", "bye")), Letters())
    assert model.intents == ("buy", "bye")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no examples"),
        ('{"text": "a", "intent": "b"}\nhello', "line 2: not JSON"),
        ('{"text": "a", "intent": "b"}\n\n{"text": "a"}', "line 3: intent is missing"),
        ('{"text": "", "intent": "b"}', "line 1: text is missing"),
        ('{"text": 3, "intent": "b"}', "line 1: text is missing, empty or no text"),
        ("[1, 2]", "line 1: expected an object"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(BadExamples, match=says):
        read_examples(tmp_path / "a.jsonl")


def test_figures_of_an_evaluation() -> None:
    test = [Phrase("buy red tea", "buy"), Phrase("hello you", "greet"), Phrase("zzz qqq", OUT_OF_SCOPE)]
    found = evaluate.evaluate([*TEA, *TALK, *ODD], test, Letters(), cost_of=no_cost)
    assert found.figures["accuracy"] == 1.0
    assert found.figures["macro_f1"] == 1.0
    assert {"ece", "oos_auroc", "oos_caught_at_95", "cpu_ms", "memory_mb"} <= found.figures.keys()
    assert "oos_auroc" not in evaluate.evaluate([*TEA, *TALK], test[:2], Letters(), cost_of=no_cost).figures


def test_what_the_shop_says_may_be_out_of_scope() -> None:
    test = [Phrase("buy some green tea!", "buy"), Phrase("weather in oslo", OUT_OF_SCOPE)]
    found = evaluate.evaluate([*TEA, *TALK, *ODD], test, Letters(), cost_of=no_cost)
    assert found.said == ("buy", OUT_OF_SCOPE)
    assert OUT_OF_SCOPE not in found.best


def test_confidence_is_held_against_the_truth() -> None:
    found = Evaluation({}, (), ("a", "a", "b", OUT_OF_SCOPE), ("a", "b", "b", "a"), (), (0.91, 0.93, 0.55, 0.99))
    assert calibration(found) == [(0.5, 1, 0.55, 1.0), (0.9, 2, pytest.approx(0.92), 0.5)]


def test_scores_of_each_intent() -> None:
    scores = per_intent(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    assert scores["a"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "messages": 2.0}
    assert scores["b"]["precision"] == pytest.approx(2 / 3)


def test_calibration_error_and_area() -> None:
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0.0
    assert area_under_curve(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0
    assert area_under_curve(np.array([1.0]), np.array([1.0])) == 0.5
    assert area_under_curve(np.array([0.0]), np.array([1.0])) == 0.0


def command(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_evaluate_prints_one_json_object(tmp_path: Path) -> None:
    training, test = lines(tmp_path / "a.jsonl", [*TEA, *TALK]), lines(tmp_path / "b.jsonl", [*TEA, *TALK, *ODD])
    picture = tmp_path / "confusion.png"
    ran = command("evaluate", "--train", str(training), "--test", str(test), "--json", "--plot", str(picture))
    assert ran.exit_code == 0, ran.output
    figures = json.loads(ran.stdout)
    assert figures["accuracy"] == 1.0
    assert figures["oos_caught_at_95"] == 1.0
    assert figures["cpu_ms"] > 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_evaluate_prints_a_row_for_each_intent_and_how_sure_it_was(tmp_path: Path) -> None:
    training, test = lines(tmp_path / "a.jsonl", [*TEA, *TALK, *ODD]), lines(tmp_path / "b.jsonl", [*TEA, *TALK])
    ran = command("evaluate", "--train", str(training), "--test", str(test))
    assert ran.exit_code == 0, ran.output
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ran.stdout.splitlines() if "│" in line]
    assert ["buy", "9", "1.000", "1.000", "1.000", ""] in rows
    assert ["0.9 to 1.0", "18", "1.000", "1.000"] in rows


def test_evaluate_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{", encoding="utf-8")
    ran = command("evaluate", "--train", str(tmp_path / "a.jsonl"), "--test", str(tmp_path / "a.jsonl"), "--json")
    assert ran.exit_code == 1
    assert "line 1: not JSON" in ran.stderr.replace("\n", " ")
    assert command("evaluate", "--train", str(tmp_path / "a.jsonl")).exit_code == 1


def test_try_shows_the_meaning() -> None:
    ran = command("try", "红色的 200 以内的茶杯")
    assert ran.exit_code == 0
    assert "search_products" in ran.stdout
    assert "茶杯" in ran.stdout


def test_common_words_are_those_of_wordfreq() -> None:
    assert common_words() == get_frequency_dict("en", wordlist="small").keys()


def test_understanding_imports_nothing_heavy() -> None:
    heavy = ("sklearn", "scipy", "jieba", "yaml", "wordfreq", "pypinyin.phrases_dict")
    code = f"import sys, nlu.understand; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
