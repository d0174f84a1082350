"""The shopper's bot: aiogram behind plain methods, and the one place where its errors become ours.

Every method that writes into a chat first takes its place in the rate budget of the bot. It may raise Undeliverable,
NotSent (bot/delivery.py), Moved, Gone or Rejected (bot/telegram/errors.py); whatever else is raised means that the
message may have arrived.
"""

import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypeVar

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import BotCommand, LabeledPrice, ShippingOption
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientConnectorError, ClientTimeout, ConnectionTimeoutError

from bot.channels.telegram_calls import (
    EditMessage,
    EditPhoto,
    GetUpdates,
    SendAlbum,
    SendMessage,
    SendPhoto,
    Session,
    Shown,
    file_of,
    photo_of,
)
from bot.channels.telegram_shapes import article, buttons, checked, keyboard, preview
from bot.delivery import NotSent, Undeliverable
from bot.telegram.budget import Budget, Priority
from bot.telegram.errors import Gone, Moved, Rejected
from bot.telegram.invoices import STARS, Invoice
from bot.telegram.reading import KINDS, value_of
from bot.telegram.results import Result
from bot.telegram.screens import Picture, Screen, without_markup
from bot.telegram.values import LARGEST_FILE, Value
from foundation.errors import Refused

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Pictures: TypeAlias = Mapping[Picture, str | bytes]
"""What Telegram keeps already, by its file id, or the JPEG to upload."""

TIMEOUT = 20
"""Seconds for one call: less than delivery waits for a send."""
CONNECT_WITHIN = 8
"""Seconds: where a network swallows what is sent we know then that nothing has left."""
NO_CONNECTION = timedelta(seconds=2)
SERVER_ERROR = timedelta(seconds=1)
SHARED = 0
"""Stands for all the chats in which shared cards are, for nobody tells us which: they are held up together."""
INLINE_SECONDS = 10
"""So long Telegram may show the same cards again to who asks the same: prices and seats change."""
_GONE: Final = (
    *("message to edit not found", "message can't be edited", "message_id_invalid", "there is no text in the message"),
    *("message to delete not found", "message can't be deleted"),
)
_CLOSED: Final = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "chat_write_forbidden")
_BLOCKED: Final = ("blocked by the user", "can't initiate conversation")


class _NotModified(Exception):
    """It says so already."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What stands in the chat now: the ids of the messages (several for an album), and of the pictures uploaded."""

    message_ids: tuple[int, ...]
    file_ids: Mapping[Picture, str]


class Telegram:
    """One bot. `id` is its own, `username` its name without the @ (known after `open`)."""

    def __init__(self, token: str, *, url: str, budget: Budget, payment_token: str = "") -> None:
        session = Session(api=TelegramAPIServer.from_base(url), timeout=TIMEOUT)
        session.timeout = ClientTimeout(TIMEOUT, sock_connect=CONNECT_WITHIN)  # type: ignore[assignment]
        quiet = DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True)
        try:
            self._bot = Bot(token, session=session, default=quiet)
        except TokenValidationError:
            raise Refused("telegram.bad_token") from None
        self.id = self._bot.id
        self.username = ""
        self._payment_token = payment_token
        self.budget = budget

    async def open(self) -> None:
        """Learn the bot's name. Raises Refused("telegram.bad_token") when Telegram does not know the token."""
        try:
            self.username = (await self._call(self._bot.get_me())).username or ""
        except Rejected as error:
            raise Refused("telegram.bad_token") from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._bot.session.close()

    # Hearing

    def read(self, raw: Mapping[str, Any]) -> Value | None:
        """What an update says; none when there is nothing in it for us, or it is none."""
        try:
            return value_of(raw, bot_id=self.id)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("an update of Telegram cannot be read", update=raw.get("update_id"))
            return None

    async def get_updates(self, offset: int | None, timeout: int = 30) -> list[dict[str, Any]]:
        """The updates from `offset` on, which says that everything before it was kept; waits for the first one."""
        asked = GetUpdates(offset=offset, timeout=timeout, allowed_updates=list(KINDS))
        return await self._call(self._bot(asked, request_timeout=timeout + TIMEOUT))

    async def set_webhook(self, url: str, secret: str) -> None:
        """From now on Telegram brings updates to this address, with `secret` in a header."""
        await self._call(self._bot.set_webhook(url, secret_token=secret, allowed_updates=list(KINDS)))

    async def delete_webhook(self) -> None:
        """From now on updates are fetched."""
        await self._call(self._bot.delete_webhook())

    async def set_commands(self, commands: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What the menu offers, by language (empty: everybody else): (command, what it does)."""
        for language, menu in commands.items():
            told = [BotCommand(command=command, description=words) for command, words in menu]
            await self._call(self._bot.set_my_commands(told, language_code=language or None))

    async def file(self, file_id: str) -> bytes:
        """A file that somebody sent. Raises Undeliverable when it is gone or larger than a bot may fetch."""
        try:
            found = await self._call(self._bot.get_file(file_id))
        except Rejected as error:
            raise Undeliverable from error
        if found.file_path is None or (found.file_size or 0) > LARGEST_FILE:
            raise Undeliverable
        content = await self._bot.download_file(found.file_path, timeout=TIMEOUT)
        return content.read() if content else b""

    # Writing

    async def send_screen(
        self,
        chat: int,
        screen: Screen,
        pictures: Pictures | None = None,
        *,
        thread: int | None = None,
        reply_to: int | None = None,
        priority: Priority = Priority.ANSWER,
    ) -> Sent:
        """Send a screen; `pictures` holds those it shows. What is not there is left out."""
        shown = [(media, made) for media in screen.pictures if (made := (pictures or {}).get(media)) is not None]
        place: dict[str, Any] = {"chat_id": chat, "message_thread_id": thread}
        if reply_to is not None:
            place["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
        await self.budget.wait(chat, priority, count=max(1, len(shown)))
        if len(shown) > 1:
            album = SendAlbum(media=[photo_of(picture) for _media, picture in shown], **place)
            messages = await self._call(self._bot(album), chat)
        elif shown:
            photo = file_of(shown[0][1])
            sent = SendPhoto(photo=photo, caption=screen.text, reply_markup=keyboard(screen), **place)
            messages = [await self._call(self._bot(sent), chat)]
        else:
            messages = [await self._words(screen, chat, place)]
        ids = {media: message.file_id for (media, _), message in zip(shown, messages, strict=False)}
        return Sent(tuple(message.message_id for message in messages), ids)

    async def edit_screen(
        self,
        chat: int,
        message_id: int,
        screen: Screen,
        pictures: Pictures | None = None,
        *,
        priority: Priority = Priority.ANSWER,
    ) -> Sent:
        """Make a message show this screen, which is no album. Raises Gone when a new one has to be sent."""
        place: dict[str, Any] = {"chat_id": chat, "message_id": message_id, "reply_markup": buttons(screen)}
        await self.budget.wait(chat, priority, is_edit=True)
        picture = (pictures or {}).get(screen.pictures[0]) if screen.pictures else None
        try:
            if picture is None:
                await self._call(self._bot(EditMessage(text=screen.text, **place)), chat)
                return Sent((message_id,), {})
            edit = EditPhoto(media=photo_of(picture, screen.text), **place)
            edited = await self._call(self._bot(edit), chat)
        except _NotModified:
            return Sent((message_id,), {})
        return Sent((message_id,), {screen.pictures[0]: edited.file_id})

    async def delete_message(self, chat: int, message_id: int) -> None:
        """Take a message away, if it can be."""
        await self._unless_late(self._bot.delete_message(chat, message_id))

    async def answer_press(self, query_id: str, text: str = "") -> None:
        """Stop the button's clock; `text` is shown above the chat for a moment. Too late is no harm."""
        await self._unless_late(self._bot.answer_callback_query(query_id, text=text or None))

    async def show_typing(self, chat: int, *, thread: int | None = None) -> None:
        """Show for five seconds that somebody writes, if there is room for that now."""
        await self.budget.wait(chat, Priority.BROADCAST, is_edit=True)
        await self._call(self._bot.send_chat_action(chat, "typing", message_thread_id=thread), chat)

    # Paying

    async def send_invoice(self, chat: int, invoice: Invoice) -> int:
        """Send an invoice; the id of its message. A forwarded copy leads here and cannot be paid."""
        await self.budget.wait(chat, Priority.ANSWER)
        drawn = self._bot.send_invoice(chat, start_parameter=invoice.start, **self._drawn(invoice))
        return (await self._call(drawn, chat)).message_id

    async def create_invoice_link(self, invoice: Invoice) -> str:
        """The address at which everybody may pay an invoice."""
        return await self._call(self._bot.create_invoice_link(**self._drawn(invoice)))

    async def refund_stars(self, user_id: int, charge_id: str) -> None:
        """Give the Stars of a payment back. Raises Rejected where that cannot be, or was done before."""
        await self._call(self._bot.refund_star_payment(user_id, charge_id))

    async def answer_checkout(self, query_id: str, problem: str = "") -> None:
        """Let an invoice be paid, or say why not. Too late is no harm: then it is not paid."""
        answer = self._bot.answer_pre_checkout_query(query_id, ok=not problem, error_message=problem or None)
        await self._unless_late(answer)

    async def answer_shipping(self, query_id: str, way: str, problem: str = "") -> None:
        """Let the goods of an invoice be sent in this one way, which costs nothing more, or say why not."""
        made = ShippingOption(id="agreed", title=way, prices=[LabeledPrice(label=way, amount=0)])
        told: dict[str, Any] = {"error_message": problem} if problem else {"shipping_options": [made]}
        answer = self._bot.answer_shipping_query(query_id, ok=not problem, **told)
        await self._unless_late(answer)

    def _drawn(self, invoice: Invoice) -> dict[str, Any]:
        return {
            "title": invoice.title,
            "description": invoice.description,
            "payload": invoice.payload,
            "provider_token": "" if invoice.currency == STARS else self._payment_token,
            "currency": invoice.currency,
            "prices": [LabeledPrice(label=label, amount=amount) for label, amount in invoice.parts],
        }

    async def answer_inline(self, query_id: str, results: Sequence[Result], *, more: str = "") -> None:
        """Offer cards to who asked in some chat; `more` is asked for next when they scroll on."""
        made = [article(result) for result in results]
        answer = self._bot.answer_inline_query(
            query_id, list(made), cache_time=INLINE_SECONDS, is_personal=True, next_offset=more
        )
        await self._unless_late(answer)

    async def edit_shared(self, inline_message_id: str, screen: Screen, picture: str = "") -> None:
        """Make a card that was put into some chat show this. Raises Gone when it is not there any more."""
        await self.budget.wait(SHARED, Priority.ANNOUNCEMENT, is_edit=True)
        edit = self._bot.edit_message_text(
            text=screen.text,
            inline_message_id=inline_message_id,
            reply_markup=checked(buttons(screen)),
            link_preview_options=preview(picture),
        )
        with contextlib.suppress(_NotModified):
            await self._call(edit, SHARED)

    async def _unless_late(self, call: Awaitable[bool]) -> None:
        try:
            await self._call(call)
        except (Rejected, Gone, Moved):
            log.info("it was too late for Telegram")

    async def _words(self, screen: Screen, chat: int, place: Mapping[str, Any]) -> Shown:
        """A message of words; as plain text when Telegram cannot read its markup."""
        said = SendMessage(text=screen.text, reply_markup=keyboard(screen), **place)
        try:
            return await self._call(self._bot(said), chat)
        except Rejected as error:
            if "can't parse entities" not in str(error):
                raise
            log.error("Telegram cannot read our markup")
            plain = said.model_copy(update={"text": without_markup(screen.text), "parse_mode": None})
            return await self._call(self._bot(plain), chat)

    async def _call(self, calling: Awaitable[Answer], chat: int | None = None) -> Answer:
        """Make a call, in our errors."""
        try:
            return await calling
        except TelegramRetryAfter as error:
            if chat is not None:
                await self.budget.hold(chat, error.retry_after)
            raise NotSent(timedelta(seconds=error.retry_after), is_try=False) from error
        except TelegramMigrateToChat as error:
            raise Moved(error.migrate_to_chat_id) from error
        except TelegramNetworkError as error:
            if isinstance(error.__cause__, ClientConnectorError | ConnectionTimeoutError):
                raise NotSent(NO_CONNECTION, is_try=False) from error
            raise
        except TelegramServerError as error:
            if "gateway" in str(error).lower():  # something in between gave up waiting: it may have arrived
                raise
            raise NotSent(SERVER_ERROR) from error
        except TelegramAPIError as error:
            raise _ours(error) from error


def _ours(error: TelegramAPIError) -> Exception:
    said = error.message.lower()
    if "message is not modified" in said:
        return _NotModified()
    if any(words in said for words in _BLOCKED):
        return Undeliverable("blocked")
    if isinstance(error, TelegramForbiddenError) or any(words in said for words in _CLOSED):
        return Undeliverable("gone")
    if any(words in said for words in _GONE):
        return Gone(error.message)
    return Rejected(error.message)
