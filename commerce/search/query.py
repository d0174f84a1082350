"""What a shopper's words ask for, as clues: terms that a product may have, and the words that each speaks for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from commerce.search.pinyin import may_be_initials, may_be_pinyin, sounds
from commerce.search.taxonomy import Synonym, stands_alone
from commerce.search.terms import (
    LONGEST_TERM,
    STOP_CHARACTERS,
    STOP_WORDS,
    colour_term,
    is_chinese,
    needed,
    pairs,
    plain,
    stem,
    tokens,
)
from commerce.search.vocabulary import ALONE, COLOURS, KINDS, SAME

LONGEST_QUERY = 200
_MOST_SLOTS = 40
_SYNONYM_WORTH = 0.5
_CHARACTER_WORTH = 0.4
_BORROWED_WORTH = 0.3
_PINYIN_WORTH = 0.9
_INITIALS_WORTH = 0.5
_MOST_JOINED = 4
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Clue:
    """If a product has all these terms, it answers to the words of the query at `slots`, as far as `worth` (0 to 1).

    With `in_name` they must stand in its title, category or options: its description is not enough. It is worth all
    that it can be (1) in a shop that has no product with the term `unless`. A `borrowed` clue
    is of the imported taxonomy: it may add a product, and never puts one before those that say the wish itself.
    """

    terms: tuple[str, ...]
    slots: frozenset[int]
    worth: float
    in_name: bool = False
    unless: str = ""
    borrowed: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A query as clues. `slots` are its words and characters that mean something; `words` the English ones by slot.

    `has_words` is false for a query of nothing but signs and pictograms.
    """

    clues: tuple[Clue, ...]
    slots: frozenset[int]
    words: Mapping[int, str]
    has_words: bool

    @property
    def terms(self) -> list[str]:
        """Every term of every clue, once."""
        return list(dict.fromkeys(term for clue in self.clues for term in clue.terms))


def read_question(
    text: str, *, mended: Mapping[str, str] | None = None, loose: bool = False, borrowed: Iterable[Synonym] = ()
) -> Question:
    """Read a query's first 200 characters. `mended` replaces misspelt words; `loose` lets single characters count.

    `borrowed` are the synonyms that the taxonomy knows for the query (`taxonomy.synonyms_of`).
    """
    said = tokens(plain(text[:LONGEST_QUERY]))
    parts = [part for token in said for part in (mended or {}).get(token, token).split()]
    line, slots, words = _laid_out(parts)
    more = (Clue(s.terms, frozenset(range(s.start, s.end)), _BORROWED_WORTH, borrowed=True) for s in borrowed)
    clues = [*_words_and_pairs(parts, loose=loose), *_written_otherwise(words, loose=loose), *_synonyms(line), *more]
    clues += _of_that_kind(line, words, clues)
    clues = [replace(clue, slots=clue.slots & slots) for clue in clues if clue.slots & slots]
    return Question(tuple(clues), slots, words, bool(parts))


def _laid_out(parts: Sequence[str]) -> tuple[list[str], frozenset[int], dict[int, str]]:
    """One place for each English word and each Chinese character; which of them mean something; the English words."""
    line: list[str] = []
    words: dict[int, str] = {}
    for part in parts:
        if is_chinese(part):
            line += part
        else:
            words[len(line)] = part
            line.append(stem(part))
    line = line[:_MOST_SLOTS]
    words = {slot: word for slot, word in words.items() if slot < len(line) and word not in STOP_WORDS}
    slots = {
        slot for slot, item in enumerate(line) if slot in words or (is_chinese(item) and item not in STOP_CHARACTERS)
    }
    return line, frozenset(slots), words


def _words_and_pairs(parts: Sequence[str], *, loose: bool) -> Iterable[Clue]:
    slot = 0
    for part in parts:
        if slot >= _MOST_SLOTS:
            return
        if not is_chinese(part):
            yield Clue((stem(part),), frozenset({slot}), 1.0)
            slot += 1
            continue
        for place, pair in enumerate(pairs(part)):
            yield Clue((pair,), frozenset({slot + place, slot + place + 1}), 1.0)
        meant = [place for place, character in enumerate(part) if character not in STOP_CHARACTERS]
        if loose or len(meant) == 1:
            # A character alone says little inside a word, but everything when it is all there is.
            alone = len(meant) == 1 and not loose
            worth = 1.0 if alone else _CHARACTER_WORTH
            yield from (Clue((part[place],), frozenset({slot + place}), worth, in_name=not alone) for place in meant)
        slot += len(part)


def _written_otherwise(words: Mapping[int, str], *, loose: bool) -> Iterable[Clue]:
    """English words in one piece or in several (smart watch, 4 gb), and the same letters read as pinyin."""
    for start, word in words.items():
        pieces = _LETTERS_OR_DIGITS.findall(word)
        if len(pieces) > 1:
            yield Clue(tuple(stem(piece) for piece in pieces), frozenset({start}), 1.0)
        if may_be_initials(word):
            yield Clue((f"pi:{word}",), frozenset({start}), _INITIALS_WORTH)
        joined = ""
        for end in range(start, start + _MOST_JOINED):
            if end not in words or len(joined) > LONGEST_TERM:
                break
            joined += words[end]
            slots = frozenset(range(start, end + 1))
            if end == start + 1:
                # A number and its unit are one thing however they are written; two words together may be another.
                yield Clue((stem(joined),), slots, _SYNONYM_WORTH if joined.isalpha() else 1.0)
            if may_be_pinyin(joined):
                yield Clue((f"py:{joined}",), slots, _PINYIN_WORTH)
                yield from (Clue(other, slots, _SYNONYM_WORTH) for other in _spoken().get(joined, ()))
                if loose:
                    yield Clue((f"p1:{joined}",), slots, _CHARACTER_WORTH)


def _of_that_kind(line: Sequence[str], words: Mapping[int, str], clues: Iterable[Clue]) -> Iterable[Clue]:
    """The last word of a query says what thing is meant: a laptop is a notebook before it is a bag for laptops."""
    last = len(line) - 1
    if last in words:
        own = line[last]
        said = {clue.terms[0] for clue in clues if last in clue.slots and len(clue.terms) == 1 and not clue.borrowed}
        yield Clue((own, f"kind:{own}"), frozenset({last}), 1.0)
        for term in sorted(term for term in said - {own} if term.isalpha() and term.isascii()):
            yield Clue((term, f"kind:{term}"), frozenset({last}), _SYNONYM_WORTH, unless=f"kind:{own}")


def _synonyms(line: Sequence[str]) -> Iterable[Clue]:
    """For every known word in the line, the other words for the same thing."""
    known, longest = _same()
    found = [
        (start, end)
        for start in range(len(line))
        for end in range(start + 1, min(start + longest, len(line)) + 1)
        if tuple(line[start:end]) in known
    ]
    claimed = {place for start, end in found if end - start > 1 for place in range(start, end)}
    for start, end in found:
        if end - start > 1 or line[start] not in ALONE or stands_alone(start, line, claimed):
            for others in known[tuple(line[start:end])]:
                yield Clue(others, frozenset(range(start, end)), _SYNONYM_WORTH)


@cache
def _same() -> tuple[dict[tuple[str, ...], list[tuple[str, ...]]], int]:
    """A word as the places of a line -> the terms of each of its synonyms; and the length of the longest word."""
    known: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for group in SAME:
        for word in group:
            others = [needed(other) for other in group if other != word]
            known.setdefault(_as_line(word), []).extend(others)
    for words, kinds in KINDS:
        for word in words:
            known.setdefault(_as_line(word), []).extend(needed(kind) for kind in kinds)
    for colour, words in COLOURS.items():
        # 红 alone may be part of 红茶, and mint a leaf: in a wish only the plain names of colours mean a colour.
        plain_names = {colour, *(f"{word}色" for word in words if is_chinese(word) and not word.endswith("色"))}
        for word in plain_names:
            known.setdefault(_as_line(word), []).append((colour_term(colour),))
    return known, max(len(word) for word in known)


@cache
def _spoken() -> dict[str, list[tuple[str, ...]]]:
    """The pinyin of every Chinese word that has synonyms -> the terms of each of them."""
    spoken: dict[str, list[tuple[str, ...]]] = {}
    for line, others in _same()[0].items():
        if len(line) > 1 and all(is_chinese(item) for item in line):
            spoken.setdefault("".join(sounds(character)[0] for character in line), []).extend(others)
    return spoken


def _as_line(word: str) -> tuple[str, ...]:
    return tuple(_laid_out(tokens(plain(word)))[0])
