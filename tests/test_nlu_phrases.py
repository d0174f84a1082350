"""Training phrases in Rasa's YAML."""

from pathlib import Path

import pytest

from nlu.model import Entity
from nlu.phrases import BadPhrases, Phrase, read_phrases

RASA = """
version: "3.1"
nlu:
- intent: find
  examples: |
    - a [red](colour) mug
    - 来个[红](colour:red)的
    - to [Leeds]{"entity": "city", "value": "leeds"} please
- intent: hello
  examples:
  - text: hi
  - hello there
- synonym: red
  examples: |
    - scarlet
- lookup: colour
  examples: |
    - red
    - scarlet
- regex: postcode
  examples: |
    - \\d{6}
"""


def test_rasa_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RASA, encoding="utf-8")
    phrases = read_phrases(tmp_path)
    assert phrases.examples == (
        Phrase("a red mug", "find", (Entity("colour", "red", 2, 5, "red"),)),
        Phrase("来个红的", "find", (Entity("colour", "red", 2, 3, "红"),)),
        Phrase("to Leeds please", "find", (Entity("city", "leeds", 3, 8, "Leeds"),)),
        Phrase("hi", "hello"),
        Phrase("hello there", "hello"),
    )
    assert phrases.synonyms == {"红": "red", "Leeds": "leeds", "scarlet": "red"}
    assert phrases.lookups == {"colour": ("red", "scarlet")}
    assert phrases.regexes == {"postcode": ("\\d{6}",)}


def test_the_digest_changes_with_every_phrase(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RASA, encoding="utf-8")
    before = read_phrases(tmp_path).digest
    assert read_phrases(tmp_path).digest == before
    (tmp_path / "a.yml").write_text(RASA.replace("hello there", "hello here"), encoding="utf-8")
    assert read_phrases(tmp_path).digest != before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("nlu: [", "a.yml"),
        ("intents: []", "expected a list under the key nlu"),
        ("nlu:\n- intent: x\n", "no examples"),
        ("nlu:\n- intent: x\n  examples: |\n    hello\n", "begins with a dash"),
        ("nlu:\n- story: x\n  examples: |\n    - hello\n", "needs intent, synonym, lookup or regex"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.yml").write_text(content, encoding="utf-8")
    with pytest.raises(BadPhrases, match=says):
        read_phrases(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPhrases, match=r"no \.yml files"):
        read_phrases(tmp_path)
