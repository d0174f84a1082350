"""Which language a message is written in: Chinese or English."""

import re

from nlu.model import Language
from nlu.text import HAN

_HAN = re.compile(rf"[{HAN}]")
_NOT_WORDS = re.compile(r"\S*(?:@|://|www\.)\S*|[a-z_]*\d[a-z0-9_-]*")
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
_NAME_WEIGHT = 0.6  # among Chinese, one that may be the name of a thing says less
# No names of things.
_TALK = frozenset(
    """
    a about add am an and any are at buy by can cheap could do does for from get give got have help here how i i'd
    i'm in is it like looking me more much my need of on or order please red black white blue green sell send show
    that the there these this those to want what what's when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list of words, not of strings
)


def language_of(folded: str, earlier: Language | None = None) -> Language:
    """Return the language of a folded text.

    Mixed text counts for the language most of it is in; the name of a thing counts little, as goods often keep their
    English names ("Dash Force 多少钱"). Digits, emoji, punctuation, order numbers, addresses of mail and pages, and
    words that both languages use say nothing: then the language so far stands, at first Chinese.
    """
    plain = _NOT_WORDS.sub(" ", folded)
    characters = len(_HAN.findall(plain))
    words = _WORD.findall(plain)
    if not characters and not words:
        return earlier or "zh"
    if not characters and earlier and all(word in _NEUTRAL for word in words):
        return earlier
    english = sum(_WORD_WEIGHT if not characters or word in _TALK else _NAME_WEIGHT for word in words)
    if characters == english:
        return earlier or "zh"
    return "zh" if characters > english else "en"
