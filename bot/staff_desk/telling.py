"""How a topic tells a conversation: the card, and lines that follow each other as one message while they have room."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape

from bot.language import translator
from bot.staff_desk.desk import Card
from bot.telegram.units import cut, units
from conversations.model import Kind, Owner, Status
from conversations.read import MessageView
from foundation.errors import Json

LONGEST_TEXT = 4000
"""UTF-16 units of one message; Telegram takes 4096 after it has read the markup."""
LONGEST_CAPTION = 900
LONGEST_ANSWER = 700
"""Units of an answer of the bot that are shown: what it lists stands whole in the console."""
_PIECE = 1_800
"""Characters, which are 3,600 units at most."""
_COMMAND = re.compile(r"(?<![\w/<>])/(?=[A-Za-z0-9_])")
_NO_COMMAND = "/\u2060"
"""A word joiner, which nobody sees: a command that a shopper wrote is none that a tap of an agent would give."""
Happening = Callable[[dict[str, Json], str | None], str]
_MARKS = {Kind.SHOPPER: "👤", Kind.ANSWER: "🤖", Kind.FACT: "🏪", Kind.PERSON: "💬", Kind.NOTE: "📝"}


@dataclass(frozen=True, slots=True)
class Part:
    """One message to post, as HTML, and what it tells. `photo` is the digest of the picture it is the caption of."""

    html: str
    tells: tuple[MessageView, ...] = ()
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some words of a message, or its photo. `head` (HTML) says whose it is; where the same one goes on it is left
    out."""

    head: str
    text: str
    photo: str | None = None


def card_html(card: Card, *, language: str, is_cut: bool = False) -> str:
    """The hand-over card. `is_cut`: the lines below it are not all there are."""
    _ = translator(language)
    facts = [
        f"<b>{escape(name)}</b>{_colon(language)}{escape(_cut(untappable(value), 300))}" for name, value in card.facts
    ]
    there = _("Open in the console")
    link = f'<a href="{escape(card.link)}">{escape(there)}</a>\n'
    cut = _("… what was said before is in the console")
    return "\n".join([f"🔔 <b>{escape(card.title)}</b>", *facts, link, *([f"<i>{escape(cut)}</i>"] if is_cut else [])])


def calls_for_card(messages: Iterable[MessageView]) -> bool:
    """Whether a shopper has begun to wait for a person in these lines."""
    return any(one.kind is Kind.ACTIVITY and one.body.get("to") == Owner.WAITING for one in messages)


def parts_of(
    messages: Iterable[MessageView], *, card: str, written_here: str, language: str, happening: Happening
) -> list[Part]:
    """What to post, in order. `card` comes first, as HTML, unless it is empty.

    `written_here`: what the keys of messages hold that stand in the topic already, as an agent wrote them; they are
    told only when they failed. Empty: all are told.
    """
    sheet = _Sheet(card)
    for message in messages:
        is_there = written_here and written_here in (message.client_msg_id or "")
        if not is_there or _trouble(message, language):
            for piece in _pieces(message, language, happening):
                sheet.add(piece)
        sheet.tells.append(message)
    return sheet.done()


class _Sheet:
    """Words that gather until there is no room or a photo comes."""

    def __init__(self, html: str) -> None:
        self.parts: list[Part] = []
        self.html, self.size, self.head = html, units(html), ""
        self.tells: list[MessageView] = []

    def add(self, piece: _Piece) -> None:
        """Put it below what is there, or at the top of a new message."""
        size = units(piece.head) + units(piece.text) + 1
        if piece.photo is not None or self.size + size > LONGEST_TEXT:
            self._tear_off()
        if piece.photo is not None:
            self.parts.append(Part(piece.head + escape(piece.text), photo=piece.photo))
            return
        told = escape(piece.text) if piece.head and piece.head == self.head else piece.head + escape(piece.text)
        self.html = f"{self.html}\n{told}" if self.html else told
        self.size, self.head = self.size + size, piece.head

    def done(self) -> list[Part]:
        """Every part; what was told last belongs to the last of them."""
        self._tear_off()
        if self.tells and self.parts:
            last = self.parts[-1]
            self.parts[-1] = Part(last.html, (*last.tells, *self.tells), last.photo)
        return self.parts

    def _tear_off(self) -> None:
        if self.html:
            self.parts.append(Part(self.html, tuple(self.tells)))
            self.html, self.size, self.head, self.tells = "", 0, "", []


def _pieces(message: MessageView, language: str, happening: Happening) -> Iterator[_Piece]:
    """A message with whose it is; a very long one in several."""
    if message.kind is Kind.ACTIVITY:
        yield _Piece("", f"— {happening(message.body, message.staff_name)} —")
        return
    trouble, digest = _trouble(message, language), message.body.get("digest")
    name = message.staff_name if message.kind in (Kind.PERSON, Kind.NOTE) else None
    mark = _MARKS[message.kind] + ("✏️" if message.body.get("kind") == "edited" else "")
    head = f"⚠️ <i>{escape(trouble)}</i> " if trouble else f"{mark} "
    if name:
        head += f"<b>{escape(name)}</b>{_colon(language)}"
    is_said = digest or (message.text and message.body.get("kind") != "other")
    text = str(message.body.get("text") or "") if digest else message.text
    if not is_said:
        text = _unsaid(message, translator(language))
    text = untappable(text)
    if message.kind is Kind.ANSWER:
        text = _cut(text, LONGEST_ANSWER)
    if digest:
        fits = units(text) <= LONGEST_CAPTION
        yield _Piece(head, text if fits else "", str(digest))
        text = "" if fits else text
    for start in range(0, len(text), _PIECE):
        yield _Piece(head, text[start : start + _PIECE])


def untappable(text: str) -> str:
    """The same words, with no command in them."""
    return _COMMAND.sub(_NO_COMMAND, text)


def _trouble(message: MessageView, language: str) -> str:
    _ = translator(language)
    if message.kind is Kind.PERSON and message.status is Status.FAILED:
        return _("This did not reach the shopper:")
    if message.kind is Kind.PERSON and message.status is Status.UNKNOWN:
        return _("This may not have reached the shopper:")
    return ""


def _unsaid(message: MessageView, _: Callable[[str], str]) -> str:
    """What stands for a message without words."""
    names = {
        "photo": _("a picture") if message.body.get("kind") == "other" else _("a picture, which is on its way"),
        "location": _("a place"),
        "contact": _("a contact"),
        "sticker": _("a sticker"),
        "voice": _("a recording"),
        "video": _("a film"),
        "document": _("a file"),
    }
    other = _("something that cannot be shown here")
    return f"[{names.get(str(message.body.get('what') or message.body.get('kind')), other)}]"


def _colon(language: str) -> str:
    return "：" if language == "zh" else ": "


def _cut(text: str, most: int) -> str:
    return text if units(text) <= most else cut(text, most - 1) + "…"
