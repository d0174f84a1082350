"""Repair of English spelling, towards the words of the training phrases."""

import re
from collections.abc import Sequence
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA
from wordfreq import get_frequency_dict

_WORD = re.compile(r"[a-z]{4,20}")


@cache
def common_words() -> frozenset[str]:
    """Return the English words that anyone uses; they are never repaired, however near they are to one of ours."""
    return frozenset(get_frequency_dict("en", wordlist="small"))


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
