"""Talking to the bot in tests: `await chat.says("我要退货", "第二个")` gives what it answered."""

import itertools
from dataclasses import dataclass, field

from bot.replies import Button, Reply, buttons_of, from_json
from bot.turn import receive
from cli.scratch import ScratchShop
from conversations.hear import Incoming
from conversations.model import Conversation
from conversations.read import MessageView, conversation_of, messages_after
from foundation.errors import Json

_names = itertools.count(1)


@dataclass
class Chat:
    """One shopper in one chat. Answers are the plain texts of what the shopper sees."""

    scratch: ScratchShop
    channel: str = "web"
    name: str = field(default_factory=lambda: f"shopper-{next(_names)}")
    seen: int = 0
    shown: list[Reply] = field(default_factory=list)
    _sent: int = 0

    async def says(self, *texts: str, language: str | None = None) -> list[str]:
        """Say one thing after another, each once the one before is answered. The answers to the last."""
        answers: list[str] = []
        for text in texts:
            answers = await self.sends({"kind": "text", "text": text}, text, language=language)
        return answers

    async def presses(self, label: str) -> list[str]:
        """Press the newest button whose label holds these words."""
        button = self.button(label)
        return await self.sends({"kind": "press", "token": button.token, "label": button.label}, button.label)

    async def sends(self, body: dict[str, Json], text: str = "", *, language: str | None = None) -> list[str]:
        """Send anything, and wait until all of it is dealt with."""
        self._sent += 1
        incoming = Incoming(self.channel, self.name, f"{self.name}-{self._sent}", body, text)
        await receive(self.scratch.shop, incoming, language=language)
        await self.scratch.shop.idle()
        return [message.text for message in await self.hears()]

    async def hears(self) -> list[MessageView]:
        """What came since the last look, in the order of the conversation."""
        shop = self.scratch.shop
        conversation = await self.conversation()
        async with shop.database.begin() as session:
            new = await messages_after(
                session, conversation_id=conversation.id, rev=self.seen, limit=1000, for_staff=False
            )
        self.seen = max([self.seen, *(message.rev for message in new)])
        answers = sorted((message for message in new if message.kind != "shopper"), key=lambda message: message.seq)
        self.shown += [from_json(message.body) for message in answers]
        return answers

    async def conversation(self) -> Conversation:
        """The row of this conversation, as it is now."""
        async with self.scratch.shop.database.begin() as session:
            found = await conversation_of(session, channel=self.channel, chat=self.name)
        assert found is not None, "nothing was said yet"
        return found

    def button(self, label: str) -> Button:
        """The newest button whose label holds these words."""
        buttons = [button for reply in reversed(self.shown) for button in buttons_of(reply)]
        found = next((button for button in buttons if label in button.label), None)
        assert found is not None, f"no button {label!r} among {[button.label for button in buttons]}"
        return found
