"""Words of a bilingual taxonomy as synonyms: a Chinese wish finds what is described in English, and back.

`read_taxonomy` reads the public product taxonomy's text files (folders `en` and `zh-CN`, the same ids in both) and
`keep_taxonomy` lays the pairs down in a table; `synonyms_of` is asked for every search, so that an import counts in all
processes at once. A pair says much less than the words of the shop itself: see `actions.find` for how they are mixed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import String, Text, bindparam, column, delete, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from commerce.search.terms import STOP_CHARACTERS, is_chinese, needed, plain, stem, tokens
from commerce.search.vocabulary import ALONE
from foundation.database import Base, raw
from foundation.errors import Refused
from foundation.reading import Read

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Language -> its folder."""
MOST_BYTES = 50_000_000
_LONGEST = 12
"""Places in a line (English words or Chinese characters); nobody searches for more of them at once."""
_MOST_LETTERS = 200
_MOST_OTHERS = 5
_ENTRY = re.compile(r"gid://\w+/\w+/(?P<id>\S+)\s*:\s*(?P<name>\S.*)")
_OF_ATTRIBUTE = re.compile(r"\s*\[[^\[\]]*\]$")
_IN_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]\s*")
_SEVERAL = {"en": re.compile(r"\s*(?:[,&/]|\band\b|\bor\b)\s*"), "zh": re.compile(r"\s*(?:[/、,，&和与])\s*")}
_SAYS_LITTLE = frozenset(["other", "others", "none", "yes", "no", "custom", "standard", "normal", "regular", "unisex"])
_MADE_OF = re.compile(r"(?<=..)(?:制品|材质|材料|面料|材)$")


class SearchSynonym(Base):
    """A word in one language and a word for it in the other, both ways round.

    `line` and `other` are written as a query's line: English stems and Chinese characters, a space between. `terms` is
    what a product that is described by `other` has.
    """

    __tablename__ = "search_synonym"

    line: Mapped[str] = mapped_column(String(_MOST_LETTERS), primary_key=True)
    other: Mapped[str] = mapped_column(String(_MOST_LETTERS), primary_key=True)
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text))


@dataclass(frozen=True, slots=True)
class Synonym:
    """The places `start` to `end` (exclusive) of a query's line may also be said with all these terms."""

    start: int
    end: int
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Pairs (English, Chinese) with how often each stands in the taxonomy; lines that could not be read."""

    pairs: Mapping[tuple[str, str], int]
    unread: tuple[str, ...] = ()


@dataclass(slots=True)
class _Names:
    """Of one language: id -> name; and the lines that are none."""

    names: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read_taxonomy(folder: Path) -> Taxonomy:
    """Read the categories and attribute values of a folder.

    Raises Refused taxonomy.no_file (path), taxonomy.unreadable (path), taxonomy.no_pairs (path).
    """
    counts: Counter[tuple[str, str]] = Counter()
    unread: list[str] = []
    for name in ("categories.txt", "attribute_values.txt"):
        found = {language: _read(folder / of / name) for language, of in LANGUAGES.items()}
        unread += [line for language in found.values() for line in language.unread]
        english, chinese = found["en"].names, found["zh"].names
        for key in english.keys() & chinese.keys():
            counts.update(set(pairs_of(english[key], chinese[key])))
    if not counts:
        raise Refused("taxonomy.no_pairs", path=str(folder))
    return Taxonomy(dict(counts), tuple(unread))


def _read(path: Path) -> _Names:
    if not path.is_file():
        raise Refused("taxonomy.no_file", path=str(path))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused("taxonomy.unreadable", path=str(path))
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("taxonomy.unreadable", path=str(path)) from error
    read = _Names()
    for number, line in enumerate(content.splitlines(), start=1):
        entry = _ENTRY.fullmatch(line.strip())
        if entry:
            last = entry["name"].split(" > ")[-1]
            read.names[entry["id"]] = _IN_BRACKETS.sub(" ", _OF_ATTRIBUTE.sub("", last)).strip()
        elif line.strip() and not line.startswith("#"):
            read.unread.append(f"{path.name}:{number}")
    return read


def pairs_of(english: str, chinese: str) -> Iterable[tuple[str, str]]:
    """The words of two names that mean the same: "Gloves & Mittens" and "手套/连指手套" are two pairs.

    One English word with several Chinese ones pairs with each; where the parts do not match they pair not at all.
    """
    left = [part for part in _SEVERAL["en"].split(english) if part]
    right = [part for part in _SEVERAL["zh"].split(chinese) if part]
    if len(left) < 2:  # 和服 and 与 inside a word part nothing where the English name is one
        left, right = [english], [part for part in re.split(r"\s*[/、]\s*", chinese) if part]
    if len(left) == len(right):
        matched = list(zip(left, right, strict=True))
    else:
        # 座/架 of 手机座/架 is no word of its own: of several, only those that can stand alone.
        matched = [(english, part) for part in right if len(part) > 1] if len(left) == 1 else []
    for one, other in matched:
        yield from ((one, word) for word in dict.fromkeys((other, _MADE_OF.sub("", other))) if _is_pair(one, word))


def _is_pair(english: str, chinese: str) -> bool:
    one, other = line_of(english), line_of(chinese)
    says_much = any(item.isalpha() and len(item) > 1 for item in one) and english.lower() not in _SAYS_LITTLE
    fits = all(0 < len(line) <= _LONGEST and len(" ".join(line)) <= _MOST_LETTERS for line in (one, other))
    return says_much and fits and any(is_chinese(item) for item in other) and not any(is_chinese(item) for item in one)


async def keep_taxonomy(session: AsyncSession, taxonomy: Taxonomy) -> int:
    """Put these pairs in the place of those of an earlier import; returns how many synonyms there are now."""
    others: dict[str, Counter[str]] = defaultdict(Counter)
    terms: dict[str, tuple[str, ...]] = {}
    for (english, chinese), times in sorted(taxonomy.pairs.items()):
        one, other = " ".join(line_of(english)), " ".join(line_of(chinese))
        others[one][other] += times
        others[other][one] += times
        terms |= {one: needed(english), other: needed(chinese)}
    rows = [
        (line, other, terms[other])
        for line, words in others.items()
        for other, times in words.most_common(_MOST_OTHERS)
        # A rare translation of a common word is of some special meaning, and 块 for blocks is in half of all texts.
        if times * 10 >= max(words.values()) and (len(other) > 1 or other in ALONE)
    ]
    await session.execute(delete(SearchSynonym))
    columns = ("line", "other", "terms")
    await (await raw(session)).copy_records_to_table("search_synonym", records=rows, columns=columns)
    return len(rows)


async def synonyms_of(session: AsyncSession, line: Sequence[str]) -> list[Synonym]:
    """The synonyms of what stands in a query's line. Of words inside each other the longest counts."""
    spans = {
        (start, end): " ".join(line[start:end])
        for start in range(len(line))
        for end in range(start + 1, min(start + _LONGEST, len(line)) + 1)
    }
    known: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for said, terms in await _KNOWN.all(session, lines=sorted(set(spans.values()))):
        known[said].append(tuple(terms))
    words = _longest([span for span, said in spans.items() if said in known], line)
    return [Synonym(start, end, terms) for start, end in words for terms in known[spans[start, end]]]


def _longest(spans: Sequence[tuple[int, int]], line: Sequence[str]) -> list[tuple[int, int]]:
    """Those of these spans that are in no longer one. A single character counts only where it stands alone."""
    whole = [span for span in spans if span[1] - span[0] > 1 or not is_chinese(line[span[0]])]
    whole = [
        (start, end)
        for start, end in whole
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in whole)
    ]
    alone = [
        (start, end)
        for start, end in spans
        if end - start == 1 and is_chinese(line[start]) and stands_alone(start, line, frozenset())
    ]
    return sorted([*whole, *alone])


def stands_alone(place: int, line: Sequence[str], claimed: Set[int]) -> bool:
    """Whether the character at a place of a line is a word by itself. `claimed` are the places of longer known words.

    It is one where nothing but such words and characters that say little (的, 要) are beside it: so 棉 is cotton in
    棉的 and in 棉衬衫, whose 衬衫 is a word, and not in 棉花糖.
    """

    def is_free(other: int) -> bool:
        at_edge = not 0 <= other < len(line)
        return at_edge or other in claimed or not is_chinese(line[other]) or line[other] in STOP_CHARACTERS

    return place not in claimed and is_free(place - 1) and is_free(place + 1)


# The lines come out of a subquery because PostgreSQL would plan anew for every array that is shorter than it expects.
_KNOWN = Read(
    text("SELECT line, terms FROM search_synonym WHERE line = ANY (ARRAY(SELECT unnest(:lines)))")
    .bindparams(bindparam("lines", type_=ARRAY(Text)))
    .columns(column("line"), column("terms"))
)


def line_of(said: str) -> list[str]:
    """A text as the line of a query: the stem of each English word, and each Chinese character."""
    return [item for token in tokens(plain(said)) for item in (token if is_chinese(token) else [stem(token)])]
