"""What an update of Telegram becomes: frozen values, free of the library that read them.

Each says under `update_id` which update it was: Telegram may bring one several times, and never in a sure order.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of a file that a bot may fetch."""
ChatKind: TypeAlias = Literal["private", "group", "supergroup", "channel"]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody in Telegram. `language_code` is that of their app ("zh-hans", "en"), empty when it says none."""

    id: int
    language_code: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where something was said. `thread` is the topic in it, if it has topics."""

    id: int
    kind: ChatKind
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """The largest size of a picture, as Telegram keeps it; `size` in bytes, 0 when it does not say."""

    file_id: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A message: words, a picture with its caption, or something we cannot read.

    `other` names what that is ("sticker", "voice", "document", ...), also of a picture that came as a file. `to_us`:
    it answers a message of this bot, or is in a topic that this bot has made. `via_us`: it is what this bot itself has
    put into the chat for somebody (inline mode). `edited`: the words of an earlier message, anew. Pictures sent
    together have one `album`. `sent_at`: when that was, in Unix seconds.
    """

    update_id: int
    chat: Chat
    user: User
    message_id: int
    text: str = ""
    photo: Photo | None = None
    other: str = ""
    album: str = ""
    to_us: bool = False
    via_us: bool = False
    edited: bool = False
    sent_at: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a message in a chat, or of a card that was shared by inline mode (then there is no chat).

    `label` is what stands on it, where Telegram shows us the message.
    """

    update_id: int
    query_id: str
    user: User
    data: str
    chat: Chat | None = None
    message_id: int | None = None
    inline_message_id: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """A contact or a place that was sent. `owner_id` is the Telegram account of the contact, if it has one."""

    update_id: int
    chat: Chat
    user: User
    message_id: int
    phone: str = ""
    name: str = ""
    owner_id: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    sent_at: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """Start was pressed; `payload` is that of the link which led here."""

    update_id: int
    chat: Chat
    user: User
    message_id: int
    payload: str = ""
    sent_at: int = 0


@dataclass(frozen=True, slots=True)
class InlineAsked:
    """Somebody types "@bot query" in some chat."""

    update_id: int
    query_id: str
    user: User
    query: str
    offset: str = ""


@dataclass(frozen=True, slots=True)
class InlineChosen:
    """A result of inline mode was put into a chat; there it has this `inline_message_id`, if it has buttons."""

    update_id: int
    user: User
    result_id: str
    inline_message_id: str = ""


@dataclass(frozen=True, slots=True)
class ShippingAsked:
    """What does it cost to send the goods of an invoice there?"""

    update_id: int
    query_id: str
    user: User
    payload: str


@dataclass(frozen=True, slots=True)
class PaymentAsked:
    """May this invoice be paid now? To be answered within ten seconds. `amount` in minor units (Stars: in Stars)."""

    update_id: int
    query_id: str
    user: User
    payload: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Paid:
    """An invoice was paid. `charge_id` is Telegram's and unique; `provider_charge_id` is the payment provider's."""

    update_id: int
    chat: Chat
    user: User
    message_id: int
    payload: str
    currency: str
    amount: int
    charge_id: str
    provider_charge_id: str


@dataclass(frozen=True, slots=True)
class Membership:
    """What became of this bot: a person has stopped it or started it again, or it came into a group or left it."""

    update_id: int
    chat: Chat
    user: User
    change: Literal["blocked", "unblocked", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Migrated:
    """A group has become a supergroup, and has another id since."""

    update_id: int
    from_chat_id: int
    to_chat_id: int


Value: TypeAlias = (
    Said
    | Pressed
    | Shared
    | Started
    | InlineAsked
    | InlineChosen
    | ShippingAsked
    | PaymentAsked
    | Paid
    | Membership
    | Migrated
)
