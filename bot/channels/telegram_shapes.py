"""What we show, in the words of aiogram: keyboards, pictures, cards of inline mode. Beside bot/channels/telegram.py."""

from typing import Any, Final

from aiogram.methods import Response
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    SwitchInlineQueryChosenChat,
)

from bot.telegram.results import Result
from bot.telegram.screens import Key, Screen

ANSWERS: Final = tuple(
    Response[answer]  # type: ignore[valid-type]
    for answer in (Message, list[Message], Message | bool, bool, list[dict[str, Any]])
)
"""What Telegram answers with. Pydantic forgets such a class when nobody holds it, and makes it anew at every call: a
millisecond each."""


def file_of(picture: str | bytes) -> str | BufferedInputFile:
    """A picture to send: by Telegram's id of it, or a JPEG."""
    return picture if isinstance(picture, str) else BufferedInputFile(picture, filename="picture.jpg")


def file_id_of(message: Message) -> str:
    """Telegram's id of the photo in a message; empty when there is none."""
    return message.photo[-1].file_id if message.photo else ""


def keyboard(screen: Screen) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    """The buttons below a new message, or those in place of the phone's keyboard, or none of these any more."""
    if screen.ends_asking:
        return ReplyKeyboardRemove(remove_keyboard=True)
    if not screen.asks_contact:
        return buttons(screen)
    phone = KeyboardButton(text=screen.asks_contact[0], request_contact=True)
    place = KeyboardButton(text=screen.asks_contact[1], request_location=True)
    return ReplyKeyboardMarkup(keyboard=[[phone], [place]], one_time_keyboard=True, resize_keyboard=True)


def buttons(screen: Screen) -> InlineKeyboardMarkup | None:
    """The buttons below a message."""
    rows = [[_button(key) for key in row] for row in screen.rows]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def article(result: Result) -> InlineQueryResultArticle:
    """A card that inline mode offers."""
    words = InputTextMessageContent(
        message_text=result.screen.text, parse_mode="HTML", link_preview_options=preview(result.picture)
    )
    return InlineQueryResultArticle(
        id=result.id,
        title=result.title,
        description=result.description or None,
        thumbnail_url=result.picture or None,
        input_message_content=words,
        reply_markup=buttons(result.screen),
    )


def preview(picture: str) -> LinkPreviewOptions:
    """A card shows its picture as the preview of its address."""
    if not picture:
        return LinkPreviewOptions(is_disabled=True)
    return LinkPreviewOptions(url=picture, prefer_large_media=True, show_above_text=True)


def _button(key: Key) -> InlineKeyboardButton:
    if key.url:
        return InlineKeyboardButton(text=key.label, url=key.url)
    if key.share:
        chosen = SwitchInlineQueryChosenChat(query=key.share, allow_user_chats=True, allow_group_chats=True)
        return InlineKeyboardButton(text=key.label, switch_inline_query_chosen_chat=chosen)
    return InlineKeyboardButton(text=key.label, callback_data=key.token)
