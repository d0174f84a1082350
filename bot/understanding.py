"""From a message body to what was heard: understood as a whole, or as several wishes in one message."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from prometheus_client import Summary

from bot.deal_openings import deal_wish
from bot.words import Heard
from commerce.customers.address import beside_address
from conversations.text import clean
from foundation.errors import Json
from nlu.language import language_of
from nlu.model import OUT_OF_SCOPE, Context, Meaning
from nlu.text import fold

if TYPE_CHECKING:
    from nlu.understand import Understander

COST = Summary("xiaoer_understanding_cpu_seconds", "CPU time it took to understand a message")
LONGEST_WITH_PARTS = 120
_SURE = 0.7
_ACTS = frozenset(
    ["add_to_cart", "change_cart", "show_cart", "show_coupons", "checkout", "order_status", "cancel_order", "pay_order"]
)
_NO_CODES = frozenset(("greet", "goodbye", "thank", "affirm", "deny", "help", "out_of_scope", "refine_search"))
_CODE = re.compile(r"(?<![\w-])(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[A-Z\d]{2,}(?:-[A-Z\d]{2,})+(?![\w-])", re.ASCII)
_SHORTEST_CODE = 9
_WAYBILL = re.compile(r"(?<![\w-])[A-Z]{2,4}\d{9,15}(?![\w-])", re.ASCII)
_INVITATION = re.compile(r"(?:/g/|^)([\w-]{38})(?![\w-])", re.ASCII)
"""The end of an invitation's address, or its token alone."""
_LINK = re.compile(r"(?:/?link|绑定)[:：\s]*([0-9a-z]{4}[-\s]?[0-9a-z]{4})", re.IGNORECASE)
_BETWEEN = re.compile(
    r"[,，;；。]\s*(?:and then|and|then|然后|接着|再|并且|顺便)?|\band then\b|\band\b|\bthen\b|然后|接着|并且|顺便",
    re.IGNORECASE,
)


def understand(understander: "Understander", body: Mapping[str, Json], text: str, *, language: str | None) -> Heard:
    """What a message says; `language` is that of the conversation. A press has no words to understand."""
    kind = str(body.get("kind", "text"))
    if kind not in ("text", "photo", "command"):
        return _meant_without_words(kind, body)
    begun = time.thread_time()
    try:
        if kind == "command":
            return _commanded(understander, str(body["skill"]), clean(str(body["text"])), language)
        if kind == "photo":
            caption = _heard(understander.understand(clean(text), Context())) if text.strip() else Heard()
            return replace(caption, kind=kind, photo=body)
        return _linking(text) or _invited(text) or _understand(understander, clean(text), language)
    finally:
        COST.observe(time.thread_time() - begun)


def _meant_without_words(kind: str, body: Mapping[str, Json]) -> Heard:
    """What is said by a press, by coming from somewhere, or by sending something that is no words."""
    match kind:
        case "press":
            return Heard(kind=kind, token=str(body.get("token", "")), is_shared=bool(body.get("shared")))
        case "open" if "group" in body:
            return _invited(str(body["group"])) or Heard()
        case "open" if "deal" in body:
            return Heard(kind=kind, starts=deal_wish(str(body["deal"])))
        case "open":
            return Heard(kind=kind, starts=("open_product", {"handle": str(body["product"])}))
        case "start":
            return Heard(kind=kind, starts=("arrive", {"payload": str(body["payload"])}))
        case "edited":
            return Heard(kind=kind, starts=("hear_edit", {}))
        case "place":
            return Heard(kind=kind, starts=("hear_place", {"near": str(body["near"])}))
        case "other" if body.get("what") == "contact":
            return Heard(kind=kind, starts=("hear_contact", {"whose": "another"}))
        case "contact":
            return Heard(text=str(body["text"]), intent="hear_contact", confidence=1.0, kind=kind)
    return Heard(kind=kind)


def _commanded(understander: "Understander", skill: str, text: str, language: str | None) -> Heard:
    """A command, and what was said after it: "/search green tea"."""
    said = _understand(understander, text, language) if text.strip() else Heard()
    return replace(said, kind="command", intent=skill, confidence=1.0, parts=(), starts=(skill, {}))


def _linking(text: str) -> Heard | None:
    """The code of a person of the staff, as the console told it: "/link 7K2M-94QD", "绑定 7K2M-94QD"."""
    found = _LINK.fullmatch(text.strip())
    return Heard(text=found[1], intent="link_chat", confidence=1.0) if found else None


def _invited(text: str) -> Heard | None:
    """An invitation to a group: the address a friend has sent, with or without words around it."""
    found = _INVITATION.search(text)
    return Heard(text=found[1], intent="open_group", confidence=1.0) if found else None


def _understand(understander: "Understander", text: str, language: str | None) -> Heard:
    context = Context(language="zh" if language == "zh" else "en" if language == "en" else None)
    whole = _heard(understander.understand(text, context))
    pieces = [piece.strip() for piece in _BETWEEN.split(text) if piece.strip()]
    if len(text) > LONGEST_WITH_PARTS or not 2 <= len(pieces) <= 3:
        return whole
    parts = [_heard(understander.understand(piece, context)) for piece in pieces]
    if not _are_wishes(parts):
        return whole
    return Heard(text, whole.intent, whole.confidence, whole.entities, whole.language, parts=parts)


def _heard(meaning: Meaning) -> Heard:
    intent, confidence = meaning.intent, meaning.confidence
    if _is_code(meaning):
        intent, confidence = "claim_coupon", 1.0
    elif _WAYBILL.search(meaning.text) and intent != "report_transfer":
        intent, confidence = "track_parcel", 1.0  # of a parcel to the shopper, or of one that they sent back
    return Heard(
        text=meaning.text,
        intent=intent,
        confidence=confidence,
        entities=meaning.entities,
        language=_language_of(meaning),
    )


def _language_of(meaning: Meaning) -> str:
    """The language of the words said; empty where nothing but data was: a code, an address, a number."""
    text, kinds = meaning.text, {entity.kind for entity in meaning.entities}
    for code in (entity for entity in meaning.entities if entity.kind == "coupon_code"):
        text = text.replace(meaning.text[code.start : code.end], " ")
    if meaning.intent in (OUT_OF_SCOPE, "change_address") or "phone" in kinds:
        text = beside_address(text)
    if not any(letter.isalpha() for letter in text):
        return ""
    return meaning.language if text == meaning.text else language_of(fold(text))


def _is_code(meaning: Meaning) -> bool:
    """Whether a message without another wish gives the code of a coupon or a gift card, in capitals as printed."""
    if meaning.intent not in _NO_CODES or any(entity.kind == "order_number" for entity in meaning.entities):
        return False
    return any(len(code) >= _SHORTEST_CODE for code in _CODE.findall(meaning.text))


def _are_wishes(parts: Sequence[Heard]) -> bool:
    """Whether each part is clearly a wish of its own, and another one than the part before."""
    intents = [part.intent for part in parts]
    sure = all(part.intent in _ACTS and part.confidence >= _SURE for part in parts)
    return sure and all(first != second for first, second in pairwise(intents))
