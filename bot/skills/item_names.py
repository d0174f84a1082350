"""What shoppers call the things of an order: the part of a title that no other thing in it has."""

import re
from collections.abc import Mapping, Sequence

_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_WORD = re.compile(r"[a-z][a-z-]{2,}")
_SMALL = frozenset(
    ("with", "from", "for", "and", "pack", "size", "set", "the", "one", "two", "new", "all", "not", "out")
)
LONGEST = 6


def names_of(titles: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """The short names of these goods, {product id: title}, by product."""
    return dict(zip(titles, short_names(list(titles.values())), strict=True))


def short_names(titles: Sequence[str]) -> list[tuple[str, ...]]:
    """For each title the words by which it is known among them: "护手霜" of "乳木果护手霜", "pen" of "Fountain Pen"."""
    parts = [_parts(title) for title in titles]
    return [
        tuple(sorted(own - set().union(*(other for at, other in enumerate(parts) if at != place))))
        for place, own in enumerate(parts)
    ]


def _parts(title: str) -> set[str]:
    text = title.casefold()
    words = set(_WORD.findall(text)) - _SMALL
    words |= (
        {text.split()[-1]} if text.isascii() and len(text.split()[-1]) > 2 and text.split()[-1].isalpha() else set()
    )
    words |= {word.removesuffix("s") for word in words} | {f"{word}s" for word in words}
    for run in _HAN.findall(text):
        words |= {run[at : at + size] for size in range(2, LONGEST + 1) for at in range(len(run) - size + 1)}
        words.add(f"{run[-1]}子")  # 马克杯 is a 杯子
    return words
