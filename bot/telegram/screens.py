"""Replies as Telegram shows them: words with a little markup, pictures, and rows of buttons. Pure values, no network.

Whatever a reply holds, its screens keep to Telegram's limits, and nothing in it is lost: what is too long for one
message goes on in the next. All that is data is escaped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from rich.cells import cell_len, set_cell_size

from bot.language import translator
from bot.replies import (
    Button,
    Card,
    Cards,
    Cart,
    Choice,
    Comparison,
    Line,
    Media,
    OrderStatus,
    PayLink,
    Receipt,
    Reply,
    Row,
    Text,
)
from bot.telegram.units import units

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
"""In UTF-16 units, markup not counted."""
MOST_KEYS = 100
MOST_IN_ALBUM = 10
MOST_ON_SHEET = 9
LONGEST_DATA = 64
"""Bytes a button brings back."""
WIDEST_LABEL = 40
"""Cells of a button alone in its row on a narrow phone; a longer label is cut there and stands whole in the text."""
_IN_A_ROW: Final = {2: 16, 3: 9, 4: 6, 5: 4, 6: 3, 7: 2, 8: 2}
"""So wide, in cells, may the widest of so many buttons in a row be."""
_TAG = re.compile(r"<[^>]*>")
_ELLIPSIS = "…"
_UNSEEN = "\u2800\ufffc\u0333\u033f\u030a"


@dataclass(frozen=True, slots=True)
class Key:
    """A button: what it brings back, or the page it opens, or the inline query it begins in a chat of one's choice."""

    label: str
    token: str = ""
    url: str = ""
    share: str = ""


Rows: TypeAlias = tuple[tuple[Key, ...], ...]
Sheet: TypeAlias = tuple[int | None, ...]
"""Pictures of a list that are shown as one, each under its number."""
Picture: TypeAlias = int | str | Sheet
"""A picture of the catalogue by its media id, a photo that a person of the staff sent by its digest, or a sheet."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One message. `text` is HTML, the caption when there is a picture.

    Several pictures are an album, which has neither text nor buttons. `asks_contact`: instead of buttons under the
    message the keyboard offers to share the phone number and the place; it has the two labels. `ends_asking`: that
    keyboard goes away.
    """

    text: str
    rows: Rows = ()
    pictures: tuple[Picture, ...] = ()
    asks_contact: tuple[str, ...] = ()
    ends_asking: bool = False


Spans: TypeAlias = tuple[tuple[str, str], ...]
"""Pieces of text, each with the tag it stands in ("b", "code") or ""."""


@dataclass(slots=True)
class _Page:
    """A reply on its way to screens. Each group of keys begins a row; a sheet is shown where the words fit below."""

    lines: list[Spans] = field(default_factory=list)
    pictures: tuple[Picture, ...] = ()
    sheet: Picture | None = None
    groups: list[list[Key]] = field(default_factory=list)

    def say(self, *spans: str | tuple[str, str]) -> None:
        """One line, unless there is nothing in it."""
        line = tuple((span, "") if isinstance(span, str) else span for span in spans)
        if any(text for text, _tag in line):
            self.lines.append(line)

    def gap(self) -> None:
        """An empty line before what comes next."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def rows(self, rows: Sequence[Row]) -> None:
        """Named facts, a line each."""
        for row in rows:
            self.say(row.label + _colon(row.label), row.value)

    def press(self, buttons: Sequence[Button], *, number: int | None = None) -> None:
        """A group of buttons; the first of them carries a number. What cannot be a button is named to be typed."""
        group: list[Key] = []
        for button in buttons:
            label = _one_line(button.label)
            if not 0 < len(button.token.encode()) <= LONGEST_DATA:
                self.say("• ", label)
                continue
            label = f"{number}. {label}" if number is not None and not group else label
            if cell_len(label) > WIDEST_LABEL:
                self.say("• ", label)
                label = set_cell_size(label, WIDEST_LABEL - 1).rstrip() + _ELLIPSIS
            group.append(Key(label, token=button.token))
        self.groups.append(group)


def screens_of(reply: Reply, *, language: str, speaker: str = "") -> tuple[Screen, ...]:
    """The messages that show a reply, in order; its buttons are under the last of its words.

    `speaker`: the person of the staff who says it.
    """
    page = _spoken(speaker)
    match reply:
        case Text():
            page.say(reply.text)
        case Media():
            page.say(reply.caption)
            page.pictures = (reply.picture,)
        case Choice():
            page.say(reply.prompt)
            page.press(reply.options)
        case Card():
            _card(page, reply, language)
        case Cards():
            _cards(page, reply)
        case Comparison():
            _comparison(page, reply)
        case Cart() | Receipt():
            _bill(page, reply)
        case OrderStatus():
            page.say((reply.number, "code"), " · " if reply.number else "", (reply.status, "b"))
            _goods(page, reply.lines)
            page.gap()
            page.rows(reply.rows)
            page.press(reply.buttons)
        case PayLink():
            _pay_link(page, reply)
    screens = _screens(page, language)
    if isinstance(reply, Text) and reply.wants == "contact":
        _ = translator(language)
        labels = (_("Share my phone number"), _("Send where I am"))
        screens = (*screens[:-1], replace(screens[-1], asks_contact=labels))
    return screens


def photo_screens(digest: str, caption: str, *, language: str, speaker: str) -> tuple[Screen, ...]:
    """A photo that a person of the staff sent."""
    page = _spoken(speaker)
    page.say(caption)
    page.pictures = (digest,)
    return _screens(page, language)


def without_markup(text: str) -> str:
    """The words of a screen as they are read."""
    return unescape(_TAG.sub("", text))


def _spoken(speaker: str) -> _Page:
    page = _Page()
    page.say(((speaker + _colon(speaker)).rstrip() if speaker else "", "b"))
    return page


def _card(page: _Page, card: Card, language: str) -> None:
    _ = translator(language)
    page.pictures = tuple(dict.fromkeys(card.pictures or (() if card.picture is None else (card.picture,))))
    page.say((card.title, "b"))
    page.say((card.price, "b"))
    page.gap()
    page.say(card.body)
    page.gap()
    page.rows(card.rows)
    page.press(card.buttons)
    if card.share:
        page.groups.append([Key(_("Share in Telegram"), share=card.share)])


def _cards(page: _Page, reply: Cards) -> None:
    page.say((reply.title, "b"))
    is_short = not any(card.body or card.rows for card in reply.cards)
    page.gap()
    for number, card in enumerate(reply.cards, 1):
        if not is_short:
            page.gap()
        _entry(page, number, card)
    page.gap()
    _numbered(page, reply.cards)
    page.press(reply.buttons)


def _comparison(page: _Page, reply: Comparison) -> None:
    """Fact after fact, each with the value of every product; what is the same for all stands in one line."""
    page.say((reply.title, "b"))
    page.gap()
    for number, column in enumerate(reply.columns, 1):
        _entry(page, number, column)
    for row in reply.rows:
        if not row.differs and len(set(row.values)) == 1:
            page.say(row.label + _colon(row.label), row.values[0])
            continue
        page.gap()
        page.say((row.label, "b"))
        for number, value in enumerate(row.values, 1):
            page.say(f"{number}. ", value)
        page.gap()
    _numbered(page, reply.columns)
    page.press(reply.buttons)


def _bill(page: _Page, reply: Cart | Receipt) -> None:
    page.say((reply.title, "b"))
    _goods(page, reply.lines)
    page.gap()
    page.rows(reply.rows)
    page.say((reply.total.label + _colon(reply.total.label) + reply.total.value, "b"))
    page.press(reply.buttons)


def _pay_link(page: _Page, reply: PayLink) -> None:
    page.say(reply.prompt)
    page.say((reply.amount, "b"))
    if _is_public(reply.url):
        page.groups.append([Key(_one_line(reply.label), url=reply.url)])
    else:  # Telegram takes no button to a page that only this machine has
        page.say(reply.label + _colon(reply.label), reply.url)
    page.press(reply.buttons)


def _entry(page: _Page, number: int, card: Card) -> None:
    page.say((f"{number}. {card.title}", "b"), "  " if card.price else "", card.price)
    page.say(card.body)
    page.rows(card.rows)


def _numbered(page: _Page, cards: Sequence[Card]) -> None:
    """The buttons of each card, a row a card; where each has but one, beside each other. The pictures on one sheet."""
    pictures = tuple(card.picture for card in cards)
    if any(pictures) and len(pictures) <= MOST_ON_SHEET:
        page.sheet = pictures if len(pictures) > 1 else pictures[0]
    groups = len(page.groups)
    for number, card in enumerate(cards, 1):
        page.press(card.buttons, number=number)
    made = page.groups[groups:]
    if all(len(group) <= 1 for group in made):
        page.groups[groups:] = [[key for group in made for key in group]]


def _goods(page: _Page, lines: Sequence[Line]) -> None:
    for line in lines:
        page.gap()
        page.say((line.title, "b"), f" · {line.label}" if line.label else "")
        count = f"{line.quantity} × {line.unit}" if line.unit else f"× {line.quantity}"
        page.say(count, f" = {line.total}" if line.total != line.unit else "")


def _screens(page: _Page, language: str) -> tuple[Screen, ...]:
    """Albums first; then the words, the first of them under the picture if there is one; the buttons at the end."""
    _ = translator(language)
    if page.sheet is not None and _length(page.lines) <= LONGEST_CAPTION:
        page.pictures = (page.sheet,)
    picture = page.pictures if len(page.pictures) == 1 else ()
    made = [] if picture else [Screen("", (), album) for album in _albums(page.pictures)]
    texts = list(_texts(page.lines, LONGEST_CAPTION if picture else LONGEST_TEXT))
    keyboards = list(_keyboards(page.groups))
    if picture:
        made.append(Screen(texts.pop(0) if texts else "", (), picture))
    made += [Screen(text) for text in texts]
    if not made or (keyboards and not texts and not picture):
        made.append(Screen(_ELLIPSIS))
    if keyboards:
        made[-1] = replace(made[-1], rows=keyboards[0])
        made += [Screen(_("More to choose from:"), rows) for rows in keyboards[1:]]
    return tuple(made)


def _albums(pictures: Sequence[Picture]) -> Iterator[tuple[Picture, ...]]:
    """Evenly, for an album has at least two."""
    count = -(-len(pictures) // MOST_IN_ALBUM)
    for n in range(count):
        yield tuple(pictures[n * len(pictures) // count : (n + 1) * len(pictures) // count])


def _texts(lines: Sequence[Spans], first: int) -> Iterator[str]:
    """The lines as HTML, each part within its limit: the first one's is `first`."""
    spans = [span for n, line in enumerate(lines) for span in (("\n", "") if n else ("", ""), *line) if span[0]]
    whole = "".join(text for text, _tag in spans)
    begun, limit = 0, first
    while begun < len(whole):
        end = begun + _cut(whole[begun : begun + limit], limit, is_last=len(whole) - begun <= limit)
        parts = spans if end - begun == len(whole) else _between(spans, begun, end)
        if _is_seen(whole[begun:end]):
            yield "".join(_html(text, tag) for text, tag in parts).strip()
            limit = LONGEST_TEXT
        begun = end


def _length(lines: Sequence[Spans]) -> int:
    return len(lines) + units("".join(text for line in lines for text, _tag in line))


def _cut(text: str, limit: int, *, is_last: bool) -> int:
    """How many characters of `text` go into a message: all that fit, to the end of a line or word if there is one."""
    end = len(text)
    while units(text[:end]) > limit:
        end -= -(-(units(text[:end]) - limit) // 2)
    if end == len(text) and is_last:
        return end
    for mark in ("\n", " "):
        at = text.rfind(mark, end // 2, end)
        if at > 0:
            return at + 1
    return end


def _between(spans: Sequence[tuple[str, str]], begun: int, end: int) -> Iterator[tuple[str, str]]:
    at = 0
    for text, tag in spans:
        part = text[max(0, begun - at) : max(0, end - at)]
        if part:
            yield part, tag
        at += len(text)


def _html(text: str, tag: str) -> str:
    safe = escape(text, quote=False)
    return f"<{tag}>{safe}</{tag}>" if tag and text.strip() else safe


def _keyboards(groups: Sequence[Sequence[Key]]) -> Iterator[Rows]:
    """The groups in rows, as many keyboards as it takes."""
    rows = [row for group in groups for row in _packed(group)]
    keyboard: list[tuple[Key, ...]] = []
    for row in rows:
        if sum(map(len, keyboard)) + len(row) > MOST_KEYS:
            yield tuple(keyboard)
            keyboard = []
        keyboard.append(row)
    if keyboard:
        yield tuple(keyboard)


def _packed(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    """Short labels beside each other, long ones alone, in their order."""
    row: list[Key] = []
    widest = 0
    for key in keys:
        width = cell_len(key.label)
        if row and max(width, widest) > _IN_A_ROW.get(len(row) + 1, 0):
            yield tuple(row)
            row, widest = [], 0
        row.append(key)
        widest = max(width, widest)
    if row:
        yield tuple(row)


def _one_line(label: str) -> str:
    """A label as a button can carry it, which is never blank."""
    return " ".join(label.split()) if _is_seen(label) else "·"


def _is_seen(text: str) -> bool:
    """Whether something stands there, for Telegram too, which takes some signs for spaces or out of every text."""
    return any(letter.isprintable() and not letter.isspace() and letter not in _UNSEEN for letter in text)


def _colon(label: str) -> str:
    return "：" if label and cell_len(label[-1]) == 2 else ": "


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")
