"""Written conversations: reading a Markdown file into steps. The grammar is docs/scripts.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from foundation.errors import Refused

LARGEST_FILE = 1_000_000
_ACT = re.compile(r"\[(\w[\w ]*?)(?:\s+(.*))?\]")
_ACTS = ("press", "photo", "file", "location", "contact", "sticker", "pay", "pay fails", "open pay page")
_CHECK = re.compile(r"([a-z_]+(?:\.[a-z_]+)?)\s*(!=|>=|<=|=|contains\b)\s*(.+)")
_WAIT = re.compile(r"(\d{1,4})\s*(s|min|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_HEADERS = {"shop": ("demo", "empty", "vendure", "saleor", "spree"), "lang": ("zh", "en")}


@dataclass(frozen=True, slots=True)
class Says:
    """> words; with `>> words` (`hurried`) the shop cannot answer before the next message is there as well."""

    line: int
    text: str
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class Does:
    """> [press Add to cart]: `what` is one of press, photo, file, location, contact, sticker, pay, pay fails,
    open pay page.
    """

    line: int
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Expects:
    """< one | other: the answers since the last step hold one of these; with `absent` none of them.

    `<!` alone has no words: there is no answer at all.
    """

    line: int
    any_of: tuple[str, ...]
    absent: bool


@dataclass(frozen=True, slots=True)
class Agent:
    """@ agent: take | words | note words | release [words] | close"""

    line: int
    verb: Literal["take", "says", "note", "release", "close"]
    text: str


@dataclass(frozen=True, slots=True)
class Waits:
    """~ 2h"""

    line: int
    time: timedelta


@dataclass(frozen=True, slots=True)
class Checks:
    """= orders.count = 1"""

    line: int
    fact: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Given:
    """- stock LX-01: 3; below `given:` true before the talk begins, between other steps from there on."""

    line: int
    text: str


Step: TypeAlias = Says | Does | Expects | Agent | Waits | Checks | Given


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation: where it takes place, what is there before, and its steps in order."""

    path: Path
    title: str
    shop: str
    language: str
    given: tuple[Given, ...]
    steps: tuple[Step, ...]


def read_script(path: Path) -> Script:
    """Read a file. Raises Refused("script.unreadable", path=...) or ("script.line", path=..., line=..., text=...)."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Refused("script.unreadable", path=str(path))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("script.unreadable", path=str(path)) from error
    headers = {"shop": "demo", "lang": "zh"}
    title, given, steps = path.stem, [], []
    for number, line, in_given in _lines(text):
        if line.startswith("# "):
            title = line[2:].strip()
        elif in_given:
            given.append(Given(number, line[2:].strip()))
        elif header := re.fullmatch(r"(shop|lang):\s*(\S+)", line):
            if header[2] not in _HEADERS[header[1]]:
                raise Refused("script.line", path=str(path), line=number, text=line[:200])
            headers[header[1]] = header[2]
        else:
            step = _step(number, line)
            if step is None:
                raise Refused("script.line", path=str(path), line=number, text=line[:200])
            steps.append(step)
    if not steps:
        raise Refused("script.unreadable", path=str(path))
    return Script(path, title, headers["shop"], headers["lang"], tuple(given), tuple(steps))


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Line number, line, and whether it belongs to `given:`; empty lines and <!-- comments --> are left out."""
    in_given = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or (stripped.startswith("<!--") and stripped.endswith("-->")):
            continue
        if stripped == "given:":
            in_given = True
            continue
        in_given = in_given and stripped.startswith("- ")
        yield number, stripped, in_given


def _step(number: int, line: str) -> Step | None:
    mark, rest = line[0], line[1:].strip()
    if line.startswith(">>"):
        return Says(number, line[2:].strip(), hurried=True)
    if mark == ">":
        return _said(number, rest)
    if not rest:
        return None
    if mark == "-":
        return Given(number, rest)
    if mark == "<":
        wanted = rest.removeprefix("!").strip()
        if not wanted:
            return Expects(number, (), absent=True)
        return Expects(number, tuple(part.strip() for part in wanted.split("|")), absent=rest.startswith("!"))
    if mark == "@" and rest.startswith("agent:"):
        return _agent(number, rest.removeprefix("agent:").strip())
    if mark == "~" and (wait := _WAIT.fullmatch(rest)):
        return Waits(number, timedelta(**{_UNITS[wait[2]]: int(wait[1])}))
    if mark == "=" and (check := _CHECK.fullmatch(rest)):
        return Checks(number, check[1], check[2], check[3].strip())
    return None


def _said(number: int, rest: str) -> Step | None:
    act = _ACT.fullmatch(rest)
    if act is None:
        return Says(number, rest)
    inside = rest[1:-1].strip()
    what = next((known for known in sorted(_ACTS, key=len, reverse=True) if f"{inside} ".startswith(f"{known} ")), None)
    return None if what is None else Does(number, what, inside[len(what) :].strip())


def _agent(number: int, rest: str) -> Step | None:
    word, _, text = rest.partition(" ")
    if word in ("take", "close"):
        return Agent(number, "take" if word == "take" else "close", "") if not text else Agent(number, "says", rest)
    if word == "release":
        return Agent(number, "release", text.strip())
    if word == "note" and text:
        return Agent(number, "note", text.strip())
    return Agent(number, "says", rest) if rest else None
