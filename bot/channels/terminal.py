"""The terminal as a channel: a shopper types, answers are printed; options are numbered and can be typed."""

import asyncio
import contextlib
import itertools
import readline
import sys
import termios
import threading
import uuid
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.panel import Panel
from rich.text import Text as Styled

from bot.app import TERMINAL
from bot.language import translator
from bot.shop import Shop
from bot.turn import meet, receive
from conversations.bells import conversation_bell
from conversations.hear import Incoming
from conversations.model import Owner
from conversations.read import MessageView, conversation_of, last_messages, messages_after

LOOK_EVERY = 2.0
_EARLIER = 6
_PROMPT = "› "
_SHOP = "‹"
_CLEAR_LINE = "\r\x1b[2K"


class Terminal:
    """One shopper at one terminal."""

    def __init__(self, shop: Shop, *, name: str, language: str) -> None:
        self.shop, self.name, self.language = shop, name, language
        self.console = Console(highlight=False)
        self.seen = 0
        self.asking = False
        self._names = (f"{uuid.uuid4()}-{n}" for n in itertools.count())

    async def run(self) -> None:
        """Talk until the shopper ends it with Ctrl-D."""
        await meet(self.shop, self._incoming("", ""), self.language)
        conversation_id = await self._greet()
        reading = asyncio.create_task(self._read(conversation_id))
        terminal = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        try:
            while (line := await self._next_line()) is not None:
                if line.strip():
                    await self._say(line)
        finally:
            if terminal is not None:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, terminal)
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
        """What is typed next, None at the end. Its thread is a daemon: Ctrl-C need not wait for Enter."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str | None] = loop.create_future()

        def hand_over(typed: str | None) -> None:
            if not line.done():
                line.set_result(typed)

        def read() -> None:
            try:
                typed = input(_PROMPT)  # readline gets the prompt, so that it is not wiped while the line is edited
            except EOFError:
                typed = None
            with contextlib.suppress(RuntimeError):  # the talk has ended meanwhile
                loop.call_soon_threadsafe(hand_over, typed)

        self.asking = True
        threading.Thread(target=read, daemon=True).start()
        try:
            typed = await line
        finally:
            self.asking = False
        if typed is None:
            self.console.print()
        return typed

    async def _say(self, line: str) -> None:
        """Send, and wait for the answer with a sign that somebody is at it."""
        with self.console.status("…"):
            await receive(self.shop, self._incoming(next(self._names), line))
            await self.shop.idle()
        await self._show_new()

    async def _read(self, conversation_id: int) -> None:
        """Print what comes without being asked for: a parcel, a colleague's words."""
        async for _rang in self.shop.doorbell.listen(conversation_bell(conversation_id), every=LOOK_EVERY):
            if self.asking and not self.shop.tasks:
                await self._show_new()

    async def _show_new(self) -> None:
        async with self.shop.database.begin() as session:
            conversation = await conversation_of(session, channel=TERMINAL, chat=self.name)
            assert conversation is not None
            new = await messages_after(
                session, conversation_id=conversation.id, rev=self.seen, limit=100, for_staff=False
            )
        self.seen = max([self.seen, *(message.rev for message in new)])
        said = [message for message in sorted(new, key=lambda message: message.seq) if message.kind != "shopper"]
        with self._above_the_prompt() if self.asking and said else contextlib.nullcontext():
            for message in said:
                self._print(message)
        if new and conversation.owner == Owner.BOT:
            self.language = conversation.language

    @contextlib.contextmanager
    def _above_the_prompt(self) -> Iterator[None]:
        """Print where the prompt stands, and put it back below with what was typed so far."""
        if not self.console.is_terminal:
            yield
            return
        self.console.file.write(_CLEAR_LINE)
        yield
        self.console.file.write(_PROMPT + readline.get_line_buffer())
        self.console.file.flush()

    def _print(self, message: MessageView, *, dim: bool = False) -> None:
        who = {"shopper": "›", "person": message.staff_name or "@"}.get(str(message.kind), _SHOP)
        colour = "dim" if dim else {"person": "magenta", "fact": "green"}.get(str(message.kind), "cyan")
        for n, line in enumerate(message.text.splitlines() or [""]):
            self.console.print(who if n == 0 else " " * cell_len(who), line, style=colour, markup=False)

    def _incoming(self, name: str, text: str) -> Incoming:
        return Incoming(TERMINAL, self.name, name, {"kind": "text", "text": text}, text)
