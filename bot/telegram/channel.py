"""Telegram as a channel: what is queued for a chat is sent there, and what has changed is edited where it stands.

What stands in the chat is kept as the message's external id: "17", of several messages "17,18", of an album "17+18".
A message is kept piece by piece as it leaves, so that another try goes on where the last one stopped.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.delivery import Undeliverable
from bot.replies import from_json
from bot.telegram.budget import Priority
from bot.telegram.errors import Gone, Moved, Rejected
from bot.telegram.invoices import invoice_for
from bot.telegram.pictures import Pictures
from bot.telegram.screens import Screen, photo_screens, screens_of
from commerce.payments.actions import Till
from conversations.delivery import Outgoing, keep_part
from conversations.edits import Changed, shows, take_over
from conversations.model import Kind
from conversations.reach import move_group

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram

log = structlog.get_logger(__name__)

_TRIES = 4
"""Of one screen: its pictures uploaded anew, then without them, and a group that moved."""


class TelegramChannel:
    """Sends through one bot."""

    in_database = False

    def __init__(self, telegram: "Telegram", till: Till, pictures: Pictures) -> None:
        self._telegram = telegram
        self._till = till
        self._database = till.database
        self._pictures = pictures

    async def send(self, message: Outgoing) -> str:
        """Send a message, or edit the one on which the button stood that it answers, if it takes that one's place."""
        if message.body.get("kind") == "pay_link" and (invoice := await self._invoice(message)):
            return invoice
        screens = _screens(message)
        if place := await self._place_to_take(message):
            if await self._edit(message.chat, place, screens):
                talk = message.conversation_id
                await take_over(self._database, conversation_id=talk, message_id=message.id, external_id=place)
                return place
            await self._telegram.delete_message(_number(message.chat), int(place))
        sent = message.external_id.split(",") if message.external_id else []
        if message.wanted == "contact" and not sent:
            screens = await self._without_keyboard(message, screens)
        for screen in screens[len(sent) :]:
            sent.append(await self._send(message, screen, is_first=not sent))
            if len(sent) < len(screens):
                await keep_part(self._database, message, external_id=",".join(sent))
        return ",".join(sent)

    async def edit(self, message: Changed) -> None:
        """Show a message that has changed as it is now. One that the shopper has taken away stays away."""
        screens = _screens(message)
        if not await self._edit(message.chat, message.external_id, screens, priority=Priority.BROADCAST):
            log.info("a message in Telegram cannot be edited", conversation=message.conversation_id)

    async def _without_keyboard(self, message: Outgoing, screens: tuple[Screen, ...]) -> tuple[Screen, ...]:
        """The keyboard that offered to share a phone number goes away with the next message.

        One with buttons of its own cannot take it away, and one that does can never be edited, as what a person says
        and a live card may have to be: then a message takes it away that is gone at once.
        """
        first, *rest = screens
        may_change = message.kind is Kind.PERSON or bool(message.body.get("live"))
        if _number(message.chat) < 0 or first.asks_contact:
            return screens
        if not first.rows and len(first.pictures) <= 1 and not may_change:
            return (replace(first, ends_asking=True), *rest)
        chat, priority = _number(message.chat), _priority(message)
        gone = await self._telegram.send_screen(chat, Screen("…", ends_asking=True), priority=priority)
        await self._telegram.delete_message(chat, gone.message_ids[0])
        return screens

    async def _invoice(self, message: Outgoing) -> str:
        """Send an invoice in place of a pay link; empty where the link itself is to be shown."""
        invoice = await invoice_for(self._till, str(message.body["url"]), language=message.language)
        if invoice is None:
            return ""
        try:
            return str(await self._telegram.send_invoice(_number(message.chat), invoice))
        except Rejected as error:
            log.error("Telegram does not take an invoice", said=str(error))
            return ""

    async def _place_to_take(self, message: Outgoing) -> str:
        """The message in whose place this one goes; empty for a new one."""
        replaces, answered = message.body.get("replaces"), message.answered or {}
        if not replaces or message.external_id or answered.get("kind") != "press":
            return ""
        place = str(answered.get("message_id", ""))
        is_there = await shows(
            self._database, conversation_id=message.conversation_id, external_id=place, replaces=str(replaces)
        )
        return place if is_there else ""

    async def _edit(
        self, chat: str, place: str, screens: Sequence[Screen], *, priority: Priority = Priority.ANSWER
    ) -> bool:
        """Show these screens where others stand; false when that cannot be."""
        places = place.split(",")
        if len(places) != len(screens):
            return False
        for message_id, screen in zip(places, screens, strict=True):
            if "+" in message_id or len(screen.pictures) > 1:
                continue  # an album stays as it is
            if not await self._edit_one(_number(chat), int(message_id), screen, priority):
                return False
        return True

    async def _edit_one(self, chat: int, message_id: int, screen: Screen, priority: Priority) -> bool:
        """The same for one message. A picture that Telegram has forgotten is uploaded anew."""
        for _try in range(2):
            pictures = await self._pictures.find(screen.pictures)
            try:
                sent = await self._telegram.edit_screen(chat, message_id, screen, pictures, priority=priority)
            except (Gone, Moved):
                return False
            except Rejected as error:
                log.warning("Telegram does not take an edit", said=str(error))
                await self._pictures.forget(pictures)
            else:
                await self._pictures.learn(sent.file_ids)
                return True
        return False

    async def _send(self, message: Outgoing, screen: Screen, *, is_first: bool) -> str:
        """One screen; what it is called. A picture that Telegram does not take is left out, a moved group followed."""
        pictures = await self._pictures.find(screen.pictures)
        chat, answered = message.chat, message.answered or {}
        in_group = _number(chat) < 0
        reply_to = answered.get("message_id") if in_group and is_first else None
        if in_group:  # where nobody shares a phone number
            screen = replace(screen, asks_contact=())
        for _try in range(_TRIES):
            try:
                sent = await self._telegram.send_screen(
                    _number(chat),
                    screen,
                    pictures,
                    thread=answered.get("thread"),
                    reply_to=reply_to,
                    priority=_priority(message),
                )
            except Moved as moved:
                to = str(moved.to)
                await move_group(self._database, channel=message.channel, chat=str(_number(chat)), to=to)
                chat = to
            except Rejected as error:
                if not pictures:
                    raise Undeliverable from error
                log.warning("Telegram does not take a picture", said=str(error))
                is_known = any(isinstance(picture, str) for picture in pictures.values())
                await self._pictures.forget(pictures)
                pictures = await self._pictures.find(screen.pictures) if is_known else {}
            else:
                await self._pictures.learn(sent.file_ids)
                return "+".join(map(str, sent.message_ids))
        raise Undeliverable


def _screens(message: Outgoing | Changed) -> tuple[Screen, ...]:
    """What a person says stands under their name."""
    speaker = message.staff_name or ""
    if message.body.get("kind") == "photo":
        digest, caption = str(message.body["digest"]), str(message.body["text"])
        return photo_screens(digest, caption, language=message.language, speaker=speaker)
    return screens_of(from_json(message.body), language=message.language, speaker=speaker)


def _priority(message: Outgoing) -> Priority:
    """What the shopper or an agent waits for goes before what the shop tells by itself."""
    is_awaited = message.answered is not None or message.kind is Kind.PERSON
    return Priority.ANSWER if is_awaited else Priority.ANNOUNCEMENT


def _number(chat: str) -> int:
    """The id of the chat itself; in a group each person's conversation is "chat:person"."""
    return int(chat.partition(":")[0])
