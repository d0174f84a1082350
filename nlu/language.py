"""Which language a message is written in: Chinese or English."""

import re

from nlu.model import Language
from nlu.text import HAN

_HAN = re.compile(rf"[{HAN}]")
_NOT_WORDS = re.compile(r"\S*(?:@|://|www\.)\S*|\w*\d[\w-]*")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# Said in both languages: they do not change the language of a conversation.
_NEUTRAL = frozenset(
    [
        "ok",
        "okay",
        "okk",
        "okey",
        "k",
        "kk",
        "hi",
        "hey",
        "hello",
        "yo",
        "bye",
        "bb",
        "no",
        "yes",
        "y",
        "n",
        "yep",
        "thx",
        "thanks",
        "vip",
        "app",
        "wifi",
        "usb",
        "plz",
    ]
)
_WORD_WEIGHT = 1.6  # an English word says about as much as this many Chinese characters


def language_of(folded: str, earlier: Language | None = None) -> Language:
    """Return the language of a folded text.

    Mixed text counts for the language most of it is in. Digits, emoji, punctuation, order numbers, addresses of mail
    and pages, and words that both languages use say nothing: then the language so far stands, at first Chinese.
    """
    plain = _NOT_WORDS.sub(" ", folded)
    characters = len(_HAN.findall(plain))
    words = _WORD.findall(plain)
    if not characters and not words:
        return earlier or "zh"
    if not characters and earlier and all(word in _NEUTRAL for word in words):
        return earlier
    english = len(words) * _WORD_WEIGHT
    if characters == english:
        return earlier or "zh"
    return "zh" if characters > english else "en"
