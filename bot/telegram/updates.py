"""What the shop does about each update: whatever a shopper says or presses is kept, then acknowledged, then answered.

Where a person talks to us alone the chat is theirs. In a group everybody has a conversation of their own with us, and
only what is meant for us is heard: commands, mentions, answers to our messages, and buttons.
"""

import asyncio
import contextlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import structlog
from sqlalchemy import text

from bot.delivery import NotSent, Undeliverable
from bot.language import translator
from bot.metrics import HEARD
from bot.shop import Press
from bot.telegram.commands import commanded
from bot.telegram.inline import answer_inline
from bot.telegram.links import Lead, Payload, read_payload
from bot.telegram.payments import answer_checkout, answer_shipping, take_payment
from bot.telegram.people import first_language
from bot.telegram.screens import Screen
from bot.telegram.shared_cards import keep_chosen, press_shared
from bot.telegram.typing import typing
from bot.telegram.values import (
    LARGEST_FILE,
    Chat,
    InlineAsked,
    InlineChosen,
    Membership,
    Migrated,
    Paid,
    PaymentAsked,
    Pressed,
    Said,
    Shared,
    ShippingAsked,
    Started,
    Value,
)
from bot.turn import answer, keep
from commerce.customers.nearby import near
from conversations.hear import Heard, Incoming
from conversations.model import LONGEST_TEXT
from conversations.reach import move_group, set_reachable
from conversations.read import said_in_group
from foundation.errors import Json

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

CHANNEL = "telegram"
MOST_TRIES = 5
"""So often an update is tried that alone cannot be stored; then it is left out, for the others wait behind it."""
TRIES_COUNT_FOR = timedelta(days=1)
"""So long Telegram keeps an update."""
ALBUM_SECONDS = 1.0
"""The pictures of an album come one by one; so long after each the shop waits for the next."""
PRESS_SECONDS = 3.0
"""So long the answer to a press may take before the work begins all the same."""

Telling: TypeAlias = Said | Pressed | Shared | Started
Meant: TypeAlias = tuple[dict[str, Json], str]
"""The body of a message, and what the staff reads of it."""


async def hear_update(shop: "Shop", value: Value) -> None:
    """Take an update in. When this returns it may be acknowledged: all of it that counts is stored."""
    match value:
        case Said(chat=chat) | Started(chat=chat) | Shared(chat=chat) | Pressed(chat=Chat() as chat):
            await _hear(shop, value, chat)
        case PaymentAsked():
            await answer_checkout(shop, value)
        case ShippingAsked():
            await answer_shipping(shop, value)
        case Paid():
            await take_payment(shop, value)
        case Membership(chat=chat, change=change):
            name, is_back = str(chat.id), change in ("unblocked", "added")
            await set_reachable(shop.database, channel=CHANNEL, chat=name, reachable=is_back, now=shop.now())
        case Migrated(from_chat_id=old, to_chat_id=new):
            await move_group(shop.database, channel=CHANNEL, chat=str(old), to=str(new))
        case InlineAsked():
            shop.soon(answer_inline(shop, value))  # of no use later: nobody waits for it to be stored
        case InlineChosen():
            await keep_chosen(shop, value)
        case Pressed():
            await press_shared(shop, value)


async def is_hopeless(shop: "Shop", value: Value) -> bool:
    """Whether to leave out an update that was not taken in: it has failed MOST_TRIES times, wherever Telegram brought
    it, while the database was well."""
    try:
        async with shop.database.begin() as session:
            await session.execute(text("SELECT 1"))
    except Exception:
        log.exception("the database is away")
        return False
    assert shop.telegram is not None
    key, most = f"update:{shop.telegram.id}:{value.update_id}", MOST_TRIES - 1
    if not await shop.budget.spend(key, limit=most, seconds=int(TRIES_COUNT_FOR.total_seconds())):
        return False
    log.error("an update is left out", update=value.update_id)
    return True


async def _hear(shop: "Shop", value: Telling, chat: Chat) -> None:
    meant = await _meant(shop, value, chat)
    if meant is None:
        return
    press = (value.user.id, value.message_id, value.data) if isinstance(value, Pressed) else None
    if press in shop.pressing:  # two taps where one was meant
        shop.soon(_stop_clock(shop, value))
        return
    counted, limit = f"telegram:{value.user.id}", shop.settings.messages_a_minute
    # What waited while we were away counts for the minute in which it was written; of a press nobody says when it was.
    at = None if isinstance(value, Pressed) else value.sent_at
    over = await shop.budget.spend(counted, limit=limit, seconds=60, at=at)
    if over:
        shop.soon(_slow_down(shop, value, chat, first=over == 1))
        return
    body, text = meant
    place: dict[str, Json] = {"message_id": value.message_id}
    if chat.thread is not None:
        place["thread"] = chat.thread
    is_private = chat.kind == "private"
    account = str(value.user.id)
    incoming = Incoming(
        channel=CHANNEL,
        chat=account if is_private else f"{chat.id}:{account}",
        external_id=str(value.update_id),
        body={**place, **body},
        text=text[:LONGEST_TEXT],
        account=None if is_private else account,
    )
    language = first_language(value.user, default=shop.settings.default_language)
    kept: Heard | None = None
    try:
        kept = await keep(shop, incoming, language=language)
    finally:
        if kept is None or kept.repeated:  # it will come again and be counted then, or was counted before
            await shop.budget.give_back(counted, seconds=60, at=at)
    HEARD.labels(CHANNEL).inc()
    if press is not None and not kept.repeated:
        shop.pressing.add(press)
    shop.soon(_answer(shop, value, chat, kept, incoming, press))


async def _answer(
    shop: "Shop", value: Telling, chat: Chat, kept: Heard, incoming: Incoming, press: Press | None
) -> None:
    """Stop the clock of the button that was pressed, then work. What was heard before is being worked on already."""
    await _stop_clock(shop, value)
    if kept.repeated:
        return
    try:
        if "album" in incoming.body:
            await asyncio.sleep(ALBUM_SECONDS)
        with typing(shop, chat.id, thread=chat.thread):
            await answer(shop, kept, incoming)
    finally:
        if press is not None:
            shop.pressing.discard(press)


async def _stop_clock(shop: "Shop", value: Telling) -> None:
    if isinstance(value, Pressed) and shop.telegram is not None:
        with contextlib.suppress(Exception):  # whatever it is, the work is what counts
            async with asyncio.timeout(PRESS_SECONDS):
                await shop.telegram.answer_press(value.query_id)


async def _slow_down(shop: "Shop", value: Telling, chat: Chat, *, first: bool) -> None:
    """Too much at once is not kept, and that is said: once in the chat, and over the chat for each press."""
    assert shop.telegram is not None
    _ = translator(first_language(value.user, default=shop.settings.default_language))
    words = _("Too many messages in a short time. Try again after a moment.")
    with contextlib.suppress(NotSent, Undeliverable):
        if isinstance(value, Pressed):
            await shop.telegram.answer_press(value.query_id, text=words)
        elif first:
            await shop.telegram.send_screen(chat.id, Screen(words), thread=chat.thread)


async def _meant(shop: "Shop", value: Telling, chat: Chat) -> Meant | None:
    """What is to be kept; None for what is not meant for us."""
    is_private = chat.kind == "private"
    match value:
        case Pressed():
            pressed: dict[str, Json] = {"kind": "press", "token": value.data, "label": value.label}
            return (pressed if is_private else pressed | {"shared": True}), value.label
        case Started():
            return await _arrived(shop, value)
        case Said(via_us=True):
            return None
        case Said() if not is_private:
            return _said_in_group(shop, value)
        case Said():
            return _said(shop, value)
        case Shared() if is_private:
            return _shared(value)
    return None


async def _arrived(shop: "Shop", value: Started) -> Meant:
    """A link was followed; one from a group goes on with what was said there."""
    match read_payload(shop.vault, value.payload):
        case Payload(Lead.CARRIED, conversation_id, seq):
            async with shop.database.begin() as session:
                account = str(value.user.id)
                said = await said_in_group(session, conversation_id=conversation_id, seq=seq, account=account)
            if said is not None:
                return {**said.body, "message_id": None, "thread": None}, said.text
    return {"kind": "start", "payload": value.payload[:64]}, "/start"


def _said(shop: "Shop", value: Said) -> Meant:
    if value.edited:
        return {"kind": "edited", "text": value.text}, value.text
    if value.photo is not None and value.photo.size <= LARGEST_FILE:
        photo: dict[str, Json] = {"kind": "photo", "text": value.text, "file": value.photo.file_id}
        return (photo | {"album": value.album} if value.album else photo), value.text
    if value.text:
        return _words(shop, value.text)
    what = value.other or "photo"
    return {"kind": "other", "what": what}, f"[{what}]"


def _said_in_group(shop: "Shop", value: Said) -> Meant | None:
    """Words that are meant for us, without our name in them."""
    username = shop.telegram.username if shop.telegram is not None else ""
    mention = re.compile(rf"@{re.escape(username)}\b", re.IGNORECASE)
    is_command = commanded(value.text, username) is not None
    if value.edited or not value.text or not (is_command or value.to_us or mention.search(value.text)):
        return None
    return _words(shop, value.text if is_command else mention.sub(" ", value.text).strip() or "/help")


def _words(shop: "Shop", text: str) -> Meant:
    """Words, or a command; one that we do not know is taken at its word."""
    command = commanded(text, shop.telegram.username if shop.telegram is not None else "")
    if command is None:
        return {"kind": "text", "text": text}, text.removeprefix("/")
    skill, rest = command
    return {"kind": "command", "skill": skill, "text": rest}, text


def _shared(value: Shared) -> Meant:
    """A contact counts as said when it is the sender's own. Of a place only what it is near is kept."""
    if value.latitude is not None and value.longitude is not None:
        return {"kind": "place", "near": near(value.latitude, value.longitude)}, "[place]"
    if value.owner_id != value.user.id:
        return {"kind": "other", "what": "contact"}, "[contact]"
    phone = value.phone if value.phone.startswith("+") or not value.phone.isdecimal() else f"+{value.phone}"
    said = f"{value.name}, {phone}"
    return {"kind": "contact", "text": said}, said
