"""The terminal as a channel: a shopper types, answers are printed; options are numbered and can be typed."""

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.panel import Panel
from rich.text import Text as Styled

from bot.app import TERMINAL, Shop
from bot.language import translator
from bot.turn import meet, receive
from conversations.bells import conversation_bell
from conversations.hear import Incoming
from conversations.model import Owner
from conversations.read import MessageView, conversation_of, last_messages, messages_after

LOOK_EVERY = 2.0
_EARLIER = 6


class Terminal:
    """One shopper at one terminal. `catch_up` does what is due when nobody else may be there to do it."""

    def __init__(self, shop: Shop, *, name: str, language: str, catch_up: Callable[[], Awaitable[None]]) -> None:
        self.shop, self.name, self.language, self.catch_up = shop, name, language, catch_up
        self.console = Console(highlight=False)
        self.seen = 0
        self._names = (f"{uuid.uuid4()}-{n}" for n in itertools.count())

    async def run(self) -> None:
        """Talk until the shopper ends it with Ctrl-D."""
        await meet(self.shop, self._incoming("", ""), self.language)
        conversation_id = await self._greet()
        reading = asyncio.create_task(self._read(conversation_id))
        try:
            while (line := await self._next_line()) is not None:
                if line.strip():
                    await self._say(line)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def _greet(self) -> int:
        _ = translator(self.language)
        hint = _("Type what you want; a number chooses an option. Ctrl-D ends the talk.")
        self.console.print(Panel(Styled(hint), title=self.shop.settings.shop_name(self.language), expand=False))
        async with self.shop.database.begin() as session:
            conversation = await conversation_of(session, channel=TERMINAL, chat=self.name)
            assert conversation is not None
            earlier = await last_messages(
                session, conversation_id=conversation.id, before=None, limit=_EARLIER, for_staff=False
            )
        for message in earlier:
            self._print(message, dim=True)
        self.seen = conversation.last_seq
        return conversation.id

    async def _next_line(self) -> str | None:
        try:
            return await asyncio.to_thread(self.console.input, "[bold green]› [/]")
        except (EOFError, KeyboardInterrupt):
            return None

    async def _say(self, line: str) -> None:
        """Send, and wait for the answer with a sign that somebody is at it."""
        with self.console.status("…"):
            await receive(self.shop, self._incoming(next(self._names), line))
            await self.shop.idle()
            await self.catch_up()
        await self._show_new()

    async def _read(self, conversation_id: int) -> None:
        """Print what comes without being asked for: a parcel, a colleague's words."""
        async for _rang in self.shop.doorbell.listen(conversation_bell(conversation_id), every=LOOK_EVERY):
            if not self.shop.tasks:
                await self._show_new()

    async def _show_new(self) -> None:
        async with self.shop.database.begin() as session:
            conversation = await conversation_of(session, channel=TERMINAL, chat=self.name)
            assert conversation is not None
            new = await messages_after(
                session, conversation_id=conversation.id, rev=self.seen, limit=100, for_staff=False
            )
        self.seen = max([self.seen, *(message.rev for message in new)])
        for message in sorted(new, key=lambda message: message.seq):
            if message.kind != "shopper":
                self._print(message)
        if new and conversation.owner == Owner.BOT:
            self.language = conversation.language

    def _print(self, message: MessageView, *, dim: bool = False) -> None:
        who = {"shopper": "›", "person": message.staff_name or "@"}.get(str(message.kind), "店")
        colour = "dim" if dim else {"person": "magenta", "fact": "green"}.get(str(message.kind), "cyan")
        for n, line in enumerate(message.text.splitlines() or [""]):
            self.console.print(who if n == 0 else " " * len(who), line, style=colour, markup=False)

    def _incoming(self, name: str, text: str) -> Incoming:
        return Incoming(TERMINAL, self.name, name, {"kind": "text", "text": text}, text)
