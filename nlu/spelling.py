"""Repair of English spelling, towards the words of the training phrases."""

import gzip
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgpack  # type: ignore[import-untyped]
from rapidfuzz import process
from rapidfuzz.distance import OSA

_WORD = re.compile(r"[a-z]{4,20}")


@cache
def common_words() -> frozenset[str]:
    """Return the English words that anyone uses; they are never repaired, however near they are to one of ours.

    The list is that of wordfreq, read without importing it: for this one list it would load tables of all languages.
    """
    package = find_spec("wordfreq")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("wordfreq is not installed")
    packed = gzip.decompress((Path(package.origin).parent / "data" / "small_en.msgpack.gz").read_bytes())
    _header, *ranks = msgpack.unpackb(packed)  # after the header a list of words for each frequency
    return frozenset(word for words in ranks for word in words)


class Speller:
    """Replaces unknown words by the nearest known one. Thread-safe."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if _WORD.fullmatch(word)]
        self._known = frozenset(words) | common_words()

    def repair(self, folded: str) -> str:
        """Return the folded text with unknown English words repaired; its length may change."""
        return _WORD.sub(lambda match: self._nearest(match[0]), folded) if self._words else folded

    def _nearest(self, word: str) -> str:
        if word in self._known:
            return word
        slips = 1 if len(word) < 6 else 2  # letters added, lost, changed or swapped
        found = process.extractOne(word, self._words, scorer=OSA.distance, score_cutoff=slips)
        if found is None or (found[1] == 2 and found[0][0] != word[0]):  # people hit the first letter
            return word
        return found[0]
