"""Text as Telegram reads it: HTML parsed with its exact errors, and what it finds in plain text by itself."""

import re
from html import escape

from tests.telegram_server.errors import ApiError, Obj, bad
from tests.telegram_server.params import Params

TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "span": "spoiler",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#(?:x([0-9a-fA-F]+)|([0-9]+))|(lt|gt|amp|quot));?")
ATTRIBUTE = re.compile(r"""\s+([^\s=>/"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[\w.-]+))?""")
FOUND = re.compile(
    r"(?P<url>https?://[^\s<>]+|(?<![\w@.])(?:t\.me|www\.[\w-]+)[./][^\s<>]+)"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
)


SPACES = "\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000\ufffc"
UNSEEN = SPACES + "\u200b\u200c\u200d\u200e\u200f\u202e\ufeff\u00a0 \n"
REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


def cleaned(text: str) -> str:
    """Text without what Telegram takes out of everything it is sent."""
    return CONTROL.sub(" ", REMOVED.sub("", text))


def is_blank(text: str) -> bool:
    """Whether there is nothing in it that Telegram calls a character."""
    return all(letter in UNSEEN or "\U000e0000" <= letter <= "\U000e007f" for letter in text)


def units(text: str) -> int:
    """Its length as Telegram counts: UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def formatted(params: Params, name: str) -> tuple[str, list[Obj]]:
    """The text under this name and its entities, after parsing and with white space cut off at both ends."""
    source = cleaned(params.text(name))
    prefix = "" if name == "text" else f"{name}_"
    mode = params.text("parse_mode").lower()
    given = params.json(f"{prefix}entities")
    if given is not None:
        text, entities = source, list(given)
    elif mode == "html":
        text, entities = parse_html(source)
    elif mode in ("", "none"):
        text, entities = source, []
    else:
        raise bad("unsupported parse_mode")
    return finished(text, entities)


def finished(text: str, entities: list[Obj]) -> tuple[str, list[Obj]]:
    """Cut off white space at both ends and add what Telegram finds by itself: addresses, mentions, commands."""
    clean = text.strip()
    cut = units(text) - units(text.lstrip())
    length = units(clean)
    kept = []
    for entity in entities:
        begin = max(0, entity["offset"] - cut)
        end = min(length, entity["offset"] - cut + entity["length"])
        if end > begin:
            kept.append(entity | {"offset": begin, "length": end - begin})
    taken = [(e["offset"], e["offset"] + e["length"]) for e in kept if e["type"] in ("pre", "code", "text_link")]
    for match in FOUND.finditer(clean):
        begin = units(clean[: match.start()])
        end = begin + units(match[0])
        if all(end <= start or begin >= stop for start, stop in taken):
            kept.append({"type": match.lastgroup, "offset": begin, "length": end - begin})
    return clean, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def parse_html(source: str) -> tuple[str, list[Obj]]:
    """Text and entities of Telegram's HTML; refuses exactly what and as the Bot API does."""
    text = ""
    entities: list[Obj] = []
    open_tags: list[tuple[str, Obj]] = []
    at = 0
    while at < len(source):
        if source[at] == "&" and (reference := REFERENCE.match(source, at)):
            text += _character(reference)
            at = reference.end()
        elif source[at] != "<":
            text += source[at]
            at += 1
        elif source.startswith("</", at):
            at = _close(source, at, text, open_tags, entities)
        else:
            at = _open(source, at, text, open_tags)
    if open_tags:
        raise unparsed(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return text, entities


def _open(source: str, at: int, text: str, open_tags: list[tuple[str, Obj]]) -> int:
    offset = _bytes(source, at)
    name_end = re.compile(r"[\s>]").search(source, at + 1)
    if name_end is None:
        raise unparsed(f"Unclosed start tag at byte offset {offset}")
    tag = source[at + 1 : name_end.start()].lower()
    if tag not in TAGS:
        raise unparsed(f'Unsupported start tag "{tag}" at byte offset {offset}')
    at = name_end.start()
    attributes: dict[str, str] = {}
    while match := ATTRIBUTE.match(source, at):
        attributes[match[1].lower()] = _decoded((match[2] or "").strip("\"'"))
        at = match.end()
    rest = source[at:].lstrip()
    if not rest:
        raise unparsed(f"Unclosed start tag at byte offset {offset}")
    if rest[0] != ">":
        raise unparsed(f'Empty attribute name in the tag "{tag}" at byte offset {offset}')
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise unparsed(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    entity: Obj = {"type": TAGS[tag], "offset": units(text)}
    if tag == "a":
        entity["url"] = attributes.get("href", "")
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    open_tags.append((tag, entity))
    return len(source) - len(rest) + 1


def _close(source: str, at: int, text: str, open_tags: list[tuple[str, Obj]], entities: list[Obj]) -> int:
    offset = _bytes(source, at)
    if not open_tags:
        raise unparsed(f"Unexpected end tag at byte offset {offset}")
    match = re.compile(r"</([^\s>]*)\s*>").match(source, at)
    if match is None:
        raise unparsed(f"Unclosed end tag at byte offset {offset}")
    tag, entity = open_tags.pop()
    found = match[1].lower()
    if found and found != tag:
        raise unparsed(f'Unmatched end tag at byte offset {offset}, expected "</{tag}>", found "</{found}>"')
    entity["length"] = units(text) - entity["offset"]
    if entity["length"] and entity.get("url", "x"):
        entities.append(entity)
    return match.end()


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return CHARACTERS[reference[3]]
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else reference[0]


def _decoded(value: str) -> str:
    return REFERENCE.sub(_character, value)


def _bytes(source: str, at: int) -> int:
    return len(source[:at].encode("utf-8", "surrogatepass"))


def unparsed(why: str) -> ApiError:
    return bad(f"can't parse entities: {why}")


def escaped(text: str) -> str:
    """Text that stands for itself in Telegram's HTML."""
    return escape(text, quote=False)
