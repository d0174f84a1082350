"""What the bot can answer: frozen values, stored as JSON in the message and rendered by each channel in its own way.

Every sentence, label and price in a reply is ready to be shown: in the shopper's language, already formatted. Every
kind has a plain text (`plain`), so a channel that does not know it yet, or a person reading the log, sees its sense.

`replaces` is a key such as "cart": where the channel can, the last reply with the same key is edited in place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, TypeAlias

from bot.words import simple
from foundation.errors import Json


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `token` comes back when it is pressed (bot/buttons.py); typing the label does the same."""

    label: str
    token: str


@dataclass(frozen=True, slots=True)
class Row:
    """A named fact: ("Total", "¥118.00")."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """Goods in a cart or an order. `label` names the variant ("Red / 500 ml"), empty when there is only one."""

    title: str
    label: str
    quantity: int
    unit: str
    total: str
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Words, nothing else. `wants` is "contact" where a phone number is asked for: some channels can share one."""

    text: str
    wants: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One product, or anything with a picture. `picture` is a media id: channels show /media/{id}.

    A product's own page also has `pictures` (all of them, `picture` among them) and `rows` (its options and facts).
    `live` ("group:17:3") names what it shows and in which version: its message is edited when that changes.
    `share` is what a messenger asks us for to put it into another chat (Telegram's inline mode).
    """

    title: str
    body: str = ""
    picture: int | None = None
    price: str = ""
    buttons: tuple[Button, ...] = ()
    replaces: str = ""
    pictures: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    live: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """A short list of products. "2" and "the second one" mean its second card; `buttons` are about the list itself."""

    title: str
    cards: tuple[Card, ...]
    buttons: tuple[Button, ...] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question, or an answer with next steps: words and options to press. "2" means the second option."""

    prompt: str
    options: tuple[Button, ...]
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact of the things compared: a value for each column, "—" where it has none."""

    label: str
    values: tuple[str, ...]
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two or three products side by side; rows that differ come first. "2" and "the second one" mean a column."""

    title: str
    columns: tuple[Card, ...]
    rows: tuple[Compared, ...]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Cart:
    """What lies in the cart now. `rows`: what is taken off its goods, and what a little more would bring."""

    title: str
    lines: tuple[Line, ...]
    total: Row
    buttons: tuple[Button, ...] = ()
    replaces: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What exactly is about to be done, or was done: lines, named facts (address, way to pay) and the total."""

    title: str
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    total: Row
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """One order and where it stands. `status` is a sentence part for people ("on its way")."""

    number: str
    status: str
    rows: tuple[Row, ...] = ()
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class PayLink:
    """An invitation to pay on a page of our own. `url` is absolute; `label` is what its button says."""

    prompt: str
    label: str
    url: str
    amount: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Media:
    """A picture with a caption."""

    picture: int
    caption: str = ""


Reply: TypeAlias = Text | Card | Cards | Choice | Comparison | Cart | Receipt | OrderStatus | PayLink | Media

KINDS: Final[Mapping[str, type[Reply]]] = {
    "text": Text,
    "card": Card,
    "cards": Cards,
    "choice": Choice,
    "comparison": Comparison,
    "cart": Cart,
    "receipt": Receipt,
    "order_status": OrderStatus,
    "pay_link": PayLink,
    "media": Media,
}
_KIND_OF: Final = {kind: name for name, kind in KINDS.items()}
_PARTS: Final[Mapping[str, type]] = {
    "options": Button,
    "buttons": Button,
    "rows": Row,
    "lines": Line,
    "cards": Card,
    "columns": Card,
}
_NAMES: Final[Mapping[type, tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (*KINDS.values(), *_PARTS.values(), Compared)
}


def to_json(reply: Reply) -> dict[str, Json]:
    """The reply as the message body: {"kind": "card", ...fields, "plain": the same as text}."""
    return {"kind": _KIND_OF[type(reply)], **_fields_of(reply), "plain": plain(reply)}


def from_json(body: Mapping[str, Json]) -> Reply:
    """What `to_json` wrote. A kind this version does not know, or cannot read, becomes its plain text."""
    kind = KINDS.get(str(body.get("kind")))
    if kind is None:
        return Text(str(body.get("plain", "")))
    try:
        reply: Reply = _value(kind, body)
    except (KeyError, TypeError, AttributeError):
        return Text(str(body.get("plain", "")))
    return reply


def _fields_of(value: Json) -> dict[str, Json]:
    return {name: _as_json(getattr(value, name)) for name in _NAMES[type(value)]}


def _as_json(value: Json) -> Json:
    if isinstance(value, tuple):
        return [part if isinstance(part, str | int) else _fields_of(part) for part in value]
    return _fields_of(value) if isinstance(value, Row) else value


def _value(kind: type, body: Mapping[str, Json]) -> Json:
    known: dict[str, Json] = {}
    for name in _NAMES[kind]:
        if name not in body:
            continue
        value = body[name]
        if isinstance(value, list):
            part = Compared if (kind, name) == (Comparison, "rows") else _PARTS.get(name)
            value = tuple(value if part is None else (_value(part, each) for each in value))
        elif isinstance(value, dict):
            value = _value(Row, value)
        known[name] = value
    return kind(**known)


def buttons_of(reply: Reply) -> tuple[Button, ...]:
    """Everything that can be pressed on this reply, in order."""
    match reply:
        case Choice(options=options):
            return options
        case Cards(cards=cards, buttons=buttons) | Comparison(columns=cards, buttons=buttons):
            return (*(button for card in cards for button in card.buttons), *buttons)
        case Card() | Cart() | Receipt() | OrderStatus() | PayLink():
            return reply.buttons
        case Text() | Media():
            return ()


def with_buttons(reply: Reply, made: Sequence[Button]) -> Reply:
    """The reply with these buttons in place of its own; a reply that has none is followed by nothing."""
    if isinstance(reply, Text):
        return Choice(reply.text, tuple(made))
    if isinstance(reply, Choice):
        return replace(reply, options=tuple(made))
    if isinstance(reply, Media):
        return Card(reply.caption, picture=reply.picture, buttons=tuple(made))
    return replace(reply, buttons=tuple(made))


def numbered(reply: Reply) -> tuple[Button, ...]:
    """What "1", "2", ... mean after this reply, as `plain` numbers it: for a list of cards the first button of each."""
    if isinstance(reply, Cards | Comparison):
        cards = reply.cards if isinstance(reply, Cards) else reply.columns
        return tuple(card.buttons[0] for card in cards if card.buttons)
    return buttons_of(reply)


def typed(said: Sequence[Reply]) -> dict[str, Json]:
    """Which tokens typed numbers and labels press after these replies: numbers on the last reply that has any."""
    numbers = next((made for reply in reversed(said) if (made := numbered(reply))), ())
    everything = [button for reply in said for button in buttons_of(reply)]
    labels = [simple(button.label) for button in everything]
    clear = {label: b.token for label, b in zip(labels, everything, strict=True) if labels.count(label) == 1}
    return {"numbers": [button.token for button in numbers], "labels": clear}


def plain(reply: Reply) -> str:
    """The whole reply as plain text. Options are numbered, so that "2" can be typed instead of pressing."""
    return "\n".join(line for line in _lines(reply) if line)


def _lines(reply: Reply) -> Iterator[str]:
    match reply:
        case Text():
            yield reply.text
        case Media():
            yield reply.caption
        case Card():
            yield _spaced(reply.title, reply.price)
            yield reply.body
            yield from _rows(reply.rows)
        case Comparison():
            yield reply.title
            yield from (f"{n}. {_spaced(column.title, column.price)}" for n, column in enumerate(reply.columns, 1))
            yield from (f"{row.label}: {' | '.join(row.values)}" for row in reply.rows)
            yield " ".join(f"[{button.label}]" for button in reply.buttons)
        case Cards():
            yield reply.title
            for n, card in enumerate(reply.cards, 1):
                yield f"{n}. {_spaced(card.title, card.price)}"
                yield f"   {card.body}" if card.body else ""
            yield " ".join(f"[{button.label}]" for button in reply.buttons)
        case Choice():
            yield reply.prompt
        case Cart() | Receipt():
            yield reply.title
            yield from _goods(reply.lines)
            yield from _rows(reply.rows)
            yield from _rows((reply.total,))
        case OrderStatus():
            yield _spaced(reply.number, reply.status)
            yield from _goods(reply.lines)
            yield from _rows(reply.rows)
        case PayLink():
            yield _spaced(reply.prompt, reply.amount)
            yield f"{reply.label}: {reply.url}"
    if not isinstance(reply, Cards | Comparison):
        yield from (f"{n}. {button.label}" for n, button in enumerate(numbered(reply), 1))


def _goods(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        yield _spaced(f"- {line.title}", f"({line.label})" if line.label else "", f"x{line.quantity}", line.total)


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    return (f"{row.label}: {row.value}" for row in rows)


def _spaced(*parts: str) -> str:
    return "  ".join(part for part in parts if part)
