"""Who talks in a written conversation: a shopper at some place, with what they can do there and what they see of it."""

import itertools
import re
from dataclasses import dataclass
from typing import Protocol

from bot.replies import Button, PayLink, Reply, buttons_of, from_json
from bot.shop import Shop
from bot.turn import meet, receive
from conversations.hear import Incoming, hear
from conversations.read import conversation_of, messages_after
from foundation.errors import Json

_numbers = itertools.count(1)


class ScriptError(Exception):
    """A step that cannot be done, such as pressing a button that is not there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript: who ("shopper", "shop", "agent", "clock") and what."""

    who: str
    text: str


class Shopper(Protocol):
    """A shopper whose words, presses and files reach the shop by `channel`; their chat there is called `chat`.

    What they do has been heard when a method returns; it is answered by the shop's own tasks.
    """

    channel: str
    chat: str

    async def arrive(self, language: str) -> None:
        """Be known to the shop, before a word is said."""
        ...

    async def say(self, text: str, *, hurried: bool) -> None:
        """Write; a hurried message lies there until the next is answered with it."""
        ...

    async def press(self, label: str) -> str:
        """Press the newest button whose label holds these words; what stands on it. ScriptError when there is none."""
        ...

    async def send(self, kind: str, name: str) -> None:
        """Send what is no text: a photo, file, location, contact or sticker."""
        ...

    async def look(self) -> list[Line]:
        """What the shop and its people said since the last look."""
        ...

    def pay_link(self) -> str | None:
        """The newest address to pay at that was shown."""
        ...


class AtTerminal:
    """At a terminal, or at any place that shows the conversation as it lies in the database."""

    channel = "terminal"

    def __init__(self, shop: Shop) -> None:
        self.chat = f"script-{next(_numbers)}"
        self._shop = shop
        self._sent = 0
        self._seen = 0
        self._shown: list[Reply] = []

    async def arrive(self, language: str) -> None:
        """Be known to the shop."""
        await meet(self._shop, Incoming(self.channel, self.chat, "", {}, ""), language)

    async def say(self, text: str, *, hurried: bool) -> None:
        """Write."""
        await self._send({"kind": "text", "text": text}, text, hurried=hurried)

    async def press(self, label: str) -> str:
        """Press a button."""
        button = self._button(label)
        await self._send({"kind": "press", "token": button.token, "label": button.label}, button.label)
        return button.label

    async def send(self, kind: str, name: str) -> None:
        """Send what is no text."""
        await self._send({"kind": kind, "name": name}, "")

    async def look(self) -> list[Line]:
        """What is new."""
        async with self._shop.database.begin() as session:
            conversation = await conversation_of(session, channel=self.channel, chat=self.chat)
            if conversation is None:
                return []
            new = await messages_after(
                session, conversation_id=conversation.id, rev=self._seen, limit=1000, for_staff=False
            )
        self._seen = max([self._seen, *(message.rev for message in new)])
        said = sorted((message for message in new if message.kind != "shopper"), key=lambda message: message.seq)
        self._shown += [from_json(message.body) for message in said]
        return [Line("agent" if message.kind == "person" else "shop", message.text) for message in said]

    def pay_link(self) -> str | None:
        """That of the newest reply with one."""
        return next((reply.url for reply in reversed(self._shown) if isinstance(reply, PayLink)), None)

    async def _send(self, body: dict[str, Json], text: str, *, hurried: bool = False) -> None:
        self._sent += 1
        incoming = Incoming(self.channel, self.chat, str(self._sent), body, text)
        if hurried:
            await hear(self._shop.database, incoming, now=self._shop.now())
        else:
            await receive(self._shop, incoming)

    def _button(self, label: str) -> Button:
        offered = [button for reply in reversed(self._shown) for button in buttons_of(reply)]
        for button in offered:
            if folded(label) in folded(button.label):
                return button
        raise no_button(label, [button.label for button in offered])


def folded(text: str) -> str:
    """Text as checks compare it: a colon is one in either script, and so is a space."""
    return " ".join(re.sub("[:：]", ": ", text).casefold().split())


def no_button(label: str, offered: list[str]) -> ScriptError:
    """That nothing shown says this, and what there is to press."""
    return ScriptError(f"no button says {label!r}; there are: {', '.join(offered[:12]) or 'none'}")
