"""How Chinese characters sound, for shoppers who type pinyin: tieguanyin, "cha bei", lvcha, or initials such as tgy."""

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # its dictionary of phrases takes half a second to load
from pypinyin import lazy_pinyin

LONGEST_WORD = 4
"""Characters of the longest word whose pinyin is indexed in one piece."""
_SHORTEST_INITIALS = 3
# Characters of names of goods that sound one way in one word and another way in the next. ü is typed as v or u.
_ALSO: dict[str, str] = {
    "乐": "le yue",
    "长": "chang zhang",
    "重": "zhong chong",
    "行": "xing hang",
    "薄": "bo bao",
    "壳": "ke qiao",
    "弹": "dan tan",
    "调": "tiao diao",
    "便": "bian pian",
    "参": "can shen",
    "藏": "cang zang",
    "角": "jiao jue",
    "都": "du dou",
    "盛": "sheng cheng",
    "绿": "lv lu",
    "旅": "lv lu",
    "铝": "lv lu",
    "滤": "lv lu",
    "女": "nv nu",
}


_SYLLABLE = (
    "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|[aeiouv])"
)
_PINYIN = re.compile(f"(?:{_SYLLABLE})+")
_INITIALS = re.compile("[bcdfghjklmnpqrstwxyz]{3,4}")


def may_be_pinyin(word: str) -> bool:
    """Whether a plain word can be read as syllables of Chinese; "lamp" cannot, "chabei" can, and so can "banana"."""
    return bool(_PINYIN.fullmatch(word))


def may_be_initials(word: str) -> bool:
    """Whether a plain word can be the first letters of three or four syllables."""
    return bool(_INITIALS.fullmatch(word))


@cache
def sounds(character: str) -> tuple[str, ...]:
    """The ways a character is read, the usual one first; a character without a reading is read as itself."""
    return tuple(_ALSO[character].split()) if character in _ALSO else (lazy_pinyin(character)[0],)


def sound_terms(run: str) -> Iterable[str]:
    """The terms by which a run of characters in the name of a product is found in pinyin, each of them once.

    Every word of two to four characters in one piece ("py:chabei"), each character ("p1:cha"), and the initials of
    three and four characters ("pi:tgy").
    """
    found: dict[str, None] = {}
    read = [sounds(character) for character in run]
    for start in range(len(read)):
        for end in range(start + 1, min(start + LONGEST_WORD, len(read)) + 1):
            for said in _readings(read[start:end]):
                found[("py:" if len(said) > 1 else "p1:") + "".join(said)] = None
                if len(said) >= _SHORTEST_INITIALS:
                    found["pi:" + "".join(sound[0] for sound in said)] = None
    return found


def _readings(read: Sequence[tuple[str, ...]]) -> Iterable[list[str]]:
    """The usual reading, and those that differ from it in one character."""
    usual = [ways[0] for ways in read]
    yield usual
    for place, ways in enumerate(read):
        yield from ([*usual[:place], other, *usual[place + 1 :]] for other in ways[1:])
