"""A conversation about something is an ordinary function, run again from its first line at every turn.

    async def cancel(turn: Turn) -> None:
        order = await turn.ask("order", Pick(turn._("Which order?"), options, none="orders.none"))
        if await turn.confirm("ok", turn._("Cancel order {number}?").format(number=order.number)):
            await cancel_order(turn.session, order_id=order.id, ...)

`ask` gives the stored answer; or reads the new message, if the slot is the one being asked; or says its prompt and
pauses. A flow asks first and acts last: before its last question it only reads. What it says is said once at its place.
How messages, flows and the stack of frames come together stands in bot/dialogue.py.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot import buttons, replies
from bot.frames import Asking, Frame
from bot.questions import Question, answer_of
from bot.refusals import sentence
from bot.replies import Button, Reply
from bot.voice import Voice
from bot.words import Words
from foundation.encryption import Vault
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.shop import Shop

T = TypeVar("T")
MOST_ROUNDS = 20


class Paused(BaseException):
    """The flow waits for the shopper. No Exception, so that no skill swallows it."""


class Unread(BaseException):
    """The question that was asked cannot read the message."""


class Again(BaseException):
    """The flow is run again at once, with nothing new to read."""


class Gone(Refused):
    """What was chosen in `slot` is there no more: it is asked for again, and only that."""

    def __init__(self, slot: str) -> None:
        super().__init__("flow.gone")
        self.slot = slot


@dataclass(frozen=True, slots=True)
class Flow:
    """What the bot can do. Raise `version` when stored answers would mean something else: then it starts anew.

    `title` (a msgid) names it to the shopper: "Back to {title}". A message starts it in the middle of another flow when
    its intent is at least `threshold` sure. `reads_only`: it changes nothing, so it may run while a person is awaited.
    `corrected_by`: intents that, in the middle of this flow, first of all correct what was said to it. `served_by`:
    intents that belong to it: turning to them is not leaving it. `is_passing`: its question is let go, without a word,
    when the shopper turns to something else. `takes_photos`: pictures sent meanwhile belong to it (`Turn.photos`).
    """

    run: "Callable[[Turn], Awaitable[None]]"
    title: str
    version: int = 1
    threshold: float = 0.6
    reads_only: bool = False
    corrected_by: frozenset[str] = frozenset()
    served_by: frozenset[str] = frozenset()
    is_passing: bool = False
    takes_photos: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a yes agrees to. `value` is compared (ids, amounts), `says` is told when it has changed."""

    value: Json
    says: str


@dataclass(frozen=True, slots=True)
class Handover:
    """The shopper gets a person: why, and what the person should know, as facts that any language can tell."""

    reason: str
    known: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the dialogue takes place. `savepoint` undoes what a refused flow has written.

    `note` is what the agent who gave the conversation back wrote for the bot. Where others read along (a group),
    `private_link` leads to the shopper's own chat, which goes on there with what they said.
    """

    session: AsyncSession
    shop: "Shop"
    vault: Vault
    customer_id: int
    now: datetime
    savepoint: Callable[[], AbstractAsyncContextManager[object]]
    note: str = ""
    channel: str = ""
    private_link: str = ""


class Turn(Voice):
    """One run of one flow: what it may ask, say, know and change."""

    def __init__(
        self,
        setting: Setting,
        frame: Frame,
        words: Words | None,
        *,
        language: str,
        focus: dict[str, Json],
        other_wish: bool,
    ) -> None:
        super().__init__(setting.shop, setting.vault, customer_id=setting.customer_id, language=language)
        self.setting, self.session, self.now = setting, setting.session, setting.now
        self.focus = focus
        self.frame, self.words = frame, words
        self.args: Mapping[str, str] = frame.args
        self.lines: list[Reply] = []
        self.prompt: list[Reply] = []
        self.lead: list[str] = []
        self.made: list[str] = []
        self.reopen: tuple[str, ...] = ()
        self.handover: Handover | None = None
        self.next: tuple[str, dict[str, str]] | None = None
        self.is_passed_on = False
        self.under_way: Sequence[str] = ()
        """The flows on the stack, this one with them."""
        self.is_press = False
        """Whether a button was pressed: then what it belongs to may be edited in place."""
        self.reached = frame.asking is None
        self._asked = frame.asking
        self._other_wish = other_wish
        self._corrected = False
        self._entered: set[str] = set()
        self._scope: list[str] = []
        self._place = ""
        self._nth = 0

    @property
    def photos(self) -> Sequence[Mapping[str, Json]]:
        """Pictures that were sent for this flow: digest, mime, width, height."""
        return self.frame.photos

    # asking

    async def ask(self, slot: str, question: Question[T]) -> T:
        """The answer to a question; pauses the flow until there is one."""
        path = self._enter(slot)
        stored = self._stored(path, question)
        if stored is None:
            stored = self._read(path, question)
        if stored is not None:
            return question.value(stored)
        if question.default is not None and path not in self.frame.opened:
            if (other := self._instead_of_default(path, question)) is not None:
                return question.value(other)
            if question.named:
                self.say(question.named)
            return question.value(question.default)
        self.frame.reopen(path)
        self.frame.asking = Asking(path, question.keys(), {}, question.free_text, question.takes_photos)
        raise self._paused(question.reply(self._option_button))

    async def notice(self, slot: str, question: Question[T]) -> T | None:
        """The answer if the shopper said it in passing (now or before); it is never asked for."""
        path = self._enter(slot)
        stored = self._stored(path, question)
        if stored is None and self.words is not None and (self.reached or self._corrected):
            stored = question.spot(self.words)
            if stored is not None:
                self.frame.answers[path] = stored
        return None if stored is None else question.value(stored)

    def forget(self, slot: str) -> None:
        """Drop an answer that turned out to be none."""
        self.frame.answers.pop("/".join([*self._scope, slot]), None)

    async def confirm(
        self,
        slot: str,
        prompt: str | Reply,
        *,
        facts: Mapping[str, Fact] | None = None,
        yes: str = "",
        no: str = "",
        changes: Mapping[str, str] | None = None,
    ) -> bool:
        """A plain yes to exactly what is shown, said in this turn; it is never filled ahead and never stored.

        `changes` are further buttons (slot -> label): pressed, that slot is asked anew. When `facts` differ from those
        the shopper saw, it is said what changed, and asked again. By default they are the words of the prompt; name
        them where money or goods move, so that a yes in another language still counts.
        """
        path = self._enter(slot)
        changes = changes or {}
        options = {"yes": yes or self._("Yes"), "no": no or self._("No"), **changes}
        shown = prompt if not isinstance(prompt, str) else replies.Choice(prompt, ())
        if facts is None:
            facts = {"": Fact(replies.plain(shown), "")}
        digests = {name: digest(fact.value) for name, fact in facts.items()}
        if self._is_asked(path) and self.words is not None and not self._corrected:
            read = answer_of(options, self.words, list(options), wish=self.frame.flow)
            if read is None:
                raise Unread
            before = self._answered()
            if read in changes:
                self.frame.reopen("/".join([*self._scope, read]))
                raise Again
            if read == "no" or before.facts == digests:
                return read == "yes"
            changed = [fact.says for name, fact in facts.items() if before.facts.get(name) != digests[name]]
            self.lead.append(self._("This has changed meanwhile: {what}").format(what="; ".join(filter(None, changed))))
        self.frame.asking = Asking(path, list(options), digests)
        made = tuple(self._option_button(label, key) for key, label in options.items())
        raise self._paused(replies.with_buttons(shown, made))

    @contextmanager
    def within(self, prefix: str) -> Iterator[None]:
        """Slots asked inside belong to a part of the flow: another flow used as one step, or one round of a loop."""
        name, _, number = prefix.rpartition(":")
        if name and number.isdecimal() and int(number) > MOST_ROUNDS:
            raise Refused("flow.too_many", most=MOST_ROUNDS)
        self._scope.append(prefix)
        try:
            yield
        finally:
            self._scope.pop()

    @contextmanager
    def asks_again(self, *slots: str) -> Iterator[None]:
        """When what is inside is refused, these slots are asked anew (none: the confirmation, with what is true now).

        Without it a refusal ends the flow.
        """
        try:
            yield
        except Refused:
            self.reopen = tuple("/".join([*self._scope, slot]) for slot in slots) or ("",)
            raise

    # acting and saying

    async def once(self, slot: str, act: Callable[[], Awaitable[Json]]) -> Json:
        """An effect in the middle of a flow; it and its result (plain) are kept with the turn, so it is done once."""
        path = self._enter(slot)
        if path not in self.frame.done:
            self.frame.done[path] = await act()
            self.made.append(path)
        return self.frame.done[path]

    def say(self, reply: str | Reply) -> None:
        """Said once at this place of the flow; said again only when it would now say something else."""
        shown = replies.Text(reply) if isinstance(reply, str) else reply
        place, mark = f"{self._place}#{self._nth}", digest(replies.plain(shown))
        self._nth += 1
        if self.frame.said.get(place) != mark:
            self.frame.said[place] = mark
            self.lines.append(shown)

    def go_on_with(self, skill: str, **args: str | int) -> None:
        """Start another skill when this one has ended."""
        self.next = (skill, {name: str(value) for name, value in args.items()})

    def pass_on(self, skill: str, **args: str | int) -> None:
        """This message is for another skill, which reads it anew when this one has ended."""
        self.go_on_with(skill, **args)
        self.is_passed_on = True

    def hand_over(self, reason: str, known: Mapping[str, Json]) -> None:
        """Pass the conversation to a person when this flow has ended."""
        self.handover = Handover(reason, known)

    # within

    def _enter(self, slot: str) -> str:
        path = "/".join([*self._scope, slot])
        if path in self._entered:
            raise RuntimeError(f"{self.frame.flow} asks {path!r} twice in one run: number the slots of a loop")
        name, _, number = slot.rpartition(":")
        if name and number.isdecimal() and int(number) > MOST_ROUNDS:
            raise Refused("flow.too_many", most=MOST_ROUNDS)
        self._entered.add(path)
        self._place, self._nth = path, 0
        if self._is_asked(path):
            self.reached = True
        return path

    def _is_asked(self, path: str) -> bool:
        return self._asked is not None and self._asked.slot == path

    def _stored(self, path: str, question: Question[T]) -> Json | None:
        stored = self.frame.answers.get(path)
        if stored is None:
            return None
        if self.words is not None and self.words.correction:
            new = question.spot(self.words)
            if new is not None and new != stored and question.holds(new):
                self.frame.answers[path] = stored = new
                self._corrected = True
        if question.holds(stored):
            return stored
        self._drop(path)
        return None

    def _instead_of_default(self, path: str, question: Question[T]) -> Json | None:
        """What a correction says in place of the answer that was taken without asking."""
        if self.words is None or not self.words.correction or (new := question.spot(self.words)) is None:
            return None
        if new == question.default or not question.holds(new):
            return None
        self.frame.answers[path] = new
        self._corrected = True
        return new

    def _drop(self, path: str) -> None:
        del self.frame.answers[path]
        if not self._corrected:
            self.lead.append(self._("What you chose is not available any more."))

    def _read(self, path: str, question: Question[T]) -> Json | None:
        """Read the message for a slot without an answer. Words meant for a question further on are left alone."""
        words = self.words
        if words is None or not (self.reached or self._corrected):
            return None
        if not self._is_asked(path):
            read = question.spot(words)
        else:
            assert self._asked is not None
            question.pieces = self.frame.pieces.get(path)
            try:
                read = question.exact(words, self._asked.shown)
                if read is None and self._corrected:
                    read = question.spot(words)
                    if read is None:
                        return None
                if read is None and not self._other_wish:
                    read = question.free(words)
            except Refused as refused:  # an answer, but one that will not do: say why, and ask again
                self.lead.append(sentence(refused, self.translate))
                self.frame.pieces[path] = question.pieces
                return None
            if read is None:
                raise Unread
            self.frame.pieces.pop(path, None)
            self._answered()
        if read is None:
            return None
        self.frame.answers[path] = read
        if not question.holds(read):
            self._drop(path)
            return None
        return read

    def _answered(self) -> Asking:
        """The question that stood is answered: nothing is asked now, and what is left of the words is free."""
        asked = self._asked
        assert asked is not None
        self._asked = self.frame.asking = None
        self.frame.missed = self.frame.left = 0
        return asked

    def _option_button(self, label: str, key: str) -> Button:
        token = buttons.answer_token(self.vault, customer_id=self.customer_id, mark=self.frame.mark, key=key)
        return Button(label, token)

    def _paused(self, prompt: Reply) -> Paused:
        self.prompt = [prompt]
        return Paused()


def digest(value: Json) -> str:
    """A short fingerprint of a plain value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()
