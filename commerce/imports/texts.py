"""Texts of strangers made plain: no tags, one line where one line belongs, nothing that the database refuses."""

import re
from html import unescape
from html.parser import HTMLParser

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HAN_SIGN = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_LONE_BREAK = re.compile(r"(?<!\n)[ \t]*\n[ \t]*(?!\n)")
_SPACES = re.compile(r"[^\S\n]+")
_DROPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math"})
_PARAGRAPHS = frozenset(
    """address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header
    hr main nav ol p pre section table ul""".split()  # noqa: SIM905  # a list of words
)
_LINES = frozenset({"br", "dd", "dt", "li", "option", "summary", "tr", "caption", "legend", "optgroup"})
_WITHIN = frozenset(
    """a abbr acronym area audio b base bdi bdo big body button canvas center cite code col colgroup data datalist del
    dfn em embed font html i img input ins kbd label link map mark meta meter output param picture progress q rp rt
    ruby s samp select small source span strike strong sub sup tbody td textarea tfoot th thead time track tt u var
    video wbr""".split()  # noqa: SIM905  # a list of words
)
_MOST_UNFINISHED = 20
_TAGS = _DROPPED | _PARAGRAPHS | _LINES | _WITHIN


def plain_text(text: str) -> str:
    """A description without markup: paragraphs stay paragraphs, list items begin with a bullet, entities are read.

    Scripts, styles and comments are dropped. What only looks like a tag ("<3", "a < b") stays. A text without any tag
    keeps its lines.
    """
    cleaned = without_controls(text)
    if "<" not in cleaned and "&" not in cleaned:
        return _tidy(cleaned)
    reader = _Reader()
    reader.read(cleaned)
    if not reader.is_html:
        return _tidy(without_controls(unescape(cleaned)))
    return _tidy("".join(reader.parts))


def one_line(text: str) -> str:
    """A title or name: plain text on one line."""
    return " ".join(plain_text(text).split())


def without_controls(text: str) -> str:
    """The text without what PostgreSQL or a terminal would choke on."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def language_of(text: str) -> str:
    """The language a text of unknown language is taken for: ja, zh or en, by its script."""
    if _KANA.search(text):
        return "ja"
    return "zh" if _HAN.search(text) else "en"


def language_code(locale: str) -> str:
    """The language of a locale: "zh-CN", "zh_Hans" -> "zh". Empty when it is none."""
    code = re.split(r"[-_]", locale.strip().lower())[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) else ""


def _tidy(text: str) -> str:
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Gathers what a reader of the page would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.is_html = False
        self._dropped: list[str] = []
        self._in_pre = 0

    def read(self, text: str) -> None:
        """Read all of a text. Its end is not left to `close`, which takes minutes for a page of tags never closed."""
        self.feed(text)
        for _ in range(_MOST_UNFINISHED):
            rest, self.rawdata = self.rawdata, ""
            if not rest.startswith("<"):
                break
            self.handle_data("<")
            self.feed(rest[1:])
        else:
            rest = self.rawdata
        self.handle_data(unescape(rest))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # as inherited
        if tag not in _TAGS:
            self.handle_data(self.get_starttag_text() or "")
            return
        self.is_html = True
        if tag in _DROPPED:
            self._dropped.append(tag)
        self._in_pre += tag == "pre"
        self._break_at(tag, opening=True)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # An element that closes itself drops nothing of what follows.
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _TAGS:
            self.handle_data(f"</{tag}>")
            return
        self.is_html = True
        if tag in self._dropped:
            del self._dropped[self._dropped.index(tag) :]
        self._in_pre = max(0, self._in_pre - (tag == "pre"))
        self._break_at(tag, opening=False)

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        text = without_controls(data)
        self.parts.append(text if self._in_pre else _LONE_BREAK.sub(_joined, text))

    def handle_comment(self, data: str) -> None:  # noqa: ARG002  # as inherited
        self.is_html = True

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002  # as inherited
        """<![if mso]> and the like are passed over; the parser's own way is to raise AssertionError."""
        self.is_html = True
        return self.rawdata.find(">", i) + 1 or -1

    def _break_at(self, tag: str, *, opening: bool) -> None:
        if self._dropped:
            return
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES and opening:
            self.parts.append("\n• " if tag == "li" else "\n")
        elif tag in ("td", "th") and not opening:
            self.parts.append(" ")


def _joined(found: re.Match[str]) -> str:
    """A line break in the source of HTML is a space, and nothing between Chinese characters."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return "" if _HAN_SIGN.match(before) and _HAN_SIGN.match(after) else " "
