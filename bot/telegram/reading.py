"""From an update of Telegram, as JSON that was checked, to a value of ours. What we know nothing of gives none."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from bot.telegram.values import (
    Chat,
    InlineAsked,
    InlineChosen,
    Membership,
    Migrated,
    Paid,
    PaymentAsked,
    Photo,
    Pressed,
    Said,
    Shared,
    ShippingAsked,
    Started,
    User,
    Value,
)

Raw: TypeAlias = Mapping[str, Any]

UNREADABLE: Final = (
    *("sticker", "voice", "audio", "video", "video_note", "animation", "document", "poll", "dice", "story", "game"),
    *("paid_media", "checklist"),
)
"""What a message may hold instead of words; an animation comes with a document of the same file, so it stands first."""
PICTURES: Final = ("image/jpeg", "image/png", "image/webp")
"""Of these kinds a file is taken as a photo; that is what the sender says: its bytes are checked when they come."""
_AWAY = ("left", "kicked")


def value_of(raw: Raw, *, bot_id: int) -> Value | None:
    """What an update means to the bot with this id; none when there is nothing in it for us.

    That are kinds we do not know, service messages, posts of channels, and whatever another bot has said.
    """
    for kind, read in _READ.items():
        if kind in raw:
            return read(int(raw["update_id"]), raw[kind], bot_id)
    return None


def _message(update_id: int, message: Raw, bot_id: int) -> Value | None:
    if (migrated := _migrated(update_id, message)) is not None:
        return migrated
    sender = message.get("from")
    if sender is None or sender.get("is_bot") or message["chat"]["type"] == "channel":
        return None
    chat, user, message_id = _chat(message), _user(sender), int(message["message_id"])
    if "successful_payment" in message:
        return _paid(update_id, chat, user, message_id, message["successful_payment"])
    if "contact" in message or "location" in message:
        return _shared(update_id, chat, user, message_id, message)
    text = str(message.get("text") or message.get("caption") or "")
    command, _, payload = text.partition(" ")
    if command.partition("@")[0] == "/start" and chat.kind == "private" and "forward_origin" not in message:
        return Started(update_id, chat, user, message_id, payload.strip(), sent_at=_sent_at(message))
    other = next((kind for kind in UNREADABLE if kind in message), "")
    if not text and not other and "photo" not in message:
        return None
    return Said(
        update_id,
        chat,
        user,
        message_id,
        text=text,
        photo=_photo(message),
        other=other,
        album=str(message.get("media_group_id") or ""),
        to_us=_answers(message, bot_id),
        via_us=_id_of(message.get("via_bot")) == bot_id,
        sent_at=_sent_at(message),
    )


def _edited(update_id: int, message: Raw, bot_id: int) -> Value | None:
    sender = message.get("from")
    text = str(message.get("text") or message.get("caption") or "")
    if sender is None or sender.get("is_bot") or not text or _id_of(message.get("via_bot")) == bot_id:
        return None
    chat, user, at = _chat(message), _user(sender), _sent_at(message)
    return Said(update_id, chat, user, int(message["message_id"]), text=text, edited=True, sent_at=at)


def _pressed(update_id: int, query: Raw, bot_id: int) -> Value | None:  # noqa: ARG001 - all readers are called alike
    message = query.get("message")
    if query.get("data") is None or query["from"].get("is_bot"):
        return None
    return Pressed(
        update_id,
        str(query["id"]),
        _user(query["from"]),
        str(query["data"]),
        chat=_chat(message) if message else None,
        message_id=int(message["message_id"]) if message else None,
        inline_message_id=str(query.get("inline_message_id") or ""),
        label=_label(message or {}, str(query["data"])),
    )


def _inline(update_id: int, query: Raw, bot_id: int) -> Value | None:  # noqa: ARG001
    offset = str(query.get("offset") or "")
    return InlineAsked(update_id, str(query["id"]), _user(query["from"]), str(query["query"]), offset)


def _chosen(update_id: int, chosen: Raw, bot_id: int) -> Value | None:  # noqa: ARG001
    inline_message_id = str(chosen.get("inline_message_id") or "")
    return InlineChosen(update_id, _user(chosen["from"]), str(chosen["result_id"]), inline_message_id)


def _shipping(update_id: int, query: Raw, bot_id: int) -> Value | None:  # noqa: ARG001
    return ShippingAsked(update_id, str(query["id"]), _user(query["from"]), str(query["invoice_payload"]))


def _checkout(update_id: int, query: Raw, bot_id: int) -> Value | None:  # noqa: ARG001
    return PaymentAsked(
        update_id,
        str(query["id"]),
        _user(query["from"]),
        str(query["invoice_payload"]),
        str(query["currency"]),
        int(query["total_amount"]),
    )


def _membership(update_id: int, changed: Raw, bot_id: int) -> Value | None:  # noqa: ARG001
    was_away, is_away = (changed[name]["status"] in _AWAY for name in ("old_chat_member", "new_chat_member"))
    chat = _chat(changed)
    if was_away == is_away or chat.kind == "channel":
        return None
    if chat.kind == "private":
        return Membership(update_id, chat, _user(changed["from"]), "blocked" if is_away else "unblocked")
    return Membership(update_id, chat, _user(changed["from"]), "removed" if is_away else "added")


_READ: Final[Mapping[str, Callable[[int, Raw, int], Value | None]]] = {
    "message": _message,
    "callback_query": _pressed,
    "edited_message": _edited,
    "inline_query": _inline,
    "chosen_inline_result": _chosen,
    "shipping_query": _shipping,
    "pre_checkout_query": _checkout,
    "my_chat_member": _membership,
}
KINDS: Final = tuple(_READ)
"""The kinds of updates we ask Telegram for."""


def _migrated(update_id: int, message: Raw) -> Migrated | None:
    here = int(message["chat"]["id"])
    if "migrate_to_chat_id" in message:
        return Migrated(update_id, here, int(message["migrate_to_chat_id"]))
    if "migrate_from_chat_id" in message:
        return Migrated(update_id, int(message["migrate_from_chat_id"]), here)
    return None


def _paid(update_id: int, chat: Chat, user: User, message_id: int, payment: Raw) -> Paid:
    return Paid(
        update_id,
        chat,
        user,
        message_id,
        str(payment["invoice_payload"]),
        str(payment["currency"]),
        int(payment["total_amount"]),
        str(payment["telegram_payment_charge_id"]),
        str(payment["provider_payment_charge_id"]),
    )


def _shared(update_id: int, chat: Chat, user: User, message_id: int, message: Raw) -> Shared:
    at = _sent_at(message)
    if "contact" in message:
        contact = message["contact"]
        name = " ".join(filter(None, (contact.get("first_name"), contact.get("last_name"))))
        owner_id = int(contact["user_id"]) if contact.get("user_id") is not None else None
        phone = str(contact["phone_number"])
        return Shared(update_id, chat, user, message_id, phone, name, owner_id=owner_id, sent_at=at)
    place = message["location"]
    latitude, longitude = float(place["latitude"]), float(place["longitude"])
    return Shared(update_id, chat, user, message_id, latitude=latitude, longitude=longitude, sent_at=at)


def _photo(message: Raw) -> Photo | None:
    """The photo in it, also where it was sent as a file."""
    if message.get("photo"):
        file = max(message["photo"], key=lambda size: int(size["width"]) * int(size["height"]))
    else:
        file = message.get("document") or {}
        if file.get("mime_type") not in PICTURES:
            return None
    return Photo(str(file["file_id"]), int(file.get("file_size") or 0))


def _chat(message: Raw) -> Chat:
    chat = message["chat"]
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Chat(int(chat["id"]), chat["type"], int(thread) if thread is not None else None)


def _user(user: Raw) -> User:
    return User(int(user["id"]), str(user.get("language_code") or "").lower())


def _sent_at(message: Raw) -> int:
    return int(message.get("edit_date") or message["date"])


def _answers(message: Raw, bot_id: int) -> bool:
    """Whether it answers a message of this bot; what stands in a topic "answers" the line that the topic was made."""
    return _id_of((message.get("reply_to_message") or {}).get("from")) == bot_id


def _label(message: Raw, data: str) -> str:
    """What stands on the button that brings this back."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return next((str(key["text"]) for row in rows for key in row if key.get("callback_data") == data), "")


def _id_of(user: Raw | None) -> int | None:
    return int(user["id"]) if user else None
