"""What the classifier counts in a message: words, word pairs, pieces of words, Chinese characters, pinyin."""

import os
import re
from collections.abc import Iterator

from nlu.text import HAN

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # its dictionary of phrases takes half a second to load
from pypinyin import lazy_pinyin

_TOKEN = re.compile(rf"[{HAN}]+|[^\W\d_{HAN}]+(?:'[^\W\d_]+)?|\d+|[?!]+|[\U0001f300-\U0001faff\u2600-\u27bf]")
_HAN_RUN = re.compile(rf"[{HAN}]+")
# How many there are makes no difference to what is wanted, only that there are several.
_COUNTS = frozenset(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])
_COUNT_ZH = re.compile(
    r"(?<!第)(?:[三四五六七八九]|[二三四五六七八九]?十[一二三四五六七八九]?)(?=[个件只盒包套罐把支瓶袋份双杯斤])"
)


def tokens(folded: str) -> list[str]:
    """Split folded text into runs of Chinese, words, numbers and emoji."""
    return _TOKEN.findall(folded)


def features(folded: str) -> Iterator[str]:
    """Yield every feature of a folded text, with repetitions. The first letter names the kind.

    ``w`` word, ``b`` word pair, ``c`` letters of a word with its borders, ``h`` 1 to 4 Chinese characters,
    ``p`` pinyin of 2 or 3 characters (for slips of the Chinese keyboard: the sound stays when the character is wrong).
    """
    words: list[str] = []
    for token in tokens(folded):
        if _HAN_RUN.match(token):
            yield from _chinese(_COUNT_ZH.sub("两", token))
            words.append(token)
        elif token.isdigit() or token in _COUNTS:
            words.append("0")
        else:
            words.append(token)
            yield from _letters(token)
    for word in words:
        yield "w" + word
    for first, second in zip(["^", *words], [*words, "$"], strict=True):
        yield f"b{first} {second}"


def _letters(word: str) -> Iterator[str]:
    padded = f" {word[:30]} "
    for size in (2, 3, 4):
        for start in range(len(padded) - size + 1):
            yield "c" + padded[start : start + size]


def _chinese(run: str) -> Iterator[str]:
    padded = f"^{run}$"
    for size in (1, 2, 3, 4):
        for start in range(len(padded) - size + 1):
            yield "h" + padded[start : start + size]
    sounds = lazy_pinyin(run)
    for size in (2, 3):
        for start in range(len(sounds) - size + 1):
            yield "p" + " ".join(sounds[start : start + size])
