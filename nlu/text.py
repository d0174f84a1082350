"""Folding of text: one character stays one character, so positions in folded text are positions in the original."""

import re
import unicodedata
from functools import cache, lru_cache

from opencc import OpenCC

HAN = "\u3400-\u9fff"


@cache
def _simplified() -> dict[int, str]:
    """Traditional to simplified, character by character (phrases could change the length)."""
    traditional = [chr(code) for code in range(0x4E00, 0xA000)]
    simplified = OpenCC("t2s").convert("\n".join(traditional)).split("\n")
    return {ord(old): new for old, new in zip(traditional, simplified, strict=True) if old != new and len(new) == 1}


@lru_cache(maxsize=20_000)
def _folded(character: str) -> str:
    narrow = unicodedata.normalize("NFKC", character) if "\u3000" <= character <= "\uffef" else character
    lower = (narrow if len(narrow) == 1 else character).lower()
    if len(lower) != 1:
        return character
    return _simplified().get(ord(lower), lower)


def fold(text: str) -> str:
    """Lower case, half width, simplified characters, straight apostrophes. The length never changes."""
    return "".join(map(_folded, text)).replace("\u2019", "'").replace("\u2018", "'")


LONGEST = 400  # characters that are classified; what a shopper wants stands at the beginning of a longer text
MEASURE = r"\d+(?:mah|wh|kg|mg|mm|cm|gb|mb|tb|hz|kw|km)(?![0-9a-z])"  # 10000mah is no order
ORDER_NUMBER = (
    rf"(?<![0-9a-z])(?<![0-9a-z]-)(?=[0-9a-z-]*\d)(?!{MEASURE})"
    r"[0-9a-hjkmnp-tv-z]{4}-?[0-9a-hjkmnp-tv-z]{4}(?![0-9a-z])(?!-[0-9a-z])"
)
_EDGES = " .,!?;:~、。，！？；：～…"
_ORDER_NUMBER = re.compile(ORDER_NUMBER)
_LONG_CODE = re.compile(r"(?<![0-9a-z-])(?=[a-z-]*\d)(?:[0-9a-z]{4}-){2,3}[0-9a-z]{4}(?![0-9a-z-])")  # of a gift card


def readable(text: str) -> str:
    """Return the text as the classifier reads it: folded, cut, one kind of space, all order numbers and codes alike."""
    plain = " ".join(fold(text[:LONGEST]).split())
    return _ORDER_NUMBER.sub("x7k2-94qd", _LONG_CODE.sub("7kqm-2xnp-hw4d-88yz", plain))


def bare(plain: str) -> str:
    """Return a readable text without the punctuation at its edges; punctuation alone stays."""
    return plain.strip(_EDGES) or plain
