"""Training phrases in Rasa's YAML format.

Read are ``intent``, ``synonym``, ``lookup`` and ``regex`` with their ``examples``; a phrase may mark entities as
``[text](kind)``, ``[text](kind:value)`` or ``[text]{"entity": "kind", "value": "value"}``.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.model import Entity

OUR_PHRASES = Path(__file__).parent / "training"

_MARK = re.compile(r"\[(?P<text>[^\]]+)\](?:\((?P<kind>[^():]+)(?::(?P<value>[^)]+))?\)|(?P<json>\{[^}]*\}))")


class BadPhrases(ValueError):
    """A file of phrases cannot be read; the message names the file and, where known, the line."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One example of an intent, with the entities marked in it."""

    text: str
    intent: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrases:
    """All that training knows: by kind the texts of lookups and the patterns of regexes, by text its synonym."""

    examples: tuple[Phrase, ...]
    lookups: dict[str, tuple[str, ...]]
    synonyms: dict[str, str]
    regexes: dict[str, tuple[str, ...]]

    @property
    def digest(self) -> str:
        """Return a fingerprint: it changes with every phrase."""
        content = [
            [(phrase.text, phrase.intent) for phrase in self.examples],
            sorted(self.lookups.items()),
            sorted(self.synonyms.items()),
            sorted(self.regexes.items()),
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]


def read_phrases(*folders: Path) -> Phrases:
    """Read every ``.yml`` file below the folders (or the files themselves), in the order of their names."""
    examples: list[Phrase] = []
    lookups: dict[str, list[str]] = {}
    synonyms: dict[str, str] = {}
    regexes: dict[str, list[str]] = {}
    for path in _files(folders):
        for entry in _entries(path):
            texts = _lines(entry.get("examples"), path)
            if "intent" in entry:
                examples += [_phrase(text, str(entry["intent"]), synonyms) for text in texts]
            elif "synonym" in entry:
                synonyms.update(dict.fromkeys(texts, str(entry["synonym"])))
            elif "lookup" in entry:
                lookups.setdefault(str(entry["lookup"]), []).extend(texts)
            elif "regex" in entry:
                regexes.setdefault(str(entry["regex"]), []).extend(texts)
            else:
                raise BadPhrases(f"{path}: an entry of nlu needs intent, synonym, lookup or regex, found {list(entry)}")
    return Phrases(
        tuple(dict.fromkeys(examples)),
        {kind: tuple(texts) for kind, texts in lookups.items()},
        synonyms,
        {kind: tuple(patterns) for kind, patterns in regexes.items()},
    )


def _files(folders: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        if folder.is_dir():
            found += sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")])
        elif folder.is_file():
            found.append(folder)
        else:
            raise BadPhrases(f"{folder}: no such file or folder")
    if not found:
        raise BadPhrases(f"no .yml files in {', '.join(map(str, folders))}")
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadPhrases(f"{path}: {error}") from error
    entries = content.get("nlu") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadPhrases(f"{path}: expected a list under the key nlu")
    return entries


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _lines(examples: object, path: Path) -> list[str]:
    """Read examples: a block of lines that begin with a dash, or a list of texts or of {text: ...}."""
    if isinstance(examples, str):
        lines = [line.strip() for line in examples.splitlines() if line.strip()]
        if bad := next((line for line in lines if not line.startswith("-")), None):
            raise BadPhrases(f"{path}: an example begins with a dash, this does not: {bad!r}")
        return [text for line in lines if (text := line[1:].strip())]
    if isinstance(examples, list):
        return [str(item["text"] if isinstance(item, dict) else item).strip() for item in examples]
    raise BadPhrases(f"{path}: an entry has no examples")


def _phrase(marked: str, intent: str, synonyms: dict[str, str]) -> Phrase:
    """Take the marks out of a phrase and keep them as entities."""
    plain = ""
    entities: list[Entity] = []
    end = 0
    for mark in _MARK.finditer(marked):
        plain += marked[end : mark.start()]
        end = mark.end()
        text = mark["text"]
        named = json.loads(mark["json"]) if mark["json"] else {"entity": mark["kind"], "value": mark["value"]}
        value = str(named.get("value") or text)
        if value != text:
            synonyms[text] = value
        entities.append(Entity(str(named.get("entity")), value, len(plain), len(plain) + len(text), text))
        plain += text
    return Phrase(plain + marked[end:], intent, tuple(entities))
