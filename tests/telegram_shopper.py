"""A shopper of a written conversation who is a person on the fake Telegram: what counts is what they see there."""

import json

from bot.shop import Shop
from bot.telegram.budget import Budget, Limit, Limits
from bot.turn import meet
from bot.web.telegram import PATH, SECRET, webhook_secret
from cli.scratch import ScratchShop
from cli.script_run import AGENT
from cli.script_shopper import Line, folded, no_button
from conversations.hear import Incoming
from tests.telegram_server import Bot, FakeTelegram
from tests.telegram_server.chats import Private
from tests.telegram_server.people import a_picture
from tests.telegram_server.seen import Seen

FILES = {"file": "document", "sticker": "sticker"}
FAST = Limit(10**6, 0.001)


async def no_waiting(shop: Shop) -> None:
    """Join Telegram, and let messages leave at once: how fast they may is no matter of what is said."""
    assert shop.joining is not None
    telegram = await shop.joining
    telegram.budget = Budget(None, "fast", limits=Limits(bot=FAST, person=FAST, group=FAST))


class InTelegram:
    """Alone with the shop's bot. Updates reach the shop by its webhook, in the order in which they happened."""

    channel = "telegram"

    def __init__(self, scratch: ScratchShop, fake: FakeTelegram, bot: Bot) -> None:
        self._scratch = scratch
        self._fake = fake
        self._bot = bot
        self._person = fake.person("Ann")
        self._chat = self._person.open(bot)
        self._looked_at = 0
        self.chat = str(self._person.id)

    async def arrive(self, language: str) -> None:
        """Be known to the shop, as after Start."""
        self._person.account.user["language_code"] = language
        assert isinstance(self._chat.box, Private)
        self._chat.box.started = True
        self._looked_at = self._fake.version
        await meet(self._scratch.shop, Incoming(self.channel, self.chat, "", {}, ""), language)

    async def say(self, text: str, *, hurried: bool) -> None:
        """Write; who is in a hurry has written the next before the shop gets any of it.

        Telegram lets nobody send nothing: who says nothing sends a voice message there.
        """
        await (self._chat.say(text) if text.strip() else self._chat.send_file("voice", b"abc"))
        if not hurried:
            await self._bring()

    async def press(self, label: str) -> str:
        """Press the newest button that says this and asks the shop."""
        shown = self._seen()
        for seen in reversed(shown):
            for button in (button for row in seen.rows for button in row):
                if folded(label) in folded(button["text"]) and "callback_data" in button:
                    self._chat.press_button(seen, button)
                    await self._bring()
                    return str(button["text"])
        raise no_button(label, [label for seen in reversed(shown) for label in seen.buttons])

    async def send(self, kind: str, name: str) -> None:
        """Send what is no text."""
        match kind:
            case "photo":
                await self._chat.send_photo(a_picture())
            case "contact":
                await self._chat.share_contact()
            case "location":
                await self._chat.share_location(30.2489, 120.1472)
            case _:
                await self._chat.send_file(FILES[kind], b"abc", name or "file.bin")
        await self._bring()

    async def look(self) -> list[Line]:
        """What is new in the chat or stands there anew, with what its buttons say."""
        new = [seen for seen in self._seen() if seen.message.touched > self._looked_at]
        self._looked_at = self._fake.version
        return [_line(seen) for seen in new]

    def pay_link(self) -> str | None:
        """Where the newest button leads on which one pays."""
        for seen in reversed(self._seen()):
            for button in (button for row in seen.rows for button in row):
                if "/pay/" in button.get("url", ""):
                    return str(button["url"])
        return None

    def _seen(self) -> list[Seen]:
        return [seen for seen in self._chat.messages if seen.is_from_bot]

    async def _bring(self) -> None:
        """Bring what waits to the shop."""
        shop = self._scratch.shop
        headers = {SECRET: webhook_secret(shop.vault)}
        waiting, self._bot.updates.waiting = self._bot.updates.waiting, []
        for update in waiting:
            taken = await self._scratch.client.post(PATH, content=update.body, headers=headers)
            assert taken.status_code == 200, (taken.text, json.loads(update.body))


def _line(seen: Seen) -> Line:
    text = "\n".join([seen.text, *(f"[{label}]" for label in seen.buttons)])
    return Line("agent" if seen.text.startswith(AGENT.name) else "shop", text)
