"""From text to terms: English words without their plural, Chinese characters one by one and in pairs.

The same road for products and for queries, so both meet: traditional characters become simplified, full-width and
accented letters plain. A term holds only letters and digits; a term that is no word has a colon ("colour:red").
"""

import re
import unicodedata
from functools import cache

import opencc

from commerce.search.vocabulary import ALONE, COLOURS

LONGEST_TERM = 40
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_HAS_HAN = re.compile(rf"[{_HAN}]")
_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_ACCENTS = re.compile(r"[\u0300-\u036f]")

_COLOUR_OF: dict[str, list[str]] = {}
for _colour, _words in COLOURS.items():
    for _word in _words:
        _COLOUR_OF.setdefault(_word, []).append(_colour)
_CHINESE_COLOUR = re.compile(
    "|".join(sorted((word for word in _COLOUR_OF if not word.isascii()), key=len, reverse=True))
)

STOP_WORDS = frozenset(
    """a an and any are at can could do for from get give got have i in is it like looking me my need of on or please
    show some something that the there to want we what which with would you your buy""".split()  # noqa: SIM905  # prose
)
STOP_CHARACTERS = frozenset(
    "的了吗呢吧啊呀哦嘛我你您他她它们这那哪个些款种一二两几想要买看找来给请帮把有没是在就都和跟与或能可以下点什么么样推荐"
)
"""Characters that need no product of their own in a query; a pair such as 有机 still counts by its other character."""


def plain(text: str) -> str:
    """Lower case, simplified, without accents and apostrophes."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
    folded = _APOSTROPHE.sub("", folded)
    return str(_simplifier().convert(folded)) if _HAS_HAN.search(folded) else folded


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def tokens(text: str) -> list[str]:
    """Words and runs of Chinese characters of an already plain text, in their order."""
    return [token[: LONGEST_TERM * 5] for token in _TOKEN.findall(text)]


def is_chinese(token: str) -> bool:
    """Whether a token is a run of Chinese characters."""
    return bool(_HAS_HAN.match(token))


def stem(word: str) -> str:
    """An English word without its plural: mugs -> mug, batteries -> battery, boxes -> box; glass stays glass."""
    if len(word) < 4 or not word.isascii() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word[:LONGEST_TERM]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1][:LONGEST_TERM]


def pairs(run: str) -> list[str]:
    """The pairs of neighbouring characters of a run."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def terms_of(text: str) -> list[str]:
    """Every term of a text, repeated as often as it occurs; stop words are left out."""
    found: list[str] = []
    for token in tokens(plain(text)):
        if is_chinese(token):
            found += [*token, *pairs(token)]
            if token in ALONE:
                found.append(alone_term(token))
        elif token not in STOP_WORDS:
            found.append(stem(token))
    return found


def alone_term(character: str) -> str:
    """The term of a character that is a whole word: "100% 棉" has it, 棉花糖 has not."""
    return f"alone:{character}"


def needed(word: str) -> tuple[str, ...]:
    """The terms a product must have to contain this word."""
    terms: list[str] = []
    for token in tokens(plain(word)):
        if not is_chinese(token):
            terms.append(stem(token))
        elif token in ALONE:
            terms.append(alone_term(token))
        else:
            terms += pairs(token) or [token]
    return tuple(terms)


def terms_of_code(code: str) -> list[str]:
    """The terms of an article number: its parts, and the whole without separators (404.038.96 -> 40403896)."""
    parts = terms_of(code)
    return parts if len(parts) < 2 else [*parts, "".join(tokens(plain(code)))[:LONGEST_TERM]]


def colours_in(text: str) -> set[str]:
    """The canonical colours that the name of a colour speaks of: 墨绿 -> green, "Coral red" -> red, mint -> green."""
    found: set[str] = set()
    for token in tokens(plain(text)):
        for word in _CHINESE_COLOUR.findall(token) if is_chinese(token) else [token]:
            found.update(_COLOUR_OF.get(word, ()))
    return found


def colour_term(colour: str) -> str:
    """The term of a canonical colour."""
    return f"colour:{colour}"


def kind_term(kind: str) -> str:
    """The term of a thing that is of this kind, by its last English word: "Drip coffee maker" is a maker."""
    words = [token for token in tokens(plain(kind)) if not is_chinese(token) and token.isalpha()]
    return f"kind:{stem(words[-1])}" if words else ""
