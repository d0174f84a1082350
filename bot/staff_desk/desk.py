"""What the staff's groups need from elsewhere: people with their rights, which the staff's door has, and Telegram."""

from collections.abc import Sequence
from typing import Literal, Protocol

from bot.telegram.values import Value
from conversations.staff_chats import Colleague, Trouble
from foundation.errors import Json


class Card(Protocol):
    """What the staff should know at once about a conversation: named facts, and where it is in the console."""

    @property
    def title(self) -> str:
        """A short name for it."""
        ...

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """Name and value, the most important first."""
        ...

    @property
    def link(self) -> str:
        """The address of the conversation in the console."""
        ...


class StaffDesk(Protocol):
    """The staff's door. People are known by their account in Telegram and asked for anew at every act.

    Acts refuse as in the console: staff_code.wrong, staff.forbidden, conversation.held, ... `key` names an act: what
    was done under it is not done again.
    """

    async def colleague(self, user_id: int) -> Colleague | None:
        """Whose account this is; None for strangers and people who left."""
        ...

    async def link(self, user_id: int, *, code: str) -> Colleague:
        """Make the account that of the person who got the code."""
        ...

    async def link_group(self, chat_id: int, *, title: str, code: str) -> Colleague:
        """Make a group one of the staff's; whose code it was."""
        ...

    async def take(self, user_id: int, *, conversation_id: int, key: str) -> None:
        """Take the conversation over."""
        ...

    async def reply(self, user_id: int, *, conversation_id: int, text: str, key: str) -> None:
        """Answer the shopper; that takes the conversation over."""
        ...

    async def send_photo(self, user_id: int, *, conversation_id: int, content: bytes, text: str, key: str) -> None:
        """Answer with a photo and its caption."""
        ...

    async def edit(self, user_id: int, *, conversation_id: int, text: str, key: str) -> bool:
        """Put other words into what was said under this key; False when nothing was."""
        ...

    async def note(self, user_id: int, *, conversation_id: int, text: str, key: str) -> None:
        """Write a note that only the staff sees."""
        ...

    async def release(
        self, user_id: int, *, conversation_id: int, to: Literal["bot", "queue"], note: str, key: str
    ) -> None:
        """Give the conversation back."""
        ...

    async def close(self, user_id: int, *, conversation_id: int, key: str) -> None:
        """End the conversation."""
        ...

    async def refund(
        self, user_id: int, *, conversation_id: int, amount: str, number: str, reason: str, key: str
    ) -> str:
        """Give money back on an order of this shopper (no number: their newest), or ask those who may; what came of it
        in a sentence for this person."""
        ...

    async def card(self, conversation_id: int, *, language: str) -> Card:
        """The hand-over card, with the same facts as in the console."""
        ...

    def happening(self, body: dict[str, Json], by: str | None, *, language: str) -> str:
        """A change of owner in words."""
        ...

    def sentence(self, code: str, facts: dict[str, Json], *, language: str) -> str:
        """A refusal in words."""
        ...


class TopicGone(Exception):
    """The topic does not exist any more."""


class GroupClosed(Exception):
    """Nothing can be posted in this group, and why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Unsure(Exception):
    """The connection broke off, or Telegram itself failed: whether it was done is not known."""


class StaffWire(Protocol):
    """The staff's bot. Texts are HTML of Telegram with all data escaped; what it refuses as such goes as plain text.

    Posting raises TopicGone, GroupClosed, bot.telegram.errors.Moved or Rejected, bot.delivery.NotSent (it certainly did
    not leave) or Unsure.
    """

    @property
    def username(self) -> str:
        """The bot's name, without @."""
        ...

    async def updates(self, offset: int) -> tuple[list[Value], int]:
        """Wait for updates from this number on: those that mean something to us, and the number to go on with."""
        ...

    async def create_topic(self, chat_id: int, name: str) -> int:
        """Open a topic; its number."""
        ...

    async def open_topic(self, chat_id: int, thread_id: int, *, is_open: bool) -> None:
        """Open a topic again, or close it; nothing if it is so already."""
        ...

    async def delete_topic(self, chat_id: int, thread_id: int) -> None:
        """Delete a topic with everything in it; that needs the right to delete messages."""
        ...

    async def post(self, chat_id: int, thread_id: int | None, html: str, *, answers: int | None = None) -> None:
        """Post words, as an answer to a message where that is given."""
        ...

    async def post_photo(self, chat_id: int, thread_id: int, content: bytes, html: str) -> None:
        """Post a photo with a caption."""
        ...

    async def file(self, file_id: str) -> bytes:
        """A file that somebody sent. Raises bot.delivery.Undeliverable when it is gone or too big."""
        ...

    async def group(self, chat_id: int) -> tuple[str, Trouble | None]:
        """The title of a group, and what keeps the bot from its work there."""
        ...
