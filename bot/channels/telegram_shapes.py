"""What we show, in the words of Telegram: keyboards, cards of inline mode. Beside bot/channels/telegram.py."""

from typing import Any, TypeAlias

from aiogram.types import (
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)

from bot.telegram.results import Result
from bot.telegram.screens import Key, Screen

Markup: TypeAlias = dict[str, Any]
"""Buttons as Telegram's JSON has them; checking each as an object of the library takes longer than to send them."""


def keyboard(screen: Screen) -> Markup | None:
    """The buttons below a new message, or those in place of the phone's keyboard, or none of these any more."""
    if screen.ends_asking:
        return {"remove_keyboard": True}
    if not screen.asks_contact:
        return buttons(screen)
    phone = {"text": screen.asks_contact[0], "request_contact": True}
    place = {"text": screen.asks_contact[1], "request_location": True}
    return {"keyboard": [[phone], [place]], "one_time_keyboard": True, "resize_keyboard": True}


def buttons(screen: Screen) -> Markup | None:
    """The buttons below a message."""
    return {"inline_keyboard": [[_button(key) for key in row] for row in screen.rows]} if screen.rows else None


def checked(markup: Markup | None) -> InlineKeyboardMarkup | None:
    """The same as the library's own methods want it."""
    return InlineKeyboardMarkup.model_validate(markup) if markup else None


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
        reply_markup=checked(buttons(result.screen)),
    )


def preview(picture: str) -> LinkPreviewOptions:
    """A card shows its picture as the preview of its address."""
    if not picture:
        return LinkPreviewOptions(is_disabled=True)
    return LinkPreviewOptions(url=picture, prefer_large_media=True, show_above_text=True)


def _button(key: Key) -> dict[str, Any]:
    if key.url:
        return {"text": key.label, "url": key.url}
    if key.share:
        chosen = {"query": key.share, "allow_user_chats": True, "allow_group_chats": True}
        return {"text": key.label, "switch_inline_query_chosen_chat": chosen}
    return {"text": key.label, "callback_data": key.token}
